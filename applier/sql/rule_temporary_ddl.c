/* Temporary tables as real ones: their definitions (6.1).
 *
 * DDL would commit the transaction it stands in. So a table is made before the transaction begins and dropped
 * after it has ended; only rows move inside it. An altered table is a new one that takes the old one's rows.
 * Each carries a name of its own, made from the place in the log, so that doing it again after a crash does
 * the same. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/query_text.h"
#include "applier/sql/rule_temporary.h"
#include "applier/sql/table_text.h"

static uint64_t hash_more(uint64_t hash, const char *text)
{
	for (;; text++) { /* the NUL counts, so that a.bc is not ab.c */
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
		if (!*text)
			return hash;
	}
}

static uint64_t hash_of(const char *text)
{
	return hash_more(0xcbf29ce484222325u, text);
}

void temporary_check_prefix(const char *real, struct buffer *out)
{
	buffer_printf(out, "chk_%016llx_", (unsigned long long)hash_of(real));
}

/* Does the target want names of CHECKs to differ within a schema? */
static bool checks_need_names(const struct rewriting *r)
{
	return version_at_least(r->target->server, FAMILY_MYSQL, 80016);
}

/* What the CHECK of that name is called on the real table. Names are the same in any case. */
static const char *check_name(struct rewriting *r, const char *real, const char *name)
{
	struct buffer out = BUFFER_INIT;
	char *folded = arena_strdup(r->arena, name);
	const char *copy;

	for (char *at = folded; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at += 'a' - 'A';
	temporary_check_prefix(real, &out);
	buffer_printf(&out, "%016llx", (unsigned long long)hash_of(folded));
	copy = arena_strdup(r->arena, buffer_text(&out));
	buffer_release(&out);
	return copy;
}

/* "x_chk_1": of table x, as MySQL names a CHECK that has no name; its number, else NULL. */
static const char *made_number(const char *table, const char *name)
{
	size_t length = strlen(table);

	if (strncasecmp(name, table, length) != 0 || strncasecmp(name + length, "_chk_", 5) != 0)
		return NULL;
	name += length + 5;
	return *name && name[strspn(name, "0123456789")] == '\0' ? name : NULL;
}

/* Writes the names that CHECKs have on the real table: CONSTRAINT n CHECK …, and DROP and ALTER of CHECK n, CONSTRAINT n. */
static void name_checks(struct rewriting *r, const struct object *object, const char *real)
{
	if (!checks_need_names(r))
		return;
	for (size_t i = r->statement.body; i + 1 < r->tokens.count; i++) {
		bool changed = rule_is(r, i - 1, KW_DROP) || rule_is(r, i - 1, KW_ALTER);
		const char *name, *number;
		size_t at = i + 1;

		if (!rule_is(r, i, KW_CONSTRAINT) && !(changed && rule_is(r, i, KW_CHECK)))
			continue;
		if (rule_is(r, at, KW_IF)) /* [NOT] EXISTS */
			at += rule_is(r, at + 1, KW_NOT) ? 3 : 2;
		if (!token_is_name(&r->tokens, at) || (!changed && !rule_is(r, at + 1, KW_CHECK)))
			continue;
		name = rule_utf8(r, rule_value(r, at));
		number = changed ? made_number(rule_utf8(r, object->name), name) : NULL;
		rule_replace(r, at, at, number ? rule_printf(r, "%s_chk_%s", real, number) : check_name(r, real, name));
	}
}

/* The CHECKs without a name of a table that MariaDB makes: CONSTRAINT_1, … there. */
static void name_nameless_checks(struct rewriting *r, const char *real)
{
	const struct table_text *text = table_text_of(r);
	unsigned count = 0;

	for (size_t i = 0; i < text->item_count && checks_need_names(r) && r->input->source.family == FAMILY_MARIADB; i++) {
		if (!rule_is(r, text->items[i].first, KW_CHECK))
			continue;
		rule_insert_before(r, text->items[i].first,
			rule_printf(r, "CONSTRAINT %s ", check_name(r, real, rule_printf(r, "CONSTRAINT_%u", ++count))));
	}
}

/* How the end of a real table's name tells what a ROLLBACK does to its rows on the source. */
static const char *const engine_marks[] = {
	[TEMP_ROLLS_BACK] = "", [TEMP_KEEPS_ROWS] = "_n", [TEMP_UNKNOWN] = "_u"};

enum temp_engine temp_engine_of(const char *real)
{
	size_t length = strlen(real);

	for (unsigned engine = TEMP_KEEPS_ROWS; engine <= TEMP_UNKNOWN; engine++)
		if (length > 2 && strcmp(real + length - 2, engine_marks[engine]) == 0)
			return (enum temp_engine)engine;
	return TEMP_ROLLS_BACK;
}

/* tmp_<server>_<thread>_<serial>_<hash of the name><mark>: at most 4 + 10 + 1 + 20 + 1 + 16 + 1 + 8 + 2 = 63 of
 * 64 characters */
static const char *new_name(struct rewriting *r, const char *database, const char *name, enum temp_engine engine)
{
	uint64_t hash = hash_more(hash_of(database), name);

	return rule_printf(r, "tmp_%u_%llu_%llx_%08x%s", r->input->server_id,
		(unsigned long long)r->input->thread_id, (unsigned long long)r->input->serial,
		(unsigned)(hash ^ hash >> 32), engine_marks[engine]);
}

static enum temp_engine engine_named(const char *name)
{
	return table_engine_rolls_back(name) ? TEMP_ROLLS_BACK : TEMP_KEEPS_ROWS;
}

enum temp_engine temporary_source_engine(struct rewriting *r, const struct object *object)
{
	const struct temp_registry *temps = r->input->temps;
	const char *real = temporary_find(r, object);

	if (real)
		return temp_engine_of(real);
	return temps && temps->engine ? temps->engine(temps->context, rule_database(r, object), rule_utf8(r, object->name))
				      : TEMP_UNKNOWN;
}

/* Of a table that is made: as the text says, as the table has it that it is made like, or the source's default. */
static enum temp_engine engine_made(struct rewriting *r)
{
	const char *named = table_engine_in(table_text_of(r), r);

	if (named)
		return engine_named(named);
	if ((r->statement.flags & STATEMENT_LIKE) && r->statement.object_count > 1)
		return temporary_source_engine(r, &r->statement.objects[1]);
	return r->input->default_temp_engine ? engine_named(r->input->default_temp_engine) : TEMP_ROLLS_BACK;
}

/* Of an altered twin. */
static enum temp_engine engine_altered(struct rewriting *r, const char *old)
{
	const char *named = table_engine_in(table_text_of(r), r);

	return named ? engine_named(named) : temp_engine_of(old);
}

static void is_temporary(struct rewriting *r)
{
	r->plan->flags |= PLAN_TEMP;
	r->plan->flags &= ~(unsigned)(PLAN_COMMITS | PLAN_DDL);
	r->plan->action = PLAN_REWRITE;
	r->built = true;
}

static struct plan_step *step_of(struct rewriting *r, enum step_when when, const char *sql)
{
	struct plan_step *step = rule_step(r, when, sql, strlen(sql));

	step->commits = when != STEP_MAIN;
	return step;
}

static void drop_after(struct rewriting *r, const char *real)
{
	step_of(r, STEP_AFTER, rule_printf(r, "DROP TABLE IF EXISTS %s", temporary_qualified(r, real)));
}

/* The token behind the statement's last one: a closing ';' is none of it. */
static size_t text_end(const struct rewriting *r)
{
	size_t end = r->tokens.count;

	while (end > 0 && rule_is(r, end - 1, ';'))
		end--;
	return end;
}

/* Text of the tokens first…end-1 with nothing behind it. */
static const char *part(struct rewriting *r, size_t first, size_t end)
{
	struct buffer text = BUFFER_INIT;
	const char *copy;

	if (first >= end)
		return "";
	edits_render(&r->edits, r->tokens.text, r->tokens.items[first].start,
		(size_t)r->tokens.items[end - 1].start + r->tokens.items[end - 1].length, &text);
	/* a version comment that encloses the query has its end behind its last token */
	for (size_t i = 0, open = 0; i < r->tokens.mark_count; i++) {
		const struct token *mark = &r->tokens.marks[i];

		if (mark->start < r->tokens.items[first].start || mark->kind == TOKEN_COMMENT)
			continue;
		if (mark->start < r->tokens.items[end - 1].start)
			open = mark->kind == TOKEN_CODE_OPEN;
		else if (open && mark->kind == TOKEN_CODE_CLOSE) {
			edits_render(&r->edits, r->tokens.text, mark->start,
				(size_t)mark->start + mark->length, &text);
			open = 0;
		}
	}
	copy = arena_strndup(r->arena, buffer_text(&text), text.length);
	buffer_release(&text);
	return copy;
}

static bool has_columns(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->item_count; i++)
		if (!text->items[i].is_key)
			return true;
	return false;
}

/* Where a table that names no character set gets that of its database, which the real one does not stand in. */
#define CHARSET_PLACE "\x01\x02\x01"

static bool names_charset(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->option_count; i++) {
		if (!text->options[i].in_partition &&
			(text->options[i].word == KW_CHARSET || text->options[i].word == KW_COLLATE))
			return true;
	}
	return false;
}

/* Marks the place, before the steps are made; returns the mark where it stands in front of all that the text has. */
static const char *mark_charset(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	if ((r->statement.flags & STATEMENT_LIKE) || names_charset(r))
		return "";
	if (text->columns_end == text->columns_open)
		return CHARSET_PLACE;
	rule_insert_after(r, text->columns_end - 1, CHARSET_PLACE);
	return "";
}

static void create_before(struct rewriting *r, const char *database, const char *sql)
{
	const char *mark = strstr(sql, CHARSET_PLACE);
	struct plan_step *step;

	if (!mark) {
		step_of(r, STEP_BEFORE, sql);
		return;
	}
	step = step_of(r, STEP_BEFORE, rule_printf(r, "%.*s%s", (int)(mark - sql), sql, mark + strlen(CHARSET_PLACE)));
	step->work = WORK_CREATE_TABLE;
	step->database = database;
	step->charset_at = (size_t)(mark - sql);
}

/* CREATE TEMPORARY TABLE … SELECT: the definition before, the rows in their place. */
static void create_from_query(struct rewriting *r, const char *database, const char *qualified, const char *mark)
{
	size_t head_end = r->statement.select, end = text_end(r), limit;
	const char *head, *query, *empty, *verb = "INSERT INTO";
	struct plan_step *step;
	bool wrapped;

	for (; head_end > r->statement.body; head_end--) {
		if (rule_is(r, head_end - 1, KW_IGNORE))
			verb = "INSERT IGNORE INTO";
		else if (rule_is(r, head_end - 1, KW_REPLACE))
			verb = "REPLACE INTO";
		else if (!rule_is(r, head_end - 1, KW_AS))
			break;
	}
	head = part(r, r->statement.body, head_end);
	query = part(r, r->statement.select, end);
	limit = query_limit_place(&r->tokens, r->statement.select, end);
	wrapped = rule_is(r, r->statement.select, '(') &&
		  token_skip_parens(&r->tokens, r->statement.select) == end;
	if (limit)
		empty = rule_printf(r, "%s LIMIT 0", part(r, r->statement.select, limit));
	else
		empty = rule_printf(r, "SELECT * FROM %s%s%s AS q LIMIT 0", wrapped ? "" : "(", query,
			wrapped ? "" : ")");
	create_before(r, database,
		rule_printf(r, "CREATE TABLE IF NOT EXISTS %s %s%s%sAS %s", qualified, mark, head, head[0] ? " " : "",
			empty));
	step = step_of(r, STEP_MAIN, rule_printf(r, "%s %s", verb, qualified));
	if (has_columns(r)) { /* the query's columns are not all, and not the first */
		step->work = WORK_INSERT_NAMED;
		step->more = query;
		step->more_length = strlen(query);
	} else {
		step->sql = rule_printf(r, "%s %s %s", verb, qualified, query);
		step->length = strlen(step->sql);
	}
}

void temporary_create(struct rewriting *r)
{
	const struct object *object = &r->statement.objects[0];
	const char *database, *name, *real, *old, *qualified, *mark;
	struct plan_effect *effect;

	if (r->statement.object_count == 0)
		return;
	old = temporary_find(r, object);
	if (old && (r->statement.flags & STATEMENT_IF_NOT_EXISTS)) {
		rule_skips(r, "The temporary table is there already (IF NOT EXISTS).");
		return;
	}
	if (!RULE_REWRITES(r, "A temporary table lives in a session that only the source has: it is kept as "
			      "a real table."))
		return;
	database = rule_database(r, object);
	name = rule_utf8(r, object->name);
	real = new_name(r, database, name, engine_made(r));
	qualified = temporary_qualified(r, real);
	temporary_map(r, 1);
	name_checks(r, object, real);
	name_nameless_checks(r, real);
	mark = mark_charset(r);
	if (r->statement.flags & STATEMENT_HAS_SELECT)
		create_from_query(r, database, qualified, mark);
	else
		create_before(r, database,
			rule_printf(r, "CREATE TABLE IF NOT EXISTS %s %s%s", qualified, mark,
				part(r, r->statement.body, text_end(r))));
	effect = rule_effect(r, old ? EFFECT_TEMP_REPLACE : EFFECT_TEMP_CREATE, database, name);
	effect->real = real;
	if (old)
		drop_after(r, old);
	is_temporary(r);
}

void temporary_drop(struct rewriting *r)
{
	bool temporary = (r->statement.flags & STATEMENT_TEMPORARY) != 0;
	struct buffer rest = BUFFER_INIT;
	size_t found = 0;

	for (size_t i = 0; i < r->statement.object_count; i++) {
		const struct object *object = &r->statement.objects[i];
		const char *real = temporary_find(r, object);

		if (!real) {
			buffer_printf(&rest, "%s%s", rest.length ? ", " : "",
				rule_text(r, object->first, object->end, NULL));
			continue;
		}
		if (found++ == 0 && !RULE_REWRITES(r, "The real tables that stand for temporary ones are "
						      "dropped, after the transaction."))
			goto out;
		rule_effect(r, EFFECT_TEMP_DROP, rule_database(r, object), rule_utf8(r, object->name))->real =
			real;
		drop_after(r, real);
	}
	if (found == 0 && !temporary)
		goto out;
	if (found == 0 && (r->statement.flags & STATEMENT_IF_EXISTS)) {
		/* at the end of every session, whether it had tables or not: there is nothing to do, nor to
		 * tell */
		r->decided = true;
		r->plan->action = PLAN_SKIP;
		goto out;
	}
	if (found == 0) {
		rule_skips(
			r, "This temporary table is not known here: it was made before the start position.");
		goto out;
	}
	is_temporary(r);
	if (rest.length && !temporary) {
		struct plan_step *step = step_of(r, STEP_MAIN,
			rule_printf(r, "DROP TABLE %s%s%s%s",
				r->statement.flags & STATEMENT_IF_EXISTS ? "IF EXISTS " : "",
				buffer_text(&rest), r->statement.body < text_end(r) ? " " : "",
				part(r, r->statement.body, text_end(r))));

		step->commits = true;
		step->redo = statement_redo_errors(STATEMENT_DROP_TABLE);
		r->plan->flags |= PLAN_COMMITS | PLAN_DDL;
	}
out:
	buffer_release(&rest);
}

/* The altered twin of a table: made like it, changed by `sql`, filled in the transaction. */
static void make_twin(struct rewriting *r, const struct object *object, const char *old, const char *twin,
	const char *sql, const struct column_rename *renames, size_t rename_count)
{
	const char *to = temporary_qualified(r, twin);
	struct plan_step *create, *copy;
	struct plan_effect *effect;

	step_of(r, STEP_BEFORE, rule_printf(r, "DROP TABLE IF EXISTS %s", to));
	create = step_of(r, STEP_BEFORE, rule_printf(r, "CREATE TABLE %s LIKE %s", to, temporary_qualified(r, old)));
	if (checks_need_names(r)) {
		create->work = WORK_CREATE_TWIN;
		create->auxiliary = true;
		create->from_table = old;
		create->to_table = twin;
	}
	step_of(r, STEP_BEFORE, sql);
	copy = rule_step(r, STEP_MAIN, "", 0);
	copy->work = WORK_COPY_TABLE;
	copy->from_table = old;
	copy->to_table = twin;
	copy->renames = renames;
	copy->rename_count = rename_count;
	copy->ignore = (r->statement.flags & STATEMENT_IGNORE) != 0;
	drop_after(r, old);
	effect = rule_effect(r, EFFECT_TEMP_REPLACE, rule_database(r, object), rule_utf8(r, object->name));
	effect->real = twin;
	is_temporary(r);
}

/* DROP [COLUMN] [IF EXISTS] a: the name's token; 0 when the part drops something else. */
static size_t dropped_column(const struct rewriting *r, const struct alter_part *part)
{
	size_t at = part->first + 1;
	bool told = rule_is(r, at, KW_COLUMN);

	if (!rule_is(r, part->first, KW_DROP))
		return 0;
	if (told)
		at++;
	if (rule_is(r, at, KW_IF))
		return at + 2;
	/* a column's name stands alone, unlike PRIMARY KEY, CONSTRAINT n, SYSTEM VERSIONING, … */
	if (!told && at + 1 < part->end && !rule_is(r, at + 1, KW_RESTRICT) && !rule_is(r, at + 1, KW_CASCADE))
		return 0;
	return at;
}

/* CHANGE [COLUMN] [IF EXISTS] a b …, RENAME COLUMN a TO b, and what is dropped: a column of that name may be added anew. */
static size_t column_renames(struct rewriting *r, struct column_rename *renames)
{
	const struct table_text *text = table_text_of(r);
	size_t count = 0;

	for (size_t i = 0; i < text->part_count; i++) {
		size_t at = text->parts[i].first + 1;
		bool change = rule_is(r, at - 1, KW_CHANGE),
		     rename = rule_is(r, at - 1, KW_RENAME) && rule_is(r, at, KW_COLUMN);
		size_t dropped = dropped_column(r, &text->parts[i]);

		if (dropped)
			renames[count++].from = rule_utf8(r, rule_value(r, dropped));
		if (!change && !rename)
			continue;
		if (rule_is(r, at, KW_COLUMN))
			at++;
		if (rule_is(r, at, KW_IF))
			at += 2;
		renames[count].from = rule_utf8(r, rule_value(r, at));
		renames[count++].to = rule_utf8(r, rule_value(r, rename ? at + 2 : at + 1));
	}
	return count;
}

/* The part that renames the table; parts count when there is none. */
static size_t rename_part(struct rewriting *r, const struct table_text *text)
{
	for (size_t i = 0; i < text->part_count; i++) {
		size_t at = text->parts[i].first;

		if (rule_is(r, at, KW_RENAME) && !rule_is(r, at + 1, KW_COLUMN) &&
			!rule_is(r, at + 1, KW_INDEX) && !rule_is(r, at + 1, KW_KEY))
			return i;
	}
	return text->part_count;
}

static void rename_effect(struct rewriting *r, const struct object *from, const struct object *to)
{
	struct plan_effect *effect =
		rule_effect(r, EFFECT_TEMP_RENAME, rule_database(r, from), rule_utf8(r, from->name));

	effect->new_database = to->database ? rule_database(r, to) : rule_database(r, from);
	effect->new_name = rule_utf8(r, to->name);
}

void temporary_alter(struct rewriting *r)
{
	const struct object *object = &r->statement.objects[0], *renamed = NULL;
	const struct table_text *text = table_text_of(r);
	const char *old = temporary_find(r, object), *twin;
	struct column_rename *renames;
	size_t part_number, count;

	if (!old) {
		temporary_map(r, 1);
		return;
	}
	if (!RULE_REWRITES(
		    r, "The real table that stands for the temporary one is copied into an altered one."))
		return;
	for (size_t i = 1; i < r->statement.object_count; i++)
		if (r->statement.objects[i].role == ROLE_NEW_NAME)
			renamed = &r->statement.objects[i];
	part_number = rename_part(r, text);
	if (part_number < text->part_count) {
		const struct alter_part *gone = &text->parts[part_number];

		if (text->part_count > 1)
			rule_remove(r, part_number ? gone->first - 1 : gone->first,
				part_number ? gone->end - 1 : gone->end);
	}
	if (part_number == text->part_count || text->part_count > 1) {
		twin = new_name(r, rule_database(r, object), rule_utf8(r, object->name), engine_altered(r, old));
		rule_replace(r, object->first, object->last, temporary_qualified(r, twin));
		if (rule_is(r, r->statement.verb + 1, KW_IGNORE)) /* the copying does that */
			rule_remove(r, r->statement.verb + 1, r->statement.verb + 1);
		name_checks(r, object, twin);
		renames = arena_zalloc(r->arena, (text->part_count + 1) * sizeof(*renames));
		count = column_renames(r, renames);
		make_twin(r, object, old, twin, rule_text(r, 0, r->tokens.count, NULL), renames, count);
	}
	if (renamed && part_number < text->part_count)
		rename_effect(r, object, renamed);
	is_temporary(r);
}

void temporary_index(struct rewriting *r)
{
	const struct object *object = &r->statement.objects[0];
	const char *old = temporary_find(r, object), *twin;

	if (!old ||
		!RULE_REWRITES(
			r, "The real table that stands for the temporary one is copied into an altered one."))
		return;
	twin = new_name(r, rule_database(r, object), rule_utf8(r, object->name), temp_engine_of(old));
	rule_replace(r, object->first, object->last, temporary_qualified(r, twin));
	make_twin(r, object, old, twin, rule_text(r, 0, r->tokens.count, NULL), NULL, 0);
}

void temporary_truncate(struct rewriting *r)
{
	const char *real = temporary_find(r, &r->statement.objects[0]);

	if (!real || !RULE_REWRITES(r, "TRUNCATE would commit; the rows are deleted."))
		return;
	step_of(r, STEP_MAIN, rule_printf(r, "DELETE FROM %s", temporary_qualified(r, real)));
	is_temporary(r);
}

/* RENAME TABLE concerns temporary tables on MariaDB only. */
void temporary_rename(struct rewriting *r)
{
	struct buffer rest = BUFFER_INIT;
	size_t found = 0;

	for (size_t i = 0; i + 1 < r->statement.object_count && r->input->source.family == FAMILY_MARIADB;
		i += 2) {
		const struct object *from = &r->statement.objects[i], *to = &r->statement.objects[i + 1];

		if (!temporary_find(r, from)) {
			buffer_printf(&rest, "%s%s", rest.length ? ", " : "",
				rule_text(r, from->first, to->end, NULL));
			continue;
		}
		if (found++ == 0 && !RULE_REWRITES(r, "The name of a temporary table changes; the real table "
						      "that stands for it stays."))
			goto out;
		rename_effect(r, from, to);
	}
	if (found) {
		is_temporary(r);
		if (rest.length) {
			struct plan_step *step =
				step_of(r, STEP_MAIN, rule_printf(r, "RENAME TABLE %s", buffer_text(&rest)));

			step->commits = true;
			step->redo = statement_redo_errors(STATEMENT_RENAME_TABLE);
			r->plan->flags |= PLAN_COMMITS | PLAN_DDL;
		}
	}
out:
	buffer_release(&rest);
}
