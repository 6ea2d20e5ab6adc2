/* From a statement of the source to what is sent to the target.
 *
 * Pure: (bytes, context, capabilities) → plan. Where no rule has anything to say the plan is PLAN_RUN and its
 * one step is the very bytes that came in. Everything a plan points to lives in the arena given, in the
 * input's text, or in constant tables. */
#ifndef APPLIER_SQL_REWRITE_H
#define APPLIER_SQL_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/capabilities.h"
#include "applier/sql/classify.h"
#include "base/arena.h"
#include "base/error.h"

/* What is done where a rule applies. */
enum policy {
	POLICY_DEFAULT,
	POLICY_RUN, /* as it is, at the operator's risk */
	POLICY_REWRITE,
	POLICY_SKIP, /* not sent, recorded */
	POLICY_STOP,
};

const char *policy_name(enum policy policy);

#define RULES_MAXIMUM 96

enum account_policy { ACCOUNTS_TRANSLATE, ACCOUNTS_SKIP, ACCOUNTS_STOP };

/* `from` → `to`, both user@host; "*" as `from` matches every definer, and an empty `to` is the target's
 * account. */
struct definer_mapping {
	const char *from, *to;
};

/* The operator's choices: constant while a stream runs. */
struct rewrite_settings {
	const char *schema;		 /* our own on the target; NULL = "changeling" */
	uint8_t policies[RULES_MAXIMUM]; /* enum policy by rule number; rewrite_settings_set */
	enum account_policy accounts;
	const struct definer_mapping *definer_map;
	size_t definer_mappings;
	const char *const
		*reserved_accounts; /* further user names that are never touched, NULL-terminated, or NULL */
	bool keep_sql_security;	    /* false (default) keeps SQL SECURITY as well: it is only reported */
};

/* Sets a policy by the rule's name ("accounts" stands for all rules about them: translate, skip or stop).
 * ERROR_USAGE names what is allowed. */
int rewrite_settings_set(
	struct rewrite_settings *settings, const char *rule, const char *value, struct error *error);

/* What a ROLLBACK does to a table's rows. */
enum temp_engine {
	TEMP_ROLLS_BACK,
	TEMP_KEEPS_ROWS, /* MyISAM, MEMORY, Aria, … */
	TEMP_UNKNOWN,
};

struct temp_entry {
	const char *database, *name, *real;
};

/* The temporary tables that live on the source: who knows them answers, as of the statements planned before
 * this one in the log's order (the effects of a plan count from the moment it was made). Names as utf8. */
struct temp_registry {
	/* Has this session of the source any? */
	bool (*any)(void *context, uint32_t server_id, uint64_t thread_id);
	/* The real table that stands for it (name only, in the private schema), or NULL; valid until the plan
	 * is done. */
	const char *(*find)(void *context, uint32_t server_id, uint64_t thread_id, const char *database,
		const char *name);
	void *context;
	/* The others may be NULL: nothing is known. */
	/* The session's tables one after the other: *at is 0 at first; false when there are no more. */
	bool (*next)(void *context, uint32_t server_id, uint64_t thread_id, size_t *at, struct temp_entry *entry);
	/* What a ROLLBACK does to the rows of a base table of the source. */
	enum temp_engine (*engine)(void *context, const char *database, const char *name);
	/* Has the target a stored function of that name, or (function false) a table of that name with triggers? */
	bool (*has_code)(void *context, const char *database, const char *name, bool function);
};

/* What a ROLLBACK on the source does to the rows of the temporary table that the real one stands for: its name says so. */
enum temp_engine temp_engine_of(const char *real);

struct rewrite_input {
	const char *text;
	size_t length;
	const char *database; /* default database, utf8; NULL or "" = none */
	uint64_t sql_mode;    /* the event's, as the source numbers it */
	/* names in the source's family; NULL = not told by the event */
	const char *client_charset; /* character set or collation name */
	const char *connection_collation, *server_collation, *database_collation;
	const char *default_utf8mb4; /* what utf8mb4 alone means on the source; NULL = by its version */
	const char *default_temp_engine; /* of temporary tables on the source; NULL = InnoDB */
	struct server_version source;
	uint32_t server_id;
	uint64_t thread_id;
	uint64_t serial; /* same for the same event every time, different for each: makes names */
	bool thread_specific, suppress_use; /* flags of the event's header */
	bool in_transaction;   /* stands inside a group with BEGIN (also MariaDB's not standalone ones) */
	bool row_format;       /* the group carries row events too (CREATE … SELECT in row format) */
	bool load_backslashes; /* under NO_BACKSLASH_ESCAPES: the file of a LOAD DATA has backslashes, or may have */
	bool overtaken;	       /* of a transaction that was prepared, with others committed before it was itself */
	bool looks_for_code;   /* tell by PLAN_CODE whether stored code of the target takes part */
	int explicit_defaults; /* 0, 1, or -1 when the event does not tell */
	const char *invoker_user, *invoker_host; /* or NULL */
	unsigned error_code;
	const struct rewrite_settings *settings; /* NULL = all defaults */
	const struct temp_registry *temps;	 /* NULL = none are alive */
};

enum plan_action {
	PLAN_RUN,     /* one step, the text byte for byte */
	PLAN_REWRITE, /* the steps */
	PLAN_SKIP,    /* nothing is sent; recorded with its reason */
	PLAN_STOP,    /* nothing is sent; stop_text */
};

/* Steps run in this order. All run under the statement's own context (sql_mode, character sets, time). */
enum step_when {
	STEP_BEFORE, /* before the transaction begins, in a session of its own or before BEGIN; commits by
			itself and may be repeated (a restart repeats the whole group) */
	STEP_MAIN,   /* in the statement's place */
	STEP_AFTER,  /* after the transaction has committed; may be repeated */
};

enum step_work {
	WORK_SQL,	   /* send sql */
	WORK_INSERT_NAMED, /* send "sql (columns) more", where the columns are the names of the result of
			      "SELECT * FROM (more) AS q LIMIT 0": see step_insert_named */
	WORK_CREATE_TABLE, /* send sql with the default character set of a database at charset_at: see step_create_table */
	WORK_CREATE_TWIN,  /* make a real table like another one, its CHECKs with names of their own, which the LIKE of sql does
			      not do: see step_create_twin */
	WORK_COPY_TABLE,   /* copy all rows from one real table to its altered twin: see step_copy_table */
};

/* What an ALTER makes of a column; `to` is NULL for one that goes. */
struct column_rename {
	const char *from, *to;
};

struct plan_step {
	enum step_when when;
	enum step_work work;
	const char *sql;
	size_t length;
	bool returns_rows; /* a result set comes and is thrown away */
	bool commits;	   /* commits implicitly: an intent is due before it when it stands in STEP_MAIN */
	const uint16_t *tolerated; /* errors that are no failure, 0-terminated, or NULL */
	const uint16_t *redo; /* errors that are no failure when it may have run before a crash; never NULL */
	/* WORK_INSERT_NAMED */
	const char *more;
	size_t more_length;
	/* WORK_CREATE_TABLE */
	const char *database; /* utf8 */
	size_t charset_at;    /* within sql */
	/* WORK_CREATE_TWIN, WORK_COPY_TABLE: both in the private schema */
	const char *from_table, *to_table;
	const struct column_rename *renames;
	size_t rename_count;
	bool ignore; /* ALTER IGNORE: rows that a new key does not take are left out */
	/* that table is not in the private schema but a temporary one of the target's session; NULL otherwise */
	const char *from_database, *to_database;
	bool auxiliary; /* not the statement itself; runs in our own context, and has to go well */
};

enum effect_kind {
	EFFECT_TEMP_CREATE,  /* database.name now stands for `real` */
	EFFECT_TEMP_REPLACE, /* database.name (until now another one) now stands for `real` */
	EFFECT_TEMP_DROP,    /* database.name (`real`) is gone */
	EFFECT_TEMP_RENAME,  /* database.name is now new_database.new_name, still `real` */
	EFFECT_EVENT_STATE,  /* event database.name was created or altered; `state` is what the source has:
				ENABLED, DISABLED,  SLAVESIDE_DISABLED */
	EFFECT_EVENT_DROP, /* without a name: all those of the database */
	EFFECT_EVENT_RENAME, /* to new_database.new_name */
	EFFECT_HELD,	     /* set aside to be created later: `state` is FUNCTION or TRIGGER */
	EFFECT_HELD_DROP,    /* the same object was dropped on the source */
	EFFECT_SEQUENCE_CREATE,
	EFFECT_SEQUENCE_DROP,
};

struct plan_effect {
	enum effect_kind kind;
	const char *database, *name; /* utf8 */
	const char *real;
	const char *new_database, *new_name;
	const char *state;
};

/* One use of one rule, for the journal. */
struct plan_note {
	unsigned rule;	    /* number, as of rewrite_rule_at() */
	const char *name;   /* its name */
	enum policy done;   /* RUN: reported only */
	const char *reason; /* a sentence */
};

/* Session variables for this statement alone. */
struct session_setting {
	const char *name;    /* "sql_mode" */
	const char *literal; /* as it stands behind the '=' */
};

enum plan_flag {
	PLAN_DDL = 1 << 0,	   /* changes definitions: schema caches of the named objects are stale */
	PLAN_COMMITS = 1 << 1,	   /* the target commits implicitly at STEP_MAIN */
	PLAN_TRANSACTION = 1 << 2, /* BEGIN, COMMIT, SAVEPOINT, …: see class */
	PLAN_TEMP = 1 << 3,	   /* concerns temporary tables */
	PLAN_ACCOUNTS = 1 << 4,
	PLAN_READS = 1 << 5,		/* SELECT, CALL, … that may give result sets */
	PLAN_FAILED_ON_SOURCE = 1 << 6, /* the event has an error code: compare (5.2) */
	PLAN_UNSAFE = 1 << 7,		/* may give other data than on the source; a note says why */
	/* how what it does shows, for whoever finds it cut short */
	PLAN_REPLACES = 1 << 8,  /* CREATE OR REPLACE: may be repeated */
	PLAN_FILLS = 1 << 9,     /* CREATE TABLE … SELECT, which the target does in two commits */
	PLAN_EXCHANGES = 1 << 10, /* ALTER TABLE … EXCHANGE PARTITION */
	PLAN_SHUFFLES = 1 << 11, /* RENAME USER of several: they may change places */
	PLAN_CODE = 1 << 12, /* runs stored functions or triggers (only with looks_for_code) */
	PLAN_SPARED = 1 << 13, /* failed on the source; made such that the target has no reason to */
	PLAN_ALONE = 1 << 14,  /* sees what is committed, and not what its own transaction has done */
};

struct rewrite_plan {
	enum plan_action action;
	enum statement_class class;
	unsigned flags; /* enum plan_flag */
	struct plan_step *steps;
	size_t step_count;
	struct plan_effect *effects;
	size_t effect_count;
	struct session_setting *settings;
	size_t setting_count;
	struct plan_note *notes;
	size_t note_count;
	const struct object *objects; /* as classify() found them, database and name in UTF-8 */
	size_t object_count;
	/* the table, in UTF-8, whose rows' order decides what comes of the statement: to be stopped where no key gives them one. NULL =
	 * none */
	const char *ordered_database, *ordered_table;
	/* only when there are notes: texts for the journal, secrets masked */
	const char *masked_original, *masked_sent;
	/* PLAN_STOP: what the statement is, why, and the choices, in sentences (secrets masked) */
	const char *stop_text;
};

/* Never fails on the statement's account: what cannot be done is PLAN_STOP. */
void rewrite_statement(const struct rewrite_input *input, const struct capabilities *target,
	struct arena *arena, struct rewrite_plan *plan);

/* DROPs for real tables (session end seen otherwise, restart of the master): one statement each. */
void rewrite_drop_real(const char *schema, const char *real, struct arena *arena, struct plan_step *step);

/* Completes WORK_INSERT_NAMED: `names` are the result's columns in order. */
void step_insert_named(
	const struct plan_step *step, const char *const *names, size_t count, struct buffer *out);

/* Completes WORK_CREATE_TABLE. NULL, NULL: the database is not there, and the server has its own default. */
void step_create_table(const struct plan_step *step, const char *charset, const char *collation, struct buffer *out);

/* Completes WORK_CREATE_TWIN: `shown` is SHOW CREATE TABLE of the first table. */
void step_create_twin(const struct plan_step *step, const char *schema, const char *shown, struct buffer *out);

/* WORK_COPY_TABLE: is the second table's column what has become of the first one's? */
bool step_column_becomes(const struct plan_step *step, const char *from, const char *to);

/* Completes WORK_COPY_TABLE: the columns of both tables in order, of the second those that can be written. `implicit`: what a
 * column of the second one gets that the first one lacks; NULL = its default. */
void step_copy_table(const struct plan_step *step, const char *schema, const char *const *from_names,
	size_t from_count, const char *const *to_names, const char *const *implicit, size_t to_count, struct buffer *out);

/* One rule as data. */
struct rewrite_rule {
	const char *name;
	const char *topic;
	const char *matches; /* what it concerns */
	const char *does;    /* what it does about it */
	const char *needs;   /* of the target, for the statement to run as it is */
	unsigned allowed;    /* 1 << enum policy */
	enum policy standard;
	const char
		*example; /* a statement that it concerns; run through all profiles for the documentation */
	struct server_version example_source;
};

/* The rules in the order they apply, by number; NULL behind the last. */
const struct rewrite_rule *rewrite_rule_at(size_t number);
/* Number of the rule of that name, or -1. */
int rewrite_rule_find(const char *name);

/* docs/rewrites.md: the table of rules, and what becomes of each example on each profile. */
void rules_markdown(struct buffer *out);
/* The same as a JSON array, for tests against real servers. */
void rules_json(struct buffer *out);

#endif
