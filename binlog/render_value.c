/* Row values as text and as JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "binlog/double.h"
#include "binlog/json.h"
#include "binlog/render.h"
#include "binlog/render_string.h"
#include "binlog/table_map.h"

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

/* A document that is JSON already. What a terminal would obey, or nobody can read, stands inside its strings only:
 * there it is escaped. */
static void put_json_text(const uint8_t *bytes, size_t length, struct buffer *out)
{
	const char *text = (const char *)bytes;
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

/* The text of a document goes through `scratch` to `out` in pieces of whole characters. */
struct document_way {
	void (*put)(const uint8_t *text, size_t length, struct buffer *out);
	struct buffer *out;
};

static void pass_on(struct buffer *scratch, void *context)
{
	const struct document_way *way = context;
	size_t whole = utf8_whole(scratch->data, scratch->length);

	way->put((const uint8_t *)scratch->data, whole, way->out);
	buffer_take(scratch, whole);
}

typedef int document_text(const uint8_t *bytes, size_t length, struct buffer *out, struct error *error);

static int put_document(document_text *text, const struct value *value, struct document_way way, struct buffer *scratch,
	struct error *error)
{
	int result;

	buffer_clear(scratch);
	buffer_set_drain(scratch, pass_on, &way);
	result = text(value->bytes, value->length, scratch, error);
	buffer_set_drain(scratch, NULL, NULL);
	way.put((const uint8_t *)buffer_text(scratch), scratch->length, way.out);
	return result;
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
	int result;

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
		buffer_putc(out, '\'');
		result = put_document(
			json_put_text, value, (struct document_way){render_put_quoted_part, out}, scratch, error);
		buffer_putc(out, '\'');
		return result;
	case VALUE_JSON_DIFF:
		return put_document(
			json_diffs_put_text, value, (struct document_way){put_json_text, out}, scratch, error);
	case VALUE_STRING:
	case VALUE_GEOMETRY:
	case VALUE_VECTOR:
		if (render_plain_bytes(value, scratch, &bytes, &length, error) < 0)
			return -1;
		render_put_quoted(bytes, length, out);
		return 0;
	}
	return 0;
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

	buffer_reserve(out, 64); /* so that it stays where it is */
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
		result = put_document(
			json_put_text, value, (struct document_way){put_json_text, out}, scratch, error);
		buffer_putc(out, '}');
		return result;
	case VALUE_JSON_DIFF:
		buffer_puts(out, "{\"json_diff\":");
		result = put_document(
			json_diffs_put_text, value, (struct document_way){put_json_text, out}, scratch, error);
		buffer_putc(out, '}');
		return result;
	case VALUE_STRING:
		if (render_plain_bytes(value, scratch, &bytes, &length, error) < 0)
			return -1;
		render_put_padding_back(column, scratch, &bytes, &length);
		render_put_string(bytes, length, column, out);
		return 0;
	case VALUE_GEOMETRY:
		render_put_hex_object(value->bytes, value->length, out);
		return 0;
	case VALUE_VECTOR:
		put_vector(value->bytes, value->length, out);
		return 0;
	}
	return 0;
}
