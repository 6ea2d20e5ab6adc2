/* How a table map's columns lie on the target's table. */
#include <string.h>
#include <strings.h>

#include "applier/conversion.h"
#include "applier/generated.h"
#include "applier/implicit.h"
#include "applier/row_hashes.h"
#include "applier/sql/charset.h"
#include "applier/table.h"
#include "binlog/table_map.h"

static bool is_in_key(const struct target_table *table, unsigned column)
{
	bool found = table->columns[column].in_unique;

	for (unsigned i = 0; i < table->key.count && !found; i++)
		found = table->key.columns[i] == column;
	return found;
}

/* Are there texts in the source's character set that are equal in the target's column, and not by what one sees in their bytes? Of the
 * multi-byte sets older than Unicode some have a letter twice, which a collation by codes sees only where they are not converted. */
static bool is_loose(const char *charset, const struct target_column *column)
{
	if (column->loose || !charset_extends_ascii(charset))
		return true;
	return strcmp(charset, column->charset) != 0 && charset_maximum(charset) > 1 && strncmp(charset, "utf8", 4) != 0;
}

static void find_loose_texts(struct table_binding *binding, enum server_family family, struct arena *arena)
{
	const struct table_map *map = binding->map;
	bool *loose = NULL;

	for (uint32_t i = 0; i < map->columns_count; i++) {
		const struct target_column *column;
		const struct collation *collation;

		if (binding->to_target[i] < 0 || !is_in_key(binding->table, (unsigned)binding->to_target[i]))
			continue;
		column = &binding->table->columns[binding->to_target[i]];
		if (column->class != COLUMN_TEXT || !column->charset || !column->collation)
			continue;
		collation = map->columns[i].has_collation ? collation_by_id(family, map->columns[i].collation) : NULL;
		if (!is_loose(collation ? collation->charset : column->charset, column))
			continue;
		if (!loose)
			loose = arena_zalloc(arena, map->columns_count * sizeof(*loose));
		loose[i] = true;
	}
	binding->loose_text = loose;
}

/* What only a schema tells of a column: taken from the target's when the event does not say it. */
static void complete_column(struct table_column *column, const struct target_column *target)
{
	if (column->sign == SIGN_UNKNOWN)
		column->sign = target->is_unsigned ? SIGN_UNSIGNED : SIGN_SIGNED;
	if (column->type == TYPE_TIMESTAMP || column->type == TYPE_DATETIME || column->type == TYPE_TIME)
		column->fraction_digits = (uint8_t)target->datetime_digits;
}

static const struct {
	uint8_t type, bits;
	const char *name; /* DATA_TYPE */
} integers[] = {
	{TYPE_TINY, 8, "tinyint"}, {TYPE_SHORT, 16, "smallint"}, {TYPE_INT24, 24, "mediumint"}, {TYPE_LONG, 32, "int"},
	{TYPE_LONGLONG, 64, "bigint"},
};

/* The target's column tells the sign that the log does not, if it is of the master's type. In a wider one the same bits may be
 * another number: with them is noted how many there are. */
static void find_unsure_signs(struct table_binding *binding, struct arena *arena)
{
	const struct table_map *map = binding->map;
	uint8_t *bits = NULL;

	for (uint32_t i = 0; i < map->columns_count && !map->has_signedness; i++) {
		if (binding->to_target[i] < 0)
			continue;
		for (size_t k = 0; k < sizeof(integers) / sizeof(integers[0]); k++) {
			if (integers[k].type != map->columns[i].type ||
				strcasecmp(integers[k].name, binding->table->columns[binding->to_target[i]].type) == 0)
				continue;
			if (!bits)
				bits = arena_zalloc(arena, map->columns_count);
			bits[i] = integers[k].bits;
		}
	}
	binding->unsure_bits = bits;
}

static bool has_members(uint8_t type, enum column_class class)
{
	return type == TYPE_ENUM ? class == COLUMN_ENUM : class == COLUMN_SET;
}

/* Members by their names. A number of the log means nothing to a column of another type, nor does a text that is one ('1') mean
 * itself to an ENUM. */
static int match_members(struct table_binding *binding, enum server_family family, struct arena *arena,
	struct error *error)
{
	const struct table_map *map = binding->map;

	for (uint32_t i = 0; i < map->columns_count; i++) {
		const struct table_column *source = &map->columns[i];
		const struct target_column *column;
		const struct collation *collation;
		const uint32_t *numbers;

		if (binding->to_target[i] < 0)
			continue;
		column = &binding->table->columns[binding->to_target[i]];
		if (source->type != TYPE_ENUM && source->type != TYPE_SET && column->class != COLUMN_ENUM &&
			column->class != COLUMN_SET)
			continue;
		if (!has_members(source->type, column->class))
			return error_set(error, ERROR_STOP,
				"table %s: column %s is %s on the target, and %s on the master: ENUM and SET columns must be of "
				"the same type on both sides. Alter the target's, then run changeling retry.",
				binding->table->quoted, column->name, column->type, column_type_name(source->type));
		collation = source->has_collation ? collation_by_id(family, source->collation) : NULL;
		numbers = members_match(source, collation ? collation->charset : column->charset, &column->members, arena);
		if (!numbers)
			continue;
		if (!binding->members)
			binding->members = arena_zalloc(arena, map->columns_count * sizeof(*binding->members));
		binding->members[i] = numbers;
	}
	return 0;
}

static int describe_mismatch(const struct target_table *table, const struct table_map *map, struct error *error)
{
	return error_set(error, ERROR_STOP,
		"table %s has %u columns on the target and %u in the master's event, and the event does not name them. Make "
		"the tables alike, or set binlog_row_metadata=FULL on the master.",
		table->quoted, table->columns_count, map->columns_count);
}

/* Where a system-versioned table keeps from when and until when a row holds: the last two of `columns`, where nobody declared
 * them. */
static int find_versions(struct table_binding *binding, uint32_t columns, uint32_t implicit, struct error *error)
{
	const struct target_table *table = binding->table;
	const struct table_map *map = binding->map;

	binding->row_start = binding->row_end = -1;
	if (!table->is_versioned)
		return 0;
	if (implicit) {
		binding->row_start = (int)columns - 2;
		binding->row_end = (int)columns - 1;
	}
	for (uint32_t i = 0; i < map->columns_count && !implicit; i++) {
		const struct target_column *column =
			binding->to_target[i] < 0 ? NULL : &table->columns[binding->to_target[i]];

		if (column && column->row_start)
			binding->row_start = (int)i;
		if (column && column->row_end)
			binding->row_end = (int)i;
	}
	if (binding->row_start < 0 || binding->row_end < 0 || map->columns[binding->row_end].type != TYPE_TIMESTAMP2)
		return error_set(error, ERROR_STOP,
			"table %s is system-versioned by transactions, or not as the master's is: only versions by time are "
			"replicated.",
			table->quoted);
	return 0;
}

/* The one that MySQL gives to a table without a primary key (sql_generate_invisible_primary_key). */
static bool is_generated_key(const struct target_column *column)
{
	return column->invisible && column->auto_increment && strcmp(column->name, "my_row_id") == 0;
}

int table_bind(const struct target_table *table, struct table_map *map, enum server_family family, struct arena *arena,
	struct table_binding **result, struct error *error)
{
	struct table_binding *binding = arena_zalloc(arena, sizeof(*binding));
	bool gipk = (map->flags & TABLE_MAP_FLAG_GENERATED_INVISIBLE_PK) != 0;
	unsigned matched = 0, shift = 0, ahead = 0, assignable = 0;
	/* a system-versioned table's own two columns, when nobody declared them, show in the event only; behind them stand
	 * those of unique keys over hashes */
	uint32_t implicit = 0, columns, hashes = 0;

	if (!table->exists)
		return error_set(error, ERROR_STOP,
			"table %s.%s does not exist on the target. Make it there (with the rows it had at this position), then "
			"run changeling retry; or changeling skip.",
			map->database, map->table);
	if (table->bare_trigger)
		return error_set(error, ERROR_STOP,
			"table %s has the trigger %s on the target, which would fire for row changes whose effects are in the "
			"master's log already, so that they happen twice. Drop it until the cut-over, or create it again with "
			"its body inside IF @changeling_rows IS NULL THEN … END IF; then run changeling retry.",
			table->quoted, table->bare_trigger);
	binding->table = table;
	binding->map = map;
	binding->to_target = arena_alloc(arena, (map->columns_count + 1) * sizeof(int));
	if (family == FAMILY_MARIADB && row_hashes_count(table, map, &hashes, error) < 0)
		return -1;
	columns = map->columns_count - hashes;
	if (table->is_versioned && columns >= 2)
		implicit = map->has_names ? (table_column_index(table, map->columns[columns - 1].name) < 0 ? 2 : 0)
					  : (columns == table->columns_count + 2 ? 2 : 0);
	/* the master's generated invisible key, which the target may lack */
	if (gipk && !map->has_names &&
		(table->columns_count == 0 || strcmp(table->columns[0].name, "my_row_id") != 0))
		shift = 1;
	/* or the target's, which the master lacks */
	if (!gipk && !map->has_names && map->columns_count < table->columns_count && is_generated_key(&table->columns[0]))
		ahead = 1;
	for (uint32_t i = 0; i < map->columns_count; i++) {
		int at;

		if (i >= columns - implicit) {
			at = -1;
		} else if (map->has_names) {
			at = table_column_index(table, map->columns[i].name);
			if (at < 0 && !(gipk && i == 0))
				return error_set(error, ERROR_STOP,
					"table %s has no column %s on the target, which the master's has. Add it, then run "
					"changeling retry.",
					table->quoted, map->columns[i].name);
		} else if (i < shift) {
			at = -1;
		} else {
			at = (int)(i - shift + ahead);
			if ((unsigned)at >= table->columns_count)
				return describe_mismatch(table, map, error);
		}
		binding->to_target[i] = at;
		if (at < 0) {
			if (map->columns[i].sign == SIGN_UNKNOWN)
				map->columns[i].sign = SIGN_UNSIGNED;
			continue;
		}
		if ((!table->columns[at].generated || table->columns[at].unsure_expression) &&
			conversion_check(table, &map->columns[i], &table->columns[at], error) < 0)
			return -1;
		complete_column(&map->columns[i], &table->columns[at]);
		if (!table->columns[at].generated)
			matched++;
	}
	find_unsure_signs(binding, arena);
	implicit_find(binding, arena);
	find_loose_texts(binding, family, arena);
	if (match_members(binding, family, arena, error) < 0)
		return -1;
	for (unsigned i = 0; i < table->columns_count; i++)
		assignable += !table->columns[i].generated && !table->columns[i].row_hash;
	binding->all_columns = matched == assignable;
	if (find_versions(binding, columns, implicit, error) < 0)
		return -1;
	binding->key_sources = arena_alloc(arena, (table->key.count + 1) * sizeof(unsigned));
	binding->keyed = table->key.count > 0;
	for (unsigned k = 0; k < table->key.count; k++) {
		bool found = false;

		for (uint32_t i = 0; i < map->columns_count && !found; i++) {
			if (binding->to_target[i] == (int)table->key.columns[k]) {
				binding->key_sources[k] = i;
				found = true;
			}
		}
		if (!found)
			binding->keyed = false;
	}
	map->applier_data = binding;
	*result = binding;
	return 0;
}

static bool are_alike(const struct table_column *a, const struct table_column *b)
{
	return a->type == b->type && a->metadata == b->metadata && a->nullable == b->nullable && a->sign == b->sign &&
	       a->has_collation == b->has_collation && a->collation == b->collation && a->fraction_digits == b->fraction_digits;
}

/* Does the target have the same numbers for the members of column i? */
static bool members_alike(const struct table_binding *a, const struct table_binding *b, uint32_t i)
{
	const uint32_t *of_a = a->members ? a->members[i] : NULL, *of_b = b->members ? b->members[i] : NULL;
	const struct column_names *names = a->map->columns[i].names;

	if (!of_a || !of_b)
		return of_a == of_b;
	return names->count == b->map->columns[i].names->count && memcmp(of_a, of_b, names->count * sizeof(*of_a)) == 0;
}

bool table_bindings_alike(const struct table_binding *a, const struct table_binding *b)
{
	if (a == b)
		return true;
	if (a->table != b->table || a->map->columns_count != b->map->columns_count)
		return false;
	for (uint32_t i = 0; i < a->map->columns_count; i++) {
		if (a->to_target[i] != b->to_target[i] || !are_alike(&a->map->columns[i], &b->map->columns[i]) ||
			!members_alike(a, b, i))
			return false;
	}
	return true;
}
