/* The lists behind charset.h. */
#ifndef APPLIER_SQL_COLLATION_TABLE_H
#define APPLIER_SQL_COLLATION_TABLE_H

#include <stddef.h>

#include "applier/sql/charset.h"

/* Sorted by number, each. */
struct collation_part {
	const struct collation *list;
	size_t count;
};

extern const struct collation_part collation_parts[2][3]; /* [enum server_family] */

#endif
