/* The connection to the master: what makes us a replica in its eyes, and the stream of events it sends.
 *
 * Blocking; one thread uses a source at a time, except source_interrupt. libmariadb's connection layer
 * carries it (mysql.h is seen in source.c only); the commands' bytes come from source_protocol, what the
 * server says against us goes through source_errors. Section numbers are those of docs/binlog-format.md. */
#ifndef PROXY_SOURCE_H
#define PROXY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/tls.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"

/* All texts are the caller's and must live as long as the source. NULL = not set. */
struct source_options {
	const char *host; /* HOST[:PORT] or [V6][:PORT], or a comma list of them: tried in order, resolved
			     each time */
	unsigned port;	  /* of hosts that name none */
	const char *user;
	/* Asked at each connect, before the first host; what it appends to `out` is wiped after use. NULL =
	 * no password. */
	int (*password)(void *context, struct buffer *out, struct error *error);
	void *password_context;
	struct tls_options tls;
	const char *bind_address;
	uint32_t server_id;	 /* ours: not 0, and nobody else's in the topology */
	const char *uuid;	 /* ours, 36 digits: the same over restarts, and nobody else's */
	const char *report_host; /* what SHOW REPLICAS shows; at most 60 bytes */
	unsigned report_port;
	uint64_t heartbeat_ms;	       /* 0 = none */
	unsigned read_timeout_seconds; /* without a packet; at least two heartbeats and a second are waited; 0
					  = 60 */
	unsigned connect_timeout_seconds; /* for each host; 0 = 10 */
	uint64_t max_event_bytes; /* larger events stop the stream; 0 = the servers' own limit of 1 GiB */
};

struct source;

/* Never NULL. `options` is copied, the texts in it are not. */
struct source *source_new(const struct source_options *options);
void source_free(struct source *source); /* NULL is fine; disconnects */

/* Connects to the first host that lets us in (a former connection is closed). TLS as options.tls says, and a cipher
 * is demanded. ERROR_CONNECT names every host that was tried and why it did not do (wrong passwords too:
 * another attempt may find a new one); ERROR_STOP for a locked account or an expired password; ERROR_USAGE
 * for options that cannot work; ERROR_STOPPED after source_interrupt. */
int source_connect(struct source *source, struct error *error);
void source_disconnect(struct source *source);

/* Any thread, any time between source_new and source_free: wakes a blocked reader, and everything from then
 * on ends with ERROR_STOPPED until source_rearm. A connect under way ends at its time-out at the latest. */
void source_interrupt(struct source *source);
/* Makes the source usable again after source_interrupt; by the thread that uses the source, while no reader
 * is blocked. */
void source_rearm(struct source *source);

/* Of the connection; valid until the next source_connect. */
enum server_family source_family(const struct source *source);
unsigned source_version(const struct source *source);	      /* a·10000 + b·100 + c */
const char *source_version_text(const struct source *source); /* "10.11.6-MariaDB-log" */
const char *source_host(const struct source *source);	/* "db1:3306", the one that let us in; "" = none */
const char *source_cipher(const struct source *source); /* NULL = not encrypted */
const char *source_tls_version(const struct source *source); /* "TLSv1.3", or NULL */

/* A small result as text, in the arena: cells[row * columns + column], NULL for NULL. */
struct source_rows {
	size_t rows, columns;
	const char **names;
	const char **cells;
};

/* Runs one statement whose rows are handed on as they arrive, until `take` answers false or they are at their end, which
 * makes *wants_more true. Cells are NULL where a NULL is. */
int source_query_each(struct source *source, const char *sql,
	bool (*take)(void *context, const char *const *cells, size_t columns), void *context, bool *wants_more,
	struct error *error);

/* Runs one statement; only before source_start_dump. `rows` may be NULL. The error keeps the server's number
 * (1193 = variable unknown to this version, 1227 = privilege missing, 1064 = statement unknown). */
int source_query(struct source *source, const char *sql, struct arena *arena, struct source_rows *rows,
	struct error *error);

static inline const char *source_cell(const struct source_rows *rows, size_t row, size_t column)
{
	return row < rows->rows && column < rows->columns ? rows->cells[row * rows->columns + column] : NULL;
}

/* Where to begin. */
struct source_start {
	/* The next event's place; file "" = the oldest file. Unused with gtid_set. */
	struct position position;
	/* All that we have already, as text of the source's family ("" = nothing); NULL = by position. */
	const char *gtid_set;
	/* End at the end of the log instead of waiting. */
	bool non_blocking;
	/* Just to see whether the master serves it: anonymous and not registered, so that an instance that
	 * runs is not taken for a duplicate and thrown out. */
	bool trial;
};

/* Declares what kind of replica we are, registers, and asks for the stream (1.3, 1.5–1.7). After it only
 * source_read may be called. Offsets above 4 GiB do not fit into the command: the stream is then asked for
 * from the file's begin, and source_read leaves out what comes before, so that the caller sees no
 * difference. */
int source_start_dump(struct source *source, const struct source_start *start, struct error *error);

/* The checksum of events before the first format description, as the session agreed on it (1.4): for
 * assembler_start. */
enum checksum_algorithm source_checksum(const struct source *source);

/* The next event: header, body, checksum; heartbeats are events like others. Waits as long as the connection
 * is alive. The bytes are the source's, valid until the next call. 1 = an event, 0 = end of a non-blocking
 * dump, -1 = error: ERROR_RETRY (connection lost or silent for too long, server going down, dump thread
 * killed), ERROR_CORRUPT (read again once), ERROR_STOP (needs a person: purged, wrong position, duplicate
 * replica …; each explained), ERROR_STOPPED. After an error: source_connect. */
int source_read(struct source *source, const uint8_t **event, size_t *length, struct error *error);

#endif
