/* Small events that steer the stream or carry one thing for the next statement. */
#ifndef BINLOG_CONTROL_H
#define BINLOG_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/error.h"
#include "binlog/format.h"
#include "binlog/gtid.h"

/* ROTATE (2.4): the next file and where in it. Names with '/' or control bytes are refused. */
int rotate_event_parse(const struct event *event, struct position *next, struct error *error);

/* HEARTBEAT and HEARTBEAT_V2 (2.22). `wide` tells that the offset has 64 bits; otherwise it is modulo 2^32. A
 * heartbeat that names no file leaves position->file "". */
int heartbeat_event_parse(
	const struct event *event, struct position *position, bool *wide, struct error *error);

#define GTID_LIST_FLAG_UNTIL_REACHED 0x10000000u
#define GTID_LIST_FLAG_IGNORED 0x20000000u

/* GTID_LIST (2.11), item by item: a domain has one for each server that wrote in it, its newest last. */
struct gtid_list {
	uint32_t flags, left;
	struct cursor items;
};

/* The list is a view of the event. */
int gtid_list_begin(const struct event *event, struct gtid_list *list, struct error *error);
bool gtid_list_next(struct gtid_list *list, struct gtid *gtid);

/* All of it, added to `set` in its order, so that each domain's newest remains. */
int gtid_list_event_parse(
	const struct event *event, struct gtid_set *set, uint32_t *flags, struct error *error);

struct incident_event {
	uint16_t number; /* 1 = the master lost events */
	const char *message;
	uint8_t message_length;
};

int incident_event_parse(const struct event *event, const struct binlog_format *format,
	struct incident_event *incident, struct error *error);

#define INTVAR_LAST_INSERT_ID 1u
#define INTVAR_INSERT_ID 2u

/* INTVAR and RAND (2.6). */
int intvar_event_parse(const struct event *event, uint8_t *kind, uint64_t *value, struct error *error);
int rand_event_parse(const struct event *event, uint64_t *seed1, uint64_t *seed2, struct error *error);

/* XID (2.7). */
int xid_event_parse(const struct event *event, uint64_t *number, struct error *error);

/* BEGIN_LOAD_QUERY, APPEND_BLOCK, DELETE_FILE (2.17): the file's number, and what of it follows. */
int load_block_parse(const struct event *event, uint32_t *file_id, const uint8_t **data, size_t *length,
	struct error *error);

/* ROWS_QUERY and ANNOTATE_ROWS (2.12): the statement's text, a view. */
int annotation_parse(const struct event *event, const char **text, size_t *length, struct error *error);

#endif
