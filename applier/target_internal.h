/* What opening a connection (target_connect.c) and running statements on it (target.c) share. */
#ifndef APPLIER_TARGET_INTERNAL_H
#define APPLIER_TARGET_INTERNAL_H

#include <mysql.h>

#include "applier/target.h"

struct target {
	MYSQL *mysql;
	enum server_family family;
	unsigned version;
	char version_text[128];
	char cipher[128];
	char host[256];
	uint64_t max_allowed_packet;
	uint64_t connection_id;
	int socket;
	unsigned read_timeout_seconds; /* of the options */
	unsigned silence_seconds;      /* the longest that is borne at present, 0 = any */
	int64_t asked_us;              /* when a statement was sent last */
	bool openssl; /* TLS, if there is any, is OpenSSL's */
	bool multi; /* the server takes several statements a packet at present */
	/* sent packets whose answers have not been read */
	struct {
		unsigned sequence; /* the number of its last part: answers count on from it */
		int64_t sent_us;
	} sent[TARGET_UNREAD_MAXIMUM];
	unsigned oldest, unread;
	int64_t round_trip_us; /* the shortest yet, 0 = none */
	target_wait *wait;
	void *wait_context;
};

/* Has the library read bytes that it did not give out yet? True as well where that cannot be known. */
bool target_has_bytes(const struct target *target);

/* The file that the next LOAD DATA LOCAL gets; NULL: none, whatever the server asks for. */
void target_serve_file(MYSQL *mysql, const struct target_file *file);

#endif
