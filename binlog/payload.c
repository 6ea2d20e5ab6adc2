#include "binlog/payload.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/cursor.h"
#include "base/memory.h"

enum payload_field {
	FIELD_END = 0,
	FIELD_SIZE = 1,
	FIELD_COMPRESSION = 2,
	FIELD_UNCOMPRESSED_SIZE = 3,
};

#define WINDOW_LEAST ((size_t)64 << 10)
#define WINDOW_KEPT ((size_t)4 << 20)

struct payload_reader {
	ZSTD_DCtx *context;
	bool plain;	   /* not compressed at all */
	uint64_t declared; /* bytes the payload shall have */
	uint64_t produced; /* of them, how many were written into the window so far */
	uint64_t offset;   /* start of the next event */
	uint64_t event_maximum;
	ZSTD_inBuffer in;
	uint8_t *kept;	   /* copy of the input, or NULL */
	size_t frame_left; /* what zstd says is missing from the current frame; 0 = a frame has ended */
	uint8_t *window;   /* uncompressed bytes that were not handed out yet: [at, end) */
	size_t at, end, capacity;
};

int payload_info_parse(const struct event *event, struct payload_info *info, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	uint64_t size = UINT64_MAX;
	bool has_size = false, has_compression = false;

	memset(info, 0, sizeof(*info));
	for (;;) {
		uint64_t field = cursor_lenenc(&cursor);
		struct cursor value;

		if (!cursor.bad && field == FIELD_END)
			break;
		value = cursor_sub(&cursor, cursor_lenenc(&cursor));
		if (field == FIELD_SIZE) {
			size = cursor_lenenc(&value);
		} else if (field == FIELD_COMPRESSION) {
			info->compression = cursor_lenenc(&value);
			has_compression = true;
		} else if (field == FIELD_UNCOMPRESSED_SIZE) {
			info->uncompressed_size = cursor_lenenc(&value);
			has_size = true;
		}
		if (cursor.bad || value.bad)
			return error_set(error, ERROR_CORRUPT,
				"the fields of the compressed transaction end behind its body of %zu bytes.",
				event->body_length);
	}
	info->data = cursor.at;
	info->data_length = cursor_left(&cursor);
	if (size != info->data_length)
		return error_set(error, ERROR_CORRUPT,
			"the compressed transaction announces %llu bytes of payload, but %zu follow its "
			"fields.",
			(unsigned long long)size, info->data_length);
	if (!has_compression || (info->compression != PAYLOAD_ZSTD && info->compression != PAYLOAD_NONE))
		return error_set(error, ERROR_STOP,
			"the compressed transaction is of compression type %llu; only 0 (zstd) and 255 "
			"(none) are known.",
			has_compression ? (unsigned long long)info->compression : 254ULL);
	if (!has_size) {
		if (info->compression == PAYLOAD_ZSTD)
			return error_set(error, ERROR_CORRUPT,
				"the compressed transaction does not tell its uncompressed size.");
		info->uncompressed_size = info->data_length;
	}
	return 0;
}

struct payload_reader *payload_reader_new(void)
{
	return memory_zalloc(sizeof(struct payload_reader));
}

void payload_reader_free(struct payload_reader *reader)
{
	if (!reader)
		return;
	ZSTD_freeDCtx(reader->context);
	free(reader->kept);
	free(reader->window);
	free(reader);
}

int payload_reader_start(struct payload_reader *reader, const struct payload_info *info, uint64_t maximum,
	uint64_t event_maximum, struct error *error)
{
	if (maximum && info->uncompressed_size > maximum)
		return error_set(error, ERROR_STOP,
			"the compressed transaction declares %llu bytes uncompressed, above the limit of "
			"%llu. If the master really has it, have it sent uncompressed (its binlog_transaction_compression), or "
			"apply it by hand and set the start position behind it.",
			(unsigned long long)info->uncompressed_size, (unsigned long long)maximum);
	free(reader->kept);
	reader->kept = NULL;
	if (reader->capacity > WINDOW_KEPT) { /* one huge event does not cost its memory for ever */
		free(reader->window);
		reader->window = NULL;
		reader->capacity = 0;
	}
	if (!reader->context) {
		reader->context = ZSTD_createDCtx();
		if (!reader->context)
			abort();
	}
	ZSTD_DCtx_reset(reader->context, ZSTD_reset_session_only);
	reader->plain = info->compression == PAYLOAD_NONE;
	reader->declared = info->uncompressed_size;
	reader->produced = reader->offset = 0;
	reader->event_maximum = event_maximum ? event_maximum : EVENT_MAXIMUM_BYTES;
	reader->in = (ZSTD_inBuffer){info->data, info->data_length, 0};
	reader->frame_left = 1;
	reader->at = reader->end = 0;
	return 0;
}

void payload_reader_keep(struct payload_reader *reader)
{
	size_t left = reader->in.size - reader->in.pos;
	uint8_t *copy;

	if (reader->kept || !left)
		return;
	copy = memory_alloc(left);
	memcpy(copy, (const uint8_t *)reader->in.src + reader->in.pos, left);
	reader->kept = copy;
	reader->in = (ZSTD_inBuffer){copy, left, 0};
}

uint64_t payload_reader_offset(const struct payload_reader *reader)
{
	return reader->offset;
}

/* Moves what is left to the window's start and makes it `wanted` bytes large; it grows as the stream proves
 * that it has the bytes, not by what a header claims. */
static void make_room(struct payload_reader *reader, size_t wanted)
{
	size_t have = reader->end - reader->at, capacity = reader->capacity ? reader->capacity : WINDOW_LEAST;

	if (reader->at) {
		memmove(reader->window, reader->window + reader->at, have);
		reader->at = 0;
		reader->end = have;
	}
	if (have == reader->capacity && capacity < wanted && reader->capacity)
		capacity = capacity > wanted / 2 ? wanted : capacity * 2;
	if (capacity > reader->capacity) {
		reader->window = memory_realloc(reader->window, capacity);
		reader->capacity = capacity;
	}
}

static int inflate_some(struct payload_reader *reader, struct error *error)
{
	ZSTD_outBuffer out = {reader->window, reader->capacity, reader->end};
	size_t before = reader->end, code = 0;

	if (reader->plain) {
		size_t left = reader->in.size - reader->in.pos, room = reader->capacity - reader->end;
		size_t take = left < room ? left : room;

		memcpy(reader->window + reader->end, (const uint8_t *)reader->in.src + reader->in.pos, take);
		reader->in.pos += take;
		out.pos += take;
	} else {
		size_t pos = reader->in.pos;

		code = ZSTD_decompressStream(reader->context, &out, &reader->in);
		if (ZSTD_isError(code))
			return error_set(error, ERROR_CORRUPT,
				"zstd cannot expand the compressed transaction after %llu bytes: %s.",
				(unsigned long long)reader->produced, ZSTD_getErrorName(code));
		if (out.pos == before && reader->in.pos == pos) /* input used up inside a frame */
			return 0;
		reader->frame_left = code;
	}
	reader->end = out.pos;
	reader->produced += out.pos - before;
	if (reader->produced > reader->declared)
		return error_set(error, ERROR_CORRUPT,
			"the compressed transaction declares %llu bytes uncompressed, but expands to more.",
			(unsigned long long)reader->declared);
	return reader->end > before || reader->in.pos < reader->in.size || reader->frame_left ? 1 : 0;
}

/* Has the window `wanted` bytes? 1 yes, 0 the stream ended before. */
static int fill(struct payload_reader *reader, size_t wanted, struct error *error)
{
	while (reader->end - reader->at < wanted) {
		size_t before;
		int more;

		make_room(reader, wanted);
		before = reader->end;
		more = inflate_some(reader, error);
		if (more < 0)
			return -1;
		if (reader->end == before && (more == 0 || reader->in.pos == reader->in.size))
			return 0;
	}
	return 1;
}

/* All events were read: the stream must be at its end, and be as long as it said. */
static int finish(struct payload_reader *reader, struct error *error)
{
	size_t left = reader->end - reader->at;

	if (left)
		return error_set(error, ERROR_CORRUPT,
			"%zu bytes follow the last event of the compressed transaction.", left);
	if (reader->produced != reader->declared)
		return error_set(error, ERROR_CORRUPT,
			"the compressed transaction declares %llu bytes uncompressed, but expands to %llu.",
			(unsigned long long)reader->declared, (unsigned long long)reader->produced);
	if (!reader->plain && reader->frame_left && reader->declared)
		return error_set(
			error, ERROR_CORRUPT, "the compressed transaction's last zstd frame is cut off.");
	return 0;
}

int payload_reader_next(struct payload_reader *reader, struct event *event, struct error *error)
{
	struct cursor cursor;
	uint32_t length;
	int rc = fill(reader, EVENT_HEADER_SIZE, error);

	if (rc <= 0)
		return rc < 0 ? -1 : finish(reader, error);
	cursor = cursor_of(reader->window + reader->at, EVENT_HEADER_SIZE);
	event->header.timestamp = cursor_u32(&cursor);
	event->header.type = cursor_u8(&cursor);
	event->header.server_id = cursor_u32(&cursor);
	event->header.length = length = cursor_u32(&cursor);
	event->header.log_pos = cursor_u32(&cursor);
	event->header.flags = cursor_u16(&cursor);
	if (length < EVENT_HEADER_SIZE || length > reader->declared - reader->offset)
		return error_set(error, ERROR_CORRUPT,
			"an event at byte %llu of the uncompressed transaction names a length of %lu, of "
			"%llu bytes left.",
			(unsigned long long)reader->offset, (unsigned long)length,
			(unsigned long long)(reader->declared - reader->offset));
	if (length > reader->event_maximum)
		return error_set(error, ERROR_STOP,
			"an event of %lu bytes inside the compressed transaction is above the limit of %llu; "
			"raise max-event-bytes.",
			(unsigned long)length, (unsigned long long)reader->event_maximum);
	rc = fill(reader, length, error);
	if (rc == 0)
		return error_set(error, ERROR_CORRUPT,
			"the compressed transaction ends inside an event of %lu bytes.",
			(unsigned long)length);
	if (rc < 0)
		return -1;
	event->body = reader->window + reader->at + EVENT_HEADER_SIZE;
	event->body_length = length - EVENT_HEADER_SIZE;
	reader->at += length;
	reader->offset += length;
	return 1;
}
