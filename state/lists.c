/* The smaller tables: capabilities, temporary tables, lag, DDL intents, stored events, settings. */
#include <stdlib.h>

#include "base/memory.h"
#include "state/internal.h"

#define LAG_SECONDS_KEPT 3600
#define LAG_MINUTES_KEPT (7 * 24 * 60)

/* ---- capabilities ---- */

int state_save_capabilities(
	struct state *state, const struct state_capability *list, size_t count, struct error *error)
{
	static const char sql[] =
		"insert into capability (ordinal, name, value, consequence, severity, probed_at_us) "
		"values (?, ?, ?, ?, ?, ?)";
	static const char what[] = "saving the target's capabilities";
	int64_t now = state_now_us();

	if (state_begin(state, what, STATE_WAIT_JOURNAL_MS, error) != 0)
		return -1;
	if (state_exec(state, "delete from capability", what, error) != 0)
		return state_abort(state);
	for (size_t i = 0; i < count; i++) {
		sqlite3_stmt *statement = state_prepare(state, sql, error);

		if (!statement)
			return state_abort(state);
		state_bind_u64(statement, 1, i + 1);
		state_bind_text(statement, 2, list[i].name);
		state_bind_text(statement, 3, list[i].value);
		state_bind_text(statement, 4, list[i].consequence);
		state_bind_text(statement, 5, list[i].severity);
		sqlite3_bind_int64(statement, 6, now);
		if (state_run(state, statement, what, error) != 0)
			return state_abort(state);
	}
	return state_end(state, what, error);
}

/* ---- temporary tables ---- */

int state_set_temp_tables(
	struct state *state, const struct state_temp_table *list, size_t count, struct error *error)
{
	static const char sql[] = "insert into temp_table (thread_id, database, name, target_database, "
				  "target_name, gtid, file, "
				  "position, created_at_us) values (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	static const char what[] = "saving the list of temporary tables";

	if (state_begin(state, what, STATE_WAIT_JOURNAL_MS, error) != 0)
		return -1;
	if (state_exec(state, "delete from temp_table", what, error) != 0)
		return state_abort(state);
	for (size_t i = 0; i < count; i++) {
		sqlite3_stmt *statement = state_prepare(state, sql, error);

		if (!statement)
			return state_abort(state);
		state_bind_u64(statement, 1, list[i].thread_id);
		state_bind_text(statement, 2, list[i].database);
		state_bind_text(statement, 3, list[i].name ? list[i].name : "");
		state_bind_text(statement, 4, list[i].target_database);
		state_bind_text(statement, 5, list[i].target_name);
		state_bind_text(statement, 6, list[i].created.gtid);
		state_bind_text(statement, 7, list[i].created.file);
		state_bind_u64(statement, 8, list[i].created.position);
		state_bind_time(statement, 9, list[i].created_at_us);
		if (state_run(state, statement, what, error) != 0)
			return state_abort(state);
	}
	return state_end(state, what, error);
}

/* ---- lag ---- */

static int purge_lag(struct state *state, int64_t second, struct error *error)
{
	static const char seconds_sql[] = "delete from lag_second where second < ?";
	static const char minutes_sql[] = "delete from lag_minute where minute < ?";
	sqlite3_stmt *statement = state_prepare(state, seconds_sql, error);

	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, second - LAG_SECONDS_KEPT);
	if (state_run(state, statement, "purging the history of the lag", error) != 0)
		return -1;
	statement = state_prepare(state, minutes_sql, error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, second - LAG_MINUTES_KEPT * 60);
	return state_run(state, statement, "purging the history of the lag", error);
}

int state_record_lag(struct state *state, const struct state_lag *lag, struct error *error)
{
	/* the totals are bound first, so that both statements share their numbers */
	static const char second_sql[] =
		"insert or replace into lag_second (transactions, rows, bytes_read, second, lag_seconds) "
		"values (?1, ?2, ?3, ?4, ?5)";
	static const char minute_sql[] =
		"insert into lag_minute (transactions, rows, bytes_read, minute, samples, lag_sum, "
		"lag_maximum) "
		"values (?1, ?2, ?3, ?4, ?5 is not null, coalesce(?5, 0), ?5) "
		"on conflict (minute) do update set transactions = excluded.transactions, rows = "
		"excluded.rows, "
		"bytes_read = excluded.bytes_read, samples = samples + excluded.samples, "
		"lag_sum = lag_sum + excluded.lag_sum, "
		"lag_maximum = max(coalesce(lag_maximum, excluded.lag_maximum), "
		"coalesce(excluded.lag_maximum, lag_maximum))";
	static const char what[] = "saving the lag";
	int64_t second = (lag->at_us ? lag->at_us : state_now_us()) / 1000000;

	if (state_begin(state, what, STATE_WAIT_STATUS_MS, error) != 0)
		return -1;
	for (unsigned i = 0; i < 2; i++) {
		sqlite3_stmt *statement = state_prepare(state, i ? minute_sql : second_sql, error);

		if (!statement)
			return state_abort(state);
		state_bind_u64(statement, 1, lag->transactions);
		state_bind_u64(statement, 2, lag->rows);
		state_bind_u64(statement, 3, lag->bytes_read);
		sqlite3_bind_int64(statement, 4, i ? second - second % 60 : second);
		if (lag->known)
			sqlite3_bind_double(statement, 5, lag->lag_seconds);
		if (state_run(state, statement, what, error) != 0)
			return state_abort(state);
	}
	if (second / 60 != state->last_purge_minute) {
		if (purge_lag(state, second, error) != 0)
			return state_abort(state);
		state->last_purge_minute = second / 60;
	}
	return state_end(state, what, error);
}

/* ---- DDL intents ---- */

int state_save_ddl_intent(struct state *state, const struct state_ddl_intent *intent, struct error *error)
{
	static const char sql[] =
		"insert into ddl_intent (at_us, channel, place, gtid, file, position, item, database, "
		"statement, "
		"statement_bytes, fingerprint, outcome) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		"on conflict (channel, place, item) do update set outcome = excluded.outcome, at_us = "
		"excluded.at_us, "
		"fingerprint = coalesce(excluded.fingerprint, fingerprint)";
	static const char trim_sql[] =
		"delete from ddl_intent where id <= (select max(id) from ddl_intent) - ?";
	static const char what[] = "saving the intent of a DDL statement";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_JOURNAL_MS, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	if (!statement)
		return state_abort(state);
	sqlite3_bind_int64(statement, 1, state_now_us());
	state_bind_text(statement, 2, state->channel);
	state_bind_place(statement, 3, &intent->place);
	state_bind_text(statement, 8, intent->database);
	state_bind_bytes(statement, 9, intent->statement, intent->statement_length, state->text_bytes);
	if (intent->statement)
		state_bind_u64(statement, 10, intent->statement_length);
	state_bind_text(statement, 11, intent->fingerprint);
	state_bind_text(statement, 12, intent->outcome);
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	statement = state_prepare(state, trim_sql, error);
	if (!statement)
		return state_abort(state);
	state_bind_u64(statement, 1, state->journal_rows);
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	return state_end(state, what, error);
}

/* ---- stored events ---- */

int state_save_event(struct state *state, const struct state_event *event, struct error *error)
{
	static const char save_sql[] = "insert or replace into stored_event (database, name, wished, "
				       "definer, at_us) values (?, ?, ?, ?, ?)";
	static const char remove_sql[] = "delete from stored_event where database = ?1 and (?2 is null or name = ?2)";
	static const char what[] = "saving the wished state of an event";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_RECORD_MS, error) != 0)
		return -1;
	statement = state_prepare(state, event->wished ? save_sql : remove_sql, error);
	if (!statement)
		return state_abort(state);
	state_bind_text(statement, 1, event->database ? event->database : "");
	state_bind_text(statement, 2, event->name);
	if (event->wished) {
		state_bind_text(statement, 3, event->wished);
		state_bind_text(statement, 4, event->definer);
		sqlite3_bind_int64(statement, 5, state_now_us());
	}
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	return state_end(state, what, error);
}

int state_rename_event(struct state *state, const struct state_event *event, const char *database, const char *name,
	struct error *error)
{
	static const char sql[] = "update or replace stored_event set database = ?, name = ? where database = ? and name = ?";
	static const char what[] = "saving the new name of an event";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_RECORD_MS, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	if (!statement)
		return state_abort(state);
	state_bind_text(statement, 1, database);
	state_bind_text(statement, 2, name);
	state_bind_text(statement, 3, event->database);
	state_bind_text(statement, 4, event->name);
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	return state_end(state, what, error);
}

/* The whole list is read before the first call, so that the callback may change it. */
static int read_events(struct state *state, struct arena *arena, struct state_event **list, size_t *count,
	struct error *error)
{
	static const char sql[] =
		"select database, name, wished, definer from stored_event order by database, name";
	size_t capacity = 0;
	sqlite3_stmt *statement;
	int row;

	if (state_begin_read(state, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	while ((row = statement ? state_row(state, statement, "reading the events", error) : -1) > 0) {
		struct state_event *event;

		if (*count == capacity) {
			capacity = capacity ? capacity * 2 : 16;
			*list = memory_realloc(*list, capacity * sizeof(**list));
		}
		event = &(*list)[(*count)++];
		event->database = state_column_text(statement, 0, arena, NULL);
		event->name = state_column_text(statement, 1, arena, NULL);
		event->wished = state_column_text(statement, 2, arena, NULL);
		event->definer = state_column_text(statement, 3, arena, NULL);
	}
	state_end_read(state);
	return row;
}

int state_each_event(struct state *state,
	int (*each)(void *context, const struct state_event *event, struct error *error), void *context,
	struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct state_event *list = NULL;
	size_t count = 0;
	int result = read_events(state, &arena, &list, &count, error);

	for (size_t i = 0; result == 0 && i < count; i++)
		result = each(context, &list[i], error);
	free(list);
	arena_release(&arena);
	return result;
}

/* ---- settings ---- */

int state_get_setting(struct state *state, const char *name, char **value, struct error *error)
{
	static const char sql[] = "select value from setting where name = ?";
	sqlite3_stmt *statement;
	int row;

	*value = NULL;
	if (state_begin_read(state, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	if (statement)
		state_bind_text(statement, 1, name);
	row = statement ? state_row(state, statement, "reading a setting", error) : -1;
	if (row > 0) {
		const void *bytes = sqlite3_column_blob(statement, 0);

		*value = memory_strndup(bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, 0));
		sqlite3_reset(statement);
	}
	state_end_read(state);
	return row < 0 ? -1 : 0;
}

int state_set_setting(struct state *state, const char *name, const char *value, struct error *error)
{
	static const char save_sql[] = "insert or replace into setting (name, value) values (?, ?)";
	static const char remove_sql[] = "delete from setting where name = ?";
	static const char what[] = "saving a setting";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_RECORD_MS, error) != 0)
		return -1;
	statement = state_prepare(state, value ? save_sql : remove_sql, error);
	if (!statement)
		return state_abort(state);
	state_bind_text(statement, 1, name);
	if (value)
		state_bind_text(statement, 2, value);
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	return state_end(state, what, error);
}
