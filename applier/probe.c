/* What the target can do, found by trying it on a connection that is thrown away afterwards.
 *
 * Syntax is tried by PREPARE, which reads a statement and does not run it. What only running it can tell (definers,
 * functions) is tried on objects named probe_… in our own schema; when there is no such schema yet, the account's
 * privileges tell. Trials do not wait for each other's answers, so a probe takes few round trips. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/internal.h"
#include "base/log.h"

#define TRIALS_MAXIMUM 64
#define LOCK_SECONDS 20
#define ACCOUNTS_TRIED 2

struct probe {
	struct target *target;
	struct capabilities *capabilities;
	const char *schema;
	struct arena arena;
	bool schema_exists;
	bool trust; /* log_bin_trust_function_creators */
};

/* Statements of which each may be refused: code[i] is the server's error, or 0. */
struct trials {
	struct buffer text[TRIALS_MAXIMUM];
	unsigned code[TRIALS_MAXIMUM];
	size_t count;
};

static struct buffer *trials_add(struct trials *trials)
{
	struct buffer *text = &trials->text[trials->count++];

	buffer_init(text, 0);
	return text;
}

static void trials_release(struct trials *trials)
{
	for (size_t i = 0; i < trials->count; i++)
		buffer_release(&trials->text[i]);
}

/* Is the answer about the statement, and the connection as good as before? */
static bool is_refusal(const struct error *error)
{
	return error->code >= 1000 && !(error->code >= 2000 && error->code < 3000) && error->code != 1053 &&
		error->code != 1317 && error->code != 1927 && error->code != 4031;
}

/* Each is a packet of its own, and none waits for the answer of another. */
static int trials_run(struct trials *trials, struct target *target, struct error *error)
{
	size_t sent = 0;

	for (size_t answered = 0; answered < trials->count; answered++) {
		struct target_outcome outcome;
		struct error refusal = {0};
		size_t failed;

		for (; sent < trials->count && sent - answered < TARGET_UNREAD_MAXIMUM; sent++) {
			if (target_send(target, buffer_text(&trials->text[sent]), trials->text[sent].length, error) < 0)
				return -1;
		}
		if (target_receive(target, 1, &outcome, &failed, &refusal) < 0) {
			if (!is_refusal(&refusal)) {
				*error = refusal;
				return -1;
			}
			trials->code[answered] = refusal.code;
		}
	}
	return 0;
}

/* ---- what the server says of itself ---- */

static const char *variable_of(const struct target_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->rows; i++) {
		if (strcasecmp(target_text(rows, i, 0), name) == 0)
			return target_text(rows, i, 1);
	}
	return "";
}

static bool is_on(const char *value)
{
	return strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0 || strcasecmp(value, "YES") == 0;
}

static int read_variables(struct probe *probe, struct error *error)
{
	struct capabilities *capabilities = probe->capabilities;
	struct target_rows rows;

	if (target_queryf(probe->target, &probe->arena, &rows, error,
		    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('lower_case_table_names', 'max_allowed_packet', 'log_bin', "
		    "'log_bin_trust_function_creators', 'enforce_gtid_consistency', 'local_infile', 'partial_revokes', "
		    "'default_storage_engine', 'enforce_storage_engine', 'disabled_storage_engines')") < 0)
		return -1;
	capabilities->lower_case_table_names = (unsigned)strtoul(variable_of(&rows, "lower_case_table_names"), NULL, 10);
	capabilities->max_allowed_packet = strtoull(variable_of(&rows, "max_allowed_packet"), NULL, 10);
	capabilities->log_bin = is_on(variable_of(&rows, "log_bin"));
	capabilities->enforce_gtid_consistency = is_on(variable_of(&rows, "enforce_gtid_consistency"));
	capabilities->local_infile = is_on(variable_of(&rows, "local_infile"));
	capabilities->partial_revokes = is_on(variable_of(&rows, "partial_revokes"));
	probe->trust = is_on(variable_of(&rows, "log_bin_trust_function_creators"));
	if (capabilities_set(capabilities, "default_engine", variable_of(&rows, "default_storage_engine"), error) < 0)
		return -1;
	if (variable_of(&rows, "enforce_storage_engine")[0])
		return capabilities_set(capabilities, "engines", variable_of(&rows, "enforce_storage_engine"), error);
	return 0;
}

/* The account, the schema, and what names mean here. */
static int read_session(struct probe *probe, struct error *error)
{
	struct buffer schema = BUFFER_INIT;
	struct target_rows rows;
	int result;

	sql_put_string(&schema, probe->schema, strlen(probe->schema));
	result = target_queryf(probe->target, &probe->arena, &rows, error,
		"SELECT CURRENT_USER(), COLLATION(_utf8mb4'a'), CONVERT_TZ('2020-01-01 12:00:00', 'UTC', 'Europe/Berlin'), "
		"(SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s)", buffer_text(&schema));
	buffer_release(&schema);
	if (result < 0)
		return -1;
	if (rows.rows != 1 || !target_cell(&rows, 0, 0) || !target_cell(&rows, 0, 1) || !target_cell(&rows, 0, 3))
		return error_set(error, ERROR_RETRY, "the target %s did not say which account it knows us by.",
			target_host(probe->target));
	probe->capabilities->time_zone_tables = target_cell(&rows, 0, 2) != NULL;
	probe->schema_exists = strcmp(target_cell(&rows, 0, 3), "0") != 0;
	if (capabilities_set(probe->capabilities, "account", target_cell(&rows, 0, 0), error) < 0)
		return -1;
	return capabilities_set(probe->capabilities, "default_utf8mb4_collation", target_cell(&rows, 0, 1), error);
}

static bool listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list) {
		size_t item = strcspn(list, ",");

		while (item && *list == ' ') {
			list++;
			item--;
		}
		if (item == length && strncasecmp(list, name, length) == 0)
			return true;
		list += item + (list[item] == ',');
	}
	return false;
}

static int read_engines(struct probe *probe, struct error *error)
{
	static const char *const no_tables[] = {"PERFORMANCE_SCHEMA", "SEQUENCE", "ndbinfo"};
	struct target_rows engines, disabled;

	if (probe->capabilities->engines.count) /* the one that is enforced */
		return 0;
	if (target_queryf(probe->target, &probe->arena, &engines, error, "SHOW ENGINES") < 0 ||
		target_queryf(probe->target, &probe->arena, &disabled, error,
			"SHOW GLOBAL VARIABLES LIKE 'disabled_storage_engines'") < 0)
		return -1;
	for (size_t i = 0; i < engines.rows; i++) {
		const char *name = target_cell(&engines, i, 0), *support = target_cell(&engines, i, 1);
		bool usable = name && support && (strcmp(support, "YES") == 0 || strcmp(support, "DEFAULT") == 0);

		for (size_t j = 0; usable && j < sizeof(no_tables) / sizeof(no_tables[0]); j++)
			usable = strcasecmp(name, no_tables[j]) != 0;
		if (usable && !listed(variable_of(&disabled, "disabled_storage_engines"), name))
			name_set_add(&probe->capabilities->engines, name, strlen(name));
	}
	return 0;
}

static void take_names(const struct target_rows *rows, struct capabilities *capabilities)
{
	for (size_t i = 0; i < rows->rows; i++) {
		const char *kind = target_cell(rows, i, 0), *name = target_cell(rows, i, 1);

		if (!kind || !name)
			continue;
		name_set_add(kind[0] == 's' ? &capabilities->charsets :
			kind[0] == 'p' ? &capabilities->auth_plugins : &capabilities->collations, name, strlen(name));
	}
}

/* Character sets, collations, and ways to log in. MariaDB 10.10 and later list the collations that several character
 * sets share without their character set, except in one column that earlier servers lack. */
static int read_names(struct probe *probe, struct error *error)
{
	static const char sql[] = "SELECT 'collation', %s FROM information_schema.%s UNION ALL "
		"SELECT 'set', CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS UNION ALL "
		"SELECT 'plugin', PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND "
		"PLUGIN_STATUS = 'ACTIVE'";
	struct target_rows rows;
	int result = -1;

	error->code = 1054;
	if (target_family(probe->target) == FAMILY_MARIADB)
		result = target_queryf(probe->target, &probe->arena, &rows, error, sql, "FULL_COLLATION_NAME",
			"COLLATION_CHARACTER_SET_APPLICABILITY");
	if (result < 0 && error->code == 1054) { /* no such column */
		error_clear(error);
		result = target_queryf(probe->target, &probe->arena, &rows, error, sql, "COLLATION_NAME", "COLLATIONS");
	}
	if (result == 0)
		take_names(&rows, probe->capabilities);
	return result;
}

/* ---- privileges ---- */

/* Privileges of roles count when the role is active, as it is in each session of ours. */
static int read_grants(struct probe *probe, struct error *error)
{
	struct target_rows roles = {0}, rows;
	struct error ignored = {0};
	const char *role = NULL;
	int result;

	if (target_queryf(probe->target, &probe->arena, &roles, &ignored, "SELECT CURRENT_ROLE()") == 0 &&
		roles.rows == 1)
		role = target_cell(&roles, 0, 0);
	else if (ignored.code && !is_refusal(&ignored)) {
		*error = ignored;
		return -1;
	}
	if (target_family(probe->target) == FAMILY_MYSQL && role && strcasecmp(role, "NONE") != 0)
		result = target_queryf(probe->target, &probe->arena, &rows, error,
			"SHOW GRANTS FOR CURRENT_USER() USING %s", role);
	else /* MariaDB includes the current role when nobody is named */
		result = target_queryf(probe->target, &probe->arena, &rows, error, "%s",
			role && strcasecmp(role, "NONE") != 0 ? "SHOW GRANTS" : "SHOW GRANTS FOR CURRENT_USER()");
	if (result < 0)
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		struct error unread = {0};

		/* a line of a kind not known here gives no privilege */
		if (capabilities_set(probe->capabilities, "grant", target_text(&rows, i, 0), &unread) < 0)
			log_line(LOG_DEBUG, "target", "a line of SHOW GRANTS is not understood line=%zu", i + 1);
	}
	return 0;
}

static bool holds(const struct capabilities *capabilities, const char *privilege)
{
	int number = privilege_find(privilege, strlen(privilege));

	for (size_t i = 0; number >= 0 && i < capabilities->scope_count; i++) {
		const struct grant_scope *scope = &capabilities->scopes[i];

		if (!scope->database && !scope->revoked && privilege_set_has(&scope->privileges, number))
			return true;
	}
	return false;
}

/* What the privileges say, for where nothing can be tried. MariaDB 10.5.2 took SET USER out of SUPER's meaning. */
static void guess_from_privileges(struct probe *probe)
{
	struct capabilities *capabilities = probe->capabilities;
	bool maria = target_family(probe->target) == FAMILY_MARIADB;
	bool super = holds(capabilities, "SUPER");
	bool super_sets = super && !(maria && target_version(probe->target) >= 100502);

	capabilities->may_set_definer = super_sets || holds(capabilities, "SET USER") ||
		holds(capabilities, "SET_USER_ID") || holds(capabilities, "SET_ANY_DEFINER");
	capabilities->may_set_missing_definer = super_sets || holds(capabilities, "SET USER") ||
		holds(capabilities, "SET_USER_ID") ||
		(holds(capabilities, "SET_ANY_DEFINER") && holds(capabilities, "ALLOW_NONEXISTENT_DEFINER"));
	capabilities->may_create_functions = !capabilities->log_bin || probe->trust || super;
}

/* ---- trials ---- */

/* PREPARE reads the statement before anything else is looked at: only a syntax error says that it is not known. */
static int try_syntax(struct probe *probe, struct error *error)
{
	struct capabilities *capabilities = probe->capabilities;
	const struct {
		bool *known;
		const char *before, *behind;
	} syntax[] = {
		{&capabilities->event_disable_on_replica, "CREATE EVENT ",
			".probe_event ON SCHEDULE AT '2037-01-01' DISABLE ON REPLICA DO SELECT 1"},
		{&capabilities->invisible_columns, "CREATE TABLE ", ".probe_table (a INT, b INT INVISIBLE)"},
		{&capabilities->sequences, "CREATE SEQUENCE ", ".probe_sequence"},
		{&capabilities->native_json, "SELECT CAST('1' AS JSON)", NULL},
		{&capabilities->roles, "CREATE ROLE probe_role", NULL},
		{&capabilities->password_locking, "CREATE USER probe_user@localhost ACCOUNT LOCK", NULL},
		/* came with CREATE TABLE … SELECT as one transaction */
		{&capabilities->atomic_create_select, "CREATE TABLE ", ".probe_table (a INT) START TRANSACTION"},
		{&capabilities->functional_indexes, "CREATE INDEX probe_index ON ", ".probe_table ((a + 1))"},
		{&capabilities->single_table_delete_alias, "DELETE FROM ", ".probe_table AS a WHERE a.a = 1"},
	};
	struct trials trials = {.count = 0};
	int result;

	for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++) {
		struct buffer statement = BUFFER_INIT, *text = trials_add(&trials);

		buffer_puts(&statement, syntax[i].before);
		if (syntax[i].behind) {
			sql_put_name(&statement, probe->schema);
			buffer_puts(&statement, syntax[i].behind);
		}
		buffer_puts(text, "PREPARE probe FROM ");
		sql_put_string(text, statement.data, statement.length);
		buffer_release(&statement);
	}
	result = trials_run(&trials, probe->target, error);
	for (size_t i = 0; result == 0 && i < trials.count; i++)
		*syntax[i].known = trials.code[i] != 1064;
	trials_release(&trials);
	return result;
}

static void put_object(struct buffer *sql, const struct probe *probe, const char *before, const char *name)
{
	buffer_puts(sql, before);
	sql_put_name(sql, probe->schema);
	buffer_printf(sql, ".%s", name);
}

/* Other accounts that exist, ordinary ones first: without rights that make them special (MySQL's own accounts are protected
 * from everybody). None when the account may not look. */
static int find_other_accounts(struct probe *probe, struct target_rows *rows, struct error *error)
{
	struct error refusal = {0};

	if (target_queryf(probe->target, &probe->arena, rows, &refusal,
		    "SELECT User, Host FROM mysql.user WHERE User <> '' AND User NOT LIKE 'mysql.%%' AND Super_priv = 'N' AND "
		    "CONCAT(User, '@', Host) <> CURRENT_USER() "
		    "ORDER BY User LIKE 'mariadb.%%', User LIKE 'rds%%', User, Host LIMIT %d", ACCOUNTS_TRIED) == 0)
		return 0;
	rows->rows = 0;
	if (is_refusal(&refusal))
		return 0;
	*error = refusal;
	return -1;
}

static void put_view(struct buffer *sql, const struct probe *probe, const char *user, const char *host)
{
	buffer_puts(sql, "CREATE OR REPLACE DEFINER = ");
	sql_put_string(sql, user, strlen(user));
	buffer_putc(sql, '@');
	sql_put_string(sql, host, strlen(host));
	put_object(sql, probe, " VIEW ", "probe_view AS SELECT 1 AS one");
}

/* The answer to a trial: yes, no, or (the server is read-only, the schema may not be written) nothing new. */
static void take_answer(bool *capability, unsigned code)
{
	if (code == 0)
		*capability = true;
	else if (code == 1227 || code == 1418 || code == 1419)
		*capability = false;
}

/* Definers and functions, on objects in our schema. Those of a probe that did not come to its end go first. */
static int try_objects(struct probe *probe, struct error *error)
{
	enum { DROP_VIEW, DROP_FUNCTION, FUNCTION, DROP_FUNCTION_AGAIN, MISSING, OTHER };
	struct capabilities *capabilities = probe->capabilities;
	struct trials trials = {.count = 0};
	struct target_rows accounts;
	int result = find_other_accounts(probe, &accounts, error);

	if (result < 0)
		return -1;
	put_object(trials_add(&trials), probe, "DROP VIEW IF EXISTS ", "probe_view");
	put_object(trials_add(&trials), probe, "DROP FUNCTION IF EXISTS ", "probe_function");
	put_object(trials_add(&trials), probe, "CREATE FUNCTION ", "probe_function() RETURNS INT DETERMINISTIC RETURN 1");
	put_object(trials_add(&trials), probe, "DROP FUNCTION IF EXISTS ", "probe_function");
	put_view(trials_add(&trials), probe, "probe_missing", "changeling.invalid");
	for (size_t i = 0; i < accounts.rows; i++)
		put_view(trials_add(&trials), probe, target_text(&accounts, i, 0), target_text(&accounts, i, 1));
	put_object(trials_add(&trials), probe, "DROP VIEW IF EXISTS ", "probe_view");
	result = trials_run(&trials, probe->target, error);
	if (result == 0) {
		take_answer(&capabilities->may_create_functions, trials.code[FUNCTION]);
		take_answer(&capabilities->may_set_missing_definer, trials.code[MISSING]);
		for (size_t i = 0; i < accounts.rows; i++) {
			take_answer(&capabilities->may_set_definer, trials.code[OTHER + i]);
			if (trials.code[OTHER + i] == 0) /* one that may be named is enough: some are protected */
				break;
		}
	}
	trials_release(&trials);
	return result;
}

/* One probe at a time has objects in the schema; without its turn, what the privileges say stands. */
static int try_objects_alone(struct probe *probe, struct error *error)
{
	struct target_rows rows;
	const char *got;

	if (target_queryf(probe->target, &probe->arena, &rows, error, "SELECT GET_LOCK('changeling.probe', %d)",
		    LOCK_SECONDS) < 0)
		return -1;
	got = rows.rows == 1 ? target_cell(&rows, 0, 0) : NULL;
	return got && got[0] == '1' ? try_objects(probe, error) : 0;
}

/* Last of all, since nothing is set back: each variable that the server has is set to its trial's value. */
static int try_session_variables(struct probe *probe, struct error *error)
{
	enum session_variable tried[SESSION_VARIABLES];
	struct buffer sql = BUFFER_INIT;
	struct trials trials = {.count = 0};
	struct target_rows rows;
	int result;

	buffer_puts(&sql, "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation'");
	for (unsigned i = 0; i < SESSION_VARIABLES; i++)
		buffer_printf(&sql, ", '%s'", session_variable_name((enum session_variable)i));
	buffer_putc(&sql, ')');
	result = target_query(probe->target, sql.data, sql.length, &probe->arena, &rows, error);
	buffer_release(&sql);
	if (result < 0)
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		const char *name = target_text(&rows, i, 0);
		enum session_variable variable = session_variable_find(name, strlen(name));

		/* an older name of the same; set by the statement that both know */
		if (strcasecmp(name, "tx_isolation") == 0)
			variable = VARIABLE_TRANSACTION_ISOLATION;
		if (variable == SESSION_VARIABLES || trials.count == SESSION_VARIABLES)
			continue;
		tried[trials.count] = variable;
		if (variable == VARIABLE_TRANSACTION_ISOLATION)
			buffer_puts(trials_add(&trials), "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
		else
			buffer_printf(trials_add(&trials), "SET SESSION %s = %s", session_variable_name(variable),
				session_variable_probe(variable));
	}
	result = trials_run(&trials, probe->target, error);
	for (size_t i = 0; result == 0 && i < trials.count; i++) {
		if (trials.code[i] == 0)
			probe->capabilities->variables[tried[i]] = true;
	}
	trials_release(&trials);
	return result;
}

static int run(struct probe *probe, struct error *error)
{
	char sql[64];

	if (capabilities_set(probe->capabilities, "version", target_version_text(probe->target), error) < 0) {
		error->kind = ERROR_STOP; /* not a person's word, but the server's */
		return -1;
	}
	snprintf(sql, sizeof(sql), "SET SESSION lock_wait_timeout = %u", TARGET_LOCK_WAIT_SECONDS);
	if (target_execute(probe->target, sql, error) < 0 || read_variables(probe, error) < 0 ||
		read_session(probe, error) < 0 || read_engines(probe, error) < 0 || read_names(probe, error) < 0 ||
		read_grants(probe, error) < 0)
		return -1;
	guess_from_privileges(probe);
	if (try_syntax(probe, error) < 0 || (probe->schema_exists && try_objects_alone(probe, error) < 0))
		return -1;
	return try_session_variables(probe, error);
}

int capabilities_probe(const struct target_options *options, struct capabilities *capabilities, struct error *error)
{
	struct probe probe = {.capabilities = capabilities, .schema = options->schema, .arena = ARENA_INIT};
	int result;

	capabilities_release(capabilities);
	if (target_connect(&probe.target, options, error) < 0)
		return error_context(error, "connecting to find out what the target can do");
	result = run(&probe, error);
	arena_release(&probe.arena);
	target_close(probe.target);
	if (result < 0)
		return error_context(error, "finding out what the target %s:%u can do", options->host, options->port);
	return 0;
}
