/* Inner side of literals: strings, and text of one character set for a column of another. */
#ifndef APPLIER_LITERAL_TEXT_H
#define APPLIER_LITERAL_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "applier/literal.h"

/* '…' with backslash escapes: our session never has NO_BACKSLASH_ESCAPES. */
void literal_put_escaped(struct buffer *out, const uint8_t *bytes, size_t length);

void literal_put_hex(struct buffer *out, const uint8_t *bytes, size_t length); /* x'…' */

/* Bytes without a character set, in the shorter form. */
void literal_put_bytes(struct buffer *out, const uint8_t *bytes, size_t length);

/* `bytes` in the character set of `source`, for the text column `column`. ERROR_STOP for what the target's column would change. */
int literal_put_text(struct buffer *out, const struct literal_target *target, const uint8_t *bytes, size_t length,
	const struct table_column *source, const struct target_column *column, enum literal_use use, struct error *error);

#endif
