/* Rows that only MariaDB has: of sequences, and of the history of system-versioned tables. */
#ifndef APPLIER_RENDER_MARIADB_H
#define APPLIER_RENDER_MARIADB_H

#include "applier/render.h"

/* A row that holds no more is inserted with its times. ERROR_STOP where the target cannot take it. */
int render_put_history(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);
/* A sequence's row tells the next value that nobody has been given (6.12). If that is all that changed, this statement sets it
 * and nobody has to wait; if more did, it does nothing. */
int render_put_sequence_value(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);
/* SETVAL does not go back, and an INSERT into the sequence sets all that it is made of. Where the row is not the master's by
 * then it is written whole, for which the server locks out all who use it. */
int render_put_sequence_row(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);

#endif
