/* Statements that ended with an error on the source and are in its log all the same, as a part of them is done there.
 * Servers that do all of a statement or nothing of it end with the same error, and have done nothing. */
#include "applier/sql/rule.h"

enum { VERSION_ATOMIC = 80000 };

/* MySQL and MariaDB log a change of rows that failed only when some of it could not be rolled back. */
static void failed_changes(struct rewriting *r)
{
	if (r->input->error_code)
		rule_fires(r,
			"On the source it ended half-way with error %u, and what it had done in tables that cannot roll back "
			"(MyISAM and the like) stays there; here it would be rolled back.",
			r->input->error_code);
}

/* The error says that one of those named was there, or was not. */
static bool is_about_existence(unsigned code)
{
	return code == 1051 || code == 1396 || code == 4091 || code == 4092;
}

/* The words that make it do what it can, and the token they belong before; NULL when it takes none. */
static const char *sparing_words(const struct rewriting *r, size_t *token)
{
	*token = r->statement.object_count ? r->statement.objects[0].first : r->statement.body;
	switch (r->statement.class) {
	case STATEMENT_DROP_TABLE:
	case STATEMENT_DROP_VIEW:
	case STATEMENT_DROP_SEQUENCE:
	case STATEMENT_DROP_USER:
	case STATEMENT_DROP_ROLE:
	case STATEMENT_ALTER_USER:
		return "IF EXISTS ";
	case STATEMENT_CREATE_USER:
	case STATEMENT_CREATE_ROLE:
		return "IF NOT EXISTS ";
	default:
		return NULL;
	}
}

/* It consists of steps already, one for each account. */
static void spare_steps(struct rewriting *r)
{
	static const uint16_t exists_or_not[] = {1396, 0};

	for (size_t i = 0; i < r->plan->step_count; i++) {
		if (!r->plan->steps[i].tolerated)
			r->plan->steps[i].tolerated = exists_or_not;
	}
}

static bool drops_names(const struct rewriting *r)
{
	return r->statement.class == STATEMENT_DROP_TABLE || r->statement.class == STATEMENT_DROP_VIEW ||
	       r->statement.class == STATEMENT_DROP_SEQUENCE;
}

/* MariaDB logs a DROP TABLE of which some were not there without its error: its replicas add IF EXISTS by themselves
 * (slave_ddl_exec_mode). */
static bool drops_some_in_silence(const struct rewriting *r)
{
	return drops_names(r) && r->statement.class != STATEMENT_DROP_VIEW && r->statement.object_count > 1 &&
	       !(r->statement.flags & STATEMENT_IF_EXISTS) && r->input->error_code == 0 &&
	       r->input->source.family == FAMILY_MARIADB;
}

static void failed_lists(struct rewriting *r)
{
	bool names = drops_names(r);
	bool atomic = version_at_least(r->target->server, FAMILY_MYSQL, VERSION_ATOMIC);
	unsigned code = r->input->error_code;
	const char *words;
	size_t token;

	if (drops_some_in_silence(r))
		code = 1051;
	/* of tables and views the families' errors differ as well */
	if (!code || (!names && !atomic) || (names && r->built))
		return;
	if (!RULE_REWRITES(r,
		    "On the source it was done for those for which it could be done%s; here as well, without error %u.",
		    r->input->error_code ? "" : " (MariaDB's log does not tell whether these were all)", code))
		return;
	words = is_about_existence(code) ? sparing_words(r, &token) : NULL;
	if (!words) {
		rule_stops(r, "On the source a part of it is done, and error %u does not tell which.", code);
		return;
	}
	if (r->built)
		spare_steps(r);
	else if (!(r->statement.flags & (STATEMENT_IF_EXISTS | STATEMENT_IF_NOT_EXISTS)))
		rule_insert_before(r, token, words);
	r->plan->flags |= PLAN_SPARED;
}

CLASSES(changes, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_UPDATE, STATEMENT_DELETE, STATEMENT_LOAD, STATEMENT_SELECT,
	STATEMENT_DO, STATEMENT_CALL);
CLASSES(lists, STATEMENT_DROP_TABLE, STATEMENT_DROP_VIEW, STATEMENT_DROP_SEQUENCE, STATEMENT_CREATE_USER,
	STATEMENT_ALTER_USER, STATEMENT_DROP_USER, STATEMENT_RENAME_USER, STATEMENT_CREATE_ROLE, STATEMENT_DROP_ROLE, STATEMENT_GRANT, STATEMENT_REVOKE);

static const struct rule list[] = {
	{{"failed-changes", "Failures", "changes of rows that ended with an error on the source, half done", "stops",
		 "tables that cannot roll back", ALLOW(POLICY_STOP) | ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP), POLICY_STOP,
		 NULL, {FAMILY_MYSQL, 80036}},
		changes, failed_changes},
	{{"failed-lists", "Failures",
		 "DROP of tables, views and sequences, and statements about several accounts, that failed on the source for some "
		 "of those they name, or may have (MariaDB's log leaves out that tables were missing)",
		 "does it for the others: IF EXISTS, IF NOT EXISTS", "MySQL before 8.0, or MariaDB",
		 ALLOW(POLICY_REWRITE) | ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_REWRITE, NULL,
		 {FAMILY_MYSQL, 50651}},
		lists, failed_lists},
};

const struct rule_topic rules_failed = {list, sizeof(list) / sizeof(list[0])};
