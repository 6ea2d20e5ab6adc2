/* What a statement says under a sql_mode that the target lacks (2.5). The mode goes by mode.c; here stand the statements that mean
 * something else without it. */
#include <string.h>

#include "applier/sql/mode.h"
#include "applier/sql/table_text.h"

static bool is_under(const struct rewriting *r, uint64_t mode)
{
	return (r->input->sql_mode & mode) != 0;
}

/* ---- ORACLE ---- */

/* Functions that take NULL for '', or '' for NULL, or count otherwise under MariaDB's ORACLE. */
static bool is_oracle_function(const struct rewriting *r, size_t at)
{
	static const char *const names[] = {"CONCAT", "DECODE", "LENGTH", "LPAD", "LTRIM", "REGEXP_REPLACE", "REPLACE", "RPAD", "RTRIM",
		"SUBSTR", "SUBSTRING", "TRIM"};

	if (!rule_is(r, at + 1, '('))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (token_equals(&r->tokens, at, names[i]))
			return true;
	return false;
}

static bool is_concatenation(const struct rewriting *r, size_t at)
{
	return token_at(&r->tokens, at)->kind == TOKEN_OPERATOR && token_equals(&r->tokens, at, "||");
}

/* A DATE has a time of day there, and a BLOB is a LONGBLOB. */
static bool has_oracle_types(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->item_count; i++)
		if (!text->items[i].is_key && (token_equals(&r->tokens, text->items[i].type, "DATE") ||
						      token_equals(&r->tokens, text->items[i].type, "BLOB")))
			return true;
	return false;
}

static bool differs_without_oracle(struct rewriting *r)
{
	for (size_t i = 0; i < r->tokens.count; i++)
		if (is_concatenation(r, i) || is_oracle_function(r, i))
			return true;
	return has_oracle_types(r);
}

/* ---- EMPTY_STRING_IS_NULL ---- */

static bool has_empty_string(const struct token_list *tokens)
{
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->items[i];

		/* ENCLOSED BY '' and COMMENT '' are no values */
		if (token_is(tokens, i - 1, KW_BY) || token_is(tokens, i - 1, KW_COMMENT))
			continue;
		/* '' and "", N'' too */
		if ((token->kind == TOKEN_STRING && token->length == 2) ||
			(token->kind == TOKEN_PREFIXED_STRING && token->length == 3))
			return true;
	}
	return false;
}

static bool differs_with_empty_strings(const struct rewriting *r)
{
	struct token_list all = TOKEN_LIST_INIT;
	bool has;

	if (!r->tokens.folded)
		return has_empty_string(&r->tokens);
	if (!memmem(r->tokens.text, r->tokens.length, "''", 2) && !memmem(r->tokens.text, r->tokens.length, "\"\"", 2))
		return false;
	/* rows of literals were left out */
	token_list_read(&all, r->tokens.text, r->tokens.length, &r->tokens.options, false);
	has = has_empty_string(&all);
	token_list_release(&all);
	return has;
}

/* ---- SIMULTANEOUS_ASSIGNMENT ---- */

/* Where the assignment at `at` ends: a comma at its level, or what follows the list. */
static size_t assignment_end(const struct rewriting *r, size_t at)
{
	while (at < r->tokens.count && !rule_is(r, at, ',') && !rule_is(r, at, ')') && !rule_is(r, at, ';') && !rule_is(r, at, KW_WHERE) &&
		!rule_is(r, at, KW_ORDER) && !rule_is(r, at, KW_LIMIT))
		at = rule_is(r, at, '(') ? token_skip_parens(&r->tokens, at) : at + 1;
	return at;
}

/* The token of the column that the assignment sets: [db.][table.]column = */
static size_t assigned_column(const struct rewriting *r, size_t at, size_t end)
{
	while (at + 1 < end && !rule_is(r, at + 1, '=') && !token_equals(&r->tokens, at + 1, ":="))
		at++;
	return at;
}

/* VALUES(a) is the row's value, whatever has been set. */
static bool is_row_value(const struct rewriting *r, size_t at)
{
	return rule_is(r, at - 1, '(') && (rule_is(r, at - 2, KW_VALUES) || rule_is(r, at - 2, KW_VALUE));
}

static bool uses_column(const struct rewriting *r, size_t column, size_t at, size_t end)
{
	const char *name = r->tokens.text + r->tokens.items[column].start;
	size_t length = r->tokens.items[column].length;

	if (r->tokens.items[column].kind == TOKEN_QUOTED) {
		name++;
		length -= 2;
	}
	for (; at < end; at++) {
		const struct token *token = &r->tokens.items[at];
		size_t quotes = token->kind == TOKEN_QUOTED;

		if (token_is_name(&r->tokens, at) && !is_row_value(r, at) && token->length == length + 2 * quotes &&
			strncasecmp(r->tokens.text + token->start + quotes, name, length) == 0)
			return true;
	}
	return false;
}

/* Does one of the assignments from `first` on use what another sets before it? */
static bool assignments_depend(const struct rewriting *r, size_t first)
{
	size_t end;

	for (size_t at = first; at < r->tokens.count; at = end + 1) {
		end = assignment_end(r, at);
		for (size_t other = first, other_end; other < at; other = other_end + 1) {
			other_end = assignment_end(r, other);
			if (uses_column(r, assigned_column(r, other, other_end), assigned_column(r, at, end) + 1, end))
				return true;
		}
		if (!rule_is(r, end, ','))
			break;
	}
	return false;
}

/* UPDATE … SET a = …, and ON DUPLICATE KEY UPDATE a = …, in stored code too. */
static bool differs_in_sequence(const struct rewriting *r)
{
	for (size_t i = 0; i < r->tokens.count; i++) {
		size_t first = i + 1;

		/* no event of a trigger, no rule of a column or a foreign key */
		if (!rule_is(r, i, KW_UPDATE) || rule_is(r, first, KW_ON) || rule_is(r, i - 1, KW_ON))
			continue;
		if (!rule_is(r, i - 1, KW_KEY)) {
			while (first < r->tokens.count && !rule_is(r, first, KW_SET) && !rule_is(r, first, ';'))
				first = rule_is(r, first, '(') ? token_skip_parens(&r->tokens, first) : first + 1;
			first++;
		}
		if (assignments_depend(r, first))
			return true;
	}
	return false;
}

static void foreign_modes(struct rewriting *r)
{
	if (!from_maria_to_mysql(r))
		return;
	if (is_under(r, MODE_ORACLE) && !(r->input->source.number && r->input->source.number < 100300) && differs_without_oracle(r))
		rule_fires(r, "It ran under MariaDB's sql_mode ORACLE, in which NULL is an empty text to || and functions, and DATE and "
			      "BLOB are other types: MySQL has no such mode.");
	else if (is_under(r, MODE_EMPTY_STRING_IS_NULL) && differs_with_empty_strings(r))
		rule_fires(r, "It ran under MariaDB's sql_mode EMPTY_STRING_IS_NULL, in which '' is NULL: MySQL has no such mode.");
	else if (is_under(r, MODE_SIMULTANEOUS_ASSIGNMENT) && differs_in_sequence(r))
		rule_fires(r, "It ran under MariaDB's sql_mode SIMULTANEOUS_ASSIGNMENT, in which an UPDATE uses no column that it has set "
			      "already: MySQL has no such mode.");
}

/* ---- MAXDB ---- */

static void maxdb(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	if (!is_under(r, MODE_MAXDB) || !version_at_least(r->target->server, FAMILY_MYSQL, 80000))
		return;
	for (size_t i = 0; i < text->item_count; i++)
		if (!text->items[i].is_key && token_equals(&r->tokens, text->items[i].type, "TIMESTAMP") &&
			RULE_REWRITES(r, "Under the sql_mode MAXDB the source makes its TIMESTAMP columns DATETIME ones."))
			rule_replace(r, text->items[i].type, text->items[i].type, "DATETIME");
}

CLASSES(meanings, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_UPDATE, STATEMENT_DELETE, STATEMENT_LOAD, STATEMENT_SELECT, STATEMENT_DO,
	STATEMENT_CALL, STATEMENT_SET, STATEMENT_CREATE_TABLE, STATEMENT_ALTER_TABLE, STATEMENT_CREATE_VIEW, STATEMENT_ALTER_VIEW,
	STATEMENT_CREATE_PROCEDURE, STATEMENT_CREATE_FUNCTION, STATEMENT_CREATE_TRIGGER, STATEMENT_CREATE_EVENT, STATEMENT_ALTER_EVENT);
CLASSES(table_classes, STATEMENT_CREATE_TABLE, STATEMENT_ALTER_TABLE);

static const struct rule list[] = {
	{{"foreign-modes", "Modes",
		 "rows, tables, views and code that mean something else without ORACLE, EMPTY_STRING_IS_NULL, SIMULTANEOUS_ASSIGNMENT, for "
		 "MySQL",
		 "stops", "MariaDB", RUN_SKIP_STOP, POLICY_STOP, NULL, ON_MARIADB},
		meanings, foreign_modes},
	{{"maxdb", "Modes", "TIMESTAMP columns under MAXDB, where the target lacks the mode", "makes them DATETIME, as the source does",
		 "MySQL before 8.0, or MariaDB", RUN_REWRITE_STOP, POLICY_REWRITE, NULL, ON_MARIADB},
		table_classes, maxdb},
};

const struct rule_topic rules_modes = {list, sizeof(list) / sizeof(list[0])};
