#include "binlog/control.h"

#include <string.h>

#include "base/cursor.h"

#define GTID_LIST_COUNT_MASK 0x0fffffffu
#define GTID_LIST_ITEM_BYTES 16u

static int short_body(const struct event *event, unsigned expected, struct error *error)
{
	return error_set(error, ERROR_CORRUPT, "its body has %zu bytes, expected at least %u.",
		event->body_length, expected);
}

/* A file name comes from outside and ends up in messages, in state and in requests. */
static int copy_file_name(const uint8_t *name, size_t length, struct position *position, struct error *error)
{
	if (length == 0 || length > BINLOG_NAME_MAXIMUM)
		return error_set(error, ERROR_CORRUPT, "it names a file by %zu bytes, expected 1 to %u.",
			length, BINLOG_NAME_MAXIMUM);
	for (size_t i = 0; i < length; i++) {
		if (name[i] < 0x20 || name[i] == 0x7f || name[i] == '/' || name[i] == '\\')
			return error_set(error, ERROR_CORRUPT,
				"the name of the file it names has a byte 0x%02x, which no binary log's name "
				"has.",
				name[i]);
	}
	memcpy(position->file, name, length);
	memset(position->file + length, 0, sizeof(position->file) - length);
	return 0;
}

int rotate_event_parse(const struct event *event, struct position *next, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	next->offset = cursor_u64(&cursor);
	if (cursor.bad)
		return short_body(event, 9, error);
	if (next->offset < 4 || next->offset > INT64_MAX)
		return error_set(error, ERROR_CORRUPT,
			"it names the offset %llu in the next file, expected 4 or more.",
			(unsigned long long)next->offset);
	return copy_file_name(cursor.at, cursor_left(&cursor), next, error);
}

enum heartbeat_field { HEARTBEAT_END = 0, HEARTBEAT_FILE = 1, HEARTBEAT_OFFSET = 2 };

static int parse_heartbeat_v2(const struct event *event, struct position *position, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	for (;;) {
		uint64_t field = cursor_lenenc(&cursor);
		struct cursor value;

		if (!cursor.bad && field == HEARTBEAT_END)
			return 0;
		value = cursor_sub(&cursor, cursor_lenenc(&cursor));
		if (field == HEARTBEAT_OFFSET)
			position->offset = cursor_lenenc(&value);
		if (cursor.bad || value.bad)
			return error_set(error, ERROR_CORRUPT, "its fields end behind its body of %zu bytes.",
				event->body_length);
		if (field == HEARTBEAT_FILE &&
			copy_file_name(value.at, cursor_left(&value), position, error) < 0)
			return -1;
	}
}

int heartbeat_event_parse(
	const struct event *event, struct position *position, bool *wide, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	position->file[0] = '\0';
	position->offset = event->header.log_pos;
	*wide = event->header.type == EVENT_HEARTBEAT_V2;
	if (*wide)
		return parse_heartbeat_v2(event, position, error);
	if (event->header.log_pos == 0) { /* MariaDB behind 4 GiB */
		position->offset = cursor_u64(&cursor);
		*wide = true;
		if (cursor.bad)
			return short_body(event, 9, error);
	}
	return copy_file_name(cursor.at, cursor_left(&cursor), position, error);
}

int gtid_list_begin(const struct event *event, struct gtid_list *list, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	uint32_t head = cursor_u32(&cursor), count = head & GTID_LIST_COUNT_MASK;

	if (cursor.bad)
		return short_body(event, 4, error);
	if (count > cursor_left(&cursor) / GTID_LIST_ITEM_BYTES)
		return error_set(error, ERROR_CORRUPT,
			"it announces %lu GTIDs, more than its body of %zu bytes can hold.",
			(unsigned long)count, event->body_length);
	*list = (struct gtid_list){.flags = head & ~GTID_LIST_COUNT_MASK, .left = count, .items = cursor};
	return 0;
}

bool gtid_list_next(struct gtid_list *list, struct gtid *gtid)
{
	if (list->left == 0)
		return false;
	list->left--;
	*gtid = (struct gtid){.kind = GTID_MARIADB};
	gtid->domain = cursor_u32(&list->items);
	gtid->server_id = cursor_u32(&list->items);
	gtid->number = cursor_u64(&list->items);
	return true;
}

int gtid_list_event_parse(
	const struct event *event, struct gtid_set *set, uint32_t *flags, struct error *error)
{
	struct gtid_list list;
	struct gtid gtid;

	if (gtid_list_begin(event, &list, error) < 0)
		return -1;
	*flags = list.flags;
	while (gtid_list_next(&list, &gtid)) {
		if (gtid_set_add(set, &gtid, error) < 0)
			return -1;
	}
	return 0;
}

int incident_event_parse(const struct event *event, const struct binlog_format *format,
	struct incident_event *incident, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	unsigned post_header = format->known ? format->post_header_length[EVENT_INCIDENT] : 2;

	incident->number = cursor_u16(&cursor);
	if (post_header > 2)
		cursor_bytes(&cursor, post_header - 2);
	incident->message_length = cursor_u8(&cursor);
	incident->message = (const char *)cursor_bytes(&cursor, incident->message_length);
	return cursor.bad ? short_body(event, 3u + incident->message_length, error) : 0;
}

int intvar_event_parse(const struct event *event, uint8_t *kind, uint64_t *value, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	*kind = cursor_u8(&cursor);
	*value = cursor_u64(&cursor);
	if (cursor.bad)
		return short_body(event, 9, error);
	if (*kind != INTVAR_LAST_INSERT_ID && *kind != INTVAR_INSERT_ID)
		return error_set(error, ERROR_STOP,
			"it sets a variable of kind %u; only 1 (LAST_INSERT_ID) and 2 (INSERT_ID) are known.",
			*kind);
	return 0;
}

int rand_event_parse(const struct event *event, uint64_t *seed1, uint64_t *seed2, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	*seed1 = cursor_u64(&cursor);
	*seed2 = cursor_u64(&cursor);
	return cursor.bad ? short_body(event, 16, error) : 0;
}

int xid_event_parse(const struct event *event, uint64_t *number, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	*number = cursor_u64(&cursor);
	return cursor.bad ? short_body(event, 8, error) : 0;
}

int load_block_parse(const struct event *event, uint32_t *file_id, const uint8_t **data, size_t *length,
	struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	*file_id = cursor_u32(&cursor);
	*data = cursor.at;
	*length = cursor_left(&cursor);
	return cursor.bad ? short_body(event, 4, error) : 0;
}

int annotation_parse(const struct event *event, const char **text, size_t *length, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);

	if (event->header.type == EVENT_ROWS_QUERY) /* a length that ends at 255: the body's end counts */
		cursor_u8(&cursor);
	*text = (const char *)cursor.at;
	*length = cursor_left(&cursor);
	return cursor.bad ? short_body(event, 1, error) : 0;
}
