/* How long to wait before the next attempt, and how often to say so. */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

/* Exponential with full jitter: the nth pause is random between the least and least·2ⁿ, never above the most.
 * A success only counts when it lasts: a connection that breaks at once does not start the count anew. */
struct backoff {
	uint64_t least_ms, most_ms;
	uint64_t good_ms;	/* how long things must go well to begin anew */
	unsigned attempts;	/* failures in a row */
	uint64_t good_since_ms; /* 0 = not going well */
};

void backoff_init(struct backoff *backoff, uint64_t least_ms, uint64_t most_ms, uint64_t good_ms);
/* It failed: the pause before the next attempt, in milliseconds. */
uint64_t backoff_failed(struct backoff *backoff);
/* It works now (call as often as you like). */
void backoff_works(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);
/* Failures in a row, for limits on the number of attempts. */
unsigned backoff_attempts(const struct backoff *backoff);

/* Milliseconds of the monotonic clock; never 0. */
uint64_t monotonic_ms(void);

/* The same trouble again and again: the first line is logged at once, the next ones at growing intervals,
 * each telling how many were left out in between. Another text starts anew. */
struct log_throttle {
	uint64_t least_ms, most_ms; /* between lines */
	uint64_t interval_ms;	    /* now */
	uint64_t last_ms;	    /* of the last line */
	uint64_t hash;		    /* of what was said last */
	uint64_t suppressed;
};

void log_throttle_init(struct log_throttle *throttle, uint64_t least_ms, uint64_t most_ms);
/* Logs the error or counts it as left out; true when it was logged. Digits do not make a text another one. */
bool log_throttle_error(struct log_throttle *throttle, enum log_level level, const char *component,
	const struct error *error);
/* The trouble is over: how many lines were left out since the last one that was logged; starts anew. */
uint64_t log_throttle_over(struct log_throttle *throttle);

#endif
