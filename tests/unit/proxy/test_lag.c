/* The lag: true while idle, busy, paused, cut off, and with clocks that differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "proxy/lag.h"

#define S INT64_C(1000000)
#define T0 1800000000u /* seconds */

static struct position at(uint64_t offset)
{
	struct position position = {.file = "binlog.000001", .offset = offset};

	return position;
}

static void received(struct lag *lag, uint64_t offset, uint32_t time)
{
	struct position end = at(offset);

	lag_received(lag, &end, time);
}

static void applied(struct lag *lag, uint64_t offset)
{
	struct position end = at(offset);

	lag_applied(lag, &end);
}

static double seconds(struct lag *lag, int64_t now_us)
{
	double result = -1;

	assert_true(lag_seconds(lag, now_us, &result));
	return result;
}

static void unknown_at_first(void **state)
{
	struct lag *lag = lag_new();
	double ignored;

	(void)state;
	assert_false(lag_seconds(lag, T0 * S, &ignored));
	lag_began(lag, 0);
	assert_false(lag_seconds(lag, T0 * S, &ignored));
	lag_began(lag, T0 - 100);
	assert_float_equal(seconds(lag, T0 * S), 100, 0.001);
	lag_free(lag);
}

static void idle_is_zero_and_silence_grows(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	lag_caught_up(lag, T0 * S);
	assert_float_equal(seconds(lag, T0 * S), 0, 0.001);
	assert_float_equal(seconds(lag, T0 * S + 7 * S), 7, 0.001);
	/* an earlier moment does not take it back */
	lag_caught_up(lag, T0 * S - 5 * S);
	assert_float_equal(seconds(lag, T0 * S), 0, 0.001);
	lag_free(lag);
}

static void the_oldest_that_is_pending_counts(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	lag_began(lag, T0 - 1000);
	received(lag, 100, T0 - 60);
	received(lag, 200, T0 - 50);
	received(lag, 300, T0 - 40);
	assert_true(lag_pending(lag));
	applied(lag, 99);
	assert_float_equal(seconds(lag, T0 * S), 60, 0.001);
	applied(lag, 250);
	assert_float_equal(seconds(lag, T0 * S), 40, 0.001);
	applied(lag, 300);
	assert_false(lag_pending(lag));
	assert_float_equal(seconds(lag, T0 * S), 40, 0.001);
	lag_free(lag);
}

/* The source ran it for an hour: we were level with the source when it committed, and are not an hour behind. */
static void a_long_transaction_is_no_lag(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	lag_caught_up(lag, T0 * S);
	received(lag, 100, T0 - 3600);
	applied(lag, 50);
	assert_float_equal(seconds(lag, T0 * S + 2 * S), 2, 0.001);
	applied(lag, 100);
	assert_float_equal(seconds(lag, T0 * S + 2 * S), 2, 0.001);
	lag_free(lag);
}

static void clocks_may_differ(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	lag_set_clock(lag, 30); /* ours is ahead */
	received(lag, 100, T0 - 40);
	applied(lag, 0);
	assert_float_equal(seconds(lag, T0 * S), 10, 0.001);
	/* time stamps of the future are no negative lag */
	received(lag, 200, T0 + 100);
	applied(lag, 200);
	assert_float_equal(seconds(lag, T0 * S), 0, 0.001);
	lag_free(lag);
}

static void what_is_forgotten_is_pending_no_more(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	lag_caught_up(lag, (T0 - 20) * S);
	received(lag, 100, T0 - 10);
	lag_forget(lag);
	assert_false(lag_pending(lag));
	assert_float_equal(seconds(lag, T0 * S), 20, 0.001);
	lag_free(lag);
}

static void memory_is_bounded_by_seconds(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	/* two days of backlog, several transactions a second; the oldest is applied last */
	for (uint32_t second = 0; second < 172800; second++) {
		received(lag, 1000 + second * 10, T0 + second);
		received(lag, 1005 + second * 10, T0 + second);
	}
	applied(lag, 1004);
	assert_float_equal(seconds(lag, (T0 + 100) * S), 100, 0.001);
	applied(lag, 1005);
	assert_float_equal(seconds(lag, (T0 + 100) * S), 99, 0.001);
	assert_true(lag_pending(lag));
	applied(lag, 1005 + 172799u * 10);
	assert_false(lag_pending(lag));
	lag_free(lag);
}

static void events_without_a_time_do_not_count(void **state)
{
	struct lag *lag = lag_new();

	(void)state;
	received(lag, 100, 0);
	assert_false(lag_pending(lag));
	lag_free(lag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_at_first),
		cmocka_unit_test(idle_is_zero_and_silence_grows),
		cmocka_unit_test(the_oldest_that_is_pending_counts),
		cmocka_unit_test(a_long_transaction_is_no_lag),
		cmocka_unit_test(clocks_may_differ),
		cmocka_unit_test(what_is_forgotten_is_pending_no_more),
		cmocka_unit_test(memory_is_bounded_by_seconds),
		cmocka_unit_test(events_without_a_time_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
