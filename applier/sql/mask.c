#include "applier/sql/mask.h"

#include <string.h>
#include <strings.h>

#include "applier/sql/keyword.h"

#define MASK "'***'"

/* What the words before a string tell about it. */
struct masking {
	unsigned before[3]; /* the last words and one-byte operators, newest first */
	bool accounts;	    /* the statement is about accounts: strings behind BY, AS, USING are secrets */
	bool account_rows;  /* it changes the tables of accounts: every string is one */
	bool set_password;  /* SET PASSWORD: the string behind '=' */
	bool set_statement; /* MariaDB's SET STATEMENT …: behind its FOR the statement begins */
	size_t words;
};

static void remember(struct masking *m, unsigned word)
{
	m->before[2] = m->before[1];
	m->before[1] = m->before[0];
	m->before[0] = word;
}

static bool is_function_argument(const struct masking *m)
{
	return m->before[0] == '(' && (m->before[1] == KW_PASSWORD || m->before[1] == KW_OLD_PASSWORD);
}

static bool is_secret(const struct masking *m)
{
	unsigned last = m->before[0] == '=' ? m->before[1] : m->before[0];

	if (m->account_rows || is_function_argument(m))
		return true;
	switch (last) {
	case KW_PASSWORD: /* IDENTIFIED BY PASSWORD '…', OPTIONS (PASSWORD '…'), PASSWORD = '…' */
	case KW_MASTER_PASSWORD:
	case KW_SOURCE_PASSWORD:
	case KW_CONNECTION: /* FEDERATED: user:password@host */
		return true;
	case KW_BY:
		return m->accounts || m->before[1] == KW_IDENTIFIED;
	case KW_AS:
	case KW_USING:
	case KW_REPLACE:
		return m->accounts;
	default:
		return m->set_password && m->before[0] == '=';
	}
}

/* Which kind of statement begins here. */
static void look_at_word(struct masking *m, const char *text, const struct token *token)
{
	unsigned word = token->word;

	if (m->set_statement && word == KW_FOR) {
		m->set_statement = false;
		m->words = 0;
		return;
	}
	m->words++;
	if (m->words == 2 && m->before[0] == KW_SET && word == KW_STATEMENT)
		m->set_statement = true;
	if (m->words == 1)
		m->accounts = word == KW_GRANT;
	if (word == KW_IDENTIFIED || (word == KW_USER && m->words <= 4))
		m->accounts = true;
	if (word == KW_PASSWORD && m->words == 2 && m->before[0] == KW_SET)
		m->set_password = true;
	/* mysql.user, mysql.global_priv, mysql.servers, … as the place of a change */
	if (m->words > 1 && m->words < 8 && token->length == 5 && (text[token->start] | 0x20) == 'm' &&
		(text[token->start + 4] | 0x20) == 'l' && word == KW_MYSQL)
		m->account_rows = true;
}

/* password "…", pwd = '…', password=…, with whatever escapes the inner quotes. */
static bool spells_out(const char *text, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	for (size_t at = 0; at + name_length < length; at++) {
		size_t next = at + name_length;

		if (strncasecmp(text + at, name, name_length) != 0)
			continue;
		while (next < length && memchr(" \t\r\n\\", text[next], 5))
			next++;
		if (next < length && memchr("='\"", text[next], 3))
			return true;
	}
	return false;
}

/* Some engines have settings of their own inside a string: SPIDER in COMMENT, CONNECT in OPTION_LIST=. Other
 * comments stay. */
static bool is_settings_with_secret(const struct masking *m, const char *inside, size_t length)
{
	if (m->before[0] != KW_COMMENT && m->before[0] != '=')
		return false;
	return spells_out(inside, length, "password") || spells_out(inside, length, "pwd");
}

static bool is_string(const struct token *token)
{
	return token->kind == TOKEN_STRING || token->kind == TOKEN_PREFIXED_STRING;
}

static bool has_quote(const char *text, size_t length)
{
	return memchr(text, '\'', length) || memchr(text, '"', length);
}

/* A text read token by token, each told whether it is a secret. */
struct reading {
	struct masking masking;
	struct lexer lexer;
	struct token token;
};

static bool next_token(struct reading *reading, bool *secret)
{
	struct masking *m = &reading->masking;
	struct token *token = &reading->token;
	const char *text = reading->lexer.text;
	bool hash;

	if (!lexer_next(&reading->lexer, token))
		return false;
	hash = token->kind == TOKEN_NUMBER && token->length > 2 && text[token->start + 1] == 'x';
	*secret = (is_string(token) || hash) && is_secret(m);
	if (is_string(token) && token->length > 2)
		*secret = *secret || is_settings_with_secret(m, text + token->start + 1, token->length - 2);
	switch (token->kind) {
	case TOKEN_BAD:
	case TOKEN_COMMENT:
	case TOKEN_SPACE:
	case TOKEN_HINT:
	case TOKEN_CODE_OPEN:
	case TOKEN_CODE_CLOSE:
		return true;
	default:
		break;
	}
	if (token->kind == TOKEN_WORD)
		look_at_word(m, text, token);
	else if (token->kind == TOKEN_QUOTED && token->length == 7 && m->words < 8 && text[token->start + 1] == 'm' &&
		 text[token->start + 5] == 'l')
		m->account_rows = true;
	remember(m, token->word);
	return true;
}

void sql_mask_secrets(
	const char *text, size_t length, const struct lexer_options *options, struct buffer *out)
{
	struct reading reading = {.masking = {.words = 0}};
	const struct token *token = &reading.token;
	bool secret;

	lexer_init(&reading.lexer, text, length, options);
	while (next_token(&reading, &secret)) {
		if (token->kind == TOKEN_BAD) { /* no telling where a secret would end */
			buffer_puts(out, "…");
			return;
		}
		/* an old statement may hide in a comment; comments carry nothing the journal needs */
		if (token->kind == TOKEN_COMMENT && (token->length > 64 || has_quote(text + token->start, token->length)))
			buffer_puts(out, "/*…*/");
		else if (secret)
			buffer_puts(out, MASK);
		else
			buffer_append(out, text + token->start, token->length);
	}
}

/* ---- what servers quote ---- */

static void replace_secret(struct buffer *said, const char *secret, size_t length)
{
	struct buffer clean = BUFFER_INIT;
	const char *at = buffer_text(said), *end = at + said->length, *found;

	while (length && (found = memmem(at, (size_t)(end - at), secret, length))) {
		buffer_append(&clean, at, (size_t)(found - at));
		buffer_puts(&clean, "***");
		at = found + length;
	}
	buffer_append(&clean, at, (size_t)(end - at));
	buffer_clear(said);
	buffer_append(said, clean.data, clean.length);
	buffer_release(&clean);
}

static void put_without_near(const char *said, struct buffer *out)
{
	static const char near[] = "near '";
	const char *from = strstr(said, near), *to;

	if (!from) {
		buffer_puts(out, said);
		return;
	}
	buffer_append(out, said, (size_t)(from - said));
	buffer_puts(out, "near " MASK);
	/* the quotation may have quotes inside: its end is the last */
	to = strrchr(from + sizeof(near) - 1, '\'');
	buffer_puts(out, to ? to + 1 : "");
}

void sql_mask_quotation(const char *said, const char *text, size_t length, const struct lexer_options *options,
	struct buffer *out)
{
	struct reading reading = {.masking = {.words = 0}};
	const struct token *token = &reading.token;
	struct buffer clean = BUFFER_INIT;
	bool secret, any = false;

	put_without_near(said, &clean);
	lexer_init(&reading.lexer, text, length, options);
	while (next_token(&reading, &secret)) {
		any = any || secret || token->kind == TOKEN_BAD;
		/* without quotes; of a number, all of it */
		if (secret && is_string(token) && token->length > 2)
			replace_secret(&clean, text + token->start + 1, token->length - 2);
		else if (secret)
			replace_secret(&clean, text + token->start, token->length);
	}
	buffer_puts(out, any ? buffer_text(&clean) : said);
	buffer_release(&clean);
}
