/* How far the target is behind the source, in seconds, from what is known without asking either.
 *
 * One moment is kept, by our own clock: the target shows everything that the source had done until then. It
 * moves forward with what is applied (by the source's time stamps, corrected by the difference of the
 * clocks), and to the present while nothing is pending. The lag is the time since. So it is 0 while idle,
 * grows while the source cannot be heard or applying is stopped, and a transaction that took the source an
 * hour does not count as an hour.
 *
 * Not thread-safe: the caller's lock. Times are microseconds since 1970. */
#ifndef PROXY_LAG_H
#define PROXY_LAG_H

#include <stdbool.h>
#include <stdint.h>

#include "binlog/format.h"

struct lag;

struct lag *lag_new(void);
void lag_free(struct lag *lag);

/* Seconds that our clock is ahead of the source's. */
void lag_set_clock(struct lag *lag, double ours_minus_theirs);

/* From the checkpoint: the source's time of the last transaction that was ever applied; 0 = not known. */
void lag_began(struct lag *lag, uint32_t source_time);

/* A transaction was received: where it ends, and its time on the source (0 = none). */
void lag_received(struct lag *lag, const struct position *end, uint32_t source_time);

/* Everything up to there is committed on the target. */
void lag_applied(struct lag *lag, const struct position *position);

/* Is anything received and not applied (as far as it has a time)? */
bool lag_pending(const struct lag *lag);

/* What was received and not applied is forgotten: it will be received again. */
void lag_forget(struct lag *lag);

/* At that moment the source had nothing that the target has not. */
void lag_caught_up(struct lag *lag, int64_t at_us);

/* False when nothing is known yet. */
bool lag_seconds(const struct lag *lag, int64_t now_us, double *seconds);

#endif
