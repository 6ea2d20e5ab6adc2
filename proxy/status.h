/* The status as JSON, as text for people, and in the words of SHOW REPLICA STATUS. */
#ifndef PROXY_STATUS_H
#define PROXY_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "proxy/config.h"
#include "state/state.h"

/* An object with the names of the documented view `status`; times are ISO 8601 (UTC). With `running` false
 * the phase is told as it is now (a process that said "running" and is not there has "died"), and the lag
 * goes on growing since the status was written. The caller owns it. */
json_t *status_json(const struct state_status *status, bool running, int64_t now_us);

/* One of its values as text; "" for null and for what is not there. A number's text is good until the fourth call after
 * this one. */
const char *status_value(const json_t *status, const char *name);

void status_print(FILE *out, const json_t *status);
/* `config` tells what is configured and no part of the status; NULL = not known. */
void status_print_replica(FILE *out, const json_t *status, const struct config *config);

#endif
