/* The words that statements and rules are recognised by. Not all keywords of the servers: those that are
 * needed here. Values are above 255, so that they never meet a one-byte operator's. */
#ifndef APPLIER_SQL_KEYWORD_H
#define APPLIER_SQL_KEYWORD_H

#include <stddef.h>

#include "applier/sql/keyword_list.h"

enum keyword {
	KEYWORD_NONE = 255,
#define X(word) KW_##word,
	KEYWORDS(X)
#undef X
};

/* The keyword (any case), or 0. */
unsigned keyword_find(const char *text, size_t length);

/* The word in capitals. */
const char *keyword_name(unsigned keyword);

#endif
