/* Binary JSON documents: their text, their SQL, and what is wrong with broken ones. */
#include "support.h"

#include "binlog/json.h"

/* The bytes in memory of their exact size, so that the sanitizer sees a read beyond them. */
static uint8_t *exact_of(const char *hex, size_t *length)
{
	struct buffer bytes = BUFFER_INIT;
	uint8_t *exact;

	put_hex(&bytes, hex);
	*length = bytes.length;
	exact = malloc(bytes.length + !bytes.length);
	if (bytes.length)
		memcpy(exact, bytes.data, bytes.length);
	buffer_release(&bytes);
	return exact;
}

static void assert_document(const char *hex, const char *text, int exact, const char *sql)
{
	struct buffer out = BUFFER_INIT;
	struct error error;
	size_t length;
	uint8_t *document = exact_of(hex, &length);

	if (json_put_text(document, length, &out, &error) < 0)
		fail_msg("%s: %s", hex, error.text);
	assert_string_equal(buffer_text(&out), text);
	assert_int_equal(json_needs_exact(document, length, &error), exact);
	buffer_clear(&out);
	assert_int_equal(json_put_sql(document, length, &out, &error), 0);
	assert_string_equal(buffer_text(&out), sql);
	buffer_release(&out);
	free(document);
}

static void assert_broken(const char *hex, const char *part)
{
	struct buffer out = BUFFER_INIT;
	struct error error;
	size_t length;
	uint8_t *document = exact_of(hex, &length);

	if (json_put_text(document, length, &out, &error) == 0)
		fail_msg("%s was taken as %s", hex, buffer_text(&out));
	assert_error(&error, ERROR_CORRUPT, "Reading a JSON document: ");
	assert_error(&error, ERROR_CORRUPT, part);
	assert_int_equal(json_put_sql(document, length, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, part);
	buffer_release(&out);
	free(document);
}

static void literals_and_integers(void **state)
{
	(void)state;
	assert_document("", "null", 0, "CAST(_utf8mb4'null' AS JSON)");
	assert_document("0400", "null", 0, "CAST(_utf8mb4'null' AS JSON)");
	assert_document("0401", "true", 0, "CAST(_utf8mb4'true' AS JSON)");
	assert_document("0402", "false", 0, "CAST(_utf8mb4'false' AS JSON)");
	assert_document("05ffff", "-1", 0, "CAST(_utf8mb4'-1' AS JSON)");
	assert_document("06ffff", "65535", 1, "JSON_EXTRACT(JSON_ARRAY(CAST(65535 AS UNSIGNED)),'$[0]')");
	assert_document("0700000080", "-2147483648", 0, "CAST(_utf8mb4'-2147483648' AS JSON)");
	assert_document("08ffffffff", "4294967295", 1,
		"JSON_EXTRACT(JSON_ARRAY(CAST(4294967295 AS UNSIGNED)),'$[0]')");
	assert_document("09ffffffff00000000", "4294967295", 0, "CAST(_utf8mb4'4294967295' AS JSON)");
	/* from a text, the server makes it unsigned */
	assert_document("090000000001000000", "4294967296", 1, "JSON_EXTRACT(JSON_ARRAY(4294967296),'$[0]')");
	assert_document("0a0000000001000000", "4294967296", 0, "CAST(_utf8mb4'4294967296' AS JSON)");
	assert_document("0affffffffffffffff", "18446744073709551615", 0,
		"CAST(_utf8mb4'18446744073709551615' AS JSON)");
	assert_document("090000000000000080", "-9223372036854775808", 0,
		"CAST(_utf8mb4'-9223372036854775808' AS JSON)");
}

static void strings(void **state)
{
	(void)state;
	assert_document("0c00", "\"\"", 0, "CAST(_utf8mb4'\"\"' AS JSON)");
	assert_document("0c04 27c3a961",
		"\"'\xc3\xa9"
		"a\"",
		0,
		"CAST(_utf8mb4'\"''\xc3\xa9"
		"a\"' AS JSON)");
	assert_document("0c0a 225c08090a0c0d001f7f", "\"\\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\"", 0,
		"CAST(_utf8mb4 x'225c225c5c5c625c745c6e5c665c725c75303030305c75303031667f22' AS JSON)");
	assert_document("0c8100 61", "\"a\"", 0,
		"CAST(_utf8mb4'\"a\"' AS JSON)"); /* a length in more bytes than it takes */
}

static void containers(void **state)
{
	(void)state;
	assert_document("00 0000 0400", "{}", 0, "CAST(_utf8mb4'{}' AS JSON)");
	assert_document("02 0000 0400", "[]", 0, "CAST(_utf8mb4'[]' AS JSON)");
	assert_document(
		"00 0100 0c00 0b00 0100 05 0100 61", "{\"a\": 1}", 0, "CAST(_utf8mb4'{\"a\": 1}' AS JSON)");
	assert_document(
		"02 0200 0c00 05 0100 0c 0a00 01 62", "[1, \"b\"]", 0, "CAST(_utf8mb4'[1, \"b\"]' AS JSON)");
	/* the large forms, with 32-bit numbers in place */
	assert_document("03 03000000 17000000 07 fffffeff 08 00000100 05 ffff0000", "[-65537, 65536, -1]", 1,
		"JSON_ARRAY(-65537,CAST(65536 AS UNSIGNED),-1)");
	assert_document("01 01000000 17000000 13000000 0100 04 01000000 61 000000", "{\"a\": true}", 0,
		"CAST(_utf8mb4'{\"a\": true}' AS JSON)");
	/* a hole in front of the value, as updates in place leave them */
	assert_document("02 0100 0b00 0c 0900 ffff 01 62", "[\"b\"]", 0, "CAST(_utf8mb4'[\"b\"]' AS JSON)");
}

/* What SQL has types for. */
static void values_of_sql_types(void **state)
{
	(void)state;
	assert_document("0b000000000000f83f", "1.5", 1, "JSON_EXTRACT(JSON_ARRAY(1.5e0),'$[0]')");
	assert_document("0b0000000000000080", "-0.0", 1, "JSON_EXTRACT(JSON_ARRAY(-0e0),'$[0]')");
	assert_document("0f f6 07 0a04 7ffb2de9d1", "-1234.5678", 1,
		"JSON_EXTRACT(JSON_ARRAY(CAST('-1234.5678' AS DECIMAL(8,4))),'$[0]')");
	assert_document("0f f6 06 0900 80000005", "5", 1,
		"JSON_EXTRACT(JSON_ARRAY(CAST('5' AS DECIMAL(1,0))),'$[0]')");
	assert_document("0f 0a 08 0000000000bab219", "\"2024-02-29\"", 1,
		"JSON_EXTRACT(JSON_ARRAY(CAST('2024-02-29' AS DATE)),'$[0]')");
	assert_document("0f 0c 08 0100 00 fb7ebbb219", "\"2024-02-29 23:59:59.000001\"", 1,
		"JSON_EXTRACT(JSON_ARRAY(CAST('2024-02-29 23:59:59.000001' AS DATETIME(6))),'$[0]')");
	assert_document("0f 07 08 0100 00 fb7ebbb219", "\"2024-02-29 23:59:59.000001\"", 1,
		"JSON_EXTRACT(JSON_ARRAY(JSON_EXTRACT((SELECT JSON_ARRAY(v) FROM JSON_TABLE('[\"2024-02-29 "
		"23:59:59.000001\"]',"
		"'$[0]' COLUMNS(v TIMESTAMP(6) PATH '$')) t),'$[0]')),'$[0]')");
	assert_document("0f 0b 08 ffffffffffffffff", "\"-00:00:00.000001\"", 1,
		"JSON_EXTRACT(JSON_ARRAY(CAST('-00:00:00.000001' AS TIME(6))),'$[0]')");
}

#define TYPED(from, type)                                                                                    \
	"JSON_EXTRACT(JSON_ARRAY(JSON_EXTRACT((SELECT JSON_ARRAY(v) FROM JSON_TABLE(" from                   \
	",'$[0]' COLUMNS(v " type " PATH '$')) t),'$[0]')),'$[0]')"

static void opaque_values(void **state)
{
	struct buffer hex = BUFFER_INIT, sql = BUFFER_INIT;

	(void)state;
	buffer_puts(&hex, "0f 0f 3a ");
	buffer_puts(&sql, "JSON_EXTRACT(JSON_ARRAY(x'");
	assert_document("0f 0f 00", "\"base64:type15:\"", 1, "JSON_EXTRACT(JSON_ARRAY(x''),'$[0]')");
	assert_document("0f 0f 01 61", "\"base64:type15:YQ==\"", 1, "JSON_EXTRACT(JSON_ARRAY(x'61'),'$[0]')");
	assert_document(
		"0f fd 02 00ff", "\"base64:type253:AP8=\"", 1, "JSON_EXTRACT(JSON_ARRAY(x'00ff'),'$[0]')");
	assert_document("0f 0d 01 7c", "\"base64:type13:fA==\"", 1, "JSON_EXTRACT(JSON_ARRAY(x'7c'),'$[0]')");
	assert_document(
		"0f fc 03 fbfffe", "\"base64:type252:+//+\"", 1, TYPED("JSON_ARRAY(x'fbfffe')", "BLOB"));
	assert_document("0f f9 01 61", "\"base64:type249:YQ==\"", 1, TYPED("JSON_ARRAY(x'61')", "TINYBLOB"));
	assert_document(
		"0f fa 01 61", "\"base64:type250:YQ==\"", 1, TYPED("JSON_ARRAY(x'61')", "MEDIUMBLOB"));
	assert_document("0f fb 01 61", "\"base64:type251:YQ==\"", 1, TYPED("JSON_ARRAY(x'61')", "LONGBLOB"));
	assert_document("0f fe 04 62690000", "\"base64:type254:YmkAAA==\"", 1,
		TYPED("JSON_ARRAY(x'62690000')", "BINARY(4)"));
	assert_document("0f 10 02 000a", "\"base64:type16:AAo=\"", 1, TYPED("'[10]'", "BIT(16)"));
	assert_document("0f 10 09 000000000000000000", "\"base64:type16:AAAAAAAAAAAA\"", 1,
		"JSON_EXTRACT(JSON_ARRAY(x'000000000000000000'),'$[0]')");
	/* the server breaks lines of base64 */
	for (unsigned i = 0; i < 58; i++) {
		buffer_puts(&hex, "00");
		buffer_puts(&sql, "00");
	}
	buffer_puts(&sql, "'),'$[0]')");
	assert_document(buffer_text(&hex),
		"\"base64:type15:"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\\nAA==\"",
		1, buffer_text(&sql));
	buffer_release(&hex);
	buffer_release(&sql);
}

/* A BINARY cannot be longer than 255 bytes, whatever the document says. */
static void a_long_binary_is_given_as_varbinary(void **state)
{
	struct buffer document = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	put_hex(&document, "0f fe 8002");
	for (unsigned i = 0; i < 256; i++)
		buffer_putc(&document, 'a');
	assert_int_equal(json_put_sql((uint8_t *)document.data, document.length, &out, &error), 0);
	assert_memory_equal(out.data, "JSON_EXTRACT(JSON_ARRAY(x'6161", 30);
	buffer_release(&document);
	buffer_release(&out);
}

/* Only the way down to what needs it is built by functions. */
static void mixed_documents(void **state)
{
	(void)state;
	/* {"p": [1, {"q": "\\"}], "d": [true, false, null, -9223372036854775808, 1.5, "it's"]} */
	assert_document("00020057001200010013000100021400023f00647006002b000401000402000400000916000b1e00"
			"0c26000000000000000080000000000000f83f046974277302001800050100000a0001000e000b00"
			"01000c0c0071015c",
		"{\"d\": [true, false, null, -9223372036854775808, 1.5, \"it's\"], \"p\": [1, {\"q\": "
		"\"\\\\\"}]}",
		1,
		"JSON_OBJECT(_utf8mb4'd',JSON_ARRAY(CAST('true' AS JSON),CAST('false' AS JSON),CAST('null' "
		"AS JSON),"
		"CAST('-9223372036854775808' AS SIGNED),1.5e0,_utf8mb4'it''s'),_utf8mb4'p',"
		"CAST(_utf8mb4 x'5b312c207b2271223a20225c5c227d5d' AS JSON))");
}

static void broken_documents_are_refused(void **state)
{
	static const struct {
		const char *hex, *part;
	} cases[] = {{"0d", "unknown type"}, {"10 00", "unknown type"},
		{"04", "inside a number or a literal"}, {"0403", "neither null"},
		{"05 00", "inside a number"}, {"09 00000000000000", "inside a number"},
		{"0b 000000000000f07f", "not finite"}, {"0c", "inside the length of a string"},
		{"0c 80", "inside the length"}, {"0c 808080808001", "more than five bytes"},
		{"0c 02 61", "longer than the place"}, {"0f", "inside an opaque value"},
		{"0f 0f", "inside the length"}, {"0f 0f 01", "longer than"},
		{"0f f6 01 05", "before its digits"}, {"0f f6 02 0000", "impossible precision"},
		{"0f f6 02 5200", "impossible precision"}, {"0f f6 02 0203", "impossible precision"},
		{"0f f6 02 4127", "impossible precision"}, {"0f f6 03 0a00 00", "another length"},
		{"0f f6 03 0100 8a", "impossible digits"}, {"0f 0a 07 00000000000000", "does not have 8"},
		{"0f 0c 08 ffffffffffffffff", "out of its range"},
		{"0f 0b 08 0000000000704300", "out of its range"}, {"02", "inside the head"},
		{"02 0000 0500", "larger than the place"}, {"02 0100 0400", "more members"},
		{"02 0000 0300", "more members"}, {"00 0200 0e00 00000000000000000000", "more members"},
		{"02 0100 0700 0c 0600", "outside of its object or array"},
		{"02 0100 0700 0c 0700", "outside of its object or array"},
		{"02 0100 0800 0c 0700 05", "longer than"}, {"02 0100 0800 02 0700 00", "inside the head"},
		{"00 0100 0b00 0a00 0100 04 0000", "name of a member"},
		{"00 0100 0b00 0b00 0100 04 0000", "name of a member"},
		{"00 0100 0c00 0b00 0200 04 0000 61", "name of a member"},
		{"02 0100 0700 0e 0700", "outside of its object or array"},
		{"02 0100 0800 0e 0700 00", "unknown type"}, {"02 0100 0700 04 0300", "neither null"},
		{"03 01000000", "inside the head"}, {"03 01000000 0e000000 0c 0d000000 05", "longer than"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_broken(cases[i].hex, cases[i].part);
}

/* Two members that are the same bytes, level upon level, would take 2^50 steps. */
static void values_that_share_bytes_are_refused(void **state)
{
	struct buffer document = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	buffer_putc(&document, 2);
	for (unsigned level = 50; level-- > 0;) {
		buffer_put_le(&document, 2, 2);
		buffer_put_le(&document, 4 + 10 * (level + 1), 2);
		put_hex(&document, level ? "02 0a00 02 0a00" : "0c 0a00 0c 0a00");
	}
	put_hex(&document, "03 616263");
	assert_int_equal(json_put_text((uint8_t *)document.data, document.length, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "take more bytes than it has");
	assert_int_equal(json_put_sql((uint8_t *)document.data, document.length, &out, &error), -1);
	assert_true(json_needs_exact((uint8_t *)document.data, document.length, &error) < 0);
	buffer_release(&document);
	buffer_release(&out);
}

/* So many arrays in each other, the innermost with `leaf` as its entry. */
static void put_nested(struct buffer *out, unsigned depth, const char *leaf, size_t rest)
{
	buffer_clear(out);
	buffer_putc(out, 2);
	for (unsigned level = depth; level-- > 0;) {
		buffer_put_le(out, 1, 2);
		buffer_put_le(out, 7 * (level + 1) + rest, 2);
		put_hex(out, level ? "02 0700" : leaf);
	}
}

static void depth_is_bounded(void **state)
{
	struct buffer document = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	put_nested(&document, 100, "05 0700", 0);
	assert_int_equal(json_put_text((uint8_t *)document.data, document.length, &out, &error), 0);
	assert_int_equal(out.length, 201);
	assert_int_equal(json_needs_exact((uint8_t *)document.data, document.length, &error), 0);
	put_nested(&document, 100, "0b 0700", 8);
	put_hex(&document, "000000000000f83f");
	buffer_clear(&out);
	assert_int_equal(json_put_sql((uint8_t *)document.data, document.length, &out, &error), 0);
	assert_int_equal(out.length, 100 * strlen("JSON_ARRAY()") + strlen("1.5e0"));
	put_nested(&document, 101, "05 0700", 0);
	assert_int_equal(json_put_text((uint8_t *)document.data, document.length, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "more than 100 levels");
	assert_int_equal(json_needs_exact((uint8_t *)document.data, document.length, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "more than 100 levels");
	assert_int_equal(json_put_sql((uint8_t *)document.data, document.length, &out, &error), -1);
	buffer_release(&document);
	buffer_release(&out);
}

static void texts_stay_within_the_buffer(void **state)
{
	struct buffer out;
	struct error error;
	static const uint8_t document[] = {0x0c, 5, 'a', 'b', 'c', 'd', 'e'};

	(void)state;
	buffer_init(&out, 10);
	assert_int_equal(json_put_sql(document, sizeof(document), &out, &error), 0);
	assert_true(out.overflow);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_and_integers),
		cmocka_unit_test(strings),
		cmocka_unit_test(containers),
		cmocka_unit_test(values_of_sql_types),
		cmocka_unit_test(opaque_values),
		cmocka_unit_test(a_long_binary_is_given_as_varbinary),
		cmocka_unit_test(mixed_documents),
		cmocka_unit_test(broken_documents_are_refused),
		cmocka_unit_test(values_that_share_bytes_are_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(texts_stay_within_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
