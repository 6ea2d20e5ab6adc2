/* Standard input as a whole. */
#ifndef PROXY_INPUT_H
#define PROXY_INPUT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Appends all of it. ERROR_USAGE when it cannot be read or is larger than 64 MiB. */
int input_read_all(struct buffer *text, struct error *error);

/* Is it a file, a pipe or a socket? Not so terminals and /dev/null. */
bool input_is_redirected(void);

/* Is it a file, or a pipe or socket that has something or was closed? Not so terminals and /dev/null. */
bool input_given(void);

#endif
