#include "applier/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct slot {
	struct checkpoint checkpoint; /* its gtid_set is owned */
	bool used, done;
};

struct window {
	struct slot slots[WINDOW_BATCHES];
	struct checkpoint low; /* owned likewise */
};

static void copy_checkpoint(struct checkpoint *to, const struct checkpoint *from)
{
	char *former = to->gtid_set;

	*to = *from;
	to->gtid_set = memory_strdup(from->gtid_set ? from->gtid_set : "");
	free(former);
}

struct window *window_new(const struct checkpoint *checkpoint)
{
	struct window *window = memory_zalloc(sizeof(*window));

	copy_checkpoint(&window->low, checkpoint);
	return window;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	for (unsigned i = 0; i < WINDOW_BATCHES; i++)
		checkpoint_release(&window->slots[i].checkpoint);
	checkpoint_release(&window->low);
	free(window);
}

bool window_has_room(const struct window *window, uint64_t sequence)
{
	return sequence - window->low.sequence < WINDOW_BATCHES;
}

void window_add(struct window *window, const struct batch *batch)
{
	struct slot *slot = &window->slots[batch->sequence % WINDOW_BATCHES];

	copy_checkpoint(&slot->checkpoint, &batch->checkpoint);
	slot->used = true;
	slot->done = false;
}

const struct checkpoint *window_done(struct window *window, uint64_t sequence)
{
	window->slots[sequence % WINDOW_BATCHES].done = true;
	for (;;) {
		struct slot *next = &window->slots[(window->low.sequence + 1) % WINDOW_BATCHES];

		if (!next->used || !next->done || next->checkpoint.sequence != window->low.sequence + 1)
			return &window->low;
		copy_checkpoint(&window->low, &next->checkpoint);
		next->used = false;
	}
}

const struct checkpoint *window_low(const struct window *window)
{
	return &window->low;
}

static void put_table(struct buffer *out, const char *verb, const char *schema)
{
	buffer_puts(out, verb);
	sql_put_name(out, schema);
	buffer_puts(out, ".applied ");
}

size_t window_put_applied(struct buffer *out, const char *schema, const char *channel, const struct batch *batch,
	uint64_t low_sequence)
{
	char gtid[GTID_TEXT_MAXIMUM];

	put_table(out, "INSERT INTO ", schema);
	buffer_puts(out, "(channel, sequence, source_file, source_offset, gtid) VALUES ");
	for (const struct transaction *at = batch->transactions; at; at = at->next) {
		buffer_puts(out, at == batch->transactions ? "(" : ", (");
		sql_put_string(out, channel, strlen(channel));
		buffer_printf(out, ", %llu, ", (unsigned long long)batch->sequence);
		sql_put_string(out, at->begin.file, strlen(at->begin.file));
		buffer_printf(out, ", %llu, ", (unsigned long long)at->begin.offset);
		gtid_text(&at->gtid, gtid);
		sql_put_string(out, gtid, strlen(gtid));
		buffer_putc(out, ')');
	}
	buffer_puts(out, "; ");
	put_table(out, "DELETE FROM ", schema);
	buffer_puts(out, "WHERE channel = ");
	sql_put_string(out, channel, strlen(channel));
	buffer_printf(out, " AND sequence <= %llu; ", (unsigned long long)low_sequence);
	return 2;
}

struct applied_set {
	struct position *positions;
	size_t count;
};

struct question *applied_set_ask(struct questions *questions, const char *schema, const char *channel)
{
	struct question *question = questions_add(questions, "reading what was applied ahead of the checkpoint");

	put_table(&question->text, "SELECT source_file, source_offset FROM ", schema);
	buffer_puts(&question->text, "WHERE channel = ");
	sql_put_string(&question->text, channel, strlen(channel));
	return question;
}

struct applied_set *applied_set_new(const struct question *answered, const struct position *checkpoint)
{
	const struct target_rows *rows = &answered->rows;
	struct applied_set *set = memory_zalloc(sizeof(*set));

	set->positions = memory_zalloc((rows->rows + 1) * sizeof(*set->positions));
	for (size_t i = 0; i < rows->rows; i++) {
		struct position *at = &set->positions[set->count];

		snprintf(at->file, sizeof(at->file), "%s", target_text(rows, i, 0));
		at->offset = strtoull(target_text(rows, i, 1), NULL, 10);
		if (position_compare(at, checkpoint) >= 0)
			set->count++;
	}
	return set;
}

void applied_set_free(struct applied_set *set)
{
	if (!set)
		return;
	free(set->positions);
	free(set);
}

bool applied_set_take(struct applied_set *set, const struct position *begin)
{
	for (size_t i = 0; set && i < set->count; i++) {
		if (position_compare(&set->positions[i], begin) == 0) {
			set->positions[i] = set->positions[--set->count];
			return true;
		}
	}
	return false;
}

int applied_set_forget(struct target *target, const char *schema, const char *channel, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result;

	put_table(&sql, "DELETE FROM ", schema);
	buffer_puts(&sql, "WHERE channel = ");
	sql_put_string(&sql, channel, strlen(channel));
	result = target_execute(target, sql.data, error);
	buffer_release(&sql);
	return result;
}

size_t applied_set_count(const struct applied_set *set)
{
	return set ? set->count : 0;
}
