#include "binlog/gtid.h"
#include "support.h"

#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define OTHER "ffffffff-0000-0000-0000-000000000001"

static void one(const char *text, const char *expected)
{
	struct gtid gtid;
	struct error error = {0};
	char back[GTID_TEXT_MAXIMUM];

	if (gtid_parse(text, &gtid, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(gtid_text(&gtid, back), expected);
}

static void not_one(const char *text)
{
	struct gtid gtid = {.number = 77};
	struct error error = {0};

	if (gtid_parse(text, &gtid, &error) == 0)
		fail_msg("%s was taken", text);
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_int_equal(gtid.number, 77);
}

static void single_gtids(void **state)
{
	char text[GTID_TEXT_MAXIMUM];

	(void)state;
	one(UUID ":1", UUID ":1");
	one(" 00112233-4455-6677-8899-AABBCCDDEEFF:9223372036854775806 ", UUID ":9223372036854775806");
	one(UUID ":Tag_1:5", UUID ":tag_1:5");
	one(UUID ":abcdefghijklmnopqrstuvwxyz_12345:5", UUID ":abcdefghijklmnopqrstuvwxyz_12345:5");
	one("0-1-5", "0-1-5");
	one("4294967295-4294967295-18446744073709551615", "4294967295-4294967295-18446744073709551615");
	not_one("");
	not_one("x");
	not_one(UUID);
	not_one(UUID ":");
	not_one(UUID ":0");
	not_one(UUID ":9223372036854775807");
	not_one(UUID ":1-2");
	not_one(UUID ":1tag:2");
	not_one(UUID ":tag");
	not_one(UUID ":tag:");
	not_one(UUID ":abcdefghijklmnopqrstuvwxyz_123456:5");
	not_one("00112233445566778899aabbccddeeff:1");
	not_one("00112233-4455-6677-8899-aabbccddeefg:1");
	not_one("0-1");
	not_one("0-4294967296-1");
	not_one("0-1-18446744073709551616");
	not_one("0-1-5 x");
	assert_string_equal(gtid_text(&(struct gtid){.kind = GTID_NONE}, text), "");
}

/* The set's text after it was read, added to what is there. */
static void add(struct gtid_set *set, const char *text)
{
	struct error error = {0};

	if (gtid_set_parse(set, text, &error) < 0)
		fail_msg("%s", error.text);
}

static void assert_set(const struct gtid_set *set, const char *expected)
{
	struct buffer text = BUFFER_INIT;

	gtid_set_put_text(set, &text);
	assert_string_equal(buffer_text(&text), expected);
	buffer_release(&text);
}

static void normal(const char *text, const char *expected)
{
	struct gtid_set *set = gtid_set_new();

	add(set, text);
	assert_set(set, expected);
	gtid_set_free(set);
}

static void set_texts(void **state)
{
	(void)state;
	normal("", "");
	normal(" \n , ", "");
	normal(UUID ":1-5:7", UUID ":1-5:7");
	normal(UUID ":7:1-5", UUID ":1-5:7");
	normal(UUID ":1-5:6:8-9:7", UUID ":1-9");
	normal(UUID ":1-5:3-10", UUID ":1-10");
	normal(UUID ":5-9:1-2:20:3-30", UUID ":1-30");
	normal(UUID ":5-4", "");
	normal(UUID " : 1 - 5 ,\n " OTHER ":2", UUID ":1-5," OTHER ":2");
	normal(OTHER ":2," UUID ":1", UUID ":1," OTHER ":2");
	normal(UUID ":1," UUID ":3", UUID ":1:3");
	normal(UUID ":1-5:7," UUID ":tag:1-3:othertag:9", UUID ":1-5:7:othertag:9:tag:1-3");
	normal(UUID ":tag:1-3:othertag:9:1-5", UUID ":othertag:1-5:9:tag:1-3");
	normal("0-1-5", "0-1-5");
	normal("1-2-3, 0-1-5", "0-1-5,1-2-3");
	normal("0-1-5,0-2-3", "0-2-3"); /* the later one is the newest, whatever its number */
}

static void bad_set(const char *text)
{
	struct gtid_set *set = gtid_set_new();
	struct error error = {0};

	add(set, UUID ":77");
	if (gtid_set_parse(set, text, &error) == 0)
		fail_msg("%s was taken", text);
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_set(set, UUID ":77"); /* half a text changes nothing */
	gtid_set_free(set);
}

static void bad_set_texts(void **state)
{
	(void)state;
	bad_set("nonsense");
	bad_set(UUID);
	bad_set(UUID ":");
	bad_set(UUID ":1-");
	bad_set(UUID ":0-5");
	bad_set(UUID ":1-5," OTHER);
	bad_set(UUID ":1 2");
	bad_set(UUID ":1-5:tag");
	bad_set(UUID ":99999999999999999999");
	bad_set(UUID ":1-99999999999999999999");
	bad_set(UUID ":9tag:1");
	bad_set("0-1-5");
	bad_set("0-1-5," UUID ":1");
}

static bool has(const struct gtid_set *set, const char *text)
{
	struct gtid gtid;
	struct error error = {0};

	assert_int_equal(gtid_parse(text, &gtid, &error), 0);
	return gtid_set_contains(set, &gtid);
}

static void membership(void **state)
{
	struct gtid_set *set = gtid_set_new(), *part, *maria = gtid_set_new();
	struct gtid gtid = {.kind = GTID_MYSQL};
	struct error error = {0};

	(void)state;
	add(set, UUID ":1-5:10-20," OTHER ":3:t:7-8");
	assert_true(
		has(set, UUID ":1") && has(set, UUID ":5") && has(set, UUID ":10") && has(set, OTHER ":t:8"));
	assert_false(
		has(set, UUID ":6") || has(set, UUID ":9") || has(set, UUID ":21") || has(set, OTHER ":4"));
	assert_false(has(set, OTHER ":u:8") || has(set, "0-1-1") || has(set, UUID ":t:7"));
	assert_false(gtid_set_contains(set, &(struct gtid){.kind = GTID_NONE}));
	assert_int_equal(gtid_set_count(set), 5 + 11 + 1 + 2);
	assert_int_equal(gtid_set_kind(set), GTID_MYSQL);

	part = gtid_set_copy(set);
	assert_true(gtid_set_contains_set(set, part) && gtid_set_contains_set(part, set));
	add(part, UUID ":6");
	assert_true(gtid_set_contains_set(part, set));
	assert_false(gtid_set_contains_set(set, part));
	gtid_set_clear(part);
	assert_true(gtid_set_is_empty(part) && gtid_set_kind(part) == GTID_NONE);
	assert_true(gtid_set_contains_set(set, part));
	add(part, OTHER ":9");
	assert_false(gtid_set_contains_set(set, part));

	add(maria, "0-1-5,3-1-1");
	assert_int_equal(gtid_set_kind(maria), GTID_MARIADB);
	assert_true(has(maria, "0-9-5") && has(maria, "0-1-1") && has(maria, "3-1-1"));
	assert_false(has(maria, "0-1-6") || has(maria, "1-1-1"));
	gtid_set_clear(part);
	add(part, "0-1-4");
	assert_true(gtid_set_contains_set(maria, part));
	add(part, "7-1-1");
	assert_false(gtid_set_contains_set(maria, part));

	assert_int_equal(gtid_set_add(set, &gtid, &error), -1); /* number 0 */
	gtid.kind = GTID_NONE;
	assert_int_equal(gtid_set_add(set, &gtid, &error), -1);
	gtid.kind = GTID_MARIADB;
	assert_int_equal(gtid_set_add(set, &gtid, &error), -1);
	assert_error(&error, ERROR_USAGE, "MariaDB cannot be added to a set of MySQL");
	gtid_set_free(set);
	gtid_set_free(part);
	gtid_set_free(maria);
	gtid_set_free(NULL);
}

/* One transaction after the other, as a replica sees them, with a gap that closes later. */
static void adding_in_order(void **state)
{
	struct gtid_set *set = gtid_set_new();
	struct error error = {0};
	struct gtid gtid = {.kind = GTID_MYSQL};

	(void)state;
	for (uint64_t number = 1; number <= 20000; number++) {
		gtid.number = number;
		if (number != 500)
			assert_int_equal(gtid_set_add(set, &gtid, &error), 0);
	}
	assert_set(set, "00000000-0000-0000-0000-000000000000:1-499:501-20000");
	gtid.number = 500;
	assert_int_equal(gtid_set_add(set, &gtid, &error), 0);
	assert_set(set, "00000000-0000-0000-0000-000000000000:1-20000");
	gtid_set_free(set);
}

static void codec(const char *text, const char *hex)
{
	struct gtid_set *set = gtid_set_new(), *back = gtid_set_new();
	struct buffer bytes = BUFFER_INIT, expected = BUFFER_INIT, again = BUFFER_INIT;
	struct error error = {0};

	add(set, text);
	gtid_set_encode(set, &bytes);
	if (hex) {
		put_hex(&expected, hex);
		assert_int_equal(bytes.length, expected.length);
		assert_memory_equal(bytes.data, expected.data, bytes.length);
	}
	if (gtid_set_decode(back, (const uint8_t *)bytes.data, bytes.length, &error) < 0)
		fail_msg("%s", error.text);
	gtid_set_put_text(back, &again);
	assert_string_equal(buffer_text(&again), text);
	for (size_t length = 0; length < bytes.length; length++) { /* any shorter one is refused */
		gtid_set_clear(back);
		assert_int_equal(gtid_set_decode(back, (const uint8_t *)bytes.data, length, &error), -1);
		assert_int_equal(error.kind, ERROR_CORRUPT);
	}
	buffer_release(&bytes);
	buffer_release(&expected);
	buffer_release(&again);
	gtid_set_free(set);
	gtid_set_free(back);
}

static void encodings(void **state)
{
	(void)state;
	codec("", "0000000000000000");
	codec(UUID ":1-5", "0100000000000000 00112233445566778899aabbccddeeff 0100000000000000 "
			   "0100000000000000 0600000000000000");
	codec(UUID ":ab:1-5", "01 010000000000 01 00112233445566778899aabbccddeeff 04 6162 0100000000000000 "
			      "0100000000000000 "
			      "0600000000000000");
	codec(UUID ":1-5:9:ab:3-4," OTHER ":1-9223372036854775806", NULL);
	codec(UUID ":1-5:7-8:10," OTHER ":3", NULL);
}

static void decode_fails(const char *hex, enum error_kind kind, const char *part)
{
	struct gtid_set *set = gtid_set_new();
	struct buffer bytes = BUFFER_INIT;
	struct error error = {0};

	put_hex(&bytes, hex);
	assert_int_equal(gtid_set_decode(set, (const uint8_t *)bytes.data, bytes.length, &error), -1);
	assert_error(&error, kind, part);
	buffer_release(&bytes);
	gtid_set_free(set);
}

#define UUID_BYTES "00112233445566778899aabbccddeeff"

static void bad_encodings(void **state)
{
	struct gtid_set *set = gtid_set_new();
	struct error error = {0};

	(void)state;
	decode_fails("0000000000000002", ERROR_STOP, "format 2");
	decode_fails("ffffffffffffff00", ERROR_CORRUPT, "announces");
	decode_fails("0000000000000000 00", ERROR_CORRUPT, "1 bytes follow");
	decode_fails("0100000000000000" UUID_BYTES "ffffffffffffffff", ERROR_CORRUPT, "ends before");
	decode_fails("0100000000000000" UUID_BYTES "0100000000000000 0000000000000000 0600000000000000",
		ERROR_CORRUPT, "interval");
	decode_fails("0100000000000000" UUID_BYTES "0100000000000000 0600000000000000 0600000000000000",
		ERROR_CORRUPT, "interval");
	decode_fails("0100000000000000" UUID_BYTES "0100000000000000 0100000000000000 ffffffffffffffff",
		ERROR_CORRUPT, "interval");
	decode_fails("01 010000000000 01" UUID_BYTES
		     "05 6162 0100000000000000 0100000000000000 0600000000000000",
		ERROR_CORRUPT, "tag");
	decode_fails("01 010000000000 01" UUID_BYTES
		     "04 4142 0100000000000000 0100000000000000 0600000000000000",
		ERROR_CORRUPT, "tag");
	add(set, "0-1-1");
	assert_int_equal(gtid_set_decode(set, (const uint8_t *)"\0\0\0\0\0\0\0\0", 8, &error), -1);
	gtid_set_free(set);
}

/* Servers write intervals and sources in order; a reader takes any order and merges. */
static void unordered_encoding(void **state)
{
	struct gtid_set *set = gtid_set_new();
	struct buffer bytes = BUFFER_INIT;
	struct error error = {0};

	(void)state;
	put_hex(&bytes, "0300000000000000"
			"ffffffff000000000000000000000001 0100000000000000 0300000000000000 "
			"0400000000000000" UUID_BYTES "0300000000000000 0900000000000000 0b00000000000000 "
						      "0100000000000000 0300000000000000 0300000000000000 "
			"0400000000000000" UUID_BYTES "0100000000000000 0400000000000000 0900000000000000");
	if (gtid_set_decode(set, (const uint8_t *)bytes.data, bytes.length, &error) < 0)
		fail_msg("%s", error.text);
	assert_set(set, UUID ":1-10," OTHER ":3");
	buffer_release(&bytes);
	gtid_set_free(set);
}

static void collect(void *context, const struct gtid *first, uint64_t last_number)
{
	char text[GTID_TEXT_MAXIMUM];

	buffer_printf(context, "%s..%llu ", gtid_text(first, text), (unsigned long long)last_number);
}

static void each_member(void **state)
{
	struct gtid_set *set = gtid_set_new();
	struct buffer text = BUFFER_INIT;

	(void)state;
	add(set, UUID ":1-5:7:t:9");
	gtid_set_each(set, collect, &text);
	assert_string_equal(buffer_text(&text), UUID ":1..5 " UUID ":7..7 " UUID ":t:9..9 ");
	buffer_clear(&text);
	gtid_set_clear(set);
	add(set, "0-1-5,1-2-3");
	gtid_set_each(set, collect, &text);
	assert_string_equal(buffer_text(&text), "0-1-5..5 1-2-3..3 ");
	buffer_release(&text);
	gtid_set_free(set);
}

static void parts_of(const char *text, size_t expected)
{
	struct gtid_set *set = gtid_set_new();

	add(set, text);
	assert_int_equal(gtid_set_parts(set), expected);
	gtid_set_free(set);
}

/* A set grows with its gaps, its servers, its tags and its domains, and not with its transactions. */
static void parts(void **state)
{
	(void)state;
	parts_of("", 0);
	parts_of(UUID ":1-1000000", 1);
	parts_of(UUID ":1-5:6:7", 1);
	parts_of(UUID ":1-5:7:t:9," OTHER ":1", 4);
	parts_of("0-1-5,1-2-3,0-3-9", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_gtids),
		cmocka_unit_test(set_texts),
		cmocka_unit_test(bad_set_texts),
		cmocka_unit_test(membership),
		cmocka_unit_test(adding_in_order),
		cmocka_unit_test(encodings),
		cmocka_unit_test(bad_encodings),
		cmocka_unit_test(unordered_encoding),
		cmocka_unit_test(each_member),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
