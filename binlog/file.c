#include "binlog/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/memory.h"
#include "binlog/format.h"

#define MAGIC_BYTES 4u
#define PAGE ((size_t)4096)
#define BLOCK ((size_t)256 << 10) /* read at once: it stays in the processor's cache */

static const uint8_t magic[MAGIC_BYTES] = {0xfe, 'b', 'i', 'n'};
static const uint8_t magic_encrypted[MAGIC_BYTES] = {0xfd, 'b', 'i', 'n'};

struct binlog_file {
	FILE *stream;
	int descriptor; /* -1: the stream is no file, but memory */
	char *name;
	uint64_t event_maximum;
	uint64_t begin, end; /* offsets of the event in hand */
	uint8_t *memory;
	uint8_t *buffer; /* the first page boundary in it */
	size_t at, filled, capacity;
	bool ended;
};

static int refuse(const struct binlog_file *file, enum error_kind kind, const char *what, struct error *error)
{
	return error_set(error, kind, "%s:%llu: %s", file->name, (unsigned long long)file->end, what);
}

/* The bytes stay where they are as seen from the buffer's start, which is a page boundary wherever the memory is. */
static void grow(struct binlog_file *file, size_t capacity)
{
	size_t shift = file->memory ? (size_t)(file->buffer - file->memory) : 0;

	file->memory = memory_realloc(file->memory, capacity + PAGE);
	file->buffer = file->memory + PAGE - (uintptr_t)file->memory % PAGE;
	if (file->filled && file->buffer != file->memory + shift)
		memmove(file->buffer, file->memory + shift, file->filled);
	file->capacity = capacity;
}

/* What is there moves to where whole pages can be read behind it: so the kernel copies from page to page, which
 * is twice as fast. */
static void make_room(struct binlog_file *file)
{
	size_t left = file->filled - file->at, at = (PAGE - left % PAGE) % PAGE;

	if (at < file->at) {
		memmove(file->buffer + at, file->buffer + file->at, left);
		file->at = at;
		file->filled = at + left;
	}
	if (file->filled == file->capacity)
		grow(file, file->capacity ? file->capacity * 2 : BLOCK);
}

/* What there is, up to `room` bytes: fread() would wait until all of them have come through a pipe. */
static ssize_t read_some(const struct binlog_file *file, uint8_t *to, size_t room)
{
	ssize_t got;

	if (file->descriptor < 0) {
		got = (ssize_t)fread(to, 1, room, file->stream);
		return got == 0 && ferror(file->stream) ? -1 : got;
	}
	do
		got = read(file->descriptor, to, room);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Makes `wanted` bytes stand at `at`, as far as there are so many. The buffer grows as bytes arrive, so that a length that
 * lies costs no memory, and is filled block by block, so that no more of it is used than the event and a block need. */
static int fill(struct binlog_file *file, size_t wanted, struct error *error)
{
	while (file->filled - file->at < wanted && !file->ended) {
		size_t room;
		ssize_t got;

		make_room(file);
		room = file->capacity - file->filled;
		got = read_some(file, file->buffer + file->filled, room < BLOCK ? room : BLOCK);
		if (got < 0)
			return error_set(error, ERROR_STOP, "%s cannot be read behind offset %llu: %s.",
				file->name, (unsigned long long)(file->end + (file->filled - file->at)),
				strerror(errno));
		file->filled += (size_t)got;
		if (got == 0)
			file->ended = true;
	}
	return 0;
}

static int check_magic(struct binlog_file *file, struct error *error)
{
	if (fill(file, MAGIC_BYTES, error) < 0)
		return -1;
	if (file->filled >= MAGIC_BYTES && memcmp(file->buffer, magic_encrypted, MAGIC_BYTES) == 0)
		return refuse(file, ERROR_STOP,
			"the file is encrypted (binlog_encryption=ON), and only the server has the key. Read "
			"the log over a connection to the server.",
			error);
	if (file->filled < MAGIC_BYTES || memcmp(file->buffer, magic, MAGIC_BYTES) != 0)
		return refuse(file, ERROR_STOP,
			"this is no binary log: the bytes fe 62 69 6e are expected at its start.", error);
	file->at = MAGIC_BYTES;
	file->begin = file->end = MAGIC_BYTES;
	return 0;
}

struct binlog_file *binlog_file_open(
	FILE *stream, const char *name, uint64_t event_maximum, struct error *error)
{
	struct binlog_file *file = memory_zalloc(sizeof(*file));

	file->stream = stream;
	file->descriptor = fileno(stream);
	file->name = memory_strdup(name);
	/* the largest body, and room for what the servers put in front of it */
	file->event_maximum = event_maximum ? event_maximum : EVENT_MAXIMUM_BYTES + ((uint64_t)1 << 20);
	if (check_magic(file, error) < 0) {
		binlog_file_close(file);
		return NULL;
	}
	return file;
}

void binlog_file_close(struct binlog_file *file)
{
	if (!file)
		return;
	free(file->memory);
	free(file->name);
	free(file);
}

/* MariaDB's START_ENCRYPTION, as the server writes it to a file; on the network it is marked as ignorable. */
static bool is_encrypted_from_here(const uint8_t *header)
{
	return header[4] == EVENT_MARIA_START_ENCRYPTION && !(header[17] & EVENT_FLAG_IGNORABLE);
}

int binlog_file_next(struct binlog_file *file, const uint8_t **bytes, size_t *length, struct error *error)
{
	struct cursor cursor;
	uint32_t size;
	size_t have;

	file->begin = file->end;
	if (fill(file, EVENT_HEADER_SIZE, error) < 0)
		return -1;
	have = file->filled - file->at;
	if (have == 0)
		return 0;
	if (have < EVENT_HEADER_SIZE)
		return error_set(error, ERROR_CORRUPT,
			"%s:%llu: the file ends inside an event's header (%zu of %u bytes are there).",
			file->name, (unsigned long long)file->begin, have, EVENT_HEADER_SIZE);
	cursor = cursor_of(file->buffer + file->at + 9, 4);
	size = cursor_u32(&cursor);
	if (size < EVENT_HEADER_SIZE)
		return error_set(error, ERROR_CORRUPT,
			"%s:%llu: the event's header names a length of %lu bytes, expected %u or more.",
			file->name, (unsigned long long)file->begin, (unsigned long)size, EVENT_HEADER_SIZE);
	if (size > file->event_maximum)
		return error_set(error, ERROR_CORRUPT,
			"%s:%llu: the event's header names a length of %lu bytes, above the limit of %llu.",
			file->name, (unsigned long long)file->begin, (unsigned long)size,
			(unsigned long long)file->event_maximum);
	if (fill(file, size, error) < 0)
		return -1;
	have = file->filled - file->at;
	if (have < size)
		return error_set(error, ERROR_CORRUPT,
			"%s:%llu: the file ends inside an event (%zu of %lu bytes are there).", file->name,
			(unsigned long long)file->begin, have, (unsigned long)size);
	if (is_encrypted_from_here(file->buffer + file->at))
		return error_set(error, ERROR_STOP,
			"%s:%llu: what follows is encrypted (encrypt_binlog=ON), and only the server has the "
			"key. Read the log over a connection to the server.",
			file->name, (unsigned long long)file->begin);
	*bytes = file->buffer + file->at;
	*length = size;
	file->at += size;
	file->end += size;
	return 1;
}

uint64_t binlog_file_begin(const struct binlog_file *file)
{
	return file->begin;
}

uint64_t binlog_file_end(const struct binlog_file *file)
{
	return file->end;
}
