/* Texts and bytes of row values: in single quotes, as JSON strings, or in hexadecimal. What is drained (base/buffer.h) is
 * written piece by piece, however long it is. */
#include <string.h>

#include "base/utf8.h"
#include "binlog/render_string.h"
#include "binlog/table_map.h"

#define COLUMN_EXPANDED_MAXIMUM ((size_t)1 << 30)

/* What the bytes of a collation's charset are to somebody who reads ASCII and UTF-8 only. */
enum charset_class { CHARSET_UNKNOWN, CHARSET_UTF8, CHARSET_ASCII_SUPERSET, CHARSET_OPAQUE };

struct collation_range {
	uint16_t first, last;
	enum charset_class class;
};

#define NOPAD_OFFSET 1024u /* MariaDB: what the id of a collation without padding is above that of its fellow */

/* Ids as both families number them; what is not here is of one byte or of East Asia, with ASCII in it. */
static const struct collation_range ranges[] = {
	{10, 10, CHARSET_OPAQUE}, /* swe7 has letters in the place of brackets */
	{33, 33, CHARSET_UTF8},
	{35, 35, CHARSET_OPAQUE},
	{45, 46, CHARSET_UTF8},
	{54, 56, CHARSET_OPAQUE},
	{60, 63, CHARSET_OPAQUE},
	{76, 76, CHARSET_UTF8},
	{82, 82, CHARSET_OPAQUE},
	{83, 83, CHARSET_UTF8},
	{90, 90, CHARSET_OPAQUE},
	{101, 183, CHARSET_OPAQUE},
	{192, 247, CHARSET_UTF8},
	{255, 323, CHARSET_UTF8},
	{576, 639, CHARSET_UTF8},
	{640, 767, CHARSET_OPAQUE},
	/* MariaDB's uca1400: utf8mb3, utf8mb4; ucs2, utf16, utf32 */
	{2048, 2559, CHARSET_UTF8},
	{2560, 3327, CHARSET_OPAQUE},
	{3328, UINT16_MAX, CHARSET_UNKNOWN},
};

static enum charset_class charset_class(const struct table_column *column)
{
	uint32_t id = column->collation;

	if (!column->has_collation || id > UINT16_MAX)
		return CHARSET_UNKNOWN;
	if (id >= NOPAD_OFFSET && id < 2 * NOPAD_OFFSET)
		id -= NOPAD_OFFSET;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (id >= ranges[i].first && id <= ranges[i].last)
			return ranges[i].class;
	}
	return CHARSET_ASCII_SUPERSET;
}

static bool is_ascii(const uint8_t *bytes, size_t length)
{
	uint64_t word;

	while (length >= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			return false;
		bytes += sizeof(word);
		length -= sizeof(word);
	}
	while (length--) {
		if (*bytes++ & 0x80)
			return false;
	}
	return true;
}

int render_plain_bytes(const struct value *value, struct buffer *scratch, const uint8_t **bytes, size_t *length,
	struct error *error)
{
	*bytes = value->bytes;
	*length = value->length;
	if (!value->compressed)
		return 0;
	buffer_clear(scratch);
	if (value_expand(value, COLUMN_EXPANDED_MAXIMUM, scratch, error) < 0)
		return -1;
	*bytes = (const uint8_t *)buffer_text(scratch);
	*length = scratch->length;
	return 0;
}

void render_put_padding_back(
	const struct table_column *column, struct buffer *scratch, const uint8_t **bytes, size_t *length)
{
	static const char zeros[16];
	size_t wanted = column->maximum_bytes;

	if (column->type != TYPE_STRING || !column->has_collation || column->collation != COLLATION_BINARY || *length >= wanted)
		return;
	buffer_clear(scratch);
	buffer_append(scratch, *bytes, *length);
	while (scratch->length < wanted)
		buffer_append(scratch, zeros, wanted - scratch->length < sizeof(zeros) ? wanted - scratch->length : sizeof(zeros));
	*bytes = (const uint8_t *)buffer_text(scratch);
	*length = wanted;
}

/* Writes one byte that may not stand in a quoted text as it is; returns behind it. */
static char *put_escape(uint8_t c, char *to)
{
	static const char digits[] = "0123456789abcdef";
	char letter = c == '\'' || c == '\\' ? (char)c
		      : c == '\n'	     ? 'n'
		      : c == '\r'	     ? 'r'
		      : c == '\t'	     ? 't'
					     : 'x';

	*to++ = '\\';
	*to++ = letter;
	if (letter == 'x') {
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return to;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define EACH_TOP_BIT UINT64_C(0x8080808080808080)

/* Is one of the eight bytes zero? */
static inline uint64_t has_zero(uint64_t word)
{
	return (word - EACH_BYTE) & ~word & EACH_TOP_BIT;
}

/* May all eight bytes stand in a quoted text as they are: printable ASCII, no quote, no back-slash? */
static inline bool are_plain(uint64_t word)
{
	return ((word & EACH_TOP_BIT) | ((word - EACH_BYTE * 0x20) & ~word & EACH_TOP_BIT) |
		       has_zero(word ^ EACH_BYTE * '\'') | has_zero(word ^ EACH_BYTE * '\\') |
		       has_zero(word ^ EACH_BYTE * 0x7f)) == 0;
}

#define QUOTED_PIECE 1024u /* bytes that are written between two tests for room */
#define QUOTED_LARGEST 4u  /* what one becomes at most */

void render_put_quoted_part(const uint8_t *bytes, size_t length, struct buffer *out)
{
	const uint8_t *at = bytes, *end = bytes + length;

	while (at < end) {
		const uint8_t *stop = end - at > QUOTED_PIECE ? at + QUOTED_PIECE : end;
		char *to;

		if (!buffer_reserve(out, (QUOTED_PIECE + 4) * QUOTED_LARGEST))
			return;
		to = out->data + out->length;
		while (at < stop) {
			size_t size;
			uint64_t word;

			while (stop - at >= 8 && (memcpy(&word, at, 8), are_plain(word))) {
				memcpy(to, &word, 8);
				to += 8;
				at += 8;
			}
			if (at == stop)
				break;
			if (*at >= 0x20 && *at < 0x7f && *at != '\'' && *at != '\\') {
				*to++ = (char)*at++;
			} else if (*at >= 0x80 &&
				   (size = utf8_printable_character(
					    (const char *)at, (size_t)(end - at))) != 0) {
				memcpy(to, at, size);
				to += size;
				at += size;
			} else {
				to = put_escape(*at++, to);
			}
		}
		out->length = (size_t)(to - out->data);
	}
}

void render_put_quoted(const uint8_t *bytes, size_t length, struct buffer *out)
{
	buffer_putc(out, '\'');
	render_put_quoted_part(bytes, length, out);
	buffer_putc(out, '\'');
}

void render_put_hex_object(const uint8_t *bytes, size_t length, struct buffer *out)
{
	buffer_puts(out, "{\"hex\":\"");
	buffer_put_hex(out, bytes, length);
	buffer_puts(out, "\"}");
}

void render_put_string(const uint8_t *bytes, size_t length, const struct table_column *column, struct buffer *out)
{
	enum charset_class class = charset_class(column);
	bool text = class != CHARSET_OPAQUE &&
		    (is_ascii(bytes, length) ||
			    (class != CHARSET_ASCII_SUPERSET && utf8_valid((const char *)bytes, length)));

	if (text)
		buffer_put_json(out, (const char *)bytes, length);
	else
		render_put_hex_object(bytes, length, out);
}

