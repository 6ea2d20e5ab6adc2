#include "proxy/source_info.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"

#define ER_PARSE_ERROR 1064
#define ER_NO_BINARY_LOGGING 1381

static const char *const log_off_text = "the source %s writes no binary log. Start it with log_bin (on "
					"Amazon RDS: switch automated backups on).";

/* One statement for all: a variable that a version does not know is simply not among the rows. */
static const char variables_sql[] =
	"SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id','server_uuid','version_comment','log_bin',"
	"'log_slave_updates','log_replica_updates','binlog_format','binlog_row_image','binlog_row_metadata',"
	"'binlog_row_value_options','binlog_transaction_compression','log_bin_compress','gtid_mode',"
	"'gtid_domain_id','gtid_strict_mode','binlog_checksum','lower_case_table_names','character_set_server',"
	"'collation_server','time_zone','system_time_zone','max_allowed_packet','expire_logs_days',"
	"'binlog_expire_logs_seconds','binlog_expire_logs_auto_purge','max_binlog_total_size',"
	"'binlog_space_limit','read_only')";

/* Column by name; NULL when there is none, or NULL is in it. */
static const char *named_cell(const struct source_rows *rows, size_t row, const char *name)
{
	for (size_t i = 0; i < rows->columns; i++) {
		if (strcasecmp(rows->names[i], name) == 0)
			return source_cell(rows, row, i);
	}
	return NULL;
}

static const char *variable(const struct source_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->rows; i++) {
		const char *found = source_cell(rows, i, 0), *value = source_cell(rows, i, 1);

		if (found && strcasecmp(found, name) == 0)
			return value ? value : "";
	}
	return "";
}

static int64_t variable_number(const struct source_rows *rows, const char *name)
{
	const char *value = variable(rows, name);
	char *end;
	double number;

	if (strcasecmp(value, "ON") == 0 || strcasecmp(value, "YES") == 0)
		return 1;
	if (strcasecmp(value, "OFF") == 0 || strcasecmp(value, "NO") == 0)
		return 0;
	number = strtod(value, &end); /* MariaDB prints expire_logs_days with decimals */
	return end == value ? -1 : (int64_t)number;
}

static int64_t expire_seconds(const struct source_rows *rows)
{
	const char *days_text = variable(rows, "expire_logs_days");
	int64_t seconds = variable_number(rows, "binlog_expire_logs_seconds");
	int64_t from_days = *days_text ? (int64_t)(strtod(days_text, NULL) * 86400) : -1;

	if (variable_number(rows, "binlog_expire_logs_auto_purge") == 0)
		return 0;
	return seconds > from_days ? seconds : from_days;
}

static void take_variables(const struct source_rows *rows, struct source_info *info)
{
	const char *mode;
	int64_t limit = variable_number(rows, "max_binlog_total_size");

	info->version_comment = variable(rows, "version_comment");
	info->server_id = (uint32_t)strtoul(variable(rows, "server_id"), NULL, 10);
	info->server_uuid = variable(rows, "server_uuid");
	info->log_bin = variable_number(rows, "log_bin") == 1;
	info->log_replica_updates = (int)variable_number(rows, "log_slave_updates");
	if (info->log_replica_updates < 0)
		info->log_replica_updates = (int)variable_number(rows, "log_replica_updates");
	info->binlog_format = variable(rows, "binlog_format");
	info->row_image = variable(rows, "binlog_row_image");
	info->row_metadata = variable(rows, "binlog_row_metadata");
	info->row_value_options = variable(rows, "binlog_row_value_options");
	info->transaction_compression = (int)variable_number(
		rows, info->family == FAMILY_MYSQL ? "binlog_transaction_compression" : "log_bin_compress");
	mode = variable(rows, "gtid_mode");
	info->gtid_mode = info->family == FAMILY_MYSQL ? mode : "";
	info->gtid_domain_id = variable_number(rows, "gtid_domain_id");
	info->gtid_strict_mode = (int)variable_number(rows, "gtid_strict_mode");
	info->checksum = variable(rows, "binlog_checksum");
	info->lower_case_table_names = (int)variable_number(rows, "lower_case_table_names");
	info->character_set_server = variable(rows, "character_set_server");
	info->collation_server = variable(rows, "collation_server");
	info->time_zone = variable(rows, "time_zone");
	info->system_time_zone = variable(rows, "system_time_zone");
	info->max_allowed_packet = variable_number(rows, "max_allowed_packet");
	info->expire_seconds = expire_seconds(rows);
	info->space_limit_bytes = limit >= 0 ? limit : variable_number(rows, "binlog_space_limit");
	info->read_only = strncasecmp(variable(rows, "read_only"), "NO_LOCK", 7) == 0
				  ? 1
				  : (int)variable_number(rows, "read_only");
}

#define IDENTITY_BY_ID "server-id:"

void source_identity(const struct source_info *info, char identity[SOURCE_IDENTITY_SIZE])
{
	if (*info->server_uuid)
		snprintf(identity, SOURCE_IDENTITY_SIZE, "%s", info->server_uuid);
	else
		snprintf(identity, SOURCE_IDENTITY_SIZE, IDENTITY_BY_ID "%u", info->server_id);
}

bool source_identity_is_uuid(const char *identity)
{
	return *identity && strncmp(identity, IDENTITY_BY_ID, strlen(IDENTITY_BY_ID)) != 0;
}

const char *source_system_zone(const struct source_info *info)
{
	const char *zone = info->system_time_zone;

	if (strcmp(zone, "UTC") == 0 || strcmp(zone, "GMT") == 0)
		return "+00:00";
	return strchr(zone, '/') ? zone : NULL;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int measure_clock(
	struct source *source, struct arena *arena, struct source_info *info, struct error *error)
{
	bool fractions = info->family == FAMILY_MARIADB || info->version >= 50604;
	struct source_rows rows;
	double before, after, theirs;

	before = now_seconds();
	if (source_query(source,
		    fractions ? "SELECT UNIX_TIMESTAMP(SYSDATE(6))" : "SELECT UNIX_TIMESTAMP() + 0.5", arena,
		    &rows, error) < 0)
		return -1;
	after = now_seconds();
	theirs = rows.rows && source_cell(&rows, 0, 0) ? strtod(source_cell(&rows, 0, 0), NULL) : before;
	info->clock_difference = (before + after) / 2 - theirs;
	return 0;
}

/* On Amazon RDS the server's own variable says nothing of when logs go. Elsewhere there is no such table, or
 * we may not look at it. */
static int64_t rds_retention(struct source *source, struct arena *arena)
{
	struct source_rows rows;
	struct error unknown;

	if (source_query(source,
		    "SELECT IFNULL(value, 0) FROM mysql.rds_configuration WHERE name = 'binlog retention "
		    "hours'",
		    arena, &rows, &unknown) < 0 ||
		rows.rows == 0 || !source_cell(&rows, 0, 0))
		return -1;
	return strtoll(source_cell(&rows, 0, 0), NULL, 10);
}

int source_info(struct source *source, struct arena *arena, struct source_info *info, struct error *error)
{
	struct source_rows rows;

	memset(info, 0, sizeof(*info));
	info->family = source_family(source);
	info->version = source_version(source);
	info->version_text = arena_strdup(arena, source_version_text(source));
	if (source_query(source, variables_sql, arena, &rows, error) < 0)
		return -1;
	if (rows.columns < 2)
		return error_set(
			error, ERROR_CONNECT, "the source %s gave no variables.", source_host(source));
	take_variables(&rows, info);
	info->rds_retention_hours = rds_retention(source, arena);
	return measure_clock(source, arena, info, error);
}

/* ---- positions ---- */

/* Statements were renamed: the first form that the server's grammar knows. */
static int query_either(struct source *source, const char *first, const char *second, struct arena *arena,
	struct source_rows *rows, struct error *error)
{
	struct error unknown;

	if (source_query(source, first, arena, rows, &unknown) == 0)
		return 0;
	if (unknown.code != ER_PARSE_ERROR) {
		*error = unknown;
		return -1;
	}
	return source_query(source, second, arena, rows, error);
}

/* Servers put newlines into long sets. */
static const char *without_space(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text ? text : ""), *to = copy;

	for (const char *from = copy; *from; from++) {
		if (!strchr(" \t\r\n", *from))
			*to++ = *from;
	}
	*to = '\0';
	return copy;
}

int source_gtid_at(struct source *source, const struct position *position, struct arena *arena,
	const char **gtid_set, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct source_rows rows;
	int result;

	buffer_puts(&sql, "SELECT BINLOG_GTID_POS(0x");
	buffer_put_hex(&sql, position->file, strlen(position->file));
	buffer_printf(&sql, ", %" PRIu64 ")", position->offset);
	result = source_query(source, buffer_text(&sql), arena, &rows, error);
	buffer_release(&sql);
	if (result < 0)
		return -1;
	if (rows.rows == 0 || !source_cell(&rows, 0, 0))
		return error_set(error, ERROR_STOP,
			"the source %s knows no GTID state at %s:%" PRIu64
			": the file is gone, or no event begins at that offset. Compare with SHOW BINARY "
			"LOGS there.",
			source_host(source), position->file, position->offset);
	*gtid_set = without_space(arena, source_cell(&rows, 0, 0));
	return 0;
}

static int gtid_binlog_pos(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error)
{
	struct source_rows rows;

	if (source_query(source, "SELECT @@GLOBAL.gtid_binlog_pos", arena, &rows, error) < 0)
		return -1;
	place->gtid_set = without_space(arena, rows.rows ? source_cell(&rows, 0, 0) : "");
	return 0;
}

static int mariadb_gtids(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error)
{
	struct error unknown;

	if (source_version(source) < 100002)
		return 0;
	if (source_gtid_at(source, &place->position, arena, &place->gtid_set, &unknown) == 0)
		return 0;
	/* the log was rotated and purged in between, or the function is not there */
	return gtid_binlog_pos(source, arena, place, error);
}

/* The place, of MySQL with its GTIDs. */
static int log_status(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error)
{
	static const char before[] = "SHOW MASTER STATUS", now[] = "SHOW BINARY LOG STATUS";
	bool mysql = source_family(source) == FAMILY_MYSQL;
	struct source_rows rows;
	const char *file, *offset;

	memset(place, 0, sizeof(*place));
	place->gtid_set = place->gtid_purged = place->binlog_do_db = place->binlog_ignore_db = "";
	if (query_either(source, mysql ? now : before, mysql ? before : now, arena, &rows, error) < 0)
		return -1;
	file = rows.rows ? named_cell(&rows, 0, "File") : NULL;
	offset = rows.rows ? named_cell(&rows, 0, "Position") : NULL;
	if (!file || !offset || !*file)
		return error_set(error, ERROR_STOP, log_off_text, source_host(source));
	if (strlen(file) > BINLOG_NAME_MAXIMUM)
		return error_set(error, ERROR_STOP, "the source %s names a log file of %zu bytes.",
			source_host(source), strlen(file));
	snprintf(place->position.file, sizeof(place->position.file), "%s", file);
	place->position.offset = strtoull(offset, NULL, 10);
	if (named_cell(&rows, 0, "Binlog_Do_DB"))
		place->binlog_do_db = named_cell(&rows, 0, "Binlog_Do_DB");
	if (named_cell(&rows, 0, "Binlog_Ignore_DB"))
		place->binlog_ignore_db = named_cell(&rows, 0, "Binlog_Ignore_DB");
	if (mysql)
		place->gtid_set = without_space(arena, named_cell(&rows, 0, "Executed_Gtid_Set"));
	return 0;
}

int source_end(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error)
{
	if (log_status(source, arena, place, error) < 0)
		return -1;
	if (source_family(source) == FAMILY_MYSQL || source_version(source) < 100002)
		return 0;
	return gtid_binlog_pos(source, arena, place, error);
}

int source_current(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error)
{
	struct source_rows rows;

	if (log_status(source, arena, place, error) < 0)
		return -1;
	if (source_family(source) == FAMILY_MARIADB)
		return mariadb_gtids(source, arena, place, error);
	if (source_version(source) < 50605)
		return 0;
	if (source_query(source, "SELECT @@GLOBAL.gtid_purged", arena, &rows, error) < 0)
		return -1;
	place->gtid_purged = without_space(arena, rows.rows ? source_cell(&rows, 0, 0) : "");
	return 0;
}

int source_lacks(struct source *source, const char *gtid_set, struct arena *arena, const char **lacking,
	struct error *error)
{
	struct source_rows rows;
	struct buffer sql = BUFFER_INIT;
	int result;

	/* a set of ours: no quotes in it */
	buffer_printf(&sql, "SELECT GTID_SUBTRACT('%s', @@GLOBAL.gtid_executed)", gtid_set);
	result = source_query(source, buffer_text(&sql), arena, &rows, error);
	buffer_release(&sql);
	if (result == 0)
		*lacking = without_space(arena, rows.rows ? source_cell(&rows, 0, 0) : "");
	return result;
}

int source_logs(struct source *source, struct arena *arena, struct source_log **logs, size_t *count,
	struct error *error)
{
	struct source_rows rows;

	if (source_query(source, "SHOW BINARY LOGS", arena, &rows, error) < 0) {
		if (error->code == ER_NO_BINARY_LOGGING)
			return error_set(error, ERROR_STOP, log_off_text, source_host(source));
		return -1;
	}
	*logs = arena_zalloc(arena, (rows.rows + 1) * sizeof(**logs));
	*count = 0;
	for (size_t i = 0; i < rows.rows; i++) {
		const char *name = named_cell(&rows, i, "Log_name"),
			   *size = named_cell(&rows, i, "File_size");
		const char *encrypted = named_cell(&rows, i, "Encrypted");
		struct source_log *log = &(*logs)[*count];

		if (!name)
			continue;
		log->name = name;
		log->bytes = size ? strtoull(size, NULL, 10) : 0;
		log->encrypted = encrypted && strcasecmp(encrypted, "Yes") == 0;
		(*count)++;
	}
	return 0;
}

int source_replicas(struct source *source, struct arena *arena, struct source_replica **replicas,
	size_t *count, struct error *error)
{
	static const char before[] = "SHOW SLAVE HOSTS", now[] = "SHOW REPLICAS";
	bool mysql = source_family(source) == FAMILY_MYSQL;
	struct source_rows rows;

	if (query_either(source, mysql ? now : before, mysql ? before : "SHOW REPLICA HOSTS", arena, &rows,
		    error) < 0)
		return -1;
	*replicas = arena_zalloc(arena, (rows.rows + 1) * sizeof(**replicas));
	*count = rows.rows;
	for (size_t i = 0; i < rows.rows; i++) {
		const char *id = named_cell(&rows, i, "Server_id"), *host = named_cell(&rows, i, "Host");
		const char *port = named_cell(&rows, i, "Port"), *uuid = named_cell(&rows, i, "Replica_UUID");
		struct source_replica *replica = &(*replicas)[i];

		if (!uuid)
			uuid = named_cell(&rows, i, "Slave_UUID");
		replica->server_id = id ? (uint32_t)strtoul(id, NULL, 10) : 0;
		replica->host = host ? host : "";
		replica->port = port ? (unsigned)strtoul(port, NULL, 10) : 0;
		replica->uuid = uuid ? uuid : "";
	}
	return 0;
}

/* ---- privileges ---- */

static bool lists(const char *privileges, size_t length, const char *name)
{
	size_t wanted = strlen(name);

	for (const char *at = privileges, *end = privileges + length; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t size = (size_t)((comma ? comma : end) - at);

		if (size == wanted && strncasecmp(at, name, wanted) == 0)
			return true;
		at = comma ? comma + 1 : end;
		while (at < end && *at == ' ')
			at++;
	}
	return false;
}

void source_grants_add(struct source_grants *grants, const char *line)
{
	const char *on;
	bool all;
	size_t length;

	if (strncasecmp(line, "GRANT ", 6) != 0)
		return; /* partial revokes concern single schemas, and so not us */
	line += 6;
	on = strcasestr(line, " ON *.* TO ");
	if (!on)
		return;
	length = (size_t)(on - line);
	all = lists(line, length, "ALL PRIVILEGES") || lists(line, length, "ALL");
	grants->super |= all || lists(line, length, "SUPER");
	grants->replication_slave |=
		all || lists(line, length, "REPLICATION SLAVE") || lists(line, length, "REPLICATION REPLICA");
	grants->replication_client |= all || lists(line, length, "REPLICATION CLIENT") ||
				      lists(line, length, "BINLOG MONITOR") || lists(line, length, "SUPER");
}

static void add_lines(const struct source_rows *rows, struct source_grants *grants)
{
	for (size_t i = 0; i < rows->rows && rows->columns; i++) {
		if (source_cell(rows, i, 0))
			source_grants_add(grants, source_cell(rows, i, 0));
	}
}

/* What comes by way of the roles that are active: MySQL wants them named, MariaDB has one at a time. */
static void add_roles(struct source *source, struct arena *arena, struct source_grants *grants)
{
	struct buffer sql = BUFFER_INIT;
	struct source_rows rows;
	struct error unknown;

	if (source_query(source, "SELECT CURRENT_ROLE()", arena, &rows, &unknown) < 0 || rows.rows == 0 ||
		!source_cell(&rows, 0, 0) || strcasecmp(source_cell(&rows, 0, 0), "NONE") == 0)
		return;
	if (source_family(source) == FAMILY_MYSQL) /* comes quoted, ready for use */
		buffer_printf(&sql, "SHOW GRANTS FOR CURRENT_USER() USING %s", source_cell(&rows, 0, 0));
	else
		buffer_puts(&sql, "SHOW GRANTS FOR CURRENT_ROLE");
	if (source_query(source, buffer_text(&sql), arena, &rows, &unknown) == 0)
		add_lines(&rows, grants);
	buffer_release(&sql);
}

int source_grants(
	struct source *source, struct arena *arena, struct source_grants *grants, struct error *error)
{
	struct source_rows rows;

	memset(grants, 0, sizeof(*grants));
	grants->account = "";
	if (source_query(source, "SELECT CURRENT_USER()", arena, &rows, error) < 0)
		return -1;
	if (rows.rows && source_cell(&rows, 0, 0))
		grants->account = source_cell(&rows, 0, 0);
	if (source_query(source, "SHOW GRANTS FOR CURRENT_USER()", arena, &rows, error) < 0)
		return -1;
	add_lines(&rows, grants);
	add_roles(source, arena, grants);
	return 0;
}
