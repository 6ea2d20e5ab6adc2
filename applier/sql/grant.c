#include "applier/sql/grant.h"

#include <string.h>
#include <strings.h>

#include "applier/sql/keyword.h"
#include "applier/sql/privilege.h"
#include "base/buffer.h"

static const char *value_of(const struct token_list *tokens, size_t at, struct arena *arena, size_t *length)
{
	struct buffer value = BUFFER_INIT;
	const char *copy;

	token_value(tokens, at, &value);
	copy = arena_strndup(arena, buffer_text(&value), value.length);
	if (length)
		*length = value.length;
	buffer_release(&value);
	return copy;
}

static bool is_text(const struct token_list *tokens, size_t at)
{
	const struct token *token = token_at(tokens, at);

	return token->kind == TOKEN_STRING || token->kind == TOKEN_PREFIXED_STRING ||
	       token->kind == TOKEN_NUMBER;
}

static unsigned hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return ((unsigned)c | 0x20u) - 'a' + 10;
}

/* A hash written as 0x… or x'…' becomes its bytes. */
static void take_secret(
	const struct token_list *tokens, size_t at, struct arena *arena, struct account_spec *spec)
{
	const struct token *token = token_at(tokens, at);
	char first = tokens->text[token->start];
	bool hex = token->kind == TOKEN_NUMBER ||
		   (token->kind == TOKEN_PREFIXED_STRING && (first | 0x20) == 'x');
	const char *digits = value_of(tokens, at, arena, &spec->secret_length);
	char *bytes;

	spec->secret = digits;
	if (!hex)
		return;
	if (token->kind == TOKEN_NUMBER) {
		digits += 2;
		spec->secret_length -= spec->secret_length < 2 ? 0 : 2;
	}
	bytes = arena_alloc(arena, spec->secret_length / 2 + 1);
	for (size_t i = 0; i + 1 < spec->secret_length; i += 2)
		bytes[i / 2] = (char)(hex_digit(digits[i]) << 4 | hex_digit(digits[i + 1]));
	spec->secret_length /= 2;
	bytes[spec->secret_length] = '\0';
	spec->secret = bytes;
}

/* plugin [BY 'x' | AS 'x' | USING 'x' | USING PASSWORD('x')] */
static size_t plugin_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct account_spec *spec)
{
	spec->form = AUTH_PLUGIN;
	spec->plugin = value_of(tokens, at++, arena, NULL);
	if (token_is(tokens, at, KW_BY) && token_is(tokens, at + 1, KW_RANDOM)) {
		spec->form = AUTH_RANDOM;
		return at + 3;
	}
	if (token_is(tokens, at, KW_BY) && is_text(tokens, at + 1)) {
		spec->form = AUTH_PLUGIN_CLEAR;
		take_secret(tokens, at + 1, arena, spec);
		return at + 2;
	}
	if (!token_is(tokens, at, KW_AS) && !token_is(tokens, at, KW_USING))
		return at;
	if (token_is(tokens, at + 1, KW_PASSWORD) && token_is(tokens, at + 2, '(')) {
		spec->form = AUTH_PLUGIN_CLEAR;
		take_secret(tokens, at + 3, arena, spec);
		return token_skip_parens(tokens, at + 2);
	}
	if (!is_text(tokens, at + 1))
		return at;
	spec->form = AUTH_PLUGIN_HASH;
	take_secret(tokens, at + 1, arena, spec);
	return at + 2;
}

/* BY 'x' | BY PASSWORD 'x' | BY RANDOM PASSWORD | WITH plugin … | VIA plugin … */
static size_t identified_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct account_spec *spec)
{
	if (token_is(tokens, at, KW_WITH) || token_is(tokens, at, KW_VIA))
		return plugin_read(tokens, at + 1, arena, spec);
	if (!token_is(tokens, at, KW_BY))
		return at;
	if (token_is(tokens, at + 1, KW_RANDOM)) {
		spec->form = AUTH_RANDOM;
		return at + 3;
	}
	spec->form = AUTH_CLEAR;
	at++;
	if (token_is(tokens, at, KW_PASSWORD)) {
		spec->form = AUTH_OLD_HASH;
		at++;
	}
	if (is_text(tokens, at))
		take_secret(tokens, at++, arena, spec);
	return at;
}

/* REPLACE 'old', RETAIN CURRENT PASSWORD, DISCARD OLD PASSWORD, and further ways to log in. */
static size_t identified_tail(const struct token_list *tokens, size_t at, struct account_spec *spec)
{
	spec->second_first = spec->second_end = at;
	for (;;) {
		if (token_is(tokens, at, KW_REPLACE) && is_text(tokens, at + 1)) {
			spec->second_end = at += 2;
		} else if (token_is(tokens, at, KW_RETAIN) || token_is(tokens, at, KW_DISCARD)) {
			spec->second_end = at += 3;
		} else if (token_is(tokens, at, KW_OR) || token_is(tokens, at, KW_AND) ||
			   (token_is(tokens, at, KW_INITIAL) &&
				   token_is(tokens, at + 1, KW_AUTHENTICATION))) {
			struct arena scratch = ARENA_INIT;
			struct account_spec other = {0};

			spec->form = AUTH_SEVERAL;
			at += token_is(tokens, at, KW_INITIAL) ? 2 : 1;
			if (token_is(tokens, at, KW_IDENTIFIED))
				at = identified_read(tokens, at + 1, &scratch, &other);
			else
				at = plugin_read(tokens, at, &scratch, &other);
			arena_release(&scratch);
		} else {
			return at;
		}
	}
}

bool account_spec_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct account_spec *spec)
{
	*spec = (struct account_spec){0};
	if (!account_read(tokens, at, arena, &spec->account))
		return false;
	at = spec->account.end;
	if (token_is(tokens, at, KW_IDENTIFIED))
		at = identified_read(tokens, at + 1, arena, spec);
	spec->end = identified_tail(tokens, at, spec);
	if (spec->end > tokens->count)
		spec->end = tokens->count;
	if (spec->second_end > tokens->count)
		spec->second_end = tokens->count;
	return true;
}

struct account_spec *account_specs_read(
	const struct token_list *tokens, size_t at, struct arena *arena, size_t *count, size_t *end)
{
	size_t room = 0;
	struct account_spec *list = NULL, spec;

	*count = 0;
	*end = at;
	while (account_spec_read(tokens, at, arena, &spec)) {
		if (*count == room) {
			struct account_spec *larger =
				arena_alloc(arena, (room = room ? room * 2 : 4) * sizeof(*list));

			if (*count)
				memcpy(larger, list, *count * sizeof(*list));
			list = larger;
		}
		list[(*count)++] = spec;
		*end = at = spec.end;
		if (!token_is(tokens, at, ','))
			break;
		at++;
	}
	return list;
}

static int special_privilege(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} special[] = {{"ALL", PRIVILEGE_ALL}, {"ALL PRIVILEGES", PRIVILEGE_ALL},
		{"GRANT OPTION", PRIVILEGE_GRANT_OPTION}, {"USAGE", PRIVILEGE_USAGE},
		{"PROXY", PRIVILEGE_PROXY}};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (strcasecmp(name, special[i].name) == 0)
			return special[i].number;
	return privilege_find(name, strlen(name));
}

/* One privilege: words up to a comma, ON, FROM, TO or its column list. */
static bool privilege_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct grant_privilege *privilege)
{
	struct buffer name = BUFFER_INIT;

	while (at < tokens->count && token_is_name(tokens, at) && !token_is(tokens, at, KW_ON) &&
		!token_is(tokens, at, KW_FROM) && !token_is(tokens, at, KW_TO)) {
		if (name.length)
			buffer_putc(&name, ' ');
		token_value(tokens, at++, &name);
	}
	*privilege = (struct grant_privilege){.columns = at, .end = at};
	if (token_is(tokens, at, '('))
		privilege->end = token_skip_parens(tokens, at);
	privilege->name = arena_strdup(arena, buffer_text(&name));
	privilege->number = special_privilege(privilege->name);
	buffer_release(&name);
	return privilege->name[0] != '\0';
}

static size_t privileges_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct grant_text *grant)
{
	size_t room = 0;
	struct grant_privilege privilege;

	while (privilege_read(tokens, at, arena, &privilege)) {
		if (grant->privilege_count == room) {
			struct grant_privilege *larger;

			room = room ? room * 2 : 8;
			larger = arena_alloc(arena, room * sizeof(*larger));
			if (grant->privilege_count)
				memcpy(larger, grant->privileges, grant->privilege_count * sizeof(*larger));
			grant->privileges = larger;
		}
		grant->privileges[grant->privilege_count++] = privilege;
		at = privilege.end;
		if (!token_is(tokens, at, ','))
			break;
		at++;
	}
	return at;
}

static size_t roles_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct grant_text *grant)
{
	size_t count;
	struct account_spec *specs = account_specs_read(tokens, at, arena, &count, &at);

	grant->roles = true;
	grant->role_count = count;
	grant->role_list = arena_alloc(arena, (count + 1) * sizeof(*grant->role_list));
	for (size_t i = 0; i < count; i++)
		grant->role_list[i] = specs[i].account;
	return at;
}

/* ON [TABLE | FUNCTION | …] *.*, db.*, *, db.t, t */
static size_t object_read(
	const struct token_list *tokens, size_t at, struct arena *arena, struct grant_text *grant)
{
	unsigned word = token_at(tokens, at)->word;

	if ((word == KW_TABLE || word == KW_FUNCTION || word == KW_PROCEDURE || word == KW_PACKAGE) &&
		!token_is(tokens, at + 1, '.') && !token_is(tokens, at + 1, KW_TO) &&
		!token_is(tokens, at + 1, KW_FROM)) {
		grant->object_word = word;
		at++;
		if (word == KW_PACKAGE && token_is(tokens, at, KW_BODY))
			at++;
	}
	grant->object_first = at;
	if (token_is(tokens, at, '*')) {
		grant->all_databases = token_is(tokens, at + 1, '.');
		grant->whole_database = !grant->all_databases;
		at += grant->all_databases ? 3 : 1;
	} else if (token_is(tokens, at + 1, '.')) {
		grant->database = value_of(tokens, at, arena, NULL);
		if (token_is(tokens, at + 2, '*'))
			grant->whole_database = true;
		else
			grant->table = value_of(tokens, at + 2, arena, NULL);
		at += 3;
	} else {
		grant->table = value_of(tokens, at++, arena, NULL);
	}
	grant->object_end = at;
	return at;
}

/* Does ON come before TO or FROM? Otherwise roles are granted. */
static bool names_object(const struct token_list *tokens, size_t at, bool revoke)
{
	for (size_t i = at; i < tokens->count; i++) {
		if (token_is(tokens, i, KW_ON))
			return true;
		if (token_is(tokens, i, revoke ? KW_FROM : KW_TO))
			return false;
	}
	return false;
}

static void options_read(const struct token_list *tokens, struct grant_text *grant)
{
	for (size_t i = grant->options; i < tokens->count; i++) {
		if (token_is(tokens, i, KW_GRANT) && token_is(tokens, i + 1, KW_OPTION))
			grant->grant_option = true;
		if (token_is(tokens, i, KW_ADMIN) && token_is(tokens, i + 1, KW_OPTION))
			grant->admin_option = true;
		if (token_is(tokens, i, KW_IGNORE) && token_is(tokens, i + 1, KW_UNKNOWN))
			grant->ignore_unknown_user = true;
	}
}

bool grant_read(const struct token_list *tokens, size_t at, bool revoke, struct arena *arena,
	struct grant_text *grant)
{
	*grant = (struct grant_text){.revoke = revoke};
	if (revoke && token_is(tokens, at, KW_IF) && token_is(tokens, at + 1, KW_EXISTS)) {
		grant->if_exists = true;
		at += 2;
	}
	if (names_object(tokens, at, revoke)) {
		at = privileges_read(tokens, at, arena, grant);
		if (!token_is(tokens, at, KW_ON))
			return false;
		if (grant->privilege_count == 1 && grant->privileges[0].number == PRIVILEGE_PROXY) {
			struct account account;

			if (!account_read(tokens, at + 1, arena, &account))
				return false;
			at = account.end;
		} else {
			at = object_read(tokens, at + 1, arena, grant);
		}
	} else if (revoke && token_is(tokens, at, KW_ALL)) {
		at = privileges_read(tokens, at, arena, grant);
		grant->everything = true;
	} else {
		if (revoke && token_is(tokens, at, KW_ADMIN) && token_is(tokens, at + 1, KW_OPTION) &&
			token_is(tokens, at + 2, KW_FOR)) {
			grant->admin_option = true;
			at += 3;
		}
		at = roles_read(tokens, at, arena, grant);
	}
	if (!token_is(tokens, at, revoke ? KW_FROM : KW_TO))
		return false;
	grant->is_public = token_equals(tokens, at + 1, "PUBLIC");
	grant->accounts = account_specs_read(tokens, at + 1, arena, &grant->account_count, &grant->options);
	grant->end = tokens->count;
	options_read(tokens, grant);
	return grant->account_count > 0;
}
