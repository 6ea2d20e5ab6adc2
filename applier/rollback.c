/* Transactions that were rolled back on the master but changed tables there that cannot be (6.8): what such tables
 * kept is in the log together with what was undone. Which is which only the source's engines tell. */
#include <string.h>

#include "applier/internal.h"
#include "applier/sql/classify.h"

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

static int statement_is_kept(struct applier *applier, const struct change *change, enum kept *kept,
	struct error *error)
{
	const struct planned_statement *planned = change->applier_data;
	bool any = false;

	*kept = GONE;
	if (planned->plan.class == STATEMENT_SAVEPOINT || planned->plan.class == STATEMENT_ROLLBACK_TO ||
		planned->plan.class == STATEMENT_RELEASE)
		return 0;
	if (planned->plan.flags & PLAN_TEMP) {
		*kept = MIXED;
		return 0;
	}
	for (size_t i = 0; i < planned->plan.object_count; i++) {
		const struct object *object = &planned->plan.objects[i];
		const char *database = object->database ? object->database : planned->database;
		enum kept one;

		if (object->role != ROLE_TARGET || object->kind != OBJECT_TABLE || !object->name || !database)
			continue;
		if (table_is_kept(applier, database, object->name, &one, error) < 0)
			return -1;
		*kept = any && one != *kept ? MIXED : one;
		any = true;
	}
	if (!any)
		*kept = MIXED;
	return 0;
}

int rollback_keep(struct applier *applier, struct transaction *transaction, struct error *error)
{
	struct change **at = &transaction->first, *last = NULL;

	while (*at) {
		struct change *change = *at;
		enum kept kept;
		int result;

		if (change->kind == CHANGE_ROWS) {
			result = table_is_kept(applier, change->map->database, change->map->table, &kept, error);
		} else {
			result = prepare_change(applier, transaction, change, false, error);
			if (result == 0)
				result = statement_is_kept(applier, change, &kept, error);
		}
		if (result == 0 && kept == MIXED)
			result = error_set(error, ERROR_STOP, "a statement of it changed tables of both kinds, or which is not known: %s.",
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
