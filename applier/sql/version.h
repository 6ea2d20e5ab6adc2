/* Which server reads or wrote a text: its family and version number. */
#ifndef APPLIER_SQL_VERSION_H
#define APPLIER_SQL_VERSION_H

#include <stdbool.h>

#include "binlog/format.h"

struct server_version {
	enum server_family family;
	unsigned number; /* major·10000 + minor·100 + patch; 0 = unknown, taken as the newest of its family */
};

/* Is the server of the family and at least of the version? */
static inline bool version_at_least(struct server_version server, enum server_family family, unsigned number)
{
	return server.family == family && (server.number == 0 || server.number >= number);
}

/* "8.0.36" or "10.11.6-MariaDB-log" to a number; 0 when it does not begin with a version. */
unsigned version_parse(const char *text);

/* "MySQL 8.0.36" in `out`. */
const char *version_print(struct server_version server, char out[32]);

/* Would the server run what stands in a version comment? `maria` is the form with M; `number` is what follows
 * the exclamation mark, 0 when nothing does. MariaDB leaves 50700…99999 of the common form to MySQL. */
bool version_comment_runs(struct server_version server, bool maria, unsigned number);

#endif
