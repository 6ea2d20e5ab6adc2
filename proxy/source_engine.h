/* What engine a table of the source has: asked seldom, by a connection of its own beside the stream. */
#ifndef PROXY_SOURCE_ENGINE_H
#define PROXY_SOURCE_ENGINE_H

#include <stdbool.h>

#include "proxy/source.h"

/* Can the table's engine roll back? ERROR_STOP when the account sees no such table. */
int source_engine(const struct source_options *options, const char *database, const char *table,
	bool *transactional, struct error *error);

#endif
