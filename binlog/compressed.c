#include "binlog/compressed.h"

#include <zlib.h>

#include "base/cursor.h"
#include "binlog/format.h"

#define HEADER_MASK 0xf0u
#define HEADER_VALUE 0x80u /* compressed, by algorithm 0 */
#define LENGTH_WIDTH_MASK 0x07u
#define DEFLATE_MAXIMUM_RATIO 1032u /* no deflate stream grows by more than this */

int compressed_expand(const uint8_t *bytes, size_t length, struct arena *arena, const uint8_t **plain,
	size_t *plain_length, struct error *error)
{
	struct cursor cursor = cursor_of(bytes, length);
	uint8_t header = cursor_u8(&cursor);
	unsigned width = header & LENGTH_WIDTH_MASK;
	uint64_t declared;
	uLongf got;
	uLong used;
	uint8_t *out;
	int rc;

	if (cursor.bad || (header & HEADER_MASK) != HEADER_VALUE || width < 1 || width > 4)
		return error_set(error, ERROR_CORRUPT,
			"the compressed part starts with byte 0x%02x, expected 0x81 to 0x84 (zlib, 1 to 4 "
			"length bytes).",
			header);
	declared = cursor_be(&cursor, width);
	if (cursor.bad)
		return error_set(
			error, ERROR_CORRUPT, "the compressed part ends inside its %u length bytes.", width);
	if (declared > EVENT_MAXIMUM_BYTES || declared / DEFLATE_MAXIMUM_RATIO > cursor_left(&cursor))
		return error_set(error, ERROR_CORRUPT,
			"the compressed part declares %llu plain bytes, which its %zu compressed bytes "
			"cannot hold.",
			(unsigned long long)declared, cursor_left(&cursor));
	out = arena_alloc(arena, (size_t)declared + 1);
	got = (uLongf)declared;
	used = (uLong)cursor_left(&cursor);
	rc = uncompress2(out, &got, cursor.at, &used);
	if (rc != Z_OK || got != declared)
		return error_set(error, ERROR_CORRUPT,
			"the compressed part cannot be expanded to the %llu bytes it declares (zlib: %s "
			"after %lu bytes).",
			(unsigned long long)declared, rc == Z_OK ? "it ended early" : zError(rc),
			(unsigned long)got);
	if (used != cursor_left(&cursor))
		return error_set(error, ERROR_CORRUPT,
			"%zu bytes follow the end of the compressed part, expected none.",
			cursor_left(&cursor) - used);
	out[declared] = 0;
	*plain = out;
	*plain_length = (size_t)declared;
	return 0;
}
