/* Becoming a replica in the master's eyes, and reading what it sends; source.c is the connection below. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/backoff.h"
#include "proxy/source_duplicate.h"
#include "proxy/source_errors.h"
#include "proxy/source_internal.h"
#include "proxy/source_protocol.h"

#define DUMP_OFFSET_MAXIMUM UINT32_MAX /* what fits into the command */

enum checksum_algorithm source_checksum(const struct source *source)
{
	return source->checksum;
}

/* What the server will do with checksums before the first format description. Servers that know none (1193)
 * send none. */
static int agree_checksum(struct source *source, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct source_rows rows;
	struct error unknown;
	int result = 0;

	source->checksum = CHECKSUM_OFF;
	if (source_query(source,
		    "SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = "
		    "@@global.binlog_checksum",
		    NULL, NULL, &unknown) < 0) {
		if (unknown.code == 1193)
			goto out;
		*error = unknown;
		result = -1;
		goto out;
	}
	result = source_query(source, "SELECT @master_binlog_checksum", &arena, &rows, error);
	if (result == 0 && rows.rows == 1 && source_cell(&rows, 0, 0)) {
		const char *algorithm = source_cell(&rows, 0, 0);

		if (strcasecmp(algorithm, "CRC32") == 0)
			source->checksum = CHECKSUM_CRC32;
		else if (strcasecmp(algorithm, "NONE") != 0 && *algorithm)
			result = error_set(error, ERROR_STOP,
				"the source %s has binlog_checksum=%s, which this version cannot check. SET "
				"GLOBAL binlog_checksum=CRC32 there.",
				source->host, algorithm);
	}
out:
	arena_release(&arena);
	return result;
}

static int register_replica(struct source *source, struct error *error)
{
	struct buffer payload = BUFFER_INIT;
	int result = 0;

	protocol_put_register(&payload, source->options.server_id, source->options.report_host,
		source->options.report_port);
	if (source_send_command(source, COMMAND_REGISTER_REPLICA, &payload, true) != 0)
		result = source_failed(source, error, "registering as a replica");
	buffer_release(&payload);
	return result;
}

/* Tells the session what kind of replica this is. */
static int set_session(
	struct source *source, const struct source_start *start, const char *gtid_set, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result;

	protocol_put_session(&sql, source->family, start->trial ? NULL : source->options.uuid,
		source->options.heartbeat_ms, gtid_set);
	result = source_query(source, buffer_text(&sql), NULL, NULL, error);
	buffer_release(&sql);
	return result;
}

/* Nobody's: the master ends the stream of whoever has the same one. */
static uint32_t trial_server_id(void)
{
	uint32_t id;

	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t)sizeof(id))
		id = (uint32_t)monotonic_ms();
	return id | UINT32_C(0x80000000);
}

static void put_dump(struct source *source, const struct source_start *start, const struct gtid_set *set,
	struct buffer *payload, unsigned *command)
{
	uint32_t server_id = start->trial ? trial_server_id() : source->options.server_id;
	unsigned flags = protocol_dump_flags(source->family, source->version, set != NULL, start->non_blocking);
	uint64_t offset = start->position.offset < 4 ? 4 : start->position.offset;

	skipper_start(&source->skipper, !set && offset > DUMP_OFFSET_MAXIMUM ? offset : 0, source->checksum);
	*command = COMMAND_BINLOG_DUMP;
	if (set && source->family == FAMILY_MYSQL) {
		*command = COMMAND_BINLOG_DUMP_GTID;
		protocol_put_dump_gtid(payload, flags, server_id, set);
	} else if (set) {
		protocol_put_dump(payload, 4, flags, server_id, ""); /* @slave_connect_state decides */
	} else {
		protocol_put_dump(payload, source->skipper.until ? 4 : (uint32_t)offset, flags, server_id,
			start->position.file);
	}
}

int source_start_dump(struct source *source, const struct source_start *start, struct error *error)
{
	struct buffer payload = BUFFER_INIT, text = BUFFER_INIT;
	struct gtid_set *set = NULL;
	unsigned command;
	int result = -1;

	if (!source->mysql)
		return error_set(error, ERROR_RETRY, "there is no connection to the source.");
	source->non_blocking = start->non_blocking;
	if (start->gtid_set) {
		enum gtid_kind wanted = source->family == FAMILY_MYSQL ? GTID_MYSQL : GTID_MARIADB;

		set = gtid_set_new();
		if (gtid_set_parse(set, start->gtid_set, error) < 0) {
			error_context(error, "reading the GTID set to start from");
			goto out;
		}
		if (!gtid_set_is_empty(set) && gtid_set_kind(set) != wanted) {
			error_set(error, ERROR_STOP,
				"the GTIDs to start from (%.100s) are not %s's, as the source %s is. Set a "
				"start position of that server with change-master.",
				start->gtid_set, wanted == GTID_MYSQL ? "MySQL" : "MariaDB", source->host);
			goto out;
		}
		gtid_set_put_text(set, &text);
	}
	if (agree_checksum(source, error) < 0 ||
		set_session(source, start, set ? buffer_text(&text) : NULL, error) < 0 ||
		(!start->trial && register_replica(source, error) < 0))
		goto out;
	put_dump(source, start, set, &payload, &command);
	if (source_send_command(source, command, &payload, false) != 0) {
		source_failed(source, error, "asking for the binary log");
		goto out;
	}
	result = 0;
out:
	gtid_set_free(set);
	buffer_release(&payload);
	buffer_release(&text);
	return result;
}

/* ---- the stream ---- */

/* Later ones give the reason to the replica that they throw out. */
static bool silent_about_duplicates(const struct source *source)
{
	return source->version < (source->family == FAMILY_MARIADB ? 100200u : 50700u);
}

/* The master ended the stream as if it had been told to. */
static int end_of_stream(struct source *source, struct error *error)
{
	if (skipper_end(&source->skipper, error) < 0)
		return -1;
	if (source->non_blocking)
		return 0;
	if (silent_about_duplicates(source) && source_taken_over(&source->options))
		return source_error(error, 1236, "HY000",
			"a replica with the same server_uuid/server_id has connected (the master gave no "
			"reason, but lists one)",
			true, "reading the binary log", source->host);
	return error_set(error, ERROR_RETRY,
		"the source %s ended the stream without a reason: it is going down, or somebody killed the "
		"dump.",
		source->host);
}

int source_read(struct source *source, const uint8_t **event, size_t *length, struct error *error)
{
	if (!source->mysql)
		return error_set(error, ERROR_RETRY, "there is no connection to the source.");
	for (;;) {
		int result;

		if (atomic_load(&source->interrupted))
			return source_stopped(error);
		result = source_read_packet(source, event, length, error);
		if (result < 0)
			return -1;
		if (result == 0)
			return end_of_stream(source, error);
		switch (skipper_take(&source->skipper, *event, *length, &source->changed, error)) {
		case SKIP_DROP:
			continue;
		case SKIP_PASS:
			return 1;
		case SKIP_CHANGED:
			*event = (const uint8_t *)source->changed.data;
			*length = source->changed.length;
			return 1;
		default:
			return -1;
		}
	}
}
