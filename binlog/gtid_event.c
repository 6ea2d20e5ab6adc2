#include "binlog/gtid_event.h"

#include <string.h>

#include "base/cursor.h"
#include "binlog/gtid_text.h"

#define LOGICAL_CLOCK_CODE 2u
#define TIME_BITS 55
#define HAS_ORIGINAL_TIME (UINT64_C(1) << TIME_BITS)
#define HAS_ORIGINAL_VERSION 0x80000000u
#define UNKNOWN_VERSION 999999u

/* A GTID is between 1 and 2^63 − 2; an anonymous event has neither uuid nor number. */
static int check_number(
	const struct event *event, struct gtid_event *gtid, uint64_t number, struct error *error)
{
	if (event->header.type == EVENT_ANONYMOUS_GTID) {
		gtid->gtid = (struct gtid){.kind = GTID_NONE};
		return 0;
	}
	if (number < 1 || number > GTID_MYSQL_MAXIMUM)
		return error_set(error, ERROR_CORRUPT, "the GTID's number is %llu, expected 1 or more.",
			(unsigned long long)number);
	gtid->gtid.kind = GTID_MYSQL;
	gtid->gtid.number = number;
	return 0;
}

static uint32_t known_version(uint64_t version)
{
	return version == UNKNOWN_VERSION || version > UINT32_MAX ? 0 : (uint32_t)version;
}

/* What MySQL 8 appended bit by bit: each field is there when bytes are left for it. */
static void parse_later_fields(struct cursor *cursor, struct gtid_event *gtid)
{
	uint64_t immediate;
	uint32_t version;

	if (cursor_left(cursor) < 7)
		return;
	immediate = cursor_le(cursor, 7);
	gtid->immediate_commit_us = immediate & (HAS_ORIGINAL_TIME - 1);
	gtid->original_commit_us =
		immediate & HAS_ORIGINAL_TIME ? cursor_le(cursor, 7) : gtid->immediate_commit_us;
	if (cursor->bad || cursor_empty(cursor))
		return;
	gtid->transaction_length = cursor_lenenc(cursor);
	if (cursor->bad || cursor_left(cursor) < 4)
		return;
	version = cursor_u32(cursor);
	gtid->immediate_version = known_version(version & ~HAS_ORIGINAL_VERSION);
	gtid->original_version =
		version & HAS_ORIGINAL_VERSION ? known_version(cursor_u32(cursor)) : gtid->immediate_version;
	if (!cursor->bad && cursor_left(cursor) >= 8)
		gtid->commit_group_ticket = cursor_u64(cursor);
}

static int parse_mysql(const struct event *event, struct gtid_event *gtid, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	const uint8_t *uuid;
	uint64_t number;

	gtid->flags = cursor_u8(&cursor);
	uuid = cursor_bytes(&cursor, 16);
	number = cursor_u64(&cursor);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"a GTID takes 25 bytes at least, but the event's body has %zu.", event->body_length);
	memcpy(gtid->gtid.uuid, uuid, 16);
	if (check_number(event, gtid, number, error) < 0)
		return -1;
	if (cursor_left(&cursor) < 17 || cursor_u8(&cursor) != LOGICAL_CLOCK_CODE)
		return 0; /* MySQL 5.6 */
	gtid->has_clock = true;
	gtid->last_committed = (int64_t)cursor_u64(&cursor);
	gtid->sequence_number = (int64_t)cursor_u64(&cursor);
	parse_later_fields(&cursor, gtid);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"a field of the GTID event ends behind its body of %zu bytes.", event->body_length);
	return 0;
}

uint64_t cursor_varlen(struct cursor *cursor)
{
	uint8_t first = cursor_u8(cursor);
	unsigned more = 0;
	const uint8_t *rest;
	uint64_t value = first;

	while (more < 8 && (first >> more & 1))
		more++;
	rest = cursor_bytes(cursor, more);
	if (!rest)
		return 0;
	if (more == 8) { /* the value has bytes of its own */
		value = 0;
		for (unsigned i = 8; i-- > 0;)
			value = value << 8 | rest[i];
		return value;
	}
	for (unsigned i = 0; i < more; i++)
		value |= (uint64_t)rest[i] << (8 * (i + 1));
	return value >> (more + 1);
}

int64_t cursor_varlen_signed(struct cursor *cursor)
{
	uint64_t value = cursor_varlen(cursor);
	uint64_t magnitude = value >> 1;

	return (int64_t)(value & 1 ? ~magnitude : magnitude);
}

enum tagged_field {
	TAGGED_FLAGS = 0,
	TAGGED_UUID = 1,
	TAGGED_NUMBER = 2,
	TAGGED_TAG = 3,
	TAGGED_LAST_COMMITTED = 4,
	TAGGED_SEQUENCE_NUMBER = 5,
	TAGGED_IMMEDIATE_TIME = 6,
	TAGGED_ORIGINAL_TIME = 7,
	TAGGED_LENGTH = 8,
	TAGGED_IMMEDIATE_VERSION = 9,
	TAGGED_ORIGINAL_VERSION = 10,
	TAGGED_TICKET = 11,
};

static void read_tag(struct cursor *cursor, struct gtid *gtid)
{
	uint64_t length = cursor_varlen(cursor);
	const uint8_t *tag = cursor_bytes(cursor, length);

	if (!tag)
		return;
	if (!gtid_tag_valid((const char *)tag, length)) {
		cursor->bad = true;
		return;
	}
	memcpy(gtid->tag, tag, length);
	gtid->tag[length] = '\0';
}

static void read_serialized_uuid(struct cursor *cursor, struct gtid *gtid)
{
	for (int i = 0; i < 16; i++) {
		uint64_t byte = cursor_varlen(cursor);

		if (byte > 255)
			cursor->bad = true;
		gtid->uuid[i] = (uint8_t)byte;
	}
}

/* One field of the message; false when the number is unknown. */
static bool read_tagged_field(uint64_t id, struct cursor *cursor, struct gtid_event *gtid, uint64_t *number)
{
	switch (id) {
	case TAGGED_FLAGS:
		gtid->flags = (uint8_t)cursor_varlen(cursor);
		return true;
	case TAGGED_UUID:
		read_serialized_uuid(cursor, &gtid->gtid);
		return true;
	case TAGGED_NUMBER:
		*number = (uint64_t)cursor_varlen_signed(cursor);
		return true;
	case TAGGED_TAG:
		read_tag(cursor, &gtid->gtid);
		return true;
	case TAGGED_LAST_COMMITTED:
		gtid->last_committed = cursor_varlen_signed(cursor);
		return true;
	case TAGGED_SEQUENCE_NUMBER:
		gtid->sequence_number = cursor_varlen_signed(cursor);
		return true;
	case TAGGED_IMMEDIATE_TIME:
		gtid->immediate_commit_us = cursor_varlen(cursor);
		return true;
	case TAGGED_ORIGINAL_TIME:
		gtid->original_commit_us = cursor_varlen(cursor);
		return true;
	case TAGGED_LENGTH:
		gtid->transaction_length = cursor_varlen(cursor);
		return true;
	case TAGGED_IMMEDIATE_VERSION:
		gtid->immediate_version = known_version(cursor_varlen(cursor));
		return true;
	case TAGGED_ORIGINAL_VERSION:
		gtid->original_version = known_version(cursor_varlen(cursor));
		return true;
	case TAGGED_TICKET:
		gtid->commit_group_ticket = cursor_varlen(cursor);
		return true;
	default:
		return false;
	}
}

static int parse_tagged(const struct event *event, struct gtid_event *gtid, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length), message;
	uint64_t version = cursor_varlen(&cursor), size = cursor_varlen(&cursor),
		 last_required = cursor_varlen(&cursor);
	uint64_t head = (uint64_t)(cursor.at - event->body), number = 0;

	if (cursor.bad || size < head || size > event->body_length)
		return error_set(error, ERROR_CORRUPT,
			"the tagged GTID's message of %llu bytes does not fit the body of %zu.",
			(unsigned long long)size, event->body_length);
	if (version != 1)
		return error_set(error, ERROR_STOP,
			"the tagged GTID is serialized in version %llu; only 1 is known.",
			(unsigned long long)version);
	message = cursor_sub(&cursor, size - head);
	while (!cursor_empty(&message)) {
		uint64_t id = cursor_varlen(&message);

		if (!message.bad && !read_tagged_field(id, &message, gtid, &number)) {
			if (id + 1 <= last_required) /* stored as id + 1; 0 is none */
				return error_set(error, ERROR_STOP,
					"the tagged GTID has a field %llu that must be understood and is "
					"unknown.",
					(unsigned long long)id);
			break;
		}
		if (message.bad)
			return error_set(error, ERROR_CORRUPT,
				"field %llu of the tagged GTID does not fit its message.",
				(unsigned long long)id);
	}
	gtid->has_clock = true;
	if (!gtid->original_commit_us)
		gtid->original_commit_us = gtid->immediate_commit_us;
	if (!gtid->original_version)
		gtid->original_version = gtid->immediate_version;
	return check_number(event, gtid, number, error);
}

static void read_xid(struct cursor *cursor, struct xid *xid)
{
	uint8_t gtrid_length, bqual_length;

	xid->format_id = cursor_u32(cursor);
	gtrid_length = cursor_u8(cursor);
	bqual_length = cursor_u8(cursor);
	if (!cursor->bad && !xid_read_data(cursor, gtrid_length, bqual_length, xid))
		cursor->bad = true;
}

static int parse_mariadb(const struct event *event, struct gtid_event *gtid, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	gtid->gtid.kind = GTID_MARIADB;
	gtid->gtid.server_id = event->header.server_id;
	gtid->gtid.number = cursor_u64(&cursor);
	gtid->gtid.domain = cursor_u32(&cursor);
	gtid->flags = cursor_u8(&cursor);
	if (gtid->flags & MARIA_GTID_GROUP_COMMIT_ID)
		gtid->commit_id = cursor_u64(&cursor);
	if (gtid->flags & (MARIA_GTID_PREPARED_XA | MARIA_GTID_COMPLETED_XA))
		read_xid(&cursor, &gtid->xid);
	if (!cursor.bad && !cursor_empty(&cursor)) /* zeros pad the body, so that absent flags read as none */
		gtid->flags_extra = cursor_u8(&cursor);
	if (gtid->flags_extra & MARIA_GTID_MULTI_ENGINE)
		cursor_u8(&cursor);
	if (gtid->flags_extra & (MARIA_GTID_COMMIT_ALTER | MARIA_GTID_ROLLBACK_ALTER))
		gtid->sa_seq_no = cursor_u64(&cursor);
	if (gtid->flags_extra & MARIA_GTID_THREAD_ID)
		gtid->thread_id = cursor_u32(&cursor);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"a field of the GTID event ends behind its body of %zu bytes.", event->body_length);
	if (gtid->gtid.number == 0)
		return error_set(error, ERROR_CORRUPT, "the GTID's sequence number is 0.");
	return 0;
}

int gtid_event_parse(const struct event *event, struct gtid_event *gtid, struct error *error)
{
	memset(gtid, 0, sizeof(*gtid));
	switch (event->header.type) {
	case EVENT_MARIA_GTID:
		return parse_mariadb(event, gtid, error);
	case EVENT_GTID_TAGGED:
		return parse_tagged(event, gtid, error);
	default:
		return parse_mysql(event, gtid, error);
	}
}
