/* A connection to the source: what the source is, whether the channel's position is one of its log, and the request for the
 * stream from there. What is found out is told to the applier and to the view. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "proxy/pipeline_internal.h"
#include "proxy/same_server.h"
#include "proxy/source_gtids.h"
#include "proxy/source_preflight.h"

bool pipeline_is_connect_error(const struct error *error)
{
	/* the client library's own numbers, and what servers say to those they do not let in */
	static const unsigned refusals[] = {1040, 1044, 1045, 1129, 1130, 1203, 1226, 1251, 1275, 1524, 1698,
		1820, 1862, 2061, 3118, 3159, 4151};

	if (error->kind == ERROR_CONNECT || (error->code >= 2000 && error->code < 3000) ||
		(error->code >= 5000 && error->code < 6000))
		return true;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (error->code == refusals[i])
			return true;
	}
	return false;
}

static const char *offset_text(struct arena *arena, long minutes)
{
	char text[16];

	snprintf(text, sizeof(text), "%c%02ld:%02ld", minutes < 0 ? '-' : '+', labs(minutes) / 60 % 24,
		labs(minutes) % 60);
	return arena_strdup(arena, text);
}

/* What SYSTEM means there, which a session may choose whatever the others begin with: a name that servers know,
 * or its offset as of now; NULL when even that cannot be had. The zone that sessions begin with stands for it
 * when both have the same offset now: its name tells that of the other half of the year, too. */
static const char *time_zone_of(struct pipeline *pipeline, const struct source_info *info)
{
#define MINUTES_OF(zone) "TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', " zone "))"
	struct arena *arena = &pipeline->source_arena;
	const char *first = *info->time_zone && strcasecmp(info->time_zone, "SYSTEM") != 0 ? info->time_zone : NULL;
	struct error unused = {.kind = ERROR_NONE};
	const char *system, *of_first;
	struct source_rows rows;

	if (!first && source_system_zone(info))
		return source_system_zone(info);
	if (source_query(pipeline->source,
		    "SELECT " MINUTES_OF("'SYSTEM'") ", " MINUTES_OF("@@global.time_zone"), arena, &rows,
		    &unused) < 0 ||
		rows.rows != 1 || !source_cell(&rows, 0, 0))
		return first;
	system = source_cell(&rows, 0, 0);
	of_first = source_cell(&rows, 0, 1);
	if (first && of_first && strcmp(system, of_first) == 0)
		return first;
	return source_system_zone(info) ? source_system_zone(info) : offset_text(arena, strtol(system, NULL, 10));
#undef MINUTES_OF
}

static const char *utf8mb4_of(struct pipeline *pipeline, const struct source_info *info)
{
	struct error unused = {.kind = ERROR_NONE};
	struct source_rows rows;

	if (info->family != FAMILY_MYSQL || info->version < 80011)
		return NULL;
	if (source_query(pipeline->source, "SELECT @@default_collation_for_utf8mb4", &pipeline->source_arena,
		    &rows, &unused) < 0 ||
		rows.rows != 1)
		return NULL;
	return source_cell(&rows, 0, 0);
}

/* Of temporary tables whose statement names no engine; a session may have chosen another one. */
static const char *temp_engine_of_source(struct pipeline *pipeline)
{
	struct error unused = {.kind = ERROR_NONE};
	struct source_rows rows;

	if (source_query(pipeline->source,
		    "SELECT COALESCE(@@default_tmp_storage_engine, @@default_storage_engine)",
		    &pipeline->source_arena, &rows, &unused) < 0 ||
		rows.rows != 1)
		return NULL;
	return source_cell(&rows, 0, 0);
}

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* The applier is told what the source is, once, and starts. False when it has started already and the source
 * is now another one: then a new applier is due. */
static bool tell_applier(struct pipeline *pipeline, const struct source_info *info)
{
	struct applier_source *known = &pipeline->applier_source;
	char identity[SOURCE_IDENTITY_SIZE];
	struct applier_source source = {
		.version = {info->family, info->version},
		.server_id = info->server_id,
		.identity = identity,
		.time_zone = time_zone_of(pipeline, info),
		.default_utf8mb4 = utf8mb4_of(pipeline, info),
		.default_temp_engine = temp_engine_of_source(pipeline),
	};

	source.session_zone = *info->time_zone && strcasecmp(info->time_zone, "SYSTEM") != 0 ? info->time_zone : source.time_zone;
	source_identity(info, identity);
	if (pipeline->apply_started)
		return same_text(known->identity, identity) && known->version.family == source.version.family &&
		       known->version.number == source.version.number &&
		       known->server_id == source.server_id &&
		       same_text(known->time_zone, source.time_zone) &&
		       same_text(known->session_zone, source.session_zone) &&
		       same_text(known->default_utf8mb4, source.default_utf8mb4);
	*known = source;
	known->identity = arena_strdup(&pipeline->applier_arena, identity);
	if (source.time_zone)
		known->time_zone = arena_strdup(&pipeline->applier_arena, source.time_zone);
	if (source.session_zone)
		known->session_zone = arena_strdup(&pipeline->applier_arena, source.session_zone);
	if (source.default_utf8mb4)
		known->default_utf8mb4 = arena_strdup(&pipeline->applier_arena, source.default_utf8mb4);
	if (source.default_temp_engine)
		known->default_temp_engine =
			arena_strdup(&pipeline->applier_arena, source.default_temp_engine);
	applier_set_source(pipeline->applier, known);
	return true;
}

/* Servers without a uuid: the ids differ. It is the same server, which got another id, when its log has the same GTIDs
 * before the position. One that has been given a uuid by an upgrade is known by its id. */
static bool is_same_log(struct pipeline *pipeline, const struct source_info *info, const char *known)
{
	struct source_info without = *info;
	char by_id[SOURCE_IDENTITY_SIZE];
	bool same;
	char *set;

	if (source_identity_is_uuid(known))
		return false;
	without.server_uuid = "";
	source_identity(&without, by_id);
	if (strcmp(known, by_id) == 0)
		return true;
	set = pipeline_received_set(pipeline);
	same = *set && source_gtids_are(pipeline->source, info, &pipeline->resume, set, &pipeline->source_arena);
	free(set);
	return same;
}

/* Positions by file are one server's own: those of another one of the same topology mean something else. */
static int check_identity(struct pipeline *pipeline, const struct source_info *info, struct error *error)
{
	const char *known = pipeline->apply_started ? pipeline->applier_source.identity
						    : applier_checkpoint(pipeline->applier)->source_uuid;
	char identity[SOURCE_IDENTITY_SIZE];

	source_identity(info, identity);
	if ((pipeline->config->source.use_gtid && pipeline->received_set) || !*known ||
		strcasecmp(known, identity) == 0 || is_same_log(pipeline, info, known))
		return 0;
	return error_set(error, ERROR_STOP,
		"the source %s is the server %s, but the position %s:%llu belongs to the server %s. A position by file means "
		"nothing on another server: let change-master write one of this server, or replicate by GTID "
		"(--master-auto-position).",
		source_host(pipeline->source), identity, pipeline->resume.file,
		(unsigned long long)pipeline->resume.offset, known);
}

/* Before anything is applied. Another source that comes later has a new applier begin. */
static int check_two_servers(struct pipeline *pipeline, struct error *error)
{
	struct target *target = applier_target(pipeline->applier);
	char lock_name[CHANNEL_LOCK_TEXT];

	if (pipeline->apply_started)
		return 0;
	applier_channel_lock(pipeline->applier, lock_name);
	if (!same_server_may_be(pipeline->source, lock_name, &pipeline->source_arena) ||
		!same_server(pipeline->source, target, &pipeline->source_arena))
		return 0;
	return same_server_refuse(pipeline->source, target, error);
}

/* Another server of the topology may lack what was applied here: it is behind, or it took the master's place
 * without that. (Of its own transactions it tells itself, and so does MariaDB.) */
static int check_not_behind(struct pipeline *pipeline, const struct source_info *info,
	const struct source_start *start, struct error *error)
{
	const char *lacking;

	if (!start->gtid_set || info->family != FAMILY_MYSQL)
		return 0;
	if (source_lacks(pipeline->source, start->gtid_set, &pipeline->source_arena, &lacking, error) < 0)
		return -1;
	if (!*lacking || strcasestr(lacking, info->server_uuid))
		return 0;
	return error_set(error, ERROR_RETRY,
		"the source %s lacks transactions that are applied here: %.600s. It is waited for, as it may "
		"only be behind the "
		"server that had them. If it has taken that server's place without them, or if they were "
		"never in this "
		"topology, source and target are no longer alike: compare the two, take these changes back "
		"on the target or "
		"make them on the source, and set a start position without them with change-master.",
		source_host(pipeline->source), lacking);
}

static void note_connected(struct pipeline *pipeline, const struct source_info *info)
{
	struct pipeline_peer *peer = &pipeline->view.source;
	const char *host = source_host(pipeline->source);
	const char *colon = strrchr(host, ':');
	const char *cipher = source_cipher(pipeline->source);
	size_t length = colon ? (size_t)(colon - host) : strlen(host);

	pthread_mutex_lock(&pipeline->lock);
	source_identity(info, pipeline->identity);
	peer->state = "connected";
	snprintf(peer->host, sizeof(peer->host), "%.*s", (int)length, host);
	peer->port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
	snprintf(peer->version, sizeof(peer->version), "%s", info->version_text);
	snprintf(peer->cipher, sizeof(peer->cipher), "%s", cipher ? cipher : "");
	snprintf(peer->uuid, sizeof(peer->uuid), "%s", info->server_uuid);
	peer->family = info->family;
	peer->server_id = info->server_id;
	peer->connected_at_us = state_now_us();
	pipeline->view.kept_seconds = retention_seconds(info);
	pipeline->clock_difference = info->clock_difference;
	lag_set_clock(pipeline->lag, info->clock_difference);
	pthread_mutex_unlock(&pipeline->lock);
	log_line(LOG_INFO, "source", "connected host=%s version=%s server_id=%u cipher=%s tls=%s",
		log_quote(host), log_quote(info->version_text), info->server_id,
		cipher ? log_quote(cipher) : "none",
		cipher && source_tls_version(pipeline->source) ? source_tls_version(pipeline->source)
							       : "off");
	if (info->clock_difference > 5 || info->clock_difference < -5)
		log_line(LOG_WARNING, "source",
			"its clock is not ours; the lag takes that into account seconds=%.1f",
			info->clock_difference);
	retention_tell(&pipeline->retention, info);
}

bool pipeline_is_of_source(const struct pipeline *pipeline, const struct position *place)
{
	const struct checkpoint *taken = applier_checkpoint(pipeline->applier);

	return !*taken->source_uuid || strcasecmp(taken->source_uuid, pipeline->identity) == 0 ||
	       position_compare(place, &taken->position) != 0;
}

/* By GTID when that is wanted and the set is known. The text is the caller's to free. */
static char *start_of(struct pipeline *pipeline, struct source_start *start)
{
	struct buffer text = BUFFER_INIT;
	char *set = NULL;

	memset(start, 0, sizeof(*start));
	start->position = pipeline->resume;
	if (pipeline->config->source.use_gtid) {
		pthread_mutex_lock(&pipeline->lock);
		if (pipeline->received_set) {
			gtid_set_put_text(pipeline->received_set, &text);
			set = memory_strdup(buffer_text(&text));
		}
		pthread_mutex_unlock(&pipeline->lock);
		buffer_release(&text);
		start->gtid_set = set;
		if (set && !pipeline_is_of_source(pipeline, &pipeline->resume))
			memset(&start->position, 0, sizeof(start->position));
		if (!set)
			log_line(LOG_WARNING, "source",
				"the GTID set of this position is not known: going on by file and position "
				"file=%s "
				"position=%llu",
				log_quote(pipeline->resume.file),
				(unsigned long long)pipeline->resume.offset);
	}
	return set;
}

/* A position by file whose GTID set the checkpoint does not name: that of the very start of a log has none,
 * and one of before the source had GTIDs got none. The source is asked, once; that it cannot tell is no
 * reason to stop. */
static void know_set(struct pipeline *pipeline, const struct source_info *info)
{
	struct error unknown = {.kind = ERROR_NONE};
	const char *text = NULL;
	struct gtid_set *set;

	if (pipeline->received_set || pipeline->apply_started)
		return;
	if (source_gtids_at(pipeline->source, info, &pipeline->resume, &pipeline->source_arena, &text,
		    &unknown) < 0 ||
		!text)
		return;
	set = gtid_set_new();
	if (gtid_set_parse(set, text, &unknown) < 0) {
		gtid_set_free(set);
		return;
	}
	applier_set_gtids(pipeline->applier, set);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->received_set = set;
	pthread_mutex_unlock(&pipeline->lock);
}

/* Before that is received we are behind, however still the stream is. That the source does not tell is no reason to stop. */
static void note_log_end(struct pipeline *pipeline)
{
	struct log_end end = {.asked_at_us = state_now_us()};
	struct error unknown = {.kind = ERROR_NONE};
	struct source_place place;

	if (source_end(pipeline->source, &pipeline->source_arena, &place, &unknown) == 0) {
		end.known = true;
		end.position = place.position;
		if (*place.gtid_set) {
			end.set = gtid_set_new();
			if (gtid_set_parse(end.set, place.gtid_set, &unknown) < 0) {
				gtid_set_free(end.set);
				end.set = NULL;
			}
		}
	}
	pthread_mutex_lock(&pipeline->lock);
	gtid_set_free(pipeline->log_end.set);
	pipeline->log_end = end;
	pthread_mutex_unlock(&pipeline->lock);
}

int pipeline_connect_source(struct pipeline *pipeline, struct error *error)
{
	struct arena *arena = &pipeline->source_arena;
	const struct source_options *options = &pipeline->settings.settings->source;
	struct source_start start;
	struct source_info info;
	char *set = NULL;
	int result = -1;

	if (source_connect(pipeline->source, error) < 0 ||
		source_info(pipeline->source, arena, &info, error) < 0)
		goto out;
	note_connected(pipeline, &info);
	/* before its log is asked about the position */
	if (check_two_servers(pipeline, error) < 0 || check_identity(pipeline, &info, error) < 0)
		goto out;
	know_set(pipeline, &info);
	set = start_of(pipeline, &start);
	if (source_accept(&info, options, &start, error) < 0 ||
		check_not_behind(pipeline, &info, &start, error) < 0)
		goto out;
	if (!tell_applier(pipeline, &info)) {
		log_line(LOG_INFO, "source",
			"it is another server now, or another version: applying begins anew");
		pipeline->reopen = true;
		result = 0;
		goto out;
	}
	if (pipeline->goal.kind == GOAL_GTID && pipeline->goal.set && !pipeline->received_set) {
		error_set(error, ERROR_USAGE,
			"--until a GTID set: the set at the channel's position is not known. Give "
			"FILE:POSITION instead.");
		goto out;
	}
	note_log_end(pipeline);
	if (goal_resolve(&pipeline->goal, pipeline->source, start.gtid_set != NULL, error) < 0 ||
		source_start_dump(pipeline->source, &start, error) < 0 ||
		pipeline_start_apply(pipeline, error) < 0)
		goto out;
	assembler_start(pipeline->assembler, &start.position, source_checksum(pipeline->source));
	if (start.gtid_set)
		log_line(LOG_INFO, "source", "asked for the stream gtid_set=%s", log_quote(start.gtid_set));
	else
		log_line(LOG_INFO, "source", "asked for the stream file=%s position=%llu",
			log_quote(start.position.file), (unsigned long long)start.position.offset);
	result = 0;
out:
	free(set);
	return result;
}
