/* Transactions that run alone, when all before them are committed: which kinds there are (groups, XA, parts of a large
 * one, a source that was started anew), and what the operator asked for. */
#include <stdio.h>
#include <string.h>

#include "applier/special.h"
#include "applier/sql/mask.h"
#include "base/fault.h"
#include "base/log.h"

static void drop_real(void *context, const struct temp_table *table)
{
	struct special *special = context;
	struct plan_step step;
	struct error error = {0};

	rewrite_drop_real(special->applier->settings.target.schema, table->real, &special->transaction->arena, &step);
	if (target_execute(special->target, arena_strndup(&special->transaction->arena, step.sql, step.length), &error) < 0)
		log_error(LOG_WARNING, "applier", &error);
}

static int source_restarted(struct special *special, struct error *error)
{
	special->effect_count += temp_tables_restart(special->applier->temps, special->transaction->server_id,
		&special->effects, drop_real, special);
	return special_commit(special, error);
}

static int record_operator_skip(struct special *special, const char *reason, struct error *error)
{
	const struct applier_hooks *hooks = &special->applier->hooks;
	struct buffer text = BUFFER_INIT;
	struct applier_place place;
	int result = 0;

	for (const struct change *change = special->transaction->first; change; change = change->next) {
		static const char *const kinds[] = {"insert into", "update of", "delete from"};

		if (change->kind == CHANGE_BLOCKS)
			continue;
		buffer_puts(&text, text.length ? "; " : "");
		if (change->kind == CHANGE_ROWS)
			buffer_printf(&text, "rows: %s %s.%s", kinds[change->rows.kind], change->map->database,
				change->map->table);
		else
			buffer_puts(&text, statement_excerpt(change, &special->transaction->arena));
	}
	place_of(&place, special->transaction, NULL, 0);
	if (hooks->skipped)
		result = hooks->skipped(hooks->context, &place, "operator", NULL, buffer_text(&text), NULL, reason, error);
	pthread_mutex_lock(&special->applier->lock);
	special->applier->progress.skipped++;
	pthread_mutex_unlock(&special->applier->lock);
	buffer_release(&text);
	return result;
}

static void mask_replacement(const char *sql, struct error *error)
{
	struct lexer_options options = {0};
	struct buffer said = BUFFER_INIT;

	sql_mask_quotation(error->text, sql, strlen(sql), &options, &said);
	snprintf(error->text, sizeof(error->text), "%s", buffer_text(&said));
	buffer_release(&said);
}

static int replace(struct special *special, struct error *error)
{
	struct applier *applier = special->applier;

	if (special_begin(special, error) < 0)
		return -1;
	session_forget(special->session);
	if (target_execute(special->target, applier->replace_sql, error) < 0) {
		mask_replacement(applier->replace_sql, error);
		return error_context(error, "running the operator's SQL");
	}
	special->definitions_changed = true;
	if (record_operator_skip(special, "replaced by SQL of the operator", error) < 0)
		return -1;
	return special_commit(special, error);
}

static bool is_at(const struct position *wanted, const struct transaction *transaction)
{
	return wanted->file[0] && place_compare(position_place(wanted), transaction->begin) == 0;
}

/* What the operator wished for instead of the transaction. */
static int as_wished(struct special *special, struct error *error)
{
	int result;

	if (is_at(&special->applier->replace_at, special->transaction))
		return special_end(special, replace(special, error));
	result = record_operator_skip(special, "skipped by the operator", error);
	return special_end(special, result < 0 ? result : special_commit(special, error));
}

int special_apply(struct applier *applier, struct transaction *transaction, struct error *error)
{
	struct special special;
	int result;

	special_init(&special, applier, transaction);
	if (is_at(&applier->skip_at, transaction) || is_at(&applier->replace_at, transaction))
		return as_wished(&special, error);
	switch (transaction->kind) {
	case TRANSACTION_COMMIT:
	case TRANSACTION_STANDALONE:
		result = special_run_group(&special, error);
		break;
	case TRANSACTION_XA_PREPARE:
		result = xa_keep(&special, error);
		result = result < 0 ? result : special_commit(&special, error);
		break;
	case TRANSACTION_XA_COMMIT:
		result = xa_apply(&special, error);
		break;
	case TRANSACTION_XA_ROLLBACK:
		xa_forget(&special);
		result = special_commit(&special, error);
		break;
	case TRANSACTION_RESTART:
		result = source_restarted(&special, error);
		break;
	case TRANSACTION_ROLLBACK:
		result = special_run_group(&special, error);
		break;
	default:
		result = special_commit(&special, error);
	}
	return special_end(&special, result);
}

/* What has to be done before a transaction begins cannot be done in the middle of one. */
static int prepare_streamed(struct applier *applier, struct transaction *part, struct change *change,
	struct error *error)
{
	const struct planned_statement *planned;

	if (prepare_change(applier, part, change, true, error) < 0)
		return -1;
	planned = change->applier_data;
	if (planned->plan.class == STATEMENT_ROLLBACK_TO)
		return error_set(error, ERROR_STOP,
			"%s:%llu: a transaction larger than large-transaction-bytes goes back to a savepoint, but not with all tables, "
			"which is only possible here when it is known as a whole. Raise large-transaction-bytes and retry.",
			part->end.file, (unsigned long long)change->end_offset);
	if (planned->plan.action == PLAN_SKIP || planned->plan.effect_count == 0)
		return 0;
	return error_set(error, ERROR_STOP,
		"%s:%llu: a transaction larger than large-transaction-bytes makes or drops temporary tables (%s), which is only "
		"possible here when it is known as a whole. Raise large-transaction-bytes and retry.",
		part->end.file, (unsigned long long)change->end_offset, statement_excerpt(change, &part->arena));
}

int special_run_part(struct special *special, struct error *error)
{
	struct transaction *part = special->transaction;

	for (struct change *change = part->first; change; change = change->next) {
		if (change_is_statement(change) && prepare_streamed(special->applier, part, change, error) < 0)
			return -1;
	}
	return special_run_main(special, true, error);
}

/* Everything that makes a streamed transaction last. */
static int end_stream(struct special *special, struct error *error)
{
	const struct transaction *part = special->transaction;

	if (part->kind == TRANSACTION_ROLLBACK)
		return error_set(error, ERROR_STOP,
			"%s:%llu: a transaction larger than large-transaction-bytes was rolled back on the master, but changed "
			"tables there that cannot be rolled back. Raise large-transaction-bytes and retry, or compare these "
			"tables and skip.",
			part->end.file, (unsigned long long)part->end.offset);
	if (part->kind == TRANSACTION_COMMIT && part->events) /* XA COMMIT … ONE PHASE */
		return xa_apply(special, error);
	return special_commit(special, error);
}

int special_stream(struct applier *applier, struct transaction *part, struct error *error)
{
	struct special special;
	int result = 0;

	special_init(&special, applier, part);
	special.in_transaction = applier->streaming;
	if (is_at(&applier->skip_at, part) || is_at(&applier->replace_at, part))
		return part->kind == TRANSACTION_OPEN ? 0 : as_wished(&special, error);
	result = part->events ? xa_keep(&special, error) : special_run_part(&special, error);
	if (result == 0 && FAULT_POINT("special.stream-part"))
		result = error_set(error, ERROR_RETRY, "fault injected after a part of a large transaction");
	if (result == 0 && part->kind == TRANSACTION_OPEN) {
		applier->streaming = special.in_transaction;
		return 0;
	}
	applier->streaming = false;
	return special_end(&special, result < 0 ? result : end_stream(&special, error));
}

void special_abandon(struct applier *applier)
{
	struct error ignored;

	if (applier->streaming)
		target_execute(applier->control, "ROLLBACK", &ignored);
	applier->streaming = false;
	session_forget(applier->control_session);
}

int special_recover(struct applier *applier, const struct question *answered, struct error *error)
{
	if (intent_judge(answered, applier->control, applier->settings.target.schema, &applier->found_intent, error) < 0)
		return -1;
	session_forget(applier->control_session);
	if (applier->found_intent.verdict != INTENT_NONE)
		log_line(LOG_INFO, "applier", "a statement was under way when the last run ended verdict=%s statement=%s",
			log_quote(intent_verdict_name(applier->found_intent.verdict)), log_quote(applier->found_intent.statement));
	return 0;
}
