/* A table map of the source, bound to the target's table: made once for all transactions that share the map, for as long as what
 * is known of the table holds. */
#ifndef APPLIER_BOUND_MAP_H
#define APPLIER_BOUND_MAP_H

#include "applier/table.h"
#include "binlog/shared_map.h"

struct bound_map {
	struct arena arena;
	uint64_t generation;  /* of the cache that the table is from */
	struct table_map map; /* a copy, completed from the table's schema; its applier_data is the binding */
};

/* The one that was made of the map, or NULL when there is none, or the cache has been cleared since. */
struct bound_map *bound_map_of(const struct shared_map *shared, const struct table_cache *cache);
/* Makes it, in place of one that does not hold any more, which nothing may use (table_cache_clear). It goes with the map. NULL:
 * see table_bind. */
struct bound_map *bound_map_make(struct shared_map *shared, const struct table_cache *cache, const struct target_table *table,
	enum server_family family, struct error *error);

#endif
