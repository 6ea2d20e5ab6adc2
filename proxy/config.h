/* DIR/changeling.cnf: the connections and everything that can be set, in MySQL's option-file syntax.
 *
 * One table (config_options) says what there is: it reads and writes the file, takes the options of
 * `changeling change-master`, and prints the help and the documentation. Passwords are never in the file:
 * they come from a password file or a command, anew at each connect. */
#ifndef PROXY_CONFIG_H
#define PROXY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "applier/tls.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum config_conflicts { CONFIG_CONFLICTS_STOP, CONFIG_CONFLICTS_RECORD, CONFIG_CONFLICTS_REPAIR };
enum config_accounts { CONFIG_ACCOUNTS_TRANSLATE, CONFIG_ACCOUNTS_SKIP, CONFIG_ACCOUNTS_STOP };
enum config_functions { CONFIG_FUNCTIONS_STOP, CONFIG_FUNCTIONS_SKIP };
enum config_policy { CONFIG_POLICY_RUN, CONFIG_POLICY_REWRITE, CONFIG_POLICY_SKIP, CONFIG_POLICY_STOP };

/* How to reach one server. Texts are NULL when not set. */
struct config_connection {
	const char *host; /* of the source: a comma list, tried in order (config_host_at) */
	uint64_t port;
	const char *user;
	const char *password_file, *password_command;
	struct tls_options tls;
	const char *bind_address;
	uint64_t connect_timeout_seconds;
	uint64_t read_timeout_seconds; /* source: without an event or heartbeat; target: for an answer, 0 =
					  none */
};

struct config_source {
	struct config_connection connection;
	uint64_t server_id; /* ours, among the source's replicas; 0 = not set */
	const char *report_host;
	uint64_t report_port;
	uint64_t heartbeat_period_ms;
	uint64_t connect_retry_seconds; /* longest pause between attempts */
	uint64_t retry_count;		/* attempts in a row before giving up; 0 = for ever */
	bool use_gtid;			/* auto-position instead of file and position */
};

struct config_target {
	struct config_connection connection;
	const char *schema;		    /* ours on the target */
	uint64_t statement_timeout_seconds; /* 0 = none */
};

/* `rule.NAME = policy`, `definer-map = OLD => NEW` */
struct config_rule {
	const char *name;
	enum config_policy policy;
};
struct config_definer {
	const char *from, *to;
};

/* All texts live in the arena. */
struct config {
	struct config_source source;
	struct config_target target;

	const char *channel;
	const char *server_uuid; /* ours; NULL = made by change-master */
	uint64_t workers;
	bool preserve_commit_order;
	uint64_t merge_transactions, merge_rows, merge_bytes, merge_time_ms;
	uint64_t large_transaction_bytes, queue_bytes, max_event_bytes, max_whole_bytes;
	unsigned conflicts;	   /* enum config_conflicts */
	unsigned accounts;	   /* enum config_accounts */
	unsigned stored_functions; /* enum config_functions */
	struct config_definer *definers;
	size_t definer_count;
	struct config_rule *rules;
	size_t rule_count;
	uint64_t retry_max_seconds; /* longest pause between attempts on the target */
	uint64_t lag_interval_seconds, status_interval_ms;
	uint64_t journal_rows;
	unsigned log_level; /* enum log_level */

	uint64_t set_mask[4];  /* which options were given; see config_is_set */
	const char *path_base; /* what relative paths are relative to; NULL = the working directory */
	struct arena arena;
};

/* Defaults for everything. */
void config_init(struct config *config);
void config_release(struct config *config);

/* Reads DIR/changeling.cnf over the defaults. Refused (ERROR_USAGE) when the file is missing, is not ours, or
 * is open to group or others; unknown groups of other programs are skipped, an unknown option in one of our
 * groups is an error that names file, line and the nearest name. config_init first. */
int config_load(struct config *config, const char *directory, struct error *error);

/* The same for text in memory; `name` stands for the file in errors. */
int config_parse(
	struct config *config, const char *name, const char *text, size_t length, struct error *error);

/* Writes DIR/changeling.cnf (0600) with all options that were set, each under its help, by a temporary file,
 * fsync and rename; makes the directory when it is missing. */
int config_save(const struct config *config, const char *directory, struct error *error);
void config_write(const struct config *config, struct buffer *text);

/* What must be there before anything connects: hosts, users, a server-id, and values that agree with each
 * other. ERROR_USAGE names the option. */
int config_validate(const struct config *config, struct error *error);

/* Sets one option of a group ("source", "target", "changeling") by any of its names; ERROR_USAGE when there
 * is none, or the value does not fit. */
int config_set(
	struct config *config, const char *group, const char *name, const char *value, struct error *error);

/* As given on the command line without the dashes: "master-host", "source-host", "target-ssl-ca",
 * "replica-parallel-workers", "report-host", "rule.NAME". Relative paths become absolute. The start position
 * (master-log-file, master-auto-position, …) is not here but in proxy/change_master_statement.h. */
int config_set_option(struct config *config, const char *option, const char *value, struct error *error);

/* Whether there is such a command-line option, and whether it wants a value (booleans may stand alone). */
bool config_has_option(const char *option, bool *wants_value);

/* Whether the option was given (not just a default); `name` is its first name. */
bool config_is_set(const struct config *config, const char *group, const char *name);

/* The n-th host of the list (0…), and its own port when written HOST:PORT or [V6]:PORT; NULL after the last.
 * The text is thread-local and valid until the next call. */
const char *config_host_at(const struct config_connection *connection, unsigned nth, uint64_t *port);

const char *config_ssl_mode_name(unsigned mode);

/* ---- passwords ---- */

/* The password as of now: from password-file (refused unless it is ours and closed to group and others) or
 * the first line that password-command prints (by /bin/sh -c, ended after 15 seconds); "" when neither is
 * set.
 * `*password` is the caller's; give it back by config_password_release, which wipes it. ERROR_CONNECT for a
 * command that fails (it may work later), else ERROR_USAGE; the texts never hold what was read. */
int config_password(const struct config_connection *connection, char **password, struct error *error);
void config_password_release(char *password);

/* Asks on the terminal (/dev/tty, without echo); ERROR_USAGE when there is none. */
int config_password_prompt(const char *prompt, char **password, struct error *error);

/* Writes DIR/NAME.password (0600; "source" or "target") and makes it the connection's password-file. */
int config_password_store(struct config *config, const char *directory, const char *group,
	const char *password, struct error *error);

/* ---- the table, for help and documentation ---- */

enum config_type {
	CONFIG_TEXT,
	CONFIG_PATH,
	CONFIG_NUMBER,
	CONFIG_BYTES,	 /* 64M, 1G */
	CONFIG_SECONDS,	 /* whole seconds; 10, 5m, 1h */
	CONFIG_MILLIS,	 /* given in seconds with decimals, or as 250ms */
	CONFIG_BOOLEAN,	 /* on/off, 1/0, true/false, yes/no */
	CONFIG_CHOICE,	 /* one of `choices` */
	CONFIG_RULE,	 /* rule.NAME = policy */
	CONFIG_DEFINERS, /* OLD => NEW, … */
};

struct config_option {
	const char *group, *name;
	const char *synonyms; /* further names, separated by spaces, or NULL */
	enum config_type type;
	size_t offset;	   /* in struct config */
	const char *value; /* default, as text; NULL = none */
	uint64_t minimum, maximum;
	const char *choices; /* separated by spaces, numbered from 0; further names of one behind | */
	const char *unit;
	const char *help;
};

extern const struct config_option config_options[];
extern const size_t config_option_count;

/* The option's value as the file would have it, appended; false when it has none. */
bool config_value_text(const struct config *config, const struct config_option *option, struct buffer *text);

/* The options of a group (NULL = all) as --help prints them. */
void config_print_help(FILE *out, const char *group);

#endif
