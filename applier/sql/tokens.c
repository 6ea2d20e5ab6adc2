/* Token lists: what the rules work on. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/keyword.h"
#include "applier/sql/lexer.h"
#include "base/buffer.h"
#include "base/memory.h"

/* Where a row of plain literals may be left out. */
struct folding {
	bool insert;	/* the statement is INSERT or REPLACE */
	bool row_due;	/* VALUES, or a folded row and its comma, came just before */
	bool after_row; /* a folded row came just before */
	bool in_row;
	size_t row_start; /* the item of its '(' */
};

static void push(struct token **items, size_t *count, size_t *room, const struct token *token)
{
	if (*count == *room) {
		*room = *room ? *room * 2 : 64;
		*items = memory_realloc(*items, *room * sizeof(**items));
	}
	(*items)[(*count)++] = *token;
}

static bool is_literal_part(const struct token *token)
{
	switch (token->kind) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_PREFIXED_STRING:
		return true;
	case TOKEN_WORD:
		return token->word == KW_NULL || token->word == KW_DEFAULT;
	default:
		return token->word == ',' || token->word == '-' || token->word == '+';
	}
}

/* Takes the token just pushed into account; leaves out what a finished row of literals occupied. */
static void fold(struct folding *folding, struct token_list *list, const struct token *token)
{
	bool row_due = folding->row_due, after_row = folding->after_row;

	folding->row_due = folding->after_row = false;
	if (list->count == 1)
		folding->insert = token->word == KW_INSERT || token->word == KW_REPLACE;
	if (!folding->insert)
		return;
	if (folding->in_row) {
		if (token->word == ')') {
			folding->in_row = false;
			folding->after_row = true;
			list->count = folding->row_start;
			list->folded = true;
		} else if (!is_literal_part(token)) {
			folding->in_row = false;
		}
	} else if (token->word == KW_VALUES || token->word == KW_VALUE) {
		folding->row_due = true;
	} else if (after_row && token->word == ',') {
		list->count--;
		folding->row_due = true;
	} else if (row_due && token->word == '(') {
		folding->in_row = true;
		folding->row_start = list->count - 1;
	}
}

/* How the terminators of a LOAD DATA are read. */
static void terminator_options(struct lexer_options *options)
{
	options->sql_mode &= ~MODE_NO_BACKSLASH_ESCAPES;
	options->charset = LEXER_PLAIN;
}

/* They begin with FIELDS; what comes behind them is the client's own text again. */
static void follow_terminators(struct lexer *lexer, struct token_list *list, const struct token *token)
{
	if (list->items[0].word != KW_LOAD)
		return;
	if (list->terminators_end == 0 && token->word == KW_FIELDS) {
		list->terminators = token->start;
		list->terminators_end = (uint32_t)lexer->length;
		terminator_options(&lexer->options);
	} else if (list->terminators_end == lexer->length &&
		   (token->word == '(' || token->word == KW_SET || token->word == KW_IGNORE)) {
		list->terminators_end = token->start;
		lexer->options = list->options;
	}
}

/* A version comment that the source left alone still concerns a target of another version. */
static bool is_version_comment(const char *text, const struct token *token)
{
	return token->length > 4 && text[token->start] == '/' &&
	       (text[token->start + 2] == '!' ||
		       (text[token->start + 2] == 'M' && text[token->start + 3] == '!'));
}

void token_list_read(struct token_list *list, const char *text, size_t length,
	const struct lexer_options *options, bool folds)
{
	struct lexer lexer;
	struct token token;
	struct folding folding = {0};

	list->text = text;
	list->length = length;
	list->options = *options;
	list->count = list->mark_count = 0;
	list->terminators = list->terminators_end = 0;
	list->bad = list->folded = list->other_versions = false;
	lexer_init(&lexer, text, length, options);
	while (lexer_next(&lexer, &token)) {
		switch ((enum token_kind)token.kind) {
		case TOKEN_SPACE:
		case TOKEN_HINT:
			break;
		case TOKEN_COMMENT:
			if (is_version_comment(text, &token)) {
				list->other_versions = true;
				push(&list->marks, &list->mark_count, &list->mark_room, &token);
			}
			break;
		case TOKEN_CODE_OPEN:
		case TOKEN_CODE_CLOSE:
			list->other_versions = true;
			push(&list->marks, &list->mark_count, &list->mark_room, &token);
			break;
		default:
			push(&list->items, &list->count, &list->room, &token);
			if (folds)
				fold(&folding, list, &token);
			follow_terminators(&lexer, list, &token);
			list->bad = token.kind == TOKEN_BAD;
			break;
		}
	}
	/* a version comment without end: the servers refuse it, and so do the rules */
	if (lexer.in_code)
		list->bad = true;
}

void token_list_release(struct token_list *list)
{
	free(list->items);
	free(list->marks);
	*list = (struct token_list)TOKEN_LIST_INIT;
}

const struct token *token_at(const struct token_list *list, size_t index)
{
	static const struct token none = {.kind = TOKEN_BAD};

	return index < list->count ? &list->items[index] : &none;
}

size_t token_skip_parens(const struct token_list *list, size_t index)
{
	unsigned depth = 0;

	for (size_t i = index; i < list->count; i++) {
		if (list->items[i].word == '(')
			depth++;
		else if (list->items[i].word == ')' && --depth == 0)
			return i + 1;
	}
	return list->count;
}

bool token_equals(const struct token_list *list, size_t index, const char *word)
{
	const struct token *token = token_at(list, index);

	return token->kind != TOKEN_BAD && token->length == strlen(word) &&
	       strncasecmp(list->text + token->start, word, token->length) == 0;
}

/* One escaped byte of a string; LIKE's escapes keep their backslash. */
static void put_escaped(struct buffer *out, char c)
{
	switch (c) {
	case '0':
		buffer_putc(out, '\0');
		break;
	case 'b':
		buffer_putc(out, '\b');
		break;
	case 'n':
		buffer_putc(out, '\n');
		break;
	case 'r':
		buffer_putc(out, '\r');
		break;
	case 't':
		buffer_putc(out, '\t');
		break;
	case 'Z':
		buffer_putc(out, 26);
		break;
	case '%':
	case '_':
		buffer_putc(out, '\\');
		buffer_putc(out, c);
		break;
	default:
		buffer_putc(out, c);
	}
}

/* What stands between the quotes. Character by character, as a second byte may look like a quote. */
static void put_unquoted(const struct lexer_options *options, const char *at, size_t length, struct buffer *out)
{
	char quote = at[0];
	bool identifier = quote == '`' || (quote == '"' && (options->sql_mode & MODE_ANSI_QUOTES));
	bool escapes = !identifier && !(options->sql_mode & MODE_NO_BACKSLASH_ESCAPES);
	size_t end = length > 1 ? length - 1 : length;

	for (size_t i = 1; i < end; i++) {
		size_t bytes = lexer_character(options, at + i, end - i);

		if (bytes > 1) {
			buffer_append(out, at + i, bytes);
			i += bytes - 1;
		} else if (at[i] == '\\' && escapes && i + 1 < end) {
			i++;
			bytes = lexer_character(options, at + i, end - i);
			if (bytes > 1) {
				buffer_append(out, at + i, bytes);
				i += bytes - 1;
			} else {
				put_escaped(out, at[i]);
			}
		} else {
			if (at[i] == quote)
				i++;
			buffer_putc(out, at[i]);
		}
	}
}

void token_value(const struct token_list *list, size_t index, struct buffer *out)
{
	const struct token *token = token_at(list, index);
	const char *at = list->text + token->start;
	struct lexer_options options = list->options;
	size_t length = token->length;

	if (token->length == 0)
		return;
	if (token->kind == TOKEN_USER_VARIABLE || token->kind == TOKEN_PREFIXED_STRING) {
		at++;
		length--;
	} else if (token->kind == TOKEN_SYSTEM_VARIABLE) {
		at += 2;
		length -= 2;
	}
	if (token_is_terminator(list, index))
		terminator_options(&options);
	if (length > 0 && (at[0] == '`' || at[0] == '"' || at[0] == '\''))
		put_unquoted(&options, at, length, out);
	else
		buffer_append(out, at, length);
}
