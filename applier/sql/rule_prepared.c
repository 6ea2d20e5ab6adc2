/* Statements of a prepared transaction (XA): they run where the source commits it, behind what other transactions have done since. */
#include "applier/sql/rule.h"

/* INSERT … VALUES comes to the same whatever else is there: the keys it takes are locked until the COMMIT. With IGNORE it looks
 * at the rows that are in its way, and stored code may look at anything. */
static bool reads_tables(const struct rewriting *r)
{
	if (r->plan->flags & PLAN_CODE || (r->statement.class != STATEMENT_INSERT && r->statement.class != STATEMENT_REPLACE))
		return true;
	for (size_t i = r->statement.verb; i < r->tokens.count; i++) {
		if (rule_is(r, i, KW_SELECT) || rule_is(r, i, KW_WITH) || rule_is(r, i, KW_TABLE) ||
			(rule_is(r, i, KW_IGNORE) && rule_is(r, i + 1, KW_INTO)))
			return true;
	}
	return false;
}

static void prepared_reads(struct rewriting *r)
{
	if (r->input->overtaken && reads_tables(r))
		rule_fires(r,
			"It belongs to an XA transaction that the source has prepared and committed with others in between. It runs here "
			"behind these, and MariaDB locks only what a prepared transaction has changed, so that it may find other rows than "
			"on the source. Have the sessions that use XA log rows (binlog_format=ROW).");
}

CLASSES(readers, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_UPDATE, STATEMENT_DELETE, STATEMENT_LOAD, STATEMENT_SELECT,
	STATEMENT_DO, STATEMENT_CALL);

static const struct rule list[] = {
	{{"prepared-reads", "Prepared transactions",
		 "statements of MariaDB's XA transactions that read tables, where others were committed between PREPARE and COMMIT", "stops",
		 "nothing would help: use binlog_format=ROW", RUN_SKIP_STOP, POLICY_STOP, NULL, ON_MARIADB},
		readers, prepared_reads},
};

const struct rule_topic rules_prepared = {list, sizeof(list) / sizeof(list[0])};
