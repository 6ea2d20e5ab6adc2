/* Rows: what most of a log consists of. A row costs no allocation, and a long one no memory for its text. */
#include "binlog/render_internal.h"

/* Bytes of a row in the log from which on its text is not held in memory. */
#define LONG_ROW ((size_t)1 << 20)
#define LONG_COMPRESSED_ROW ((size_t)64 << 10)

static void append_key(const struct render_map *map, uint32_t column, struct buffer *out)
{
	size_t begin = column ? map->key_ends[column - 1] : 0;

	buffer_append(out, map->keys.data + begin, map->key_ends[column] - begin);
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

/* Decodes what the reading of the row has only measured. */
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
		buffer_clear(&renderer->nothing);
		if (render_value_text(
			    &values[i], &map->map->columns[i], &renderer->scratch, &renderer->nothing, error) < 0)
			return -1;
	}
	return 0;
}

static int check_row(struct renderer *renderer, const struct render_map *map, const struct rows_iterator *rows,
	struct error *error)
{
	if (!map->has_inner)
		return 0;
	if (rows->event->kind != ROWS_WRITE && check_image(renderer, map, rows->before, error) < 0)
		return -1;
	return rows->event->kind == ROWS_DELETE ? 0 : check_image(renderer, map, rows->after, error);
}

static int put_row(struct renderer *renderer, const struct render_map *map, const struct rows_iterator *rows, struct error *error)
{
	return (renderer->form == RENDER_JSON ? put_row_json : put_row_text)(renderer, map, rows, error);
}

/* A row whose text is not held until it is whole: so it is decoded before, to see that it will be. */
static int put_long_row(
	struct renderer *renderer, const struct render_map *map, const struct rows_iterator *rows, struct error *error)
{
	int result = check_row(renderer, map, rows, error);

	if (result < 0)
		return -1;
	render_flow(renderer);
	result = put_row(renderer, map, rows, error);
	render_hold(renderer);
	return result;
}

static int take_row(struct renderer *renderer, const struct render_map *map, const struct rows_iterator *rows,
	size_t length, struct error *error)
{
	int result;

	if (renderer->form == RENDER_NOTHING)
		return check_row(renderer, map, rows, error);
	result = length >= (map->has_compressed ? LONG_COMPRESSED_ROW : LONG_ROW)
			 ? put_long_row(renderer, map, rows, error)
			 : put_row(renderer, map, rows, error);
	if (result < 0 || render_keep(renderer, error) < 0)
		return -1;
	return render_drain(renderer, error);
}

static int walk_rows(struct renderer *renderer, const struct rows_event *event, const struct render_map *map,
	struct error *error)
{
	struct rows_iterator rows;
	const uint8_t *begin;
	int rc;

	if (rows_iterator_init(&rows, event, map->map, &renderer->arena, error) < 0)
		return -1;
	if (renderer->form == RENDER_NOTHING && !map->has_inner) {
		rc = rows_iterator_rest(&rows, error);
	} else {
		while (begin = rows.at, (rc = rows_iterator_next(&rows, error)) > 0) {
			if (take_row(renderer, map, &rows, (size_t)(rows.at - begin), error) < 0)
				return -1;
		}
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
	map = render_map_find(renderer, rows.table_id);
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
	struct rows_event rows;

	if (rows_event_parse(event, renderer->format, &renderer->arena, &rows, &ignored) == 0 &&
		(rows.flags & ROWS_FLAG_STMT_END))
		renderer->in_statement = false;
}
