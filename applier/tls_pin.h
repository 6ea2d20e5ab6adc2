/* Verifies a server's certificate chain in a TLS handshake of its own, before anything secret is sent, and
 * gives the fingerprint to which the real connection is then pinned. For ssl-mode=ca, which checks the chain
 * but not the name: libmariadb can only check both. */
#ifndef APPLIER_TLS_PIN_H
#define APPLIER_TLS_PIN_H

#include "base/error.h"

#define TLS_PIN_TEXT 72 /* bytes of the longest fingerprint's text with its NUL */

/* The SHA-1 fingerprint (what libmariadb takes) as hexadecimal digits. ERROR_CONNECT when there is no server, no TLS, or the
 * chain does not verify against the CA. */
int tls_pin_fetch(const char *host, unsigned port, const char *ca_file, const char *ca_path,
	unsigned timeout_seconds, char fingerprint[TLS_PIN_TEXT], struct error *error);

#endif
