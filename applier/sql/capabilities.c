#include "applier/sql/capabilities.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/grant.h"
#include "applier/sql/keyword.h"
#include "base/memory.h"

enum field_type {
	FIELD_BOOL,
	FIELD_UNSIGNED,
	FIELD_U64,
	FIELD_STRING,
	FIELD_NAMES,
	FIELD_VERSION,
	FIELD_ACCOUNT,
	FIELD_VARIABLES,
	FIELD_GRANT
};

static const struct {
	const char *name;
	enum field_type type;
	size_t offset;
} types[] = {
#define FIELD(name, type)                                                                                    \
	{                                                                                                    \
#name, type, offsetof(struct capabilities, name)                                             \
	}
	{"version", FIELD_VERSION, 0},
	{"account", FIELD_ACCOUNT, 0},
	FIELD(lower_case_table_names, FIELD_UNSIGNED),
	FIELD(max_allowed_packet, FIELD_U64),
	FIELD(may_set_definer, FIELD_BOOL),
	FIELD(may_set_missing_definer, FIELD_BOOL),
	FIELD(may_create_functions, FIELD_BOOL),
	FIELD(log_bin, FIELD_BOOL),
	FIELD(enforce_gtid_consistency, FIELD_BOOL),
	FIELD(time_zone_tables, FIELD_BOOL),
	FIELD(local_infile, FIELD_BOOL),
	FIELD(event_disable_on_replica, FIELD_BOOL),
	FIELD(invisible_columns, FIELD_BOOL),
	FIELD(sequences, FIELD_BOOL),
	FIELD(native_json, FIELD_BOOL),
	FIELD(roles, FIELD_BOOL),
	FIELD(password_locking, FIELD_BOOL),
	FIELD(atomic_create_select, FIELD_BOOL),
	FIELD(functional_indexes, FIELD_BOOL),
	FIELD(partial_revokes, FIELD_BOOL),
	FIELD(single_table_delete_alias, FIELD_BOOL),
	{"session_variables", FIELD_VARIABLES, 0},
	FIELD(default_engine, FIELD_STRING),
	FIELD(default_utf8mb4_collation, FIELD_STRING),
	FIELD(engines, FIELD_NAMES),
	FIELD(charsets, FIELD_NAMES),
	FIELD(collations, FIELD_NAMES),
	FIELD(auth_plugins, FIELD_NAMES),
	{"grant", FIELD_GRANT, 0},
#undef FIELD
};

#define FIELDS (sizeof(types) / sizeof(types[0]))

static const struct capability_field fields[] = {
	{"version", "the target's server", NULL},
	{"account", "the account that applies", NULL},
	{"lower_case_table_names", "how names of tables are compared", NULL},
	{"max_allowed_packet", "longest statement in bytes", NULL},
	{"may_set_definer", "other accounts may be named as DEFINER",
		"Views and stored code get the target's own account (or what definer-map says) as their "
		"definer."},
	{"may_set_missing_definer", "accounts that do not exist may be named as DEFINER",
		"A definer that is no account of the target's stops (1227): make the account, or name another by definer-map."},
	{"may_create_functions", "functions and triggers may be created",
		"Set log_bin_trust_function_creators=1 in the parameter group; until then functions and "
		"triggers stop the stream, "
		"or are set aside with stored-functions=skip."},
	{"log_bin", "the target writes a binary log", NULL},
	{"enforce_gtid_consistency", "the target refuses statements that cannot be one GTID", NULL},
	{"time_zone_tables", "named time zones are known",
		"Named time zones are sent as the offset they had at the statement's time."},
	{"local_infile", "LOAD DATA LOCAL is allowed",
		"LOAD DATA statements cannot be replayed: set local_infile=1."},
	{"event_disable_on_replica", "DISABLE ON REPLICA is understood", NULL},
	{"invisible_columns", "columns may be invisible", "Invisible columns become visible ones."},
	{"sequences", "sequences exist", "CREATE SEQUENCE stops the stream."},
	{"native_json", "JSON is a type of its own", NULL},
	{"roles", "roles exist", "Roles are set aside."},
	{"password_locking", "ACCOUNT LOCK is understood",
		"Accounts whose password cannot be carried get a random one instead of being locked."},
	{"atomic_create_select", "CREATE TABLE … SELECT is all or nothing",
		"CREATE TABLE … SELECT is split into the table and its rows."},
	{"functional_indexes", "key parts may be expressions", "Indexes over expressions stop the stream."},
	{"partial_revokes", "privileges may be taken away for single schemas", NULL},
	{"single_table_delete_alias", "DELETE FROM t AS a is understood", NULL},
	{"session_variables", "session variables the account may set",
		"What is missing is left out of a statement's context, or the statement stops where it "
		"matters."},
	{"default_engine", "engine of tables that name none", NULL},
	{"default_utf8mb4_collation", "what utf8mb4 alone means", NULL},
	{"engines", "engines that tables may have", "Tables of other engines become InnoDB tables."},
	{"charsets", "character sets", NULL},
	{"collations", "collations", "Others are replaced by the nearest one known."},
	{"auth_plugins", "ways to log in", "Accounts with other ones are created locked."},
	{"grant", "a line of SHOW GRANTS", NULL},
	{NULL, NULL, NULL},
};

_Static_assert(sizeof(types) / sizeof(types[0]) + 1 == sizeof(fields) / sizeof(fields[0]),
	"each field is explained");

const struct capability_field *capability_fields(void)
{
	return fields;
}

#define SESSION_PREFIX "@@session."

static const struct {
	const char *reference, *probe;
} variables[SESSION_VARIABLES] = {
	[VARIABLE_TIMESTAMP] = {"@@session.timestamp", "1500000000.5"},
	[VARIABLE_INSERT_ID] = {"@@session.insert_id", "1"},
	[VARIABLE_LAST_INSERT_ID] = {"@@session.last_insert_id", "1"},
	[VARIABLE_RAND_SEED1] = {"@@session.rand_seed1", "1"},
	[VARIABLE_RAND_SEED2] = {"@@session.rand_seed2", "1"},
	[VARIABLE_SQL_MODE] = {"@@session.sql_mode", "'NO_BACKSLASH_ESCAPES'"},
	[VARIABLE_FOREIGN_KEY_CHECKS] = {"@@session.foreign_key_checks", "0"},
	[VARIABLE_UNIQUE_CHECKS] = {"@@session.unique_checks", "0"},
	[VARIABLE_CHECK_CONSTRAINT_CHECKS] = {"@@session.check_constraint_checks", "0"},
	[VARIABLE_SQL_AUTO_IS_NULL] = {"@@session.sql_auto_is_null", "1"},
	[VARIABLE_AUTO_INCREMENT_INCREMENT] = {"@@session.auto_increment_increment", "2"},
	[VARIABLE_AUTO_INCREMENT_OFFSET] = {"@@session.auto_increment_offset", "2"},
	[VARIABLE_TIME_ZONE] = {"@@session.time_zone", "'+02:00'"},
	[VARIABLE_LC_TIME_NAMES] = {"@@session.lc_time_names", "'de_DE'"},
	[VARIABLE_CHARACTER_SET_CLIENT] = {"@@session.character_set_client", "latin1"},
	[VARIABLE_COLLATION_CONNECTION] = {"@@session.collation_connection", "latin1_bin"},
	[VARIABLE_COLLATION_SERVER] = {"@@session.collation_server", "latin1_bin"},
	[VARIABLE_COLLATION_DATABASE] = {"@@session.collation_database", "latin1_bin"},
	[VARIABLE_DEFAULT_COLLATION_FOR_UTF8MB4] = {"@@session.default_collation_for_utf8mb4", "utf8mb4_general_ci"},
	[VARIABLE_CHARACTER_SET_COLLATIONS] = {"@@session.character_set_collations", "'utf8mb4=utf8mb4_general_ci'"},
	[VARIABLE_EXPLICIT_DEFAULTS_FOR_TIMESTAMP] = {"@@session.explicit_defaults_for_timestamp", "1"},
	[VARIABLE_DEFAULT_STORAGE_ENGINE] = {"@@session.default_storage_engine", "InnoDB"},
	[VARIABLE_SQL_REQUIRE_PRIMARY_KEY] = {"@@session.sql_require_primary_key", "0"},
	[VARIABLE_SQL_GENERATE_INVISIBLE_PRIMARY_KEY] = {"@@session.sql_generate_invisible_primary_key", "0"},
	[VARIABLE_DEFAULT_TABLE_ENCRYPTION] = {"@@session.default_table_encryption", "1"},
	[VARIABLE_PSEUDO_THREAD_ID] = {"@@session.pseudo_thread_id", "1"},
	[VARIABLE_SQL_IF_EXISTS] = {"@@session.sql_if_exists", "1"},
	[VARIABLE_SYSTEM_VERSIONING_INSERT_HISTORY] = {"@@session.system_versioning_insert_history", "1"},
	[VARIABLE_SYSTEM_VERSIONING_ALTER_HISTORY] = {"@@session.system_versioning_alter_history", "KEEP"},
	[VARIABLE_RESTRICT_FK_ON_NON_STANDARD_KEY] = {"@@session.restrict_fk_on_non_standard_key", "0"},
	[VARIABLE_ENABLE_CASCADE_TRIGGERS] = {"@@session.enable_cascade_triggers", "1"},
	[VARIABLE_INNODB_STRICT_MODE] = {"@@session.innodb_strict_mode", "0"},
	[VARIABLE_TRANSACTION_ISOLATION] = {"@@session.transaction_isolation", "'READ-COMMITTED'"},
	[VARIABLE_MAX_ERROR_COUNT] = {"@@session.max_error_count", "64"},
};

const char *session_variable_name(enum session_variable variable)
{
	return variables[variable].reference + strlen(SESSION_PREFIX);
}

const char *session_variable_reference(enum session_variable variable)
{
	return variables[variable].reference;
}

const char *session_variable_probe(enum session_variable variable)
{
	return variables[variable].probe;
}

enum session_variable session_variable_find(const char *name, size_t length)
{
	int i = 0;

	while (i < SESSION_VARIABLES &&
		(strlen(variables[i].reference) - strlen(SESSION_PREFIX) != length ||
			strncasecmp(variables[i].reference + strlen(SESSION_PREFIX), name, length) != 0))
		i++;
	return (enum session_variable)i;
}

/* Place of the name, or where it would go in (and *found false). */
static size_t name_place(const struct name_set *set, const char *name, size_t length, bool *found)
{
	size_t low = 0, high = set->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncasecmp(set->names[middle], name, length);

		if (order == 0)
			order = set->names[middle][length] ? 1 : 0;
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *name_set_get(const struct name_set *set, const char *name)
{
	bool found;
	size_t place = name_place(set, name, strlen(name), &found);

	return found ? set->names[place] : NULL;
}

bool name_set_has(const struct name_set *set, const char *name)
{
	return name_set_get(set, name) != NULL;
}

void name_set_add(struct name_set *set, const char *name, size_t length)
{
	bool found;
	size_t place = name_place(set, name, length, &found);

	if (found || length == 0)
		return;
	if (set->count == set->room) {
		set->room = set->room ? set->room * 2 : 16;
		set->names = memory_realloc(set->names, set->room * sizeof(*set->names));
	}
	memmove(set->names + place + 1, set->names + place, (set->count - place) * sizeof(*set->names));
	set->names[place] = memory_strndup(name, length);
	set->count++;
}

static void name_set_release(struct name_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->names[i]);
	free(set->names);
	*set = (struct name_set){0};
}

void capabilities_init(struct capabilities *capabilities)
{
	*capabilities = (struct capabilities){0};
}

void capabilities_release(struct capabilities *c)
{
	free(c->server_text);
	free(c->account_user);
	free(c->account_host);
	free(c->default_engine);
	free(c->default_utf8mb4_collation);
	name_set_release(&c->engines);
	name_set_release(&c->collations);
	name_set_release(&c->charsets);
	name_set_release(&c->auth_plugins);
	for (size_t i = 0; i < c->grant_count; i++)
		free(c->grants[i]);
	free(c->grants);
	for (size_t i = 0; i < c->scope_count; i++) {
		free(c->scopes[i].database);
		free(c->scopes[i].table);
	}
	free(c->scopes);
	capabilities_init(c);
}

static struct grant_scope *scope_of(
	struct capabilities *c, const char *database, const char *table, bool revoked)
{
	struct grant_scope *scope;

	for (size_t i = 0; i < c->scope_count; i++) {
		scope = &c->scopes[i];
		if (scope->revoked == revoked &&
			strcmp(scope->database ? scope->database : "", database ? database : "") == 0 &&
			strcmp(scope->table ? scope->table : "", table ? table : "") == 0)
			return scope;
	}
	if (c->scope_count == c->scope_room) {
		c->scope_room = c->scope_room ? c->scope_room * 2 : 4;
		c->scopes = memory_realloc(c->scopes, c->scope_room * sizeof(*c->scopes));
	}
	scope = &c->scopes[c->scope_count++];
	*scope = (struct grant_scope){.revoked = revoked};
	scope->database = database ? memory_strdup(database) : NULL;
	scope->table = table ? memory_strdup(table) : NULL;
	return scope;
}

static void take_grant(struct capabilities *c, const struct grant_text *grant)
{
	struct privilege_set set = {{0}};
	struct grant_scope *scope;

	if (grant->roles || grant->everything || grant->object_word == KW_FUNCTION ||
		grant->object_word == KW_PROCEDURE || grant->object_word == KW_PACKAGE)
		return;
	for (size_t i = 0; i < grant->privilege_count; i++) {
		const struct grant_privilege *privilege = &grant->privileges[i];

		if (privilege->number == PRIVILEGE_PROXY)
			c->may_proxy = c->may_proxy || grant->grant_option;
		else if (privilege->number == PRIVILEGE_ALL)
			privilege_set_all(&set, c->server,
				grant->table	       ? PRIVILEGE_ON_TABLE
				: grant->all_databases ? PRIVILEGE_ON_GLOBAL
						       : PRIVILEGE_ON_DATABASE);
		else if (privilege->number >= 0 && privilege->columns == privilege->end)
			privilege_set_add(&set, privilege->number);
	}
	if (grant->privilege_count == 1 && grant->privileges[0].number == PRIVILEGE_PROXY)
		return;
	scope = scope_of(c, grant->all_databases ? NULL : grant->database, grant->table, grant->revoke);
	for (size_t i = 0; i < PRIVILEGE_MAXIMUM / 64; i++) {
		scope->privileges.bits[i] |= set.bits[i];
		if (grant->grant_option)
			scope->grantable.bits[i] |= set.bits[i];
	}
}

/* Keeps a line of SHOW GRANTS, but not the hash that some servers print in it. */
static void keep_grant(struct capabilities *c, const struct token_list *tokens)
{
	struct buffer line = BUFFER_INIT;
	size_t from = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		if (!token_is(tokens, i, KW_IDENTIFIED))
			continue;
		buffer_append(&line, tokens->text, tokens->items[i].start);
		for (i++; i < tokens->count && !token_is(tokens, i, KW_REQUIRE) &&
			  !token_is(tokens, i, KW_WITH);
			i++)
			;
		from = i < tokens->count ? tokens->items[i].start : tokens->length;
	}
	buffer_append(&line, tokens->text + from, tokens->length - from);
	if (c->grant_count == c->grant_room) {
		c->grant_room = c->grant_room ? c->grant_room * 2 : 8;
		c->grants = memory_realloc(c->grants, c->grant_room * sizeof(*c->grants));
	}
	c->grants[c->grant_count++] = memory_strdup(buffer_text(&line));
	buffer_release(&line);
}

static int set_grant(struct capabilities *c, const char *value, struct error *error)
{
	struct lexer_options options = {.source = c->server};
	struct token_list tokens = TOKEN_LIST_INIT;
	struct arena arena = ARENA_INIT;
	struct grant_text grant;
	bool read = false;
	int result = 0;

	token_list_read(&tokens, value, strlen(value), &options, false);
	if (token_is(&tokens, 0, KW_GRANT))
		read = grant_read(&tokens, 1, false, &arena, &grant);
	else if (token_is(&tokens, 0, KW_REVOKE))
		read = grant_read(&tokens, 1, true, &arena, &grant);
	if (read) {
		keep_grant(c, &tokens);
		take_grant(c, &grant);
	} else if (!token_is(&tokens, 0, KW_SET)) { /* SHOW GRANTS of MariaDB ends with SET DEFAULT ROLE */
		result = error_set(error, ERROR_USAGE, "\"%s\" is no line of SHOW GRANTS.", value);
	}
	arena_release(&arena);
	token_list_release(&tokens);
	return result;
}

static int set_account(struct capabilities *c, const char *value, struct error *error)
{
	const char *at = strrchr(value, '@');

	if (!at)
		return error_set(error, ERROR_USAGE, "account=%s: expected user@host.", value);
	free(c->account_user);
	free(c->account_host);
	c->account_user = memory_strndup(value, (size_t)(at - value));
	c->account_host = memory_strdup(at + 1);
	return 0;
}

static int set_variables(struct capabilities *c, const char *value, struct error *error)
{
	while (*value) {
		size_t length = strcspn(value, ",");
		enum session_variable variable = session_variable_find(value, length);

		if (length && variable == SESSION_VARIABLES)
			return error_set(error, ERROR_USAGE,
				"session_variables: \"%.*s\" is none that a statement's context uses.",
				(int)length, value);
		if (length)
			c->variables[variable] = true;
		value += length + (value[length] == ',');
	}
	return 0;
}

static int set_number(
	const char *name, const char *value, uint64_t maximum, uint64_t *number, struct error *error)
{
	char *end;
	uint64_t n = strtoull(value, &end, 10);

	if (end == value || *end || n > maximum)
		return error_set(error, ERROR_USAGE, "%s=%s: expected a number up to %" PRIu64 ".", name,
			value, maximum);
	*number = n;
	return 0;
}

static void set_names(struct name_set *set, const char *value)
{
	while (*value) {
		size_t length = strcspn(value, ",");

		name_set_add(set, value, length);
		value += length + (value[length] == ',');
	}
}

int capabilities_set(struct capabilities *c, const char *name, const char *value, struct error *error)
{
	size_t i = 0;
	uint64_t number = 0;
	char *place;

	while (i < FIELDS && strcmp(types[i].name, name) != 0)
		i++;
	if (i == FIELDS)
		return error_set(error, ERROR_USAGE, "\"%s\" is the name of no capability.", name);
	place = (char *)c + types[i].offset;
	switch (types[i].type) {
	case FIELD_BOOL:
		if (set_number(name, value, 1, &number, error) != 0)
			return -1;
		*(bool *)place = number != 0;
		return 0;
	case FIELD_UNSIGNED:
		if (set_number(name, value, UINT32_MAX, &number, error) != 0)
			return -1;
		*(unsigned *)place = (unsigned)number;
		return 0;
	case FIELD_U64:
		return set_number(name, value, UINT64_MAX, (uint64_t *)place, error);
	case FIELD_STRING:
		free(*(char **)place);
		*(char **)place = memory_strdup(value);
		return 0;
	case FIELD_NAMES:
		set_names((struct name_set *)place, value);
		return 0;
	case FIELD_VERSION:
		c->server.family = strstr(value, "MariaDB") ? FAMILY_MARIADB : FAMILY_MYSQL;
		c->server.number = version_parse(value);
		if (c->server.number == 0)
			return error_set(
				error, ERROR_USAGE, "version=%s: expected a server's version.", value);
		free(c->server_text);
		c->server_text = memory_strdup(value);
		return 0;
	case FIELD_ACCOUNT:
		return set_account(c, value, error);
	case FIELD_VARIABLES:
		return set_variables(c, value, error);
	case FIELD_GRANT:
		return set_grant(c, value, error);
	}
	return 0;
}

int capabilities_load(struct capabilities *c, const char *text, size_t length, struct error *error)
{
	const char *end = text + length;

	for (unsigned number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end, *equals;
		char *line;
		int result = 0;

		while (stop > text && (stop[-1] == ' ' || stop[-1] == '\r'))
			stop--;
		while (text < stop && *text == ' ')
			text++;
		if (text < stop && *text != '#') {
			line = memory_strndup(text, (size_t)(stop - text));
			equals = strchr(line, '=');
			if (equals) {
				line[equals - line] = '\0';
				result = capabilities_set(c, line, equals + 1, error);
			} else {
				result = error_set(error, ERROR_USAGE, "\"%s\" is no name=value.", line);
			}
			free(line);
			if (result != 0)
				return error_context(error, "capabilities, line %u", number);
		}
		text = newline ? newline + 1 : end;
	}
	return 0;
}

static void put_names(const struct name_set *set, struct buffer *out)
{
	for (size_t i = 0; i < set->count; i++)
		buffer_printf(out, "%s%s", i ? "," : "", set->names[i]);
}

static void put_variables(const struct capabilities *c, struct buffer *out)
{
	bool first = true;

	for (int i = 0; i < SESSION_VARIABLES; i++) {
		if (!c->variables[i])
			continue;
		buffer_printf(out, "%s%s", first ? "" : ",",
			session_variable_name((enum session_variable)i));
		first = false;
	}
}

static void put_field(const struct capabilities *c, size_t i, struct buffer *out)
{
	const char *place = (const char *)c + types[i].offset;

	switch (types[i].type) {
	case FIELD_BOOL:
		buffer_puts(out, *(const bool *)place ? "1" : "0");
		break;
	case FIELD_UNSIGNED:
		buffer_put_u64(out, *(const unsigned *)place);
		break;
	case FIELD_U64:
		buffer_put_u64(out, *(const uint64_t *)place);
		break;
	case FIELD_STRING:
		buffer_puts(out, *(char *const *)place ? *(char *const *)place : "");
		break;
	case FIELD_NAMES:
		put_names((const struct name_set *)place, out);
		break;
	case FIELD_VERSION:
		buffer_puts(out, c->server_text ? c->server_text : "");
		break;
	case FIELD_ACCOUNT:
		if (c->account_user)
			buffer_printf(out, "%s@%s", c->account_user, c->account_host);
		break;
	case FIELD_VARIABLES:
		put_variables(c, out);
		break;
	case FIELD_GRANT:
		for (size_t g = 0; g < c->grant_count; g++)
			buffer_printf(out, "%s%s", g ? "\n" : "", c->grants[g]);
		break;
	}
}

bool capabilities_get(const struct capabilities *c, const char *name, struct buffer *out)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(types[i].name, name) == 0) {
			put_field(c, i, out);
			return true;
		}
	return false;
}

void capabilities_save(const struct capabilities *c, struct buffer *out)
{
	for (size_t i = 0; i < FIELDS; i++) {
		if (types[i].type == FIELD_GRANT) {
			for (size_t g = 0; g < c->grant_count; g++)
				buffer_printf(out, "grant=%s\n", c->grants[g]);
			continue;
		}
		if ((types[i].type == FIELD_VERSION && !c->server_text) ||
			(types[i].type == FIELD_ACCOUNT && !c->account_user))
			continue;
		buffer_printf(out, "%s=", types[i].name);
		put_field(c, i, out);
		buffer_putc(out, '\n');
	}
}

/* A schema name in a grant is a LIKE pattern: % any, _ one, \ escapes. */
static bool database_matches(const char *pattern, const char *name)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == '%') {
			while (pattern[1] == '%')
				pattern++;
			for (;; name++) {
				if (database_matches(pattern + 1, name))
					return true;
				if (!*name)
					return false;
			}
		}
		if (!*name)
			return false;
		if (*pattern == '_')
			continue;
		if (*pattern == '\\' && pattern[1])
			pattern++;
		if (*pattern != *name)
			return false;
	}
	return *name == '\0';
}

bool capabilities_may_grant(
	const struct capabilities *c, int privilege, const char *database, const char *table)
{
	bool may = false;

	for (size_t i = 0; i < c->scope_count; i++) {
		const struct grant_scope *scope = &c->scopes[i];
		bool covers = !scope->database ||
			      (database && (strcmp(scope->database, database) == 0 ||
						   database_matches(scope->database, database)));

		if (scope->table && (!table || strcmp(scope->table, table) != 0))
			covers = false;
		if (!covers)
			continue;
		if (scope->revoked && privilege_set_has(&scope->privileges, privilege))
			return false;
		if (!scope->revoked && privilege_set_has(&scope->grantable, privilege))
			may = true;
	}
	return may;
}
