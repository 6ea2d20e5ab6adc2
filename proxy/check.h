/* The preflight of both sides. */
#ifndef PROXY_CHECK_H
#define PROXY_CHECK_H

#include "applier/target.h"
#include "proxy/settings.h"
#include "proxy/source.h"

/* All checks of both sides (the target is connected; the source is left disconnected): an error for the first
 * that fails, ERROR_STOP with its mend. When none does, *start_warning gets what is to know about the start position, for the
 * caller to free; NULL = nothing. */
int check_quietly(const struct settings *settings, struct source *source, const struct source_start *start,
	struct target *target, char **start_warning, struct error *error);

#endif
