/* What the target can do, found by trying it on a connection that is thrown away afterwards.
 *
 * Syntax is tried by PREPARE, which reads a statement and does not run it. What only running it can tell (definers,
 * functions) is tried on objects named probe_… in our own schema; when there is no such schema yet, the account's
 * privileges tell. Questions and trials do not wait for each other's answers: a probe takes two round trips, the second for what
 * depends on the answers of the first. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/internal.h"
#include "base/log.h"

#define LOCK_SECONDS 20
#define ACCOUNTS_TRIED 2

#define SYNTAX_TRIALS 9

/* Its answers are in the arena. */
struct probe {
	struct target *target;
	struct capabilities *capabilities;
	const char *schema;
	struct arena arena;
	struct questions questions;
	bool trust; /* log_bin_trust_function_creators */

	struct {
		struct question *variables, *session, *engines, *shared_names, *names, *role, *grants, *own_grants;
		struct question *syntax[SYNTAX_TRIALS], *accounts, *session_variables, *turn;
	} first;
	struct {
		struct question *role_grants;
		struct question *function, *missing_definer, *definers[ACCOUNTS_TRIED];
		struct question *session_variables[SESSION_VARIABLES];
	} second;
};

/* Its refusal is an answer. */
static struct question *try(struct probe *probe, const char *text)
{
	struct question *question = questions_put(&probe->questions, text);

	question->borne = REFUSAL_ANY;
	return question;
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

static void ask_variables(struct probe *probe)
{
	probe->first.variables = questions_put(&probe->questions,
		"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('lower_case_table_names', 'max_allowed_packet', 'log_bin', "
		"'log_bin_trust_function_creators', 'enforce_gtid_consistency', 'local_infile', 'partial_revokes', "
		"'default_storage_engine', 'enforce_storage_engine', 'disabled_storage_engines')");
}

static int take_variables(struct probe *probe, struct error *error)
{
	struct capabilities *capabilities = probe->capabilities;
	const struct target_rows *rows = &probe->first.variables->rows;

	capabilities->lower_case_table_names = (unsigned)strtoul(variable_of(rows, "lower_case_table_names"), NULL, 10);
	capabilities->max_allowed_packet = strtoull(variable_of(rows, "max_allowed_packet"), NULL, 10);
	capabilities->log_bin = is_on(variable_of(rows, "log_bin"));
	capabilities->enforce_gtid_consistency = is_on(variable_of(rows, "enforce_gtid_consistency"));
	capabilities->local_infile = is_on(variable_of(rows, "local_infile"));
	capabilities->partial_revokes = is_on(variable_of(rows, "partial_revokes"));
	probe->trust = is_on(variable_of(rows, "log_bin_trust_function_creators"));
	if (capabilities_set(capabilities, "default_engine", variable_of(rows, "default_storage_engine"), error) < 0)
		return -1;
	if (variable_of(rows, "enforce_storage_engine")[0])
		return capabilities_set(capabilities, "engines", variable_of(rows, "enforce_storage_engine"), error);
	return 0;
}

/* The account, the schema, and what names mean here. */
static void ask_session(struct probe *probe)
{
	struct question *question = questions_put(&probe->questions,
		"SELECT CURRENT_USER(), COLLATION(_utf8mb4'a'), CONVERT_TZ('2020-01-01 12:00:00', 'UTC', 'Europe/Berlin'), "
		"(SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ");

	sql_put_string(&question->text, probe->schema, strlen(probe->schema));
	buffer_putc(&question->text, ')');
	probe->first.session = question;
}

static int take_session(struct probe *probe, struct error *error)
{
	const struct target_rows *rows = &probe->first.session->rows;

	if (rows->rows != 1 || !target_cell(rows, 0, 0) || !target_cell(rows, 0, 1) || !target_cell(rows, 0, 3))
		return error_set(error, ERROR_RETRY, "the target %s did not say which account it knows us by.",
			target_host(probe->target));
	probe->capabilities->time_zone_tables = target_cell(rows, 0, 2) != NULL;
	if (capabilities_set(probe->capabilities, "account", target_cell(rows, 0, 0), error) < 0)
		return -1;
	return capabilities_set(probe->capabilities, "default_utf8mb4_collation", target_cell(rows, 0, 1), error);
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

static void take_engines(struct probe *probe)
{
	static const char *const no_tables[] = {"PERFORMANCE_SCHEMA", "SEQUENCE", "ndbinfo"};
	const struct target_rows *engines = &probe->first.engines->rows;
	const char *disabled = variable_of(&probe->first.variables->rows, "disabled_storage_engines");

	if (probe->capabilities->engines.count) /* the one that is enforced */
		return;
	for (size_t i = 0; i < engines->rows; i++) {
		const char *name = target_cell(engines, i, 0), *support = target_cell(engines, i, 1);
		bool usable = name && support && (strcmp(support, "YES") == 0 || strcmp(support, "DEFAULT") == 0);

		for (size_t j = 0; usable && j < sizeof(no_tables) / sizeof(no_tables[0]); j++)
			usable = strcasecmp(name, no_tables[j]) != 0;
		if (usable && !listed(disabled, name))
			name_set_add(&probe->capabilities->engines, name, strlen(name));
	}
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
static struct question *ask_names(struct probe *probe, const char *column, const char *table)
{
	struct question *question = questions_put(&probe->questions, "");

	buffer_printf(&question->text,
		"SELECT 'collation', %s FROM information_schema.%s UNION ALL "
		"SELECT 'set', CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS UNION ALL "
		"SELECT 'plugin', PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND "
		"PLUGIN_STATUS = 'ACTIVE'", column, table);
	return question;
}

static void ask_all_names(struct probe *probe)
{
	probe->first.shared_names = ask_names(probe, "FULL_COLLATION_NAME", "COLLATION_CHARACTER_SET_APPLICABILITY");
	probe->first.shared_names->borne = 1054; /* no such column */
	probe->first.names = ask_names(probe, "COLLATION_NAME", "COLLATIONS");
}

static void take_all_names(struct probe *probe)
{
	const struct question *shared = probe->first.shared_names;

	take_names(shared->refusal.kind == ERROR_NONE ? &shared->rows : &probe->first.names->rows,
		probe->capabilities);
}

/* ---- privileges ---- */

/* Privileges of roles count when the role is active, as it is in each session of ours. MariaDB includes the current role when
 * nobody is named; for MySQL the role is to be named, once it is known. */
static void ask_grants(struct probe *probe)
{
	probe->first.role = try(probe, "SELECT CURRENT_ROLE()");
	probe->first.grants = questions_put(&probe->questions, "SHOW GRANTS");
	probe->first.own_grants = questions_put(&probe->questions, "SHOW GRANTS FOR CURRENT_USER()");
}

/* NULL: none is active. */
static const char *active_role(const struct probe *probe)
{
	const struct target_rows *rows = &probe->first.role->rows;
	const char *role = rows->rows == 1 ? target_cell(rows, 0, 0) : NULL;

	return role && strcasecmp(role, "NONE") != 0 ? role : NULL;
}

static void ask_role_grants(struct probe *probe)
{
	const char *role = active_role(probe);

	if (role && target_family(probe->target) == FAMILY_MYSQL) {
		probe->second.role_grants = questions_put(&probe->questions, "SHOW GRANTS FOR CURRENT_USER() USING ");
		buffer_puts(&probe->second.role_grants->text, role);
	}
}

static void take_grants(struct probe *probe)
{
	const struct question *answered = probe->second.role_grants ? probe->second.role_grants
		: active_role(probe) ? probe->first.grants : probe->first.own_grants;
	const struct target_rows *rows = &answered->rows;

	for (size_t i = 0; i < rows->rows; i++) {
		struct error unread = {0};

		/* a line of a kind not known here gives no privilege */
		if (capabilities_set(probe->capabilities, "grant", target_text(rows, i, 0), &unread) < 0)
			log_line(LOG_DEBUG, "target", "a line of SHOW GRANTS is not understood line=%zu", i + 1);
	}
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
static const struct {
	size_t known; /* offset of the capability, a bool */
	const char *before, *behind; /* our schema's name */
} syntax[SYNTAX_TRIALS] = {
#define CAPABILITY(name) offsetof(struct capabilities, name)
	{CAPABILITY(event_disable_on_replica), "CREATE EVENT ",
		".probe_event ON SCHEDULE AT '2037-01-01' DISABLE ON REPLICA DO SELECT 1"},
	{CAPABILITY(invisible_columns), "CREATE TABLE ", ".probe_table (a INT, b INT INVISIBLE)"},
	{CAPABILITY(sequences), "CREATE SEQUENCE ", ".probe_sequence"},
	{CAPABILITY(native_json), "SELECT CAST('1' AS JSON)", NULL},
	{CAPABILITY(roles), "CREATE ROLE probe_role", NULL},
	{CAPABILITY(password_locking), "CREATE USER probe_user@localhost ACCOUNT LOCK", NULL},
	/* came with CREATE TABLE … SELECT as one transaction */
	{CAPABILITY(atomic_create_select), "CREATE TABLE ", ".probe_table (a INT) START TRANSACTION"},
	{CAPABILITY(functional_indexes), "CREATE INDEX probe_index ON ", ".probe_table ((a + 1))"},
	{CAPABILITY(single_table_delete_alias), "DELETE FROM ", ".probe_table AS a WHERE a.a = 1"},
#undef CAPABILITY
};

static void try_syntax(struct probe *probe)
{
	for (size_t i = 0; i < SYNTAX_TRIALS; i++) {
		struct question *trial = probe->first.syntax[i] = try(probe, "PREPARE probe FROM ");
		struct buffer statement = BUFFER_INIT;

		buffer_puts(&statement, syntax[i].before);
		if (syntax[i].behind) {
			sql_put_name(&statement, probe->schema);
			buffer_puts(&statement, syntax[i].behind);
		}
		sql_put_string(&trial->text, statement.data, statement.length);
		buffer_release(&statement);
	}
}

static void take_syntax(struct probe *probe)
{
	for (size_t i = 0; i < SYNTAX_TRIALS; i++)
		*(bool *)((char *)probe->capabilities + syntax[i].known) = probe->first.syntax[i]->refusal.code != 1064;
}

/* Other accounts that exist, ordinary ones first: without rights that make them special (MySQL's own accounts are protected
 * from everybody). None when the account may not look. */
static void ask_other_accounts(struct probe *probe)
{
	probe->first.accounts = try(probe,
		"SELECT User, Host FROM mysql.user WHERE User <> '' AND User NOT LIKE 'mysql.%' AND Super_priv = 'N' AND "
		"CONCAT(User, '@', Host) <> CURRENT_USER() "
		"ORDER BY User LIKE 'mariadb.%', User LIKE 'rds%', User, Host LIMIT ");
	buffer_put_u64(&probe->first.accounts->text, ACCOUNTS_TRIED);
}

/* One probe at a time has objects in the schema. Last of the first questions, since it may wait. */
static void ask_turn(struct probe *probe)
{
	probe->first.turn = questions_put(&probe->questions, "SELECT GET_LOCK('changeling.probe', ");
	buffer_printf(&probe->first.turn->text, "%d)", LOCK_SECONDS);
}

/* Is there a schema, and is it our turn? Otherwise what the privileges say stands. */
static bool may_try_objects(const struct probe *probe)
{
	return strcmp(target_text(&probe->first.session->rows, 0, 3), "0") != 0 &&
		target_text(&probe->first.turn->rows, 0, 0)[0] == '1';
}

static struct question *try_object(struct probe *probe, const char *before, const char *name)
{
	struct question *trial = try(probe, before);

	sql_put_name(&trial->text, probe->schema);
	buffer_printf(&trial->text, ".%s", name);
	return trial;
}

static struct question *try_view(struct probe *probe, const char *user, const char *host)
{
	struct question *trial = try(probe, "CREATE OR REPLACE DEFINER = ");

	sql_put_string(&trial->text, user, strlen(user));
	buffer_putc(&trial->text, '@');
	sql_put_string(&trial->text, host, strlen(host));
	buffer_puts(&trial->text, " VIEW ");
	sql_put_name(&trial->text, probe->schema);
	buffer_puts(&trial->text, ".probe_view AS SELECT 1 AS one");
	return trial;
}

/* Definers and functions, on objects in our schema. Those of a probe that did not come to its end go first. */
static void try_objects(struct probe *probe)
{
	const struct target_rows *accounts = &probe->first.accounts->rows;

	try_object(probe, "DROP VIEW IF EXISTS ", "probe_view");
	try_object(probe, "DROP FUNCTION IF EXISTS ", "probe_function");
	probe->second.function =
		try_object(probe, "CREATE FUNCTION ", "probe_function() RETURNS INT DETERMINISTIC RETURN 1");
	try_object(probe, "DROP FUNCTION IF EXISTS ", "probe_function");
	probe->second.missing_definer = try_view(probe, "probe_missing", "changeling.invalid");
	for (size_t i = 0; i < accounts->rows && i < ACCOUNTS_TRIED; i++)
		probe->second.definers[i] = try_view(probe, target_text(accounts, i, 0), target_text(accounts, i, 1));
	try_object(probe, "DROP VIEW IF EXISTS ", "probe_view");
}

/* The answer to a trial: yes, no, or (it was not made; the server is read-only, the schema may not be written) nothing new. */
static void take_answer(bool *capability, const struct question *trial)
{
	unsigned code = trial ? trial->refusal.code : 0;

	if (trial && code == 0)
		*capability = true;
	else if (code == 1227 || code == 1418 || code == 1419)
		*capability = false;
}

static void take_objects(struct probe *probe)
{
	struct capabilities *capabilities = probe->capabilities;

	take_answer(&capabilities->may_create_functions, probe->second.function);
	take_answer(&capabilities->may_set_missing_definer, probe->second.missing_definer);
	for (size_t i = 0; i < ACCOUNTS_TRIED && probe->second.definers[i]; i++) {
		take_answer(&capabilities->may_set_definer, probe->second.definers[i]);
		if (probe->second.definers[i]->refusal.code == 0) /* one that may be named is enough: some are protected */
			break;
	}
}

static void ask_session_variables(struct probe *probe)
{
	struct question *question = questions_put(&probe->questions,
		"SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation'");

	for (unsigned i = 0; i < SESSION_VARIABLES; i++)
		buffer_printf(&question->text, ", '%s'", session_variable_name((enum session_variable)i));
	buffer_putc(&question->text, ')');
	probe->first.session_variables = question;
}

/* Last of all, since nothing is set back: each variable that the server has is set to its trial's value. */
static void try_session_variables(struct probe *probe)
{
	const struct target_rows *rows = &probe->first.session_variables->rows;

	for (size_t i = 0; i < rows->rows; i++) {
		const char *name = target_text(rows, i, 0);
		enum session_variable variable = session_variable_find(name, strlen(name));
		struct question *trial;

		/* an older name of the same; set by the statement that both know */
		if (strcasecmp(name, "tx_isolation") == 0)
			variable = VARIABLE_TRANSACTION_ISOLATION;
		if (variable == SESSION_VARIABLES || probe->second.session_variables[variable])
			continue;
		trial = try(probe, "SET SESSION ");
		if (variable == VARIABLE_TRANSACTION_ISOLATION)
			buffer_puts(&trial->text, "TRANSACTION ISOLATION LEVEL READ COMMITTED");
		else
			buffer_printf(&trial->text, "%s = %s", session_variable_name(variable), session_variable_probe(variable));
		probe->second.session_variables[variable] = trial;
	}
}

static void take_session_variables(struct probe *probe)
{
	for (unsigned i = 0; i < SESSION_VARIABLES; i++) {
		const struct question *trial = probe->second.session_variables[i];

		probe->capabilities->variables[i] = trial && trial->refusal.kind == ERROR_NONE;
	}
}

/* ---- the two round trips ---- */

static int ask_first(struct probe *probe, struct error *error)
{
	struct question *question = questions_put(&probe->questions, "");

	buffer_printf(&question->text, "SET SESSION lock_wait_timeout = %u", TARGET_LOCK_WAIT_SECONDS);
	ask_variables(probe);
	ask_session(probe);
	probe->first.engines = questions_put(&probe->questions, "SHOW ENGINES");
	ask_all_names(probe);
	ask_grants(probe);
	try_syntax(probe);
	ask_other_accounts(probe);
	ask_session_variables(probe);
	ask_turn(probe);
	return target_begin(probe->target, &probe->questions, error);
}

static int ask_second(struct probe *probe, struct error *error)
{
	ask_role_grants(probe);
	if (may_try_objects(probe))
		try_objects(probe);
	try_session_variables(probe);
	return questions_ask(&probe->questions, probe->target, error);
}

static int run(struct probe *probe, struct error *error)
{
	if (ask_first(probe, error) < 0)
		return -1;
	if (capabilities_set(probe->capabilities, "version", target_version_text(probe->target), error) < 0) {
		error->kind = ERROR_STOP; /* not a person's word, but the server's */
		return -1;
	}
	if (take_variables(probe, error) < 0 || take_session(probe, error) < 0 ||
		ask_second(probe, error) < 0)
		return -1;
	take_engines(probe);
	take_all_names(probe);
	take_grants(probe);
	take_syntax(probe);
	guess_from_privileges(probe);
	take_objects(probe);
	take_session_variables(probe);
	return 0;
}

int capabilities_probe(const struct target_options *options, struct capabilities *capabilities, struct error *error)
{
	struct probe probe = {.capabilities = capabilities, .schema = options->schema, .arena = ARENA_INIT};
	int result;

	capabilities_release(capabilities);
	if (target_login(&probe.target, options, error) < 0)
		return error_context(error, "connecting to find out what the target can do");
	questions_init(&probe.questions, &probe.arena);
	result = run(&probe, error);
	arena_release(&probe.arena);
	target_close(probe.target);
	if (result < 0)
		return error_context(error, "finding out what the target %s:%u can do", options->host, options->port);
	return 0;
}
