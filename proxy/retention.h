/* The warning before the source purges what is still to be read. */
#ifndef PROXY_RETENTION_H
#define PROXY_RETENTION_H

#include <stdbool.h>

struct retention {
	bool told; /* it stands in the log, and has not become better since */
};

/* Call from time to time. `kept_seconds`: how long the source keeps its logs, 0 = for good, as far as is known. Warns once
 * when more than half of that has passed since the last thing that was applied, and tells when it is over; true while it
 * is not. */
bool retention_watch(struct retention *retention, double lag_seconds, double kept_seconds);

#endif
