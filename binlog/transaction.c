#include "binlog/transaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"
#include "binlog/assembler.h"

void transaction_free(struct transaction *transaction)
{
	if (!transaction)
		return;
	transaction_forget_changes(transaction);
	arena_release(&transaction->arena);
	free(transaction);
}

struct log_place transaction_place(struct transaction *transaction, const struct position *position)
{
	const char *file = transaction->begin.file;

	if (!file || strcmp(file, position->file) != 0)
		file = arena_strdup(&transaction->arena, position->file);
	return (struct log_place){file, position->offset};
}

bool transaction_is(const struct transaction *transaction, const char *gtid, const struct position *begin)
{
	char text[GTID_TEXT_MAXIMUM];

	if (strcmp(gtid_text(&transaction->gtid, text), gtid) != 0)
		return false;
	return *gtid || place_compare(transaction->begin, position_place(begin)) == 0;
}

struct transaction *transaction_new_abandoned(void)
{
	struct transaction *transaction = memory_zalloc(sizeof(*transaction));

	transaction->kind = TRANSACTION_ABANDONED;
	return transaction;
}

struct assembler *assembler_new_kept(const struct assembler_limits *limits)
{
	struct position nowhere = {.file = "(prepared)"};
	struct assembler *assembler = assembler_new(limits);

	assembler_start(assembler, &nowhere, CHECKSUM_OFF);
	assembler->replaying = true;
	return assembler;
}

/* The length of the event at the cursor, or 0 when its header is not whole. */
static uint32_t event_length(struct cursor header)
{
	cursor_bytes(&header, 9); /* the length stands behind time, type and server */
	return cursor_u32(&header);
}

/* What is cut off at the end waits in `kept` for the next call. */
int assembler_push_kept(
	struct assembler *assembler, const uint8_t *bytes, size_t length, struct error *error)
{
	struct buffer *rest = &assembler->kept;
	struct cursor cursor;

	buffer_append(rest, bytes, length);
	if (!buffer_ok(rest))
		return error_set(error, ERROR_CORRUPT, "An event kept of a prepared transaction has no end.");
	cursor = cursor_of(rest->data, rest->length);
	while (cursor_left(&cursor) >= EVENT_HEADER_SIZE) {
		uint32_t size = event_length(cursor);
		const uint8_t *event = cursor.at;

		if (size < EVENT_HEADER_SIZE)
			return error_set(error, ERROR_CORRUPT,
				"An event kept of a prepared transaction names a length of %lu bytes.",
				(unsigned long)size);
		if (!cursor_bytes(&cursor, size))
			break;
		if (assembler_push(assembler, event, size, error) < 0)
			return error_context(error, "Reading the events kept of a prepared transaction");
	}
	memmove(rest->data, cursor.at, cursor_left(&cursor));
	rest->length = cursor_left(&cursor);
	return 0;
}

int assembler_end_kept(const struct assembler *assembler, struct error *error)
{
	if (assembler->kept.length == 0 && assembler->groups_ended == 1 && !assembler_in_group(assembler))
		return 0;
	return error_set(error, ERROR_CORRUPT,
		"The events kept of a prepared transaction are not one whole transaction.");
}
