/* A transaction that runs alone on the coordinator's connection: private to special.c (which kinds there are), group.c
 * (how the changes of one are carried out), step.c (a step of a statement's plan) and xa.c (those that are prepared first). */
#ifndef APPLIER_SPECIAL_H
#define APPLIER_SPECIAL_H

#include "applier/internal.h"

struct undo;

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
	struct undo *undo;     /* something of it was undone on the source, but not all (undo.c) */
};

void special_init(struct special *special, struct applier *applier, struct transaction *transaction);
/* Rolls back after an error, forgets what is no longer so, releases; returns `result`. */
int special_end(struct special *special, int result);

/* BEGIN, unless the target's transaction is open already. */
int special_begin(struct special *special, struct error *error);
/* All changes of the transaction: the steps before it, its own, checkpoint and COMMIT, the steps after it. */
int special_run_group(struct special *special, struct error *error);
/* A part of a transaction that is streamed. */
int special_run_part(struct special *special, struct error *error);
/* Only the transaction's own steps, of statements that are planned. */
int special_run_main(struct special *special, bool row_format, struct error *error);
/* Effects, intents gone, checkpoint, COMMIT. */
int special_commit(struct special *special, struct error *error);

/* step.c */
int special_run_step(struct special *special, const struct change *change, const struct planned_statement *planned,
	const struct plan_step *step, struct error *error);
/* One that commits: behind an intent, or known to have run already. */
int special_run_committing_step(struct special *special, const struct change *change,
	const struct planned_statement *planned, const struct plan_step *step, struct error *error);
/* What is known of the target's tables, to which the maps of rows point, is from before a change of them. */
void special_forget_definitions(struct special *special);

/* xa.c */
/* Writes the transaction's events, or those of a part of one, to the target; within the target's transaction. */
int xa_keep(struct special *special, struct error *error);
/* Carries out what was kept of the transaction with that name, and commits. */
int xa_apply(struct special *special, struct error *error);
/* It goes from there with the transaction that moves the checkpoint. */
void xa_forget(struct special *special);

#endif
