#include "proxy/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define WORKERS_MOST 15
#define STATEMENT_ROWS 1000
#define STATEMENT_BYTES ((size_t)1 << 20)
/* a former owner's heartbeat is written about once a second */
#define TAKEOVER_SECONDS 10
#define PAYLOAD_BYTES ((size_t)4 << 30)

static int append_password(void *context, struct buffer *out, struct error *error)
{
	char *password = NULL;

	if (config_password(context, &password, error) < 0)
		return -1;
	buffer_puts(out, password);
	config_password_release(password);
	return 0;
}

static void fill_source(struct settings *settings)
{
	const struct config_source *from = &settings->config->source;
	const struct config_connection *connection = &from->connection;
	struct source_options *to = &settings->source;

	to->host = connection->host;
	to->port = (unsigned)connection->port;
	to->user = connection->user;
	to->password = append_password;
	to->password_context = (void *)connection;
	to->tls = connection->tls;
	to->bind_address = connection->bind_address;
	to->server_id = (uint32_t)from->server_id;
	to->uuid = settings->config->server_uuid;
	to->report_host = from->report_host ? from->report_host : settings->host_name;
	to->report_port = (unsigned)from->report_port;
	to->heartbeat_ms = from->heartbeat_period_ms;
	to->read_timeout_seconds = (unsigned)connection->read_timeout_seconds;
	to->connect_timeout_seconds = (unsigned)connection->connect_timeout_seconds;
	to->max_event_bytes = settings->config->max_event_bytes;
}

static void fill_target(struct settings *settings)
{
	const struct config_connection *connection = &settings->config->target.connection;
	struct target_options *to = &settings->target;

	to->host = connection->host;
	to->port = (unsigned)connection->port;
	to->user = connection->user;
	to->password = append_password;
	to->password_context = (void *)connection;
	to->tls = connection->tls;
	to->bind_address = connection->bind_address;
	to->connect_timeout_seconds = (unsigned)connection->connect_timeout_seconds;
	to->read_timeout_seconds = (unsigned)connection->read_timeout_seconds;
	to->schema = settings->config->target.schema;
}

static int fill_rewrite(struct settings *settings, struct error *error)
{
	static const char *const accounts[] = {"translate", "skip", "stop"};
	static const char *const functions[] = {"stop", "skip"};
	static const char *const policies[] = {"run", "rewrite", "skip", "stop"};
	const struct config *config = settings->config;
	struct rewrite_settings *to = &settings->rewrite;

	to->schema = config->target.schema;
	if (rewrite_settings_set(to, "accounts", accounts[config->accounts], error) < 0 ||
		rewrite_settings_set(to, "stored-functions", functions[config->stored_functions], error) < 0)
		return -1;
	for (size_t i = 0; i < config->rule_count; i++) {
		if (rewrite_settings_set(
			    to, config->rules[i].name, policies[config->rules[i].policy], error) < 0)
			return error_context(error, "rule.%s in the configuration", config->rules[i].name);
	}
	settings->definers = memory_zalloc((config->definer_count + 1) * sizeof(*settings->definers));
	for (size_t i = 0; i < config->definer_count; i++) {
		settings->definers[i].from = config->definers[i].from;
		settings->definers[i].to = config->definers[i].to;
	}
	to->definer_map = settings->definers;
	to->definer_mappings = config->definer_count;
	return 0;
}

static void fill_applier(struct settings *settings)
{
	const struct config *config = settings->config;
	struct applier_settings *to = &settings->applier;

	to->target = settings->target;
	to->channel = config->channel;
	to->host_name = settings->host_name;
	to->workers = (unsigned)config->workers;
	if (config->workers > WORKERS_MOST) {
		log_line(LOG_WARNING, "config",
			"more workers than there can be: using the most workers=%d asked=%llu", WORKERS_MOST,
			(unsigned long long)config->workers);
		to->workers = WORKERS_MOST;
	}
	to->preserve_commit_order = config->preserve_commit_order;
	to->merge_transactions = (size_t)config->merge_transactions;
	to->merge_rows = (size_t)config->merge_rows;
	to->merge_bytes = (size_t)config->merge_bytes;
	to->merge_time_ms = (unsigned)config->merge_time_ms;
	to->statement_rows = STATEMENT_ROWS;
	to->statement_bytes = STATEMENT_BYTES;
	to->conflicts = (enum conflict_policy)config->conflicts;
	to->lock_wait_seconds = TARGET_LOCK_WAIT_SECONDS;
	to->takeover_seconds = TAKEOVER_SECONDS;
	to->rewrite = &settings->rewrite;
	to->limits.part_bytes = (size_t)config->large_transaction_bytes;
	to->limits.event_bytes = (size_t)config->max_event_bytes;
	to->limits.whole_bytes = (size_t)config->max_whole_bytes;
	to->limits.payload_bytes = PAYLOAD_BYTES;
}

int settings_fill(struct settings *settings, const struct config *config, struct error *error)
{
	memset(settings, 0, sizeof(*settings));
	settings->config = config;
	if (gethostname(settings->host_name, sizeof(settings->host_name) - 1) < 0)
		snprintf(settings->host_name, sizeof(settings->host_name), "unknown");
	fill_source(settings);
	fill_target(settings);
	fill_applier(settings);
	return fill_rewrite(settings, error);
}

void settings_release(struct settings *settings)
{
	free(settings->definers);
	settings->definers = NULL;
}
