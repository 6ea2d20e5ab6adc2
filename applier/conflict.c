#include "applier/conflict.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint64_t mix(uint64_t state, uint64_t value)
{
	state ^= value + 0x9e3779b97f4a7c15u + (state << 6) + (state >> 2);
	state ^= state >> 32;
	state *= 0xd6e8feb86659fd93u;
	state ^= state >> 29;
	return state;
}

static uint64_t mix_bytes(uint64_t state, const uint8_t *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return mix(mix(state, hash), length);
}

/* Letters without case, trailing spaces dropped; text with anything else than ASCII is one and the same. */
static uint64_t mix_text(uint64_t state, const uint8_t *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u;

	while (length && (bytes[length - 1] == ' ' || bytes[length - 1] == 0))
		length--;
	for (size_t i = 0; i < length; i++) {
		uint8_t c = bytes[i];

		/* control characters are ignored by some collations; punctuation may be, too */
		if (c >= 0x80)
			return mix(state, 0x80);
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + 32);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		/* contractions of some languages make two letters one: only the alphabet's order is lost here, never an
		 * equality, as equal texts have equal letters */
		hash = (hash ^ c) * 0x100000001b3u;
	}
	return mix(state, hash);
}

uint64_t conflict_key_table(const struct target_table *table)
{
	return mix(0x7461626c65u, table->id);
}

uint64_t conflict_key_relations(void)
{
	return mix(0x666b73u, 0);
}

static uint64_t mix_value(uint64_t state, const struct value *value, const struct target_column *column)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
		if (value->compressed)
			return mix(state, 1);
		return column->class == COLUMN_TEXT || column->class == COLUMN_ENUM
			? mix_text(state, value->bytes, value->length)
			: mix_bytes(state, value->bytes, value->length);
	case VALUE_DECIMAL:
		return mix_bytes(state, value->bytes, value->length);
	case VALUE_FLOAT:
		return mix(state, value->number.f == 0 ? 0 : (uint64_t)(int64_t)(value->number.f * 0.5f));
	case VALUE_DOUBLE:
		return mix(state, 2); /* rarely in a key: not worth telling apart */
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
		state = mix(state, (uint64_t)value->time.year << 16 | (uint64_t)value->time.month << 8 | value->time.day);
		return mix(state, (uint64_t)value->time.hour << 16 | (uint64_t)value->time.minute << 8 |
					  value->time.second);
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_BIT:
	case VALUE_SET:
	case VALUE_YEAR:
	case VALUE_TIMESTAMP:
	case VALUE_ENUM:
		return mix(state, value->number.u);
	default:
		return mix(state, 3);
	}
}

bool conflict_key_row(const struct table_binding *binding, const struct target_key *key, unsigned ordinal,
	const struct value *image, uint64_t *number)
{
	const struct target_table *table = binding->table;
	uint64_t state = mix(mix(0x726f77u, table->id), ordinal);

	for (unsigned i = 0; i < key->count; i++) {
		unsigned column = key->columns[i];
		const struct value *value = NULL;

		/* the common case: the source's columns lie as the target's do */
		if (column < binding->map->columns_count && binding->to_target[column] == (int)column) {
			value = &image[column];
		} else {
			for (uint32_t source = 0; source < binding->map->columns_count && !value; source++) {
				if (binding->to_target[source] == (int)column)
					value = &image[source];
			}
		}
		if (!value || value->kind == VALUE_NULL || value->kind == VALUE_ABSENT)
			return false;
		/* a prefix of the value decides: everything is one */
		state = key->has_prefix ? mix(state, 4) : mix_value(state, value, &table->columns[column]);
	}
	*number = state;
	return true;
}

/* A fixed table: a key finds the newest sequence of its slot, so two keys in one slot conflict (falsely) at worst. No key is
 * ever forgotten while its batch may be in flight, as the sequence only grows. */
#define INDEX_SLOTS ((size_t)1 << 20)

struct conflict_index {
	uint64_t sequences[INDEX_SLOTS];
};

struct conflict_index *conflict_index_new(void)
{
	return memory_zalloc(sizeof(struct conflict_index));
}

void conflict_index_free(struct conflict_index *index)
{
	free(index);
}

uint64_t conflict_index_add(struct conflict_index *index, const uint64_t *keys, size_t count, uint64_t sequence)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t *slot = &index->sequences[keys[i] & (INDEX_SLOTS - 1)];

		if (*slot != sequence && *slot > highest)
			highest = *slot;
		*slot = sequence;
	}
	return highest;
}
