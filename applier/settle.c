#include "applier/settle.h"

#include <string.h>

#include "applier/generated.h"
#include "applier/internal.h"
#include "applier/render_check.h"
#include "base/log.h"

/* Beyond that, records are written ahead of the COMMIT: a transaction may hold any number of rows that do not fit. */
#define HELD_BYTES ((size_t)4 << 20)

/* A row that was dealt with. */
struct settled {
	struct settled *next;
	struct applier_place place;
	struct target_table_name table;
	const char *quoted, *key, *change, *before, *after, *reason, *outcome;
};

#define KEY_SHOWN 300u /* bytes of a row's key in a message, which has more to say */

static const char *const changes[] = {"insert", "update", "delete"};

/* Where the source's log has the row's change; `item` tells it from others of its transaction. */
static void place_of_row(const struct settlement *settlement, const struct row_change *row, struct applier_place *place)
{
	if (settlement->decision)
		place_of(place, settlement->decision, NULL, settlement->row);
	else
		place_of(place, row->transaction, row->change, settlement->row);
}

/* "table `db`.`t`, row id=5: update at binlog.000003:4711 (GTID 0-1-17) by UPDATE t SET …", the latter where the source's log has
 * it (binlog_annotate_row_events, binlog_rows_query_log_events). */
static void describe_row(const struct settlement *settlement, const struct row_change *row, struct buffer *out)
{
	struct buffer key = BUFFER_INIT;
	struct applier_place place;

	place_of_row(settlement, row, &place);
	buffer_printf(out, "table %s, row ", row->binding->table->quoted);
	render_row_key(&key, row, &settlement->applier->render);
	buffer_put_printable(out, buffer_text(&key), key.length, KEY_SHOWN);
	buffer_release(&key);
	buffer_printf(out, ": %s at %s:%llu", changes[row->kind], place.position.file,
		(unsigned long long)place.position.offset);
	if (place.gtid[0])
		buffer_printf(out, " (GTID %s)", place.gtid);
	if (row->change && row->change->annotation) {
		buffer_puts(out, " by ");
		annotation_put_excerpt(row->change, out);
	}
}

/* The row is written, and the target computes another value for a generated column than the master did. No server takes a value
 * for one. */
static int generated_error(const struct settlement *settlement, const struct row_change *row, struct error *error)
{
	struct buffer text = BUFFER_INIT;

	describe_row(settlement, row, &text);
	buffer_puts(&text, ": ");
	generated_put_difference(&text, row->binding->table);
	error_set(error, ERROR_STOP, "%s", buffer_text(&text));
	error_advice(error, "%s", generated_advice(settlement->applier->source.version.family));
	buffer_release(&text);
	return -1;
}

/* What else may be done about it. */
static const char *other_policy(const struct settlement *settlement)
{
	if (settlement->undone)
		return " (part of which was undone on the master: `conflicts` does not apply to it)";
	if (settlement->applier->settings.conflicts == CONFLICT_REPAIR)
		return ", or set conflicts=record (to repair it is not possible)";
	return ", or set conflicts=repair or conflicts=record";
}

static int conflict_error(const struct settlement *settlement, const struct row_change *row, const struct conflict *conflict,
	struct error *error)
{
	const struct error *cause = conflict->cause;
	struct buffer text = BUFFER_INIT;

	if (conflict->generated)
		return generated_error(settlement, row, error);
	describe_row(settlement, row, &text);
	if (cause)
		error_set_server(error, ERROR_STOP, cause->code, cause->sqlstate, "%s: %s", buffer_text(&text), cause->text);
	else
		error_set(error, ERROR_STOP,
			"%s: the target has %llu such rows instead of one. Source and target are no longer alike.",
			buffer_text(&text), (unsigned long long)conflict->found);
	error_advice(error, "Mend the row on the target and run `changeling retry`, or `changeling skip` to step over the "
			    "whole transaction%s.",
		other_policy(settlement));
	buffer_release(&text);
	return -1;
}

/* The row's change as one of another kind, which runs; *found gets how many rows it found. */
static int run_as(const struct settlement *settlement, struct target *target, const struct row_change *row, enum rows_kind kind,
	bool replace, uint64_t *found, struct error *error)
{
	struct row_change as = *row;
	struct target_outcome outcome;
	struct buffer sql = BUFFER_INIT;
	int result;

	as.kind = kind;
	if (replace)
		buffer_puts(&sql, " "); /* INSERT becomes REPLACE in its place */
	result = render_row(&sql, &as, &settlement->applier->render, error);
	if (result == 0) {
		if (replace)
			memcpy(sql.data, "REPLACE", 7);
		result = target_statement(target, sql.data, sql.length, &outcome, error);
	}
	if (result == 0)
		*found = outcome.affected;
	buffer_release(&sql);
	return result;
}

/* Other tables refer to this one, and REPLACE would delete the row first, with all that refers to it: it is changed where it is, or
 * put where none is. *found is 0 where neither can be. */
static int repair_referred(const struct settlement *settlement, struct target *target, const struct row_change *row, bool failed,
	uint64_t *found, struct error *error)
{
	struct row_change there = *row;
	struct error exists = {0};

	*found = 0;
	if (row->kind == ROWS_UPDATE && failed)
		return 0;
	if (row->kind == ROWS_UPDATE) {
		if (run_as(settlement, target, row, ROWS_WRITE, false, found, &exists) == 0)
			return 0;
		if (exists.code != 1062) {
			*error = exists;
			return -1;
		}
	}
	there.before = row->after;
	return run_as(settlement, target, &there, ROWS_UPDATE, false, found, error);
}

/* In a table that nothing refers to: whatever stands in the row's way is not the master's. */
static int repair_replacing(const struct settlement *settlement, struct target *target, const struct row_change *row, bool failed,
	uint64_t *found, struct error *error)
{
	/* it may still be there under the key that it had */
	if (row->kind == ROWS_UPDATE && failed && run_as(settlement, target, row, ROWS_DELETE, false, found, error) < 0)
		return -1;
	return run_as(settlement, target, row, ROWS_WRITE, true, found, error);
}

static int cannot_repair(const struct settlement *settlement, const struct row_change *row, const char *why, struct error *error)
{
	struct error cause = {.kind = ERROR_STOP};

	error_set(&cause, ERROR_STOP, "cannot repair the row: %s.", why);
	return conflict_error(settlement, row, &(struct conflict){.cause = &cause}, error);
}

static int check_repaired(const struct settlement *settlement, struct target *target, const struct row_change *row,
	struct error *error)
{
	struct target_outcome outcome = {0};
	struct buffer sql = BUFFER_INIT;
	int result = render_put_check(&sql, row, false, &settlement->applier->render, error);

	if (result == 0)
		result = target_statement(target, sql.data, sql.length, &outcome, error);
	if (result == 0 && outcome.affected != 1)
		result = generated_error(settlement, row, error);
	buffer_release(&sql);
	return result;
}

/* Makes the row what the master has, or stops as without the policy. */
static int repair(const struct settlement *settlement, struct target *target, const struct row_change *row,
	const struct conflict *conflict, struct error *error)
{
	bool referred = row->binding->table->referred, failed = conflict->cause != NULL;
	struct error failure = {0};
	uint64_t found = 0;
	int result;

	if (row->kind == ROWS_DELETE) /* it is gone, which is what was wanted; or it is there and cannot go */
		return failed ? conflict_error(settlement, row, conflict, error) : 0;
	if (conflict->generated)
		return generated_error(settlement, row, error);
	if (row->is_history || row->binding->table->is_sequence)
		return cannot_repair(settlement, row, row->is_history ? "it is one of history" : "it is a sequence", error);
	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		if (row->after[i].kind == VALUE_ABSENT && (row->kind == ROWS_UPDATE || referred))
			return cannot_repair(settlement, row, "its image does not hold all columns (binlog_row_image is not FULL)", error);
	}
	result = referred ? repair_referred(settlement, target, row, failed, &found, &failure)
			  : repair_replacing(settlement, target, row, failed, &found, &failure);
	if (result == 0 && found > 0 && render_row_has_check(row))
		return check_repaired(settlement, target, row, error);
	if (result == 0 && found > 0)
		return 0;
	if (result < 0 && error_is_passing(&failure)) {
		*error = failure;
		return -1;
	}
	return conflict_error(settlement, row, &(struct conflict){.cause = result < 0 ? &failure : conflict->cause}, error);
}

static void put_reason(struct buffer *out, const struct row_change *row, const struct conflict *conflict)
{
	if (conflict->generated)
		generated_put_difference(out, row->binding->table);
	else if (conflict->cause)
		buffer_puts(out, conflict->cause->text);
	else
		buffer_printf(out, "the target has %llu such rows instead of one", (unsigned long long)conflict->found);
}

/* ---- records ---- */

void settlement_init(struct settlement *settlement, struct applier *applier)
{
	memset(settlement, 0, sizeof(*settlement));
	settlement->applier = applier;
	settlement->last = &settlement->first;
}

static void drop_held(struct settlement *settlement)
{
	arena_release(&settlement->arena);
	settlement->first = NULL;
	settlement->last = &settlement->first;
	settlement->held_bytes = 0;
}

void settlement_release(struct settlement *settlement)
{
	drop_held(settlement);
}

void settlement_begin(struct settlement *settlement)
{
	drop_held(settlement);
	settlement->decision = NULL;
	settlement->undone = false;
	settlement->row = 0;
}

static const char *keep(struct settlement *settlement, struct buffer *text)
{
	const char *kept = arena_strndup(&settlement->arena, buffer_text(text), text->length);

	settlement->held_bytes += text->length;
	buffer_release(text);
	return kept;
}

static const char *keep_image(struct settlement *settlement, const struct row_change *row, const struct value *image)
{
	struct buffer text = BUFFER_INIT;

	if (!image)
		return NULL;
	render_image(&text, row, image, &settlement->applier->render);
	return keep(settlement, &text);
}

static void hold(struct settlement *settlement, const struct row_change *row, const struct conflict *conflict, const char *outcome)
{
	const struct target_table *table = row->binding->table;
	struct settled *settled = arena_zalloc(&settlement->arena, sizeof(*settled));
	struct buffer key = BUFFER_INIT, reason = BUFFER_INIT;

	place_of_row(settlement, row, &settled->place);
	settled->table.database = arena_strdup(&settlement->arena, table->database);
	settled->table.name = arena_strdup(&settlement->arena, table->name);
	settled->quoted = arena_strdup(&settlement->arena, table->quoted);
	render_row_key(&key, row, &settlement->applier->render);
	settled->key = keep(settlement, &key);
	put_reason(&reason, row, conflict);
	settled->reason = keep(settlement, &reason);
	settled->change = changes[row->kind];
	settled->before = keep_image(settlement, row, row->before);
	settled->after = keep_image(settlement, row, row->after);
	settled->outcome = outcome;
	settlement->held_bytes += sizeof(*settled);
	*settlement->last = settled;
	settlement->last = &settled->next;
}

int settlement_record(struct settlement *settlement, struct error *error)
{
	struct applier *applier = settlement->applier;
	const struct applier_hooks *hooks = &applier->hooks;
	uint64_t count = 0;

	for (const struct settled *at = settlement->first; at; at = at->next) {
		if (hooks->quarantined && hooks->quarantined(hooks->context, &at->place, &at->table, at->key, at->change, at->before,
						  at->after, at->reason, at->outcome, error) < 0)
			return -1;
		count++;
		log_line(LOG_WARNING, "applier", "row conflict table=%s key=%s outcome=%s reason=%s", log_quote(at->quoted),
			log_quote(at->key), at->outcome, log_quote(at->reason));
	}
	drop_held(settlement);
	pthread_mutex_lock(&applier->lock);
	applier->progress.conflicts += count;
	pthread_mutex_unlock(&applier->lock);
	return 0;
}

int settle_row(struct settlement *settlement, struct target *target, const struct row_change *row,
	const struct conflict *conflict, struct error *error)
{
	enum conflict_policy policy = settlement->applier->settings.conflicts;

	if (policy == CONFLICT_STOP || settlement->undone)
		return conflict_error(settlement, row, conflict, error);
	if (policy == CONFLICT_REPAIR && repair(settlement, target, row, conflict, error) < 0)
		return -1;
	hold(settlement, row, conflict, policy == CONFLICT_REPAIR ? "repaired" : "recorded");
	return settlement->held_bytes > HELD_BYTES ? settlement_record(settlement, error) : 0;
}
