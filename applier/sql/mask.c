#include "applier/sql/mask.h"

#include "applier/sql/keyword.h"

#define MASK "'***'"

/* What the words before a string tell about it. */
struct masking {
	unsigned before[3]; /* the last words and one-byte operators, newest first */
	bool accounts;	    /* the statement is about accounts: strings behind BY, AS, USING are secrets */
	bool account_rows;  /* it changes the tables of accounts: every string is one */
	bool set_password;  /* SET PASSWORD: the string behind '=' */
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

	m->words++;
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

static bool is_string(const struct token *token)
{
	return token->kind == TOKEN_STRING || token->kind == TOKEN_PREFIXED_STRING;
}

void sql_mask_secrets(
	const char *text, size_t length, const struct lexer_options *options, struct buffer *out)
{
	struct masking m = {0};
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, text, length, options);
	while (lexer_next(&lexer, &token)) {
		bool hash = token.kind == TOKEN_NUMBER && token.length > 2 && text[token.start + 1] == 'x';

		if (token.kind == TOKEN_BAD) { /* no telling where a secret would end */
			buffer_puts(out, "…");
			return;
		}
		if (token.kind == TOKEN_COMMENT) {
			/* an old statement may hide in it; comments carry nothing the journal needs */
			buffer_puts(out, token.length > 64 ? "/*…*/" : "");
			if (token.length <= 64)
				buffer_append(out, text + token.start, token.length);
			continue;
		}
		if ((is_string(&token) || hash) && is_secret(&m))
			buffer_puts(out, MASK);
		else
			buffer_append(out, text + token.start, token.length);
		if (token.kind == TOKEN_SPACE || token.kind == TOKEN_HINT || token.kind == TOKEN_CODE_OPEN ||
			token.kind == TOKEN_CODE_CLOSE)
			continue;
		if (token.kind == TOKEN_WORD)
			look_at_word(&m, text, &token);
		else if (token.kind == TOKEN_QUOTED && token.length == 7 && m.words < 8 &&
			 lexer.text[token.start + 1] == 'm' && lexer.text[token.start + 5] == 'l')
			m.account_rows = true;
		remember(&m, token.word);
	}
}
