/* Between the parts of the renderer: texts and bytes of row values. */
#ifndef BINLOG_RENDER_STRING_H
#define BINLOG_RENDER_STRING_H

#include "base/buffer.h"
#include "base/error.h"
#include "binlog/rows.h"

/* 'text', with quotes, back-slashes and what is no printable text of UTF-8 escaped (\', \\, \n, \xNN); the part is what stands
 * between the quotes. */
void render_put_quoted(const uint8_t *bytes, size_t length, struct buffer *out);
void render_put_quoted_part(const uint8_t *bytes, size_t length, struct buffer *out);
/* {"hex":"00ff"} */
void render_put_hex_object(const uint8_t *bytes, size_t length, struct buffer *out);
/* Bytes in the column's character set as a JSON string, where that loses nothing, else as {"hex":…}. */
void render_put_string(const uint8_t *bytes, size_t length, const struct table_column *column, struct buffer *out);

/* The expanded bytes of a COMPRESSED column (in `scratch`), or the value's own. */
int render_plain_bytes(const struct value *value, struct buffer *scratch, const uint8_t **bytes, size_t *length,
	struct error *error);
/* The log leaves out the zero bytes at the end of BINARY, UUID, INET4 and INET6, which a reader of JSON cannot know: with
 * them, in `scratch`. */
void render_put_padding_back(
	const struct table_column *column, struct buffer *scratch, const uint8_t **bytes, size_t *length);

#endif
