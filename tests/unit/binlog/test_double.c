/* Doubles to their shortest text. */
#include "support.h"

#include <math.h>

#include "binlog/double.h"
#include "binlog/value.h"

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static double of_bits(uint64_t bits)
{
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

/* Reads back as itself; one digit less, rounded either way, does not; and no text of as many digits is
 * nearer. */
static void assert_shortest(double number)
{
	struct double_digits d;
	struct buffer text = BUFFER_INIT;
	char shorter[64];

	double_digits(number, &d);
	double_put_sql(number, &text);
	assert_true(strtod(buffer_text(&text), NULL) == number);
	assert_true(signbit(strtod(buffer_text(&text), NULL)) == signbit(number));
	assert_int_equal(strlen(d.digits), d.count);
	assert_true(d.count == 1 || (d.digits[0] != '0' && d.digits[d.count - 1] != '0'));
	if (d.count > 1) {
		snprintf(shorter, sizeof(shorter), "%.*e", d.count - 2, number);
		assert_true(strtod(shorter, NULL) != number);
	}
	snprintf(shorter, sizeof(shorter), "%.*e", d.count - 1, number);
	if (strtod(shorter, NULL) == number) { /* the C library's is the nearest of that many digits */
		char ours[64];
		int point = atoi(strchr(shorter, 'e') + 1) + 1;

		snprintf(ours, sizeof(ours), "%c%s", shorter[signbit(number) ? 1 : 0],
			d.count > 1 ? strchr(shorter, '.') + 1 : "");
		*strchrnul(ours, 'e') = '\0';
		assert_string_equal(d.digits, ours);
		assert_int_equal(d.point, point);
	}
	buffer_release(&text);
}

static void digits_read_back_and_are_the_fewest(void **state)
{
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		double number = of_bits(next_random(&seed));

		if (isfinite(number) && number != 0)
			assert_shortest(number);
		assert_shortest((double)(next_random(&seed) >> 40) / 1000 + 0.001);
	}
	for (uint64_t exponent = 1; exponent < 2047;
		exponent++) { /* powers of two: the interval is not symmetric */
		uint64_t bits = exponent << 52;

		assert_shortest(of_bits(bits));
		assert_shortest(-of_bits(bits - 1));
		assert_shortest(of_bits(bits + 1));
	}
	for (uint64_t bits = 1; bits < (uint64_t)1 << 52; bits <<= 1)
		assert_shortest(of_bits(bits));
}

static void texts(void **state)
{
	static const struct {
		double number;
		const char *sql, *json;
	} cases[] = {{0.0, "0e0", "0.0"}, {-0.0, "-0e0", "-0.0"}, {1, "1e0", "1.0"}, {-1.5, "-1.5e0", "-1.5"},
		{0.1, "1e-1", "0.1"}, {100, "1e2", "100.0"}, {5e-324, "5e-324", "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e308", "1.7976931348623157e308"},
		{9007199254740993.0, "9.007199254740992e15", "9.007199254740992e15"},
		{5.684341886080802e-14, "5.684341886080802e-14", "0.00000000000005684341886080802"},
		/* the forms below are what MySQL 9.7 prints */
		{1e14, "1e14", "100000000000000.0"}, {1e15, "1e15", "1e15"},
		{123456789012345e0, "1.23456789012345e14", "123456789012345.0"},
		{1234567890123456e0, "1.234567890123456e15", "1.234567890123456e15"},
		{1916156826600436.5, "1.9161568266004365e15", "1916156826600436.5"},
		{1e-14, "1e-14", "0.00000000000001"}, {1e-15, "1e-15", "0.000000000000001"},
		{1e-16, "1e-16", "1e-16"}, {1.100000023841858, "1.100000023841858e0", "1.100000023841858"}};
	struct buffer text = BUFFER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_clear(&text);
		double_put_sql(cases[i].number, &text);
		assert_string_equal(buffer_text(&text), cases[i].sql);
		buffer_clear(&text);
		double_put_json(cases[i].number, &text);
		assert_string_equal(buffer_text(&text), cases[i].json);
	}
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_read_back_and_are_the_fewest),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
