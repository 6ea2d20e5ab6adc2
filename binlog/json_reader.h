/* Steps through a binary JSON document (3.8), shared by the json*.c files. Private to the room.
 *
 * A document comes from the network and may lie. Each value is checked against the end of the container it
 * stands in before it is touched. As offsets may point anywhere in the container, a document could also name
 * the same bytes over and over; so the reader counts the bytes that its values take, and gives up when they
 * take more than the document has: whoever walks a document does work in proportion to its length. */
#ifndef BINLOG_JSON_READER_H
#define BINLOG_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "binlog/value.h"

enum json_type {
	JSON_SMALL_OBJECT = 0x00,
	JSON_LARGE_OBJECT = 0x01,
	JSON_SMALL_ARRAY = 0x02,
	JSON_LARGE_ARRAY = 0x03,
	JSON_LITERAL = 0x04,
	JSON_INT16 = 0x05,
	JSON_UINT16 = 0x06,
	JSON_INT32 = 0x07,
	JSON_UINT32 = 0x08,
	JSON_INT64 = 0x09,
	JSON_UINT64 = 0x0a,
	JSON_DOUBLE = 0x0b,
	JSON_STRING = 0x0c,
	JSON_OPAQUE = 0x0f,
};

enum json_literal { JSON_NULL = 0, JSON_TRUE = 1, JSON_FALSE = 2 };

struct json_reader {
	size_t budget;	     /* bytes that values may still take */
	const char *problem; /* what is wrong, once something is */
};

struct json_value {
	uint8_t type;	     /* enum json_type */
	uint8_t opaque_type; /* OPAQUE: enum column_type */
	const uint8_t *at;   /* the value without its type byte */
	size_t length;	     /* of the whole of it */
	const uint8_t *text; /* STRING, OPAQUE: the data */
	size_t text_length;
};

static inline bool json_is_object(const struct json_value *value)
{
	return value->type <= JSON_LARGE_OBJECT;
}

static inline bool json_is_container(const struct json_value *value)
{
	return value->type <= JSON_LARGE_ARRAY;
}

static inline bool json_is_large(const struct json_value *value)
{
	return value->type == JSON_LARGE_OBJECT || value->type == JSON_LARGE_ARRAY;
}

/* Opens a document and fills the reader. One of 0 bytes is null. All of these return false when the bytes are
 * not possible; reader->problem then says why. */
bool json_open(struct json_reader *reader, const uint8_t *document, size_t length, struct json_value *value);
/* Members or elements of a container. */
uint32_t json_count(const struct json_value *container);
bool json_child(
	struct json_reader *reader, const struct json_value *container, uint32_t i, struct json_value *child);
bool json_key(struct json_reader *reader, const struct json_value *object, uint32_t i, const uint8_t **key,
	size_t *length);

/* Numbers by their types. */
int64_t json_int(const struct json_value *value);
uint64_t json_uint(const struct json_value *value);
bool json_double(struct json_reader *reader, const struct json_value *value, double *number);

/* OPAQUE values that stand for SQL types: DECIMAL (kind VALUE_DECIMAL), DATE, TIME, DATETIME and TIMESTAMP
 * (kinds VALUE_DATE, VALUE_TIME, VALUE_DATETIME, with 6 digits), or others: *kind VALUE_STRING. */
bool json_opaque(struct json_reader *reader, const struct json_value *value, struct value *out);

/* Raises the error for reader->problem; returns -1. */
int json_fail(const struct json_reader *reader, struct error *error);

#endif
