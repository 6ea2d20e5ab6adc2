/* Images of rows: arrays of values, by the source's columns. */
#ifndef APPLIER_ROW_IMAGE_H
#define APPLIER_ROW_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "binlog/value.h"

/* Are they the same to the bit? Of values of one column. */
bool image_same_value(const struct value *a, const struct value *b);

/* Bytes that are the same for values that are, and for no others of the column. */
void image_put_value(struct buffer *out, const struct value *value);

/* The newer image with what it leaves out taken from the older: `new` itself or in the arena. */
const struct value *image_merge(struct arena *arena, const struct value *old, const struct value *new, uint32_t columns);

#endif
