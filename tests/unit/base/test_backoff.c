/* Pauses between attempts and how often they are told of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/backoff.h"

#define ROUNDS 300

static void pauses_grow_within_their_limits(void **state)
{
	uint64_t highest[8] = {0};

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct backoff backoff;

		backoff_init(&backoff, 100, 1000, 5000);
		for (unsigned i = 0; i < 8; i++) {
			uint64_t pause = backoff_failed(&backoff), limit = (uint64_t)200 << i;

			assert_true(pause >= 100);
			assert_true(pause <= (limit > 1000 ? 1000 : limit));
			if (pause > highest[i])
				highest[i] = pause;
		}
		assert_int_equal(backoff_attempts(&backoff), 8);
	}
	/* full jitter reaches the upper part of each range in 300 tries, or it is not random */
	assert_true(highest[0] > 150);
	assert_true(highest[2] > 600);
	assert_true(highest[7] > 800);
}

static void pauses_differ(void **state)
{
	struct backoff backoff;
	uint64_t first = 0;
	unsigned different = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		uint64_t pause;

		backoff_init(&backoff, 1, 1000000, 1);
		for (unsigned k = 0; k < 15; k++)
			backoff_failed(&backoff);
		pause = backoff_failed(&backoff);
		if (i == 0)
			first = pause;
		different += pause != first;
	}
	assert_true(different > 10);
}

static void a_short_success_does_not_count(void **state)
{
	struct backoff backoff;

	(void)state;
	backoff_init(&backoff, 1, 1000, 3600 * 1000);
	backoff_failed(&backoff);
	backoff_failed(&backoff);
	backoff_works(&backoff);
	backoff_failed(&backoff);
	assert_int_equal(backoff_attempts(&backoff), 3);
}

static void a_lasting_success_begins_anew(void **state)
{
	struct backoff backoff;
	uint64_t until;

	(void)state;
	backoff_init(&backoff, 1, 1000, 20);
	for (unsigned i = 0; i < 5; i++)
		backoff_failed(&backoff);
	backoff_works(&backoff);
	for (until = monotonic_ms() + 25; monotonic_ms() < until;)
		backoff_works(&backoff); /* said again, it counts from the first time */
	backoff_failed(&backoff);
	assert_int_equal(backoff_attempts(&backoff), 1);
	backoff_reset(&backoff);
	assert_int_equal(backoff_attempts(&backoff), 0);
}

static void limits_that_contradict_each_other_are_mended(void **state)
{
	struct backoff backoff;

	(void)state;
	backoff_init(&backoff, 0, 0, 0);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(backoff_failed(&backoff), 1);
}

/* Below the log level: what counts is what would be said. */
static void repeated_errors_are_counted_not_logged(void **state)
{
	struct log_throttle throttle;
	struct error error;
	unsigned logged = 0;

	(void)state;
	log_throttle_init(&throttle, 3600 * 1000, 3600 * 1000);
	for (unsigned i = 0; i < 50; i++) {
		error_set(&error, ERROR_RETRY, "connection %u lost.", i);
		logged += log_throttle_error(&throttle, LOG_WARNING, "test", &error);
	}
	assert_int_equal(logged, 1);
	error_set(&error, ERROR_RETRY, "another trouble.");
	assert_true(log_throttle_error(&throttle, LOG_WARNING, "test", &error));
	assert_false(log_throttle_error(&throttle, LOG_WARNING, "test", &error));
	assert_int_equal(log_throttle_over(&throttle), 1);
	assert_true(log_throttle_error(&throttle, LOG_WARNING, "test", &error));
}

static void intervals_grow(void **state)
{
	struct log_throttle throttle;
	struct error error;
	uint64_t until;

	(void)state;
	log_throttle_init(&throttle, 10, 30);
	error_set(&error, ERROR_RETRY, "trouble.");
	assert_true(log_throttle_error(&throttle, LOG_WARNING, "test", &error));
	assert_int_equal(throttle.interval_ms, 10);
	for (until = monotonic_ms() + 11; monotonic_ms() < until;)
		;
	assert_true(log_throttle_error(&throttle, LOG_WARNING, "test", &error));
	assert_int_equal(throttle.interval_ms, 20);
	for (until = monotonic_ms() + 21; monotonic_ms() < until;)
		;
	assert_true(log_throttle_error(&throttle, LOG_WARNING, "test", &error));
	assert_int_equal(throttle.interval_ms, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_within_their_limits),
		cmocka_unit_test(pauses_differ),
		cmocka_unit_test(a_short_success_does_not_count),
		cmocka_unit_test(a_lasting_success_begins_anew),
		cmocka_unit_test(limits_that_contradict_each_other_are_mended),
		cmocka_unit_test(repeated_errors_are_counted_not_logged),
		cmocka_unit_test(intervals_grow),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
