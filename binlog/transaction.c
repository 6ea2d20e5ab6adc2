#include "binlog/transaction.h"

#include <stdlib.h>

#include "base/cursor.h"
#include "binlog/assembler.h"

void transaction_free(struct transaction *transaction)
{
	if (!transaction)
		return;
	arena_release(&transaction->arena);
	free(transaction);
}

/* Pushes the events one after the other. */
static int replay_events(
	struct assembler *assembler, const uint8_t *events, size_t length, struct error *error)
{
	struct cursor cursor = cursor_of(events, length);

	while (!cursor_empty(&cursor)) {
		struct cursor header = cursor;
		const uint8_t *event = cursor.at;
		uint32_t size;

		cursor_bytes(&header, 9); /* the length stands behind time, type and server */
		size = cursor_u32(&header);
		if (header.bad || size < EVENT_HEADER_SIZE || !cursor_bytes(&cursor, size))
			return error_set(error, ERROR_CORRUPT,
				"The events kept of a prepared transaction end inside an event (byte %zu of "
				"%zu).",
				(size_t)(event - events), length);
		if (assembler_push(assembler, event, size, error) < 0)
			return error_context(error, "Reading the events kept of a prepared transaction");
	}
	return 0;
}

int assembler_replay(const uint8_t *events, size_t length, const struct assembler_limits *limits,
	struct transaction **transaction, struct error *error)
{
	struct assembler_limits whole = *limits;
	struct position nowhere = {.file = "(prepared)"};
	struct assembler *assembler;
	struct transaction *assembled = NULL;
	int result = -1;

	whole.part_bytes = 0; /* it is one transaction, and it was kept in memory before */
	assembler = assembler_new(&whole);
	assembler_start(assembler, &nowhere, CHECKSUM_OFF);
	assembler->replaying = true;
	if (replay_events(assembler, events, length, error) < 0)
		goto out;
	assembled = assembler_next(assembler);
	if (!assembled || assembler_in_group(assembler) || assembler->first) {
		error_set(error, ERROR_CORRUPT,
			"The events kept of a prepared transaction are not one whole transaction.");
		transaction_free(assembled);
		goto out;
	}
	*transaction = assembled;
	result = 0;
out:
	assembler_free(assembler);
	return result;
}
