/* The applier's hooks: what it tells is put into the state file, and what it asks is answered. */
#ifndef PROXY_RECORDER_H
#define PROXY_RECORDER_H

#include <pthread.h>

#include "applier/applier.h"
#include "base/backoff.h"
#include "proxy/source.h"
#include "state/state.h"

struct recorder {
	struct state *state;		     /* borrowed */
	const char *schema;		     /* ours on the target, borrowed */
	const struct source_options *source; /* for questions to the source, borrowed */
	pthread_mutex_t lock;		     /* of the throttle */
	struct log_throttle throttle;
};

void recorder_init(struct recorder *recorder, struct state *state, const char *schema,
	const struct source_options *source);
void recorder_release(struct recorder *recorder);

/* What was skipped and what was quarantined must be recorded: when that fails, so does the hook, and the
 * stream stops or tries again by the kind of the error. The rest is as good as it can be had: a failure is
 * logged. */
void recorder_hooks(struct recorder *recorder, struct applier_hooks *hooks);

/* The target's capabilities as they were probed. */
void recorder_capabilities(struct recorder *recorder, const struct capabilities *capabilities);

#endif
