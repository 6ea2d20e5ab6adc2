/* `changeling explain`: SQL on standard input, what would be sent and why on standard output. */
#ifndef APPLIER_SQL_EXPLAIN_H
#define APPLIER_SQL_EXPLAIN_H

#include "applier/sql/rewrite.h"
#include "base/buffer.h"

struct explain_options {
	struct server_version source;
	uint64_t sql_mode;
	const char *database;
	const char *client_charset;
	const struct rewrite_settings *settings;
	bool json; /* one object per line and statement */
	bool sql;  /* a script that a client can run, with the reasons as comments; secrets stay in it */
};

/* Splits a script as the command-line client does (';' outside of quotes, comments and stored code, DELIMITER
 * lines), remembers its temporary tables and its USE statements, and appends what becomes of each. The number
 * of statements that would stop, -1 never. */
int explain_script(const char *text, size_t length, const struct explain_options *options,
	const struct capabilities *target, struct buffer *out);

/* One statement and its plan as part of such a script. */
void explain_put_sql(const char *text, size_t length, const struct rewrite_plan *plan, struct buffer *out);
/* A statement with the delimiter that it needs. */
void explain_put_statement(const char *sql, size_t length, struct buffer *out);

#endif
