#include "applier/bound_map.h"

#include <stdlib.h>

#include "base/memory.h"

static void bound_map_free(void *made)
{
	struct bound_map *bound = made;

	arena_release(&bound->arena);
	free(bound);
}

struct bound_map *bound_map_of(const struct shared_map *shared, const struct table_cache *cache)
{
	struct bound_map *bound = shared->made;

	return bound && bound->generation == table_cache_generation(cache) ? bound : NULL;
}

struct bound_map *bound_map_make(struct shared_map *shared, const struct table_cache *cache, const struct target_table *table,
	enum server_family family, struct error *error)
{
	const struct table_map *map = shared->map;
	struct bound_map *bound = memory_zalloc(sizeof(*bound));
	struct table_binding *binding;

	bound->generation = table_cache_generation(cache);
	bound->map = *map;
	bound->map.columns = arena_copy(&bound->arena, map->columns, map->columns_count * sizeof(*map->columns));
	if (table_bind(table, &bound->map, family, &bound->arena, &binding, error) < 0) {
		bound_map_free(bound);
		return NULL;
	}
	if (shared->made)
		shared->free_made(shared->made);
	shared->made = bound;
	shared->free_made = bound_map_free;
	return bound;
}
