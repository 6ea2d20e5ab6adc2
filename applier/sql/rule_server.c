/* The server's administration: each server has its own. */
#include <string.h>

#include "applier/sql/account.h"
#include "applier/sql/rule.h"

static void maintenance(struct rewriting *r)
{
	rule_fires(r, "It does not change data: tables are looked after where they live.");
}

static void flush(struct rewriting *r)
{
	rule_fires(r, "It empties caches of the source's server, and needs RELOAD.");
}

static void plugins(struct rewriting *r)
{
	rule_fires(r, "Plugins and components are installed on each server by whoever runs it.");
}

static void loadable(struct rewriting *r)
{
	rule_fires(r, "The function is in a file on the source's server, which the target does not have.");
}

static void servers(struct rewriting *r)
{
	rule_fires(r, "Connections of FEDERATED tables need rights that a managed target does not give.");
}

static void tablespaces(struct rewriting *r)
{
	rule_fires(r, "A managed target places its files by itself.");
}

static void resource_groups(struct rewriting *r)
{
	rule_fires(r, "Resource groups name processors of one machine.");
}

static void reference_systems(struct rewriting *r)
{
	rule_fires(r, "Spatial reference systems are part of the server; this account may not change them.");
}

static void administration(struct rewriting *r)
{
	rule_fires(r, "It concerns the source's server only.");
}

/* DATABASE … ENCRYPTION, READ ONLY and the like. */
static void database_options(struct rewriting *r)
{
	for (size_t i = r->statement.body; i < r->tokens.count; i++) {
		size_t first = i, last = i + 1;

		if (rule_is(r, i, KW_READ) && rule_is(r, i + 1, KW_ONLY)) {
			last = rule_is(r, i + 2, '=') ? i + 3 : i + 2;
		} else if (rule_is(r, i, KW_ENCRYPTION)) {
			first = rule_is(r, i - 1, KW_DEFAULT) ? i - 1 : i;
			last = rule_is(r, i + 1, '=') ? i + 2 : i + 1;
		} else {
			continue;
		}
		if (last >= r->tokens.count)
			return;
		if (!RULE_REWRITES(
			    r, "Encryption and write protection of a schema are the target's own affair."))
			return;
		rule_remove(r, first, last);
		i = last;
	}
}

CLASSES(maintenance_classes, STATEMENT_ANALYZE, STATEMENT_OPTIMIZE, STATEMENT_REPAIR, STATEMENT_CHECK_TABLE);
CLASSES(flush_classes, STATEMENT_FLUSH);
CLASSES(plugin_classes, STATEMENT_INSTALL, STATEMENT_UNINSTALL);
CLASSES(loadable_classes, STATEMENT_CREATE_UDF);
CLASSES(server_classes, STATEMENT_SERVER);
CLASSES(tablespace_classes, STATEMENT_TABLESPACE);
CLASSES(group_classes, STATEMENT_RESOURCE_GROUP);
CLASSES(reference_classes, STATEMENT_SPATIAL_REFERENCE_SYSTEM);
CLASSES(administration_classes, STATEMENT_INSTANCE, STATEMENT_ADMIN, STATEMENT_LOCK, STATEMENT_SET_ROLE);
CLASSES(database_classes, STATEMENT_CREATE_DATABASE, STATEMENT_ALTER_DATABASE);

static const struct rule list[] = {
	{{"table-maintenance", "Server", "ANALYZE, OPTIMIZE, REPAIR, CHECK TABLE", "is set aside", "nothing",
		 RUN_SKIP_STOP, POLICY_SKIP, "ANALYZE TABLE app.t", ON_MYSQL},
		maintenance_classes, maintenance},
	{{"flush", "Server", "FLUSH …", "is set aside", "RELOAD", RUN_SKIP_STOP, POLICY_SKIP, "FLUSH PRIVILEGES",
		 ON_MYSQL},
		flush_classes, flush},
	{{"plugins", "Server", "INSTALL and UNINSTALL PLUGIN, COMPONENT, SONAME", "is set aside",
		 "INSERT on mysql.plugin, and the file", RUN_SKIP_STOP, POLICY_SKIP,
		 "INSTALL PLUGIN audit SONAME 'audit.so'", ON_MYSQL},
		plugin_classes, plugins},
	{{"loadable-functions", "Server", "CREATE FUNCTION … SONAME", "is set aside",
		 "INSERT on mysql.func, and the file", RUN_SKIP_STOP, POLICY_SKIP,
		 "CREATE FUNCTION lib_crc RETURNS INTEGER SONAME 'crc.so'", ON_MYSQL},
		loadable_classes, loadable},
	{{"servers", "Server", "CREATE, ALTER, DROP SERVER", "is set aside", "SUPER or FEDERATED ADMIN", RUN_SKIP_STOP,
		 POLICY_SKIP,
		 "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD 'p', HOST 'h')",
		 ON_MYSQL},
		server_classes, servers},
	{{"tablespaces", "Server", "CREATE, ALTER, DROP TABLESPACE, UNDO TABLESPACE, LOGFILE GROUP",
		 "is set aside", "CREATE TABLESPACE", RUN_SKIP_STOP, POLICY_SKIP,
		 "CREATE TABLESPACE ts ADD DATAFILE 'ts.ibd'", ON_MYSQL},
		tablespace_classes, tablespaces},
	{{"resource-groups", "Server", "CREATE, ALTER, DROP RESOURCE GROUP", "is set aside",
		 "RESOURCE_GROUP_ADMIN", RUN_SKIP_STOP, POLICY_SKIP, "CREATE RESOURCE GROUP rg TYPE = USER VCPU = 0",
		 ON_MYSQL},
		group_classes, resource_groups},
	{{"reference-systems", "Server", "CREATE, DROP SPATIAL REFERENCE SYSTEM", "is set aside",
		 "SUPER or CREATE_SPATIAL_REFERENCE_SYSTEM", RUN_SKIP_STOP, POLICY_SKIP,
		 "CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'x' DEFINITION 'y'", ON_MYSQL},
		reference_classes, reference_systems},
	{{"administration", "Server",
		 "KILL, PURGE, CHANGE MASTER, RESET, ALTER INSTANCE, LOCK TABLES, SET ROLE, …",
		 "is set aside", "the same rights, and a reason", RUN_SKIP_STOP, POLICY_SKIP,
		 "PURGE BINARY LOGS BEFORE NOW()", ON_MYSQL},
		administration_classes, administration},
	{{"database-options", "Server", "ENCRYPTION and READ ONLY of CREATE and ALTER DATABASE",
		 "removes the option", "TABLE_ENCRYPTION_ADMIN, a keyring",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_REWRITE) | ALLOW(POLICY_STOP), POLICY_REWRITE,
		 "CREATE DATABASE app2 DEFAULT ENCRYPTION='Y'", ON_MYSQL},
		database_classes, database_options},
};

const struct rule_topic rules_server = {list, sizeof(list) / sizeof(list[0])};
