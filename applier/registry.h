/* What the rewriting of a statement asks about the source's temporary tables and what they may meet: answered from the
 * applier's own knowledge, the target, and (engines of base tables) the source. */
#ifndef APPLIER_REGISTRY_H
#define APPLIER_REGISTRY_H

#include "applier/sql/rewrite.h"
#include "base/error.h"

struct applier;

struct registry {
	struct applier *applier;
	struct temp_registry answers;
	struct error failure; /* of the first question that could not be answered; else without a kind */
};

/* For the coordinating thread; `registry` stays where it is. */
void registry_init(struct registry *registry, struct applier *applier);

#endif
