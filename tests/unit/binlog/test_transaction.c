/* Streams made by hand: what begins and ends a transaction, positions, parts, and what must not come. */
#include <zstd.h>

#include "base/memory.h"
#include "binlog/transaction.h"
#include "support.h"

#define XID_BODY "\1\0\0\0\0\0\0\0"
#define GIB ((uint64_t)1 << 30)

struct stream {
	struct assembler *assembler;
	struct error error;
	uint64_t offset;     /* of the next event */
	uint32_t timestamp;
	uint16_t flags;      /* of the next event only */
	bool checksum;
	bool no_log_pos;     /* as MariaDB 11.4+ writes what goes through a cache */
	struct buffer taken; /* what came out, described */
};

static const char *const kinds[] = {"OPEN", "COMMIT", "ROLLBACK", "STANDALONE", "XA_PREPARE", "XA_COMMIT", "XA_ROLLBACK",
	"EMPTY", "RESTART", "ABANDONED"};

static void take(struct stream *stream)
{
	struct transaction *transaction;
	char gtid[GTID_TEXT_MAXIMUM];

	while ((transaction = assembler_next(stream->assembler))) {
		buffer_printf(&stream->taken, "%s", kinds[transaction->kind]);
		if (transaction->gtid.kind)
			buffer_printf(&stream->taken, " %s", gtid_text(&transaction->gtid, gtid));
		if (transaction->part)
			buffer_printf(&stream->taken, " part %u", transaction->part);
		buffer_printf(&stream->taken, " %zu;", transaction->changes);
		transaction_free(transaction);
	}
}

static int push(struct stream *stream, uint8_t type, const void *body, size_t length)
{
	struct buffer bytes = BUFFER_INIT;
	size_t size = EVENT_HEADER_SIZE + length + (stream->checksum ? EVENT_CHECKSUM_SIZE : 0);
	bool made_up = stream->flags & EVENT_FLAG_ARTIFICIAL || type == EVENT_HEARTBEAT || type == EVENT_HEARTBEAT_V2;
	int rc;

	if (!made_up)
		stream->offset += size;
	put_event(&bytes, type, stream->timestamp, 7, made_up || stream->no_log_pos ? 0 : (uint32_t)stream->offset, stream->flags,
		body, length, stream->checksum);
	stream->flags = 0;
	error_clear(&stream->error);
	rc = assembler_push(stream->assembler, (const uint8_t *)bytes.data, bytes.length, &stream->error);
	buffer_release(&bytes);
	return rc;
}

static void ok(struct stream *stream, uint8_t type, const void *body, size_t length)
{
	if (push(stream, type, body, length) < 0)
		fail_msg("%s", stream->error.text);
}

static void bad(struct stream *stream, uint8_t type, const void *body, size_t length, enum error_kind kind, const char *part)
{
	struct buffer nothing = BUFFER_INIT;

	assert_int_equal(push(stream, type, body, length), -1);
	assert_error(&stream->error, kind, part);
	assert_error(&stream->error, kind, "binlog.000001:");
	/* nothing is taken any more until it is started again */
	assert_int_equal(assembler_push(stream->assembler, (const uint8_t *)"", 0, &stream->error), -1);
	assert_error(&stream->error, ERROR_STOP, "started again");
	buffer_release(&nothing);
}

static void format(struct stream *stream, const char *version, uint32_t created)
{
	struct buffer body = BUFFER_INIT, bytes = BUFFER_INIT;

	put_format_body(&body, version, created, CHECKSUM_CRC32);
	body.data[body.length - 1] = stream->checksum;
	/* with room for a sum whether there is one or not */
	put_event(&bytes, EVENT_FORMAT_DESCRIPTION, stream->timestamp, 7, 0, 0, body.data, body.length, true);
	stream->offset += bytes.length;
	bytes.length -= 4;
	for (int i = 0; i < 4; i++)
		bytes.data[13 + i] = (char)(stream->offset >> 8 * i);
	buffer_put_le(&bytes, crc32(0, (const uint8_t *)bytes.data, (uInt)bytes.length), 4);
	error_clear(&stream->error);
	if (assembler_push(stream->assembler, (const uint8_t *)bytes.data, bytes.length, &stream->error) < 0)
		fail_msg("%s", stream->error.text);
	buffer_release(&body);
	buffer_release(&bytes);
}

static void start_at(struct stream *stream, const char *version, uint64_t offset, size_t part_bytes)
{
	struct assembler_limits limits = {.part_bytes = part_bytes, .event_bytes = 1 << 22, .payload_bytes = 1 << 24};
	struct position position = {.file = "binlog.000001", .offset = offset};

	memset(stream, 0, sizeof(*stream));
	stream->assembler = assembler_new(&limits);
	stream->timestamp = 1000;
	stream->offset = offset;
	assembler_start(stream->assembler, &position, CHECKSUM_OFF);
	format(stream, version, 0);
}

static void start(struct stream *stream, const char *version)
{
	start_at(stream, version, 4, 0);
}

static void stop(struct stream *stream)
{
	assembler_free(stream->assembler);
	buffer_release(&stream->taken);
}

static void assert_taken(struct stream *stream, const char *expected)
{
	take(stream);
	assert_string_equal(buffer_text(&stream->taken), expected);
	buffer_clear(&stream->taken);
}

static void query_body(struct buffer *body, const char *status, const char *text)
{
	struct buffer variables = BUFFER_INIT;

	put_hex(&variables, status);
	put_hex(body, "21000000 00000000 01 0000");
	buffer_put_le(body, variables.length, 2);
	buffer_append(body, variables.data, variables.length);
	buffer_append(body, "d\0", 2);
	buffer_puts(body, text);
	buffer_release(&variables);
}

static int push_query(struct stream *stream, const char *text)
{
	struct buffer body = BUFFER_INIT;
	int rc;

	query_body(&body, "", text);
	rc = push(stream, EVENT_QUERY, body.data, body.length);
	buffer_release(&body);
	return rc;
}

static void query(struct stream *stream, const char *text)
{
	if (push_query(stream, text) < 0)
		fail_msg("%s", stream->error.text);
}

static void bad_query(struct stream *stream, const char *text, const char *part)
{
	struct buffer body = BUFFER_INIT;

	query_body(&body, "", text);
	bad(stream, EVENT_QUERY, body.data, body.length, ERROR_CORRUPT, part);
	buffer_release(&body);
}

static void mysql_gtid_body(struct buffer *body, uint64_t number)
{
	put_hex(body, "01 00112233445566778899aabbccddeeff");
	buffer_put_le(body, number, 8);
	put_hex(body, "02 0300000000000000 0400000000000000 0a000000000000 20");
}

static void mysql_gtid(struct stream *stream, uint64_t number)
{
	struct buffer body = BUFFER_INIT;

	mysql_gtid_body(&body, number);
	ok(stream, EVENT_GTID, body.data, body.length);
	buffer_release(&body);
}

static void maria_gtid(struct stream *stream, uint64_t number, const char *flags_and_more)
{
	struct buffer body = BUFFER_INIT;

	buffer_put_le(&body, number, 8);
	buffer_put_le(&body, 0, 4);
	put_hex(&body, flags_and_more);
	while (body.length < 19)
		buffer_putc(&body, 0);
	ok(stream, EVENT_MARIA_GTID, body.data, body.length);
	buffer_release(&body);
}

/* A table d.t of one INT. */
static void map_body(struct buffer *body, unsigned table_id, const char *table)
{
	buffer_put_le(body, table_id, 6);
	put_hex(body, "0100 01 64 00");
	buffer_putc(body, (char)strlen(table));
	buffer_append(body, table, strlen(table) + 1);
	put_hex(body, "01 03 00 01");
}

static void map(struct stream *stream, unsigned table_id, const char *table)
{
	struct buffer body = BUFFER_INIT;

	map_body(&body, table_id, table);
	ok(stream, EVENT_TABLE_MAP, body.data, body.length);
	buffer_release(&body);
}

static void rows_body(struct buffer *body, unsigned table_id, unsigned flags, unsigned count)
{
	buffer_put_le(body, table_id, 6);
	buffer_put_le(body, flags, 2);
	put_hex(body, "0200 01 01");
	for (unsigned i = 0; i < count; i++) {
		buffer_putc(body, 0);
		buffer_put_le(body, i, 4);
	}
}

static void rows(struct stream *stream, unsigned table_id, unsigned flags, unsigned count)
{
	struct buffer body = BUFFER_INIT;

	rows_body(&body, table_id, flags, count);
	ok(stream, EVENT_WRITE_ROWS_V2, body.data, body.length);
	buffer_release(&body);
}

static void xid(struct stream *stream)
{
	ok(stream, EVENT_XID, XID_BODY, 8);
}

#define UUID "00112233-4455-6677-8899-aabbccddeeff"

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
	assert_taken(&s, "STANDALONE " UUID ":1 1;COMMIT " UUID ":2 1;COMMIT " UUID ":3 4;ROLLBACK " UUID ":4 1;EMPTY " UUID ":5 0;");
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
	assert_int_equal(t->flags, TRANSACTION_FLAG_TRANSACTIONAL | TRANSACTION_FLAG_ISOLATE | TRANSACTION_FLAG_FIRST_IN_FILE |
		TRANSACTION_FLAG_MAY_HAVE_STATEMENTS);
	assert_int_equal(t->changes, 3);
	assert_int_equal(t->row_bytes, 7 * 5);
	assert_string_equal(t->begin.file, "binlog.000001");
	assert_true(t->begin.offset > 4 && t->end.offset == s.offset);
	assert_int_equal(t->first->annotation_length, 7);
	assert_string_equal(t->first->annotation, "comment");
	assert_string_equal(t->first->next->annotation, "comment");
	assert_null(t->last->annotation); /* another statement */
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
	assert_int_equal(t->flags, TRANSACTION_FLAG_DDL | TRANSACTION_FLAG_ALLOW_PARALLEL | TRANSACTION_FLAG_FIRST_IN_FILE);
	transaction_free(t);
	t = assembler_next(s.assembler);
	assert_int_equal(t->flags, TRANSACTION_FLAG_TRANSACTIONAL | TRANSACTION_FLAG_ALLOW_PARALLEL | TRANSACTION_FLAG_HAS_COMMIT_ID);
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
	struct assembler_limits limits = {0};

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
	if (assembler_replay(t->events, t->events_length, &limits, &again, &s.error) < 0)
		fail_msg("%s", s.error.text);
	assert_int_equal(again->kind, TRANSACTION_COMMIT);
	assert_int_equal(again->changes, 2);
	assert_int_equal(again->gtid.number, 1);
	assert_int_equal(again->first->kind, CHANGE_ROWS);
	assert_int_equal(again->first->rows.rows_length, 15);
	transaction_free(again);
	/* what was kept may be damaged */
	for (size_t cut = 0; cut < t->events_length; cut++) {
		assert_int_equal(assembler_replay(t->events, cut, &limits, &again, &s.error), -1);
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
	assert_taken(&s, "XA_COMMIT " UUID ":2 0;XA_ROLLBACK " UUID ":3 0;COMMIT " UUID ":4 1;ROLLBACK " UUID ":5 1;");
	stop(&s);
}

static void xa_mariadb(void **state)
{
	struct stream s;
	struct transaction *t, *again;
	struct assembler_limits limits = {0};

	(void)state;
	start_at(&s, "10.11.6-MariaDB-log", 4, 1); /* prepared ones do not come in parts */
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
	if (assembler_replay(t->events, t->events_length, &limits, &again, &s.error) < 0)
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

static void replay_of_other_things(void **state)
{
	struct assembler_limits limits = {0};
	struct buffer body = BUFFER_INIT, events = BUFFER_INIT;
	struct transaction *t;
	struct error error = {0};

	(void)state;
	put_format_body(&body, "8.0.41", 0, 0);
	put_event(&events, EVENT_FORMAT_DESCRIPTION, 0, 7, 0, 0, body.data, body.length, true);
	assert_int_equal(assembler_replay((const uint8_t *)events.data, events.length, &limits, &t, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "not one whole transaction");
	buffer_clear(&body);
	query_body(&body, "", "drop table t");
	put_event(&events, EVENT_QUERY, 0, 7, 0, 0, body.data, body.length, false);
	assert_int_equal(assembler_replay((const uint8_t *)events.data, events.length, &limits, &t, &error), 0);
	transaction_free(t);
	put_event(&events, EVENT_QUERY, 0, 7, 0, 0, body.data, body.length, false);
	assert_int_equal(assembler_replay((const uint8_t *)events.data, events.length, &limits, &t, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "not one whole transaction");
	put_event(&events, EVENT_XID, 0, 7, 0, 0, XID_BODY, 8, false);
	assert_int_equal(assembler_replay((const uint8_t *)events.data, events.length, &limits, &t, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "none is open");
	buffer_release(&body);
	buffer_release(&events);
}

static void statement_context(void **state)
{
	struct stream s;
	struct transaction *t;
	struct change *c;

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	ok(&s, EVENT_INTVAR, "\1\5\0\0\0\0\0\0\0", 9);
	ok(&s, EVENT_INTVAR, "\2\6\0\0\0\0\0\0\0", 9);
	ok(&s, EVENT_RAND, "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16);
	ok(&s, EVENT_USER_VAR, "\1\0\0\0a\1", 6);
	ok(&s, EVENT_USER_VAR, "\1\0\0\0b\0\0\10\0\0\0\2\0\0\0xy", 17);
	query(&s, "insert into t select @a, @b, rand()");
	query(&s, "insert into t values (1)");
	xid(&s);
	t = assembler_next(s.assembler);
	c = t->first;
	assert_true(c->statement.has_last_insert_id && c->statement.last_insert_id == 5);
	assert_true(c->statement.has_insert_id && c->statement.insert_id == 6);
	assert_true(c->statement.has_rand && c->statement.rand_seed1 == 1 && c->statement.rand_seed2 == 2);
	assert_true(c->statement.variables->is_null);
	assert_memory_equal(c->statement.variables->next->value, "xy", 2);
	assert_null(c->statement.variables->next->next);
	c = c->next; /* the context was for one statement */
	assert_false(c->statement.has_insert_id || c->statement.has_last_insert_id || c->statement.has_rand);
	assert_null(c->statement.variables);
	transaction_free(t);
	stop(&s);
}

static void load_query_body(struct buffer *body, uint32_t file_id)
{
	put_hex(body, "21000000 00000000 01 0000 0000");
	buffer_put_le(body, file_id, 4);
	put_hex(body, "09000000 0e000000 00");
	buffer_append(body, "d\0LOAD DATA INFIL INTO TABLE t", 30);
}

static void load_data(void **state)
{
	struct stream s;
	struct transaction *t;
	struct buffer body = BUFFER_INIT;

	(void)state;
	load_query_body(&body, 7);
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	ok(&s, EVENT_INTVAR, "\2\6\0\0\0\0\0\0\0", 9);
	ok(&s, EVENT_BEGIN_LOAD_QUERY, "\7\0\0\0abc", 7);
	ok(&s, EVENT_APPEND_BLOCK, "\7\0\0\0de", 6);
	ok(&s, EVENT_APPEND_BLOCK, "\7\0\0\0", 4);
	ok(&s, EVENT_INTVAR, "\2\10\0\0\0\0\0\0\0", 9);
	ok(&s, EVENT_EXECUTE_LOAD_QUERY, body.data, body.length);
	/* one that failed on the master */
	ok(&s, EVENT_BEGIN_LOAD_QUERY, "\10\0\0\0abc", 7);
	ok(&s, EVENT_DELETE_FILE, "\10\0\0\0", 4);
	xid(&s);
	t = assembler_next(s.assembler);
	assert_int_equal(t->changes, 1);
	assert_int_equal(t->first->kind, CHANGE_LOAD);
	assert_int_equal(t->first->statement.insert_id, 8); /* the last one counts */
	assert_memory_equal(t->first->blocks->data, "abc", 3);
	assert_memory_equal(t->first->blocks->next->data, "de", 2);
	assert_null(t->first->blocks->next->next);
	transaction_free(t);
	/* alone, as MariaDB has it */
	format(&s, "10.11.6-MariaDB", 0);
	maria_gtid(&s, 1, "01");
	ok(&s, EVENT_BEGIN_LOAD_QUERY, "\7\0\0\0abc", 7);
	ok(&s, EVENT_EXECUTE_LOAD_QUERY, body.data, body.length);
	maria_gtid(&s, 2, "01");
	ok(&s, EVENT_BEGIN_LOAD_QUERY, "\7\0\0\0abc", 7);
	ok(&s, EVENT_DELETE_FILE, "\7\0\0\0", 4);
	assert_taken(&s, "STANDALONE 0-7-1 1;EMPTY 0-7-2 0;");
	buffer_release(&body);
	stop(&s);
}

static void bad_load_data(void **state)
{
	static const struct {
		uint8_t type;
		const char *body;
		size_t length;
		const char *part;
	} cases[] = {
		{EVENT_APPEND_BLOCK, "\10\0\0\0de", 6, "file 8"},
		{EVENT_DELETE_FILE, "\10\0\0\0", 4, "file 8"},
		{EVENT_BEGIN_LOAD_QUERY, "\10\0\0\0", 4, "before file 7 has ended"},
		{EVENT_APPEND_BLOCK, "\7\0\0", 3, "expected at least 4"},
		{EVENT_BEGIN_LOAD_QUERY, "\7\0\0", 3, "expected at least 4"},
	};
	struct buffer body = BUFFER_INIT;
	struct stream s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&s, "8.0.41");
		query(&s, "BEGIN");
		ok(&s, EVENT_BEGIN_LOAD_QUERY, "\7\0\0\0abc", 7);
		bad(&s, cases[i].type, cases[i].body, cases[i].length, ERROR_CORRUPT, cases[i].part);
		stop(&s);
	}
	load_query_body(&body, 9);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	ok(&s, EVENT_BEGIN_LOAD_QUERY, "\7\0\0\0abc", 7);
	bad(&s, EVENT_EXECUTE_LOAD_QUERY, body.data, body.length, ERROR_CORRUPT, "file 9");
	stop(&s);
	buffer_release(&body);
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

static void bad_rows(void **state)
{
	struct buffer body = BUFFER_INIT;
	struct stream s;

	(void)state;
	map_body(&body, 5, "t");
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	bad(&s, EVENT_TABLE_MAP, body.data, body.length, ERROR_CORRUPT, "no transaction is open");
	stop(&s);
	buffer_clear(&body);
	rows_body(&body, 6, 1, 1);
	start(&s, "8.0.41");
	bad(&s, EVENT_WRITE_ROWS_V2, body.data, body.length, ERROR_CORRUPT, "no transaction is open");
	stop(&s);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	map(&s, 5, "t");
	bad(&s, EVENT_WRITE_ROWS_V2, body.data, body.length, ERROR_CORRUPT, "table 6, of which no table map");
	stop(&s);
	start(&s, "8.0.41"); /* a map lives as long as its transaction */
	query(&s, "BEGIN");
	map(&s, 6, "t");
	rows(&s, 6, 1, 1);
	xid(&s);
	query(&s, "BEGIN");
	bad(&s, EVENT_WRITE_ROWS_V2, body.data, body.length, ERROR_CORRUPT, "table 6, of which no table map");
	stop(&s);
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	map(&s, 6, "t");
	body.data[10] = 2; /* columns */
	bad(&s, EVENT_WRITE_ROWS_V2, body.data, body.length, ERROR_CORRUPT, "2 columns, but the table map of d.t has 1");
	stop(&s);
	buffer_release(&body);
}

/* MySQL uses an id again for another version of the table: each rows event keeps the map that it came with. */
static void table_ids_are_used_again(void **state)
{
	struct transaction *t;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	query(&s, "BEGIN");
	for (unsigned i = 0; i < 200; i++)
		map(&s, 1000 + i, "many");
	map(&s, 5, "one");
	rows(&s, 5, 1, 1);
	map(&s, 5, "two");
	rows(&s, 5, 1, 1);
	rows(&s, 1064, 1, 1);
	rows(&s, ROWS_DUMMY_TABLE_ID, 1, 0);
	xid(&s);
	t = assembler_next(s.assembler);
	assert_int_equal(t->changes, 3);
	assert_string_equal(t->first->map->table, "one");
	assert_string_equal(t->first->next->map->table, "two");
	assert_string_equal(t->last->map->table, "many");
	transaction_free(t);
	stop(&s);
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

static void limits(void **state)
{
	size_t size = ((size_t)1 << 22) + 1;
	char *data = memory_zalloc(size);
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	bad(&s, EVENT_IGNORABLE, data, size, ERROR_STOP, "max-event-bytes");
	stop(&s);
	free(data);
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

static void rotate(struct stream *s, const char *file, uint64_t offset, bool made_up)
{
	struct buffer body = BUFFER_INIT;

	buffer_put_le(&body, offset, 8);
	buffer_puts(&body, file);
	if (made_up)
		s->flags = EVENT_FLAG_ARTIFICIAL;
	s->timestamp = made_up ? 0 : 1000;
	ok(s, EVENT_ROTATE, body.data, body.length);
	s->timestamp = 1000;
	s->offset = offset;
	buffer_release(&body);
}

/* The file's own ROTATE, the one made up by the master, the next file's format; then a number with a digit more. */
static void file_changes(void **state)
{
	const struct position *position;
	struct transaction *t;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	ok(&s, EVENT_PREVIOUS_GTIDS, "\1\0\0\0\0\0\0\0" "0123456789abcdef" "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0", 48);
	assert_non_null(assembler_previous_gtids(s.assembler));
	assert_int_equal(gtid_set_count(assembler_previous_gtids(s.assembler)), 5);
	mysql_gtid(&s, 1);
	query(&s, "drop table t");
	rotate(&s, "binlog.999999", 4, false);
	rotate(&s, "binlog.999999", 4, true);
	format(&s, "8.0.41", 0);
	assert_null(assembler_previous_gtids(s.assembler));
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
	assert_int_equal(assembler_format(s.assembler)->family, FAMILY_MARIADB);
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

static void large_transactions_come_in_parts(void **state)
{
	struct stream s;
	struct transaction *t;
	size_t changes = 0;
	unsigned part = 0;
	uint64_t begin;
	bool ended = false;

	(void)state;
	start_at(&s, "8.0.41", 4, 60000);
	begin = s.offset;
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	ok(&s, EVENT_ROWS_QUERY, "\7comment", 8);
	map(&s, 5, "t");
	map(&s, 6, "u");
	for (int i = 0; i < 20; i++)
		rows(&s, i % 2 ? 5 : 6, i == 19, 3000);
	xid(&s);
	while ((t = assembler_next(s.assembler))) {
		assert_false(ended);
		ended = t->kind == TRANSACTION_COMMIT;
		assert_true(ended || t->kind == TRANSACTION_OPEN);
		assert_int_equal(t->part, part);
		assert_int_equal(t->gtid.number, 1);
		assert_int_equal(t->sequence_number, 4);
		assert_int_equal(t->begin.offset, begin);
		assert_int_equal(t->end.offset, ended ? s.offset : begin); /* a place that a restart may ask for */
		for (struct change *c = t->first; c; c = c->next, changes++) {
			assert_string_equal(c->map->table, changes % 2 ? "t" : "u");
			assert_string_equal(c->annotation, "comment");
		}
		transaction_free(t);
		part++;
	}
	assert_true(ended);
	assert_int_equal(changes, 20);
	assert_in_range(part, 4, 20);
	stop(&s);
}

static void abandoned_parts(void **state)
{
	struct position position = {.file = "binlog.000009", .offset = 500};
	struct stream s;
	struct transaction *t;

	(void)state;
	start_at(&s, "8.0.41", 4, 1);
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	map(&s, 5, "t");
	rows(&s, 5, 0, 30);
	rows(&s, 5, 0, 30);
	rotate(&s, "binlog.000002", 4, true); /* the master crashed */
	format(&s, "8.0.41", 0);
	assert_taken(&s, "OPEN " UUID ":1 1;OPEN " UUID ":1 part 1 1;ABANDONED " UUID ":1 part 2 0;");
	mysql_gtid(&s, 2);
	query(&s, "BEGIN");
	query(&s, "insert");
	assert_taken(&s, "OPEN " UUID ":2 1;");
	assembler_start(s.assembler, &position, CHECKSUM_OFF); /* the connection broke */
	assert_false(assembler_in_group(s.assembler));
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_ABANDONED);
	assert_int_equal(t->gtid.number, 2);
	assert_int_equal(t->part, 1);
	assert_string_equal(t->end.file, "binlog.000009");
	transaction_free(t);
	assembler_start(s.assembler, &position, CHECKSUM_OFF);
	assert_null(assembler_next(s.assembler)); /* said once */
	stop(&s);
	/* parts that nobody has fetched are no loss */
	start_at(&s, "8.0.41", 4, 1);
	query(&s, "BEGIN");
	query(&s, "insert");
	assembler_start(s.assembler, &position, CHECKSUM_OFF);
	assert_null(assembler_next(s.assembler));
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
	s.offset += 1000; /* groups that we have were left out */
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
	bad(&s, EVENT_HEARTBEAT_V2, "\1\15binlog.000001\2\1\5\0", 19, ERROR_CORRUPT, "behind what was received");
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
	assert_int_equal(assembler_push(s.assembler, (const uint8_t *)bytes.data, bytes.length, &s.error), -1);
	buffer_release(&bytes);
	stop(&s);
}

static void gtid_list_of_a_file(void **state)
{
	struct buffer text = BUFFER_INIT;
	struct stream s;

	(void)state;
	start(&s, "10.11.6-MariaDB");
	ok(&s, EVENT_MARIA_GTID_LIST, "\1\0\0\0\0\0\0\0\7\0\0\0\11\0\0\0\0\0\0\0", 20);
	s.timestamp = 0; /* made up: where the stream stands */
	ok(&s, EVENT_MARIA_GTID_LIST, "\1\0\0\0\0\0\0\0\7\0\0\0\55\0\0\0\0\0\0\0", 20);
	gtid_set_put_text(assembler_previous_gtids(s.assembler), &text);
	assert_string_equal(buffer_text(&text), "0-7-9");
	s.timestamp = 1000;
	bad(&s, EVENT_MARIA_GTID_LIST, "\5\0\0\0", 4, ERROR_CORRUPT, "announces 5");
	buffer_release(&text);
	stop(&s);
	start(&s, "8.0.41");
	bad(&s, EVENT_PREVIOUS_GTIDS, "\1", 1, ERROR_CORRUPT, "GTID set");
	stop(&s);
}

/* A payload of BEGIN, a map, rows events and XID. */
static void payload_body(struct buffer *body, unsigned rows_events, bool end)
{
	struct buffer plain = BUFFER_INIT, inner = BUFFER_INIT;
	size_t room, size;
	void *packed;

	query_body(&inner, "", "BEGIN");
	put_event(&plain, EVENT_QUERY, 1000, 7, 0, 0, inner.data, inner.length, false);
	inner.length = 0;
	map_body(&inner, 5, "t");
	put_event(&plain, EVENT_TABLE_MAP, 1000, 7, 0, 0, inner.data, inner.length, false);
	inner.length = 0;
	rows_body(&inner, 5, 1, 100);
	for (unsigned i = 0; i < rows_events; i++)
		put_event(&plain, EVENT_WRITE_ROWS_V2, 1000, 7, 0, 0, inner.data, inner.length, false);
	if (end)
		put_event(&plain, EVENT_XID, 1000, 7, 0, 0, XID_BODY, 8, false);
	room = ZSTD_compressBound(plain.length);
	packed = memory_alloc(room);
	size = ZSTD_compress(packed, room, plain.data, plain.length, 3);
	buffer_append(body, "\2\1\0\3\11\376", 6);
	buffer_put_le(body, plain.length, 8);
	buffer_append(body, "\1\11\376", 3);
	buffer_put_le(body, size, 8);
	buffer_putc(body, 0);
	buffer_append(body, packed, size);
	free(packed);
	buffer_release(&plain);
	buffer_release(&inner);
}

static void compressed_transactions(void **state)
{
	struct buffer body = BUFFER_INIT;
	struct transaction *t;
	struct stream s;

	(void)state;
	payload_body(&body, 3, true);
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	t = assembler_next(s.assembler);
	assert_int_equal(t->kind, TRANSACTION_COMMIT);
	assert_int_equal(t->changes, 3);
	assert_int_equal(t->end.offset, s.offset);
	assert_int_equal(t->first->end_offset, s.offset);
	transaction_free(t);
	mysql_gtid(&s, 2); /* and again, with the reader used before */
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length); /* without GTID */
	assert_taken(&s, "COMMIT " UUID ":2 3;COMMIT 3;");
	query(&s, "BEGIN");
	bad(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length, ERROR_CORRUPT, "inside one that is open");
	stop(&s);
	buffer_clear(&body);
	payload_body(&body, 3, false);
	start(&s, "8.0.41");
	bad(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length, ERROR_CORRUPT, "does not end the transaction");
	stop(&s);
	buffer_release(&body);
}

/* A part of a payload is decoded when the one before has been fetched. */
static void compressed_parts(void **state)
{
	struct position position = {.file = "binlog.000001", .offset = 4};
	struct buffer body = BUFFER_INIT;
	struct transaction *t;
	struct stream s;
	unsigned parts = 0;

	(void)state;
	payload_body(&body, 1000, true);
	start_at(&s, "8.0.41", 4, 3000);
	mysql_gtid(&s, 1);
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	memset(body.data, 0, body.length); /* the event is the caller's again */
	assert_true(assembler_in_group(s.assembler));
	while ((t = assembler_next(s.assembler))) {
		assert_int_equal(t->part, parts);
		assert_int_equal(t->kind == TRANSACTION_COMMIT, !assembler_in_group(s.assembler));
		parts++;
		transaction_free(t);
	}
	assert_true(parts > 100);
	/* one who does not fetch gets it all, too */
	body.length = 0;
	payload_body(&body, 20, true);
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	query(&s, "drop table t");
	parts = 0;
	while ((t = assembler_next(s.assembler))) {
		parts++;
		if (t->kind == TRANSACTION_STANDALONE)
			assert_int_equal(t->changes, 1);
		transaction_free(t);
	}
	assert_true(parts > 5);
	/* a connection that breaks in the middle */
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	transaction_free(assembler_next(s.assembler));
	assembler_start(s.assembler, &position, CHECKSUM_OFF);
	assert_taken(&s, "ABANDONED part 1 0;");
	buffer_release(&body);
	stop(&s);
}

/* What is wrong in a later part is told by the next push. */
static void compressed_parts_that_fail(void **state)
{
	struct buffer body = BUFFER_INIT;
	struct transaction *t;
	struct stream s;

	(void)state;
	payload_body(&body, 100, false);
	start_at(&s, "8.0.41", 4, 3000);
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	while ((t = assembler_next(s.assembler)))
		transaction_free(t);
	assert_int_equal(push_query(&s, "drop table t"), -1);
	assert_error(&s.error, ERROR_CORRUPT, "does not end the transaction");
	assert_int_equal(push_query(&s, "drop table t"), -1);
	stop(&s);
	/* found while it is pushed on, nothing being fetched */
	start_at(&s, "8.0.41", 4, 3000);
	ok(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length);
	assert_int_equal(push_query(&s, "drop table t"), -1);
	assert_error(&s.error, ERROR_CORRUPT, "does not end the transaction");
	stop(&s);
	buffer_release(&body);
}

static void payloads_hold_no_stream_events(void **state)
{
	static const uint8_t types[] = {EVENT_ROTATE, EVENT_FORMAT_DESCRIPTION, EVENT_TRANSACTION_PAYLOAD, EVENT_XID, 99};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		struct buffer plain = BUFFER_INIT, body = BUFFER_INIT;
		struct stream s;

		put_event(&plain, types[i], 1000, 7, 0, 0, "\4\0\0\0\0\0\0\0a", 9, false);
		buffer_append(&body, "\2\3\374\377\0\1\1", 7);
		buffer_putc(&body, (char)plain.length);
		buffer_putc(&body, 0);
		buffer_append(&body, plain.data, plain.length);
		start(&s, "8.0.41");
		mysql_gtid(&s, 1);
		assert_int_equal(push(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length), -1);
		assert_error(&s.error, types[i] == 99 ? ERROR_STOP : ERROR_CORRUPT, "inside a compressed transaction");
		assert_error(&s.error, s.error.kind, "byte 28 of the uncompressed transaction");
		stop(&s);
		buffer_release(&plain);
		buffer_release(&body);
	}
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
	assert_int_equal(assembler_push(s.assembler, (const uint8_t *)bytes.data, bytes.length, &s.error), -1);
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
		cmocka_unit_test(mysql_groups),
		cmocka_unit_test(mysql_transaction_fields),
		cmocka_unit_test(groups_without_gtid),
		cmocka_unit_test(mariadb_groups),
		cmocka_unit_test(mariadb_two_phase_alter),
		cmocka_unit_test(xa_mysql),
		cmocka_unit_test(xa_mariadb),
		cmocka_unit_test(replay_of_other_things),
		cmocka_unit_test(statement_context),
		cmocka_unit_test(load_data),
		cmocka_unit_test(bad_load_data),
		cmocka_unit_test(impossible_orders),
		cmocka_unit_test(bad_rows),
		cmocka_unit_test(table_ids_are_used_again),
		cmocka_unit_test(unknown_and_refused_types),
		cmocka_unit_test(limits),
		cmocka_unit_test(group_replication_view_change),
		cmocka_unit_test(file_changes),
		cmocka_unit_test(master_crash_leaves_half_a_group),
		cmocka_unit_test(large_transactions_come_in_parts),
		cmocka_unit_test(abandoned_parts),
		cmocka_unit_test(positions_beyond_4_gib),
		cmocka_unit_test(mariadb_114_without_positions),
		cmocka_unit_test(impossible_positions),
		cmocka_unit_test(heartbeats),
		cmocka_unit_test(heartbeats_of_version_1),
		cmocka_unit_test(gtid_list_of_a_file),
		cmocka_unit_test(compressed_transactions),
		cmocka_unit_test(compressed_parts),
		cmocka_unit_test(compressed_parts_that_fail),
		cmocka_unit_test(payloads_hold_no_stream_events),
		cmocka_unit_test(stream_with_checksums),
		cmocka_unit_test(before_the_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
