/* A growable run of bytes with a maximum, NUL-terminated after its content for the convenience of printf.
 * Appending beyond the maximum sets `overflow` and drops the bytes: callers test buffer_ok() once at the
 * end, as a statement that is too long is refused as a whole. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer;

/* Takes from the front of the content what it can (buffer_take), all of it or nearly so. */
typedef void buffer_drain(struct buffer *buffer, void *context);

struct buffer {
	char *data;       /* NULL until the first append */
	size_t length;
	size_t capacity;
	size_t maximum;   /* bytes of content; 0 = BUFFER_MAXIMUM */
	bool overflow;
	buffer_drain *drain; /* called in place of growing above BUFFER_DRAINED, or NULL */
	void *drain_context;
};

#define BUFFER_MAXIMUM ((size_t)2 << 30)
#define BUFFER_DRAINED ((size_t)256 << 10)
#define BUFFER_INIT {NULL, 0, 0, 0, false, NULL, NULL}

void buffer_init(struct buffer *buffer, size_t maximum);
/* From now on content is handed to `drain` before it becomes much more than BUFFER_DRAINED; NULL: it stays again. An offset
 * in the content holds only as long as nothing is written behind it, or room for that was reserved. */
void buffer_set_drain(struct buffer *buffer, buffer_drain *drain, void *context);
/* For content that nobody reads: it is forgotten. */
void buffer_discard(struct buffer *buffer, void *context);
/* Gives the memory back; maximum and drain stay. */
void buffer_release(struct buffer *buffer);
/* Empties it and keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* Removes the first `length` bytes. */
void buffer_take(struct buffer *buffer, size_t length);
/* Takes back what stands behind the first `length` bytes, if so many are there. */
void buffer_truncate(struct buffer *buffer, size_t length);
/* Each has what the other one had. */
void buffer_swap(struct buffer *a, struct buffer *b);
/* Empties it, and gives memory above `keep` bytes back. */
void buffer_shrink(struct buffer *buffer, size_t keep);

/* Makes room for `more` bytes behind the content; false (and overflow) when that passes the maximum. */
bool buffer_reserve(struct buffer *buffer, size_t more);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_putc(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_put_u64(struct buffer *buffer, uint64_t value);
void buffer_put_i64(struct buffer *buffer, int64_t value);
/* Lower-case hexadecimal of the bytes, two digits each. */
void buffer_put_hex(struct buffer *buffer, const void *bytes, size_t length);
/* little-endian integers of `width` bytes (1…8) */
void buffer_put_le(struct buffer *buffer, uint64_t value, unsigned width);
/* A JSON string with its quotes; control characters are \u00NN, bytes that are not UTF-8 become U+FFFD. */
void buffer_put_json(struct buffer *buffer, const char *text, size_t length);
/* The bytes as printable ASCII/UTF-8 text for a log or a message: control bytes as \xNN, cut after
 * `maximum` bytes with "…". */
void buffer_put_printable(struct buffer *buffer, const void *bytes, size_t length, size_t maximum);

/* The text as printable text (as above) in `room`, cut to it, with its NUL. */
void printable_copy(char *room, size_t size, const char *text);

/* The content as a C string ("" when empty); valid until the next change. */
const char *buffer_text(const struct buffer *buffer);

static inline bool buffer_ok(const struct buffer *buffer)
{
	return !buffer->overflow;
}

#endif
