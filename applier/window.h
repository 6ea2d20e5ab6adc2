/* The batches between the low-water mark and the newest one, for commits out of the master's order.
 *
 * With replica-preserve-commit-order=off a batch commits as soon as it has run. Its transaction notes each of its
 * source transactions in the table `applied`, and moves the worker's checkpoint to the low-water mark: the last batch up to
 * which all are committed. A start goes on from there and leaves out what `applied` names; it keeps the master's order
 * until it has passed all of these. The transaction that empties the table then moves the checkpoint behind them: until it is
 * committed another start would begin before them again. */
#ifndef APPLIER_WINDOW_H
#define APPLIER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/batch.h"
#include "applier/questions.h"
#include "applier/target.h"
#include "base/buffer.h"
#include "base/error.h"

#define WINDOW_BATCHES 256u

struct window;

/* Starts behind the checkpoint. */
struct window *window_new(const struct checkpoint *checkpoint);
void window_free(struct window *window);

/* Can a batch with this sequence be dispatched yet. */
bool window_has_room(const struct window *window, uint64_t sequence);
/* Notes that the batch is under way, in order of sequences; its checkpoint is copied. */
void window_add(struct window *window, const struct batch *batch);
/* The batch is committed: the low-water mark may rise. Returns it. */
const struct checkpoint *window_done(struct window *window, uint64_t sequence);
const struct checkpoint *window_low(const struct window *window);

/* The statements that note the batch's transactions and forget those at or below the low-water mark, each with "; "; returns
 * how many. */
size_t window_put_applied(struct buffer *out, const char *schema, const char *channel, const struct batch *batch,
	uint64_t low_sequence);

/* What a former run has applied above the checkpoint. */
struct applied_set;

struct question *applied_set_ask(struct questions *questions, const char *schema, const char *channel);
/* NULL when the table names none. `gtids` is the checkpoint's set, NULL when it is not known. */
struct applied_set *applied_set_new(const struct question *answered, const struct checkpoint *checkpoint,
	const struct gtid_set *gtids);
void applied_set_free(struct applied_set *set);
/* Is the transaction, or the one that this is a part of, in it; the last part takes it out then. */
bool applied_set_take(struct applied_set *set, const struct transaction *transaction);
/* How many are still to come. */
size_t applied_set_count(const struct applied_set *set);
/* None is: moves the checkpoint to where the channel is, behind all of them, and empties the table of the channel's, in one
 * transaction. */
int applied_set_forget(struct target *target, const char *schema, const char *channel, const struct checkpoint *checkpoint,
	struct error *error);

#endif
