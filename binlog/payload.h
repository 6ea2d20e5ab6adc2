/* TRANSACTION_PAYLOAD (40): a transaction's events in one compressed piece (2.18), read event by event, so
 * that no more than one inner event is in memory at a time. */
#ifndef BINLOG_PAYLOAD_H
#define BINLOG_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "binlog/format.h"

struct payload_info {
	uint64_t compression;	    /* 0 zstd, 255 none */
	uint64_t uncompressed_size; /* declared */
	const uint8_t *data;	    /* the compressed bytes, a view */
	size_t data_length;
};

#define PAYLOAD_ZSTD 0u
#define PAYLOAD_NONE 255u

/* The fields before the payload. ERROR_STOP for a compression nobody knows. */
int payload_info_parse(const struct event *event, struct payload_info *info, struct error *error);

/* A reader that can be used again for payload after payload. */
struct payload_reader;

struct payload_reader *payload_reader_new(void);
void payload_reader_free(struct payload_reader *reader);

/* Begins; `data` of the info must stay while the payload is read (or payload_reader_keep be called). Refuses
 * declared sizes above `maximum` (0 = none) with ERROR_STOP naming the option max-payload-bytes; inner events
 * above `event_maximum` likewise. */
int payload_reader_start(struct payload_reader *reader, const struct payload_info *info, uint64_t maximum,
	uint64_t event_maximum, struct error *error);
/* Copies what is left of the compressed bytes, so that the event they stand in may go. */
void payload_reader_keep(struct payload_reader *reader);
/* 1: the next inner event (valid until the next call; no checksum), 0: the end was reached exactly, -1:
 * error. */
int payload_reader_next(struct payload_reader *reader, struct event *event, struct error *error);
/* Bytes of events that were read so far: where the next one starts in the uncompressed payload. */
uint64_t payload_reader_offset(const struct payload_reader *reader);

#endif
