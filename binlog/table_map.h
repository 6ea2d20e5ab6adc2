/* Between the parts of the table map's reader; users include binlog/rows.h. */
#ifndef BINLOG_TABLE_MAP_H
#define BINLOG_TABLE_MAP_H

#include "base/cursor.h"
#include "binlog/rows.h"

/* of bytes without a character set, in both families */
#define COLLATION_BINARY 63u

#define DECIMAL_PRECISION_MAXIMUM 65u
#define DECIMAL_SCALE_MAXIMUM 38u /* MariaDB's; MySQL stops at 30 */
/* Digits of a DECIMAL inside JSON, whose integer part is counted in whole groups of nine. */
#define DECIMAL_STORED_MAXIMUM 81u

/* "INT", "VARCHAR" … of a type number, for messages. */
const char *column_type_name(unsigned type);

/* The optional metadata, the rest of the event (2.13): `map` has its columns. Texts go to the arena. */
int table_map_read_metadata(struct table_map *map, struct cursor *cursor, enum server_family family,
	struct arena *arena, struct error *error);

#endif
