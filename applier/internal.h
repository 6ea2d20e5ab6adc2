/* What the parts of the applier share: coordinator (applier.c), preparing transactions (prepare.c), workers (worker.c), opening
 * (open.c), transactions that run alone (special.c, group.c, step.c, xa.c), rows one by one (single.c, settle.c), taking the channel
 * (channel.c), probing (probe.c). */
#ifndef APPLIER_INTERNAL_H
#define APPLIER_INTERNAL_H

#include <pthread.h>

#include "applier/applier.h"
#include "applier/batch.h"
#include "applier/conflict.h"
#include "applier/conflict_index.h"
#include "applier/intent.h"
#include "applier/questions.h"
#include "applier/render.h"
#include "applier/session.h"
#include "applier/settle.h"
#include "applier/spool.h"
#include "applier/table.h"
#include "applier/temp.h"
#include "applier/window.h"

#define WORKERS_MAXIMUM 15u
#define ENDED_SESSIONS 64u

enum worker_step { STEP_WAIT, STEP_SEND, STEP_COMMIT, STEP_GIVE_WAY, STEP_RECEIVE, STEP_END };

enum passage_stage {
	PASSAGE_WAITING,    /* nothing is sent; when it was, nothing is left of it on the target */
	PASSAGE_SENT,       /* its answers have not been read */
	PASSAGE_EXECUTED,   /* all but its COMMIT is done: waits for its turn */
	PASSAGE_COMMITTING, /* executed; the COMMIT was sent by itself */
};

/* A batch on its way through a worker. */
struct passage {
	/* the worker's own */
	struct flight flight;
	size_t checkpoint_item;   /* of the flight: behind it comes the COMMIT at most */
	int64_t sent_us;
	unsigned attempts;
	/* under the applier's lock */
	struct batch *batch;
	enum passage_stage stage;
	bool commits;             /* the COMMIT was sent with the flight */
	bool last;                /* runs when everything before it is committed: an attempt met locks */
	bool apart;               /* several packets, or too many guards: nothing may be under way */
};

/* Batches that a worker has in hand. */
#define PASSAGES 16u

/* One connection of a worker, or the coordinator's own. */
struct worker {
	struct applier *applier;
	unsigned number;
	struct target *target;
	struct session *session;
	struct buffer text;       /* lent to the flight that is rendered next */
	uint64_t flights;         /* number of the last flight that was sent */
	size_t unread;            /* statements whose answers have not been read */
	int64_t round_trip_us;    /* as measured when it was opened */
	int64_t answered_us;      /* when the last flight's answers came */
	bool noted;               /* its connection is listed in the channel's instance row */
	pthread_t thread;
	bool started;
	pthread_cond_t changed;   /* with the applier's lock: it may have something to do */
	int wake;                 /* an eventfd, for the same while it waits for an answer; -1 = not connected */
	/* under the applier's lock: a ring, in the batches' order; the first `sent` of its `count` passages are not waiting */
	struct passage passages[PASSAGES];
	unsigned first, count, sent;
	bool lent;                /* the coordinator is sending for it, and has all that is the worker's own meanwhile */
	int64_t quiet_until_us;   /* with applier.quiet */
	bool polling;             /* it waits for an answer, and for `wake` */
};

struct applier {
	struct applier_settings settings;
	struct applier_hooks hooks;
	struct applier_source source;
	struct capabilities capabilities;
	struct target *control;           /* coordinator's: definitions, the channel's lock, what runs alone */
	struct session *control_session;
	struct flight control_flight;
	struct table_cache *tables;
	struct temp_tables *temps;
	struct stored_code *code;
	struct context_cache *contexts;
	struct render_options render;
	size_t packet_bytes;
	struct worker workers[WORKERS_MAXIMUM];

	struct channel_past *past;        /* the caller's */
	struct checkpoint taken;          /* as the channel was taken */
	struct checkpoint next;           /* coordinator: after all that was dispatched */
	struct gtid_set *gtids;           /* the same as next.gtid_set */
	bool gtids_known;
	struct conflict_index *conflicts; /* coordinator: key → sequence of the last batch that has it */
	uint64_t barrier;                 /* coordinator: sequence of the last batch with statements */
	struct intent found_intent;       /* of the run before: what had become of it */
	struct spool *spool;              /* the file of a LOAD DATA whose statement is still to come */
	struct settlement settlement;     /* of the transaction that runs alone */
	unsigned kept_pieces;             /* of the XA transaction whose events are being kept */
	bool streaming;                   /* parts of a transaction are on the control connection, not committed */
	struct ended_session {
		uint32_t server_id;
		uint64_t thread_id;
	} ended[ENDED_SESSIONS];      /* of the source, whose temporary tables were dropped lately */
	unsigned ended_next;
	struct position skip_at, replace_at, retry_at;
	char *replace_sql;

	struct heartbeat *heartbeat;      /* while we have the channel (channel.c) */

	pthread_mutex_t lock;
	pthread_cond_t changed;           /* for the coordinator; each worker has its own */
	/* under the lock */
	struct window *window;            /* without the master's commit order; else NULL */
	struct applied_set *applied;      /* by the run before, above its checkpoint */
	uint64_t way_for;                 /* a batch met a lock: later ones that hold theirs give way; 0 = none */
	struct worker *last_worker;       /* that was given a batch */
	struct worker *quiet;             /* leaves the answers of its one batch unread for a while; NULL = none */
	int64_t batch_us;                 /* how long a batch keeps the target busy, smoothed */
	int64_t byte_ps;                  /* the same for a byte of its memory, in picoseconds */
	size_t pending_bytes;             /* of batches that were dispatched and are not committed */
	uint64_t committed;               /* highest sequence such that all up to it are committed */
	bool failed, stopping;
	struct error failure;
	struct applier_place failure_place;
	struct applier_progress progress;
	char *progress_gtid_set;
	struct queue *queue;              /* of the run, to be woken */
};

/* Under the lock. */
static inline bool applier_ended(const struct applier *applier)
{
	return applier->failed || applier->stopping;
}

/* worker.c */
/* Of zeroed memory; `attributes` are those of its condition. */
void worker_init(struct worker *worker, const pthread_condattr_t *attributes);
int worker_open(struct worker *worker, struct applier *applier, unsigned number, struct error *error);
/* Before anything was applied: the worker may be opened again. */
void worker_disconnect(struct worker *worker);
void worker_close(struct worker *worker);
void *worker_main(void *worker);
/* By the coordinator, to which the worker was lent: sends the batch that it has in hand. */
void worker_send_lent(struct worker *worker, bool commits);
/* Appends the statements of an operation that came as one. */
void worker_render_statement(struct flight *flight, const struct operation *operation, struct session *session);

/* passage.c: a worker's ring */
/* Under the lock: gives the worker a batch, for which it must have room. */
bool worker_has_room(const struct worker *worker);
void worker_take(struct worker *worker, struct batch *batch);
/* Under the lock: something has changed for the worker. */
void worker_signal(struct worker *worker);
/* Under the lock: something has changed for the workers that have batches in hand. The others are left asleep: waking them
 * takes time on the way to the target. */
void workers_wake(struct applier *applier);
/* Under the lock: has the worker the batch with this sequence in hand. */
bool worker_holds(const struct worker *worker, uint64_t sequence);
/* Under the lock, or by the worker itself for those that have been sent; 0 is the first. */
struct passage *passage_at(const struct worker *worker, unsigned index);
/* Under the lock: what the worker does next; *commits with STEP_SEND: the COMMIT may go along. */
enum worker_step passage_next_step(const struct worker *worker, bool *commits);
/* Under the lock, by the coordinator: lends it the worker when that could do nothing but send its one batch now. */
bool passage_lend(struct worker *worker, bool *commits);
/* These take the lock, and are called by the worker itself, or by the coordinator while the worker is lent to it. */
/* Waits until there is something to do. */
enum worker_step passage_wait_step(struct worker *worker, bool *commits);
/* It waits for an answer: is there a batch to be sent meanwhile? If not, the next worker_signal wakes it by its `wake`. */
bool passage_to_send(struct worker *worker, bool *commits);
void passage_set(struct worker *worker, struct passage *passage, enum passage_stage stage);
/* The first waiting one has been sent. */
void passage_set_sent(struct worker *worker, struct passage *passage, enum passage_stage stage, bool commits);
/* Ends the lending. Was the batch sent with its COMMIT, and is it the only one that any worker has in hand, nobody waits for its
 * answers: the worker reads them when they should all be there, as each would wake it for itself, or when passage_hurry says so. */
void passage_give_back(struct worker *worker);
void passage_set_apart(struct worker *worker, struct passage *passage);
/* Nothing is left on the target of what was sent and not committed; `last` for the first one. */
void passage_take_back(struct worker *worker, bool last);
/* Under the lock, by the coordinator: answers are waited for from now on. */
void passage_hurry(struct applier *applier);
/* Under the lock: the first one, which is committed, leaves the ring. */
struct batch *passage_take_first(struct worker *worker);

/* applier.c */
void applier_init_locks(struct applier *applier);
/* First failure wins; wakes everybody. */
void applier_fail(struct applier *applier, const struct error *error, const struct transaction *transaction);
void place_of(struct applier_place *place, const struct transaction *transaction, const struct change *change,
	uint64_t item);
/* Moves `checkpoint` behind the transaction; `gtids` (may be NULL) grows by its GTID. */
void checkpoint_advance(struct checkpoint *checkpoint, struct gtid_set *gtids, const struct transaction *transaction);
/* Counts and publishes what a commit achieved. */
void progress_committed(struct applier *applier, const struct checkpoint *checkpoint, size_t transactions,
	size_t rows, size_t statements);

/* prepare.c: binds and plans; sets *special when the transaction cannot share a batch. */
int prepare_transaction(struct applier *applier, struct transaction *transaction, bool *special,
	struct error *error);

/* One change, for transactions that run alone: just before its turn, as those before it may have changed definitions. */
int prepare_change(struct applier *applier, struct transaction *transaction, struct change *change, bool row_format,
	struct error *error);

/* special.c: applies one transaction by itself on the control connection, everything before it being committed. */
int special_apply(struct applier *applier, struct transaction *transaction, struct error *error);
/* A part of a transaction that is streamed. */
int special_stream(struct applier *applier, struct transaction *part, struct error *error);
void special_abandon(struct applier *applier);
/* At start: what became of a statement whose intent is there (the answer to intent_ask). */
int special_recover(struct applier *applier, const struct question *answered, struct error *error);

/* rollback.c: the source's server drops what a session leaves: noted, as a transaction that this session had open may
 * follow it in the log (MariaDB). */
void session_end_note(struct applier *applier, const struct change *change);
bool session_has_ended(const struct applier *applier, const struct transaction *transaction);

/* Leaves in a transaction that ended in ROLLBACK what stayed on the master; or sets *replay, when that depends on what did
 * not stay: then all of it has to run (undo.c). */
int rollback_keep(struct applier *applier, struct transaction *transaction, bool *replay, struct error *error);

/* single.c: rows one by one, with the policy for conflicts. */
/* The operations from `from` to the next one that is no single row, which is *next then. */
int single_run_rows(struct settlement *settlement, struct target *target, struct session *session,
	const struct operation *from, const struct operation **next, struct error *error);
/* A whole transaction, committed; 1 with an error when it met a lock: nothing is left of it on the target, and it may be tried again. */
int single_apply(struct applier *applier, struct worker *worker, const struct transaction *transaction,
	const struct checkpoint *checkpoint, unsigned checkpoint_worker, struct error *error);

/* channel.c: waits until no other instance has the channel, and takes it (applier->taken). */
int channel_take(struct applier *applier, bool (*waiting)(void *context), void *waiting_context,
	struct error *error);
/* Then: the question that notes who has it. */
void channel_ask_note(const struct applier *applier, struct questions *questions);
/* It is noted: keeps the channel alive from now on, by a thread with a connection of its own. When the channel is lost, that
 * calls applier_fail (ERROR_FENCED, or ERROR_RETRY when only connections are) and ends what the control connection waits for. */
int channel_heartbeat_start(struct applier *applier, struct error *error);
/* The workers are connected: the heartbeat lists their connections, for whoever has to end them. */
void channel_list_workers(struct applier *applier);
/* The statement by which a worker's connection lists itself before its first transaction, if it is not listed yet. */
void channel_put_worker_note(const struct applier *applier, struct buffer *sql, uint64_t connection);
/* Before any connection is closed; also when the channel was not taken. */
void channel_heartbeat_stop(struct applier *applier);

/* probe.c */
int capabilities_probe(const struct target_options *options, struct capabilities *capabilities, struct error *error);

#endif
