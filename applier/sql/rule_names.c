/* Character sets and collations: names that the target does not know, and defaults that differ (6.9). */
#include <string.h>
#include <strings.h>

#include "applier/sql/charset.h"
#include "applier/sql/table_text.h"

static bool is_name_token(const struct rewriting *r, size_t at)
{
	return token_is_name(&r->tokens, at) || token_at(&r->tokens, at)->kind == TOKEN_STRING;
}

/* The token that names a collation behind COLLATE at `at`, or 0. */
static size_t collation_token(const struct rewriting *r, size_t at)
{
	if (!rule_is(r, at, KW_COLLATE))
		return 0;
	at += rule_is(r, at + 1, '=') ? 2 : 1;
	return is_name_token(r, at) ? at : 0;
}

/* The token that names a character set behind CHARSET, CHARACTER SET, CHAR SET, USING, SET NAMES, or 0. */
static size_t charset_token(const struct rewriting *r, size_t at)
{
	if (rule_is(r, at, KW_CHARSET))
		at++;
	else if ((rule_is(r, at, KW_CHARACTER) || rule_is(r, at, KW_CHAR)) && rule_is(r, at + 1, KW_SET))
		at += 2;
	else if (rule_is(r, at, KW_USING) && rule_is(r, at + 2, ')')) /* CONVERT(x USING utf8mb4) */
		return is_name_token(r, at + 1) ? at + 1 : 0;
	else
		return 0;
	if (rule_is(r, at, '='))
		at++;
	return is_name_token(r, at) ? at : 0;
}

/* MariaDB takes uca1400_ai_ci for the one of the character set that is named before it. */
static const char *full_collation_name(struct rewriting *r, size_t at)
{
	const char *name = rule_value(r, at);
	size_t before = at - (rule_is(r, at - 1, '=') ? 3 : 2);

	if (strncasecmp(name, "uca1400_", 8) != 0 || name_set_has(&r->target->collations, name))
		return name;
	for (size_t i = before > 3 ? before - 3 : 0; i < before; i++)
		if (charset_token(r, i) == before)
			return rule_printf(r, "%s_%s", rule_value(r, before), name);
	return name;
}

static void collation_name(struct rewriting *r, size_t at)
{
	const char *name = full_collation_name(r, at), *to;
	bool exact;

	if (strcasecmp(name, "DEFAULT") == 0 || !charset_of(name))
		return;
	to = collation_translate(name, r->target, &exact);
	if (!to) {
		rule_stops(r, "The target has nothing like the collation %s.", name);
		return;
	}
	if (strcasecmp(to, name) == 0)
		return;
	if (RULE_REWRITES(r,
		    exact ? "The target calls the collation %s %s."
			  : "The target does not know the collation %s; %s is the nearest it has: order and "
			    "equality of strings may differ.",
		    name, to))
		rule_replace(r, at, at, to);
}

static void charset_name(struct rewriting *r, size_t at)
{
	const char *name = rule_value(r, at), *to;

	if (strcasecmp(name, "DEFAULT") == 0 || !charset_of(name) || strcasecmp(name, "binary") == 0)
		return;
	to = charset_translate(name, r->target);
	if (!to) {
		rule_stops(r, "The target does not have the character set %s.", name);
		return;
	}
	/* utf8 means the three-byte one on both sides, whatever it is listed as */
	if (strcasecmp(to, name) == 0 || strcasecmp(name, "utf8") == 0)
		return;
	if (RULE_REWRITES(r, "The target calls the character set %s %s.", name, to))
		rule_replace(r, at, at, to);
}

static void introducer(struct rewriting *r, size_t at)
{
	const char *name = rule_printf(r, "%.*s", (int)r->tokens.items[at].length - 1,
		r->tokens.text + r->tokens.items[at].start + 1);
	const char *to = charset_translate(name, r->target);

	if (!charset_of(name) || strcasecmp(name, "binary") == 0)
		return;
	if (!to)
		rule_stops(r, "The target does not have the character set %s.", name);
	else if (strcasecmp(to, name) != 0 && strcasecmp(name, "utf8") != 0 &&
		 RULE_REWRITES(r, "The target calls the character set %s %s.", name, to))
		rule_replace(r, at, at, rule_printf(r, "_%s", to));
}

static void names(struct rewriting *r)
{
	if (r->target->collations.count == 0 || r->target->charsets.count == 0)
		return;
	for (size_t i = 0; i < r->tokens.count && !r->decided; i++) {
		const struct token *token = &r->tokens.items[i];
		size_t name;

		if (token->kind == TOKEN_INTRODUCER)
			introducer(r, i);
		else if (!token->word)
			continue;
		else if ((name = collation_token(r, i)))
			collation_name(r, name);
		else if ((name = charset_token(r, i)))
			charset_name(r, name);
	}
}

/* ---- defaults ---- */

/* What the source takes for utf8mb4 (and whatever else its session or version says) without a collation. */
static const char *source_default(const struct rewriting *r, const char *charset)
{
	if (strcmp(charset, "utf8mb4") == 0 && r->input->default_utf8mb4)
		return r->input->default_utf8mb4;
	return charset_default_collation(charset, r->input->source);
}

static const char *target_default(const struct rewriting *r, const char *charset)
{
	if (strcmp(charset, "utf8mb4") == 0 && r->target->default_utf8mb4_collation)
		return r->target->default_utf8mb4_collation;
	return charset_default_collation(charset, r->target->server);
}

/* Behind a comma among a table's options: is it one more of them? In ALTER TABLE only COLLATE can be told
 * apart. */
static bool goes_on(const struct rewriting *r, size_t at)
{
	if (r->statement.class != STATEMENT_ALTER_TABLE)
		return true;
	return rule_is(r, at, KW_COLLATE) || (rule_is(r, at, KW_DEFAULT) && rule_is(r, at + 1, KW_COLLATE));
}

/* Is a COLLATE named for what the token belongs to: in the same column, or among the table's options? */
static bool has_collation(const struct rewriting *r, size_t at, size_t depth)
{
	size_t level = 0;

	for (size_t i = at; i < r->tokens.count; i++) {
		if (rule_is(r, i, '('))
			level++;
		else if (rule_is(r, i, ')') && level-- == 0)
			break;
		if (level == 0 && rule_is(r, i, ',') && (depth || !goes_on(r, i + 1)))
			break;
		if (level == 0 &&
			(rule_is(r, i, KW_COLLATE) || rule_is(r, i, KW_SELECT) || rule_is(r, i, KW_BEGIN)))
			return rule_is(r, i, KW_COLLATE);
	}
	level = 0;
	for (size_t i = at; i-- > 0;) {
		if (rule_is(r, i, ')'))
			level++;
		else if (rule_is(r, i, '(') && level-- == 0)
			break;
		if (level == 0 && (depth || r->statement.class == STATEMENT_ALTER_TABLE) &&
			rule_is(r, i, ','))
			break;
		if (level == 0 && rule_is(r, i, KW_COLLATE))
			return true;
	}
	return false;
}

/* Is the parenthesis one of CAST( or CONVERT(, where no collation may follow? */
static bool opens_cast(const struct rewriting *r, size_t at)
{
	return at > 0 && (rule_is(r, at - 1, KW_CAST) || rule_is(r, at - 1, KW_CONVERT));
}

static void write_default(struct rewriting *r, size_t name, size_t depth)
{
	const char *charset = charset_of(rule_value(r, name)), *from, *to;
	bool exact, binary = rule_is(r, name + 1, KW_BINARY);

	if (!charset || binary || has_collation(r, name + 1, depth))
		return;
	from = source_default(r, charset);
	to = target_default(r, charset);
	if (!from || !to || strcasecmp(from, to) == 0)
		return;
	to = r->target->collations.count ? collation_translate(from, r->target, &exact) : from;
	if (to && RULE_REWRITES(r, "%s alone means %s on the source and another collation on the target.",
			  charset, from))
		rule_insert_after(r, name, rule_printf(r, " COLLATE %s", to));
}

#define DEPTH_MAXIMUM 64

static void defaults(struct rewriting *r)
{
	bool cast[DEPTH_MAXIMUM] = {false};
	size_t depth = 0;

	for (size_t i = 0; i < r->tokens.count && !r->decided; i++) {
		size_t name;

		if (rule_is(r, i, '(') && depth + 1 < DEPTH_MAXIMUM) {
			bool inside = cast[depth];

			cast[++depth] = inside || opens_cast(r, i);
		} else if (rule_is(r, i, ')') && depth) {
			depth--;
		}
		if (cast[depth] || rule_is(r, i, KW_USING) || !(name = charset_token(r, i)))
			continue;
		write_default(r, name, depth);
	}
}

/* CREATE DATABASE without a character set takes the session's, which the target may not let be set. */
static void database_default(struct rewriting *r)
{
	const char *collation = r->input->server_collation,
		   *charset = collation ? charset_of(collation) : NULL, *to;
	bool exact;

	if (!charset || r->target->variables[VARIABLE_COLLATION_SERVER])
		return;
	for (size_t i = r->statement.body; i < r->tokens.count; i++)
		if (charset_token(r, i) || collation_token(r, i))
			return;
	to = collation_translate(collation, r->target, &exact);
	if (to && RULE_REWRITES(r,
			  "The source's session has %s as its default, which this account cannot set on the "
			  "target.",
			  collation))
		rule_insert_after(r, r->tokens.count - 1, rule_printf(r, " COLLATE %s", to));
}

CLASSES(default_classes, STATEMENT_CREATE_TABLE, STATEMENT_ALTER_TABLE, STATEMENT_CREATE_DATABASE,
	STATEMENT_ALTER_DATABASE, STATEMENT_CREATE_PROCEDURE, STATEMENT_CREATE_FUNCTION);
CLASSES(database_only, STATEMENT_CREATE_DATABASE);

static const struct rule list[] = {
	{{"collations", "Character sets",
		 "COLLATE, CHARACTER SET, USING and _introducers that the target calls otherwise or does not "
		 "know",
		 "writes the target's name, or the nearest collation it has; stops where there is none",
		 "the same collations", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.c1 (a VARCHAR(9) COLLATE utf8mb4_0900_ai_ci)", {FAMILY_MYSQL, 80036}},
		NULL, names},
	{{"default-collations", "Character sets", "character sets without a collation whose default differs",
		 "writes the source's default out", "the same defaults", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.c2 (a VARCHAR(9)) DEFAULT CHARSET=utf8mb4", {FAMILY_MYSQL, 50744}},
		default_classes, defaults},
	{{"database-defaults", "Character sets", "CREATE DATABASE without a character set",
		 "writes the session's out", "collation_server to be settable", RUN_REWRITE_STOP, POLICY_REWRITE,
		 NULL, {FAMILY_MYSQL, 80036}},
		database_only, database_default},
};

const struct rule_topic rules_names = {list, sizeof(list) / sizeof(list[0])};
