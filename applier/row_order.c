#include "applier/row_order.h"

#include "applier/table.h"

static int has_several_rows(struct special *special, const struct target_table *table, bool *several, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	buffer_printf(&sql, "SELECT 1 FROM %s LIMIT 2", table->quoted);
	result = target_query(special->target, buffer_text(&sql), sql.length, &special->transaction->arena, &rows, error);
	buffer_release(&sql);
	*several = result == 0 && rows.rows > 1;
	return result;
}

int row_order_check(struct special *special, const struct planned_statement *planned, struct error *error)
{
	const struct rewrite_plan *plan = &planned->plan;
	const struct target_table *table;
	bool several;

	if (!plan->ordered_table || (plan->flags & (PLAN_TEMP | PLAN_FAILED_ON_SOURCE)))
		return 0;
	if (table_cache_find(special->applier->tables, special->target, plan->ordered_database, plan->ordered_table, &table,
		    error) < 0)
		return -1;
	if (!table->exists || table->is_view || table->key.count)
		return 0;
	if (has_several_rows(special, table, &several, error) < 0)
		return -1;
	if (!several)
		return 0;
	error_set(error, ERROR_STOP,
		"The statement \"%s\" gives numbers to the rows of table %s, or leaves one of several, in the order in which they lie, as it "
		"has no key; that need not be the master's order.",
		statement_excerpt(planned->change, &special->transaction->arena), table->quoted);
	return error_advice(error,
		"Put the master's table in its place (a dump of this one) and run `changeling skip`, with conflicts=repair until the "
		"dump's position has passed; or, where the order is known to be the same or does not matter, set rule.row-order=run "
		"and run `changeling retry`.");
}
