#include "applier/sql/account_text.h"

#include <string.h>
#include <strings.h>

#define NATIVE "mysql_native_password"
#define CACHING "caching_sha2_password"
/* hashes of the right form that no password has; that of caching_sha2_password is the servers' own for theirs */
#define NO_PASSWORD "*0000000000000000000000000000000000000000"
#define NO_PASSWORD_CACHING "$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED"

static bool has_plugin(const struct rewriting *r, const char *plugin)
{
	return name_set_has(&r->target->auth_plugins, plugin);
}

static bool is_native_hash(const struct account_spec *spec)
{
	if (spec->form == AUTH_OLD_HASH ||
		(spec->form == AUTH_PLUGIN_HASH && strcasecmp(spec->plugin, NATIVE) == 0))
		return spec->secret_length == 41 && spec->secret[0] == '*';
	return false;
}

static bool is_maria_target(const struct rewriting *r)
{
	return r->target->server.family == FAMILY_MARIADB;
}

static enum auth_carried plugin_carried(const struct rewriting *r, const struct account_spec *spec)
{
	bool via = rule_is(r, spec->account.end + 1, KW_VIA);

	if (!has_plugin(r, spec->plugin))
		return AUTH_LOST;
	if (is_maria_target(r))
		return spec->form == AUTH_PLUGIN_CLEAR && !via ? AUTH_OTHER_WORDS : AUTH_AS_IT_IS;
	if (via)
		return AUTH_OTHER_WORDS;
	if (spec->form == AUTH_PLUGIN_CLEAR && target_is_old_mysql(r))
		return AUTH_OTHER_WORDS;
	/* a salt is any byte: read here under one character set, it would be read there under another */
	if (spec->form == AUTH_PLUGIN_HASH && strcasecmp(spec->plugin, CACHING) == 0 &&
		version_at_least(r->target->server, FAMILY_MYSQL, 80017) &&
		r->input->source.family != FAMILY_MYSQL)
		return AUTH_OTHER_WORDS;
	return AUTH_AS_IT_IS;
}

enum auth_carried auth_carried(const struct rewriting *r, const struct account_spec *spec)
{
	switch (spec->form) {
	case AUTH_NONE:
	case AUTH_CLEAR:
		return AUTH_AS_IT_IS;
	case AUTH_OLD_HASH:
		if (spec->secret_length == 0)
			return target_is_mysql57(r) ? AUTH_OTHER_WORDS : AUTH_AS_IT_IS;
		if (!is_native_hash(spec) && !target_is_old_mysql(r))
			return AUTH_LOST;
		if (is_native_hash(spec) && !has_plugin(r, NATIVE))
			return AUTH_LOST;
		return target_is_mysql57(r) ? AUTH_OTHER_WORDS : AUTH_AS_IT_IS;
	case AUTH_PLUGIN:
	case AUTH_PLUGIN_CLEAR:
	case AUTH_PLUGIN_HASH:
		return plugin_carried(r, spec);
	case AUTH_SEVERAL:
		return r->input->source.family == r->target->server.family &&
				       has_plugin(r, spec->plugin ? spec->plugin : "")
			       ? AUTH_AS_IT_IS
			       : AUTH_LOST;
	case AUTH_RANDOM:
		return AUTH_LOST;
	}
	return AUTH_LOST;
}

static void put_secret(const struct rewriting *r, const struct account_spec *spec, struct buffer *out)
{
	literal_put(spec->secret, spec->secret_length, &r->tokens.options, out);
}

static void put_hash(const struct rewriting *r, const struct account_spec *spec, struct buffer *out)
{
	const char *plugin = spec->plugin ? spec->plugin : NATIVE;

	if (target_is_mysql57(r)) {
		buffer_printf(out, " IDENTIFIED WITH '%s' AS ", plugin);
		if (strcasecmp(plugin, CACHING) == 0 &&
			version_at_least(r->target->server, FAMILY_MYSQL, 80017)) {
			buffer_puts(out, "0x");
			buffer_put_hex(out, spec->secret, spec->secret_length);
			return;
		}
	} else if (strcasecmp(plugin, NATIVE) == 0) {
		buffer_puts(out, " IDENTIFIED BY PASSWORD ");
	} else {
		buffer_printf(out,
			is_maria_target(r) ? " IDENTIFIED VIA %s USING " : " IDENTIFIED WITH %s AS ", plugin);
	}
	put_secret(r, spec, out);
}

static void put_no_password(const struct rewriting *r, struct buffer *out)
{
	if (!target_is_mysql57(r))
		buffer_puts(out, " IDENTIFIED BY PASSWORD '" NO_PASSWORD "'");
	else if (has_plugin(r, CACHING))
		buffer_puts(out, " IDENTIFIED WITH '" CACHING "' AS '" NO_PASSWORD_CACHING "'");
	else
		buffer_puts(out, " IDENTIFIED WITH '" NATIVE "' AS '" NO_PASSWORD "'");
}

static void put_plugin(const struct rewriting *r, const struct account_spec *spec, struct buffer *out)
{
	buffer_printf(out, is_maria_target(r) ? " IDENTIFIED VIA %s" : " IDENTIFIED WITH '%s'", spec->plugin);
}

static void put_identified(
	const struct rewriting *r, const struct account_spec *spec, bool *lock, struct buffer *out)
{
	if (auth_carried(r, spec) == AUTH_LOST) {
		*lock = true;
		put_no_password(r, out);
		return;
	}
	switch (spec->form) {
	case AUTH_CLEAR:
		buffer_puts(out, " IDENTIFIED BY ");
		put_secret(r, spec, out);
		break;
	case AUTH_OLD_HASH:
		if (spec->secret_length)
			put_hash(r, spec, out);
		else
			buffer_puts(out, " IDENTIFIED BY ''");
		break;
	case AUTH_PLUGIN_HASH:
		if (spec->secret_length)
			put_hash(r, spec, out);
		else
			put_plugin(r, spec, out);
		break;
	case AUTH_PLUGIN:
		put_plugin(r, spec, out);
		break;
	case AUTH_PLUGIN_CLEAR:
		if (target_is_mysql57(r)) {
			buffer_printf(out, " IDENTIFIED WITH '%s' BY ", spec->plugin);
			put_secret(r, spec, out);
		} else if (is_maria_target(r)) {
			buffer_printf(out, " IDENTIFIED VIA %s USING PASSWORD(", spec->plugin);
			put_secret(r, spec, out);
			buffer_putc(out, ')');
		} else {
			buffer_puts(out, " IDENTIFIED BY ");
			put_secret(r, spec, out);
		}
		break;
	default:
		break;
	}
}

bool account_second_password_known(const struct rewriting *r, const struct account_spec *spec)
{
	return spec->second_end > spec->second_first && version_at_least(r->target->server, FAMILY_MYSQL, 80014);
}

/* The text of tokens as it is. */
static void put_tokens(const struct rewriting *r, size_t first, size_t end, struct buffer *out)
{
	const struct token *last = token_at(&r->tokens, end - 1);
	size_t start = token_at(&r->tokens, first)->start;

	buffer_putc(out, ' ');
	buffer_append(out, r->tokens.text + start, last->start + last->length - start);
}

void account_spec_put(
	const struct rewriting *r, const struct account_spec *spec, bool *lock, struct buffer *out)
{
	if (spec->account.current)
		buffer_puts(out, "CURRENT_USER()");
	else
		account_put(spec->account.user, spec->account.host, &r->tokens.options, out);
	if (spec->form == AUTH_SEVERAL && auth_carried(r, spec) == AUTH_AS_IT_IS) {
		put_tokens(r, spec->account.end, spec->end, out);
		return;
	}
	put_identified(r, spec, lock, out);
	if (account_second_password_known(r, spec) && auth_carried(r, spec) != AUTH_LOST)
		put_tokens(r, spec->second_first, spec->second_end, out);
}

static bool is_resource(unsigned word)
{
	return word == KW_MAX_QUERIES_PER_HOUR || word == KW_MAX_UPDATES_PER_HOUR ||
	       word == KW_MAX_CONNECTIONS_PER_HOUR || word == KW_MAX_USER_CONNECTIONS ||
	       word == KW_MAX_STATEMENT_TIME;
}

/* Does an option begin with the token? */
static bool begins_option(const struct rewriting *r, size_t at)
{
	switch (token_at(&r->tokens, at)->word) {
	case KW_REQUIRE:
	case KW_WITH:
	case KW_ACCOUNT:
	case KW_FAILED_LOGIN_ATTEMPTS:
	case KW_PASSWORD_LOCK_TIME:
	case KW_COMMENT:
	case KW_ATTRIBUTE:
	case KW_AS:
		return true;
	case KW_PASSWORD:
		return rule_is(r, at + 1, KW_EXPIRE) || rule_is(r, at + 1, KW_HISTORY) ||
		       rule_is(r, at + 1, KW_REUSE) || rule_is(r, at + 1, KW_REQUIRE);
	case KW_DEFAULT:
		return rule_is(r, at + 1, KW_ROLE);
	default:
		return is_resource(token_at(&r->tokens, at)->word);
	}
}

static enum account_option_kind option_kind(const struct rewriting *r, size_t at)
{
	switch (token_at(&r->tokens, at)->word) {
	case KW_REQUIRE:
		return OPTION_REQUIRE;
	case KW_ACCOUNT:
		return OPTION_LOCK;
	case KW_FAILED_LOGIN_ATTEMPTS:
	case KW_PASSWORD_LOCK_TIME:
		return OPTION_FAILED_LOGINS;
	case KW_COMMENT:
	case KW_ATTRIBUTE:
		return OPTION_COMMENT;
	case KW_AS:
		return OPTION_AS;
	case KW_PASSWORD:
		return rule_is(r, at + 1, KW_EXPIRE) ? OPTION_EXPIRE : OPTION_HISTORY;
	case KW_DEFAULT:
		return OPTION_DEFAULT_ROLE;
	case KW_GRANT:
		return OPTION_GRANT;
	default:
		return is_resource(token_at(&r->tokens, at)->word) ? OPTION_RESOURCES : OPTION_UNKNOWN;
	}
}

size_t account_options_read(const struct rewriting *r, size_t at, struct account_option *options, size_t room)
{
	size_t count = 0;

	while (at < r->tokens.count && count < room) {
		struct account_option *option = &options[count];

		if (rule_is(r, at, KW_WITH) || rule_is(r, at, ';')) {
			at++;
			continue;
		}
		option->kind = option_kind(r, at);
		option->first = at++;
		/* PASSWORD REQUIRE CURRENT DEFAULT holds words that begin options elsewhere */
		if (option->kind == OPTION_HISTORY || option->kind == OPTION_EXPIRE ||
			option->kind == OPTION_DEFAULT_ROLE)
			at++;
		while (at < r->tokens.count && !begins_option(r, at) && !rule_is(r, at, ';') &&
			!(rule_is(r, at, KW_GRANT) && rule_is(r, at + 1, KW_OPTION)))
			at++;
		option->end = at < r->tokens.count ? at : r->tokens.count;
		count++;
	}
	return count;
}

bool account_option_known(const struct rewriting *r, const struct account_option *option)
{
	struct server_version target = r->target->server;
	bool maria = target.family == FAMILY_MARIADB;

	switch (option->kind) {
	case OPTION_REQUIRE:
		return maria || target_is_mysql57(r);
	case OPTION_RESOURCES:
		if (rule_is(r, option->first, KW_MAX_STATEMENT_TIME))
			return maria;
		return maria || target_is_mysql57(r);
	case OPTION_EXPIRE:
		/* the bare word makes the password expired, and is all that 5.6 knows (in ALTER USER) */
		if (target_is_old_mysql(r))
			return r->statement.class == STATEMENT_ALTER_USER && option->end == option->first + 2;
		return !maria || version_at_least(target, FAMILY_MARIADB, 100403);
	case OPTION_HISTORY:
		return version_at_least(target, FAMILY_MYSQL, 80003);
	case OPTION_LOCK:
		return r->target->password_locking;
	case OPTION_FAILED_LOGINS:
		return version_at_least(target, FAMILY_MYSQL, 80019);
	case OPTION_COMMENT:
		return version_at_least(target, FAMILY_MYSQL, 80021);
	case OPTION_DEFAULT_ROLE:
		return version_at_least(target, FAMILY_MYSQL, 80000);
	case OPTION_GRANT:
		return true;
	case OPTION_AS:
		return version_at_least(target, FAMILY_MYSQL, 80016);
	case OPTION_UNKNOWN:
		break;
	}
	return false;
}

void account_requirements_put(
	const struct rewriting *r, const struct account_option *options, size_t count, struct buffer *out)
{
	bool with = false;

	for (size_t i = 0; i < count; i++)
		if (options[i].kind == OPTION_REQUIRE)
			put_tokens(r, options[i].first, options[i].end, out);
	for (size_t i = 0; i < count; i++) {
		if (options[i].kind != OPTION_RESOURCES ||
			rule_is(r, options[i].first, KW_MAX_STATEMENT_TIME))
			continue;
		if (!with)
			buffer_puts(out, " WITH");
		with = true;
		put_tokens(r, options[i].first, options[i].end, out);
	}
}

void account_options_put(const struct rewriting *r, const struct account_option *options, size_t count,
	bool lock, struct buffer *out)
{
	/* the order of both families: DEFAULT ROLE, REQUIRE, WITH, PASSWORD, ACCOUNT, COMMENT */
	static const enum account_option_kind order[] = {OPTION_DEFAULT_ROLE, OPTION_REQUIRE,
		OPTION_RESOURCES, OPTION_EXPIRE, OPTION_HISTORY, OPTION_FAILED_LOGINS, OPTION_LOCK,
		OPTION_COMMENT};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		bool with = false;

		if (order[k] == OPTION_LOCK && lock) {
			if (r->target->password_locking)
				buffer_puts(out, " ACCOUNT LOCK");
			continue;
		}
		for (size_t i = 0; i < count; i++) {
			if (options[i].kind != order[k] || !account_option_known(r, &options[i]))
				continue;
			if (order[k] == OPTION_RESOURCES && !with)
				buffer_puts(out, " WITH");
			with = true;
			put_tokens(r, options[i].first, options[i].end, out);
		}
	}
}

bool account_is_reserved(const struct rewriting *r, const struct account *account)
{
	static const char *const names[] = {"rdsadmin", "rdsrepladmin", "rdsproxyadmin", "rds_superuser_role",
		"rdstopmgr", "mysql.sys", "mysql.session", "mysql.infoschema", "mariadb.sys", "cloudsqladmin",
		"cloudsqlsuperuser", "cloudsqlimport", "cloudsqlexport", "azure_superuser", "azuredb_admin",
		"mysql_innodb_cluster"};
	const char *const *more = r->settings->reserved_accounts;

	if (account->current || account->current_role || !account->user)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(account->user, names[i]) == 0)
			return true;
	for (; more && *more; more++)
		if (strcasecmp(account->user, *more) == 0)
			return true;
	/* on a managed target root belongs to the provider; the applying account must not lock itself out */
	if (strcasecmp(account->user, "root") == 0)
		return true;
	return r->target->account_user && strcmp(account->user, r->target->account_user) == 0 &&
	       strcasecmp(account->host ? account->host : "%", r->target->account_host) == 0;
}
