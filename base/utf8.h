#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes (1…4) of the well-formed UTF-8 character at `text`, or 0 when there is none (RFC 3629: no
 * surrogates, no overlong forms, nothing above U+10FFFF). */
size_t utf8_valid_character(const char *text, size_t length);

bool utf8_valid(const char *text, size_t length);

#endif
