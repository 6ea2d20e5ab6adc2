/* What the sessions of our connections to the target are set to, beyond what every connection has (target_connect). */
#ifndef APPLIER_OWN_SESSION_H
#define APPLIER_OWN_SESSION_H

#include "applier/applier.h"
#include "applier/questions.h"

/* Adds the statements that do so, whatever server it is. */
void own_session_ask(struct questions *questions, const struct applier_settings *settings, unsigned row_lock_seconds);

/* A connection whose session is set up, in the round trips of target_connect. The caller's, to be closed. */
int own_session_connect(struct target **target, const struct target_options *options, const struct applier_settings *settings,
	unsigned row_lock_seconds, struct error *error);

#endif
