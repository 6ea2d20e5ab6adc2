/* `changeling change-master`: from CHANGE MASTER's words to a channel that is ready to run. Nothing is
 * written before both sides have been reached and the start position is known. */
#include "proxy/change_master.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/memory.h"
#include "proxy/arguments.h"
#include "proxy/check.h"
#include "proxy/commands.h"
#include "proxy/input.h"
#include "proxy/pipeline.h"
#include "proxy/same_server.h"
#include "proxy/source_errors.h"
#include "proxy/source_preflight.h"
#include "state/directory.h"
#include "state/state.h"

#define ER_ACCESS_DENIED 1045

struct setup {
	const char *directory;
	struct change_master_statement statement;
	struct config config;
	struct settings settings;
	bool is_new;	     /* there was no configuration */
	char *source_before; /* host and port of the former configuration */
	/* typed in or in the statement; NULL = where the configuration says */
	char *source_password, *target_password;
	struct state_lock lock;
	struct source *source;
	struct source_info info;
	struct arena arena;
	struct target *target;
	struct former former;
	struct start start;
	char *start_warning; /* of a set that was typed, or NULL */
	char source_text[700], target_text[700]; /* for the report */
};

/* ---- the words ---- */

static bool position_wants_value(const char *name)
{
	static const char *const names[] = {"log-file", "log-pos", "use-gtid"};

	for (unsigned i = 0; i < 3; i++) {
		if ((strncmp(name, "master-", 7) == 0 || strncmp(name, "source-", 7) == 0) &&
			strcmp(name + 7, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_position(const char *name)
{
	return position_wants_value(name) || strcmp(name, "from-now") == 0 ||
	       strcmp(name, "master-auto-position") == 0 || strcmp(name, "source-auto-position") == 0;
}

static bool wants_value(void *context, const char *name, bool *known)
{
	bool wants = false;

	(void)context;
	*known = true;
	if (strcmp(name, "state") == 0 || position_wants_value(name))
		return true;
	if (is_position(name))
		return false;
	*known = config_has_option(name, &wants);
	return wants;
}

/* Options are known with '_' as with '-'. */
static void dashes(char *name)
{
	for (; *name && *name != '='; name++) {
		if (*name == '_')
			*name = '-';
	}
}

/* --master-password, and what else may be meant by it. */
static bool is_password(const char *argument)
{
	size_t length = strcspn(argument, "=");

	return length == 17 && strncmp(argument + 8, "-password", 9) == 0 &&
	       (strncmp(argument, "--master", 8) == 0 || strncmp(argument, "--source", 8) == 0 ||
		       strncmp(argument, "--target", 8) == 0);
}

static int take_position(struct setup *setup, const char *name, const char *value, struct error *error)
{
	/* an empty set: all that the source still has */
	if (value && !*value && strcmp(name + 7, "use-gtid") == 0) {
		setup->statement.use_gtid = 1;
		setup->statement.gtid_set = "";
		return 0;
	}
	if (change_master_option(&setup->statement, name, value, error) < 0)
		return error_context(error, "--%s", name);
	return 0;
}

/* Twice: first, with `setup` NULL, for --state; then for all others, over what the file and the statement
 * say. */
static int take_options(struct setup *setup, int argc, char **argv, const char **state, struct error *error)
{
	for (int at = 1; at < argc;) {
		const char *value;
		char name[96];

		if (strncmp(argv[at], "--", 2) != 0)
			return error_set(error, ERROR_USAGE, "\"%.80s\" is no option. See --help.", argv[at]);
		dashes(argv[at]);
		if (is_password(argv[at]))
			return error_set(error, ERROR_USAGE,
				"a password does not belong on a command line, where others can see it: put "
				"it into a file "
				"with mode 0600 and give %.8s-password-file, or leave it out to be asked for "
				"it.",
				argv[at]);
		if (argument_split(argc, argv, &at, name, sizeof(name), wants_value, NULL, &value, error) < 0)
			return -1;
		if (strcmp(name, "state") == 0) {
			*state = value;
			continue;
		}
		if (!setup)
			continue;
		if (is_position(name)) {
			if (take_position(setup, name, value, error) < 0)
				return -1;
		} else if (config_set_option(&setup->config, name, value ? value : "on", error) < 0) {
			return error_context(error, "--%s", name);
		}
	}
	return 0;
}

static int take_statement(struct setup *setup, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	int result = 0;
	bool blank = true;

	change_master_init(&setup->statement);
	if (!input_given())
		return 0;
	result = input_read_all(&text, error);
	for (size_t i = 0; i < text.length && blank; i++)
		blank = isspace((unsigned char)text.data[i]);
	if (result == 0 && !blank)
		result = change_master_parse(&setup->statement, text.data, text.length, error);
	if (text.data)
		explicit_bzero(text.data, text.capacity);
	buffer_release(&text);
	if (result < 0)
		return error_context(error, "the statement on standard input");
	for (size_t i = 0; i < setup->statement.remark_count; i++) {
		const struct change_master_remark *remark = &setup->statement.remarks[i];

		if (remark->verdict != CHANGE_MASTER_REFUSED)
			printf("%s: %s: %s\n", remark->verdict == CHANGE_MASTER_NOTE ? "note" : "left aside",
				remark->word, remark->text);
	}
	if (setup->statement.password) {
		setup->source_password = memory_strdup(setup->statement.password);
		explicit_bzero(setup->statement.password, strlen(setup->statement.password));
	}
	return change_master_refused(&setup->statement, error);
}

static char *source_address(const struct config *config)
{
	struct buffer text = BUFFER_INIT;
	char *result;

	buffer_printf(&text, "%s %llu", config->source.connection.host ? config->source.connection.host : "",
		(unsigned long long)config->source.connection.port);
	result = memory_strdup(buffer_text(&text));
	buffer_release(&text);
	return result;
}

static int load_former(struct setup *setup, struct error *error)
{
	char path[PATH_MAX];

	config_init(&setup->config);
	snprintf(path, sizeof(path), "%s/changeling.cnf", setup->directory);
	setup->is_new = access(path, F_OK) != 0;
	if (!setup->is_new && config_load(&setup->config, setup->directory, error) < 0)
		return -1;
	setup->former.by_gtid = setup->config.source.use_gtid;
	setup->source_before = source_address(&setup->config);
	return 0;
}

/* ---- what is made up or asked for ---- */

static uint64_t random_number(void)
{
	uint64_t number = 0;

	while (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		;
	return number;
}

static int make_identity(struct setup *setup, struct error *error)
{
	uint8_t bytes[16];
	char text[37];

	if (!setup->config.source.server_id) {
		/* beyond what people number their servers by */
		snprintf(text, sizeof(text), "%u", (unsigned)(0x40000000u + random_number() % 0xbffffffeu));
		if (config_set(&setup->config, "source", "server-id", text, error) < 0)
			return -1;
	}
	if (setup->config.server_uuid)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t number = random_number();

		memcpy(bytes + 8 * (size_t)i, &number, 8);
	}
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	uuid_text(bytes, text);
	return config_set(&setup->config, "changeling", "server-uuid", text, error);
}

static int ask_password(
	const struct config_connection *connection, const char *side, char **password, struct error *error)
{
	char prompt[600];

	if (*password || connection->password_file || connection->password_command || !isatty(STDIN_FILENO))
		return 0;
	snprintf(prompt, sizeof(prompt), "Password of %s on the %s %s", connection->user, side,
		connection->host);
	return config_password_prompt(prompt, password, error);
}

static int append_given(void *context, struct buffer *out, struct error *error)
{
	(void)error;
	buffer_puts(out, context);
	return 0;
}

/* ---- both sides ---- */

static int check_grants(struct setup *setup, struct error *error)
{
	struct source_grants grants;

	if (source_grants(setup->source, &setup->arena, &grants, error) < 0)
		return -1;
	if (grants.replication_slave && grants.replication_client)
		return 0;
	return error_set(error, ERROR_STOP,
		"the account %s on the source %s lacks %s: GRANT REPLICATION SLAVE, REPLICATION CLIENT ON "
		"*.* TO it on the "
		"source.",
		grants.account, source_host(setup->source),
		grants.replication_slave    ? "REPLICATION CLIENT"
		: grants.replication_client ? "REPLICATION SLAVE"
					    : "REPLICATION SLAVE and REPLICATION CLIENT");
}

static bool id_is_taken(const struct setup *setup, const struct source_replica *replicas, size_t count)
{
	uint32_t id = (uint32_t)setup->config.source.server_id;

	for (size_t i = 0; i < count; i++) {
		if (replicas[i].server_id == id)
			return true;
	}
	return id == setup->info.server_id;
}

/* An id that we made up must be nobody's; one that was given is checked with everything else. */
static int find_free_id(struct setup *setup, struct error *error)
{
	struct source_replica *replicas;
	struct error unused = {.kind = ERROR_NONE};
	size_t count = 0;
	char text[16];

	if (source_replicas(setup->source, &setup->arena, &replicas, &count, &unused) < 0)
		return 0;
	while (id_is_taken(setup, replicas, count)) {
		snprintf(text, sizeof(text), "%u", (unsigned)(0x40000000u + random_number() % 0xbffffffeu));
		if (config_set(&setup->config, "source", "server-id", text, error) < 0)
			return -1;
	}
	setup->settings.source.server_id = (uint32_t)setup->config.source.server_id;
	return 0;
}

/* An account without a password is possible, and a forgotten one likelier. */
static int advise_password(
	const struct config_connection *connection, const char *given, const char *side, struct error *error)
{
	if (error->code == ER_ACCESS_DENIED && !given && !connection->password_file &&
		!connection->password_command)
		error_advice(error, "No password was given: name the file that has it by --%s-password-file.",
			side);
	return -1;
}

static int reach_source(struct setup *setup, bool made_up_id, struct error *error)
{
	const char *cipher;

	setup->source = source_new(&setup->settings.source);
	if (source_connect(setup->source, error) < 0)
		return advise_password(
			&setup->config.source.connection, setup->source_password, "source", error);
	if (source_info(setup->source, &setup->arena, &setup->info, error) < 0)
		return -1;
	cipher = source_cipher(setup->source);
	snprintf(setup->source_text, sizeof(setup->source_text), "%s, %s, TLS %s", source_host(setup->source),
		source_version_text(setup->source), cipher ? cipher : "off");
	if (check_grants(setup, error) < 0)
		return -1;
	return made_up_id ? find_free_id(setup, error) : 0;
}

static int reach_target(struct setup *setup, struct error *error)
{
	const struct target_options *options = &setup->settings.target;
	const char *cipher;

	if (target_connect(&setup->target, options, NULL, error) < 0)
		return advise_password(
			&setup->config.target.connection, setup->target_password, "target", error);
	cipher = target_cipher(setup->target);
	snprintf(setup->target_text, sizeof(setup->target_text), "%s, %s, TLS %s", target_host(setup->target),
		target_version_text(setup->target), cipher ? cipher : "off");
	if (checkpoint_read(setup->target, options->schema, setup->config.channel, &setup->former.checkpoint,
		    &setup->former.found, error) == 0)
		return 0;
	if (error->code == 1142 || error->code == 1044 || error->code == 1143)
		error_advice(error,
			"The channel's position is kept in the schema %s: GRANT " CHECKPOINT_PRIVILEGES
			" ON %s.* TO the account on the target.",
			options->schema, options->schema);
	return -1;
}

static bool set_is_named(const struct setup *setup)
{
	return setup->statement.start == CHANGE_MASTER_START_GTID && setup->statement.gtid_set && *setup->statement.gtid_set;
}

/* The source's words for a set that it has not are about a replica that has applied it. Here it was typed. */
static int explain_set(struct setup *setup, struct error *error)
{
	struct error unknown = {.kind = ERROR_NONE};
	struct source_place place = {.gtid_set = ""};
	struct source_verdict verdict;

	source_classify(error->code, error->text, true, &verdict);
	if (!set_is_named(setup) || strcmp(verdict.cause, "diverged") != 0)
		return -1;
	if (source_connect(setup->source, &unknown) == 0)
		source_current(setup->source, &setup->arena, &place, &unknown);
	return error_set(error, ERROR_STOP,
		"--master-use-gtid=%.300s: the source %s does not have these transactions, or not all of them%s%.300s. Is the set "
		"mistyped, or that of another server?",
		setup->statement.gtid_set, source_host(setup->source), *place.gtid_set ? "; it is at " : "", place.gtid_set);
}

/* The preflight, of which only what fails is told, and what is to know about a set that was typed. */
static int preflight(struct setup *setup, struct error *error)
{
	struct source_start start = {.position = setup->start.checkpoint.position};
	char *warning = NULL;

	if (setup->config.source.use_gtid &&
		(*setup->start.checkpoint.gtid_set || !setup->start.checkpoint.position.file[0]))
		start.gtid_set = setup->start.checkpoint.gtid_set;
	if (source_accept(&setup->info, &setup->settings.source, &start, error) < 0)
		return -1;
	if (check_quietly(&setup->settings, setup->source, &start, setup->target, &warning, error) < 0)
		return explain_set(setup, error);
	if (set_is_named(setup))
		setup->start_warning = warning;
	else
		free(warning);
	return 0;
}

/* ---- writing ---- */

/* Wishes that were meant for another place in the log. */
static int forget_wishes(struct state *state, struct error *error)
{
	static const char *const names[] = {SETTING_STOPPED_AT, SETTING_STOPPED_OF, SETTING_SKIP_AT, SETTING_RETRY_AT, SETTING_REPLACE_AT,
		SETTING_REPLACE_SQL, SETTING_WISHED};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (state_set_setting(state, names[i], NULL, error) < 0)
			return -1;
	}
	return 0;
}

static struct state_server server_of(const struct config_connection *connection)
{
	return (struct state_server){
		.state = "disconnected",
		.host = connection->host,
		.port = connection->port,
		.user = connection->user,
		.ssl_mode = config_ssl_mode_name(connection->tls.mode),
	};
}

/* What those who look on see until the first run. A position that stays has its status already. */
static int save_status(const struct setup *setup, struct state *state, struct error *error)
{
	const struct checkpoint *start = &setup->start.checkpoint;
	const struct config *config = &setup->config;
	struct state_status status = {.phase = STATE_STOPPED};
	bool found;

	if (!setup->start.write) {
		if (state_read_status(state, &status, &found, error) < 0)
			return -1;
		state_status_release(&status);
		if (found)
			return 0;
	}
	status.phase = STATE_STOPPED;
	status.version = CHANGELING_VERSION;
	status.since_us = status.updated_at_us = state_now_us();
	status.channel = config->channel;
	status.replica_server_id = config->source.server_id;
	status.replica_uuid = config->server_uuid;
	status.source = server_of(&config->source.connection);
	status.target = server_of(&config->target.connection);
	status.applied.file = *start->position.file ? start->position.file : NULL;
	status.applied.position = start->position.offset;
	status.applied.gtid = *start->gtid ? start->gtid : NULL;
	status.applied_gtid_set = *start->gtid_set ? start->gtid_set : NULL;
	status.received = status.applied;
	status.received_gtid_set = status.applied_gtid_set;
	status.source_time_us = (int64_t)start->source_time * 1000000;
	status.auto_position = config->source.use_gtid;
	return state_save_status(state, &status, error);
}

static int write_connections(struct setup *setup, struct error *error)
{
	if (setup->source_password && config_password_store(&setup->config, setup->directory, "source",
					      setup->source_password, error) < 0)
		return -1;
	if (setup->target_password && config_password_store(&setup->config, setup->directory, "target",
					      setup->target_password, error) < 0)
		return -1;
	return config_save(&setup->config, setup->directory, error);
}

static int write_all(struct setup *setup, struct error *error)
{
	struct state_options options = {
		.channel = setup->config.channel, .journal_rows = setup->config.journal_rows};
	const char *schema = setup->settings.target.schema;
	char *warning = NULL;
	struct state *state;
	int result = -1;

	if (state_open(&state, setup->directory, &options, &warning, error) < 0)
		return -1;
	if (warning)
		printf("note: %s\n", warning);
	free(warning);
	if ((!setup->start.write || (forget_wishes(state, error) == 0 &&
					    checkpoint_create(setup->target, schema, setup->config.channel,
						    &setup->start.checkpoint, error) == 0)) &&
		write_connections(setup, error) == 0 && save_status(setup, state, error) == 0)
		result = 0;
	state_close(state);
	return result;
}

static void put_place(FILE *out, const struct checkpoint *at)
{
	if (at->position.file[0])
		fprintf(out, "%s:%llu", at->position.file, (unsigned long long)at->position.offset);
	if (*at->gtid_set)
		fprintf(out, "%sGTID set %s", at->position.file[0] ? ", " : "", at->gtid_set);
	else if (!at->position.file[0])
		fprintf(out, "GTID set empty: all that the source still has");
}

static void report(const struct setup *setup)
{
	printf("source    %s\n", setup->source_text);
	printf("target    %s\n", setup->target_text);
	printf("channel   %s, server-id %llu\n", setup->config.channel,
		(unsigned long long)setup->config.source.server_id);
	printf("%s ", setup->start.write ? "start    " : "goes on at");
	put_place(stdout, &setup->start.checkpoint);
	printf("%s\n", setup->config.source.use_gtid ? " (by GTID)" : "");
	printf("written   %s/changeling.cnf%s\n", setup->directory,
		setup->start.write ? ", and the start position to the target" : "");
	printf("\nNext: changeling check --state=%s; changeling run --state=%s\n", setup->directory,
		setup->directory);
}

static void warn_of_set(const struct setup *setup)
{
	fflush(stdout);
	fprintf(stderr, "warning: --master-use-gtid: %s\n", setup->start_warning);
}

/* `side`: of what the channel had applied; `result`: what the source has in between. */
static void warn_of_gap(const struct setup *setup, const char *side, const char *result)
{
	fflush(stdout);
	fprintf(stderr, "warning: this start lies %s what the channel had applied. It was at ", side);
	put_place(stderr, &setup->former.checkpoint);
	fprintf(stderr, ", and is now at ");
	put_place(stderr, &setup->start.checkpoint);
	fprintf(stderr, ": what the source has in between will %s, set the former position again before you run.\n", result);
}

/* ---- the whole ---- */

static int set_up(struct setup *setup, int argc, char **argv, struct error *error)
{
	bool made_up_id, changed;
	const char *state;
	char *address;

	if (take_statement(setup, error) < 0 || load_former(setup, error) < 0 ||
		change_master_apply(&setup->statement, &setup->config, error) < 0 ||
		take_options(setup, argc, argv, &state, error) < 0 ||
		change_master_options_end(&setup->statement, error) < 0)
		return -1;
	if (setup->statement.use_gtid >= 0 && config_set(&setup->config, "source", "use-gtid",
						      setup->statement.use_gtid ? "on" : "off", error) < 0)
		return -1;
	if (!setup->config.source.connection.host || !setup->config.target.connection.host)
		return error_set(error, ERROR_USAGE, "--%s-host is missing: say where the %s is.",
			setup->config.source.connection.host ? "target" : "master",
			setup->config.source.connection.host ? "target" : "source");
	made_up_id = !setup->config.source.server_id;
	if (make_identity(setup, error) < 0 || config_validate(&setup->config, error) < 0 ||
		ask_password(&setup->config.source.connection, "source", &setup->source_password, error) <
			0 ||
		ask_password(&setup->config.target.connection, "target", &setup->target_password, error) <
			0 ||
		settings_fill(&setup->settings, &setup->config, error) < 0)
		return -1;
	if (setup->source_password) {
		setup->settings.source.password = append_given;
		setup->settings.source.password_context = setup->source_password;
	}
	if (setup->target_password) {
		setup->settings.target.password = append_given;
		setup->settings.target.password_context = setup->target_password;
	}
	if (state_directory_make(setup->directory, error) < 0 ||
		state_lock_take(&setup->lock, setup->directory, error) < 0 ||
		reach_source(setup, made_up_id, error) < 0 || reach_target(setup, error) < 0)
		return -1;
	if (same_server(setup->source, setup->target, &setup->arena))
		return same_server_refuse(setup->source, setup->target, error);
	address = source_address(&setup->config);
	changed = strcmp(address, setup->source_before) != 0;
	free(address);
	if (change_master_place(&setup->statement, &setup->config, setup->source, &setup->info,
		    &setup->former, changed, &setup->start, error) < 0 ||
		preflight(setup, error) < 0)
		return -1;
	return write_all(setup, error);
}

static void release(struct setup *setup)
{
	change_master_release(&setup->statement);
	config_password_release(setup->source_password);
	config_password_release(setup->target_password);
	source_free(setup->source);
	target_close(setup->target);
	checkpoint_release(&setup->former.checkpoint);
	checkpoint_release(&setup->start.checkpoint);
	settings_release(&setup->settings);
	config_release(&setup->config);
	state_lock_release(&setup->lock);
	arena_release(&setup->arena);
	free(setup->source_before);
	free(setup->start_warning);
}

static void print_help(void)
{
	command_print("change-master");
	printf("Where to start (--source-… means the same):\n"
	       "  --from-now                        the source's present end of log\n"
	       "  --master-log-file=FILE            this binary log file of the source,\n"
	       "  --master-log-pos=POSITION         and this position in it (4)\n"
	       "  --master-auto-position            by GTID, from what the channel has applied; a new "
	       "channel: from\n"
	       "                                    the oldest that the source still has\n"
	       "  --master-use-gtid=SET             by GTID; SET is what the copy has already, or slave_pos: "
	       "as\n"
	       "                                    --master-auto-position\n\n"
	       "  --state=DIR                       state directory\n"
	       "  --help                            this text\n\n"
	       "The source (--master-… means the same as --source-…):\n");
	config_print_help(stdout, "source");
	printf("\nThe target:\n");
	config_print_help(stdout, "target");
	printf("\nThe rest:\n");
	config_print_help(stdout, "changeling");
}

int change_master_command(int argc, char **argv)
{
	struct setup setup = {.lock = STATE_LOCK_INIT};
	struct error error = {.kind = ERROR_NONE};
	const char *state = NULL;
	int result;

	if (command_wants_help(argc, argv)) {
		print_help();
		return EXIT_OK;
	}
	change_master_init(&setup.statement);
	result = take_options(NULL, argc, argv, &state, &error);
	setup.directory = state_directory(state);
	if (result == 0)
		result = set_up(&setup, argc, argv, &error);
	if (result == 0)
		report(&setup);
	if (result == 0 && setup.start_warning)
		warn_of_set(&setup);
	if (result == 0 && setup.start.goes_back)
		warn_of_gap(&setup, "before", "be applied again. If the target has it already");
	else if (result == 0 && setup.start.passes_over)
		warn_of_gap(&setup, "behind", "not be applied. If the target lacks it");
	release(&setup);
	if (result == 0)
		return EXIT_OK;
	command_fail("change-master", &error);
	return error.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_PERSON;
}
