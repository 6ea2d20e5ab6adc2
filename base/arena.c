#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) char data[];
};

/* Small first, since most transactions are; then in proportion to what is there, so that little is left over; a big item gets a
 * block of its own. */
#define SMALLEST_BLOCK ((size_t)1024 - sizeof(struct arena_block))
#define LARGEST_BLOCK ((size_t)256 << 10)

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	*arena = (struct arena)ARENA_INIT;
}

void arena_reset(struct arena *arena)
{
	struct arena_block *kept = arena->blocks;

	if (!kept)
		return;
	arena->blocks = kept->next;
	arena_release(arena);
	kept->next = NULL;
	*arena = (struct arena){kept, kept->data, kept->data + kept->size, sizeof(*kept) + kept->size};
}

void arena_adopt(struct arena *arena, struct arena *from)
{
	struct arena_block *last = from->blocks;

	if (!arena->blocks) {
		*arena = *from;
	} else if (last) {
		while (last->next)
			last = last->next;
		last->next = arena->blocks->next;
		arena->blocks->next = from->blocks;
		arena->bytes += from->bytes;
	}
	*from = (struct arena)ARENA_INIT;
}

static struct arena_block *add_block(struct arena *arena, size_t size)
{
	struct arena_block *block = memory_alloc(sizeof(*block) + size);

	block->size = size;
	arena->bytes += sizeof(*block) + size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block;
	size_t rounded = size ? (size + 15) & ~(size_t)15 : 16; /* nothing has an address, too */
	void *memory;

	if (rounded < size)
		abort();
	if ((size_t)(arena->end - arena->at) >= rounded) {
		memory = arena->at;
		arena->at += rounded;
		return memory;
	}
	if (rounded > LARGEST_BLOCK / 4) {
		block = add_block(arena, rounded);
		if (arena->blocks) { /* behind the current one, which stays in use */
			block->next = arena->blocks->next;
			arena->blocks->next = block;
		} else {
			block->next = NULL;
			arena->blocks = block;
			arena->at = arena->end = block->data + rounded;
		}
		return block->data;
	}
	size = arena->bytes / 2;
	if (size < SMALLEST_BLOCK)
		size = SMALLEST_BLOCK;
	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < rounded)
		size = rounded;
	block = add_block(arena, size);
	block->next = arena->blocks;
	arena->blocks = block;
	arena->at = block->data + rounded;
	arena->end = block->data + size;
	return block->data;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	return memset(arena_alloc(arena, size), 0, size);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	void *copy = arena_alloc(arena, length);

	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length)
		memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}
