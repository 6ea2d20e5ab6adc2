/* Single values: the old and the new temporal types, what no server stores, compressed values, texts. */
#include "rows_support.h"

#include <time.h>

#include "binlog/table_map.h"
#include "support/value_text.h"

static struct table_column column_of(unsigned type)
{
	return (struct table_column){.type = (uint8_t)type, .wire_type = (uint8_t)type, .geometry_type = -1};
}

static void assert_text(const struct table_column *column, const char *hex, const char *expected)
{
	struct buffer bytes = BUFFER_INIT, text = BUFFER_INIT;
	struct value value = {0};
	const char *problem = NULL;

	if (decode_hex(column, hex, &value, &bytes, &problem) < 0)
		fail_msg("%s of type %u: %s", hex, column->type, problem);
	value_put_text(&value, column, &text);
	assert_string_equal(buffer_text(&text), expected);
	buffer_release(&bytes);
	buffer_release(&text);
}

static void assert_problem(const struct table_column *column, const char *hex, const char *part)
{
	struct buffer bytes = BUFFER_INIT;
	struct value value = {0};
	const char *problem = NULL;

	if (decode_hex(column, hex, &value, &bytes, &problem) == 0)
		fail_msg("%s of type %u was taken", hex, column->type);
	assert_non_null(strstr(problem, part));
	buffer_release(&bytes);
}

static void integers_by_sign(void **state)
{
	static const struct {
		unsigned type;
		const char *hex, *is_signed, *is_unsigned;
	} cases[] = {{TYPE_TINY, "ff", "-1", "255"}, {TYPE_SHORT, "0080", "-32768", "32768"},
		{TYPE_INT24, "ffffff", "-1", "16777215"}, {TYPE_INT24, "000080", "-8388608", "8388608"},
		{TYPE_INT24, "ffff7f", "8388607", "8388607"}, {TYPE_LONG, "feffffff", "-2", "4294967294"},
		{TYPE_LONGLONG, "0000000000000080", "-9223372036854775808", "9223372036854775808"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table_column column = column_of(cases[i].type);

		assert_text(&column, cases[i].hex, cases[i].is_signed); /* unknown: taken for signed */
		column.sign = SIGN_SIGNED;
		assert_text(&column, cases[i].hex, cases[i].is_signed);
		column.sign = SIGN_UNSIGNED;
		assert_text(&column, cases[i].hex, cases[i].is_unsigned);
	}
}

static void numbers_that_are_not_finite_are_refused(void **state)
{
	struct table_column single = column_of(TYPE_FLOAT), twice = column_of(TYPE_DOUBLE);

	(void)state;
	assert_text(&single, "00000080", "-0");
	assert_text(&single, "01000000", "1e-45");
	assert_text(&single, "ffff7f7f", "3.4028235e+38");
	assert_text(&twice, "0000000000000080", "-0e0");
	assert_problem(&single, "0000807f", "not a finite number");
	assert_problem(&single, "0100c0ff", "not a finite number");
	assert_problem(&twice, "000000000000f07f", "not a finite number");
	assert_problem(&twice, "010000000000f8ff", "not a finite number");
}

static void bits_enums_and_sets(void **state)
{
	static const char *texts[] = {"a", "\xc3\xa9"};
	uint32_t lengths[] = {1, 2};
	struct column_names names = {2, texts, lengths};
	struct table_column bit = column_of(TYPE_BIT), list = column_of(TYPE_ENUM), set = column_of(TYPE_SET);

	(void)state;
	bit.bits = 10;
	bit.bytes = 2;
	assert_text(&bit, "0201", "b'1000000001'");
	assert_problem(&bit, "0401", "more bits");
	assert_problem(&bit, "01", "does not fit");
	bit.bits = 64;
	bit.bytes = 8;
	assert_text(&bit, "8000000000000000",
		"b'1000000000000000000000000000000000000000000000000000000000000000'");
	list.bytes = 2;
	assert_text(&list, "0201", "258");
	list.names = &names;
	assert_text(&list, "0200", "'\xc3\xa9'");
	assert_text(&list, "0000", "0");
	assert_text(&list, "0300", "3");
	set.bytes = 3;
	assert_text(&set, "030000", "3");
	set.names = &names;
	assert_text(&set, "030000", "'a,\xc3\xa9'");
	assert_text(&set, "000000", "''");
	assert_text(&set, "040000", "4");
}

static void strings(void **state)
{
	struct table_column column = column_of(TYPE_VARCHAR);

	(void)state;
	column.maximum_bytes = 255;
	assert_text(&column, "00", "''");
	assert_text(&column, "07 270a 5c 09 01 7f 61", "'\\'\\n\\\\\\t\\x01\\x7fa'");
	assert_text(&column, "02 ff61", "x'ff61'");
	assert_problem(&column, "", "does not fit");
	assert_problem(&column, "0361", "does not fit");
	column.maximum_bytes = 256;
	assert_text(&column, "0100 61", "'a'");
	assert_problem(&column, "01", "does not fit");
	column.maximum_bytes = 2;
	assert_problem(&column, "03 616263", "longer than its column");
	column = column_of(TYPE_STRING);
	column.maximum_bytes = 300;
	column.has_collation = true;
	column.collation = 63;
	assert_text(&column, "0100 61", "x'61'");
	for (uint32_t width = 1; width <= 4; width++) {
		static const char *const hex[] = {"02 6162", "0200 6162", "020000 6162", "02000000 6162"};
		static const char *const wrong[] = {"03 6162", "0201 6162", "020001 6162", "020000ff 6162"};

		column = column_of(TYPE_BLOB);
		column.maximum_bytes = width;
		assert_text(&column, hex[width - 1], "'ab'");
		assert_problem(&column, wrong[width - 1], "does not fit");
		column.type = TYPE_LONG_BLOB;
		assert_text(&column, hex[width - 1], "'ab'");
	}
}

static void other_types(void **state)
{
	struct table_column column = column_of(TYPE_GEOMETRY);

	(void)state;
	column.maximum_bytes = 4;
	assert_text(&column, "02000000 00ff", "x'00ff'");
	column.type = TYPE_VECTOR;
	assert_text(&column, "08000000 0000c03f 000000c0", "[1.5, -2]");
	assert_text(&column, "00000000", "[]");
	assert_text(&column, "04000000 0000c07f", "x'0000c07f'");
	assert_text(&column, "05000000 0000c03f 00", "x'0000c03f00'");
	column.type = TYPE_JSON;
	assert_text(&column, "00000000", "'null'");
	assert_text(&column, "02000000 04 09", "x'0409'");
	assert_problem(&column, "02000000 04", "does not fit");
	column = column_of(TYPE_NEWDECIMAL);
	column.precision = 5;
	column.scale = 2;
	column.maximum_bytes = 3;
	assert_text(&column, "807b2d", "123.45");
	assert_text(&column, "87ff2d", "x'87ff2d'"); /* four digits in the place of three */
	assert_problem(&column, "807b", "does not fit");
	column = column_of(TYPE_NULL);
	assert_text(&column, "", "NULL");
}

/* The range of each field is what a server may hold, zero dates included. */
static void new_temporal_types(void **state)
{
	struct table_column column = column_of(TYPE_DATETIME2);

	(void)state;
	assert_text(&column, "8000000000", "'0000-00-00 00:00:00'");
	assert_text(&column, "fef3ff7efb", "'9999-12-31 23:59:59'");
	assert_problem(&column, "7fffffffff", "out of its range");
	assert_problem(&column, "fef5000000", "out of its range"); /* year 10000 */
	assert_problem(&column, "ffffffffff", "out of its range");
	assert_problem(&column, "8000018000", "out of its range"); /* hour 24 */
	assert_problem(&column, "8000000f00", "out of its range"); /* minute 60 */
	assert_problem(&column, "800000003c", "out of its range");
	assert_problem(&column, "80000000", "does not fit");
	column.scale = 6;
	assert_text(&column, "99b2bb7efb 000001", "'2024-02-29 23:59:59.000001'");
	assert_problem(&column, "99b2bb7efb 0f4240", "out of its range");
	column.scale = 1;
	assert_text(&column, "99b2bb7efb 5a", "'2024-02-29 23:59:59.9'");
	assert_problem(&column, "99b2bb7efb 64", "out of its range");
	column = column_of(TYPE_TIME2);
	assert_text(&column, "800000", "'00:00:00'");
	assert_text(&column, "4b9105", "'-838:59:59'");
	assert_text(&column, "b46efb", "'838:59:59'");
	assert_problem(&column, "b47000", "out of its range"); /* 839 hours */
	assert_problem(&column, "80003c", "out of its range");
	assert_problem(&column, "800f00", "out of its range");
	column.scale = 3;
	assert_text(&column, "7fef7c ee30", "'-01:02:03.456'");
	assert_text(&column, "7fffff fff6", "'-00:00:00.001'");
	column.scale = 2;
	assert_text(&column, "7fffff ff", "'-00:00:00.01'");
	assert_text(&column, "7fffff 00", "'-00:00:01.00'");
	column.scale = 6;
	assert_text(&column, "7fffffffffff", "'-00:00:00.000001'");
	assert_text(&column, "800000000000", "'00:00:00.000000'");
	column = column_of(TYPE_TIMESTAMP2);
	column.scale = 2;
	assert_text(&column, "3b9aca00 0c", "'2001-09-09 01:46:40.12'");
	assert_text(&column, "00000000 00", "'0000-00-00 00:00:00.00'");
	assert_text(&column, "00000000 01", "'1970-01-01 00:00:00.01'");
	assert_text(&column, "ffffffff 63", "'2106-02-07 06:28:15.99'");
	assert_problem(&column, "00000000 64", "out of its range");
}

static void old_temporal_types(void **state)
{
	struct table_column column = column_of(TYPE_DATE);

	(void)state;
	assert_text(&column, "5dd00f", "'2024-02-29'");
	assert_text(&column, "000000", "'0000-00-00'");
	assert_text(&column, "1fd00f", "'2024-00-31'");
	assert_problem(&column, "a0d10f", "out of its range"); /* month 13 */
	assert_problem(&column, "ffffff", "out of its range");
	column.type = TYPE_NEWDATE;
	assert_text(&column, "5dd00f", "'2024-02-29'");
	column.type = TYPE_YEAR;
	assert_text(&column, "00", "0000");
	assert_text(&column, "01", "1901");
	assert_text(&column, "ff", "2155");
	column.type = TYPE_TIME;
	assert_text(&column, "db2700", "'01:02:03'");
	assert_text(&column, "590a80", "'-838:59:59'");
	assert_text(&column, "a7f57f", "'838:59:59'");
	assert_problem(&column, "700580", "out of its range"); /* 839 hours */
	assert_problem(&column, "701700", "out of its range"); /* 60 minutes */
	assert_problem(&column, "3c0000", "out of its range");
	assert_problem(&column, "3c00", "does not fit");
	column.type = TYPE_DATETIME;
	assert_text(&column, "f77cac8b68120000", "'2024-02-29 23:59:59'");
	assert_text(&column, "7787d105f15a0000", "'9999-12-31 23:59:59'");
	assert_problem(&column, "404f8ecb68120000", "out of its range"); /* month 13 */
	assert_problem(&column, "00c9e08568120000", "out of its range"); /* day 32 */
	assert_problem(&column, "c06c0b8468120000", "out of its range"); /* hour 24 */
	assert_problem(&column, "00407a10f35a0000", "out of its range"); /* year 10000 */
	assert_problem(&column, "b0da078468120000", "out of its range"); /* minute 60 */
	assert_problem(&column, "ffffffffffffffff", "out of its range");
	column.type = TYPE_TIMESTAMP;
	assert_text(&column, "00ca9a3b", "'2001-09-09 01:46:40'");
	assert_text(&column, "00000000", "'0000-00-00 00:00:00'");
}

/* MariaDB before 10.1.2, with the digits that only the schema tells. */
static void old_temporal_types_with_fractions(void **state)
{
	struct table_column column = column_of(TYPE_DATETIME);

	(void)state;
	column.fraction_digits = 2;
	assert_text(&column, "069df8506c58", "'2024-02-29 01:02:03.12'");
	assert_text(&column, "000000000000", "'0000-00-00 00:00:00.00'");
	column.fraction_digits = 6;
	assert_text(&column, "04fcee3943bfffff", "'9999-12-31 23:59:59.999999'");
	column.fraction_digits = 1;
	assert_problem(&column, "0344db190f00", "out of its range");
	column.type = TYPE_TIME;
	column.fraction_digits = 3;
	assert_text(&column, "00b3ced4c0", "'-01:02:03.456'");
	column.fraction_digits = 6;
	assert_text(&column, "057e7bbcf7ff", "'838:59:59.999999'");
	assert_problem(&column, "057e7bbcf800", "out of its range");
	column.type = TYPE_TIMESTAMP;
	column.fraction_digits = 1;
	assert_text(&column, "3b9aca00 05", "'2001-09-09 01:46:40.5'");
	assert_problem(&column, "3b9aca00 0a", "out of its range");
	column.fraction_digits = 4;
	assert_text(&column, "3b9aca00 04d2", "'2001-09-09 01:46:40.1234'");
	column.fraction_digits = 6;
	assert_text(&column, "3b9aca00 01e240", "'2001-09-09 01:46:40.123456'");
}

/* The calendar over all days that a TIMESTAMP can hold, against the C library's. */
static void timestamps_follow_the_calendar(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < UINT32_MAX / 86400; day++) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		struct value value = {.kind = VALUE_TIMESTAMP, .number.u = (uint64_t)seconds};
		struct buffer text = BUFFER_INIT;
		char expected[64];
		struct tm tm;

		if (seconds == 0)
			continue;
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%d %H:%M:%S", &tm);
		value_put_time(&value, &text);
		assert_string_equal(buffer_text(&text), expected);
		buffer_release(&text);
	}
}

static struct value compressed_value(const struct buffer *bytes)
{
	return (struct value){.kind = VALUE_STRING,
		.compressed = true,
		.bytes = (const uint8_t *)buffer_text(bytes),
		.length = bytes->length};
}

static void deflate_into(struct buffer *out, const char *text, int window)
{
	uint8_t packed[256];
	z_stream stream = {0};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)text;
	stream.avail_in = (uInt)strlen(text);
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	buffer_append(out, packed, sizeof(packed) - stream.avail_out);
	deflateEnd(&stream);
}

static void compressed_values_are_expanded(void **state)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb";
	struct buffer bytes = BUFFER_INIT, out = BUFFER_INIT;
	struct table_column column = column_of(TYPE_VARCHAR_COMPRESSED);
	struct error error;
	struct value value;

	(void)state;
	for (int form = 0; form < 3; form++) {
		static const char *const heads[] = {"00", "81 3c", "8a 003c"};

		buffer_clear(&bytes);
		buffer_clear(&out);
		put_hex(&bytes, heads[form]);
		if (form == 0)
			buffer_puts(&bytes, text);
		else
			deflate_into(&bytes, text, form == 1 ? 15 : -15);
		value = compressed_value(&bytes);
		assert_int_equal(value_expand(&value, 60, &out, &error), 0);
		assert_string_equal(buffer_text(&out), text);
		assert_int_equal(value_expand(&value, 59, &out, &error), -1);
		assert_error(&error, ERROR_STOP, "more than the 59 that fit");
		buffer_clear(&out);
		value_put_text(&value, &column, &out);
		assert_int_equal(out.length, sizeof(text) - 1 + 2);
		for (size_t cut = 1; form > 0 && cut < value.length; cut++) {
			value.length = bytes.length - cut;
			buffer_clear(&out);
			assert_int_equal(value_expand(&value, 60, &out, &error), -1);
			assert_int_equal(out.length, 0);
		}
		if (form > 0) {
			value.length = 4;
			buffer_clear(&out);
			value_put_text(&value, &column, &out); /* as it is */
			assert_memory_equal(out.data, "x'8", 3);
		}
	}
	value.length = 0;
	buffer_clear(&out);
	assert_int_equal(value_expand(&value, 0, &out, &error), 0);
	assert_int_equal(out.length, 0);
	buffer_release(&bytes);
	buffer_release(&out);
}

static void broken_compression_is_refused(void **state)
{
	static const struct {
		const char *hex, *part;
	} wrong[] = {{"80 00", "method byte 0x80"}, {"85 00", "method byte 0x85"},
		{"11 00", "method byte 0x11"}, {"84 000000", "ends before its data"},
		{"84 ffffffff 78", "cannot hold"}, {"81 05 789c", "expand to exactly"},
		{"81 01 789c63000000010001 00", "expand to exactly"},
		{"81 02 789c63000000010001", "expand to exactly"}};
	struct buffer bytes = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct value value;

		buffer_clear(&bytes);
		put_hex(&bytes, wrong[i].hex);
		value = compressed_value(&bytes);
		assert_int_equal(value_expand(&value, 1000, &out, &error), -1);
		assert_error(&error, ERROR_CORRUPT, wrong[i].part);
		assert_int_equal(out.length, 0);
	}
	buffer_release(&bytes);
	buffer_release(&out);
}

static void assert_json(const struct value *value, const struct table_column *column, const char *expected)
{
	struct buffer text = BUFFER_INIT;

	value_put_json(value, column, &text);
	assert_string_equal(buffer_text(&text), expected);
	buffer_release(&text);
}

static void values_as_json(void **state)
{
	static const char *texts[] = {"a", "\"b"};
	uint32_t lengths[] = {1, 2};
	struct column_names names = {2, texts, lengths};
	struct table_column column = column_of(TYPE_VARCHAR);
	struct value value = {.kind = VALUE_ABSENT};

	(void)state;
	assert_json(&value, &column, "null");
	value.kind = VALUE_NULL;
	assert_json(&value, &column, "null");
	value = (struct value){.kind = VALUE_DECIMAL,
		.precision = 5,
		.scale = 2,
		.bytes = (const uint8_t *)"\x80\x7b\x2d",
		.length = 3};
	assert_json(&value, &column, "\"123.45\"");
	value.bytes = (const uint8_t *)"\x87\xff\x2d";
	assert_json(&value, &column, "{\"hex\": \"87ff2d\"}");
	value = (struct value){.kind = VALUE_DOUBLE, .number.d = 1e20};
	assert_json(&value, &column, "1e20");
	value = (struct value){.kind = VALUE_STRING, .bytes = (const uint8_t *)"\"\n\xff", .length = 2};
	assert_json(&value, &column, "\"\\\"\\u000a\"");
	value.length = 3;
	assert_json(&value, &column, "{\"hex\": \"220aff\"}");
	value = (struct value){.kind = VALUE_SET, .number.u = 3};
	assert_json(&value, &column, "3");
	column.names = &names;
	assert_json(&value, &column, "[\"a\", \"\\\"b\"]");
	value = (struct value){.kind = VALUE_ENUM, .number.u = 2};
	assert_json(&value, &column, "\"\\\"b\"");
	value = (struct value){.kind = VALUE_BIT, .number.u = 5};
	assert_json(&value, &column, "5");
	value = (struct value){.kind = VALUE_YEAR, .number.u = 0};
	assert_json(&value, &column, "0");
	value = (struct value){.kind = VALUE_DATE, .time = {.year = 2024, .month = 2, .day = 29}};
	assert_json(&value, &column, "\"2024-02-29\"");
	value = (struct value){.kind = VALUE_JSON, .bytes = (const uint8_t *)"\x0c\x01\x61", .length = 3};
	assert_json(&value, &column, "\"a\"");
	value.kind = VALUE_JSON_DIFF;
	assert_json(&value, &column, "{\"hex\": \"0c0161\"}");
	value.length = 0;
	assert_json(&value, &column, "{\"diff\": []}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_by_sign),
		cmocka_unit_test(numbers_that_are_not_finite_are_refused),
		cmocka_unit_test(bits_enums_and_sets),
		cmocka_unit_test(strings),
		cmocka_unit_test(other_types),
		cmocka_unit_test(new_temporal_types),
		cmocka_unit_test(old_temporal_types),
		cmocka_unit_test(old_temporal_types_with_fractions),
		cmocka_unit_test(timestamps_follow_the_calendar),
		cmocka_unit_test(compressed_values_are_expanded),
		cmocka_unit_test(broken_compression_is_refused),
		cmocka_unit_test(values_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
