#include "value_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "binlog/double.h"
#include "binlog/json.h"
#include "binlog/json_put.h"
#include "binlog/table_map.h"
#include "binlog/value_decode.h"

#define EXPAND_MAXIMUM ((size_t)1 << 30)

/* A run of text or of bytes in one of the two forms. */
struct form {
	struct buffer *out;
	bool json;
};

static void put_hex(const struct form *form, const uint8_t *bytes, size_t length)
{
	buffer_puts(form->out, form->json ? "{\"hex\": \"" : "x'");
	buffer_put_hex(form->out, bytes, length);
	buffer_puts(form->out, form->json ? "\"}" : "'");
}

/* Text in single quotes, with backslash escapes. */
static void put_quoted(const uint8_t *text, size_t length, struct buffer *out)
{
	size_t from = 0;

	buffer_putc(out, '\'');
	for (size_t i = 0; i < length; i++) {
		uint8_t c = text[i];

		if (c >= 0x20 && c != 0x7f && c != '\'' && c != '\\')
			continue;
		buffer_append(out, text + from, i - from);
		from = i + 1;
		if (c == '\'' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else if (c == '\n')
			buffer_puts(out, "\\n");
		else if (c == '\t')
			buffer_puts(out, "\\t");
		else
			buffer_printf(out, "\\x%02x", c);
	}
	buffer_append(out, text + from, length - from);
	buffer_putc(out, '\'');
}

static void put_string(
	const struct form *form, const uint8_t *bytes, size_t length, const struct table_column *column)
{
	if ((column->has_collation && column->collation == COLLATION_BINARY) ||
		!utf8_valid((const char *)bytes, length))
		put_hex(form, bytes, length);
	else if (form->json)
		buffer_put_json(form->out, (const char *)bytes, length);
	else
		put_quoted(bytes, length, form->out);
}

static void put_expanded(
	const struct form *form, const struct value *value, const struct table_column *column)
{
	struct buffer plain = BUFFER_INIT;
	struct error error;

	if (!value->compressed)
		put_string(form, value->bytes, value->length, column);
	else if (value_expand(value, EXPAND_MAXIMUM, &plain, &error) < 0)
		put_hex(form, value->bytes, value->length);
	else
		put_string(form, (const uint8_t *)buffer_text(&plain), plain.length, column);
	buffer_release(&plain);
}

/* The fewest digits that read back as the same FLOAT. */
static void put_float(float number, struct buffer *out)
{
	char text[32];

	for (int digits = 1; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)number);
		if (strtof(text, NULL) == number)
			break;
	}
	buffer_puts(out, text);
}

static void put_double(const struct form *form, double number)
{
	if (form->json)
		double_put_json(number, form->out);
	else
		double_put_sql(number, form->out);
}

static void put_decimal(const struct form *form, const struct value *value)
{
	size_t before = form->out->length;
	struct error error;

	if (form->json)
		buffer_putc(form->out, '"');
	if (decimal_put_text(value->bytes, value->precision, value->scale, form->out, &error) < 0) {
		form->out->length = before;
		put_hex(form, value->bytes, value->length);
	} else if (form->json) {
		buffer_putc(form->out, '"');
	}
}

static void put_bit(const struct form *form, uint64_t bits, const struct table_column *column)
{
	if (form->json) {
		buffer_put_u64(form->out, bits);
		return;
	}
	buffer_puts(form->out, "b'");
	for (unsigned i = column->bits; i-- > 0;)
		buffer_putc(form->out, (char)('0' + (bits >> i & 1)));
	buffer_putc(form->out, '\'');
}

static void put_enum(const struct form *form, uint64_t index, const struct table_column *column)
{
	const struct column_names *names = column->names;

	if (names && index >= 1 && index <= names->count)
		put_string(form, (const uint8_t *)names->text[index - 1], names->length[index - 1], column);
	else
		buffer_put_u64(form->out, index);
}

static void put_set(const struct form *form, uint64_t bits, const struct table_column *column)
{
	const struct column_names *names = column->names;
	struct buffer joined = BUFFER_INIT;
	bool first = true;

	if (!names || (names->count < 64 && bits >> names->count)) {
		buffer_put_u64(form->out, bits);
		return;
	}
	if (form->json)
		buffer_putc(form->out, '[');
	for (uint32_t i = 0; i < names->count && i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		if (!first)
			buffer_puts(form->json ? form->out : &joined, form->json ? ", " : ",");
		first = false;
		if (form->json)
			put_string(form, (const uint8_t *)names->text[i], names->length[i], column);
		else
			buffer_append(&joined, names->text[i], names->length[i]);
	}
	if (form->json)
		buffer_putc(form->out, ']');
	else
		put_string(form, (const uint8_t *)buffer_text(&joined), joined.length, column);
	buffer_release(&joined);
}

static void put_time(const struct form *form, const struct value *value)
{
	buffer_putc(form->out, form->json ? '"' : '\'');
	value_put_time(value, form->out);
	buffer_putc(form->out, form->json ? '"' : '\'');
}

static void put_year(const struct form *form, uint64_t year)
{
	if (form->json)
		buffer_put_u64(form->out, year);
	else
		buffer_printf(form->out, "%04u", (unsigned)year);
}

static void put_document(const struct form *form, const struct value *value)
{
	struct buffer text = BUFFER_INIT;
	struct error error;

	if (json_put_text(value->bytes, value->length, &text, &error) < 0)
		put_hex(form, value->bytes, value->length);
	else if (form->json)
		buffer_append(form->out, text.data, text.length);
	else
		put_quoted((const uint8_t *)text.data, text.length, form->out);
	buffer_release(&text);
}

static void put_diffs(const struct form *form, const struct value *value)
{
	struct buffer text = BUFFER_INIT;
	struct error error;

	if (json_diffs_put_text(value->bytes, value->length, &text, &error) < 0) {
		put_hex(form, value->bytes, value->length);
	} else {
		buffer_puts(form->out, form->json ? "{\"diff\": " : "@diff ");
		buffer_append(form->out, text.data, text.length);
		buffer_puts(form->out, form->json ? "}" : "");
	}
	buffer_release(&text);
}

static void put_vector(const struct form *form, const struct value *value)
{
	size_t before = form->out->length;

	buffer_putc(form->out, '[');
	for (size_t i = 0; i < value->length; i += 4) {
		uint32_t bits = value->length - i < 4 ? UINT32_MAX : load_le32(value->bytes + i);
		float number;

		memcpy(&number, &bits, sizeof(number));
		if (!isfinite(number)) {
			form->out->length = before;
			put_hex(form, value->bytes, value->length);
			return;
		}
		if (i > 0)
			buffer_puts(form->out, ", ");
		put_float(number, form->out);
	}
	buffer_putc(form->out, ']');
}

static void put(const struct form *form, const struct value *value, const struct table_column *column)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_ABSENT:
		buffer_puts(form->out, form->json ? "null" : "@absent");
		break;
	case VALUE_NULL:
		buffer_puts(form->out, form->json ? "null" : "NULL");
		break;
	case VALUE_INT:
		buffer_put_i64(form->out, value->number.i);
		break;
	case VALUE_UINT:
		buffer_put_u64(form->out, value->number.u);
		break;
	case VALUE_FLOAT:
		put_float(value->number.f, form->out);
		break;
	case VALUE_DOUBLE:
		put_double(form, value->number.d);
		break;
	case VALUE_DECIMAL:
		put_decimal(form, value);
		break;
	case VALUE_BIT:
		put_bit(form, value->number.u, column);
		break;
	case VALUE_ENUM:
		put_enum(form, value->number.u, column);
		break;
	case VALUE_SET:
		put_set(form, value->number.u, column);
		break;
	case VALUE_YEAR:
		put_year(form, value->number.u);
		break;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
		put_time(form, value);
		break;
	case VALUE_STRING:
		put_expanded(form, value, column);
		break;
	case VALUE_JSON:
		put_document(form, value);
		break;
	case VALUE_JSON_DIFF:
		put_diffs(form, value);
		break;
	case VALUE_GEOMETRY:
		put_hex(form, value->bytes, value->length);
		break;
	case VALUE_VECTOR:
		put_vector(form, value);
		break;
	}
}

void value_put_text(const struct value *value, const struct table_column *column, struct buffer *out)
{
	put(&(const struct form){out, false}, value, column);
}

void value_put_json(const struct value *value, const struct table_column *column, struct buffer *out)
{
	put(&(const struct form){out, true}, value, column);
}
