/* System-versioned tables: the target makes the history by itself when it gets the time. So rows of it that an update leaves
 * are left out, and an update that ends a row's validity is its deletion. */
#ifndef APPLIER_ROW_VERSION_H
#define APPLIER_ROW_VERSION_H

#include "applier/table.h"
#include "base/error.h"
#include "binlog/transaction.h"

enum row_version {
	VERSION_CURRENT,
	VERSION_LEFT,     /* of history, and the target makes it by itself */
	VERSION_INSERTED, /* of history, by a statement that says so */
};

/* What the row at the iterator is in its table; and *kind becomes what is to be done with it. */
enum row_version row_version_of(const struct rows_iterator *iterator, const struct transaction *transaction,
	const struct change *change, enum rows_kind *kind);

/* ERROR_STOP for rows of the history that the master deletes, which have the keys of current ones. */
int row_version_check(const struct rows_iterator *iterator, enum rows_kind kind, struct error *error);

/* Since when the row holds, or holds no more, in microseconds since 1970; 0 = no matter. `logged`: the event's kind, `kind`: what
 * is done. */
uint64_t row_version_time(const struct rows_iterator *iterator, enum rows_kind logged, enum rows_kind kind);

#endif
