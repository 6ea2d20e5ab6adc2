#include "binlog/shared_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SLOTS 1024u
#define CACHE_BYTES ((size_t)2 << 20)
#define CACHED_MAP_BYTES ((size_t)64 << 10) /* a larger one is not worth its room */

struct map_cache {
	struct shared_map *slots[SLOTS];
	size_t bytes;
};

struct shared_map *shared_map_new(const struct event *event, const struct binlog_format *format, struct error *error)
{
	struct shared_map *shared = memory_zalloc(sizeof(*shared));
	struct table_map *map;

	atomic_init(&shared->users, 1);
	if (table_map_parse(event, format, &shared->arena, &map, error) < 0) {
		shared_map_leave(shared);
		return NULL;
	}
	shared->map = map;
	shared->body = arena_copy(&shared->arena, event->body, event->body_length);
	shared->body_length = event->body_length;
	return shared;
}

struct shared_map *shared_map_take(struct shared_map *shared)
{
	atomic_fetch_add_explicit(&shared->users, 1, memory_order_relaxed);
	return shared;
}

void shared_map_leave(struct shared_map *shared)
{
	if (!shared || atomic_fetch_sub_explicit(&shared->users, 1, memory_order_acq_rel) > 1)
		return;
	if (shared->made)
		shared->free_made(shared->made);
	arena_release(&shared->arena);
	free(shared);
}

struct map_cache *map_cache_new(void)
{
	return memory_zalloc(sizeof(struct map_cache));
}

void map_cache_clear(struct map_cache *cache)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		shared_map_leave(cache->slots[i]);
		cache->slots[i] = NULL;
	}
	cache->bytes = 0;
}

void map_cache_free(struct map_cache *cache)
{
	if (!cache)
		return;
	map_cache_clear(cache);
	free(cache);
}

/* By the low bytes of the table's id, whatever its length. */
static unsigned slot_of(const uint8_t *body, size_t length)
{
	return length < 2 ? 0 : (body[0] | (unsigned)body[1] << 8) % SLOTS;
}

struct shared_map *map_cache_find(const struct map_cache *cache, const struct event *event)
{
	struct shared_map *shared = cache->slots[slot_of(event->body, event->body_length)];

	if (!shared || shared->body_length != event->body_length ||
		memcmp(shared->body, event->body, event->body_length) != 0)
		return NULL;
	return shared_map_take(shared);
}

static void empty(struct map_cache *cache, struct shared_map **slot)
{
	if (!*slot)
		return;
	cache->bytes -= (*slot)->arena.bytes;
	shared_map_leave(*slot);
	*slot = NULL;
}

void map_cache_add(struct map_cache *cache, struct shared_map *shared)
{
	struct shared_map **slot = &cache->slots[slot_of(shared->body, shared->body_length)];

	if (shared->arena.bytes > CACHED_MAP_BYTES)
		return;
	empty(cache, slot);
	if (cache->bytes + shared->arena.bytes > CACHE_BYTES)
		map_cache_clear(cache);
	cache->bytes += shared->arena.bytes;
	*slot = shared_map_take(shared);
}
