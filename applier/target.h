/* One connection to the target: TLS that is verified, statements sent several at a time, every result read.
 *
 * Blocking; one thread uses a connection at a time, except target_interrupt. libmariadb is seen behind it only. */
#ifndef APPLIER_TARGET_H
#define APPLIER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/tls.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"

struct target_options {
	const char *host; /* resolved anew at each connect */
	unsigned port;
	const char *user;
	/* Asked at each connect; the text is wiped after use. */
	int (*password)(void *context, struct buffer *out, struct error *error);
	void *password_context;
	struct tls_options tls;
	const char *bind_address; /* local address to connect from; NULL = any */
	unsigned connect_timeout_seconds;
	unsigned read_timeout_seconds; /* for an answer, once the connection is ready (below); 0 = none */
	const char *schema; /* ours */
};

struct target;
struct questions;

/* What sessions of ours wait for a lock of a table (lock_wait_timeout), unless a statement of the log asks for another. */
#define TARGET_LOCK_WAIT_SECONDS 10u

/* Connects, checks the connection (cipher, names) and logs in; nothing is known of the server yet: target_begin comes next.
 * ERROR_CONNECT for what another attempt may mend, with the server's words; ERROR_STOP for what a person must change (certificate
 * refused, account locked, wrong password).
 *
 * The connection is impatient: whatever is asked to set it up, to take the channel or to look at the target is small, and
 * a server that says nothing for connect_timeout_seconds longer than such a statement may wait for a lock is given up, with
 * ERROR_RETRY. (While it logs in it has connect_timeout_seconds.) */
int target_login(struct target **target, const struct target_options *options, struct error *error);

/* Makes the session ours and finds out what the server is; what else is to be asked (NULL: nothing) goes behind that in the same
 * round trip, as questions_ask does. */
int target_begin(struct target *target, struct questions *also, struct error *error);

/* Both. */
int target_connect(struct target **target, const struct target_options *options, struct questions *also, struct error *error);

/* From here on statements are run that may take hours: an answer is waited for as options.read_timeout_seconds says. */
void target_be_patient(struct target *target);

void target_close(struct target *target);

/* May be called by any thread: ends whatever the connection waits for, with ERROR_RETRY there. */
void target_interrupt(struct target *target);

uint64_t target_connection_id(const struct target *target);
enum server_family target_family(const struct target *target);
unsigned target_version(const struct target *target); /* a·10000 + b·100 + c */
const char *target_version_text(const struct target *target);
const char *target_cipher(const struct target *target); /* NULL when TLS is off */
const char *target_host(const struct target *target);
uint64_t target_max_allowed_packet(const struct target *target);
/* The shortest time from sending to having all answers that has been seen, an upper bound of the round trip;
 * microseconds, 0 = not known. */
int64_t target_round_trip_us(const struct target *target);

/* Begins a transaction in whatever SQL mode a replicated statement left the session: in MariaDB's Oracle mode BEGIN
 * is the first word of a block. */
#define TARGET_BEGIN "START TRANSACTION"

/* What one statement of a flight did. */
struct target_outcome {
	uint64_t affected; /* UPDATE: rows found; DELETE and INSERT: rows */
	unsigned warnings;
};

/* Sends `text`, which holds `statements` statements separated by ";", as one packet and reads every result
 * (result sets are dropped). On an error *failed is the index of the statement that failed; the ones before have
 * their outcome, the ones after did not run. */
int target_flight(struct target *target, const char *text, size_t length, size_t statements,
	struct target_outcome *outcomes, size_t *failed, struct error *error);

/* The two halves of target_flight: target_send does not wait for answers, so that several packets are under way at once.
 * Each is then read by one target_receive, in order; nothing else may be done on the connection until all are read. At most
 * TARGET_UNREAD_MAXIMUM packets may be unread, and not more answers than the network buffers surely hold: a server that cannot
 * get rid of its answers stops reading. */
#define TARGET_UNREAD_MAXIMUM 128u
int target_send(struct target *target, const char *text, size_t length, struct error *error);
int target_receive(struct target *target, size_t statements, struct target_outcome *outcomes, size_t *failed,
	struct error *error);

/* Waits until there is something to read from the socket; false when there was nothing for so many seconds (0: it has no end).
 * Meanwhile it may use target_send. */
typedef bool target_wait(void *context, int socket, unsigned seconds);
/* target_receive waits by this, if it has to wait for an answer; NULL: in the read itself. */
void target_set_wait(struct target *target, target_wait *wait, void *context);

/* Sends one statement that may hold ";" itself (a routine's body), or that must not be read as more than one. */
int target_statement(struct target *target, const char *text, size_t length, struct target_outcome *outcome,
	struct error *error);

/* As target_statement for text of our own. */
int target_execute(struct target *target, const char *text, struct error *error);

/* A small result as text, in the arena: cells[row * columns + column], NULL for NULL. */
struct target_rows {
	size_t rows, columns;
	const char **names;
	const char **cells;
	size_t *lengths;
};

/* As target_receive; the rows of the last statement that gives any are kept (else *rows is untouched). */
int target_receive_rows(struct target *target, size_t statements, struct target_outcome *outcomes, size_t *failed,
	struct arena *arena, struct target_rows *rows, struct error *error);

int target_query(struct target *target, const char *text, size_t length, struct arena *arena,
	struct target_rows *rows, struct error *error);
int target_queryf(struct target *target, struct arena *arena, struct target_rows *rows, struct error *error,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The cell; NULL for NULL, and for one that the answer does not have: how many columns there are is the server's word. */
static inline const char *target_cell(const struct target_rows *rows, size_t row, size_t column)
{
	return row < rows->rows && column < rows->columns ? rows->cells[row * rows->columns + column] : NULL;
}

/* The same with "" for NULL, for columns that are never NULL on an honest server. */
static inline const char *target_text(const struct target_rows *rows, size_t row, size_t column)
{
	const char *cell = target_cell(rows, row, column);

	return cell ? cell : "";
}

/* Bytes of the cell; 0 for NULL. */
static inline size_t target_length(const struct target_rows *rows, size_t row, size_t column)
{
	return target_cell(rows, row, column) ? rows->lengths[row * rows->columns + column] : 0;
}

/* LOAD DATA LOCAL: the statement asks for a file by name and gets these bytes, whatever the name. */
struct target_file {
	size_t (*read)(void *context, char *into, size_t room); /* 0 at the end */
	void *context;
};
int target_load(struct target *target, const char *text, size_t length, const struct target_file *file,
	struct target_outcome *outcome, struct error *error);

/* The server's own quoting for text of ours: 'it''s' in any sql_mode, and `name`. */
void sql_put_string(struct buffer *out, const char *text, size_t length);
void sql_put_name(struct buffer *out, const char *name);

/* Kind of a server error on a running connection (reference: what retries, what stops). */
enum error_kind target_error_kind(unsigned code, const char *text);
/* A lock of somebody else, waited for in vain, or a deadlock: what was rolled back may go when it is tried again. */
bool target_met_lock(const struct error *error);

#endif
