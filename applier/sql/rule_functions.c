/* Functions whose value is not the source's (6.14). */
#include <string.h>

#include "applier/sql/account.h"
#include "applier/sql/rule.h"
#include "applier/sql/rule_temporary.h"

static bool is_call(const struct rewriting *r, size_t at)
{
	return rule_is(r, at + 1, '(') && !rule_is(r, at - 1, '.') && !rule_is(r, at - 1, KW_INTO) &&
	       !rule_is(r, at - 1, KW_TABLE);
}

static void connection_id(struct rewriting *r)
{
	if (r->target->variables[VARIABLE_PSEUDO_THREAD_ID])
		return;
	for (size_t i = 0; i < r->tokens.count; i++)
		if (rule_is(r, i, KW_CONNECTION_ID) && is_call(r, i) && rule_is(r, i + 2, ')') &&
			RULE_REWRITES(r, "CONNECTION_ID() is written out: %llu on the source.",
				(unsigned long long)r->input->thread_id))
			rule_replace(
				r, i, i + 2, rule_printf(r, "%llu", (unsigned long long)r->input->thread_id));
}

static void unsafe(struct rewriting *r)
{
	size_t i = r->statement.class == STATEMENT_CREATE_TABLE ? r->statement.select : 0;

	if (r->statement.class == STATEMENT_CREATE_TABLE && !(r->statement.flags & STATEMENT_HAS_SELECT))
		return; /* defaults are not values yet */
	for (; i < r->tokens.count && !r->decided; i++) {
		switch (token_at(&r->tokens, i)->word) {
		case KW_SYSDATE:
		case KW_UUID:
		case KW_UUID_SHORT:
		case KW_SLEEP:
		case KW_LOAD_FILE:
		case KW_GET_LOCK:
		case KW_RELEASE_LOCK:
		case KW_FOUND_ROWS:
		case KW_ROW_COUNT:
		case KW_SESSION_USER:
		case KW_SYSTEM_USER:
		case KW_USER:
		case KW_VERSION:
		case KW_MASTER_POS_WAIT:
			if (!is_call(r, i))
				break;
			rule_fires(r, "%s() is not in the log: its value may be another one on the target.",
				keyword_name(token_at(&r->tokens, i)->word));
			r->plan->flags |= PLAN_UNSAFE;
			break;
		case KW_CURRENT_USER:
			rule_fires(r, "CURRENT_USER is this program's account on the target.");
			r->plan->flags |= PLAN_UNSAFE;
			break;
		default:
			break;
		}
	}
}

/* Is the value at first…last a column of CREATE TABLE … SELECT by itself, so that its name is the column's? */
static bool names_column(const struct rewriting *r, size_t first, size_t last)
{
	size_t depth = 0;

	if (r->statement.class != STATEMENT_CREATE_TABLE || first <= r->statement.select)
		return false;
	for (size_t i = r->statement.select; i < first; i++) {
		depth += rule_is(r, i, '(');
		depth -= rule_is(r, i, ')');
	}
	return depth == 0 && (rule_is(r, first - 1, KW_SELECT) || rule_is(r, first - 1, KW_DISTINCT) || rule_is(r, first - 1, ',')) &&
	       (last + 1 == r->tokens.count || rule_is(r, last + 1, ',') || rule_is(r, last + 1, KW_FROM));
}

/* NAME_CONST('d',DATE'2020-01-01'): how MariaDB logs what stored code has in a variable. */
static void name_const(struct rewriting *r)
{
	if (!from_maria_to_mysql(r))
		return;
	for (size_t i = 0; i + 6 < r->tokens.count; i++) {
		struct buffer behind = BUFFER_INIT;
		size_t last = i + 6;
		bool column;

		if (!rule_is(r, i + 1, '(') || !token_equals(&r->tokens, i, "NAME_CONST") || !rule_is(r, i + 3, ',') ||
			!rule_is(r, last, ')') || token_at(&r->tokens, i + 4)->kind != TOKEN_WORD ||
			token_at(&r->tokens, i + 5)->kind != TOKEN_STRING ||
			!RULE_REWRITES(r, "MySQL's NAME_CONST takes no literals of dates and times: the value stands by itself."))
			continue;
		column = names_column(r, i, last);
		if (column) { /* which may be NULL, unlike one made from a literal */
			buffer_puts(&behind, ", NULL) AS ");
			identifier_put(rule_value(r, i + 2), &r->tokens.options, &behind);
		}
		rule_replace(r, i, i + 3, column ? "IF(TRUE, " : "");
		rule_replace(r, last, last, buffer_text(&behind));
		buffer_release(&behind);
	}
}

static bool searches_text(const struct rewriting *r)
{
	bool match = false;

	for (size_t i = r->statement.verb; i < r->tokens.count; i++) {
		match = match || rule_is(r, i, KW_MATCH);
		if (match && rule_is(r, i, KW_AGAINST) && rule_is(r, i + 1, '('))
			return true;
	}
	return false;
}

/* May its rows be looked for? Those of a table that is only filled are not. */
static bool is_read(const struct rewriting *r, const struct object *object)
{
	return object->kind == OBJECT_TABLE && (object->role != ROLE_TARGET || r->statement.class == STATEMENT_UPDATE ||
		r->statement.class == STATEMENT_DELETE);
}

/* MyISAM's and Aria's full-text keys leave out words that are in half of the rows, and have other stop words and another least
 * length than InnoDB's. */
static void fulltext(struct rewriting *r)
{
	if (!searches_text(r))
		return;
	/* InnoDB's finds rows from their COMMIT on, which merged with others' is another one than on the source */
	r->plan->flags |= PLAN_UNSAFE | PLAN_ALONE;
	for (size_t i = 0; i < r->statement.object_count; i++) {
		const struct object *object = &r->statement.objects[i];
		enum temp_engine engine = is_read(r, object) ? temporary_source_engine(r, object) : TEMP_ROLLS_BACK;

		if (engine == TEMP_ROLLS_BACK)
			continue;
		rule_fires(r,
			"MATCH … AGAINST finds other rows in an InnoDB table than in one of MyISAM or Aria, and %s %s. Have such statements "
			"log rows (binlog_format=ROW).",
			object->name,
			engine == TEMP_KEEPS_ROWS ? "is no InnoDB table on the source"
						  : "may be such a one on the source: its account may not see the table "
						    "(GRANT SELECT), or it is gone");
		return;
	}
	rule_notes(r, "What MATCH … AGAINST finds depends on the server's stop words and word lengths (innodb_ft_…): they may be others on "
		      "the target.");
}

CLASSES(row_statements, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_UPDATE, STATEMENT_DELETE,
	STATEMENT_LOAD, STATEMENT_SELECT, STATEMENT_DO, STATEMENT_CALL, STATEMENT_CREATE_TABLE);

static const struct rule list[] = {
	{{"name-const", "Functions", "NAME_CONST of a DATE, TIME or DATETIME, for MySQL", "writes the value alone", "MariaDB",
		 RUN_REWRITE_STOP, POLICY_REWRITE, NULL, ON_MARIADB},
		row_statements, name_const},
	{{"connection-id", "Functions", "CONNECTION_ID()", "writes the source's number",
		 "pseudo_thread_id to be settable",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_REWRITE) | ALLOW(POLICY_STOP), POLICY_REWRITE,
		 "INSERT INTO app.t (a) VALUES (CONNECTION_ID())", ON_MYSQL},
		row_statements, connection_id},
	{{"unsafe-functions", "Functions", "SYSDATE(), UUID(), USER(), FOUND_ROWS(), … in statement format",
		 "runs and reports", "nothing would help: use binlog_format=MIXED or ROW",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_RUN,
		 "INSERT INTO app.t (a) VALUES (LENGTH(UUID()))", ON_MYSQL},
		row_statements, unsafe},
	{{"fulltext", "Functions", "MATCH … AGAINST in statement format, on tables that are not InnoDB on the source, or may not be",
		 "stops; on others it runs and reports", "the same engine: use binlog_format=ROW", RUN_SKIP_STOP, POLICY_STOP, NULL,
		 ON_MYSQL},
		row_statements, fulltext},
};

const struct rule_topic rules_functions = {list, sizeof(list) / sizeof(list[0])};
