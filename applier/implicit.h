/* Columns that an INSERT left out on the master though they are NOT NULL and have no default. Without strict mode a server writes
 * what its manual calls the implicit default of the type (0, '', '0000-00-00', the first member of an ENUM), and a reduced row
 * image (MINIMAL, NOBLOB) does not tell it. Native replication writes the same again; our sessions are strict, so it is made a
 * value of the image, as if the master had logged it. */
#ifndef APPLIER_IMPLICIT_H
#define APPLIER_IMPLICIT_H

#include "applier/table.h"
#include "base/arena.h"
#include "binlog/rows.h"

/* Fills binding->implicit. */
void implicit_find(struct table_binding *binding, struct arena *arena);

/* Gives the after image of an event that inserts the values that are in none of its rows: once, before the first row is read.
 * What no statement can write (an empty GEOMETRY; MySQL's empty VECTOR) stays absent, and the target refuses the row. */
void implicit_fill(const struct table_binding *binding, const struct rows_iterator *iterator, struct arena *arena);

#endif
