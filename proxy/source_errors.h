/* What a master's refusal means: almost everything on a dump connection arrives as error 1236, with the cause
 * in the text only (1.10). Pure. */
#ifndef PROXY_SOURCE_ERRORS_H
#define PROXY_SOURCE_ERRORS_H

#include <stdbool.h>

#include "base/error.h"

struct source_verdict {
	enum error_kind kind;
	const char *cause;	 /* one word for status and tests: "purged", "duplicate", "position" … */
	const char *explanation; /* a sentence */
	const char *advice;	 /* what to do: sentences; NULL when waiting is all there is to do */
};

/* `code` and `text` as the server or the client library gave them; texts of both vocabularies
 * (master/source, slave/replica) and both families. `connected`: we were let in already, so that "access
 * denied" is about a privilege and a failure of TLS is a lost connection. Always gives a verdict. */
void source_classify(unsigned code, const char *text, bool connected, struct source_verdict *verdict);

/* What to do about a TLS handshake that failed with this text; never NULL. */
const char *source_tls_advice(const char *text);

/* The error in full: "<doing>: the source HOST: error N: TEXT. EXPLANATION ADVICE". Returns -1. */
int source_error(struct error *error, unsigned code, const char *sqlstate, const char *text, bool connected,
	const char *doing, const char *host);

#endif
