/* Contexts that come again: most statements of a source have one of a few, apart from their time, insert ids and user
 * variables. What was translated once is kept; session.c knows by its number that a connection has it already. */
#ifndef APPLIER_SQL_CONTEXT_CACHE_H
#define APPLIER_SQL_CONTEXT_CACHE_H

#include "applier/sql/context.h"

struct context_cache; /* of one target's capabilities and one source; one thread */

struct context_cache *context_cache_new(void);
/* When no context that came from it is used any more. */
void context_cache_free(struct context_cache *cache);

/* As session_context_translate. What is the statement's own comes first in `context`; the rest, from `shared_from` on, has the
 * number `shared`, or 0 when it is not kept. What is lost in the part that is kept is told once. */
int context_cache_translate(struct context_cache *cache, const struct context_input *input,
	const struct capabilities *target, struct arena *arena, struct session_context *context, struct error *error);

#endif
