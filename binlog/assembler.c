/* Takes events one after the other, follows the position in the master's file, and hands out transactions. */
#include "binlog/assembler.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define UPPER_HALF (~(uint64_t)0xffffffff)
#define OFFSET_WRAP ((uint64_t)1 << 32)

static assembler_handler *const handlers[256] = {
	[EVENT_START_V3] = handle_ancient,
	[EVENT_QUERY] = handle_query,
	[EVENT_STOP] = handle_stop,
	[EVENT_ROTATE] = handle_rotate,
	[EVENT_INTVAR] = handle_intvar,
	[EVENT_LOAD] = handle_ancient,
	[EVENT_SLAVE] = handle_ancient,
	[EVENT_CREATE_FILE] = handle_ancient,
	[EVENT_APPEND_BLOCK] = handle_append_block,
	[EVENT_EXEC_LOAD] = handle_ancient,
	[EVENT_DELETE_FILE] = handle_delete_file,
	[EVENT_NEW_LOAD] = handle_ancient,
	[EVENT_RAND] = handle_rand,
	[EVENT_USER_VAR] = handle_user_var,
	[EVENT_FORMAT_DESCRIPTION] = handle_format,
	[EVENT_XID] = handle_xid,
	[EVENT_BEGIN_LOAD_QUERY] = handle_begin_load,
	[EVENT_EXECUTE_LOAD_QUERY] = handle_query,
	[EVENT_TABLE_MAP] = handle_table_map,
	[EVENT_PRE_GA_WRITE_ROWS] = handle_ancient,
	[EVENT_PRE_GA_UPDATE_ROWS] = handle_ancient,
	[EVENT_PRE_GA_DELETE_ROWS] = handle_ancient,
	[EVENT_WRITE_ROWS_V1] = handle_rows,
	[EVENT_UPDATE_ROWS_V1] = handle_rows,
	[EVENT_DELETE_ROWS_V1] = handle_rows,
	[EVENT_INCIDENT] = handle_incident,
	[EVENT_HEARTBEAT] = handle_heartbeat,
	[EVENT_IGNORABLE] = handle_ignored,
	[EVENT_ROWS_QUERY] = handle_annotation,
	[EVENT_WRITE_ROWS_V2] = handle_rows,
	[EVENT_UPDATE_ROWS_V2] = handle_rows,
	[EVENT_DELETE_ROWS_V2] = handle_rows,
	[EVENT_GTID] = handle_gtid,
	[EVENT_ANONYMOUS_GTID] = handle_gtid,
	[EVENT_PREVIOUS_GTIDS] = handle_previous_gtids,
	[EVENT_TRANSACTION_CONTEXT] = handle_ignored,
	[EVENT_VIEW_CHANGE] = handle_view_change,
	[EVENT_XA_PREPARE] = handle_xa_prepare,
	[EVENT_PARTIAL_UPDATE_ROWS] = handle_rows,
	[EVENT_TRANSACTION_PAYLOAD] = handle_payload,
	[EVENT_HEARTBEAT_V2] = handle_heartbeat,
	[EVENT_GTID_TAGGED] = handle_gtid,
	[EVENT_LARGE_TRANSACTION_HEADER] = handle_ignored,
	[EVENT_MARIA_ANNOTATE_ROWS] = handle_annotation,
	[EVENT_MARIA_BINLOG_CHECKPOINT] = handle_ignored,
	[EVENT_MARIA_GTID] = handle_gtid,
	[EVENT_MARIA_GTID_LIST] = handle_gtid_list,
	[EVENT_MARIA_START_ENCRYPTION] = handle_start_encryption,
	[EVENT_MARIA_QUERY_COMPRESSED] = handle_query,
	[EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1] = handle_rows,
	[EVENT_MARIA_UPDATE_ROWS_COMPRESSED_V1] = handle_rows,
	[EVENT_MARIA_DELETE_ROWS_COMPRESSED_V1] = handle_rows,
	[EVENT_MARIA_WRITE_ROWS_COMPRESSED] = handle_rows,
	[EVENT_MARIA_UPDATE_ROWS_COMPRESSED] = handle_rows,
	[EVENT_MARIA_DELETE_ROWS_COMPRESSED] = handle_rows,
	[EVENT_MARIA_PARTIAL_ROW_DATA] = handle_partial_row_data,
};

struct assembler *assembler_new(const struct assembler_limits *limits)
{
	struct assembler *assembler = memory_zalloc(sizeof(*assembler));

	assembler->limits = *limits;
	assembler->expect_format = true;
	assembler->maps = map_cache_new();
	return assembler;
}

static void free_queue(struct assembler *assembler)
{
	while (assembler->first) {
		struct transaction *next = assembler->first->next;

		transaction_free(assembler->first);
		assembler->first = next;
	}
	assembler->last = NULL;
}

void assembler_free(struct assembler *assembler)
{
	if (!assembler)
		return;
	free_queue(assembler);
	transaction_free(assembler->group.transaction);
	transaction_free(assembler->part_out);
	payload_reader_free(assembler->payload);
	map_cache_free(assembler->maps);
	buffer_release(&assembler->format_body);
	buffer_release(&assembler->verbatim);
	buffer_release(&assembler->kept);
	free(assembler);
}

void assembler_start(
	struct assembler *assembler, const struct position *position, enum checksum_algorithm checksum)
{
	free_queue(assembler);
	transaction_free(assembler->group.transaction);
	memset(&assembler->group, 0, sizeof(assembler->group));
	buffer_clear(&assembler->verbatim);
	buffer_clear(&assembler->kept);
	assembler->groups_ended = 0;
	memset(&assembler->format, 0, sizeof(assembler->format));
	assembler->format.checksum = checksum;
	assembler->position = *position;
	assembler->event_begin = assembler->event_end = position->offset;
	assembler->expect_format = true;
	assembler->first_in_file = true;
	assembler->failed = assembler->in_payload = assembler->payload_waits = false;
	error_clear(&assembler->deferred);
	if (assembler->part_out) {
		struct transaction *abandoned = transaction_new(assembler, TRANSACTION_ABANDONED);

		transaction_copy_head(abandoned, assembler->part_out);
		abandoned->kind = TRANSACTION_ABANDONED;
		abandoned->part = assembler->part_out->part + 1;
		abandoned->end = transaction_place(abandoned, position);
		assembler_queue(assembler, abandoned);
	}
}

/* Is the event none of the file's: made up by the master for this stream, or sent from another place? */
static bool is_made_up(const struct event_header *header)
{
	if (header->flags & EVENT_FLAG_ARTIFICIAL)
		return true;
	switch (header->type) {
	case EVENT_HEARTBEAT:
	case EVENT_HEARTBEAT_V2:
		return true;
	case EVENT_ROTATE:
	case EVENT_FORMAT_DESCRIPTION:
		return header->log_pos == 0;
	case EVENT_MARIA_GTID_LIST:
		return header->timestamp == 0;
	default:
		return false;
	}
}

/* Finds where the event stands (2.1): by the 32 bits that its header has of the offset behind it, or by its
 * length where MariaDB 11.4+ leaves them 0. */
static int place_event(struct assembler *assembler, const struct event_header *header, struct error *error)
{
	uint64_t offset = assembler->position.offset, end;

	assembler->event_begin = assembler->event_end = offset;
	if (is_made_up(header))
		return 0;
	assembler->event_end = offset + header->length;
	if (header->log_pos == 0)
		return 0;
	end = (offset & UPPER_HALF) | header->log_pos;
	if (end < offset && offset - end > OFFSET_WRAP / 2)
		end += OFFSET_WRAP;
	if (end < offset + header->length)
		return error_set(error, ERROR_CORRUPT,
			"its %lu bytes end at offset %llu by its header, but what stood before it had ended "
			"at %llu.",
			(unsigned long)header->length, (unsigned long long)end, (unsigned long long)offset);
	assembler->event_begin = end - header->length;
	assembler->event_end = end;
	/* MariaDB leaves events out that a replica did not ask for; MySQL leaves out whole groups only. */
	if (assembler->event_begin != offset && assembler->group.state != GROUP_NONE &&
		assembler->format.family == FAMILY_MYSQL && assembler->format.version >= 50600)
		return error_set(error, ERROR_CORRUPT,
			"%llu bytes of the log are missing before it, inside a transaction.",
			(unsigned long long)(assembler->event_begin - offset));
	return 0;
}

static void name_event(
	const struct assembler *assembler, const struct event_header *header, struct error *error)
{
	const char *name = event_type_name(header->type);

	error_context(error, "Event %s (type %u, %lu bytes%s) at %s:%llu",
		name ? name : "of a type nobody knows", header->type, (unsigned long)header->length,
		assembler->in_payload ? ", inside a compressed transaction" : "",
		assembler->position.file[0] ? assembler->position.file : "(start of the stream)",
		(unsigned long long)assembler->event_begin);
}

/* What may come although a format description is due. */
static bool is_due(const struct assembler *assembler, const struct event_header *header)
{
	return !assembler->expect_format || header->type == EVENT_FORMAT_DESCRIPTION ||
	       header->type == EVENT_ROTATE || header->type == EVENT_HEARTBEAT ||
	       header->type == EVENT_HEARTBEAT_V2;
}

/* Is the event part of the group it stands in, and not of the stream or the file? */
static bool belongs_to_group(const struct event_header *header)
{
	switch (header->type) {
	case EVENT_STOP:
	case EVENT_ROTATE:
	case EVENT_FORMAT_DESCRIPTION:
	case EVENT_HEARTBEAT:
	case EVENT_HEARTBEAT_V2:
	case EVENT_PREVIOUS_GTIDS:
	case EVENT_TRANSACTION_PAYLOAD: /* its events belong, one by one */
	case EVENT_MARIA_BINLOG_CHECKPOINT:
	case EVENT_MARIA_GTID_LIST:
	case EVENT_MARIA_START_ENCRYPTION:
		return false;
	default:
		return true;
	}
}

/* What could be handed out has been: the rest stays in memory until the group's end. */
static int check_whole(const struct assembler *assembler, struct error *error)
{
	const struct transaction *transaction = assembler->group.transaction;
	size_t bytes = (transaction ? transaction_bytes(transaction) : 0) + assembler->verbatim.length;

	if (!transaction || !assembler->limits.whole_bytes || bytes <= assembler->limits.whole_bytes)
		return 0;
	return error_set(error, ERROR_STOP,
		"with it %zu bytes of the transaction have to be kept, as they cannot be applied in parts (variables of a "
		"statement, maps of its tables), above the limit of %zu; raise max-whole-bytes to take it.",
		bytes, assembler->limits.whole_bytes);
}

int assembler_dispatch(struct assembler *assembler, const struct event *event, struct error *error)
{
	assembler_handler *handler = handlers[event->header.type];
	struct transaction *transaction = assembler->group.transaction;
	int result;

	if (transaction && belongs_to_group(&event->header)) {
		if (assembler->group.xa)
			group_keep_verbatim(assembler, event);
		if (event->header.timestamp)
			transaction->timestamp = event->header.timestamp;
		if (event->header.flags & EVENT_FLAG_MTS_ISOLATE)
			transaction->flags |= TRANSACTION_FLAG_ISOLATE;
	}
	result = handler ? handler(assembler, event, error) : refuse_unknown(assembler, event, error);
	if (result == 0)
		result = check_whole(assembler, error);
	if (result < 0 && !assembler->failed) { /* the innermost event is the one to name */
		name_event(assembler, &event->header, error);
		assembler->failed = true;
	}
	return result;
}

static int refuse_after_failure(struct error *error)
{
	return error_set(
		error, ERROR_STOP, "The stream of events has failed before; it must be started again.");
}

static void header_peek(const uint8_t *bytes, size_t length, struct event_header *header)
{
	memset(header, 0, sizeof(*header));
	header->length = (uint32_t)length;
	if (length > 4)
		header->type = bytes[4];
}

int assembler_push(struct assembler *assembler, const uint8_t *bytes, size_t length, struct error *error)
{
	struct event event;

	if (assembler->deferred.kind != ERROR_NONE) {
		*error = assembler->deferred;
		return -1;
	}
	if (assembler->failed)
		return refuse_after_failure(error);
	while (assembler->payload_waits) { /* the caller did not fetch what was there: it is queued */
		if (payload_read_on(assembler, error) < 0)
			return -1;
	}
	header_peek(bytes, length, &event.header);
	assembler->event_begin = assembler->position.offset;
	if (assembler->limits.event_bytes && length > assembler->limits.event_bytes) {
		error_set(error, ERROR_STOP,
			"its %zu bytes are above the limit of %zu; raise max-event-bytes to take it.", length,
			assembler->limits.event_bytes);
		goto failed;
	}
	if (event_parse(bytes, length, &assembler->format, &event, error) < 0)
		goto failed;
	if (!assembler->replaying && place_event(assembler, &event.header, error) < 0)
		goto failed;
	if (!is_due(assembler, &event.header)) {
		error_set(error, ERROR_CORRUPT,
			"a format description was expected: the stream has just begun, a file has ended, or "
			"the master was stopped.");
		goto failed;
	}
	assembler->position.offset = assembler->event_end;
	return assembler_dispatch(assembler, &event, error);
failed:
	name_event(assembler, &event.header, error);
	assembler->failed = true;
	return -1;
}

/* Remembers what the receiver holds parts of, should its end never come. */
static void note_fetched(struct assembler *assembler, const struct transaction *transaction)
{
	transaction_free(assembler->part_out);
	assembler->part_out = NULL;
	if (transaction->kind != TRANSACTION_OPEN)
		return;
	assembler->part_out = transaction_new(assembler, TRANSACTION_OPEN);
	transaction_copy_head(assembler->part_out, transaction);
}

struct transaction *assembler_next(struct assembler *assembler)
{
	struct transaction *transaction;

	while (!assembler->first && assembler->payload_waits) {
		if (payload_read_on(assembler, &assembler->deferred) < 0)
			return NULL;
	}
	transaction = assembler->first;
	if (!transaction)
		return NULL;
	assembler->first = transaction->next;
	if (!assembler->first)
		assembler->last = NULL;
	transaction->next = NULL;
	note_fetched(assembler, transaction);
	return transaction;
}

const struct position *assembler_position(const struct assembler *assembler)
{
	return &assembler->position;
}

bool assembler_in_group(const struct assembler *assembler)
{
	return assembler->group.state != GROUP_NONE;
}

