/* Which start lies before what a channel has applied, and which cannot be known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

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

/* --master-auto-position where the channel's GTID set is not known and the source is another one: not "from the very
 * beginning", and without a question to the source about a position that is not its own. */
static void by_gtid_at_another_source(void **state)
{
	static const struct {
		const char *known, *uuid;
		const char *file;
		bool refused;
	} cases[] = {
		{UUID, "fa6ebde3-eb0a-11f1-a34c-02fc00000002", "binlog.000042", true},
		{"server-id:1", "", "binlog.000042", true},
		{"", "", "binlog.000042", true},
		{UUID, "", "binlog.000042", true},
		/* nothing has been applied, by file neither */
		{UUID, "fa6ebde3-eb0a-11f1-a34c-02fc00000002", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change_master_statement statement = {.start = CHANGE_MASTER_START_GTID};
		struct config config = {.source.use_gtid = true};
		struct source_info info = {.family = FAMILY_MARIADB, .server_id = 2, .server_uuid = cases[i].uuid};
		char none[] = "";
		struct former former = {.found = true, .checkpoint = {.gtid_set = none, .position.offset = 900}};
		struct error error = {.kind = ERROR_NONE};
		struct start start;
		int result;

		snprintf(former.checkpoint.source_uuid, sizeof(former.checkpoint.source_uuid), "%s", cases[i].known);
		snprintf(former.checkpoint.position.file, sizeof(former.checkpoint.position.file), "%s", cases[i].file);
		result = change_master_place(&statement, &config, NULL, &info, &former, true, &start, &error);
		assert_int_equal(result, cases[i].refused ? -1 : 0);
		if (cases[i].refused) {
			assert_int_equal(error.kind, ERROR_USAGE);
			assert_non_null(strstr(error.text, "--master-use-gtid"));
			assert_non_null(strstr(error.text, "binlog.000042:900"));
		} else {
			assert_false(start.write);
			checkpoint_release(&start.checkpoint);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_file), cmocka_unit_test(by_gtid), cmocka_unit_test(by_gtid_at_another_source)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
