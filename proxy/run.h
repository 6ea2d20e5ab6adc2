/* What the parts of `changeling run` share: the loop (run.c), the status it keeps (run_status.c), and what
 * the control socket may ask of it (run_control.c). */
#ifndef PROXY_RUN_H
#define PROXY_RUN_H

#include <ev.h>
#include <jansson.h>

#include "base/backoff.h"
#include "proxy/config.h"
#include "proxy/control.h"
#include "proxy/pipeline.h"
#include "proxy/retention.h"
#include "proxy/settings.h"
#include "proxy/wish.h"
#include "state/directory.h"
#include "state/state.h"

/* A rate over the last seconds. */
struct rate {
	uint64_t count;
	int64_t at_us;
	double per_second;
};

struct run {
	const char *directory, *until;
	bool wait, stay;
	struct config config;
	struct settings settings;
	struct state *state;
	struct state_lock lock;
	struct pipeline *pipeline;
	struct control *control;

	struct ev_loop *loop;
	struct ev_signal term, interrupt, hangup;
	struct ev_timer status_timer, lag_timer, watchdog_timer, grace_timer;
	struct ev_async changed;
	bool stopping, ready;

	/* status */
	int64_t started_at_us;
	struct state_status former; /* what the last process, or change-master, left */
	char wish[WISH_TEXT];	    /* of the operator, that waits; "" = none */
	struct rate transactions, rows, bytes;
	struct log_throttle state_throttle, lag_throttle; /* what takes turns would begin anew each time */
	struct retention retention;
	enum state_phase told; /* the service manager */
};

/* The present status is handed to `use`; the texts in it are valid until that returns. */
void run_with_status(
	struct run *run, void (*use)(void *context, const struct state_status *status), void *context);
/* Writes it to the state file. An error is logged, and is no reason to stop. */
void run_save_status(struct run *run);
void run_record_lag(struct run *run);

/* An answer to the control socket. */
json_t *run_answer(void *context, const char *command, const char *text);

/* Begins a clean end. */
void run_stop(struct run *run);

#endif
