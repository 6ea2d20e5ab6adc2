/* Account names as statements write them: 'user'@'host', user, CURRENT_USER, roles. */
#ifndef APPLIER_SQL_ACCOUNT_H
#define APPLIER_SQL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "applier/sql/lexer.h"
#include "base/arena.h"

struct account {
	const char *user;  /* "" is the anonymous one; NULL with `current` */
	const char *host;  /* NULL when none is written: '%', or a role */
	bool current;	   /* CURRENT_USER[()] */
	bool current_role; /* CURRENT_ROLE[()] (MariaDB) */
	size_t first, end; /* tokens, end not included */
};

/* Reads an account at token `at`; false when none stands there. With arena NULL the names are not filled in.
 */
bool account_read(const struct token_list *tokens, size_t at, struct arena *arena, struct account *account);

/* What follows quotes for a text that the server reads by `options`: by that sql_mode, in that character set (NULL: UTF-8,
 * backslashes escape). */
struct buffer;

/* Appends `user`@`host` in back-ticks, which every sql_mode reads alike; the host only when there is one. */
void account_put(const char *user, const char *host, const struct lexer_options *options, struct buffer *out);

/* Appends the name in back-ticks. */
void identifier_put(const char *name, const struct lexer_options *options, struct buffer *out);

/* Appends a string literal; the content must not hold a NUL. */
void literal_put(const char *text, size_t length, const struct lexer_options *options, struct buffer *out);

#endif
