/* Rows that go from a table without a key, many in one reading of it.
 *
 * A row is compared with all values of the images that are to go, and goes when it is one of the first `copies` of its image: so
 * many counters of the session (@changeling_0 …) as there are images say so while the server reads. That no more rows of an image
 * than wanted can go makes the number of all that went prove each: where it is what was expected, no image was missing. (Were a
 * condition evaluated twice for a row, fewer would go, and the statement be taken back.) */
#ifndef APPLIER_RENDER_SCAN_H
#define APPLIER_RENDER_SCAN_H

#include "applier/render.h"

/* Appends the deletes of the operation's set. */
int render_put_scans(struct flight *flight, const struct operation *operation, const struct render_options *options,
	struct error *error);

#endif
