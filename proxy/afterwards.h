/* What retry-skipped and cutover share: the state, and a connection to the target. */
#ifndef PROXY_AFTERWARDS_H
#define PROXY_AFTERWARDS_H

#include "applier/target.h"
#include "proxy/config.h"
#include "proxy/settings.h"
#include "state/state.h"

struct afterwards {
	struct config config;
	struct settings settings;
	struct state *state;
	struct target *target; /* NULL unless asked for */
};

/* Opens the state for writing; connects to the target if asked. */
int afterwards_open(struct afterwards *afterwards, const char *directory, bool connect, struct error *error);
void afterwards_close(struct afterwards *afterwards);

#endif
