/* Values of MariaDB's COMPRESSED columns (3.7). */
#include <zlib.h>

#include "base/cursor.h"
#include "binlog/value.h"

#define METHOD_NONE 0x00u /* the plain bytes follow */
#define METHOD_ZLIB 0x80u /* in the upper half of the byte */
#define METHOD_RAW 0x08u  /* deflate without zlib's header and sum */
#define METHOD_WIDTH 0x07u
#define DEFLATE_MAXIMUM_RATIO 1032u /* no deflate stream grows by more than this */

static int inflate_all(const struct cursor *in, bool raw, uint8_t *to, size_t length, struct error *error)
{
	z_stream stream = {0};
	int rc = inflateInit2(&stream, raw ? -MAX_WBITS : MAX_WBITS);

	if (rc != Z_OK)
		return error_set(error, ERROR_STOP, "Expanding a compressed value: zlib cannot start (%s).",
			zError(rc));
	stream.next_in = (Bytef *)(uintptr_t)in->at;
	stream.avail_in = (uInt)cursor_left(in);
	stream.next_out = to;
	stream.avail_out = (uInt)length;
	rc = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if (rc != Z_STREAM_END || stream.avail_out || stream.avail_in)
		return error_set(error, ERROR_CORRUPT,
			"Expanding a compressed value: its bytes do not expand to exactly the %zu it "
			"declares.",
			length);
	return 0;
}

int value_expand(const struct value *value, size_t maximum, struct buffer *out, struct error *error)
{
	struct cursor cursor = cursor_of(value->bytes, value->length);
	uint64_t length;
	uint8_t method;

	if (value->length == 0)
		return 0;
	method = cursor_u8(&cursor);
	if (method == METHOD_NONE)
		length = cursor_left(&cursor);
	else if ((method & 0xf0) == METHOD_ZLIB && (method & METHOD_WIDTH) >= 1 &&
		 (method & METHOD_WIDTH) <= 4)
		length = cursor_be(&cursor, method & METHOD_WIDTH);
	else
		return error_set(error, ERROR_CORRUPT,
			"Expanding a compressed value: its method byte 0x%02x is unknown.", method);
	if (cursor.bad || cursor_left(&cursor) > UINT32_MAX)
		return error_set(
			error, ERROR_CORRUPT, "Expanding a compressed value: it ends before its data.");
	if (length / DEFLATE_MAXIMUM_RATIO > cursor_left(&cursor))
		return error_set(error, ERROR_CORRUPT,
			"Expanding a compressed value: it declares %llu bytes, which its %zu compressed ones "
			"cannot hold.",
			(unsigned long long)length, cursor_left(&cursor));
	if (length > maximum || !buffer_reserve(out, (size_t)length))
		return error_set(error, ERROR_STOP,
			"Expanding a compressed value: it declares %llu bytes, more than the %zu that fit.",
			(unsigned long long)length, maximum);
	if (method == METHOD_NONE) {
		buffer_append(out, cursor.at, (size_t)length);
		return 0;
	}
	if (inflate_all(&cursor, method & METHOD_RAW, (uint8_t *)out->data + out->length, (size_t)length,
		    error) < 0) {
		out->data[out->length] = '\0';
		return -1;
	}
	out->length += (size_t)length;
	out->data[out->length] = '\0';
	return 0;
}
