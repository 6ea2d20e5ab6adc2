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

/* Letters and digits alone, and letters without case, as some collations ignore the rest; letters that some language takes
 * for one (i, j and y; u, v and w) are one. False for text with anything else than ASCII. */
static bool mix_text(uint64_t *state, const uint8_t *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++) {
		uint8_t c = bytes[i];

		if (c >= 0x80)
			return false;
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + 32);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (c == 'j' || c == 'y')
			c = 'i';
		else if (c == 'v' || c == 'w')
			c = 'u';
		hash = (hash ^ c) * 0x100000001b3u;
	}
	*state = mix(*state, hash);
	return true;
}

/* A collation that compares codes: equal is equal. (A PAD SPACE one drops spaces at the end, as mix_text does.) */
static bool compares_bytes(const struct target_column *column)
{
	size_t length = column->collation ? strlen(column->collation) : 0;

	return length > 4 && strcmp(column->collation + length - 4, "_bin") == 0;
}

uint64_t conflict_key_table(const struct target_table *table)
{
	return mix(0x7461626c65u, table->id);
}

uint64_t conflict_key_relations(void)
{
	return mix(0x666b73u, 0);
}

/* False when the value may equal about any other. */
static bool mix_value(uint64_t *state, const struct value *value, const struct target_column *column)
{
	size_t length = value->length;

	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
		if (value->compressed)
			return false;
		if (column->class == COLUMN_TEXT && !compares_bytes(column))
			return mix_text(state, value->bytes, length);
		while (column->class == COLUMN_TEXT && length && value->bytes[length - 1] == ' ')
			length--;
		*state = mix_bytes(*state, value->bytes, length);
		return true;
	case VALUE_DECIMAL:
		*state = mix_bytes(*state, value->bytes, length);
		return true;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
		*state = mix(*state,
			(uint64_t)value->time.year << 16 | (uint64_t)value->time.month << 8 | value->time.day);
		*state = mix(*state,
			(uint64_t)value->time.hour << 16 | (uint64_t)value->time.minute << 8 | value->time.second);
		return true;
	case VALUE_INT:
	case VALUE_UINT:
	case VALUE_BIT:
	case VALUE_SET:
	case VALUE_YEAR:
	case VALUE_TIMESTAMP:
	case VALUE_ENUM:
		*state = mix(*state, value->number.u);
		return true;
	default: /* rare in a key, and equal in more ways than by their bytes */
		return false;
	}
}

/* The source's column, or -1: only the target has it. */
static int source_of(const struct table_binding *binding, unsigned column)
{
	/* the common case: the source's columns lie as the target's do */
	if (column < binding->map->columns_count && binding->to_target[column] == (int)column)
		return (int)column;
	for (uint32_t source = 0; source < binding->map->columns_count; source++) {
		if (binding->to_target[source] == (int)column)
			return (int)source;
	}
	return -1;
}

/* Does the UPDATE write a column of the key, or is there one that follows others, which the log may leave out? */
static bool is_touched(const struct table_binding *binding, const struct target_key *key, const struct value *after)
{
	for (unsigned i = 0; i < key->count; i++) {
		int source = source_of(binding, key->columns[i]);

		if (source >= 0 && after[source].kind != VALUE_ABSENT)
			return true;
		if (binding->table->columns[key->columns[i]].generated)
			return true;
	}
	return false;
}

/* Has a row NULL in the column of which its images say nothing, or a value that only the target's server gives, and only once? */
static bool meets_nobody(const struct target_column *column, int source, const struct value *before)
{
	if (source < 0 && column->auto_increment)
		return true;
	return !before && column->nullable && !column->has_default && !column->generated;
}

/* `image` tells the row's values, and `before` (or NULL) those that it leaves out. `taken`: by the row, rather than left. */
static enum conflict_key_kind key_of(const struct table_binding *binding, const struct target_key *key, unsigned ordinal,
	const struct value *image, const struct value *before, bool taken, uint64_t *number)
{
	const struct target_table *table = binding->table;
	uint64_t state = mix(mix(0x726f77u, table->id), ordinal);
	bool coarse = key->has_prefix;

	for (unsigned i = 0; i < key->count; i++) {
		const struct target_column *column = &table->columns[key->columns[i]];
		int source = source_of(binding, key->columns[i]);
		const struct value *value = source < 0 ? NULL : &image[source];

		if (value && value->kind == VALUE_ABSENT) /* it stays what it was, unless it follows other columns */
			value = before && !column->generated ? &before[source] : NULL;
		if (!value || value->kind == VALUE_ABSENT) {
			if (!taken || meets_nobody(column, source, before))
				return KEY_NONE;
			coarse = true;
		} else if (value->kind == VALUE_NULL) {
			return KEY_NONE;
		} else if ((binding->loose_text && binding->loose_text[source]) || !mix_value(&state, value, column)) {
			coarse = true;
		}
	}
	*number = coarse ? conflict_key_table(table) : state;
	return coarse ? KEY_COARSE : KEY_NUMBER;
}

enum conflict_key_kind conflict_key_left(const struct table_binding *binding, const struct target_key *key,
	unsigned ordinal, const struct value *before, uint64_t *number)
{
	return key_of(binding, key, ordinal, before, NULL, false, number);
}

enum conflict_key_kind conflict_key_taken(const struct table_binding *binding, const struct target_key *key,
	unsigned ordinal, const struct value *before, const struct value *after, uint64_t *number)
{
	if (before && !is_touched(binding, key, after))
		return KEY_NONE;
	return key_of(binding, key, ordinal, after, before, true, number);
}
