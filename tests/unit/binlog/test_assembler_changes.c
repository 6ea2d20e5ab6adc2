/* What a transaction holds: context, files, rows; and parts of large ones. */
#include "binlog/assembler.h"
#include "stream_support.h"

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
	assert_true(c->statement->context.has_last_insert_id && c->statement->context.last_insert_id == 5);
	assert_true(c->statement->context.has_insert_id && c->statement->context.insert_id == 6);
	assert_true(c->statement->context.has_rand && c->statement->context.rand_seed1 == 1 && c->statement->context.rand_seed2 == 2);
	assert_true(c->statement->context.variables->is_null);
	assert_memory_equal(c->statement->context.variables->next->value, "xy", 2);
	assert_null(c->statement->context.variables->next->next);
	c = c->next; /* the context was for one statement */
	assert_false(c->statement->context.has_insert_id || c->statement->context.has_last_insert_id || c->statement->context.has_rand);
	assert_null(c->statement->context.variables);
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
	assert_int_equal(t->first->statement->context.insert_id, 8); /* the last one counts */
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
	bad(&s, EVENT_WRITE_ROWS_V2, body.data, body.length, ERROR_CORRUPT,
		"2 columns, but the table map of d.t has 1");
	stop(&s);
	buffer_release(&body);
}

/* MySQL uses an id again for another version of the table: each rows event keeps the map that it came with.
 */
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

/* Variables for a statement that does not come can neither be handed out nor end: refused, with the option to raise. */
static void whole_limit(void **state)
{
	uint8_t body[20000] = "\1\0\0\0a\0\0\10\0\0\0";

	(void)state;
	body[11] = (uint8_t)(sizeof(body) - 15);
	body[12] = (uint8_t)((sizeof(body) - 15) >> 8);
	for (int begun = 0; begun < 2; begun++) {
		struct stream s;
		unsigned pushed = 0;
		int rc = 0;

		start_at(&s, "8.0.41", 4, 65536);
		s.assembler->limits.whole_bytes = 200000;
		mysql_gtid(&s, 1);
		if (begun)
			query(&s, "BEGIN");
		while (rc == 0 && ++pushed < 1000) {
			rc = push(&s, EVENT_USER_VAR, body, sizeof(body));
			take(&s);
		}
		assert_int_equal(rc, -1);
		assert_error(&s.error, ERROR_STOP, "max-whole-bytes");
		assert_error(&s.error, ERROR_STOP, "binlog.000001:");
		stop(&s);
	}
}

/* Of what can be handed out there is no end to be afraid of. */
static void no_whole_limit_for_parts(void **state)
{
	struct stream s;

	(void)state;
	start_at(&s, "8.0.41", 4, 4096);
	s.assembler->limits.whole_bytes = 65536;
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	for (unsigned i = 0; i < 5000; i++) {
		query(&s, "insert into t values (1)");
		take(&s);
	}
	xid(&s);
	take(&s);
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
		assert_int_equal(
			t->end.offset, ended ? s.offset : begin); /* a place that a restart may ask for */
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

/* The blocks of a large file are handed out before the statement, which says that they came; its context, which the log
 * has in front of them, stays with it. */
static void load_data_in_parts(void **state)
{
	struct stream s;
	struct buffer body = BUFFER_INIT, block = BUFFER_INIT, got = BUFFER_INIT;
	struct transaction *t;
	unsigned parts = 0;

	(void)state;
	load_query_body(&body, 7);
	start_at(&s, "8.0.41", 4, 4096);
	for (int fails = 1; fails >= 0; fails--) {
		buffer_clear(&got);
		parts = 0;
		mysql_gtid(&s, 1);
		query(&s, "BEGIN");
		ok(&s, EVENT_USER_VAR, "\1\0\0\0b\0\0\10\0\0\0\2\0\0\0xy", 17);
		ok(&s, EVENT_USER_VAR, "\1\0\0\0c\1", 6);
		for (unsigned i = 0; i < 10; i++) {
			buffer_clear(&block);
			buffer_put_le(&block, 7, 4);
			for (unsigned n = 0; n < 1500; n++)
				buffer_putc(&block, (char)(i * 7 + n));
			ok(&s, i ? EVENT_APPEND_BLOCK : EVENT_BEGIN_LOAD_QUERY, block.data, block.length);
		}
		if (fails)
			ok(&s, EVENT_DELETE_FILE, "\7\0\0\0", 4);
		else
			ok(&s, EVENT_EXECUTE_LOAD_QUERY, body.data, body.length);
		xid(&s);
		while ((t = assembler_next(s.assembler))) {
			assert_int_equal(t->part, parts++);
			for (const struct change *c = t->first; c; c = c->next) {
				assert_int_equal(c->continues, got.length > 0);
				assert_int_equal(c->kind, t->kind == TRANSACTION_OPEN ? CHANGE_BLOCKS : CHANGE_LOAD);
				assert_int_equal(change_is_statement(c), c->kind == CHANGE_LOAD);
				for (const struct load_block *b = c->blocks; b; b = b->next)
					buffer_append(&got, b->data, b->length);
				if (c->kind != CHANGE_LOAD)
					continue;
				assert_memory_equal(c->statement->context.variables->value, "xy", 2);
				assert_memory_equal(c->statement->context.variables->next->name, "c", 1);
				assert_null(c->statement->context.variables->next->next);
			}
			assert_int_equal(t->changes, t->kind == TRANSACTION_OPEN || !fails);
			transaction_free(t);
		}
		assert_true(parts > 2);
		for (size_t i = 0; i < got.length; i++)
			assert_int_equal((uint8_t)got.data[i], (uint8_t)(i / 1500 * 7 + i % 1500));
		assert_true(fails || got.length == 15000);
	}
	/* without BEGIN, as before 5.6: what failed there is an empty one */
	ok(&s, EVENT_BEGIN_LOAD_QUERY, block.data, block.length);
	for (unsigned i = 0; i < 5; i++)
		ok(&s, EVENT_APPEND_BLOCK, block.data, block.length);
	ok(&s, EVENT_DELETE_FILE, "\7\0\0\0", 4);
	assert_taken(&s, "OPEN 1;OPEN part 1 1;OPEN part 2 1;EMPTY part 3 0;");
	buffer_release(&body);
	buffer_release(&block);
	buffer_release(&got);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statement_context),
		cmocka_unit_test(load_data),
		cmocka_unit_test(load_data_in_parts),
		cmocka_unit_test(bad_load_data),
		cmocka_unit_test(bad_rows),
		cmocka_unit_test(table_ids_are_used_again),
		cmocka_unit_test(whole_limit),
		cmocka_unit_test(no_whole_limit_for_parts),
		cmocka_unit_test(limits),
		cmocka_unit_test(large_transactions_come_in_parts),
		cmocka_unit_test(abandoned_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
