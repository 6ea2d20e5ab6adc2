/* Starts above 4 GiB. The command that asks for a file and an offset has 32 bits for the offset (1.6), so
 * such a stream is asked for from the file's first event, and this leaves out what comes before the offset;
 * what it lets through is what a master sends that starts there itself. Pure. */
#ifndef PROXY_SOURCE_SKIP_H
#define PROXY_SOURCE_SKIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"

struct skipper {
	uint64_t until;			  /* the offset to start at; 0 = nothing is left out (any more) */
	uint64_t at;			  /* end of the last event that was seen */
	enum checksum_algorithm checksum; /* of events before the format description */
	int files;			  /* artificial rotates seen */
};

void skipper_start(struct skipper *skipper, uint64_t until, enum checksum_algorithm checksum);

enum skip { SKIP_DROP, SKIP_PASS, SKIP_CHANGED };

/* What to do with the event; SKIP_CHANGED = pass on what is in `changed` instead of it. -1 (ERROR_STOP): the
 * offset is not there, or not where an event begins. */
int skipper_take(struct skipper *skipper, const uint8_t *event, size_t length, struct buffer *changed,
	struct error *error);

/* The stream has ended: -1 (ERROR_STOP) if the offset was never reached. */
int skipper_end(const struct skipper *skipper, struct error *error);

#endif
