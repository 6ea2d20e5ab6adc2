/* A queue between threads: what is discarded leaves no gap, and idle is told at one moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>

#include <cmocka.h>

#include "base/queue.h"

#define ITEMS 2000
#define ROUNDS 200

static char items[ITEMS], last;
static size_t taken, released;
static int gaps;

static void *take_all(void *argument)
{
	struct queue *queue = argument;

	while (!queue_closed(queue) || queue_items(queue)) {
		char *item = queue_pop(queue, 0);

		if (!item)
			continue;
		if (item == &last)
			break;
		gaps += item != &items[taken];
		taken++;
	}
	return NULL;
}

static void release(void *item)
{
	(void)item;
	released++;
}

/* Discards it while the other thread is about to take the last quarter. */
static void discard_amid(struct queue *queue, pthread_t *thread, bool close)
{
	taken = released = 0;
	for (size_t i = 0; i < ITEMS; i++)
		assert_true(queue_push(queue, &items[i], 1));
	assert_int_equal(pthread_create(thread, NULL, take_all, queue), 0);
	while (queue_items(queue) > ITEMS * 3 / 4)
		;
	if (close)
		queue_close(queue);
	queue_discard(queue, release);
}

static void test_nothing_is_missing_before_what_was_taken(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct queue *queue = queue_new(SIZE_MAX);
		pthread_t thread;

		discard_amid(queue, &thread, true);
		pthread_join(thread, NULL);
		assert_int_equal(gaps, 0);
		assert_int_equal(taken + released, ITEMS);
		assert_false(queue_push(queue, &items[0], 1));
		queue_free(queue);
	}
}

static void test_one_that_stays_open_goes_on_behind_what_was_discarded(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct queue *queue = queue_new(SIZE_MAX);
		pthread_t thread;

		discard_amid(queue, &thread, false);
		assert_true(queue_push(queue, &last, 1));
		pthread_join(thread, NULL);
		assert_int_equal(gaps, 0);
		assert_int_equal(taken + released, ITEMS);
		assert_int_equal(queue_bytes(queue), 0);
		queue_free(queue);
	}
}

static void test_idle_is_what_is_empty_and_settled(void **state)
{
	struct queue *queue = queue_new(SIZE_MAX);

	(void)state;
	assert_true(queue_idle(queue));
	assert_true(queue_push(queue, &items[0], 1));
	assert_false(queue_idle(queue));
	assert_ptr_equal(queue_pop(queue, 0), &items[0]);
	assert_false(queue_idle(queue));
	assert_null(queue_pop(queue, 0));
	assert_false(queue_idle(queue));
	queue_settle(queue);
	assert_true(queue_idle(queue));
	queue_free(queue);
}

/* Somebody else's word is still heard by who pops. */
static void test_discarding_takes_no_wake_away(void **state)
{
	struct queue *queue = queue_new(SIZE_MAX);

	(void)state;
	assert_true(queue_push(queue, &items[0], 1));
	queue_wake(queue);
	queue_discard(queue, release);
	assert_null(queue_pop(queue, -1)); /* else it waits for ever */
	queue_free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_missing_before_what_was_taken),
		cmocka_unit_test(test_one_that_stays_open_goes_on_behind_what_was_discarded),
		cmocka_unit_test(test_idle_is_what_is_empty_and_settled),
		cmocka_unit_test(test_discarding_takes_no_wake_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
