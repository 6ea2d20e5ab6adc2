/* What source.c (the connection, by libmariadb) and source_stream.c (the replica's part) share. */
#ifndef PROXY_SOURCE_INTERNAL_H
#define PROXY_SOURCE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "proxy/source.h"
#include "proxy/source_skip.h"

struct st_mysql;

struct source {
	struct source_options options;
	struct st_mysql *mysql; /* NULL = not connected */
	enum server_family family;
	unsigned version;
	char version_text[128];
	char host[300];
	char cipher[128];
	char tls_version[32];
	enum checksum_algorithm checksum;
	struct skipper skipper;
	struct buffer changed; /* the event in hand, when the skipper changed it */
	bool non_blocking;
	unsigned read_seconds;     /* the longest silence that is borne */
	uint64_t waiting_since_ms; /* an answer or a packet of the stream */

	/* A duplicate of the connection's descriptor, as the library closes its own whenever it sees an
	 * error: by this one, source_interrupt never hits somebody else's, and we can see whether it was the
	 * master that ended the connection. -1 = none; under the lock. */
	pthread_mutex_t lock;
	int socket;
	atomic_bool interrupted;
};

/* Sends a command with its payload (never empty); reads OK or the refusal when it is `answered`. 0, or not:
 * then source_failed() tells. */
int source_send_command(struct source *source, unsigned command, const struct buffer *payload, bool answered);

/* One packet of the stream: 1 = an event, 0 = end of the stream, -1. */
int source_read_packet(struct source *source, const uint8_t **event, size_t *length, struct error *error);

/* The library's last error on this connection, or that we were interrupted. Returns -1. */
int source_failed(struct source *source, struct error *error, const char *doing);
int source_stopped(struct error *error);

#endif
