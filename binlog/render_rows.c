/* Table maps and rows: what most of a log consists of. Names are written once per map; a row costs no
 * allocation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "binlog/render_internal.h"
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

static struct render_map *map_find(const struct renderer *renderer, uint64_t table_id)
{
	struct render_map *map = renderer->maps[table_id % RENDER_MAP_BUCKETS];

	while (map && map->table_id != table_id)
		map = map->next;
	return map;
}

/* A name between back-ticks; what is no printable text as \xNN. */
static void put_identifier(const char *name, struct buffer *out)
{
	size_t left = strlen(name), size;

	buffer_putc(out, '`');
	for (; left; name += size, left -= size) {
		size = utf8_printable_character(name, left);
		if (*name == '`')
			buffer_putc(out, '`');
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

static void append_key(const struct render_map *map, uint32_t column, struct buffer *out)
{
	size_t begin = column ? map->key_ends[column - 1] : 0;

	buffer_append(out, map->keys.data + begin, map->key_ends[column] - begin);
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
	struct render_map *map = map_find(renderer, table_id_of(event));

	if (map && map->body_length == event->body_length &&
		memcmp(map->body, event->body, event->body_length) == 0)
		return map;
	return NULL;
}

/* Documents, numbers and what is compressed are measured when a row is read, and decoded when they are printed. */
static bool has_inner(const struct table_map *map)
{
	for (uint32_t i = 0; i < map->columns_count; i++) {
		switch (map->columns[i].type) {
		case TYPE_JSON:
		case TYPE_NEWDECIMAL:
		case TYPE_BLOB_COMPRESSED:
		case TYPE_VARCHAR_COMPRESSED:
			return true;
		default:
			break;
		}
	}
	return false;
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
	map->has_inner = has_inner(map->map);
	map_forget(renderer, map->table_id); /* the id means another table now */
	link = map_place(renderer, map->table_id);
	*link = map;
	renderer->maps_bytes += map_bytes(map);
	*found = map;
	return 0;
}

static void put_column_text(const struct table_column *column, uint32_t index, struct buffer *out)
{
	buffer_puts(out, index ? ", " : " columns=(");
	if (column->name)
		put_identifier(column->name, out);
	else
		buffer_printf(out, "@%u", index + 1);
	buffer_printf(out, " %s", column_type_name(column->type));
	if (column->sign == SIGN_UNSIGNED)
		buffer_puts(out, " unsigned");
	if (!column->nullable)
		buffer_puts(out, " not null");
	if (column->has_collation)
		buffer_printf(out, " collation %u", column->collation);
}

static void put_column_json(const struct table_column *column, uint32_t index, struct buffer *out)
{
	buffer_puts(out, index ? ",{\"type\":\"" : ",\"columns\":[{\"type\":\"");
	buffer_puts(out, column_type_name(column->type));
	buffer_puts(out, column->nullable ? "\",\"nullable\":true" : "\",\"nullable\":false");
	if (column->name) {
		buffer_puts(out, ",\"name\":");
		buffer_put_json(out, column->name, strlen(column->name));
	}
	if (column->sign != SIGN_UNKNOWN)
		buffer_puts(
			out, column->sign == SIGN_UNSIGNED ? ",\"unsigned\":true" : ",\"unsigned\":false");
	if (column->has_collation)
		buffer_printf(out, ",\"collation\":%u", column->collation);
	if (column->has_visibility && !column->visible)
		buffer_puts(out, ",\"visible\":false");
	buffer_putc(out, '}');
}

static void put_primary_key(struct renderer *renderer, const struct table_map *map)
{
	struct buffer *out = &renderer->out;

	if (!map->has_primary_key)
		return;
	if (renderer->form == RENDER_JSON) {
		buffer_puts(out, ",\"primary_key\":[");
		for (uint32_t i = 0; i < map->primary_key_count; i++)
			buffer_printf(out, "%s%u", i ? "," : "", map->primary_key[i] + 1);
		buffer_putc(out, ']');
		return;
	}
	buffer_puts(out, " primary_key=(");
	for (uint32_t i = 0; i < map->primary_key_count; i++)
		buffer_printf(out, "%s@%u", i ? ", " : "", map->primary_key[i] + 1);
	buffer_putc(out, ')');
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

static int put_image_text(struct renderer *renderer, const struct render_map *map, const struct value *values,
	const char *head, struct error *error)
{
	struct buffer *out = &renderer->out;

	buffer_puts(out, head);
	for (uint32_t i = 0; i < map->map->columns_count; i++) {
		if (values[i].kind == VALUE_ABSENT)
			continue;
		append_key(map, i, out);
		if (render_value_text(&values[i], &map->map->columns[i], &renderer->scratch, out, error) < 0)
			return -1;
	}
	return 0;
}

static int put_row_text(struct renderer *renderer, const struct render_map *map,
	const struct rows_iterator *rows, struct error *error)
{
	static const char *const verbs[] = {[ROWS_WRITE] = "\n### INSERT INTO ",
		[ROWS_UPDATE] = "\n### UPDATE ",
		[ROWS_DELETE] = "\n### DELETE FROM "};

	buffer_puts(&renderer->out, verbs[rows->event->kind]);
	buffer_append(&renderer->out, map->table.data, map->table.length);
	if (rows->event->kind != ROWS_WRITE &&
		put_image_text(renderer, map, rows->before, "\n### WHERE", error) < 0)
		return -1;
	if (rows->event->kind != ROWS_DELETE &&
		put_image_text(renderer, map, rows->after, "\n### SET", error) < 0)
		return -1;
	return 0;
}

static int put_image_json(struct renderer *renderer, const struct render_map *map, const struct value *values,
	const char *head, struct error *error)
{
	struct buffer *out = &renderer->out;
	bool first = true;

	buffer_puts(out, head);
	for (uint32_t i = 0; i < map->map->columns_count; i++) {
		if (values[i].kind == VALUE_ABSENT)
			continue;
		if (!first)
			buffer_putc(out, ',');
		first = false;
		append_key(map, i, out);
		if (render_value_json(&values[i], &map->map->columns[i], &renderer->scratch, out, error) < 0)
			return -1;
	}
	buffer_putc(out, '}');
	return 0;
}

static int put_row_json(struct renderer *renderer, const struct render_map *map,
	const struct rows_iterator *rows, struct error *error)
{
	buffer_puts(&renderer->out, rows->row > 1 ? ",{" : "{");
	if (rows->event->kind != ROWS_WRITE &&
		put_image_json(renderer, map, rows->before, "\"before\":{", error) < 0)
		return -1;
	if (rows->event->kind == ROWS_UPDATE)
		buffer_putc(&renderer->out, ',');
	if (rows->event->kind != ROWS_DELETE &&
		put_image_json(renderer, map, rows->after, "\"after\":{", error) < 0)
		return -1;
	buffer_putc(&renderer->out, '}');
	return 0;
}

static void count_values(struct renderer *renderer, const struct rows_iterator *rows)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rows->event->columns_count; i++) {
		count += bitmap_get(rows->event->present, i);
		if (rows->event->kind == ROWS_UPDATE)
			count += bitmap_get(rows->event->present_after, i);
	}
	renderer->counts.rows += rows->row;
	renderer->counts.values += count * rows->row;
}

/* Values that nobody prints are decoded as well. */
static int check_image(struct renderer *renderer, const struct render_map *map, const struct value *values, struct error *error)
{
	for (uint32_t i = 0; i < map->map->columns_count; i++) {
		switch ((enum value_kind)values[i].kind) {
		case VALUE_STRING:
			if (!values[i].compressed)
				continue;
			break;
		case VALUE_JSON:
		case VALUE_JSON_DIFF:
		case VALUE_DECIMAL:
			break;
		default:
			continue;
		}
		buffer_clear(&renderer->out);
		if (render_value_text(&values[i], &map->map->columns[i], &renderer->scratch, &renderer->out, error) < 0)
			return -1;
	}
	return 0;
}

static int check_row(struct renderer *renderer, const struct render_map *map, const struct rows_iterator *rows,
	struct error *error)
{
	if (rows->event->kind != ROWS_WRITE && check_image(renderer, map, rows->before, error) < 0)
		return -1;
	return rows->event->kind == ROWS_DELETE ? 0 : check_image(renderer, map, rows->after, error);
}

static int walk_rows(struct renderer *renderer, const struct rows_event *event, const struct render_map *map,
	struct error *error)
{
	struct rows_iterator rows;
	int rc;

	if (rows_iterator_init(&rows, event, map->map, &renderer->arena, error) < 0)
		return -1;
	while ((rc = rows_iterator_next(&rows, error)) > 0) {
		if (renderer->form == RENDER_NOTHING) {
			if (map->has_inner && check_row(renderer, map, &rows, error) < 0)
				return -1;
			continue;
		}
		if ((renderer->form == RENDER_JSON ? put_row_json : put_row_text)(
			    renderer, map, &rows, error) < 0)
			return -1;
		if (render_keep(renderer, error) < 0 || render_drain(renderer, error) < 0)
			return -1;
	}
	count_values(renderer, &rows);
	return rc;
}

int render_rows(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct rows_event rows;
	struct render_map *map;
	int result;

	if (rows_event_parse(event, renderer->format, &renderer->arena, &rows, error) < 0)
		return -1;
	map = map_find(renderer, rows.table_id);
	renderer->counts.row_bytes += rows.rows_length;
	if (rows.flags & ROWS_FLAG_STMT_END)
		renderer->in_statement = false;
	field_u64(renderer, "table_id", rows.table_id);
	field_hex(renderer, "rows_flags", rows.flags);
	if (map && renderer->form == RENDER_JSON) {
		buffer_putc(&renderer->out, ',');
		buffer_append(&renderer->out, map->table.data, map->table.length);
	}
	if (rows.table_id == ROWS_DUMMY_TABLE_ID)
		return 0;
	if (!map)
		return error_set(error, ERROR_CORRUPT,
			"it changes rows of table %llu, of which no table map came before.",
			(unsigned long long)rows.table_id);
	if (renderer->form == RENDER_JSON)
		buffer_puts(&renderer->out, ",\"rows\":[");
	render_keep(renderer, error);
	result = walk_rows(renderer, &rows, map, error);
	if (result < 0)
		render_take_back(renderer); /* the row that is broken */
	if (renderer->form == RENDER_JSON)
		buffer_putc(&renderer->out, ']');
	else if (result < 0)
		field_line(renderer);
	renderer->whole = renderer->out.length;
	return result;
}

void render_rows_learn(struct renderer *renderer, const struct event *event)
{
	struct error ignored = {0}; /* see renderer_learn */
	struct render_map *map;
	struct rows_event rows;

	if (event->header.type == EVENT_TABLE_MAP)
		map_add(renderer, event, &map, &ignored);
	else if (rows_event_parse(event, renderer->format, &renderer->arena, &rows, &ignored) == 0 &&
		 (rows.flags & ROWS_FLAG_STMT_END))
		renderer->in_statement = false;
}
