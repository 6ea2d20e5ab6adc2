#include "applier/sql/lexer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/keyword.h"
#include "base/buffer.h"

/* What a byte may begin. */
enum byte_class {
	B_OTHER,
	B_SPACE,
	B_WORD, /* letter, underscore, dollar, anything above ASCII */
	B_DIGIT,
	B_QUOTE, /* ' " ` */
	B_DASH,
	B_HASH,
	B_SLASH,
	B_STAR,
	B_AT,
	B_DOT,
	B_LONGER, /* may begin an operator of several bytes: : < > ! | & */
};

#define O B_OTHER
#define S B_SPACE
#define W B_WORD
#define D B_DIGIT
#define Q B_QUOTE
/* clang-format off */
static const uint8_t classes[256] = {
	O, O, O, O, O, O, O, O, O, S, S, S, S, S, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
	S, B_LONGER, Q, B_HASH, W, O, B_LONGER, Q, O, O, B_STAR, O, O, B_DASH, B_DOT, B_SLASH,
	D, D, D, D, D, D, D, D, D, D, B_LONGER, O, B_LONGER, O, B_LONGER, O,
	B_AT, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, O, O, O, O, W,
	Q, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, O, B_LONGER, O, O, O,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
	W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
};
/* clang-format on */
#undef O
#undef S
#undef W
#undef D
#undef Q

static bool is_word_byte(unsigned char c)
{
	return classes[c] == B_WORD || classes[c] == B_DIGIT;
}

static bool is_digit(unsigned char c)
{
	return classes[c] == B_DIGIT;
}

enum lexer_charset lexer_charset_of(const char *name)
{
	static const struct {
		const char *prefix;
		enum lexer_charset charset;
	} known[] = {{"sjis", LEXER_SJIS}, {"cp932", LEXER_SJIS}, {"big5", LEXER_BIG5}, {"gbk", LEXER_GBK},
		{"gb18030", LEXER_GB18030}};

	if (!name)
		return LEXER_PLAIN;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t length = strlen(known[i].prefix);

		if (strncasecmp(name, known[i].prefix, length) == 0 &&
			(name[length] == '\0' || name[length] == '_'))
			return known[i].charset;
	}
	return LEXER_PLAIN;
}

/* Bytes of the character at `at`: 1, or more where its first byte begins one of several bytes. */
static size_t character_length(enum lexer_charset charset, const unsigned char *at, size_t left)
{
	unsigned char first = at[0], second;

	if (first < 0x80 || left < 2)
		return 1;
	second = at[1];
	switch (charset) {
	case LEXER_SJIS:
		if (((first >= 0x81 && first <= 0x9f) || (first >= 0xe0 && first <= 0xfc)) &&
			((second >= 0x40 && second <= 0x7e) || (second >= 0x80 && second <= 0xfc)))
			return 2;
		return 1;
	case LEXER_BIG5:
		if (first >= 0xa1 && first <= 0xf9 &&
			((second >= 0x40 && second <= 0x7e) || (second >= 0xa1 && second <= 0xfe)))
			return 2;
		return 1;
	case LEXER_GB18030:
		if (first >= 0x81 && first <= 0xfe && second >= 0x30 && second <= 0x39)
			return left >= 4 && at[2] >= 0x81 && at[2] <= 0xfe && at[3] >= 0x30 && at[3] <= 0x39
				       ? 4
				       : 1;
		/* fall through */
	case LEXER_GBK:
		if (first >= 0x81 && first <= 0xfe &&
			((second >= 0x40 && second <= 0x7e) || (second >= 0x80 && second <= 0xfe)))
			return 2;
		return 1;
	default:
		return 1;
	}
}

size_t lexer_character(const struct lexer_options *options, const char *at, size_t left)
{
	if (options->charset == LEXER_PLAIN || left == 0)
		return 1;
	return character_length(options->charset, (const unsigned char *)at, left);
}

void lexer_init(struct lexer *lexer, const char *text, size_t length, const struct lexer_options *options)
{
	*lexer = (struct lexer){.text = text, .length = length, .options = *options};
}

static unsigned char byte_at(const struct lexer *lexer, size_t at)
{
	return at < lexer->length ? (unsigned char)lexer->text[at] : 0;
}

/* Behind the closing quote that belongs to the one at `at`, or 0 when there is none. */
static size_t quoted_end(const struct lexer *lexer, size_t at, bool escapes)
{
	const unsigned char *text = (const unsigned char *)lexer->text;
	unsigned char quote = text[at];
	enum lexer_charset charset = lexer->options.charset;
	size_t i = at + 1;

	while (i < lexer->length) {
		unsigned char c = text[i];

		if (c == quote) {
			if (i + 1 >= lexer->length || text[i + 1] != quote)
				return i + 1;
			i += 2;
		} else if (c == '\\' && escapes) {
			i++;
			if (i < lexer->length)
				i += charset == LEXER_PLAIN
					     ? 1
					     : character_length(charset, text + i, lexer->length - i);
		} else if (c >= 0x80 && charset != LEXER_PLAIN) {
			i += character_length(charset, text + i, lexer->length - i);
		} else {
			i++;
		}
	}
	return 0;
}

static size_t word_end(const struct lexer *lexer, size_t at)
{
	const unsigned char *text = (const unsigned char *)lexer->text;

	if (lexer->options.charset == LEXER_PLAIN) {
		while (at < lexer->length && is_word_byte(text[at]))
			at++;
		return at;
	}
	while (at < lexer->length && is_word_byte(text[at]))
		at += character_length(lexer->options.charset, text + at, lexer->length - at);
	return at;
}

static bool escapes(const struct lexer *lexer)
{
	return !(lexer->options.sql_mode & MODE_NO_BACKSLASH_ESCAPES);
}

static enum token_kind finish(struct lexer *lexer, size_t end, enum token_kind kind)
{
	if (end == 0) {
		lexer->at = lexer->length;
		return TOKEN_BAD;
	}
	lexer->at = end;
	return kind;
}

static enum token_kind read_quoted(struct lexer *lexer)
{
	unsigned char quote = byte_at(lexer, lexer->at);
	bool identifier = quote == '`' || (quote == '"' && (lexer->options.sql_mode & MODE_ANSI_QUOTES));
	size_t end = quoted_end(lexer, lexer->at, !identifier && escapes(lexer));

	return finish(lexer, end, identifier ? TOKEN_QUOTED : TOKEN_STRING);
}

/* Is the word at `start` (a name that begins with an underscore) followed by a literal? */
static bool before_literal(const struct lexer *lexer, size_t at)
{
	unsigned char c, next;

	while (at < lexer->length && classes[(unsigned char)lexer->text[at]] == B_SPACE)
		at++;
	c = byte_at(lexer, at);
	next = byte_at(lexer, at + 1);
	if (c == '\'' || (c == '"' && !(lexer->options.sql_mode & MODE_ANSI_QUOTES)))
		return true;
	if ((c == 'x' || c == 'X' || c == 'b' || c == 'B') && next == '\'')
		return true;
	return c == '0' && (next == 'x' || next == 'b');
}

static enum token_kind read_word(struct lexer *lexer, struct token *token)
{
	size_t start = lexer->at, end;
	unsigned char c = byte_at(lexer, start);

	if (byte_at(lexer, start + 1) == '\'' && !lexer->after_dot && strchr("nNxXbB", c)) {
		/* hexadecimal and bits have nothing to escape */
		end = quoted_end(lexer, start + 1, (c == 'n' || c == 'N') && escapes(lexer));
		return finish(lexer, end, TOKEN_PREFIXED_STRING);
	}
	end = word_end(lexer, start);
	lexer->at = end;
	if (c == '_' && !lexer->after_dot && before_literal(lexer, end))
		return TOKEN_INTRODUCER;
	if (!lexer->after_dot)
		token->word = (uint16_t)keyword_find(lexer->text + start, end - start);
	return TOKEN_WORD;
}

static size_t digits_end(const struct lexer *lexer, size_t at)
{
	while (at < lexer->length && is_digit((unsigned char)lexer->text[at]))
		at++;
	return at;
}

/* Behind an exponent at `at`, or `at` when there is none. */
static size_t exponent_end(const struct lexer *lexer, size_t at)
{
	size_t i = at + 1;

	if ((byte_at(lexer, at) | 0x20) != 'e')
		return at;
	if (byte_at(lexer, i) == '+' || byte_at(lexer, i) == '-')
		i++;
	return is_digit(byte_at(lexer, i)) ? digits_end(lexer, i) : at;
}

static bool all_of(const struct lexer *lexer, size_t start, size_t end, const char *set)
{
	for (size_t i = start; i < end; i++)
		if (!strchr(set, lexer->text[i]) || !lexer->text[i])
			return false;
	return end > start;
}

/* A number, or an identifier that begins with digits. */
static enum token_kind read_number(struct lexer *lexer)
{
	size_t start = lexer->at, end = digits_end(lexer, start), word = word_end(lexer, start), after;

	if (byte_at(lexer, start) == '0' && end == start + 1 && word > end) {
		unsigned char base = byte_at(lexer, end);

		if ((base == 'x' && all_of(lexer, end + 1, word, "0123456789abcdefABCDEF")) ||
			(base == 'b' && all_of(lexer, end + 1, word, "01")))
			return finish(lexer, word, TOKEN_NUMBER);
	}
	after = exponent_end(lexer, end);
	if (after > end)
		return finish(lexer, after, TOKEN_NUMBER);
	if (word > end)
		return finish(lexer, word, TOKEN_WORD);
	if (byte_at(lexer, end) == '.') {
		end = digits_end(lexer, end + 1);
		end = exponent_end(lexer, end);
	}
	return finish(lexer, end, TOKEN_NUMBER);
}

static enum token_kind read_at(struct lexer *lexer)
{
	enum token_kind kind = TOKEN_USER_VARIABLE;
	size_t i = lexer->at + 1;
	unsigned char c = byte_at(lexer, i);

	if (c == '@') {
		kind = TOKEN_SYSTEM_VARIABLE;
		c = byte_at(lexer, ++i);
	}
	if (c == '`' || (kind == TOKEN_USER_VARIABLE && (c == '\'' || c == '"')))
		return finish(lexer,
			quoted_end(lexer, i,
				c != '`' && escapes(lexer) &&
					!(c == '"' && (lexer->options.sql_mode & MODE_ANSI_QUOTES))),
			kind);
	while (i < lexer->length && (is_word_byte((unsigned char)lexer->text[i]) || lexer->text[i] == '.'))
		i++;
	return finish(lexer, i, i > lexer->at + 1 ? kind : TOKEN_OPERATOR);
}

static enum token_kind read_line_comment(struct lexer *lexer)
{
	const char *end = memchr(lexer->text + lexer->at, '\n', lexer->length - lexer->at);

	lexer->at = end ? (size_t)(end - lexer->text) : lexer->length;
	return TOKEN_COMMENT;
}

/* Behind a C comment whose content starts at `at`, or 0. A version comment that is not run may hold one level
 * of comments. */
static size_t comment_end(const struct lexer *lexer, size_t at, bool nested)
{
	for (size_t i = at; i + 1 < lexer->length; i++) {
		if (lexer->text[i] == '*' && lexer->text[i + 1] == '/')
			return i + 2;
		if (nested && lexer->text[i] == '/' && lexer->text[i + 1] == '*') {
			size_t inner = comment_end(lexer, i + 2, false);

			if (inner == 0)
				return 0;
			i = inner - 1;
		}
	}
	return 0;
}

/* A version comment at the lexer's place: where its code would begin, and what number it carries. 0 when it
 * is none. */
static size_t version_comment(const struct lexer *lexer, bool *maria, unsigned *number)
{
	size_t i = lexer->at + 2, digits;
	bool six;

	*maria = byte_at(lexer, i) == 'M' && byte_at(lexer, i + 1) == '!';
	if (*maria)
		i++;
	else if (byte_at(lexer, i) != '!')
		return 0;
	i++;
	*number = 0;
	digits = digits_end(lexer, i) - i;
	if (digits < 5)
		return i;
	/* before 8.0 MySQL takes five digits, whatever follows */
	six = digits > 5 &&
	      (lexer->options.source.family == FAMILY_MARIADB || lexer->options.source.number == 0 ||
		      lexer->options.source.number >= 80000);
	for (size_t end = i + (six ? 6 : 5); i < end; i++)
		*number = *number * 10 + (unsigned)(lexer->text[i] - '0');
	return i;
}

static enum token_kind read_slash(struct lexer *lexer)
{
	size_t code;
	bool maria;
	unsigned number;

	if (byte_at(lexer, lexer->at + 1) != '*') {
		lexer->at++;
		return TOKEN_OPERATOR;
	}
	code = version_comment(lexer, &maria, &number);
	if (code == 0) {
		bool hint = byte_at(lexer, lexer->at + 2) == '+';

		return finish(
			lexer, comment_end(lexer, lexer->at + 2, false), hint ? TOKEN_HINT : TOKEN_COMMENT);
	}
	if (!version_comment_runs(lexer->options.source, maria, number) ||
		(maria && lexer->options.source.family != FAMILY_MARIADB))
		return finish(lexer, comment_end(lexer, code, true), TOKEN_COMMENT);
	lexer->at = code;
	lexer->in_code = true;
	return TOKEN_CODE_OPEN;
}

/* Bytes of the operator at the lexer's place. */
static size_t operator_length(const struct lexer *lexer)
{
	unsigned char first = byte_at(lexer, lexer->at), second = byte_at(lexer, lexer->at + 1);
	unsigned char third = byte_at(lexer, lexer->at + 2);

	switch (first) {
	case '<':
		if (second == '=' && third == '>')
			return 3;
		return second == '=' || second == '>' || second == '<' ? 2 : 1;
	case '>':
		return second == '=' || second == '>' ? 2 : 1;
	case '-':
		if (second != '>')
			return 1;
		return third == '>' ? 3 : 2;
	case ':':
	case '!':
		return second == '=' ? 2 : 1;
	case '|':
	case '&':
		return second == first ? 2 : 1;
	default:
		return 1;
	}
}

static enum token_kind read_operator(struct lexer *lexer)
{
	lexer->at += operator_length(lexer);
	return TOKEN_OPERATOR;
}

static enum token_kind read_dash(struct lexer *lexer)
{
	unsigned char next = byte_at(lexer, lexer->at + 1), after = byte_at(lexer, lexer->at + 2);

	/* "--" begins a comment before white space, a control byte or the end */
	if (next == '-' && (lexer->at + 2 >= lexer->length || after <= ' ' || after == 0x7f))
		return read_line_comment(lexer);
	return read_operator(lexer);
}

static enum token_kind read_token(struct lexer *lexer, struct token *token)
{
	const unsigned char *text = (const unsigned char *)lexer->text;

	switch (classes[text[lexer->at]]) {
	case B_SPACE:
		do
			lexer->at++;
		while (lexer->at < lexer->length && classes[text[lexer->at]] == B_SPACE);
		return TOKEN_SPACE;
	case B_WORD:
		return read_word(lexer, token);
	case B_DIGIT:
		if (lexer->after_dot)
			return finish(lexer, word_end(lexer, lexer->at), TOKEN_WORD);
		return read_number(lexer);
	case B_QUOTE:
		return read_quoted(lexer);
	case B_DASH:
		return read_dash(lexer);
	case B_HASH:
		return read_line_comment(lexer);
	case B_SLASH:
		return read_slash(lexer);
	case B_STAR:
		if (lexer->in_code && byte_at(lexer, lexer->at + 1) == '/') {
			lexer->in_code = false;
			lexer->at += 2;
			return TOKEN_CODE_CLOSE;
		}
		lexer->at++;
		return TOKEN_OPERATOR;
	case B_AT:
		return read_at(lexer);
	case B_DOT:
		if (!lexer->after_name && is_digit(byte_at(lexer, lexer->at + 1))) {
			size_t end = digits_end(lexer, lexer->at + 1);

			return finish(lexer, exponent_end(lexer, end), TOKEN_NUMBER);
		}
		lexer->at++;
		return TOKEN_OPERATOR;
	case B_LONGER:
		return read_operator(lexer);
	default:
		lexer->at++;
		return TOKEN_OPERATOR;
	}
}

bool lexer_next(struct lexer *lexer, struct token *token)
{
	size_t start = lexer->at;
	bool in_code = lexer->in_code;
	enum token_kind kind;

	if (start >= lexer->length)
		return false;
	token->word = 0;
	kind = read_token(lexer, token);
	token->start = (uint32_t)start;
	token->length = (uint32_t)(lexer->at - start);
	token->kind = (uint8_t)kind;
	token->in_comment = in_code && kind != TOKEN_CODE_CLOSE && kind != TOKEN_CODE_OPEN;
	if (kind == TOKEN_OPERATOR && token->length == 1)
		token->word = (unsigned char)lexer->text[start];
	if (kind > TOKEN_CODE_CLOSE) {
		lexer->after_dot = token->word == '.' && lexer->after_name;
		lexer->after_name = kind == TOKEN_WORD || kind == TOKEN_QUOTED;
	}
	return true;
}
