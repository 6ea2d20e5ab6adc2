#include "binlog/value_decode.h"

#include <math.h>

static inline bool has(const uint8_t *at, const uint8_t *end, uint64_t bytes)
{
	return (uint64_t)(end - at) >= bytes;
}

/* `raw` has `width` bytes. An integer whose sign nobody told is taken for signed. */
static inline void set_integer(
	const struct table_column *column, struct value *value, uint64_t raw, unsigned width)
{
	unsigned unused = 64 - 8 * width;

	if (column->sign == SIGN_UNSIGNED) {
		value->kind = VALUE_UINT;
		value->number.u = raw;
	} else {
		value->kind = VALUE_INT;
		value->number.i = (int64_t)(raw << unused) >> unused;
	}
}

static const uint8_t *too_short(const char **problem)
{
	*problem = VALUE_TOO_SHORT;
	return NULL;
}

static const uint8_t *not_finite(const char **problem)
{
	*problem = "is not a finite number, which no server can store";
	return NULL;
}

/* Called with constant widths only, so that each is one load. */
static inline const uint8_t *decode_integer(const struct table_column *column, const uint8_t *at,
	const uint8_t *end, unsigned width, struct value *value, const char **problem)
{
	if (!has(at, end, width))
		return too_short(problem);
	set_integer(column, value,
		width == 1   ? *at
		: width == 2 ? load_le16(at)
		: width == 4 ? load_le32(at)
		: width == 8 ? load_le64(at)
			     : load_le(at, width),
		width);
	return at + width;
}

static const uint8_t *decode_float(
	const uint8_t *at, const uint8_t *end, struct value *value, const char **problem)
{
	uint32_t bits;

	if (!has(at, end, 4))
		return too_short(problem);
	bits = load_le32(at);
	value->kind = VALUE_FLOAT;
	memcpy(&value->number.f, &bits, sizeof(bits));
	return isfinite(value->number.f) ? at + 4 : not_finite(problem);
}

static const uint8_t *decode_double(
	const uint8_t *at, const uint8_t *end, struct value *value, const char **problem)
{
	uint64_t bits;

	if (!has(at, end, 8))
		return too_short(problem);
	bits = load_le64(at);
	value->kind = VALUE_DOUBLE;
	memcpy(&value->number.d, &bits, sizeof(bits));
	return isfinite(value->number.d) ? at + 8 : not_finite(problem);
}

/* A length of `width` bytes and so many bytes. */
static inline const uint8_t *decode_bytes(const uint8_t *at, const uint8_t *end, unsigned width,
	enum value_kind kind, struct value *value, const char **problem)
{
	uint64_t length;

	if (!has(at, end, width))
		return too_short(problem);
	length = width == 1 ? *at : width == 2 ? load_le16(at) : width == 4 ? load_le32(at) : load_le(at, 3);
	at += width;
	if (!has(at, end, length))
		return too_short(problem);
	value->kind = (uint8_t)kind;
	value->compressed = false;
	value->bytes = at;
	value->length = (size_t)length;
	return at + length;
}

/* CHAR and VARCHAR: the width of the length follows from the declared maximum, which binds as well. */
static inline const uint8_t *decode_string(const struct table_column *column, const uint8_t *at,
	const uint8_t *end, struct value *value, const char **problem)
{
	at = decode_bytes(at, end, column->maximum_bytes > 255 ? 2 : 1, VALUE_STRING, value, problem);
	if (at && value->length > column->maximum_bytes) {
		*problem = "is longer than its column allows";
		return NULL;
	}
	return at;
}

static const uint8_t *decode_decimal(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem)
{
	size_t size = column->maximum_bytes;

	if (!has(at, end, size))
		return too_short(problem);
	value->kind = VALUE_DECIMAL;
	value->precision = column->precision;
	value->scale = column->scale;
	value->bytes = at;
	value->length = size;
	return at + size;
}

/* ENUM and SET, little-endian, and BIT, big-endian. */
static const uint8_t *decode_set(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem)
{
	unsigned width = column->bytes;

	if (!has(at, end, width))
		return too_short(problem);
	if (column->type == TYPE_BIT) {
		value->kind = VALUE_BIT;
		value->number.u = load_be(at, width);
		if (column->bits < 64 && value->number.u >> column->bits) {
			*problem = "has more bits than its column";
			return NULL;
		}
	} else {
		value->kind = column->type == TYPE_ENUM ? VALUE_ENUM : VALUE_SET;
		value->number.u = load_le(at, width);
	}
	return at + width;
}

const uint8_t *value_decode_any(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem)
{
	switch (column->type) {
	case TYPE_TINY:
		return decode_integer(column, at, end, 1, value, problem);
	case TYPE_SHORT:
		return decode_integer(column, at, end, 2, value, problem);
	case TYPE_INT24:
		return decode_integer(column, at, end, 3, value, problem);
	case TYPE_LONG:
		return decode_integer(column, at, end, 4, value, problem);
	case TYPE_LONGLONG:
		return decode_integer(column, at, end, 8, value, problem);
	case TYPE_FLOAT:
		return decode_float(at, end, value, problem);
	case TYPE_DOUBLE:
		return decode_double(at, end, value, problem);
	case TYPE_VARCHAR:
	case TYPE_STRING:
		return decode_string(column, at, end, value, problem);
	case TYPE_VARCHAR_COMPRESSED:
		at = decode_string(column, at, end, value, problem);
		value->compressed = true;
		return at;
	case TYPE_TINY_BLOB:
	case TYPE_MEDIUM_BLOB:
	case TYPE_LONG_BLOB:
	case TYPE_BLOB:
		return decode_bytes(at, end, column->maximum_bytes, VALUE_STRING, value, problem);
	case TYPE_BLOB_COMPRESSED:
		at = decode_bytes(at, end, column->maximum_bytes, VALUE_STRING, value, problem);
		value->compressed = true;
		return at;
	case TYPE_JSON:
		return decode_bytes(at, end, column->maximum_bytes, VALUE_JSON, value, problem);
	case TYPE_GEOMETRY:
		return decode_bytes(at, end, column->maximum_bytes, VALUE_GEOMETRY, value, problem);
	case TYPE_VECTOR:
		return decode_bytes(at, end, column->maximum_bytes, VALUE_VECTOR, value, problem);
	case TYPE_NEWDECIMAL:
		return decode_decimal(column, at, end, value, problem);
	case TYPE_ENUM:
	case TYPE_SET:
	case TYPE_BIT:
		return decode_set(column, at, end, value, problem);
	case TYPE_NULL:
		value->kind = VALUE_NULL;
		return at;
	default:
		return value_decode_time(column, at, end, value, problem);
	}
}
