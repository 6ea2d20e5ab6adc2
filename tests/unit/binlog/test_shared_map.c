/* Table maps are read once for all transactions that repeat them, and freed with the last of these. */
#include "binlog/shared_map.h"
#include "stream_support.h"

/* A transaction with one row of each of the tables. */
static struct transaction *of_tables(struct stream *s, unsigned first_id, unsigned count, const char *table)
{
	static uint64_t number;

	mysql_gtid(s, ++number);
	query(s, "BEGIN");
	for (unsigned i = 0; i < count; i++) {
		map(s, first_id + i, table);
		rows(s, first_id + i, 1, 1);
	}
	xid(s);
	return assembler_next(s->assembler);
}

static const struct shared_map *map_of(const struct transaction *transaction)
{
	assert_ptr_equal(transaction->first->map, transaction->first->map_use->shared->map);
	return transaction->first->map_use->shared;
}

static void transactions_share_a_map(void **state)
{
	struct transaction *a, *b, *other, *same_id, *next_file;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	a = of_tables(&s, 108, 1, "t");
	b = of_tables(&s, 108, 1, "t");
	other = of_tables(&s, 109, 1, "t");
	same_id = of_tables(&s, 108, 1, "u");
	assert_ptr_equal(map_of(a), map_of(b));
	assert_ptr_not_equal(map_of(a), map_of(other));
	assert_string_equal(map_of(same_id)->map->table, "u");
	assert_ptr_not_equal(a->first->map_use, b->first->map_use);
	assert_true(a->maps_bytes > 0 && b->maps_bytes == 0);
	assert_int_equal(transaction_bytes(a), sizeof(*a) + a->arena.bytes + a->maps_bytes);
	format(&s, "8.0.41", 0); /* what the bytes mean may have changed */
	next_file = of_tables(&s, 108, 1, "u");
	assert_ptr_not_equal(map_of(same_id), map_of(next_file));
	transaction_free(a);
	assert_string_equal(map_of(b)->map->table, "t"); /* the other one's, too */
	assembler_free(s.assembler);
	s.assembler = NULL;
	assert_string_equal(map_of(b)->map->table, "t");
	assert_int_equal(atomic_load(&map_of(b)->users), 1);
	transaction_free(b);
	transaction_free(other);
	transaction_free(same_id);
	transaction_free(next_file);
	stop(&s);
}

static unsigned freed;

static void count_free(void *made)
{
	(void)made;
	freed++;
}

static void what_was_made_of_it_goes_with_it(void **state)
{
	struct transaction *a, *b;
	struct shared_map *shared;
	struct stream s;
	int made;

	(void)state;
	freed = 0;
	start(&s, "8.0.41");
	a = of_tables(&s, 7, 1, "t");
	b = of_tables(&s, 7, 1, "t");
	shared = a->first->map_use->shared;
	shared->made = &made;
	shared->free_made = count_free;
	transaction_free(a);
	stop(&s);
	assert_int_equal(freed, 0);
	transaction_free(b);
	assert_int_equal(freed, 1);
}

/* More tables than the cache has places for, and as often: each is right, whoever has it. */
static void more_tables_than_are_kept(void **state)
{
	struct transaction *first, *second;
	struct stream s;
	unsigned changes = 0;

	(void)state;
	start(&s, "8.0.41");
	first = of_tables(&s, 1, 3000, "t");
	second = of_tables(&s, 1, 3000, "t");
	for (const struct change *change = second->first; change; change = change->next)
		assert_int_equal(change->map->table_id, ++changes);
	assert_int_equal(changes, 3000);
	transaction_free(first);
	transaction_free(second);
	stop(&s);
}

/* Within one transaction the map of an id may change; rows keep the one before them. */
static void rows_keep_their_map(void **state)
{
	struct transaction *transaction;
	struct stream s;

	(void)state;
	start(&s, "8.0.41");
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	map(&s, 5, "t");
	rows(&s, 5, 1, 1);
	map(&s, 5, "u");
	rows(&s, 5, 1, 1);
	map(&s, 5, "t");
	rows(&s, 5, 1, 1);
	xid(&s);
	transaction = assembler_next(s.assembler);
	assert_string_equal(transaction->first->map->table, "t");
	assert_string_equal(transaction->first->next->map->table, "u");
	assert_string_equal(transaction->last->map->table, "t");
	transaction_free(transaction);
	stop(&s);
}

/* A statement that goes on in the next part has its map there. */
static void parts_have_their_maps(void **state)
{
	struct transaction *part;
	struct stream s;
	unsigned parts = 0;

	(void)state;
	start_at(&s, "8.0.41", 4, 4096);
	mysql_gtid(&s, 1);
	query(&s, "BEGIN");
	map(&s, 5, "t");
	for (int i = 0; i < 20; i++)
		rows(&s, 5, i == 19, 100);
	xid(&s);
	while ((part = assembler_next(s.assembler))) {
		for (const struct change *change = part->first; change; change = change->next)
			assert_string_equal(change->map->table, "t");
		assert_string_equal(part->begin.file, "binlog.000001");
		parts++;
		transaction_free(part);
	}
	assert_true(parts > 3);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transactions_share_a_map),
		cmocka_unit_test(what_was_made_of_it_goes_with_it),
		cmocka_unit_test(more_tables_than_are_kept),
		cmocka_unit_test(rows_keep_their_map),
		cmocka_unit_test(parts_have_their_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
