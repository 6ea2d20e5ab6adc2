/* Secrets out of texts that are stored or shown. */
#ifndef APPLIER_SQL_MASK_H
#define APPLIER_SQL_MASK_H

#include "applier/sql/lexer.h"
#include "base/buffer.h"

/* Appends the text with every password, hash and connection string in it as '***'. A text that cannot be read
 * to its end is cut where it broke. */
void sql_mask_secrets(
	const char *text, size_t length, const struct lexer_options *options, struct buffer *out);

/* Appends what a server said of the text: an error message may quote it. When the text has secrets, so has whatever is quoted
 * from where it went wrong ("near '…'"), and every secret of it is '***' wherever it stands. */
void sql_mask_quotation(const char *said, const char *text, size_t length, const struct lexer_options *options,
	struct buffer *out);

#endif
