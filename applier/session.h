/* What is set in one connection's session, so that only differences are sent. */
#ifndef APPLIER_SESSION_H
#define APPLIER_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "applier/statement.h"
#include "base/buffer.h"
#include "binlog/format.h"

struct session;

/* `family` and `version` of the target. */
struct session *session_new(enum server_family family, unsigned version);
void session_free(struct session *session);
/* Nothing is known any more: a new connection, or a flight that failed somewhere. */
void session_forget(struct session *session);

/* Each of these appends the statements that bring the session there (each followed by ';') and returns how many.
 * They are remembered as done: when the flight fails before them, session_forget. */

/* For row changes: `flags` as ROWS_FLAG_*, `timestamp_us` in microseconds since 1970, 0 = the server's clock. */
size_t session_put_rows(struct session *session, struct buffer *out, unsigned flags, uint64_t timestamp_us);

/* For our own statements (checkpoint, intents): character set and sql_mode only. */
size_t session_put_own(struct session *session, struct buffer *out);

/* For a statement of the source: its context, its plan's own settings, its database. */
size_t session_put_statement(struct session *session, struct buffer *out,
	const struct planned_statement *statement);

/* A statement's own settings are over (SET STATEMENT … FOR): what they changed is no longer known. */
void session_end_statement(struct session *session, const struct planned_statement *statement);

/* Adds NO_AUTO_VALUE_ON_ZERO to whatever mode a statement of the source has. */
size_t session_put_kept_zeros(struct session *session, struct buffer *out);

/* Without strict mode, for a row that has the '' of an invalid ENUM. */
size_t session_put_lenient(struct session *session, struct buffer *out);

#endif
