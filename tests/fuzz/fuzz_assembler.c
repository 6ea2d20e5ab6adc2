/* Byte 0: version and limits. The rest: events without checksums, one behind the other. What comes out is
 * walked, rows and all, and prepared transactions are assembled again from what they keep. */
#include "binlog/transaction.h"
#include "fuzz.h"
#include "stream.h"

static void walk_rows(struct transaction *transaction, struct change *change)
{
	struct rows_iterator rows;
	struct error error = {0};

	if (rows_iterator_init(&rows, &change->rows, change->map, &transaction->arena, &error) < 0)
		return;
	while (rows_iterator_next(&rows, &error) > 0)
		;
}

static size_t walk(struct transaction *transaction)
{
	size_t changes = 0;

	MUST(transaction->begin.offset <= transaction->end.offset ||
		transaction->kind == TRANSACTION_ABANDONED ||
		strcmp(transaction->begin.file, transaction->end.file) != 0);
	for (struct change *change = transaction->first; change; change = change->next, changes++) {
		if (change->kind == CHANGE_ROWS)
			walk_rows(transaction, change);
		else
			MUST(change->query.text_length > 0);
		MUST((change->next == NULL) == (change == transaction->last));
	}
	MUST(changes == transaction->changes);
	MUST((transaction->kind == TRANSACTION_EMPTY) == (transaction->note != NULL));
	return changes;
}

static void replay(const struct transaction *transaction, const struct assembler_limits *limits)
{
	struct transaction *again;
	struct error error = {0};

	MUST(assembler_replay(transaction->events, transaction->events_length, limits, &again, &error) == 0);
	MUST(again->kind == TRANSACTION_COMMIT || again->kind == TRANSACTION_EMPTY);
	MUST(again->changes == transaction->changes);
	transaction_free(again);
}

static void take(struct assembler *assembler, const struct assembler_limits *limits)
{
	struct transaction *transaction;

	while ((transaction = assembler_next(assembler))) {
		walk(transaction);
		if (transaction->events)
			replay(transaction, limits);
		transaction_free(transaction);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assembler_limits limits = {.event_bytes = 1 << 20, .payload_bytes = 1 << 20};
	struct position start = {.file = "binlog.000001", .offset = 4};
	struct buffer format = BUFFER_INIT;
	struct assembler *assembler;
	struct error error = {0};

	if (size < 1)
		return 0;
	if (data[0] & 16)
		limits.part_bytes = 4096;
	assembler = assembler_new(&limits);
	fuzz_put_format(&format, data[0]);
	assembler_start(assembler, &start, CHECKSUM_OFF);
	MUST(assembler_push(assembler, (const uint8_t *)format.data, format.length, &error) == 0);
	for (size_t at = 1, length; at < size; at += length) {
		length = fuzz_event_length(data + at, size - at);
		if (assembler_push(assembler, data + at, length, &error) < 0) {
			MUST(error.kind == ERROR_CORRUPT || error.kind == ERROR_STOP);
			break;
		}
		take(assembler, &limits);
	}
	if (data[0] & 32) { /* a connection that breaks */
		assembler_start(assembler, &start, CHECKSUM_CRC32);
		take(assembler, &limits);
	}
	assembler_free(assembler);
	buffer_release(&format);
	return 0;
}
