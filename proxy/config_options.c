/* The table of everything that can be set, and what is made from it: setting by name, printing, help. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "proxy/config.h"
#include "proxy/config_internal.h"

#define AT(member) offsetof(struct config, member)
#define SSL_CHOICES "off|disabled|none|0 ca|verify-ca identity|verify-identity|on|1"
#define DAY 86400
#define TERABYTE (UINT64_C(1) << 40)

/* Both connections have these. */
#define CONNECTION(group, whose, hosts, ssl_default, read_name, read_synonyms, read_default, read_help)      \
	{group, "host", NULL, CONFIG_TEXT, AT(whose.host), NULL, 0, 0, NULL, NULL, hosts},                   \
		{group, "port", NULL, CONFIG_NUMBER, AT(whose.port), "3306", 1, 65535, NULL, NULL,           \
			"TCP port"},                                                                         \
		{group, "user", NULL, CONFIG_TEXT, AT(whose.user), NULL, 0, 0, NULL, NULL,                   \
			"account to log in with"},                                                           \
		{group, "password-file", NULL, CONFIG_PATH, AT(whose.password_file), NULL, 0, 0, NULL, NULL, \
			"file with the password in its first line, mode 0600; read at each connect"},        \
		{group, "password-command", NULL, CONFIG_TEXT, AT(whose.password_command), NULL, 0, 0, NULL, \
			NULL,                                                                                \
			"shell command that prints the password; run at each connect, for tokens and "       \
			"secret "                                                                            \
			"managers"},                                                                         \
		{group, "ssl-mode", NULL, CONFIG_CHOICE, AT(whose.tls.mode), ssl_default, 0, 0, SSL_CHOICES, \
			NULL,                                                                                \
			"TLS: identity verifies certificate and host name, ca the certificate only, off "    \
			"sends all in "                                                                      \
			"the clear"},                                                                        \
		{group, "ssl-ca", NULL, CONFIG_PATH, AT(whose.tls.ca), NULL, 0, 0, NULL, NULL,               \
			"file with the certificates of the authorities to trust; where ssl-mode is not "     \
			"given, it becomes identity"},                                                       \
		{group, "ssl-capath", NULL, CONFIG_PATH, AT(whose.tls.capath), NULL, 0, 0, NULL, NULL,       \
			"directory of such files"},                                                          \
		{group, "ssl-cert", NULL, CONFIG_PATH, AT(whose.tls.cert), NULL, 0, 0, NULL, NULL,           \
			"our client certificate"},                                                           \
		{group, "ssl-key", NULL, CONFIG_PATH, AT(whose.tls.key), NULL, 0, 0, NULL, NULL,             \
			"the key to it"},                                                                    \
		{group, "ssl-cipher", NULL, CONFIG_TEXT, AT(whose.tls.cipher), NULL, 0, 0, NULL, NULL,       \
			"ciphers to allow"},                                                                 \
		{group, "ssl-crl", NULL, CONFIG_PATH, AT(whose.tls.crl), NULL, 0, 0, NULL, NULL,             \
			"file with revoked certificates"},                                                   \
		{group, "ssl-crlpath", NULL, CONFIG_PATH, AT(whose.tls.crlpath), NULL, 0, 0, NULL, NULL,     \
			"directory of such files"},                                                          \
		{group, "tls-version", NULL, CONFIG_TEXT, AT(whose.tls.version), NULL, 0, 0, NULL, NULL,     \
			"TLS versions to allow, as in TLSv1.2,TLSv1.3"},                                     \
		{group, "bind-address", "bind", CONFIG_TEXT, AT(whose.bind_address), NULL, 0, 0, NULL, NULL, \
			"local address to connect from"},                                                    \
		{group, "connect-timeout", NULL, CONFIG_SECONDS, AT(whose.connect_timeout_seconds), "10", 1, \
			3600, NULL, "seconds", "longest wait for a connection"},                             \
	{                                                                                                    \
		group, read_name, read_synonyms, CONFIG_SECONDS, AT(whose.read_timeout_seconds),             \
			read_default, 0, DAY, NULL, "seconds", read_help                                     \
	}

/* clang-format off */
const struct config_option config_options[] = {
	CONNECTION("source", source.connection,
		"host name or address of the source; of several, separated by commas, the first that answers",
		"off", "net-timeout", "read-timeout replica-net-timeout slave-net-timeout", "60",
		"reconnect when neither an event nor a heartbeat came for so long"),
	{"source", "server-id", NULL, CONFIG_NUMBER, AT(source.server_id), NULL, 1, UINT32_MAX, NULL, NULL,
		"our own id, different from the source's and from that of each of its replicas"},
	{"source", "report-host", NULL, CONFIG_TEXT, AT(source.report_host), NULL, 0, 0, NULL, NULL,
		"the name that SHOW REPLICAS on the source prints for us; our host's when not set"},
	{"source", "report-port", NULL, CONFIG_NUMBER, AT(source.report_port), "3306", 0, 65535, NULL, NULL,
		"the port that SHOW REPLICAS prints for us"},
	{"source", "heartbeat-period", NULL, CONFIG_MILLIS, AT(source.heartbeat_period_ms), "5", 0, 4294967000,
		NULL, "seconds", "how often the source is to send something when there are no events; 0 = never"},
	{"source", "connect-retry", NULL, CONFIG_SECONDS, AT(source.connect_retry_seconds), "60", 1, DAY, NULL,
		"seconds", "longest pause between two attempts to connect; the first are closer together"},
	{"source", "retry-count", NULL, CONFIG_NUMBER, AT(source.retry_count), "0", 0, UINT32_MAX, NULL, NULL,
		"attempts in a row before it stops with an error; 0 = for ever"},
	{"source", "use-gtid", "auto-position", CONFIG_BOOLEAN, AT(source.use_gtid), "off", 0, 0, NULL, NULL,
		"ask the source by GTID instead of file and position"},

	CONNECTION("target", target.connection, "host name or address of the target", "identity",
		"read-timeout", "net-timeout", "0",
		"give a connection up when an answer takes longer; 0 = never, as DDL may take hours"),
	{"target", "schema", NULL, CONFIG_TEXT, AT(target.schema), "changeling", 0, 0, NULL, NULL,
		"our own schema on the target: checkpoint, intents, temporary tables"},
	{"target", "statement-timeout", NULL, CONFIG_SECONDS, AT(target.statement_timeout_seconds), "0", 0, DAY,
		NULL, "seconds", "longest run of one statement on the target; 0 = no limit"},

	{"changeling", "channel", NULL, CONFIG_TEXT, AT(channel), "main", 0, 0, NULL, NULL,
		"name of this replication; several may end in one target"},
	{"changeling", "server-uuid", NULL, CONFIG_TEXT, AT(server_uuid), NULL, 0, 0, NULL, NULL,
		"our own UUID, made by change-master; the source shows it"},
	{"changeling", "replica-parallel-workers", "slave-parallel-workers slave-parallel-threads workers",
		CONFIG_NUMBER, AT(workers), "4", 1, 15, NULL, NULL, "connections that apply at the same time"},
	{"changeling", "replica-preserve-commit-order", "slave-preserve-commit-order", CONFIG_BOOLEAN,
		AT(preserve_commit_order), "on", 0, 0, NULL, NULL,
		"commit in the source's order, so that a reader sees only states that the source had"},
	{"changeling", "merge-transactions", NULL, CONFIG_NUMBER, AT(merge_transactions), "4000", 1, 100000, NULL,
		NULL, "most of the source's transactions that are committed together"},
	{"changeling", "merge-rows", NULL, CONFIG_NUMBER, AT(merge_rows), "20000", 1, 10000000, NULL, "rows",
		"most rows that are committed together, unless one transaction has more"},
	{"changeling", "merge-bytes", NULL, CONFIG_BYTES, AT(merge_bytes), "4M", 1024, TERABYTE, NULL, "bytes",
		"most memory of the source's transactions that are committed together; less over a long round trip"},
	{"changeling", "merge-time", "merge-time-ms", CONFIG_MILLIS, AT(merge_time_ms), "1s", 0, 60000, NULL,
		"seconds", "longest time for which more is gathered, while there is a backlog"},
	{"changeling", "large-transaction-bytes", NULL, CONFIG_BYTES, AT(large_transaction_bytes), "8M", 65536,
		TERABYTE, NULL, "bytes", "a larger transaction is sent to the target as it arrives"},
	{"changeling", "queue-bytes", NULL, CONFIG_BYTES, AT(queue_bytes), "4M", 1048576, TERABYTE, NULL,
		"bytes", "most memory for what is received and waits for its turn"},
	{"changeling", "max-event-bytes", "replica-max-allowed-packet slave-max-allowed-packet", CONFIG_BYTES,
		AT(max_event_bytes), "1G", 1048576, UINT64_C(4) << 30, NULL, "bytes",
		"largest event to accept from the source"},
	{"changeling", "max-whole-bytes", NULL, CONFIG_BYTES, AT(max_whole_bytes), "2G", 1048576, TERABYTE, NULL,
		"bytes",
		"most memory for what of a transaction cannot be applied in parts: variables of a statement, maps of "
		"its tables"},
	{"changeling", "conflicts", NULL, CONFIG_CHOICE, AT(conflicts), "stop", 0, 0, "stop record repair", NULL,
		"a row that is not on the target as it should be: stop; record the change in the quarantine and go "
		"on; repair the row"},
	{"changeling", "accounts", NULL, CONFIG_CHOICE, AT(accounts), "translate", 0, 0, "translate skip stop",
		NULL, "CREATE USER, GRANT and the like: translate to what the target allows, skip, or stop"},
	{"changeling", "stored-functions", NULL, CONFIG_CHOICE, AT(stored_functions), "stop", 0, 0, "stop skip",
		NULL, "functions and triggers that the target refuses: stop, or skip them until retry-skipped"},
	{"changeling", "definer-map", NULL, CONFIG_DEFINERS, 0, NULL, 0, 0, NULL, NULL,
		"definers to replace: 'app'@'%' => 'admin'@'%', further ones after commas; * is any other"},
	{"changeling", "rule.NAME", NULL, CONFIG_RULE, 0, NULL, 0, 0, "run rewrite skip stop", NULL,
		"what a rule of rewriting does: run the statement as it is, rewrite, skip, or stop"},
	{"changeling", "retry-max-seconds", "retry-max", CONFIG_SECONDS, AT(retry_max_seconds), "60", 1, DAY, NULL,
		"seconds", "longest pause between two attempts on the target"},
	{"changeling", "lag-interval", NULL, CONFIG_SECONDS, AT(lag_interval_seconds), "1", 1, 3600, NULL,
		"seconds", "how often the lag is recorded"},
	{"changeling", "status-interval", NULL, CONFIG_MILLIS, AT(status_interval_ms), "1", 100, 3600000, NULL,
		"seconds", "how often the status is written to the state file"},
	{"changeling", "journal-rows", NULL, CONFIG_NUMBER, AT(journal_rows), "100000", 1000, 1000000000, NULL,
		"rows", "most rows of each journal that are kept"},
	{"changeling", "log-level", NULL, CONFIG_CHOICE, AT(log_level), "info", 0, 0, "debug info warning error",
		NULL, "least severe line to log"},
};
/* clang-format on */
const size_t config_option_count = sizeof(config_options) / sizeof(config_options[0]);

/* ---- names ---- */

/* '-' and '_' are one, as are capitals and small letters. */
bool config_same_name(const char *a, size_t a_length, const char *b, size_t b_length)
{
	if (a_length != b_length)
		return false;
	for (size_t i = 0; i < a_length; i++) {
		char x = a[i] == '_' ? '-' : (char)tolower((unsigned char)a[i]);
		char y = b[i] == '_' ? '-' : (char)tolower((unsigned char)b[i]);

		if (x != y)
			return false;
	}
	return true;
}

int config_word_in(const char *list, char separator, const char *word, size_t length)
{
	for (int nth = 0; list && *list; nth++) {
		size_t size = strchrnul(list, separator) - list;

		if (config_same_name(list, size, word, length))
			return nth;
		list += size + (list[size] != '\0');
	}
	return -1;
}

const struct config_option *config_find(const char *group, const char *name, size_t length)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];

		if (strcmp(option->group, group) != 0 || option->type == CONFIG_RULE)
			continue;
		if (config_same_name(option->name, strlen(option->name), name, length) ||
			config_word_in(option->synonyms, ' ', name, length) >= 0)
			return option;
	}
	return NULL;
}

/* Levenshtein's distance of two short names. */
static unsigned distance(const char *a, size_t a_length, const char *b)
{
	size_t b_length = strlen(b);
	unsigned row[65];

	if (b_length > 64 || a_length > 64)
		return UINT_MAX;
	for (unsigned j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_length];
}

static int unknown_option(const char *group, const char *name, size_t length, struct error *error)
{
	const char *nearest = NULL;
	unsigned best = 4;

	if (config_same_name(name, length, "password", 8))
		return error_set(error, ERROR_USAGE,
			"[%s] password: passwords are not kept here. Put it into the first line of a file "
			"with mode 0600 "
			"and name that with password-file, or name a program with password-command.",
			group);
	for (size_t i = 0; i < config_option_count; i++) {
		unsigned away;

		if (strcmp(config_options[i].group, group) != 0)
			continue;
		away = distance(name, length, config_options[i].name);
		if (away < best) {
			best = away;
			nearest = config_options[i].name;
		}
	}
	error_set(error, ERROR_USAGE, "there is no option \"%.*s\" in group [%s].", (int)length, name, group);
	if (nearest)
		error_advice(error, "Did you mean %s?", nearest);
	return -1;
}

/* MASTER_SSL and MASTER_SSL_VERIFY_SERVER_CERT, which are one option here: "ssl" asks for TLS, verified
 * against the authority; "ssl-verify-server-cert" for the name as well. 0 = not one of these. */
static int set_ssl_switch(struct config *config, const char *group, const char *name, size_t length,
	const char *value, struct error *error)
{
	const struct config_option *option = config_find(group, "ssl-mode", 8);
	unsigned *mode = (unsigned *)((char *)config + option->offset);
	bool verify = config_same_name(name, length, "ssl-verify-server-cert", 22);
	int choice;

	if (!verify && !config_same_name(name, length, "ssl", 3))
		return 0;
	choice = config_choice_number("off|0|no|false on|1|yes|true", value);
	if (choice < 0)
		return config_bad_value(option, value, "on or off", error);
	if (verify && choice)
		*mode = TLS_IDENTITY;
	else if (verify && *mode == TLS_IDENTITY)
		*mode = TLS_CA;
	else if (!verify && !choice)
		*mode = TLS_OFF;
	else if (!verify && *mode == TLS_OFF)
		*mode = TLS_CA;
	config_mark_set(config, option);
	return 1;
}

void config_mark_set(struct config *config, const struct config_option *option)
{
	size_t index = (size_t)(option - config_options);

	config->set_mask[index / 64] |= UINT64_C(1) << index % 64;
}

static bool marked(const struct config *config, const struct config_option *option)
{
	size_t index = (size_t)(option - config_options);

	return config->set_mask[index / 64] >> index % 64 & 1;
}

/* Who names an authority wants it to be asked. */
static void verify_unless_told(struct config *config, const char *group)
{
	const struct config_option *option = config_find(group, "ssl-mode", 8);
	unsigned *mode = (unsigned *)((char *)config + option->offset);

	if (*mode != TLS_OFF || marked(config, option))
		return;
	*mode = TLS_IDENTITY;
	config_mark_set(config, option);
}

int config_set(
	struct config *config, const char *group, const char *name, const char *value, struct error *error)
{
	size_t length = strlen(name);
	const struct config_option *option;
	int taken;

	if (strcmp(group, "source") != 0 && strcmp(group, "target") != 0 && strcmp(group, "changeling") != 0)
		return error_set(error, ERROR_USAGE,
			"there is no group [%s]: there are [source], [target], [changeling]", group);
	if (strcmp(group, "changeling") == 0 && strncasecmp(name, "rule.", 5) == 0)
		return config_set_rule(config, name + 5, length - 5, value, error);
	option = config_find(group, name, length);
	if (!option) {
		taken = strcmp(group, "changeling") == 0
				? 0
				: set_ssl_switch(config, group, name, length, value, error);
		return taken ? (taken > 0 ? 0 : -1) : unknown_option(group, name, length, error);
	}
	if (config_set_value(config, option, value, error) != 0)
		return -1;
	config_mark_set(config, option);
	if (*value && (strcmp(option->name, "ssl-ca") == 0 || strcmp(option->name, "ssl-capath") == 0))
		verify_unless_told(config, group);
	return 0;
}

/* The group of a command-line option, and where its name starts. */
static const char *option_group(const char *option, const char **name)
{
	static const struct {
		const char *prefix, *group;
	} prefixes[] = {{"master-", "source"}, {"source-", "source"}, {"target-", "target"}};
	size_t length;

	for (unsigned i = 0; i < 3; i++) {
		length = strlen(prefixes[i].prefix);
		if (strlen(option) > length && config_same_name(option, length, prefixes[i].prefix, length)) {
			*name = option + length;
			return prefixes[i].group;
		}
	}
	*name = option;
	length = strlen(option);
	/* what only the source has goes without its prefix, as in server options: server-id, report-host */
	if (!config_find("changeling", option, length) && !config_find("target", option, length) &&
		config_find("source", option, length))
		return "source";
	return "changeling";
}

int config_set_option(struct config *config, const char *option, const char *value, struct error *error)
{
	const char *base = config->path_base;
	const char *name, *group = option_group(option, &name);
	struct config_connection *connection =
		strcmp(group, "source") == 0 ? &config->source.connection : &config->target.connection;
	int result;

	config->path_base = NULL;
	result = config_set(config, group, name, value, error);
	config->path_base = base;
	if (result != 0 || name == option || !*value)
		return result;
	/* a new way to come by the password replaces the former one */
	if (config_same_name(name, strlen(name), "password-file", 13))
		connection->password_command = NULL;
	else if (config_same_name(name, strlen(name), "password-command", 16))
		connection->password_file = NULL;
	return 0;
}

bool config_has_option(const char *option, bool *wants_value)
{
	const char *name, *group = option_group(option, &name);
	const struct config_option *found = config_find(group, name, strlen(name));
	bool group_is_server = strcmp(group, "changeling") != 0;

	*wants_value = true;
	if (found) {
		/* the start position's own words: see change_master_option */
		if (name != option && strcmp(found->name, "use-gtid") == 0)
			return false;
		*wants_value = found->type != CONFIG_BOOLEAN;
		return true;
	}
	if (group_is_server && (config_same_name(name, strlen(name), "ssl", 3) ||
				       config_same_name(name, strlen(name), "ssl-verify-server-cert", 22))) {
		*wants_value = false;
		return true;
	}
	return !group_is_server && strncasecmp(name, "rule.", 5) == 0 && name[5];
}

bool config_is_set(const struct config *config, const char *group, const char *name)
{
	const struct config_option *option = config_find(group, name, strlen(name));

	return option && marked(config, option);
}

const char *config_ssl_mode_name(unsigned mode)
{
	static const char *const names[] = {"off", "ca", "identity"};

	return mode < 3 ? names[mode] : "unknown";
}

/* ---- help ---- */

static const char *type_word(const struct config_option *option)
{
	switch (option->type) {
	case CONFIG_PATH:
		return "FILE";
	case CONFIG_NUMBER:
		return "N";
	case CONFIG_BYTES:
		return "BYTES";
	case CONFIG_SECONDS:
	case CONFIG_MILLIS:
		return "TIME";
	case CONFIG_BOOLEAN:
		return "on|off";
	case CONFIG_CHOICE:
	case CONFIG_RULE:
	case CONFIG_DEFINERS:
	case CONFIG_TEXT:
		break;
	}
	return NULL;
}

/* "off|ca|identity" */
static void put_choices(const struct config_option *option, const char *separator, struct buffer *text)
{
	if (!option->choices) {
		buffer_puts(text, type_word(option) ? type_word(option) : "TEXT");
		return;
	}
	for (const char *at = option->choices; *at; at += strcspn(at, " "), at += *at == ' ') {
		if (at != option->choices)
			buffer_puts(text, separator);
		buffer_append(text, at, strcspn(at, "| "));
	}
}

/* Words of the help, wrapped at 80 columns. */
static void put_wrapped(FILE *out, const char *help, unsigned indent)
{
	unsigned column = indent;

	fprintf(out, "%*s", (int)indent, "");
	while (*help) {
		size_t length = strcspn(help, " ");

		if (column > indent && column + length > 79) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		fprintf(out, "%s%.*s", column > indent ? " " : "", (int)length, help);
		column += (unsigned)length + 1;
		help += length + (help[length] == ' ');
	}
	fputc('\n', out);
}

void config_print_help(FILE *out, const char *group)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		struct buffer text = BUFFER_INIT;
		struct buffer help = BUFFER_INIT;
		bool server = strcmp(option->group, "changeling") != 0;

		if (group && strcmp(option->group, group) != 0)
			continue;
		put_choices(option, "|", &text);
		fprintf(out, "  --%s%s%s=%s\n", server ? option->group : "", server ? "-" : "", option->name,
			buffer_text(&text));
		buffer_puts(&help, option->help);
		if (option->value)
			buffer_printf(&help, " (default: %s)", option->value);
		put_wrapped(out, buffer_text(&help), 8);
		buffer_release(&text);
		buffer_release(&help);
	}
}
