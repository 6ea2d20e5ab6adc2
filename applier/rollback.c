/* Transactions that were rolled back on the master but changed tables there that cannot be (6.8): what such tables
 * kept is in the log together with what was undone. Which is which only the source's engines tell. */
#include <string.h>

#include "applier/internal.h"
#include "applier/sql/classify.h"
#include "base/log.h"

/* MIXED: of both, or what stayed was made of what did not. */
enum kept { GONE, KEPT, MIXED };

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
	const struct query_event *query = &change->statement->query;

	if (query->text_length < sizeof(words) || memcmp(query->text, words, sizeof(words) - 1) != 0)
		return;
	ended->server_id = change->server_id;
	ended->thread_id = query->thread_id;
	applier->ended_next++;
}

bool session_has_ended(const struct applier *applier, const struct transaction *transaction)
{
	for (const struct change *at = transaction->first; at; at = at->next) {
		for (size_t i = 0; change_is_statement(at) && i < ENDED_SESSIONS; i++) {
			if (applier->ended[i].thread_id == at->statement->query.thread_id &&
				applier->ended[i].server_id == at->server_id)
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
	for (const struct change *at = transaction->first; at; at = at->next) {
		if (change_is_statement(at) && effect_names(at, database, table))
			return true;
	}
	return temp_tables_find(applier->temps, change->server_id, change->statement->query.thread_id, database, table) !=
		NULL;
}

/* `undone`: something before it in the group is gone. */
static int statement_is_kept(struct applier *applier, const struct transaction *transaction,
	const struct change *change, bool ended, bool undone, enum kept *kept, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;
	bool used_temporary = ended && (change->header_flags & EVENT_FLAG_THREAD_SPECIFIC) != 0;
	bool any = false, reads = false;

	*kept = GONE;
	if (planned->plan.action == PLAN_SKIP || planned->plan.class == STATEMENT_SAVEPOINT ||
		planned->plan.class == STATEMENT_ROLLBACK_TO || planned->plan.class == STATEMENT_RELEASE)
		return 0;
	if (planned->plan.effect_count) /* of a session that has ended, and its tables with it */
		return 0;
	for (size_t i = 0; i < planned->plan.object_count; i++) {
		const struct object *object = &planned->plan.objects[i];
		const char *database = object->database ? object->database : planned->database;
		enum kept one = GONE;

		reads = reads || object->role == ROLE_SOURCE || object->role == ROLE_DELETE_LIST;
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
	/* what stayed was made of rows that are gone */
	if (!any || (*kept == KEPT && undone && (used_temporary || reads)))
		*kept = MIXED;
	return 0;
}

static int decide(struct applier *applier, struct transaction *transaction, struct change *change, bool ended,
	bool undone, enum kept *kept, struct error *error)
{
	const struct planned_statement *planned;
	int result;

	if (change->kind == CHANGE_ROWS)
		return table_is_kept(applier, change->map->database, change->map->table, kept, error);
	result = prepare_change(applier, transaction, change, false, error);
	planned = change->applier_data;
	if (result == 0 && (planned->plan.flags & PLAN_CODE))
		return error_set(error, ERROR_STOP,
			"a statement of it runs stored functions or triggers, and the log does not tell which tables these "
			"changed: %s.",
			statement_excerpt(change, &transaction->arena));
	return result < 0 ? -1 : statement_is_kept(applier, transaction, change, ended, undone, kept, error);
}

static int explain(const struct transaction *transaction, const struct change *change, struct error *error)
{
	error_context(error,
		"%s:%llu: this transaction was rolled back on the master, but changed tables there that cannot be rolled back "
		"(MyISAM and the like)",
		transaction->end.file, (unsigned long long)change->end_offset);
	if (error->kind == ERROR_STOP)
		error_advice(error, "Compare the tables it names, then run changeling skip.");
	return -1;
}

/* Does it make, drop or use temporary tables? */
static bool concerns_temporary(const struct transaction *transaction)
{
	for (const struct change *at = transaction->first; at; at = at->next) {
		const struct planned_statement *planned = at->kind == CHANGE_ROWS ? NULL : at->applier_data;

		if (planned && planned->plan.action != PLAN_SKIP && (planned->plan.flags & PLAN_TEMP))
			return true;
	}
	return false;
}

static void leave_kept(struct transaction *transaction, const enum kept *kept)
{
	struct change **at = &transaction->first, *last = NULL;

	for (size_t i = 0; *at; i++) {
		if (kept[i] == GONE) {
			*at = (*at)->next;
			transaction->changes--;
		} else {
			last = *at;
			at = &last->next;
		}
	}
	transaction->last = last;
}

int rollback_keep(struct applier *applier, struct transaction *transaction, bool *replay, struct error *error)
{
	enum kept *kept = arena_alloc(&transaction->arena, (transaction->changes + 1) * sizeof(*kept));
	bool undone = false, ended = session_has_ended(applier, transaction);
	size_t i = 0;

	*replay = !ended && concerns_temporary(transaction);
	for (struct change *change = transaction->first; change; change = change->next, i++) {
		if (decide(applier, transaction, change, ended, undone, &kept[i], error) < 0)
			return explain(transaction, change, error);
		if (kept[i] == MIXED && ended) {
			error_set(error, ERROR_STOP,
				"a statement of it changed tables of both kinds, or used temporary tables of a session that had ended: "
				"%s.",
				statement_excerpt(change, &transaction->arena));
			return explain(transaction, change, error);
		}
		*replay = *replay || kept[i] == MIXED;
		undone = undone || kept[i] == GONE;
	}
	if (!*replay)
		leave_kept(transaction, kept);
	return 0;
}
