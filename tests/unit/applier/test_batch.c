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

/* One random change that the model allows; carried out on it, and as a rows event in a transaction of its own. */
static struct transaction *random_change(struct model *model, const struct target_table *table, bool with_unique)
{
	static const uint8_t all[1] = {7};
	struct transaction *transaction = calloc(1, sizeof(*transaction));
	struct change *change = arena_zalloc(&transaction->arena, sizeof(*change));
	struct table_map *map = arena_zalloc(&transaction->arena, sizeof(*map));
	struct buffer rows = BUFFER_INIT;
	struct table_binding *binding;
	struct error error = {0};
	int id = rand() % KEYS, other;
	int32_t unique, value = rand() % 1000;
	struct row *row = &model->rows[id];

	do
		unique = rand() % 40;
	while (with_unique && !unique_free(model, unique, id));
	if (!row->there) {
		change->rows.kind = ROWS_WRITE;
		put_image(&rows, id, unique, value);
		*row = (struct row){true, unique, value};
	} else if (rand() % 3 == 0) {
		change->rows.kind = ROWS_DELETE;
		put_image(&rows, id, row->unique, row->value);
		row->there = false;
	} else {
		change->rows.kind = ROWS_UPDATE;
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
	change->kind = CHANGE_ROWS;
	change->map = map;
	map->database = "d";
	map->table = "t";
	map->columns_count = 3;
	map->columns = arena_zalloc(&transaction->arena, 3 * sizeof(*map->columns));
	for (int i = 0; i < 3; i++)
		map->columns[i] = (struct table_column){.type = TYPE_LONG, .wire_type = TYPE_LONG, .sign = SIGN_SIGNED};
	change->rows.columns_count = 3;
	change->rows.present = change->rows.present_after = all;
	change->rows.rows = arena_copy(&transaction->arena, rows.data, rows.length);
	change->rows.rows_length = rows.length;
	transaction->first = transaction->last = change;
	transaction->changes = 1;
	transaction->kind = TRANSACTION_COMMIT;
	buffer_release(&rows);
	assert_int_equal(table_bind(table, map, FAMILY_MYSQL, &transaction->arena, &binding, &error), 0);
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

static void run_model(bool with_unique, bool with_relations, bool with_key, bool merge, size_t *changes,
	size_t *written)
{
	struct target_table table;

	make_table(&table, with_unique, with_relations, with_key);
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
		cmocka_unit_test(test_keyless), cmocka_unit_test(test_unmerged),
		cmocka_unit_test(test_without_its_last_transaction),
	};
	const char *given = getenv("CHANGELING_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	printf("CHANGELING_SEED=%u\n", seed);
	srand(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
