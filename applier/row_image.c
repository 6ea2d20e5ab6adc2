#include "applier/row_image.h"

#include <string.h>

bool image_same_value(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch ((enum value_kind)a->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		return true;
	case VALUE_FLOAT:
		return memcmp(&a->number.f, &b->number.f, sizeof(a->number.f)) == 0;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
		return a->time.negative == b->time.negative && a->time.year == b->time.year &&
			a->time.month == b->time.month && a->time.day == b->time.day && a->time.hour == b->time.hour &&
			a->time.minute == b->time.minute && a->time.second == b->time.second &&
			a->time.microsecond == b->time.microsecond;
	case VALUE_TIMESTAMP:
		return a->number.u == b->number.u && a->time.microsecond == b->time.microsecond;
	case VALUE_DECIMAL:
	case VALUE_STRING:
	case VALUE_JSON:
	case VALUE_JSON_DIFF:
	case VALUE_GEOMETRY:
	case VALUE_VECTOR:
		return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
	default:
		return a->number.u == b->number.u;
	}
}

static void put_bytes(struct buffer *out, const uint8_t *bytes, size_t length)
{
	buffer_put_le(out, length, 4);
	buffer_append(out, bytes, length);
}

static void put_time(struct buffer *out, const struct value *value)
{
	buffer_append(out, &value->time.year, sizeof(value->time.year));
	buffer_putc(out, (char)value->time.month);
	buffer_putc(out, (char)value->time.day);
	buffer_append(out, &value->time.hour, sizeof(value->time.hour));
	buffer_putc(out, (char)value->time.minute);
	buffer_putc(out, (char)value->time.second);
	buffer_put_le(out, value->time.microsecond, 4);
	buffer_putc(out, (char)value->time.negative);
}

void image_put_value(struct buffer *out, const struct value *value)
{
	buffer_putc(out, (char)value->kind);
	switch ((enum value_kind)value->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		break;
	case VALUE_FLOAT:
		buffer_append(out, &value->number.f, sizeof(value->number.f));
		break;
	case VALUE_STRING:
	case VALUE_DECIMAL:
	case VALUE_JSON:
	case VALUE_JSON_DIFF:
	case VALUE_GEOMETRY:
	case VALUE_VECTOR:
		put_bytes(out, value->bytes, value->length);
		break;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
		put_time(out, value);
		break;
	case VALUE_TIMESTAMP:
		buffer_append(out, &value->number.u, sizeof(value->number.u));
		buffer_put_le(out, value->time.microsecond, 4);
		break;
	default:
		buffer_append(out, &value->number.u, sizeof(value->number.u));
	}
}

const struct value *image_merge(struct arena *arena, const struct value *old, const struct value *new,
	uint32_t columns)
{
	struct value *merged = NULL;

	for (uint32_t i = 0; i < columns; i++) {
		if (new[i].kind != VALUE_ABSENT || old[i].kind == VALUE_ABSENT)
			continue;
		if (!merged)
			merged = arena_copy(arena, new, columns * sizeof(*new));
		merged[i] = old[i];
	}
	return merged ? merged : new;
}
