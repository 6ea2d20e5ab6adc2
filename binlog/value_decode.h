/* From the bytes of a row image to a value: the inner loop of the program (chapter 3). Private to the room.
 */
#ifndef BINLOG_VALUE_DECODE_H
#define BINLOG_VALUE_DECODE_H

#include <endian.h>
#include <string.h>

#include "binlog/rows.h"

/* value_decode(), below, for any type. */
const uint8_t *value_decode_any(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem);

/* The same for the temporal types (3.3, 3.5, 3.6). */
const uint8_t *value_decode_time(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem);

/* The packed form that DATETIME2 and JSON share: year·13+month, day, hour, minute, second in the bits above
 * the lowest 24, microseconds in these. False when a part is out of its range. */
bool value_unpack_datetime(uint64_t packed, struct value_time *time);
/* Likewise for TIME: |packed| = hour, minute, second above 24 bits of microseconds. */
bool value_unpack_time(int64_t packed, struct value_time *time);

/* Little- and big-endian integers; the caller has checked that the bytes are there. */
static inline uint64_t load_le(const uint8_t *p, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = width; i-- > 0;)
		value = value << 8 | p[i];
	return value;
}

static inline uint16_t load_le16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return le16toh(value);
}

static inline uint32_t load_le32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return le64toh(value);
}

static inline uint64_t load_be(const uint8_t *p, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value = value << 8 | p[i];
	return value;
}

/* A shortcut for the types that most columns have, to stand inside the loops over a row's columns: more of them would cost
 * those more than they would gain. NULL: it is another type, or value_decode_any() has to look at the bytes. */
static inline const uint8_t *value_decode_common(
	const struct table_column *column, const uint8_t *at, const uint8_t *end, struct value *value)
{
	size_t left = (size_t)(end - at), length;

	switch (column->type) {
	case TYPE_LONG:
		if (left < 4)
			return NULL;
		if (column->sign == SIGN_UNSIGNED) {
			value->kind = VALUE_UINT;
			value->number.u = load_le32(at);
		} else {
			value->kind = VALUE_INT;
			value->number.i = (int32_t)load_le32(at);
		}
		return at + 4;
	case TYPE_LONGLONG:
		if (left < 8)
			return NULL;
		value->kind = column->sign == SIGN_UNSIGNED ? VALUE_UINT : VALUE_INT;
		value->number.u = load_le64(at);
		return at + 8;
	case TYPE_VARCHAR:
	case TYPE_STRING:
		if (left < 2)
			return NULL;
		length = load_le16(at);
		at += 2;
		if (column->maximum_bytes <= 255) {
			length &= 0xff;
			at--;
		}
		if (length > (size_t)(end - at) || length > column->maximum_bytes)
			return NULL;
		value->kind = VALUE_STRING;
		value->compressed = false;
		value->bytes = at;
		value->length = length;
		return at + length;
	default:
		return NULL;
	}
}

/* Decodes the value of `column` that starts at `at`, never reading at or behind `end`, and returns where the
 * next one starts. On bytes that the type cannot have it returns NULL and *problem says what is wrong with
 * them, to be read after "the value of column …". Neither NULL nor absent values come here. */
static inline const uint8_t *value_decode(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem)
{
	const uint8_t *next = value_decode_common(column, at, end, value);

	return next ? next : value_decode_any(column, at, end, value, problem);
}

#define VALUE_TOO_SHORT "does not fit into the rest of the event"

#endif
