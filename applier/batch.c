#include "applier/batch.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "applier/conflict.h"
#include "applier/literal.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "binlog/json.h"

/* A row that an open set already has. */
struct row_entry {
	const char *key;
	struct row_change *change;
	struct row_change *deleted; /* the set deletes it as well, before this insert; or NULL */
	UT_hash_handle hh;
};

/* What rows need of the session: checks that are off, and the time where a default may ask for it. */
struct row_session {
	unsigned flags;
	uint64_t timestamp_us;
};

struct open_set {
	const struct target_table *table;
	struct row_session session;
	struct row_set *set;
	struct row_entry *entries;
	UT_hash_handle hh;
};

struct batch *batch_new(bool merge, bool want_keys)
{
	struct batch *batch = memory_zalloc(sizeof(*batch));

	batch->last_transaction = &batch->transactions;
	batch->last_operation = &batch->operations;
	batch->merge = merge;
	batch->want_keys = want_keys;
	return batch;
}

static void forget_entries(struct open_set *open)
{
	struct row_entry *entry, *next;

	HASH_ITER(hh, open->entries, entry, next)
	{
		HASH_DEL(open->entries, entry);
	}
}

static void close_set(struct batch *batch, struct open_set *open)
{
	HASH_DEL(batch->open, open);
	if (batch->open_ordered == open)
		batch->open_ordered = NULL;
	forget_entries(open);
	free(open);
}

void batch_close(struct batch *batch)
{
	struct open_set *open, *next;

	HASH_ITER(hh, batch->open, open, next)
	{
		close_set(batch, open);
	}
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	batch_close(batch);
	while (batch->transactions) {
		struct transaction *next = batch->transactions->next;

		transaction_free(batch->transactions);
		batch->transactions = next;
	}
	free(batch->keys);
	arena_release(&batch->arena);
	free(batch);
}

const struct transaction *batch_last(const struct batch *batch)
{
	const struct transaction *at = batch->transactions;

	while (at && at->next)
		at = at->next;
	return at;
}

static struct operation *add_operation(struct batch *batch, enum operation_kind kind)
{
	struct operation *operation = arena_zalloc(&batch->arena, sizeof(*operation));

	operation->kind = kind;
	*batch->last_operation = operation;
	batch->last_operation = &operation->next;
	return operation;
}

static void list_add(struct row_list *list, struct row_change *change)
{
	change->next = NULL;
	change->previous = list->last;
	if (list->last)
		list->last->next = change;
	else
		list->first = change;
	list->last = change;
	list->count++;
}

static void list_remove(struct row_list *list, struct row_change *change)
{
	if (change->previous)
		change->previous->next = change->next;
	else
		list->first = change->next;
	if (change->next)
		change->next->previous = change->previous;
	else
		list->last = change->previous;
	list->count--;
}

/* The set that takes rows of the table, opened where it is not. */
static struct open_set *open_set_for(struct batch *batch, const struct target_table *table,
	const struct row_session *session)
{
	struct open_set *open;

	HASH_FIND_PTR(batch->open, &table, open);
	if (open && (open->session.flags != session->flags || open->session.timestamp_us != session->timestamp_us)) {
		close_set(batch, open);
		open = NULL;
	}
	if (!open) {
		struct operation *operation = add_operation(batch, OPERATION_ROWS);

		open = memory_zalloc(sizeof(*open));
		open->table = table;
		open->session = *session;
		open->set = arena_zalloc(&batch->arena, sizeof(*open->set));
		open->set->table = table;
		operation->rows = open->set;
		operation->flags = session->flags;
		operation->timestamp_us = session->timestamp_us;
		HASH_ADD_PTR(batch->open, table, open);
	}
	return open;
}

static void close_table(struct batch *batch, const struct target_table *table)
{
	struct open_set *open;

	HASH_FIND_PTR(batch->open, &table, open);
	if (open)
		close_set(batch, open);
}

static const struct value *copy_values(struct batch *batch, const struct value *values, uint32_t count)
{
	return values ? arena_copy(&batch->arena, values, count * sizeof(*values)) : NULL;
}

/* A partial update of JSON becomes the whole document where the old one is there. */
static int resolve_json(struct batch *batch, struct rows_iterator *iterator, struct error *error)
{
	for (uint32_t i = 0; i < iterator->map->columns_count; i++) {
		struct value *after = &iterator->after[i];
		const struct value *before = &iterator->before[i];
		struct buffer document = BUFFER_INIT;
		int result;

		if (after->kind != VALUE_JSON_DIFF || before->kind != VALUE_JSON)
			continue;
		result = json_apply_diffs(before->bytes, before->length, after->bytes, after->length, &document, error);
		if (result == 0) {
			after->bytes = arena_copy(&batch->arena, buffer_text(&document), document.length);
			after->length = document.length;
			after->kind = VALUE_JSON;
		}
		buffer_release(&document);
		if (result < 0)
			return -1;
	}
	return 0;
}

static bool same_value(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch ((enum value_kind)a->kind) {
	case VALUE_ABSENT:
	case VALUE_NULL:
		return true;
	case VALUE_FLOAT:
		return memcmp(&a->number.f, &b->number.f, sizeof(a->number.f)) == 0;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
		return a->time.negative == b->time.negative && a->time.year == b->time.year &&
			a->time.month == b->time.month && a->time.day == b->time.day && a->time.hour == b->time.hour &&
			a->time.minute == b->time.minute && a->time.second == b->time.second &&
			a->time.microsecond == b->time.microsecond;
	case VALUE_TIMESTAMP:
		return a->number.u == b->number.u && a->time.microsecond == b->time.microsecond;
	case VALUE_DECIMAL:
	case VALUE_STRING:
	case VALUE_JSON:
	case VALUE_JSON_DIFF:
	case VALUE_GEOMETRY:
	case VALUE_VECTOR:
		return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
	default:
		return a->number.u == b->number.u;
	}
}

/* What a row event's row is, in view of merging. */
struct row_view {
	const struct table_binding *binding;
	const struct target_table *table;
	const struct value *before, *after;
	uint32_t columns;
	bool full;       /* all columns are in the image that is written */
	bool own_way;    /* must go by itself */
	bool key_known;  /* the key's old values are all in the image */
};

static bool image_has_key(const struct row_view *view, const struct value *image)
{
	for (unsigned i = 0; i < view->table->key.count; i++) {
		if (image[view->binding->key_sources[i]].kind == VALUE_ABSENT)
			return false;
	}
	return true;
}

static bool is_key_source(const struct row_view *view, uint32_t source)
{
	for (unsigned i = 0; i < view->table->key.count; i++) {
		if (view->binding->key_sources[i] == source)
			return true;
	}
	return false;
}

static struct row_view look_at(const struct rows_iterator *iterator, enum rows_kind kind)
{
	struct row_view view = {.binding = iterator->map->applier_data};
	const struct value *written = kind == ROWS_DELETE ? iterator->before : iterator->after;

	view.table = view.binding->table;
	view.columns = iterator->map->columns_count;
	view.before = kind == ROWS_WRITE ? NULL : iterator->before;
	view.after = kind == ROWS_DELETE ? NULL : iterator->after;
	view.full = view.binding->all_columns;
	view.key_known = view.binding->keyed && image_has_key(&view, kind == ROWS_WRITE ? view.after : view.before);
	if (!view.key_known || view.table->key_needs_care || view.table->is_versioned || view.table->is_sequence)
		view.own_way = kind != ROWS_WRITE || view.table->is_versioned || view.table->is_sequence;
	for (uint32_t i = 0; i < view.columns; i++) {
		int to = view.binding->to_target[i];

		if (written[i].kind == VALUE_ABSENT && to >= 0 && !view.table->columns[to].generated)
			view.full = false;
		if (kind != ROWS_DELETE && literal_needs_lenient(&view.after[i]))
			view.own_way = true;
		if (kind == ROWS_UPDATE && to >= 0) {
			const struct target_column *column = &view.table->columns[to];

			if (view.after[i].kind == VALUE_JSON_DIFF)
				view.own_way = true;
			if ((column->in_unique || is_key_source(&view, i)) && view.after[i].kind != VALUE_ABSENT &&
				!same_value(&view.before[i], &view.after[i]))
				view.own_way = true;
		}
	}
	return view;
}

static struct row_change *make_change(struct batch *batch, const struct row_view *view, enum rows_kind kind,
	const struct transaction *transaction, const struct change *change, uint64_t row)
{
	struct row_change *made = arena_zalloc(&batch->arena, sizeof(*made));

	made->kind = kind;
	made->before = copy_values(batch, view->before, view->columns);
	made->after = copy_values(batch, view->after, view->columns);
	made->transaction = transaction;
	made->change = change;
	made->row = row;
	made->binding = view->binding;
	return made;
}

/* One row by itself: everything of its table that came before goes first. */
static void add_alone(struct batch *batch, const struct row_view *view, struct row_change *change,
	const struct row_session *session)
{
	struct operation *operation;

	close_table(batch, view->table);
	if (view->table->has_foreign_keys && batch->open_ordered)
		close_set(batch, batch->open_ordered);
	operation = add_operation(batch, OPERATION_ROW);
	if (change->kind != ROWS_WRITE) {
		batch->single_rows++;
		batch->scans = batch->scans || !view->key_known;
	}
	operation->row = change;
	operation->flags = session->flags;
	operation->timestamp_us = session->timestamp_us;
	operation->transaction = change->transaction;
	operation->change = change->change;
}

/* Inserts of a table whose changes keep their order. */
static void add_to_run(struct batch *batch, const struct row_view *view, struct row_change *change,
	const struct row_session *session)
{
	struct open_set *open;

	if (view->table->has_foreign_keys && batch->open_ordered && batch->open_ordered->table != view->table)
		close_set(batch, batch->open_ordered);
	open = open_set_for(batch, view->table, session);
	if (view->table->has_foreign_keys)
		batch->open_ordered = open;
	list_add(&open->set->inserts, change);
}

/* The newer image with what it leaves out taken from the older. */
static const struct value *merge_images(struct batch *batch, const struct value *old, const struct value *new,
	uint32_t columns)
{
	struct value *merged = NULL;

	for (uint32_t i = 0; i < columns; i++) {
		if (new[i].kind != VALUE_ABSENT || old[i].kind == VALUE_ABSENT)
			continue;
		if (!merged)
			merged = arena_copy(&batch->arena, new, columns * sizeof(*new));
		merged[i] = old[i];
	}
	return merged ? merged : new;
}

/* The net effect of a change on a row that the set has already. False when the two do not go together: then
 * what is there is sent first. An insert that is deleted again is such a case: were it dropped, a row that
 * should not have been there would go unnoticed. */
static bool combine(struct batch *batch, struct open_set *open, struct row_entry *entry, const struct row_view *view,
	struct row_change *change)
{
	struct row_change *old = entry->change;
	struct row_set *set = open->set;

	if (change->kind == ROWS_UPDATE && old->kind != ROWS_DELETE) {
		old->after = merge_images(batch, old->after, change->after, view->columns);
	} else if (change->kind == ROWS_DELETE && old->kind == ROWS_UPDATE) {
		list_remove(&set->updates, old);
		old->kind = ROWS_DELETE;
		old->after = NULL;
		list_add(&set->deletes, old);
	} else if (change->kind == ROWS_DELETE && old->kind == ROWS_WRITE && entry->deleted) {
		list_remove(&set->inserts, old);
		entry->change = entry->deleted;
		entry->deleted = NULL;
		return true;
	} else if (change->kind == ROWS_WRITE && old->kind == ROWS_DELETE && view->full &&
		set->table->secondary_unique == 0) {
		list_remove(&set->deletes, old); /* one update of the whole row */
		old->kind = ROWS_UPDATE;
		old->after = change->after;
		list_add(&set->updates, old);
	} else if (change->kind == ROWS_WRITE && old->kind == ROWS_DELETE) {
		list_add(&set->inserts, change);
		entry->change = change;
		entry->deleted = old;
		return true;
	} else {
		return false;
	}
	old->change = change->change;
	old->transaction = change->transaction;
	old->row = change->row;
	return true;
}

static void put_key_value(struct buffer *key, const struct value *value)
{
	buffer_putc(key, (char)value->kind);
	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
	case VALUE_DECIMAL:
		buffer_put_le(key, value->length, 4);
		buffer_append(key, value->bytes, value->length);
		break;
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
		buffer_append(key, &value->time.year, sizeof(value->time.year));
		buffer_putc(key, (char)value->time.month);
		buffer_putc(key, (char)value->time.day);
		buffer_append(key, &value->time.hour, sizeof(value->time.hour));
		buffer_putc(key, (char)value->time.minute);
		buffer_putc(key, (char)value->time.second);
		buffer_put_le(key, value->time.microsecond, 4);
		/* fall through */
	default:
		buffer_append(key, &value->number.u, sizeof(value->number.u));
	}
}

/* Rows of a table with a key, in any order: each row once. */
static void add_to_set(struct batch *batch, const struct row_view *view, struct row_change *change,
	const struct row_session *session)
{
	const struct value *image = change->kind == ROWS_WRITE ? change->after : change->before;
	struct open_set *open = open_set_for(batch, view->table, session);
	struct buffer key = BUFFER_INIT;
	struct row_entry *entry;
	struct row_set *set;

	for (unsigned i = 0; i < view->table->key.count; i++)
		put_key_value(&key, &image[view->binding->key_sources[i]]);
	HASH_FIND(hh, open->entries, buffer_text(&key), key.length, entry);
	if (entry) {
		if (combine(batch, open, entry, view, change)) {
			buffer_release(&key);
			return;
		}
		close_set(batch, open);
		open = open_set_for(batch, view->table, session);
	}
	set = open->set;
	list_add(change->kind == ROWS_WRITE ? &set->inserts : change->kind == ROWS_UPDATE ? &set->updates : &set->deletes,
		change);
	entry = arena_zalloc(&batch->arena, sizeof(*entry));
	entry->key = arena_copy(&batch->arena, buffer_text(&key), key.length);
	entry->change = change;
	HASH_ADD_KEYPTR(hh, open->entries, entry->key, key.length, entry);
	buffer_release(&key);
}

static void add_key(struct batch *batch, uint64_t key)
{
	if (batch->key_count == batch->key_room) {
		batch->key_room = batch->key_room ? batch->key_room * 2 : 256;
		batch->keys = memory_realloc(batch->keys, batch->key_room * sizeof(*batch->keys));
	}
	batch->keys[batch->key_count++] = key;
}

static void add_image_key(struct batch *batch, const struct row_view *view, const struct target_key *key,
	unsigned ordinal, const struct value *image)
{
	struct target_table *table = (struct target_table *)view->table; /* only the flag is written, by this thread */
	enum conflict_key_kind kind;
	uint64_t number;

	kind = key->count ? conflict_key_row(view->binding, key, ordinal, image, &number) : KEY_COARSE;
	if (kind == KEY_COARSE && !table->coarse)
		table->coarse = batch->turned_coarse = true;
	if (kind != KEY_NONE)
		add_key(batch, table->coarse ? conflict_key_table(table) : number);
}

static void add_image_keys(struct batch *batch, const struct row_view *view, const struct value *image)
{
	if (!image)
		return;
	if (view->table->key.count)
		add_image_key(batch, view, &view->table->key, 0, image);
	for (unsigned i = 0; i < view->table->secondary_unique; i++)
		add_image_key(batch, view, &view->table->uniques[i], i + 1, image);
}

static void add_conflict_keys(struct batch *batch, const struct row_view *view)
{
	if (view->table->has_foreign_keys)
		add_key(batch, conflict_key_relations());
	if (!view->key_known) {
		struct target_table *table = (struct target_table *)view->table;

		if (view->binding->keyed && !table->coarse)
			table->coarse = batch->turned_coarse = true;
		add_key(batch, conflict_key_table(table));
	}
	add_image_keys(batch, view, view->before);
	add_image_keys(batch, view, view->after);
}

/* System-versioned tables: the target makes the history by itself when it gets the time. So rows of it that an update leaves
 * are left out, and an update that ends a row's validity is its deletion. */
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
static bool is_left_by_update(const struct table_binding *binding, const struct value *row_end,
	const struct transaction *transaction, const struct change *change)
{
	if (binding->version_us)
		return microseconds(row_end) == binding->version_us;
	return transaction->part > 0 && row_end->number.u == change->timestamp;
}

enum version {
	VERSION_CURRENT,
	VERSION_LEFT,     /* of history, and the target makes it by itself */
	VERSION_INSERTED, /* of history, by a statement that says so */
};

/* What the row is in its table; and *kind becomes what is to be done with it. */
static enum version version_of(const struct rows_iterator *iterator, const struct transaction *transaction,
	const struct change *change, enum rows_kind *kind)
{
	struct table_binding *binding = (struct table_binding *)iterator->map->applier_data; /* of this transaction's own */
	const struct value *row_end;

	if (!binding->table->is_versioned || *kind == ROWS_DELETE)
		return VERSION_CURRENT;
	row_end = &iterator->after[binding->row_end];
	if (is_current(row_end) || (*kind == ROWS_UPDATE && row_end->kind == VALUE_ABSENT)) {
		if (*kind == ROWS_UPDATE)
			binding->version_us = microseconds(&iterator->after[binding->row_start]);
		return VERSION_CURRENT;
	}
	if (*kind == ROWS_WRITE)
		return is_left_by_update(binding, row_end, transaction, change) ? VERSION_LEFT : VERSION_INSERTED;
	*kind = ROWS_DELETE;
	return VERSION_CURRENT;
}

/* Rows of the history that the master deletes have the keys of current ones. */
static int check_history(const struct rows_iterator *iterator, enum rows_kind kind, struct error *error)
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

static uint64_t version_time(const struct rows_iterator *iterator, enum rows_kind logged, enum rows_kind kind)
{
	const struct table_binding *binding = iterator->map->applier_data;
	const struct value *time = &iterator->after[kind == ROWS_DELETE ? binding->row_end : binding->row_start];

	return logged == ROWS_DELETE ? 0 : microseconds(time);
}

/* What the session must have off for the event. A source whose foreign keys work above its storage engine logs what a
 * cascade did; where it did nothing (REPLACE of a parent that is there again at once) the target's own must not either. */
static unsigned session_flags(const struct change *change)
{
	const struct table_binding *binding = change->map->applier_data;
	unsigned flags = change->rows.flags & (ROWS_FLAG_NO_FOREIGN_KEY_CHECKS | ROWS_FLAG_RELAXED_UNIQUE_CHECKS |
		ROWS_FLAG_NO_CHECK_CONSTRAINTS);

	if ((change->rows.flags & ROWS_FLAG_SQL_FOREIGN_KEYS) && change->rows.kind != ROWS_WRITE &&
		binding->table->has_foreign_keys)
		flags |= ROWS_FLAG_NO_FOREIGN_KEY_CHECKS;
	return flags;
}

static int add_rows(struct batch *batch, const struct transaction *transaction, const struct change *change,
	struct error *error)
{
	struct rows_iterator iterator;
	int more;

	if (rows_iterator_init(&iterator, &change->rows, change->map, &batch->arena, error) < 0)
		return -1;
	while ((more = rows_iterator_next(&iterator, error)) > 0) {
		enum rows_kind kind = change->rows.kind;
		struct row_session session = {session_flags(change), 0};
		enum version version;
		struct row_view view;
		struct row_change *row;

		if (change->rows.partial && resolve_json(batch, &iterator, error) < 0)
			return -1;
		version = version_of(&iterator, transaction, change, &kind);
		if (version == VERSION_LEFT)
			continue;
		if (check_history(&iterator, kind, error) < 0)
			return -1;
		view = look_at(&iterator, kind);
		if (view.table->is_versioned)
			session.timestamp_us = version_time(&iterator, change->rows.kind, kind);
		else if (!view.full)
			session.timestamp_us = (uint64_t)change->timestamp * 1000000;
		row = make_change(batch, &view, kind, transaction, change, iterator.row);
		row->is_history = version == VERSION_INSERTED;
		if (batch->want_keys)
			add_conflict_keys(batch, &view);
		if (view.own_way || !batch->merge || (view.table->has_foreign_keys && row->kind != ROWS_WRITE))
			add_alone(batch, &view, row, &session);
		else if (view.table->has_foreign_keys || !view.binding->keyed || view.table->key_needs_care)
			add_to_run(batch, &view, row, &session);
		else
			add_to_set(batch, &view, row, &session);
		batch->rows++;
	}
	return more;
}

int batch_add_range(struct batch *batch, const struct transaction *transaction, const struct change *from,
	const struct change *to, struct error *error)
{
	for (const struct change *change = from; change != to; change = change->next) {
		struct operation *operation;

		if (change->kind == CHANGE_ROWS) {
			if (!change->map->applier_data) /* of our own schema, or set aside: nothing to do */
				continue;
			if (add_rows(batch, transaction, change, error) < 0)
				return error_context(error, "%s:%llu: table %s.%s", transaction->end.file,
					(unsigned long long)change->end_offset, change->map->database, change->map->table);
			continue;
		}
		batch_close(batch);
		operation = add_operation(batch, OPERATION_STATEMENT);
		operation->statement = change->applier_data;
		operation->change = change;
		operation->transaction = transaction;
		batch->statements++;
	}
	return 0;
}

int batch_add(struct batch *batch, struct transaction *transaction, struct error *error)
{
	transaction->next = NULL;
	*batch->last_transaction = transaction;
	batch->last_transaction = &transaction->next;
	batch->transaction_count++;
	batch->bytes += transaction->arena.bytes;
	return batch_add_range(batch, transaction, transaction->first, NULL, error);
}

struct batch *batch_without_last(struct batch *broken, struct transaction **last)
{
	struct batch *whole = batch_new(broken->merge, broken->want_keys);
	struct transaction *at = broken->transactions;
	struct error ignored;

	broken->transactions = NULL;
	whole->alone = broken->alone;
	whole->turned_coarse = broken->turned_coarse; /* the tables' keys are by now: the flag would not be set again */
	whole->born_us = broken->born_us;
	batch_close(broken);
	while (at->next) {
		struct transaction *next = at->next;

		batch_add(whole, at, &ignored); /* went well before */
		at = next;
	}
	batch_free(broken);
	*last = at;
	return whole;
}

int batch_add_borrowed(struct batch *batch, const struct transaction *transaction, struct error *error)
{
	return batch_add_range(batch, transaction, transaction->first, NULL, error);
}
