/* The one error value that travels up through every room.
 *
 * Functions that can fail return 0 or -1 and take a `struct error *` last; it is untouched on success and
 * never NULL. Context is added on the way up; an error is logged once, where it is handled. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* The kind decides what is done about it. */
enum error_kind {
	ERROR_NONE = 0,
	ERROR_USAGE,    /* wrong option or configuration: exit 2 */
	ERROR_CONNECT,  /* a server cannot be reached or refuses us: retried while running, exit 3 at set-up */
	ERROR_RETRY,    /* passing trouble (deadlock, lost connection, shutdown): try again with back-off */
	ERROR_STOP,     /* needs a person: stop the stream, exit 1 */
	ERROR_CORRUPT,  /* bytes that are not what the format says; ERROR_STOP once a second reading says the same */
	ERROR_FENCED,   /* another instance has taken over the channel: stop, exit 1 */
	ERROR_STOPPED,  /* we were asked to stop: not a fault */
};

struct error {
	enum error_kind kind;
	unsigned code;     /* the server's error number, or 0 */
	char sqlstate[6];  /* the server's SQLSTATE, or "" */
	/* complete sentence(s): what was being done, to whom, what was said, what to do; printable UTF-8 on one line */
	char text[2048];
};

/* Fills in the error; always returns -1, so that callers can `return error_set(…)`. */
int error_set(struct error *error, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As error_set, with the server's number and SQLSTATE kept. */
int error_set_server(struct error *error, enum error_kind kind, unsigned code, const char *sqlstate,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Puts "context: " in front of the text; always returns -1. */
int error_context(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a further sentence (advice); always returns -1. */
int error_advice(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

void error_clear(struct error *error);

/* Will it pass by itself? It must reach those who try again as what it is. */
bool error_is_passing(const struct error *error);
/* The kind as one word for logs and status ("usage", "connect", …). */
const char *error_kind_name(enum error_kind kind);

#endif
