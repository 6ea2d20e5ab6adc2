/* Transactions, statements and errors of DIR/state.db. It is opened in open.c; what is stored stands in
 * status.c, journal.c and lists.c. */
#include "state/state.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/utf8.h"
#include "state/internal.h"

int64_t state_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int state_failure(struct state *state, int result, const char *what, struct error *error)
{
	const char *said = state->db ? sqlite3_errmsg(state->db) : sqlite3_errstr(result);

	switch (result & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(error, ERROR_RETRY,
			"%s in %s: another process keeps the database locked (%s). It is tried again; see "
			"who has it "
			"open: fuser %s",
			what, state->path, said, state->path);
	case SQLITE_FULL:
		return error_set(error, ERROR_STOP,
			"%s in %s: the disk is full (%s). Make room in that file system.", what, state->path,
			said);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return error_set(error, ERROR_STOP,
			"%s in %s: the file cannot be written (%s). Make the file and its directory writable "
			"for user "
			"%u; a file system that was mounted read-only after a fault must be mended first.",
			what, state->path, said, (unsigned)geteuid());
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		state->damaged = true;
		return error_set(error, ERROR_STOP,
			"%s in %s: the file is damaged (%s). It is set aside and made anew at the next write "
			"or start; "
			"positions are safe on the target.",
			what, state->path, said);
	default:
		return error_set(error, ERROR_STOP,
			"%s in %s: %s (SQLite error %d). Check the disk and the kernel's "
			"log.",
			what, state->path, said, result);
	}
}

/* ---- statements ---- */

sqlite3_stmt *state_prepare(struct state *state, const char *sql, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	int result;

	for (unsigned i = 0; i < state->cached; i++) {
		if (state->cache[i].sql == sql) {
			sqlite3_reset(state->cache[i].statement);
			sqlite3_clear_bindings(state->cache[i].statement);
			return state->cache[i].statement;
		}
	}
	result = sqlite3_prepare_v3(state->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (result != SQLITE_OK) {
		state_failure(state, result, "preparing a statement", error);
		return NULL;
	}
	if (state->cached == STATE_STATEMENTS) {
		/* more than there are in this room: give the first up */
		sqlite3_finalize(state->cache[0].statement);
		memmove(state->cache, state->cache + 1, sizeof(state->cache) - sizeof(state->cache[0]));
		state->cached--;
	}
	state->cache[state->cached].sql = sql;
	state->cache[state->cached++].statement = statement;
	return statement;
}

int state_row(struct state *state, sqlite3_stmt *statement, const char *what, struct error *error)
{
	int result = FAULT_POINT("state.write") ? SQLITE_IOERR : sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	if (result == SQLITE_DONE) {
		sqlite3_reset(statement);
		return 0;
	}
	state_failure(state, result, what, error);
	sqlite3_reset(statement);
	return -1;
}

int state_run(struct state *state, sqlite3_stmt *statement, const char *what, struct error *error)
{
	int row;

	if (!statement)
		return -1;
	while ((row = state_row(state, statement, what, error)) > 0)
		continue;
	return row;
}

int state_exec(struct state *state, const char *sql, const char *what, struct error *error)
{
	int result = sqlite3_exec(state->db, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? 0 : state_failure(state, result, what, error);
}

void state_bind_text(sqlite3_stmt *statement, int nth, const char *text)
{
	state_bind_bytes(statement, nth, text, text ? strlen(text) : 0, SIZE_MAX);
}

void state_bind_bytes(sqlite3_stmt *statement, int nth, const char *bytes, size_t length, size_t maximum)
{
	size_t keep = length < maximum ? length : maximum;

	if (keep > INT_MAX)
		keep = INT_MAX;
	if (!bytes)
		return; /* NULL, as after sqlite3_clear_bindings */
	/* not in the middle of a character */
	while (keep < length && keep > 0 && ((unsigned char)bytes[keep] & 0xc0) == 0x80)
		keep--;
	if (utf8_valid(bytes, keep) && !memchr(bytes, 0, keep))
		sqlite3_bind_text(statement, nth, bytes, (int)keep, SQLITE_STATIC);
	else
		sqlite3_bind_blob(statement, nth, bytes, (int)keep, SQLITE_STATIC);
}

void state_bind_u64(sqlite3_stmt *statement, int nth, uint64_t value)
{
	sqlite3_bind_int64(statement, nth, value > INT64_MAX ? INT64_MAX : (sqlite3_int64)value);
}

void state_bind_time(sqlite3_stmt *statement, int nth, int64_t us)
{
	if (us)
		sqlite3_bind_int64(statement, nth, us);
}

void state_bind_place(sqlite3_stmt *statement, int nth, const struct state_place *place)
{
	char key[512];

	if (place->gtid && *place->gtid)
		snprintf(key, sizeof(key), "%s", place->gtid);
	else
		snprintf(key, sizeof(key), "%s:%llu", place->file ? place->file : "",
			(unsigned long long)place->position);
	/* names come from the source: as any text, not trusted to be UTF-8 */
	sqlite3_bind_text(statement, nth, key, -1, SQLITE_TRANSIENT);
	state_bind_text(statement, nth + 1, place->gtid);
	state_bind_text(statement, nth + 2, place->file);
	state_bind_u64(statement, nth + 3, place->position);
	state_bind_u64(statement, nth + 4, place->item);
}

const char *state_column_text(sqlite3_stmt *statement, int column, struct arena *arena, size_t *length)
{
	int type = sqlite3_column_type(statement, column);
	const void *bytes;
	size_t size;

	if (length)
		*length = 0;
	if (type == SQLITE_NULL)
		return NULL;
	bytes = type == SQLITE_BLOB ? sqlite3_column_blob(statement, column)
				    : sqlite3_column_text(statement, column);
	size = (size_t)sqlite3_column_bytes(statement, column);
	if (length)
		*length = size;
	return arena_strndup(arena, bytes ? bytes : "", size);
}

/* ---- transactions ---- */

int state_begin(struct state *state, const char *what, unsigned wait_ms, struct error *error)
{
	struct timespec until;
	int result;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	if (pthread_mutex_timedlock(&state->mutex, &until) != 0)
		return error_set(error, ERROR_RETRY, "%s in %s: another thread is waiting for the file", what,
			state->path);
	if (state->readonly) {
		pthread_mutex_unlock(&state->mutex);
		return error_set(error, ERROR_USAGE, "%s in %s: the state is open for reading only", what,
			state->path);
	}
	if ((!state->db || state->damaged || state_file_moved(state)) && state_reopen(state, error) != 0) {
		pthread_mutex_unlock(&state->mutex);
		return -1;
	}
	sqlite3_busy_timeout(state->db, (int)wait_ms);
	result = FAULT_POINT("state.begin") ? SQLITE_IOERR
					    : sqlite3_exec(state->db, "begin immediate", NULL, NULL, NULL);
	if (result != SQLITE_OK) {
		state_failure(state, result, what, error);
		pthread_mutex_unlock(&state->mutex);
		return -1;
	}
	if (state->first && state_write_backlog(state, error) != 0)
		return state_abort(state);
	return 0;
}

int state_end(struct state *state, const char *what, struct error *error)
{
	int result = FAULT_POINT("state.commit") ? SQLITE_IOERR
						 : sqlite3_exec(state->db, "commit", NULL, NULL, NULL);

	if (result != SQLITE_OK) {
		state_failure(state, result, what, error);
		return state_abort(state);
	}
	state_drop_backlog(state);
	pthread_mutex_unlock(&state->mutex);
	return 0;
}

int state_abort(struct state *state)
{
	/* SQLite may have rolled back by itself (disk full): then this says so, and nothing else */
	sqlite3_exec(state->db, "rollback", NULL, NULL, NULL);
	pthread_mutex_unlock(&state->mutex);
	return -1;
}

int state_begin_read(struct state *state, struct error *error)
{
	int result;

	pthread_mutex_lock(&state->mutex);
	if (!state->db) {
		pthread_mutex_unlock(&state->mutex);
		return error_set(error, ERROR_STOP, "reading %s: the file could not be opened", state->path);
	}
	sqlite3_busy_timeout(state->db, STATE_WAIT_OPEN_MS);
	result = sqlite3_exec(state->db, "begin", NULL, NULL, NULL);
	if (result != SQLITE_OK) {
		state_failure(state, result, "reading the state", error);
		pthread_mutex_unlock(&state->mutex);
		return -1;
	}
	return 0;
}

void state_end_read(struct state *state)
{
	sqlite3_exec(state->db, "rollback", NULL, NULL, NULL);
	pthread_mutex_unlock(&state->mutex);
}
