#include "applier/sql/account.h"

#include <string.h>

#include "applier/sql/keyword.h"
#include "applier/sql/mode.h"
#include "base/buffer.h"

static const char *value_of(const struct token_list *tokens, size_t at, struct arena *arena)
{
	struct buffer value = BUFFER_INIT;
	const char *copy;

	if (!arena)
		return NULL;
	token_value(tokens, at, &value);
	copy = arena_strndup(arena, buffer_text(&value), value.length);
	buffer_release(&value);
	return copy;
}

static size_t skip_empty_parens(const struct token_list *tokens, size_t at)
{
	return token_is(tokens, at, '(') && token_is(tokens, at + 1, ')') ? at + 2 : at;
}

bool account_read(const struct token_list *tokens, size_t at, struct arena *arena, struct account *account)
{
	const struct token *token = token_at(tokens, at);

	*account = (struct account){.first = at};
	if (token->word == KW_CURRENT_USER || token->word == KW_CURRENT_ROLE) {
		account->current = token->word == KW_CURRENT_USER;
		account->current_role = !account->current;
		account->end = skip_empty_parens(tokens, at + 1);
		return true;
	}
	if (token->kind == TOKEN_USER_VARIABLE) { /* the anonymous user: @localhost */
		account->user = "";
		account->host = value_of(tokens, at, arena);
		account->end = at + 1;
		return true;
	}
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_QUOTED && token->kind != TOKEN_STRING)
		return false;
	account->user = value_of(tokens, at, arena);
	account->end = at + 1;
	if (token_at(tokens, at + 1)->kind == TOKEN_USER_VARIABLE) {
		account->host = value_of(tokens, at + 1, arena);
		account->end = at + 2;
	} else if (token_is(tokens, at + 1, '@')) {
		account->host = value_of(tokens, at + 2, arena);
		account->end = at + 3;
	}
	if (account->end > tokens->count)
		account->end = tokens->count;
	return true;
}

/* A quote inside is doubled, and so is an escaping backslash; whole characters are copied, since the second byte of one may
 * look like either. */
static void put_quoted(const char *text, size_t length, char quote, bool backslash_escapes,
	const struct lexer_options *options, struct buffer *out)
{
	buffer_putc(out, quote);
	for (size_t i = 0, size; i < length; i += size) {
		size = options ? lexer_character(options, text + i, length - i) : 1;
		if (size > length - i)
			size = length - i;
		if (text[i] == quote || (text[i] == '\\' && backslash_escapes))
			buffer_putc(out, text[i]);
		buffer_append(out, text + i, size);
	}
	buffer_putc(out, quote);
}

void identifier_put(const char *name, const struct lexer_options *options, struct buffer *out)
{
	put_quoted(name, strlen(name), '`', false, options, out);
}

void account_put(const char *user, const char *host, const struct lexer_options *options, struct buffer *out)
{
	identifier_put(user, options, out);
	if (host) {
		buffer_putc(out, '@');
		identifier_put(host, options, out);
	}
}

void literal_put(const char *text, size_t length, const struct lexer_options *options, struct buffer *out)
{
	bool escapes = !options || !(options->sql_mode & MODE_NO_BACKSLASH_ESCAPES);

	put_quoted(text, length, '\'', escapes, options, out);
}
