#include "applier/table.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <uthash.h>

#include "applier/catalog.h"
#include "applier/generated.h"
#include "applier/row_hashes.h"
#include "applier/sql/charset.h"
#include "base/memory.h"

struct entry {
	char *key; /* database NUL name */
	size_t key_length;
	struct target_table *table;
	UT_hash_handle hh;
};

struct table_cache {
	struct entry *entries;
	struct catalog *catalog;
	struct arena arena;
	uint64_t tables; /* ever read: numbers them */
	uint64_t generation;
};

static uint64_t next_generation(void)
{
	static atomic_uint_least64_t last;

	return atomic_fetch_add(&last, 1) + 1;
}

struct table_cache *table_cache_new(void)
{
	struct table_cache *cache = memory_zalloc(sizeof(*cache));

	cache->catalog = catalog_new();
	cache->generation = next_generation();
	return cache;
}

void table_cache_clear(struct table_cache *cache)
{
	struct entry *entry, *next;

	HASH_ITER(hh, cache->entries, entry, next)
	{
		HASH_DEL(cache->entries, entry);
		free(entry->key);
		free(entry);
	}
	catalog_clear(cache->catalog);
	arena_release(&cache->arena);
	cache->generation = next_generation();
}

uint64_t table_cache_generation(const struct table_cache *cache)
{
	return cache->generation;
}

void table_cache_free(struct table_cache *cache)
{
	if (!cache)
		return;
	table_cache_clear(cache);
	catalog_free(cache->catalog);
	free(cache);
}

static const struct {
	const char *type;
	enum column_class class;
} classes[] = {
	{"float", COLUMN_FLOAT}, {"double", COLUMN_DOUBLE}, {"char", COLUMN_TEXT}, {"varchar", COLUMN_TEXT},
	{"tinytext", COLUMN_TEXT}, {"text", COLUMN_TEXT}, {"mediumtext", COLUMN_TEXT}, {"longtext", COLUMN_TEXT},
	{"binary", COLUMN_BYTES}, {"varbinary", COLUMN_BYTES}, {"tinyblob", COLUMN_BYTES}, {"blob", COLUMN_BYTES},
	{"mediumblob", COLUMN_BYTES}, {"longblob", COLUMN_BYTES}, {"enum", COLUMN_ENUM}, {"set", COLUMN_SET},
	{"date", COLUMN_TEMPORAL}, {"time", COLUMN_TEMPORAL}, {"datetime", COLUMN_TEMPORAL},
	{"timestamp", COLUMN_TEMPORAL}, {"json", COLUMN_JSON}, {"vector", COLUMN_VECTOR}, {"uuid", COLUMN_UUID},
	{"inet4", COLUMN_UUID}, {"inet6", COLUMN_UUID}, {"geometry", COLUMN_GEOMETRY}, {"point", COLUMN_GEOMETRY},
	{"linestring", COLUMN_GEOMETRY}, {"polygon", COLUMN_GEOMETRY}, {"multipoint", COLUMN_GEOMETRY},
	{"multilinestring", COLUMN_GEOMETRY}, {"multipolygon", COLUMN_GEOMETRY}, {"geomcollection", COLUMN_GEOMETRY},
	{"geometrycollection", COLUMN_GEOMETRY},
};

static enum column_class class_of(const char *type)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strcasecmp(classes[i].type, type) == 0)
			return classes[i].class;
	}
	return COLUMN_NUMBER;
}

static const char *quote(struct arena *arena, const char *database, const char *name)
{
	struct buffer text = BUFFER_INIT;
	const char *copy;

	if (database) {
		sql_put_name(&text, database);
		buffer_putc(&text, '.');
	}
	sql_put_name(&text, name);
	copy = arena_strdup(arena, buffer_text(&text));
	buffer_release(&text);
	return copy;
}

/* What a server computes for FLOAT(m,d) and DOUBLE(m,d), in the same steps. */
static double limit_of(const char *full_type)
{
	const char *open = strchr(full_type, '('), *comma = open ? strchr(open, ',') : NULL;
	double whole = 1, fraction = 1;
	long digits, decimals;

	if (!comma)
		return 0;
	decimals = strtol(comma + 1, NULL, 10);
	digits = strtol(open + 1, NULL, 10) - decimals;
	for (long i = 0; i < digits; i++)
		whole *= 10;
	for (long i = 0; i < decimals; i++)
		fraction *= 10;
	return whole - 1.0 / fraction;
}

/* MySQL has no text for a default of NULL, and MariaDB NULL; a word of that name has quotes there. */
static bool is_null(const char *default_text, enum server_family family)
{
	return !default_text || (family == FAMILY_MARIADB && strcasecmp(default_text, "NULL") == 0);
}

bool table_collation_is_loose(const char *charset, const char *collation)
{
	static const char *const parts[] = {"_hungarian", "_hu_", "_lithuanian", "_lt_", "macce_general", "big5_chinese", "gbk_chinese",
		"gb2312_chinese"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strstr(collation, parts[i]))
			return true;
	}
	return !charset_extends_ascii(charset);
}

static void fill_column(struct arena *arena, struct target_column *column, const struct target_rows *rows, size_t row,
	enum server_family family)
{
	const char *extra = target_text(rows, row, 7);
	const char *expression = target_cell(rows, row, 8);

	column->name = target_text(rows, row, 0);
	column->quoted = quote(arena, NULL, column->name);
	column->type = target_text(rows, row, 1);
	column->full_type = target_text(rows, row, 2);
	column->charset = target_cell(rows, row, 3);
	column->collation = target_cell(rows, row, 4);
	column->octets = target_cell(rows, row, 5) ? strtoull(target_cell(rows, row, 5), NULL, 10) : 0;
	column->nullable = strcmp(target_text(rows, row, 6), "YES") == 0;
	column->datetime_digits = target_cell(rows, row, 9) ? (unsigned)strtoul(target_cell(rows, row, 9), NULL, 10) : 0;
	column->has_default = !is_null(target_cell(rows, row, 10), family);
	column->class = class_of(column->type);
	if (column->class == COLUMN_FLOAT || column->class == COLUMN_DOUBLE)
		column->limit = limit_of(column->full_type);
	members_read(&column->members, column->full_type, arena);
	column->is_unsigned = strcasestr(column->full_type, "unsigned") != NULL || strcasecmp(column->type, "year") == 0;
	column->row_start = expression && strcasecmp(expression, "ROW START") == 0;
	column->row_end = expression && strcasecmp(expression, "ROW END") == 0;
	column->generated = (expression && expression[0] && !strcasestr(extra, "DEFAULT_GENERATED")) ||
		strcasestr(extra, "VIRTUAL") || strcasestr(extra, "STORED") || strcasestr(extra, "PERSISTENT");
	column->auto_increment = strcasestr(extra, "auto_increment") != NULL;
	column->on_update_now = strcasestr(extra, "on update") != NULL;
	column->loose = column->charset && column->collation && table_collation_is_loose(column->charset, column->collation);
	column->invisible = strcasestr(extra, "INVISIBLE") != NULL;
	column->row_hash = is_row_hash_name(column->name);
}

/* Those whose values are kept, in the row or (virtual ones) in an index. */
static void find_generated(struct target_table *table, const struct target_rows *rows)
{
	for (size_t i = 0; i < rows->rows; i++) {
		struct target_column *column = &table->columns[i];
		bool kept = !strcasestr(target_text(rows, i, 7), "VIRTUAL") || target_text(rows, i, 11)[0];
		const char *expression = target_text(rows, i, 8);

		table->has_generated = table->has_generated || column->generated;
		if (!column->generated || column->row_start || column->row_end || !kept || generated_is_sure(table, expression))
			continue;
		column->unsure_expression = expression;
		table->unsure_generated = true;
	}
}

static void read_columns(struct arena *arena, struct target_table *table, const struct target_rows *rows,
	enum server_family family)
{
	table->columns_count = (unsigned)rows->rows;
	table->columns = arena_zalloc(arena, (rows->rows + 1) * sizeof(*table->columns));
	for (size_t i = 0; i < rows->rows; i++)
		fill_column(arena, &table->columns[i], rows, i, family);
	find_generated(table, rows);
}

int table_column_index(const struct target_table *table, const char *name)
{
	for (unsigned i = 0; i < table->columns_count; i++) {
		if (strcasecmp(table->columns[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* Whether equality on the column in a join with a list of literals could differ from the column's own. */
static bool needs_care(const struct target_column *column)
{
	switch (column->class) {
	case COLUMN_NUMBER:
		return strcasecmp(column->type, "bit") == 0 || strcasecmp(column->type, "year") == 0;
	case COLUMN_TEXT:
	case COLUMN_BYTES:
		return false;
	default:
		return true;
	}
}

struct key_candidate {
	struct target_key key;
	bool usable;
	bool over_expression; /* any column of the table may be in it */
	bool hashed;
};

/* MariaDB's, over columns that are too long for an index: no row is found by it, and its hidden column is in the log. */
static bool is_over_hashes(const struct target_table *table, const char *index_type)
{
	return strcasecmp(index_type, "HASH") == 0 && strcasecmp(table->engine, "MEMORY") != 0;
}

/* Reads the rows of STATISTICS from `at` on that belong to one index; returns the row behind it. Of a system-versioned table the
 * end of a row's time belongs to each key, and is left out: it is the same for all current rows, and another one in another
 * version of the server. */
static size_t read_key(const struct target_table *table, const struct target_rows *rows, size_t at,
	struct arena *arena, struct key_candidate *candidate)
{
	const char *name = target_text(rows, at, 0);
	size_t end = at;

	while (end < rows->rows && strcmp(target_text(rows, end, 0), name) == 0)
		end++;
	candidate->hashed = is_over_hashes(table, target_text(rows, at, 3));
	candidate->usable = !candidate->hashed && strcasecmp(target_text(rows, at, 4), "YES") == 0;
	candidate->over_expression = false;
	candidate->key.primary = strcmp(name, "PRIMARY") == 0;
	candidate->key.quoted = quote(arena, NULL, name);
	candidate->key.has_prefix = false;
	candidate->key.count = 0;
	candidate->key.columns = arena_alloc(arena, (end - at) * sizeof(unsigned));
	for (; at < end; at++) {
		const char *column_name = target_cell(rows, at, 1);
		int column = column_name ? table_column_index(table, column_name) : -1;

		if (column < 0) { /* an expression */
			candidate->usable = false;
			candidate->over_expression = true;
			continue;
		}
		if (table->columns[column].row_start || table->columns[column].row_end)
			continue;
		if (target_cell(rows, at, 2)) {
			candidate->key.has_prefix = true;
			candidate->usable = candidate->usable && candidate->key.primary;
		}
		if (table->columns[column].nullable || (table->columns[column].generated && !candidate->key.primary))
			candidate->usable = false;
		candidate->key.columns[candidate->key.count++] = (unsigned)column;
	}
	return end;
}

static void read_keys(struct arena *arena, struct target_table *table, const struct target_rows *rows)
{
	size_t at = 0;

	table->uniques = arena_alloc(arena, (rows->rows + 1) * sizeof(*table->uniques));
	while (at < rows->rows) {
		struct key_candidate candidate;

		at = read_key(table, rows, at, arena, &candidate);
		table->hashed += candidate.hashed;
		if (candidate.usable && candidate.key.count && table->key.count == 0) {
			table->key = candidate.key;
			continue;
		}
		table->uniques[table->secondary_unique++] = candidate.key;
		for (unsigned i = 0; i < candidate.key.count; i++)
			table->columns[candidate.key.columns[i]].in_unique = true;
		if (candidate.over_expression) {
			table->has_generated = true;
			table->uniques[table->secondary_unique - 1].count = 0;
			for (unsigned i = 0; i < table->columns_count; i++)
				table->columns[i].in_unique = true;
		}
	}
	for (unsigned i = 0; i < table->key.count; i++) {
		if (needs_care(&table->columns[table->key.columns[i]]))
			table->key_needs_care = true;
	}
	/* a generated column in a unique key follows the columns it is made of: all may matter */
	for (unsigned i = 0; i < table->columns_count; i++) {
		if (table->columns[i].in_unique && table->columns[i].generated) {
			for (unsigned j = 0; j < table->columns_count; j++)
				table->columns[j].in_unique = true;
			break;
		}
	}
}

bool table_engine_keeps_rows(const char *engine)
{
	static const char *const names[] = {"MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "MRG_MyISAM", "FEDERATED", "CONNECT",
		"Mroonga", "S3"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i], engine) == 0)
			return true;
	}
	return false;
}

static int read_table(struct table_cache *cache, struct target *target, struct target_table *table,
	struct error *error)
{
	struct catalog_answers answers;
	const struct target_rows *own = &answers.of[CATALOG_TABLE], *triggers = &answers.of[CATALOG_TRIGGERS];
	const char *kind;

	if (catalog_read(cache->catalog, target, table->database, table->name, &answers, error) < 0)
		return -1;
	if (own->rows == 0)
		return 0;
	table->exists = true;
	kind = target_text(own, 0, 0);
	table->is_view = strcmp(kind, "VIEW") == 0;
	table->is_sequence = strcmp(kind, "SEQUENCE") == 0;
	table->is_versioned = strcmp(kind, "SYSTEM VERSIONED") == 0;
	table->engine = target_text(own, 0, 1);
	table->keeps_rows = !table->is_sequence && table_engine_keeps_rows(table->engine);
	read_columns(&cache->arena, table, &answers.of[CATALOG_COLUMNS], target_family(target));
	read_keys(&cache->arena, table, &answers.of[CATALOG_UNIQUE]);
	table->referred = answers.of[CATALOG_REFERRED].rows > 0;
	table->has_foreign_keys = answers.of[CATALOG_REFERS].rows > 0 || table->referred;
	if (triggers->rows)
		table->bare_trigger = target_text(triggers, 0, 0);
	return 0;
}

int table_cache_find(struct table_cache *cache, struct target *target, const char *database, const char *name,
	const struct target_table **table, struct error *error)
{
	size_t database_length = strlen(database), length = database_length + 1 + strlen(name);
	struct entry *entry;
	struct target_table *read;
	char *key = memory_alloc(length + 1);

	memcpy(key, database, database_length + 1);
	strcpy(key + database_length + 1, name);
	HASH_FIND(hh, cache->entries, key, length, entry);
	if (entry) {
		free(key);
		*table = entry->table;
		return 0;
	}
	read = arena_zalloc(&cache->arena, sizeof(*read));
	read->database = arena_strdup(&cache->arena, database);
	read->name = arena_strdup(&cache->arena, name);
	read->quoted = quote(&cache->arena, database, name);
	read->id = ++cache->tables;
	if (read_table(cache, target, read, error) < 0) {
		free(key);
		return error_context(error, "reading the definition of table %s.%s", database, name);
	}
	entry = memory_zalloc(sizeof(*entry));
	entry->key = key;
	entry->key_length = length;
	entry->table = read;
	HASH_ADD_KEYPTR(hh, cache->entries, entry->key, length, entry);
	*table = read;
	return 0;
}
