/* Files, positions, heartbeats, checksums. */
#include "stream_support.h"

/* The file's own ROTATE, the one made up by the master, the next file's format; then a number with a digit
 * more. */
static void file_changes(void **state)
{
	const struct position *position;
	struct transaction *t;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	ok(&s, EVENT_PREVIOUS_GTIDS,
		"\1\0\0\0\0\0\0\0"
		"0123456789abcdef"
		"\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0",
		48);
	mysql_gtid(&s, 1);
	query(&s, "drop table t");
	rotate(&s, "binlog.999999", 4, false);
	rotate(&s, "binlog.999999", 4, true);
	format(&s, "8.0.41", 0);
	mysql_gtid(&s, 2);
	query(&s, "drop table t");
	rotate(&s, "binlog.1000000", 4, true);
	format(&s, "10.11.6-MariaDB", 77);
	maria_gtid(&s, 3, "29");
	query(&s, "drop table t");
	transaction_free(assembler_next(s.assembler));
	t = assembler_next(s.assembler);
	assert_string_equal(t->begin.file, "binlog.999999");
	assert_int_equal(t->flags & TRANSACTION_FLAG_FIRST_IN_FILE, TRANSACTION_FLAG_FIRST_IN_FILE);
	transaction_free(t);
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_RESTART);
	assert_int_equal(t->timestamp, 77);
	assert_string_equal(t->end.file, "binlog.1000000");
	transaction_free(t);
	t = assembler_next(s.assembler);
	assert_int_equal(t->family, FAMILY_MARIADB);
	transaction_free(t);
	position = assembler_position(s.assembler);
	assert_string_equal(position->file, "binlog.1000000");
	assert_true(position->offset == s.offset);
	stop(&s);
}

static void master_crash_leaves_half_a_group(void **state)
{
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	rotate(&s, "binlog.000002", 4, true);
	assert_false(assembler_in_group(s.assembler));
	format(&s, "8.0.41", 5);
	mysql_gtid(&s, 1);
	query(&s, "drop table t");
	assert_taken(&s, "RESTART 0;STANDALONE " UUID ":1 1;");
	/* after a clean stop comes the next file, and nothing else */
	ok(&s, EVENT_STOP, "", 0);
	rotate(&s, "binlog.000003", 4, true);
	format(&s, "8.0.41", 6);
	assert_taken(&s, "RESTART 0;");
	stop(&s);
	start(&s, "8.0.41");
	ok(&s, EVENT_STOP, "", 0);
	bad(&s, EVENT_XID, XID_BODY, 8, ERROR_CORRUPT, "format description was expected");
	stop(&s);
}

/* Positions beyond 4 GiB, of which headers have the lower half. */
static void positions_beyond_4_gib(void **state)
{
	struct transaction *t;
	struct stream s;
	uint64_t begin;

	(void)state;
	start_at(&s, "8.0.41", 4 * GIB - 300, 0);
	mysql_gtid(&s, 1);
	query(&s, "drop table a"); /* ends before the wrap or behind it */
	mysql_gtid(&s, 2);
	query(&s, "drop table b");
	begin = s.offset;
	mysql_gtid(&s, 3);
	query(&s, "drop table c");
	assert_true(begin > 4 * GIB);
	transaction_free(assembler_next(s.assembler));
	transaction_free(assembler_next(s.assembler));
	t = assembler_next(s.assembler);
	assert_true(t->begin.offset == begin);
	assert_true(t->end.offset == s.offset);
	transaction_free(t);
	/* a group that was left out for this replica: the next one begins further on */
	s.offset += 3 * GIB / 2;
	begin = s.offset;
	mysql_gtid(&s, 4);
	query(&s, "drop table d");
	t = assembler_next(s.assembler);
	assert_true(t->begin.offset == begin && t->end.offset == s.offset);
	transaction_free(t);
	stop(&s);
}

static void mariadb_114_without_positions(void **state)
{
	struct transaction *t;
	struct stream s;

	(void)state;
	start(&s, "11.8.2-MariaDB");
	maria_gtid(&s, 1, "0c");
	s.no_log_pos = true;
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	s.offset += 77; /* the annotation was not sent */
	s.no_log_pos = false;
	xid(&s);
	t = assembler_next(s.assembler);
	assert_int_equal(t->end.offset, s.offset); /* what the closing event says */
	transaction_free(t);
	maria_gtid(&s, 2, "0c");
	s.no_log_pos = true;
	query(&s, "insert");
	query(&s, "COMMIT");
	t = assembler_next(s.assembler);
	assert_int_equal(t->end.offset, s.offset); /* lengths added */
	transaction_free(t);
	stop(&s);
}

static void impossible_positions(void **state)
{
	struct buffer body = BUFFER_INIT;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	s.offset -= 5;
	query_body(&body, "", "drop table t");
	bad(&s, EVENT_QUERY, body.data, body.length, ERROR_CORRUPT, "had ended at");
	stop(&s);
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	s.offset += 5;
	bad(&s, EVENT_QUERY, body.data, body.length, ERROR_CORRUPT, "5 bytes of the log are missing");
	stop(&s);
	buffer_release(&body);
}

static void heartbeat(struct stream *s, const char *file, uint64_t offset)
{
	struct buffer body = BUFFER_INIT;

	buffer_putc(&body, 1);
	buffer_putc(&body, (char)strlen(file));
	buffer_puts(&body, file);
	buffer_append(&body, "\2\11\376", 3);
	buffer_put_le(&body, offset, 8);
	buffer_putc(&body, 0);
	ok(s, EVENT_HEARTBEAT_V2, body.data, body.length);
	buffer_release(&body);
}

static void heartbeats(void **state)
{
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	heartbeat(&s, "binlog.000001", s.offset); /* nothing new */
	s.offset += 1000;			  /* groups that we have were left out */
	heartbeat(&s, "binlog.000001", s.offset);
	assert_true(assembler_position(s.assembler)->offset == s.offset);
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	heartbeat(&s, "binlog.000001", 77); /* inside a group it only shows that the master lives */
	xid(&s);
	assert_taken(&s, "EMPTY " UUID ":1 0;");
	ok(&s, EVENT_HEARTBEAT_V2, "\0", 1);
	heartbeat(&s, "binlog.000002", 4); /* ahead of the ROTATE: not believed yet */
	assert_string_equal(assembler_position(s.assembler)->file, "binlog.000001");
	bad(&s, EVENT_HEARTBEAT_V2, "\1\15binlog.000001\2\1\5\0", 19, ERROR_CORRUPT,
		"behind what was received");
	stop(&s);
}

/* A stream by GTID begins at the start of a file, and leaves out more of it than a header can count. */
static void groups_left_out_up_to_4_gib(void **state)
{
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	s.offset = 4 * GIB + 900;
	heartbeat(&s, "binlog.000001", s.offset);
	mysql_gtid(&s, 7);
	query(&s, "BEGIN");
	xid(&s);
	assert_true(assembler_position(s.assembler)->offset == s.offset);
	assert_taken(&s, "EMPTY " UUID ":7 0;");
	stop(&s);
}

/* Of version 1 the header has 32 bits of the offset. */
static void heartbeats_of_version_1(void **state)
{
	struct buffer bytes = BUFFER_INIT;
	struct stream s;

	(void)state;
	start_at(&s, "5.7.44", 4 * GIB - 500, 0);
	put_event(&bytes, EVENT_HEARTBEAT, 0, 7, 1000, EVENT_FLAG_ARTIFICIAL, "binlog.000001", 13, false);
	assert_int_equal(assembler_push(s.assembler, (const uint8_t *)bytes.data, bytes.length, &s.error), 0);
	assert_true(assembler_position(s.assembler)->offset == 4 * GIB + 1000);
	bytes.length = 0;
	put_event(&bytes, EVENT_HEARTBEAT, 0, 7, 999, 0, "binlog.000001", 13, false);
	assert_int_equal(
		assembler_push(s.assembler, (const uint8_t *)bytes.data, bytes.length, &s.error), -1);
	buffer_release(&bytes);
	stop(&s);
}

static void gtids_that_a_file_begins_with(void **state)
{
	struct stream s;

	(void)state;
	start(&s, "10.11.6-MariaDB");
	ok(&s, EVENT_MARIA_GTID_LIST, "\1\0\0\0\0\0\0\0\7\0\0\0\11\0\0\0\0\0\0\0", 20);
	s.timestamp = 0; /* made up: where the stream stands */
	ok(&s, EVENT_MARIA_GTID_LIST, "\1\0\0\0\0\0\0\0\7\0\0\0\55\0\0\0\0\0\0\0", 20);
	s.timestamp = 1000;
	bad(&s, EVENT_MARIA_GTID_LIST, "\5\0\0\0", 4, ERROR_CORRUPT, "announces 5");
	stop(&s);
	start(&s, "8.0.41");
	bad(&s, EVENT_PREVIOUS_GTIDS, "\1", 1, ERROR_CORRUPT, "GTID set");
	stop(&s);
}

static void stream_with_checksums(void **state)
{
	struct position position = {.file = "binlog.000001", .offset = 4};
	struct assembler_limits none = {0};
	struct stream s = {.timestamp = 1000, .offset = 4, .checksum = true};
	struct buffer bytes = BUFFER_INIT;

	(void)state;
	s.assembler = assembler_new(&none);
	assembler_start(s.assembler, &position, CHECKSUM_CRC32);
	rotate(&s, "binlog.000001", 4, true);
	format(&s, "8.0.41", 0);
	mysql_gtid(&s, 1);
	query(&s, "drop table t");
	assert_taken(&s, "STANDALONE " UUID ":1 1;");
	put_event(&bytes, EVENT_XID, 1000, 7, 0, 0, XID_BODY, 8, true);
	bytes.data[20] ^= 1;
	assert_int_equal(
		assembler_push(s.assembler, (const uint8_t *)bytes.data, bytes.length, &s.error), -1);
	assert_error(&s.error, ERROR_CORRUPT, "Event XID (type 16, 31 bytes) at binlog.000001:");
	assert_error(&s.error, ERROR_CORRUPT, "checksum");
	buffer_release(&bytes);
	stop(&s);
}

static void before_the_format(void **state)
{
	struct assembler_limits none = {0};
	struct stream s = {.timestamp = 1000};

	(void)state;
	s.assembler = assembler_new(&none);
	assembler_start(s.assembler, &(struct position){.offset = 0}, CHECKSUM_OFF);
	ok(&s, EVENT_HEARTBEAT_V2, "\0", 1);
	assert_int_equal(push(&s, EVENT_XID, XID_BODY, 8), -1);
	assert_error(&s.error, ERROR_CORRUPT, "format description was expected");
	assert_error(&s.error, ERROR_CORRUPT, "(start of the stream)");
	stop(&s);
	assembler_free(NULL);
	transaction_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_changes),
		cmocka_unit_test(master_crash_leaves_half_a_group),
		cmocka_unit_test(positions_beyond_4_gib),
		cmocka_unit_test(mariadb_114_without_positions),
		cmocka_unit_test(impossible_positions),
		cmocka_unit_test(heartbeats),
		cmocka_unit_test(groups_left_out_up_to_4_gib),
		cmocka_unit_test(heartbeats_of_version_1),
		cmocka_unit_test(gtids_that_a_file_begins_with),
		cmocka_unit_test(stream_with_checksums),
		cmocka_unit_test(before_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
