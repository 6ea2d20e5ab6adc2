/* Which columns of the target a column of the master may be written into: those that take each of its values as it is, or
 * refuse it in strict mode. Where a server would round, cut, pad or read a value in another way without an error, the
 * stream stops before the first row, as native replication does (its error 1677). ENUM and SET are applier/members.h's. */
#ifndef APPLIER_CONVERSION_H
#define APPLIER_CONVERSION_H

#include "applier/table.h"
#include "binlog/rows.h"

/* NULL when the values survive, else what would become of them. Where the log does not tell text from bytes, both are
 * thought of, and one that survives is enough. */
const char *conversion_loss(const struct table_column *source, const struct target_column *column);

/* The same as an ERROR_STOP that names table, column and both types. */
int conversion_check(const struct target_table *table, const struct table_column *source,
	const struct target_column *column, struct error *error);

/* Does the column drop blanks at the end of this text, in character set `charset`, without an error? CHAR keeps none, and one
 * that is too short drops what is beyond. Never true where it only may be so. */
bool conversion_drops_blanks(const uint8_t *text, size_t length, const char *charset, const struct table_column *source,
	const struct target_column *column);

#endif
