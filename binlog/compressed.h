/* The compressed parts of MariaDB's events 165 to 171: the text of a statement, the rows of a rows event
 * (2.19). */
#ifndef BINLOG_COMPRESSED_H
#define BINLOG_COMPRESSED_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* Expands `bytes` (the header byte, the big-endian length, a zlib stream that must end exactly at `length`)
 * into the arena. The declared length is bounded by EVENT_MAXIMUM_BYTES, and by what zlib can make of so few
 * bytes, before anything is allocated. ERROR_CORRUPT names what was expected; callers add which event it was.
 */
int compressed_expand(const uint8_t *bytes, size_t length, struct arena *arena, const uint8_t **plain,
	size_t *plain_length, struct error *error);

#endif
