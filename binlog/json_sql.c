/* JSON documents as SQL that builds them again without loss (3.8). What survives a text is sent as text; the
 * path down to each value that does not is built with JSON_OBJECT and JSON_ARRAY, in whose arguments SQL's
 * own types become JSON's. */
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "binlog/json.h"
#include "binlog/json_put.h"
#include "binlog/table_map.h"

#define BINARY_MAXIMUM 255u /* bytes of a BINARY(n) */

int json_value_needs_exact(struct json_reader *reader, const struct json_value *value, unsigned depth)
{
	uint32_t count;

	switch (value->type) {
	case JSON_DOUBLE:
	case JSON_OPAQUE:
		return 1;
	case JSON_INT64: /* the server reads whole numbers as signed up to 2^32 - 1, and as unsigned from
			    there on */
		return json_int(value) > UINT32_MAX;
	case JSON_UINT16:
	case JSON_UINT32:
	case JSON_UINT64:
		return json_uint(value) <= UINT32_MAX;
	case JSON_SMALL_OBJECT:
	case JSON_LARGE_OBJECT:
	case JSON_SMALL_ARRAY:
	case JSON_LARGE_ARRAY:
		break;
	default:
		return 0;
	}
	if (depth >= JSON_DEPTH_MAXIMUM) {
		reader->problem = "it is nested more than 100 levels deep";
		return -1;
	}
	count = json_count(value);
	for (uint32_t i = 0; i < count; i++) {
		struct json_value child;
		int exact;

		if (!json_child(reader, value, i, &child))
			return -1;
		exact = json_value_needs_exact(reader, &child, depth + 1);
		if (exact)
			return exact;
	}
	return 0;
}

int json_needs_exact(const uint8_t *document, size_t length, struct error *error)
{
	struct json_reader reader;
	struct json_value value;
	int exact = -1;

	if (json_open(&reader, document, length, &value))
		exact = json_value_needs_exact(&reader, &value, 0);
	return exact < 0 ? json_fail(&reader, error) : exact;
}

/* In quotes when that is short and means the same under NO_BACKSLASH_ESCAPES as without, otherwise in
 * hexadecimal. */
void json_put_sql_text(const uint8_t *text, size_t length, struct buffer *out)
{
	bool quote = utf8_valid((const char *)text, length);
	size_t from = 0;

	for (size_t i = 0; i < length && quote; i++)
		quote = text[i] >= 0x20 && text[i] != 0x7f && text[i] != '\\';
	if (!quote) {
		buffer_puts(out, "_utf8mb4 x'");
		buffer_put_hex(out, text, length);
		buffer_putc(out, '\'');
		return;
	}
	buffer_puts(out, "_utf8mb4'");
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'') {
			buffer_append(out, text + from, i + 1 - from);
			from = i; /* once more */
		}
	}
	buffer_append(out, text + from, length - from);
	buffer_putc(out, '\'');
}

/* Values whose SQL type no plain expression has: the columns of a JSON_TABLE have it. It must become JSON
 * inside the subquery, which gives its own types to what it returns. The document to make them from stands in
 * between. */
static void begin_typed(struct buffer *out)
{
	buffer_puts(out, "JSON_EXTRACT((SELECT JSON_ARRAY(v) FROM JSON_TABLE(");
}

static void end_typed(const char *type, struct buffer *out)
{
	buffer_printf(out, ",'$[0]' COLUMNS(v %s PATH '$')) t),'$[0]')", type);
}

static void put_typed(const struct json_value *value, const char *type, struct buffer *out)
{
	begin_typed(out);
	buffer_puts(out, "JSON_ARRAY(x'");
	buffer_put_hex(out, value->text, value->text_length);
	buffer_puts(out, "')");
	end_typed(type, out);
}

static void put_bit(const struct json_value *value, struct buffer *out)
{
	uint64_t bits = 0;
	char type[24];

	for (size_t i = 0; i < value->text_length; i++)
		bits = bits << 8 | value->text[i];
	snprintf(type, sizeof(type), "BIT(%zu)", value->text_length * 8);
	begin_typed(out);
	buffer_printf(out, "'[%" PRIu64 "]'", bits);
	end_typed(type, out);
}

/* Bytes with the number of the SQL type they had. VARBINARY is what a literal has; what has no expression of
 * its own on any server is given as that. */
static void put_bytes(const struct json_value *value, struct buffer *out)
{
	char binary[24];

	switch (value->opaque_type) {
	case TYPE_TINY_BLOB:
		put_typed(value, "TINYBLOB", out);
		return;
	case TYPE_BLOB:
		put_typed(value, "BLOB", out);
		return;
	case TYPE_MEDIUM_BLOB:
		put_typed(value, "MEDIUMBLOB", out);
		return;
	case TYPE_LONG_BLOB:
		put_typed(value, "LONGBLOB", out);
		return;
	case TYPE_STRING:
		if (value->text_length > BINARY_MAXIMUM)
			break;
		snprintf(binary, sizeof(binary), "BINARY(%zu)", value->text_length);
		put_typed(value, binary, out);
		return;
	case TYPE_BIT:
		if (value->text_length < 1 || value->text_length > 8)
			break;
		put_bit(value, out);
		return;
	default:
		break;
	}
	buffer_puts(out, "x'");
	buffer_put_hex(out, value->text, value->text_length);
	buffer_putc(out, '\'');
}

/* "digits' AS DECIMAL(p,s))". The stored precision counts zeros in front, more than a DECIMAL may have. */
static bool put_decimal(struct json_reader *reader, const struct value *sql, struct buffer *out)
{
	size_t begin = out->length, digits = 0;
	struct error error;

	if (decimal_put_text(sql->bytes, sql->precision, sql->scale, out, &error) < 0) {
		reader->problem = "a decimal has impossible digits";
		return false;
	}
	for (size_t i = begin; i < out->length; i++)
		digits += out->data[i] >= '0' && out->data[i] <= '9';
	buffer_printf(out, "' AS DECIMAL(%zu,%u))",
		digits < DECIMAL_PRECISION_MAXIMUM ? digits : DECIMAL_PRECISION_MAXIMUM, sql->scale);
	return true;
}

static bool put_opaque(struct json_reader *reader, const struct json_value *value, struct buffer *out)
{
	struct value sql;

	if (!json_opaque(reader, value, &sql))
		return false;
	if (sql.kind == VALUE_STRING) {
		put_bytes(value, out);
		return true;
	}
	if (value->opaque_type == TYPE_TIMESTAMP) {
		begin_typed(out);
		buffer_puts(out, "'[\"");
		value_put_time(&sql, out);
		buffer_puts(out, "\"]'");
		end_typed("TIMESTAMP(6)", out);
		return true;
	}
	buffer_puts(out, "CAST('");
	if (sql.kind == VALUE_DECIMAL)
		return put_decimal(reader, &sql, out);
	value_put_time(&sql, out);
	if (sql.kind == VALUE_DATE)
		buffer_puts(out, "' AS DATE)");
	else
		buffer_puts(out, sql.kind == VALUE_TIME ? "' AS TIME(6))" : "' AS DATETIME(6))");
	return true;
}

/* A container as the cast of its text. */
static bool put_cast(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out)
{
	struct buffer text;
	bool done;

	buffer_init(&text, out->maximum);
	done = json_put_value(reader, value, depth, &text);
	if (done) {
		buffer_puts(out, "CAST(");
		json_put_sql_text((const uint8_t *)buffer_text(&text), text.length, out);
		buffer_puts(out, " AS JSON)");
	}
	out->overflow |= text.overflow;
	buffer_release(&text);
	return done;
}

static bool put_argument(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out);

/* The head of a container was paid for when it was opened; so a copy of the reader looks ahead. */
static bool put_container(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out)
{
	struct json_reader ahead = *reader;
	bool object = json_is_object(value);
	uint32_t count = json_count(value);
	int exact = json_value_needs_exact(&ahead, value, depth);

	if (exact < 0) {
		reader->problem = ahead.problem;
		return false;
	}
	if (!exact)
		return put_cast(reader, value, depth, out);
	buffer_puts(out, object ? "JSON_OBJECT(" : "JSON_ARRAY(");
	for (uint32_t i = 0; i < count; i++) {
		struct json_value child;

		if (i > 0)
			buffer_putc(out, ',');
		if (object) {
			const uint8_t *key;
			size_t length;

			if (!json_key(reader, value, i, &key, &length))
				return false;
			json_put_sql_text(key, length, out);
			buffer_putc(out, ',');
		}
		if (!json_child(reader, value, i, &child) || !put_argument(reader, &child, depth + 1, out))
			return false;
	}
	buffer_putc(out, ')');
	return true;
}

/* The value as an argument of JSON_ARRAY. */
static bool put_argument(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out)
{
	static const char *const literals[] = {"null", "true", "false"};
	double number;

	switch (value->type) {
	case JSON_LITERAL:
		buffer_printf(out, "CAST('%s' AS JSON)", literals[*value->at]);
		return true;
	case JSON_INT16:
	case JSON_INT32:
	case JSON_INT64:
		if (json_int(value) == INT64_MIN) /* the digits alone are not signed */
			buffer_puts(out, "CAST('-9223372036854775808' AS SIGNED)");
		else
			buffer_put_i64(out, json_int(value));
		return true;
	case JSON_UINT16:
	case JSON_UINT32:
	case JSON_UINT64:
		buffer_printf(out, "CAST(%" PRIu64 " AS UNSIGNED)", json_uint(value));
		return true;
	case JSON_DOUBLE:
		if (!json_double(reader, value, &number))
			return false;
		double_put_sql(number, out);
		return true;
	case JSON_STRING:
		json_put_sql_text(value->text, value->text_length, out);
		return true;
	case JSON_OPAQUE:
		return put_opaque(reader, value, out);
	default:
		return put_container(reader, value, depth, out);
	}
}

bool json_put_sql_value(struct json_reader *reader, const struct json_value *value, struct buffer *out)
{
	bool done;

	if (json_is_container(value))
		return put_container(reader, value, 0, out);
	if (!json_value_needs_exact(reader, value, 0))
		return put_cast(reader, value, 0, out);
	buffer_puts(out, "JSON_EXTRACT(JSON_ARRAY(");
	done = put_argument(reader, value, 0, out);
	buffer_puts(out, "),'$[0]')");
	return done;
}

int json_put_sql(const uint8_t *document, size_t length, struct buffer *out, struct error *error)
{
	struct json_reader reader;
	struct json_value value;

	if (!json_open(&reader, document, length, &value) || !json_put_sql_value(&reader, &value, out))
		return json_fail(&reader, error);
	return 0;
}
