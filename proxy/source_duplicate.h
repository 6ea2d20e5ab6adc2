/* Whether another replica has taken our place, for masters that do not say so. */
#ifndef PROXY_SOURCE_DUPLICATE_H
#define PROXY_SOURCE_DUPLICATE_H

#include <stdbool.h>

#include "proxy/source.h"

/* After a stream has ended with end-of-data and without a reason (MySQL 5.6 does that to the older of two
 * replicas with one uuid, and to a stream whose query was killed): asks the master by a connection of its
 * own, for up to a second. False also when it cannot be told. */
bool source_taken_over(const struct source_options *options);

#endif
