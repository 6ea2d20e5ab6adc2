#include "applier/row_version.h"

#define VERSION_CURRENT_SECONDS 2147483647u

static bool is_current(const struct value *row_end)
{
	return row_end->kind == VALUE_TIMESTAMP && row_end->number.u >= VERSION_CURRENT_SECONDS;
}

static uint64_t microseconds(const struct value *time)
{
	return time->kind == VALUE_TIMESTAMP ? time->number.u * 1000000 + time->time.microsecond : 0;
}

/* Did the update before it leave the row of history, or was it inserted (system_versioning_insert_history)? It ends when the row
 * that was written in its place begins. Of a transaction that comes in parts, this update may have come in the part before:
 * then it ends in the second of its statement. */
static bool is_left_by_update(
	const struct value *row_end, const struct transaction *transaction, const struct change *change)
{
	if (change->map_use->version_us)
		return microseconds(row_end) == change->map_use->version_us;
	return transaction->part > 0 && row_end->number.u == change->timestamp;
}

enum row_version row_version_of(const struct rows_iterator *iterator, const struct transaction *transaction,
	const struct change *change, enum rows_kind *kind)
{
	const struct table_binding *binding = iterator->map->applier_data;
	const struct value *row_end;

	if (!binding->table->is_versioned || *kind == ROWS_DELETE)
		return VERSION_CURRENT;
	row_end = &iterator->after[binding->row_end];
	if (is_current(row_end) || (*kind == ROWS_UPDATE && row_end->kind == VALUE_ABSENT)) {
		if (*kind == ROWS_UPDATE)
			change->map_use->version_us = microseconds(&iterator->after[binding->row_start]);
		return VERSION_CURRENT;
	}
	if (*kind == ROWS_WRITE)
		return is_left_by_update(row_end, transaction, change) ? VERSION_LEFT : VERSION_INSERTED;
	*kind = ROWS_DELETE;
	return VERSION_CURRENT;
}

int row_version_check(const struct rows_iterator *iterator, enum rows_kind kind, struct error *error)
{
	const struct table_binding *binding = iterator->map->applier_data;
	const struct value *row_end;

	if (!binding->table->is_versioned || kind != ROWS_DELETE)
		return 0;
	row_end = &iterator->before[binding->row_end];
	if (row_end->kind != VALUE_TIMESTAMP || is_current(row_end))
		return 0;
	return error_set(error, ERROR_STOP,
		"table %s: rows of its history were deleted on the master (DELETE HISTORY), and only what is done to current rows is "
		"replicated. Run the same DELETE HISTORY on the target, then changeling skip.",
		binding->table->quoted);
}

uint64_t row_version_time(const struct rows_iterator *iterator, enum rows_kind logged, enum rows_kind kind)
{
	const struct table_binding *binding = iterator->map->applier_data;
	const struct value *time = &iterator->after[kind == ROWS_DELETE ? binding->row_end : binding->row_start];

	return logged == ROWS_DELETE ? 0 : microseconds(time);
}
