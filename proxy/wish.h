/* What the operator wants done with the transaction that the stream has stopped on: written into the state, carried out by the
 * next incarnation (pipeline_wishes.c), and told by the status as long as it waits. */
#ifndef PROXY_WISH_H
#define PROXY_WISH_H

#include <stddef.h>

#include "state/state.h"

enum wish { WISH_SKIP, WISH_REPLACE, WISH_RETRY };
/* "skip", "replace", "retry" */
enum wish wish_named(const char *command);

/* Writes the wish; an earlier one is taken back. `sql` is what WISH_REPLACE runs. ERROR_STOP when it has not stopped on a
 * transaction. */
int wish_at_stop(struct state *state, enum wish wish, const char *sql, struct error *error);

/* The one that waits, as a sentence: which, since when, and what the next start does. "" = none. */
#define WISH_TEXT 300
void wish_waiting(struct state *state, char text[WISH_TEXT]);

#endif
