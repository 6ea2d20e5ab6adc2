/* Batches against a model: random changes of a small table, applied one after the other, and as the batch orders
 * them, must give the same rows; at no moment may a unique value stand twice, and every update and delete must find its
 * row. The seed is printed; CHANGELING_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "applier/batch.h"

#define KEYS 12

struct row {
	bool there;
	int32_t unique, value;
};

struct model {
	struct row rows[KEYS];
};

static struct target_column columns[3] = {
	{.name = "id", .quoted = "`id`", .type = "int", .full_type = "int", .class = COLUMN_NUMBER},
	{.name = "u", .quoted = "`u`", .type = "int", .full_type = "int", .class = COLUMN_NUMBER},
	{.name = "v", .quoted = "`v`", .type = "int", .full_type = "int", .class = COLUMN_NUMBER},
};
static unsigned key_columns[1] = {0}, unique_columns[1] = {1};
static struct target_key unique_key = {.count = 1, .columns = unique_columns};

static void make_table(struct target_table *table, bool with_unique, bool with_relations, bool with_key)
{
	memset(table, 0, sizeof(*table));
	table->database = "d";
	table->name = "t";
	table->quoted = "`d`.`t`";
	table->exists = true;
	table->columns_count = 3;
	table->columns = columns;
	columns[1].in_unique = with_unique;
	if (with_key)
		table->key = (struct target_key){.count = 1, .columns = key_columns, .primary = true};
	if (with_unique) {
		table->secondary_unique = 1;
		table->uniques = &unique_key;
	}
	table->has_foreign_keys = with_relations;
	table->id = 1;
}

static void put_image(struct buffer *out, int32_t id, int32_t unique, int32_t value)
{
	buffer_putc(out, 0); /* no NULLs */
	buffer_put_le(out, (uint32_t)id, 4);
	buffer_put_le(out, (uint32_t)unique, 4);
	buffer_put_le(out, (uint32_t)value, 4);
}

static bool unique_free(const struct model *model, int32_t unique, int except)
{
	for (int i = 0; i < KEYS; i++) {
		if (i != except && model->rows[i].there && model->rows[i].unique == unique)
			return false;
	}
	return true;
}

/* A transaction of one rows event. */
static struct transaction *make_transaction(const struct target_table *table, enum rows_kind kind, const struct buffer *rows)
{
	static const uint8_t all[1] = {7};
	struct transaction *transaction = calloc(1, sizeof(*transaction));
	struct change *change = arena_zalloc(&transaction->arena, sizeof(*change));
	struct table_map *map = arena_zalloc(&transaction->arena, sizeof(*map));
	struct table_binding *binding;
	struct error error = {0};

	change->kind = CHANGE_ROWS;
	change->map = map;
	map->database = "d";
	map->table = "t";
	map->columns_count = 3;
	map->columns = arena_zalloc(&transaction->arena, 3 * sizeof(*map->columns));
	for (int i = 0; i < 3; i++)
		map->columns[i] = (struct table_column){.type = TYPE_LONG, .wire_type = TYPE_LONG, .sign = SIGN_SIGNED};
	change->rows.kind = kind;
	change->rows.columns_count = 3;
	change->rows.present = change->rows.present_after = all;
	change->rows.rows = arena_copy(&transaction->arena, rows->data, rows->length);
	change->rows.rows_length = rows->length;
	transaction->first = transaction->last = change;
	transaction->changes = 1;
	transaction->kind = TRANSACTION_COMMIT;
	assert_int_equal(table_bind(table, map, FAMILY_MYSQL, &transaction->arena, &binding, &error), 0);
	return transaction;
}

/* One random change that the model allows; carried out on it, and as a transaction. */
static struct transaction *random_change(struct model *model, const struct target_table *table, bool with_unique)
{
	struct transaction *transaction;
	struct buffer rows = BUFFER_INIT;
	enum rows_kind kind;
	int id = rand() % KEYS, other;
	int32_t unique, value = rand() % 1000;
	struct row *row = &model->rows[id];

	do
		unique = rand() % 40;
	while (with_unique && !unique_free(model, unique, id));
	if (!row->there) {
		kind = ROWS_WRITE;
		put_image(&rows, id, unique, value);
		*row = (struct row){true, unique, value};
	} else if (rand() % 3 == 0) {
		kind = ROWS_DELETE;
		put_image(&rows, id, row->unique, row->value);
		row->there = false;
	} else {
		kind = ROWS_UPDATE;
		put_image(&rows, id, row->unique, row->value);
		if (rand() % 2)
			unique = row->unique;
		other = rand() % 6 == 0 ? rand() % KEYS : id;
		if (other != id && model->rows[other].there)
			other = id;
		put_image(&rows, other, unique, value);
		row->there = false;
		model->rows[other] = (struct row){true, unique, value};
	}
	transaction = make_transaction(table, kind, &rows);
	buffer_release(&rows);
	return transaction;
}

static int32_t number(const struct value *value)
{
	return (int32_t)value->number.i;
}

/* Writes one row as the server would: fails the test where the server would refuse or find nothing. */
static void write_row(struct model *model, const struct row_change *row, bool with_unique)
{
	int id = number(&(row->before ? row->before : row->after)[0]);

	if (row->kind == ROWS_WRITE) {
		assert_false(model->rows[id].there);
	} else {
		assert_true(model->rows[id].there);
		model->rows[id].there = false;
	}
	if (row->kind == ROWS_DELETE)
		return;
	id = number(&row->after[0]);
	assert_false(model->rows[id].there);
	if (with_unique)
		assert_true(unique_free(model, number(&row->after[1]), id));
	model->rows[id] = (struct row){true, number(&row->after[1]), number(&row->after[2])};
}

static size_t write_list(struct model *model, const struct row_list *list, enum rows_kind kind, bool with_unique)
{
	size_t count = 0;

	for (const struct row_change *row = list->first; row; row = row->next, count++) {
		assert_int_equal(row->kind, kind);
		write_row(model, row, with_unique);
	}
	assert_int_equal(count, list->count);
	return count;
}

static size_t write_batch(struct model *model, const struct batch *batch, bool with_unique)
{
	size_t written = 0;
	bool scans = false;

	for (const struct operation *at = batch->operations; at; at = at->next) {
		if (at->kind == OPERATION_ROW) {
			write_row(model, at->row, with_unique);
			written++;
			scans = scans || (at->row->before && !at->row->binding->keyed);
			continue;
		}
		written += write_list(model, &at->rows->deletes, ROWS_DELETE, with_unique);
		written += write_list(model, &at->rows->updates, ROWS_UPDATE, with_unique);
		written += write_list(model, &at->rows->inserts, ROWS_WRITE, with_unique);
	}
	assert_int_equal(batch->scans, scans);
	return written;
}

/* How many rows the model of a table without a key has of each image: of few, so that many are the same. */
#define VALUES 4
#define IMAGES (VALUES * VALUES)

struct multiset {
	size_t count[IMAGES];
	size_t rows;
};

static void put_number(struct buffer *out, int image)
{
	put_image(out, image / VALUES, image % VALUES, 7);
}

static int image_of(const struct value *values)
{
	assert_int_equal(number(&values[2]), 7);
	return number(&values[0]) * VALUES + number(&values[1]);
}

static int random_row(const struct multiset *table)
{
	size_t at = (size_t)rand() % table->rows;

	for (int i = 0;; i++) {
		if (at < table->count[i])
			return i;
		at -= table->count[i];
	}
}

static void move_row(struct multiset *table, int from, int to)
{
	if (from >= 0) {
		assert_true(table->count[from] > 0);
		table->count[from]--;
		table->rows--;
	}
	if (to >= 0) {
		table->count[to]++;
		table->rows++;
	}
}

static struct transaction *random_move(struct multiset *source, const struct target_table *table)
{
	struct buffer rows = BUFFER_INIT;
	struct transaction *transaction;
	int from = source->rows && rand() % 4 ? random_row(source) : -1, to = from < 0 || rand() % 3 ? rand() % IMAGES : -1;

	if (from >= 0)
		put_number(&rows, from);
	if (to >= 0)
		put_number(&rows, to);
	move_row(source, from, to);
	transaction = make_transaction(table, from < 0 ? ROWS_WRITE : to < 0 ? ROWS_DELETE : ROWS_UPDATE, &rows);
	buffer_release(&rows);
	return transaction;
}

/* As the server would: a delete finds its rows or fails the test. */
static void write_multiset(struct multiset *target, const struct row_set *set)
{
	for (const struct row_change *row = set->deletes.first; row; row = row->next) {
		assert_int_equal(row->kind, ROWS_DELETE);
		assert_true(row->copies > 0);
		for (unsigned i = 0; i < row->copies; i++)
			move_row(target, image_of(row->before), -1);
	}
	assert_int_equal(set->updates.count, 0);
	for (const struct row_change *row = set->inserts.first; row; row = row->next) {
		assert_int_equal(row->kind, ROWS_WRITE);
		move_row(target, -1, image_of(row->after));
	}
}

static void test_multiset(void **state)
{
	struct target_table table;
	size_t changes = 0, written = 0;

	(void)state;
	make_table(&table, false, false, false);
	for (int round = 0; round < 2000; round++) {
		struct multiset source = {0}, target;
		struct batch *batch = batch_new(true, true);
		int count = 1 + rand() % 60, start = rand() % 20;

		for (int i = 0; i < start; i++)
			move_row(&source, -1, rand() % IMAGES);
		target = source;
		for (int i = 0; i < count; i++) {
			struct error error = {0};

			assert_int_equal(batch_add(batch, random_move(&source, &table), &error), 0);
		}
		batch_close(batch);
		assert_int_equal(batch->rows, count);
		changes += (size_t)count;
		for (const struct operation *at = batch->operations; at; at = at->next) {
			assert_int_equal(at->kind, OPERATION_ROWS);
			assert_true(batch->scans == (at->rows->deletes.count > 0));
			written += at->rows->deletes.count + at->rows->inserts.count;
			write_multiset(&target, at->rows);
		}
		assert_memory_equal(&source, &target, sizeof(source));
		batch_free(batch);
	}
	assert_true(written < changes);
}

/* What is missing on the target is not made up for by what comes, and one update alone is kept as one. */
static void test_multiset_keeps_what_it_must_find(void **state)
{
	struct target_table table;
	struct batch *batch = batch_new(true, false);
	struct buffer rows = BUFFER_INIT;
	struct error error = {0};
	const struct row_set *set;

	(void)state;
	make_table(&table, false, false, false);
	put_number(&rows, 1);
	put_number(&rows, 2);
	assert_int_equal(batch_add(batch, make_transaction(&table, ROWS_UPDATE, &rows), &error), 0);
	set = batch->operations->rows;
	assert_int_equal(set->deletes.count, 1);
	assert_ptr_equal(set->inserts.first->update, set->deletes.first->update);
	assert_int_equal(set->inserts.first->update->kind, ROWS_UPDATE);
	buffer_clear(&rows);
	put_number(&rows, 1);
	assert_int_equal(batch_add(batch, make_transaction(&table, ROWS_WRITE, &rows), &error), 0);
	assert_null(batch->operations->next);
	assert_int_equal(set->deletes.count, 1);
	assert_int_equal(set->inserts.count, 2);
	batch_operation_failed(batch->operations);
	assert_true(table.row_by_row);
	buffer_release(&rows);
	batch_free(batch);
}

static void run_model(bool with_unique, bool with_relations, bool with_key, bool merge, size_t *changes,
	size_t *written)
{
	struct target_table table;

	make_table(&table, with_unique, with_relations, with_key);
	table.row_by_row = true;
	for (int round = 0; round < 2000; round++) {
		struct model source = {0}, target;
		struct batch *batch = batch_new(merge, true);
		int count = 1 + rand() % 60;

		for (int i = 0; i < KEYS; i++)
			source.rows[i] = (struct row){rand() % 2, 100 + i, i};
		target = source;
		for (int i = 0; i < count; i++) {
			struct error error = {0};

			assert_int_equal(batch_add(batch, random_change(&source, &table, with_unique), &error), 0);
		}
		batch_close(batch);
		assert_int_equal(batch->rows, count);
		assert_true(batch->key_count > 0);
		*changes += (size_t)count;
		*written += write_batch(&target, batch, with_unique);
		for (int i = 0; i < KEYS; i++) {
			assert_int_equal(source.rows[i].there, target.rows[i].there);
			if (source.rows[i].there) {
				assert_int_equal(source.rows[i].unique, target.rows[i].unique);
				assert_int_equal(source.rows[i].value, target.rows[i].value);
			}
		}
		batch_free(batch);
	}
}

static void test_key(void **state)
{
	size_t changes = 0, written = 0;

	(void)state;
	run_model(false, false, true, true, &changes, &written);
	assert_true(written < changes); /* rows that changed several times were written once */
}

static void test_unique(void **state)
{
	size_t changes = 0, written = 0;

	(void)state;
	run_model(true, false, true, true, &changes, &written);
	assert_true(written < changes);
}

static void test_relations(void **state)
{
	size_t changes = 0, written = 0;

	(void)state;
	run_model(true, true, true, true, &changes, &written);
	assert_int_equal(written, changes); /* every change in its place */
}

static void test_keyless(void **state)
{
	size_t changes = 0, written = 0;

	(void)state;
	run_model(false, false, false, true, &changes, &written);
	assert_int_equal(written, changes);
}

static void test_unmerged(void **state)
{
	size_t changes = 0, written = 0;

	(void)state;
	run_model(true, false, true, false, &changes, &written);
	assert_int_equal(written, changes);
}

/* Batches before have finer keys than the one that is made anew as well. */
static void test_without_its_last_transaction(void **state)
{
	struct target_table table;
	struct model source = {0};
	struct batch *batch = batch_new(true, true);
	struct transaction *last, *wanted;
	struct error error = {0};

	(void)state;
	make_table(&table, false, false, true);
	for (int i = 0; i < 3; i++) {
		wanted = random_change(&source, &table, false);
		assert_int_equal(batch_add(batch, wanted, &error), 0);
	}
	table.coarse = batch->turned_coarse = true; /* by one of them */
	batch->born_us = 7;
	batch = batch_without_last(batch, &last);
	assert_ptr_equal(last, wanted);
	assert_int_equal(batch->transaction_count, 2);
	assert_int_equal(batch->rows, 2);
	assert_true(batch->turned_coarse);
	assert_int_equal(batch->born_us, 7);
	transaction_free(last);
	batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),	cmocka_unit_test(test_unique),	 cmocka_unit_test(test_relations),
		cmocka_unit_test(test_keyless), cmocka_unit_test(test_unmerged), cmocka_unit_test(test_multiset),
		cmocka_unit_test(test_multiset_keeps_what_it_must_find),
		cmocka_unit_test(test_without_its_last_transaction),
	};
	const char *given = getenv("CHANGELING_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	printf("CHANGELING_SEED=%u\n", seed);
	srand(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
