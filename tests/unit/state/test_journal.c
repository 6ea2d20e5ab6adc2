#include "support.h"

static struct state_rewrite rewrite_at(const char *gtid, uint64_t position, uint64_t item)
{
	struct state_rewrite rewrite = {
		.place = {.gtid = gtid, .file = "binlog.000001", .position = position, .item = item},
		.rule = "definer",
		.database = "shop",
		.original = "CREATE DEFINER=`a`@`b` VIEW v AS SELECT 1",
		.original_length = 41,
		.sent = "CREATE VIEW v AS SELECT 1",
		.sent_length = 25,
		.reason = "the account may not set a definer",
	};

	return rewrite;
}

static void test_rewrites(void **unused)
{
	struct state *state = open_state(NULL);
	struct state_rewrite list[3] = {
		rewrite_at(NULL, 120, 0), rewrite_at(NULL, 120, 1), rewrite_at("0-1-7", 300, 0)};

	(void)unused;
	list[1].sent = NULL;
	list[1].sent_length = 0;
	list[2].count = 4;
	must(state_journal_rewrites(state, list, 3, &error));
	/* a transaction that is applied again adds nothing; another rule at the same place does */
	must(state_journal_rewrites(state, list, 3, &error));
	list[0].rule = "engine";
	must(state_journal_rewrite(state, &list[0], &error));

	assert_string_equal(look("select count(*) from rewrites"), "4");
	assert_string_equal(look("select sent is null from rewrites where item = 1"), "1");
	assert_string_equal(look("select count from rewrites where gtid = '0-1-7'"), "4");
	assert_string_equal(look("select sent from rewrites where item = 0 and gtid is null"),
		"CREATE VIEW v AS SELECT 1");
	assert_string_equal(
		look("select group_concat(rule || uses) from rewrite_counts"), "definer3,engine1");
	state_close(state);
}

static void test_long_and_odd_texts(void **unused)
{
	const struct state_options options = {.text_bytes = 10};
	struct state *state = open_state(&options);
	struct state_rewrite rewrite = rewrite_at(NULL, 1, 0);

	(void)unused;
	rewrite.original = "123456789\xc3\xa4xyz"; /* the cut would fall into a character */
	rewrite.original_length = 14;
	rewrite.sent = "a\0b\xff";
	rewrite.sent_length = 4;
	must(state_journal_rewrite(state, &rewrite, &error));
	assert_string_equal(look("select original from rewrites"), "123456789");
	assert_string_equal(look("select original_bytes from rewrites"), "14");
	assert_string_equal(look("select sent from rewrites"), "x'610062FF'");
	state_close(state);
}

static void test_bounded(void **unused)
{
	const struct state_options options = {.journal_rows = 300};
	struct state *state = open_state(&options);

	(void)unused;
	for (uint64_t i = 0; i < 1000; i++) {
		struct state_rewrite rewrite = rewrite_at(NULL, i, 0);
		struct state_skipped skipped = {.place = rewrite.place,
			.rule = "accounts",
			.reason = "policy",
			.statement = "drop user x",
			.statement_length = 11};

		must(state_journal_rewrite(state, &rewrite, &error));
		must(state_record_skipped(state, &skipped, &error));
		/* ids 1…1000: the even ones are dealt with */
		if (i % 2)
			must(state_resolve_skipped(state, (int64_t)i + 1, "dropped", &error));
	}
	/* trimmed every 256 rows, at the 768th the last time */
	assert_string_equal(look("select count(*) from rewrites"), "532");
	assert_string_equal(look("select min(position) from rewrites"), "468");
	/* what is open outlives what is dealt with */
	assert_string_equal(look("select count(*) from skipped where resolution = 'open'"), "500");
	assert_string_equal(look("select min(id) from skipped where resolution <> 'open'"), "470");
	state_close(state);
}

struct seen {
	struct state *state;
	unsigned calls;
	char statements[200];
};

static int see(void *context, const struct state_skipped *skipped, struct error *error)
{
	struct seen *seen = context;

	seen->calls++;
	assert_string_equal(skipped->context, "{\"sql_mode\":0}");
	assert_string_equal(skipped->place.file, "binlog.000001");
	assert_true(skipped->at_us > 0);
	strncat(seen->statements, skipped->statement,
		sizeof(seen->statements) - strlen(seen->statements) - 1);
	/* the callback may write */
	if (skipped->place.item == 1)
		return state_resolve_skipped(seen->state, skipped->id, "retried", error);
	return skipped->place.item == 3 ? 7 : 0;
}

static void test_skipped(void **unused)
{
	struct state *state = open_state(NULL);
	struct seen seen = {.state = state};
	struct error said = {.kind = ERROR_NONE};

	(void)unused;
	for (uint64_t item = 0; item < 5; item++) {
		char text[2] = {(char)('a' + item), 0};
		struct state_skipped skipped = {
			.place = {.file = "binlog.000001", .position = 9, .item = item},
			.rule = item == 4 ? "operator" : "function",
			.statement = text,
			.statement_length = 1,
			.context = "{\"sql_mode\":0}",
		};

		must(state_record_skipped(state, &skipped, &error));
		must(state_record_skipped(state, &skipped, &error));
	}
	assert_int_equal(state_each_skipped(state, true, see, &seen, &said), 7);
	assert_int_equal(seen.calls, 4);
	assert_string_equal(seen.statements, "abcd");
	seen = (struct seen){.state = state};
	assert_int_equal(state_each_skipped(state, true, see, &seen, &said), 7);
	assert_string_equal(seen.statements, "acd");
	assert_string_equal(
		look("select group_concat(resolution) from skipped"), "open,retried,open,open,open");
	must_fail(state_resolve_skipped(state, 99, "dropped", &error), ERROR_USAGE, "number 99");
	state_close(state);
}

static void test_quarantine(void **unused)
{
	struct state *state = open_state(NULL);
	struct state_quarantine row = {
		.place = {.gtid = "aaaa:1", .item = 3},
		.database = "shop",
		.table = "orders",
		.key = "id=256",
		.change = "update",
		.before = "{\"id\":256}",
		.before_length = 10,
		.reason = "no such row",
		.outcome = "recorded",
	};

	(void)unused;
	must(state_record_quarantine(state, &row, &error));
	must(state_record_quarantine(state, &row, &error));
	assert_string_equal(look("select count(*) from quarantine"), "1");
	assert_string_equal(look("select \"table\" || key || before || (after is null) from quarantine"),
		"ordersid=256{\"id\":256}1");
	row.outcome = "repaired"; /* it was rolled back, and came again under another policy */
	must(state_record_quarantine(state, &row, &error));
	assert_string_equal(look("select count(*) || outcome from quarantine"), "1repaired");
	state_close(state);
}

static void test_lists(void **unused)
{
	struct state *state = open_state(NULL);
	const struct state_capability capabilities[] = {
		{"set.pseudo_thread_id", "no", "temporary tables become ordinary ones", "warn"},
		{"create.definer", "yes", NULL, "ok"},
	};
	const struct state_temp_table tables[] = {
		{.thread_id = 17,
			.database = "shop",
			.name = "t",
			.target_database = "changeling",
			.target_name = "tmp_17_1",
			.created = {.file = "b.1", .position = 4},
			.created_at_us = 1700000000000000},
		{.thread_id = 18, .database = "shop", .name = "t"},
	};

	(void)unused;
	must(state_save_capabilities(state, capabilities, 2, &error));
	must(state_save_capabilities(state, capabilities, 2, &error));
	assert_string_equal(look("select group_concat(name || value) from capabilities"),
		"set.pseudo_thread_idno,create.definer"
		"yes");
	must(state_set_temp_tables(state, tables, 2, &error));
	assert_string_equal(look("select target_name || created_at from temp_tables where thread_id = 17"),
		"tmp_17_12023-11-14T22:13:20.000Z");
	must(state_set_temp_tables(state, tables + 1, 1, &error));
	assert_string_equal(look("select group_concat(thread_id) from temp_tables"), "18");
	must(state_set_temp_tables(state, NULL, 0, &error));
	assert_string_equal(look("select count(*) from temp_tables"), "0");
	state_close(state);
}

static void test_lag(void **unused)
{
	struct state *state = open_state(NULL);
	const int64_t start = 1700000040; /* a whole minute */

	(void)unused;
	for (int64_t second = start; second < start + 2 * 3600; second += 10) {
		struct state_lag lag = {.at_us = second * 1000000,
			.known = second % 60 != 0,
			.lag_seconds = (double)(second % 60) / 10,
			.transactions = (uint64_t)(second - start)};

		must(state_record_lag(state, &lag, &error));
	}
	assert_string_equal(look("select count(*) from lag where resolution = 'minute'"), "120");
	/* 0 is not known; 1, 2, 3, 4, 5 */
	assert_string_equal(look("select lag_seconds || '/' || lag_maximum_seconds || '/' || transactions "
				 "from lag where resolution = 'minute' limit 1"),
		"3.0/5.0/50");
	/* an hour of seconds, and at most the minute since the last purge */
	assert_string_equal(look("select count(*) from lag where resolution = 'second'"), "366");
	/* nine days later nothing of that is left */
	must(state_record_lag(state, &(struct state_lag){.at_us = (start + 9 * 86400) * 1000000}, &error));
	assert_string_equal(look("select count(*) || coalesce(max(lag_seconds), '-') from lag"), "2-");
	state_close(state);
}

static int see_event(void *context, const struct state_event *event, struct error *error)
{
	char *names = context;

	(void)error;
	strcat(strcat(strcat(names, event->name), event->wished), ";");
	return 0;
}

static void test_events_and_intents(void **unused)
{
	struct state *state = open_state(NULL);
	struct state_event event = {"shop", "nightly", "ENABLED", "app@%"};
	struct state_ddl_intent intent = {.place = {.gtid = "0-1-9"},
		.statement = "drop table t",
		.statement_length = 12,
		.fingerprint = "f00",
		.outcome = "intended"};
	char names[100] = "";

	(void)unused;
	must(state_save_event(state, &event, &error));
	event.name = "hourly";
	must(state_save_event(state, &event, &error));
	event.wished = "DISABLED";
	must(state_save_event(state, &event, &error));
	must(state_each_event(state, see_event, names, &error));
	assert_string_equal(names, "hourlyDISABLED;nightlyENABLED;");
	event.wished = NULL;
	must(state_save_event(state, &event, &error));
	assert_string_equal(look("select group_concat(name) from events"), "nightly");
	event.name = "nightly";
	must(state_rename_event(state, &event, "archive", "daily", &error));
	event.name = "never";
	must(state_rename_event(state, &event, "archive", "seen", &error));
	assert_string_equal(look("select group_concat(database || '.' || name) from events"), "archive.daily");
	event.database = "archive";
	event.name = NULL;
	must(state_save_event(state, &event, &error));
	assert_string_equal(look("select count(*) from events"), "0");

	must(state_save_ddl_intent(state, &intent, &error));
	intent.outcome = "found done";
	intent.fingerprint = NULL;
	must(state_save_ddl_intent(state, &intent, &error));
	assert_string_equal(
		look("select count(*) || outcome || fingerprint from ddl_intents"), "1found donef00");
	state_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rewrites, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_long_and_odd_texts, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_bounded, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_skipped, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_quarantine, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_lists, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_lag, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_events_and_intents, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
