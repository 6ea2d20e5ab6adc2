/* The text of CHANGE MASTER taken apart: tokens, statements, options and values. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "proxy/change_master_internal.h"

#define TEXT_MAXIMUM_BYTES ((size_t)16 << 20)
#define OPTIONS_MAXIMUM 64 /* of one statement; there are about fifty words */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED_NAME, TOKEN_STRING, TOKEN_NUMBER, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	const char *at; /* with its quotes */
	size_t length;
};

struct parser {
	const char *text, *end, *next; /* next = behind the token */
	bool version_comment;	       /* inside one: its content is code */
	struct token token;
	struct change_master_statement *statement;
	struct error *error;
};

/* "line 2, column 5"; what stands there is named unless it is a literal. */
static int fail(struct parser *parser, const char *what)
{
	const char *at = parser->token.at;
	unsigned line = 1, column = 1;

	for (const char *c = parser->text; c < at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	error_set(parser->error, ERROR_USAGE, "line %u, column %u: %s", line, column, what);
	if (parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_SIGN)
		error_advice(parser->error, "(at \"%.*s\")",
			(int)(parser->token.length > 64 ? 64 : parser->token.length), at);
	else if (parser->token.kind == TOKEN_END)
		error_advice(parser->error, "(at the end of the text)");
	return -1;
}

/* ---- tokens ---- */

static bool word_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Blanks, comments, and the marks around version comments; -1 at a comment without its end. */
static int skip_space(struct parser *parser)
{
	const char *c = parser->next;

	for (;;) {
		size_t left = (size_t)(parser->end - c);

		if (left && isspace((unsigned char)*c)) {
			c++;
		} else if (left && (*c == '#' || (left > 1 && c[0] == '-' && c[1] == '-' &&
							 (left == 2 || isspace((unsigned char)c[2]))))) {
			const char *stop = memchr(c, '\n', left);

			c = stop ? stop + 1 : parser->end;
		} else if (left > 2 && memcmp(c, "/*", 2) == 0 &&
			   (c[2] == '!' || (left > 3 && c[2] == 'M' && c[3] == '!'))) {
			c += c[2] == '!' ? 3 : 4;
			while (c < parser->end && isdigit((unsigned char)*c))
				c++;
			parser->version_comment = true;
		} else if (left > 1 && parser->version_comment && memcmp(c, "*/", 2) == 0) {
			c += 2;
			parser->version_comment = false;
		} else if (left > 1 && memcmp(c, "/*", 2) == 0) {
			const char *stop = memmem(c + 2, left - 2, "*/", 2);

			parser->next = c;
			if (!stop)
				return -1;
			c = stop + 2;
		} else {
			break;
		}
	}
	parser->next = c;
	return 0;
}

/* Behind the closing quote; NULL when there is none. */
static const char *quoted_end(const char *at, const char *end)
{
	char quote = *at++;

	for (; at < end; at++) {
		if (*at == '\\' && quote != '`' && at + 1 < end)
			at++;
		else if (*at == quote && at + 1 < end && at[1] == quote)
			at++;
		else if (*at == quote)
			return at + 1;
	}
	return NULL;
}

static int advance(struct parser *parser)
{
	struct token *token = &parser->token;
	const char *c;

	if (skip_space(parser) != 0) {
		*token = (struct token){TOKEN_SIGN, parser->next, 2};
		return fail(parser, "this comment has no end");
	}
	c = parser->next;
	token->at = c;
	if (c == parser->end) {
		token->kind = TOKEN_END;
	} else if (*c == '\'' || *c == '"' || *c == '`') {
		token->kind = *c == '`' ? TOKEN_QUOTED_NAME : TOKEN_STRING;
		c = quoted_end(c, parser->end);
		if (!c) {
			token->length = 0;
			return fail(parser, "this quote is not closed");
		}
	} else if (isdigit((unsigned char)*c)) {
		token->kind = TOKEN_NUMBER;
		while (c < parser->end && (word_character(*c) || *c == '.'))
			c++;
	} else if (word_character(*c)) {
		token->kind = TOKEN_WORD;
		while (c < parser->end && word_character(*c))
			c++;
	} else {
		token->kind = TOKEN_SIGN;
		c += *c == '\\' && c + 1 < parser->end ? 2 : 1; /* \G */
	}
	token->length = (size_t)(c - token->at);
	parser->next = c;
	return 0;
}

static bool is_word(const struct parser *parser, const char *word)
{
	return parser->token.kind == TOKEN_WORD && parser->token.length == strlen(word) &&
	       strncasecmp(parser->token.at, word, parser->token.length) == 0;
}

static bool is_sign(const struct parser *parser, char sign)
{
	return parser->token.kind == TOKEN_SIGN && parser->token.at[0] == sign;
}

static bool at_statement_end(const struct parser *parser)
{
	return parser->token.kind == TOKEN_END || is_sign(parser, ';') || is_sign(parser, '\\');
}

static int expect_word(struct parser *parser, const char *word, const char *what)
{
	return is_word(parser, word) ? advance(parser) : fail(parser, what);
}

/* ---- values ---- */

/* The content of a string or of a quoted name, without quotes and escapes, appended; false with a NUL in it.
 */
static bool put_unquoted(const struct token *token, struct buffer *text)
{
	static const char names[] = "bnrtZ", meant[] = "\b\n\r\t\032";
	const char quote = token->at[0];
	const char *end = token->at + token->length - 1;

	for (const char *c = token->at + 1; c < end; c++) {
		const char *found;

		if (*c == '\0')
			return false;
		if (*c == quote) {
			buffer_putc(text, quote);
			c++;
		} else if (*c == '\\' && quote != '`') {
			c++;
			found = strchr(names, *c);
			if (*c == '0' || *c == '\0')
				return false;
			if (*c == '%' || *c == '_')
				buffer_putc(text, '\\');
			buffer_putc(text, found ? meant[found - names] : *c);
		} else {
			buffer_putc(text, *c);
		}
	}
	return true;
}

/* One string, or several that stand one behind the other, which are one. Room is made at once, so that the
 * caller can wipe what was written. */
static int read_string(struct parser *parser, struct buffer *text)
{
	buffer_reserve(text, (size_t)(parser->end - parser->token.at) + 1);
	buffer_puts(text, ""); /* an empty string is one, too */
	do {
		if (!put_unquoted(&parser->token, text))
			return fail(parser, "there is a NUL in this string");
		if (advance(parser) != 0)
			return -1;
	} while (parser->token.kind == TOKEN_STRING);
	return 0;
}

/* ( item, … ) */
static int read_list(struct parser *parser, unsigned *items)
{
	if (advance(parser) != 0)
		return -1;
	*items = 0;
	while (!is_sign(parser, ')')) {
		if (*items && !is_sign(parser, ','))
			return fail(parser, "a list has its items between commas");
		if (*items && advance(parser) != 0)
			return -1;
		if (parser->token.kind != TOKEN_NUMBER && parser->token.kind != TOKEN_STRING)
			return fail(parser, "a list has numbers in it");
		(*items)++;
		if (advance(parser) != 0)
			return -1;
	}
	return advance(parser);
}

static int read_value(struct parser *parser, struct change_master_value *value, struct buffer *text)
{
	value->items = 0;
	if (is_sign(parser, '(')) {
		value->kind = CHANGE_MASTER_LIST;
		if (read_list(parser, &value->items) != 0)
			return -1;
	} else if (parser->token.kind == TOKEN_STRING) {
		value->kind = CHANGE_MASTER_STRING;
		if (read_string(parser, text) != 0)
			return -1;
	} else if (parser->token.kind == TOKEN_NUMBER || parser->token.kind == TOKEN_WORD) {
		value->kind = parser->token.kind == TOKEN_NUMBER ? CHANGE_MASTER_NUMBER : CHANGE_MASTER_WORD;
		if (is_word(parser, "NULL"))
			value->kind = CHANGE_MASTER_NULL;
		else if (is_word(parser, "DEFAULT"))
			value->kind = CHANGE_MASTER_DEFAULT;
		else
			buffer_append(text, parser->token.at, parser->token.length);
		if (advance(parser) != 0)
			return -1;
	} else {
		return fail(parser, "a value is missing here");
	}
	value->text = buffer_text(text);
	return 0;
}

/* ---- statements ---- */

static int read_option(struct parser *parser, struct token *seen, unsigned *count)
{
	struct change_master_value value;
	struct buffer text = BUFFER_INIT;
	struct token name = parser->token;
	int result = -1;

	if (name.kind != TOKEN_WORD)
		return fail(parser, "the name of an option is missing here");
	if (!change_master_is_word(name.at, name.length))
		return fail(parser, "there is no such option of CHANGE MASTER");
	for (unsigned i = 0; i < *count; i++) {
		if (seen[i].length == name.length && strncasecmp(seen[i].at, name.at, name.length) == 0)
			return fail(parser, "this option is given twice");
	}
	if (*count == OPTIONS_MAXIMUM)
		return fail(parser, "there are too many options");
	seen[(*count)++] = name;
	if (advance(parser) != 0)
		return -1;
	if (!is_sign(parser, '='))
		return fail(parser, "'=' is missing here");
	if (advance(parser) != 0)
		return -1;
	if (read_value(parser, &value, &text) == 0) {
		/* an account has two parts: PRIVILEGE_CHECKS_USER = 'user'@'host' */
		if (is_sign(parser, '@') && name.length == 21 &&
			strncasecmp(name.at, "PRIVILEGE_CHECKS_USER", 21) == 0 &&
			(advance(parser) != 0 || advance(parser) != 0))
			goto out;
		result = change_master_take(parser->statement, name.at, name.length, &value, parser->error);
		if (result != 0) {
			struct token next = parser->token;
			char said[512];

			snprintf(said, sizeof(said), "%.500s", parser->error->text);
			parser->token = name;
			parser->token.kind = TOKEN_STRING; /* the text names it already */
			fail(parser, said);
			parser->token = next;
		}
	}
out:
	if (text.data)
		explicit_bzero(text.data, text.capacity);
	buffer_release(&text);
	return result;
}

/* A connection's or channel's name. */
static int read_channel(struct parser *parser)
{
	struct buffer name = BUFFER_INIT;
	int result;

	if (parser->token.kind == TOKEN_WORD) {
		buffer_append(&name, parser->token.at, parser->token.length);
		result = advance(parser);
	} else if (parser->token.kind == TOKEN_STRING || parser->token.kind == TOKEN_QUOTED_NAME) {
		result = put_unquoted(&parser->token, &name) ? advance(parser)
							     : fail(parser, "there is a NUL in this name");
	} else {
		return fail(parser, "the name of a channel is missing here");
	}
	/* the unnamed channel is the default one */
	if (result == 0 && name.length)
		parser->statement->channel = arena_strdup(&parser->statement->arena, buffer_text(&name));
	buffer_release(&name);
	return result;
}

/* Behind CHANGE MASTER or CHANGE REPLICATION SOURCE. */
static int read_change(struct parser *parser, bool may_name_connection)
{
	struct token seen[OPTIONS_MAXIMUM];
	unsigned count = 0;

	if (may_name_connection && !is_word(parser, "TO") && read_channel(parser) != 0)
		return -1;
	if (expect_word(parser, "TO", "TO is missing here") != 0)
		return -1;
	for (;;) {
		if (read_option(parser, seen, &count) != 0)
			return -1;
		if (!is_sign(parser, ','))
			break;
		if (advance(parser) != 0)
			return -1;
	}
	if (is_word(parser, "FOR")) {
		if (advance(parser) != 0 || expect_word(parser, "CHANNEL", "CHANNEL is missing here") != 0 ||
			read_channel(parser) != 0)
			return -1;
	}
	return at_statement_end(parser) ? 0
					: fail(parser, "a comma or the end of the statement is missing here");
}

static int skip_statement(struct parser *parser)
{
	while (!at_statement_end(parser)) {
		if (advance(parser) != 0)
			return -1;
	}
	return 0;
}

/* SET GLOBAL gtid_slave_pos = '…', SET @@GLOBAL.GTID_PURGED = (a version comment with) '+' '…'; other SETs of
 * a dump are left aside. */
static int read_set(struct parser *parser)
{
	struct buffer set = BUFFER_INIT;
	struct token name = {.kind = TOKEN_END};
	int result = -1;

	while (parser->token.kind == TOKEN_WORD || is_sign(parser, '@') || is_sign(parser, '.')) {
		if (parser->token.kind == TOKEN_WORD)
			name = parser->token;
		if (advance(parser) != 0)
			return -1;
	}
	if (name.kind != TOKEN_WORD || !(is_sign(parser, '=') || is_sign(parser, ':')) ||
		((name.length != 14 || strncasecmp(name.at, "gtid_slave_pos", 14) != 0) &&
			(name.length != 11 || strncasecmp(name.at, "gtid_purged", 11) != 0)))
		return skip_statement(parser);
	while (is_sign(parser, '=') || is_sign(parser, ':')) {
		if (advance(parser) != 0)
			return -1;
	}
	if (parser->token.kind != TOKEN_STRING)
		return fail(parser, "a GTID set in quotes is missing here");
	if (read_string(parser, &set) == 0) {
		change_master_set_gtid(parser->statement, buffer_text(&set));
		result = at_statement_end(parser) ? 0
						  : fail(parser, "the end of the statement is missing here");
	}
	buffer_release(&set);
	return result;
}

/* One statement; *changes counts those that change the source. */
static int read_statement(struct parser *parser, unsigned *changes)
{
	struct token first = parser->token;

	if (is_word(parser, "SET"))
		return advance(parser) == 0 ? read_set(parser) : -1;
	if (is_word(parser, "STOP") || is_word(parser, "START") || is_word(parser, "RESET")) {
		change_master_remark(parser->statement, CHANGE_MASTER_IGNORED, first.at, first.length,
			"`changeling run` starts replication, `changeling stop` and `changeling start` pause "
			"it");
		return skip_statement(parser);
	}
	if (!is_word(parser, "CHANGE"))
		return fail(
			parser, "this is no statement of CHANGE MASTER TO or CHANGE REPLICATION SOURCE TO");
	if (advance(parser) != 0)
		return -1;
	if (is_word(parser, "MASTER")) {
		(*changes)++;
		return advance(parser) == 0 ? read_change(parser, true) : -1;
	}
	if (expect_word(parser, "REPLICATION", "MASTER or REPLICATION SOURCE is missing here") != 0)
		return -1;
	if (is_word(parser, "FILTER")) {
		change_master_remark(parser->statement, CHANGE_MASTER_REFUSED, "CHANGE REPLICATION FILTER",
			25, "the whole source is replicated; there are no filters");
		return skip_statement(parser);
	}
	(*changes)++;
	if (expect_word(parser, "SOURCE", "SOURCE is missing here") != 0)
		return -1;
	return read_change(parser, false);
}

/* What follows from several options together. */
static void conclude(struct change_master_statement *statement)
{
	const char *ssl = change_master_setting(statement, "ssl");
	const char *verify = change_master_setting(statement, "ssl-verify-server-cert");
	bool authority =
		change_master_setting(statement, "ssl-ca") || change_master_setting(statement, "ssl-capath");

	if (ssl && strcmp(ssl, "1") == 0 && !(verify && strcmp(verify, "1") == 0))
		change_master_remark(statement, CHANGE_MASTER_NOTE, "MASTER_SSL", 10,
			authority ? "the source's certificate is verified against the authority, not its "
				    "host name: add "
				    "MASTER_SSL_VERIFY_SERVER_CERT=1 for both"
				  : "the source's certificate is verified against the system's authorities: "
				    "name the source's "
				    "own with MASTER_SSL_CA");
	if (authority && !ssl)
		change_master_remark(statement, CHANGE_MASTER_NOTE, "MASTER_SSL_CA", 13,
			"as an authority is named, TLS is switched on, and certificate and host name are verified");
}

int change_master_parse(
	struct change_master_statement *statement, const char *text, size_t length, struct error *error)
{
	struct parser parser = {
		.text = text, .next = text, .end = text + length, .statement = statement, .error = error};
	unsigned changes = 0;

	change_master_init(statement);
	/* a file from Windows */
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		parser.next += 3;
	if (length > TEXT_MAXIMUM_BYTES)
		return error_set(error, ERROR_USAGE, "the text is too long for a CHANGE MASTER statement");
	if (advance(&parser) != 0)
		goto fail;
	while (parser.token.kind != TOKEN_END) {
		if (!at_statement_end(&parser) && read_statement(&parser, &changes) != 0)
			goto fail;
		if (parser.token.kind != TOKEN_END && advance(&parser) != 0)
			goto fail;
	}
	if (changes == 0) {
		error_set(error, ERROR_USAGE,
			"there is no CHANGE MASTER TO and no CHANGE REPLICATION SOURCE TO in the text (one "
			"that is "
			"commented out does not count)");
		goto fail;
	}
	if (change_master_options_end(statement, error) != 0)
		goto fail;
	conclude(statement);
	return 0;
fail:
	change_master_release(statement);
	return -1;
}
