#include "proxy/source_preflight.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "binlog/gtid.h"

#define CLOCK_TOLERANCE_SECONDS 2.0
#define RETENTION_WISH_SECONDS 86400
#define TRIAL_EVENTS 64 /* of a file's head, before the first that tells whether the position is one */

/* One run of the checks. */
struct checking {
	struct source *source;
	const struct source_options *options;
	const struct source_start *start; /* NULL = not known */
	struct arena arena;
	struct source_info info;
	struct source_grants grants;
	check_report *report;
	void *context;
	size_t failures;
};

static void say(struct checking *c, enum check_result result, const char *item, const char *mend,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

static void say(struct checking *c, enum check_result result, const char *item, const char *mend,
	const char *format, ...)
{
	char found[2600];
	va_list args;

	va_start(args, format);
	vsnprintf(found, sizeof(found), format, args);
	va_end(args);
	if (result == CHECK_FAIL)
		c->failures++;
	c->report(c->context, result, item, found, result == CHECK_OK ? NULL : mend);
}

/* The value is as wished, or another one that can be lived with. */
static void say_value(
	struct checking *c, const char *item, const char *value, const char *wish, const char *mend)
{
	bool good = strcasecmp(value, wish) == 0;

	say(c, good ? CHECK_OK : CHECK_WARN, item, mend, "%s", value);
}

/* ---- the connection ---- */

static bool check_connection(struct checking *c)
{
	struct error error;

	if (source_connect(c->source, &error) < 0) {
		say(c, CHECK_FAIL, "source connection", NULL, "%s", error.text);
		return false;
	}
	say(c, CHECK_OK, "source connection", NULL, "%s as %s", source_host(c->source), c->options->user);
	if (source_cipher(c->source))
		say(c, CHECK_OK, "source TLS", NULL, "%s %s, %s", source_tls_version(c->source),
			source_cipher(c->source),
			c->options->tls.mode == TLS_IDENTITY ? "certificate and name verified"
								    : "certificate verified, name not");
	else
		say(c, CHECK_WARN, "source TLS",
			"Set source-ssl-mode=identity and source-ssl-ca, unless nobody can listen on the "
			"way.",
			"the connection is not encrypted");
	if (source_info(c->source, &c->arena, &c->info, &error) < 0) {
		say(c, CHECK_FAIL, "source variables", NULL, "%s", error.text);
		return false;
	}
	say(c, c->info.version < 50600 ? CHECK_WARN : CHECK_OK, "source version",
		"Versions before 5.6 have neither checksums nor GTIDs: damage on the way is not noticed.",
		"%s (%s)", c->info.version_text, c->info.family == FAMILY_MYSQL ? "MySQL" : "MariaDB");
	return true;
}

static void check_grants(struct checking *c)
{
	char mend[400];
	struct error error;

	if (source_grants(c->source, &c->arena, &c->grants, &error) < 0) {
		say(c, CHECK_WARN, "source privileges", "Look at them with SHOW GRANTS.", "%s", error.text);
		return;
	}
	snprintf(mend, sizeof(mend),
		"On the source: GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the account %.200s",
		c->grants.account);
	if (c->grants.replication_slave)
		say(c, CHECK_OK, "source REPLICATION SLAVE", NULL, "granted to %s", c->grants.account);
	else
		say(c, CHECK_FAIL, "source REPLICATION SLAVE", mend,
			"not granted to %s: the log cannot be read", c->grants.account);
	if (c->grants.replication_client)
		say(c, CHECK_OK, "source REPLICATION CLIENT", NULL, "granted to %s", c->grants.account);
	else
		say(c, CHECK_WARN, "source REPLICATION CLIENT", mend,
			"not granted to %s: the source's position, and how soon its logs are purged, cannot "
			"be seen",
			c->grants.account);
}

/* ---- the log ---- */

/* Statements name it SYSTEM. */
static void check_time_zone(struct checking *c)
{
	const struct source_info *info = &c->info;

	if (strcasecmp(info->time_zone, "SYSTEM") != 0)
		say(c, CHECK_OK, "source time zone", NULL, "%s", info->time_zone);
	else if (source_system_zone(info) || strcasecmp(info->binlog_format, "ROW") == 0)
		say(c, CHECK_OK, "source time zone", NULL, "SYSTEM (%s)", info->system_time_zone);
	else
		say(c, CHECK_WARN, "source time zone",
			"Statements from the other side of a change to or from summer time would be an hour "
			"wrong in TIMESTAMP columns. Set time_zone there to a name: SET GLOBAL "
			"time_zone='Europe/Berlin'.",
			"SYSTEM (%s), of which only the present offset is known", info->system_time_zone);
}

static void check_log(struct checking *c)
{
	const struct source_info *info = &c->info;

	if (info->log_bin)
		say(c, CHECK_OK, "source log_bin", NULL, "on");
	else
		say(c, CHECK_FAIL, "source log_bin",
			"Start the source with log_bin (on Amazon RDS: switch automated backups on).", "off");
	say_value(c, "source binlog_format", info->binlog_format, "ROW",
		"Statements are replayed too, with their context; rows are exact: SET GLOBAL "
		"binlog_format=ROW where that can be done.");
	say_value(c, "source binlog_row_image", *info->row_image ? info->row_image : "FULL", "FULL",
		"Rows of tables without a key cannot be found by a part of their columns: SET GLOBAL "
		"binlog_row_image=FULL.");
	say_value(c, "source binlog_row_metadata", *info->row_metadata ? info->row_metadata : "none", "FULL",
		strcasecmp(info->row_metadata, "MINIMAL") == 0
			? "Names of columns and of ENUM's and SET's members are taken from the target's tables, which must then "
			  "have them in the same order: SET GLOBAL binlog_row_metadata=FULL."
			: "Column names, signs and character sets are taken from the target's tables, which must then have the "
			  "same columns in the same order. Where the version has it: SET GLOBAL binlog_row_metadata=FULL.");
	if (*info->row_value_options)
		say(c, CHECK_OK, "source binlog_row_value_options", NULL, "%s", info->row_value_options);
	if (info->transaction_compression == 1)
		say(c, CHECK_OK, "source compression", NULL, "the log is compressed");
	say_value(c, "source binlog_checksum", *info->checksum ? info->checksum : "none", "CRC32",
		"Damage on the way is not noticed: SET GLOBAL binlog_checksum=CRC32.");
	say(c, CHECK_OK, "source names", NULL, "lower_case_table_names=%d", info->lower_case_table_names);
	say(c, CHECK_OK, "source character set", NULL, "%s, %s", info->character_set_server,
		info->collation_server);
	check_time_zone(c);
	if (info->max_allowed_packet > 0 && c->options->max_event_bytes &&
		(uint64_t)info->max_allowed_packet > c->options->max_event_bytes)
		say(c, CHECK_WARN, "source max_allowed_packet", "Raise max-event-bytes to that at least.",
			"%" PRId64 " bytes, more than max-event-bytes (%" PRIu64 ")",
			info->max_allowed_packet, c->options->max_event_bytes);
	else
		say(c, CHECK_OK, "source max_allowed_packet", NULL, "%" PRId64 " bytes",
			info->max_allowed_packet);
}

static void check_gtid(struct checking *c)
{
	const struct source_info *info = &c->info;
	bool wanted = c->start && c->start->gtid_set;
	bool there = info->family == FAMILY_MYSQL ? strcasecmp(info->gtid_mode, "ON") == 0
						  : info->gtid_domain_id >= 0;
	const char *found = info->family == FAMILY_MARIADB ? there ? "domains" : "none"
			    : *info->gtid_mode		   ? info->gtid_mode
							   : "none";

	if (there)
		say(c, CHECK_OK, "source GTIDs", NULL, "%s%s", found,
			c->start && !wanted ? ", but not used" : "");
	else
		say(c, wanted ? CHECK_FAIL : CHECK_WARN, "source GTIDs",
			wanted ? "Set gtid_mode=ON on the source, or start by file and position."
			       : "Without them another source of the same topology cannot take over.",
			"%s", found);
}

static void check_retention(struct checking *c)
{
	const struct source_info *info = &c->info;
	char found[200], *at = found;
	const char *mend =
		"Logs must last longer than changeling is ever away: set binlog_expire_logs_seconds (or "
		"expire_logs_days) to some days on the source.";
	bool soon = info->expire_seconds > 0 && info->expire_seconds < RETENTION_WISH_SECONDS;

	if (info->expire_seconds > 0)
		at += snprintf(at, sizeof(found), "logs are kept for %.1f days",
			(double)info->expire_seconds / 86400);
	else
		at += snprintf(at, sizeof(found), "logs are not purged by age");
	if (info->space_limit_bytes > 0) {
		at += snprintf(at, sizeof(found) - (size_t)(at - found),
			", but for no more than %.1f GiB of them",
			(double)info->space_limit_bytes / (1 << 30));
		soon = true;
	}
	if (info->rds_retention_hours >= 0) {
		snprintf(at, sizeof(found) - (size_t)(at - found), "; RDS keeps them for %" PRId64 " hours",
			info->rds_retention_hours);
		mend = "CALL mysql.rds_set_configuration('binlog retention hours', 72) on the source.";
		soon = info->rds_retention_hours < RETENTION_WISH_SECONDS / 3600;
	}
	say(c, soon ? CHECK_WARN : CHECK_OK, "source retention", mend, "%s", found);
}

static void check_filters(struct checking *c, const struct source_place *place)
{
	if (*place->binlog_do_db || *place->binlog_ignore_db)
		say(c, CHECK_WARN, "source filters",
			"What they leave out does not reach the log, and so not the target either.",
			"binlog-do-db=%s binlog-ignore-db=%s", place->binlog_do_db, place->binlog_ignore_db);
	else
		say(c, CHECK_OK, "source filters", NULL, "none");
}

/* Changes that a replica applies stand in its log only when it is told so. */
static void check_chain(struct checking *c)
{
	bool mysql = c->info.family == FAMILY_MYSQL;
	struct source_rows rows;
	struct error unknown;

	if (c->info.log_replica_updates != 0)
		return;
	if (source_query(c->source,
		    mysql && c->info.version >= 80022 ? "SHOW REPLICA STATUS"
		    : mysql			      ? "SHOW SLAVE STATUS"
						      : "SHOW ALL SLAVES STATUS",
		    &c->arena, &rows, &unknown) < 0 ||
		rows.rows == 0)
		return;
	say(c, CHECK_WARN, "source log_replica_updates",
		"Start the source with log_slave_updates (log_replica_updates), or replicate from its own "
		"master.",
		"off, and the source is a replica itself: what it applies as one is not in its log");
}

/* ---- who we are ---- */

static bool is_us(const struct checking *c, const struct source_replica *replica)
{
	const char *uuid = c->options->uuid ? c->options->uuid : "";
	const char *host = c->options->report_host ? c->options->report_host : "";

	if (*replica->uuid)
		return strcasecmp(replica->uuid, uuid) == 0;
	return strcmp(replica->host, host) == 0 && replica->port == c->options->report_port;
}

static void check_replicas(struct checking *c)
{
	struct source_replica *replicas;
	size_t count;
	struct error error;

	if (source_replicas(c->source, &c->arena, &replicas, &count, &error) < 0) {
		say(c, CHECK_OK, "source replicas", NULL,
			"cannot be listed by this account: a clash of server-ids will only show when it "
			"happens");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		bool same_id = replicas[i].server_id == c->options->server_id;

		if (is_us(c, &replicas[i]) && (same_id || *replicas[i].uuid))
			say(c, CHECK_OK, "source replicas", NULL,
				"we are among them at present: an instance runs on this state directory (or "
				"on a copy of it)");
		else if (same_id)
			say(c, CHECK_FAIL, "source replicas",
				"Choose another server-id with change-master: the source serves one replica "
				"of each number. (One that has ended stays listed until the source has sent it "
				"a heartbeat or two: was it yours, try again in some seconds.)",
				"server-id %" PRIu32 " is taken by the replica %s:%u %s",
				replicas[i].server_id, replicas[i].host, replicas[i].port, replicas[i].uuid);
		else
			continue;
		return;
	}
	say(c, CHECK_OK, "source replicas", NULL, "%zu others; server-id %" PRIu32 " is free", count,
		c->options->server_id);
}

static void check_identity(struct checking *c)
{
	const struct source_info *info = &c->info;
	const char *uuid = c->options->uuid ? c->options->uuid : "";

	if (info->server_id == 0)
		say(c, CHECK_FAIL, "source server_id", "Set server_id on the source to a number of its own.",
			"0");
	else if (info->server_id == c->options->server_id)
		say(c, CHECK_FAIL, "source server_id", "Choose another server-id with change-master.",
			"%" PRIu32 ", which is ours as well", info->server_id);
	else if (*uuid && strcasecmp(info->server_uuid, uuid) == 0)
		say(c, CHECK_FAIL, "source server_id", "Choose another server-uuid with change-master.",
			"its server_uuid %s is ours as well", uuid);
	else
		say(c, CHECK_OK, "source server_id", NULL, "%" PRIu32 ", ours is %" PRIu32, info->server_id,
			c->options->server_id);
	check_replicas(c);
	say(c, fabs(info->clock_difference) > CLOCK_TOLERANCE_SECONDS ? CHECK_WARN : CHECK_OK, "source clock",
		"The lag is corrected for it; still, set both by NTP.", "%.1f seconds %s ours",
		fabs(info->clock_difference), info->clock_difference > 0 ? "behind" : "ahead of");
}

/* ---- the start position ---- */

/* Does the list of logs have the file, and the file the offset. */
static bool check_file(struct checking *c)
{
	const struct position *position = &c->start->position;
	struct source_log *logs;
	size_t count, at;
	uint64_t behind = 0;
	struct error error;

	if (source_logs(c->source, &c->arena, &logs, &count, &error) < 0 || !position->file[0])
		return true;
	for (at = 0; at < count && strcmp(logs[at].name, position->file) != 0; at++)
		;
	if (at == count) {
		say(c, CHECK_FAIL, "start position",
			"The file was purged, or the name is wrong: take a new copy of the data and its "
			"position.",
			"the source has no %s; its logs go from %s to %s", position->file,
			count ? logs[0].name : "none", count ? logs[count - 1].name : "none");
		return false;
	}
	if (position->offset > logs[at].bytes) {
		say(c, CHECK_FAIL, "start position",
			"The source lost the tail of its log in a crash, or the position was taken from "
			"another server.",
			"%s ends at %" PRIu64 ", before the offset %" PRIu64, position->file, logs[at].bytes,
			position->offset);
		return false;
	}
	for (size_t i = at; i < count; i++)
		behind += logs[i].bytes - (i == at ? position->offset : 0);
	say(c, CHECK_OK, "start position", NULL,
		"%s:%" PRIu64 " is there, with %" PRIu64 " bytes of log behind it", position->file,
		position->offset, behind);
	return true;
}

static void say_unknown(struct checking *c)
{
	struct error unknown;
	const char *lacking;

	if (source_lacks(c->source, c->start->gtid_set, &c->arena, &lacking, &unknown) < 0)
		lacking = "(which, it did not say)";
	say(c, CHECK_WARN, "start position",
		"`run` waits for a source that has them. Is the set mistyped, or of another topology? Errant transactions on "
		"the target's side, or a source that lost some, look like this too.",
		"our set has transactions that the source does not have: %.300s", lacking);
}

/* MySQL: nothing that we lack is purged, and nothing that we have is unknown there. */
static bool check_set(struct checking *c, const struct source_place *place)
{
	struct gtid_set *ours = gtid_set_new(), *purged = gtid_set_new(), *executed = gtid_set_new();
	struct error error;
	bool good = false;

	if (gtid_set_parse(ours, c->start->gtid_set, &error) < 0 ||
		gtid_set_parse(purged, place->gtid_purged, &error) < 0 ||
		gtid_set_parse(executed, place->gtid_set, &error) < 0) {
		say(c, CHECK_FAIL, "start position", NULL, "%s", error.text);
		goto out;
	}
	good = gtid_set_contains_set(ours, purged);
	if (!good)
		say(c, CHECK_FAIL, "start position",
			"Take a new copy of the data and its GTID set, or point the source at a server that "
			"still has those transactions.",
			"the source has purged transactions that are not in our set (gtid_purged is %.300s)",
			place->gtid_purged);
	else if (!gtid_set_contains_set(executed, ours))
		say_unknown(c);
	else
		say(c, CHECK_OK, "start position", NULL,
			"nothing that we lack is purged; %" PRIu64 " transactions to read",
			gtid_set_count(executed) - gtid_set_count(ours));
out:
	gtid_set_free(ours);
	gtid_set_free(purged);
	gtid_set_free(executed);
	return good;
}

struct domains {
	const struct gtid_set *ours;
	struct buffer missing; /* of ours */
};

static void note_missing_domain(void *context, const struct gtid *newest, uint64_t last)
{
	struct domains *domains = context;
	struct gtid first = *newest;

	(void)last;
	/* the set holds the domain's first GTID exactly when it has the domain */
	first.number = 1;
	if (!gtid_set_contains(domains->ours, &first))
		buffer_printf(
			&domains->missing, "%s%" PRIu32, domains->missing.length ? ", " : "", newest->domain);
}

/* MariaDB serves a domain that a replica does not name from its oldest log on. */
static bool check_domains(struct checking *c, const struct source_place *place)
{
	struct gtid_set *ours = gtid_set_new(), *theirs = gtid_set_new();
	struct domains domains = {ours, BUFFER_INIT};
	struct error error;
	bool good = false;

	if (gtid_set_parse(ours, c->start->gtid_set, &error) < 0 ||
		gtid_set_parse(theirs, place->gtid_set, &error) < 0) {
		say(c, CHECK_FAIL, "start position", NULL, "%s", error.text);
		goto out;
	}
	good = true;
	gtid_set_each(theirs, note_missing_domain, &domains);
	if (!gtid_set_is_empty(ours) && domains.missing.length)
		say(c, CHECK_WARN, "start position",
			"What the target has of those domains already would be applied again: name them in "
			"the position.",
			"our position %.200s names none of the source's domains %s: they will be read from "
			"the oldest log on",
			c->start->gtid_set, buffer_text(&domains.missing));
	else
		say(c, CHECK_OK, "start position", NULL, "%s, the source is at %s",
			*c->start->gtid_set ? c->start->gtid_set : "the very start", place->gtid_set);
out:
	buffer_release(&domains.missing);
	gtid_set_free(ours);
	gtid_set_free(theirs);
	return good;
}

/* Reads up to the first event that shows the position to be one. 0 = fine. */
static int read_first_events(struct checking *c, char *first, size_t room, struct error *error)
{
	struct binlog_format format;
	const uint8_t *bytes;
	size_t length;

	memset(&format, 0, sizeof(format));
	format.checksum = source_checksum(c->source);
	snprintf(first, room, "served; nothing new so far");
	for (unsigned i = 0; i < TRIAL_EVENTS; i++) {
		struct event event;
		int got = source_read(c->source, &bytes, &length, error);

		if (got <= 0)
			return got;
		if (event_parse(bytes, length, &format, &event, error) < 0)
			return -1;
		if (event.header.type == EVENT_FORMAT_DESCRIPTION) {
			if (binlog_format_parse(&event, &format, error) < 0)
				return -1;
		} else if (event.header.type == EVENT_HEARTBEAT || event.header.type == EVENT_HEARTBEAT_V2) {
			return 0; /* nothing found so far, and still looking: it does serve us */
		} else if (event.header.type != EVENT_ROTATE && event.header.timestamp != 0 &&
			   event.header.type != EVENT_PREVIOUS_GTIDS &&
			   event.header.type != EVENT_MARIA_GTID_LIST &&
			   event.header.type != EVENT_MARIA_BINLOG_CHECKPOINT) {
			const char *name = event_type_name(event.header.type);

			snprintf(first, room, "first event %s of %zu bytes",
				name ? name : "of an unknown type", length);
			return 0;
		}
	}
	return 0;
}

static void trial_dump(struct checking *c, const struct source_start *wanted)
{
	struct source_start start = *wanted;
	struct error error;
	char first[100];

	start.non_blocking = true;
	start.trial = true;
	if (source_start_dump(c->source, &start, &error) < 0 ||
		read_first_events(c, first, sizeof(first), &error) < 0)
		say(c, CHECK_FAIL, "reading the log", NULL, "%s", error.text);
	else
		say(c, CHECK_OK, "reading the log", NULL, "%s", first);
}

static void check_start(struct checking *c)
{
	struct source_start now;
	struct source_place place;
	struct error error;
	bool known = c->info.log_bin && c->grants.replication_client &&
		     source_current(c->source, &c->arena, &place, &error) == 0;
	bool good = true;

	if (known)
		check_filters(c, &place);
	if (!c->info.log_bin || !c->grants.replication_slave)
		return; /* said already */
	if (c->start && !c->start->gtid_set) {
		good = check_file(c);
	} else if (c->start && known) {
		good = c->info.family == FAMILY_MYSQL ? check_set(c, &place) : check_domains(c, &place);
	} else if (!c->start) {
		memset(&now, 0, sizeof(now));
		if (known)
			now.position = place.position;
	}
	if (good)
		trial_dump(c, c->start ? c->start : &now);
}

size_t source_check(struct source *source, const struct source_options *options,
	const struct source_start *start, check_report *report, void *context)
{
	struct checking c = {.source = source,
		.options = options,
		.start = start,
		.arena = ARENA_INIT,
		.report = report,
		.context = context};

	if (check_connection(&c)) {
		check_grants(&c);
		check_log(&c);
		check_gtid(&c);
		check_retention(&c);
		check_chain(&c);
		check_identity(&c);
		check_start(&c);
	}
	source_disconnect(source);
	arena_release(&c.arena);
	return c.failures;
}

int source_accept(const struct source_info *info, const struct source_options *options,
	const struct source_start *start, struct error *error)
{
	bool gtid = start && start->gtid_set;

	if (!info->log_bin)
		return error_set(error, ERROR_STOP,
			"the source writes no binary log (log_bin is off). Start it with log_bin (on Amazon "
			"RDS: switch automated backups on), then take a new start position.");
	if (info->server_id == 0)
		return error_set(error, ERROR_STOP,
			"the source has server_id 0 and so serves no replica. Set server_id there to a "
			"number of its own.");
	if (info->server_id == options->server_id)
		return error_set(error, ERROR_STOP,
			"our server-id %" PRIu32
			" is the source's own. Choose another one with change-master.",
			options->server_id);
	if (options->uuid && *options->uuid && strcasecmp(info->server_uuid, options->uuid) == 0)
		return error_set(error, ERROR_STOP,
			"our server-uuid %s is the source's own. Choose another one with change-master.",
			options->uuid);
	if (gtid && info->family == FAMILY_MYSQL && strcasecmp(info->gtid_mode, "ON") != 0)
		return error_set(error, ERROR_STOP,
			"replication by GTID is asked for, but the source has gtid_mode=%s. Set gtid_mode=ON "
			"there, or set a start by file and position with change-master.",
			*info->gtid_mode ? info->gtid_mode : "none (it is too old)");
	if (gtid && info->family == FAMILY_MARIADB && info->gtid_domain_id < 0)
		return error_set(error, ERROR_STOP,
			"replication by GTID is asked for, but the source %s has none. Set a start by file "
			"and position with change-master.",
			info->version_text);
	return 0;
}
