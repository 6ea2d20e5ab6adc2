/* A queue that is discarded while somebody takes from it: what was taken is everything up to some item, without a gap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>

#include <cmocka.h>

#include "base/queue.h"

#define ITEMS 2000
#define ROUNDS 200

static char items[ITEMS];
static size_t taken, released;
static int gaps;

static void *take_all(void *argument)
{
	struct queue *queue = argument;

	while (!queue_closed(queue) || queue_items(queue)) {
		char *item = queue_pop(queue, 0);

		if (!item)
			continue;
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

static void test_nothing_is_missing_before_what_was_taken(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct queue *queue = queue_new(SIZE_MAX);
		pthread_t thread;

		taken = released = 0;
		for (size_t i = 0; i < ITEMS; i++)
			assert_true(queue_push(queue, &items[i], 1));
		assert_int_equal(pthread_create(&thread, NULL, take_all, queue), 0);
		while (queue_items(queue) > ITEMS * 3 / 4)
			;
		queue_discard(queue, release);
		pthread_join(thread, NULL);
		assert_int_equal(gaps, 0);
		assert_int_equal(taken + released, ITEMS);
		assert_false(queue_push(queue, &items[0], 1));
		queue_free(queue);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_missing_before_what_was_taken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
