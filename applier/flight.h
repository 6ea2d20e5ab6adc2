/* A flight: the statements of one batch or part of it, what each must do, and where each came from.
 *
 * A flight either is run, packet by packet, every answer being looked at before the next packet goes out; or, when it
 * is *guarded* and fits one packet, it is sent on while the answers of earlier ones are still under way, its COMMIT
 * within. The server itself then sees to it that nothing happens behind a failure:
 *
 *   - the server stops reading a packet at the first statement that fails;
 *   - behind a statement that must find a number of rows stands one that fails when it found another;
 *   - a flight that is sent behind others begins with a statement that fails unless the one before has come to its end,
 *     which leaves its number in a variable of the session.
 *
 * So a COMMIT is reached only when everything before it did what was expected, on this connection and in this order. */
#ifndef APPLIER_FLIGHT_H
#define APPLIER_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/target.h"
#include "base/buffer.h"
#include "base/error.h"

#define EXPECT_ANYTHING UINT64_MAX
/* Of the session: see flight_begin_behind. */
#define FLIGHT_VARIABLE "@changeling_flight"

struct operation;
struct row_change;
struct plan_step;

/* One statement of a flight. */
struct flight_item {
	size_t start, end;    /* in the text */
	size_t statements;    /* usually 1; the SETs of a session stand together, and a guard behind what it guards */
	uint64_t expected;    /* rows found by the last of them but a guard, or EXPECT_ANYTHING */
	bool guarded;
	bool compound;        /* must be a packet of its own, read as one statement */
	bool is_check;        /* finds the row only as it is to be (render_check.h) */
	const struct operation *operation; /* NULL: ours (BEGIN, SET, checkpoint) */
	const struct row_change *row;      /* of a single row's statement */
	const struct plan_step *step;      /* of a source's statement */
};

struct flight {
	struct buffer text;
	struct flight_item *items;
	size_t count, room;
	size_t statements; /* of all items */
	bool guarded;
};

void flight_init(struct flight *flight);
void flight_release(struct flight *flight);
void flight_clear(struct flight *flight);

/* The flight is to be guarded. */
void flight_set_guarded(struct flight *flight);
/* The first item of a guarded flight that is sent while others are under way: it runs only behind the one that ended with
 * `after`. */
void flight_begin_behind(struct flight *flight, uint64_t after);
/* The last item of a guarded flight. */
void flight_end_guarded(struct flight *flight, uint64_t number);
/* The statement that leaves the number in the session. */
void flight_put_number(struct buffer *out, uint64_t number);
/* Three statements to try a server with: the second one must fail and the variable be 0 afterwards. */
void flight_put_trial(struct buffer *out);

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

/* Can the flight be sent as one packet. */
bool flight_is_packet(const struct flight *flight, size_t packet_bytes);
/* Sends such a flight and does not wait for its answers. Its text is not needed any more then. */
int flight_send(const struct flight *flight, struct target *target, struct error *error);
/* Reads the answers of the oldest flight that was sent, which this must be; returns as flight_run does. */
int flight_receive(const struct flight *flight, struct target *target, size_t *failed, uint64_t *found,
	struct error *error);

#endif
