/* What a connection to a server demands of TLS, for both ends of a channel: read from the configuration once, and put on
 * each connection before it is made. */
#ifndef APPLIER_TLS_H
#define APPLIER_TLS_H

#include "base/error.h"

struct st_mysql;

enum tls_mode {
	TLS_OFF,
	TLS_CA,	      /* the certificate's chain is verified, its name is not */
	TLS_IDENTITY, /* chain and name */
};

/* Texts are the caller's; NULL = not set. */
struct tls_options {
	unsigned mode; /* enum tls_mode */
	const char *ca, *capath, *cert, *key, *cipher, *crl, *crlpath;
	const char *version; /* as in "TLSv1.2,TLSv1.3" */
};

/* Where the connection goes. */
struct tls_peer {
	const char *host;
	unsigned port;
	const char *bind_address; /* NULL = any */
	unsigned timeout_seconds;
};

/* Tells `mysql`, which is not connected yet, to demand TLS as `options` say; whether there is a cipher in the end is for the
 * caller to look at. With TLS_CA the peer is dialled once beforehand (applier/tls_pin.h). ERROR_CONNECT when that fails. */
int tls_demand(
	struct st_mysql *mysql, const struct tls_options *options, const struct tls_peer *peer, struct error *error);

#endif
