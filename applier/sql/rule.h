/* Inner side of rewriting: the statement at hand, and what the rules' functions use.
 *
 * Rules run in the order of the table in rules.c until one decides to skip or to stop. Most note edits; those
 * at the end of the table may build the steps themselves, from the text as edited so far. */
#ifndef APPLIER_SQL_RULE_H
#define APPLIER_SQL_RULE_H

#include "applier/sql/edit.h"
#include "applier/sql/keyword.h"
#include "applier/sql/rewrite.h"

struct table_text;

struct rewriting {
	const struct rewrite_input *input;
	const struct capabilities *target;
	const struct rewrite_settings *settings;
	const char *schema; /* our own on the target */
	struct arena *arena;
	struct token_list tokens;
	struct statement statement;
	struct edits edits;
	struct rewrite_plan *plan;
	size_t step_room, effect_room, note_room, setting_room;
	const struct table_text *table; /* CREATE/ALTER TABLE taken apart; table_text_of */
	const uint16_t *tolerated;	/* for the one step of an edited statement */
	bool returns_rows;
	bool decided;  /* to skip or to stop */
	bool as_it_is; /* the operator wants it sent though it cannot be read: no further rules */
	bool built;    /* the steps are in the plan already */
	bool sliced;   /* parts of the text have become C strings */
	unsigned rule; /* number of the one at work */
};

struct rule {
	struct rewrite_rule about;
	const uint8_t *classes; /* enum statement_class, 0-terminated; NULL = all */
	void (*apply)(struct rewriting *r);
};

#define ALLOW(policy) (1u << (policy))
#define RUN_SKIP_STOP (ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP))
#define RUN_REWRITE_STOP (ALLOW(POLICY_RUN) | ALLOW(POLICY_REWRITE) | ALLOW(POLICY_STOP))
#define REWRITE_SKIP_STOP (ALLOW(POLICY_REWRITE) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP))

/* Where a rule's example comes from. */
/* clang-format off */
#define ON_MYSQL    {FAMILY_MYSQL, 80036}
#define ON_MYSQL_56 {FAMILY_MYSQL, 50651}
#define ON_MARIADB  {FAMILY_MARIADB, 101106}
/* clang-format on */

#define CLASSES(name, ...) static const uint8_t name[] = {__VA_ARGS__, 0}

/* The rules of a topic: one array in each rule_*.c. */
struct rule_topic {
	const struct rule *rules;
	size_t count;
};
extern const struct rule_topic rules_guard, rules_server, rules_accounts, rules_code, rules_modes, rules_tables,
	rules_names, rules_syntax, rules_load, rules_functions, rules_temporary_code, rules_temporary, rules_prepared,
	rules_failed, rules_shape;

/* By number over all topics. */
const struct rule *rule_at(unsigned number);

/* The numbers of the rules that concern a class, in order, RULES_END behind the last. */
#define RULES_END 0xffu
const uint8_t *rules_concerned(enum statement_class class);

/* The rule at work has found something: what is to be done about it? Writes the note (the reason, as of
 * printf). Only with POLICY_REWRITE it goes on and edits; RUN leaves everything as it is; SKIP and STOP are
 * carried out. */
enum policy rule_fires(struct rewriting *r, const char *reason, ...) __attribute__((format(printf, 2, 3)));

/* What rule_fires() would say; nothing is noted. */
enum policy rule_policy(const struct rewriting *r);

/* True when rule_fires() says to rewrite. */
#define RULE_REWRITES(r, ...) (rule_fires(r, __VA_ARGS__) == POLICY_REWRITE)

/* Whatever the policy: this one cannot be rewritten, or has nothing left to send. */
void rule_stops(struct rewriting *r, const char *reason, ...) __attribute__((format(printf, 2, 3)));
void rule_skips(struct rewriting *r, const char *reason, ...) __attribute__((format(printf, 2, 3)));
/* Only reports. */
void rule_notes(struct rewriting *r, const char *reason, ...) __attribute__((format(printf, 2, 3)));

/* Edits by token numbers. */
void rule_remove(struct rewriting *r, size_t first, size_t last);
void rule_replace(struct rewriting *r, size_t first, size_t last, const char *text);
void rule_insert_before(struct rewriting *r, size_t token, const char *text);
void rule_insert_after(struct rewriting *r, size_t token, const char *text);

/* Adds a step with everything but its kind empty; `sql` is kept as it is (arena or constant). */
struct plan_step *rule_step(struct rewriting *r, enum step_when when, const char *sql, size_t length);
struct plan_effect *rule_effect(
	struct rewriting *r, enum effect_kind kind, const char *database, const char *name);
void rule_setting(struct rewriting *r, const char *name, const char *literal);
/* The statement's sql_mode, as the target numbers it, without some bits and with others. */
void rule_sql_mode(struct rewriting *r, uint64_t without, uint64_t with);

/* The text from token `first` up to (not including) token `end` as edited so far, in the arena; `end` may be
 * tokens.count for the rest, trailing comments included. */
const char *rule_text(struct rewriting *r, size_t first, size_t end, size_t *length);

/* printf to the arena */
const char *rule_printf(struct rewriting *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a token says, in the arena. */
const char *rule_value(struct rewriting *r, size_t token);
/* A name in UTF-8 (NULL stays NULL); as it is when it cannot be converted. */
const char *rule_utf8(struct rewriting *r, const char *name);
/* The database an object is in: its own, or the default one ("" when there is none), in UTF-8. */
const char *rule_database(struct rewriting *r, const struct object *object);

static inline bool rule_is(const struct rewriting *r, size_t token, unsigned word)
{
	return token_is(&r->tokens, token, word);
}

static inline bool from_maria_to_mysql(const struct rewriting *r)
{
	return r->input->source.family == FAMILY_MARIADB && r->target->server.family == FAMILY_MYSQL;
}

static inline bool from_mysql_to_maria(const struct rewriting *r)
{
	return r->input->source.family == FAMILY_MYSQL && r->target->server.family == FAMILY_MARIADB;
}

#endif
