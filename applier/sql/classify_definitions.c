/* CREATE, ALTER, DROP, RENAME: what is defined, and its name. */
#include "applier/sql/account.h"
#include "applier/sql/reader.h"

static bool is(const struct reader *r, size_t at, unsigned word)
{
	return token_is(r->tokens, at, word);
}

size_t reader_if_exists(struct reader *r, size_t at)
{
	if (!is(r, at, KW_IF))
		return at;
	if (is(r, at + 1, KW_EXISTS)) {
		r->statement->flags |= STATEMENT_IF_EXISTS;
		return at + 2;
	}
	if (is(r, at + 1, KW_NOT) && is(r, at + 2, KW_EXISTS)) {
		r->statement->flags |= STATEMENT_IF_NOT_EXISTS;
		return at + 3;
	}
	return at;
}

/* The query of CREATE TABLE … SELECT and CREATE TEMPORARY TABLE … SELECT; tokens->count when there is none.
 */
static size_t create_select(const struct reader *r, size_t at)
{
	const struct token_list *tokens = r->tokens;

	while (at < tokens->count) {
		switch (tokens->items[at].word) {
		case '(': {
			size_t inner = at;

			while (is(r, inner, '('))
				inner++;
			if (is(r, inner, KW_SELECT) || is(r, inner, KW_WITH) || is(r, inner, KW_VALUES) ||
				is(r, inner, KW_TABLE))
				return at;
			at = token_skip_parens(tokens, at);
			continue;
		}
		case KW_SELECT:
		case KW_VALUES:
			return at;
		case KW_WITH:
			/* WITH SYSTEM VERSIONING and WITH PARSER are options */
			if (is(r, at + 1, KW_RECURSIVE) || is(r, at + 2, KW_AS) || is(r, at + 2, '('))
				return at;
			break;
		case KW_TABLE:
			if (at > 0 && is(r, at - 1, KW_AS))
				return at;
			break;
		default:
			break;
		}
		at++;
	}
	return at;
}

/* Tables named behind REFERENCES, anywhere; EXCHANGE PARTITION … WITH TABLE t as well. */
static void other_tables(struct reader *r, size_t at)
{
	for (; at < r->tokens->count; at++) {
		if (is(r, at, KW_REFERENCES))
			reader_object(r, at + 1, OBJECT_TABLE, ROLE_SOURCE);
		else if (is(r, at, KW_WITH) && is(r, at + 1, KW_TABLE))
			reader_object(r, at + 2, OBJECT_TABLE, ROLE_TARGET);
	}
}

static void create_table(struct reader *r, size_t at)
{
	struct statement *st = r->statement;
	size_t like;

	at = reader_if_exists(r, at);
	st->body = at = reader_object(r, at, OBJECT_TABLE, ROLE_TARGET);
	like = is(r, at, '(') ? at + 1 : at;
	if (is(r, like, KW_LIKE)) {
		st->flags |= STATEMENT_LIKE;
		reader_object(r, like + 1, OBJECT_TABLE, ROLE_SOURCE);
		return;
	}
	st->select = create_select(r, at);
	if (st->select < r->tokens->count) {
		st->flags |= STATEMENT_HAS_SELECT;
		if (is(r, st->select - 1, KW_IGNORE) ||
			(is(r, st->select - 1, KW_AS) && is(r, st->select - 2, KW_IGNORE)))
			st->flags |= STATEMENT_IGNORE;
		reader_query(r, st->select, reader_scope(r, 0), true);
	}
	other_tables(r, at);
}

static void alter_table(struct reader *r, size_t at)
{
	size_t depth = 0;

	at = reader_if_exists(r, at);
	r->statement->body = at = reader_object(r, at, OBJECT_TABLE, ROLE_TARGET);
	other_tables(r, at);
	for (; at < r->tokens->count; at++) {
		if (is(r, at, '('))
			depth++;
		else if (is(r, at, ')') && depth)
			depth--;
		if (depth || !is(r, at, KW_RENAME))
			continue;
		switch (token_at(r->tokens, at + 1)->word) {
		case KW_TO:
		case KW_AS:
			reader_object(r, at + 2, OBJECT_TABLE, ROLE_NEW_NAME);
			break;
		case KW_COLUMN:
		case KW_INDEX:
		case KW_KEY:
			break;
		default:
			if (is(r, at - 1, ',') || at == r->statement->body)
				reader_object(r, at + 1, OBJECT_TABLE, ROLE_NEW_NAME);
		}
	}
}

static void drop_list(struct reader *r, size_t at, enum object_kind kind)
{
	at = reader_if_exists(r, at);
	r->statement->body = reader_object_list(r, at, kind, ROLE_TARGET);
}

void reader_rename_list(struct reader *r, size_t at)
{
	at = reader_if_exists(r, at);
	for (;;) {
		size_t next = reader_object(r, at, OBJECT_TABLE, ROLE_TARGET);

		while (is(r, next, KW_WAIT) || is(r, next, KW_NOWAIT) ||
			token_at(r->tokens, next)->kind == TOKEN_NUMBER)
			next++;
		if (next == at || !is(r, next, KW_TO))
			break;
		at = reader_object(r, next + 1, OBJECT_TABLE, ROLE_NEW_NAME);
		if (!is(r, at, ','))
			break;
		at++;
	}
	r->statement->body = at;
}

static void index_table(struct reader *r, size_t at)
{
	for (; at < r->tokens->count && !is(r, at, '('); at++)
		if (is(r, at, KW_ON)) {
			r->statement->body = reader_object(r, at + 1, OBJECT_TABLE, ROLE_TABLE_OF);
			return;
		}
}

static void create_trigger(struct reader *r, size_t at)
{
	at = reader_if_exists(r, at);
	at = reader_object(r, at, OBJECT_TRIGGER, ROLE_TARGET);
	r->statement->body = at;
	for (; at < r->tokens->count; at++)
		if (is(r, at, KW_ON)) {
			r->statement->body = reader_object(r, at + 1, OBJECT_TABLE, ROLE_TABLE_OF);
			return;
		}
}

static void create_view(struct reader *r, size_t at)
{
	at = reader_if_exists(r, at);
	at = reader_object(r, at, OBJECT_VIEW, ROLE_TARGET);
	r->statement->body = at;
	if (is(r, at, '('))
		at = token_skip_parens(r->tokens, at);
	if (is(r, at, KW_AS))
		at++;
	r->statement->select = at;
	reader_query(r, at, reader_scope(r, 0), true);
}

static void named(struct reader *r, size_t at, enum object_kind kind)
{
	at = reader_if_exists(r, at);
	r->statement->body = reader_object(r, at, kind, ROLE_TARGET);
}

/* ALTER DATABASE [name] option …: without a name it is the default database. */
static void alter_database(struct reader *r, size_t at)
{
	switch (token_at(r->tokens, at)->word) {
	case KW_CHARACTER:
	case KW_CHARSET:
	case KW_COLLATE:
	case KW_DEFAULT:
	case KW_ENCRYPTION:
	case KW_READ:
		r->statement->body = at;
		break;
	default:
		named(r, at, OBJECT_DATABASE);
	}
}

static bool has_word(const struct reader *r, size_t at, unsigned word)
{
	for (; at < r->tokens->count; at++)
		if (is(r, at, word))
			return true;
	return false;
}

/* Steps over OR REPLACE, TEMPORARY, DEFINER = account, ALGORITHM = x, SQL SECURITY x, UNIQUE, … */
static size_t create_modifiers(struct reader *r, size_t at)
{
	struct account account;

	for (;;) {
		switch (token_at(r->tokens, at)->word) {
		case KW_OR:
			if (!is(r, at + 1, KW_REPLACE))
				return at;
			r->statement->flags |= STATEMENT_OR_REPLACE;
			at += 2;
			break;
		case KW_TEMPORARY:
			r->statement->flags |= STATEMENT_TEMPORARY;
			at++;
			break;
		case KW_AGGREGATE:
			r->statement->flags |= STATEMENT_AGGREGATE;
			at++;
			break;
		case KW_DEFINER:
			at++;
			if (is(r, at, '='))
				at++;
			if (!account_read(r->tokens, at, NULL, &account))
				return at;
			at = account.end;
			break;
		case KW_ALGORITHM:
			at += is(r, at + 1, '=') ? 3 : 2;
			break;
		case KW_SQL: /* SQL SECURITY x */
			at += 3;
			break;
		case KW_UNIQUE:
		case KW_FULLTEXT:
		case KW_SPATIAL:
			if (is(r, at + 1, KW_REFERENCE))
				return at;
			at++;
			break;
		case KW_ONLINE:
		case KW_OFFLINE:
		case KW_UNDO:
			at++;
			break;
		default:
			if (token_equals(r->tokens, at, "VECTOR") && is(r, at + 1, KW_INDEX)) {
				at++;
				break;
			}
			return at;
		}
	}
}

static enum statement_class create_function(struct reader *r, size_t at)
{
	named(r, at, OBJECT_FUNCTION);
	/* a loadable one has no parameters: CREATE FUNCTION f RETURNS type SONAME 'file' */
	if (is(r, r->statement->body, KW_RETURNS) && has_word(r, r->statement->body, KW_SONAME))
		return STATEMENT_CREATE_UDF;
	return STATEMENT_CREATE_FUNCTION;
}

static enum statement_class create_package(struct reader *r, size_t at)
{
	named(r, is(r, at, KW_BODY) ? at + 1 : at, OBJECT_PACKAGE);
	return STATEMENT_CREATE_PACKAGE;
}

enum statement_class reader_create(struct reader *r, size_t at)
{
	at = create_modifiers(r, at);
	switch (token_at(r->tokens, at)->word) {
	case KW_TABLE:
		create_table(r, at + 1);
		return STATEMENT_CREATE_TABLE;
	case KW_INDEX:
		index_table(r, reader_if_exists(r, at + 1));
		return STATEMENT_CREATE_INDEX;
	case KW_VIEW:
		create_view(r, at + 1);
		return STATEMENT_CREATE_VIEW;
	case KW_SEQUENCE:
		named(r, at + 1, OBJECT_SEQUENCE);
		return STATEMENT_CREATE_SEQUENCE;
	case KW_DATABASE:
	case KW_SCHEMA:
		named(r, at + 1, OBJECT_DATABASE);
		return STATEMENT_CREATE_DATABASE;
	case KW_PROCEDURE:
		named(r, at + 1, OBJECT_PROCEDURE);
		return STATEMENT_CREATE_PROCEDURE;
	case KW_FUNCTION:
		return create_function(r, at + 1);
	case KW_TRIGGER:
		create_trigger(r, at + 1);
		return STATEMENT_CREATE_TRIGGER;
	case KW_EVENT:
		named(r, at + 1, OBJECT_EVENT);
		return STATEMENT_CREATE_EVENT;
	case KW_PACKAGE:
		return create_package(r, at + 1);
	case KW_LIBRARY:
		named(r, at + 1, OBJECT_LIBRARY);
		return STATEMENT_CREATE_LIBRARY;
	case KW_USER:
		r->statement->body = reader_if_exists(r, at + 1);
		return STATEMENT_CREATE_USER;
	case KW_ROLE:
		r->statement->body = reader_if_exists(r, at + 1);
		return STATEMENT_CREATE_ROLE;
	case KW_SERVER:
		return STATEMENT_SERVER;
	case KW_TABLESPACE:
	case KW_LOGFILE:
		return STATEMENT_TABLESPACE;
	case KW_RESOURCE:
		return STATEMENT_RESOURCE_GROUP;
	case KW_SPATIAL:
		return STATEMENT_SPATIAL_REFERENCE_SYSTEM;
	default:
		return STATEMENT_UNKNOWN;
	}
}

static void alter_event(struct reader *r, size_t at)
{
	named(r, at, OBJECT_EVENT);
	for (at = r->statement->body; at < r->tokens->count && !is(r, at, KW_DO); at++)
		if (is(r, at, KW_RENAME) && is(r, at + 1, KW_TO)) {
			reader_object(r, at + 2, OBJECT_EVENT, ROLE_NEW_NAME);
			return;
		}
}

enum statement_class reader_alter(struct reader *r, size_t at)
{
	if (is(r, at, KW_IGNORE)) {
		r->statement->flags |= STATEMENT_IGNORE;
		at++;
	}
	at = create_modifiers(r, at);
	switch (token_at(r->tokens, at)->word) {
	case KW_TABLE:
		alter_table(r, at + 1);
		return STATEMENT_ALTER_TABLE;
	case KW_VIEW:
		create_view(r, at + 1);
		return STATEMENT_ALTER_VIEW;
	case KW_SEQUENCE:
		named(r, at + 1, OBJECT_SEQUENCE);
		return STATEMENT_ALTER_SEQUENCE;
	case KW_DATABASE:
	case KW_SCHEMA:
		alter_database(r, at + 1);
		return STATEMENT_ALTER_DATABASE;
	case KW_PROCEDURE:
		named(r, at + 1, OBJECT_PROCEDURE);
		return STATEMENT_ALTER_PROCEDURE;
	case KW_FUNCTION:
		named(r, at + 1, OBJECT_FUNCTION);
		return STATEMENT_ALTER_FUNCTION;
	case KW_EVENT:
		alter_event(r, at + 1);
		return STATEMENT_ALTER_EVENT;
	case KW_LIBRARY:
		named(r, at + 1, OBJECT_LIBRARY);
		return STATEMENT_ALTER_LIBRARY;
	case KW_USER:
		r->statement->body = reader_if_exists(r, at + 1);
		return STATEMENT_ALTER_USER;
	case KW_SERVER:
		return STATEMENT_SERVER;
	case KW_TABLESPACE:
	case KW_LOGFILE:
		return STATEMENT_TABLESPACE;
	case KW_RESOURCE:
		return STATEMENT_RESOURCE_GROUP;
	case KW_INSTANCE:
		return STATEMENT_INSTANCE;
	default:
		return STATEMENT_UNKNOWN;
	}
}

static const struct {
	unsigned word;
	enum object_kind kind;
	enum statement_class class;
} droppable[] = {
	{KW_TABLE, OBJECT_TABLE, STATEMENT_DROP_TABLE},
	{KW_TABLES, OBJECT_TABLE, STATEMENT_DROP_TABLE},
	{KW_VIEW, OBJECT_VIEW, STATEMENT_DROP_VIEW},
	{KW_SEQUENCE, OBJECT_SEQUENCE, STATEMENT_DROP_SEQUENCE},
	{KW_DATABASE, OBJECT_DATABASE, STATEMENT_DROP_DATABASE},
	{KW_SCHEMA, OBJECT_DATABASE, STATEMENT_DROP_DATABASE},
	{KW_PROCEDURE, OBJECT_PROCEDURE, STATEMENT_DROP_PROCEDURE},
	{KW_FUNCTION, OBJECT_FUNCTION, STATEMENT_DROP_FUNCTION},
	{KW_TRIGGER, OBJECT_TRIGGER, STATEMENT_DROP_TRIGGER},
	{KW_EVENT, OBJECT_EVENT, STATEMENT_DROP_EVENT},
	{KW_LIBRARY, OBJECT_LIBRARY, STATEMENT_DROP_LIBRARY},
};

enum statement_class reader_drop(struct reader *r, size_t at)
{
	at = create_modifiers(r, at);
	for (size_t i = 0; i < sizeof(droppable) / sizeof(droppable[0]); i++)
		if (is(r, at, droppable[i].word)) {
			drop_list(r, at + 1, droppable[i].kind);
			return droppable[i].class;
		}
	switch (token_at(r->tokens, at)->word) {
	case KW_INDEX:
		index_table(r, reader_if_exists(r, at + 1));
		return STATEMENT_DROP_INDEX;
	case KW_PACKAGE:
		drop_list(r, is(r, at + 1, KW_BODY) ? at + 2 : at + 1, OBJECT_PACKAGE);
		return STATEMENT_DROP_PACKAGE;
	case KW_USER:
		r->statement->body = reader_if_exists(r, at + 1);
		return STATEMENT_DROP_USER;
	case KW_ROLE:
		r->statement->body = reader_if_exists(r, at + 1);
		return STATEMENT_DROP_ROLE;
	case KW_SERVER:
		return STATEMENT_SERVER;
	case KW_TABLESPACE:
	case KW_LOGFILE:
		return STATEMENT_TABLESPACE;
	case KW_RESOURCE:
		return STATEMENT_RESOURCE_GROUP;
	case KW_SPATIAL:
		return STATEMENT_SPATIAL_REFERENCE_SYSTEM;
	case KW_PREPARE:
		return STATEMENT_SET;
	default:
		return STATEMENT_UNKNOWN;
	}
}
