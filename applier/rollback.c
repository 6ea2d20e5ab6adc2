/* Transactions that were rolled back on the master but changed tables there that cannot be (6.8): what such tables
 * kept is in the log together with what was undone. Which is which only the source's engines tell. */
#include <string.h>

#include "applier/internal.h"
#include "applier/sql/classify.h"
#include "base/log.h"

enum kept { GONE, KEPT, DEFINITION, UNKNOWN_ROWS, MIXED };

static int table_is_kept(struct applier *applier, const char *database, const char *table, enum kept *kept,
	struct error *error)
{
	bool transactional = false;

	if (!applier->hooks.source_engine)
		return error_set(error, ERROR_STOP, "the engine of table %s.%s on the master is not known here.", database,
			table);
	if (applier->hooks.source_engine(applier->hooks.context, database, table, &transactional, error) < 0)
		return -1;
	*kept = transactional ? GONE : KEPT;
	return 0;
}

void session_end_note(struct applier *applier, const struct change *change)
{
	static const char words[] = "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS ";
	struct ended_session *ended = &applier->ended[applier->ended_next % ENDED_SESSIONS];

	if (change->query.text_length < sizeof(words) || memcmp(change->query.text, words, sizeof(words) - 1) != 0)
		return;
	ended->server_id = change->server_id;
	ended->thread_id = change->query.thread_id;
	applier->ended_next++;
}

bool session_has_ended(const struct applier *applier, const struct transaction *transaction)
{
	for (const struct change *at = transaction->first; at; at = at->next) {
		for (size_t i = 0; change_is_statement(at) && i < ENDED_SESSIONS; i++) {
			if (applier->ended[i].thread_id == at->query.thread_id && applier->ended[i].server_id == at->server_id)
				return true;
		}
	}
	return false;
}

static bool effect_names(const struct change *change, const char *database, const char *table)
{
	const struct planned_statement *planned = change->applier_data;

	for (size_t i = 0; planned && i < planned->plan.effect_count; i++) {
		const struct plan_effect *effect = &planned->plan.effects[i];

		if (effect->kind <= EFFECT_TEMP_RENAME && strcmp(effect->name, table) == 0 &&
			strcmp(effect->database ? effect->database : "", database) == 0)
			return true;
	}
	return false;
}

/* All of a group's statements come from one session: a name that it has, made or dropped is a temporary table's. */
static bool is_temporary(struct applier *applier, const struct transaction *transaction, const struct change *change,
	const char *database, const char *table)
{
	struct temp_registry registry;

	for (const struct change *at = transaction->first; at; at = at->next) {
		if (change_is_statement(at) && effect_names(at, database, table))
			return true;
	}
	temp_tables_registry(applier->temps, &registry);
	return registry.find(registry.context, change->server_id, change->query.thread_id, database, table) != NULL;
}

/* Making and dropping a temporary table is not undone, its rows are; only MariaDB leaves in it what it was made from. */
static enum kept definition_is_kept(const struct applier *applier, const struct planned_statement *planned, bool undone)
{
	bool rows = false;

	for (size_t i = 0; i < planned->plan.step_count; i++)
		rows = rows || planned->plan.steps[i].when == STEP_MAIN;
	if (!rows || applier->source.version.family != FAMILY_MARIADB)
		return DEFINITION;
	return undone ? UNKNOWN_ROWS : KEPT;
}

/* `undone`: something before it in the group is gone. */
static int statement_is_kept(struct applier *applier, const struct transaction *transaction,
	const struct change *change, bool undone, enum kept *kept, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;
	bool used_temporary = (change->header_flags & EVENT_FLAG_THREAD_SPECIFIC) &&
			      session_has_ended(applier, transaction);
	bool any = false;

	*kept = GONE;
	if (planned->plan.action == PLAN_SKIP || planned->plan.class == STATEMENT_SAVEPOINT ||
		planned->plan.class == STATEMENT_ROLLBACK_TO || planned->plan.class == STATEMENT_RELEASE)
		return 0;
	if (planned->plan.effect_count && session_has_ended(applier, transaction))
		return 0;
	if (planned->plan.effect_count) {
		*kept = definition_is_kept(applier, planned, undone);
		return 0;
	}
	for (size_t i = 0; i < planned->plan.object_count; i++) {
		const struct object *object = &planned->plan.objects[i];
		const char *database = object->database ? object->database : planned->database;
		enum kept one = GONE;

		if (object->role != ROLE_TARGET || object->kind != OBJECT_TABLE || !object->name || !database)
			continue;
		if (!is_temporary(applier, transaction, change, database, object->name) &&
			table_is_kept(applier, database, object->name, &one, error) < 0) {
			/* a session that has ended had temporary tables of which only it knew */
			if (!used_temporary || error->kind != ERROR_STOP)
				return -1;
			error_clear(error);
		}
		*kept = any && one != *kept ? MIXED : one;
		any = true;
	}
	/* what stayed was made of temporary tables' rows that are gone */
	if (!any || (*kept == KEPT && undone && (used_temporary || (planned->plan.flags & PLAN_TEMP))))
		*kept = MIXED;
	return 0;
}

/* The steps that make and drop tables stay. */
static void leave_definition(struct planned_statement *planned)
{
	size_t left = 0;

	for (size_t i = 0; i < planned->plan.step_count; i++) {
		if (planned->plan.steps[i].when != STEP_MAIN)
			planned->plan.steps[left++] = planned->plan.steps[i];
	}
	planned->plan.step_count = left;
}

/* The source has a temporary table with rows made of others that were undone. Hardly any session uses it after
 * that: the table stays known, but is not there, so that a use of it stops, and its end does not. */
static void leave_nothing(const struct applier *applier, const struct transaction *transaction,
	const struct change *change, struct arena *arena)
{
	struct planned_statement *planned = change->applier_data;
	struct plan_step *steps = arena_alloc(arena, (planned->plan.step_count + 1) * sizeof(*steps));

	leave_definition(planned);
	memcpy(steps, planned->plan.steps, planned->plan.step_count * sizeof(*steps));
	planned->plan.steps = steps;
	for (size_t i = 0; i < planned->plan.effect_count; i++) {
		if (planned->plan.effects[i].kind != EFFECT_TEMP_CREATE && planned->plan.effects[i].kind != EFFECT_TEMP_REPLACE)
			continue;
		rewrite_drop_real(applier->settings.target.schema, planned->plan.effects[i].real, arena,
			&steps[planned->plan.step_count++]);
		steps[planned->plan.step_count - 1].when = STEP_AFTER;
		log_line(LOG_WARNING, "applier",
			"a temporary table was filled from rows that were rolled back: a statement that uses it will stop "
			"table=%s.%s real=%s place=%s:%llu",
			planned->plan.effects[i].database, planned->plan.effects[i].name, planned->plan.effects[i].real,
			transaction->end.file, (unsigned long long)change->end_offset);
		break;
	}
}

int rollback_keep(struct applier *applier, struct transaction *transaction, struct error *error)
{
	struct change **at = &transaction->first, *last = NULL;
	bool undone = false;

	while (*at) {
		struct change *change = *at;
		enum kept kept;
		int result;

		if (change->kind == CHANGE_ROWS) {
			result = table_is_kept(applier, change->map->database, change->map->table, &kept, error);
		} else {
			result = prepare_change(applier, transaction, change, false, error);
			if (result == 0)
				result = statement_is_kept(applier, transaction, change, undone, &kept, error);
		}
		if (result == 0 && kept == MIXED)
			result = error_set(error, ERROR_STOP, "a statement of it changed tables of both kinds, or used rows that were undone: %s.",
				statement_excerpt(change, &transaction->arena));
		if (result < 0) {
			error_context(error,
				"%s:%llu: this transaction was rolled back on the master, but changed tables there that cannot be "
				"rolled back (MyISAM and the like)",
				transaction->end.file, (unsigned long long)change->end_offset);
			if (error->kind == ERROR_STOP)
				error_advice(error, "Compare the tables it names, then run changeling skip.");
			return -1;
		}
		if (kept == DEFINITION)
			leave_definition(change->applier_data);
		if (kept == UNKNOWN_ROWS)
			leave_nothing(applier, transaction, change, &transaction->arena);
		if (kept == GONE || kept == DEFINITION || kept == UNKNOWN_ROWS)
			undone = true;
		if (kept == GONE) {
			*at = change->next;
			transaction->changes--;
		} else {
			last = change;
			at = &change->next;
		}
	}
	transaction->last = last;
	return 0;
}
