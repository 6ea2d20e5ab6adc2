#include "proxy/source_skip.h"

#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "proxy/source_protocol.h"

#define ROTATE_POSITION EVENT_HEADER_SIZE	      /* u64: where the file's events begin */
#define DESCRIPTION_VERSION (EVENT_HEADER_SIZE + 2u)  /* 50 bytes */
#define DESCRIPTION_CREATED (EVENT_HEADER_SIZE + 52u) /* u32: not 0 = the server was started */
#define HEADER_LOG_POS 13u			      /* u32 */

void skipper_start(struct skipper *skipper, uint64_t until, enum checksum_algorithm checksum)
{
	skipper->until = until;
	skipper->at = 4;
	skipper->checksum = checksum;
	skipper->files = 0;
}

/* Two small events are changed in a connection's life: no table is worth it. */
static uint32_t crc32_of(const uint8_t *bytes, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static void put_le(struct buffer *event, size_t at, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		event->data[at + i] = (char)(value >> (8 * i));
}

static void seal(struct buffer *event)
{
	size_t length = event->length - EVENT_CHECKSUM_SIZE;

	put_le(event, length, crc32_of((const uint8_t *)event->data, length), 4);
}

static int too_short(size_t length, struct error *error)
{
	return error_set(
		error, ERROR_CORRUPT, "the source sent an event of %zu bytes, which is too short.", length);
}

/* "The file begins at 4" becomes "begins at the offset". */
static int change_rotate(const struct skipper *skipper, const uint8_t *event, size_t length,
	struct buffer *changed, struct error *error)
{
	size_t checksum = skipper->checksum == CHECKSUM_CRC32 ? EVENT_CHECKSUM_SIZE : 0;

	if (length < ROTATE_POSITION + 8 + checksum)
		return too_short(length, error);
	buffer_clear(changed);
	buffer_append(changed, event, length);
	put_le(changed, ROTATE_POSITION, skipper->until, 8);
	if (checksum)
		seal(changed);
	return SKIP_CHANGED;
}

/* As masters do it for a start in the middle: no place in the file, and no word of the server's start, which
 * lies before the offset (whoever reads of it forgets the temporary tables that are in use). */
static int change_description(
	const uint8_t *event, size_t length, struct buffer *changed, struct error *error)
{
	enum server_family family;
	unsigned version;
	char text[51];

	if (length < DESCRIPTION_CREATED + 4 + 1 + EVENT_CHECKSUM_SIZE + 1)
		return too_short(length, error);
	memcpy(text, event + DESCRIPTION_VERSION, 50);
	text[50] = '\0';
	version = protocol_version(text, &family);
	buffer_clear(changed);
	buffer_append(changed, event, length);
	put_le(changed, HEADER_LOG_POS, 0, 4);
	put_le(changed, DESCRIPTION_CREATED, 0, 4);
	if (version >= (family == FAMILY_MARIADB ? 50300u : 50601u) &&
		event[length - EVENT_CHECKSUM_SIZE - 1] == CHECKSUM_CRC32)
		seal(changed);
	return SKIP_CHANGED;
}

int skipper_end(const struct skipper *skipper, struct error *error)
{
	if (!skipper->until)
		return 0;
	return error_set(error, ERROR_STOP,
		"the source's log file ends at %" PRIu64 ", before the start position's offset %" PRIu64
		". The master lost the tail of its log in a crash, or the position was taken from another "
		"file or server. Compare with SHOW BINARY LOGS there.",
		skipper->at, skipper->until);
}

int skipper_take(struct skipper *skipper, const uint8_t *event, size_t length, struct buffer *changed,
	struct error *error)
{
	struct cursor c = cursor_of(event, length);
	bool described = skipper->at > 4;
	uint32_t log_pos;
	uint16_t flags;
	uint8_t type;

	if (!skipper->until)
		return SKIP_PASS;
	cursor_u32(&c); /* timestamp */
	type = cursor_u8(&c);
	cursor_u32(&c); /* server id */
	cursor_u32(&c); /* length */
	log_pos = cursor_u32(&c);
	flags = cursor_u16(&c);
	if (c.bad)
		return too_short(length, error);
	if (type == EVENT_HEARTBEAT || type == EVENT_HEARTBEAT_V2)
		return skipper_end(skipper, error); /* it waits: there is no more */
	if (type == EVENT_ROTATE && (log_pos == 0 || flags & EVENT_FLAG_ARTIFICIAL)) {
		if (skipper->files++)
			return skipper_end(skipper, error);
		return change_rotate(skipper, event, length, changed, error);
	}
	if (flags & EVENT_FLAG_ARTIFICIAL)
		return SKIP_PASS;
	skipper->at += length;
	if (skipper->at > skipper->until)
		return error_set(error, ERROR_STOP,
			"no event of the source's log begins at the start position's offset %" PRIu64
			"; one ends at %" PRIu64 ". Take a position that SHOW BINLOG EVENTS lists.",
			skipper->until, skipper->at);
	if (skipper->at == skipper->until)
		skipper->until = 0;
	if (type == EVENT_FORMAT_DESCRIPTION && !described)
		return change_description(event, length, changed, error);
	return SKIP_DROP;
}
