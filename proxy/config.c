/* DIR/changeling.cnf: reading, writing and checking it. The table of options stands in config_options.c. */
#include "proxy/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "proxy/config_internal.h"
#include "state/directory.h"

#define FILE_NAME "changeling.cnf"
#define FILE_MAXIMUM_BYTES ((off_t)4 << 20)

void config_init(struct config *config)
{
	struct error impossible = {.kind = ERROR_NONE};

	memset(config, 0, sizeof(*config));
	for (size_t i = 0; i < config_option_count; i++) {
		/* a default that does not fit is found by the unit tests */
		if (config_options[i].value && config_set_value(config, &config_options[i],
						       config_options[i].value, &impossible) != 0)
			abort();
	}
}

void config_release(struct config *config)
{
	arena_release(&config->arena);
	memset(config, 0, sizeof(*config));
}

/* ---- reading ---- */

struct line {
	const char *name; /* of the file, for errors */
	unsigned number;
	const char *at, *end;
};

static int bad_line(const struct line *line, const char *what, struct error *error)
{
	return error_set(error, ERROR_USAGE, "%s line %u: %s", line->name, line->number, what);
}

static void skip_blanks(struct line *line)
{
	while (line->at < line->end && isspace((unsigned char)*line->at))
		line->at++;
}

static bool at_comment(const struct line *line)
{
	return line->at == line->end || *line->at == '#' || *line->at == ';';
}

/* One character behind a backslash, as the servers' option files have them. */
static void put_escaped(struct buffer *value, char c)
{
	static const char names[] = "btnrs\\\"'", meant[] = "\b\t\n\r \\\"'";
	const char *found = c ? strchr(names, c) : NULL;

	if (found) {
		buffer_putc(value, meant[found - names]);
		return;
	}
	buffer_putc(value, '\\');
	buffer_putc(value, c);
}

/* The quotes of 'user'@'host' belong to the value. */
static bool starts_account(const struct line *line)
{
	const char *close = memchr(line->at + 1, *line->at, (size_t)(line->end - line->at - 1));

	return close && close + 1 < line->end && close[1] == '@';
}

/* The value behind '=': quoted, or up to the end of the line or a comment. A '#' that follows no blank
 * belongs to the value. */
static int read_value(struct line *line, struct buffer *value, struct error *error)
{
	char quote = 0;
	size_t keep = 0;

	skip_blanks(line);
	if (line->at < line->end && (*line->at == '"' || *line->at == '\'') && !starts_account(line))
		quote = *line->at++;
	for (; line->at < line->end; line->at++) {
		char c = *line->at;

		if (quote && c == quote)
			break;
		if (!quote && c == '#' && (value->length == 0 || isspace((unsigned char)line->at[-1])))
			break;
		if (c == '\\' && line->at + 1 < line->end) {
			put_escaped(value, *++line->at);
			keep = value->length;
			continue;
		}
		buffer_putc(value, c);
		if (quote || !isspace((unsigned char)c))
			keep = value->length;
	}
	if (!quote) {
		/* blanks at the end are not part of it */
		value->length = keep;
		if (value->data)
			value->data[keep] = '\0';
		return 0;
	}
	if (line->at == line->end)
		return bad_line(line, "the closing quote is missing", error);
	line->at++;
	skip_blanks(line);
	return at_comment(line) ? 0 : bad_line(line, "there is something behind the closing quote", error);
}

/* `[group]`: NULL for groups of other programs. */
static int read_group(struct line *line, const char **group, struct error *error)
{
	static const char *const groups[] = {"source", "target", "changeling"};
	const char *close = memchr(line->at, ']', (size_t)(line->end - line->at));
	const char *from = line->at + 1;

	if (!close)
		return bad_line(line, "the ']' of a group is missing", error);
	line->at = close + 1;
	skip_blanks(line);
	if (!at_comment(line))
		return bad_line(line, "there is something behind the ']' of a group", error);
	while (from < close && isspace((unsigned char)*from))
		from++;
	while (close > from && isspace((unsigned char)close[-1]))
		close--;
	*group = NULL;
	for (unsigned i = 0; i < 3; i++) {
		if ((size_t)(close - from) == strlen(groups[i]) &&
			memcmp(from, groups[i], strlen(groups[i])) == 0)
			*group = groups[i];
	}
	return 0;
}

static int read_option(struct config *config, struct line *line, const char *group, struct error *error)
{
	const char *from = line->at, *to;
	struct buffer value = BUFFER_INIT;
	char name[128];
	int result = -1;

	while (line->at < line->end && *line->at != '=' && *line->at != '#')
		line->at++;
	to = line->at;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	if (to == from || (size_t)(to - from) >= sizeof(name))
		return bad_line(line, "this is not \"option = value\"", error);
	memcpy(name, from, (size_t)(to - from));
	name[to - from] = '\0';
	if (line->at < line->end && *line->at == '=') {
		line->at++;
		if (read_value(line, &value, error) != 0)
			goto out;
	} else {
		/* an option that stands alone is switched on */
		buffer_puts(&value, "on");
	}
	if (config_set(config, group, name, buffer_text(&value), error) != 0) {
		error_context(error, "%s line %u", line->name, line->number);
		goto out;
	}
	result = 0;
out:
	/* nothing secret belongs here, but people err */
	if (value.data)
		explicit_bzero(value.data, value.capacity);
	buffer_release(&value);
	return result;
}

int config_parse(
	struct config *config, const char *name, const char *text, size_t length, struct error *error)
{
	struct line line = {.name = name};
	const char *end = text + length, *group = NULL;
	bool grouped = false;

	if (memchr(text, 0, length))
		return error_set(error, ERROR_USAGE, "%s holds a NUL byte: it is no option file", name);
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		line.number++;
		line.at = text;
		line.end = stop ? stop : end;
		text = stop ? stop + 1 : end;
		skip_blanks(&line);
		if (at_comment(&line))
			continue;
		if (*line.at == '!')
			return bad_line(&line, "other files cannot be included", error);
		if (*line.at == '[') {
			grouped = true;
			if (read_group(&line, &group, error) != 0)
				return -1;
			continue;
		}
		if (!grouped)
			return bad_line(&line, "an option stands before the first [group]", error);
		if (group && read_option(config, &line, group, error) != 0)
			return -1;
	}
	return 0;
}

/* The whole file; wiped and freed by the caller. */
static int read_file(const char *path, char **text, size_t *length, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	size_t done = 0;

	if (fd < 0)
		return error_set(error, ERROR_USAGE, "opening the configuration %s: %s. %s", path,
			strerror(errno),
			errno == ENOENT ? "Write it with change-master." : "Run as the user that owns it.");
	if (state_file_check(fd, path, "the configuration", error) != 0) {
		close(fd);
		return -1;
	}
	if (fstat(fd, &info) != 0 || info.st_size > FILE_MAXIMUM_BYTES) {
		close(fd);
		return error_set(error, ERROR_USAGE, "the configuration %s is too large to be one", path);
	}
	*length = (size_t)info.st_size;
	*text = memory_alloc(*length + 1);
	while (done < *length) {
		ssize_t got = read(fd, *text + done, *length - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	close(fd);
	*length = done;
	return 0;
}

int config_load(struct config *config, const char *directory, struct error *error)
{
	char path[PATH_MAX];
	size_t length = 0;
	char *text = NULL;
	int result;

	if (state_directory_check(directory, error) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", directory, FILE_NAME);
	if (read_file(path, &text, &length, error) != 0)
		return -1;
	config->path_base = arena_strdup(&config->arena, directory);
	result = config_parse(config, path, text, length, error);
	explicit_bzero(text, length);
	free(text);
	return result;
}

/* ---- writing ---- */

/* Always in quotes, so that nothing in it is taken for a comment. */
static void put_quoted(struct buffer *text, const char *value)
{
	buffer_putc(text, '"');
	for (; *value; value++) {
		switch (*value) {
		case '"':
		case '\\':
			buffer_putc(text, '\\');
			buffer_putc(text, *value);
			break;
		case '\n':
			buffer_puts(text, "\\n");
			break;
		case '\r':
			buffer_puts(text, "\\r");
			break;
		default:
			buffer_putc(text, *value);
		}
	}
	buffer_putc(text, '"');
}

static void put_option(struct buffer *text, const struct config_option *option, const char *value)
{
	buffer_printf(text, "\n# %s", option->help);
	if (option->value)
		buffer_printf(text, " (default: %s)", option->value);
	buffer_printf(text, "\n%s = ", option->name);
	if (value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/:,-")] ||
		!*value)
		put_quoted(text, value);
	else
		buffer_puts(text, value);
	buffer_putc(text, '\n');
}

void config_write(const struct config *config, struct buffer *text)
{
	static const char *const policies[] = {"run", "rewrite", "skip", "stop"};
	const char *group = "";

	buffer_puts(text, "# The configuration of changeling. change-master writes this file anew: what "
			  "stands in it is\n"
			  "# kept, comments are not.\n");
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		struct buffer value = BUFFER_INIT;

		if (strcmp(option->group, group) != 0) {
			group = option->group;
			buffer_printf(text, "\n[%s]\n", group);
		}
		if (config_is_set(config, group, option->name) && config_value_text(config, option, &value))
			put_option(text, option, buffer_text(&value));
		if (option->type == CONFIG_RULE && config->rule_count) {
			buffer_printf(text, "\n# %s\n", option->help);
			for (size_t rule = 0; rule < config->rule_count; rule++)
				buffer_printf(text, "rule.%s = %s\n", config->rules[rule].name,
					policies[config->rules[rule].policy]);
		}
		buffer_release(&value);
	}
}

/* Writes all of it; false with errno set. */
static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

int config_write_file(
	const char *directory, const char *name, const void *bytes, size_t length, struct error *error)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	int fd, folder, failed = 0;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path) ||
		snprintf(temporary, sizeof(temporary), "%s/.%s.XXXXXX", directory, name) >=
			(int)sizeof(temporary))
		return error_set(error, ERROR_USAGE, "the name of the directory %s is too long", directory);
	fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return error_set(error, ERROR_USAGE, "making a file in %s: %s", directory, strerror(errno));
	if (FAULT_POINT("config.write") || !write_all(fd, bytes, length) || fsync(fd) != 0)
		failed = errno ? errno : EIO;
	close(fd);
	if (!failed && rename(temporary, path) != 0)
		failed = errno;
	if (failed) {
		unlink(temporary);
		return error_set(error, ERROR_USAGE, "writing %s: %s", path, strerror(failed));
	}
	folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		/* the new name survives a power cut only when the directory is written too */
		if (fsync(folder) != 0)
			failed = errno;
		close(folder);
	}
	return failed && failed != EINVAL
		       ? error_set(error, ERROR_USAGE, "writing %s: %s", path, strerror(failed))
		       : 0;
}

int config_save(const struct config *config, const char *directory, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	int result;

	if (state_directory_make(directory, error) != 0)
		return -1;
	config_write(config, &text);
	result = config_write_file(directory, FILE_NAME, buffer_text(&text), text.length, error);
	buffer_release(&text);
	return result;
}

/* ---- checking ---- */

static int missing(const char *group, const char *name, struct error *error)
{
	return error_set(error, ERROR_USAGE,
		"[%s] %s is not set. Set the channel up with change-master (--%s-%s=…), or write it into %s.",
		group, name, group, name, FILE_NAME);
}

static int unreadable(const char *group, const char *name, const char *path, struct error *error)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	return error_set(
		error, ERROR_USAGE, "[%s] %s: %s cannot be read: %s", group, name, path, strerror(errno));
}

static int validate_connection(
	const char *group, const struct config_connection *connection, struct error *error)
{
	uint64_t port;

	if (!connection->host)
		return missing(group, "host", error);
	for (unsigned nth = 0; config_host_at(connection, nth, &port); nth++) {
		if (port == 0)
			return error_set(error, ERROR_USAGE,
				"[%s] host: \"%s\" has an entry without a valid port", group,
				connection->host);
	}
	if (!config_host_at(connection, 0, &port))
		return missing(group, "host", error);
	if (!connection->user)
		return missing(group, "user", error);
	if (connection->password_file && connection->password_command)
		return error_set(error, ERROR_USAGE,
			"[%s] has both password-file and password-command. Leave one of them.", group);
	if ((connection->tls.cert == NULL) != (connection->tls.key == NULL))
		return error_set(error, ERROR_USAGE, "[%s] has ssl-cert or ssl-key without the other", group);
	if (connection->tls.mode == TLS_OFF && connection->tls.ca)
		return error_set(error, ERROR_USAGE,
			"%s-ssl-mode=off and %s-ssl-ca are both set: say --%s-ssl-mode=identity to use TLS, or --%s-ssl-ca= (nothing "
			"behind it) to go without.",
			group, group, group, group);
	if (unreadable(group, "ssl-ca", connection->tls.ca, error) != 0 ||
		unreadable(group, "ssl-capath", connection->tls.capath, error) != 0 ||
		unreadable(group, "ssl-cert", connection->tls.cert, error) != 0 ||
		unreadable(group, "ssl-key", connection->tls.key, error) != 0 ||
		unreadable(group, "ssl-crl", connection->tls.crl, error) != 0 ||
		unreadable(group, "ssl-crlpath", connection->tls.crlpath, error) != 0)
		return -1;
	return 0;
}

/* Names that become identifiers, keys and words of logs: printable, and not longer than an identifier. */
static int validate_name(
	const char *group, const char *option, const char *name, const char *extra, struct error *error)
{
	size_t length = name ? strlen(name) : 0;

	if (!name)
		return missing(group, option, error);
	if (length > 64)
		return error_set(error, ERROR_USAGE, "[%s] %s: \"%.80s…\" is longer than 64 characters",
			group, option, name);
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr(extra, name[i]))
			return error_set(error, ERROR_USAGE,
				"[%s] %s: a name may have letters, digits and the characters %s", group,
				option, extra);
	}
	return 0;
}

static int validate_uuid(const char *uuid, struct error *error)
{
	for (unsigned i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (!uuid[i] || (dash ? uuid[i] != '-' : !isxdigit((unsigned char)uuid[i])))
			return error_set(error, ERROR_USAGE,
				"[changeling] server-uuid: \"%.50s\" is not a UUID", uuid);
	}
	return uuid[36] ? error_set(error, ERROR_USAGE, "[changeling] server-uuid: \"%.50s\" is not a UUID",
				  uuid)
			: 0;
}

int config_validate(const struct config *config, struct error *error)
{
	const struct config_source *source = &config->source;

	if (validate_connection("source", &source->connection, error) != 0 ||
		validate_connection("target", &config->target.connection, error) != 0)
		return -1;
	if (strchr(config->target.connection.host, ','))
		return error_set(error, ERROR_USAGE, "[target] host: there can be one target only");
	if (source->server_id == 0)
		return error_set(error, ERROR_USAGE,
			"[source] server-id is not set. Choose a number that neither the source nor any of "
			"its replicas has "
			"(--server-id=N).");
	if (source->heartbeat_period_ms && source->connection.read_timeout_seconds &&
		source->connection.read_timeout_seconds * 1000 < 2 * source->heartbeat_period_ms)
		return error_set(error, ERROR_USAGE,
			"[source] net-timeout (%llu s) must be at least twice heartbeat-period (%llu ms), or "
			"a source that "
			"has nothing to say is taken for dead",
			(unsigned long long)source->connection.read_timeout_seconds,
			(unsigned long long)source->heartbeat_period_ms);
	if (config->server_uuid && validate_uuid(config->server_uuid, error) != 0)
		return -1;
	if (validate_name("changeling", "channel", config->channel, "_-.", error) != 0)
		return -1;
	return validate_name("target", "schema", config->target.schema, "_$-", error);
}

/* ---- hosts ---- */

const char *config_host_at(const struct config_connection *connection, unsigned nth, uint64_t *port)
{
	static _Thread_local char host[256];
	const char *at = connection->host ? connection->host : "", *end, *colon;
	size_t length;

	for (;; at = end + 1) {
		end = strchrnul(at, ',');
		at += strspn(at, " ");
		if (at < end && nth-- == 0)
			break;
		if (!*end)
			return NULL;
	}
	while (end > at && end[-1] == ' ')
		end--;
	length = (size_t)(end - at);
	*port = connection->port;
	colon = memrchr(at, ':', length);
	if (*at == '[') {
		const char *close = memchr(at, ']', length);

		if (!close)
			close = end;
		colon = close + 1 < end && close[1] == ':' ? close + 1 : NULL;
		at++;
		length = (size_t)(close - at);
	} else if (colon && memchr(at, ':', (size_t)(colon - at))) {
		colon = NULL; /* an IPv6 address without its brackets */
	} else if (colon) {
		length = (size_t)(colon - at);
	}
	if (colon) {
		char *rest;
		unsigned long number = strtoul(colon + 1, &rest, 10);

		*port = isdigit((unsigned char)colon[1]) && rest == end && number <= 65535 ? number : 0;
	}
	snprintf(host, sizeof(host), "%.*s", (int)(length < sizeof(host) ? length : sizeof(host) - 1), at);
	return host;
}
