#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes (1…4) of the well-formed UTF-8 character at `text`, or 0 when there is none (RFC 3629: no
 * surrogates, no overlong forms, nothing above U+10FFFF). */
size_t utf8_valid_character(const char *text, size_t length);

/* The same, but 0 for control characters as well, those of U+0080 to U+009F too: terminals obey them. */
static inline size_t utf8_printable_character(const char *text, size_t length)
{
	unsigned char first = length ? (unsigned char)text[0] : 0;
	size_t size;

	if (first < 0x80) /* most are */
		return first >= 0x20 && first != 0x7f;
	size = utf8_valid_character(text, length);
	return size == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0 ? 0 : size;
}

/* Bytes of the text without a character at its end of which a part is missing. */
size_t utf8_whole(const char *text, size_t length);

bool utf8_valid(const char *text, size_t length);

#endif
