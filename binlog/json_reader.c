#include "binlog/json_reader.h"

#include <math.h>
#include <string.h>

#include "binlog/table_map.h"
#include "binlog/value_decode.h"

static bool fail(struct json_reader *reader, const char *problem)
{
	reader->problem = problem;
	return false;
}

int json_fail(const struct json_reader *reader, struct error *error)
{
	return error_set(error, ERROR_CORRUPT, "Reading a JSON document: %s.", reader->problem);
}

static bool spend(struct json_reader *reader, size_t bytes)
{
	if (bytes > reader->budget)
		return fail(reader, "its values take more bytes than it has");
	reader->budget -= bytes;
	return true;
}

static unsigned offset_size(const struct json_value *container)
{
	return json_is_large(container) ? 4 : 2;
}

static uint32_t load_offset(const uint8_t *p, unsigned size)
{
	return size == 4 ? load_le32(p) : load_le16(p);
}

/* Bytes of the head and the tables of a container. */
static uint64_t tables_size(const struct json_value *container, uint64_t count)
{
	unsigned size = offset_size(container);

	return 2 * size + count * (1 + size) + (json_is_object(container) ? count * (size + 2) : 0);
}

uint32_t json_count(const struct json_value *container)
{
	return load_offset(container->at, offset_size(container));
}

static bool open_container(struct json_reader *reader, struct json_value *value, size_t available)
{
	unsigned size = offset_size(value);
	uint64_t tables;

	if (available < 2 * size)
		return fail(reader, "it ends inside the head of an object or array");
	value->length = load_offset(value->at + size, size);
	if (value->length > available)
		return fail(reader, "an object or array is larger than the place it stands in");
	tables = tables_size(value, json_count(value));
	if (tables > value->length)
		return fail(reader, "an object or array has more members than fit into it");
	return spend(reader, (size_t)tables);
}

/* The packed length in front of strings and opaque values: 7 bits a byte, lowest first. */
static bool open_text(struct json_reader *reader, struct json_value *value, size_t available, size_t head)
{
	uint64_t length = 0;
	size_t i = head;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte;

		if (i >= available)
			return fail(reader, "it ends inside the length of a string");
		if (shift > 28)
			return fail(reader, "the length of a string has more than five bytes");
		byte = value->at[i++];
		length |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	if (length > available - i)
		return fail(reader, "a string is longer than the place it stands in");
	value->text = value->at + i;
	value->text_length = (size_t)length;
	value->length = i + (size_t)length;
	return spend(reader, value->length);
}

/* Bytes of a value of fixed size, or 0. */
static size_t fixed_size(unsigned type)
{
	switch (type) {
	case JSON_LITERAL:
		return 1;
	case JSON_INT16:
	case JSON_UINT16:
		return 2;
	case JSON_INT32:
	case JSON_UINT32:
		return 4;
	case JSON_INT64:
	case JSON_UINT64:
	case JSON_DOUBLE:
		return 8;
	default:
		return 0;
	}
}

static bool open_value(struct json_reader *reader, unsigned type, const uint8_t *at, size_t available,
	struct json_value *value)
{
	*value = (struct json_value){.type = (uint8_t)type, .at = at, .length = fixed_size(type)};
	if (json_is_container(value))
		return open_container(reader, value, available);
	if (type == JSON_STRING)
		return open_text(reader, value, available, 0);
	if (type == JSON_OPAQUE) {
		if (available < 1)
			return fail(reader, "it ends inside an opaque value");
		value->opaque_type = at[0];
		return open_text(reader, value, available, 1);
	}
	if (value->length == 0)
		return fail(reader, "a value is of an unknown type");
	if (value->length > available)
		return fail(reader, "it ends inside a number or a literal");
	if (type == JSON_LITERAL && *at > JSON_FALSE)
		return fail(reader, "a literal is neither null, true nor false");
	return true;
}

bool json_open(struct json_reader *reader, const uint8_t *document, size_t length, struct json_value *value)
{
	static const uint8_t null[] = {JSON_LITERAL, JSON_NULL};

	if (length == 0) {
		document = null;
		length = sizeof(null);
	}
	*reader = (struct json_reader){.budget = length};
	return open_value(reader, document[0], document + 1, length - 1, value);
}

bool json_child(
	struct json_reader *reader, const struct json_value *container, uint32_t i, struct json_value *child)
{
	unsigned size = offset_size(container);
	uint32_t count = json_count(container), offset;
	const uint8_t *entry = container->at + 2 * size + (size_t)i * (1 + size);
	size_t fixed;
	bool inlined;

	if (json_is_object(container))
		entry += (size_t)count * (size + 2);
	fixed = fixed_size(entry[0]);
	inlined = fixed != 0 && fixed <= size;
	if (inlined)
		return open_value(reader, entry[0], entry + 1, size, child);
	offset = load_offset(entry + 1, size);
	if (offset < tables_size(container, count) || offset >= container->length)
		return fail(reader, "a value stands outside of its object or array");
	return open_value(reader, entry[0], container->at + offset, container->length - offset, child) &&
	       spend(reader, fixed);
}

bool json_key(struct json_reader *reader, const struct json_value *object, uint32_t i, const uint8_t **key,
	size_t *length)
{
	unsigned size = offset_size(object);
	const uint8_t *entry = object->at + 2 * size + (size_t)i * (size + 2);
	uint32_t offset = load_offset(entry, size);

	*length = load_le16(entry + size);
	if (offset < tables_size(object, json_count(object)) || offset > object->length ||
		*length > object->length - offset)
		return fail(reader, "the name of a member stands outside of its object");
	*key = object->at + offset;
	return spend(reader, *length);
}

int64_t json_int(const struct json_value *value)
{
	switch (value->type) {
	case JSON_INT16:
		return (int16_t)load_le16(value->at);
	case JSON_INT32:
		return (int32_t)load_le32(value->at);
	default:
		return (int64_t)load_le64(value->at);
	}
}

uint64_t json_uint(const struct json_value *value)
{
	switch (value->type) {
	case JSON_UINT16:
		return load_le16(value->at);
	case JSON_UINT32:
		return load_le32(value->at);
	default:
		return load_le64(value->at);
	}
}

bool json_double(struct json_reader *reader, const struct json_value *value, double *number)
{
	uint64_t bits = load_le64(value->at);

	memcpy(number, &bits, sizeof(bits));
	return isfinite(*number) || fail(reader, "a number is not finite");
}

static bool opaque_decimal(struct json_reader *reader, const struct json_value *value, struct value *out)
{
	out->kind = VALUE_DECIMAL;
	if (value->text_length < 2)
		return fail(reader, "a decimal ends before its digits");
	out->precision = value->text[0];
	out->scale = value->text[1];
	out->bytes = value->text + 2;
	out->length = value->text_length - 2;
	if (out->precision < 1 || out->precision > DECIMAL_STORED_MAXIMUM || out->scale > out->precision ||
		out->scale > DECIMAL_SCALE_MAXIMUM)
		return fail(reader, "a decimal has an impossible precision or scale");
	if (out->length != decimal_packed_size(out->precision, out->scale))
		return fail(reader, "a decimal has another length than its precision and scale give");
	return true;
}

bool json_opaque(struct json_reader *reader, const struct json_value *value, struct value *out)
{
	bool possible;

	*out = (struct value){.kind = VALUE_STRING, .bytes = value->text, .length = value->text_length};
	switch (value->opaque_type) {
	case TYPE_NEWDECIMAL:
		return opaque_decimal(reader, value, out);
	case TYPE_DATE:
		out->kind = VALUE_DATE;
		break;
	case TYPE_TIME:
		out->kind = VALUE_TIME;
		break;
	case TYPE_DATETIME:
	case TYPE_TIMESTAMP:
		out->kind = VALUE_DATETIME;
		break;
	default:
		return true;
	}
	if (value->text_length != 8)
		return fail(reader, "a date or time does not have 8 bytes");
	out->time.digits = out->kind == VALUE_DATE ? 0 : 6;
	if (out->kind == VALUE_TIME)
		possible = value_unpack_time((int64_t)load_le64(value->text), &out->time);
	else
		possible = value_unpack_datetime(load_le64(value->text), &out->time);
	return possible || fail(reader, "a date or time has a part that is out of its range");
}
