/* Streams of events made by hand, pushed into an assembler. */
#ifndef TESTS_UNIT_BINLOG_STREAM_SUPPORT_H
#define TESTS_UNIT_BINLOG_STREAM_SUPPORT_H

#include "base/memory.h"
#include "binlog/transaction.h"
#include "support.h"

#define XID_BODY "\1\0\0\0\0\0\0\0"
#define GIB ((uint64_t)1 << 30)

struct stream {
	struct assembler *assembler;
	struct error error;
	uint64_t offset; /* of the next event */
	uint32_t timestamp;
	uint16_t flags; /* of the next event only */
	bool checksum;
	bool no_log_pos;     /* as MariaDB 11.4+ writes what goes through a cache */
	struct buffer taken; /* what came out, described */
};

static UNUSED const char *const kinds[] = {"OPEN", "COMMIT", "ROLLBACK", "STANDALONE", "XA_PREPARE",
	"XA_COMMIT", "XA_ROLLBACK", "EMPTY", "RESTART", "ABANDONED"};

static UNUSED void take(struct stream *stream)
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

static UNUSED int push(struct stream *stream, uint8_t type, const void *body, size_t length)
{
	struct buffer bytes = BUFFER_INIT;
	size_t size = EVENT_HEADER_SIZE + length + (stream->checksum ? EVENT_CHECKSUM_SIZE : 0);
	bool made_up = stream->flags & EVENT_FLAG_ARTIFICIAL || type == EVENT_HEARTBEAT ||
		       type == EVENT_HEARTBEAT_V2;
	int rc;

	if (!made_up)
		stream->offset += size;
	put_event(&bytes, type, stream->timestamp, 7,
		made_up || stream->no_log_pos ? 0 : (uint32_t)stream->offset, stream->flags, body, length,
		stream->checksum);
	stream->flags = 0;
	error_clear(&stream->error);
	rc = assembler_push(stream->assembler, (const uint8_t *)bytes.data, bytes.length, &stream->error);
	buffer_release(&bytes);
	return rc;
}

static UNUSED void ok(struct stream *stream, uint8_t type, const void *body, size_t length)
{
	if (push(stream, type, body, length) < 0)
		fail_msg("%s", stream->error.text);
}

static UNUSED void bad(struct stream *stream, uint8_t type, const void *body, size_t length,
	enum error_kind kind, const char *part)
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

static UNUSED void format(struct stream *stream, const char *version, uint32_t created)
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

static UNUSED void start_at(struct stream *stream, const char *version, uint64_t offset, size_t part_bytes)
{
	struct assembler_limits limits = {
		.part_bytes = part_bytes, .event_bytes = 1 << 22, .payload_bytes = 1 << 24};
	struct position position = {.file = "binlog.000001", .offset = offset};

	memset(stream, 0, sizeof(*stream));
	stream->assembler = assembler_new(&limits);
	stream->timestamp = 1000;
	stream->offset = offset;
	assembler_start(stream->assembler, &position, CHECKSUM_OFF);
	format(stream, version, 0);
}

static UNUSED void start(struct stream *stream, const char *version)
{
	start_at(stream, version, 4, 0);
}

static UNUSED void stop(struct stream *stream)
{
	assembler_free(stream->assembler);
	buffer_release(&stream->taken);
}

static UNUSED void assert_taken(struct stream *stream, const char *expected)
{
	take(stream);
	assert_string_equal(buffer_text(&stream->taken), expected);
	buffer_clear(&stream->taken);
}

static UNUSED void query_body(struct buffer *body, const char *status, const char *text)
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

static UNUSED int push_query(struct stream *stream, const char *text)
{
	struct buffer body = BUFFER_INIT;
	int rc;

	query_body(&body, "", text);
	rc = push(stream, EVENT_QUERY, body.data, body.length);
	buffer_release(&body);
	return rc;
}

static UNUSED void query(struct stream *stream, const char *text)
{
	if (push_query(stream, text) < 0)
		fail_msg("%s", stream->error.text);
}

static UNUSED void bad_query(struct stream *stream, const char *text, const char *part)
{
	struct buffer body = BUFFER_INIT;

	query_body(&body, "", text);
	bad(stream, EVENT_QUERY, body.data, body.length, ERROR_CORRUPT, part);
	buffer_release(&body);
}

static UNUSED void mysql_gtid_body(struct buffer *body, uint64_t number)
{
	put_hex(body, "01 00112233445566778899aabbccddeeff");
	buffer_put_le(body, number, 8);
	put_hex(body, "02 0300000000000000 0400000000000000 0a000000000000 20");
}

static UNUSED void mysql_gtid(struct stream *stream, uint64_t number)
{
	struct buffer body = BUFFER_INIT;

	mysql_gtid_body(&body, number);
	ok(stream, EVENT_GTID, body.data, body.length);
	buffer_release(&body);
}

static UNUSED void maria_gtid(struct stream *stream, uint64_t number, const char *flags_and_more)
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
static UNUSED void map_body(struct buffer *body, unsigned table_id, const char *table)
{
	buffer_put_le(body, table_id, 6);
	put_hex(body, "0100 01 64 00");
	buffer_putc(body, (char)strlen(table));
	buffer_append(body, table, strlen(table) + 1);
	put_hex(body, "01 03 00 01");
}

static UNUSED void map(struct stream *stream, unsigned table_id, const char *table)
{
	struct buffer body = BUFFER_INIT;

	map_body(&body, table_id, table);
	ok(stream, EVENT_TABLE_MAP, body.data, body.length);
	buffer_release(&body);
}

static UNUSED void rows_body(struct buffer *body, unsigned table_id, unsigned flags, unsigned count)
{
	buffer_put_le(body, table_id, 6);
	buffer_put_le(body, flags, 2);
	put_hex(body, "0200 01 01");
	for (unsigned i = 0; i < count; i++) {
		buffer_putc(body, 0);
		buffer_put_le(body, i, 4);
	}
}

static UNUSED void rows(struct stream *stream, unsigned table_id, unsigned flags, unsigned count)
{
	struct buffer body = BUFFER_INIT;

	rows_body(&body, table_id, flags, count);
	ok(stream, EVENT_WRITE_ROWS_V2, body.data, body.length);
	buffer_release(&body);
}

static UNUSED void xid(struct stream *stream)
{
	ok(stream, EVENT_XID, XID_BODY, 8);
}

/* The events kept of a prepared transaction, as one, given in pieces of `piece` bytes (0: at once). */
static UNUSED int assemble_kept(const uint8_t *events, size_t length, size_t piece,
	struct transaction **transaction, struct error *error)
{
	struct assembler_limits limits = {0};
	struct assembler *assembler = assembler_new_kept(&limits);
	int rc = 0;

	for (size_t at = 0, take; at < length && rc == 0; at += take) {
		take = piece && piece < length - at ? piece : length - at;
		rc = assembler_push_kept(assembler, events + at, take, error);
	}
	if (rc == 0)
		rc = assembler_end_kept(assembler, error);
	*transaction = rc == 0 ? assembler_next(assembler) : NULL;
	assembler_free(assembler);
	return rc;
}

#define UUID "00112233-4455-6677-8899-aabbccddeeff"

static UNUSED void rotate(struct stream *s, const char *file, uint64_t offset, bool made_up)
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

#endif
