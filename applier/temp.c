#include "applier/temp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct temp_tables {
	char *schema, *channel;
	struct temp_table *tables;
	size_t count, room;
};

static void add(struct temp_tables *tables, uint32_t server_id, uint64_t thread_id, const char *database,
	const char *name, const char *real)
{
	struct temp_table *table;

	if (tables->count == tables->room) {
		tables->room = tables->room ? tables->room * 2 : 16;
		tables->tables = memory_realloc(tables->tables, tables->room * sizeof(*tables->tables));
	}
	table = &tables->tables[tables->count++];
	table->server_id = server_id;
	table->thread_id = thread_id;
	table->database = memory_strdup(database);
	table->name = memory_strdup(name);
	table->real = memory_strdup(real);
}

static void drop_at(struct temp_tables *tables, size_t index)
{
	struct temp_table *table = &tables->tables[index];

	free(table->database);
	free(table->name);
	free(table->real);
	*table = tables->tables[--tables->count];
}

/* Dropped on the source; the program was killed before it was dropped here. */
static int drop_left_over(struct target *target, const char *schema, const char *real, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct plan_step step;
	int result;

	rewrite_drop_real(schema, real, &arena, &step);
	result = target_execute(target, arena_strndup(&arena, step.sql, step.length), error);
	arena_release(&arena);
	return result;
}

struct question *temp_tables_ask(struct questions *questions, const char *schema, const char *channel)
{
	struct question *question = questions_add(questions, "reading the source's temporary tables");

	buffer_puts(&question->text, "SELECT server_id, thread_id, source_database, source_name, real_name FROM ");
	sql_put_name(&question->text, schema);
	buffer_puts(&question->text, ".temp_table WHERE channel = ");
	sql_put_string(&question->text, channel, strlen(channel));
	return question;
}

static int forget_dropped(const struct temp_tables *tables, struct target *target, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result;

	temp_tables_forget_dropped(tables, &sql);
	sql.data[sql.length - 2] = '\0'; /* "; " */
	result = target_execute(target, sql.data, error);
	buffer_release(&sql);
	return result;
}

int temp_tables_load(struct temp_tables **result, const struct question *answered, struct target *target,
	const char *schema, const char *channel, struct error *error)
{
	const struct target_rows *rows = &answered->rows;
	struct temp_tables *tables = memory_zalloc(sizeof(*tables));
	bool left_over = false;
	int status = 0;

	tables->schema = memory_strdup(schema);
	tables->channel = memory_strdup(channel);
	*result = tables;
	for (size_t i = 0; status == 0 && i < rows->rows; i++) {
		if (target_length(rows, i, 3) == 0) {
			left_over = true;
			status = drop_left_over(target, schema, target_text(rows, i, 4), error);
		} else {
			add(tables, (uint32_t)strtoul(target_text(rows, i, 0), NULL, 10),
				strtoull(target_text(rows, i, 1), NULL, 10), target_text(rows, i, 2),
				target_text(rows, i, 3), target_text(rows, i, 4));
		}
	}
	if (status == 0 && left_over)
		status = forget_dropped(tables, target, error);
	return status < 0 ? error_context(error, "reading the source's temporary tables") : 0;
}

void temp_tables_free(struct temp_tables *tables)
{
	if (!tables)
		return;
	while (tables->count)
		drop_at(tables, tables->count - 1);
	free(tables->tables);
	free(tables->schema);
	free(tables->channel);
	free(tables);
}

static struct temp_table *look_up(const struct temp_tables *tables, uint32_t server_id, uint64_t thread_id,
	const char *database, const char *name)
{
	for (size_t i = 0; i < tables->count; i++) {
		struct temp_table *table = &tables->tables[i];

		if (table->server_id == server_id && table->thread_id == thread_id &&
			strcmp(table->name, name) == 0 && strcmp(table->database, database) == 0)
			return table;
	}
	return NULL;
}

const char *temp_tables_find(const struct temp_tables *tables, uint32_t server_id, uint64_t thread_id,
	const char *database, const char *name)
{
	const struct temp_table *table = look_up(tables, server_id, thread_id, database, name);

	return table ? table->real : NULL;
}

bool temp_tables_any(const struct temp_tables *tables, uint32_t server_id, uint64_t thread_id)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (tables->tables[i].server_id == server_id && tables->tables[i].thread_id == thread_id)
			return true;
	}
	return false;
}

static void put_place(const struct temp_tables *tables, struct buffer *sql, const char *verb)
{
	buffer_puts(sql, verb);
	sql_put_name(sql, tables->schema);
	buffer_puts(sql, ".temp_table ");
}

static void put_delete(const struct temp_tables *tables, struct buffer *sql, const char *real)
{
	put_place(tables, sql, "DELETE FROM ");
	buffer_puts(sql, "WHERE channel = ");
	sql_put_string(sql, tables->channel, strlen(tables->channel));
	buffer_puts(sql, " AND real_name = ");
	sql_put_string(sql, real, strlen(real));
	buffer_puts(sql, "; ");
}

/* The real table is dropped after the commit: until then its row remembers that this is due. */
static void put_dropped(const struct temp_tables *tables, struct buffer *sql, const char *real)
{
	put_place(tables, sql, "UPDATE ");
	buffer_puts(sql, "SET source_database = '', source_name = '' WHERE channel = ");
	sql_put_string(sql, tables->channel, strlen(tables->channel));
	buffer_puts(sql, " AND real_name = ");
	sql_put_string(sql, real, strlen(real));
	buffer_puts(sql, "; ");
}

static void put_insert(const struct temp_tables *tables, struct buffer *sql, const struct temp_table *table)
{
	put_place(tables, sql, "REPLACE INTO ");
	buffer_puts(sql, "(channel, server_id, thread_id, real_name, source_database, source_name) VALUES (");
	sql_put_string(sql, tables->channel, strlen(tables->channel));
	buffer_printf(sql, ", %u, %llu, ", table->server_id, (unsigned long long)table->thread_id);
	sql_put_string(sql, table->real, strlen(table->real));
	buffer_puts(sql, ", ");
	sql_put_string(sql, table->database, strlen(table->database));
	buffer_puts(sql, ", ");
	sql_put_string(sql, table->name, strlen(table->name));
	buffer_puts(sql, "); ");
}

size_t temp_tables_scratch(const struct temp_tables *tables, struct buffer *sql, const char *real)
{
	const struct temp_table scratch = {.database = (char *)"", .name = (char *)"", .real = (char *)real};

	put_insert(tables, sql, &scratch);
	return 1;
}

size_t temp_tables_forget_dropped(const struct temp_tables *tables, struct buffer *sql)
{
	put_place(tables, sql, "DELETE FROM ");
	buffer_puts(sql, "WHERE channel = ");
	sql_put_string(sql, tables->channel, strlen(tables->channel));
	buffer_puts(sql, " AND source_name = ''; ");
	return 1;
}

size_t temp_tables_effect(struct temp_tables *tables, uint32_t server_id, uint64_t thread_id,
	const struct plan_effect *effect, struct buffer *sql)
{
	struct temp_table *table = NULL;
	size_t statements = 0;

	if (effect->kind != EFFECT_TEMP_CREATE && effect->kind != EFFECT_TEMP_REPLACE &&
		effect->kind != EFFECT_TEMP_DROP && effect->kind != EFFECT_TEMP_RENAME)
		return 0;
	table = look_up(tables, server_id, thread_id, effect->database ? effect->database : "", effect->name);
	if (table && effect->kind == EFFECT_TEMP_RENAME) {
		free(table->database);
		free(table->name);
		table->database = memory_strdup(effect->new_database ? effect->new_database : "");
		table->name = memory_strdup(effect->new_name);
		put_insert(tables, sql, table);
		return 1;
	}
	if (table) {
		put_dropped(tables, sql, table->real);
		drop_at(tables, (size_t)(table - tables->tables));
		statements++;
	}
	if (effect->kind == EFFECT_TEMP_CREATE || effect->kind == EFFECT_TEMP_REPLACE) {
		add(tables, server_id, thread_id, effect->database ? effect->database : "", effect->name,
			effect->real);
		put_insert(tables, sql, &tables->tables[tables->count - 1]);
		statements++;
	}
	return statements;
}

size_t temp_tables_restart(struct temp_tables *tables, uint32_t server_id, struct buffer *sql,
	void (*dropped)(void *context, const struct temp_table *table), void *context)
{
	size_t statements = 0;

	for (size_t i = tables->count; i-- > 0;) {
		if (tables->tables[i].server_id != server_id)
			continue;
		dropped(context, &tables->tables[i]);
		put_delete(tables, sql, tables->tables[i].real);
		drop_at(tables, i);
		statements++;
	}
	return statements;
}

size_t temp_tables_count(const struct temp_tables *tables)
{
	return tables->count;
}

const struct temp_table *temp_tables_at(const struct temp_tables *tables, size_t index)
{
	return &tables->tables[index];
}
