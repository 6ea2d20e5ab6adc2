/* Accounts as a target writes them: passwords, hashes and options from one server's words to another's (6.2).
 */
#ifndef APPLIER_SQL_ACCOUNT_TEXT_H
#define APPLIER_SQL_ACCOUNT_TEXT_H

#include "applier/sql/grant.h"
#include "applier/sql/rule.h"

/* How far a way to log in can be carried. */
enum auth_carried {
	AUTH_AS_IT_IS, /* the target reads the very words */
	AUTH_OTHER_WORDS,
	AUTH_LOST, /* the target has no such plugin, or no such form: the account is locked, and no password fits */
};

enum auth_carried auth_carried(const struct rewriting *r, const struct account_spec *spec);

/* Does the statement do something to the account's second password that the target knows of? */
bool account_second_password_known(const struct rewriting *r, const struct account_spec *spec);

/* The options behind the accounts of CREATE USER, ALTER USER and GRANT. */
enum account_option_kind {
	OPTION_REQUIRE,
	OPTION_RESOURCES, /* WITH MAX_… */
	OPTION_EXPIRE,
	OPTION_HISTORY, /* PASSWORD HISTORY, REUSE INTERVAL, REQUIRE CURRENT */
	OPTION_LOCK,	/* ACCOUNT LOCK/UNLOCK */
	OPTION_FAILED_LOGINS,
	OPTION_COMMENT, /* COMMENT, ATTRIBUTE */
	OPTION_DEFAULT_ROLE,
	OPTION_GRANT, /* WITH GRANT OPTION (GRANT only) */
	OPTION_AS,    /* GRANT … AS account */
	OPTION_UNKNOWN,
};

struct account_option {
	enum account_option_kind kind;
	size_t first, end; /* tokens; WITH itself is not part of a resource option */
};

/* Reads the options from token `at` on; returns their number (at most `room`). */
size_t account_options_read(
	const struct rewriting *r, size_t at, struct account_option *options, size_t room);

/* Does the target's CREATE USER / ALTER USER know the option? */
bool account_option_known(const struct rewriting *r, const struct account_option *option);

/* Appends the account and how it logs in. Where that cannot be carried *lock is set, and the account gets a hash that no
 * password has: that the source unlocks it later, which is carried, then lets nobody in. */
void account_spec_put(
	const struct rewriting *r, const struct account_spec *spec, bool *lock, struct buffer *out);

/* Appends the options (those that are known) with their WITH, and ACCOUNT LOCK when `lock`. */
void account_options_put(const struct rewriting *r, const struct account_option *options, size_t count,
	bool lock, struct buffer *out);

/* Appends REQUIRE … and WITH MAX_… alone, as GRANT takes them. */
void account_requirements_put(
	const struct rewriting *r, const struct account_option *options, size_t count, struct buffer *out);

/* Is it one that must never be touched: the servers' own, the cloud provider's, the account that applies? */
bool account_is_reserved(const struct rewriting *r, const struct account *account);

/* MySQL with ALTER USER … IDENTIFIED and CREATE USER IF NOT EXISTS (5.7.6). */
static inline bool target_is_mysql57(const struct rewriting *r)
{
	return version_at_least(r->target->server, FAMILY_MYSQL, 50706);
}

static inline bool target_is_old_mysql(const struct rewriting *r)
{
	return r->target->server.family == FAMILY_MYSQL && !target_is_mysql57(r);
}

#endif
