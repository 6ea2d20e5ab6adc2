#include "applier/row_hashes.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "DB_ROW_HASH_"

bool is_row_hash_name(const char *name)
{
	const char *digits = name + strlen(PREFIX);

	return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && *digits && strspn(digits, "0123456789") == strlen(digits);
}

/* Are the last `count` columns of the map of the type that hashes have? */
static bool could_be_hashes(const struct table_map *map, uint32_t count)
{
	if (count >= map->columns_count)
		return false;
	for (uint32_t i = map->columns_count - count; i < map->columns_count; i++) {
		if (map->columns[i].type != TYPE_LONGLONG || map->columns[i].sign == SIGN_SIGNED)
			return false;
	}
	return true;
}

static uint32_t count_by_names(const struct table_map *map)
{
	uint32_t count = 0;

	while (could_be_hashes(map, count + 1) && is_row_hash_name(map->columns[map->columns_count - count - 1].name))
		count++;
	return count;
}

static int cannot_tell(const struct target_table *table, const struct table_map *map, struct error *error)
{
	return error_set(error, ERROR_STOP,
		"table %s has %u columns on the target and %u in the master's event, of which the last may be a hidden one of a UNIQUE "
		"key over TEXT, BLOB or long columns; the event does not tell. Make the tables alike, or add the column DB_ROW_HASH_1 "
		"BIGINT UNSIGNED (for each such key one, counted up) at the end of the target's, which stays empty; then run changeling "
		"retry. With binlog_row_metadata=FULL on the master what follows needs neither.",
		table->quoted, table->columns_count, map->columns_count);
}

/* Without names: as many as the target's own keys have, or as it has columns that stand for them, if that makes the columns even. */
static int count_by_place(const struct target_table *table, const struct table_map *map, uint32_t *count, struct error *error)
{
	unsigned stand_ins = 0, others;
	uint32_t expected;
	bool even;

	while (stand_ins < table->columns_count && table->columns[table->columns_count - stand_ins - 1].row_hash)
		stand_ins++;
	others = table->columns_count - stand_ins;
	expected = stand_ins ? stand_ins : table->hashed;
	if (!could_be_hashes(map, 1))
		return 0;
	even = map->columns_count == others + expected ||
		(table->is_versioned && map->columns_count == others + 2 + expected);
	if (expected ? !even || !could_be_hashes(map, expected)
		     : map->columns_count > others + (table->is_versioned ? 2 : 0))
		return cannot_tell(table, map, error);
	*count = expected;
	return 0;
}

int row_hashes_count(const struct target_table *table, const struct table_map *map, uint32_t *count, struct error *error)
{
	*count = 0;
	if (!map->has_names)
		return count_by_place(table, map, count, error);
	*count = count_by_names(map);
	return 0;
}
