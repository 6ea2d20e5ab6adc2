/* A transaction that runs alone on the coordinator's connection: private to special.c (which kinds there are) and
 * group.c (how the changes of one are carried out). */
#ifndef APPLIER_SPECIAL_H
#define APPLIER_SPECIAL_H

#include "applier/internal.h"

/* One such transaction on its way. */
struct special {
	struct applier *applier;
	struct transaction *transaction;
	struct target *target;
	struct session *session;
	bool in_transaction;   /* of the target */
	bool redo;             /* the step that runs may have run before */
	unsigned step;         /* of the statements that commit, counted from 1 */
	struct buffer effects; /* statements for the transaction that moves the checkpoint */
	size_t effect_count;
	bool definitions_changed;
	bool stale;            /* and what is known of the target's tables is from before */
};

void special_init(struct special *special, struct applier *applier, struct transaction *transaction);
/* Rolls back after an error, forgets what is no longer so, releases; returns `result`. */
int special_end(struct special *special, int result);

/* BEGIN, unless the target's transaction is open already. */
int special_begin(struct special *special, struct error *error);
/* All changes of the transaction: the steps before it, its own, checkpoint and COMMIT, the steps after it. */
int special_run_group(struct special *special, struct error *error);
/* Only its own steps: a part of a transaction that is streamed. */
int special_run_main(struct special *special, bool row_format, struct error *error);
/* Effects, intents gone, checkpoint, COMMIT. */
int special_commit(struct special *special, struct error *error);

#endif
