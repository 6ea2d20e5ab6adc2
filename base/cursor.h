/* A checked read cursor over bytes that somebody else owns.
 *
 * A read beyond the end sets `bad`, returns zero (or NULL) and leaves the cursor where it was; every later
 * read fails as well. So a parser reads a whole structure and tests once, before it uses what it read. */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline struct cursor cursor_of(const void *bytes, size_t length)
{
	struct cursor c = {bytes, (const uint8_t *)bytes + length, false};

	return c;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static inline bool cursor_empty(const struct cursor *c)
{
	return c->at == c->end;
}

/* The next `length` bytes as a view, or NULL. */
static inline const uint8_t *cursor_bytes(struct cursor *c, uint64_t length)
{
	const uint8_t *at = c->at;

	if (c->bad || length > (uint64_t)(c->end - c->at)) {
		c->bad = true;
		return NULL;
	}
	c->at += length;
	return at;
}

/* A little-endian unsigned integer of `width` bytes (1…8). */
static inline uint64_t cursor_le(struct cursor *c, unsigned width)
{
	const uint8_t *p = cursor_bytes(c, width);
	uint64_t value = 0;

	if (!p)
		return 0;
	for (unsigned i = width; i-- > 0;)
		value = value << 8 | p[i];
	return value;
}

/* A big-endian unsigned integer of `width` bytes (1…8). */
static inline uint64_t cursor_be(struct cursor *c, unsigned width)
{
	const uint8_t *p = cursor_bytes(c, width);
	uint64_t value = 0;

	if (!p)
		return 0;
	for (unsigned i = 0; i < width; i++)
		value = value << 8 | p[i];
	return value;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);

	return p ? *p : 0;
}

/* Written out, since compilers make one load of it. */
static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 2);

	return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 4);

	return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 8);

	return p ? (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
			   (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
			   (uint64_t)p[7] << 56
		 : 0;
}

/* The protocol's packed integer; 251 (NULL) and 255 are bad. */
static inline uint64_t cursor_lenenc(struct cursor *c)
{
	uint8_t first = cursor_u8(c);

	if (first < 251)
		return first;
	if (first == 252)
		return cursor_le(c, 2);
	if (first == 253)
		return cursor_le(c, 3);
	if (first == 254)
		return cursor_le(c, 8);
	c->bad = true;
	return 0;
}

/* A cursor over the next `length` bytes, which are consumed; a bad one when they are not there. */
static inline struct cursor cursor_sub(struct cursor *c, uint64_t length)
{
	const uint8_t *p = cursor_bytes(c, length);
	struct cursor sub = {p, p ? p + length : p, p == NULL};

	return sub;
}

#endif
