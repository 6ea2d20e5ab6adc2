#include "applier/sql/context_cache.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/memory.h"

/* Beyond so many a source uses contexts in a way that is not worth keeping. */
#define ENTRIES_MAXIMUM 256u

struct entry {
	uint8_t *key;
	size_t key_length;
	unsigned number;
	struct session_context context;
	struct arena arena;
	UT_hash_handle hh;
};

struct context_cache {
	struct entry *entries, *last; /* the last one that was asked for */
	struct buffer key;
};

struct context_cache *context_cache_new(void)
{
	return memory_zalloc(sizeof(struct context_cache));
}

void context_cache_free(struct context_cache *cache)
{
	struct entry *entry, *next;

	if (!cache)
		return;
	HASH_ITER(hh, cache->entries, entry, next)
	{
		HASH_DEL(cache->entries, entry);
		arena_release(&entry->arena);
		free(entry->key);
		free(entry);
	}
	buffer_release(&cache->key);
	free(cache);
}

/* All that session_context_shared reads. */
static void put_key(const struct query_context *query, struct buffer *key)
{
	const struct {
		uint64_t sql_mode;
		uint32_t has, flags2;
		uint16_t increment, offset, client, connection, server, database, locale, utf8mb4;
		uint8_t cascade_triggers, zone_length, collations, unused[5];
	} numbers = {query->sql_mode, query->has & ~(unsigned)QUERY_HAS_MICROSECONDS, query->flags2,
		query->auto_increment_increment, query->auto_increment_offset, query->client_collation,
		query->connection_collation, query->server_collation, query->database_collation,
		query->lc_time_names, query->default_utf8mb4_collation, query->cascade_triggers,
		query->time_zone_length, query->character_set_collations_count, {0}};

	buffer_clear(key);
	buffer_append(key, &numbers, sizeof(numbers));
	buffer_append(key, query->time_zone ? query->time_zone : "", query->time_zone ? query->time_zone_length : 0);
	buffer_append(key, query->character_set_collations ? query->character_set_collations : (const uint8_t *)"",
		query->character_set_collations ? query->character_set_collations_count * 4u : 0);
}

static struct entry *find(struct context_cache *cache)
{
	struct entry *entry = cache->last;

	if (entry && entry->key_length == cache->key.length &&
		memcmp(entry->key, cache->key.data, cache->key.length) == 0)
		return entry;
	HASH_FIND(hh, cache->entries, cache->key.data, cache->key.length, entry);
	if (entry)
		cache->last = entry;
	return entry;
}

static struct entry *add(struct context_cache *cache, const struct context_input *input,
	const struct capabilities *target, struct error *error)
{
	struct entry *entry = memory_zalloc(sizeof(*entry));

	if (session_context_shared(input, target, &entry->arena, &entry->context, error) < 0) {
		arena_release(&entry->arena);
		free(entry);
		return NULL;
	}
	entry->number = HASH_COUNT(cache->entries) + 1;
	entry->key_length = cache->key.length;
	entry->key = memory_alloc(entry->key_length);
	memcpy(entry->key, cache->key.data, entry->key_length);
	HASH_ADD_KEYPTR(hh, cache->entries, entry->key, entry->key_length, entry);
	cache->last = entry;
	return entry;
}

int context_cache_translate(struct context_cache *cache, const struct context_input *input,
	const struct capabilities *target, struct arena *arena, struct session_context *context, struct error *error)
{
	struct entry *entry;
	bool fresh;

	put_key(input->query, &cache->key);
	entry = find(cache);
	/* what a named zone is as an offset depends on the time */
	if (!entry && ((input->query->has & QUERY_HAS_UNKNOWN) || HASH_COUNT(cache->entries) >= ENTRIES_MAXIMUM ||
		((input->query->has & QUERY_HAS_TIME_ZONE) && !target->time_zone_tables)))
		return session_context_translate(input, target, arena, context, error);
	fresh = !entry;
	if (fresh)
		entry = add(cache, input, target, error);
	if (!entry)
		return -1;
	if (session_context_own(input, target, arena, &entry->context, context, error) < 0)
		return -1;
	context->shared = entry->number;
	if (fresh && entry->context.warning_count && context->warning_count == 0) {
		context->warnings = entry->context.warnings;
		context->warning_count = entry->context.warning_count;
	}
	return 0;
}
