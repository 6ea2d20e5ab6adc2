/* Opening DIR/state.db: permissions, migrations, and what happens to a damaged file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "state/directory.h"
#include "state/internal.h"
#include "state/schema.h"

#define DEFAULT_JOURNAL_ROWS 100000
#define DEFAULT_TEXT_BYTES ((size_t)256 << 10)
#define DEFAULT_BACKLOG_BYTES ((size_t)16 << 20)
/* a whole check of a larger file would hold up the start; what is damaged in it shows when it is used */
#define CHECK_MAXIMUM_BYTES ((off_t)64 << 20)

unsigned state_schema_version(void)
{
	return state_migrations[state_migration_count - 1].version;
}

static void close_database(struct state *state)
{
	for (unsigned i = 0; i < state->cached; i++)
		sqlite3_finalize(state->cache[i].statement);
	state->cached = 0;
	sqlite3_close(state->db);
	state->db = NULL;
}

/* Sets *value to the single integer that the SQL gives. */
static int read_integer(struct state *state, const char *sql, int64_t *value, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(state->db, sql, -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : state_failure(state, result, "reading the schema version", error);
}

static int check_version(struct state *state, int64_t version, struct error *error)
{
	int64_t id = 0, objects = 0;

	if (version > state_schema_version())
		return error_set(error, ERROR_USAGE,
			"%s has schema version %lld, and this program knows versions up to %u. Run the newer "
			"program that wrote it; or move the file away: positions are safe on the target, "
			"only the "
			"journal begins anew.",
			state->path, (long long)version, state_schema_version());
	if (read_integer(state, "pragma application_id", &id, error) != 0 ||
		read_integer(state, "select count(*) from sqlite_master", &objects, error) != 0)
		return -1;
	if (id != STATE_APPLICATION_ID && objects > 0)
		return error_set(error, ERROR_USAGE,
			"%s is an SQLite database of some other program. Name a directory of changeling's "
			"own with --state.",
			state->path);
	return 0;
}

static int migrate(struct state *state, struct error *error)
{
	int64_t version;
	char pragma[64];

	if (read_integer(state, "pragma user_version", &version, error) != 0 ||
		check_version(state, version, error) != 0)
		return -1;
	if (version == state_schema_version())
		return 0;
	if (state_exec(state, "begin immediate", "bringing the schema up to date", error) != 0)
		return -1;
	/* another process may have done it while we waited for the lock */
	if (read_integer(state, "pragma user_version", &version, error) != 0)
		goto fail;
	for (unsigned i = 0; i < state_migration_count; i++) {
		if (state_migrations[i].version > version &&
			state_exec(state, state_migrations[i].sql, "bringing the schema up to date", error) !=
				0)
			goto fail;
	}
	snprintf(pragma, sizeof(pragma), "pragma application_id = %d; pragma user_version = %u",
		STATE_APPLICATION_ID, state_schema_version());
	if (state_exec(state, pragma, "bringing the schema up to date", error) != 0 ||
		state_exec(state, "commit", "bringing the schema up to date", error) != 0)
		goto fail;
	return 0;
fail:
	sqlite3_exec(state->db, "rollback", NULL, NULL, NULL);
	return -1;
}

/* Makes the file with its mode before SQLite sees it: the -wal and -shm files get the same. */
static int make_file(struct state *state, struct stat *info, struct error *error)
{
	int fd = FAULT_POINT("state.open")
			 ? (errno = EIO, -1)
			 : open(state->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char extra[PATH_MAX];
	int result = 0;

	if (fd < 0)
		return error_set(error, ERROR_STOP,
			"opening the state file %s for writing: %s. Make the file and its directory writable "
			"for user %u.",
			state->path, strerror(errno), (unsigned)geteuid());
	if (fstat(fd, info) != 0)
		result = error_set(error, ERROR_STOP, "looking at %s: %s", state->path, strerror(errno));
	else if (info->st_uid == geteuid() && (info->st_mode & 077) && fchmod(fd, 0600) != 0)
		result = error_set(error, ERROR_STOP, "setting the mode of %s to 0600: %s", state->path,
			strerror(errno));
	else
		result = state_file_check(fd, state->path, "the state file", error);
	close(fd);
	if (result == 0 && info->st_size == 0) {
		/* leftovers of a file that somebody deleted do not belong to the new one */
		for (unsigned i = 0; i < 2; i++) {
			snprintf(extra, sizeof(extra), "%s-%s", state->path, i ? "shm" : "wal");
			unlink(extra);
		}
	}
	return result;
}

/* Opens the file as it is; -1 with state->damaged set when it is no (sound) database. */
static int open_database(struct state *state, struct error *error)
{
	sqlite3_stmt *check = NULL;
	struct stat info;
	int result;

	state->damaged = false;
	if (make_file(state, &info, error) != 0)
		return -1;
	state->device = info.st_dev;
	state->inode = info.st_ino;
	result = sqlite3_open_v2(state->path, &state->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (result != SQLITE_OK)
		return state_failure(state, result, "opening the state", error);
	sqlite3_extended_result_codes(state->db, 1);
	sqlite3_busy_timeout(state->db, STATE_WAIT_OPEN_MS);
	if (sqlite3_db_readonly(state->db, "main") == 1)
		return state_failure(state, SQLITE_READONLY, "opening the state", error);
	if (state_exec(state,
		    "pragma journal_mode = wal; pragma synchronous = normal; pragma journal_size_limit = "
		    "16777216",
		    "opening the state", error) != 0)
		return -1;
	if (info.st_size > 0 && info.st_size <= CHECK_MAXIMUM_BYTES) {
		result = sqlite3_prepare_v2(state->db, "pragma quick_check(1)", -1, &check, NULL);
		if (result == SQLITE_OK)
			result = sqlite3_step(check);
		if (result == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(check, 0), "ok") != 0)
			result = SQLITE_CORRUPT;
		sqlite3_finalize(check);
		if (result != SQLITE_ROW)
			return state_failure(state, result, "checking the state", error);
	}
	return migrate(state, error);
}

/* Renames the damaged file and its log; *kept is the new name. */
static int set_aside(struct state *state, char *kept, size_t size, struct error *error)
{
	char from[PATH_MAX + 8], to[PATH_MAX + 64], stamp[32];
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	snprintf(kept, size, "%s.corrupt-%s", state->path, stamp);
	for (unsigned i = 2; access(kept, F_OK) == 0 && i < 1000; i++)
		snprintf(kept, size, "%s.corrupt-%s-%u", state->path, stamp, i);
	if (rename(state->path, kept) != 0 && errno != ENOENT)
		return error_set(error, ERROR_STOP, "setting the damaged state file %s aside as %s: %s",
			state->path, kept, strerror(errno));
	snprintf(from, sizeof(from), "%s-wal", state->path);
	snprintf(to, sizeof(to), "%s-wal", kept);
	if (rename(from, to) != 0 && errno != ENOENT)
		unlink(from);
	snprintf(from, sizeof(from), "%s-shm", state->path);
	unlink(from);
	return 0;
}

/* Opens, and begins anew when the file is damaged. `*warning` is the caller's, or NULL. */
static int open_or_replace(struct state *state, char **warning, struct error *error)
{
	char kept[PATH_MAX + 48];
	struct buffer text = BUFFER_INIT;
	struct error first = {.kind = ERROR_NONE};

	if (open_database(state, &first) == 0)
		return 0;
	close_database(state);
	if (!state->damaged) {
		*error = first;
		return -1;
	}
	if (set_aside(state, kept, sizeof(kept), error) != 0)
		return -1;
	if (open_database(state, error) != 0) {
		close_database(state);
		return -1;
	}
	buffer_printf(&text,
		"the state file was damaged and is kept as %s; a new one has been made. Positions come from "
		"the "
		"target's checkpoint; the journal begins anew. What was said: %s",
		kept, first.text);
	*warning = memory_strdup(buffer_text(&text));
	buffer_release(&text);
	return 0;
}

static struct state *state_new(const char *directory, const struct state_options *options)
{
	struct state *state = memory_zalloc(sizeof(*state));
	struct buffer path = BUFFER_INIT;

	pthread_mutex_init(&state->mutex, NULL);
	state->directory = memory_strdup(directory);
	buffer_printf(&path, "%s/state.db", directory);
	state->path = memory_strdup(buffer_text(&path));
	buffer_release(&path);
	state->channel = memory_strdup(options && options->channel ? options->channel : "main");
	state->journal_rows = options && options->journal_rows ? options->journal_rows : DEFAULT_JOURNAL_ROWS;
	state->text_bytes = options && options->text_bytes ? options->text_bytes : DEFAULT_TEXT_BYTES;
	state->pending_maximum =
		options && options->backlog_bytes ? options->backlog_bytes : DEFAULT_BACKLOG_BYTES;
	state->last = &state->first;
	return state;
}

int state_open(struct state **state, const char *directory, const struct state_options *options,
	char **warning, struct error *error)
{
	struct state *made;

	*warning = NULL;
	if (state_directory_make(directory, error) != 0)
		return -1;
	made = state_new(directory, options);
	if (open_or_replace(made, warning, error) != 0) {
		state_close(made);
		return -1;
	}
	*state = made;
	return 0;
}

/* Where nothing can be written, not even SQLite's -shm file, the file is read as one that does not change. */
static int open_immutable(struct state *state)
{
	struct buffer uri = BUFFER_INIT;
	int result;

	buffer_puts(&uri, "file:");
	for (const char *p = state->path; *p; p++) {
		if (strchr("%?#", *p))
			buffer_printf(&uri, "%%%02x", (unsigned char)*p);
		else
			buffer_putc(&uri, *p);
	}
	buffer_puts(&uri, "?immutable=1");
	result = sqlite3_open_v2(buffer_text(&uri), &state->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	buffer_release(&uri);
	return result;
}

int state_open_readonly(struct state **state, const char *directory, struct error *error)
{
	struct state *made = state_new(directory, NULL);
	struct error first = {.kind = ERROR_NONE};
	int64_t version;
	int result;

	made->readonly = true;
	if (access(made->path, F_OK) != 0) {
		error_set(error, ERROR_USAGE,
			"there is no state in %s: %s. Set the channel up with change-master, or name the "
			"right directory "
			"with --state.",
			directory, strerror(errno));
		goto fail;
	}
	result = sqlite3_open_v2(made->path, &made->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
	sqlite3_busy_timeout(made->db, STATE_WAIT_OPEN_MS);
	if (result != SQLITE_OK || read_integer(made, "pragma user_version", &version, &first) != 0) {
		if ((sqlite3_errcode(made->db) & 0xff) != SQLITE_CANTOPEN) {
			state_failure(made, sqlite3_errcode(made->db), "reading the state", error);
			goto fail;
		}
		close_database(made);
		result = open_immutable(made);
		if (result != SQLITE_OK) {
			state_failure(made, result, "reading the state", error);
			goto fail;
		}
		if (read_integer(made, "pragma user_version", &version, error) != 0)
			goto fail;
	}
	if (check_version(made, version, error) != 0)
		goto fail;
	if (version < state_schema_version()) {
		error_set(error, ERROR_USAGE,
			"%s has schema version %lld, older than this program's %u. `changeling run` brings "
			"it up to date.",
			made->path, (long long)version, state_schema_version());
		goto fail;
	}
	*state = made;
	return 0;
fail:
	state_close(made);
	return -1;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	if (state->db && !state->readonly && state->first) {
		struct error ignored = {.kind = ERROR_NONE};

		if (state_begin(state, "writing the journal", STATE_WAIT_RECORD_MS, &ignored) == 0 &&
			state_end(state, "writing the journal", &ignored) == 0)
			error_clear(&ignored);
		if (ignored.kind != ERROR_NONE)
			log_error(LOG_ERROR, "state", &ignored);
	}
	state_drop_backlog(state);
	close_database(state);
	pthread_mutex_destroy(&state->mutex);
	free(state->directory);
	free(state->path);
	free(state->channel);
	free(state);
}

bool state_file_moved(const struct state *state)
{
	struct stat info;

	if (stat(state->path, &info) != 0)
		return errno == ENOENT;
	return info.st_dev != state->device || info.st_ino != state->inode;
}

int state_reopen(struct state *state, struct error *error)
{
	bool damaged = state->damaged;
	char *warning = NULL;
	char kept[PATH_MAX + 48];

	close_database(state);
	if (damaged && set_aside(state, kept, sizeof(kept), error) != 0)
		return -1;
	if (open_or_replace(state, &warning, error) != 0)
		return -1;
	log_line(LOG_WARNING, "state", "the state file was %s; a new one has been made path=%s",
		damaged ? "damaged and set aside" : "moved or deleted", log_quote(state->path));
	free(warning);
	return 0;
}
