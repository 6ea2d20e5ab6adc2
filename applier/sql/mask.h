/* Secrets out of texts that are stored or shown. */
#ifndef APPLIER_SQL_MASK_H
#define APPLIER_SQL_MASK_H

#include "applier/sql/lexer.h"
#include "base/buffer.h"

/* Appends the text with every password, hash and connection string in it as '***'. A text that cannot be read
 * to its end is cut where it broke. */
void sql_mask_secrets(
	const char *text, size_t length, const struct lexer_options *options, struct buffer *out);

#endif
