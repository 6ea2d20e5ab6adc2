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
		else if (change_is_statement(change))
			MUST(change->statement->query.text_length > 0);
		else
			MUST(change->blocks != NULL && change == transaction->last);
		MUST((change->next == NULL) == (change == transaction->last));
	}
	MUST(changes == transaction->changes);
	MUST((transaction->kind == TRANSACTION_EMPTY) == (transaction->note != NULL));
	return changes;
}

/* The events of a whole prepared transaction, or of all parts of one: they make one again. */
static void replay(const struct buffer *events, const struct assembler_limits *limits)
{
	struct assembler *assembler = assembler_new_kept(limits);
	struct transaction *again;
	enum transaction_end kind = TRANSACTION_OPEN;
	struct error error = {0};

	MUST(assembler_push_kept(assembler, (const uint8_t *)events->data, events->length, &error) == 0);
	while ((again = assembler_next(assembler))) {
		MUST(kind == TRANSACTION_OPEN && again->events == NULL);
		kind = again->kind;
		walk(again);
		transaction_free(again);
	}
	MUST(kind == TRANSACTION_COMMIT || kind == TRANSACTION_EMPTY);
	MUST(assembler_end_kept(assembler, &error) == 0);
	assembler_free(assembler);
}

static void take(struct assembler *assembler, const struct assembler_limits *limits, struct buffer *events)
{
	struct transaction *transaction;

	while ((transaction = assembler_next(assembler))) {
		walk(transaction);
		if (transaction->part == 0)
			buffer_clear(events);
		buffer_append(events, transaction->events, transaction->events_length);
		if (transaction->events && transaction->kind != TRANSACTION_OPEN)
			replay(events, limits);
		transaction_free(transaction);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assembler_limits limits = {.event_bytes = 1 << 20, .payload_bytes = 1 << 20};
	struct position start = {.file = "binlog.000001", .offset = 4};
	struct buffer format = BUFFER_INIT, events = BUFFER_INIT;
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
		take(assembler, &limits, &events);
	}
	if (data[0] & 32) { /* a connection that breaks */
		assembler_start(assembler, &start, CHECKSUM_CRC32);
		take(assembler, &limits, &events);
	}
	assembler_free(assembler);
	buffer_release(&format);
	buffer_release(&events);
	return 0;
}
