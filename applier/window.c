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

struct applied {
	struct position begin;
	char gtid[GTID_TEXT_MAXIMUM]; /* "" = none */
};

struct applied_set {
	struct applied *transactions;
	size_t count;
};

struct question *applied_set_ask(struct questions *questions, const char *schema, const char *channel)
{
	struct question *question = questions_add(questions, "reading what was applied ahead of the checkpoint");

	put_table(&question->text, "SELECT source_file, source_offset, gtid FROM ", schema);
	buffer_puts(&question->text, "WHERE channel = ");
	sql_put_string(&question->text, channel, strlen(channel));
	return question;
}

/* Has the checkpoint passed it? The place may be one in another server's log, and MariaDB's numbers need not come in order. What is
 * taken for one that is still to come only keeps the master's order; what is taken for one that has passed may run twice. */
static bool is_passed(const struct applied *applied, const struct checkpoint *checkpoint, const struct gtid_set *gtids)
{
	bool before = position_compare(&applied->begin, &checkpoint->position) < 0;
	struct error unused = {0};
	struct gtid gtid;

	if (!gtids || !applied->gtid[0] || gtid_parse(applied->gtid, &gtid, &unused) < 0)
		return before;
	return gtid_set_contains(gtids, &gtid) && (before || gtid.kind == GTID_MYSQL);
}

struct applied_set *applied_set_new(const struct question *answered, const struct checkpoint *checkpoint,
	const struct gtid_set *gtids)
{
	const struct target_rows *rows = &answered->rows;
	struct applied_set *set;

	if (rows->rows == 0)
		return NULL;
	set = memory_zalloc(sizeof(*set));
	set->transactions = memory_zalloc(rows->rows * sizeof(*set->transactions));
	for (size_t i = 0; i < rows->rows; i++) {
		struct applied *at = &set->transactions[set->count];

		snprintf(at->begin.file, sizeof(at->begin.file), "%s", target_text(rows, i, 0));
		at->begin.offset = strtoull(target_text(rows, i, 1), NULL, 10);
		snprintf(at->gtid, sizeof(at->gtid), "%s", target_text(rows, i, 2));
		if (!is_passed(at, checkpoint, gtids))
			set->count++;
	}
	return set;
}

void applied_set_free(struct applied_set *set)
{
	if (!set)
		return;
	free(set->transactions);
	free(set);
}

bool applied_set_take(struct applied_set *set, const struct transaction *transaction)
{
	for (size_t i = 0; set && i < set->count; i++) {
		const struct applied *at = &set->transactions[i];

		if (transaction_is(transaction, at->gtid, &at->begin)) {
			if (transaction_ends(transaction))
				set->transactions[i] = set->transactions[--set->count];
			return true;
		}
	}
	return false;
}

size_t applied_set_count(const struct applied_set *set)
{
	return set ? set->count : 0;
}

int applied_set_forget(struct target *target, const char *schema, const char *channel, const struct checkpoint *checkpoint,
	struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct target_outcome outcomes[3];
	struct error unused;
	size_t failed;
	int result;

	buffer_puts(&sql, TARGET_BEGIN "; ");
	checkpoint_put_update(&sql, schema, channel, 0, checkpoint);
	put_table(&sql, "; DELETE FROM ", schema);
	buffer_puts(&sql, "WHERE channel = ");
	sql_put_string(&sql, channel, strlen(channel));
	result = target_flight(target, sql.data, sql.length, 3, outcomes, &failed, error);
	buffer_release(&sql);
	if (result == 0 && outcomes[1].affected != 1)
		result = error_set(error, ERROR_FENCED, "another instance has taken over channel %s.", channel);
	if (result == 0)
		result = target_execute(target, "COMMIT", error);
	else
		target_execute(target, "ROLLBACK", &unused);
	return result < 0 ? error_context(error, "moving the checkpoint behind what was applied ahead of it") : 0;
}
