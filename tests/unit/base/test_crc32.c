#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/crc32.h"

static void known_sums(void **state)
{
	(void)state;
	assert_int_equal(crc32_add(0, "", 0), 0);
	assert_int_equal(crc32_add(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_add(0, "The quick brown fox jumps over the lazy dog", 43), 0x414fa339);
}

/* Every length around the sizes that are folded, at every alignment, whole and in two pieces. */
static void as_zlib(void **state)
{
	enum { SIZE = 4096 };
	uint8_t *bytes = malloc(SIZE + 16);
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (int i = 0; i < SIZE + 16; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		bytes[i] = (uint8_t)seed;
	}
	for (size_t length = 0; length < 850; length++) {
		for (size_t at = 0; at < 16; at++) {
			assert_int_equal(
				crc32_add(0, bytes + at, length), crc32(0, bytes + at, (uInt)length));
			assert_int_equal(crc32_add(0xdeadbeef, bytes + at, length),
				crc32(0xdeadbeef, bytes + at, (uInt)length));
		}
	}
	for (size_t cut = 0; cut < SIZE; cut += 37)
		assert_int_equal(
			crc32_add(crc32_add(0, bytes, cut), bytes + cut, SIZE - cut), crc32(0, bytes, SIZE));
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_sums),
		cmocka_unit_test(as_zlib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
