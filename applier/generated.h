/* Generated columns whose value may depend on the session that writes the row.
 *
 * The target computes them anew, in our session, and no server takes a value for them. A master's session may have had another time
 * zone (DATE of a TIMESTAMP, FROM_UNIXTIME), lc_time_names (DAYNAME, FORMAT), default_week_format (WEEK), div_precision_increment
 * (a / b) or sql_mode (dates that are none), of which the log of row changes tells nothing, or not all. So where the master's value
 * stands in a row's image, the row is looked at again behind its change (render_check.h). */
#ifndef APPLIER_GENERATED_H
#define APPLIER_GENERATED_H

#include <stdbool.h>

#include "applier/table.h"
#include "base/buffer.h"
#include "base/error.h"
#include "binlog/rows.h"

/* Is the expression (as information_schema tells it) made of nothing but what gives the same in every session? Any word, sign or
 * column that is not known to do so makes it unsure. The table's columns have been read. */
bool generated_is_sure(const struct target_table *table, const char *expression);

/* ERROR_STOP for an UPDATE whose images do not tell the new value of such a column, as those of MariaDB 11.8 do not, where that value is of a time
 * zone. `zone`: the one in which the source's sessions begin, or NULL; in UTC, which is ours, both compute the same. */
int generated_check_update(const struct table_binding *binding, const struct rows_event *rows, const char *zone,
	struct error *error);

/* Appends what is to be said of a row of the table whose generated columns differ from the master's. */
void generated_put_difference(struct buffer *out, const struct target_table *table);
/* And what to do about it. `family`: the source's. */
const char *generated_advice(enum server_family family);

#endif
