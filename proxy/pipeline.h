/* One replication under way: source ──▶ assembler ──▶ queue ──▶ applier, and what is done when a part of it
 * fails.
 *
 * Two threads of its own. The first supervises: it opens the applier (which takes the channel), starts the
 * second thread, in which the applier runs, then connects to the source and reads until told otherwise. An
 * incarnation is the life of one applier: a source that is lost is connected to again within it; when the
 * applier fails, all of it is taken down and a new one goes on from the target's checkpoint.
 *
 * The functions here may be called by any thread. */
#ifndef PROXY_PIPELINE_H
#define PROXY_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/applier.h"
#include "base/error.h"
#include "proxy/settings.h"
#include "state/state.h"

struct pipeline;

struct pipeline_settings {
	const struct settings *settings; /* all borrowed for the pipeline's life */
	struct state *state;
	const char *until; /* "now", a GTID, FILE:POS, or NULL */
	bool wait;	   /* the very first connections are tried again too */
	bool stay;	   /* an error that needs a person is waited out (pipeline_retry) instead of ending */
	/* Something that is worth saving at once has changed; called by the pipeline's threads. */
	void (*changed)(void *context);
	void *context;
};

/* One end, as the status shows it. */
struct pipeline_peer {
	const char *state; /* "connecting", "connected", "unreachable", "waiting", "disconnected" */
	char host[256], version[128], cipher[80], uuid[37];
	unsigned port;
	enum server_family family;
	uint32_t server_id;
	int64_t connected_at_us;
	struct error error; /* the last one on this end since it was connected; kind ERROR_NONE = none */
	int64_t error_at_us;
};

/* A snapshot. */
struct pipeline_view {
	enum state_phase phase;
	int64_t since_us;
	struct pipeline_peer source, target;
	struct position received; /* end of what was read */
	char received_gtid[GTID_TEXT_MAXIMUM];
	struct applier_progress progress; /* counts are since the pipeline was made */
	bool idle;			  /* all that the source has is applied */
	int64_t heard_at_us;
	uint64_t bytes_read, queue_bytes, queue_transactions;
	bool lag_known;
	double lag_seconds;
	int64_t kept_seconds; /* how long the source keeps its logs; 0 = for good, or not known */

	struct error error; /* what it stopped on, or tries again */
	int64_t error_at_us;
	struct position error_position;
	char error_gtid[GTID_TEXT_MAXIMUM];
	bool error_skippable; /* it is about one transaction, and that can be stepped over */
	uint64_t retries, retries_total, reconnects_total;
	int64_t next_retry_at_us;

	bool goal_reached; /* of `run --until` */
	bool ended;
	int exit_code; /* when it has ended */
};

/* ERROR_USAGE when `until` is none. */
int pipeline_new(struct pipeline **pipeline, const struct pipeline_settings *settings, struct error *error);
/* Starts its threads. */
int pipeline_start(struct pipeline *pipeline, struct error *error);
/* After it has ended, or before it was started. */
void pipeline_free(struct pipeline *pipeline);

/* A clean end: nothing more is taken up, what is under way is finished. pipeline_view tells when it has
 * ended. */
void pipeline_stop(struct pipeline *pipeline);
/* No more patience: what is under way is rolled back. */
void pipeline_interrupt(struct pipeline *pipeline);

/* Stops applying and holds the channel; goes on. */
void pipeline_pause(struct pipeline *pipeline);
void pipeline_resume(struct pipeline *pipeline);
/* Ends a wait: after an error that needs a person, or before the next attempt. */
void pipeline_retry(struct pipeline *pipeline);

/* Now and then: forgets the operator's wishes once they lie behind us. */
void pipeline_settle(struct pipeline *pipeline);

void pipeline_view(struct pipeline *pipeline, struct pipeline_view *view);
/* GTID sets as text, "" = not known; the caller frees them. */
char *pipeline_received_set(struct pipeline *pipeline);
char *pipeline_applied_set(struct pipeline *pipeline);

/* Names of the state's settings by which an operator's wish reaches the next incarnation. */
#define SETTING_STOPPED_AT "stopped-at"	  /* file:offset of the transaction that it stopped on */
#define SETTING_STOPPED_OF "stopped-of"	  /* the server whose log that is; kept while there is a wish */
#define SETTING_SKIP_AT "skip-at"	  /* … that is to be skipped */
#define SETTING_REPLACE_AT "replace-at"	  /* … whose statement is to be replaced */
#define SETTING_RETRY_AT "retry-at"	  /* … that has not taken place, whatever the target tells */
#define SETTING_REPLACE_SQL "replace-sql" /* by this */
#define SETTING_WISHED "wished"		  /* when that was asked for, as text */

/* "file:offset" of a position, and back (false when it is none). */
void position_text(const struct position *position, char *text, size_t room);
bool position_parse(const char *text, struct position *position);

#endif
