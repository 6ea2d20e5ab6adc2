/* The statement's class by its first words. */
#include "applier/sql/classify.h"

#include <string.h>

#include "applier/sql/keyword.h"
#include "applier/sql/reader.h"

static bool is(const struct reader *r, size_t at, unsigned word)
{
	return token_is(r->tokens, at, word);
}

/* LOW_PRIORITY, DELAYED, QUICK, IGNORE, HIGH_PRIORITY behind the verb. */
static size_t dml_modifiers(struct reader *r, size_t at)
{
	for (;; at++) {
		if (is(r, at, KW_IGNORE))
			r->statement->flags |= STATEMENT_IGNORE;
		else if (!is(r, at, KW_LOW_PRIORITY) && !is(r, at, KW_DELAYED) && !is(r, at, KW_QUICK) &&
			 !is(r, at, KW_CONCURRENT) && !token_equals(r->tokens, at, "HIGH_PRIORITY"))
			return at;
	}
}

static void read_insert(struct reader *r, size_t at)
{
	struct statement *st = r->statement;
	size_t columns;

	at = dml_modifiers(r, at);
	if (is(r, at, KW_INTO))
		at++;
	at = reader_object(r, at, OBJECT_TABLE, ROLE_TARGET);
	if (is(r, at, KW_PARTITION))
		at = token_skip_parens(r->tokens, at + 1);
	columns = at;
	if (is(r, at, '(') && !is(r, at + 1, KW_SELECT) && !is(r, at + 1, KW_WITH) && !is(r, at + 1, '('))
		at = token_skip_parens(r->tokens, at);
	st->body = columns;
	if (is(r, at, KW_SELECT) || is(r, at, KW_WITH) || is(r, at, KW_TABLE) || is(r, at, '(')) {
		st->flags |= STATEMENT_HAS_SELECT;
		st->select = at;
		if (columns < at) /* INSERT INTO t (t.a, t.b) */
			reader_parens(r, columns, 0);
		reader_query(r, at, reader_scope(r, 0), true);
		return;
	}
	reader_query(r, columns, 0, false);
}

/* DELETE t.*, db.u FROM and DELETE FROM t.*, u USING: the names before the table references. */
static size_t delete_names(struct reader *r, size_t at)
{
	for (;;) {
		size_t next = reader_object(r, at, OBJECT_TABLE, ROLE_DELETE_LIST);

		if (next == at)
			return at;
		if (is(r, next, '.') && is(r, next + 1, '*')) {
			r->statement->objects[r->statement->object_count - 1].wildcard = true;
			next += 2;
		}
		if (!is(r, next, ','))
			return next;
		at = next + 1;
	}
}

static bool same_table(const struct object *a, const struct object *named)
{
	if (named->alias && !a->database && strcmp(a->name, named->alias) == 0)
		return true;
	if (strcmp(a->name, named->name) != 0)
		return false;
	return !a->database || !named->database || strcmp(a->database, named->database) == 0;
}

static void read_delete(struct reader *r, size_t at)
{
	struct statement *st = r->statement;
	size_t names, start, listed, before = st->object_count;

	at = dml_modifiers(r, at);
	start = is(r, at, KW_FROM) ? at + 1 : at;
	names = delete_names(r, start);
	listed = st->object_count;
	st->body = names;
	if (start > at && !is(r, names, KW_USING)) {
		/* one table: read it again, as a reference */
		st->object_count = before;
		reader_table_references(r, start, 0);
		return;
	}
	if (is(r, names, KW_USING) || is(r, names, KW_FROM))
		names++;
	reader_table_references(r, names, 0);
	for (size_t i = listed; i < st->object_count; i++) {
		if (st->objects[i].scope == 0 && st->objects[i].role == ROLE_TARGET)
			st->objects[i].role = ROLE_SOURCE;
		for (size_t k = before; k < listed; k++)
			if (st->objects[i].role != ROLE_DELETE_LIST &&
				same_table(&st->objects[k], &st->objects[i]))
				st->objects[i].role = ROLE_TARGET;
	}
}

static enum statement_class read_load(struct reader *r, size_t at)
{
	for (; at < r->tokens->count; at++) {
		if (is(r, at, KW_LOCAL))
			r->statement->flags |= STATEMENT_LOCAL;
		if (is(r, at, KW_INTO) && is(r, at + 1, KW_TABLE)) {
			r->statement->body = reader_object(r, at + 2, OBJECT_TABLE, ROLE_TARGET);
			reader_query(r, r->statement->body, 0, false);
			break;
		}
		if (is(r, at, KW_INDEX))
			return STATEMENT_ADMIN; /* LOAD INDEX INTO CACHE */
	}
	return STATEMENT_LOAD;
}

static enum statement_class classify_xa(const struct reader *r, size_t at)
{
	switch (token_at(r->tokens, at)->word) {
	case KW_START:
	case KW_BEGIN:
		return STATEMENT_XA_START;
	case KW_END:
		return STATEMENT_XA_END;
	case KW_PREPARE:
		return STATEMENT_XA_PREPARE;
	case KW_COMMIT:
		return STATEMENT_XA_COMMIT;
	case KW_ROLLBACK:
		return STATEMENT_XA_ROLLBACK;
	default:
		return STATEMENT_ADMIN;
	}
}

static enum statement_class classify_set(struct reader *r, size_t at)
{
	if (is(r, at, KW_PASSWORD) && (is(r, at + 1, KW_FOR) || is(r, at + 1, '=') || is(r, at + 1, KW_TO)))
		return STATEMENT_SET_PASSWORD;
	if (is(r, at, KW_DEFAULT) && is(r, at + 1, KW_ROLE))
		return STATEMENT_SET_DEFAULT_ROLE;
	if (is(r, at, KW_ROLE))
		return STATEMENT_SET_ROLE;
	reader_query(r, at, 0, false);
	return STATEMENT_SET;
}

static enum statement_class maintenance(struct reader *r, size_t at, enum statement_class class)
{
	if (is(r, at, KW_LOCAL) || is(r, at, KW_NO_WRITE_TO_BINLOG)) {
		r->statement->flags |= STATEMENT_LOCAL;
		at++;
	}
	if (!is(r, at, KW_TABLE) && !is(r, at, KW_TABLES)) /* ANALYZE SELECT (MariaDB), REPAIR VIEW */
		return class == STATEMENT_ANALYZE ? STATEMENT_SELECT : class;
	r->statement->body = reader_object_list(r, at + 1, OBJECT_TABLE, ROLE_TARGET);
	return class;
}

static enum statement_class classify_rename(struct reader *r, size_t at)
{
	if (is(r, at, KW_USER)) {
		r->statement->body = reader_if_exists(r, at + 1);
		return STATEMENT_RENAME_USER;
	}
	if (!is(r, at, KW_TABLE) && !is(r, at, KW_TABLES))
		return STATEMENT_UNKNOWN;
	reader_rename_list(r, at + 1);
	return STATEMENT_RENAME_TABLE;
}

static enum statement_class classify_start(const struct reader *r, size_t at)
{
	return is(r, at, KW_TRANSACTION) ? STATEMENT_BEGIN : STATEMENT_ADMIN;
}

static enum statement_class classify_select(struct reader *r, size_t at, enum statement_class class)
{
	reader_query(r, at, 0, true);
	return class;
}

static enum statement_class classify_call(struct reader *r, size_t at)
{
	r->statement->body = reader_object(r, at, OBJECT_PROCEDURE, ROLE_SOURCE);
	reader_query(r, r->statement->body, 0, false);
	return STATEMENT_CALL;
}

static enum statement_class classify_truncate(struct reader *r, size_t at)
{
	if (is(r, at, KW_TABLE))
		at++;
	r->statement->body = reader_object(r, at, OBJECT_TABLE, ROLE_TARGET);
	return STATEMENT_TRUNCATE;
}

static enum statement_class classify_rollback(const struct reader *r, size_t at)
{
	if (is(r, at, KW_WORK))
		at++;
	return is(r, at, KW_TO) ? STATEMENT_ROLLBACK_TO : STATEMENT_ROLLBACK;
}

static enum statement_class by_verb(struct reader *r, size_t at);

/* WITH … SELECT/UPDATE/DELETE. */
static enum statement_class classify_with(struct reader *r, size_t at)
{
	size_t verb = reader_with(r, at, 0);

	r->statement->verb = verb;
	return is(r, verb, KW_WITH) ? STATEMENT_UNKNOWN : by_verb(r, verb);
}

/* SET STATEMENT a=1, b=2 FOR statement. */
static enum statement_class classify_set_statement(struct reader *r, size_t at)
{
	size_t depth = 0;

	for (; at < r->tokens->count; at++) {
		if (is(r, at, '('))
			depth++;
		else if (is(r, at, ')') && depth)
			depth--;
		else if (depth == 0 && is(r, at, KW_FOR)) {
			r->statement->flags |= STATEMENT_SET_FOR;
			r->statement->verb = at + 1;
			return by_verb(r, at + 1);
		}
	}
	return STATEMENT_UNKNOWN;
}

static enum statement_class by_data_verb(struct reader *r, size_t at)
{
	switch (token_at(r->tokens, at)->word) {
	case KW_INSERT:
		read_insert(r, at + 1);
		return STATEMENT_INSERT;
	case KW_REPLACE:
		read_insert(r, at + 1);
		return STATEMENT_REPLACE;
	case KW_UPDATE:
		r->statement->body = dml_modifiers(r, at + 1);
		reader_table_references(r, r->statement->body, 0);
		return STATEMENT_UPDATE;
	case KW_DELETE:
		read_delete(r, at + 1);
		return STATEMENT_DELETE;
	case KW_SELECT:
	case KW_VALUES:
	case KW_TABLE:
	case '(':
		return classify_select(r, at, STATEMENT_SELECT);
	case KW_WITH:
		return classify_with(r, at);
	case KW_LOAD:
		return read_load(r, at + 1);
	case KW_DO:
		return classify_select(r, at + 1, STATEMENT_DO);
	case KW_CALL:
		return classify_call(r, at + 1);
	case KW_TRUNCATE:
		return classify_truncate(r, at + 1);
	default:
		return STATEMENT_UNKNOWN;
	}
}

static enum statement_class by_control_verb(struct reader *r, size_t at)
{
	switch (token_at(r->tokens, at)->word) {
	case KW_BEGIN:
		return at + 1 >= r->tokens->count || is(r, at + 1, KW_WORK) ? STATEMENT_BEGIN
									    : STATEMENT_UNKNOWN;
	case KW_START:
		return classify_start(r, at + 1);
	case KW_COMMIT:
		return STATEMENT_COMMIT;
	case KW_ROLLBACK:
		return classify_rollback(r, at + 1);
	case KW_SAVEPOINT:
		return STATEMENT_SAVEPOINT;
	case KW_RELEASE:
		return STATEMENT_RELEASE;
	case KW_XA:
		return classify_xa(r, at + 1);
	case KW_SET:
		return is(r, at + 1, KW_STATEMENT) ? classify_set_statement(r, at + 2)
						   : classify_set(r, at + 1);
	case KW_LOCK:
	case KW_UNLOCK:
		return STATEMENT_LOCK;
	case KW_BINLOG:
		return STATEMENT_BINLOG;
	default:
		return STATEMENT_UNKNOWN;
	}
}

static enum statement_class by_verb(struct reader *r, size_t at)
{
	enum statement_class class = by_data_verb(r, at);

	if (class == STATEMENT_UNKNOWN)
		class = by_control_verb(r, at);
	if (class != STATEMENT_UNKNOWN)
		return class;
	switch (token_at(r->tokens, at)->word) {
	case KW_CREATE:
		return reader_create(r, at + 1);
	case KW_ALTER:
		return reader_alter(r, at + 1);
	case KW_DROP:
		return reader_drop(r, at + 1);
	case KW_RENAME:
		return classify_rename(r, at + 1);
	case KW_GRANT:
		return STATEMENT_GRANT;
	case KW_REVOKE:
		return STATEMENT_REVOKE;
	case KW_ANALYZE:
		return maintenance(r, at + 1, STATEMENT_ANALYZE);
	case KW_OPTIMIZE:
		return maintenance(r, at + 1, STATEMENT_OPTIMIZE);
	case KW_REPAIR:
		return maintenance(r, at + 1, STATEMENT_REPAIR);
	case KW_CHECK:
		return maintenance(r, at + 1, STATEMENT_CHECK_TABLE);
	case KW_FLUSH:
		return STATEMENT_FLUSH;
	case KW_INSTALL:
		return STATEMENT_INSTALL;
	case KW_UNINSTALL:
		return STATEMENT_UNINSTALL;
	case KW_KILL:
	case KW_PURGE:
	case KW_CHANGE:
	case KW_RESET:
	case KW_STOP:
	case KW_SHUTDOWN:
	case KW_RESTART:
	case KW_CLONE:
	case KW_CACHE:
	case KW_BACKUP:
		return STATEMENT_ADMIN;
	case KW_SHOW:
	case KW_EXPLAIN:
	case KW_DESCRIBE:
	case KW_HELP:
		r->statement->flags |= STATEMENT_READS_TEXT;
		return STATEMENT_SELECT;
	default:
		return STATEMENT_UNKNOWN;
	}
}

static bool holds_stored_code(enum statement_class class)
{
	switch (class) {
	case STATEMENT_CREATE_PROCEDURE:
	case STATEMENT_CREATE_FUNCTION:
	case STATEMENT_CREATE_TRIGGER:
	case STATEMENT_CREATE_EVENT:
	case STATEMENT_ALTER_EVENT:
	case STATEMENT_CREATE_PACKAGE:
	case STATEMENT_CREATE_LIBRARY:
	case STATEMENT_UNKNOWN:
		return true;
	default:
		return false;
	}
}

void classify(const struct token_list *tokens, struct arena *arena, struct statement *statement)
{
	struct reader reader = {.tokens = tokens, .arena = arena, .statement = statement};
	size_t at = 0;

	*statement = (struct statement){.class = STATEMENT_EMPTY};
	if (tokens->count == 0)
		return;
	reader_scope(&reader, 0);
	while (token_is(tokens, at, ';'))
		at++;
	statement->verb = at;
	statement->class = at < tokens->count ? by_verb(&reader, at) : STATEMENT_EMPTY;
	if (holds_stored_code(statement->class))
		return;
	for (; at + 1 < tokens->count; at++)
		if (token_is(tokens, at, ';') && !token_is(tokens, at + 1, ';'))
			statement->flags |= STATEMENT_MULTIPLE;
}
