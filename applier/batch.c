#include "applier/batch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "applier/conflict.h"
#include "applier/implicit.h"
#include "applier/literal.h"
#include "applier/row_image.h"
#include "applier/row_version.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "binlog/json.h"

/* A row that an open set already has; of a table without a key, all the rows with this image. */
struct row_entry {
	const char *key;
	struct row_change *change;  /* without a key: the last insert of one, or NULL */
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
	const struct table_binding *binding; /* of its last row; those of all its rows are alike */
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
	arena_release(&batch->images);
	free(batch);
}

void batch_operation_failed(const struct operation *operation)
{
	struct target_table *table;

	if (!operation || operation->kind != OPERATION_ROWS || operation->rows->table->key.count || !operation->rows->deletes.count)
		return;
	table = (struct target_table *)operation->rows->table; /* only the flag is written */
	if (!atomic_exchange(&table->row_by_row, true))
		log_line(LOG_INFO, "applier", "rows of a table without a key are found one by one from now on table=%s",
			log_quote(table->quoted));
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

static bool takes(const struct open_set *open, const struct table_binding *binding, const struct row_session *session)
{
	return open->session.flags == session->flags && open->session.timestamp_us == session->timestamp_us &&
	       table_bindings_alike(open->binding, binding);
}

/* The set that takes rows of the table, opened where it is not. */
static struct open_set *open_set_for(struct batch *batch, const struct table_binding *binding,
	const struct row_session *session)
{
	const struct target_table *table = binding->table;
	struct open_set *open;

	HASH_FIND_PTR(batch->open, &table, open);
	if (open && !takes(open, binding, session)) {
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
	open->binding = binding;
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

/* What a row event's row is, in view of merging. */
struct row_view {
	const struct table_binding *binding;
	const struct target_table *table;
	const struct value *before, *after;
	uint32_t columns;
	bool full;       /* all columns are in the image that is written */
	bool own_way;    /* must go by itself */
	bool exchangeable; /* its table has no key, and its images tell all there is to tell (add_to_multiset) */
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

/* Longer images are not kept once more to compare them. */
#define EXCHANGEABLE_BYTES 4096u

/* Does the image, with what it leaves out taken from `rest`, tell the whole row, in values that are equal only when they are the
 * same? (MySQL takes documents for equal that have 1 in one and 1.0 in the other.) */
static bool is_whole(const struct row_view *view, const struct value *image, const struct value *rest)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < view->columns; i++) {
		const struct value *value = image[i].kind == VALUE_ABSENT && rest ? &rest[i] : &image[i];
		int to = view->binding->to_target[i];

		if (to < 0 || view->table->columns[to].generated)
			continue;
		if (value->kind == VALUE_ABSENT || value->kind == VALUE_JSON_DIFF || view->table->columns[to].class == COLUMN_JSON ||
			literal_needs_lenient(value))
			return false;
		bytes += value->length;
	}
	return bytes <= EXCHANGEABLE_BYTES;
}

/* Is the table a mere collection of rows, in which two that are the same cannot be told apart? */
static bool is_multiset(const struct target_table *table)
{
	return table->key.count == 0 && table->secondary_unique == 0 && !table->has_foreign_keys && !table->is_versioned &&
		!table->is_sequence && !atomic_load_explicit(&table->row_by_row, memory_order_relaxed);
}

static bool is_exchangeable(const struct row_view *view)
{
	return is_multiset(view->table) && view->binding->all_columns && (!view->before || is_whole(view, view->before, NULL)) &&
		(!view->after || is_whole(view, view->after, view->before));
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
	view.exchangeable = is_exchangeable(&view);
	if (view.exchangeable)
		view.full = true;
	else if (!view.key_known || view.table->key_needs_care || view.table->is_versioned || view.table->is_sequence)
		view.own_way = kind != ROWS_WRITE || view.table->is_versioned || view.table->is_sequence;
	if (view.table->unsure_generated && kind != ROWS_DELETE)
		view.own_way = true;
	for (uint32_t i = 0; i < view.columns; i++) {
		int to = view.binding->to_target[i];

		if (written[i].kind == VALUE_ABSENT && to >= 0 && !view.table->columns[to].generated && !view.exchangeable)
			view.full = false;
		if (kind != ROWS_DELETE && literal_needs_lenient(&view.after[i]))
			view.own_way = true;
		if (kind == ROWS_UPDATE && to >= 0) {
			const struct target_column *column = &view.table->columns[to];

			if (view.after[i].kind == VALUE_JSON_DIFF)
				view.own_way = true;
			if ((column->in_unique || is_key_source(&view, i)) && view.after[i].kind != VALUE_ABSENT &&
				!image_same_value(&view.before[i], &view.after[i]))
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
	if (change->kind != ROWS_WRITE || view->table->unsure_generated) {
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
	open = open_set_for(batch, view->binding, session);
	if (view->table->has_foreign_keys)
		batch->open_ordered = open;
	list_add(&open->set->inserts, change);
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
		old->after = image_merge(&batch->arena, old->after, change->after, view->columns);
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

/* Rows of a table with a key, in any order: each row once. */
static void add_to_set(struct batch *batch, const struct row_view *view, struct row_change *change,
	const struct row_session *session)
{
	const struct value *image = change->kind == ROWS_WRITE ? change->after : change->before;
	struct open_set *open = open_set_for(batch, view->binding, session);
	struct buffer key = BUFFER_INIT;
	struct row_entry *entry;
	struct row_set *set;

	for (unsigned i = 0; i < view->table->key.count; i++)
		image_put_value(&key, &image[view->binding->key_sources[i]]);
	HASH_FIND(hh, open->entries, buffer_text(&key), key.length, entry);
	if (entry) {
		if (combine(batch, open, entry, view, change)) {
			buffer_release(&key);
			return;
		}
		close_set(batch, open);
		open = open_set_for(batch, view->binding, session);
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

static struct row_entry *entry_of_image(struct batch *batch, struct open_set *open, const struct row_view *view,
	const struct value *image)
{
	struct buffer key = BUFFER_INIT;
	struct row_entry *entry;

	for (uint32_t i = 0; i < view->columns; i++)
		image_put_value(&key, &image[i]);
	HASH_FIND(hh, open->entries, buffer_text(&key), key.length, entry);
	if (!entry) {
		entry = arena_zalloc(&batch->arena, sizeof(*entry));
		entry->key = arena_copy(&batch->arena, buffer_text(&key), key.length);
		HASH_ADD_KEYPTR(hh, open->entries, entry->key, key.length, entry);
	}
	buffer_release(&key);
	return entry;
}

/* A row with the image goes: one that the set writes, if there is such a one, else one of those that the table has. */
static void remove_image(struct batch *batch, struct open_set *open, const struct row_view *view,
	const struct row_change *change)
{
	struct row_entry *entry = entry_of_image(batch, open, view, change->before);
	struct row_change *removed;

	if (entry->change) {
		list_remove(&open->set->inserts, entry->change);
		entry->change = entry->change->same;
	} else if (entry->deleted) {
		entry->deleted->copies++;
	} else {
		removed = arena_copy(&batch->arena, change, sizeof(*change));
		removed->kind = ROWS_DELETE;
		removed->copies = 1;
		removed->update = change->kind == ROWS_UPDATE ? change : NULL;
		list_add(&open->set->deletes, removed);
		entry->deleted = removed;
		batch->scans = true;
	}
}

static void insert_image(struct batch *batch, struct open_set *open, const struct row_view *view,
	const struct row_change *change)
{
	struct row_change *inserted = arena_copy(&batch->arena, change, sizeof(*change));
	struct row_entry *entry;

	if (change->kind == ROWS_UPDATE) {
		inserted->kind = ROWS_WRITE;
		inserted->after = image_merge(&batch->arena, change->before, change->after, view->columns);
		inserted->before = NULL;
		inserted->update = change;
	}
	entry = entry_of_image(batch, open, view, inserted->after);
	inserted->same = entry->change;
	entry->change = inserted;
	list_add(&open->set->inserts, inserted);
}

/* Rows of a table without a key: what the set does to it is the difference between the images that go and those that come. An image
 * that comes again does not make up for one that went: were it so, a row that is missing would go unnoticed. */
static void add_to_multiset(struct batch *batch, const struct row_view *view, const struct row_change *change,
	const struct row_session *session)
{
	struct open_set *open = open_set_for(batch, view->binding, session);

	if (change->kind != ROWS_WRITE)
		remove_image(batch, open, view, change);
	if (change->kind != ROWS_DELETE)
		insert_image(batch, open, view, change);
}

static void add_key(struct batch *batch, uint64_t key)
{
	if (batch->key_count == batch->key_room) {
		batch->key_room = batch->key_room ? batch->key_room * 2 : 256;
		batch->keys = memory_realloc(batch->keys, batch->key_room * sizeof(*batch->keys));
	}
	batch->keys[batch->key_count++] = key;
}

static void note_key(struct batch *batch, const struct row_view *view, enum conflict_key_kind kind, uint64_t number)
{
	struct target_table *table = (struct target_table *)view->table; /* only the flag is written, by this thread */

	if (kind == KEY_COARSE && !table->coarse)
		table->coarse = batch->turned_coarse = true;
	if (kind != KEY_NONE)
		add_key(batch, table->coarse ? conflict_key_table(table) : number);
}

static void add_values_of(struct batch *batch, const struct row_view *view, const struct target_key *key, unsigned ordinal)
{
	enum conflict_key_kind kind;
	uint64_t number = 0;

	if (key->count == 0) { /* over expressions */
		note_key(batch, view, KEY_COARSE, number);
		return;
	}
	if (view->before) {
		kind = conflict_key_left(view->binding, key, ordinal, view->before, &number);
		note_key(batch, view, kind, number);
	}
	if (view->after) {
		kind = conflict_key_taken(view->binding, key, ordinal, view->before, view->after, &number);
		note_key(batch, view, kind, number);
	}
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
	if (view->table->key.count)
		add_values_of(batch, view, &view->table->key, 0);
	for (unsigned i = 0; i < view->table->secondary_unique; i++)
		add_values_of(batch, view, &view->table->uniques[i], i + 1);
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

	arena_reset(&batch->images);
	if (rows_iterator_init(&iterator, &change->rows, change->map, &batch->images, error) < 0)
		return -1;
	if (change->rows.kind == ROWS_WRITE)
		implicit_fill(change->map->applier_data, &iterator, &batch->arena);
	while ((more = rows_iterator_next(&iterator, error)) > 0) {
		enum rows_kind kind = change->rows.kind;
		struct row_session session = {session_flags(change), 0};
		enum row_version version;
		struct row_view view;
		struct row_change *row;

		if (change->rows.partial && resolve_json(batch, &iterator, error) < 0)
			return -1;
		version = row_version_of(&iterator, transaction, change, &kind);
		if (version == VERSION_LEFT)
			continue;
		if (row_version_check(&iterator, kind, error) < 0)
			return -1;
		view = look_at(&iterator, kind);
		if (view.table->is_versioned)
			session.timestamp_us = row_version_time(&iterator, change->rows.kind, kind);
		else if (!view.full)
			session.timestamp_us = (uint64_t)change->timestamp * 1000000;
		row = make_change(batch, &view, kind, transaction, change, iterator.row);
		row->is_history = version == VERSION_INSERTED;
		if (batch->want_keys)
			add_conflict_keys(batch, &view);
		if (view.own_way || !batch->merge || (view.table->has_foreign_keys && row->kind != ROWS_WRITE))
			add_alone(batch, &view, row, &session);
		else if (view.exchangeable)
			add_to_multiset(batch, &view, row, &session);
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
	batch->bytes += transaction_bytes(transaction);
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
	whole->held_most = broken->held_most;
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
