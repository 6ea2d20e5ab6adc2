/* Where tables and qualified columns stand in queries and in statements that change rows.
 *
 * Not a grammar: it knows after which words a table comes, which words end such a list, and that commas
 * inside expressions are always in parentheses. */
#include <string.h>
#include <strings.h>

#include "applier/sql/reader.h"
#include "base/buffer.h"

#define DEPTH_MAXIMUM 200u

/* Where in a query the reading is. */
enum place {
	PLACE_EXPRESSION, /* select list, WHERE, … */
	PLACE_TABLE,	  /* a table reference is due */
	PLACE_JOINED,	  /* behind one: alias, hints, ON …, a comma or another join may follow */
};

const char *reader_value(struct reader *reader, size_t at)
{
	struct buffer value = BUFFER_INIT;
	const char *copy;

	token_value(reader->tokens, at, &value);
	copy = arena_strndup(reader->arena, buffer_text(&value), value.length);
	buffer_release(&value);
	return copy;
}

/* Arrays in the arena grow by leaving the old one behind. */
static void *grow(struct arena *arena, const void *old, size_t count, size_t *room, size_t size)
{
	void *larger;

	if (count < *room)
		return NULL;
	*room = *room ? *room * 2 : 8;
	larger = arena_zalloc(arena, *room * size);
	if (count)
		memcpy(larger, old, count * size);
	return larger;
}

size_t reader_object(struct reader *reader, size_t at, enum object_kind kind, enum object_role role)
{
	const struct token_list *tokens = reader->tokens;
	struct statement *st = reader->statement;
	struct object *object, *larger;
	size_t last = at;

	if (token_is(tokens, at, '.') && token_is_name(tokens, at + 1)) /* .t is t */
		last = at + 1;
	else if (!token_is_name(tokens, at))
		return at;
	else if (token_is(tokens, at + 1, '.') && token_is_name(tokens, at + 2))
		last = at + 2;
	larger = grow(reader->arena, st->objects, st->object_count, &reader->object_room, sizeof(*larger));
	if (larger)
		st->objects = larger;
	object = &st->objects[st->object_count++];
	*object = (struct object){.kind = kind,
		.role = role,
		.first = (uint32_t)at,
		.last = (uint32_t)last,
		.end = (uint32_t)(last + 1),
		.alias_token = OBJECT_NO_TOKEN};
	object->name = reader_value(reader, last);
	if (last == at + 2)
		object->database = reader_value(reader, at);
	if (kind == OBJECT_DATABASE)
		object->database = object->name;
	return last + 1;
}

size_t reader_object_list(struct reader *reader, size_t at, enum object_kind kind, enum object_role role)
{
	for (;;) {
		size_t next = reader_object(reader, at, kind, role);

		if (next == at || !token_is(reader->tokens, next, ','))
			return next;
		at = next + 1;
	}
}

uint16_t reader_scope(struct reader *reader, uint16_t parent)
{
	struct statement *st = reader->statement;
	uint16_t *larger;

	if (st->scopes == UINT16_MAX)
		return parent;
	larger = grow(reader->arena, st->scope_parent, st->scopes, &reader->scope_room, sizeof(*larger));
	if (larger)
		st->scope_parent = larger;
	st->scope_parent[st->scopes] = parent;
	return st->scopes++;
}

static void add_expression(struct reader *reader, const char *name)
{
	const char **larger = grow(reader->arena, reader->expressions, reader->expression_count,
		&reader->expression_room, sizeof(*larger));

	if (larger)
		reader->expressions = larger;
	reader->expressions[reader->expression_count++] = name;
}

static bool is_expression_name(const struct reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->expression_count; i++)
		if (strcasecmp(reader->expressions[i], name) == 0)
			return true;
	return false;
}

/* t.c, db.t.c, t.*, db.t.* at `at`; returns the last token of it, or `at`. */
static size_t qualified_name(struct reader *reader, size_t at, uint16_t scope)
{
	const struct token_list *tokens = reader->tokens;
	struct statement *st = reader->statement;
	struct qualifier *qualifier, *larger;
	size_t names = 1, last = at;

	while (names < 3 && token_is(tokens, last + 1, '.') &&
		(token_is_name(tokens, last + 2) || token_is(tokens, last + 2, '*'))) {
		last += 2;
		names++;
		if (token_is(tokens, last, '*'))
			break;
	}
	if (names < 2 || token_is(tokens, last + 1, '(')) /* a stored function */
		return last;
	larger = grow(
		reader->arena, st->qualifiers, st->qualifier_count, &reader->qualifier_room, sizeof(*larger));
	if (larger)
		st->qualifiers = larger;
	qualifier = &st->qualifiers[st->qualifier_count++];
	*qualifier = (struct qualifier){.first = (uint32_t)at, .parts = (uint8_t)names, .scope = scope};
	qualifier->table = reader_value(reader, at + 2 * (names - 2));
	if (names == 3)
		qualifier->database = reader_value(reader, at);
	return last;
}

static bool begins_query(const struct token_list *tokens, size_t at)
{
	while (token_is(tokens, at, '('))
		at++;
	switch (token_at(tokens, at)->word) {
	case KW_SELECT:
	case KW_WITH:
	case KW_VALUES:
	case KW_TABLE:
		return true;
	default:
		return false;
	}
}

/* Words that cannot be an alias without AS, as they go on with the query. */
static bool ends_reference(unsigned word)
{
	switch (word) {
	case KW_ON:
	case KW_USING:
	case KW_WHERE:
	case KW_GROUP:
	case KW_HAVING:
	case KW_ORDER:
	case KW_LIMIT:
	case KW_UNION:
	case KW_EXCEPT:
	case KW_INTERSECT:
	case KW_JOIN:
	case KW_INNER:
	case KW_CROSS:
	case KW_LEFT:
	case KW_RIGHT:
	case KW_FULL:
	case KW_NATURAL:
	case KW_STRAIGHT_JOIN:
	case KW_SET:
	case KW_FOR:
	case KW_LOCK:
	case KW_USE:
	case KW_IGNORE:
	case KW_FORCE:
	case KW_PARTITION:
	case KW_WINDOW:
	case KW_PROCEDURE:
	case KW_INTO:
	case KW_RETURNING:
	case KW_VALUES:
	case KW_SELECT:
	case KW_WITH:
	case KW_AS:
		return true;
	default:
		return false;
	}
}

/* [PARTITION (…)] [FOR SYSTEM_TIME …] [[AS] alias] [index hints] behind a table's name. */
static size_t reference_tail(struct reader *reader, size_t at, struct object *object)
{
	const struct token_list *tokens = reader->tokens;

	if (token_is(tokens, at, KW_PARTITION) && token_is(tokens, at + 1, '('))
		at = token_skip_parens(tokens, at + 1);
	if (token_is(tokens, at, KW_AS)) {
		object->alias_token = (uint32_t)(at + 1);
		object->alias = reader_value(reader, at + 1);
		at += 2;
	} else if (token_is_name(tokens, at) && !ends_reference(token_at(tokens, at)->word)) {
		object->alias_token = (uint32_t)at;
		object->alias = reader_value(reader, at);
		at++;
	}
	object->end = (uint32_t)(at < tokens->count ? at : tokens->count);
	while ((token_is(tokens, at, KW_USE) || token_is(tokens, at, KW_IGNORE) ||
		       token_is(tokens, at, KW_FORCE)) &&
		(token_is(tokens, at + 1, KW_INDEX) || token_is(tokens, at + 1, KW_KEY))) {
		for (at += 2; at < tokens->count && !token_is(tokens, at, '('); at++)
			;
		at = token_skip_parens(tokens, at);
		if (token_is(tokens, at, ',') &&
			(token_is(tokens, at + 1, KW_USE) || token_is(tokens, at + 1, KW_IGNORE) ||
				token_is(tokens, at + 1, KW_FORCE)))
			at++;
	}
	return at;
}

/* A table's name with what belongs to it; returns the token behind, or `at` when there is no name. */
static size_t table_reference(struct reader *reader, size_t at, uint16_t scope, enum object_role role)
{
	struct statement *st = reader->statement;
	size_t next = reader_object(reader, at, OBJECT_TABLE, role);
	struct object *object;

	if (next == at)
		return at;
	object = &st->objects[st->object_count - 1];
	object->scope = scope;
	object->may_have_alias = true;
	if (!object->database && is_expression_name(reader, object->name))
		object->derived_name = true;
	if (!object->database && strcasecmp(object->name, "dual") == 0)
		object->derived_name = true;
	return reference_tail(reader, next, object);
}

static size_t read_level(struct reader *reader, size_t at, uint16_t scope, bool query, enum place place,
	enum object_role role);

static size_t read_parens(
	struct reader *reader, size_t at, uint16_t scope, enum place place, enum object_role role)
{
	const struct token_list *tokens = reader->tokens;
	size_t visible = reader->expression_count, end;
	bool query = begins_query(tokens, at + 1);

	if (reader->depth >= DEPTH_MAXIMUM)
		return token_skip_parens(tokens, at);
	reader->depth++;
	if (query)
		end = read_level(
			reader, at + 1, reader_scope(reader, scope), true, PLACE_EXPRESSION, ROLE_SOURCE);
	else
		end = read_level(reader, at + 1, scope, false, place, role);
	reader->depth--;
	reader->expression_count = visible;
	return end;
}

size_t reader_with(struct reader *reader, size_t at, uint16_t scope)
{
	const struct token_list *tokens = reader->tokens;
	bool recursive = token_is(tokens, at + 1, KW_RECURSIVE);

	at += recursive ? 2 : 1;
	while (token_is_name(tokens, at)) {
		const char *name = reader_value(reader, at++);

		if (token_is(tokens, at, '('))
			at = token_skip_parens(tokens, at);
		if (token_is(tokens, at, KW_AS))
			at++;
		if (recursive)
			add_expression(reader, name);
		if (token_is(tokens, at, '('))
			at = read_parens(reader, at, scope, PLACE_EXPRESSION, ROLE_SOURCE);
		if (!recursive)
			add_expression(reader, name);
		if (!token_is(tokens, at, ','))
			break;
		at++;
	}
	return at;
}

/* A table reference is due at `at`: a name, a subquery, a join in parentheses, JSON_TABLE. */
static size_t read_table(
	struct reader *reader, size_t at, uint16_t scope, enum place *place, enum object_role role)
{
	const struct token_list *tokens = reader->tokens;
	size_t next;

	*place = PLACE_JOINED;
	if (token_is(tokens, at, KW_LATERAL))
		at++;
	if (token_is(tokens, at, '('))
		return read_parens(reader, at, scope, PLACE_TABLE, role);
	if (token_is(tokens, at, KW_JSON_TABLE) && token_is(tokens, at + 1, '('))
		return read_parens(reader, at + 1, scope, PLACE_EXPRESSION, role);
	next = table_reference(reader, at, scope, role);
	if (next == at) {
		*place = PLACE_EXPRESSION;
		return at + 1;
	}
	return next;
}

static enum place after_word(const struct token_list *tokens, size_t at, bool query, enum place place)
{
	switch (token_at(tokens, at)->word) {
	case KW_FROM:
		return query ? PLACE_TABLE : place;
	case KW_JOIN:
	case KW_STRAIGHT_JOIN:
		return place == PLACE_JOINED ? PLACE_TABLE : place;
	case KW_ON:
		return token_is(tokens, at + 1, KW_DUPLICATE) ? PLACE_EXPRESSION : place;
	case KW_WHERE:
	case KW_GROUP:
	case KW_HAVING:
	case KW_ORDER:
	case KW_LIMIT:
	case KW_WINDOW:
	case KW_SET:
	case KW_LOCK:
	case KW_INTO:
	case KW_PROCEDURE:
	case KW_RETURNING:
		return PLACE_EXPRESSION;
	case KW_FOR: /* FOR SYSTEM_TIME and FOR PORTION OF belong to the table before them */
		return token_is(tokens, at + 1, KW_SYSTEM_TIME) || token_is(tokens, at + 1, KW_PORTION)
			       ? place
			       : PLACE_EXPRESSION;
	case ',':
		return place == PLACE_JOINED ? PLACE_TABLE : place;
	default:
		return place;
	}
}

/* A query's parts that are queries of their own: SELECT behind UNION opens a scope beside the first. */
static bool next_query(unsigned word)
{
	return word == KW_UNION || word == KW_EXCEPT || word == KW_INTERSECT;
}

/* Reads to the end of the parentheses that `at` stands in (returns the token behind their end) or of the
 * text. */
static size_t read_level(
	struct reader *reader, size_t at, uint16_t scope, bool query, enum place place, enum object_role role)
{
	const struct token_list *tokens = reader->tokens;
	uint16_t parent = reader->statement->scope_parent[scope];

	while (at < tokens->count) {
		const struct token *token = &tokens->items[at];

		if (token->word == ')')
			return at + 1;
		if (place == PLACE_TABLE && token->word != '{') {
			at = read_table(reader, at, scope, &place, role);
		} else if (token->word == '(') {
			at = read_parens(reader, at, scope, PLACE_EXPRESSION, role);
		} else if (query && token->word == KW_WITH && place == PLACE_EXPRESSION &&
			   (token_is_name(tokens, at + 1) && !token_is(tokens, at + 1, KW_ROLLUP))) {
			at = reader_with(reader, at, scope);
		} else if (query && next_query(token->word)) {
			scope = reader_scope(reader, parent);
			place = PLACE_EXPRESSION;
			at++;
		} else if (query && token->word == KW_TABLE && place == PLACE_EXPRESSION) {
			place = PLACE_TABLE;
			at++;
		} else if (token->word) {
			place = after_word(tokens, at, query, place);
			at = token_is_name(tokens, at) ? qualified_name(reader, at, scope) + 1 : at + 1;
		} else if (token_is_name(tokens, at)) {
			at = qualified_name(reader, at, scope) + 1;
		} else {
			at++;
		}
	}
	return at;
}

size_t reader_parens(struct reader *reader, size_t at, uint16_t scope)
{
	return read_parens(reader, at, scope, PLACE_EXPRESSION, ROLE_SOURCE);
}

void reader_query(struct reader *reader, size_t at, uint16_t scope, bool query)
{
	while (at < reader->tokens->count) /* a stray ')' does not end the reading */
		at = read_level(reader, at, scope, query, PLACE_EXPRESSION, ROLE_SOURCE);
}

void reader_table_references(struct reader *reader, size_t at, uint16_t scope)
{
	at = read_level(reader, at, scope, false, PLACE_TABLE, ROLE_TARGET);
	reader_query(reader, at, scope, false);
}
