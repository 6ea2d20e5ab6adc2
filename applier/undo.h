/* What was undone on the source, by ROLLBACK or ROLLBACK TO SAVEPOINT, while some of it stayed (6.8): rows of tables whose
 * engine cannot roll back, base tables and temporary ones, and what MariaDB makes a temporary table from. All tables are
 * InnoDB tables here, so what stayed has to be carried over: everything runs as it did on the source; before the target
 * undoes it, the tables that keep their rows are copied as they are at that moment (by another connection, which reads
 * uncommitted rows), and afterwards, in the same transaction, their rows are put back. */
#ifndef APPLIER_UNDO_H
#define APPLIER_UNDO_H

#include "applier/special.h"

/* Is there something of the kind in it? */
bool undo_within(const struct transaction *transaction);

/* At the group's begin; its transaction on the target is open from here on. */
int undo_start(struct special *special, struct error *error);
/* A change has been carried out: the tables that keep what it did are noted. */
int undo_note(struct special *special, struct change *change, struct error *error);
/* Around ROLLBACK TO SAVEPOINT. */
int undo_before(struct special *special, const struct change *change, struct error *error);
int undo_after(struct special *special, struct error *error);
/* The group ends in ROLLBACK. */
int undo_all(struct special *special, struct error *error);
/* Behind the commit: the copies are dropped. */
int undo_finish(struct special *special, struct error *error);
void undo_free(struct undo *undo);

#endif
