/* Which start lies before what a channel has applied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "proxy/change_master.h"

#define UUID "fa6ebde3-eb0a-11f1-a34c-02fc00000001"

static void by_file(void **state)
{
	static const struct {
		const char *one;
		uint64_t at;
		const char *other;
		uint64_t other_at;
		bool before;
	} cases[] = {
		{"binlog.000042", 4, "binlog.000042", 5, true},
		{"binlog.000042", 5, "binlog.000042", 5, false},
		{"binlog.000042", 6, "binlog.000042", 5, false},
		{"binlog.000041", 900, "binlog.000042", 5, true},
		{"binlog.999999", 4, "binlog.1000000", 4, true},
		{"binlog.1000000", 4, "binlog.999999", 4, false},
		/* another log: nothing is known */
		{"a.000001", 4, "b.000042", 5, false},
		{"bin.000001", 4, "bin.log.000042", 5, false},
		{"bin.log.000001", 4, "bin.000042", 5, false},
		{"binlog", 4, "binlog.000042", 5, false},
		{"binlog.000001", 4, "", 0, false},
		{"", 0, "binlog.000001", 4, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct checkpoint one = {.position.offset = cases[i].at};
		struct checkpoint other = {.position.offset = cases[i].other_at};

		snprintf(one.position.file, sizeof(one.position.file), "%s", cases[i].one);
		snprintf(other.position.file, sizeof(other.position.file), "%s", cases[i].other);
		if (change_master_file_before(&one, &other) != cases[i].before)
			fail_msg("%s:%d and %s:%d", cases[i].one, (int)cases[i].at, cases[i].other,
				(int)cases[i].other_at);
	}
}

static void by_gtid(void **state)
{
	static struct {
		char one[64], other[64];
		bool before;
	} cases[] = {
		{UUID ":1-5", UUID ":1-6", true},
		{UUID ":1-6", UUID ":1-6", false},
		{UUID ":1-7", UUID ":1-6", false},
		{UUID ":1-3:5-9", UUID ":1-6", true},
		{"0-1-5", "0-1-6", true},
		{"0-1-6", "0-1-6", false},
		{"0-1-7,1-1-3", "0-1-6", false},
		{"0-1-7", "0-1-6,1-1-3", true},
		{"", "0-1-6", true},
		/* what the channel has is not known, or of the other family */
		{UUID ":1-5", "", false},
		{"", "", false},
		{UUID ":1-5", "0-1-6", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct checkpoint one = {.gtid_set = cases[i].one}, other = {.gtid_set = cases[i].other};

		if (change_master_gtid_before(&one, &other) != cases[i].before)
			fail_msg("\"%s\" and \"%s\"", cases[i].one, cases[i].other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(by_file), cmocka_unit_test(by_gtid)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
