/* GRANT, REVOKE and the accounts with their passwords in CREATE USER, ALTER USER and GRANT, taken apart. */
#ifndef APPLIER_SQL_GRANT_H
#define APPLIER_SQL_GRANT_H

#include <stdbool.h>
#include <stddef.h>

#include "applier/sql/account.h"
#include "applier/sql/lexer.h"
#include "base/arena.h"

/* Special values of grant_privilege.number. */
enum {
	PRIVILEGE_UNKNOWN = -1,
	PRIVILEGE_ALL = -2,
	PRIVILEGE_GRANT_OPTION = -3,
	PRIVILEGE_USAGE = -4,
	PRIVILEGE_PROXY = -5,
};

struct grant_privilege {
	const char *name;    /* words apart by one space, as written */
	int number;	     /* as of privilege_find, or special */
	size_t columns, end; /* tokens: its column list's '(' (== end when it has none), and behind it */
};

enum auth_form {
	AUTH_NONE,	   /* no password is named */
	AUTH_CLEAR,	   /* BY 'text' */
	AUTH_OLD_HASH,	   /* BY PASSWORD '*hash' */
	AUTH_PLUGIN,	   /* WITH plugin */
	AUTH_PLUGIN_CLEAR, /* WITH plugin BY 'text', VIA plugin USING PASSWORD('text') */
	AUTH_PLUGIN_HASH,  /* WITH plugin AS 'hash', VIA plugin USING 'hash' */
	AUTH_RANDOM,	   /* BY RANDOM PASSWORD */
	AUTH_SEVERAL,	   /* more than one way to log in (OR, AND, second factors) */
};

/* An account with what IDENTIFIED says of it. */
struct account_spec {
	struct account account;
	enum auth_form form;
	const char *plugin; /* or NULL */
	const char *secret; /* text or hash, decoded; may hold any byte */
	size_t secret_length;
	/* tokens of REPLACE 'old', RETAIN CURRENT PASSWORD, DISCARD OLD PASSWORD; equal when there are none */
	size_t second_first, second_end;
	size_t end; /* token behind */
};

struct grant_text {
	bool revoke, if_exists, ignore_unknown_user;
	bool roles;	 /* GRANT role TO account: the roles are in role_list */
	bool everything; /* REVOKE ALL PRIVILEGES, GRANT OPTION FROM account */
	struct account *role_list;
	size_t role_count;
	struct grant_privilege *privileges;
	size_t privilege_count;
	unsigned object_word;		 /* KW_TABLE, KW_FUNCTION, KW_PROCEDURE, KW_PACKAGE or 0 */
	bool all_databases;		 /* *.* */
	bool whole_database;		 /* db.* or * */
	const char *database;		 /* NULL: the default database, or *.* */
	const char *table;		 /* or routine, or NULL */
	size_t object_first, object_end; /* tokens from ON's next to TO/FROM */
	struct account_spec *accounts;
	size_t account_count;
	size_t options, end; /* tokens behind the accounts: REQUIRE, WITH, AS */
	bool grant_option, admin_option;
	bool is_public; /* TO PUBLIC (MariaDB) */
};

/* Reads from the token behind GRANT or REVOKE; false when it is not understood. */
bool grant_read(const struct token_list *tokens, size_t at, bool revoke, struct arena *arena,
	struct grant_text *grant);

/* Reads one account with IDENTIFIED … at `at`; false when no account stands there. */
bool account_spec_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct account_spec *spec);

/* A list of them with commas; NULL and 0 when the first is none. *end is the token behind. */
struct account_spec *account_specs_read(
	const struct token_list *tokens, size_t at, struct arena *arena, size_t *count, size_t *end);

#endif
