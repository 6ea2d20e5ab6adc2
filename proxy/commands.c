#include "proxy/commands.h"

#include <stdio.h>
#include <string.h>

#define STATE_NOTE                                                                                           \
	"\nThe state directory is --state DIR (before or behind the command), else $CHANGELING_STATE,\n"     \
	"else /var/lib/changeling/main.\n"

/* clang-format off */
const struct command commands[] = {
	{"run", "replicate in the foreground until told to stop", "[OPTION…]",
		"Connects to the source as a replica and to the target as a client, and replicates until SIGTERM or\n"
		"SIGINT. Set it up with change-master first.\n\n"
		"Exit: 0 clean stop, 1 stopped on an error that needs a person (see status), 2 usage or configuration,\n"
		"3 cannot connect.\n",
		run_command},
	{"check", "preflight: what both servers must offer, and how to mend what they do not", "[OPTION…]",
		"Connects to both sides and lists each requirement with ok, warn or fail. Changes nothing but a\n"
		"table of its own in our schema on the target, which it makes, writes and drops.\n\n"
		"Exit: 0 nothing failed, 1 something did, 2 usage or configuration.\n",
		check_command},
	{"status", "state, positions, lag, rates, last error", "[--json|--replica]",
		"From the running process, or from DIR/state.db when nothing runs.\n\n"
		"Exit: 0 the process is there (also paused, waiting, or stopped on an error with --stay), 2 usage, 3 it is\n"
		"not. For alarms use scripts/check-health.\n",
		status_command},
	{"stop", "pause applying; the process stays and keeps the channel", "",
		"Like STOP REPLICA. What was begun is finished; start goes on. It ends with the process: a new run\n"
		"applies again. To end the process, send it SIGTERM.\n\nExit: 0 done, 1 nothing runs, 2 usage.\n",
		operate_command},
	{"start", "go on after stop", "", "Like START REPLICA.\n\nExit: 0 done, 1 nothing runs, 2 usage.\n", operate_command},
	{"skip", "step over exactly the transaction it stopped on", "",
		"The transaction is recorded as skipped by the operator (see scripts/inspect-state skipped). When no\n"
		"process runs, the next run does it; until then status tells that it waits, and retry takes it back.\n\n"
		"Exit: 0 done, 1 it has not stopped on a transaction, 2 usage.\n",
		operate_command},
	{"retry", "try the transaction it stopped on again", "",
		"When no process runs, the next run does so. After \"the target does not tell whether it took place\" this\n"
		"says that it did not.\n\nExit: 0 done, 1 there is nothing to try again, 2 usage.\n",
		operate_command},
	{"replace", "apply SQL from standard input in place of the transaction it stopped on", "",
		"The whole transaction is replaced by the text on standard input: what else was in it must be in the text,\n"
		"too. Several statements are possible; names need their schema. They run in one transaction with the\n"
		"position, unless one of them commits by itself, as a definition does. When no process runs, the next run\n"
		"does it; until then status tells that it waits, and retry takes it back.\n\n"
		"Exit: 0 done, 1 it has not stopped on a transaction, 2 usage.\n",
		operate_command},
	{"change-master", "set up: connections, test, start position", "[OPTION…] [< STATEMENT]",
		"Takes CHANGE MASTER's own words as options, or a CHANGE MASTER TO / CHANGE REPLICATION SOURCE TO\n"
		"statement on standard input, or both. Tests both connections, writes the start position to the target\n"
		"and the configuration to DIR/changeling.cnf. What is not named stays as it was.\n\n"
		"Exit: 0 done, 1 a server refused or cannot be reached, 2 usage.\n",
		change_master_command},
	{"dump", "print a binary log file's events", "[--json] FILE…",
		"Reads files, or standard input (-, or a pipe and no file); connects to nothing.\n\n"
		"Exit: 0 done, 1 a broken file, naming file:position.\n",
		dump_command},
	{"explain", "what would be sent to the target for SQL on standard input, and why", "[OPTION…] < SQL",
		"The target is described by a profile, by a file of capabilities, or asked what it can do. With --sql it is\n"
		"a filter: mysqldump --no-data --routines --events … | changeling explain --sql … | mysql …\n\n"
		"Exit: 0 done, 1 a statement would stop the stream, 2 usage.\n",
		explain_command},
	{"retry-skipped", "run on the target what rules had set aside", "[OPTION…]",
		"For statements (stored code above all) that the target refused, after its settings were changed. What\n"
		"goes through is marked as done; what does not stays.\n\n"
		"Exit: 0 all that was tried went through, 1 something was refused or is set aside still, 2 usage or configuration, 3 cannot connect.\n",
		retry_skipped_command},
	{"cutover", "make the target a server of its own", "--enable-events [--run]",
		"Stored events are disabled on the target, so that none runs on both sides. This prints an ALTER EVENT\n"
		"statement for each that came by replication: ENABLE or DISABLE, as it was last set on the source. With\n"
		"--run it sends them. Events of the copy are not known here: those stand in what explain --sql printed.\n\n"
		"Exit: 0 done, 1 the target refused one, 2 usage or configuration, 3 cannot connect.\n",
		cutover_command},
};
/* clang-format on */
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

void command_print(const char *name)
{
	const struct command *command = command_find(name);

	printf("usage: changeling %s%s%s\n\n%s\n", command->name, *command->usage ? " " : "", command->usage,
		command->help);
}

bool command_wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: changeling COMMAND [OPTION…]\n\n"
		     "Replicates a MySQL or MariaDB server into a locked-down one: a replica toward the "
		     "source, an ordinary\n"
		     "client over TLS toward the target.\n\n");
	for (size_t i = 0; i < command_count; i++)
		fprintf(out, "  %-14s %s\n", commands[i].name, commands[i].line);
	fprintf(out, "\nchangeling COMMAND --help tells more; changeling --version which one this "
		     "is.\n" STATE_NOTE);
}

/* --state may stand before the command as well: moved behind it. Returns how many arguments are left. */
static int put_command_first(int argc, char **argv)
{
	int first = 1;
	char *command;

	while (first < argc && strncmp(argv[first], "--state", 7) == 0 &&
		(argv[first][7] == '=' || argv[first][7] == '\0'))
		first += argv[first][7] == '=' ? 1 : 2;
	if (first >= argc)
		return 1;
	command = argv[first];
	memmove(argv + 2, argv + 1, (size_t)(first - 1) * sizeof(*argv));
	argv[1] = command;
	return argc;
}

int commands_main(int argc, char **argv)
{
	const struct command *command;

	argc = put_command_first(argc, argv);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		if (argc == 3 && command_find(argv[2])) {
			char help[] = "--help", *arguments[] = {argv[2], help, NULL};

			return command_find(argv[2])->run(2, arguments);
		}
		print_help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("changeling %s\n", CHANGELING_VERSION);
		return EXIT_OK;
	}
	command = command_find(argv[1]);
	if (!command) {
		fprintf(stderr, "changeling: there is no command \"%.40s\". See changeling --help.\n",
			argv[1]);
		return EXIT_USAGE;
	}
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--version") == 0) {
			printf("changeling %s\n", CHANGELING_VERSION);
			return EXIT_OK;
		}
	}
	return command->run(argc - 1, argv + 1);
}

int command_exit_code(const struct error *error)
{
	switch (error->kind) {
	case ERROR_NONE:
	case ERROR_STOPPED:
		return EXIT_OK;
	case ERROR_USAGE:
		return EXIT_USAGE;
	case ERROR_CONNECT:
		return EXIT_CONNECT;
	case ERROR_RETRY:
	case ERROR_STOP:
	case ERROR_CORRUPT:
	case ERROR_FENCED:
		break;
	}
	return EXIT_PERSON;
}

int command_fail(const char *name, const struct error *error)
{
	fprintf(stderr, "changeling %s: %s\n", name, error->text);
	return command_exit_code(error);
}
