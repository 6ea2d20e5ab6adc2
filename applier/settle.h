/* What becomes of a row whose change does not fit the target, as `conflicts` says: the stream stops there, or the row is made what
 * the master has, or the change is left out; the latter two are recorded.
 *
 * For rows that are sent one by one (single.c): those of a batch that did not go, and those of a transaction that runs alone.
 * Records are held until the transaction is about to commit. So what it was rolled back for leaves none, and repeating it, or
 * parts of it, doubles none. */
#ifndef APPLIER_SETTLE_H
#define APPLIER_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/applier.h"
#include "applier/batch.h"
#include "applier/target.h"
#include "base/arena.h"
#include "base/error.h"

/* The rows of one transaction of the target. */
struct settlement {
	struct applier *applier;
	const struct transaction *decision; /* what decided on a prepared one, whose events have no place in the log; or NULL */
	bool undone;                        /* some of it is undone on the source, and here likewise */
	uint64_t row;                       /* of the source's transaction: number of the one in hand */
	struct settled *first, **last;      /* what is not recorded yet, oldest first */
	struct arena arena;
	size_t held_bytes;
};

/* What kept the row's change from being made as it is in the log. */
struct conflict {
	const struct error *cause; /* the target's error, or NULL */
	uint64_t found;            /* rows, when there was none */
	bool generated;            /* the row is there, but for its generated columns */
};

void settlement_init(struct settlement *settlement, struct applier *applier);
void settlement_release(struct settlement *settlement);
/* For the next transaction, or the same one again. */
void settlement_begin(struct settlement *settlement);

/* Deals with the row, within the target's transaction and the session that its statement had. -1: ERROR_STOP that names the row, or
 * what has passed by when it is tried again. */
int settle_row(struct settlement *settlement, struct target *target, const struct row_change *row,
	const struct conflict *conflict, struct error *error);
/* The target's transaction has nothing left but its COMMIT. */
int settlement_record(struct settlement *settlement, struct error *error);

#endif
