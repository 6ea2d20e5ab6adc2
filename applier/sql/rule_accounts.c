/* Accounts: who is concerned, GRANT and REVOKE, roles (6.2). Passwords and CREATE/ALTER USER are in
 * rule_users.c. */
#include <string.h>
#include <strings.h>

#include "applier/sql/account_text.h"
#include "applier/sql/rule_accounts.h"

static bool read_grant(struct rewriting *r, struct grant_text *grant)
{
	return grant_read(
		&r->tokens, r->statement.verb + 1, r->statement.class == STATEMENT_REVOKE, r->arena, grant);
}

static void accounts(struct rewriting *r)
{
	if (r->settings->accounts == ACCOUNTS_SKIP)
		rule_skips(r, "Statements about accounts are set aside (accounts=skip).");
	else if (r->settings->accounts == ACCOUNTS_STOP)
		rule_stops(r, "Statements about accounts stop the stream (accounts=stop).");
}

static void current_user(struct rewriting *r)
{
	for (size_t i = r->statement.verb; i < r->tokens.count; i++) {
		struct buffer name = BUFFER_INIT;
		struct account account;

		if (!rule_is(r, i, KW_CURRENT_USER) && !rule_is(r, i, KW_CURRENT_ROLE))
			continue;
		account_read(&r->tokens, i, NULL, &account);
		if (!r->input->invoker_user) {
			rule_stops(r, "CURRENT_USER is the account that runs it: on the target that is this "
				      "program's own, and the log does "
				      "not tell who it was on the source.");
			return;
		}
		if (!RULE_REWRITES(r, "CURRENT_USER is written out, as on the target it would be this "
				      "program's account."))
			return;
		account_put(r->input->invoker_user, r->input->invoker_host[0] ? r->input->invoker_host : NULL,
			&r->tokens.options, &name);
		rule_replace(r, i, account.end - 1, buffer_text(&name));
		buffer_release(&name);
		i = account.end - 1;
	}
}

/* ---- accounts that are never touched ---- */

struct account_range {
	size_t first, end;
	bool reserved;
	const char *user;
};

/* Names of the accounts in a list at `at` (with IDENTIFIED … or RENAME's TO), up to `room`. */
static size_t list_accounts(struct rewriting *r, size_t at, struct account_range *list, size_t room)
{
	struct account_spec spec;
	size_t count = 0;

	while (count < room && account_spec_read(&r->tokens, at, r->arena, &spec)) {
		struct account_range *range = &list[count++];

		*range = (struct account_range){
			at, spec.end, account_is_reserved(r, &spec.account), spec.account.user};
		if (r->statement.class == STATEMENT_RENAME_USER && rule_is(r, spec.end, KW_TO) &&
			account_spec_read(&r->tokens, spec.end + 1, r->arena, &spec)) {
			range->end = spec.end;
			range->reserved = range->reserved || account_is_reserved(r, &spec.account);
		}
		at = range->end;
		if (!rule_is(r, at, ','))
			break;
		at++;
	}
	return count;
}

#define ACCOUNTS_MAXIMUM 256

/* Where the list of accounts of this statement begins; 0 when it has none. */
static size_t accounts_at(struct rewriting *r)
{
	struct grant_text grant;

	switch (r->statement.class) {
	case STATEMENT_CREATE_USER:
	case STATEMENT_ALTER_USER:
	case STATEMENT_DROP_USER:
	case STATEMENT_RENAME_USER:
	case STATEMENT_CREATE_ROLE:
	case STATEMENT_DROP_ROLE:
		return r->statement.body;
	case STATEMENT_SET_PASSWORD:
		return rule_is(r, r->statement.verb + 2, KW_FOR) ? r->statement.verb + 3 : 0;
	case STATEMENT_GRANT:
	case STATEMENT_REVOKE:
		return read_grant(r, &grant) && !grant.is_public ? grant.accounts[0].account.first : 0;
	case STATEMENT_SET_DEFAULT_ROLE:
		for (size_t i = r->statement.verb; i < r->tokens.count; i++)
			if (rule_is(r, i, KW_TO) || rule_is(r, i, KW_FOR))
				return i + 1;
		return 0;
	default:
		return 0;
	}
}

static void reserved(struct rewriting *r)
{
	struct account_range *list = arena_alloc(r->arena, ACCOUNTS_MAXIMUM * sizeof(*list));
	size_t at = accounts_at(r), count, kept = 0;
	struct buffer names = BUFFER_INIT, rest = BUFFER_INIT;

	if (r->statement.class == STATEMENT_SET_PASSWORD && at == 0 && !r->input->invoker_user) {
		rule_skips(r, "It sets the password of the account that runs it: on the target that is this "
			      "program's own.");
		return;
	}
	count = at ? list_accounts(r, at, list, ACCOUNTS_MAXIMUM) : 0;
	for (size_t i = 0; i < count; i++) {
		if (list[i].reserved) {
			buffer_printf(&names, "%s%s", names.length ? ", " : "", list[i].user);
			continue;
		}
		buffer_printf(
			&rest, "%s%s", kept++ ? ", " : "", rule_text(r, list[i].first, list[i].end, NULL));
	}
	if (names.length && kept == 0)
		rule_skips(r,
			"%s: this account is the server's, the provider's or this program's own, and is "
			"never touched.",
			buffer_text(&names));
	else if (names.length &&
		 RULE_REWRITES(r,
			 "%s: left out, as the server's, the provider's and this program's own "
			 "accounts are never touched.",
			 buffer_text(&names)))
		rule_replace(r, list[0].first, list[count - 1].end - 1, buffer_text(&rest));
	buffer_release(&names);
	buffer_release(&rest);
}

/* ---- roles ---- */

static void roles(struct rewriting *r)
{
	enum statement_class class = r->statement.class;
	struct grant_text grant;
	bool read = (class == STATEMENT_GRANT || class == STATEMENT_REVOKE) && read_grant(r, &grant);
	bool about_roles = class == STATEMENT_CREATE_ROLE || class == STATEMENT_DROP_ROLE ||
			   class == STATEMENT_SET_DEFAULT_ROLE || (read && grant.roles);

	if (about_roles && !r->target->roles) {
		rule_skips(
			r, "The target has no roles: grant what the role carries to its accounts by hand.");
		return;
	}
	if (read && grant.is_public && r->target->server.family == FAMILY_MYSQL) {
		rule_skips(r, "PUBLIC is a role of MariaDB's that MySQL does not have.");
		return;
	}
	if (read && grant.revoke && grant.roles && grant.admin_option && r->target->server.family == FAMILY_MYSQL) {
		rule_stops(r, "MySQL takes back a role as a whole, not ADMIN OPTION alone. In its place: REVOKE the role, GRANT it "
			      "without ADMIN OPTION, and SET DEFAULT ROLE where it was one.");
		return;
	}
	/* CREATE ROLE r WITH ADMIN account */
	if (class == STATEMENT_CREATE_ROLE && (from_maria_to_mysql(r) || !r->target->may_set_definer))
		for (size_t i = r->statement.body; i < r->tokens.count; i++)
			if (rule_is(r, i, KW_WITH) && rule_is(r, i + 1, KW_ADMIN)) {
				if (RULE_REWRITES(r, "WITH ADMIN is MariaDB's, and needs SET USER there: the role is "
						     "granted WITH ADMIN OPTION instead, by hand."))
					rule_remove(r, i, r->tokens.count - 1);
				return;
			}
}

static void drop_host(struct rewriting *r, const struct account *account)
{
	if (account->host && strcmp(account->host, "%") == 0 &&
		RULE_REWRITES(r, "A role has no host on MariaDB; where none has this name, it is the account @'%%'."))
		rule_remove(r, account->first + 1, account->end - 1);
}

/* Where the names of roles stand from; 0 when the statement is not about roles. */
static size_t roles_at(struct rewriting *r, const struct grant_text *grant)
{
	switch (r->statement.class) {
	case STATEMENT_CREATE_ROLE:
	case STATEMENT_DROP_ROLE:
		return r->statement.body;
	case STATEMENT_SET_DEFAULT_ROLE:
		return r->statement.verb + 3;
	default:
		return grant->roles ? grant->role_list[0].first : 0;
	}
}

/* MySQL's roles are accounts, 'reader'@'%'; MariaDB's have a name alone. There GRANT … TO reader is to the role when there is
 * one, and else to the account reader@'%': that is what MySQL means either way. */
static void role_names(struct rewriting *r)
{
	struct account_spec *specs;
	struct grant_text grant = {0};
	size_t at, end, count;

	if (!from_mysql_to_maria(r) || !version_at_least(r->input->source, FAMILY_MYSQL, 80000))
		return;
	if ((r->statement.class == STATEMENT_GRANT || r->statement.class == STATEMENT_REVOKE) && !read_grant(r, &grant))
		return;
	at = roles_at(r, &grant);
	specs = account_specs_read(&r->tokens, at, r->arena, &count, &end);
	for (size_t i = 0; at && i < count; i++)
		if (specs[i].account.host && strcmp(specs[i].account.host, "%") != 0) {
			rule_stops(r, "MariaDB's roles have no host, and so there is no role %s@%s.", specs[i].account.user,
				specs[i].account.host);
			return;
		}
	for (size_t i = 0; at && i < count; i++)
		drop_host(r, &specs[i].account);
	for (size_t i = 0; i < grant.account_count; i++)
		drop_host(r, &grant.accounts[i].account);
}

/* SET DEFAULT ROLE: TO accounts (MySQL), FOR account (MariaDB). */
static void default_role(struct rewriting *r)
{
	size_t at = r->statement.verb + 3, word = at;
	bool maria = r->target->server.family == FAMILY_MARIADB;

	while (word < r->tokens.count && !rule_is(r, word, KW_TO) && !rule_is(r, word, KW_FOR))
		word++;
	if (word >= r->tokens.count) {
		rule_skips(r, "It sets the default role of the account that runs it: on the target that is "
			      "this program's own.");
		return;
	}
	if (rule_is(r, word, KW_FOR) && !maria &&
		RULE_REWRITES(r, "MySQL writes TO where MariaDB writes FOR."))
		rule_replace(r, word, word, "TO");
	if (!rule_is(r, word, KW_TO) || !maria)
		return;
	if (rule_is(r, at, KW_ALL)) {
		rule_skips(r, "MariaDB has one default role for an account, not all of them.");
		return;
	}
	for (size_t i = at; i < word; i++)
		if (rule_is(r, i, ',')) {
			rule_skips(r,
				"MariaDB has one default role for an account: choose one of these by hand.");
			return;
		}
	for (size_t i = word; i < r->tokens.count; i++)
		if (rule_is(r, i, ',')) {
			rule_stops(r, "MariaDB sets the default role of one account at a time.");
			return;
		}
	if (RULE_REWRITES(r, "MariaDB writes FOR where MySQL writes TO."))
		rule_replace(r, word, word, "FOR");
	if (token_at(&r->tokens, at)->kind != TOKEN_USER_VARIABLE && word > at + 1) {
		const char *role = rule_value(r, at);
		struct buffer name = BUFFER_INIT;

		literal_put(role, strlen(role), &r->tokens.options, &name);
		rule_replace(r, at, word - 1, buffer_text(&name));
		buffer_release(&name);
	}
}

/* ---- privileges ---- */

static unsigned level_of(const struct grant_text *grant)
{
	if (grant->object_word == KW_FUNCTION || grant->object_word == KW_PROCEDURE ||
		grant->object_word == KW_PACKAGE)
		return PRIVILEGE_ON_ROUTINE;
	if (grant->all_databases)
		return PRIVILEGE_ON_GLOBAL;
	return grant->whole_database ? PRIVILEGE_ON_DATABASE : PRIVILEGE_ON_TABLE;
}

static bool may_grant(const struct rewriting *r, const struct grant_text *grant, int privilege)
{
	const char *database = grant->database ? grant->database : r->input->database;

	if (grant->all_databases)
		return capabilities_may_grant(r->target, privilege, NULL, NULL);
	return capabilities_may_grant(r->target, privilege, database ? database : "",
		level_of(grant) == PRIVILEGE_ON_TABLE ? grant->table : NULL);
}

/* The privileges that ALL would be here, of which the account may hand on some; true when it may all of them.
 */
static bool put_all(
	struct rewriting *r, const struct grant_text *grant, struct buffer *out, struct buffer *dropped)
{
	struct privilege_set all = {{0}};
	bool complete = true;

	privilege_set_all(&all, r->target->server, (enum privilege_level)level_of(grant));
	for (int i = 0; i < PRIVILEGE_MAXIMUM; i++) {
		const char *name;

		if (!privilege_set_has(&all, i))
			continue;
		name = privilege_name(i, r->target->server);
		if (may_grant(r, grant, i)) {
			buffer_printf(out, "%s%s", out->length ? ", " : "", name);
		} else {
			complete = false;
			buffer_printf(dropped, "%s%s", dropped->length ? ", " : "", name);
		}
	}
	return complete;
}

/* Appends the privilege as the target calls it, with its columns; true when that is not how it is written. */
static bool put_privilege(struct rewriting *r, const struct grant_text *grant,
	const struct grant_privilege *privilege, struct buffer *out, struct buffer *dropped)
{
	const char *name = privilege->name;
	bool changed = false;

	if (privilege->number >= 0) {
		name = privilege_name(privilege->number, r->target->server);
		if (!name || !may_grant(r, grant, privilege->number))
			name = NULL;
		/* REPLICATION CLIENT and BINLOG MONITOR are one: the name as written will do */
		else if (privilege_find(name, strlen(name)) ==
				 privilege_find(privilege->name, strlen(privilege->name)) &&
			 r->input->source.family == r->target->server.family)
			name = privilege->name;
		changed = name && strcasecmp(name, privilege->name) != 0;
	} else if (privilege->number == PRIVILEGE_UNKNOWN) {
		name = NULL;
	}
	if (!name) {
		buffer_printf(dropped, "%s%s", dropped->length ? ", " : "", privilege->name);
		return true;
	}
	buffer_printf(out, "%s%s", out->length ? ", " : "", name);
	if (privilege->end > privilege->columns)
		buffer_printf(out, " %s", rule_text(r, privilege->columns, privilege->end, NULL));
	return changed;
}

static void put_dropped_reason(struct rewriting *r, const struct grant_text *grant, const struct buffer *out,
	const struct buffer *dropped)
{
	size_t first = r->statement.verb + (grant->if_exists ? 3 : 1);
	bool named = false;

	for (size_t i = 0; i < grant->account_count; i++)
		named = named || grant->accounts[i].form != AUTH_NONE;
	if (out->length == 0 && !named) {
		rule_skips(r, "The target's account may hand none of it on: %s.", buffer_text(dropped));
		return;
	}
	if (dropped->length ? !RULE_REWRITES(r, "Left out, as the target's account may not hand it on: %s.",
				      buffer_text(dropped))
			    : !RULE_REWRITES(r, "Privileges have other names on the target."))
		return;
	if (out->length)
		rule_replace(
			r, first, grant->privileges[grant->privilege_count - 1].end - 1, buffer_text(out));
	else /* the account and its password are still due */
		rule_replace(r, first, grant->object_end - 1, "USAGE ON *.*");
}

static void privileges(struct rewriting *r)
{
	struct buffer out = BUFFER_INIT, dropped = BUFFER_INIT;
	struct grant_text grant;
	bool changed = false;

	if (!read_grant(r, &grant) || grant.roles)
		return;
	if (grant.object_word == KW_PACKAGE && r->target->server.family == FAMILY_MYSQL) {
		rule_skips(r, "MySQL has no packages.");
		return;
	}
	for (size_t i = 0; i < grant.privilege_count && !grant.everything; i++) {
		const struct grant_privilege *privilege = &grant.privileges[i];

		if (privilege->number == PRIVILEGE_PROXY)
			goto out;
		if (privilege->number == PRIVILEGE_ALL) {
			struct buffer all = BUFFER_INIT;

			if (put_all(r, &grant, &all, &dropped))
				buffer_printf(&out, "%s%s", out.length ? ", " : "", privilege->name);
			else if (all.length)
				buffer_printf(&out, "%s%s", out.length ? ", " : "", buffer_text(&all));
			buffer_release(&all);
		} else {
			changed |= put_privilege(r, &grant, privilege, &out, &dropped);
		}
	}
	if (changed || dropped.length)
		put_dropped_reason(r, &grant, &out, &dropped);
	if (grant.revoke) {
		static const uint16_t not_there[] = {1141, 1147, 1269, 1403, 0};

		r->tolerated = not_there;
	}
out:
	buffer_release(&out);
	buffer_release(&dropped);
}

/* GRANT … AS account [WITH ROLE …], which MySQL also adds to its log under partial revokes. */
static void grant_as(struct rewriting *r)
{
	struct grant_text grant;
	size_t last = r->tokens.count - (rule_is(r, r->tokens.count - 1, ';') ? 2 : 1);

	if (!read_grant(r, &grant))
		return;
	for (size_t i = grant.options; i < last; i++)
		if (rule_is(r, i, KW_AS) &&
			RULE_REWRITES(r, "AS names an account of the source, with whose privileges it was granted: here it is granted "
					 "with those of the target's account.")) {
			rule_remove(r, i, last);
			return;
		}
}

static void revoke_everything(struct rewriting *r)
{
	struct grant_text grant;

	if (!read_grant(r, &grant) || !grant.everything || !r->target->partial_revokes)
		return;
	if (RULE_REWRITES(r, "The target's account is shut out of the mysql schema (partial revokes), and so "
			     "may not take "
			     "everything from an account at once: what was granted on single schemas has to "
			     "be named.")) {
		struct buffer names = BUFFER_INIT;

		for (int i = 0; i < PRIVILEGE_MAXIMUM; i++)
			if (capabilities_may_grant(r->target, i, NULL, NULL) &&
				privilege_name(i, r->target->server))
				buffer_printf(&names, "%s, ", privilege_name(i, r->target->server));
		buffer_puts(&names, "GRANT OPTION ON *.*");
		rule_replace(
			r, r->statement.verb + 1, grant.accounts[0].account.first - 2, buffer_text(&names));
		buffer_release(&names);
	}
}

static void proxy(struct rewriting *r)
{
	struct grant_text grant;

	if (read_grant(r, &grant) && grant.privilege_count && grant.privileges[0].number == PRIVILEGE_PROXY &&
		!r->target->may_proxy)
		rule_fires(r, "The target's account may not hand PROXY on.");
}

CLASSES(all_accounts, STATEMENT_CREATE_USER, STATEMENT_ALTER_USER, STATEMENT_DROP_USER, STATEMENT_RENAME_USER,
	STATEMENT_CREATE_ROLE, STATEMENT_DROP_ROLE, STATEMENT_GRANT, STATEMENT_REVOKE, STATEMENT_SET_PASSWORD,
	STATEMENT_SET_DEFAULT_ROLE);
CLASSES(grants, STATEMENT_GRANT, STATEMENT_REVOKE);
CLASSES(grant_only, STATEMENT_GRANT);
CLASSES(revoke_only, STATEMENT_REVOKE);
CLASSES(default_role_only, STATEMENT_SET_DEFAULT_ROLE);
CLASSES(user_texts, STATEMENT_CREATE_USER, STATEMENT_ALTER_USER);
CLASSES(password_only, STATEMENT_SET_PASSWORD);
CLASSES(drops, STATEMENT_DROP_USER, STATEMENT_DROP_ROLE, STATEMENT_CREATE_ROLE, STATEMENT_REVOKE);

static const struct rule list[] = {
	{{"accounts", "Accounts", "all statements about accounts, roles and privileges",
		 "translates them (the rules below), or sets them aside, or stops: "
		 "accounts=translate|skip|stop",
		 "nothing", ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_SKIP,
		 "CREATE USER app@'%' IDENTIFIED BY 'secret'", ON_MYSQL},
		all_accounts, accounts},
	{{"current-user", "Accounts", "CURRENT_USER as the account concerned",
		 "writes the source's account out, or stops", "nothing would help", REWRITE_SKIP_STOP,
		 POLICY_REWRITE, "ALTER USER CURRENT_USER() PASSWORD EXPIRE NEVER", ON_MYSQL},
		all_accounts, current_user},
	{{"role-names", "Accounts", "roles with the host '%', and accounts that may be roles, from MySQL 8 to MariaDB",
		 "leaves the host out; stops at another host", "MySQL 8.0", REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE,
		 "CREATE ROLE reader@'%'", ON_MYSQL},
		all_accounts, role_names},
	{{"reserved-accounts", "Accounts",
		 "rdsadmin, mysql.sys, mariadb.sys, root, …, and the account that applies",
		 "leaves them out, or sets the statement aside", "nothing would help", REWRITE_SKIP_STOP,
		 POLICY_REWRITE, "DROP USER rdsadmin@localhost, app@'%'", ON_MYSQL},
		all_accounts, reserved},
	{{"roles", "Accounts", "roles where the target has none; PUBLIC; CREATE ROLE … WITH ADMIN",
		 "sets aside, or leaves WITH ADMIN out", "roles", REWRITE_SKIP_STOP, POLICY_REWRITE,
		 "CREATE ROLE reader WITH ADMIN dba", ON_MARIADB},
		all_accounts, roles},
	{{"default-role", "Accounts", "SET DEFAULT ROLE of the other family", "rewrites TO and FOR",
		 "the same family", REWRITE_SKIP_STOP, POLICY_REWRITE, "SET DEFAULT ROLE reader FOR app@'%'",
		 ON_MARIADB},
		default_role_only, default_role},
	{{"proxy", "Accounts", "GRANT PROXY", "is set aside", "PROXY WITH GRANT OPTION",
		 ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_SKIP,
		 "GRANT PROXY ON a TO b", ON_MYSQL},
		grants, proxy},
	{{"revoke-everything", "Accounts",
		 "REVOKE ALL PRIVILEGES, GRANT OPTION FROM account under partial revokes",
		 "stops; by policy takes all global privileges away", "access to the mysql schema",
		 REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_STOP,
		 "REVOKE ALL PRIVILEGES, GRANT OPTION FROM app@'%'", ON_MYSQL},
		revoke_only, revoke_everything},
	{{"privileges", "Accounts",
		 "GRANT and REVOKE of what the target's account may not hand on, or the target does not know",
		 "leaves these privileges out; ALL becomes the list of what may be handed on",
		 "the privileges WITH GRANT OPTION", REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE,
		 "GRANT ALL PRIVILEGES ON *.* TO app@'%'", ON_MYSQL},
		grants, privileges},
	{{"grant-as", "Accounts", "GRANT … AS account", "removes AS and what follows it", "the account, and its privileges",
		 REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE, "GRANT SELECT ON *.* TO app@'%' AS root@localhost", ON_MYSQL},
		grant_only, grant_as},
	{{"grant-identified", "Accounts",
		 "GRANT … IDENTIFIED BY, REQUIRE, WITH MAX_… where GRANT no longer takes them; GRANT that may have made its account",
		 "splits into CREATE USER IF NOT EXISTS, ALTER USER and GRANT; an account made so is locked",
		 "MySQL 5.7 or older, or MariaDB", REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE,
		 "GRANT SELECT ON app.* TO app@'%' IDENTIFIED BY 'secret'", ON_MYSQL_56},
		grant_only, rule_grant_identified},
	{{"set-password", "Accounts", "SET PASSWORD FOR account = 'hash'",
		 "becomes ALTER USER, or locks the account", "MySQL 5.6 or MariaDB",
		 REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE,
		 "SET PASSWORD FOR 'app'@'%'='*B27918D2D9402882CEADA0EF687D35FBDC137D72'", ON_MARIADB},
		password_only, rule_set_password},
	{{"passwords", "Accounts",
		 "CREATE USER and ALTER USER with hashes, plugins and options of another server",
		 "writes them in the target's words; an account whose password cannot be carried is locked, and no password fits "
		 "until one is set",
		 "the plugin, and the options", REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE,
		 "CREATE USER 'app'@'%' IDENTIFIED WITH 'mysql_native_password' AS "
		 "'*B27918D2D9402882CEADA0EF687D35FBDC137D72'",
		 ON_MYSQL},
		user_texts, rule_users},
	{{"account-if-exists", "Accounts",
		 "DROP USER/ROLE IF EXISTS, REVOKE IF EXISTS … IGNORE UNKNOWN USER, CREATE OR REPLACE ROLE where the target does "
		 "not know that",
		 "removes the words; the error they avoid is no error", "MySQL 5.7, MariaDB 10.1",
		 REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE, "DROP USER IF EXISTS app@'%'", ON_MYSQL},
		drops, rule_account_if_exists},
	{{"role-lists", "Accounts", "GRANT and REVOKE of several roles, for MariaDB", "becomes one statement for each role",
		 "MySQL 8.0", REWRITE_SKIP_STOP | ALLOW(POLICY_RUN), POLICY_REWRITE, "GRANT reader, writer TO app@'%'", ON_MYSQL},
		grants, rule_role_lists},
};

const struct rule_topic rules_accounts = {list, sizeof(list) / sizeof(list[0])};
