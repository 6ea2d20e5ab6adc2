/* Whose keys they were last: never too early a batch, and hardly ever too late a one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "applier/conflict_index.h"

static void the_newest_of_its_keys(void **state)
{
	struct conflict_index *index = conflict_index_new();
	uint64_t first[] = {1, 2, 3}, second[] = {4, 5}, third[] = {5, 1}, twice[] = {9, 9, 1, 1};

	(void)state;
	assert_int_equal(conflict_index_add(index, first, 3, 1), 0);
	assert_int_equal(conflict_index_add(index, second, 2, 2), 0);
	assert_int_equal(conflict_index_add(index, third, 2, 3), 2);
	assert_int_equal(conflict_index_add(index, first, 3, 4), 3);
	assert_int_equal(conflict_index_add(index, twice, 4, 7), 4);
	conflict_index_free(index);
}

static uint64_t random_key(uint64_t number)
{
	number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	number ^= number >> 29;
	number *= UINT64_C(0xbf58476d1ce4e5b9);
	return number ^ number >> 32;
}

/* Random batches over so many keys, beside a table that forgets nothing. `shift`: keys share their lower bits, and so a bucket. */
static unsigned compare(size_t keys, unsigned batches, size_t batch_keys, unsigned shift)
{
	struct conflict_index *index = conflict_index_new();
	uint64_t *last = calloc(keys, sizeof(*last)), *batch = calloc(batch_keys, sizeof(*batch));
	unsigned later = 0;

	assert_true(last && batch);
	for (uint64_t sequence = 1; sequence <= batches; sequence++) {
		uint64_t exact = 0, found;

		for (size_t i = 0; i < batch_keys; i++) {
			size_t key = (size_t)rand() % keys;

			if (last[key] != sequence && last[key] > exact)
				exact = last[key];
			last[key] = sequence;
			batch[i] = shift ? (uint64_t)(key + 1) << shift : random_key(key);
		}
		found = conflict_index_add(index, batch, batch_keys, sequence);
		assert_true(found >= exact && found < sequence);
		later += found > exact;
	}
	free(last);
	free(batch);
	conflict_index_free(index);
	return later;
}

static void none_is_missed(void **state)
{
	(void)state;
	assert_int_equal(compare(300000, 400, 500, 0), 0);  /* about as many as fit */
	compare(3000000, 200, 5000, 0);			    /* more than fit: later ones, never earlier */
	assert_true(compare(60, 3000, 3, 32) > 0);	    /* all in one bucket */
	compare(12, 3000, 9, 32);			    /* which a batch fills alone */
}

static void numbers_beyond_32_bits(void **state)
{
	struct conflict_index *index = conflict_index_new();
	uint64_t one[] = {11, 12}, other[] = {13};
	uint64_t far = (uint64_t)UINT32_MAX + 10;

	(void)state;
	assert_int_equal(conflict_index_add(index, one, 2, 5), 0);
	assert_int_equal(conflict_index_add(index, one, 2, far - 20), 5);
	/* what was before may have had them */
	assert_int_equal(conflict_index_add(index, one, 2, far), far - 1);
	assert_int_equal(conflict_index_add(index, other, 1, far + 1), far - 1);
	assert_int_equal(conflict_index_add(index, one, 2, far + 2), far);
	conflict_index_free(index);
}

int main(void)
{
	const char *given = getenv("CHANGELING_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_its_keys),
		cmocka_unit_test(none_is_missed),
		cmocka_unit_test(numbers_beyond_32_bits),
	};

	printf("seed %u\n", seed);
	srand(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
