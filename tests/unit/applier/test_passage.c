/* What a worker may do next with the batches that it has in hand, in view of the other workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "applier/internal.h"
#include "base/clock.h"

#define WORKERS 3

static struct applier applier;
static struct batch batches[8]; /* by sequence */

static int set_up(void **state)
{
	(void)state;
	memset(&applier, 0, sizeof(applier));
	memset(batches, 0, sizeof(batches));
	applier_init_locks(&applier);
	applier.settings.workers = WORKERS;
	for (unsigned i = 0; i < WORKERS; i++)
		applier.workers[i].applier = &applier;
	return 0;
}

static struct worker *give(unsigned number, uint64_t sequence, uint64_t after)
{
	struct batch *batch = &batches[sequence];

	batch->sequence = sequence;
	batch->after = after;
	worker_take(&applier.workers[number], batch);
	return &applier.workers[number];
}

static void commit_first(struct worker *worker)
{
	applier.committed = passage_take_first(worker)->sequence;
}

static struct passage *first_waiting(struct worker *worker)
{
	return passage_at(worker, worker->sent);
}

static void expect(const struct worker *worker, enum worker_step wanted)
{
	bool commits = false;

	assert_int_equal(passage_next_step(worker, &commits), wanted);
}

static void expect_send(struct worker *worker, bool with_commit)
{
	bool commits = !with_commit;

	assert_int_equal(passage_next_step(worker, &commits), STEP_SEND);
	assert_int_equal(commits, with_commit);
	passage_set_sent(worker, first_waiting(worker), PASSAGE_SENT, commits);
}

static void test_batches_follow_each_other_on_one_connection(void **state)
{
	struct worker *worker = give(0, 1, 0);

	(void)state;
	give(0, 2, 1); /* they conflict */
	give(0, 3, 2);
	expect_send(worker, true);
	expect_send(worker, true);
	expect_send(worker, true);
	expect(worker, STEP_RECEIVE);
	commit_first(worker);
	expect(worker, STEP_RECEIVE);
}

static void test_the_commit_waits_for_its_turn(void **state)
{
	struct worker *one = give(0, 1, 0), *two = give(1, 2, 0);

	(void)state;
	expect_send(two, false);
	expect(two, STEP_RECEIVE);
	passage_set(two, passage_at(two, 0), PASSAGE_EXECUTED);
	give(1, 3, 2);
	expect(two, STEP_WAIT); /* 3 cannot be sent into the transaction that is open */
	expect_send(one, true);
	expect(two, STEP_WAIT);
	commit_first(one);
	expect(two, STEP_COMMIT);
	passage_set(two, passage_at(two, 0), PASSAGE_COMMITTING);
	expect_send(two, true); /* behind the COMMIT, whose answer is still to come */
	expect(two, STEP_RECEIVE);
}

static void test_without_order_every_batch_commits(void **state)
{
	struct checkpoint start = {0};
	struct worker *two;

	(void)state;
	applier.window = window_new(&start);
	give(0, 1, 0);
	two = give(1, 2, 0);
	expect_send(two, true);
	window_free(applier.window);
}

static void test_without_order_a_conflict_waits_for_the_commit(void **state)
{
	struct checkpoint start = {0};
	struct worker *one = give(0, 1, 0), *two = give(1, 2, 1);

	(void)state;
	applier.window = window_new(&start);
	passage_set_sent(one, first_waiting(one), PASSAGE_EXECUTED, false);
	expect(two, STEP_WAIT); /* its COMMIT would go along, and 1 may still be rolled back */
	passage_set(one, passage_at(one, 0), PASSAGE_COMMITTING);
	expect(two, STEP_WAIT);
	commit_first(one);
	expect_send(two, true);
	window_free(applier.window);
}

static void test_a_conflict_with_another_connection_waits_until_that_is_executed(void **state)
{
	struct worker *one = give(0, 1, 0), *two = give(1, 2, 1);

	(void)state;
	expect(two, STEP_WAIT);
	expect_send(one, true);
	expect(two, STEP_WAIT);
	commit_first(one);
	expect_send(two, true);
}

static void test_executed_is_enough_for_a_conflict(void **state)
{
	struct worker *one = give(0, 1, 0), *two = give(1, 2, 0), *three = give(2, 3, 2);

	(void)state;
	expect_send(one, true);
	expect_send(two, false);
	expect(three, STEP_WAIT);
	passage_set(two, passage_at(two, 0), PASSAGE_EXECUTED);
	expect(three, STEP_WAIT); /* what 2 waits for may wait for locks of 3 */
	commit_first(one);
	expect_send(three, false); /* 2 holds all its locks, and only its COMMIT is left */
}

static void test_statements_wait_for_commits(void **state)
{
	struct worker *one = give(0, 1, 0), *two = give(1, 2, 0);

	(void)state;
	batches[2].after_commit = true;
	expect_send(one, true);
	passage_set(one, passage_at(one, 0), PASSAGE_EXECUTED);
	expect(two, STEP_WAIT);
	commit_first(one);
	expect_send(two, true);

	give(1, 3, 0); /* on the same connection, the server keeps the order */
	batches[3].after_commit = true;
	expect_send(two, true);
}

static void test_a_batch_gives_way_to_an_earlier_one(void **state)
{
	struct worker *one = give(0, 1, 0), *two = give(1, 2, 0);

	(void)state;
	expect_send(one, true);
	expect_send(two, false);
	passage_set(two, passage_at(two, 0), PASSAGE_EXECUTED);
	expect(two, STEP_WAIT);
	applier.way_for = 1;
	expect(two, STEP_GIVE_WAY);
	passage_take_back(two, true);
	expect(two, STEP_WAIT); /* until all before it is committed */
	commit_first(one);
	expect_send(two, true);
}

static void test_a_failure_takes_all_back(void **state)
{
	struct worker *worker = give(0, 1, 0);

	(void)state;
	give(0, 2, 0);
	expect_send(worker, true);
	expect_send(worker, true);
	passage_take_back(worker, false);
	assert_int_equal(worker->sent, 0);
	expect_send(worker, true);
	expect_send(worker, true);
}

static void test_a_large_batch_has_the_connection_to_itself(void **state)
{
	struct worker *worker = give(0, 1, 0);

	(void)state;
	give(0, 2, 0);
	expect_send(worker, true);
	passage_set_apart(worker, first_waiting(worker));
	expect(worker, STEP_RECEIVE);
	commit_first(worker);
	expect_send(worker, true);
}

static void test_answers_must_fit_the_network(void **state)
{
	struct worker *worker = give(0, 1, 0);

	(void)state;
	give(0, 2, 0);
	expect_send(worker, true);
	worker->unread = 5000;
	expect(worker, STEP_RECEIVE);
	worker->unread = 10;
	expect_send(worker, true);
}

static void test_nothing_is_done_once_the_run_has_ended(void **state)
{
	struct worker *worker = give(0, 1, 0);

	(void)state;
	applier.stopping = true;
	expect(worker, STEP_END);
}

/* Sends the worker's first batch as the coordinator does. */
static void send_lent(struct worker *worker)
{
	bool commits;

	assert_true(passage_lend(worker, &commits));
	passage_at(worker, 0)->sent_us = clock_monotonic_us();
	passage_set_sent(worker, first_waiting(worker), PASSAGE_SENT, commits);
	passage_give_back(worker);
}

static void test_answers_that_nobody_waits_for_are_read_when_they_should_be_there(void **state)
{
	struct worker *worker = give(0, 1, 0);
	bool commits;

	(void)state;
	applier.batch_us = 4000;
	send_lent(worker);
	assert_int_equal(passage_wait_step(worker, &commits), STEP_RECEIVE);
	assert_true(clock_monotonic_us() >= passage_at(worker, 0)->sent_us + 3000);
}

static void test_answers_that_somebody_waits_for_are_read_at_once(void **state)
{
	struct worker *worker = give(0, 1, 0);
	int64_t much_later = clock_monotonic_us() + 60 * 1000000;
	bool commits;

	(void)state;
	send_lent(worker);
	worker->quiet_until_us = much_later;
	passage_hurry(&applier);
	assert_int_equal(passage_wait_step(worker, &commits), STEP_RECEIVE);
	commit_first(worker);

	give(1, 2, 0); /* what waits for its turn to commit */
	give(0, 3, 0);
	applier.batch_us = much_later;
	applier.committed = 2;
	send_lent(worker);
	assert_int_equal(passage_wait_step(worker, &commits), STEP_RECEIVE);
	assert_true(clock_monotonic_us() < much_later);
}

static void test_a_worker_that_reads_is_woken_to_send(void **state)
{
	struct worker *worker = give(0, 1, 0);
	bool commits = false;
	eventfd_t count;

	(void)state;
	worker->wake = eventfd(0, EFD_NONBLOCK);
	expect_send(worker, true);
	assert_false(passage_to_send(worker, &commits));
	give(0, 2, 1);
	worker_signal(worker);
	assert_int_equal(eventfd_read(worker->wake, &count), 0);
	worker_signal(worker); /* it knows already */
	assert_int_equal(eventfd_read(worker->wake, &count), -1);
	assert_true(passage_to_send(worker, &commits));
	assert_true(commits);
	close(worker->wake);
}

static void test_the_ring_is_bounded(void **state)
{
	struct worker *worker = &applier.workers[0];

	(void)state;
	for (unsigned i = 0; i < PASSAGES; i++) {
		assert_true(worker_has_room(worker));
		give(0, 1, 0);
	}
	assert_false(worker_has_room(worker));
	assert_true(worker_holds(worker, 1));
	assert_false(worker_holds(worker, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_batches_follow_each_other_on_one_connection, set_up),
		cmocka_unit_test_setup(test_the_commit_waits_for_its_turn, set_up),
		cmocka_unit_test_setup(test_without_order_every_batch_commits, set_up),
		cmocka_unit_test_setup(test_without_order_a_conflict_waits_for_the_commit, set_up),
		cmocka_unit_test_setup(test_a_conflict_with_another_connection_waits_until_that_is_executed, set_up),
		cmocka_unit_test_setup(test_executed_is_enough_for_a_conflict, set_up),
		cmocka_unit_test_setup(test_statements_wait_for_commits, set_up),
		cmocka_unit_test_setup(test_a_batch_gives_way_to_an_earlier_one, set_up),
		cmocka_unit_test_setup(test_a_failure_takes_all_back, set_up),
		cmocka_unit_test_setup(test_a_large_batch_has_the_connection_to_itself, set_up),
		cmocka_unit_test_setup(test_answers_must_fit_the_network, set_up),
		cmocka_unit_test_setup(test_nothing_is_done_once_the_run_has_ended, set_up),
		cmocka_unit_test_setup(test_answers_that_nobody_waits_for_are_read_when_they_should_be_there, set_up),
		cmocka_unit_test_setup(test_answers_that_somebody_waits_for_are_read_at_once, set_up),
		cmocka_unit_test_setup(test_a_worker_that_reads_is_woken_to_send, set_up),
		cmocka_unit_test_setup(test_the_ring_is_bounded, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
