/* The applying side as a whole: takes transactions from a queue and brings them to the target, exactly once.
 *
 *     queue ──▶ coordinator ──▶ batches ──▶ workers ──▶ target
 *               (binds rows to tables,      (one connection each; a flight: BEGIN, changes,
 *                plans statements, merges)   checkpoint, COMMIT, in the master's order)
 *
 * Any error ends the run: the caller decides by its kind whether to open a new applier, which goes on from the
 * target's checkpoint. What was in flight then is committed whole or not at all. */
#ifndef APPLIER_APPLIER_H
#define APPLIER_APPLIER_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/checkpoint.h"
#include "applier/sql/rewrite.h"
#include "applier/target.h"
#include "base/error.h"
#include "base/queue.h"
#include "binlog/transaction.h"

enum conflict_policy { CONFLICT_STOP, CONFLICT_RECORD, CONFLICT_REPAIR };

/* Where in the source's log something was. */
struct applier_place {
	char gtid[GTID_TEXT_MAXIMUM]; /* "" = none */
	struct position position;     /* end of the event */
	uint64_t item;                /* statement or row within the transaction */
};

struct target_table_name {
	const char *database, *name;
};

struct applier_temp_table {
	uint32_t server_id;
	uint64_t thread_id;
	const char *database, *name, *real;
};

/* What is recorded, by whoever keeps records. Texts are valid during the call; secrets are masked. A function that
 * returns -1 stops the stream: what could not be recorded is not done. Called by several threads. */
struct applier_hooks {
	void *context;
	int (*rewritten)(void *context, const struct applier_place *place, const char *rule, const char *database,
		const char *original, const char *sent, const char *reason, struct error *error);
	/* `statement` is what was not run; `replay` what is needed to run it later, or NULL */
	int (*skipped)(void *context, const struct applier_place *place, const char *rule, const char *database,
		const char *statement, const char *replay, const char *reason, struct error *error);
	int (*quarantined)(void *context, const struct applier_place *place, const struct target_table_name *table,
		const char *key, const char *change, const char *before, const char *after, const char *reason,
		const char *outcome, struct error *error);
	/* What an event is to become at the cut-over; NULL: it is gone, and without a name all those of the database */
	int (*event_state)(void *context, const char *database, const char *name, const char *wished,
		struct error *error);
	int (*event_renamed)(void *context, const char *database, const char *name, const char *new_database,
		const char *new_name, struct error *error);
	/* A function or trigger ("FUNCTION", "TRIGGER") that may be one of those that were set aside was dropped */
	int (*held_dropped)(void *context, const char *kind, const char *database, const char *name,
		struct error *error);
	void (*temp_tables_changed)(void *context, const struct applier_temp_table *tables, size_t count);
	/* Asks the source whether the table's engine can roll back; ERROR_STOP when there is no such table. */
	int (*source_engine)(void *context, const char *database, const char *table, bool *transactional,
		struct error *error);
	/* A statement that commits by itself has run; what cannot be recorded is put up with. */
	void (*intent)(void *context, const struct applier_place *place, const char *statement, const char *outcome);
};

struct applier_settings {
	struct target_options target; /* borrowed for the applier's life */
	const char *channel;
	const char *host_name;        /* of this machine, for the instance row */
	unsigned workers;             /* 1…15 */
	bool preserve_commit_order;
	size_t merge_transactions, merge_rows, merge_bytes;
	unsigned merge_time_ms;
	size_t statement_rows, statement_bytes;
	enum conflict_policy conflicts;
	unsigned lock_wait_seconds;   /* of the target's sessions */
	unsigned takeover_seconds;    /* a former owner that has not been heard of for so long loses the channel */
	const struct rewrite_settings *rewrite;
	struct assembler_limits limits; /* for XA transactions that are assembled again */
	const char *spool_directory;    /* for files of LOAD DATA that are too large for memory */
};

/* What is known of the source. */
struct applier_source {
	struct server_version version;
	uint32_t server_id;
	const char *identity;          /* of which server its positions are: goes into each checkpoint; at most 36 bytes */
	const char *time_zone;         /* what SYSTEM means there: a name or an offset, or NULL */
	const char *session_zone;      /* in which sessions begin: likewise */
	const char *default_utf8mb4;   /* or NULL */
	const char *default_temp_engine; /* of temporary tables whose statement names none; or NULL */
};

struct applier;

/* What a process remembers of the channel from one incarnation of its applier to the next: connections that are left of it need
 * no waiting for, and somebody else's taking it meanwhile is not overlooked. */
struct channel_past {
	uint64_t epoch;       /* with which it had the channel last; 0 = it never had it, or has told that it lost it */
	uint64_t tried_epoch; /* asked for since then, and the answer perhaps lost */
	uint64_t own_epoch;   /* the highest that was found to be ours: epoch, or one of those that were tried */
	bool as_standby;      /* it had waited for another instance to have it: it may do so again */
};

/* Connects, waits for the channel (other instances), takes it, and decides what became of a statement that was under way
 * when the last run ended. `waiting`, when not NULL, is called about once a second while another instance has
 * the channel; a return of true gives up (ERROR_STOPPED). `past` is zeroed at first and the caller's, for all incarnations of one
 * channel, one at a time. */
int applier_open(struct applier **applier, const struct applier_settings *settings,
	const struct applier_hooks *hooks, struct channel_past *past, bool (*waiting)(void *context), void *waiting_context,
	struct error *error);
void applier_close(struct applier *applier);

/* Before applier_run: the GTID set at the checkpoint, where that does not name it. */
void applier_set_gtids(struct applier *applier, const struct gtid_set *set);
/* Before applier_run: what the source is. */
void applier_set_source(struct applier *applier, const struct applier_source *source);

/* The checkpoint as it was when the channel was taken. */
const struct checkpoint *applier_checkpoint(const struct applier *applier);
const struct capabilities *applier_capabilities(const struct applier *applier);
/* The control connection; to be asked over by the caller before applier_run only. */
struct target *applier_target(const struct applier *applier);
/* The lock by which it has the channel, held by the control connection. */
#define CHANNEL_LOCK_TEXT 65 /* MySQL 5.7 and later take 64 characters */
void applier_channel_lock(const struct applier *applier, char name[CHANNEL_LOCK_TEXT]);

/* The transaction that begins there is recorded as skipped by the operator instead of being applied. */
void applier_skip_at(struct applier *applier, const struct position *begin);
/* That transaction's statement is replaced by the operator's SQL. */
void applier_replace_at(struct applier *applier, const struct position *begin, const char *sql);
/* That transaction's statement, of which the target does not tell whether it ran before, has not: it runs. */
void applier_retry_at(struct applier *applier, const struct position *begin);

/* Applies what the queue gives until it is closed and empty, or until an error. Returns 0 or -1. Frees what it takes.
 * On an error, *place tells the transaction that it concerns (file "" when it concerns none). */
int applier_run(struct applier *applier, struct queue *queue, struct applier_place *place, struct error *error);

/* Any thread: ends applier_run soon, with ERROR_STOPPED. What is in flight is rolled back by the target. */
void applier_interrupt(struct applier *applier);

/* A snapshot for the status; any thread. */
struct applier_progress {
	struct position position;  /* applied */
	char gtid[GTID_TEXT_MAXIMUM];
	uint32_t source_time;      /* of the last transaction applied */
	int64_t applied_at_us;
	uint64_t transactions, rows, statements, ddl;
	uint64_t rewrites, skipped, conflicts, retries;
	unsigned workers_busy;
};
void applier_progress(struct applier *applier, struct applier_progress *progress);
/* The applied GTID set as text; the caller frees it. */
char *applier_gtid_set(struct applier *applier);

#endif
