#include "applier/sql/query_text.h"

#include "applier/sql/keyword.h"

/* Does the token begin what follows LIMIT, or LIMIT itself? */
static bool is_tail(const struct token_list *tokens, size_t at)
{
	return token_is(tokens, at, KW_LIMIT) || token_is(tokens, at, KW_INTO) ||
	       token_is(tokens, at, KW_PROCEDURE) ||
	       (token_is(tokens, at, KW_FOR) &&
		       (token_is(tokens, at + 1, KW_UPDATE) || token_is(tokens, at + 1, KW_SHARE))) ||
	       (token_is(tokens, at, KW_LOCK) && token_is(tokens, at + 1, KW_IN));
}

size_t query_limit_place(const struct token_list *tokens, size_t first, size_t end)
{
	size_t place = end;

	if (!token_is(tokens, first, KW_SELECT))
		return 0;
	for (size_t at = first + 1; at < end;) {
		if (token_is(tokens, at, '(')) {
			at = token_skip_parens(tokens, at);
			continue;
		}
		if (token_is(tokens, at, KW_UNION) || token_is(tokens, at, KW_EXCEPT) ||
			token_is(tokens, at, KW_INTERSECT) || token_is(tokens, at, KW_FETCH))
			return 0;
		if (place == end && is_tail(tokens, at))
			place = at;
		at++;
	}
	return place;
}
