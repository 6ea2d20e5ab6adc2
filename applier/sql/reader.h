/* Inner side of classify(): the tokens being read and what was found. */
#ifndef APPLIER_SQL_READER_H
#define APPLIER_SQL_READER_H

#include "applier/sql/classify.h"
#include "applier/sql/keyword.h"

struct reader {
	const struct token_list *tokens;
	struct arena *arena;
	struct statement *statement;
	size_t object_room, qualifier_room, scope_room;
	const char **expressions; /* names of common table expressions that can be seen here */
	size_t expression_count, expression_room;
	unsigned depth; /* of recursion: parentheses deeper than any server takes are not followed */
};

/* What the token says, in the arena. */
const char *reader_value(struct reader *reader, size_t at);

/* Reads name or name.name at `at` and adds it; returns the token behind it, or `at` (and adds nothing) when
 * there is no name. The object is reader->statement->objects[object_count - 1]. */
size_t reader_object(struct reader *reader, size_t at, enum object_kind kind, enum object_role role);

/* A list of names with commas. */
size_t reader_object_list(struct reader *reader, size_t at, enum object_kind kind, enum object_role role);

/* A new (sub)query inside `parent`. */
uint16_t reader_scope(struct reader *reader, uint16_t parent);

/* Reads table references, subqueries and qualified columns from `at` to the end of the text, as of an
 * expression
 * (`query` false) or of SELECT … / WITH … / VALUES … (true). */
void reader_query(struct reader *reader, size_t at, uint16_t scope, bool query);

/* The same for one pair of parentheses at `at`; returns the token behind it. */
size_t reader_parens(struct reader *reader, size_t at, uint16_t scope);

/* The same for what stands behind UPDATE (table references, then SET …). */
void reader_table_references(struct reader *reader, size_t at, uint16_t scope);

/* WITH name AS (…), …: returns the token behind it. */
size_t reader_with(struct reader *reader, size_t at, uint16_t scope);

/* IF [NOT] EXISTS at `at`, noted in the statement's flags; returns the token behind it. */
size_t reader_if_exists(struct reader *reader, size_t at);

/* What stands behind CREATE, ALTER, DROP. */
enum statement_class reader_create(struct reader *reader, size_t at);
enum statement_class reader_alter(struct reader *reader, size_t at);
enum statement_class reader_drop(struct reader *reader, size_t at);

/* RENAME TABLE's list: a TO b, c TO d. */
void reader_rename_list(struct reader *reader, size_t at);

#endif
