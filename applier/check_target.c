#include "applier/check_target.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/checkpoint.h"
#include "applier/table.h"

#define CONNECTIONS_WISHED 20 /* workers, control, heartbeat, and as many again while another instance takes over */
#define PACKET_WISHED (16u << 20)
#define TABLES_NAMED 20 /* in one line */

struct checking {
	struct target *target;
	const struct capabilities *capabilities;
	const char *schema;
	check_report *report;
	void *context;
	struct arena arena;
	struct target_rows variables;
};

static void say(struct checking *c, enum check_result result, const char *item, const char *mend, const char *format,
	...) __attribute__((format(printf, 5, 6)));

static void say(struct checking *c, enum check_result result, const char *item, const char *mend, const char *format,
	...)
{
	char found[2600];
	va_list args;

	va_start(args, format);
	vsnprintf(found, sizeof(found), format, args);
	va_end(args);
	c->report(c->context, result, item, found, result == CHECK_OK ? NULL : mend);
}

/* ---- the connection and the account ---- */

static int check_connection(struct checking *c, struct error *error)
{
	struct target_rows rows;
	const char *cipher = target_cipher(c->target), *version = NULL;

	say(c, CHECK_OK, "connection", NULL, "%s as %s@%s", target_host(c->target),
		c->capabilities->account_user ? c->capabilities->account_user : "?",
		c->capabilities->account_host ? c->capabilities->account_host : "?");
	say(c, CHECK_OK, "version", NULL, "%s (%s)", target_version_text(c->target),
		target_family(c->target) == FAMILY_MARIADB ? "MariaDB" : "MySQL");
	if (!cipher) {
		say(c, CHECK_WARN, "TLS",
			"Set target-ssl-mode=identity and target-ssl-ca, unless nobody can listen on the way.",
			"the connection is not encrypted");
		return 0;
	}
	if (target_queryf(c->target, &c->arena, &rows, error, "SHOW SESSION STATUS LIKE 'Ssl_version'") < 0)
		return -1;
	if (rows.rows == 1)
		version = target_cell(&rows, 0, 1);
	if (version && (strcmp(version, "TLSv1") == 0 || strcmp(version, "TLSv1.1") == 0))
		say(c, CHECK_WARN, "TLS", "Versions before TLSv1.2 are weak: choose a target that offers a newer one.",
			"%s %s, certificate verified", version, cipher);
	else
		say(c, CHECK_OK, "TLS", NULL, "%s %s, certificate verified", version ? version : "", cipher);
	return 0;
}

/* Does the grant's pattern of a schema name mean this very name? Wildcards only count as such. */
static bool pattern_covers(const char *pattern, const char *name)
{
	for (; *pattern && *pattern != '%'; pattern++) {
		bool any = *pattern == '_';

		if (*pattern == '\\' && pattern[1])
			pattern++;
		if (!*name || (!any && *pattern != *name))
			return false;
		name++;
	}
	if (!*pattern)
		return !*name;
	while (*pattern == '%')
		pattern++;
	for (; ; name++) {
		if (pattern_covers(pattern, name))
			return true;
		if (!*name)
			return false;
	}
}

/* On all schemas (database NULL), or on this one. */
static bool may(const struct capabilities *capabilities, const char *privilege, const char *database)
{
	int number = privilege_find(privilege, strlen(privilege));

	for (size_t i = 0; number >= 0 && i < capabilities->scope_count; i++) {
		const struct grant_scope *scope = &capabilities->scopes[i];

		if (scope->revoked || scope->table || !privilege_set_has(&scope->privileges, number))
			continue;
		if (!scope->database || (database && pattern_covers(scope->database, database)))
			return true;
	}
	return false;
}

/* Schemas for which alone the privilege is held; false when there is none. */
static bool put_scopes(const struct capabilities *capabilities, const char *privilege, struct buffer *out)
{
	int number = privilege_find(privilege, strlen(privilege));
	bool found = false;

	for (size_t i = 0; number >= 0 && i < capabilities->scope_count; i++) {
		const struct grant_scope *scope = &capabilities->scopes[i];

		if (scope->revoked || !scope->database || !privilege_set_has(&scope->privileges, number))
			continue;
		buffer_printf(out, "%s%s%s%s", found ? ", " : "", scope->database, scope->table ? "." : "",
			scope->table ? scope->table : "");
		found = true;
	}
	return found;
}

struct privilege_need {
	const char *item;
	enum check_result without;
	const char *consequence;
	const char *const *privileges;
};

static void check_privileges(struct checking *c, const struct privilege_need *need)
{
	struct buffer missing = BUFFER_INIT, partial = BUFFER_INIT, mend = BUFFER_INIT, held = BUFFER_INIT;

	for (const char *const *name = need->privileges; *name; name++) {
		struct buffer scopes = BUFFER_INIT;

		if (may(c->capabilities, *name, NULL))
			buffer_printf(&held, "%s%s", held.length ? ", " : "", *name);
		else if (put_scopes(c->capabilities, *name, &scopes))
			buffer_printf(&partial, "%s%s only on %s", partial.length ? ", " : "", *name, buffer_text(&scopes));
		else
			buffer_printf(&missing, "%s%s", missing.length ? ", " : "", *name);
		buffer_release(&scopes);
	}
	buffer_printf(&mend, "GRANT %s ON *.* TO the account. %s", buffer_text(&missing), need->consequence);
	if (missing.length)
		say(c, need->without, need->item, buffer_text(&mend), "missing: %s%s%s", buffer_text(&missing),
			partial.length ? "; " : "", buffer_text(&partial));
	else if (partial.length)
		say(c, CHECK_WARN, need->item,
			"Enough when nothing else is replicated; otherwise GRANT them ON *.* to the account.", "%s",
			buffer_text(&partial));
	else
		say(c, CHECK_OK, need->item, NULL, "%s", buffer_text(&held));
	buffer_release(&missing);
	buffer_release(&partial);
	buffer_release(&mend);
	buffer_release(&held);
}

static void check_all_privileges(struct checking *c)
{
	static const char *const data[] = {"SELECT", "INSERT", "UPDATE", "DELETE", NULL};
	static const char *const tables[] = {"CREATE", "ALTER", "DROP", "INDEX", NULL};
	static const char *const more[] = {"REFERENCES", "CREATE TEMPORARY TABLES", "LOCK TABLES", NULL};
	static const char *const code[] = {
		"CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EXECUTE", "EVENT", NULL};
	static const char *const accounts[] = {"CREATE USER", "RELOAD", NULL};
	static const struct privilege_need needs[] = {
		{"privileges for data", CHECK_FAIL, "Without them no change can be applied.", data},
		{"privileges for tables", CHECK_FAIL, "Without them the first definition stops the stream.", tables},
		{"privileges for other statements", CHECK_WARN, "Statements that need them stop the stream.", more},
		{"privileges for stored code", CHECK_WARN,
			"Views, routines and events that need them stop the stream.", code},
		{"privileges for accounts", CHECK_WARN,
			"Otherwise set accounts=skip: accounts and grants are then set aside and listed.", accounts},
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		check_privileges(c, &needs[i]);
}

/* A trigger that the account may not see is not looked at for our guard. */
static int check_triggers(struct checking *c, struct error *error)
{
	struct buffer blind = BUFFER_INIT, scopes = BUFFER_INIT;
	struct target_rows schemas;

	if (target_queryf(c->target, &c->arena, &schemas, error,
		    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE LOWER(SCHEMA_NAME) NOT IN ('mysql', 'sys', "
		    "'information_schema', 'performance_schema') ORDER BY 1") < 0)
		return -1;
	for (size_t i = 0; i < schemas.rows; i++) {
		const char *name = target_text(&schemas, i, 0);

		if (strcmp(name, c->schema) != 0 && !may(c->capabilities, "TRIGGER", name))
			buffer_printf(&blind, "%s%s", blind.length ? ", " : "", name);
	}
	if (may(c->capabilities, "TRIGGER", NULL))
		say(c, CHECK_OK, "privileges for triggers", NULL, "TRIGGER");
	else if (blind.length || !put_scopes(c->capabilities, "TRIGGER", &scopes))
		say(c, CHECK_FAIL, "privileges for triggers",
			"GRANT TRIGGER ON *.* TO the account. Without it the target's triggers are not seen: one without our guard fires "
			"for row changes as well, and what it does happens twice, in silence. Those of the source stop the stream.",
			"missing: TRIGGER%s%s", blind.length ? " on " : "", buffer_text(&blind));
	else
		say(c, CHECK_WARN, "privileges for triggers",
			"Enough when nothing else is replicated; otherwise GRANT TRIGGER ON *.* to the account.", "TRIGGER only on %s",
			buffer_text(&scopes));
	buffer_release(&blind);
	buffer_release(&scopes);
	return 0;
}

static void check_grant_option(struct checking *c)
{
	int select = privilege_find("SELECT", 6);

	if (capabilities_may_grant(c->capabilities, select, NULL, NULL))
		say(c, CHECK_OK, "GRANT OPTION", NULL, "the account may hand its privileges on");
	else
		say(c, CHECK_WARN, "GRANT OPTION",
			"Grants of the source are set aside and listed. To carry them: GRANT the account's privileges again, WITH "
			"GRANT OPTION.",
			"the account may not hand its privileges on");
}

/* ---- our schema ---- */

/* Tables of checks that did not come to their end. */
static int drop_left_overs(struct checking *c, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	buffer_puts(&sql, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
	sql_put_string(&sql, c->schema, strlen(c->schema));
	buffer_puts(&sql, " AND TABLE_NAME LIKE 'probe|_check|_%' ESCAPE '|' AND CREATE_TIME < NOW() - INTERVAL 1 HOUR");
	result = target_query(c->target, sql.data, sql.length, &c->arena, &rows, error);
	for (size_t i = 0; result == 0 && i < rows.rows; i++) {
		struct error refused = {0};

		buffer_clear(&sql);
		buffer_puts(&sql, "DROP TABLE IF EXISTS ");
		sql_put_name(&sql, c->schema);
		buffer_putc(&sql, '.');
		sql_put_name(&sql, target_text(&rows, i, 0));
		if (target_execute(c->target, buffer_text(&sql), &refused) < 0 && refused.kind == ERROR_RETRY) {
			*error = refused;
			result = -1;
		}
	}
	buffer_release(&sql);
	return result;
}

/* In it, as replication would: make a table, write, read, drop. */
static int try_writing(struct checking *c, struct error *error)
{
	static const char *const steps[] = {"CREATE TABLE %s (a INT PRIMARY KEY) ENGINE=InnoDB",
		"INSERT INTO %s VALUES (1)", "UPDATE %s SET a = 2", "DELETE FROM %s", "DROP TABLE %s"};
	struct error unused_error = {0};
	struct buffer name = BUFFER_INIT;
	struct arena unused = ARENA_INIT;
	struct target_rows rows;
	int result = drop_left_overs(c, error);

	sql_put_name(&name, c->schema);
	buffer_printf(&name, ".probe_check_%" PRIu64, target_connection_id(c->target));
	for (size_t i = 0; result == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct error refusal = {0};

		if (target_queryf(c->target, &unused, &rows, &refusal, steps[i], buffer_text(&name)) == 0)
			continue;
		if (refusal.kind == ERROR_RETRY) {
			*error = refusal;
			result = -1;
		} else {
			say(c, CHECK_FAIL, "writing", "GRANT " CHECKPOINT_PRIVILEGES " on this schema to the account, on a server that takes writes.",
				"%s", refusal.text);
			if (i > 0)
				target_queryf(c->target, &unused, &rows, &unused_error, "DROP TABLE IF EXISTS %s",
					buffer_text(&name));
			goto out;
		}
	}
	if (result == 0)
		say(c, CHECK_OK, "writing", NULL, "a table in schema %s was made, written and dropped", c->schema);
out:
	buffer_release(&name);
	arena_release(&unused);
	return result;
}

static int check_schema(struct checking *c, struct error *error)
{
	bool installed;
	char mend[400];

	if (checkpoint_installed(c->target, c->schema, &installed, error) < 0)
		return -1;
	if (installed) {
		say(c, CHECK_OK, "schema", NULL, "%s is there with its tables", c->schema);
		return try_writing(c, error);
	}
	if (may(c->capabilities, "CREATE", c->schema)) {
		say(c, CHECK_OK, "schema", NULL, "%s can be made (change-master does)", c->schema);
		return 0;
	}
	snprintf(mend, sizeof(mend), "GRANT " CHECKPOINT_PRIVILEGES " ON `%.64s`.* TO the account.", c->schema);
	say(c, CHECK_FAIL, "schema", mend, "%s is not there and cannot be made", c->schema);
	return 0;
}

/* ---- parameters ---- */

/* The value, or NULL when the server has no such variable. */
static const char *variable(const struct checking *c, const char *name)
{
	for (size_t i = 0; i < c->variables.rows; i++) {
		if (strcasecmp(target_text(&c->variables, i, 0), name) == 0)
			return target_text(&c->variables, i, 1);
	}
	return NULL;
}

static bool is_on(const struct checking *c, const char *name)
{
	const char *value = variable(c, name);

	return value && (strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0 ||
		strcasecmp(value, "NO_LOCK") == 0 || strcasecmp(value, "NO_LOCK_NO_ADMIN") == 0);
}

static int read_variables(struct checking *c, struct error *error)
{
	return target_queryf(c->target, &c->arena, &c->variables, error,
		"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', "
		"'offline_mode', 'tx_read_only', 'transaction_read_only', 'event_scheduler', 'sql_require_primary_key', "
		"'innodb_force_primary_key', 'binlog_format', 'sync_binlog', 'innodb_flush_log_at_trx_commit', 'max_connections', "
		"'max_user_connections', 'init_connect', 'max_statement_time', 'max_execution_time', "
		"'secure_timestamp', 'foreign_key_checks', 'gtid_mode', 'enforce_gtid_consistency')");
}

static void check_writable(struct checking *c)
{
	static const char *const names[] = {"read_only", "super_read_only", "innodb_read_only", "offline_mode",
		"tx_read_only", "transaction_read_only"};
	bool writable = true;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!is_on(c, names[i]))
			continue;
		writable = false;
		say(c, CHECK_FAIL, names[i],
			"Point target-host at the primary (a replica or a demoted primary refuses writes), or set the parameter to 0.",
			"%s", variable(c, names[i]));
	}
	if (writable)
		say(c, CHECK_OK, "read_only", NULL, "off: the server takes writes");
}

static int check_events(struct checking *c, struct error *error)
{
	struct target_rows rows;
	const char *count;

	if (target_queryf(c->target, &c->arena, &rows, error,
		    "SELECT COUNT(*), MIN(CONCAT(EVENT_SCHEMA, '.', EVENT_NAME)) FROM information_schema.EVENTS WHERE "
		    "STATUS = 'ENABLED' AND EVENT_SCHEMA NOT IN ('mysql', 'sys', 'rdsadmin')") < 0)
		return -1;
	count = rows.rows == 1 ? target_text(&rows, 0, 0) : "0";
	if (strcmp(count, "0") == 0 || !is_on(c, "event_scheduler"))
		say(c, CHECK_OK, "event_scheduler", NULL,
			"%s, %s enabled events; those that are replicated are created disabled and listed for the cut-over",
			variable(c, "event_scheduler") ? variable(c, "event_scheduler") : "?", count);
	else
		say(c, CHECK_WARN, "event_scheduler",
			"Their changes come on top of those replicated: ALTER EVENT … DISABLE, or event_scheduler=OFF in the "
			"parameter group until the cut-over.",
			"ON, %s enabled events, such as %s", count, target_text(&rows, 0, 1));
	return 0;
}

static int check_connections(struct checking *c, struct error *error)
{
	const char *maximum = variable(c, "max_connections"), *own = variable(c, "max_user_connections");
	struct target_rows rows;
	unsigned long used = 0, all = maximum ? strtoul(maximum, NULL, 10) : 0;
	unsigned long limit = own ? strtoul(own, NULL, 10) : 0;

	if (target_queryf(c->target, &c->arena, &rows, error, "SHOW GLOBAL STATUS LIKE 'Threads_connected'") < 0)
		return -1;
	if (rows.rows == 1 && target_cell(&rows, 0, 1))
		used = strtoul(target_cell(&rows, 0, 1), NULL, 10);
	if (all < used + CONNECTIONS_WISHED)
		say(c, CHECK_WARN, "max_connections",
			"Raise max_connections in the parameter group, or set fewer workers: each takes a connection.",
			"%lu, of which %lu are in use", all, used);
	else
		say(c, CHECK_OK, "max_connections", NULL, "%lu, of which %lu are in use", all, used);
	if (limit && limit < CONNECTIONS_WISHED)
		say(c, CHECK_WARN, "max_user_connections",
			"Raise it in the parameter group, or set fewer workers: each takes a connection.", "%lu", limit);
	return 0;
}

static void check_durability(struct checking *c)
{
	const char *flush = variable(c, "innodb_flush_log_at_trx_commit"), *sync = variable(c, "sync_binlog");

	say(c, CHECK_OK, "durability", NULL, "innodb_flush_log_at_trx_commit=%s, sync_binlog=%s%s", flush ? flush : "?",
		sync ? sync : "?", flush && strcmp(flush, "1") != 0 ?
		": a crash of the target may undo its last second, checkpoint included; it is then replicated again" : "");
}

static void check_formats(struct checking *c)
{
	const char *format = variable(c, "binlog_format");

	if (!c->capabilities->log_bin)
		say(c, CHECK_OK, "log_bin", NULL, "off: the target keeps no log of what it applies");
	else if (format && strcasecmp(format, "STATEMENT") == 0)
		say(c, CHECK_WARN, "binlog_format",
			"Set binlog_format=ROW (or MIXED) in the parameter group: gap locks then spare the workers each other.",
			"STATEMENT");
	else
		say(c, CHECK_OK, "binlog_format", NULL, "%s", format ? format : "ROW");
	if (c->capabilities->enforce_gtid_consistency)
		say(c, CHECK_OK, "enforce_gtid_consistency", NULL, "on: what it refuses (CREATE TABLE … SELECT on older versions, "
			"mixed engines in a transaction) is rewritten or stops");
	if (is_on(c, "sql_require_primary_key") &&
		!c->capabilities->variables[VARIABLE_SQL_REQUIRE_PRIMARY_KEY])
		say(c, CHECK_WARN, "sql_require_primary_key",
			"Set sql_require_primary_key=0 in the parameter group, or give every table of the source a primary key.",
			"on: a table without a primary key stops the stream");
	if (is_on(c, "innodb_force_primary_key"))
		say(c, CHECK_WARN, "innodb_force_primary_key",
			"Set innodb_force_primary_key=0 in the parameter group, or give every table of the source a primary key.",
			"on: a table without a primary key stops the stream");
}

/* What every new session gets. */
static void check_sessions(struct checking *c)
{
	const char *init = variable(c, "init_connect"), *maria = variable(c, "max_statement_time");

	if (init && *init)
		say(c, CHECK_WARN, "init_connect",
			"It runs in our sessions too: empty it in the parameter group, unless it does no harm.", "%s", init);
	if (maria && strtod(maria, NULL) > 0)
		say(c, CHECK_WARN, "max_statement_time",
			"Set max_statement_time=0 in the parameter group, or for the account: long definitions are ended by it.",
			"%s seconds", maria);
}

/* ---- capabilities ---- */

struct mend {
	const char *name, *words;
};

static const struct mend mends[] = {
	{"may_create_functions",
		"Set log_bin_trust_function_creators=1 in the target's parameter group (no restart is needed)."},
	{"local_infile", "Set local_infile=1 in the target's parameter group (no restart is needed)."},
	{"time_zone_tables",
		"Where you can: mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql. Otherwise nothing: offsets are sent."},
	{"may_set_definer",
		"GRANT SET_ANY_DEFINER (MySQL 8.2 and later), SET_USER_ID (8.0) or SET USER (MariaDB) ON *.* to the account "
		"where the target lets you; otherwise name accounts by definer-map."},
};

/* A capability that is missing is worth a warning only where something can be done about it. */
static void check_capability(struct checking *c, const struct capability_field *field)
{
	struct buffer value = BUFFER_INIT;
	const char *mend = NULL;

	for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++) {
		if (strcmp(mends[i].name, field->name) == 0)
			mend = mends[i].words;
	}
	if (field->consequence && capabilities_get(c->capabilities, field->name, &value)) {
		if (strcmp(buffer_text(&value), "1") == 0)
			say(c, CHECK_OK, field->name, NULL, "yes: %s", field->meaning);
		else if (strcmp(buffer_text(&value), "0") == 0)
			say(c, mend ? CHECK_WARN : CHECK_OK, field->name, mend, "no. %s", field->consequence);
	}
	buffer_release(&value);
}

/* Variables without which statements mean something else. */
static void check_variables(struct checking *c)
{
	static const struct {
		enum session_variable variable;
		enum check_result without;
		const char *consequence;
	} needs[] = {
		{VARIABLE_TIMESTAMP, CHECK_WARN, "NOW() in statements gives the target's time: set secure_timestamp=NO (MariaDB), or "
			"use binlog_format=ROW on the source."},
		{VARIABLE_INSERT_ID, CHECK_WARN, "AUTO_INCREMENT values of statements may differ: use binlog_format=ROW on the source."},
		{VARIABLE_SQL_MODE, CHECK_FAIL, "Statements would be read differently than on the source."},
		{VARIABLE_FOREIGN_KEY_CHECKS, CHECK_FAIL, "Changes in another order than the keys want stop the stream."},
		{VARIABLE_UNIQUE_CHECKS, CHECK_WARN, "Large loads are slower."},
		{VARIABLE_TIME_ZONE, CHECK_FAIL, "TIMESTAMP values would be shifted."},
		{VARIABLE_CHARACTER_SET_CLIENT, CHECK_FAIL, "Text of statements would be garbled."},
		{VARIABLE_COLLATION_CONNECTION, CHECK_FAIL, "Comparisons in statements would differ."},
	};
	struct buffer missing = BUFFER_INIT;

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (!c->capabilities->variables[needs[i].variable])
			say(c, needs[i].without, session_variable_name(needs[i].variable), needs[i].consequence,
				"the account may not set it in its session");
	}
	for (unsigned i = 0; i < SESSION_VARIABLES; i++) {
		if (!c->capabilities->variables[i])
			buffer_printf(&missing, "%s%s", missing.length ? ", " : "",
				session_variable_name((enum session_variable)i));
	}
	say(c, CHECK_OK, "session variables", NULL, "not there, or not for this account: %s",
		missing.length ? buffer_text(&missing) : "none");
	buffer_release(&missing);
}

static void check_engines(struct checking *c)
{
	struct buffer names = BUFFER_INIT;

	capabilities_get(c->capabilities, "engines", &names);
	if (name_set_has(&c->capabilities->engines, "InnoDB"))
		say(c, CHECK_OK, "engines", NULL, "%s (tables of others become InnoDB)", buffer_text(&names));
	else
		say(c, CHECK_FAIL, "engines",
			"Choose a target with InnoDB: the checkpoint is part of the transaction that carries the data.",
			"%s", buffer_text(&names));
	buffer_release(&names);
}

/* Tables that came with a copy in the engine that they had. */
static int check_tables(struct checking *c, struct error *error)
{
	struct buffer names = BUFFER_INIT;
	struct target_rows rows;
	size_t found = 0;

	if (target_queryf(c->target, &c->arena, &rows, error,
		    "SELECT ENGINE, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_TYPE IN "
		    "('BASE TABLE', 'SYSTEM VERSIONED') AND ENGINE <> 'InnoDB' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', "
		    "'performance_schema', 'information_schema', 'rdsadmin')") < 0)
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		if (!table_engine_keeps_rows(target_text(&rows, i, 0)))
			continue;
		if (++found <= TABLES_NAMED)
			buffer_printf(&names, "%s%s (%s)", found > 1 ? ", " : "", target_text(&rows, i, 1), target_text(&rows, i, 0));
	}
	if (found > TABLES_NAMED)
		buffer_printf(&names, " and %zu more", found - TABLES_NAMED);
	if (found)
		say(c, CHECK_WARN, "tables' engines",
			"ALTER TABLE … ENGINE=InnoDB. A rollback leaves their rows: the stream stops at the first row event for one, and "
			"what statements change in them may happen twice.",
			"%s", buffer_text(&names));
	else
		say(c, CHECK_OK, "tables' engines", NULL, "all of them roll back");
	buffer_release(&names);
	return 0;
}

static void check_capabilities(struct checking *c)
{
	for (const struct capability_field *field = capability_fields(); field->name; field++)
		check_capability(c, field);
	check_variables(c);
	check_engines(c);
	if (c->capabilities->max_allowed_packet < PACKET_WISHED)
		say(c, CHECK_WARN, "max_allowed_packet",
			"Set max_allowed_packet=1073741824 in the target's parameter group: a row whose statement is longer, which may be three times the row, stops the stream.",
			"%" PRIu64 " bytes", c->capabilities->max_allowed_packet);
	else
		say(c, CHECK_OK, "max_allowed_packet", NULL, "%" PRIu64 " bytes", c->capabilities->max_allowed_packet);
	say(c, CHECK_OK, "lower_case_table_names", NULL, "%u", c->capabilities->lower_case_table_names);
}

int target_check(struct target *target, const struct capabilities *capabilities, const char *schema,
	check_report *report, void *context, struct error *error)
{
	struct checking c = {.target = target, .capabilities = capabilities, .schema = schema, .report = report,
		.context = context, .arena = ARENA_INIT};
	int result = -1;

	if (check_connection(&c, error) < 0)
		goto out;
	check_all_privileges(&c);
	if (check_triggers(&c, error) < 0)
		goto out;
	check_grant_option(&c);
	if (read_variables(&c, error) < 0)
		goto out;
	check_writable(&c);
	if (check_schema(&c, error) < 0)
		goto out;
	check_capabilities(&c);
	if (check_tables(&c, error) < 0)
		goto out;
	check_formats(&c);
	check_sessions(&c);
	check_durability(&c);
	if (check_events(&c, error) < 0 || check_connections(&c, error) < 0)
		goto out;
	result = 0;
out:
	arena_release(&c.arena);
	return result < 0 ? error_context(error, "checking the target") : 0;
}

void target_check_source(const struct capabilities *capabilities, const struct target_check_source *source,
	check_report *report, void *context)
{
	struct checking c = {.capabilities = capabilities, .report = report, .context = context};
	unsigned own = capabilities->lower_case_table_names;

	if (source->max_allowed_packet && capabilities->max_allowed_packet < source->max_allowed_packet)
		say(&c, CHECK_WARN, "max_allowed_packet and the source's",
			"Set the target's max_allowed_packet in its parameter group to at least the source's: a row that is longer stops "
			"the stream.",
			"%" PRIu64 " bytes here, %" PRIu64 " there", capabilities->max_allowed_packet,
			source->max_allowed_packet);
	else if (source->max_allowed_packet)
		say(&c, CHECK_OK, "max_allowed_packet and the source's", NULL, "%" PRIu64 " bytes here, %" PRIu64 " there",
			capabilities->max_allowed_packet, source->max_allowed_packet);
	if (source->lower_case_table_names < 0)
		return;
	if ((source->lower_case_table_names == 0) == (own == 0))
		say(&c, CHECK_OK, "lower_case_table_names and the source's", NULL, "%u here, %d there", own,
			source->lower_case_table_names);
	else if (own == 0)
		say(&c, CHECK_WARN, "lower_case_table_names and the source's",
			"Only possible when the target is created: names that the source's applications write in several ways are "
			"several tables here.",
			"%u here, %d there", own, source->lower_case_table_names);
	else
		say(&c, CHECK_WARN, "lower_case_table_names and the source's",
			"Only possible when the target is created: tables of the source whose names differ in case alone are one here. "
			"Look for such before the start.",
			"%u here, %d there", own, source->lower_case_table_names);
}
