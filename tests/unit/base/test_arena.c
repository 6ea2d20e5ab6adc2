/* Memory that goes at once: emptied and used again, and handed from one arena to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void what_is_emptied_is_used_again(void **state)
{
	struct arena arena = ARENA_INIT;
	void *first;
	size_t bytes;

	(void)state;
	arena_reset(&arena);
	first = arena_alloc(&arena, 100);
	bytes = arena.bytes;
	for (int i = 0; i < 1000; i++) {
		arena_reset(&arena);
		assert_ptr_equal(arena_alloc(&arena, 100), first);
	}
	assert_int_equal(arena.bytes, bytes);
	for (int i = 0; i < 100; i++)
		arena_alloc(&arena, 1000);
	arena_reset(&arena);
	memset(arena_alloc(&arena, 20000), 1, 20000); /* a block for several, or one of its own */
	arena_reset(&arena);
	bytes = arena.bytes;
	memset(arena_alloc(&arena, 200), 2, 200);
	assert_int_equal(arena.bytes, bytes);
	arena_release(&arena);
	arena_alloc(&arena, (size_t)1 << 20);
	arena_reset(&arena);
	arena_release(&arena);
}

static void what_is_adopted_stays(void **state)
{
	struct arena arena = ARENA_INIT, other = ARENA_INIT, none = ARENA_INIT;
	char *kept, *own;
	size_t bytes;

	(void)state;
	kept = arena_strdup(&other, "kept");
	for (int i = 0; i < 50; i++)
		arena_alloc(&other, 500);
	bytes = other.bytes;
	arena_adopt(&arena, &other); /* into an empty one */
	assert_int_equal(arena.bytes, bytes);
	assert_int_equal(other.bytes, 0);
	own = arena_strdup(&other, "own");
	bytes += other.bytes;
	arena_adopt(&other, &arena); /* beside what is there */
	assert_int_equal(other.bytes, bytes);
	arena_adopt(&other, &none);
	assert_int_equal(other.bytes, bytes);
	arena_alloc(&other, 5000);
	assert_string_equal(kept, "kept");
	assert_string_equal(own, "own");
	arena_release(&other);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_emptied_is_used_again),
		cmocka_unit_test(what_is_adopted_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
