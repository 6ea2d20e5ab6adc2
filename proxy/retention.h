/* The warning before the source purges what is still to be read. */
#ifndef PROXY_RETENTION_H
#define PROXY_RETENTION_H

#include <stdbool.h>

#include "proxy/source_info.h"

struct retention {
	bool told;	  /* it stands in the log, and has not become better since */
	bool told_limits; /* so does what lets the source purge whatever the lag is */
};

/* How long the source keeps its logs; 0 = for good, as far as is known. */
int64_t retention_seconds(const struct source_info *info);

/* At a connect: warns, once, of a source that purges logs as soon as it can, or by their size. True when it did. */
bool retention_tell(struct retention *retention, const struct source_info *info);

/* Call from time to time. `kept_seconds`: how long the source keeps its logs, 0 = for good, as far as is known. Warns once
 * when more than half of that has passed since the last thing that was applied, and tells when it is over; true while it
 * is not. */
bool retention_watch(struct retention *retention, double lag_seconds, double kept_seconds);

#endif
