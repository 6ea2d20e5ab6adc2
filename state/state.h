/* The SQLite file DIR/state.db: what the program knows, for those who look on.
 *
 * The target's checkpoint is the truth about positions; this file mirrors it and keeps the journal (what was
 * rewritten, skipped, set aside), the capabilities of the target, and the history of the lag. It can be
 * deleted at any time: the next start makes a new one and goes on from the right place.
 *
 * Every function may be called by any thread. Text is borrowed for the duration of the call, may be NULL
 * (stored as NULL), and need not be UTF-8. Times are microseconds since 1970 (UTC), 0 = not known; the
 * documented views show them as ISO 8601 text.
 *
 * Errors of every writing function:
 *     ERROR_RETRY  another process keeps the file locked. Nothing was stored (but see state_journal_rewrites);
 *                  the caller goes on and may try again later.
 *     ERROR_STOP   the file cannot be written: disk full, read-only, I/O error. The text says which, and
 *                  what to do. Status and lag are not worth stopping for; a record of a change that was not
 *                  applied (state_record_skipped, state_record_quarantine) is.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct state;

struct state_options {
	const char *channel;    /* "main" when NULL */
	uint64_t journal_rows;  /* rows kept in each journal; 0 = 100,000. The counts go on beyond them. */
	size_t text_bytes;      /* longest text kept of a statement; 0 = 256 KiB. The true length is kept. */
	size_t backlog_bytes;   /* rewrites held in memory while the file is locked; 0 = 16 MiB */
};

/* Opens DIR/state.db for writing: makes the directory (0700) and the file (0600) where needed, switches to
 * WAL, brings an older schema up to date. A file that is no SQLite database, or a damaged one, is renamed to
 * state.db.corrupt-TIMESTAMP and a new one made; `*warning` then gets a text that the caller logs and frees
 * (NULL otherwise). Errors: ERROR_USAGE (directory, newer schema), ERROR_RETRY (locked), ERROR_STOP. */
int state_open(struct state **state, const char *directory, const struct state_options *options,
	char **warning, struct error *error);

/* For looking on beside a running process: never writes, never makes anything. ERROR_USAGE when there is no
 * state in that directory. Writing functions return ERROR_USAGE on such a state. */
int state_open_readonly(struct state **state, const char *directory, struct error *error);

void state_close(struct state *state);

/* The version this program writes (PRAGMA user_version). */
unsigned state_schema_version(void);

/* Microseconds since 1970, as the times in this header. */
int64_t state_now_us(void);

/* ---- status: one row, written about once a second and at each stop ---- */

enum state_phase {
	STATE_STARTING,
	STATE_CONNECTING, /* source or target cannot be reached (yet): see source_state, target_state */
	STATE_RUNNING,
	STATE_PAUSED,  /* by the operator; the process is there */
	STATE_WAITING, /* standby: another instance has the channel */
	STATE_STOPPED, /* clean end */
	STATE_ERROR,   /* needs a person; the process may be there (waiting for skip or retry) or not */
};

/* "starting", "connecting", …; -1 for an unknown word. */
const char *state_phase_name(enum state_phase phase);
int state_phase_parse(const char *name);

struct state_position {
	const char *file;  /* binary log file of the source */
	uint64_t position; /* end position in it */
	const char *gtid;  /* last GTID */
};

/* One end of the replication. */
struct state_server {
	const char *state; /* "connecting", "connected", "unreachable", … */
	const char *host;
	uint64_t port;
	const char *user;
	const char *family; /* "mysql" or "mariadb" */
	const char *version;
	uint64_t server_id;
	const char *uuid;
	const char *ssl_mode; /* "off", "ca", "identity" */
	const char *cipher;
	int64_t connected_at_us;
	uint64_t error_code; /* the last error on this connection; 0 and NULL when none since it was made */
	const char *error;
	int64_t error_at_us;
};

/* Zero it, fill in what is known, save it. A status that was read owns its texts (state_status_release). */
struct state_status {
	enum state_phase phase;
	int64_t pid;
	const char *version; /* of changeling */
	int64_t started_at_us, since_us /* in this phase */, updated_at_us;
	const char *channel;
	uint64_t replica_server_id;
	const char *replica_uuid;
	struct state_server source, target;

	struct state_position received, applied;
	const char *received_gtid_set, *applied_gtid_set;
	int64_t source_time_us;   /* when the source committed the last transaction that was applied */
	int64_t heard_at_us;      /* when the source last sent anything, heartbeats included */
	int64_t applied_at_us;    /* when the last transaction was applied */
	bool lag_known;           /* false until the first event: lag_seconds is stored as NULL */
	double lag_seconds;
	bool idle;                /* all that was received is applied */
	bool auto_position;

	uint64_t transactions, rows, statements, ddl, bytes_read; /* since the process started */
	uint64_t rewrites, skipped, conflicts;
	double transactions_per_second, rows_per_second, bytes_per_second;
	uint64_t queue_bytes, queue_transactions;
	uint64_t workers, workers_busy;

	/* what the stream stopped on, or retries; error_kind ERROR_NONE when nothing */
	enum error_kind error_kind;
	uint64_t error_code;
	const char *error_sqlstate, *error;
	const char *advice;       /* what to do about it, or about anything else that needs a person */
	int64_t error_at_us;
	struct state_position error_position;
	const char *error_statement; /* secrets masked */

	uint64_t retries;         /* in a row, of what is being retried now */
	uint64_t retries_total, reconnects_total;
	int64_t next_retry_at_us;
	const char *until;        /* the goal of `run --until` */

	struct arena arena;       /* owns the texts of a status that was read */
};

int state_save_status(struct state *state, const struct state_status *status, struct error *error);
/* 0 with *found false when no status was ever saved. */
int state_read_status(struct state *state, struct state_status *status, bool *found, struct error *error);
void state_status_release(struct state_status *status);

/* ---- the journal ---- */

/* Where in the source's log something was found. Entries are stored once for each (channel, gtid or else
 * file:position, item, rule): applying a transaction again after a crash adds nothing. */
struct state_place {
	const char *gtid; /* NULL without GTIDs */
	const char *file;
	uint64_t position; /* end position of the event */
	uint64_t item;     /* the statement or row within the transaction, counted by the caller */
};

/* A statement that was sent in other words. */
struct state_rewrite {
	struct state_place place;
	const char *rule, *database;
	const char *original; /* secrets masked by the caller, in all texts */
	size_t original_length;
	const char *sent;     /* NULL with length 0: nothing was sent */
	size_t sent_length;
	const char *reason;
	uint64_t count;       /* how many places of the statement; 0 counts as 1 */
};

/* Stores them in one SQLite transaction. While the file is locked by another process the entries are kept in
 * memory (0 is returned) and written with the next call of any writing function; ERROR_RETRY only when that
 * backlog is full: wait and call again, or go on without the entry. */
int state_journal_rewrites(struct state *state, const struct state_rewrite *rewrites, size_t count,
	struct error *error);
int state_journal_rewrite(struct state *state, const struct state_rewrite *rewrite, struct error *error);

/* A statement or row change that was not applied, by a rule's policy or by the operator. */
struct state_skipped {
	struct state_place place;
	const char *rule; /* "operator" for `changeling skip` */
	const char *database;
	const char *statement; /* or the row change as text */
	size_t statement_length;
	const char *context; /* what is needed to run it later (JSON), or NULL */
	const char *reason;
	const char *resolution; /* NULL = open; "decided" (skip, replace), "retried", "dropped" */
	/* filled in on reading */
	int64_t id, at_us, resolved_at_us;
};

/* Waits up to five seconds for the lock. Must have returned 0 before the target's transaction commits. */
int state_record_skipped(struct state *state, const struct state_skipped *skipped, struct error *error);
/* Calls back for each entry in order of the source, open ones only if asked; ends early when it returns
 * non-zero, and returns that. */
int state_each_skipped(struct state *state, bool open_only,
	int (*each)(void *context, const struct state_skipped *skipped, struct error *error), void *context,
	struct error *error);
/* Marks an entry as dealt with. */
int state_resolve_skipped(struct state *state, int64_t id, const char *resolution, struct error *error);

/* A row change that did not fit the target (`conflicts = record` or `repair`). Said again of the same place, the last word holds. */
struct state_quarantine {
	struct state_place place;
	const char *database, *table;
	const char *key;            /* the conflict key as text */
	const char *change;         /* "insert", "update", "delete" */
	const char *before, *after; /* JSON objects, or NULL */
	size_t before_length, after_length;
	const char *reason;
	const char *outcome;        /* "recorded" or "repaired" */
};

/* As state_record_skipped. */
int state_record_quarantine(struct state *state, const struct state_quarantine *row, struct error *error);

/* ---- the rest ---- */

struct state_capability {
	const char *name, *value;
	const char *consequence; /* what it means for replication, one sentence */
	const char *severity;    /* "ok", "warn", "fail" */
};

/* Replaces the stored list. */
int state_save_capabilities(struct state *state, const struct state_capability *list, size_t count,
	struct error *error);

struct state_temp_table {
	uint64_t thread_id; /* the source session's pseudo_thread_id */
	const char *database, *name;
	const char *target_database, *target_name;
	struct state_place created;
	int64_t created_at_us;
};

/* Replaces the stored list. */
int state_set_temp_tables(struct state *state, const struct state_temp_table *list, size_t count,
	struct error *error);

/* One sample of the lag; the totals are those of the status. Kept by the second for an hour, by the minute
 * (average and maximum) for a week. */
struct state_lag {
	int64_t at_us;
	bool known;
	double lag_seconds;
	uint64_t transactions, rows, bytes_read;
};
int state_record_lag(struct state *state, const struct state_lag *lag, struct error *error);

/* A mirror of the intent rows on the target: DDL that may or may not have run. */
struct state_ddl_intent {
	struct state_place place;
	const char *database, *statement;
	size_t statement_length;
	const char *fingerprint;
	const char *outcome; /* "intended", "done", "found done", "found not done", "undecided" */
};
/* Stores the intent, or the later outcome of the same place. */
int state_save_ddl_intent(struct state *state, const struct state_ddl_intent *intent, struct error *error);

/* Stored events (CREATE EVENT) are made disabled on the target; here is what they are to become. */
struct state_event {
	const char *database, *name;
	const char *wished; /* "ENABLED", "DISABLED", … */
	const char *definer;
};
/* Without `wished` it is forgotten; without a name as well, all those of the database are. */
int state_save_event(struct state *state, const struct state_event *event, struct error *error);
/* The event goes by another name; one that is not known stays so. */
int state_rename_event(struct state *state, const struct state_event *event, const char *database, const char *name,
	struct error *error);
int state_each_event(struct state *state,
	int (*each)(void *context, const struct state_event *event, struct error *error), void *context,
	struct error *error);

/* Small facts that outlive the process, by name. The value is the caller's to free; NULL when there is none.
 * Setting NULL removes it. */
int state_get_setting(struct state *state, const char *name, char **value, struct error *error);
int state_set_setting(struct state *state, const char *name, const char *value, struct error *error);

#endif
