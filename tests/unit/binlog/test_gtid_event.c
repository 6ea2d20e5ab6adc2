#include "base/cursor.h"
#include "binlog/gtid_event.h"
#include "support.h"

static struct buffer body;

static struct event make(uint8_t type, const char *hex)
{
	buffer_clear(&body);
	put_hex(&body, hex);
	return (struct event){.header = {.type = type, .server_id = 77},
		.body = (const uint8_t *)buffer_text(&body),
		.body_length = body.length};
}

static struct gtid_event parsed(uint8_t type, const char *hex, const char *text)
{
	struct event event = make(type, hex);
	struct gtid_event gtid;
	struct error error = {0};
	char actual[GTID_TEXT_MAXIMUM];

	if (gtid_event_parse(&event, &gtid, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(gtid_text(&gtid.gtid, actual), text);
	return gtid;
}

static void fails(uint8_t type, const char *hex, enum error_kind kind, const char *part)
{
	struct event event = make(type, hex);
	struct gtid_event gtid;
	struct error error = {0};

	assert_int_equal(gtid_event_parse(&event, &gtid, &error), -1);
	assert_error(&error, kind, part);
}

#define UUID "00112233445566778899aabbccddeeff"
#define UUID_TEXT "00112233-4455-6677-8899-aabbccddeeff"
#define HEAD "01" UUID "0500000000000000"
#define CLOCK HEAD "02 0300000000000000 0400000000000000"

/* Each version appended fields; each is there when there are bytes for it. */
static void mysql_by_version(void **state)
{
	struct gtid_event gtid;

	(void)state;
	gtid = parsed(EVENT_GTID, HEAD, UUID_TEXT ":5"); /* 5.6 */
	assert_false(gtid.has_clock);
	assert_int_equal(gtid.flags, GTID_FLAG_MAY_HAVE_STATEMENTS);
	gtid = parsed(EVENT_GTID, CLOCK, UUID_TEXT ":5"); /* 5.7 */
	assert_true(gtid.has_clock);
	assert_int_equal(gtid.last_committed, 3);
	assert_int_equal(gtid.sequence_number, 4);
	assert_int_equal(gtid.original_commit_us, 0);
	gtid = parsed(EVENT_GTID, CLOCK "01000000000000", UUID_TEXT ":5"); /* 8.0.1 */
	assert_int_equal(gtid.immediate_commit_us, 1);
	assert_int_equal(gtid.original_commit_us, 1);
	gtid = parsed(EVENT_GTID, CLOCK "01000000000080 02000000000000", UUID_TEXT ":5");
	assert_int_equal(gtid.immediate_commit_us, 1);
	assert_int_equal(gtid.original_commit_us, 2);
	gtid = parsed(EVENT_GTID, CLOCK "01000000000000 fcfb00", UUID_TEXT ":5"); /* 8.0.2 */
	assert_int_equal(gtid.transaction_length, 251);
}

static void mysql_versions_and_ticket(void **state)
{
	struct gtid_event gtid;

	(void)state;
	gtid = parsed(EVENT_GTID, CLOCK "01000000000000 20 a9380100", UUID_TEXT ":5"); /* 8.0.14 */
	assert_int_equal(gtid.immediate_version, 80041);
	assert_int_equal(gtid.original_version, 80041);
	gtid = parsed(EVENT_GTID, CLOCK "01000000000000 20 a9380180 10630180", UUID_TEXT ":5");
	assert_int_equal(gtid.immediate_version, 80041);
	gtid = parsed(EVENT_GTID, CLOCK "01000000000000 20 a9380180 3f420f00", UUID_TEXT ":5");
	assert_int_equal(gtid.original_version, 0); /* 999999 = unknown */
	gtid = parsed(EVENT_GTID, CLOCK "01000000000000 20 a9380100 0900000000000000", UUID_TEXT ":5");
	assert_int_equal(gtid.commit_group_ticket, 9);
	gtid = parsed(EVENT_ANONYMOUS_GTID,
		"00 00000000000000000000000000000000 0000000000000000 02 00000000 00000000 01000000 "
		"00000000",
		"");
	assert_int_equal(gtid.gtid.kind, GTID_NONE);
	assert_int_equal(gtid.sequence_number, 1);
	gtid = parsed(EVENT_GTID, HEAD "07 0300000000000000 0400000000000000",
		UUID_TEXT ":5"); /* another type code */
	assert_false(gtid.has_clock);
}

static void mysql_errors(void **state)
{
	(void)state;
	fails(EVENT_GTID, "01" UUID "05000000000000", ERROR_CORRUPT, "25 bytes");
	fails(EVENT_GTID, "01" UUID "0000000000000000", ERROR_CORRUPT, "number is 0");
	fails(EVENT_GTID, "01" UUID "ffffffffffffff7f", ERROR_CORRUPT, "number is");
	fails(EVENT_GTID, CLOCK "01000000000080 0200", ERROR_CORRUPT, "ends behind");
	fails(EVENT_GTID, CLOCK "01000000000000 fd0000", ERROR_CORRUPT, "ends behind");
	fails(EVENT_GTID, CLOCK "01000000000000 20 a9380180 10", ERROR_CORRUPT, "ends behind");
}

static void varlen_integers(void **state)
{
	static const struct {
		const char *hex;
		uint64_t value;
	} unsigneds[] = {{"00", 0}, {"02", 1}, {"fe", 127}, {"0102", 128}, {"fdff", 16383}, {"030002", 16384},
		{"ff0100000000000000", 1}, {"ffffffffffffffffff", UINT64_MAX},
		{"7fffffffffffffff", UINT64_MAX >> 8}};
	static const struct {
		const char *hex;
		int64_t value;
	} signeds[] = {{"00", 0}, {"02", -1}, {"04", 1}, {"06", -2}, {"ffffffffffffffffff", INT64_MIN}};

	(void)state;
	for (size_t i = 0; i < sizeof(unsigneds) / sizeof(unsigneds[0]); i++) {
		struct event event = make(0, unsigneds[i].hex);
		struct cursor cursor = cursor_of(event.body, event.body_length),
			      cut = cursor_of(event.body, event.body_length - 1);

		assert_true(cursor_varlen(&cursor) == unsigneds[i].value);
		assert_true(cursor_empty(&cursor) && !cursor.bad);
		assert_int_equal(cursor_varlen(&cut), 0);
		assert_true(cut.bad);
	}
	for (size_t i = 0; i < sizeof(signeds) / sizeof(signeds[0]); i++) {
		struct event event = make(0, signeds[i].hex);
		struct cursor cursor = cursor_of(event.body, event.body_length);

		assert_true(cursor_varlen_signed(&cursor) == signeds[i].value);
	}
}

/* 16 bytes, those from 128 on in two. */
#define TAGGED_UUID "02 00 22 44 66 88 aa cc ee 2102 6502 a902 ed02 3103 7503 b903 fd03"
/* The message: flags 1, the uuid, gno 5 (signed: 20), tag "ab". */
#define TAGGED_FIELDS "00 02" TAGGED_UUID "04 14 06 04 6162"

static struct gtid_event tagged(const char *fields)
{
	char hex[1024];
	struct event event = make(0, fields);

	snprintf(hex, sizeof(hex), "02 %02x 00 %s", (unsigned)(event.body_length + 3) << 1, fields);
	return parsed(EVENT_GTID_TAGGED, hex, UUID_TEXT ":ab:5");
}

static void tagged_gtids(void **state)
{
	struct gtid_event gtid;

	(void)state;
	gtid = tagged(TAGGED_FIELDS);
	assert_int_equal(gtid.flags, 1);
	assert_int_equal(gtid.last_committed, 0);
	gtid = tagged(TAGGED_FIELDS "08 0c 0a 10 0c 14 0e 16 10 18 12 24 14 26 16 12");
	assert_int_equal(gtid.last_committed, 3);
	assert_int_equal(gtid.sequence_number, 4);
	assert_int_equal(gtid.immediate_commit_us, 10);
	assert_int_equal(gtid.original_commit_us, 11);
	assert_int_equal(gtid.transaction_length, 12);
	assert_int_equal(gtid.immediate_version, 18);
	assert_int_equal(gtid.original_version, 19);
	assert_int_equal(gtid.commit_group_ticket, 9);
	gtid = tagged(TAGGED_FIELDS "0c 14 12 24"); /* the original ones are as the immediate ones */
	assert_int_equal(gtid.original_commit_us, 10);
	assert_int_equal(gtid.original_version, 18);
	gtid = tagged(TAGGED_FIELDS "18 ff"); /* a field nobody knows, which may be left out */
	assert_int_equal(gtid.flags, 1);
}

static void tagged_errors(void **state)
{
	(void)state;
	fails(EVENT_GTID_TAGGED, "", ERROR_CORRUPT, "does not fit");
	fails(EVENT_GTID_TAGGED, "02 20 00 0002", ERROR_CORRUPT, "does not fit");
	fails(EVENT_GTID_TAGGED, "02 02 00 0002", ERROR_CORRUPT, "does not fit");
	fails(EVENT_GTID_TAGGED, "04 0a 00 0002", ERROR_STOP, "version 2");
	fails(EVENT_GTID_TAGGED, "02 0a 1a 18ff", ERROR_STOP, "field 12");
	fails(EVENT_GTID_TAGGED, "02 0a 00 0001", ERROR_CORRUPT, "field 0");
	fails(EVENT_GTID_TAGGED, "02 0a 00 0002", ERROR_CORRUPT, "number is 0");
	fails(EVENT_GTID_TAGGED, "02 0c 00 06 02 41", ERROR_CORRUPT, "field 3"); /* "A" */
	fails(EVENT_GTID_TAGGED, "02 2a 00 02 0104 000000000000000000000000000000", ERROR_CORRUPT,
		"field 1"); /* 256s */
	fails(EVENT_GTID_TAGGED, "02 0a 00 06 20", ERROR_CORRUPT, "field 3");
}

static void mariadb(void **state)
{
	struct gtid_event gtid;

	(void)state;
	gtid = parsed(EVENT_MARIA_GTID, "0100000000000000 00000000 29 000000000000", "0-77-1");
	assert_int_equal(gtid.flags, MARIA_GTID_STANDALONE | MARIA_GTID_ALLOW_PARALLEL | MARIA_GTID_DDL);
	assert_int_equal(gtid.flags_extra, 0);
	gtid = parsed(EVENT_MARIA_GTID, "0900000000000000 03000000 0e 0807060504030201", "3-77-9");
	assert_true(gtid.commit_id == UINT64_C(0x0102030405060708));
	gtid = parsed(EVENT_MARIA_GTID, "0100000000000000 00000000 4c 07000000 02 01 783162 00", "0-77-1");
	assert_int_equal(gtid.xid.format_id, 7);
	assert_int_equal(gtid.xid.gtrid_length, 2);
	assert_memory_equal(gtid.xid.data, "x1b", 3);
	gtid = parsed(
		EVENT_MARIA_GTID, "0100000000000000 00000000 29 15 01 1000000000000000 21000000", "0-77-1");
	assert_int_equal(
		gtid.flags_extra, MARIA_GTID_MULTI_ENGINE | MARIA_GTID_COMMIT_ALTER | MARIA_GTID_THREAD_ID);
	assert_int_equal(gtid.sa_seq_no, 16);
	assert_int_equal(gtid.thread_id, 33);
	gtid = parsed(EVENT_MARIA_GTID, "0100000000000000 00000000 29", "0-77-1");
	assert_int_equal(gtid.flags_extra, 0);
}

static void mariadb_errors(void **state)
{
	(void)state;
	fails(EVENT_MARIA_GTID, "0000000000000000 00000000 29 000000000000", ERROR_CORRUPT, "number is 0");
	fails(EVENT_MARIA_GTID, "0100000000000000 00000000", ERROR_CORRUPT, "ends behind");
	fails(EVENT_MARIA_GTID, "0100000000000000 00000000 02 00", ERROR_CORRUPT, "ends behind");
	fails(EVENT_MARIA_GTID, "0100000000000000 00000000 40 07000000 41 00 00", ERROR_CORRUPT,
		"ends behind");
	fails(EVENT_MARIA_GTID, "0100000000000000 00000000 40 07000000 02 01 7831", ERROR_CORRUPT,
		"ends behind");
	fails(EVENT_MARIA_GTID, "0100000000000000 00000000 01 04 00", ERROR_CORRUPT, "ends behind");
}

static int release(void **state)
{
	(void)state;
	buffer_release(&body);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mysql_by_version),
		cmocka_unit_test(mysql_versions_and_ticket),
		cmocka_unit_test(mysql_errors),
		cmocka_unit_test(varlen_integers),
		cmocka_unit_test(tagged_gtids),
		cmocka_unit_test(tagged_errors),
		cmocka_unit_test(mariadb),
		cmocka_unit_test(mariadb_errors),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
