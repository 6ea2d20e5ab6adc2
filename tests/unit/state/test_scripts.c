/* scripts/inspect-state and scripts/check-health on a state file that this room wrote. */
#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "state/directory.h"

static char output[16384];

/* Runs a script with that state directory; its exit code, and what it printed in `output`. */
static int run(const char *script, const char *arguments)
{
	const char *root = getenv("CHANGELING_SOURCE_DIR");
	char command[1000];
	size_t length;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "CHANGELING_STATE=%s %s/scripts/%s %s 2>&1", directory,
		root ? root : ".", script, arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	length = fread(output, 1, sizeof(output) - 1, pipe);
	output[length] = '\0';
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect(const char *script, const char *arguments, int code, const char *said)
{
	int got = run(script, arguments);

	if (got != code || !strstr(output, said))
		fail_msg("%s %s: exit %d, wanted %d with \"%s\":\n%s", script, arguments, got, code, said,
			output);
}

static void save(const struct state_status *status)
{
	struct state *state = open_state(NULL);

	must(state_save_status(state, status, &error));
	state_close(state);
}

static struct state_status sound_status(void)
{
	int64_t now = state_now_us();
	struct state_status status = {
		.phase = STATE_RUNNING,
		.pid = 4242,
		.started_at_us = now - 3600000000,
		.since_us = now - 3600000000,
		.updated_at_us = now,
		.heard_at_us = now,
		.source_time_us = now - 3000000,
		.lag_known = true,
		.lag_seconds = 2.5,
		.transactions = 17,
		.queue_bytes = 5,
		.source = {.state = "connected", .host = "db1", .port = 3306},
		.target = {.state = "connected", .host = "rds", .port = 3306},
	};

	return status;
}

static void test_health_running(void **unused)
{
	struct state_lock lock = STATE_LOCK_INIT;
	struct state_status status = sound_status();

	(void)unused;
	expect("check-health", "", 3, "there is no state");
	state_close(open_state(NULL));
	expect("check-health", "", 3, "nothing has run there yet");
	must(state_lock_take(&lock, directory, &error));

	save(&status);
	expect("check-health", "-w 10 -c 20", 0,
		"CHANGELING OK - running, lag 2.5 s, 5 bytes waiting | lag=2.5s;10;20;0 "
		"txns=17c");
	assert_int_equal(run("check-health", "--quiet"), 0);
	assert_string_equal(output, "");
	expect("check-health", "-w 2.5 -c 20 --quiet", 1, "CHANGELING WARNING - running, lag 2.5 s");
	expect("check-health", "--warning=1 --critical=2", 2, "CHANGELING CRITICAL - running, lag 2.5 s");

	status.lag_known = false;
	status.phase = STATE_STARTING;
	status.since_us = status.updated_at_us;
	save(&status);
	expect("check-health", "", 0, "starting, lag not known yet");
	status.since_us -= 1000000000;
	save(&status);
	expect("check-health", "", 2, "starting, lag not known yet");

	status = sound_status();
	status.phase = STATE_CONNECTING;
	status.source.state = "unreachable";
	status.source.error = "connection refused | now\nand here";
	status.lag_seconds = 0;
	status.heard_at_us -= 30000000;
	save(&status);
	expect("check-health", "", 1,
		"source db1:3306 unreachable (unreachable): connection refused / now and here, lag 3");
	expect("check-health", "-w 5 -c 20", 2, "unreachable");
	status.source.state = "connected";
	status.target.state = "connecting";
	save(&status);
	expect("check-health", "", 1, "target rds:3306 unreachable (connecting)");

	status.phase = STATE_PAUSED;
	save(&status);
	expect("check-health", "", 1, "paused by the operator");
	status.phase = STATE_WAITING;
	save(&status);
	expect("check-health", "", 0, "standby");

	status = sound_status();
	status.phase = STATE_ERROR;
	status.error_kind = ERROR_STOP;
	status.error = "row 256 of shop.orders is not there";
	status.advice = "Skip it.";
	status.error_position.file = "binlog.000002";
	status.error_position.position = 77;
	save(&status);
	expect("check-health", "", 2,
		"stopped on an error at binlog.000002:77: row 256 of shop.orders is not there. Skip it.");

	status = sound_status();
	status.updated_at_us -= 120000000;
	save(&status);
	expect("check-health", "", 2, "stale: process 4242 is there and has reported nothing for 120 s");
	expect("check-health", "--stale 500", 0, "running");
	state_lock_release(&lock);
}

static void test_health_not_running(void **unused)
{
	struct state_status status = sound_status();

	(void)unused;
	/* no lag, and just now: still not 0 */
	status.lag_seconds = 0;
	status.idle = true;
	status.phase = STATE_STOPPED;
	save(&status);
	expect("check-health", "", 1, "stopped by the operator since ");
	assert_non_null(strstr(output, "lag=1"));
	/* seconds go by here as well: only the first digit is sure */
	status.updated_at_us -= 150000000;
	save(&status);
	expect("check-health", "", 1, "lag 1");
	expect("check-health", "-c 90", 2, "stopped by the operator");
	status.phase = STATE_RUNNING;
	save(&status);
	expect("check-health", "", 2,
		"dead: process 4242 ended without a word while running; last heard of 1");
	assert_null(strstr(output, "lag=0"));
	status.phase = STATE_ERROR;
	status.error_kind = ERROR_STOP;
	status.error = "no";
	save(&status);
	expect("check-health", "--quiet", 2, "stopped on an error: no (lag 1");

	expect("check-health", "-w x", 3, "is not a number of seconds");
	expect("check-health", "-w 1.2.3", 3, "is not a number of seconds");
	expect("check-health", "-w 10 -c 5", 3, "-w (10) is more than -c (5)");
	expect("check-health", "-w", 3, "needs a value");
	expect("check-health", "--frob", 3, "no option --frob");
	expect("check-health", "--state /nonexistent", 3, "there is no state in /nonexistent");
	expect("check-health", "--help", 0, "Exit: 0 OK");
}

static void test_sqlite3_missing(void **unused)
{
	const char *root = getenv("CHANGELING_SOURCE_DIR");
	char command[600];
	FILE *pipe;

	(void)unused;
	state_close(open_state(NULL));
	assert_int_equal(mkdir(in_directory("bin"), 0700), 0);
	snprintf(command, sizeof(command),
		"exec env -i PATH=%s/bin CHANGELING_STATE=%s /bin/sh %s/scripts/check-health", directory,
		directory, root ? root : ".");
	pipe = popen(command, "r");
	assert_non_null(pipe);
	output[fread(output, 1, sizeof(output) - 1, pipe)] = '\0';
	assert_int_equal(WEXITSTATUS(pclose(pipe)), 3);
	assert_non_null(strstr(output, "CHANGELING UNKNOWN - the program sqlite3 is not installed"));
}

static void test_inspect(void **unused)
{
	struct state_status status = sound_status();
	struct state_rewrite rewrite = {.place = {.file = "b.1", .position = 4},
		.rule = "definer",
		.original = "CREATE\n\"v\", 'ä' "
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		.sent = "x",
		.sent_length = 1};
	struct state *state;

	(void)unused;
	expect("inspect-state", "status", 1, "there is no state");
	state = open_state(NULL);
	expect("inspect-state", "rewrites", 0, "(none)");
	expect("inspect-state", "--json rewrites", 0, "[]\n");
	rewrite.original_length = strlen(rewrite.original);
	for (unsigned i = 0; i < 3; i++) {
		rewrite.place.item = i;
		must(state_journal_rewrite(state, &rewrite, &error));
	}
	must(state_save_status(state, &status, &error));
	/* beside the process that has it open */
	expect("inspect-state", "status", 0, "source_host = db1");
	expect("inspect-state", "rewrites", 0, "CREATE \"v\", 'ä' aaa");
	assert_non_null(strstr(output, "…"));
	assert_non_null(strstr(output, "b.1:4"));
	expect("inspect-state", "--json --limit 1 rewrites", 0, "\"original\":\"CREATE\\n\\\"v\\\", 'ä' aaa");
	assert_null(strstr(output, "…"));
	assert_non_null(strstr(output, "\"id\":3"));
	assert_null(strstr(output, "\"id\":2"));
	expect("inspect-state", "--csv rewrites", 0, "id,at,gtid,file,position,item,rule,database,original");
	expect("inspect-state", "rewrite-counts", 0, "definer  3");
	expect("inspect-state", "positions --csv", 0, "name,file,position,gtid,gtid_set,at");
	expect("inspect-state", "--json temp-tables", 0, "[]");
	expect("inspect-state", "capabilities", 0, "(none)");
	expect("inspect-state", "quarantine", 0, "(none)");
	expect("inspect-state", "skipped", 0, "(none)");
	expect("inspect-state", "lag", 0, "(none)");
	expect("inspect-state", "events", 0, "(none)");
	expect("inspect-state", "ddl-intents", 0, "(none)");
	expect("inspect-state", "status positions", 1, "only one of");
	expect("inspect-state", "passwords", 1, "nothing called passwords");
	expect("inspect-state", "", 1, "say what to show");
	expect("inspect-state", "--limit x lag", 1, "needs a number");
	expect("inspect-state", "--help", 0, "Usage: inspect-state");
	state_close(state);
	expect("inspect-state", "status", 0, "source_host = db1");
}

/* A master's words, with what moves a terminal's cursor, colours it, or begins a line of its own. */
static void test_inspect_control_characters(void **unused)
{
	static const char hostile[] = "a\x1b[2Jb\rc\x07\x7f\xc2\x9b"
				      "31m\nstate = running";
	struct state_status status = sound_status();
	struct state_rewrite rewrite = {.place = {.file = "b.1", .position = 4},
		.rule = "definer",
		.database = hostile,
		.original = hostile,
		.original_length = sizeof(hostile) - 1,
		.sent = "x",
		.sent_length = 1};
	struct state *state = open_state(NULL);

	(void)unused;
	status.error_statement = hostile;
	must(state_journal_rewrite(state, &rewrite, &error));
	must(state_save_status(state, &status, &error));
	state_close(state);
	expect("inspect-state", "status", 0,
		"error_statement = a\\u001b[2Jb c\\u0007\\u007f\\u009b31m state = running\n");
	expect("inspect-state", "rewrites", 0, "a\\u001b[2Jb c\\u0007\\u007f\\u009b31m state = running");
	assert_null(strpbrk(output, "\x1b\r\x07\x7f"));
	expect("inspect-state", "--json rewrites", 0, "\"original\":\"a\\u001b[2Jb\\rc\\u0007");
	assert_null(strpbrk(output, "\x1b\r\x07"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_health_running),
		TEST(test_health_not_running),
		TEST(test_sqlite3_missing),
		TEST(test_inspect),
		TEST(test_inspect_control_characters),
	};

	if (system("command -v sqlite3 >/dev/null") != 0) {
		puts("skipped: the program sqlite3 is not installed");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
