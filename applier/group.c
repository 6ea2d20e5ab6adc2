/* The changes of a transaction that runs alone, in their order: its statements' plans, its rows, and what is put down with
 * its end. */
#include <string.h>

#include "applier/special.h"
#include "applier/stored_code.h"
#include "applier/undo.h"
#include "base/fault.h"

static int fenced(const struct special *special, struct error *error)
{
	return error_set(error, ERROR_FENCED, "another instance has taken over channel %s.",
		special->applier->settings.channel);
}

int special_begin(struct special *special, struct error *error)
{
	if (special->in_transaction)
		return 0;
	special->in_transaction = true;
	return target_execute(special->target, TARGET_BEGIN, error);
}

/* ---- effects ---- */

static int note_effects(struct special *special, const struct change *change, const struct planned_statement *planned,
	struct error *error)
{
	struct applier *applier = special->applier;

	for (size_t i = 0; i < planned->plan.effect_count; i++) {
		const struct plan_effect *effect = &planned->plan.effects[i];
		const struct applier_hooks *hooks = &applier->hooks;
		int result = 0;

		if (effect->kind <= EFFECT_TEMP_RENAME && special->effect_count == 0)
			special->effect_count += temp_tables_forget_dropped(applier->temps, &special->effects);
		special->effect_count += temp_tables_effect(applier->temps, change->server_id, change->statement->query.thread_id,
			effect, &special->effects);
		if (effect->kind == EFFECT_EVENT_STATE && hooks->event_state)
			result = hooks->event_state(hooks->context, effect->database, effect->name, effect->state, error);
		else if (effect->kind == EFFECT_EVENT_DROP && hooks->event_state)
			result = hooks->event_state(hooks->context, effect->database, effect->name, NULL, error);
		else if (effect->kind == EFFECT_EVENT_RENAME && hooks->event_renamed)
			result = hooks->event_renamed(hooks->context, effect->database, effect->name, effect->new_database,
				effect->new_name, error);
		else if (effect->kind == EFFECT_HELD_DROP && hooks->held_dropped)
			result = hooks->held_dropped(hooks->context, effect->state, effect->database, effect->name, error);
		if (result < 0)
			return -1;
	}
	return 0;
}

static void publish_temp_tables(struct applier *applier)
{
	size_t count = temp_tables_count(applier->temps);
	struct arena arena = ARENA_INIT;
	struct applier_temp_table *list = arena_alloc(&arena, (count + 1) * sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		const struct temp_table *table = temp_tables_at(applier->temps, i);

		list[i] = (struct applier_temp_table){table->server_id, table->thread_id, table->database, table->name,
			table->real};
	}
	if (applier->hooks.temp_tables_changed)
		applier->hooks.temp_tables_changed(applier->hooks.context, list, count);
	arena_release(&arena);
}

/* ---- a transaction's changes ---- */

/* Merged, behind a savepoint. 1 when something did not fit: the target is to go back there. */
static int run_rows_merged(struct special *special, struct batch *batch, struct error *error)
{
	struct applier *applier = special->applier;
	struct flight *flight = &applier->control_flight;
	struct error failure = {0};
	size_t failed = 0;
	uint64_t found = 0;
	int result;

	flight_clear(flight);
	flight_add_own(flight, "SAVEPOINT changeling_rows", EXPECT_ANYTHING);
	for (const struct operation *at = batch->operations; at; at = at->next) {
		if (render_operation(flight, at, special->session, &applier->render, error) < 0)
			return -1;
	}
	result = flight_run(flight, special->target, applier->packet_bytes, &failed, &found, &failure);
	if (result == 0)
		return 0;
	if (result < 0 && error_is_passing(&failure)) {
		*error = failure;
		return -1;
	}
	session_forget(special->session);
	if (!flight->items[failed].operation) {
		*error = failure;
		return -1;
	}
	batch_operation_failed(flight->items[failed].operation);
	return 1;
}

static int run_rows_singly(struct special *special, const struct change *from, const struct change *to, struct error *error)
{
	struct settlement *settlement = &special->applier->settlement;
	struct batch *batch = batch_new(false, false);
	const struct operation *end;
	int result = batch_add_range(batch, special->transaction, from, to, error);

	settlement->undone = special->undo != NULL;
	if (result == 0)
		result = target_execute(special->target, "ROLLBACK TO SAVEPOINT changeling_rows", error);
	if (result == 0)
		result = single_run_rows(settlement, special->target, special->session, batch->operations, &end, error);
	batch_free(batch);
	return result;
}

/* The rows of the changes [from, to). When something does not fit, they are sent once more row by row from a savepoint, so
 * that the very row is found and dealt with. */
static int run_rows(struct special *special, const struct change *from, const struct change *to, struct error *error)
{
	struct batch *batch = batch_new(true, false);
	int result = batch_add_range(batch, special->transaction, from, to, error);

	if (result == 0)
		result = special_begin(special, error);
	if (result == 0)
		result = run_rows_merged(special, batch, error);
	if (result == 0)
		special->applier->settlement.row += batch->rows;
	batch_free(batch);
	return result == 1 ? run_rows_singly(special, from, to, error) : result;
}

/* Steps that make tables come before the transaction begins: all statements are planned and these steps run first, in
 * order, as each is read against the tables that those before it have made. */
static int run_before_steps(struct special *special, bool row_format, struct error *error)
{
	for (struct change *change = special->transaction->first; change; change = change->next) {
		const struct planned_statement *planned;

		if (!change_is_statement(change))
			continue;
		if (prepare_change(special->applier, special->transaction, change, row_format, error) < 0)
			return -1;
		planned = change->applier_data;
		if (planned->plan.action == PLAN_SKIP)
			continue;
		for (size_t i = 0; i < planned->plan.step_count; i++) {
			if (planned->plan.steps[i].when != STEP_BEFORE)
				continue;
			special->redo = true;
			special->definitions_changed = special->stale = true;
			if (special_run_step(special, change, planned, &planned->plan.steps[i], error) < 0)
				return -1;
			special->redo = false;
		}
		if (note_effects(special, change, planned, error) < 0)
			return -1;
	}
	return 0;
}

static int keep_blocks(struct spool *spool, const struct change *change, struct error *error)
{
	if (!change->continues)
		spool_clear(spool);
	for (const struct load_block *block = change->blocks; block; block = block->next) {
		if (spool_add(spool, block->data, block->length, error) < 0)
			return -1;
	}
	return 0;
}

/* The statement in its place. */
static int run_statement(struct special *special, const struct change *change, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;

	for (size_t i = 0; planned->plan.action != PLAN_SKIP && i < planned->plan.step_count; i++) {
		const struct plan_step *step = &planned->plan.steps[i];

		if (step->when != STEP_MAIN)
			continue;
		if (step->commits ? special_run_committing_step(special, change, planned, step, error) < 0
				  : special_begin(special, error) < 0 || special_run_step(special, change, planned, step, error) < 0)
			return -1;
		if (special->stale)
			special_forget_definitions(special);
	}
	return 0;
}

/* The same where something is undone. */
static int run_undoing(struct special *special, struct change *change, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;

	if (planned->plan.class != STATEMENT_ROLLBACK_TO)
		return run_statement(special, change, error) < 0 ? -1 : undo_note(special, change, error);
	if (undo_before(special, change, error) < 0 || run_statement(special, change, error) < 0)
		return -1;
	return undo_after(special, error);
}

/* All rows up to the next statement; *next is that statement, or NULL. */
static int run_rows_from(struct special *special, struct change *from, bool row_format, struct change **next,
	struct error *error)
{
	struct change *end;

	for (end = from; end && end->kind == CHANGE_ROWS; end = end->next) {
		if (prepare_change(special->applier, special->transaction, end, row_format, error) < 0)
			return -1;
	}
	*next = end;
	if (run_rows(special, from, end, error) < 0)
		return -1;
	for (struct change *change = from; special->undo && change != end; change = change->next) {
		if (undo_note(special, change, error) < 0)
			return -1;
	}
	return 0;
}

int special_run_main(struct special *special, bool row_format, struct error *error)
{
	struct change *change = special->transaction->first;

	while (change) {
		if (change->kind == CHANGE_ROWS) {
			if (run_rows_from(special, change, row_format, &change, error) < 0)
				return -1;
			continue;
		}
		if (change->kind == CHANGE_BLOCKS) {
			if (keep_blocks(special->applier->spool, change, error) < 0)
				return -1;
			change = change->next;
			continue;
		}
		if ((special->undo ? run_undoing(special, change, error) : run_statement(special, change, error)) < 0)
			return -1;
		change = change->next;
	}
	return 0;
}

static int run_after_steps(struct special *special, struct error *error)
{
	for (struct change *change = special->transaction->first; change; change = change->next) {
		const struct planned_statement *planned = change->applier_data;

		if (!change_is_statement(change) || !planned || planned->plan.action == PLAN_SKIP)
			continue;
		for (size_t i = 0; i < planned->plan.step_count; i++) {
			if (planned->plan.steps[i].when != STEP_AFTER)
				continue;
			special->redo = true;
			special->definitions_changed = true;
			if (special_run_step(special, change, planned, &planned->plan.steps[i], error) < 0)
				return -1;
		}
	}
	return 0;
}

/* The last part of every transaction: effects, intents gone, checkpoint, COMMIT. */
int special_commit(struct special *special, struct error *error)
{
	struct applier *applier = special->applier;
	const char *schema = applier->settings.target.schema, *channel = applier->settings.channel;
	struct buffer sql = BUFFER_INIT;
	struct target_outcome *outcomes;
	size_t statements, failed;
	int result = special_begin(special, error);

	statements = session_put_own(special->session, &sql);
	buffer_append(&sql, buffer_text(&special->effects), special->effects.length);
	statements += special->effect_count;
	intent_put_delete(&sql, schema, channel);
	buffer_puts(&sql, "; ");
	checkpoint_put_update(&sql, schema, channel, 0, &applier->next);
	statements += 2;
	outcomes = arena_alloc(&special->transaction->arena, statements * sizeof(*outcomes));
	if (result == 0 && FAULT_POINT("special.before-checkpoint"))
		result = error_set(error, ERROR_RETRY, "fault injected before a checkpoint");
	if (result == 0)
		result = target_flight(special->target, sql.data, sql.length, statements, outcomes, &failed, error);
	if (result == 0 && outcomes[statements - 1].affected != 1)
		result = fenced(special, error);
	if (result == 0)
		result = settlement_record(&applier->settlement, error);
	if (result == 0 && FAULT_POINT("special.before-commit"))
		result = error_set(error, ERROR_RETRY, "fault injected before a commit");
	if (result == 0) {
		result = target_execute(special->target, "COMMIT", error);
		special->in_transaction = false;
		intent_release(&applier->found_intent);
	}
	if (result == 0 && FAULT_POINT("special.after-commit"))
		result = error_set(error, ERROR_RETRY, "fault injected after a commit");
	buffer_release(&sql);
	return result;
}

void special_init(struct special *special, struct applier *applier, struct transaction *transaction)
{
	memset(special, 0, sizeof(*special));
	special->applier = applier;
	special->transaction = transaction;
	special->target = applier->control;
	special->session = applier->control_session;
	if (!applier->streaming)
		settlement_begin(&applier->settlement);
}

int special_end(struct special *special, int result)
{
	struct error ignored;

	if (result < 0 && special->in_transaction)
		target_execute(special->target, "ROLLBACK", &ignored);
	if (result < 0)
		session_forget(special->session);
	if (special->definitions_changed) {
		table_cache_clear(special->applier->tables);
		stored_code_clear(special->applier->code);
	}
	undo_free(special->undo);
	if (special->effect_count)
		publish_temp_tables(special->applier);
	buffer_release(&special->effects);
	return result;
}

/* Only while it is known what its temporary tables were. */
static bool ended_before(const struct special *special)
{
	return special->transaction->kind == TRANSACTION_ROLLBACK &&
		session_has_ended(special->applier, special->transaction);
}

int special_run_group(struct special *special, struct error *error)
{
	bool row_format = false, rolled_back = special->transaction->kind == TRANSACTION_ROLLBACK;
	bool replay = undo_within(special->transaction);

	for (struct change *change = special->transaction->first; change; change = change->next)
		row_format = row_format || change->kind == CHANGE_ROWS;
	if (!ended_before(special) && run_before_steps(special, row_format, error) < 0)
		return -1;
	if (special->stale)
		special_forget_definitions(special);
	if (rolled_back && rollback_keep(special->applier, special->transaction, &replay, error) < 0)
		return -1;
	if (FAULT_POINT("special.after-first-steps"))
		return error_set(error, ERROR_RETRY, "fault injected after the first steps");
	if ((replay && undo_start(special, error) < 0) || special_run_main(special, row_format, error) < 0 ||
		(replay && rolled_back && undo_all(special, error) < 0) || special_commit(special, error) < 0)
		return -1;
	if (FAULT_POINT("special.before-last-steps"))
		return error_set(error, ERROR_RETRY, "fault injected before the last steps");
	return run_after_steps(special, error) < 0 ? -1 : undo_finish(special, error);
}
