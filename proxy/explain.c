/* `changeling explain`: what would be sent to the target, and why. */
#include "applier/sql/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applier/internal.h"
#include "applier/sql/mode.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"
#include "proxy/config.h"
#include "proxy/input.h"
#include "proxy/settings.h"

#define CAPABILITIES_MAXIMUM_BYTES ((size_t)16 << 20)

static int read_file(const char *path, struct buffer *text, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[16384];
	ssize_t got = -1;

	if (fd >= 0) {
		while ((got = read(fd, bytes, sizeof(bytes))) > 0 &&
			text->length < CAPABILITIES_MAXIMUM_BYTES)
			buffer_append(text, bytes, (size_t)got);
	}
	if (got != 0)
		error_set(error, ERROR_USAGE, "reading %s: %s.", path,
			got > 0 ? "it is too large" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return got == 0 ? 0 : -1;
}

/* What the target of the configuration can do, tried now. */
static int probe_target(struct capabilities *target, const struct settings *settings, struct error *error)
{
	if (!settings->target.host)
		return error_set(error, ERROR_USAGE,
			"--target-capabilities=live asks the target of a state directory: name that by "
			"--state.");
	return capabilities_probe(&settings->target, target, error);
}

static int load_target(struct capabilities *target, const char *profile, const char *file,
	const struct settings *settings, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	int result;

	if (file && strcmp(file, "live") == 0)
		return probe_target(target, settings, error);
	if (file) {
		result = read_file(file, &text, error);
		if (result == 0)
			result = capabilities_load(target, buffer_text(&text), text.length, error);
		buffer_release(&text);
		return result;
	}
	if (!capabilities_profile(profile)) {
		for (size_t i = 0; capabilities_profile_name(i); i++)
			buffer_printf(&text, "%s%s", i ? ", " : "", capabilities_profile_name(i));
		error_set(error, ERROR_USAGE,
			"--target=%.60s is not known: there are %s. Others are described by "
			"--target-capabilities=FILE.",
			profile, buffer_text(&text));
		buffer_release(&text);
		return -1;
	}
	return capabilities_load(
		target, capabilities_profile(profile), strlen(capabilities_profile(profile)), error);
}

/* "8.0.36", "mariadb 10.11", "10.11.6-MariaDB"; a family alone is a late version of it. */
static int source_version_of(const char *text, struct server_version *version, struct error *error)
{
	bool maria = strcasestr(text, "maria") != NULL;
	const char *digits = text + strcspn(text, "0123456789");

	if (strcasecmp(text, "mysql") == 0)
		digits = "8.4.0";
	else if (strcasecmp(text, "mariadb") == 0)
		digits = "11.8.0";
	version->family = maria ? FAMILY_MARIADB : FAMILY_MYSQL;
	version->number = version_parse(digits);
	if (!version->number)
		return error_set(error, ERROR_USAGE,
			"--source=%.60s: give mysql, mariadb, or a version as in 8.0.36 or 10.11.6-MariaDB.",
			text);
	return 0;
}

/* The rules as the configuration of a state directory has them, when one was named. */
static int load_settings(
	const char *state, struct config *config, struct settings *settings, struct error *error)
{
	if (state && config_load(config, state, error) < 0)
		return -1;
	return settings_fill(settings, config, error);
}

int explain_command(int argc, char **argv)
{
	const char *state = NULL, *source = "8.4.0", *profile = NULL, *file = NULL, *database = NULL,
		   *charset = NULL, *sql_mode = "";
	bool as_json = false, markdown = false;
	struct explain_options options = {.json = false};
	const struct argument arguments[] = {
		{"source", "VERSION",
			"the source: mysql, mariadb, or a version as in 8.0.36 or 10.11.6-MariaDB", &source,
			NULL},
		{"sql-mode", "MODES", "sql_mode of the statements, as @@sql_mode prints it", &sql_mode, NULL},
		{"target", "PROFILE",
			"a target that is known, as in rds-mysql-9.7 (default: the first there is)", &profile,
			NULL},
		{"target-capabilities", "FILE|live",
			"what the target can do, as name=value lines; live: asked of the target in --state",
			&file, NULL},
		{"database", "NAME", "default database of the statements", &database, NULL},
		{"charset", "NAME", "their character set (default: utf8mb4)", &charset, NULL},
		{"state", "DIR",
			"the rules of this state directory's configuration (default: the standard ones)",
			&state, NULL},
		{"json", NULL, "one object a line for each statement", NULL, &as_json},
		{"sql", NULL, "a script for a client: what is sent, with the reasons as comments", NULL,
			&options.sql},
		{"rules", NULL, "print the catalogue of rules instead (with --json as JSON)", NULL,
			&markdown},
	};
	const size_t count = sizeof(arguments) / sizeof(arguments[0]);
	struct buffer text = BUFFER_INIT, out = BUFFER_INIT;
	struct error error = {.kind = ERROR_NONE};
	struct settings settings = {.config = NULL};
	struct capabilities target;
	struct config config;
	int result = -1;

	if (command_wants_help(argc, argv)) {
		command_print("explain");
		arguments_print(arguments, count);
		return EXIT_OK;
	}
	config_init(&config);
	capabilities_init(&target);
	if (arguments_parse(argc, argv, arguments, count, NULL, &error) < 0)
		goto out;
	if (markdown) {
		if (as_json)
			rules_json(&out);
		else
			rules_markdown(&out);
		result = 0;
		goto out;
	}
	if (load_settings(state, &config, &settings, &error) < 0 ||
		load_target(&target, profile ? profile : capabilities_profile_name(0), file, &settings,
			&error) < 0 ||
		source_version_of(source, &options.source, &error) < 0 ||
		mode_parse(sql_mode, options.source, &options.sql_mode, &error) < 0 ||
		input_read_all(&text, &error) < 0)
		goto out;
	options.database = database;
	options.client_charset = charset ? charset : "utf8mb4";
	options.settings = &settings.rewrite;
	options.json = as_json;
	result = explain_script(buffer_text(&text), text.length, &options, &target, &out);
out:
	fwrite(buffer_text(&out), 1, out.length, stdout);
	buffer_release(&out);
	buffer_release(&text);
	capabilities_release(&target);
	settings_release(&settings);
	config_release(&config);
	if (result < 0)
		return command_fail("explain", &error);
	return result > 0 ? EXIT_PERSON : EXIT_OK;
}
