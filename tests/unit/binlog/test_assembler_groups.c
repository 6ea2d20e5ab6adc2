/* What begins and ends a transaction, and what must not come. */
#include "stream_support.h"

static void mysql_groups(void **state)
{
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	assert_true(assembler_in_group(s.assembler));
	query(&s, "create table t (a int)");
	assert_false(assembler_in_group(s.assembler));
	mysql_gtid(&s, 2);
	query(&s, "BEGIN");
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	xid(&s);
	mysql_gtid(&s, 3);
	query(&s, "BEGIN");
	query(&s, "SAVEPOINT a");
	query(&s, "insert into t values (1)");
	query(&s, "ROLLBACK TO a");
	query(&s, "commit"); /* no closing statement: the servers write upper case */
	query(&s, "COMMIT");
	mysql_gtid(&s, 4);
	query(&s, "BEGIN");
	query(&s, "insert into m values (1)");
	query(&s, "rollback");
	mysql_gtid(&s, 5);
	query(&s, "BEGIN");
	query(&s, "COMMIT");
	assert_taken(&s, "STANDALONE " UUID ":1 1;COMMIT " UUID ":2 1;COMMIT " UUID ":3 4;ROLLBACK " UUID
			 ":4 1;EMPTY " UUID ":5 0;");
	stop(&s);
}

/* The fields of a transaction. */
static void mysql_transaction_fields(void **state)
{
	struct stream s;
	struct transaction *t;

	(void)state;
	start(&s, "8.0.41");
	s.timestamp = 5000;
	mysql_gtid(&s, 9);
	s.timestamp = 5001;
	s.flags = EVENT_FLAG_MTS_ISOLATE;
	query(&s, "BEGIN");
	ok(&s, EVENT_ROWS_QUERY, "\7comment", 8);
	map(&s, 5, "t");
	rows(&s, 5, 0, 2);
	rows(&s, 5, 1, 1);
	map(&s, 5, "t");
	rows(&s, 5, 1, 4);
	s.timestamp = 0;
	xid(&s);
	t = assembler_next(s.assembler);
	assert_non_null(t);
	assert_int_equal(t->kind, TRANSACTION_COMMIT);
	assert_int_equal(t->family, FAMILY_MYSQL);
	assert_int_equal(t->server_version, 80041);
	assert_int_equal(t->server_id, 7);
	assert_int_equal(t->timestamp, 5001);
	assert_int_equal(t->last_committed, 3);
	assert_int_equal(t->sequence_number, 4);
	assert_int_equal(t->commit_timestamp_us, 10);
	assert_int_equal(t->flags, TRANSACTION_FLAG_TRANSACTIONAL | TRANSACTION_FLAG_ISOLATE |
					   TRANSACTION_FLAG_FIRST_IN_FILE |
					   TRANSACTION_FLAG_MAY_HAVE_STATEMENTS);
	assert_int_equal(t->changes, 3);
	assert_int_equal(t->row_bytes, 7 * 5);
	assert_string_equal(t->begin.file, "binlog.000001");
	assert_true(t->begin.offset > 4 && t->end.offset == s.offset);
	assert_int_equal(t->first->annotation_length, 7);
	assert_string_equal(t->first->annotation, "comment");
	assert_string_equal(t->first->next->annotation, "comment");
	assert_null(t->last->annotation);	       /* another statement */
	assert_ptr_equal(t->first->map, t->last->map); /* the same bytes, the same map */
	assert_string_equal(t->first->map->table, "t");
	transaction_free(t);
	assert_null(assembler_next(s.assembler));
	mysql_gtid(&s, 10);
	query(&s, "create table t (a int)");
	t = assembler_next(s.assembler);
	assert_int_equal(t->flags, TRANSACTION_FLAG_MAY_HAVE_STATEMENTS);
	transaction_free(t);
	stop(&s);
}

static void groups_without_gtid(void **state)
{
	struct stream s;

	(void)state;
	start(&s, "5.6.51-log");
	query(&s, "create table t (a int)");
	query(&s, "BEGIN");
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	query(&s, "COMMIT");
	ok(&s, EVENT_INTVAR, "\2\5\0\0\0\0\0\0\0", 9);
	assert_true(assembler_in_group(s.assembler));
	query(&s, "insert into t values (null)");
	assert_taken(&s, "STANDALONE 1;COMMIT 1;STANDALONE 1;");
	stop(&s);
}

static void mariadb_groups(void **state)
{
	struct stream s;
	struct transaction *t;

	(void)state;
	start(&s, "10.11.6-MariaDB-log");
	maria_gtid(&s, 1, "29");
	query(&s, "create table t (a int)");
	maria_gtid(&s, 2, "0e 0900000000000000");
	ok(&s, EVENT_MARIA_ANNOTATE_ROWS, "insert", 6);
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	xid(&s);
	maria_gtid(&s, 3, "08");
	query(&s, "insert into m values (1)");
	query(&s, "COMMIT");
	maria_gtid(&s, 4, "0c"); /* CREATE … SELECT: the statement does not end it */
	query(&s, "create table c (a int)");
	map(&s, 6, "c");
	rows(&s, 6, 1, 1);
	xid(&s);
	t = assembler_next(s.assembler);
	assert_int_equal(t->flags,
		TRANSACTION_FLAG_DDL | TRANSACTION_FLAG_ALLOW_PARALLEL | TRANSACTION_FLAG_FIRST_IN_FILE);
	transaction_free(t);
	t = assembler_next(s.assembler);
	assert_int_equal(t->flags, TRANSACTION_FLAG_TRANSACTIONAL | TRANSACTION_FLAG_ALLOW_PARALLEL |
					   TRANSACTION_FLAG_HAS_COMMIT_ID);
	assert_int_equal(t->commit_id, 9);
	assert_string_equal(t->first->annotation, "insert");
	transaction_free(t);
	assert_taken(&s, "COMMIT 0-7-3 1;COMMIT 0-7-4 2;");
	stop(&s);
}

static void mariadb_two_phase_alter(void **state)
{
	struct stream s;
	struct buffer body = BUFFER_INIT;
	struct transaction *t;

	(void)state;
	start(&s, "10.11.6-MariaDB-log");
	maria_gtid(&s, 1, "29 02");
	query(&s, "alter table t add b int");
	maria_gtid(&s, 2, "29 02");
	query(&s, "alter table u add unique (b)");
	maria_gtid(&s, 3, "29 04 0100000000000000");
	query(&s, "alter table t add b int");
	maria_gtid(&s, 4, "29 08 0200000000000000");
	query(&s, "alter table u add unique (b)");
	for (int i = 0; i < 4; i++) {
		t = assembler_next(s.assembler);
		assert_int_equal(t->kind, i == 2 ? TRANSACTION_STANDALONE : TRANSACTION_EMPTY);
		assert_int_equal(t->changes, i == 2);
		assert_true((t->note != NULL) == (i != 2));
		transaction_free(t);
	}
	/* told by the statement alone */
	query_body(&body, "82 02", "alter table t add b int");
	ok(&s, EVENT_QUERY, body.data, body.length);
	assert_taken(&s, "EMPTY 0;");
	buffer_release(&body);
	stop(&s);
}

static void xa_mysql(void **state)
{
	struct stream s;
	struct transaction *t, *again;

	(void)state;
	start(&s, "8.0.41");
	s.checksum = true;
	format(&s, "8.0.41", 0);
	mysql_gtid(&s, 1);
	query(&s, "XA START X'61',X'62',1");
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	query(&s, "insert into t values (1)");
	query(&s, "XA END X'61',X'62',1");
	ok(&s, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\1\0\0\0ab", 15);
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_XA_PREPARE);
	assert_int_equal(t->changes, 2);
	assert_int_equal(t->xid.gtrid_length, 1);
	assert_memory_equal(t->xid.data, "ab", 2);
	if (assemble_kept(t->events, t->events_length, 0, &again, &s.error) < 0)
		fail_msg("%s", s.error.text);
	assert_int_equal(again->kind, TRANSACTION_COMMIT);
	assert_int_equal(again->changes, 2);
	assert_int_equal(again->gtid.number, 1);
	assert_int_equal(again->first->kind, CHANGE_ROWS);
	assert_int_equal(again->first->rows.rows_length, 15);
	transaction_free(again);
	for (size_t piece = 1; piece < t->events_length; piece++) { /* cut anywhere */
		assert_int_equal(assemble_kept(t->events, t->events_length, piece, &again, &s.error), 0);
		assert_int_equal(again->changes, 2);
		transaction_free(again);
	}
	/* what was kept may be damaged */
	for (size_t cut = 0; cut < t->events_length; cut++) {
		assert_int_equal(assemble_kept(t->events, cut, 0, &again, &s.error), -1);
		assert_int_equal(s.error.kind, ERROR_CORRUPT);
	}
	transaction_free(t);
	mysql_gtid(&s, 2);
	query(&s, "XA COMMIT X'61',X'62',1");
	mysql_gtid(&s, 3);
	query(&s, "XA ROLLBACK X'63',X'',1");
	mysql_gtid(&s, 4);
	query(&s, "XA START X'61',X'62',1");
	query(&s, "insert into t values (1)");
	query(&s, "XA END X'61',X'62',1");
	ok(&s, EVENT_XA_PREPARE, "\1\1\0\0\0\1\0\0\0\1\0\0\0ab", 15);
	mysql_gtid(&s, 5);
	query(&s, "XA START X'61',X'62',1");
	query(&s, "insert into m values (1)");
	query(&s, "XA END X'61',X'62',1");
	query(&s, "XA ROLLBACK X'61',X'62',1");
	assert_taken(&s,
		"XA_COMMIT " UUID ":2 0;XA_ROLLBACK " UUID ":3 0;COMMIT " UUID ":4 1;ROLLBACK " UUID ":5 1;");
	stop(&s);
}

static void xa_mariadb(void **state)
{
	struct stream s;
	struct transaction *t, *again;

	(void)state;
	start(&s, "10.11.6-MariaDB-log");
	maria_gtid(&s, 1, "4c 01000000 01 01 6162");
	map(&s, 5, "t");
	rows(&s, 5, 1, 3);
	query(&s, "XA END X'61',X'62',1");
	ok(&s, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\1\0\0\0ab", 15);
	maria_gtid(&s, 2, "8d 01000000 01 01 6162");
	query(&s, "XA COMMIT X'61',X'62',1");
	maria_gtid(&s, 3, "88 01000000 01 01 6163");
	query(&s, "XA ROLLBACK X'61',X'63',1");
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_XA_PREPARE);
	if (assemble_kept(t->events, t->events_length, 0, &again, &s.error) < 0)
		fail_msg("%s", s.error.text);
	assert_int_equal(again->changes, 1);
	assert_int_equal(again->family, FAMILY_MARIADB);
	transaction_free(again);
	transaction_free(t);
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_XA_COMMIT);
	assert_memory_equal(t->xid.data, "ab", 2);
	transaction_free(t);
	assert_taken(&s, "XA_ROLLBACK 0-7-3 0;");
	stop(&s);
}

/* A prepared transaction comes in parts that have its events, and these make one transaction (or its parts) again. */
static void xa_in_parts(void **state)
{
	struct stream s;
	struct buffer events = BUFFER_INIT;
	struct transaction *t;
	unsigned parts = 0;

	(void)state;
	start_at(&s, "8.0.41", 4, 4096);
	for (int one_phase = 0; one_phase < 2; one_phase++) {
		char prepare[] = "\0\1\0\0\0\1\0\0\0\1\0\0\0ab";

		buffer_clear(&events);
		parts = 0;
		prepare[0] = (char)one_phase;
		mysql_gtid(&s, 1);
		query(&s, "XA START X'61',X'62',1");
		for (unsigned i = 0; i < 20; i++) {
			map(&s, 5, "t");
			ok(&s, EVENT_USER_VAR, "\1\0\0\0b\0\0\10\0\0\0\2\0\0\0xy", 17);
			rows(&s, 5, 0, 100);
			query(&s, "insert into t select @b");
		}
		query(&s, "XA END X'61',X'62',1");
		ok(&s, EVENT_XA_PREPARE, prepare, 15);
		while ((t = assembler_next(s.assembler))) {
			bool last = t->kind != TRANSACTION_OPEN;

			assert_int_equal(t->part, parts++);
			assert_int_equal(t->changes, 0);
			assert_null(t->first);
			assert_true(t->events_length > 0 && t->events_length < 8192);
			assert_memory_equal(t->xid.data, "ab", 2);
			if (last)
				assert_int_equal(
					t->kind, one_phase ? TRANSACTION_COMMIT : TRANSACTION_XA_PREPARE);
			buffer_append(&events, t->events, t->events_length);
			transaction_free(t);
		}
		assert_true(parts > 2);
		assert_int_equal(assemble_kept((const uint8_t *)events.data, events.length, 1000, &t, &s.error), 0);
		assert_int_equal(t->kind, TRANSACTION_COMMIT);
		assert_int_equal(t->changes, 40);
		assert_memory_equal(t->last->statement->context.variables->value, "xy", 2);
		transaction_free(t);
	}
	mysql_gtid(&s, 2);
	query(&s, "XA START X'61',X'62',1");
	for (unsigned i = 0; i < 4; i++) {
		map(&s, 5, "t");
		rows(&s, 5, 1, 500);
	}
	query(&s, "XA END X'61',X'62',1");
	bad(&s, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\1\0\0\0ac", 15, ERROR_CORRUPT, "of another name");
	buffer_release(&events);
	stop(&s);
}

/* Kept events are handed out in parts as well. */
static void kept_in_parts(void **state)
{
	struct assembler_limits limits = {.part_bytes = 4096};
	struct assembler *assembler = assembler_new_kept(&limits);
	struct stream s;
	struct transaction *t, *kept;
	unsigned parts = 0, changes = 0;
	struct error error = {0};

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	query(&s, "XA START X'61',X'62',1");
	for (unsigned i = 0; i < 20; i++) {
		map(&s, 5, "t");
		rows(&s, 5, 1, 200);
	}
	query(&s, "XA END X'61',X'62',1");
	ok(&s, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\1\0\0\0ab", 15);
	kept = assembler_next(s.assembler);
	for (size_t at = 0; at < kept->events_length; at += 512) {
		size_t left = kept->events_length - at;

		assert_int_equal(assembler_push_kept(assembler, kept->events + at, left < 512 ? left : 512, &error), 0);
		while ((t = assembler_next(assembler))) {
			assert_int_equal(t->part, parts++);
			changes += (unsigned)t->changes;
			assert_null(t->events);
			transaction_free(t);
		}
	}
	assert_int_equal(assembler_end_kept(assembler, &error), 0);
	assert_true(parts > 2);
	assert_int_equal(changes, 20);
	transaction_free(kept);
	assembler_free(assembler);
	stop(&s);
}

static void replay_of_other_things(void **state)
{
	struct buffer body = BUFFER_INIT, events = BUFFER_INIT;
	struct transaction *t;
	struct error error = {0};

	(void)state;
	put_format_body(&body, "8.0.41", 0, 0);
	put_event(&events, EVENT_FORMAT_DESCRIPTION, 0, 7, 0, 0, body.data, body.length, true);
	assert_int_equal(
		assemble_kept((const uint8_t *)events.data, events.length, 0, &t, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "not one whole transaction");
	buffer_clear(&body);
	query_body(&body, "", "drop table t");
	put_event(&events, EVENT_QUERY, 0, 7, 0, 0, body.data, body.length, false);
	assert_int_equal(
		assemble_kept((const uint8_t *)events.data, events.length, 0, &t, &error), 0);
	transaction_free(t);
	put_event(&events, EVENT_QUERY, 0, 7, 0, 0, body.data, body.length, false);
	assert_int_equal(
		assemble_kept((const uint8_t *)events.data, events.length, 0, &t, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "not one whole transaction");
	put_event(&events, EVENT_XID, 0, 7, 0, 0, XID_BODY, 8, false);
	assert_int_equal(
		assemble_kept((const uint8_t *)events.data, events.length, 0, &t, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "none is open");
	buffer_release(&body);
	buffer_release(&events);
}

static void impossible_orders(void **state)
{
	struct buffer body = BUFFER_INIT;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	bad(&s, EVENT_XID, XID_BODY, 8, ERROR_CORRUPT, "none is open");
	stop(&s);
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	bad(&s, EVENT_XID, XID_BODY, 8, ERROR_CORRUPT, "none is open");
	stop(&s);
	start(&s, "8.0.41");
	bad_query(&s, "COMMIT", "no transaction is open");
	stop(&s);
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	bad_query(&s, "ROLLBACK", "no BEGIN came before");
	stop(&s);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	bad_query(&s, "BEGIN", "a transaction is open");
	stop(&s);
	start(&s, "8.0.41");
	bad_query(&s, "XA END X'61',X'',1", "no transaction is open");
	stop(&s);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	bad_query(&s, "XA COMMIT X'61',X'',1", "a transaction is open");
	stop(&s);
	start(&s, "8.0.41");
	query_body(&body, "", "XA COMMIT 'x'");
	bad(&s, EVENT_QUERY, body.data, body.length, ERROR_STOP, "cannot be read");
	stop(&s);
	start(&s, "8.0.41");
	bad(&s, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\1\0\0\0ab", 15, ERROR_CORRUPT, "none is open");
	stop(&s);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	bad(&s, EVENT_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\1\0\0\0ab", 15, ERROR_CORRUPT, "not announced");
	stop(&s);
	start(&s, "10.11.6-MariaDB");
	maria_gtid(&s, 1, "29");
	bad_query(&s, "COMMIT", "commits by itself");
	stop(&s);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	buffer_clear(&body);
	mysql_gtid_body(&body, 5);
	bad(&s, EVENT_GTID, body.data, body.length, ERROR_CORRUPT, "has not ended");
	stop(&s);
	buffer_release(&body);
}

static void unknown_and_refused_types(void **state)
{
	static const struct {
		uint8_t type;
		const char *part;
	} cases[] = {
		{99, "type 99 (22 bytes), written by 8.0.41"},
		{0, "type 0"},
		{EVENT_START_V3, "before MySQL 5.1"},
		{EVENT_LOAD, "before MySQL 5.1"},
		{EVENT_PRE_GA_WRITE_ROWS, "before MySQL 5.1"},
		{EVENT_MARIA_PARTIAL_ROW_DATA, "binlog_row_event_fragment_threshold"},
		{EVENT_MARIA_START_ENCRYPTION, "encrypted"},
		{EVENT_INCIDENT, "could not log"},
	};
	struct stream s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&s, "8.0.41");
		bad(&s, cases[i].type, "\1\0\0", 3, ERROR_STOP, cases[i].part);
		stop(&s);
	}
	start(&s, "8.0.41");
	s.flags = EVENT_FLAG_IGNORABLE;
	ok(&s, 99, "\1\2\3", 3);
	s.flags = EVENT_FLAG_IGNORABLE;
	ok(&s, EVENT_MARIA_START_ENCRYPTION, "\1\2\3", 3);
	ok(&s, EVENT_IGNORABLE, "\1\2\3", 3);
	ok(&s, EVENT_TRANSACTION_CONTEXT, "\1\2\3", 3);
	ok(&s, EVENT_MARIA_BINLOG_CHECKPOINT, "\1\2\3", 3);
	ok(&s, EVENT_ROWS_QUERY, "\1a", 2); /* outside a group */
	bad(&s, EVENT_INCIDENT, "\1\0\4lo", 5, ERROR_CORRUPT, "body has 5 bytes");
	stop(&s);
}

static void group_replication_view_change(void **state)
{
	struct transaction *t;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	ok(&s, EVENT_VIEW_CHANGE, "x", 1);
	query(&s, "COMMIT");
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_EMPTY);
	assert_non_null(strstr(t->note, "members"));
	transaction_free(t);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mysql_groups),
		cmocka_unit_test(mysql_transaction_fields),
		cmocka_unit_test(groups_without_gtid),
		cmocka_unit_test(mariadb_groups),
		cmocka_unit_test(mariadb_two_phase_alter),
		cmocka_unit_test(xa_mysql),
		cmocka_unit_test(xa_mariadb),
		cmocka_unit_test(xa_in_parts),
		cmocka_unit_test(kept_in_parts),
		cmocka_unit_test(replay_of_other_things),
		cmocka_unit_test(impossible_orders),
		cmocka_unit_test(unknown_and_refused_types),
		cmocka_unit_test(group_replication_view_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
