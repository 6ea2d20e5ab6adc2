/* The file of a LOAD DATA statement, on disk until the statement comes: a large one arrives in parts, and each part's
 * memory is freed when it was taken. The spool's own file has no name; it goes with the process. */
#ifndef APPLIER_SPOOL_H
#define APPLIER_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct spool;

/* In `directory`, which is borrowed; the file is made with the first bytes. */
struct spool *spool_new(const char *directory);
void spool_free(struct spool *spool);

/* Empties it and gives the disk's space back. */
void spool_clear(struct spool *spool);
/* ERROR_STOP when the disk does not take the bytes. */
int spool_add(struct spool *spool, const void *bytes, size_t length, struct error *error);
uint64_t spool_length(const struct spool *spool);
/* Up to `room` bytes from offset `at` on, which must be there: how many, or -1. */
int spool_read(const struct spool *spool, uint64_t at, void *into, size_t room, struct error *error);

#endif
