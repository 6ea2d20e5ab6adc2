/* What the parts of the pipeline share: supervision (pipeline.c), the source's side (pipeline_source.c)
 * and its connections (pipeline_connect.c), the target's side (pipeline_target.c), the operator's wishes (pipeline_wishes.c), the
 * goal of --until (pipeline_goal.c), the snapshot (pipeline_view.c). */
#ifndef PROXY_PIPELINE_INTERNAL_H
#define PROXY_PIPELINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/backoff.h"
#include "base/queue.h"
#include "proxy/lag.h"
#include "proxy/pipeline.h"
#include "proxy/recorder.h"
#include "proxy/retention.h"
#include "proxy/source_info.h"

enum goal_kind { GOAL_NONE, GOAL_NOW, GOAL_POSITION, GOAL_GTID };

struct goal {
	enum goal_kind kind;
	struct position position;
	struct gtid gtid;
	struct gtid_set *set; /* `now` by GTID: all of these */
};

struct pipeline {
	struct pipeline_settings settings;
	const struct config *config;
	struct recorder recorder;
	struct goal goal;
	bool goal_reached;

	pthread_t supervisor, apply_thread;
	bool started;

	/* of the supervisor's thread */
	struct source *source;
	struct assembler *assembler;
	struct arena source_arena;	      /* of the connection */
	struct arena applier_arena;	      /* of the incarnation */
	struct applier_source applier_source; /* as the applier was told */
	bool apply_started;
	bool reopen;		    /* the source is another server now: a new incarnation */
	struct position resume;	    /* where the next transaction begins, of those not received yet */
	uint64_t epoch;		    /* with which the channel was taken */
	struct channel_past channel_past;
	struct position corrupt_at; /* where bytes were found broken the last time */
	struct backoff source_backoff, target_backoff;
	struct log_throttle source_throttle, target_throttle;
	struct retention retention;
	bool source_ever, target_ever; /* has it been connected since the start */
	uint64_t applied_before;       /* transactions, by former incarnations, when the last one failed */

	/* written by the supervisor for each event, read by anybody */
	atomic_uint_least64_t bytes_read;
	atomic_int_least64_t heard_at_us;
	atomic_int_least64_t waiting_since_us; /* in source_read; 0 = not in it */
	atomic_bool in_group;
	atomic_bool at_heartbeat; /* the last event was one, behind a period of silence */
	atomic_uint_least32_t last_event_time;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	struct queue *queue;	       /* of the incarnation; NULL between them */
	struct applier *applier;       /* the same */
	struct gtid_set *received_set; /* NULL = not known */
	struct lag *lag;
	bool stop, pause, retry; /* wishes */
	bool streaming;		 /* events come */
	bool apply_done;	 /* applier_run has returned: */
	int apply_result;
	struct error apply_error;
	struct applier_place apply_place;
	struct applier_progress before; /* counts of former incarnations; position and GTID of the last */
	char *applied_set;		/* between incarnations */
	double clock_difference;
	struct log_end {	      /* where the source's log ended when we connected */
		bool known;	      /* else we may not ask, or it could not tell */
		int64_t asked_at_us;
		struct position position;
		struct gtid_set *set; /* NULL = not known */
	} log_end;
	char identity[SOURCE_IDENTITY_SIZE]; /* of the source that was connected last */
	struct position wish;	   /* where something is to be skipped or replaced; file "" = nowhere */
	struct position wish_from; /* where applying was then */
	struct pipeline_view view; /* but for what pipeline_view() works out */
};

/* ---- pipeline.c ---- */

/* Sets the phase and says so in the log. */
void pipeline_set_phase(struct pipeline *pipeline, enum state_phase phase);
/* Notes an error that is being tried again, or stopped on. */
void pipeline_set_error(struct pipeline *pipeline, const struct error *error, const struct position *position,
	const char *gtid, bool skippable);
void pipeline_clear_error(struct pipeline *pipeline);
/* Waits that long, or until somebody wants something else than before; false when it is to end. */
bool pipeline_pause_for(struct pipeline *pipeline, uint64_t ms);
/* For queue_discard. */
void pipeline_release_transaction(void *transaction);
/* Is the incarnation over, or is it to be? */
bool pipeline_over(struct pipeline *pipeline);

/* ---- pipeline_target.c ---- */

/* Takes the channel, reads the checkpoint and makes ready to apply from there; -1 leaves what there is for
 * pipeline_close_applier. */
int pipeline_open_applier(struct pipeline *pipeline, struct error *error);
/* Starts applier_run in its thread, unless it runs already. */
int pipeline_start_apply(struct pipeline *pipeline, struct error *error);
/* Ends the applier's thread (after what is queued when the goal is reached, else after what is under way) and
 * closes it. */
void pipeline_close_applier(struct pipeline *pipeline);
/* Has another instance taken the channel since we had it? Asked by a connection of its own. True with the
 * error. */
bool pipeline_superseded(struct pipeline *pipeline, struct error *error);

/* ---- pipeline_wishes.c ---- */

/* Gives the applier the operator's retry, skip or replace, unless it lies behind the checkpoint. */
void pipeline_take_wishes(struct pipeline *pipeline);
/* Notes where the stream stopped for the commands that skip or replace; NULL = nowhere. */
void pipeline_note_stop(struct pipeline *pipeline, const struct position *position);

/* ---- pipeline_source.c ---- */

/* Reads the source into the queue until the incarnation is over (0), the goal is reached (0, goal_reached),
 * or an error that another connection does not mend (-1). */
int pipeline_read(struct pipeline *pipeline, struct error *error);

/* ---- pipeline_connect.c ---- */

/* Connects, finds out what the source is and whether the position is one of its log, tells the applier (which starts) and the
 * view, and asks for the stream. 0 with pipeline->reopen: the source is another server now, a new incarnation is due. -1: ERROR_STOP
 * where a person must decide, else what another attempt may mend. In the reading thread. */
int pipeline_connect_source(struct pipeline *pipeline, struct error *error);

/* Is the place, where applying is, one in the log of the source that is connected, as far as can be told? It is not before anything was
 * applied of a server that has taken the former one's place. Under the lock, or in the reading thread. */
bool pipeline_is_of_source(const struct pipeline *pipeline, const struct position *place);

/* Might a connection be what is wrong (for the exit code of a first attempt)? */
bool pipeline_is_connect_error(const struct error *error);

/* ---- pipeline_goal.c ---- */

int goal_parse(struct goal *goal, const char *text, struct error *error);
void goal_release(struct goal *goal);
/* `now` becomes what the source has now; by GTID if `by_gtid`. */
int goal_resolve(struct goal *goal, struct source *source, bool by_gtid, struct error *error);
/* Reached by what was received: the end of the last transaction and of the last event outside of a
 * transaction, the set. */
bool goal_reached(const struct goal *goal, const struct position *position, const struct gtid_set *set);
/* Does the transaction lie behind the goal? */
bool goal_is_before(const struct goal *goal, struct log_place begin);

#endif
