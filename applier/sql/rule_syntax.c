/* Words that one family or version reads and another does not (6.10). */
#include <string.h>
#include <strings.h>

#include "applier/sql/table_text.h"

/* ---- version comments ---- */

/* How a server reads the version comment that begins at `at`: does it run, and where does its code begin? */
static bool comment_runs(struct server_version server, const char *at, size_t length, size_t *code)
{
	size_t i = 2, digits = 0, taken;
	bool maria = at[i] == 'M';
	unsigned number = 0;

	i += maria ? 2 : 1;
	while (i + digits < length && at[i + digits] >= '0' && at[i + digits] <= '9')
		digits++;
	taken = digits < 5 ? 0 : 5;
	if (digits > 5 && (server.family == FAMILY_MARIADB || server.number == 0 || server.number >= 80000))
		taken = 6;
	for (size_t k = 0; k < taken; k++)
		number = number * 10 + (unsigned)(at[i + k] - '0');
	*code = i + taken;
	return version_comment_runs(server, maria, number);
}

static void version_comments(struct rewriting *r)
{
	bool unwrap = false;

	for (size_t i = 0; i < r->tokens.mark_count; i++) {
		const struct token *mark = &r->tokens.marks[i];
		const char *at = r->tokens.text + mark->start;
		size_t code, own = mark->length;
		bool runs;

		if (mark->kind == TOKEN_CODE_CLOSE) {
			if (unwrap)
				edit_replace(
					&r->edits, r->arena, mark->start, mark->start + mark->length, " ", 1);
			unwrap = false;
			continue;
		}
		runs = comment_runs(r->target->server, at,
			mark->kind == TOKEN_CODE_OPEN ? r->tokens.length - mark->start : mark->length, &code);
		if (mark->kind == TOKEN_CODE_OPEN) {
			unwrap = !runs || code != own;
			if (unwrap && RULE_REWRITES(r, "The source ran what stands in a version comment that "
						       "the target would leave out."))
				edit_replace(
					&r->edits, r->arena, mark->start, mark->start + mark->length, " ", 1);
			else
				unwrap = false;
		} else if (runs && RULE_REWRITES(r, "The source left out what stands in a version comment "
						    "that the target would run.")) {
			edit_replace(&r->edits, r->arena, mark->start + 2,
				mark->start + (at[2] == 'M' ? 4 : 3), " ", 1);
		}
	}
}

/* ---- SET STATEMENT … FOR ---- */

static bool is_harmless_variable(const char *name)
{
	static const char *const names[] = {"max_statement_time", "lock_wait_timeout",
		"innodb_lock_wait_timeout", "sort_buffer_size", "join_buffer_size", "read_buffer_size",
		"read_rnd_buffer_size", "tmp_table_size", "max_heap_table_size", "optimizer_switch",
		"long_query_time", "slow_query_log", "query_cache_type", "net_read_timeout",
		"net_write_timeout", "bulk_insert_buffer_size", "sql_log_bin", "skip_replication",
		"use_stat_tables", "optimizer_search_depth", "max_sort_length", "myisam_sort_buffer_size"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void set_statement(struct rewriting *r)
{
	size_t at, end;

	if (!(r->statement.flags & STATEMENT_SET_FOR) ||
		!RULE_REWRITES(
			r, "Its variables are set before it instead, as far as they change its result."))
		return;
	for (at = 0; !rule_is(r, at, KW_STATEMENT); at++)
		;
	/* name = value, … FOR */
	for (at++; at < r->statement.verb - 1; at = end + 1) {
		const char *name = rule_value(r, at);
		size_t value = at + 2;

		for (end = value; end < r->statement.verb - 1 && !rule_is(r, end, ','); end++)
			if (rule_is(r, end, '('))
				end = token_skip_parens(&r->tokens, end) - 1;
		if (session_variable_find(name, strlen(name)) != SESSION_VARIABLES) {
			if (r->target->variables[session_variable_find(name, strlen(name))])
				rule_setting(r, name, rule_text(r, value, end, NULL));
			else
				rule_stops(r, "It sets %s, which the target's account may not.", name);
		} else if (!is_harmless_variable(name)) {
			rule_setting(r, name, rule_text(r, value, end, NULL));
		}
	}
	edit_replace(&r->edits, r->arena, r->tokens.items[0].start,
		token_at(&r->tokens, r->statement.verb)->start, "", 0);
}

/* ---- data changes ---- */

static void insert_delayed(struct rewriting *r)
{
	for (size_t i = r->statement.verb + 1; i < r->statement.body; i++)
		if (rule_is(r, i, KW_DELAYED) && RULE_REWRITES(r, "InnoDB tables take no delayed rows.")) {
			rule_remove(r, i, i);
			return;
		}
}

static void returning(struct rewriting *r)
{
	size_t depth = 0;

	for (size_t i = r->statement.body; i < r->tokens.count; i++) {
		depth += rule_is(r, i, '(');
		depth -= rule_is(r, i, ')') && depth;
		if (depth || !rule_is(r, i, KW_RETURNING))
			continue;
		if (r->target->server.family == FAMILY_MARIADB) {
			r->returns_rows = true;
		} else if (RULE_REWRITES(r, "What RETURNING gives was for the source's client; MySQL does "
					    "not know it.")) {
			size_t last = rule_is(r, r->tokens.count - 1, ';') ? r->tokens.count - 2
									   : r->tokens.count - 1;

			rule_remove(r, i, last);
		}
		return;
	}
}

static void portion(struct rewriting *r)
{
	if (r->target->server.family != FAMILY_MYSQL || r->input->source.family != FAMILY_MARIADB)
		return;
	for (size_t i = r->statement.verb; i + 2 < r->tokens.count; i++)
		if (rule_is(r, i, KW_FOR) && rule_is(r, i + 1, KW_PORTION) && rule_is(r, i + 2, KW_OF)) {
			rule_fires(r, "MySQL has no application-time periods.");
			return;
		}
}

/* ---- WAIT n, NOWAIT ---- */

static void wait_nowait(struct rewriting *r)
{
	if (r->target->server.family != FAMILY_MYSQL || r->input->source.family != FAMILY_MARIADB)
		return;
	for (size_t i = r->statement.verb + 1; i < r->tokens.count && i < r->statement.body + 2; i++) {
		bool number = rule_is(r, i, KW_WAIT) && token_at(&r->tokens, i + 1)->kind == TOKEN_NUMBER;

		if ((number || rule_is(r, i, KW_NOWAIT)) &&
			RULE_REWRITES(r, "MySQL has no WAIT and NOWAIT here.")) {
			rule_remove(r, i, number ? i + 1 : i);
			i += number;
		}
	}
}

/* ---- columns ---- */

static bool is_attribute(const struct rewriting *r, size_t at)
{
	switch (token_at(&r->tokens, at)->word) {
	case KW_NOT:
	case KW_NULL:
	case KW_COMMENT:
	case KW_ON:
	case KW_UNIQUE:
	case KW_PRIMARY:
	case KW_KEY:
	case KW_CHECK:
	case KW_CONSTRAINT:
	case KW_REFERENCES:
	case KW_INVISIBLE:
	case KW_AUTO_INCREMENT:
	case KW_COLLATE:
	case KW_STORAGE:
	case KW_FIRST:
	case KW_AFTER:
	case KW_WITHOUT:
		return true;
	default:
		return false;
	}
}

/* Can MySQL read the default in the tokens at…end-1 without parentheses around it? */
static bool is_plain_default(const struct rewriting *r, size_t at, size_t end)
{
	if (rule_is(r, at, '('))
		return token_skip_parens(&r->tokens, at) == end;
	if (rule_is(r, at, '-') || rule_is(r, at, '+') || token_at(&r->tokens, at)->kind == TOKEN_INTRODUCER)
		at++;
	switch ((enum token_kind)token_at(&r->tokens, at)->kind) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_PREFIXED_STRING:
		return at + 1 == end;
	case TOKEN_WORD:
		if (rule_is(r, at, KW_NULL) || rule_is(r, at, KW_TRUE) || rule_is(r, at, KW_FALSE))
			return at + 1 == end;
		if (!rule_is(r, at, KW_CURRENT_TIMESTAMP) && !rule_is(r, at, KW_NOW) &&
			!token_equals(&r->tokens, at, "LOCALTIME") &&
			!token_equals(&r->tokens, at, "LOCALTIMESTAMP"))
			return false;
		return at + 1 == end ||
		       (rule_is(r, at + 1, '(') && token_skip_parens(&r->tokens, at + 1) == end);
	default:
		return false;
	}
}

static void default_expressions(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	if (!from_maria_to_mysql(r))
		return;
	for (size_t i = 0; i < text->item_count; i++) {
		const struct table_item *item = &text->items[i];

		for (size_t at = item->type; !item->is_key && at < item->end; at++) {
			size_t last = at + 1;

			if (rule_is(r, at, '(')) {
				at = token_skip_parens(&r->tokens, at) - 1;
				continue;
			}
			if (!rule_is(r, at, KW_DEFAULT))
				continue;
			if (rule_is(r, last, KW_NULL)) /* a value here, an attribute elsewhere */
				last++;
			while (last < item->end && !is_attribute(r, last))
				last = rule_is(r, last, '(') ? token_skip_parens(&r->tokens, last) : last + 1;
			if (last > at + 1 && !is_plain_default(r, at + 1, last) &&
				RULE_REWRITES(r, "MySQL wants expressions as defaults in parentheses.")) {
				rule_insert_before(r, at + 1, "(");
				rule_insert_after(r, last - 1, ")");
			}
			at = last;
		}
	}
}

/* Words of a column's definition that the other family calls otherwise. */
static void column_words(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	bool mysql = r->target->server.family == FAMILY_MYSQL;

	for (size_t i = 0; i < text->item_count; i++) {
		const struct table_item *item = &text->items[i];

		for (size_t at = item->type; !item->is_key && at < item->end; at++) {
			size_t value = rule_is(r, at + 1, '=') ? at + 2 : at + 1;

			if (rule_is(r, at, KW_PERSISTENT) && mysql &&
				RULE_REWRITES(r, "MySQL writes STORED for PERSISTENT."))
				rule_replace(r, at, at, "STORED");
			if (rule_is(r, at, KW_COMPRESSED) && mysql &&
				RULE_REWRITES(r, "MySQL has no compressed columns."))
				rule_remove(r, at, rule_is(r, at + 1, '=') ? value : at);
			/* SRID is no translation of it: MySQL refuses values of other systems, and swaps the
			 * axes of some */
			if (rule_is(r, at, KW_REF_SYSTEM_ID) && mysql &&
				RULE_REWRITES(r, "MySQL has no REF_SYSTEM_ID."))
				rule_remove(r, at, value);
			if (rule_is(r, at, KW_SRID) && token_at(&r->tokens, at + 1)->kind == TOKEN_NUMBER &&
				!version_at_least(r->target->server, FAMILY_MYSQL, 80003) &&
				RULE_REWRITES(r, mysql ? "The target has no SRID of columns."
						       : "MariaDB writes REF_SYSTEM_ID for SRID.")) {
				rule_remove(r, at, at + 1);
				if (!mysql) /* it belongs to the type */
					rule_insert_after(r, item->type,
						rule_printf(r, " REF_SYSTEM_ID=%s", rule_value(r, at + 1)));
			}
		}
	}
}

/* INVISIBLE columns and keys. */
static void invisible(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	bool mysql = r->target->server.family == FAMILY_MYSQL;
	bool keys = version_at_least(r->target->server, FAMILY_MYSQL, 80000) ||
		    version_at_least(r->target->server, FAMILY_MARIADB, 100600);

	for (size_t i = 0; i < text->item_count; i++) {
		const struct table_item *item = &text->items[i];

		for (size_t at = item->type; at < item->end; at++) {
			if (rule_is(r, at, '(')) {
				at = token_skip_parens(&r->tokens, at) - 1;
				continue;
			}
			if (!item->is_key && rule_is(r, at, KW_INVISIBLE) && !r->target->invisible_columns &&
				RULE_REWRITES(r,
					"The target has no invisible columns: this one can be seen there."))
				rule_remove(r, at, at);
			if (!item->is_key || (!rule_is(r, at, KW_INVISIBLE) && !rule_is(r, at, KW_IGNORED)))
				continue;
			if (!keys ? RULE_REWRITES(r, "The target cannot hide keys from its optimizer.")
				  : mysql != rule_is(r, at, KW_INVISIBLE) &&
						RULE_REWRITES(
							r, "A key hidden from the optimizer is INVISIBLE to "
							   "MySQL and IGNORED to MariaDB."))
				rule_replace(r, at, at, !keys ? NULL : mysql ? "INVISIBLE" : "IGNORED");
		}
	}
	/* ALTER TABLE t ALTER INDEX i [IN]VISIBLE | [NOT] IGNORED */
	for (size_t i = 0; i < text->part_count; i++) {
		size_t last = text->parts[i].end - 1;
		bool hide = rule_is(r, last, KW_INVISIBLE) ||
			    (rule_is(r, last, KW_IGNORED) && !rule_is(r, last - 1, KW_NOT));
		bool foreign = mysql ? rule_is(r, last, KW_IGNORED)
				     : rule_is(r, last, KW_INVISIBLE) || rule_is(r, last, KW_VISIBLE);

		if (!rule_is(r, text->parts[i].first, KW_ALTER) || !foreign)
			continue;
		if (!rule_is(r, text->parts[i].first + 1, KW_INDEX) && !rule_is(r, text->parts[i].first + 1, KW_KEY)) {
			/* ALTER [COLUMN] c SET [IN]VISIBLE */
			rule_stops(r, "The target shows and hides columns with their whole definition alone: change it there by "
				      "ALTER TABLE … MODIFY, with INVISIBLE or without, and leave this one out.");
			return;
		}
		if (!keys)
			continue;
		if (RULE_REWRITES(r,
			    "A key hidden from the optimizer is INVISIBLE to MySQL and IGNORED to MariaDB."))
			rule_replace(r, rule_is(r, last - 1, KW_NOT) ? last - 1 : last, last,
				mysql  ? hide ? "INVISIBLE" : "VISIBLE"
				: hide ? "IGNORED"
				       : "NOT IGNORED");
	}
}

/* EXCHANGE PARTITION … WITH[OUT] VALIDATION. A target that does not know the words looks at each row: what it then refuses
 * would lie in the wrong partition. */
static void exchange_validation(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	if (version_at_least(r->target->server, FAMILY_MYSQL, 50705) ||
		version_at_least(r->target->server, FAMILY_MARIADB, 110401))
		return;
	for (size_t i = 0; i < text->part_count; i++) {
		size_t first = text->parts[i].first, last = text->parts[i].end - 1;

		if (rule_is(r, first, KW_EXCHANGE) && rule_is(r, first + 1, KW_PARTITION) &&
			rule_is(r, last, KW_VALIDATION) &&
			RULE_REWRITES(r, "The target does not know the words: it looks at each row, as MySQL does WITH "
					 "VALIDATION."))
			rule_remove(r, last - 1, last);
	}
}

static void functional_index(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	if (r->target->functional_indexes)
		return;
	for (size_t i = 0; i < text->item_count; i++)
		for (size_t at = text->items[i].first; text->items[i].is_key && at < text->items[i].end;
			at++) {
			if (rule_is(r, at, KW_CHECK) || rule_is(r, at, KW_FOREIGN))
				break;
			if (rule_is(r, at, '(') && rule_is(r, at + 1, '(')) {
				rule_fires(r, "The target has no keys over expressions: add a generated "
					      "column for it, and a key over that.");
				return;
			}
			if (rule_is(r, at, '('))
				break;
		}
	if (r->statement.class == STATEMENT_CREATE_INDEX && rule_is(r, r->statement.body, '(') &&
		rule_is(r, r->statement.body + 1, '('))
		rule_fires(r, "The target has no keys over expressions: add a generated column for it, and a "
			      "key over that.");
}

static void versioning(struct rewriting *r)
{
	if (r->target->server.family != FAMILY_MYSQL || r->input->source.family != FAMILY_MARIADB)
		return;
	for (size_t i = r->statement.verb; i + 1 < r->tokens.count; i++)
		if ((rule_is(r, i, KW_SYSTEM) && rule_is(r, i + 1, KW_VERSIONING)) ||
			(rule_is(r, i, KW_PERIOD) && rule_is(r, i + 1, KW_FOR))) {
			rule_fires(r, "MySQL has no tables with history and no periods.");
			return;
		}
}

static void sequence(struct rewriting *r)
{
	const struct object *object = r->statement.object_count ? &r->statement.objects[0] : NULL;
	bool drop = r->statement.class == STATEMENT_DROP_SEQUENCE;

	if (!r->target->sequences) {
		rule_fires(r, "The target has no sequences.");
		return;
	}
	if (object && (drop || r->statement.class == STATEMENT_CREATE_SEQUENCE))
		rule_effect(r, drop ? EFFECT_SEQUENCE_DROP : EFFECT_SEQUENCE_CREATE, rule_database(r, object),
			rule_utf8(r, object->name));
}

/* IF NOT EXISTS of views, triggers and routines, on servers before they knew it. */
static void create_if_not_exists(struct rewriting *r)
{
	static const uint16_t exists[] = {1050, 1304, 1359, 0};
	struct server_version target = r->target->server;
	unsigned since;

	if (!(r->statement.flags & STATEMENT_IF_NOT_EXISTS) || r->statement.object_count == 0 ||
		target.family != FAMILY_MYSQL)
		return;
	since = r->statement.class == STATEMENT_CREATE_VIEW ? 90100 : 80029;
	if (version_at_least(target, FAMILY_MYSQL, since) ||
		!RULE_REWRITES(r, "The target does not know IF NOT EXISTS here; that the object exists is no "
				  "error instead."))
		return;
	for (size_t i = r->statement.verb; i < r->statement.objects[0].first; i++)
		if (rule_is(r, i, KW_IF))
			rule_remove(r, i, i + 2);
	r->tolerated = exists;
}

CLASSES(inserts, STATEMENT_INSERT, STATEMENT_REPLACE);
CLASSES(row_changes, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_DELETE);
CLASSES(portions, STATEMENT_UPDATE, STATEMENT_DELETE);
CLASSES(waits, STATEMENT_ALTER_TABLE, STATEMENT_DROP_TABLE, STATEMENT_RENAME_TABLE, STATEMENT_TRUNCATE,
	STATEMENT_CREATE_INDEX, STATEMENT_DROP_INDEX, STATEMENT_DROP_VIEW, STATEMENT_DROP_SEQUENCE);
CLASSES(table_classes, STATEMENT_CREATE_TABLE, STATEMENT_ALTER_TABLE);
CLASSES(alters, STATEMENT_ALTER_TABLE);
CLASSES(index_classes, STATEMENT_CREATE_TABLE, STATEMENT_ALTER_TABLE, STATEMENT_CREATE_INDEX);
CLASSES(sequences, STATEMENT_CREATE_SEQUENCE, STATEMENT_ALTER_SEQUENCE, STATEMENT_DROP_SEQUENCE);
CLASSES(creates, STATEMENT_CREATE_VIEW, STATEMENT_CREATE_PROCEDURE, STATEMENT_CREATE_FUNCTION,
	STATEMENT_CREATE_TRIGGER);

static const struct rule list[] = {
	{{"version-comments", "Syntax", "version comments that source and target read in different ways",
		 "opens them where the source ran them, closes them where it did not", "the same version",
		 RUN_REWRITE_STOP, POLICY_REWRITE, "CREATE TABLE app.s1 (a INT /*!80016 NOT NULL */)", ON_MYSQL},
		NULL, version_comments},
	{{"set-statement", "Syntax", "SET STATEMENT … FOR",
		 "sets the variables in the session, and sends the statement alone",
		 "MariaDB, and rights on the variables", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "SET STATEMENT max_statement_time=60 FOR DELETE FROM app.t", ON_MARIADB},
		NULL, set_statement},
	{{"insert-delayed", "Syntax", "INSERT DELAYED, REPLACE DELAYED", "removes DELAYED", "MyISAM tables",
		 RUN_REWRITE_STOP, POLICY_REWRITE, "INSERT DELAYED INTO app.t (a) VALUES (1)", {FAMILY_MYSQL, 50651}},
		inserts, insert_delayed},
	{{"returning", "Syntax", "INSERT, REPLACE, DELETE … RETURNING", "removes it for MySQL", "MariaDB",
		 RUN_REWRITE_STOP, POLICY_REWRITE, "DELETE FROM app.t WHERE a = 1 RETURNING a", ON_MARIADB},
		row_changes, returning},
	{{"portion", "Syntax", "UPDATE and DELETE … FOR PORTION OF", "stops for MySQL", "MariaDB",
		 RUN_SKIP_STOP, POLICY_STOP,
		 "DELETE FROM app.t FOR PORTION OF p FROM '2020-01-01' TO '2021-01-01'", ON_MARIADB},
		portions, portion},
	{{"wait-nowait", "Syntax", "WAIT n, NOWAIT in DDL", "removes it for MySQL", "MariaDB", RUN_REWRITE_STOP,
		 POLICY_REWRITE, "DROP TABLE app.t WAIT 10", ON_MARIADB},
		waits, wait_nowait},
	{{"default-expressions", "Syntax", "DEFAULT expression without parentheses", "adds them for MySQL",
		 "MariaDB", RUN_REWRITE_STOP, POLICY_REWRITE, "CREATE TABLE app.s2 (a VARCHAR(36) DEFAULT uuid())",
		 ON_MARIADB},
		table_classes, default_expressions},
	{{"column-words", "Syntax", "PERSISTENT, COMPRESSED, REF_SYSTEM_ID, SRID of columns",
		 "writes the other family's word", "the same family", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.s3 (a INT, b INT AS (a + 1) PERSISTENT)", ON_MARIADB},
		table_classes, column_words},
	{{"invisible", "Syntax", "INVISIBLE columns; INVISIBLE and IGNORED keys",
		 "writes the other family's word, or removes it", "invisible columns and keys", RUN_REWRITE_STOP,
		 POLICY_REWRITE, "CREATE TABLE app.s4 (a INT, b INT, KEY k (b) INVISIBLE)", ON_MYSQL},
		table_classes, invisible},
	{{"exchange-validation", "Syntax", "WITH and WITHOUT VALIDATION of EXCHANGE PARTITION",
		 "removes the words: a row that does not belong there is an error, and stops", "MySQL 5.7, MariaDB 11.4",
		 RUN_REWRITE_STOP, POLICY_REWRITE,
		 "ALTER TABLE app.parts EXCHANGE PARTITION p0 WITH TABLE app.plain WITHOUT VALIDATION", ON_MYSQL},
		alters, exchange_validation},
	{{"functional-indexes", "Syntax", "keys over expressions", "stops", "MySQL 8.0.13", RUN_SKIP_STOP,
		 POLICY_STOP, "CREATE INDEX k ON app.t ((a + 1))", ON_MYSQL},
		index_classes, functional_index},
	{{"versioning", "Syntax", "SYSTEM VERSIONING, PERIOD FOR", "stops for MySQL", "MariaDB",
		 RUN_SKIP_STOP, POLICY_STOP, "CREATE TABLE app.s5 (a INT) WITH SYSTEM VERSIONING", ON_MARIADB},
		table_classes, versioning},
	{{"sequences", "Syntax", "CREATE, ALTER, DROP SEQUENCE", "stops for MySQL", "MariaDB 10.3",
		 RUN_SKIP_STOP, POLICY_STOP, "CREATE SEQUENCE app.s", ON_MARIADB},
		sequences, sequence},
	{{"create-if-not-exists", "Syntax",
		 "CREATE VIEW, TRIGGER, PROCEDURE, FUNCTION IF NOT EXISTS for servers before it",
		 "removes the words; that the object exists is no error",
		 "MySQL 8.0.29 (views: 9.1), MariaDB", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE PROCEDURE IF NOT EXISTS app.p() SELECT 1", ON_MYSQL},
		creates, create_if_not_exists},
};

const struct rule_topic rules_syntax = {list, sizeof(list) / sizeof(list[0])};
