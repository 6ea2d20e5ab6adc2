/* Privileges of both families, as sets. */
#ifndef APPLIER_SQL_PRIVILEGE_H
#define APPLIER_SQL_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/version.h"

#define PRIVILEGE_MAXIMUM 128

struct privilege_set {
	uint64_t bits[PRIVILEGE_MAXIMUM / 64];
};

/* Where a privilege may be granted. */
enum privilege_level {
	PRIVILEGE_ON_GLOBAL = 1 << 0,
	PRIVILEGE_ON_DATABASE = 1 << 1,
	PRIVILEGE_ON_TABLE = 1 << 2,
	PRIVILEGE_ON_COLUMN = 1 << 3,
	PRIVILEGE_ON_ROUTINE = 1 << 4,
};

/* Number of a privilege by its name in either family ("SELECT", "REPLICATION CLIENT", "BACKUP_ADMIN"; any
 * case, words apart by one space), or -1. One number stands for what both families mean by different names
 * (REPLICATION CLIENT and BINLOG MONITOR). */
int privilege_find(const char *name, size_t length);

/* The name on such a server, or NULL when it has no such privilege. */
const char *privilege_name(int privilege, struct server_version server);

unsigned privilege_levels(int privilege);

/* All that ALL PRIVILEGES means on the server at the level. */
void privilege_set_all(struct privilege_set *set, struct server_version server, enum privilege_level level);

static inline void privilege_set_add(struct privilege_set *set, int privilege)
{
	set->bits[privilege / 64] |= (uint64_t)1 << (privilege % 64);
}

static inline bool privilege_set_has(const struct privilege_set *set, int privilege)
{
	return set->bits[privilege / 64] >> (privilege % 64) & 1;
}

#endif
