/* The batches that a worker has in hand, and what it may do next with them: everything that looks at other workers. */
#include <sys/eventfd.h>

#include "applier/internal.h"

/* Statements without answer behind which more may be sent: their answers fit the smallest network buffers. */
#define UNREAD_MAXIMUM 600u
/* What a guard costs the target and us. */
#define GUARD_US 20

struct passage *passage_at(const struct worker *worker, unsigned index)
{
	return (struct passage *)&worker->passages[(worker->first + index) % PASSAGES];
}

/* Behind each statement that finds rows stands a guard, so that nothing has to be waited for. Where there are many of them, waiting
 * takes less time than they do. */
static bool guards_pay(const struct worker *worker, const struct batch *batch)
{
	return batch->single_rows <= UNREAD_MAXIMUM / 2 ||
		(int64_t)batch->single_rows * GUARD_US <= worker->round_trip_us;
}

bool worker_has_room(const struct worker *worker)
{
	return worker->count < PASSAGES;
}

void worker_take(struct worker *worker, struct batch *batch)
{
	struct passage *passage = passage_at(worker, worker->count++);

	passage->batch = batch;
	passage->stage = PASSAGE_WAITING;
	passage->attempts = 0;
	passage->commits = passage->last = false;
	passage->apart = !guards_pay(worker, batch);
}

void worker_signal(struct worker *worker)
{
	pthread_cond_signal(&worker->changed);
	if (worker->polling)
		eventfd_write(worker->wake, 1);
	worker->polling = false;
}

void workers_wake(struct applier *applier)
{
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		if (applier->workers[i].count)
			worker_signal(&applier->workers[i]);
	}
}

bool worker_holds(const struct worker *worker, uint64_t sequence)
{
	for (unsigned i = 0; i < worker->count; i++) {
		if (passage_at(worker, i)->batch->sequence == sequence)
			return true;
	}
	return false;
}

static bool is_executed(const struct passage *passage)
{
	return passage->stage == PASSAGE_EXECUTED || passage->stage == PASSAGE_COMMITTING;
}

/* Are all batches up to the sequence committed, or on this worker's connection? */
static bool committed_elsewhere(const struct worker *worker, uint64_t sequence)
{
	const struct applier *applier = worker->applier;

	if (applier->committed >= sequence)
		return true;
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		const struct worker *other = &applier->workers[i];

		if (other != worker && other->count && passage_at(other, 0)->batch->sequence <= sequence)
			return false;
	}
	return true;
}

/* Are they at least executed? Only a worker's first batch can be without being committed. Without the master's order what follows
 * is not held back until they are: were their COMMITs lost, it would be there before them. */
static bool executed_elsewhere(const struct worker *worker, uint64_t sequence)
{
	const struct applier *applier = worker->applier;

	if (applier->committed >= sequence)
		return true;
	if (applier->window)
		return committed_elsewhere(worker, sequence);
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		const struct worker *other = &applier->workers[i];
		unsigned open = other->count && is_executed(passage_at(other, 0));

		if (other != worker && other->count > open && passage_at(other, open)->batch->sequence <= sequence)
			return false;
	}
	return true;
}

/* May the COMMIT of the batch go out: without the master's order always, else behind those of all before it. The batches
 * ahead of it on its connection have sent theirs. */
static bool is_turn(const struct worker *worker, const struct batch *batch)
{
	return worker->applier->window || committed_elsewhere(worker, batch->sequence - 1);
}

/* May the first waiting batch be sent? */
static bool may_send(const struct worker *worker)
{
	const struct passage *passage = passage_at(worker, worker->sent);
	const struct batch *batch = passage->batch;

	if (worker->sent) {
		const struct passage *ahead = passage_at(worker, worker->sent - 1);

		if ((!ahead->commits && ahead->stage != PASSAGE_COMMITTING) || passage->apart || worker->unread > UNREAD_MAXIMUM)
			return false;
	}
	if (passage->last)
		return worker->applier->committed >= batch->sequence - 1;
	if (batch->after_commit && !committed_elsewhere(worker, batch->sequence - 1))
		return false;
	return executed_elsewhere(worker, batch->after);
}

enum worker_step passage_next_step(const struct worker *worker, bool *commits)
{
	const struct applier *applier = worker->applier;
	const struct passage *first = passage_at(worker, 0);

	if (applier_ended(applier))
		return STEP_END;
	if (worker->sent < worker->count && may_send(worker)) {
		*commits = is_turn(worker, passage_at(worker, worker->sent)->batch);
		return STEP_SEND;
	}
	if (!worker->sent)
		return STEP_WAIT;
	if (first->stage != PASSAGE_EXECUTED)
		return STEP_RECEIVE;
	if (is_turn(worker, first->batch))
		return STEP_COMMIT;
	return applier->way_for && applier->way_for < first->batch->sequence ? STEP_GIVE_WAY : STEP_WAIT;
}

/* Waits for the signal, or until it is time for the answers; false when it is. */
static bool keep_quiet(struct worker *worker)
{
	struct timespec until = {worker->quiet_until_us / 1000000, worker->quiet_until_us % 1000000 * 1000};

	return pthread_cond_timedwait(&worker->changed, &worker->applier->lock, &until) == 0;
}

enum worker_step passage_wait_step(struct worker *worker, bool *commits)
{
	struct applier *applier = worker->applier;
	enum worker_step step;

	pthread_mutex_lock(&applier->lock);
	for (;;) {
		step = worker->lent ? STEP_WAIT : passage_next_step(worker, commits);
		if (step == STEP_WAIT) {
			pthread_cond_wait(&worker->changed, &applier->lock);
			continue;
		}
		if (step != STEP_RECEIVE || applier->quiet != worker)
			break;
		if (!keep_quiet(worker))
			applier->quiet = NULL;
	}
	pthread_mutex_unlock(&applier->lock);
	return step;
}

bool passage_to_send(struct worker *worker, bool *commits)
{
	bool found;

	pthread_mutex_lock(&worker->applier->lock);
	found = passage_next_step(worker, commits) == STEP_SEND;
	worker->polling = !found;
	pthread_mutex_unlock(&worker->applier->lock);
	return found;
}

/* How long answers are left unread at most. */
#define QUIET_US 5000
/* Larger ones are better rendered beside the making of the next one. */
#define LEND_CHANGES 16u

bool passage_lend(struct worker *worker, bool *commits)
{
	const struct batch *batch = passage_at(worker, 0)->batch;

	if (worker->count == 1 && !passage_at(worker, 0)->apart && batch->rows + batch->statements <= LEND_CHANGES &&
		passage_next_step(worker, commits) == STEP_SEND)
		worker->lent = true;
	return worker->lent;
}

static bool holds_the_only_batch(const struct worker *worker)
{
	const struct applier *applier = worker->applier;
	unsigned count = 0;

	for (unsigned i = 0; i < applier->settings.workers; i++)
		count += applier->workers[i].count;
	return worker->count == 1 && count == 1;
}

void passage_give_back(struct worker *worker)
{
	struct applier *applier = worker->applier;
	const struct passage *passage = passage_at(worker, 0);
	int64_t quiet_us;

	pthread_mutex_lock(&applier->lock);
	worker->lent = false;
	if (passage->stage == PASSAGE_SENT && passage->commits && holds_the_only_batch(worker)) {
		quiet_us = worker->round_trip_us + applier->batch_us * 3 / 4;
		worker->quiet_until_us = passage->sent_us + (quiet_us < QUIET_US ? quiet_us : QUIET_US);
		applier->quiet = worker;
	}
	pthread_mutex_unlock(&applier->lock);
	pthread_cond_signal(&worker->changed); /* by the condition: who was lent cannot be polling */
}

void passage_hurry(struct applier *applier)
{
	if (applier->quiet)
		pthread_cond_signal(&applier->quiet->changed);
	applier->quiet = NULL;
}

void passage_set(struct worker *worker, struct passage *passage, enum passage_stage stage)
{
	pthread_mutex_lock(&worker->applier->lock);
	passage->stage = stage;
	workers_wake(worker->applier);
	pthread_mutex_unlock(&worker->applier->lock);
}

void passage_set_sent(struct worker *worker, struct passage *passage, enum passage_stage stage, bool commits)
{
	pthread_mutex_lock(&worker->applier->lock);
	passage->stage = stage;
	passage->commits = commits;
	worker->sent++;
	if (stage != PASSAGE_SENT) /* which lets nobody go on */
		workers_wake(worker->applier);
	pthread_mutex_unlock(&worker->applier->lock);
}

void passage_set_apart(struct worker *worker, struct passage *passage)
{
	pthread_mutex_lock(&worker->applier->lock);
	passage->apart = true;
	pthread_mutex_unlock(&worker->applier->lock);
}

void passage_take_back(struct worker *worker, bool last)
{
	pthread_mutex_lock(&worker->applier->lock);
	for (unsigned i = 0; i < worker->sent; i++) {
		passage_at(worker, i)->stage = PASSAGE_WAITING;
		passage_at(worker, i)->commits = false;
	}
	passage_at(worker, 0)->last = last;
	worker->sent = 0;
	worker->unread = 0;
	pthread_mutex_unlock(&worker->applier->lock);
}

struct batch *passage_take_first(struct worker *worker)
{
	struct passage *passage = passage_at(worker, 0);
	struct batch *batch = passage->batch;

	passage->batch = NULL;
	worker->first = (worker->first + 1) % PASSAGES;
	worker->count--;
	worker->sent--;
	return batch;
}
