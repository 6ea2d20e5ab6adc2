/* The changes of a batch as SQL: the statements of a flight. */
#ifndef APPLIER_RENDER_H
#define APPLIER_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/batch.h"
#include "applier/flight.h"
#include "applier/literal.h"
#include "applier/session.h"
#include "base/buffer.h"
#include "base/error.h"

struct render_options {
	struct literal_target literal;
	size_t statement_rows;  /* at most, in a multi-row statement */
	size_t statement_bytes; /* a multi-row statement is ended above this */
};

/* Appends the operations of the batch that are rows; statements are left to `statement` (called in their place). */
int render_operation(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error);

/* A single row's operation once more, after strict mode refused it: written without it, as the master's session may have done
 * (a generated column's value that was cut), and then looked at, for nothing else may have been cut. Of a row with an image
 * behind its change and a key. */
int render_operation_leniently(struct flight *flight, const struct operation *operation, struct session *session,
	const struct render_options *options, struct error *error);

/* The row's key or, without one, its values, as "id=5, name='x'" for messages. */
void render_row_key(struct buffer *out, const struct row_change *row, const struct render_options *options);
/* An image as a JSON object of SQL literals, for the quarantine. */
void render_image(struct buffer *out, const struct row_change *row, const struct value *image,
	const struct render_options *options);
/* One row's change as an SQL statement (for messages, the quarantine, a single row's flight). */
int render_row(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);

#endif
