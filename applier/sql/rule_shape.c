/* Statements that become several, and what is left of others: these work on the text as all rules before have
 * changed it. */
#include <string.h>
#include <strings.h>

#include "applier/sql/account.h"
#include "applier/sql/query_text.h"
#include "applier/sql/table_text.h"

static bool is_blank_text(const char *text)
{
	return text[strspn(text, " \t\r\n,;")] == '\0';
}

static void nothing_left(struct rewriting *r)
{
	bool table = r->statement.class == STATEMENT_ALTER_TABLE;
	size_t from = table ? table_text_of(r)->options_at : r->statement.body;

	if (r->built || r->edits.count == 0 || from >= r->tokens.count)
		return;
	if (is_blank_text(rule_text(r, from, r->tokens.count, NULL)))
		rule_skips(r, "Nothing is left of it without the options that do not go to the target.");
}

static struct plan_step *main_step(struct rewriting *r, const char *sql, const uint16_t *tolerated)
{
	struct plan_step *step = rule_step(r, STEP_MAIN, sql, strlen(sql));

	step->commits = true;
	step->tolerated = tolerated;
	step->redo = statement_redo_errors(r->statement.class);
	return step;
}

/* ---- CREATE OR REPLACE ---- */

static const struct {
	enum statement_class class;
	const char *words;
} replaceable[] = {
	{STATEMENT_CREATE_TABLE, "TABLE"},
	{STATEMENT_CREATE_DATABASE, "DATABASE"},
	{STATEMENT_CREATE_PROCEDURE, "PROCEDURE"},
	{STATEMENT_CREATE_FUNCTION, "FUNCTION"},
	{STATEMENT_CREATE_TRIGGER, "TRIGGER"},
	{STATEMENT_CREATE_EVENT, "EVENT"},
};

static void remove_or_replace(struct rewriting *r)
{
	for (size_t i = r->statement.verb; i + 1 < r->tokens.count; i++)
		if (rule_is(r, i, KW_OR) && rule_is(r, i + 1, KW_REPLACE)) {
			rule_remove(r, i, i + 1);
			return;
		}
}

static void or_replace(struct rewriting *r)
{
	static const uint16_t missing_key[] = {1091, 0};
	const struct object *object = r->statement.object_count ? &r->statement.objects[0] : NULL;
	const char *name;

	if (!(r->statement.flags & STATEMENT_OR_REPLACE) || r->target->server.family != FAMILY_MYSQL ||
		!object || r->built)
		return;
	if (!RULE_REWRITES(r, "MySQL has no CREATE OR REPLACE here: what was there is dropped first."))
		return;
	if (r->statement.class == STATEMENT_CREATE_INDEX) {
		size_t at = r->statement.verb;

		while (!rule_is(r, at, KW_INDEX))
			at++;
		main_step(r,
			rule_printf(r, "DROP INDEX %s ON %s", rule_text(r, at + 1, at + 2, NULL),
				rule_text(r, object->first, object->last + 1, NULL)),
			missing_key);
	} else {
		for (size_t i = 0; i < sizeof(replaceable) / sizeof(replaceable[0]); i++)
			if (replaceable[i].class == r->statement.class) {
				name = rule_text(r, object->first, object->last + 1, NULL);
				main_step(r,
					rule_printf(r, "DROP %s IF EXISTS %s", replaceable[i].words, name),
					NULL);
			}
	}
	remove_or_replace(r);
}

/* ---- IF [NOT] EXISTS inside of ALTER TABLE, CREATE INDEX, DROP INDEX, RENAME TABLE ---- */

static const uint16_t part_errors[] = {
	1054, 1060, 1061, 1068, 1091, 1176, 1507, 1508, 1517, 1826, 3757, 3822, 0};
static const uint16_t no_table[] = {1146, 0};
static const uint16_t key_errors[] = {1061, 1091, 0};

/* Takes IF [NOT] EXISTS in the tokens from `at` to `end` away; true when it stood there. */
static bool drop_if(struct rewriting *r, size_t at, size_t end)
{
	for (; at + 1 < end; at++) {
		if (rule_is(r, at, '('))
			return false; /* a definition: what follows is no longer the part's head */
		if (!rule_is(r, at, KW_IF) || (!rule_is(r, at + 1, KW_EXISTS) && !rule_is(r, at + 1, KW_NOT)))
			continue;
		rule_remove(r, at, rule_is(r, at + 1, KW_NOT) ? at + 2 : at + 1);
		return true;
	}
	return false;
}

/* What a part of an ALTER TABLE defines, renames or drops: the tokens of its names, the second one 0 when it is the same. */
struct part_names {
	bool column;
	size_t names[2];
};

static struct part_names names_of_part(const struct rewriting *r, const struct alter_part *part)
{
	unsigned verb = token_at(&r->tokens, part->first)->word;
	size_t at = part->first + 1;
	struct part_names found = {.column = true};

	for (; at < part->end; at++) {
		if (table_item_is_key(&r->tokens, at))
			found.column = false;
		else if (!rule_is(r, at, KW_COLUMN) && !rule_is(r, at, KW_IF) && !rule_is(r, at, KW_NOT) && !rule_is(r, at, KW_EXISTS))
			break;
	}
	if (at >= part->end || (verb != KW_ADD && verb != KW_MODIFY && verb != KW_CHANGE && verb != KW_DROP && verb != KW_ALTER &&
				       verb != KW_RENAME))
		return found;
	found.names[0] = at;
	if (verb == KW_CHANGE)
		found.names[1] = at + 1;
	else if (verb == KW_RENAME && rule_is(r, at + 1, KW_TO))
		found.names[1] = at + 2;
	return found;
}

static bool share_a_name(struct rewriting *r, const struct part_names *one, const struct part_names *other)
{
	if (one->column != other->column || !one->names[0] || !other->names[0])
		return false;
	if (rule_is(r, one->names[0], '(') || rule_is(r, other->names[0], '(')) /* any name may be in a list of columns */
		return one->column;
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++)
			if (one->names[i] && other->names[k] && token_is_name(&r->tokens, one->names[i]) &&
				token_is_name(&r->tokens, other->names[k]) &&
				strcasecmp(rule_value(r, one->names[i]), rule_value(r, other->names[k])) == 0)
				return true;
	return false;
}

/* MariaDB asks the table as it was before the statement whether a thing exists; one part after the other would ask it as the
 * parts before have left it. */
static bool parts_meet(struct rewriting *r, const struct alter_part *parts, const bool *has_if, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct part_names one = names_of_part(r, &parts[i]);

		for (size_t k = 0; k < i; k++) {
			struct part_names other = names_of_part(r, &parts[k]);

			if ((has_if[i] || has_if[k]) && share_a_name(r, &one, &other))
				return true;
		}
	}
	return false;
}

/* ADD COLUMN IF NOT EXISTS (a INT, b INT): for each of them by itself. */
static void alter_listed(struct rewriting *r, const char *head, const struct alter_part *part)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->item_count; i++) {
		const struct table_item *item = &text->items[i];

		if (item->first >= part->first && item->end <= part->end)
			main_step(r,
				rule_printf(r, "%s ADD %s", head, rule_text(r, item->first, item->end, NULL)),
				item->is_key ? NULL : part_errors);
	}
}

/* The parenthesis behind ADD [COLUMN] IF NOT EXISTS? */
static bool is_list(const struct rewriting *r, const struct alter_part *part)
{
	size_t at = part->first + 1;

	if (!rule_is(r, part->first, KW_ADD))
		return false;
	if (rule_is(r, at, KW_COLUMN))
		at++;
	return rule_is(r, at, KW_IF) && rule_is(r, at + 3, '(');
}

/* ALTER TABLE t a, b, c: as many statements, as an error that is none for one part must not take the others
 * along. */
static void alter_parts(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	bool *has_if = arena_zalloc(r->arena, text->part_count + 1), any = false, table_if;
	const char *head;

	for (size_t i = 0; i < text->part_count; i++) {
		size_t at = text->parts[i].first;

		for (; at < text->parts[i].end && !rule_is(r, at, '('); at++)
			if (rule_is(r, at, KW_IF) &&
				(rule_is(r, at + 1, KW_EXISTS) || rule_is(r, at + 1, KW_NOT)))
				any = has_if[i] = true;
	}
	table_if = (r->statement.flags & STATEMENT_IF_EXISTS) != 0;
	if (!any && !table_if)
		return;
	if (!RULE_REWRITES(r,
		    "MySQL has no IF [NOT] EXISTS here: that a thing exists, or not, is no error instead."))
		return;
	if (table_if)
		drop_if(r, r->statement.verb, r->statement.objects[0].first);
	for (size_t i = 0; i < text->part_count; i++)
		drop_if(r, text->parts[i].first, text->parts[i].end);
	if (!any || (text->part_count == 1 && !is_list(r, &text->parts[0]))) {
		r->tolerated = any ? part_errors : no_table;
		return;
	}
	if (parts_meet(r, text->parts, has_if, text->part_count)) {
		rule_stops(r, "Several parts of it are about the same name: MariaDB looks at the table as it was whether that exists, "
			      "which one statement for each part cannot.");
		return;
	}
	head = rule_text(r, 0, r->statement.body, NULL);
	for (size_t i = 0; i < text->part_count; i++) {
		const char *part = rule_text(r, text->parts[i].first, text->parts[i].end, NULL);

		if (has_if[i] && is_list(r, &text->parts[i]))
			alter_listed(r, head, &text->parts[i]);
		else if (!is_blank_text(part))
			main_step(r, rule_printf(r, "%s %s", head, part),
				has_if[i]  ? part_errors
				: table_if ? no_table
					   : NULL);
	}
	r->built = true;
	r->plan->action = PLAN_REWRITE;
}

/* RENAME TABLE IF EXISTS a TO b, c TO d: one after the other, as a table that is missing holds back its own pair alone. */
static void rename_pairs(struct rewriting *r)
{
	const struct object *objects = r->statement.objects;
	size_t count = r->statement.object_count;

	for (size_t i = 0; i + 1 < count; i += 2)
		main_step(r,
			rule_printf(r, "RENAME TABLE %s TO %s",
				rule_text(r, objects[i].first, objects[i].last + 1, NULL),
				rule_text(r, objects[i + 1].first, objects[i + 1].last + 1, NULL)),
			no_table);
	r->built = true;
	r->plan->action = PLAN_REWRITE;
}

static void alter_if_exists(struct rewriting *r)
{
	if (r->built || r->target->server.family != FAMILY_MYSQL || r->input->source.family != FAMILY_MARIADB)
		return;
	if (r->statement.class == STATEMENT_ALTER_TABLE) {
		alter_parts(r);
		return;
	}
	if (!(r->statement.flags & (STATEMENT_IF_EXISTS | STATEMENT_IF_NOT_EXISTS)))
		return;
	if (!RULE_REWRITES(r,
		    "MySQL has no IF [NOT] EXISTS here: that a thing exists, or not, is no error instead."))
		return;
	drop_if(r, r->statement.verb,
		r->statement.object_count ? r->statement.objects[0].first : r->tokens.count);
	if (r->statement.class == STATEMENT_RENAME_TABLE && r->statement.object_count > 2)
		rename_pairs(r);
	else
		r->tolerated = r->statement.class == STATEMENT_RENAME_TABLE ? no_table : key_errors;
}

/* ---- CREATE TABLE … SELECT, … START TRANSACTION ---- */

static void transaction_suffix(struct rewriting *r)
{
	size_t at = r->built ? 0 : table_text_of(r)->transaction;

	if (at && RULE_REWRITES(r, "After CREATE TABLE … START TRANSACTION the target would take no rows from an "
				   "ordinary account; the table is made first, and its rows follow in a "
				   "transaction."))
		rule_remove(r, at, at + 1);
}

static bool is_own_column(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->item_count; i++)
		if (!text->items[i].is_key)
			return true;
	return false;
}

static void create_select(struct rewriting *r)
{
	size_t head_end = r->statement.select, end = r->tokens.count, limit;
	bool refused = r->target->enforce_gtid_consistency &&
		       !version_at_least(r->target->server, FAMILY_MYSQL, 80021) &&
		       r->target->server.family == FAMILY_MYSQL;
	const char *head, *query, *empty, *name, *verb = "INSERT INTO";
	struct plan_step *step;
	bool wrapped;

	if (r->built || !(r->statement.flags & STATEMENT_HAS_SELECT) ||
		(r->target->atomic_create_select && !refused))
		return;
	if (r->statement.flags & STATEMENT_IF_NOT_EXISTS) {
		/* only the server can tell whether it would fill the table */
		if (refused)
			rule_stops(r, "The target takes no CREATE TABLE … SELECT (enforce_gtid_consistency), "
				      "and with IF NOT EXISTS it cannot "
				      "be split.");
		return;
	}
	if (!RULE_REWRITES(r, "The target would make the table and fill it in two commits: the table is made "
			      "first, and its rows follow in "
			      "the transaction that moves the position."))
		return;
	while (end > 0 && rule_is(r, end - 1, ';'))
		end--;
	for (; head_end > r->statement.body; head_end--) {
		if (rule_is(r, head_end - 1, KW_IGNORE))
			verb = "INSERT IGNORE INTO";
		else if (rule_is(r, head_end - 1, KW_REPLACE))
			verb = "REPLACE INTO";
		else if (!rule_is(r, head_end - 1, KW_AS))
			break;
	}
	head = head_end ? rule_text(r, 0, head_end, NULL) : "";
	query = rule_text(r, r->statement.select, end, NULL);
	name = rule_text(r, r->statement.objects[0].first, r->statement.objects[0].last + 1, NULL);
	limit = query_limit_place(&r->tokens, r->statement.select, end);
	wrapped = rule_is(r, r->statement.select, '(') &&
		  token_skip_parens(&r->tokens, r->statement.select) == end;
	if (limit)
		empty = rule_printf(r, "%s LIMIT 0", rule_text(r, r->statement.select, limit, NULL));
	else
		empty = rule_printf(r, "SELECT * FROM %s%s%s AS q LIMIT 0", wrapped ? "" : "(", query,
			wrapped ? "" : ")");
	main_step(r, rule_printf(r, "%s AS %s", head, empty), NULL);
	step = rule_step(r, STEP_MAIN, rule_printf(r, "%s %s", verb, name), 0);
	if (is_own_column(r)) {
		step->work = WORK_INSERT_NAMED;
		step->more = query;
		step->more_length = strlen(query);
	} else {
		step->sql = rule_printf(r, "%s %s %s", verb, name, query);
	}
	step->length = strlen(step->sql);
	r->built = true;
	r->plan->action = PLAN_REWRITE;
}

CLASSES(alters, STATEMENT_ALTER_TABLE, STATEMENT_ALTER_DATABASE);
CLASSES(creates, STATEMENT_CREATE_TABLE, STATEMENT_CREATE_DATABASE, STATEMENT_CREATE_PROCEDURE,
	STATEMENT_CREATE_FUNCTION, STATEMENT_CREATE_TRIGGER, STATEMENT_CREATE_EVENT, STATEMENT_CREATE_INDEX);
CLASSES(if_classes, STATEMENT_ALTER_TABLE, STATEMENT_CREATE_INDEX, STATEMENT_DROP_INDEX,
	STATEMENT_RENAME_TABLE);
CLASSES(create_table, STATEMENT_CREATE_TABLE);

static const struct rule list[] = {
	{{"nothing-left", "Shape", "ALTER TABLE and ALTER DATABASE of which other rules have left nothing",
		 "is set aside", "nothing", ALLOW(POLICY_SKIP), POLICY_SKIP,
		 "ALTER TABLE app.t ROW_FORMAT=FIXED", ON_MYSQL},
		alters, nothing_left},
	{{"or-replace", "Shape", "CREATE OR REPLACE of anything but views",
		 "becomes DROP IF EXISTS and CREATE for MySQL", "MariaDB", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE OR REPLACE TABLE app.t (a INT)", ON_MARIADB},
		creates, or_replace},
	{{"alter-if-exists", "Shape", "IF [NOT] EXISTS in ALTER TABLE, CREATE and DROP INDEX, RENAME TABLE",
		 "removes the words for MySQL, one statement for each part; the error they avoid is no error; stops where parts are "
		 "about the same name",
		 "MariaDB", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "ALTER TABLE app.t ADD COLUMN IF NOT EXISTS b INT, DROP COLUMN IF EXISTS c", ON_MARIADB},
		if_classes, alter_if_exists},
	{{"start-transaction-suffix", "Shape", "CREATE TABLE … START TRANSACTION (row format, MySQL 8.0.21)",
		 "removes the suffix; the rows follow in a transaction",
		 "BINLOG_ADMIN, to send rows in the log's form", ALLOW(POLICY_REWRITE) | ALLOW(POLICY_STOP),
		 POLICY_REWRITE, "CREATE TABLE app.f (a INT) START TRANSACTION", ON_MYSQL},
		create_table, transaction_suffix},
	{{"create-select", "Shape", "CREATE TABLE … SELECT where it is not one atomic change",
		 "makes the table first, then fills it in the transaction", "MySQL 8.0.21", RUN_REWRITE_STOP,
		 POLICY_REWRITE, "CREATE TABLE app.g SELECT a FROM app.t", ON_MYSQL},
		create_table, create_select},
};

const struct rule_topic rules_shape = {list, sizeof(list) / sizeof(list[0])};
