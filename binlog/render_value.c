/* Row values as text and as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "binlog/double.h"
#include "binlog/json.h"
#include "binlog/render.h"
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

/* The expanded bytes of a COMPRESSED column, or the value's own. */
static int plain_bytes(const struct value *value, struct buffer *scratch, const uint8_t **bytes,
	size_t *length, struct error *error)
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

/* The log leaves out the zero bytes at the end of BINARY, UUID, INET4 and INET6, which a reader of JSON cannot know. */
static void put_padding_back(const struct table_column *column, struct buffer *scratch, const uint8_t **bytes, size_t *length)
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

/* The fewest digits that read back as the same float. */
static void put_float(float number, struct buffer *out)
{
	char text[32];

	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)number);
		if (digits == 9 || strtof(text, NULL) == number)
			break;
	}
	buffer_puts(out, text);
}

/* The bits of an integer as the type's number with a sign, or without. */
static uint64_t as_unsigned(uint64_t bits, uint8_t type)
{
	unsigned width = type == TYPE_TINY    ? 8
			 : type == TYPE_SHORT ? 16
			 : type == TYPE_INT24 ? 24
			 : type == TYPE_LONG  ? 32
					      : 64;

	return width == 64 ? bits : bits & ((UINT64_C(1) << width) - 1);
}

static int64_t as_signed(uint64_t bits, uint8_t type)
{
	unsigned width = type == TYPE_TINY    ? 8
			 : type == TYPE_SHORT ? 16
			 : type == TYPE_INT24 ? 24
			 : type == TYPE_LONG  ? 32
					      : 64;
	uint64_t sign = UINT64_C(1) << (width - 1);

	return (int64_t)((as_unsigned(bits, type) ^ sign) - sign);
}

/* A number whose sign nobody told: "-1 (255)", as the servers' own tools have it. */
static void put_of_unknown_sign(uint64_t bits, uint8_t type, struct buffer *out)
{
	int64_t number = as_signed(bits, type);

	buffer_put_i64(out, number);
	if (number < 0) {
		buffer_puts(out, " (");
		buffer_put_u64(out, as_unsigned(bits, type));
		buffer_putc(out, ')');
	}
}

static void put_bits(uint64_t bits, unsigned count, struct buffer *out)
{
	buffer_puts(out, "b'");
	while (count--)
		buffer_putc(out, (char)('0' + (bits >> count & 1)));
	buffer_putc(out, '\'');
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

/* 'text', with what is no printable text of UTF-8 as \xNN. */
static void put_quoted(const uint8_t *bytes, size_t length, struct buffer *out)
{
	const uint8_t *at = bytes, *end = bytes + length;

	buffer_putc(out, '\'');
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
	buffer_putc(out, '\'');
}

/* A document that is JSON already. What a terminal would obey, or nobody can read, stands inside its strings only:
 * there it is escaped. */
static void put_json_text(const char *text, size_t length, struct buffer *out)
{
	size_t from = 0, i = 0, size;

	for (; i < length; i += size) {
		size = utf8_printable_character(text + i, length - i);
		if (size)
			continue;
		buffer_append(out, text + from, i - from);
		size = utf8_valid_character(text + i, length - i);
		if (size)
			buffer_printf(out, "\\u%04x", (unsigned char)text[i + size - 1]);
		else
			buffer_puts(out, "\xef\xbf\xbd");
		size += size == 0;
		from = i + size;
	}
	buffer_append(out, text + from, length - from);
}

static int put_diffs(const struct value *value, struct buffer *scratch, struct buffer *out, struct error *error)
{
	buffer_clear(scratch);
	if (json_diffs_put_text(value->bytes, value->length, scratch, error) < 0)
		return -1;
	put_json_text(buffer_text(scratch), scratch->length, out);
	return 0;
}

static void put_fraction(const struct value *value, struct buffer *out)
{
	static const uint32_t divisors[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	unsigned digits = value->time.digits > 6 ? 6 : value->time.digits;

	if (digits)
		buffer_printf(out, ".%0*u", (int)digits, value->time.microsecond / divisors[digits]);
}

int render_value_text(const struct value *value, const struct table_column *column, struct buffer *scratch,
	struct buffer *out, struct error *error)
{
	const uint8_t *bytes;
	size_t length;

	switch ((enum value_kind)value->kind) {
	case VALUE_ABSENT:
		return 0;
	case VALUE_NULL:
		buffer_append(out, "NULL", 4);
		return 0;
	case VALUE_INT:
	case VALUE_UINT:
		if (column->sign == SIGN_UNKNOWN)
			put_of_unknown_sign(value->number.u, column->type, out);
		else if (value->kind == VALUE_INT)
			buffer_put_i64(out, value->number.i);
		else
			buffer_put_u64(out, value->number.u);
		return 0;
	case VALUE_ENUM:
	case VALUE_YEAR:
		buffer_put_u64(out, value->number.u);
		return 0;
	case VALUE_FLOAT:
		put_float(value->number.f, out);
		return 0;
	case VALUE_DOUBLE:
		double_put_json(value->number.d, out);
		return 0;
	case VALUE_DECIMAL:
		return decimal_put_text(value->bytes, value->precision, value->scale, out, error);
	case VALUE_BIT:
		put_bits(value->number.u, column->bits, out);
		return 0;
	case VALUE_SET:
		put_bits(value->number.u, column->bytes * 8u, out);
		return 0;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
		buffer_putc(out, '\'');
		value_put_time(value, out);
		buffer_putc(out, '\'');
		return 0;
	case VALUE_TIMESTAMP:
		buffer_put_u64(out, value->number.u);
		put_fraction(value, out);
		return 0;
	case VALUE_JSON:
		buffer_clear(scratch);
		if (json_put_text(value->bytes, value->length, scratch, error) < 0)
			return -1;
		put_quoted((const uint8_t *)buffer_text(scratch), scratch->length, out);
		return 0;
	case VALUE_JSON_DIFF:
		return put_diffs(value, scratch, out, error);
	case VALUE_STRING:
	case VALUE_GEOMETRY:
	case VALUE_VECTOR:
		if (plain_bytes(value, scratch, &bytes, &length, error) < 0)
			return -1;
		put_quoted(bytes, length, out);
		return 0;
	}
	return 0;
}

static void put_hex_object(const uint8_t *bytes, size_t length, struct buffer *out)
{
	buffer_puts(out, "{\"hex\":\"");
	buffer_put_hex(out, bytes, length);
	buffer_puts(out, "\"}");
}

/* Text as a JSON string where that loses nothing. */
static void put_string(
	const uint8_t *bytes, size_t length, const struct table_column *column, struct buffer *out)
{
	enum charset_class class = charset_class(column);
	bool text = class != CHARSET_OPAQUE &&
		    (is_ascii(bytes, length) ||
			    (class != CHARSET_ASCII_SUPERSET && utf8_valid((const char *)bytes, length)));

	if (text)
		buffer_put_json(out, (const char *)bytes, length);
	else
		put_hex_object(bytes, length, out);
}

static void put_vector(const uint8_t *bytes, size_t length, struct buffer *out)
{
	buffer_puts(out, "{\"vector\":[");
	for (size_t i = 0; i + 4 <= length; i += 4) {
		uint32_t bits = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
				(uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
		float number;

		memcpy(&number, &bits, sizeof(number));
		if (i)
			buffer_putc(out, ',');
		if (isfinite(number))
			put_float(number, out);
		else
			buffer_puts(out, "null");
	}
	buffer_puts(out, "]}");
}

static void put_time_string(const struct value *value, struct buffer *out)
{
	size_t start;

	buffer_putc(out, '"');
	start = out->length;
	value_put_time(value, out);
	if (value->kind == VALUE_TIMESTAMP && (value->number.u || value->time.microsecond) &&
		buffer_ok(out)) {
		out->data[start + 10] = 'T'; /* a moment, not what a clock on the wall shows */
		buffer_putc(out, 'Z');
	}
	buffer_putc(out, '"');
}

static int put_document(
	const struct value *value, struct buffer *scratch, struct buffer *out, struct error *error)
{
	buffer_clear(scratch);
	if (json_put_text(value->bytes, value->length, scratch, error) < 0)
		return -1;
	put_json_text(buffer_text(scratch), scratch->length, out);
	return 0;
}

int render_value_json(const struct value *value, const struct table_column *column, struct buffer *scratch,
	struct buffer *out, struct error *error)
{
	const uint8_t *bytes;
	size_t length;
	int result;

	switch ((enum value_kind)value->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		buffer_append(out, "null", 4);
		return 0;
	case VALUE_INT:
		buffer_put_i64(out, value->number.i);
		return 0;
	case VALUE_UINT:
		if (column->sign == SIGN_UNKNOWN)
			buffer_put_i64(out, as_signed(value->number.u, column->type));
		else
			buffer_put_u64(out, value->number.u);
		return 0;
	case VALUE_BIT:
	case VALUE_ENUM:
	case VALUE_SET:
	case VALUE_YEAR:
		buffer_put_u64(out, value->number.u);
		return 0;
	case VALUE_FLOAT:
		put_float(value->number.f, out);
		return 0;
	case VALUE_DOUBLE:
		double_put_json(value->number.d, out);
		return 0;
	case VALUE_DECIMAL:
		buffer_putc(out, '"');
		result = decimal_put_text(value->bytes, value->precision, value->scale, out, error);
		buffer_putc(out, '"');
		return result;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
		put_time_string(value, out);
		return 0;
	case VALUE_JSON:
		buffer_puts(out, "{\"json\":");
		result = put_document(value, scratch, out, error);
		buffer_putc(out, '}');
		return result;
	case VALUE_JSON_DIFF:
		buffer_puts(out, "{\"json_diff\":");
		result = put_diffs(value, scratch, out, error);
		buffer_putc(out, '}');
		return result;
	case VALUE_STRING:
		if (plain_bytes(value, scratch, &bytes, &length, error) < 0)
			return -1;
		put_padding_back(column, scratch, &bytes, &length);
		put_string(bytes, length, column, out);
		return 0;
	case VALUE_GEOMETRY:
		put_hex_object(value->bytes, value->length, out);
		return 0;
	case VALUE_VECTOR:
		put_vector(value->bytes, value->length, out);
		return 0;
	}
	return 0;
}
