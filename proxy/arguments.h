/* The command line behind a sub-command: --name=value, --name value, and switches. */
#ifndef PROXY_ARGUMENTS_H
#define PROXY_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct argument {
	const char *name;    /* without the dashes */
	const char *metavar; /* what the value is called in help; NULL = a switch */
	const char *help;
	const char **text; /* where the value goes; the argument vector's own memory */
	bool *flag;	   /* where a switch is noted */
};

#define ARGUMENTS_MAXIMUM 16

/* Reads argv[1…] (argv[0] is the sub-command). What is no option is moved to the front of argv, and *rest
 * says how many there are; with `rest` NULL it is refused. "--" ends the options. ERROR_USAGE names the
 * argument. */
int arguments_parse(int argc, char **argv, const struct argument *arguments, size_t count, int *rest,
	struct error *error);

/* One option with its value, taken apart; moves *at behind it. `wants_value` tells whether "--name value" is
 * meant when there is no '='. *value is NULL for a switch that stands alone. */
int argument_split(int argc, char **argv, int *at, char *name, size_t room,
	bool (*wants_value)(void *context, const char *name, bool *known), void *context, const char **value,
	struct error *error);

/* Prints the options as --help has them. */
void arguments_print(const struct argument *arguments, size_t count);

/* The state directory: what --state said, else CHANGELING_STATE, else /var/lib/changeling/main. */
const char *state_directory(const char *option);

#define STATE_ARGUMENT(variable)                                                                             \
	{                                                                                                    \
		"state", "DIR", "state directory (default: $CHANGELING_STATE, or /var/lib/changeling/main)", \
			&variable, NULL                                                                      \
	}

#endif
