/* Views and stored code: definers, functions and triggers without log_bin_trust_function_creators, events,
 * triggers that must not fire for rows (6.3, 6.4). */
#include <string.h>
#include <strings.h>

#include "applier/sql/account.h"
#include "applier/sql/account_text.h"
#include "applier/sql/mode.h"
#include "applier/sql/rule.h"

/* The session variable that the applying sessions set around row changes. */
#define ROWS_VARIABLE "@changeling_rows"

static bool is_stored_code(enum statement_class class)
{
	return class >= STATEMENT_CREATE_PROCEDURE && class <= STATEMENT_DROP_LIBRARY;
}

static const struct object *first_object(const struct rewriting *r)
{
	return r->statement.object_count ? &r->statement.objects[0] : NULL;
}

static void held(struct rewriting *r, enum effect_kind kind, const char *what)
{
	const struct object *object = first_object(r);
	struct plan_effect *effect;

	if (!object || !r->decided || r->plan->action != PLAN_SKIP)
		return;
	effect = rule_effect(r, kind, rule_database(r, object), rule_utf8(r, object->name));
	effect->state = what;
}

static void trust(struct rewriting *r)
{
	bool trigger = r->statement.class == STATEMENT_CREATE_TRIGGER ||
		       r->statement.class == STATEMENT_DROP_TRIGGER;
	bool drop = r->statement.class == STATEMENT_DROP_TRIGGER;

	if (r->target->may_create_functions)
		return;
	rule_fires(r,
		"The target writes a binary log and log_bin_trust_function_creators is off there: set it to "
		"1 in its "
		"parameter group, then %ss can be %s.",
		trigger ? "trigger" : "function", drop ? "dropped" : "created");
	held(r, drop ? EFFECT_HELD_DROP : EFFECT_HELD, trigger ? "TRIGGER" : "FUNCTION");
}

static void dropped_function(struct rewriting *r)
{
	/* one that was set aside when it should have been created is not there */
	if (r->target->may_create_functions || (r->statement.flags & STATEMENT_IF_EXISTS))
		return;
	if (r->settings->policies[rewrite_rule_find("stored-functions")] != POLICY_SKIP)
		return;
	if (RULE_REWRITES(r, "The function may be one of those that were set aside: that it is missing is no "
			     "error.")) {
		static const uint16_t missing[] = {1305, 0};
		const struct object *object = first_object(r);

		r->tolerated = missing;
		if (object)
			rule_effect(r, EFFECT_HELD_DROP, rule_database(r, object), rule_utf8(r, object->name))
				->state = "FUNCTION";
	}
}

static void packages(struct rewriting *r)
{
	if (r->target->server.family == FAMILY_MYSQL)
		rule_fires(r, "MySQL has no packages.");
}

static void libraries(struct rewriting *r)
{
	if (!version_at_least(r->target->server, FAMILY_MYSQL, 90200))
		rule_fires(r, "The target has no libraries of JavaScript.");
}

static void oracle_mode(struct rewriting *r)
{
	if (!from_maria_to_mysql(r) || !(r->input->sql_mode & MODE_ORACLE) ||
		(r->input->source.number && r->input->source.number < 100300))
		return;
	if (is_stored_code(r->statement.class) && statement_commits(r->statement.class) &&
		r->statement.class != STATEMENT_DROP_PROCEDURE &&
		r->statement.class != STATEMENT_DROP_FUNCTION &&
		r->statement.class != STATEMENT_DROP_TRIGGER && r->statement.class != STATEMENT_DROP_EVENT)
		rule_fires(r, "It is written in MariaDB's Oracle syntax (sql_mode=ORACLE), which MySQL does "
			      "not read.");
}

/* ---- definers ---- */

/* The token of DEFINER in the head of the statement, or tokens.count. */
static size_t definer_token(const struct rewriting *r)
{
	size_t end = r->statement.object_count ? r->statement.objects[0].first : 0;

	for (size_t i = r->statement.verb; i < end; i++)
		if (rule_is(r, i, KW_DEFINER))
			return i;
	return r->tokens.count;
}

/* A part of an account as the configuration has it: with or without quotes. */
static char *unquoted(struct arena *arena, const char *text, size_t length)
{
	char quote = text[0], *part = arena_strndup(arena, text, length), *to = part;

	if (length < 2 || !strchr("'\"`", quote) || text[length - 1] != quote)
		return part;
	for (size_t i = 1; i < length - 1; i++) {
		i += text[i] == quote; /* it stands twice */
		*to++ = text[i];
	}
	*to = '\0';
	return part;
}

/* user@host, 'user'@'host' or user alone. */
static void split_account(struct arena *arena, const char *text, const char **user, const char **host)
{
	const char *at = strrchr(text, '@');

	*user = unquoted(arena, text, at ? (size_t)(at - text) : strlen(text));
	*host = at ? unquoted(arena, at + 1, strlen(at + 1)) : "%";
}

static bool same_account(struct rewriting *r, const struct account *account, const char *text)
{
	const char *user, *host;

	split_account(r->arena, text, &user, &host);
	return strcmp(user, account->user) == 0 && strcasecmp(host, account->host ? account->host : "%") == 0;
}

/* What definer-map says, or NULL. */
static const char *mapped(struct rewriting *r, const struct account *definer)
{
	for (size_t i = 0; i < r->settings->definer_mappings; i++) {
		const struct definer_mapping *mapping = &r->settings->definer_map[i];

		if (strcmp(mapping->from, "*") == 0 || same_account(r, definer, mapping->from))
			return mapping->to;
	}
	return NULL;
}

static bool is_own_account(const struct rewriting *r, const struct account *account)
{
	return r->target->account_user && strcmp(account->user, r->target->account_user) == 0 &&
	       strcasecmp(account->host ? account->host : "%", r->target->account_host) == 0;
}

static bool runs_as_definer(const struct rewriting *r)
{
	for (size_t i = r->statement.verb; i < r->tokens.count; i++)
		if (rule_is(r, i, KW_SQL) && rule_is(r, i + 1, KW_SECURITY))
			return !rule_is(r, i + 2, KW_INVOKER);
	return true;
}

static const char *account_sql(struct rewriting *r, const char *user, const char *host)
{
	struct buffer out = BUFFER_INIT;
	const char *copy;

	account_put(user, host, &r->tokens.options, &out);
	copy = arena_strdup(r->arena, buffer_text(&out));
	buffer_release(&out);
	return copy;
}

/* What a definer becomes: `to` as of new_definer(), not "". */
static const char *definer_sql(struct rewriting *r, const struct account *account, const char *to)
{
	const char *user = account->user, *host = account->host ? account->host : "%";

	if (to)
		split_account(r->arena, to, &user, &host);
	return account_sql(r, user, host);
}

/* What a definer becomes: NULL to stay as it is; "" to be this program's account. */
static const char *new_definer(struct rewriting *r, const struct account *definer, const char **why)
{
	const char *to = mapped(r, definer);

	if (to) {
		*why = "definer-map";
		return to;
	}
	if (is_own_account(r, definer))
		return NULL;
	if (!definer->host) {
		*why = "it is a role, which can be no definer for this account";
		return r->target->server.family == FAMILY_MARIADB && r->target->may_set_definer ? NULL : "";
	}
	*why = "the target's account may name no other definer than itself";
	if (!r->target->may_set_definer)
		return "";
	*why = "a definer with the server's own rights may not be named";
	return account_is_reserved(r, definer) ? "" : NULL;
}

static void definer(struct rewriting *r)
{
	size_t at = definer_token(r), value;
	struct account account = {0};
	const char *to, *why = "", *was;
	bool views =
		r->statement.class == STATEMENT_CREATE_VIEW || r->statement.class == STATEMENT_ALTER_VIEW;

	if (at == r->tokens.count) {
		/* none is written: the log tells in its own way whom the source took */
		if (!r->input->invoker_user)
			return;
		account = (struct account){.user = r->input->invoker_user, .host = r->input->invoker_host};
		to = new_definer(r, &account, &why);
		if (to && !to[0])
			return;
		at = r->statement.verb;
		if (rule_is(r, at + 1, KW_OR))
			at += 2;
		if (rule_is(r, at + 1, KW_ALGORITHM))
			at += rule_is(r, at + 2, '=') ? 3 : 2;
		if (RULE_REWRITES(r, "The source's definer is written out."))
			rule_insert_after(r, at, rule_printf(r, " DEFINER=%s", definer_sql(r, &account, to)));
		return;
	}
	value = rule_is(r, at + 1, '=') ? at + 2 : at + 1;
	if (!account_read(&r->tokens, value, r->arena, &account))
		return;
	if (account.current || account.current_role) {
		if (!r->input->invoker_user)
			return;
		account.user = r->input->invoker_user;
		account.host = r->input->invoker_host;
	}
	to = new_definer(r, &account, &why);
	if (!to && !account.current && !account.current_role)
		return;
	was = account.host ? rule_printf(r, "%s@%s", account.user, account.host) : account.user;
	if (!RULE_REWRITES(r, "The definer %s becomes %s (%s)%s.", was,
		    to ? (to[0] ? to : "this program's account") : was, why,
		    to && runs_as_definer(r)
			    ? views ? "; the view is read with that account's rights (SQL SECURITY DEFINER)"
				    : "; it runs with that account's rights (SQL SECURITY DEFINER)"
			    : ""))
		return;
	if (to && !to[0])
		rule_replace(r, value, account.end - 1, "CURRENT_USER");
	else
		rule_replace(r, value, account.end - 1, definer_sql(r, &account, to));
}

/* ---- triggers ---- */

/* The first token of the trigger's body: behind FOR EACH ROW [FOLLOWS|PRECEDES x]. */
static size_t trigger_body(const struct rewriting *r)
{
	size_t i = r->statement.body;

	while (i < r->tokens.count &&
		!(rule_is(r, i, KW_FOR) && rule_is(r, i + 1, KW_EACH) && rule_is(r, i + 2, KW_ROW)))
		i++;
	i += 3;
	if (rule_is(r, i, KW_FOLLOWS) || rule_is(r, i, KW_PRECEDES))
		i += 2;
	return i;
}

static void trigger_guard(struct rewriting *r)
{
	size_t body = trigger_body(r), last = r->tokens.count - 1;

	if (body >= r->tokens.count) {
		rule_stops(r, "Its body cannot be found.");
		return;
	}
	if (!RULE_REWRITES(r, "The body runs unless " ROWS_VARIABLE
			      " is set, as this program does around row changes, which hold the "
			      "trigger's work already. For everybody else the trigger is what it was."))
		return;
	rule_insert_before(r, body, "IF " ROWS_VARIABLE " IS NULL THEN ");
	rule_insert_after(r, last, rule_is(r, last, ';') ? " END IF" : "; END IF");
}

/* ---- events ---- */

/* The clause about its state before DO; tokens.count when there is none. *end is the token behind it. */
static size_t event_state(const struct rewriting *r, size_t *end)
{
	size_t depth = 0;

	for (size_t i = r->statement.body; i < r->tokens.count && !(depth == 0 && rule_is(r, i, KW_DO));
		i++) {
		if (rule_is(r, i, '('))
			depth++;
		else if (rule_is(r, i, ')') && depth)
			depth--;
		if (depth || (!rule_is(r, i, KW_ENABLE) && !rule_is(r, i, KW_DISABLE)))
			continue;
		*end = i + 1;
		if (rule_is(r, i, KW_DISABLE) && rule_is(r, i + 1, KW_ON))
			*end = i + 3;
		return i;
	}
	return r->tokens.count;
}

/* Where a state clause goes that is not there: before COMMENT, DO or the end. */
static size_t event_state_place(const struct rewriting *r)
{
	size_t i = r->statement.body, depth = 0;

	for (; i < r->tokens.count; i++) {
		if (rule_is(r, i, '('))
			depth++;
		else if (rule_is(r, i, ')') && depth)
			depth--;
		if (depth == 0 &&
			(rule_is(r, i, KW_DO) || (rule_is(r, i, KW_COMMENT) &&
							 token_at(&r->tokens, i + 1)->kind == TOKEN_STRING)))
			break;
	}
	return i;
}

static void event_disabled(struct rewriting *r)
{
	const char *clause = r->target->event_disable_on_replica ? "DISABLE ON REPLICA" : "DISABLE ON SLAVE";
	const struct object *object = first_object(r);
	bool create = r->statement.class == STATEMENT_CREATE_EVENT;
	size_t end = 0, at = event_state(r, &end), place;
	const char *wished = "ENABLED";
	struct plan_effect *effect;

	if (!object || (!create && at == r->tokens.count))
		return; /* ALTER EVENT that leaves the state alone */
	if (at < r->tokens.count && rule_is(r, at, KW_DISABLE))
		wished = end == at + 1 ? "DISABLED" : "SLAVESIDE_DISABLED";
	if (!RULE_REWRITES(r,
		    "The source runs the event, and what it does arrives in the log; here it stays disabled "
		    "until "
		    "cut-over (state on the source: %s).",
		    wished))
		return;
	effect = rule_effect(r, EFFECT_EVENT_STATE, rule_database(r, object), rule_utf8(r, object->name));
	effect->state = wished;
	if (at < r->tokens.count) {
		rule_replace(r, at, end - 1, clause);
		return;
	}
	place = event_state_place(r);
	if (place < r->tokens.count)
		rule_insert_before(r, place, rule_printf(r, "%s ", clause));
	else
		rule_insert_after(r, r->tokens.count - 1, rule_printf(r, " %s", clause));
}

/* What else becomes of events is only remembered. */
static void event_names(struct rewriting *r)
{
	const struct object *object = first_object(r);
	struct plan_effect *effect;

	if (!object)
		return;
	if (r->statement.class == STATEMENT_DROP_DATABASE) {
		rule_effect(r, EFFECT_EVENT_DROP, rule_utf8(r, object->name), NULL);
		return;
	}
	if (r->statement.class == STATEMENT_DROP_EVENT) {
		rule_effect(r, EFFECT_EVENT_DROP, rule_database(r, object), rule_utf8(r, object->name));
		return;
	}
	if (r->statement.object_count < 2)
		return;
	effect = rule_effect(r, EFFECT_EVENT_RENAME, rule_database(r, object), rule_utf8(r, object->name));
	effect->new_database = rule_database(r, &r->statement.objects[1]);
	effect->new_name = rule_utf8(r, r->statement.objects[1].name);
}

CLASSES(trusted, STATEMENT_CREATE_FUNCTION, STATEMENT_CREATE_TRIGGER, STATEMENT_DROP_TRIGGER);
CLASSES(drop_function, STATEMENT_DROP_FUNCTION);
CLASSES(package_classes, STATEMENT_CREATE_PACKAGE, STATEMENT_DROP_PACKAGE);
CLASSES(library_classes, STATEMENT_CREATE_LIBRARY, STATEMENT_ALTER_LIBRARY, STATEMENT_DROP_LIBRARY);
CLASSES(defined, STATEMENT_CREATE_VIEW, STATEMENT_ALTER_VIEW, STATEMENT_CREATE_PROCEDURE,
	STATEMENT_CREATE_FUNCTION, STATEMENT_CREATE_TRIGGER, STATEMENT_CREATE_EVENT, STATEMENT_ALTER_EVENT,
	STATEMENT_CREATE_PACKAGE);
CLASSES(triggers, STATEMENT_CREATE_TRIGGER);
CLASSES(event_changes, STATEMENT_CREATE_EVENT, STATEMENT_ALTER_EVENT);
CLASSES(event_renames, STATEMENT_ALTER_EVENT, STATEMENT_DROP_EVENT, STATEMENT_DROP_DATABASE);

static const struct rule list[] = {
	{{"packages", "Stored code", "CREATE and DROP PACKAGE for MySQL", "stops", "MariaDB", RUN_SKIP_STOP,
		 POLICY_STOP, "CREATE PACKAGE app.p PROCEDURE a(); END", ON_MARIADB},
		package_classes, packages},
	{{"libraries", "Stored code", "CREATE, ALTER, DROP LIBRARY", "stops", "MySQL 9.2", RUN_SKIP_STOP,
		 POLICY_STOP, "CREATE LIBRARY app.l LANGUAGE JAVASCRIPT AS 'export function f() {}'",
		 {FAMILY_MYSQL, 90704}},
		library_classes, libraries},
	{{"oracle-mode", "Stored code", "stored code written under sql_mode=ORACLE, for MySQL", "stops",
		 "MariaDB 10.3", RUN_SKIP_STOP, POLICY_STOP, NULL, ON_MARIADB},
		NULL, oracle_mode},
	{{"stored-functions", "Stored code",
		 "CREATE FUNCTION, CREATE and DROP TRIGGER while log_bin_trust_function_creators is off",
		 "stops; by policy sets them aside, to be created later",
		 "log_bin_trust_function_creators=1, or no binary log, or SUPER", RUN_SKIP_STOP, POLICY_STOP,
		 "CREATE DEFINER=`root`@`localhost` FUNCTION app.f() RETURNS INT DETERMINISTIC RETURN 1",
		 ON_MYSQL},
		trusted, trust},
	{{"dropped-functions", "Stored code", "DROP FUNCTION where functions were set aside",
		 "tolerates that there is none", "log_bin_trust_function_creators=1", RUN_REWRITE_STOP,
		 POLICY_REWRITE, "DROP FUNCTION app.f", ON_MYSQL},
		drop_function, dropped_function},
	{{"definer", "Stored code",
		 "DEFINER of views, routines, triggers and events, also in version comments",
		 "keeps it where the target lets it be named; else writes what definer-map says, or the "
		 "applying account",
		 "SET_ANY_DEFINER, SET_USER_ID, SET USER or SUPER", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE ALGORITHM=UNDEFINED DEFINER=`app`@`%` SQL SECURITY DEFINER VIEW app.v AS select 1",
		 ON_MYSQL},
		defined, definer},
	{{"trigger-guard", "Stored code", "CREATE TRIGGER",
		 "wraps the body so that it stays silent for row changes of this program", "nothing",
		 RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TRIGGER app.tr BEFORE INSERT ON app.t FOR EACH ROW SET NEW.a = 1", ON_MYSQL},
		triggers, trigger_guard},
	{{"event-disabled", "Stored code", "CREATE EVENT, ALTER EVENT … ENABLE",
		 "creates it disabled; the state on the source is remembered for cut-over", "nothing",
		 RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE EVENT app.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM app.t", ON_MYSQL},
		event_changes, event_disabled},
	{{"event-names", "Stored code", "ALTER EVENT … RENAME, DROP EVENT", "remembers it for cut-over",
		 "nothing", ALLOW(POLICY_RUN), POLICY_RUN, "DROP EVENT app.e", ON_MYSQL},
		event_renames, event_names},
};

const struct rule_topic rules_code = {list, sizeof(list) / sizeof(list[0])};
