#include "applier/render.h"

#include <stdlib.h>

#include "applier/render_check.h"
#include "applier/render_mariadb.h"
#include "applier/render_parts.h"
#include "applier/render_scan.h"
#include "base/memory.h"

/* ---- many rows a statement ---- */

/* Do the two images have values in the same columns? */
static bool same_shape(const struct row_change *a, const struct row_change *b)
{
	if (a->binding->map->columns_count != b->binding->map->columns_count)
		return false;
	for (uint32_t i = 0; i < a->binding->map->columns_count; i++) {
		if ((a->after[i].kind == VALUE_ABSENT) != (b->after[i].kind == VALUE_ABSENT) ||
			a->binding->to_target[i] != b->binding->to_target[i])
			return false;
	}
	return true;
}

struct piece {
	struct flight *flight;
	const struct operation *operation;
	const struct render_options *options;
	size_t start, rows;
	bool counted; /* it may find fewer rows without an error: an INSERT writes them all or fails */
};

static bool piece_full(const struct piece *piece)
{
	return piece->rows >= piece->options->statement_rows ||
		piece->flight->text.length - piece->start >= piece->options->statement_bytes;
}

static void piece_end(struct piece *piece)
{
	struct flight_item *item;

	if (!piece->rows)
		return;
	item = flight_add_item(piece->flight, piece->start, piece->counted ? piece->rows : EXPECT_ANYTHING);
	item->operation = piece->operation;
	piece->rows = 0;
}

static int put_inserts(struct piece *piece, const struct row_list *list, struct error *error)
{
	struct buffer *out = &piece->flight->text;
	const struct row_change *previous = NULL;

	for (const struct row_change *row = list->first; row; row = row->next) {
		if (previous && (piece_full(piece) || !same_shape(previous, row)))
			piece_end(piece);
		if (piece->rows == 0) {
			piece->start = out->length;
			if (render_put_insert(out, row, piece->options, error) < 0)
				return -1;
		} else {
			buffer_puts(out, ", (");
			if (render_put_values(out, row, piece->options, error) < 0)
				return -1;
			buffer_putc(out, ')');
		}
		piece->rows++;
		previous = row;
	}
	piece_end(piece);
	return 0;
}

static int put_deletes(struct piece *piece, const struct row_list *list, struct error *error)
{
	struct buffer *out = &piece->flight->text;

	for (const struct row_change *row = list->first; row; row = row->next) {
		const struct table_binding *binding = row->binding;
		bool single = binding->table->key.count == 1;

		if (piece->rows && piece_full(piece)) {
			buffer_puts(out, single ? ")" : "");
			piece_end(piece);
		}
		if (piece->rows == 0) {
			piece->start = out->length;
			/* by the key, however small the table: a scan would wait for rows of other batches */
			buffer_printf(out, "DELETE t FROM %s AS t FORCE INDEX (%s) WHERE ", binding->table->quoted,
				binding->table->key.quoted);
			if (single)
				buffer_printf(out, "%s IN (", render_column(binding, binding->key_sources[0])->quoted);
		} else {
			buffer_puts(out, single ? ", " : " OR ");
		}
		if (single) {
			if (render_put_value(out, binding, row->before, binding->key_sources[0], LITERAL_COMPARE, piece->options,
				    error) < 0)
				return -1;
		} else {
			buffer_putc(out, '(');
			if (render_put_key(out, row, piece->options, error) < 0)
				return -1;
			buffer_putc(out, ')');
		}
		piece->rows++;
		if (!row->next) {
			buffer_puts(out, single ? ")" : "");
			piece_end(piece);
		}
	}
	return 0;
}

/* One row of the derived table: the key's columns k0…, then the written columns c0…, named in the first row only. */
static int put_join_row(struct buffer *out, const struct row_change *row, bool first_row,
	const struct render_options *options, struct error *error)
{
	const struct table_binding *binding = row->binding;
	unsigned number = 0;

	buffer_puts(out, first_row ? "SELECT " : " UNION ALL SELECT ");
	for (unsigned k = 0; k < binding->table->key.count; k++) {
		const struct target_column *column = render_column(binding, binding->key_sources[k]);

		buffer_puts(out, k ? ", " : "");
		if (render_put_value(out, binding, row->before, binding->key_sources[k], LITERAL_JOIN_KEY, options, error) < 0)
			return -1;
		if (first_row && column->class == COLUMN_TEXT && column->collation)
			buffer_printf(out, " COLLATE %s", column->collation);
		if (first_row)
			buffer_printf(out, " AS k%u", k);
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!render_writes(binding, row->after, i))
			continue;
		buffer_puts(out, ", ");
		if (render_put_value(out, binding, row->after, i, LITERAL_JOIN, options, error) < 0)
			return -1;
		if (first_row)
			buffer_printf(out, " AS c%u", number++);
	}
	return 0;
}

static void put_join_end(struct buffer *out, const struct row_change *row)
{
	const struct table_binding *binding = row->binding;
	unsigned number = 0;
	bool first = true;

	buffer_printf(out, ") AS v STRAIGHT_JOIN %s AS t FORCE INDEX (%s) ON ", binding->table->quoted,
		binding->table->key.quoted);
	for (unsigned k = 0; k < binding->table->key.count; k++)
		buffer_printf(out, "%st.%s = v.k%u", k ? " AND " : "", render_column(binding, binding->key_sources[k])->quoted,
			k);
	buffer_puts(out, " SET ");
	for (unsigned i = 0; i < binding->table->columns_count; i++) {
		if (!render_keeps_itself(binding, row->after, i))
			continue;
		buffer_printf(out, "%st.%s = t.%s", first ? "" : ", ", binding->table->columns[i].quoted,
			binding->table->columns[i].quoted);
		first = false;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!render_writes(binding, row->after, i))
			continue;
		buffer_printf(out, "%st.%s = v.c%u", first ? "" : ", ", render_column(binding, i)->quoted, number++);
		first = false;
	}
}

static bool can_join(const struct row_change *row, const struct literal_target *target)
{
	const struct table_binding *binding = row->binding;
	bool any = false;

	for (unsigned k = 0; k < binding->table->key.count; k++) {
		uint32_t source = binding->key_sources[k];

		if (!literal_can_join_key(target, &row->before[source], &binding->map->columns[source], render_column(binding, source)))
			return false;
	}
	for (uint32_t i = 0; i < binding->map->columns_count; i++) {
		if (!render_writes(binding, row->after, i))
			continue;
		any = true;
		if (!literal_can_join(render_column(binding, i)))
			return false;
	}
	return any;
}

/* An update or delete by itself. */
static int put_single(struct piece *piece, const struct row_change *row, struct error *error)
{
	struct flight_item *item;
	size_t start = piece->flight->text.length;

	if (render_row(&piece->flight->text, row, piece->options, error) < 0)
		return -1;
	item = flight_add_item(piece->flight, start, 1);
	item->operation = piece->operation;
	item->row = row;
	return 0;
}

static int put_updates(struct piece *piece, const struct row_list *list, struct error *error)
{
	struct buffer *out = &piece->flight->text;
	const struct row_change *previous = NULL;

	for (const struct row_change *row = list->first; row; row = row->next) {
		bool join = can_join(row, &piece->options->literal);

		if (piece->rows && (!join || piece_full(piece) || !same_shape(previous, row))) {
			put_join_end(out, previous);
			piece_end(piece);
		}
		if (!join || (!piece->rows && !(row->next && same_shape(row, row->next)))) {
			if (put_single(piece, row, error) < 0)
				return -1;
			continue;
		}
		if (piece->rows == 0) {
			piece->start = out->length;
			buffer_puts(out, "UPDATE (");
		}
		if (put_join_row(out, row, piece->rows == 0, piece->options, error) < 0)
			return -1;
		piece->rows++;
		previous = row;
	}
	if (piece->rows) {
		put_join_end(out, previous);
		piece_end(piece);
	}
	return 0;
}

/* Of a table without a key. One row that goes, as most often where nothing waits, is found as simply as can be. */
static int put_multiset(struct piece *piece, const struct row_set *set, struct error *error)
{
	const struct row_change *gone = set->deletes.first, *come = set->inserts.first;

	if (set->deletes.count != 1 || gone->copies != 1) {
		if (render_put_scans(piece->flight, piece->operation, piece->options, error) < 0)
			return -1;
	} else if (gone->update && set->inserts.count == 1 && come->update == gone->update) {
		return put_single(piece, gone->update, error);
	} else if (put_single(piece, gone, error) < 0) {
		return -1;
	}
	piece->counted = false;
	return put_inserts(piece, &set->inserts, error);
}

static int put_set(struct flight *flight, const struct operation *operation, const struct render_options *options,
	struct error *error)
{
	struct piece piece = {flight, operation, options, 0, 0, true};
	const struct row_set *set = operation->rows;

	if (set->deletes.count && !set->table->key.count)
		return put_multiset(&piece, set, error);
	if (put_deletes(&piece, &set->deletes, error) < 0 || put_updates(&piece, &set->updates, error) < 0)
		return -1;
	piece.counted = false;
	return put_inserts(&piece, &set->inserts, error);
}

/* ---- operations ---- */

/* Sets the session for rows, as items of the flight. */
static void put_session(struct flight *flight, struct session *session, const struct operation *operation)
{
	size_t start = flight->text.length;
	size_t statements = session_put_rows(session, &flight->text, operation->flags, operation->timestamp_us);

	flight_add_session(flight, start, statements);
}

/* May the row's statement find none without an error? An INSERT writes its row or fails; a sequence may be as it is to be. */
static bool row_is_counted(const struct row_change *row)
{
	return row->kind != ROWS_WRITE && !row->binding->table->is_sequence;
}

static bool row_is_lenient(const struct row_change *row)
{
	for (uint32_t i = 0; row->after && i < row->binding->map->columns_count; i++) {
		if (literal_needs_lenient(&row->after[i]))
			return true;
	}
	return false;
}

static int put_row_item(struct flight *flight, const struct operation *operation, const struct row_change *row,
	const struct render_options *options, struct error *error)
{
	size_t start = flight->text.length;
	struct flight_item *item;

	if (render_row(&flight->text, row, options, error) < 0)
		return error_context(error, "table %s", row->binding->table->quoted);
	item = flight_add_item(flight, start, row_is_counted(row) ? 1 : EXPECT_ANYTHING);
	item->operation = operation;
	item->row = operation->row;
	return 0;
}

static int put_sequence_items(struct flight *flight, const struct operation *operation, const struct render_options *options,
	struct error *error)
{
	size_t start = flight->text.length;
	struct flight_item *item;

	if (render_put_sequence_value(&flight->text, operation->row, options, error) < 0)
		return error_context(error, "table %s", operation->row->binding->table->quoted);
	item = flight_add_item(flight, start, EXPECT_ANYTHING);
	item->operation = operation;
	item->row = operation->row;
	return put_row_item(flight, operation, operation->row, options, error);
}

/* The row as it must be by now, and a change that gives it all its values once more but those that need leniency. */
static struct row_change again(const struct row_change *row, struct value *now, struct value *written)
{
	struct row_change change = *row;

	render_row_now(row, now);
	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		written[i] = row->after[i];
		if (row->after[i].kind == VALUE_JSON_DIFF || literal_needs_lenient(&row->after[i]))
			written[i].kind = VALUE_ABSENT;
	}
	change.kind = ROWS_UPDATE;
	change.before = now;
	change.after = written;
	return change;
}

/* Strict mode does not take the '' of an invalid ENUM, and without it all other columns would be cut to what fits. So these
 * are written once more, strictly; where no key tells the row, they are left. */
static int put_lenient_row(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error)
{
	size_t size = operation->row->binding->map->columns_count * sizeof(struct value), start = flight->text.length;
	struct value *now = memory_alloc(size), *written = memory_alloc(size);
	struct row_change change = again(operation->row, now, written);
	int result;

	flight_add_session(flight, start, session_put_lenient(session, &flight->text));
	result = put_row_item(flight, operation, operation->row, options, error);
	if (result == 0 && render_key_in_image(&change)) {
		put_session(flight, session, operation);
		result = put_row_item(flight, operation, &change, options, error);
	}
	free(now);
	free(written);
	return result;
}

static int put_check_item(struct flight *flight, const struct operation *operation, bool whole,
	const struct render_options *options, struct error *error)
{
	size_t start = flight->text.length;
	struct flight_item *item;

	if (render_put_check(&flight->text, operation->row, whole, options, error) < 0)
		return error_context(error, "table %s", operation->row->binding->table->quoted);
	item = flight_add_item(flight, start, 1);
	item->operation = operation;
	item->row = operation->row;
	item->is_check = true;
	return 0;
}

int render_operation_leniently(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error)
{
	size_t start;

	put_session(flight, session, operation);
	start = flight->text.length;
	flight_add_session(flight, start, session_put_lenient(session, &flight->text));
	if (put_row_item(flight, operation, operation->row, options, error) < 0)
		return -1;
	return put_check_item(flight, operation, true, options, error);
}

static int put_row(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error)
{
	int result;

	if (row_is_lenient(operation->row))
		result = put_lenient_row(flight, operation, session, options, error);
	else
		result = put_row_item(flight, operation, operation->row, options, error);
	if (result == 0 && render_row_has_check(operation->row))
		result = put_check_item(flight, operation, false, options, error);
	return result;
}

int render_operation(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error)
{
	put_session(flight, session, operation);
	if (operation->kind == OPERATION_ROWS) {
		if (put_set(flight, operation, options, error) < 0)
			return error_context(error, "table %s", operation->rows->table->quoted);
		return 0;
	}
	if (operation->row->binding->table->is_sequence && operation->row->after)
		return put_sequence_items(flight, operation, options, error);
	return put_row(flight, operation, session, options, error);
}
