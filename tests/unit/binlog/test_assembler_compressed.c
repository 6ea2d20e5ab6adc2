/* Compressed transactions. */
#include <zstd.h>

#include "stream_support.h"

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
	bad(&s, EVENT_TRANSACTION_PAYLOAD, body.data, body.length, ERROR_CORRUPT,
		"does not end the transaction");
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
	static const uint8_t types[] = {
		EVENT_ROTATE, EVENT_FORMAT_DESCRIPTION, EVENT_TRANSACTION_PAYLOAD, EVENT_XID, 99};

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
		assert_error(&s.error, types[i] == 99 ? ERROR_STOP : ERROR_CORRUPT,
			"inside a compressed transaction");
		assert_error(&s.error, s.error.kind, "byte 28 of the uncompressed transaction");
		stop(&s);
		buffer_release(&plain);
		buffer_release(&body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_transactions),
		cmocka_unit_test(compressed_parts),
		cmocka_unit_test(compressed_parts_that_fail),
		cmocka_unit_test(payloads_hold_no_stream_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
