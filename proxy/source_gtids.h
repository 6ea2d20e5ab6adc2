/* Which GTIDs stand before a place in the source's binary log. */
#ifndef PROXY_SOURCE_GTIDS_H
#define PROXY_SOURCE_GTIDS_H

#include "binlog/gtid.h"
#include "proxy/source_info.h"

/* The GTID set at the position, "" when nothing stands before it; NULL = not known (MySQL without
 * gtid_mode=ON, MariaDB behind 4 GiB). MariaDB is asked for it. Of MySQL, the file is listed up to the position (SHOW BINLOG
 * EVENTS, some thousand at a time): what its first event says of the files before, and the GTIDs behind that.
 * ERROR_STOP when no event begins there. */
int source_gtids_at(struct source *source, const struct source_info *info, const struct position *position,
	struct arena *arena, const char **set, struct error *error);

/* Do just the GTIDs of `set` stand before the position in this source's log? False also when that cannot be told. */
bool source_gtids_are(struct source *source, const struct source_info *info, const struct position *position,
	const char *set, struct arena *arena);

/* ---- the pure part ---- */

/* What the events of a file, taken one after the other, come to. Zero it, and set `offset` and `set`. */
struct gtids_before {
	uint64_t offset;      /* the place */
	struct gtid_set *set; /* is added to */
	uint64_t next;	      /* where the last event that was taken ends */
	bool begun;	      /* the event that tells of the files before is among them */
	bool found;	      /* an event begins at the place, or the last one ends there */
};

/* One line of SHOW BINLOG EVENTS. False when no more are needed. */
bool gtids_before_take(
	struct gtids_before *before, uint64_t begin, uint64_t end, const char *type, const char *information);

#endif
