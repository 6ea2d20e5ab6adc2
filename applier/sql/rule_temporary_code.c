/* Temporary tables that stored code uses (6.1): a function that the statement calls, or a trigger that it fires, names
 * them where no rule can write anything else. So the target's session gets temporary tables of these names for the
 * statement: made like the real ones and filled from them before it, written back behind it. Making and dropping them
 * commits nothing. */
#include <string.h>

#include "applier/sql/account.h"
#include "applier/sql/rule_temporary.h"

static bool has_code(struct rewriting *r, const char *database, const char *name, bool function)
{
	const struct temp_registry *temps = r->input->temps;

	return temps && temps->has_code && temps->has_code(temps->context, database, name, function);
}

/* name(… or database.name(… where the target has such a function. */
static bool calls_function(struct rewriting *r)
{
	const struct token_list *tokens = &r->tokens;
	const char *default_database = r->input->database ? r->input->database : "";

	for (size_t i = 0; i + 1 < tokens->count; i++) {
		bool qualified = i >= 2 && rule_is(r, i - 1, '.') && token_is_name(tokens, i - 2);

		if (!token_is_name(tokens, i) || !rule_is(r, i + 1, '('))
			continue;
		if (has_code(r, qualified ? rule_utf8(r, rule_value(r, i - 2)) : default_database,
			    rule_utf8(r, rule_value(r, i)), true))
			return true;
	}
	return false;
}

static bool fires_trigger(struct rewriting *r)
{
	for (size_t i = 0; i < r->statement.object_count; i++) {
		const struct object *object = &r->statement.objects[i];

		if (object->kind == OBJECT_TABLE && object->role == ROLE_TARGET && !temporary_find(r, object) &&
			has_code(r, rule_database(r, object), rule_utf8(r, object->name), false))
			return true;
	}
	return false;
}

/* Does the text itself tell why the source says that the statement depends on its session? */
static bool shows_use(struct rewriting *r)
{
	for (size_t i = 0; i < r->statement.object_count; i++)
		if (temporary_find(r, &r->statement.objects[i]))
			return true;
	for (size_t i = 0; i < r->tokens.count; i++)
		if (rule_is(r, i, KW_CONNECTION_ID))
			return true;
	return false;
}

static struct plan_step *auxiliary(struct rewriting *r, const char *sql)
{
	struct plan_step *step = rule_step(r, STEP_MAIN, sql, strlen(sql));

	step->auxiliary = true;
	return step;
}

static const char *twin_name(struct rewriting *r, const struct temp_entry *entry)
{
	struct buffer name = BUFFER_INIT;
	const char *copy;

	identifier_put(entry->database, &r->tokens.options, &name);
	buffer_putc(&name, '.');
	identifier_put(entry->name, &r->tokens.options, &name);
	copy = arena_strdup(r->arena, buffer_text(&name));
	buffer_release(&name);
	return copy;
}

static void lend(struct rewriting *r, const struct temp_entry *entry)
{
	struct plan_step *copy;

	auxiliary(r, rule_printf(r, "CREATE TEMPORARY TABLE %s LIKE %s", twin_name(r, entry),
			     temporary_qualified(r, entry->real)));
	copy = auxiliary(r, "");
	copy->work = WORK_COPY_TABLE;
	copy->from_table = entry->real;
	copy->to_table = entry->name;
	copy->to_database = entry->database;
}

static void take_back(struct rewriting *r, const struct temp_entry *entry)
{
	struct plan_step *copy;

	auxiliary(r, rule_printf(r, "DELETE FROM %s", temporary_qualified(r, entry->real)));
	copy = auxiliary(r, "");
	copy->work = WORK_COPY_TABLE;
	copy->from_table = entry->name;
	copy->from_database = entry->database;
	copy->to_table = entry->real;
	auxiliary(r, rule_printf(r, "DROP TEMPORARY TABLE %s", twin_name(r, entry)));
}

/* The names may be gone from the registry before the plan is carried out. */
static bool next_entry(struct rewriting *r, size_t *at, struct temp_entry *entry)
{
	const struct temp_registry *temps = r->input->temps;

	if (!temps || !temps->next ||
		!temps->next(temps->context, r->input->server_id, r->input->thread_id, at, entry))
		return false;
	entry->database = arena_strdup(r->arena, entry->database);
	entry->name = arena_strdup(r->arena, entry->name);
	entry->real = arena_strdup(r->arena, entry->real);
	return true;
}

static void lend_all(struct rewriting *r)
{
	struct temp_entry entry;
	struct plan_step *step;
	const char *text;
	size_t length;

	for (size_t at = 0; next_entry(r, &at, &entry);)
		lend(r, &entry);
	text = r->edits.count ? rule_text(r, 0, r->tokens.count, &length) : r->input->text;
	step = rule_step(r, STEP_MAIN, text, r->edits.count ? length : r->input->length);
	step->returns_rows = true;
	for (size_t at = 0; next_entry(r, &at, &entry);)
		take_back(r, &entry);
	r->plan->flags |= PLAN_TEMP;
	r->plan->action = PLAN_REWRITE;
	r->built = true;
}

static void temporary_in_code(struct rewriting *r)
{
	struct temp_entry entry;
	size_t at = 0;
	bool code = false, shown;

	if (!r->input->thread_specific && !r->input->looks_for_code)
		return;
	if (r->input->temps && r->input->temps->has_code)
		code = calls_function(r) || fires_trigger(r);
	if (code)
		r->plan->flags |= PLAN_CODE;
	shown = shows_use(r);
	if (!r->input->thread_specific || (shown && !code))
		return;
	if (next_entry(r, &at, &entry)) {
		if (RULE_REWRITES(r, "Stored code may use temporary tables of the source's session: the target's "
				     "session has them while the statement runs."))
			lend_all(r);
	} else if (!shown && code && r->settings->policies[r->rule] != POLICY_RUN) {
		rule_stops(r, "Stored code that it runs uses a temporary table or CONNECTION_ID(), and no temporary "
			      "table of its session is known here: the code makes one itself, which would be left in a "
			      "session of the target.");
	}
}

CLASSES(code_users, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_UPDATE, STATEMENT_DELETE, STATEMENT_SELECT,
	STATEMENT_DO, STATEMENT_SET);

static const struct rule list[] = {
	{{"temporary-in-code", "Temporary tables", "functions and triggers that use temporary tables of the session",
		 "lends them to the target's session for the statement; stops when the code makes them itself",
		 "pseudo_thread_id to be settable; and it would lose them with each connection",
		 ALLOW(POLICY_REWRITE) | ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_REWRITE,
		 NULL, {FAMILY_MYSQL, 0}},
		code_users, temporary_in_code},
};

const struct rule_topic rules_temporary_code = {list, sizeof(list) / sizeof(list[0])};
