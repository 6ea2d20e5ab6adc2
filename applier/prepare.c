/* Transactions made ready for batches: rows bound to the target's tables, statements planned. */
#include <string.h>
#include <strings.h>

#include "applier/bound_map.h"
#include "applier/generated.h"
#include "applier/internal.h"
#include "applier/registry.h"
#include "applier/replay.h"
#include "applier/undo.h"
#include "base/log.h"

/* The same for the same event every time, different for different ones. */
static uint64_t serial_of(const struct transaction *transaction, const struct change *change)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *at = transaction->end.file; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
	hash ^= change->end_offset * 0x9e3779b97f4a7c15u;
	/* several statements of one compressed transaction end at the same place */
	for (const struct change *at = transaction->first; at && at != change; at = at->next)
		hash = hash * 31 + 1;
	return hash ^ hash >> 29;
}

static bool is_system_schema(const char *database)
{
	static const char *const names[] = {"mysql", "sys", "performance_schema", "information_schema"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(names[i], database) == 0)
			return true;
	}
	return false;
}

static int set_rows_aside(struct applier *applier, const struct transaction *transaction, const struct change *change,
	struct error *error)
{
	static const char *const kinds[] = {"rows inserted into", "rows updated in", "rows deleted from"};
	struct buffer text = BUFFER_INIT;
	struct applier_place place;
	int result = 0;

	place_of(&place, transaction, change, 0);
	buffer_printf(&text, "%s %s.%s", kinds[change->rows.kind], change->map->database, change->map->table);
	if (applier->hooks.skipped)
		result = applier->hooks.skipped(applier->hooks.context, &place, "system-tables", change->map->database,
			buffer_text(&text), NULL, "the tables of the system schemas belong to the target's own server", error);
	buffer_release(&text);
	pthread_mutex_lock(&applier->lock);
	applier->progress.skipped++;
	pthread_mutex_unlock(&applier->lock);
	return result;
}

/* What a ROLLBACK leaves would be written again with the batch. */
static int check_engine(const struct applier *applier, const struct target_table *table, struct error *error)
{
	const struct rewrite_settings *settings = applier->settings.rewrite;

	if (!table->keeps_rows || (settings && settings->policies[rewrite_rule_find("engine")] == POLICY_RUN))
		return 0;
	return error_set(error, ERROR_STOP,
		"table %s is ENGINE=%s on the target: a rollback leaves its rows, so that a batch that is sent again would write "
		"them twice. ALTER TABLE %s ENGINE=InnoDB there, then run changeling retry (rule.engine=run takes the risk).",
		table->quoted, table->engine, table->quoted);
}

/* The change's map becomes the bound one. */
static int bind_map(struct applier *applier, struct change *change, struct error *error)
{
	struct shared_map *shared = change->map_use->shared;
	struct bound_map *bound = bound_map_of(shared, applier->tables);
	const struct target_table *table;

	if (!bound) {
		if (table_cache_find(applier->tables, applier->control, shared->map->database, shared->map->table, &table,
			    error) < 0 ||
			check_engine(applier, table, error) < 0)
			return -1;
		bound = bound_map_make(shared, applier->tables, table, applier->source.version.family, error);
		if (!bound)
			return -1;
	}
	change->map = &bound->map;
	return 0;
}

static int bind_rows(struct applier *applier, struct change *change, struct error *error)
{
	if (bind_map(applier, change, error) < 0)
		return -1;
	return applier->source.version.family == FAMILY_MARIADB
		? generated_check_update(change->map->applier_data, &change->rows, applier->source.session_zone, error)
		: 0;
}

static int prepare_rows(struct applier *applier, struct transaction *transaction, struct change *change,
	struct error *error)
{
	if (strcmp(change->map->database, applier->settings.target.schema) == 0)
		return 0;
	if (is_system_schema(change->map->database))
		return set_rows_aside(applier, transaction, change, error);
	if (bind_rows(applier, change, error) < 0)
		return error_context(error, "%s:%llu", transaction->end.file, (unsigned long long)change->end_offset);
	return 0;
}

/* A statement that may stand among others in one transaction of the target, sent as it is planned. */
static bool is_plain(const struct planned_statement *planned)
{
	const struct rewrite_plan *plan = &planned->plan;

	if (plan->action == PLAN_SKIP)
		return plan->effect_count == 0;
	if (plan->effect_count || (plan->flags & (PLAN_DDL | PLAN_COMMITS | PLAN_FAILED_ON_SOURCE)))
		return false;
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->when != STEP_MAIN || step->work != WORK_SQL || step->commits || step->tolerated)
			return false;
	}
	return true;
}

static int record_plan(struct applier *applier, const struct transaction *transaction, const struct change *change,
	const struct planned_statement *planned, struct error *error)
{
	const struct rewrite_plan *plan = &planned->plan;
	struct buffer replay = BUFFER_INIT;
	struct applier_place place;
	bool recorded = false;
	int result = 0;

	if (plan->action == PLAN_SKIP && !replay_put(&replay, planned, applier->source.version))
		buffer_release(&replay);
	place_of(&place, transaction, change, 0);
	for (const struct change *at = transaction->first; at && at != change; at = at->next)
		place.item++;
	for (size_t i = 0; i < plan->note_count && result == 0; i++) {
		const struct plan_note *note = &plan->notes[i];

		/* notes of rules that only reported or rewrote do not set the statement aside; but one is recorded always */
		if (plan->action == PLAN_SKIP && note->done != POLICY_SKIP &&
			(recorded || i + 1 < plan->note_count))
			continue;
		recorded = true;
		if (plan->action == PLAN_SKIP && applier->hooks.skipped)
			result = applier->hooks.skipped(applier->hooks.context, &place, note->name, planned->database,
				plan->masked_original ? plan->masked_original : "", replay.data, note->reason, error);
		else if (applier->hooks.rewritten)
			result = applier->hooks.rewritten(applier->hooks.context, &place, note->name, planned->database,
				plan->masked_original ? plan->masked_original : "",
				plan->masked_sent ? plan->masked_sent : "", note->reason, error);
	}
	buffer_release(&replay);
	if (result < 0)
		return -1;
	pthread_mutex_lock(&applier->lock);
	if (plan->action == PLAN_SKIP)
		applier->progress.skipped++;
	else if (plan->action == PLAN_REWRITE)
		applier->progress.rewrites++;
	pthread_mutex_unlock(&applier->lock);
	return 0;
}

/* What of the source's context could only be given to the target by and large. */
static int record_context(struct applier *applier, struct transaction *transaction, const struct change *change,
	const struct planned_statement *planned, struct error *error)
{
	struct applier_place place;
	const char *excerpt;
	int result = 0;

	place_of(&place, transaction, change, 0);
	excerpt = statement_excerpt(change, &transaction->arena);
	for (size_t i = 0; i < planned->session.warning_count && result == 0 && applier->hooks.rewritten; i++)
		result = applier->hooks.rewritten(applier->hooks.context, &place, "context", planned->database, excerpt, excerpt,
			planned->session.warnings[i], error);
	return result;
}

/* Were others committed between the PREPARE of a transaction and what decides on it now? MySQL keeps the locks of what a
 * prepared one has read, MariaDB does not. */
static bool is_overtaken(const struct applier *applier, const struct transaction *transaction)
{
	const struct transaction *decision = applier->settlement.decision;

	if (!decision || applier->source.version.family != FAMILY_MARIADB)
		return false;
	return transaction->gtid.domain != decision->gtid.domain || decision->gtid.number - transaction->gtid.number > 1;
}

static int prepare_statement(struct applier *applier, struct transaction *transaction, struct change *change,
	bool row_format, bool *special, struct error *error)
{
	struct registry registry;
	bool overtaken = is_overtaken(applier, transaction);
	struct statement_planner planner = {
		.capabilities = &applier->capabilities,
		.settings = applier->settings.rewrite,
		.temps = &registry.answers,
		.source = applier->source.version,
		.source_time_zone = applier->source.time_zone,
		.source_default_utf8mb4 = applier->source.default_utf8mb4,
		.source_temp_engine = applier->source.default_temp_engine,
		.looks_for_code = undo_within(transaction) || overtaken,
		.overtaken = overtaken,
		.contexts = applier->contexts,
	};
	struct planned_statement *planned;
	char gtid[GTID_TEXT_MAXIMUM];

	registry_init(&registry, applier);
	if (statement_plan(&planner, transaction, change, serial_of(transaction, change), row_format, error) < 0)
		return error_context(error, "%s:%llu", transaction->end.file, (unsigned long long)change->end_offset);
	planned = change->applier_data;
	if (registry.failure.kind != ERROR_NONE) {
		*error = registry.failure;
		return -1;
	}
	session_end_note(applier, change);
	if (planned->plan.action == PLAN_STOP)
		return error_set(error, ERROR_STOP, "%s:%llu%s%s%s: %s", transaction->end.file,
			(unsigned long long)change->end_offset, transaction->gtid.kind ? " (GTID " : "",
			gtid_text(&transaction->gtid, gtid), transaction->gtid.kind ? ")" : "", planned->plan.stop_text);
	if (change->kind == CHANGE_LOAD || !is_plain(planned) || planned->plan.flags & PLAN_ALONE || planned->plan.class == STATEMENT_ROLLBACK_TO)
		*special = true;
	if (planned->session.warning_count && record_context(applier, transaction, change, planned, error) < 0)
		return -1;
	/* nothing to tell of most statements */
	return planned->plan.action == PLAN_RUN && planned->plan.note_count == 0
		? 0
		: record_plan(applier, transaction, change, planned, error);
}

int prepare_transaction(struct applier *applier, struct transaction *transaction, bool *special, struct error *error)
{
	bool row_format = false;

	*special = false;
	switch (transaction->kind) {
	case TRANSACTION_COMMIT:
	case TRANSACTION_STANDALONE:
	case TRANSACTION_EMPTY:
		*special = transaction->part > 0;
		break;
	default:
		*special = true;
	}
	for (const struct change *change = transaction->first; change; change = change->next)
		row_format = row_format || change->kind == CHANGE_ROWS;
	for (struct change *change = transaction->first; change; change = change->next) {
		int result = 0;

		if (change->kind == CHANGE_ROWS)
			result = prepare_rows(applier, transaction, change, error);
		else if (change_is_statement(change))
			result = prepare_statement(applier, transaction, change, row_format, special, error);
		if (result < 0)
			return -1;
		/* a statement that changes definitions, or temporary tables, changes what the next one is read against */
		if (*special && transaction->kind != TRANSACTION_OPEN && transaction->part == 0)
			return 0;
	}
	return 0;
}

int prepare_change(struct applier *applier, struct transaction *transaction, struct change *change, bool row_format,
	struct error *error)
{
	bool special;

	if (change->kind == CHANGE_ROWS)
		return prepare_rows(applier, transaction, change, error);
	return change->applier_data ? 0 : prepare_statement(applier, transaction, change, row_format, &special, error);
}
