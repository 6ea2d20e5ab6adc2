/* The file missing, damaged, locked, full, of another version; the lock; the directory's mode. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "state/directory.h"

/* ---- a disk that fails: SQLite's default VFS with a fault in its writes ---- */

/* one for files with locks, one for those without */
static struct {
	sqlite3_io_methods mine;
	const sqlite3_io_methods *former;
} methods[4];
static sqlite3_vfs failing, *true_vfs;
static int (*true_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static long calls_left = -1; /* until the first failure; -1 = never */
static int failure = SQLITE_FULL;

static bool fails_now(void)
{
	if (calls_left < 0)
		return false;
	if (calls_left == 0)
		return true;
	calls_left--;
	return false;
}

static const sqlite3_io_methods *former_of(const sqlite3_file *file)
{
	for (unsigned i = 0; i < 4; i++) {
		if (file->pMethods == &methods[i].mine)
			return methods[i].former;
	}
	abort();
}

static int failing_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	return fails_now() ? failure : former_of(file)->xWrite(file, bytes, length, offset);
}

static int failing_sync(sqlite3_file *file, int flags)
{
	return fails_now() ? SQLITE_IOERR_FSYNC : former_of(file)->xSync(file, flags);
}

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	int result = true_open(vfs, name, file, flags, out);
	unsigned i = 0;

	if (result != SQLITE_OK || !file->pMethods)
		return result;
	while (methods[i].former && methods[i].former != file->pMethods)
		i++;
	if (!methods[i].former) {
		methods[i].former = file->pMethods;
		methods[i].mine = *file->pMethods;
		methods[i].mine.xWrite = failing_write;
		methods[i].mine.xSync = failing_sync;
	}
	file->pMethods = &methods[i].mine;
	return result;
}

static int install_failing_disk(void **unused)
{
	(void)unused;
	true_vfs = sqlite3_vfs_find(NULL);
	failing = *true_vfs;
	failing.zName = "failing";
	true_open = true_vfs->xOpen;
	failing.xOpen = failing_open;
	return sqlite3_vfs_register(&failing, 1) == SQLITE_OK ? 0 : -1;
}

/* ---- */

static const struct state_status some_status = {.phase = STATE_RUNNING, .received = {.file = "b.1"}};

static struct state_rewrite some_rewrite(uint64_t item)
{
	struct state_rewrite rewrite = {.place = {.file = "b.1", .position = 4, .item = item},
		.rule = "r",
		.original = "a",
		.original_length = 1};

	return rewrite;
}

static void write_file(const char *name, const char *text, size_t length)
{
	int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
}

static unsigned mode_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_mode & 07777;
}

/* Runs SQL on the file by a connection of its own. */
static void change(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(in_directory("state.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void test_modes(void **unused)
{
	mode_t former = umask(0);
	struct state *state;
	char *warning;
	char path[200];

	(void)unused;
	snprintf(path, sizeof(path), "%s/var/lib/x", directory);
	must(state_open(&state, path, NULL, &warning, &error));
	must(state_save_status(state, &some_status, &error));
	assert_int_equal(mode_of(path), 0700);
	assert_int_equal(mode_of(in_directory("var/lib/x/state.db")), 0600);
	assert_int_equal(mode_of(in_directory("var/lib/x/state.db-wal")), 0600);
	assert_int_equal(mode_of(in_directory("var/lib/x/state.db-shm")), 0600);
	state_close(state);
	umask(former);

	chmod(path, 0750);
	must_fail(state_open(&state, path, NULL, &warning, &error), ERROR_USAGE, "chmod 700");
	/* one that somebody made for us and that is empty is closed; one with something in it is not touched */
	snprintf(path, sizeof(path), "%s/by-hand", directory);
	assert_int_equal(mkdir(path, 0755), 0);
	must(state_directory_make(path, &error));
	assert_int_equal(mode_of(path), 0700);
	must_fail(state_directory_check("/nonexistent/x", &error), ERROR_USAGE, "change-master");
	must_fail(state_directory_make("/dev/null/x", &error), ERROR_USAGE, "/dev/null");
	must_fail(state_directory_check("/dev/null", &error), ERROR_USAGE, "not a directory");
	must_fail(state_open_readonly(&state, directory, &error), ERROR_USAGE, "there is no state");
}

static void test_newer_and_foreign(void **unused)
{
	struct state *state = open_state(NULL);
	char expected[100];
	char *warning;

	(void)unused;
	state_close(state);
	assert_string_equal(look("pragma user_version"), "1");
	change("pragma user_version = 4711");
	snprintf(expected, sizeof(expected), "schema version 4711, and this program knows versions up to %u",
		state_schema_version());
	must_fail(state_open(&state, directory, NULL, &warning, &error), ERROR_USAGE, expected);
	assert_null(warning);
	must_fail(state_open_readonly(&state, directory, &error), ERROR_USAGE, expected);
	/* it was not touched */
	assert_string_equal(look("pragma user_version"), "4711");

	change("pragma user_version = 0; pragma application_id = 0");
	must_fail(state_open(&state, directory, NULL, &warning, &error), ERROR_USAGE, "some other program");
}

static unsigned count_set_aside(void)
{
	unsigned count = 0;
	char command[200];
	FILE *list;

	snprintf(command, sizeof(command), "ls %s | grep -c 'corrupt-[0-9TZ]*$'", directory);
	list = popen(command, "r");
	assert_non_null(list);
	assert_int_equal(fscanf(list, "%u", &count), 1);
	pclose(list);
	return count;
}

static void test_corrupt_at_open(void **unused)
{
	static char garbage[20000];
	struct state *state;
	char *warning;

	(void)unused;
	memset(garbage, 'x', sizeof(garbage));
	write_file("state.db", garbage, sizeof(garbage));
	write_file("state.db-wal", garbage, 500);
	must(state_open(&state, directory, NULL, &warning, &error));
	assert_non_null(warning);
	assert_non_null(strstr(warning, "state.db.corrupt-"));
	free(warning);
	must(state_save_status(state, &some_status, &error));
	assert_string_equal(look("select state from status"), "running");
	assert_int_equal(count_set_aside(), 1);
	state_close(state);

	/* a page in the middle, under a sound header */
	int fd = open(in_directory("state.db"), O_WRONLY);

	for (off_t page = 1; page < 8; page++)
		assert_int_equal(pwrite(fd, garbage, 4096, page * 4096), 4096);
	close(fd);
	must(state_open(&state, directory, NULL, &warning, &error));
	assert_non_null(warning);
	free(warning);
	state_close(state);
	state = open_state(NULL);
	state_close(state);
}

static void test_corrupt_while_running(void **unused)
{
	struct error said = {.kind = ERROR_NONE};
	struct state *state = open_state(NULL);
	int fd = open(in_directory("state.db"), O_WRONLY);
	static char garbage[4096];
	bool failed = false;

	(void)unused;
	must(state_save_status(state, &some_status, &error));
	state_close(state);
	state = open_state(NULL);
	/* another's write makes us read the pages anew */
	change("insert into setting values ('a', 'b')");
	for (off_t page = 1; page < 30; page++)
		assert_int_equal(pwrite(fd, garbage, 4096, page * 4096), 4096);
	close(fd);
	/* found when it is used, and mended by the write after that */
	for (uint64_t i = 0; i < 3; i++) {
		struct state_rewrite rewrite = some_rewrite(i);

		if (state_journal_rewrite(state, &rewrite, &said) != 0) {
			assert_int_equal(said.kind, ERROR_STOP);
			assert_non_null(strstr(said.text, "damaged"));
			failed = true;
		}
	}
	assert_true(failed);
	must(state_save_status(state, &some_status, &error));
	assert_string_equal(look("select state from status"), "running");
	state_close(state);
}

static void test_deleted_while_running(void **unused)
{
	struct state *state = open_state(NULL);
	struct state_rewrite rewrite = some_rewrite(1);

	(void)unused;
	must(state_save_status(state, &some_status, &error));
	assert_int_equal(unlink(in_directory("state.db")), 0);
	must(state_save_status(state, &some_status, &error));
	must(state_journal_rewrite(state, &rewrite, &error));
	assert_string_equal(look("select state from status"), "running");
	assert_string_equal(look("select count(*) from rewrites"), "1");
	state_close(state);
	assert_string_equal(look("select count(*) from rewrites"), "1");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_locked_by_another(void **unused)
{
	const struct state_options options = {.backlog_bytes = 8192};
	struct state *state = open_state(&options);
	struct state_skipped skipped = {.place = {.file = "b.1"}, .rule = "r"};
	struct state_rewrite rewrite;
	struct error said = {.kind = ERROR_NONE};
	sqlite3 *other;
	uint64_t kept = 0;
	double start;

	(void)unused;
	must(state_save_status(state, &some_status, &error));
	assert_int_equal(sqlite3_open(in_directory("state.db"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "begin immediate", NULL, NULL, NULL), SQLITE_OK);

	start = seconds();
	must_fail(state_save_status(state, &some_status, &error), ERROR_RETRY, "another process");
	assert_true(seconds() - start < 2); /* the main loop does not stand still */
	/* rewrites wait in memory, until that is full */
	for (uint64_t i = 0; i < 1000 && said.kind == ERROR_NONE; i++) {
		rewrite = some_rewrite(i);
		if (state_journal_rewrite(state, &rewrite, &said) == 0)
			kept++;
	}
	assert_int_equal(said.kind, ERROR_RETRY);
	assert_true(kept > 2 && kept < 100);
	assert_true(seconds() - start < 10);
	/* what was not applied is not left to memory */
	must_fail(state_record_skipped(state, &skipped, &error), ERROR_RETRY, "another process");
	/* reading goes on */
	{
		struct state_status status;
		bool found;

		must(state_read_status(state, &status, &found, &error));
		assert_true(found);
		state_status_release(&status);
	}
	assert_int_equal(sqlite3_exec(other, "rollback", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_string_equal(look("select count(*) from rewrites"), "0");
	must(state_save_status(state, &some_status, &error));
	assert_int_equal(strtoull(look("select count(*) from rewrites"), NULL, 10), kept);
	must(state_record_skipped(state, &skipped, &error));
	state_close(state);
}

static void test_backlog_at_close(void **unused)
{
	struct state *state = open_state(NULL);
	struct state_rewrite rewrite = some_rewrite(0);
	sqlite3 *other;

	(void)unused;
	assert_int_equal(sqlite3_open(in_directory("state.db"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "begin immediate", NULL, NULL, NULL), SQLITE_OK);
	must(state_journal_rewrite(state, &rewrite, &error));
	sqlite3_close(other);
	state_close(state);
	assert_string_equal(look("select count(*) from rewrites"), "1");
}

/* A reader that stands in an old snapshot for long holds nothing up. */
static void test_long_reader(void **unused)
{
	struct state *state = open_state(NULL);
	sqlite3 *other;

	(void)unused;
	must(state_save_status(state, &some_status, &error));
	assert_int_equal(sqlite3_open(in_directory("state.db"), &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "begin; select count(*) from status", NULL, NULL, NULL), SQLITE_OK);
	for (uint64_t i = 0; i < 100; i++) {
		struct state_rewrite rewrite = some_rewrite(i);

		must(state_journal_rewrite(state, &rewrite, &error));
	}
	sqlite3_close(other);
	state_close(state);
}

/* Everything there is to write, once; the first error is handed back. */
static int write_everything(struct state *state, struct error *error)
{
	struct state_rewrite rewrite = some_rewrite(1);
	struct state_skipped skipped = {.place = {.file = "b.1"}, .rule = "r"};
	struct state_quarantine row = {.place = {.file = "b.1"}};
	struct state_lag lag = {.known = true, .lag_seconds = 1};
	struct state_temp_table table = {.name = "t"};
	struct state_event event = {"d", "e", "ENABLED", NULL};
	struct state_capability capability = {"a", "b", "c", "ok"};
	struct state_ddl_intent intent = {.place = {.file = "b.1"}, .outcome = "done"};

	if (state_save_status(state, &some_status, error) != 0 ||
		state_journal_rewrite(state, &rewrite, error) != 0 ||
		state_record_skipped(state, &skipped, error) != 0 ||
		state_record_quarantine(state, &row, error) != 0 ||
		state_record_lag(state, &lag, error) != 0 ||
		state_set_temp_tables(state, &table, 1, error) != 0 ||
		state_save_event(state, &event, error) != 0 ||
		state_save_capabilities(state, &capability, 1, error) != 0 ||
		state_save_ddl_intent(state, &intent, error) != 0 ||
		state_set_setting(state, "a", "b", error) != 0)
		return -1;
	return 0;
}

/* Fails at the first write, at the second, … until nothing fails any more: no crash, a clear error, and all
 * is well once there is room again. */
static void test_each_write_fails(void **unused)
{
	static const int failures[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};

	(void)unused;
	for (unsigned kind = 0; kind < 2; kind++) {
		unsigned failed = 0;
		bool through = false;

		failure = failures[kind];
		for (long nth = 0; !through; nth++) {
			struct error said = {.kind = ERROR_NONE};
			struct state *state = NULL;
			char *warning = NULL;

			assert_true(nth < 2000);
			remove_directory(NULL);
			calls_left = nth;
			if (state_open(&state, directory, NULL, &warning, &said) == 0)
				through = write_everything(state, &said) == 0;
			calls_left = -1;
			assert_null(warning);
			if (!through) {
				failed++;
				assert_int_equal(said.kind, ERROR_STOP);
				if (failure == SQLITE_FULL && !strstr(said.text, "Check the disk"))
					assert_non_null(strstr(said.text, "disk is full"));
			}
			if (!state)
				state = open_state(NULL);
			must(write_everything(state, &error));
			assert_string_equal(look("select count(*) from rewrites"), "1");
			assert_string_equal(look("pragma integrity_check"), "ok");
			state_close(state);
		}
		assert_true(failed > 10);
	}
	failure = SQLITE_FULL;
}

static void test_lock(void **unused)
{
	struct state_lock lock = STATE_LOCK_INIT, second = STATE_LOCK_INIT;
	char expected[60], byte;
	int ready[2], status;
	pid_t child;

	(void)unused;
	assert_int_equal(state_lock_holder(directory), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		struct error error = {.kind = ERROR_NONE};

		byte = state_lock_take(&lock, directory, &error) == 0 ? 'y' : 'n';
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(state_lock_holder(directory), child);
	snprintf(expected, sizeof(expected), "another changeling (process %ld)", (long)child);
	must_fail(state_lock_take(&second, directory, &error), ERROR_USAGE, expected);
	/* it goes with the process, as by kill -9 */
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(state_lock_holder(directory), 0);
	must(state_lock_take(&second, directory, &error));
	assert_int_equal(state_lock_holder(directory), getpid());
	assert_int_equal(mode_of(in_directory("lock")), 0600);
	state_lock_release(&second);
	assert_int_equal(state_lock_holder(directory), 0);
	state_lock_release(&second);
	close(ready[0]);
	close(ready[1]);
}

static void *writer(void *argument)
{
	struct state *state = argument;
	static _Atomic uint64_t next;

	for (unsigned i = 0; i < 50; i++) {
		struct error error = {.kind = ERROR_NONE};
		struct state_rewrite rewrite = some_rewrite(next++);

		if (state_journal_rewrite(state, &rewrite, &error) != 0 ||
			state_save_status(state, &some_status, &error) != 0)
			return argument;
	}
	return NULL;
}

static void test_threads(void **unused)
{
	struct state *state = open_state(NULL);
	pthread_t threads[4];
	void *failed;

	(void)unused;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, writer, state), 0);
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_string_equal(look("select count(*) from rewrites"), "200");
	state_close(state);
}

/* A process that is killed in between leaves a file that is sound and holds all it was told. */
static void test_killed(void **unused)
{
	int told[2], status;
	uint64_t count = 0;
	struct state *state;
	pid_t child;

	(void)unused;
	assert_int_equal(pipe(told), 0);
	child = fork();
	if (child == 0) {
		state = open_state(NULL);
		for (uint64_t i = 0;; i++) {
			struct error error = {.kind = ERROR_NONE};
			struct state_rewrite rewrite = some_rewrite(i);

			if (state_journal_rewrite(state, &rewrite, &error) != 0 ||
				write(told[1], "x", 1) != 1)
				_exit(1);
		}
	}
	for (char byte; count < 200 && read(told[0], &byte, 1) == 1;)
		count++;
	kill(child, SIGKILL);
	close(told[1]);
	for (char byte; read(told[0], &byte, 1) == 1;)
		count++;
	close(told[0]);
	waitpid(child, &status, 0);
	state = open_state(NULL);
	assert_true(strtoull(look("select count(*) from rewrites"), NULL, 10) >= count);
	assert_true(count >= 200);
	state_close(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_modes),
		TEST(test_newer_and_foreign),
		TEST(test_corrupt_at_open),
		TEST(test_corrupt_while_running),
		TEST(test_deleted_while_running),
		TEST(test_locked_by_another),
		TEST(test_backlog_at_close),
		TEST(test_long_reader),
		TEST(test_each_write_fails),
		TEST(test_lock),
		TEST(test_threads),
		TEST(test_killed),
	};

	return cmocka_run_group_tests(tests, install_failing_disk, NULL);
}
