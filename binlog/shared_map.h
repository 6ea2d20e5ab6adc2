/* Table maps that many transactions share: nearly all of a log's repeat earlier ones, byte by byte, and to keep what each says of
 * its columns once is most of what a small transaction would need in memory. */
#ifndef BINLOG_SHARED_MAP_H
#define BINLOG_SHARED_MAP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "binlog/rows.h"

struct shared_map {
	atomic_uint users; /* transactions, on whatever thread, and the cache */
	struct arena arena;
	const struct table_map *map;
	const uint8_t *body;
	size_t body_length;
	/* What the receiver of the transactions made of it, and how that is freed. Its own to set, all from one thread. */
	void *made;
	void (*free_made)(void *made);
};

/* A transaction's use of one. */
struct map_use {
	struct map_use *next; /* of the transaction */
	struct shared_map *shared;
	/* MariaDB, system-versioned: since when the row holds that an UPDATE wrote last; microseconds, 0 = none has. The receiver's */
	uint64_t version_us;
};

/* Reads the map, for one user. NULL: it is broken. */
struct shared_map *shared_map_new(const struct event *event, const struct binlog_format *format, struct error *error);
struct shared_map *shared_map_take(struct shared_map *shared);
/* The last user frees it. NULL is none. */
void shared_map_leave(struct shared_map *shared);

/* Those that came last, by table id; as many bytes as a cache may have. */
struct map_cache;

struct map_cache *map_cache_new(void);
void map_cache_free(struct map_cache *cache);
/* The same bytes would mean something else from now on. */
void map_cache_clear(struct map_cache *cache);
/* The map with this body, as a new user of it; NULL when it is not there. */
struct shared_map *map_cache_find(const struct map_cache *cache, const struct event *event);
/* The cache may become another user of it. */
void map_cache_add(struct map_cache *cache, struct shared_map *shared);

#endif
