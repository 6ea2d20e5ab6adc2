/* The hidden columns of MariaDB's unique keys over TEXT, BLOB or more bytes than an index takes.
 *
 * Such a key is kept over a hash of its columns, in a column DB_ROW_HASH_n of its own that no statement can see. The binary log has
 * it, behind all others, those of system versioning too. It is never written: the target makes its own, or needs none. */
#ifndef APPLIER_ROW_HASHES_H
#define APPLIER_ROW_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/table.h"
#include "base/error.h"
#include "binlog/table_map.h"

/* DB_ROW_HASH_1, …. A column of this name at the end of a target's table stands for the hidden one of the master's, where the log
 * has no names: it tells which column the hash is, and stays empty. */
bool is_row_hash_name(const char *name);

/* *count gets how many of them stand at the end of a MariaDB's table map. ERROR_STOP where the log does not tell. */
int row_hashes_count(const struct target_table *table, const struct table_map *map, uint32_t *count, struct error *error);

#endif
