/* The owner's heartbeat in the `instance` table (see channel.c), from a thread with a connection of its own. */
#ifndef APPLIER_HEARTBEAT_H
#define APPLIER_HEARTBEAT_H

#include "base/error.h"

struct applier;
struct heartbeat;

/* The instance row is written and carries applier->taken.epoch; `connections` ("12,13") are noted there with each beat.
 * *heartbeat is set even on an error, for heartbeat_stop. When a beat finds another epoch, it calls applier_fail with
 * ERROR_FENCED; when the control connection has lost the lock or the target cannot be reached by a second
 * connection either, with the error as it is. */
int heartbeat_start(struct heartbeat **heartbeat, struct applier *applier, const char *lock_name,
	const char *connections, struct error *error);
/* Other connections from now on. */
void heartbeat_list(struct heartbeat *heartbeat, const char *connections);
/* Ends the thread, at the latest when a connect under way has timed out, and frees. NULL is fine. */
void heartbeat_stop(struct heartbeat *heartbeat);

#endif
