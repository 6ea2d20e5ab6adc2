/* CREATE USER, ALTER USER, SET PASSWORD and GRANT … IDENTIFIED in the target's words (6.2). */
#include <string.h>
#include <strings.h>

#include "applier/sql/account_text.h"
#include "applier/sql/mode.h"
#include "applier/sql/rule_accounts.h"

#define OPTIONS_MAXIMUM 32

static const uint16_t no_such_account[] = {1396, 0};

struct user_text {
	struct account_spec *specs;
	size_t count;
	struct account_option options[OPTIONS_MAXIMUM];
	size_t option_count;
};

static void read_users(struct rewriting *r, size_t at, struct user_text *text)
{
	size_t end;

	text->specs = account_specs_read(&r->tokens, at, r->arena, &text->count, &end);
	text->option_count = account_options_read(r, end, text->options, OPTIONS_MAXIMUM);
	for (size_t i = 0; i < text->count; i++)
		if (text->specs[i].account.current && r->input->invoker_user) {
			text->specs[i].account.current = false;
			text->specs[i].account.user = r->input->invoker_user;
			text->specs[i].account.host =
				r->input->invoker_host[0] ? r->input->invoker_host : NULL;
		}
}

static void add_step(struct rewriting *r, struct buffer *sql, const uint16_t *tolerated)
{
	struct plan_step *step =
		rule_step(r, STEP_MAIN, arena_strndup(r->arena, buffer_text(sql), sql->length), sql->length);

	step->commits = true;
	step->tolerated = tolerated;
	step->redo = statement_redo_errors(r->statement.class);
	r->built = true;
	r->plan->action = PLAN_REWRITE;
	buffer_clear(sql);
}

static bool has_second_password(const struct account_spec *spec)
{
	return spec->second_end > spec->second_first;
}

/* Why the text cannot stay as it is; NULL when it can. *lost tells that passwords are left behind. */
static const char *why_rewrite(struct rewriting *r, const struct user_text *text, bool *lost)
{
	const char *why = NULL;

	*lost = false;
	for (size_t i = 0; i < text->count; i++) {
		enum auth_carried carried = auth_carried(r, &text->specs[i]);

		if (account_is_reserved(r, &text->specs[i].account))
			continue;
		if (carried == AUTH_LOST)
			*lost = true;
		if (carried != AUTH_AS_IT_IS)
			why = "Passwords and hashes are written in the target's words.";
		if (has_second_password(&text->specs[i]) && !account_second_password_known(r, &text->specs[i]))
			why = "The target has one password for an account, and asks for no old one.";
	}
	for (size_t i = 0; i < text->option_count; i++)
		if (!account_option_known(r, &text->options[i]) && text->options[i].kind != OPTION_GRANT)
			why = "The target does not know all the options.";
	if ((r->statement.flags & STATEMENT_OR_REPLACE) && r->target->server.family == FAMILY_MYSQL)
		why = "MySQL has no CREATE OR REPLACE USER.";
	if ((r->statement.flags & (STATEMENT_IF_NOT_EXISTS | STATEMENT_IF_EXISTS)) && target_is_old_mysql(r))
		why = "The target does not know IF [NOT] EXISTS here.";
	if (r->statement.class == STATEMENT_ALTER_USER && target_is_old_mysql(r) && text->count &&
		text->specs[0].form != AUTH_NONE)
		why = "MySQL 5.6 changes passwords by SET PASSWORD.";
	if (*lost)
		why = "The target cannot hold this password or this way to log in: the account is locked "
		      "until somebody sets one.";
	return why;
}

/* MySQL 5.6: SET PASSWORD FOR account = … */
static void put_set_password(struct rewriting *r, const struct account_spec *spec, struct buffer *sql)
{
	const struct lexer_options *options = &r->tokens.options;
	bool clear = spec->form == AUTH_CLEAR || spec->form == AUTH_PLUGIN_CLEAR;

	buffer_puts(sql, "SET PASSWORD FOR ");
	account_put(spec->account.user, spec->account.host, options, sql);
	buffer_puts(sql, clear ? " = PASSWORD(" : " = ");
	if (auth_carried(r, spec) == AUTH_LOST)
		literal_put("*0000000000000000000000000000000000000000", 41, options, sql);
	else
		literal_put(spec->secret, spec->secret_length, options, sql);
	if (clear)
		buffer_putc(sql, ')');
}

/* MySQL 5.6: REQUIRE and WITH MAX_… stand in GRANT only. */
static void grant_usage_step(
	struct rewriting *r, const struct user_text *text, const struct account_spec *spec)
{
	struct buffer sql = BUFFER_INIT;
	size_t before;

	buffer_puts(&sql, "GRANT USAGE ON *.* TO ");
	account_put(spec->account.user, spec->account.host, &r->tokens.options, &sql);
	before = sql.length;
	account_requirements_put(r, text->options, text->option_count, &sql);
	if (sql.length > before)
		add_step(r, &sql, NULL);
	buffer_release(&sql);
}

/* Is the account to be locked on a target that cannot lock accounts? */
static bool wants_lock(const struct rewriting *r, const struct user_text *text)
{
	for (size_t i = 0; i < text->option_count; i++)
		if (text->options[i].kind == OPTION_LOCK && rule_is(r, text->options[i].first + 1, KW_LOCK))
			return !r->target->password_locking;
	return false;
}

/* A role that MariaDB sets by a statement of its own. */
static void default_role_step(
	struct rewriting *r, const struct user_text *text, const struct account_spec *spec)
{
	struct buffer sql = BUFFER_INIT;

	for (size_t i = 0; i < text->option_count; i++) {
		const struct account_option *option = &text->options[i];
		struct account role;

		if (option->kind != OPTION_DEFAULT_ROLE || r->target->server.family != FAMILY_MARIADB ||
			!r->target->roles)
			continue;
		if (!account_read(&r->tokens, option->first + 2, r->arena, &role) ||
			role.end != option->end || rule_is(r, option->first + 2, KW_ALL)) {
			rule_notes(r, "MariaDB has one default role for an account: choose one by hand.");
			continue;
		}
		buffer_puts(&sql, "SET DEFAULT ROLE ");
		if (rule_is(r, option->first + 2, KW_NONE))
			buffer_puts(&sql, "NONE");
		else
			identifier_put(role.user, &r->tokens.options, &sql);
		buffer_puts(&sql, " FOR ");
		account_put(spec->account.user, spec->account.host, &r->tokens.options, &sql);
		add_step(r, &sql, NULL);
	}
	buffer_release(&sql);
}

static void user_step(struct rewriting *r, const struct user_text *text, const struct account_spec *spec)
{
	bool create = r->statement.class == STATEMENT_CREATE_USER, old = target_is_old_mysql(r), lock = false;
	struct buffer sql = BUFFER_INIT;
	size_t before;

	if (create && (r->statement.flags & STATEMENT_OR_REPLACE) &&
		r->target->server.family == FAMILY_MYSQL) {
		buffer_puts(&sql, old ? "DROP USER " : "DROP USER IF EXISTS ");
		account_put(spec->account.user, spec->account.host, &r->tokens.options, &sql);
		add_step(r, &sql, no_such_account);
	}
	if (!create && old && spec->form != AUTH_NONE) {
		put_set_password(r, spec, &sql);
		add_step(r, &sql, NULL);
		buffer_release(&sql);
		return;
	}
	buffer_puts(&sql, create ? "CREATE " : "ALTER ");
	if (create && (r->statement.flags & STATEMENT_OR_REPLACE) &&
		r->target->server.family == FAMILY_MARIADB)
		buffer_puts(&sql, "OR REPLACE ");
	buffer_puts(&sql, "USER ");
	if (!old && (r->statement.flags & STATEMENT_IF_NOT_EXISTS))
		buffer_puts(&sql, "IF NOT EXISTS ");
	if (!old && (r->statement.flags & STATEMENT_IF_EXISTS))
		buffer_puts(&sql, "IF EXISTS ");
	if (create && wants_lock(r, text)) {
		struct account_spec nobody = {.account = spec->account, .form = AUTH_RANDOM};

		account_spec_put(r, &nobody, &lock, &sql);
	} else {
		account_spec_put(r, spec, &lock, &sql);
	}
	before = sql.length;
	account_options_put(r, text->options, text->option_count, lock, &sql);
	if (create || sql.length > before || spec->form != AUTH_NONE || account_second_password_known(r, spec))
		add_step(r, &sql,
			r->statement.flags & (STATEMENT_IF_NOT_EXISTS | STATEMENT_IF_EXISTS) ? no_such_account
											     : NULL);
	if (old)
		grant_usage_step(r, text, spec);
	default_role_step(r, text, spec);
	buffer_release(&sql);
}

void rule_users(struct rewriting *r)
{
	struct user_text text;
	const char *why;
	bool lost;

	read_users(r, r->statement.body, &text);
	why = text.count ? why_rewrite(r, &text, &lost) : NULL;
	if (!why)
		return;
	if (r->statement.class == STATEMENT_ALTER_USER && wants_lock(r, &text)) {
		rule_stops(r, "The target cannot lock accounts.");
		return;
	}
	if (!RULE_REWRITES(r, "%s", why))
		return;
	for (size_t i = 0; i < text.count; i++)
		if (!account_is_reserved(r, &text.specs[i].account))
			user_step(r, &text, &text.specs[i]);
	if (!r->built)
		rule_skips(r, "Nothing is left of it that the target knows.");
}

/* 'hash', PASSWORD('text') or 'text' (MySQL 8, where the log has ALTER USER instead) behind the '='. */
static bool read_password(struct rewriting *r, struct account_spec *spec)
{
	size_t at = r->statement.verb + 2;

	*spec = (struct account_spec){0};
	if (rule_is(r, at, KW_FOR)) {
		if (!account_read(&r->tokens, at + 1, r->arena, &spec->account))
			return false;
		at = spec->account.end;
	}
	if (!rule_is(r, at, '='))
		return false;
	spec->form = AUTH_OLD_HASH;
	at++;
	if (rule_is(r, at, KW_PASSWORD) || rule_is(r, at, KW_OLD_PASSWORD)) {
		spec->form = rule_is(r, at, KW_PASSWORD) ? AUTH_CLEAR : AUTH_RANDOM;
		at += 2;
	}
	spec->secret = rule_value(r, at);
	spec->secret_length = strlen(spec->secret);
	return token_at(&r->tokens, at)->kind == TOKEN_STRING;
}

void rule_set_password(struct rewriting *r)
{
	struct account_spec spec;
	struct buffer sql = BUFFER_INIT;
	bool lock = false;

	if (!read_password(r, &spec)) {
		rule_stops(r, "The password it sets cannot be read from it.");
		return;
	}
	if (!spec.account.user && r->input->invoker_user) {
		spec.account.user = r->input->invoker_user;
		spec.account.host = r->input->invoker_host;
	} else if (!target_is_mysql57(r) && auth_carried(r, &spec) == AUTH_AS_IT_IS) {
		return;
	}
	if (!RULE_REWRITES(r, "%s",
		    auth_carried(r, &spec) == AUTH_LOST ? "The target cannot hold this hash: the account is "
							  "locked until somebody sets a password."
							: "Passwords are set in the target's words."))
		return;
	if (target_is_old_mysql(r)) {
		put_set_password(r, &spec, &sql);
	} else {
		buffer_puts(&sql, "ALTER USER ");
		account_spec_put(r, &spec, &lock, &sql);
		account_options_put(r, NULL, 0, lock, &sql);
	}
	add_step(r, &sql, NULL);
	buffer_release(&sql);
}

/* ---- GRANT with more than privileges ---- */

#define GRANT_MAKES_ACCOUNTS \
	"On the source GRANT made the account when there was none: then it is made here, locked."

static bool may_have_created(const struct rewriting *r)
{
	/* without NO_AUTO_CREATE_USER a GRANT made accounts that were not there */
	bool old = r->input->source.family == FAMILY_MARIADB ||
		   !version_at_least(r->input->source, FAMILY_MYSQL, 80000);

	return old && !(r->input->sql_mode & MODE_NO_AUTO_CREATE_USER);
}

/* An account that may not be there, and of whose password nothing is known. */
static void nobody_step(struct rewriting *r, const struct account *account)
{
	struct account_spec nobody = {.account = *account, .form = AUTH_RANDOM};
	bool old = target_is_old_mysql(r), lock = false;
	struct buffer sql = BUFFER_INIT;

	buffer_puts(&sql, old ? "CREATE USER " : "CREATE USER IF NOT EXISTS ");
	account_spec_put(r, &nobody, &lock, &sql);
	account_options_put(r, NULL, 0, lock, &sql);
	add_step(r, &sql, old ? no_such_account : NULL);
	buffer_release(&sql);
}

/* The target would make the accounts that are not there, without a password. It must not: either the source's GRANT did not
 * make them (MySQL 8 refuses to), or they may have been there before, with a password. */
static void make_none_open(struct rewriting *r, const struct grant_text *grant)
{
	bool may_be_role = r->input->source.family == FAMILY_MARIADB && r->target->roles;
	bool refused = version_at_least(r->input->source, FAMILY_MYSQL, 80000), made = false;
	struct buffer sql = BUFFER_INIT;

	for (size_t i = 0; i < grant->account_count && may_have_created(r); i++) {
		const struct account_spec *spec = &grant->accounts[i];

		if (spec->form != AUTH_NONE || spec->account.current || account_is_reserved(r, &spec->account))
			continue;
		if (!spec->account.host && may_be_role) { /* an account of a role's name must not come to be */
			refused = true;
			continue;
		}
		if (!made && !RULE_REWRITES(r, GRANT_MAKES_ACCOUNTS))
			return;
		made = true;
		nobody_step(r, &spec->account);
	}
	if (refused)
		rule_sql_mode(r, 0, MODE_NO_AUTO_CREATE_USER);
	if (!made)
		return;
	buffer_puts(&sql, rule_text(r, 0, r->tokens.count, NULL));
	add_step(r, &sql, NULL);
	buffer_release(&sql);
}

static void account_steps(struct rewriting *r, const struct user_text *text, const struct account_spec *spec)
{
	struct account_spec nobody = {.account = spec->account, .form = AUTH_RANDOM};
	struct buffer sql = BUFFER_INIT;
	bool lock = false, options = false;

	buffer_puts(&sql, "CREATE USER IF NOT EXISTS ");
	/* it may be there on the source, with a password that this statement does not tell */
	account_spec_put(r, spec->form == AUTH_NONE ? &nobody : spec, &lock, &sql);
	account_options_put(r, text->options, text->option_count, lock, &sql);
	add_step(r, &sql, NULL);
	for (size_t i = 0; i < text->option_count; i++)
		options = options || text->options[i].kind == OPTION_REQUIRE ||
			  text->options[i].kind == OPTION_RESOURCES;
	if (spec->form != AUTH_NONE || options) {
		lock = false;
		buffer_puts(&sql, "ALTER USER ");
		account_spec_put(r, spec, &lock, &sql);
		account_options_put(r, text->options, text->option_count, lock, &sql);
		add_step(r, &sql, NULL);
	}
	buffer_release(&sql);
}

/* The GRANT itself: up to the accounts as edited, the accounts alone, and WITH GRANT OPTION. */
static void grant_step(struct rewriting *r, const struct grant_text *grant)
{
	struct buffer sql = BUFFER_INIT;
	bool first = true;

	buffer_puts(&sql, rule_text(r, 0, grant->accounts[0].account.first, NULL));
	for (size_t i = 0; i < grant->account_count; i++) {
		const struct account *account = &grant->accounts[i].account;

		if (account_is_reserved(r, account))
			continue;
		buffer_puts(&sql, first ? " " : ", ");
		first = false;
		if (account->current && r->input->invoker_user)
			account_put(r->input->invoker_user, r->input->invoker_host, &r->tokens.options, &sql);
		else
			account_put(account->user, account->host, &r->tokens.options, &sql);
	}
	if (grant->grant_option)
		buffer_puts(&sql, " WITH GRANT OPTION");
	add_step(r, &sql, NULL);
	buffer_release(&sql);
}

void rule_grant_identified(struct rewriting *r)
{
	bool identified = false, lost = false, options = false;
	struct grant_text grant;
	struct user_text text = {0};

	if (!grant_read(&r->tokens, r->statement.verb + 1, false, r->arena, &grant) || grant.is_public)
		return;
	if (grant.roles) {
		if (r->target->server.family == FAMILY_MARIADB)
			make_none_open(r, &grant);
		return;
	}
	text.specs = grant.accounts;
	text.count = grant.account_count;
	text.option_count = account_options_read(r, grant.options, text.options, OPTIONS_MAXIMUM);
	for (size_t i = 0; i < text.count; i++) {
		identified = identified || text.specs[i].form != AUTH_NONE;
		lost = lost || auth_carried(r, &text.specs[i]) != AUTH_AS_IT_IS;
	}
	for (size_t i = 0; i < text.option_count; i++)
		options = options ||
			  (text.options[i].kind != OPTION_GRANT &&
				  !account_option_known(r, &text.options[i])) ||
			  text.options[i].kind == OPTION_REQUIRE || text.options[i].kind == OPTION_RESOURCES;
	if (version_at_least(r->target->server, FAMILY_MYSQL, 80000)) {
		if (!identified && !options && !may_have_created(r))
			return;
	} else if (!lost || target_is_old_mysql(r)) {
		make_none_open(r, &grant); /* MySQL 5 and MariaDB take passwords and options in GRANT */
		return;
	}
	if (!RULE_REWRITES(r, "%s",
		    identified || options ? "The target takes passwords and options of accounts in CREATE "
					    "USER and ALTER USER only."
					  : GRANT_MAKES_ACCOUNTS))
		return;
	for (size_t i = 0; i < text.count; i++)
		if (!account_is_reserved(r, &text.specs[i].account))
			account_steps(r, &text, &text.specs[i]);
	grant_step(r, &grant);
}

/* MySQL 8.0.30 */
static void revoke_if_exists(struct rewriting *r)
{
	/* no such grant, account or role: of a routine, of a table, of everything, and MariaDB's of roles */
	static const uint16_t nothing_there[] = {1133, 1141, 1147, 1269, 1403, 1959, 1962, 0};
	struct grant_text grant;

	if (!grant_read(&r->tokens, r->statement.verb + 1, true, r->arena, &grant) ||
		(!grant.if_exists && !grant.ignore_unknown_user) ||
		version_at_least(r->target->server, FAMILY_MYSQL, 80030))
		return;
	if (!RULE_REWRITES(r, "The target's REVOKE does not know IF EXISTS and IGNORE UNKNOWN USER; the errors they avoid "
			      "are no errors instead."))
		return;
	if (grant.if_exists)
		rule_remove(r, r->statement.verb + 1, r->statement.verb + 2);
	if (grant.ignore_unknown_user)
		rule_remove(r, grant.options, grant.options + 2);
	r->tolerated = nothing_there;
}

/* MariaDB grants and revokes one role at a time. */
void rule_role_lists(struct rewriting *r)
{
	bool revoke = r->statement.class == STATEMENT_REVOKE;
	struct buffer sql = BUFFER_INIT;
	struct grant_text grant;

	if (r->built || r->target->server.family != FAMILY_MARIADB ||
		!grant_read(&r->tokens, r->statement.verb + 1, revoke, r->arena, &grant) || grant.role_count < 2 ||
		!RULE_REWRITES(r, "MariaDB grants and revokes one role at a time."))
		return;
	for (size_t i = 0; i < grant.role_count; i++) {
		const struct account *role = &grant.role_list[i];

		buffer_printf(&sql, "%s %s", rule_text(r, 0, grant.role_list[0].first, NULL),
			rule_text(r, role->first, role->end, NULL));
		buffer_printf(&sql, " %s %s", revoke ? "FROM" : "TO",
			rule_text(r, grant.accounts[0].account.first, r->tokens.count, NULL));
		add_step(r, &sql, r->tolerated);
	}
	buffer_release(&sql);
}

void rule_account_if_exists(struct rewriting *r)
{
	size_t at = r->statement.body;
	bool old = target_is_old_mysql(r);

	if (r->statement.class == STATEMENT_REVOKE) {
		revoke_if_exists(r);
		return;
	}
	if ((r->statement.flags & STATEMENT_OR_REPLACE) && r->target->server.family == FAMILY_MYSQL) {
		struct buffer sql = BUFFER_INIT;

		if (!RULE_REWRITES(r, "MySQL has no CREATE OR REPLACE ROLE."))
			return;
		buffer_printf(&sql, "DROP ROLE IF EXISTS %s", rule_text(r, at, r->tokens.count, NULL));
		add_step(r, &sql, NULL);
		buffer_printf(&sql, "CREATE ROLE %s", rule_text(r, at, r->tokens.count, NULL));
		add_step(r, &sql, NULL);
		buffer_release(&sql);
		return;
	}
	if (!old || !(r->statement.flags & (STATEMENT_IF_EXISTS | STATEMENT_IF_NOT_EXISTS)))
		return;
	if (!RULE_REWRITES(
		    r, "The target does not know IF [NOT] EXISTS here; error 1396 is no error instead."))
		return;
	rule_remove(r, at - ((r->statement.flags & STATEMENT_IF_NOT_EXISTS) ? 3 : 2), at - 1);
	r->tolerated = no_such_account;
}
