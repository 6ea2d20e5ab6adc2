#include "applier/catalog.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "applier/questions.h"
#include "base/memory.h"

/* Tables of one schema that are read one by one before the rest is read with them: where there are not many, one. */
#define SINGLE_TABLES 4
#define FEW_TABLES 64

static const struct {
	const char *select, *from;
	const char *schema, *name; /* columns */
	const char *condition, *order;
} questions[CATALOG_KINDS] = {
	[CATALOG_TABLE] = {"TABLE_TYPE, ENGINE", "TABLES", "TABLE_SCHEMA", "TABLE_NAME", "", ""},
	[CATALOG_COLUMNS] = {"COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, "
			     "CHARACTER_OCTET_LENGTH, IS_NULLABLE, EXTRA, GENERATION_EXPRESSION, DATETIME_PRECISION, "
			     "COLUMN_DEFAULT, COLUMN_KEY",
		"COLUMNS", "TABLE_SCHEMA", "TABLE_NAME", "", ", ORDINAL_POSITION"},
	[CATALOG_UNIQUE] = {"INDEX_NAME, COLUMN_NAME, SUB_PART, INDEX_TYPE, IS_VISIBLE", "STATISTICS", "TABLE_SCHEMA", "TABLE_NAME",
		" AND NON_UNIQUE = 0", ", INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX"},
	[CATALOG_REFERS] = {"1", "KEY_COLUMN_USAGE", "TABLE_SCHEMA", "TABLE_NAME",
		" AND REFERENCED_TABLE_NAME IS NOT NULL", ""},
	[CATALOG_REFERRED] = {"1", "KEY_COLUMN_USAGE", "REFERENCED_TABLE_SCHEMA", "REFERENCED_TABLE_NAME", "", ""},
	[CATALOG_TRIGGERS] = {"TRIGGER_NAME", "TRIGGERS", "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE",
		" AND INSTR(ACTION_STATEMENT, '@changeling_rows') = 0", ", TRIGGER_NAME"},
};

/* Where a table's rows stand in a whole schema's answer. */
struct range {
	const char *name;
	size_t from, to;
	UT_hash_handle hh;
};

struct answer {
	struct target_rows rows;
	struct range *ranges;
};

struct schema {
	char *database;
	unsigned asked;     /* tables that were asked about one by one */
	bool few, whole;
	struct answer answers[CATALOG_KINDS];
	UT_hash_handle hh;
};

struct catalog {
	struct schema *schemas;
	struct arena arena;
};

struct catalog *catalog_new(void)
{
	return memory_zalloc(sizeof(struct catalog));
}

static void free_schema(struct schema *schema)
{
	for (int kind = 0; kind < CATALOG_KINDS; kind++) {
		struct range *range, *next;

		HASH_ITER(hh, schema->answers[kind].ranges, range, next)
		{
			HASH_DEL(schema->answers[kind].ranges, range);
		}
	}
	free(schema->database);
	free(schema);
}

void catalog_clear(struct catalog *catalog)
{
	struct schema *schema, *next;

	HASH_ITER(hh, catalog->schemas, schema, next)
	{
		HASH_DEL(catalog->schemas, schema);
		free_schema(schema);
	}
	arena_release(&catalog->arena);
}

void catalog_free(struct catalog *catalog)
{
	if (!catalog)
		return;
	catalog_clear(catalog);
	free(catalog);
}

/* What stands for a column of information_schema that the target's does not have, or has by another name; NULL = itself. */
static const char *stand_in(const struct target *target, const char *column)
{
	bool mysql = target_family(target) == FAMILY_MYSQL;
	unsigned version = target_version(target);

	if (strcmp(column, "GENERATION_EXPRESSION") == 0)
		return mysql && version < 50706 ? "''" : NULL;
	if (mysql)
		return version < 80000 ? "'YES'" : NULL;
	return version < 100600 ? "'YES'" : "IF(IGNORED = 'YES', 'NO', 'YES')";
}

static void put_columns(struct buffer *sql, const struct target *target, const char *select)
{
	static const char *const columns[] = {"GENERATION_EXPRESSION", "IS_VISIBLE"};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		const char *found = strstr(select, columns[i]);
		const char *instead = found ? stand_in(target, columns[i]) : NULL;

		if (!instead)
			continue;
		buffer_append(sql, select, (size_t)(found - select));
		buffer_puts(sql, instead);
		select = found + strlen(columns[i]);
	}
	buffer_puts(sql, select);
}

/* The question for one table, or (name NULL) for all of the schema. The table's name comes last, behind the columns that
 * the answer is read by. */
static void put_question(struct buffer *sql, const struct target *target, enum catalog_kind kind, const char *database,
	const char *name)
{
	buffer_puts(sql, "SELECT ");
	put_columns(sql, target, questions[kind].select);
	buffer_printf(sql, ", %s FROM information_schema.%s WHERE %s = ", questions[kind].name, questions[kind].from,
		questions[kind].schema);
	sql_put_string(sql, database, strlen(database));
	if (name) {
		buffer_printf(sql, " AND %s = ", questions[kind].name);
		sql_put_string(sql, name, strlen(name));
	}
	/* to the byte: names that differ in case alone are several tables, whose rows must not stand among each other */
	buffer_printf(sql, "%s ORDER BY CAST(%s AS BINARY)%s", questions[kind].condition, questions[kind].name,
		questions[kind].order);
}

static struct question *ask_count(struct questions *round, const char *database)
{
	struct question *question = questions_put(round, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");

	sql_put_string(&question->text, database, strlen(database));
	return question;
}

/* Everything about one table, or (name NULL) about all of the schema, in one round trip; with the first table also how many there
 * are. */
static int ask(struct catalog *catalog, struct target *target, struct schema *schema, const char *name,
	struct catalog_answers *answers, struct error *error)
{
	struct questions round;
	struct question *asked[CATALOG_KINDS], *count;

	questions_init(&round, &catalog->arena);
	for (int kind = 0; kind < CATALOG_KINDS; kind++) {
		asked[kind] = questions_put(&round, "");
		put_question(&asked[kind]->text, target, (enum catalog_kind)kind, schema->database, name);
	}
	count = schema->asked == 1 && name ? ask_count(&round, schema->database) : NULL;
	if (questions_ask(&round, target, error) < 0)
		return -1;
	for (int kind = 0; kind < CATALOG_KINDS; kind++)
		answers->of[kind] = asked[kind]->rows;
	if (count)
		schema->few = strtoull(target_text(&count->rows, 0, 0), NULL, 10) <= FEW_TABLES;
	return 0;
}

static struct schema *find_schema(struct catalog *catalog, const char *database)
{
	struct schema *schema;

	HASH_FIND_STR(catalog->schemas, database, schema);
	if (!schema) {
		schema = memory_zalloc(sizeof(*schema));
		schema->database = memory_strdup(database);
		HASH_ADD_KEYPTR(hh, catalog->schemas, schema->database, strlen(schema->database), schema);
	}
	return schema;
}

static void index_answer(struct catalog *catalog, struct answer *answer)
{
	size_t last = answer->rows.columns ? answer->rows.columns - 1 : 0, at = 0;

	while (at < answer->rows.rows) {
		const char *name = target_text(&answer->rows, at, last);
		struct range *range = arena_zalloc(&catalog->arena, sizeof(*range));

		range->name = name;
		range->from = at;
		while (at < answer->rows.rows && strcmp(target_text(&answer->rows, at, last), name) == 0)
			at++;
		range->to = at;
		HASH_ADD_KEYPTR(hh, answer->ranges, range->name, strlen(range->name), range);
	}
}

static int ask_whole(struct catalog *catalog, struct target *target, struct schema *schema, struct error *error)
{
	struct catalog_answers all;

	if (ask(catalog, target, schema, NULL, &all, error) < 0)
		return error_context(error, "reading the definitions of schema %s", schema->database);
	for (int kind = 0; kind < CATALOG_KINDS; kind++) {
		schema->answers[kind].rows = all.of[kind];
		index_answer(catalog, &schema->answers[kind]);
	}
	schema->whole = true;
	return 0;
}

/* The table's part of what was read of the whole schema. */
static void take_range(const struct answer *answer, const char *name, struct target_rows *rows)
{
	struct range *range;

	HASH_FIND_STR(answer->ranges, name, range);
	*rows = answer->rows;
	rows->rows = range ? range->to - range->from : 0;
	if (range) {
		rows->cells += range->from * rows->columns;
		rows->lengths += range->from * rows->columns;
	}
}

int catalog_read(struct catalog *catalog, struct target *target, const char *database, const char *name,
	struct catalog_answers *answers, struct error *error)
{
	struct schema *schema = find_schema(catalog, database);
	struct range *table = NULL;

	if (!schema->whole && ++schema->asked > (schema->few ? 1 : SINGLE_TABLES) &&
		ask_whole(catalog, target, schema, error) < 0)
		return -1;
	if (schema->whole)
		HASH_FIND_STR(schema->answers[CATALOG_TABLE].ranges, name, table);
	/* a name that the whole schema does not have may still be there in other letters: the server knows */
	if (!table)
		return ask(catalog, target, schema, name, answers, error);
	for (int kind = 0; kind < CATALOG_KINDS; kind++)
		take_range(&schema->answers[kind], name, &answers->of[kind]);
	return 0;
}
