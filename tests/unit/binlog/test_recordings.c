/* Recordings of real servers: what they assemble to, and that no damage to them does worse than an error. */
#include "binlog/render.h"
#include "binlog/transaction.h"
#include "binlog/xa.h"
#include "stream_support.h"

static const char *const recordings[] = RECORDINGS;
#define COUNT (sizeof(recordings) / sizeof(recordings[0]))


static void describe_change(const struct change *change, struct buffer *out)
{
	const struct query_event *query;
	const struct statement_context *context;
	size_t blocks = 0, variables = 0;

	if (change->kind == CHANGE_ROWS) {
		buffer_printf(out, "  rows kind %d of %s.%s, %zu bytes, %u columns", change->rows.kind,
			change->map->database, change->map->table, change->rows.rows_length,
			change->rows.columns_count);
		if (change->annotation)
			buffer_printf(out, ", by: %.*s", (int)change->annotation_length, change->annotation);
		buffer_putc(out, '\n');
		return;
	}
	for (const struct load_block *block = change->blocks; block; block = block->next)
		blocks += block->length;
	if (change->kind == CHANGE_BLOCKS) {
		buffer_printf(out, "  blocks of %zu bytes\n", blocks);
		return;
	}
	query = &change->statement->query;
	context = &change->statement->context;
	assert_false(query->context.has & QUERY_HAS_UNKNOWN); /* the servers here are all known */
	for (const struct user_variable *variable = context->variables; variable; variable = variable->next)
		variables++;
	buffer_printf(out, "  statement in %s, error %u, thread %u, has 0x%x", query->database,
		query->error_code, query->thread_id, query->context.has);
	if (variables)
		buffer_printf(out, ", %zu variables", variables);
	if (context->has_insert_id)
		buffer_printf(out, ", insert_id %llu", (unsigned long long)context->insert_id);
	if (context->has_last_insert_id)
		buffer_printf(out, ", last_insert_id %llu", (unsigned long long)context->last_insert_id);
	if (context->has_rand)
		buffer_puts(out, ", rand");
	if (change->kind == CHANGE_LOAD)
		buffer_printf(out, ", file of %zu bytes", blocks);
	buffer_printf(out, ": %.*s\n", (int)query->text_length, query->text);
}

static void describe(const struct transaction *transaction, struct buffer *out)
{
	char gtid[GTID_TEXT_MAXIMUM];

	buffer_printf(out, "%s %llu-%llu", kinds[transaction->kind],
		(unsigned long long)transaction->begin.offset, (unsigned long long)transaction->end.offset);
	if (transaction->gtid.kind != GTID_NONE)
		buffer_printf(out, " %s", gtid_text(&transaction->gtid, gtid));
	buffer_printf(out, " flags 0x%x clock %lld/%lld", transaction->flags,
		(long long)transaction->last_committed, (long long)transaction->sequence_number);
	if (transaction->kind >= TRANSACTION_XA_PREPARE && transaction->kind <= TRANSACTION_XA_ROLLBACK) {
		buffer_putc(out, ' ');
		xid_put_text(&transaction->xid, out);
	}
	if (transaction->note)
		buffer_printf(out, " (%s)", transaction->note);
	buffer_putc(out, '\n');
	for (const struct change *change = transaction->first; change; change = change->next)
		describe_change(change, out);
}

/* The events kept of a prepared transaction, which may come in parts, make one again. */
static void keep(struct buffer *events, const struct transaction *transaction)
{
	struct transaction *again;
	struct error error = {0};

	if (transaction->part == 0)
		buffer_clear(events);
	buffer_append(events, transaction->events, transaction->events_length);
	if (transaction->kind == TRANSACTION_OPEN)
		return;
	assert_int_equal(assemble_kept((const uint8_t *)events->data, events->length, 0, &again, &error), 0);
	assert_int_equal(again->kind, TRANSACTION_COMMIT);
	if (transaction->part == 0) {
		assert_int_equal(again->changes, transaction->changes);
		assert_int_equal(again->row_bytes, transaction->row_bytes);
	} else {
		assert_true(again->changes > 0 && transaction->changes == 0);
	}
	transaction_free(again);
}

/* Pushes a whole file; the descriptions go to `out` when there is one. The error's kind, or ERROR_NONE. */
static enum error_kind assemble(const struct buffer *file, const struct assembler_limits *limits,
	struct buffer *out, struct error *error)
{
	struct assembler *assembler = assembler_new(limits);
	struct position position = {.file = "binlog.000001", .offset = 4};
	struct buffer events = BUFFER_INIT;
	size_t at = 4;

	error_clear(error);
	assembler_start(assembler, &position, CHECKSUM_OFF);
	while (at + EVENT_HEADER_SIZE <= file->length) {
		const uint8_t *event = (const uint8_t *)file->data + at;
		size_t length = (size_t)event[9] | (size_t)event[10] << 8 | (size_t)event[11] << 16 |
				(size_t)event[12] << 24;
		struct transaction *transaction;

		if (length < EVENT_HEADER_SIZE || length > file->length - at) {
			error_set(error, ERROR_CORRUPT, "the file's reader says so.");
			break;
		}
		if (assembler_push(assembler, event, length, error) < 0)
			break;
		at += length;
		while ((transaction = assembler_next(assembler))) {
			if (out)
				describe(transaction, out);
			if (transaction->events && out)
				keep(&events, transaction);
			transaction_free(transaction);
		}
	}
	if (error->kind == ERROR_NONE && out)
		buffer_printf(out, "end at %s:%llu%s\n", assembler_position(assembler)->file,
			(unsigned long long)assembler_position(assembler)->offset,
			assembler_in_group(assembler) ? " inside a group" : "");
	assembler_free(assembler);
	buffer_release(&events);
	return error->kind;
}

static void expected_transactions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct assembler_limits limits = {0};
		struct buffer file = BUFFER_INIT, got = BUFFER_INIT, expected = BUFFER_INIT;
		struct error error;
		char name[64], path[1024];

		read_data(recordings[i], &file);
		if (assemble(&file, &limits, &got, &error) != ERROR_NONE)
			fail_msg("%s: %s", recordings[i], error.text);
		snprintf(
			name, sizeof(name), "%.*s.expected", (int)strcspn(recordings[i], "."), recordings[i]);
		if (getenv("CHANGELING_WRITE_EXPECTED")) { /* after a new recording; to be read before it is
							      committed */
			FILE *out;

			data_path(path, sizeof(path), name);
			out = fopen(path, "wb");
			assert_non_null(out);
			fwrite(got.data, 1, got.length, out);
			fclose(out);
		}
		read_data(name, &expected);
		assert_string_equal(buffer_text(&got), buffer_text(&expected));
		buffer_release(&file);
		buffer_release(&got);
		buffer_release(&expected);
	}
}

static void parts_hold_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct assembler_limits limits = {.part_bytes = 1};
		struct buffer file = BUFFER_INIT, got = BUFFER_INIT;
		struct error error;

		read_data(recordings[i], &file);
		if (assemble(&file, &limits, &got, &error) != ERROR_NONE)
			fail_msg("%s: %s", recordings[i], error.text);
		assert_non_null(strstr(buffer_text(&got), "OPEN "));
		buffer_release(&file);
		buffer_release(&got);
	}
}

/* An end at every byte: the events before it are taken, and no more. */
static void truncated_at_every_byte(void **state)
{
	struct assembler_limits limits = {.part_bytes = 4096};

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct buffer file = BUFFER_INIT;
		struct error error;

		read_data(recordings[i], &file);
		for (size_t length = file.length; length > 4; length -= length > 600 ? 97 : 1) {
			uint8_t *copy = malloc(length); /* its own end, for the sanitizer to watch */
			struct buffer cut = {.data = (char *)copy, .length = length};

			memcpy(copy, file.data, length);
			if (assemble(&cut, &limits, NULL, &error) != ERROR_NONE)
				assert_int_equal(error.kind, ERROR_CORRUPT);
			free(copy);
		}
		buffer_release(&file);
	}
}

static int swallow(void *context, const char *text, size_t length, struct error *error)
{
	(void)error;
	*(size_t *)context += length + (text[0] == '\0');
	return 0;
}

/* The event as `dump` has it, values and all. */
static void render(
	struct renderer *renderer, struct binlog_format *format, const uint8_t *bytes, size_t length)
{
	struct error error = {0};
	struct event event;

	if (event_parse(bytes, length, format, &event, &error) < 0)
		return;
	if (event.header.type == EVENT_FORMAT_DESCRIPTION)
		binlog_format_parse(&event, format, &error);
	renderer_event(renderer, &event, format, "f", 4, 5, &error);
}

/* One byte of one event changed, with the checksum made right again, so that the decoders see it. */
static void flip(
	struct buffer *file, size_t begin, size_t length, size_t at, uint8_t mask, enum render_form form)
{
	struct assembler_limits limits = {.event_bytes = 1 << 24, .payload_bytes = 1 << 24};
	struct assembler *assembler = assembler_new(&limits);
	struct position position = {.file = "binlog.000001", .offset = 4};
	struct binlog_format format = {0};
	size_t written = 0;
	struct renderer *renderer = renderer_new(form, 1 << 24, 1 << 24, swallow, &written);
	uint8_t *damaged = malloc(length);
	struct error error = {0};
	size_t from = 4;

	memcpy(damaged, file->data + begin, length);
	damaged[at] ^= mask;
	if (length >= 23) {
		uint32_t sum = (uint32_t)crc32(0, damaged, (uInt)(length - 4));

		memcpy(damaged + length - 4, &sum, 4);
	}
	assembler_start(assembler, &position, CHECKSUM_OFF);
	/* the format, and what stands close before it: most of its transaction */
	while (from < begin) {
		const uint8_t *event = (const uint8_t *)file->data + from;
		size_t size = (size_t)event[9] | (size_t)event[10] << 8 | (size_t)event[11] << 16;

		if (event[4] == EVENT_FORMAT_DESCRIPTION || from + 500 > begin) {
			if (assembler_push(assembler, event, size, &error) < 0)
				error_clear(&error);
			render(renderer, &format, event, size);
		}
		from += size;
	}
	if (assembler_push(assembler, damaged, length, &error) < 0) {
		assert_true(error.kind == ERROR_CORRUPT || error.kind == ERROR_STOP);
		assert_true(strlen(error.text) > 20);
	}
	render(renderer, &format, damaged, length);
	renderer_free(renderer);
	assembler_free(assembler);
	free(damaged);
}

static void every_byte_flipped(void **state)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff};
	unsigned turn = 0;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		struct buffer file = BUFFER_INIT;
		size_t begin = 4;

		read_data(recordings[i], &file);
		while (begin < file.length) {
			const uint8_t *event = (const uint8_t *)file.data + begin;
			size_t length = (size_t)event[9] | (size_t)event[10] << 8 | (size_t)event[11] << 16;

			for (size_t at = 0; at < length; at++, turn++)
				flip(&file, begin, length, at, masks[turn % 3],
					(enum render_form)(turn / 3 % 3));
			begin += length;
		}
		buffer_release(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expected_transactions),
		cmocka_unit_test(parts_hold_the_same),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(every_byte_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
