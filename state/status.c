/* The one row of the status. A table says which member of the struct stands in which column; saving and
 * reading are made from it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "state/internal.h"

enum field_type { TEXT, U64, I64, REAL, FLAG, TIME };

struct field {
	const char *column;
	enum field_type type;
	size_t offset;
};

#define FIELD(column, type, member)                                                                          \
	{                                                                                                    \
		column, type, offsetof(struct state_status, member)                                          \
	}
#define SERVER(prefix, member)                                                                               \
	FIELD(prefix "_state", TEXT, member.state), FIELD(prefix "_host", TEXT, member.host),                \
		FIELD(prefix "_port", U64, member.port), FIELD(prefix "_user", TEXT, member.user),           \
		FIELD(prefix "_family", TEXT, member.family),                                                \
		FIELD(prefix "_version", TEXT, member.version),                                              \
		FIELD(prefix "_server_id", U64, member.server_id), FIELD(prefix "_uuid", TEXT, member.uuid), \
		FIELD(prefix "_ssl_mode", TEXT, member.ssl_mode),                                            \
		FIELD(prefix "_cipher", TEXT, member.cipher),                                                \
		FIELD(prefix "_connected_at_us", TIME, member.connected_at_us),                              \
		FIELD(prefix "_error_code", U64, member.error_code),                                         \
		FIELD(prefix "_error", TEXT, member.error),                                                  \
		FIELD(prefix "_error_at_us", TIME, member.error_at_us)

static const struct field fields[] = {
	FIELD("pid", I64, pid),
	FIELD("version", TEXT, version),
	FIELD("started_at_us", TIME, started_at_us),
	FIELD("since_us", TIME, since_us),
	FIELD("updated_at_us", I64, updated_at_us),
	FIELD("channel", TEXT, channel),
	FIELD("replica_server_id", U64, replica_server_id),
	FIELD("replica_uuid", TEXT, replica_uuid),
	SERVER("source", source),
	SERVER("target", target),
	FIELD("received_file", TEXT, received.file),
	FIELD("received_position", U64, received.position),
	FIELD("received_gtid", TEXT, received.gtid),
	FIELD("received_gtid_set", TEXT, received_gtid_set),
	FIELD("applied_file", TEXT, applied.file),
	FIELD("applied_position", U64, applied.position),
	FIELD("applied_gtid", TEXT, applied.gtid),
	FIELD("applied_gtid_set", TEXT, applied_gtid_set),
	FIELD("source_time_us", TIME, source_time_us),
	FIELD("heard_at_us", TIME, heard_at_us),
	FIELD("applied_at_us", TIME, applied_at_us),
	FIELD("idle", FLAG, idle),
	FIELD("auto_position", FLAG, auto_position),
	FIELD("transactions", U64, transactions),
	FIELD("rows", U64, rows),
	FIELD("statements", U64, statements),
	FIELD("ddl", U64, ddl),
	FIELD("bytes_read", U64, bytes_read),
	FIELD("rewrites", U64, rewrites),
	FIELD("skipped", U64, skipped),
	FIELD("conflicts", U64, conflicts),
	FIELD("transactions_per_second", REAL, transactions_per_second),
	FIELD("rows_per_second", REAL, rows_per_second),
	FIELD("bytes_per_second", REAL, bytes_per_second),
	FIELD("queue_bytes", U64, queue_bytes),
	FIELD("queue_transactions", U64, queue_transactions),
	FIELD("workers", U64, workers),
	FIELD("workers_busy", U64, workers_busy),
	FIELD("error_code", U64, error_code),
	FIELD("error_sqlstate", TEXT, error_sqlstate),
	FIELD("error", TEXT, error),
	FIELD("advice", TEXT, advice),
	FIELD("error_at_us", TIME, error_at_us),
	FIELD("error_file", TEXT, error_position.file),
	FIELD("error_position", U64, error_position.position),
	FIELD("error_gtid", TEXT, error_position.gtid),
	FIELD("error_statement", TEXT, error_statement),
	FIELD("retries", U64, retries),
	FIELD("retries_total", U64, retries_total),
	FIELD("reconnects_total", U64, reconnects_total),
	FIELD("next_retry_at_us", TIME, next_retry_at_us),
	FIELD("until", TEXT, until),
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* those that are more than a member: phase, lag, kind of error */
#define EXTRA_COLUMNS "state, lag_seconds, error_kind"
#define EXTRAS 3

static const char *const phase_names[] = {
	"starting", "connecting", "running", "paused", "waiting", "stopped", "error"};

const char *state_phase_name(enum state_phase phase)
{
	return (unsigned)phase < sizeof(phase_names) / sizeof(phase_names[0]) ? phase_names[phase]
									      : "unknown";
}

int state_phase_parse(const char *name)
{
	for (unsigned i = 0; i < sizeof(phase_names) / sizeof(phase_names[0]); i++) {
		if (strcmp(name, phase_names[i]) == 0)
			return (int)i;
	}
	return -1;
}

static char save_sql[8192], read_sql[8192];
static pthread_once_t built = PTHREAD_ONCE_INIT;

static void build_sql(void)
{
	struct buffer save = BUFFER_INIT, values = BUFFER_INIT, read = BUFFER_INIT;

	buffer_puts(&save, "insert or replace into status_row (id, " EXTRA_COLUMNS);
	buffer_puts(&values, ") values (1, ?, ?, ?");
	buffer_puts(&read, "select " EXTRA_COLUMNS);
	for (size_t i = 0; i < FIELDS; i++) {
		buffer_printf(&save, ", %s", fields[i].column);
		buffer_puts(&values, ", ?");
		buffer_printf(&read, ", %s", fields[i].column);
	}
	snprintf(save_sql, sizeof(save_sql), "%s%s)", buffer_text(&save), buffer_text(&values));
	snprintf(read_sql, sizeof(read_sql), "%s from status_row where id = 1", buffer_text(&read));
	buffer_release(&save);
	buffer_release(&values);
	buffer_release(&read);
}

static void bind_field(
	sqlite3_stmt *statement, int nth, const struct field *field, const struct state_status *status)
{
	const void *member = (const char *)status + field->offset;

	switch (field->type) {
	case TEXT:
		state_bind_text(statement, nth, *(const char *const *)member);
		break;
	case U64:
		state_bind_u64(statement, nth, *(const uint64_t *)member);
		break;
	case I64:
		sqlite3_bind_int64(statement, nth, *(const int64_t *)member);
		break;
	case TIME:
		state_bind_time(statement, nth, *(const int64_t *)member);
		break;
	case REAL:
		sqlite3_bind_double(statement, nth, *(const double *)member);
		break;
	case FLAG:
		sqlite3_bind_int(statement, nth, *(const bool *)member);
		break;
	}
}

int state_save_status(struct state *state, const struct state_status *status, struct error *error)
{
	static const char what[] = "saving the status";
	sqlite3_stmt *statement;

	pthread_once(&built, build_sql);
	if (state_begin(state, what, STATE_WAIT_STATUS_MS, error) != 0)
		return -1;
	statement = state_prepare(state, save_sql, error);
	if (!statement)
		return state_abort(state);
	state_bind_text(statement, 1, state_phase_name(status->phase));
	if (status->lag_known)
		sqlite3_bind_double(statement, 2, status->lag_seconds);
	if (status->error_kind != ERROR_NONE)
		state_bind_text(statement, 3, error_kind_name(status->error_kind));
	for (size_t i = 0; i < FIELDS; i++)
		bind_field(statement, (int)i + EXTRAS + 1, &fields[i], status);
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	sqlite3_clear_bindings(statement);
	return state_end(state, what, error);
}

static enum error_kind parse_kind(const char *name)
{
	if (!name)
		return ERROR_NONE;
	for (int kind = ERROR_NONE; kind <= ERROR_STOPPED; kind++) {
		if (strcmp(name, error_kind_name((enum error_kind)kind)) == 0)
			return (enum error_kind)kind;
	}
	return ERROR_STOP;
}

static void read_fields(sqlite3_stmt *statement, struct state_status *status)
{
	const char *phase = state_column_text(statement, 0, &status->arena, NULL);
	int parsed = phase ? state_phase_parse(phase) : -1;

	status->phase = parsed >= 0 ? (enum state_phase)parsed : STATE_ERROR;
	status->lag_known = sqlite3_column_type(statement, 1) != SQLITE_NULL;
	status->lag_seconds = sqlite3_column_double(statement, 1);
	status->error_kind = parse_kind(state_column_text(statement, 2, &status->arena, NULL));
	for (size_t i = 0; i < FIELDS; i++) {
		void *member = (char *)status + fields[i].offset;
		int column = (int)i + EXTRAS;

		switch (fields[i].type) {
		case TEXT:
			*(const char **)member = state_column_text(statement, column, &status->arena, NULL);
			break;
		case U64:
			*(uint64_t *)member = (uint64_t)sqlite3_column_int64(statement, column);
			break;
		case I64:
		case TIME:
			*(int64_t *)member = sqlite3_column_int64(statement, column);
			break;
		case REAL:
			*(double *)member = sqlite3_column_double(statement, column);
			break;
		case FLAG:
			*(bool *)member = sqlite3_column_int(statement, column) != 0;
			break;
		}
	}
}

int state_read_status(struct state *state, struct state_status *status, bool *found, struct error *error)
{
	sqlite3_stmt *statement;
	int row;

	pthread_once(&built, build_sql);
	memset(status, 0, sizeof(*status));
	*found = false;
	if (state_begin_read(state, error) != 0)
		return -1;
	statement = state_prepare(state, read_sql, error);
	row = statement ? state_row(state, statement, "reading the status", error) : -1;
	if (row > 0) {
		read_fields(statement, status);
		*found = true;
		sqlite3_reset(statement);
	}
	state_end_read(state);
	return row < 0 ? -1 : 0;
}

void state_status_release(struct state_status *status)
{
	arena_release(&status->arena);
	memset(status, 0, sizeof(*status));
}
