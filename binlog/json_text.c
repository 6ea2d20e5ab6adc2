/* JSON documents as the server prints them. */
#include "binlog/json.h"

#include "binlog/double.h"
#include "binlog/json_put.h"

#define BASE64_LINE 76u /* the server breaks its base64 after so many characters */

void json_put_quoted(const uint8_t *text, size_t length, struct buffer *out)
{
	static const char escapes[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	size_t from = 0;

	buffer_putc(out, '"');
	for (size_t i = 0; i < length; i++) {
		uint8_t c = text[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buffer_append(out, text + from, i - from);
		from = i + 1;
		buffer_putc(out, '\\');
		if (c >= 0x20)
			buffer_putc(out, (char)c);
		else if (escapes[c])
			buffer_putc(out, escapes[c]);
		else
			buffer_printf(out, "u%04x", c);
	}
	buffer_append(out, text + from, length - from);
	buffer_putc(out, '"');
}

/* "base64:typeNN:…"; the line breaks of the base64 stand in the string as \n. */
static void put_base64(const struct json_value *value, struct buffer *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	buffer_printf(out, "\"base64:type%u:", value->opaque_type);
	for (size_t i = 0; i < value->text_length; i += 3, column += 4) {
		size_t left = value->text_length - i;
		uint32_t group = (uint32_t)value->text[i] << 16 |
				 (left > 1 ? (uint32_t)value->text[i + 1] << 8 : 0) |
				 (left > 2 ? value->text[i + 2] : 0);
		char four[4] = {digits[group >> 18], digits[group >> 12 & 63],
			left > 1 ? digits[group >> 6 & 63] : '=', left > 2 ? digits[group & 63] : '='};

		if (column == BASE64_LINE) {
			buffer_puts(out, "\\n");
			column = 0;
		}
		buffer_append(out, four, sizeof(four));
	}
	buffer_putc(out, '"');
}

static bool put_opaque(struct json_reader *reader, const struct json_value *value, struct buffer *out)
{
	struct value sql;
	struct error error;

	if (!json_opaque(reader, value, &sql))
		return false;
	switch (sql.kind) {
	case VALUE_DECIMAL:
		if (decimal_put_text(sql.bytes, sql.precision, sql.scale, out, &error) < 0) {
			reader->problem = "a decimal has impossible digits";
			return false;
		}
		break;
	case VALUE_STRING:
		put_base64(value, out);
		break;
	default:
		buffer_putc(out, '"');
		value_put_time(&sql, out);
		buffer_putc(out, '"');
		break;
	}
	return true;
}

static bool put_container(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out)
{
	bool object = json_is_object(value);
	uint32_t count = json_count(value);

	if (depth >= JSON_DEPTH_MAXIMUM) {
		reader->problem = "it is nested more than 100 levels deep";
		return false;
	}
	buffer_putc(out, object ? '{' : '[');
	for (uint32_t i = 0; i < count; i++) {
		struct json_value child;

		if (i > 0)
			buffer_append(out, ", ", 2);
		if (object) {
			const uint8_t *key;
			size_t length;

			if (!json_key(reader, value, i, &key, &length))
				return false;
			json_put_quoted(key, length, out);
			buffer_append(out, ": ", 2);
		}
		if (!json_child(reader, value, i, &child) || !json_put_value(reader, &child, depth + 1, out))
			return false;
	}
	buffer_putc(out, object ? '}' : ']');
	return true;
}

bool json_put_value(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out)
{
	static const char *const literals[] = {"null", "true", "false"};
	double number;

	switch (value->type) {
	case JSON_LITERAL:
		buffer_puts(out, literals[*value->at]);
		return true;
	case JSON_INT16:
	case JSON_INT32:
	case JSON_INT64:
		buffer_put_i64(out, json_int(value));
		return true;
	case JSON_UINT16:
	case JSON_UINT32:
	case JSON_UINT64:
		buffer_put_u64(out, json_uint(value));
		return true;
	case JSON_DOUBLE:
		if (!json_double(reader, value, &number))
			return false;
		double_put_json(number, out);
		return true;
	case JSON_STRING:
		json_put_quoted(value->text, value->text_length, out);
		return true;
	case JSON_OPAQUE:
		return put_opaque(reader, value, out);
	default:
		return put_container(reader, value, depth, out);
	}
}

int json_put_text(const uint8_t *document, size_t length, struct buffer *out, struct error *error)
{
	struct json_reader reader;
	struct json_value value;

	if (!json_open(&reader, document, length, &value) || !json_put_value(&reader, &value, 0, out))
		return json_fail(&reader, error);
	return 0;
}
