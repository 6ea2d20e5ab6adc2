/* What a worker lets others see of a batch that fails. The target is played by this program: the linker leads the calls of the two
 * functions here (tests/CMakeLists.txt). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "applier/internal.h"

int __wrap_flight_run(const struct flight *flight, struct target *target, size_t packet_bytes, size_t *failed, uint64_t *found,
	struct error *error);
int __wrap_target_flight(struct target *target, const char *text, size_t length, size_t statements,
	struct target_outcome *outcomes, size_t *failed, struct error *error);

static struct applier applier;
static struct batch batches[3]; /* by sequence */
static bool rolled_back;

static struct worker *give(unsigned number, uint64_t sequence, uint64_t after)
{
	struct worker *worker = &applier.workers[number];

	batches[sequence].sequence = sequence;
	batches[sequence].after = after;
	worker->applier = &applier;
	worker->number = number;
	worker_take(worker, &batches[sequence]);
	return worker;
}

/* The batch's changes meet a deadlock. */
int __wrap_flight_run(const struct flight *flight, struct target *target, size_t packet_bytes, size_t *failed, uint64_t *found,
	struct error *error)
{
	(void)flight;
	(void)target;
	(void)packet_bytes;
	*failed = 1;
	*found = 0;
	return error_set_server(error, ERROR_RETRY, 1213, "40001", "Deadlock found");
}

/* The ROLLBACK, which takes its time; then the connection is lost, which ends the run. */
int __wrap_target_flight(struct target *target, const char *text, size_t length, size_t statements,
	struct target_outcome *outcomes, size_t *failed, struct error *error)
{
	bool commits;

	(void)target;
	(void)length;
	(void)statements;
	(void)outcomes;
	(void)failed;
	assert_non_null(strstr(text, "ROLLBACK"));
	assert_int_equal(passage_next_step(&applier.workers[1], &commits), STEP_WAIT);
	rolled_back = true;
	return error_set(error, ERROR_RETRY, "lost");
}

static void test_nothing_follows_a_batch_that_is_rolled_back(void **state)
{
	struct worker *worker;

	(void)state;
	applier_init_locks(&applier);
	applier.settings.workers = 2;
	applier.settings.channel = "main";
	applier.settings.target.schema = "changeling";
	worker = give(0, 1, 0);
	give(1, 2, 1);
	worker->session = session_new(FAMILY_MARIADB, 101100);
	worker->noted = true; /* it has no connection that could list itself */
	flight_init(&passage_at(worker, 0)->flight);
	passage_set_apart(worker, passage_at(worker, 0));
	worker_main(worker);
	assert_true(rolled_back);
	assert_true(applier.failed);
	flight_release(&passage_at(worker, 0)->flight);
	buffer_release(&worker->text);
	session_free(worker->session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_follows_a_batch_that_is_rolled_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
