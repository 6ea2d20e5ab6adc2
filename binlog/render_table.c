/* Table maps: remembered for the rows that follow, whose names are written once per map, and printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "binlog/render_internal.h"
#include "binlog/render_string.h"
#include "binlog/table_map.h"

/* Of maps: then they are forgotten, before the next statement. And what those of one statement may take. */
#define MAPS_BYTES ((size_t)8 << 20)
#define STATEMENT_MAPS_BYTES ((size_t)256 << 20)

static void map_free(struct render_map *map)
{
	buffer_release(&map->table);
	buffer_release(&map->keys);
	free(map->key_ends);
	free(map->body);
	arena_release(&map->arena);
	free(map);
}

void render_maps_clear(struct renderer *renderer)
{
	for (unsigned i = 0; i < RENDER_MAP_BUCKETS; i++) {
		while (renderer->maps[i]) {
			struct render_map *next = renderer->maps[i]->next;

			map_free(renderer->maps[i]);
			renderer->maps[i] = next;
		}
	}
	renderer->maps_bytes = 0;
}

struct render_map *render_map_find(const struct renderer *renderer, uint64_t table_id)
{
	struct render_map *map = renderer->maps[table_id % RENDER_MAP_BUCKETS];

	while (map && map->table_id != table_id)
		map = map->next;
	return map;
}

/* A name between back-ticks, which are doubled inside; what is no printable text as \xNN, a back-slash as \\. */
static void put_identifier(const char *name, struct buffer *out)
{
	size_t left = strlen(name), size;

	buffer_putc(out, '`');
	for (; left; name += size, left -= size) {
		size = utf8_printable_character(name, left);
		if (*name == '`' || *name == '\\')
			buffer_putc(out, *name);
		if (size) {
			buffer_append(out, name, size);
		} else {
			buffer_printf(out, "\\x%02x", (unsigned char)*name);
			size = 1;
		}
	}
	buffer_putc(out, '`');
}

static void put_column_key(const struct renderer *renderer, const struct table_column *column, uint32_t index,
	struct buffer *out)
{
	char number[16];

	snprintf(number, sizeof(number), "@%u", index + 1);
	if (renderer->form == RENDER_JSON) {
		const char *name = column->name ? column->name : number;

		buffer_put_json(out, name, strlen(name));
		buffer_putc(out, ':');
		return;
	}
	buffer_puts(out, "\n###   ");
	if (column->name)
		put_identifier(column->name, out);
	else
		buffer_puts(out, number);
	buffer_putc(out, '=');
}

static void put_keys(const struct renderer *renderer, struct render_map *map)
{
	const struct table_map *table = map->map;

	if (renderer->form == RENDER_JSON) {
		buffer_puts(&map->table, "\"database\":");
		buffer_put_json(&map->table, table->database, strlen(table->database));
		buffer_puts(&map->table, ",\"table\":");
		buffer_put_json(&map->table, table->table, strlen(table->table));
	} else {
		put_identifier(table->database, &map->table);
		buffer_putc(&map->table, '.');
		put_identifier(table->table, &map->table);
	}
	map->key_ends = memory_alloc((size_t)table->columns_count * sizeof(*map->key_ends) + 1);
	for (uint32_t i = 0; i < table->columns_count; i++) {
		put_column_key(renderer, &table->columns[i], i, &map->keys);
		map->key_ends[i] = map->keys.length;
	}
}

/* The place of the map with that id in its list, or where it would go. */
static struct render_map **map_place(struct renderer *renderer, uint64_t table_id)
{
	struct render_map **link = &renderer->maps[table_id % RENDER_MAP_BUCKETS];

	while (*link && (*link)->table_id != table_id)
		link = &(*link)->next;
	return link;
}

static size_t map_bytes(const struct render_map *map)
{
	return sizeof(*map) + map->arena.bytes + map->body_length + map->table.capacity + map->keys.capacity +
	       map->map->columns_count * sizeof(*map->key_ends);
}

static void map_forget(struct renderer *renderer, uint64_t table_id)
{
	struct render_map **link = map_place(renderer, table_id), *map = *link;

	if (!map)
		return;
	*link = map->next;
	renderer->maps_bytes -= map_bytes(map);
	map_free(map);
}

static uint64_t table_id_of(const struct event *event)
{
	uint64_t table_id = 0;

	for (int i = event->body_length < 6 ? 0 : 6; i-- > 0;)
		table_id = table_id << 8 | event->body[i];
	return table_id;
}

/* Every statement repeats its maps: the one that is there already is not read again. */
static struct render_map *find_same(const struct renderer *renderer, const struct event *event)
{
	struct render_map *map = render_map_find(renderer, table_id_of(event));

	if (map && map->body_length == event->body_length &&
		memcmp(map->body, event->body, event->body_length) == 0)
		return map;
	return NULL;
}

static bool is_compressed(const struct table_column *column)
{
	return column->type == TYPE_BLOB_COMPRESSED || column->type == TYPE_VARCHAR_COMPRESSED;
}

/* Documents, numbers and what is compressed are measured when a row is read, and decoded when they are printed. */
static void find_inner(struct render_map *map)
{
	for (uint32_t i = 0; i < map->map->columns_count; i++) {
		const struct table_column *column = &map->map->columns[i];

		map->has_compressed |= is_compressed(column);
		map->has_inner |= is_compressed(column) || column->type == TYPE_JSON || column->type == TYPE_NEWDECIMAL;
	}
}

static int map_add(
	struct renderer *renderer, const struct event *event, struct render_map **found, struct error *error)
{
	struct render_map *map, **link;

	/* before the first map of a statement, known or new: those of one statement stay together */
	if (renderer->maps_bytes > MAPS_BYTES && !renderer->in_statement)
		render_maps_clear(renderer);
	if (renderer->maps_bytes > STATEMENT_MAPS_BYTES)
		return error_set(error, ERROR_CORRUPT, "the table maps of one statement take more than %zu bytes.",
			STATEMENT_MAPS_BYTES);
	renderer->in_statement = true;
	*found = map = find_same(renderer, event);
	if (map)
		return 0;
	map = memory_zalloc(sizeof(*map));
	if (table_map_parse(event, renderer->format, &map->arena, &map->map, error) < 0) {
		map_free(map);
		map_forget(renderer, table_id_of(event)); /* its rows are not of an earlier table */
		return -1;
	}
	map->table_id = map->map->table_id;
	map->body = memory_alloc(event->body_length + 1);
	memcpy(map->body, event->body, event->body_length);
	map->body_length = event->body_length;
	if (renderer->form != RENDER_NOTHING)
		put_keys(renderer, map);
	find_inner(map);
	map_forget(renderer, map->table_id); /* the id means another table now */
	link = map_place(renderer, map->table_id);
	*link = map;
	renderer->maps_bytes += map_bytes(map);
	*found = map;
	return 0;
}

/* A number that belongs to a column's type. */
struct type_number {
	const char *name;
	unsigned value;
	const char *unit;
};

#define TYPE_NUMBERS 2u

/* Those that the log tells; returns how many. */
static unsigned type_numbers(const struct table_column *column, struct type_number numbers[TYPE_NUMBERS])
{
	switch (column->type) {
	case TYPE_STRING:
	case TYPE_VARCHAR:
	case TYPE_VARCHAR_COMPRESSED:
		numbers[0] = (struct type_number){"maximum_bytes", column->maximum_bytes, " bytes"};
		return 1;
	case TYPE_NEWDECIMAL:
		numbers[0] = (struct type_number){"precision", column->precision, ""};
		numbers[1] = (struct type_number){"scale", column->scale, ""};
		return 2;
	case TYPE_TIMESTAMP2:
	case TYPE_DATETIME2:
	case TYPE_TIME2:
		numbers[0] = (struct type_number){"fraction_digits", column->scale, ""};
		return column->scale > 0;
	case TYPE_BIT:
		numbers[0] = (struct type_number){"bits", column->bits, ""};
		return 1;
	case TYPE_VECTOR:
		numbers[0] = (struct type_number){"dimensions", column->vector_dimensions, ""};
		return column->vector_dimensions > 0;
	default:
		return 0;
	}
}

/* In parentheses, as SQL has them, and members likewise. */
static void put_type_text(const struct table_column *column, struct buffer *out)
{
	struct type_number numbers[TYPE_NUMBERS];
	unsigned count = type_numbers(column, numbers);

	for (unsigned i = 0; i < count; i++)
		buffer_printf(out, "%c%u%s", i ? ',' : '(', numbers[i].value, numbers[i].unit);
	buffer_puts(out, count ? ")" : "");
	if (!column->names)
		return;
	for (uint32_t i = 0; i < column->names->count; i++) {
		buffer_putc(out, i ? ',' : '(');
		render_put_quoted((const uint8_t *)column->names->text[i], column->names->length[i], out);
	}
	buffer_puts(out, column->names->count ? ")" : "");
}

/* The log has the width of a BLOB's or TEXT's length only. */
static const char *type_name(const struct table_column *column)
{
	static const char *const blobs[] = {"TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"};
	static const char *const shapes[] = {"GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT",
		"MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};

	if (column->type == TYPE_BLOB)
		return blobs[column->maximum_bytes - 1];
	if (column->type == TYPE_GEOMETRY && column->geometry_type > 0)
		return shapes[column->geometry_type];
	return column_type_name(column->type);
}

static void put_column_text(const struct table_column *column, uint32_t index, struct buffer *out)
{
	buffer_puts(out, index ? ", " : " columns=(");
	if (column->name)
		put_identifier(column->name, out);
	else
		buffer_printf(out, "@%u", index + 1);
	buffer_putc(out, ' ');
	buffer_puts(out, type_name(column));
	put_type_text(column, out);
	if (column->sign == SIGN_UNSIGNED)
		buffer_puts(out, " unsigned");
	if (!column->nullable)
		buffer_puts(out, " not null");
	if (column->has_visibility && !column->visible)
		buffer_puts(out, " invisible");
	if (column->has_collation)
		buffer_printf(out, " collation %u", column->collation);
}

static void put_type_json(const struct table_column *column, struct buffer *out)
{
	struct type_number numbers[TYPE_NUMBERS];
	unsigned count = type_numbers(column, numbers);

	for (unsigned i = 0; i < count; i++)
		buffer_printf(out, ",\"%s\":%u", numbers[i].name, numbers[i].value);
	if (!column->names)
		return;
	for (uint32_t i = 0; i < column->names->count; i++) {
		buffer_puts(out, i ? "," : ",\"members\":[");
		render_put_string(
			(const uint8_t *)column->names->text[i], column->names->length[i], column, out);
	}
	buffer_puts(out, column->names->count ? "]" : "");
}

static void put_column_json(const struct table_column *column, uint32_t index, struct buffer *out)
{
	buffer_puts(out, index ? ",{\"type\":\"" : ",\"columns\":[{\"type\":\"");
	buffer_puts(out, type_name(column));
	buffer_puts(out, column->nullable ? "\",\"nullable\":true" : "\",\"nullable\":false");
	if (column->name) {
		buffer_puts(out, ",\"name\":");
		buffer_put_json(out, column->name, strlen(column->name));
	}
	put_type_json(column, out);
	if (column->sign != SIGN_UNKNOWN)
		buffer_puts(
			out, column->sign == SIGN_UNSIGNED ? ",\"unsigned\":true" : ",\"unsigned\":false");
	if (column->has_collation)
		buffer_printf(out, ",\"collation\":%u", column->collation);
	if (column->has_visibility && !column->visible)
		buffer_puts(out, ",\"visible\":false");
	buffer_putc(out, '}');
}

/* Columns by their number, with the characters that are in the key where these are not all. */
static void put_primary_key(struct renderer *renderer, const struct table_map *map)
{
	bool json = renderer->form == RENDER_JSON, prefixes = false;
	struct buffer *out = &renderer->out;

	if (!map->has_primary_key)
		return;
	for (uint32_t i = 0; i < map->primary_key_count; i++) {
		prefixes |= map->primary_key_prefix[i] != 0;
		buffer_puts(out, i ? "," : json ? ",\"primary_key\":[" : " primary_key=(");
		buffer_printf(out, "%s%u", json ? "" : i ? " @" : "@", map->primary_key[i] + 1);
		if (!json && map->primary_key_prefix[i])
			buffer_printf(out, "(%u)", map->primary_key_prefix[i]);
	}
	buffer_putc(out, json ? ']' : ')');
	if (!json || !prefixes)
		return;
	for (uint32_t i = 0; i < map->primary_key_count; i++)
		buffer_printf(out, "%s%u", i ? "," : ",\"primary_key_prefixes\":[", map->primary_key_prefix[i]);
	buffer_putc(out, ']');
}

int render_table_map(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct render_map *map;
	struct buffer *out = &renderer->out;

	if (map_add(renderer, event, &map, error) < 0)
		return -1;
	if (renderer->form == RENDER_NOTHING)
		return 0;
	field_u64(renderer, "table_id", map->table_id);
	field_hex(renderer, "map_flags", map->map->flags);
	buffer_putc(out, renderer->form == RENDER_JSON ? ',' : ' ');
	buffer_append(out, map->table.data, map->table.length);
	for (uint32_t i = 0; i < map->map->columns_count; i++)
		(renderer->form == RENDER_JSON ? put_column_json : put_column_text)(
			&map->map->columns[i], i, out);
	if (map->map->columns_count)
		buffer_putc(out, renderer->form == RENDER_JSON ? ']' : ')');
	put_primary_key(renderer, map->map);
	return 0;
}

void render_map_learn(struct renderer *renderer, const struct event *event)
{
	struct error ignored = {0}; /* see renderer_learn */
	struct render_map *map;

	map_add(renderer, event, &map, &ignored);
}
