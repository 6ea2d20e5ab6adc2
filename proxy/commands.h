/* The table of sub-commands, and what all of them share. */
#ifndef PROXY_COMMANDS_H
#define PROXY_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Exit codes of the program. */
enum {
	EXIT_OK = 0,
	EXIT_PERSON = 1,  /* stopped on something that needs a person; a check that failed */
	EXIT_USAGE = 2,	  /* wrong options or configuration */
	EXIT_CONNECT = 3, /* cannot connect; nothing runs */
};

struct command {
	const char *name;
	const char *line;		   /* what it does, in a line */
	const char *usage;		   /* behind "changeling NAME" */
	const char *help;		   /* paragraphs */
	int (*run)(int argc, char **argv); /* argv[0] is the sub-command's name; returns the exit code */
};

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name);

/* Runs what the arguments of main() ask for. */
int commands_main(int argc, char **argv);

/* Usage and paragraphs of one of them, without its options. */
void command_print(const char *name);

/* Is --help among the arguments (before "--")? */
bool command_wants_help(int argc, char **argv);

/* Says the error on standard error as "changeling NAME: TEXT", and returns the exit code of its kind. */
int command_fail(const char *name, const struct error *error);
int command_exit_code(const struct error *error);

int run_command(int argc, char **argv);
int check_command(int argc, char **argv);
int status_command(int argc, char **argv);
int operate_command(int argc, char **argv); /* stop, start, skip, retry, replace: by argv[0] */
int change_master_command(int argc, char **argv);
int dump_command(int argc, char **argv);
int explain_command(int argc, char **argv);
int retry_skipped_command(int argc, char **argv);
int cutover_command(int argc, char **argv);

#endif
