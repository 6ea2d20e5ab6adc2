/* What the target's account may do and what the target's server knows: found by trying, not by its version.
 *
 * Filled in by the prober (capabilities_set for each thing it learned), or loaded from text: one `name=value`
 * a line, `#` begins a comment. The same text is stored, printed, and read by `changeling explain
 * --target-capabilities FILE`. */
#ifndef APPLIER_SQL_CAPABILITIES_H
#define APPLIER_SQL_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/privilege.h"
#include "applier/sql/version.h"
#include "base/buffer.h"
#include "base/error.h"

/* Session variables that the context of a statement may need (5.3). */
enum session_variable {
	VARIABLE_TIMESTAMP,
	VARIABLE_INSERT_ID,
	VARIABLE_LAST_INSERT_ID,
	VARIABLE_RAND_SEED1,
	VARIABLE_RAND_SEED2,
	VARIABLE_SQL_MODE,
	VARIABLE_FOREIGN_KEY_CHECKS,
	VARIABLE_UNIQUE_CHECKS,
	VARIABLE_CHECK_CONSTRAINT_CHECKS,
	VARIABLE_SQL_AUTO_IS_NULL,
	VARIABLE_AUTO_INCREMENT_INCREMENT,
	VARIABLE_AUTO_INCREMENT_OFFSET,
	VARIABLE_TIME_ZONE,
	VARIABLE_LC_TIME_NAMES,
	VARIABLE_CHARACTER_SET_CLIENT,
	VARIABLE_COLLATION_CONNECTION,
	VARIABLE_COLLATION_SERVER,
	VARIABLE_COLLATION_DATABASE,
	VARIABLE_DEFAULT_COLLATION_FOR_UTF8MB4,
	VARIABLE_CHARACTER_SET_COLLATIONS,
	VARIABLE_EXPLICIT_DEFAULTS_FOR_TIMESTAMP,
	VARIABLE_DEFAULT_STORAGE_ENGINE,
	VARIABLE_SQL_REQUIRE_PRIMARY_KEY,
	VARIABLE_SQL_GENERATE_INVISIBLE_PRIMARY_KEY,
	VARIABLE_DEFAULT_TABLE_ENCRYPTION,
	VARIABLE_PSEUDO_THREAD_ID,
	VARIABLE_SQL_IF_EXISTS,
	VARIABLE_SYSTEM_VERSIONING_INSERT_HISTORY,
	VARIABLE_SYSTEM_VERSIONING_ALTER_HISTORY,
	VARIABLE_RESTRICT_FK_ON_NON_STANDARD_KEY,
	VARIABLE_ENABLE_CASCADE_TRIGGERS,
	VARIABLE_INNODB_STRICT_MODE,
	VARIABLE_TRANSACTION_ISOLATION,
	VARIABLE_MAX_ERROR_COUNT,
	SESSION_VARIABLES
};

/* "timestamp" */
const char *session_variable_name(enum session_variable variable);
/* "@@session.timestamp" */
const char *session_variable_reference(enum session_variable variable);
/* A value to try it with, as it stands in "SET SESSION name = value" ("1", "'+00:00'"). Try each in a session
 * of its own, or put the old value back: some change how the text of the next statement is read. */
const char *session_variable_probe(enum session_variable variable);
/* By name; SESSION_VARIABLES when it is none of them. */
enum session_variable session_variable_find(const char *name, size_t length);

/* Sorted names, compared without regard to case. */
struct name_set {
	char **names;
	size_t count, room;
};

bool name_set_has(const struct name_set *set, const char *name);
/* The set's own spelling of the name, or NULL. */
const char *name_set_get(const struct name_set *set, const char *name);
void name_set_add(struct name_set *set, const char *name, size_t length);

/* What SHOW GRANTS says of one scope. */
struct grant_scope {
	char *database; /* NULL: *.* ; as written, with its wildcards */
	char *table;	/* NULL: all tables of the database */
	bool revoked;	/* MySQL's partial revokes: taken away here */
	struct privilege_set privileges;
	struct privilege_set grantable; /* those that it may hand on */
};

struct capabilities {
	struct server_version server;
	char *server_text;		   /* "10.11.6-MariaDB-log" */
	char *account_user, *account_host; /* CURRENT_USER(): what an absent DEFINER becomes */
	unsigned lower_case_table_names;
	uint64_t max_allowed_packet; /* bytes */
	/* Definers: may other existing accounts be named; also accounts that do not exist. */
	bool may_set_definer, may_set_missing_definer;
	/* CREATE FUNCTION/TRIGGER goes through (no binary log, or log_bin_trust_function_creators). */
	bool may_create_functions;
	bool log_bin;
	bool enforce_gtid_consistency;
	bool time_zone_tables; /* named zones are known */
	bool local_infile;
	bool event_disable_on_replica; /* writes DISABLE ON REPLICA; else DISABLE ON SLAVE */
	bool invisible_columns;	       /* either family's */
	bool sequences;
	bool native_json; /* a JSON type of its own (MySQL) */
	bool roles;
	bool password_locking;	   /* ACCOUNT LOCK is understood */
	bool atomic_create_select; /* CREATE TABLE … SELECT is all or nothing */
	bool functional_indexes;   /* key parts may be expressions */
	bool partial_revokes;
	bool single_table_delete_alias;	   /* DELETE FROM t AS a */
	bool variables[SESSION_VARIABLES]; /* may be set by this account */
	char *default_engine;
	char *default_utf8mb4_collation; /* what CHARACTER SET utf8mb4 alone means here */
	struct name_set engines;	 /* that tables may be created with */
	struct name_set collations, charsets;
	struct name_set auth_plugins; /* active ones */
	/* SHOW GRANTS FOR CURRENT_USER(), with those of the active roles; without the account's hash */
	char **grants;
	size_t grant_count, grant_room;
	struct grant_scope *scopes; /* the same, read */
	size_t scope_count, scope_room;
	bool may_proxy;
};

/* Empty: nothing is allowed, nothing is known. */
void capabilities_init(struct capabilities *capabilities);
void capabilities_release(struct capabilities *capabilities);

/* Names, in order, for printing and for the prober; NULL behind the last. `consequence` says in a sentence
 * what it means when the value is 0 or empty. */
struct capability_field {
	const char *name;
	const char *meaning;
	const char *consequence;
};
const struct capability_field *capability_fields(void);

/* Sets one value from text: booleans 0/1, lists with commas, `version` as the server writes it (its family is
 * told by "MariaDB" in it), `account` as user@host, `session_variables` a list; `grant` (one line of SHOW
 * GRANTS) and list members may be given repeatedly and add up. ERROR_USAGE for an unknown name or a bad
 * value. */
int capabilities_set(
	struct capabilities *capabilities, const char *name, const char *value, struct error *error);

int capabilities_load(
	struct capabilities *capabilities, const char *text, size_t length, struct error *error);
void capabilities_save(const struct capabilities *capabilities, struct buffer *out);

/* One value as text (as capabilities_save writes it), appended; false for an unknown name. */
bool capabilities_get(const struct capabilities *capabilities, const char *name, struct buffer *out);

/* Built-in descriptions of the managed targets that were tried: "rds-mysql-9.7", "rds-mysql-5.6",
 * "rds-mariadb-10.11", "rds-mariadb-11.8"; text as capabilities_load reads it, or NULL. `index` counts them
 * up. */
const char *capabilities_profile(const char *name);
const char *capabilities_profile_name(size_t index);

/* May the account hand the privilege on, on this scope (NULL database: *.*, NULL table: all of the database)?
 */
bool capabilities_may_grant(
	const struct capabilities *capabilities, int privilege, const char *database, const char *table);

#endif
