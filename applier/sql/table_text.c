#include "applier/sql/table_text.h"

#include <string.h>

#define PUSH(r, list, count, room, value)                                                                    \
	do {                                                                                                 \
		if ((count) == (room)) {                                                                     \
			void *larger_;                                                                       \
			(room) = (room) ? (room)*2 : 8;                                                      \
			larger_ = arena_alloc((r)->arena, (room) * sizeof(*(list)));                         \
			if (count)                                                                           \
				memcpy(larger_, (list), (count) * sizeof(*(list)));                          \
			(list) = larger_;                                                                    \
		}                                                                                            \
		(list)[(count)++] = (value);                                                                 \
	} while (0)

static bool is_option_word(unsigned word)
{
	switch (word) {
	case KW_ENGINE:
	case KW_ROW_FORMAT:
	case KW_KEY_BLOCK_SIZE:
	case KW_TABLESPACE:
	case KW_ENCRYPTION:
	case KW_ENCRYPTED:
	case KW_ENCRYPTION_KEY_ID:
	case KW_COMPRESSION:
	case KW_PAGE_COMPRESSED:
	case KW_PAGE_COMPRESSION_LEVEL:
	case KW_TRANSACTIONAL:
	case KW_PAGE_CHECKSUM:
	case KW_PACK_KEYS:
	case KW_INSERT_METHOD:
	case KW_UNION:
	case KW_CONNECTION:
	case KW_SECONDARY_ENGINE:
	case KW_SECONDARY_ENGINE_ATTRIBUTE:
	case KW_ENGINE_ATTRIBUTE:
	case KW_AUTOEXTEND_SIZE:
	case KW_STATS_AUTO_RECALC:
	case KW_STATS_PERSISTENT:
	case KW_STATS_SAMPLE_PAGES:
	case KW_CHECKSUM:
	case KW_TABLE_CHECKSUM:
	case KW_DELAY_KEY_WRITE:
	case KW_AVG_ROW_LENGTH:
	case KW_MAX_ROWS:
	case KW_MIN_ROWS:
	case KW_AUTO_INCREMENT:
	case KW_COMMENT:
	case KW_PASSWORD:
	case KW_CHARSET:
	case KW_COLLATE:
	case KW_ITEF_QUOTES:
	case KW_SEQUENCE:
	case KW_STORAGE:
	case KW_TYPE:
		return true;
	default:
		return false;
	}
}

static bool is_value(const struct rewriting *r, size_t at)
{
	const struct token *token = token_at(&r->tokens, at);

	return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED || token->kind == TOKEN_STRING ||
	       token->kind == TOKEN_NUMBER || token->kind == TOKEN_PREFIXED_STRING || token->word == '(';
}

/* An option at token `at`; false when none stands there. */
static bool read_option(struct rewriting *r, size_t at, struct table_option *option)
{
	*option = (struct table_option){.first = at};
	if (rule_is(r, at, KW_DEFAULT))
		at++;
	option->word = token_at(&r->tokens, at)->word;
	if ((option->word == KW_DATA || option->word == KW_INDEX) && rule_is(r, at + 1, KW_DIRECTORY)) {
		at += 2;
	} else if (option->word == KW_CHARACTER && rule_is(r, at + 1, KW_SET)) {
		option->word = KW_CHARSET;
		at += 2;
	} else if (option->word == KW_CHAR && rule_is(r, at + 1, KW_SET)) {
		option->word = KW_CHARSET;
		at += 2;
	} else if (option->word == KW_WITH && rule_is(r, at + 1, KW_SYSTEM) &&
		   rule_is(r, at + 2, KW_VERSIONING)) {
		option->word = KW_VERSIONING;
		option->value = at + 2;
		option->end = at + 3;
		return true;
	} else if (is_option_word(option->word)) {
		at++;
	} else {
		return false;
	}
	if (rule_is(r, at, '='))
		at++;
	if (!is_value(r, at))
		return false;
	option->value = at;
	option->end = rule_is(r, at, '(') ? token_skip_parens(&r->tokens, at) : at + 1;
	return true;
}

/* Options one behind the other, commas between them or not, and START TRANSACTION among them; returns the token
 * behind. */
static size_t read_options(struct rewriting *r, struct table_text *text, size_t at)
{
	struct table_option option;

	for (;;) {
		size_t next = rule_is(r, at, ',') ? at + 1 : at;

		if (rule_is(r, next, KW_START) && rule_is(r, next + 1, KW_TRANSACTION)) {
			text->transaction = next;
			at = next + 2;
			continue;
		}
		if (!read_option(r, next, &option))
			return at;
		PUSH(r, text->options, text->option_count, text->option_room, option);
		at = option.end;
	}
}

/* Options of partitions, anywhere in the parentheses that begin at `at` with (PARTITION … */
static void read_partitions(struct rewriting *r, struct table_text *text, size_t at)
{
	size_t end = token_skip_parens(&r->tokens, at);

	for (size_t i = at + 1; i + 1 < end; i++) {
		struct table_option option;

		if (rule_is(r, i - 1, KW_PARTITION) || rule_is(r, i - 1, KW_SUBPARTITION))
			continue; /* a partition's name */
		if (rule_is(r, i, KW_STORAGE) && rule_is(r, i + 1, KW_ENGINE))
			continue;
		if (!read_option(r, i, &option) || option.end > end)
			continue;
		if (rule_is(r, i - 1, KW_STORAGE) && option.word == KW_ENGINE)
			option.first--;
		option.in_partition = true;
		PUSH(r, text->options, text->option_count, text->option_room, option);
		i = option.end - 1;
	}
}

bool table_item_is_key(const struct token_list *tokens, size_t at)
{
	switch (token_at(tokens, at)->word) {
	case KW_KEY:
	case KW_INDEX:
	case KW_UNIQUE:
	case KW_PRIMARY:
	case KW_FULLTEXT:
	case KW_SPATIAL:
	case KW_FOREIGN:
	case KW_CONSTRAINT:
	case KW_CHECK:
	case KW_PERIOD:
	case KW_PARTITION:
		return true;
	default:
		return token_equals(tokens, at, "VECTOR") &&
		       (token_is(tokens, at + 1, KW_INDEX) || token_is(tokens, at + 1, KW_KEY));
	}
}

static void add_item(struct rewriting *r, struct table_text *text, size_t first, size_t end)
{
	struct table_item item = {.first = first, .end = end};

	if (first >= end)
		return;
	item.is_key = table_item_is_key(&r->tokens, first);
	item.type = first + 1 < end ? first + 1 : first;
	PUSH(r, text->items, text->item_count, text->item_room, item);
}

/* The comma (or end) that ends what begins at `at`, at its level of parentheses. */
static size_t part_end(const struct rewriting *r, size_t at, size_t end)
{
	while (at < end && !rule_is(r, at, ',') && !rule_is(r, at, ')') && !rule_is(r, at, ';'))
		at = rule_is(r, at, '(') ? token_skip_parens(&r->tokens, at) : at + 1;
	return at < end ? at : end;
}

static void read_items(struct rewriting *r, struct table_text *text, size_t at, size_t end)
{
	while (at < end) {
		size_t stop = part_end(r, at, end);

		add_item(r, text, at, stop);
		at = stop + 1;
	}
}

static void read_create(struct rewriting *r, struct table_text *text)
{
	size_t at = r->statement.body, select = r->tokens.count;

	if (r->statement.flags & STATEMENT_HAS_SELECT)
		select = r->statement.select;
	text->columns_open = text->columns_end = at;
	if (rule_is(r, at, '(') && at < select) {
		text->columns_end = token_skip_parens(&r->tokens, at);
		read_items(r, text, at + 1, text->columns_end - 1);
		at = text->columns_end;
	}
	text->options_at = at;
	at = read_options(r, text, at);
	text->options_end = at;
	for (; at < select; at++)
		if (rule_is(r, at, '(') && rule_is(r, at + 1, KW_PARTITION)) {
			read_partitions(r, text, at);
			return;
		}
}

/* ADD [COLUMN] … , ADD (…, …), MODIFY [COLUMN] …, CHANGE [COLUMN] old … */
static void read_alter_item(struct rewriting *r, struct table_text *text, const struct alter_part *part)
{
	unsigned word = token_at(&r->tokens, part->first)->word;
	size_t at = part->first + 1;

	if (word != KW_ADD && word != KW_MODIFY && word != KW_CHANGE)
		return;
	if (rule_is(r, at, KW_COLUMN))
		at++;
	if (rule_is(r, at, KW_IF))
		at += rule_is(r, at + 1, KW_NOT) ? 3 : 2;
	if (word == KW_CHANGE)
		at++;
	if (rule_is(r, at, '('))
		read_items(r, text, at + 1, token_skip_parens(&r->tokens, at) - 1);
	else
		add_item(r, text, at, part->end);
}

static void read_alter(struct rewriting *r, struct table_text *text)
{
	size_t at = r->statement.body;

	text->columns_open = text->columns_end = at;
	while (rule_is(r, at, KW_WAIT) || rule_is(r, at, KW_NOWAIT) ||
		token_at(&r->tokens, at)->kind == TOKEN_NUMBER)
		at++;
	text->options_at = text->options_end = at;
	while (at < r->tokens.count && !rule_is(r, at, ';')) {
		struct alter_part part = {.first = at};
		size_t options = read_options(r, text, at);

		/* options need no commas: they may run on into the next part */
		part.end = part_end(r, options, r->tokens.count);
		PUSH(r, text->parts, text->part_count, text->part_room, part);
		read_alter_item(r, text, &part);
		for (size_t i = options; i < part.end; i++)
			if (rule_is(r, i, '(') && rule_is(r, i + 1, KW_PARTITION))
				read_partitions(r, text, i);
		at = part.end < r->tokens.count && rule_is(r, part.end, ',') ? part.end + 1 : r->tokens.count;
	}
}

const struct table_text *table_text_of(struct rewriting *r)
{
	struct table_text *text;

	if (r->table)
		return r->table;
	text = arena_zalloc(r->arena, sizeof(*text));
	if (r->statement.class == STATEMENT_CREATE_TABLE)
		read_create(r, text);
	else if (r->statement.class == STATEMENT_ALTER_TABLE)
		read_alter(r, text);
	r->table = text;
	return text;
}

/* Removes the tokens first…end-1 with one of the commas beside them. */
static void remove_with_comma(struct rewriting *r, size_t first, size_t end)
{
	bool before = first > 0 && rule_is(r, first - 1, ','), after = rule_is(r, end, ',');
	/* behind another option without a comma, the next comma ends that one's part */
	bool leads = r->statement.class == STATEMENT_ALTER_TABLE && first == table_text_of(r)->options_at;

	if (after && (before || leads))
		end++;
	else if (before)
		first--;
	rule_remove(r, first, end - 1);
}

void table_options_remove(
	struct rewriting *r, bool (*which)(const struct rewriting *r, const struct table_option *option))
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->option_count; i++) {
		size_t first = text->options[i].first, end = text->options[i].end;

		if (!which(r, &text->options[i]))
			continue;
		/* neighbours that go as well are one range, so that commas are counted once */
		while (i + 1 < text->option_count && which(r, &text->options[i + 1]) &&
			(text->options[i + 1].first == end ||
				(rule_is(r, end, ',') && text->options[i + 1].first == end + 1)))
			end = text->options[++i].end;
		remove_with_comma(r, first, end);
	}
}
