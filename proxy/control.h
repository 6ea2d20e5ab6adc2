/* The control socket DIR/control.sock of a running process: one request a connection.
 *
 *     request:  {"command": "status"}            one line of JSON
 *     answer:   {"ok": true, …}                  one line of JSON, then the end of the stream
 *               {"ok": false, "error": "…"}
 *
 * Only the owner of the state directory can reach it. */
#ifndef PROXY_CONTROL_H
#define PROXY_CONTROL_H

#include <ev.h>
#include <jansson.h>

#include "base/error.h"

struct control;

/* Answers a command: an object of its own with "ok". `text` is what came with it, or NULL. */
typedef json_t *control_answer(void *context, const char *command, const char *text);

/* Listens in the loop. ERROR_USAGE when the socket cannot be made. */
int control_open(struct control **control, struct ev_loop *loop, const char *directory,
	control_answer *answer, void *context, struct error *error);
void control_close(struct control *control);

/* Asks the process of that directory; *answer is the caller's. ERROR_CONNECT when none is there, ERROR_STOP
 * with its words when it says no. */
int control_ask(const char *directory, const char *command, const char *text, size_t length, json_t **answer,
	struct error *error);

/* {"ok": false, "error": text} */
json_t *control_refusal(const char *text);

#endif
