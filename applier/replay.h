/* What is needed to run a statement later that was set aside: its text and its session, as one JSON object. It is
 * planned anew then, for the target as it will be.
 *
 *     {"sql": "…", "database": "app", "sql_mode": 1436549152, "source": {"family": "mysql", "version": 80036},
 *      "client_charset": "utf8mb4", "connection_collation": …, "server_collation": …, "database_collation": …,
 *      "default_utf8mb4": …, "invoker": ["user", "host"], "held": ["FUNCTION", "app", "f"],
 *      "session": [["@@session.sql_mode", "'…'"], …]}
 *
 * What is not known is left out. */
#ifndef APPLIER_REPLAY_H
#define APPLIER_REPLAY_H

#include <stdbool.h>

#include "applier/statement.h"
#include "base/buffer.h"

/* Appends it. False when the statement cannot be kept: it holds secrets, or is not UTF-8 (it can be found in the
 * source's log by its position). */
bool replay_put(struct buffer *out, const struct planned_statement *planned, struct server_version source);

#endif
