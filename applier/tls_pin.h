/* Verifies a server's certificate chain in a TLS handshake of its own, before anything secret is sent, and
 * gives the fingerprint to which the real connection is then pinned. For ssl-mode=ca, which checks the chain
 * but not the name: libmariadb can only check both. */
#ifndef APPLIER_TLS_PIN_H
#define APPLIER_TLS_PIN_H

#include "applier/tls.h"
#include "base/error.h"

#define TLS_PIN_TEXT 72 /* bytes of the longest fingerprint's text with its NUL */

/* The SHA-1 fingerprint (what libmariadb takes) as hexadecimal digits. ERROR_CONNECT when there is no server, no TLS, or the
 * chain does not verify against the CA, or a certificate of it is on a list of revoked ones; ERROR_USAGE for files that OpenSSL
 * does not take. */
int tls_pin_fetch(const struct tls_options *options, const struct tls_peer *peer, char fingerprint[TLS_PIN_TEXT],
	struct error *error);

#endif
