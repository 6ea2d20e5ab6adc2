/* The session a statement needs (5.1), as variables that the target's account may set (5.3). */
#ifndef APPLIER_SQL_CONTEXT_H
#define APPLIER_SQL_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/capabilities.h"
#include "base/arena.h"
#include "base/error.h"
#include "binlog/query.h"

struct context_input {
	const struct query_context *query;
	const struct statement_context *statement; /* or NULL */
	struct server_version source;
	uint32_t timestamp;	/* seconds, of the event's header */
	bool keep_microseconds; /* true for statements; the fraction comes from the query context */
	const char
		*source_time_zone; /* what SYSTEM means on the source: a name, an offset "+02:00", or NULL */
	const char
		*source_default_utf8mb4; /* of an event that does not tell; NULL = by the source's version */
	bool is_ddl;			 /* CREATE and ALTER: the default collations matter */
	const char *zone_directory;	 /* of the time zone database; NULL = /usr/share/zoneinfo */
};

/* Send each as "name = literal". The order is the order to set them in: character_set_client last of all, as
 * the text of a SET is itself read in it (the session must be in utf8mb4 or ASCII-safe before). */
struct context_variable {
	const char *name;		/* "@@session.timestamp", "@`user variable`" */
	const char *literal;		/* NULL never; text in utf8 or ASCII */
	enum session_variable variable; /* SESSION_VARIABLES for user variables */
	bool once; /* belongs to this statement only (insert_id, rand_seed, user variables): never left out as
		      "already set" */
};

struct session_context {
	struct context_variable *variables;
	size_t count;
	const char **warnings; /* sentences: what the target cannot be told, what was approximated */
	size_t warning_count;
	const char *client_charset; /* the source's name: for the lexer and for rewrite_input */
	const char *connection_collation, *server_collation, *database_collation; /* source's names or NULL */
	const char *default_utf8mb4;						  /* source's */
	uint64_t target_sql_mode;
	/* The variables from here on are those of the same number in all contexts of one cache (context_cache.h); 0: of
	 * none. */
	size_t shared_from;
	unsigned shared;
};

/* ERROR_STOP when the context cannot be given to the target (unknown collation number, time zone nobody
 * knows, client character set that cannot be one, unknown status variable), in sentences. */
int session_context_translate(const struct context_input *input, const struct capabilities *target,
	struct arena *arena, struct session_context *context, struct error *error);

/* The same in two parts: what many statements have in common (all but the time, ids, seeds and user variables), and a context
 * that is made of it and what is this statement's own; the latter's variables come first. */
int session_context_shared(const struct context_input *input, const struct capabilities *target, struct arena *arena,
	struct session_context *context, struct error *error);
int session_context_own(const struct context_input *input, const struct capabilities *target, struct arena *arena,
	const struct session_context *shared, struct session_context *context, struct error *error);

/* A user variable's value as a literal of the same type (2.6), appended; ERROR_STOP for what has none. */
int user_variable_literal(const struct user_variable *variable, struct server_version source,
	const struct capabilities *target, struct buffer *out, struct error *error);

/* lc_time_names by number ("de_DE"), or NULL. */
const char *locale_name(unsigned number);

#endif
