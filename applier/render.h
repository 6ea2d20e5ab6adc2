/* A batch as the text of flights: statements, what each must do, and where each came from. */
#ifndef APPLIER_RENDER_H
#define APPLIER_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/batch.h"
#include "applier/literal.h"
#include "applier/session.h"
#include "base/buffer.h"
#include "base/error.h"
#include "applier/target.h"

#define EXPECT_ANYTHING UINT64_MAX

/* One statement of a flight. */
struct flight_item {
	size_t start, end;    /* in the text */
	size_t statements;    /* usually 1; the SETs of a session stand together */
	uint64_t expected;    /* rows found by the last of them, or EXPECT_ANYTHING */
	bool compound;        /* must be a packet of its own, read as one statement */
	const struct operation *operation; /* NULL: ours (BEGIN, SET, checkpoint) */
	const struct row_change *row;      /* of a single row's statement */
	const struct plan_step *step;      /* of a source's statement */
};

struct flight {
	struct buffer text;
	struct flight_item *items;
	size_t count, room;
};

struct render_options {
	struct literal_target literal;
	size_t statement_rows;  /* at most, in a multi-row statement */
	size_t statement_bytes; /* a multi-row statement is ended above this */
};

void flight_init(struct flight *flight);
void flight_release(struct flight *flight);
void flight_clear(struct flight *flight);

/* A statement of ours. */
void flight_add_own(struct flight *flight, const char *text, uint64_t expected);
/* What was appended to flight->text since `start` as one item (without its ';', which is added). */
struct flight_item *flight_add_item(struct flight *flight, size_t start, uint64_t expected);
/* `statements` statements (each with its ';') in session text that was appended since `start`; none is fine. */
void flight_add_session(struct flight *flight, size_t start, size_t statements);

/* Sends the flight in as few packets as `packet_bytes` allows and reads every result. Returns 0 when all did what was
 * expected, 1 when a statement found another number of rows (*failed, *found), -1 on an error (*failed is the item). */
int flight_run(const struct flight *flight, struct target *target, size_t packet_bytes, size_t *failed,
	uint64_t *found, struct error *error);

/* Appends the operations of the batch that are rows; statements are left to `statement` (called in their place). */
int render_operation(struct flight *flight, const struct operation *operation, struct session *session,
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
