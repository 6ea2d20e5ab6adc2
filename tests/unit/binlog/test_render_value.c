/* Values as text and as JSON. */
#include <math.h>

#include "binlog/render.h"
#include "support.h"

static struct buffer out, scratch;

static void text(const struct value *value, const struct table_column *column, const char *expected)
{
	struct error error = {0};

	buffer_clear(&out);
	assert_int_equal(render_value_text(value, column, &scratch, &out, &error), 0);
	assert_string_equal(buffer_text(&out), expected);
}

static void json(const struct value *value, const struct table_column *column, const char *expected)
{
	struct error error = {0};

	buffer_clear(&out);
	assert_int_equal(render_value_json(value, column, &scratch, &out, &error), 0);
	assert_string_equal(buffer_text(&out), expected);
}

static struct value string_value(const void *bytes, size_t length)
{
	return (struct value){.kind = VALUE_STRING, .bytes = bytes, .length = length};
}

static void integers(void **state)
{
	struct table_column column = {.type = TYPE_LONGLONG, .sign = SIGN_SIGNED};
	struct value value = {.kind = VALUE_INT, .number.i = INT64_MIN};

	(void)state;
	text(&value, &column, "-9223372036854775808");
	json(&value, &column, "-9223372036854775808");
	column.sign = SIGN_UNSIGNED;
	value.kind = VALUE_UINT;
	text(&value, &column, "9223372036854775808");
	json(&value, &column, "9223372036854775808");
	column.sign = SIGN_UNKNOWN;
	text(&value, &column, "-9223372036854775808 (9223372036854775808)");
	json(&value, &column, "-9223372036854775808");
	static const struct {
		uint8_t type;
		uint64_t bits;
		const char *expected, *number;
	} cases[] = {
		{TYPE_TINY, 255, "-1 (255)", "-1"},
		{TYPE_TINY, 127, "127", "127"},
		{TYPE_TINY, (uint64_t)-128, "-128 (128)", "-128"},
		{TYPE_SHORT, 0x8000, "-32768 (32768)", "-32768"},
		{TYPE_INT24, 0xffffff, "-1 (16777215)", "-1"},
		{TYPE_LONG, 0xfffffffe, "-2 (4294967294)", "-2"},
		{TYPE_LONG, 5, "5", "5"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		column.type = cases[i].type;
		value.number.u = cases[i].bits;
		for (value.kind = VALUE_INT; value.kind <= VALUE_UINT; value.kind++)
			text(&value, &column, cases[i].expected);
		value.kind = VALUE_UINT;
		json(&value, &column, cases[i].number);
	}
}

static void other_numbers(void **state)
{
	struct table_column column = {.bits = 10, .bytes = 1};

	(void)state;
	text(&(struct value){.kind = VALUE_NULL}, &column, "NULL");
	json(&(struct value){.kind = VALUE_NULL}, &column, "null");
	text(&(struct value){.kind = VALUE_ABSENT}, &column, "");
	json(&(struct value){.kind = VALUE_ABSENT}, &column, "null");
	text(&(struct value){.kind = VALUE_BIT, .number.u = 0x201}, &column, "b'1000000001'");
	json(&(struct value){.kind = VALUE_BIT, .number.u = 0x201}, &column, "513");
	text(&(struct value){.kind = VALUE_SET, .number.u = 5}, &column, "b'00000101'");
	json(&(struct value){.kind = VALUE_SET, .number.u = 5}, &column, "5");
	text(&(struct value){.kind = VALUE_ENUM, .number.u = 2}, &column, "2");
	json(&(struct value){.kind = VALUE_ENUM, .number.u = 2}, &column, "2");
	text(&(struct value){.kind = VALUE_YEAR, .number.u = 0}, &column, "0");
	text(&(struct value){.kind = VALUE_FLOAT, .number.f = 1.1f}, &column, "1.1");
	json(&(struct value){.kind = VALUE_FLOAT, .number.f = 16777216.0f}, &column, "16777216");
	text(&(struct value){.kind = VALUE_FLOAT, .number.f = 0.8000001f}, &column, "0.8000001");
	text(&(struct value){.kind = VALUE_DOUBLE, .number.d = 0.1 + 0.2}, &column, "0.30000000000000004");
	json(&(struct value){.kind = VALUE_DOUBLE, .number.d = -2.5e-300}, &column, "-2.5e-300");
	text(&(struct value){.kind = VALUE_DECIMAL,
		     .precision = 4,
		     .scale = 2,
		     .bytes = (const uint8_t *)"\x8c\x22",
		     .length = 2},
		&column, "12.34");
	json(&(struct value){.kind = VALUE_DECIMAL,
		     .precision = 4,
		     .scale = 2,
		     .bytes = (const uint8_t *)"\x8c\x22",
		     .length = 2},
		&column, "\"12.34\"");
}

static void times(void **state)
{
	struct table_column column = {0};
	struct value value = {.kind = VALUE_DATETIME,
		.time = {.year = 2024,
			.month = 2,
			.day = 29,
			.hour = 23,
			.minute = 59,
			.second = 58,
			.microsecond = 1,
			.digits = 6}};

	(void)state;
	text(&value, &column, "'2024-02-29 23:59:58.000001'");
	json(&value, &column, "\"2024-02-29 23:59:58.000001\"");
	value.kind = VALUE_DATE;
	text(&value, &column, "'2024-02-29'");
	value = (struct value){.kind = VALUE_TIME,
		.time = {.negative = true,
			.hour = 1,
			.minute = 2,
			.second = 3,
			.microsecond = 456000,
			.digits = 3}};
	text(&value, &column, "'-01:02:03.456'");
	value = (struct value){.kind = VALUE_TIMESTAMP,
		.number.u = 1000000000,
		.time = {.microsecond = 120000, .digits = 2}};
	text(&value, &column, "1000000000.12");
	json(&value, &column, "\"2001-09-09T01:46:40.12Z\"");
	value = (struct value){.kind = VALUE_TIMESTAMP};
	text(&value, &column, "0");
	json(&value, &column, "\"0000-00-00 00:00:00\"");
}

static void strings(void **state)
{
	struct table_column binary = {.has_collation = true, .collation = 63},
			    utf8 = {.has_collation = true, .collation = 255},
			    latin1 = {.has_collation = true, .collation = 8},
			    ucs2 = {.has_collation = true, .collation = 35}, unknown = {0},
			    uca = {.has_collation = true, .collation = 2304};
	struct value value = string_value("it's \\ \"x\"\n\r\t\x01\x7f", 15);

	(void)state;
	text(&value, &utf8, "'it\\'s \\\\ \"x\"\\n\\r\\t\\x01\\x7f'");
	json(&value, &utf8, "\"it's \\\\ \\\"x\\\"\\u000a\\u000d\\u0009\\u0001\\u007f\"");
	json(&value, &binary, "{\"hex\":\"69742773205c202278220a0d09017f\"}");
	value = string_value("\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80", 9);
	text(&value, &utf8, "'\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80'");
	json(&value, &utf8, "\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"");
	json(&value, &unknown, "\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"");
	json(&value, &uca, "\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"");
	json(&value, &latin1, "{\"hex\":\"c3a9e6bca2f09f9880\"}"); /* not what these bytes mean there */
	value = string_value("\xe9\xff", 2);
	text(&value, &latin1, "'\\xe9\\xff'");
	json(&value, &utf8, "{\"hex\":\"e9ff\"}");
	value = string_value("plain ASCII, long enough", 24);
	text(&value, &latin1, "'plain ASCII, long enough'");
	json(&value, &latin1, "\"plain ASCII, long enough\"");
	json(&value, &ucs2, "{\"hex\":\"706c61696e2041534349492c206c6f6e6720656e6f756768\"}");
	value.kind = VALUE_GEOMETRY;
	value.length = 2;
	text(&value, &utf8, "'pl'");
	json(&value, &utf8, "{\"hex\":\"706c\"}");
}

/* Whatever a terminal obeys, of one byte or two, in values, documents and names. */
static void control_codes(void **state)
{
	static const uint8_t object[] = {0x00, 0x01, 0x00, 0x0f, 0x00, 0x0b, 0x00, 0x04, 0x00, 0x04, 0x01, 0x00,
		'a', 0xc2, 0x9b, 0x7f};
	static const uint8_t diff[] = {2, 6, '$', '.', '"', 0xc2, 0x9b, '"'};
	struct table_column utf8 = {.has_collation = true, .collation = 255};
	struct value value = string_value("a\xc2\x9b" "31m\x9b\xc2\xa0\x7f", 10);

	(void)state;
	text(&value, &utf8, "'a\\xc2\\x9b31m\\x9b\xc2\xa0\\x7f'");
	value = string_value("a\xc2\x9b" "31m\xc2\xa0\x7f", 9);
	json(&value, &utf8, "\"a\\u009b31m\xc2\xa0\\u007f\"");
	value = (struct value){.kind = VALUE_JSON, .bytes = object, .length = sizeof(object)};
	text(&value, &utf8, "'{\"a\\xc2\\x9b\\x7f\": true}'");
	json(&value, &utf8, "{\"json\":{\"a\\u009b\\u007f\": true}}");
	value = (struct value){.kind = VALUE_JSON_DIFF, .bytes = diff, .length = sizeof(diff)};
	text(&value, &utf8, "[{\"op\": \"remove\", \"path\": \"$.\\\"\\u009b\\\"\"}]");
	json(&value, &utf8, "{\"json_diff\":[{\"op\": \"remove\", \"path\": \"$.\\\"\\u009b\\\"\"}]}");
}

/* Which collations' bytes are text to somebody who reads UTF-8. */
static void charsets(void **state)
{
	static const uint32_t wide[] = {35, 54, 56, 60, 62, 90, 101, 128, 159, 160, 183, 640, 672, 736,
		/* without padding: ucs2, utf16, utf16le, utf32, and their _bin and _unicode */
		1059, 1078, 1079, 1080, 1084, 1085, 1086, 1114, 1125, 1147, 1152, 1184,
		/* uca1400: ucs2, utf16, utf32 */
		2560, 2815, 2816, 3071, 3072, 3327};
	static const uint32_t utf8[] = {33, 45, 46, 76, 83, 192, 224, 255, 309, 323, 576, 608, 1057, 1069, 1070,
		1107, 1216, 1248, 2048, 2303, 2304, 2559};
	static const uint32_t latin1[] = {8, 47, 48, 1032, 1071};
	struct table_column column = {.has_collation = true};
	struct value value = string_value("\0a\0b", 4);

	(void)state;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
		column.collation = wide[i];
		json(&value, &column, "{\"hex\":\"00610062\"}");
	}
	value = string_value("\xc3\xa9", 2);
	for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
		column.collation = utf8[i];
		json(&value, &column, "\"\xc3\xa9\"");
	}
	for (size_t i = 0; i < sizeof(latin1) / sizeof(latin1[0]); i++) {
		column.collation = latin1[i];
		json(&value, &column, "{\"hex\":\"c3a9\"}");
	}
	value = string_value("[]", 2);
	for (column.collation = 10; column.collation <= 82; column.collation += 72) /* swe7 */
		json(&value, &column, "{\"hex\":\"5b5d\"}");
}

/* Text longer than one piece, with what must be escaped at every place of a piece's end. */
static void long_strings(void **state)
{
	enum { SIZE = 5000 };
	struct table_column utf8 = {.has_collation = true, .collation = 255};
	char *bytes = malloc(SIZE), *expected = malloc(SIZE * 4 + 3);

	(void)state;
	for (int at = 1015; at < 1035; at++) {
		struct value value = string_value(bytes, SIZE);

		memset(bytes, 'a', SIZE);
		memcpy(bytes + at, "\xe6\xbc\xa2\n", 4);
		text(&value, &utf8,
			(snprintf(expected, SIZE * 4, "'%.*s\xe6\xbc\xa2\\n%.*s'", at, bytes, SIZE - at - 4,
				 bytes + at + 4),
				expected));
	}
	free(bytes);
	free(expected);
}

static void documents_and_vectors(void **state)
{
	static const uint8_t object[] = {
		0x00, 0x01, 0x00, 0x0c, 0x00, 0x0b, 0x00, 0x01, 0x00, 0x05, 0x01, 0x00, 0x61};
	static const uint8_t remove[] = {2, 3, '$', '.', 'a'};
	struct table_column column = {0};
	struct value value = {.kind = VALUE_JSON, .bytes = object, .length = sizeof(object)};
	float numbers[] = {1.5f, -2, NAN};

	(void)state;
	text(&value, &column, "'{\"a\": 1}'");
	json(&value, &column, "{\"json\":{\"a\": 1}}");
	value = (struct value){.kind = VALUE_JSON_DIFF, .bytes = remove, .length = sizeof(remove)};
	text(&value, &column, "[{\"op\": \"remove\", \"path\": \"$.a\"}]");
	json(&value, &column, "{\"json_diff\":[{\"op\": \"remove\", \"path\": \"$.a\"}]}");
	value = (struct value){
		.kind = VALUE_VECTOR, .bytes = (const uint8_t *)numbers, .length = sizeof(numbers)};
	json(&value, &column, "{\"vector\":[1.5,-2,null]}");
}

static void compressed_columns(void **state)
{
	struct table_column column = {.has_collation = true, .collation = 255};
	uint8_t packed[64] = {0x81, 50}; /* zlib, one length byte */
	uLongf length = sizeof(packed) - 2;
	char plain[51];
	struct value value = {.kind = VALUE_STRING, .compressed = true, .bytes = packed};
	struct buffer expected = BUFFER_INIT;
	struct error error = {0};

	(void)state;
	memset(plain, 'x', 50);
	assert_int_equal(compress(packed + 2, &length, (const uint8_t *)plain, 50), Z_OK);
	value.length = 2 + length;
	buffer_printf(&expected, "'%.50s'", plain);
	text(&value, &column, buffer_text(&expected));
	expected.data[0] = expected.data[51] = '"';
	json(&value, &column, buffer_text(&expected));
	value.length--;
	assert_int_equal(render_value_text(&value, &column, &scratch, &out, &error), -1);
	assert_int_equal(render_value_json(&value, &column, &scratch, &out, &error), -1);
	buffer_release(&expected);
}

static void utc(void **state)
{
	(void)state;
	buffer_clear(&out);
	render_utc(1000000000, &out);
	assert_string_equal(buffer_text(&out), "2001-09-09 01:46:40");
}
static int release(void **state)
{
	(void)state;
	buffer_release(&out);
	buffer_release(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(other_numbers),
		cmocka_unit_test(times),
		cmocka_unit_test(utc),
		cmocka_unit_test(strings),
		cmocka_unit_test(control_codes),
		cmocka_unit_test(charsets),
		cmocka_unit_test(long_strings),
		cmocka_unit_test(documents_and_vectors),
		cmocka_unit_test(compressed_columns),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
