/* A statement that finds a row only as it is to be after its change, and leaves it as it is.
 *
 * For what the target computes or cuts by itself, so that no error tells of a difference: generated columns whose value may
 * depend on the session (generated.h), and rows that are written without strict mode. */
#ifndef APPLIER_RENDER_CHECK_H
#define APPLIER_RENDER_CHECK_H

#include "applier/render.h"

/* The row's values behind the change, as far as its images tell: `now` gets one for each column of the source. */
void render_row_now(const struct row_change *row, struct value *now);
/* Does the new image tell the value of a generated column that may be another one on the target? */
bool render_row_has_check(const struct row_change *row);
/* May it be written without strict mode (render_operation_leniently)? It must be found behind that by its key. */
bool render_can_be_lenient(const struct row_change *row);
/* UPDATE … WHERE, for a row with a new image: it finds the row when its generated columns (all columns, with `whole`) have the values
 * of the image. 0, or -1 with an error that names the column. */
int render_put_check(struct buffer *out, const struct row_change *row, bool whole, const struct render_options *options,
	struct error *error);

#endif
