/* Are source and target one and the same server? Its own changes would then come back to it, each checkpoint as a change of the
 * source, without end.
 *
 * Names, ports and ids do not tell: there are tunnels, aliases and copies. What is held on one server is seen on that server
 * alone, and a lock by name (GET_LOCK) needs no privilege: one of a random name that the source's session holds is asked for on
 * the target. */
#ifndef PROXY_SAME_SERVER_H
#define PROXY_SAME_SERVER_H

#include <stdbool.h>

#include "applier/target.h"
#include "base/arena.h"
#include "proxy/source.h"

/* False also when it cannot be told, as with a server that is no longer there: the next question to it says so. Only before the
 * source's dump. */
bool same_server(struct source *source, struct target *target, struct arena *arena);

/* One question for the usual case: false for certain when the source does not have this lock, which a connection of ours holds
 * on the target. */
bool same_server_may_be(struct source *source, const char *lock_name, struct arena *arena);

/* The refusal, as a sentence. */
int same_server_refuse(const struct source *source, const struct target *target, struct error *error);

#endif
