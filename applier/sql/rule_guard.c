/* What is never sent, or not without a person's word. */
#include <string.h>
#include <strings.h>

#include "applier/sql/rule.h"

/* Definitions name what they define; all rules rely on that. */
static bool names_nothing(const struct rewriting *r)
{
	enum statement_class class = r->statement.class;

	return r->statement.object_count == 0 && class != STATEMENT_ALTER_DATABASE &&
	       ((class >= STATEMENT_CREATE_TABLE && class <= STATEMENT_CREATE_UDF) ||
		       class == STATEMENT_TRUNCATE);
}

static void unreadable(struct rewriting *r)
{
	enum policy policy = POLICY_STOP;

	if (r->tokens.bad)
		policy = rule_fires(r,
			"It ends inside a string, a quoted name or a comment: it was written under another "
			"sql_mode or character set than the log says, or it is damaged.");
	else if (r->statement.flags & STATEMENT_MULTIPLE)
		policy = rule_fires(r, "It holds more than one statement.");
	else if (names_nothing(r))
		policy = rule_fires(r, "What it names cannot be found in it.");
	r->as_it_is = policy == POLICY_RUN;
}

static void empty(struct rewriting *r)
{
	if (r->statement.class == STATEMENT_EMPTY)
		rule_fires(r, "There is nothing in it but comments.");
}

static void unknown(struct rewriting *r)
{
	if (r->statement.class == STATEMENT_UNKNOWN)
		rule_fires(r, "It is of a kind that is not known here, so nobody can say what it does to a "
			      "transaction.");
}

static bool is_own(const struct rewriting *r, const char *database)
{
	return strcasecmp(database, r->schema) == 0;
}

/* ALTER DATABASE without a name is about the default database. */
static bool alters_default_database(const struct rewriting *r)
{
	return r->statement.class == STATEMENT_ALTER_DATABASE && r->statement.object_count == 0 && r->input->database;
}

static bool is_changed(const struct object *object)
{
	return object->role != ROLE_SOURCE && object->role != ROLE_DELETE_LIST && !object->derived_name;
}

static void own_schema(struct rewriting *r)
{
	bool own = alters_default_database(r) && is_own(r, r->input->database);

	for (size_t i = 0; i < r->statement.object_count && !own; i++) {
		const struct object *object = &r->statement.objects[i];

		own = is_changed(object) && is_own(r, rule_database(r, object));
	}
	if (own)
		rule_fires(r,
			"The schema %s holds this program's own state on the target; a source that has one of that "
			"name keeps it to itself.",
			r->schema);
}

static bool is_system_schema(const char *name)
{
	static const char *const names[] = {
		"mysql", "sys", "performance_schema", "information_schema", "rdsadmin"};
	static const char *const prefixes[] = {"rds_", "aws_", "mysql_innodb_cluster_metadata"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void system_database(struct rewriting *r)
{
	const char *name = r->statement.object_count ? rule_utf8(r, r->statement.objects[0].name)
		: alters_default_database(r)	     ? r->input->database
						     : NULL;

	if (name && is_system_schema(name))
		rule_fires(r,
			"%s is a schema of the server's own. (A target's account often could drop it, which "
			"would be the "
			"end of that server.)",
			name);
}

static bool is_account_table(const char *name)
{
	static const char *const names[] = {"user", "global_priv", "db", "tables_priv", "columns_priv",
		"procs_priv", "proxies_priv", "roles_mapping", "role_edges", "default_roles", "global_grants",
		"password_history"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static void system_schemas(struct rewriting *r)
{
	const struct object *found = NULL, *other = NULL;

	for (size_t i = 0; i < r->statement.object_count; i++) {
		const struct object *object = &r->statement.objects[i];

		if (!is_changed(object))
			continue;
		if (is_system_schema(rule_database(r, object)))
			found = object;
		else
			other = object;
	}
	if (!found)
		return;
	if (other && r->statement.class != STATEMENT_UPDATE)
		rule_stops(r,
			"It concerns %s, which is the server's own, and %s as well: it cannot be set aside "
			"as a whole.",
			found->name, other->name);
	else if (is_account_table(found->name))
		rule_fires(r, "Changes of the tables of accounts are not forwarded; use CREATE USER, GRANT "
			      "and the like on the "
			      "source, which are.");
	else
		rule_fires(r, "%s.%s belongs to the server itself: each server keeps its own.",
			rule_database(r, found), found->name);
}

static void binlog_statement(struct rewriting *r)
{
	rule_fires(
		r, "BINLOG takes row changes in the log's own form, which an ordinary account may not run.");
}

static void tablespace_files(struct rewriting *r)
{
	for (size_t i = r->statement.body; i < r->tokens.count; i++) {
		if (!rule_is(r, i, KW_DISCARD) && !rule_is(r, i, KW_IMPORT))
			continue;
		for (size_t k = i + 1; k < r->tokens.count && !rule_is(r, k, ','); k++)
			if (rule_is(r, k, KW_TABLESPACE)) {
				rule_fires(r, "The data come from a file that is not in the log. DISCARD "
					      "TABLESPACE would succeed on the "
					      "target, and its rows would be gone.");
				return;
			}
	}
}

static const uint8_t drops_database[] = {
	STATEMENT_DROP_DATABASE, STATEMENT_ALTER_DATABASE, STATEMENT_CREATE_DATABASE, 0};
static const uint8_t binlog[] = {STATEMENT_BINLOG, 0};
static const uint8_t alters_table[] = {STATEMENT_ALTER_TABLE, 0};

static const struct rule list[] = {
	{{"unreadable", "Guards", "text that ends inside quotes or a comment, or holds several statements",
		 "stops", "nothing would help", ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP),
		 POLICY_STOP, "INSERT INTO app.t VALUES ('open", ON_MYSQL},
		NULL, unreadable},
	{{"empty", "Guards", "text without a statement", "is not sent", "nothing would help",
		 ALLOW(POLICY_SKIP), POLICY_SKIP, "/* nothing */", ON_MYSQL},
		NULL, empty},
	{{"unknown-statement", "Guards", "statements of an unknown kind", "stops", "to know the statement",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_STOP,
		 "FROBNICATE TABLE app.t", ON_MYSQL},
		NULL, unknown},
	{{"own-schema", "Guards", "changes in the schema of the same name as this program's own",
		 "is not sent", "nothing would help", ALLOW(POLICY_SKIP), POLICY_SKIP,
		 "DROP TABLE changeling.checkpoint", ON_MYSQL},
		NULL, own_schema},
	{{"system-database", "Guards",
		 "CREATE, ALTER, DROP DATABASE of mysql, sys, performance_schema, information_schema, "
		 "rdsadmin, rds_*, aws_*",
		 "is never sent", "nothing would help", ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_SKIP,
		 "DROP DATABASE mysql", ON_MYSQL},
		drops_database, system_database},
	{{"system-schemas", "Guards", "changes of rows or objects in the servers' own schemas",
		 "is set aside", "rights on these schemas",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_SKIP,
		 "UPDATE mysql.user SET Password=PASSWORD('x') WHERE User='app'", {FAMILY_MYSQL, 50651}},
		NULL, system_schemas},
	{{"binlog-statement", "Guards", "BINLOG '…'", "stops", "SUPER, BINLOG_ADMIN or BINLOG REPLAY",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_STOP, "BINLOG 'ABC='",
		 ON_MYSQL},
		binlog, binlog_statement},
	{{"tablespace-files", "Guards", "ALTER TABLE … DISCARD TABLESPACE, IMPORT TABLESPACE", "stops",
		 "nothing would help: the data are not in the log", ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP),
		 POLICY_STOP, "ALTER TABLE app.t DISCARD TABLESPACE", ON_MYSQL},
		alters_table, tablespace_files},
};

const struct rule_topic rules_guard = {list, sizeof(list) / sizeof(list[0])};
