/* Memory that is freed all at once: one arena per transaction. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	char *at, *end;
	size_t bytes; /* in all blocks: what the queues are bounded by */
};

#define ARENA_INIT {NULL, NULL, NULL, 0}

void arena_release(struct arena *arena);
/* Empties it and keeps a block, for what is needed again and again. */
void arena_reset(struct arena *arena);
/* What is in `from` is in `arena` from now on, where it stands, and `from` is empty. */
void arena_adopt(struct arena *arena, struct arena *from);
/* 16-byte aligned, not cleared. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);
/* A NUL-terminated copy. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_strdup(struct arena *arena, const char *text);
void *arena_copy(struct arena *arena, const void *bytes, size_t length);

#endif
