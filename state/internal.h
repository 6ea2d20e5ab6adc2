/* What the files of this room share: the connection, its statements and its errors. */
#ifndef STATE_INTERNAL_H
#define STATE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/types.h>

#include "state/state.h"

/* How long a call waits for another process's lock. */
#define STATE_WAIT_STATUS_MS 200 /* the main loop calls: it must not stand still */
#define STATE_WAIT_JOURNAL_MS 500
#define STATE_WAIT_RECORD_MS 5000
#define STATE_WAIT_OPEN_MS 5000

#define STATE_STATEMENTS 48

struct state_pending; /* a rewrite that waits in memory */

struct state {
	pthread_mutex_t mutex; /* guards all that follows */
	sqlite3 *db;
	bool readonly;
	bool damaged; /* SQLite said so: begin anew before the next write */
	char *directory, *path, *channel;
	uint64_t journal_rows;
	size_t text_bytes;
	dev_t device;
	ino_t inode;

	struct {
		const char *sql; /* the literal itself is the key */
		sqlite3_stmt *statement;
	} cache[STATE_STATEMENTS];
	unsigned cached;

	struct state_pending *first, **last;
	size_t pending_bytes, pending_maximum;
	int64_t last_purge_minute;
};

/* Somebody deleted or replaced the file while we run: a new one is begun rather than written where nobody
 * looks. */
bool state_file_moved(const struct state *state);
/* Opens it again; a damaged one is set aside first. With the lock held. */
int state_reopen(struct state *state, struct error *error);

/* Locks the state, begins a transaction and writes the backlog into it. After 0, end it with state_end or
 * state_abort. `what` stands in errors: "saving the status". */
int state_begin(struct state *state, const char *what, unsigned wait_ms, struct error *error);
/* Commits and unlocks. */
int state_end(struct state *state, const char *what, struct error *error);
/* Rolls back and unlocks; always -1. */
int state_abort(struct state *state);

/* The same for reading: lock, and a read transaction. */
int state_begin_read(struct state *state, struct error *error);
void state_end_read(struct state *state);

/* A prepared statement, reset and without bindings; NULL with the error set. The SQL must be a literal. */
sqlite3_stmt *state_prepare(struct state *state, const char *sql, struct error *error);
/* Runs it to its end; rows are not expected. */
int state_run(struct state *state, sqlite3_stmt *statement, const char *what, struct error *error);
/* The next row: 1, at the end 0, else -1. */
int state_row(struct state *state, sqlite3_stmt *statement, const char *what, struct error *error);
/* Runs SQL without parameters. */
int state_exec(struct state *state, const char *sql, const char *what, struct error *error);

/* Turns SQLite's result into ours; always -1. */
int state_failure(struct state *state, int result, const char *what, struct error *error);

void state_bind_text(sqlite3_stmt *statement, int nth, const char *text);
/* Text when it is UTF-8, else a blob; cut at `maximum` bytes. */
void state_bind_bytes(sqlite3_stmt *statement, int nth, const char *bytes, size_t length, size_t maximum);
void state_bind_u64(sqlite3_stmt *statement, int nth, uint64_t value);
/* 0 becomes NULL. */
void state_bind_time(sqlite3_stmt *statement, int nth, int64_t us);
/* place (as key), gtid, file, position, item: five parameters from `nth` on. */
void state_bind_place(sqlite3_stmt *statement, int nth, const struct state_place *place);

/* Column texts, copied into the arena; NULL stays NULL. */
const char *state_column_text(sqlite3_stmt *statement, int column, struct arena *arena, size_t *length);

/* Writes what waits in memory; inside a transaction. */
int state_write_backlog(struct state *state, struct error *error);
/* Drops what waits in memory once it is committed, or at the end. */
void state_drop_backlog(struct state *state);

#endif
