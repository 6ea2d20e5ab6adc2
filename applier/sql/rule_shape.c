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
	if (!any || text->part_count == 1) {
		r->tolerated = any ? part_errors : no_table;
		return;
	}
	head = rule_text(r, 0, r->statement.body, NULL);
	for (size_t i = 0; i < text->part_count; i++) {
		const char *part = rule_text(r, text->parts[i].first, text->parts[i].end, NULL);

		if (!is_blank_text(part))
			main_step(r, rule_printf(r, "%s %s", head, part),
				has_if[i]  ? part_errors
				: table_if ? no_table
					   : NULL);
	}
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
		 "removes the words for MySQL, one statement for each part; the error they avoid is no error",
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
