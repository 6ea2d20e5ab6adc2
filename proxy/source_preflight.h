/* `changeling check`, the source's half: each requirement with what was found and how to mend it. */
#ifndef PROXY_SOURCE_PREFLIGHT_H
#define PROXY_SOURCE_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/error.h"
#include "proxy/source.h"
#include "proxy/source_info.h"

/* Connects (the source is left disconnected), and reports on: connection, TLS, version, grants, log_bin,
 * format, row image, metadata, partial JSON, checksum, GTID, retention, filters, server-id and uuid against
 * the master's and its other replicas', clock, and whether `start` (NULL = not known yet) can still be
 * served: by the lists and by a trial dump that reads the first events. Changes nothing on the master and
 * does not disturb an instance that runs. Returns the number of failures. */
size_t source_check(struct source *source, const struct source_options *options,
	const struct source_start *start, check_report *report, void *context);

/* What `run` must refuse before it asks for the stream: log off, our server-id or uuid being the master's
 * own, GTID asked for and not there. ERROR_STOP with the mend. */
int source_accept(const struct source_info *info, const struct source_options *options,
	const struct source_start *start, struct error *error);

#endif
