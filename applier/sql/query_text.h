/* Queries as parts of statements. */
#ifndef APPLIER_SQL_QUERY_TEXT_H
#define APPLIER_SQL_QUERY_TEXT_H

#include <stddef.h>

#include "applier/sql/lexer.h"

/* Where " LIMIT 0" takes the place of all that follows, so that the query in the tokens first…end-1 gives its
 * columns as they are (with their defaults, which a derived table loses on MariaDB) and no rows. 0: it is no
 * plain SELECT, and only a query around it can do that. */
size_t query_limit_place(const struct token_list *tokens, size_t first, size_t end);

#endif
