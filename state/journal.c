/* The journal: what was sent in other words, what was not applied, which rows did not fit. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "state/internal.h"

/* Old rows are looked for once in so many new ones. */
#define TRIM_EVERY 256
/* Open entries and conflicts are evidence: they outlive the others by this factor. */
#define EVIDENCE_FACTOR 10

struct state_pending {
	struct state_pending *next;
	size_t bytes;
	int64_t at_us;
	struct arena arena;
	struct state_rewrite rewrite;
};

/* The row that the last statement inserted, when it is time to trim; else 0. */
static sqlite3_int64 trim_due(struct state *state)
{
	sqlite3_int64 newest = sqlite3_last_insert_rowid(state->db);

	return sqlite3_changes(state->db) > 0 && newest % TRIM_EVERY == 0 ? newest : 0;
}

/* Deletes what is older than the newest `keep` rows. The SQL has that one parameter. */
static int trim(
	struct state *state, const char *sql, sqlite3_int64 newest, uint64_t keep, struct error *error)
{
	sqlite3_stmt *statement;

	if ((uint64_t)newest <= keep)
		return 0;
	statement = state_prepare(state, sql, error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, newest - (sqlite3_int64)keep);
	return state_run(state, statement, "trimming the journal", error);
}

/* ---- rewrites ---- */

static int insert_rewrite(
	struct state *state, const struct state_rewrite *rewrite, int64_t at_us, struct error *error)
{
	static const char sql[] =
		"insert into rewrite_journal (at_us, channel, place, gtid, file, position, item, rule, "
		"database, "
		"original, original_bytes, sent, sent_bytes, reason, count) "
		"values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing";
	static const char trim_sql[] = "delete from rewrite_journal where id <= ?";
	sqlite3_stmt *statement = state_prepare(state, sql, error);

	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, at_us);
	state_bind_text(statement, 2, state->channel);
	state_bind_place(statement, 3, &rewrite->place);
	state_bind_text(statement, 8, rewrite->rule ? rewrite->rule : "");
	state_bind_text(statement, 9, rewrite->database);
	state_bind_bytes(statement, 10, rewrite->original, rewrite->original_length, state->text_bytes);
	if (rewrite->original)
		state_bind_u64(statement, 11, rewrite->original_length);
	state_bind_bytes(statement, 12, rewrite->sent, rewrite->sent_length, state->text_bytes);
	if (rewrite->sent)
		state_bind_u64(statement, 13, rewrite->sent_length);
	state_bind_text(statement, 14, rewrite->reason);
	state_bind_u64(statement, 15, rewrite->count ? rewrite->count : 1);
	if (state_run(state, statement, "writing the journal", error) != 0)
		return -1;
	return trim(state, trim_sql, trim_due(state), state->journal_rows, error);
}

int state_write_backlog(struct state *state, struct error *error)
{
	for (const struct state_pending *entry = state->first; entry; entry = entry->next) {
		if (insert_rewrite(state, &entry->rewrite, entry->at_us, error) != 0)
			return -1;
	}
	return 0;
}

void state_drop_backlog(struct state *state)
{
	while (state->first) {
		struct state_pending *entry = state->first;

		state->first = entry->next;
		arena_release(&entry->arena);
		free(entry);
	}
	state->last = &state->first;
	state->pending_bytes = 0;
}

static const char *keep_text(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

/* A copy that outlives the caller's. Texts are cut later, as when written at once. */
static struct state_pending *pending_copy(const struct state *state, const struct state_rewrite *rewrite)
{
	struct state_pending *entry = memory_zalloc(sizeof(*entry));
	size_t keep = state->text_bytes + 4; /* enough for the cut to fall in the same place */

	entry->rewrite = *rewrite;
	entry->at_us = state_now_us();
	entry->rewrite.place.gtid = keep_text(&entry->arena, rewrite->place.gtid);
	entry->rewrite.place.file = keep_text(&entry->arena, rewrite->place.file);
	entry->rewrite.rule = keep_text(&entry->arena, rewrite->rule);
	entry->rewrite.database = keep_text(&entry->arena, rewrite->database);
	entry->rewrite.reason = keep_text(&entry->arena, rewrite->reason);
	if (rewrite->original)
		entry->rewrite.original = arena_strndup(&entry->arena, rewrite->original,
			rewrite->original_length < keep ? rewrite->original_length : keep);
	if (rewrite->sent)
		entry->rewrite.sent = arena_strndup(&entry->arena, rewrite->sent,
			rewrite->sent_length < keep ? rewrite->sent_length : keep);
	entry->bytes = sizeof(*entry) + entry->arena.bytes;
	return entry;
}

/* Keeps the entries in memory; false when there is no room for all of them. */
static bool keep_in_memory(struct state *state, const struct state_rewrite *rewrites, size_t count)
{
	struct state_pending *first = NULL, **last = &first;
	size_t bytes = 0;
	bool fits;

	for (size_t i = 0; i < count; i++) {
		*last = pending_copy(state, &rewrites[i]);
		bytes += (*last)->bytes;
		last = &(*last)->next;
	}
	pthread_mutex_lock(&state->mutex);
	fits = state->pending_bytes + bytes <= state->pending_maximum;
	if (fits && first) {
		*state->last = first;
		state->last = last;
		state->pending_bytes += bytes;
		first = NULL;
	}
	pthread_mutex_unlock(&state->mutex);
	while (first) {
		struct state_pending *entry = first;

		first = entry->next;
		arena_release(&entry->arena);
		free(entry);
	}
	return fits;
}

int state_journal_rewrites(
	struct state *state, const struct state_rewrite *rewrites, size_t count, struct error *error)
{
	static const char what[] = "writing the journal";
	struct error failure = {.kind = ERROR_NONE};
	bool waiting;

	/* whoever has the file locked keeps it: do not wait anew for each statement */
	pthread_mutex_lock(&state->mutex);
	waiting = state->first != NULL;
	pthread_mutex_unlock(&state->mutex);
	if (state_begin(state, what, waiting ? 0 : STATE_WAIT_JOURNAL_MS, &failure) != 0) {
		if (failure.kind == ERROR_RETRY && keep_in_memory(state, rewrites, count))
			return 0;
		*error = failure;
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (insert_rewrite(state, &rewrites[i], state_now_us(), error) != 0)
			return state_abort(state);
	}
	return state_end(state, what, error);
}

int state_journal_rewrite(struct state *state, const struct state_rewrite *rewrite, struct error *error)
{
	return state_journal_rewrites(state, rewrite, 1, error);
}

/* ---- skipped ---- */

static int trim_skipped(struct state *state, struct error *error)
{
	static const char resolved_sql[] =
		"delete from skipped_journal where id <= ? and resolution is not null";
	static const char all_sql[] = "delete from skipped_journal where id <= ?";
	sqlite3_int64 newest = trim_due(state);

	if (trim(state, resolved_sql, newest, state->journal_rows, error) != 0)
		return -1;
	return trim(state, all_sql, newest, state->journal_rows * EVIDENCE_FACTOR, error);
}

int state_record_skipped(struct state *state, const struct state_skipped *skipped, struct error *error)
{
	static const char sql[] =
		"insert into skipped_journal (at_us, channel, place, gtid, file, position, item, rule, "
		"database, "
		"statement, statement_bytes, context, reason, resolution, resolved_at_us) "
		"values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		"on conflict do nothing";
	static const char what[] = "recording what was skipped";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_RECORD_MS, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	if (!statement)
		return state_abort(state);
	sqlite3_bind_int64(statement, 1, skipped->at_us ? skipped->at_us : state_now_us());
	state_bind_text(statement, 2, state->channel);
	state_bind_place(statement, 3, &skipped->place);
	state_bind_text(statement, 8, skipped->rule ? skipped->rule : "");
	state_bind_text(statement, 9, skipped->database);
	/* whole: it may have to be run later */
	state_bind_bytes(statement, 10, skipped->statement, skipped->statement_length, SIZE_MAX);
	if (skipped->statement)
		state_bind_u64(statement, 11, skipped->statement_length);
	state_bind_text(statement, 12, skipped->context);
	state_bind_text(statement, 13, skipped->reason);
	state_bind_text(statement, 14, skipped->resolution);
	if (skipped->resolution)
		sqlite3_bind_int64(statement, 15, state_now_us());
	if (state_run(state, statement, what, error) != 0 || trim_skipped(state, error) != 0)
		return state_abort(state);
	return state_end(state, what, error);
}

static void read_skipped(sqlite3_stmt *statement, struct arena *arena, struct state_skipped *skipped)
{
	memset(skipped, 0, sizeof(*skipped));
	skipped->id = sqlite3_column_int64(statement, 0);
	skipped->at_us = sqlite3_column_int64(statement, 1);
	skipped->place.gtid = state_column_text(statement, 2, arena, NULL);
	skipped->place.file = state_column_text(statement, 3, arena, NULL);
	skipped->place.position = (uint64_t)sqlite3_column_int64(statement, 4);
	skipped->place.item = (uint64_t)sqlite3_column_int64(statement, 5);
	skipped->rule = state_column_text(statement, 6, arena, NULL);
	skipped->database = state_column_text(statement, 7, arena, NULL);
	skipped->statement = state_column_text(statement, 8, arena, &skipped->statement_length);
	skipped->context = state_column_text(statement, 9, arena, NULL);
	skipped->reason = state_column_text(statement, 10, arena, NULL);
	skipped->resolution = state_column_text(statement, 11, arena, NULL);
	skipped->resolved_at_us = sqlite3_column_int64(statement, 12);
}

int state_each_skipped(struct state *state, bool open_only,
	int (*each)(void *context, const struct state_skipped *skipped, struct error *error), void *context,
	struct error *error)
{
	static const char sql[] =
		"select id, at_us, gtid, file, position, item, rule, database, statement, context, reason, "
		"resolution, resolved_at_us from skipped_journal "
		"where id > ? and (? = 0 or resolution is null) order by id limit 1";
	int64_t after = 0;
	int result = 0;

	/* one at a time, and unlocked while called back: the callback may write */
	while (result == 0) {
		struct arena arena = ARENA_INIT;
		struct state_skipped skipped;
		sqlite3_stmt *statement;
		int row;

		if (state_begin_read(state, error) != 0)
			return -1;
		statement = state_prepare(state, sql, error);
		if (statement) {
			sqlite3_bind_int64(statement, 1, after);
			sqlite3_bind_int(statement, 2, open_only);
		}
		row = statement ? state_row(state, statement, "reading what was skipped", error) : -1;
		if (row > 0) {
			read_skipped(statement, &arena, &skipped);
			sqlite3_reset(statement);
			after = skipped.id;
		}
		state_end_read(state);
		if (row > 0)
			result = each(context, &skipped, error);
		arena_release(&arena);
		if (row <= 0)
			return row;
	}
	return result;
}

int state_resolve_skipped(struct state *state, int64_t id, const char *resolution, struct error *error)
{
	static const char sql[] =
		"update skipped_journal set resolution = ?, resolved_at_us = ? where id = ?";
	static const char what[] = "recording what became of a skipped statement";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_RECORD_MS, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	if (!statement)
		return state_abort(state);
	state_bind_text(statement, 1, resolution);
	if (resolution)
		sqlite3_bind_int64(statement, 2, state_now_us());
	sqlite3_bind_int64(statement, 3, id);
	if (state_run(state, statement, what, error) != 0)
		return state_abort(state);
	if (sqlite3_changes(state->db) == 0) {
		error_set(error, ERROR_USAGE, "there is no skipped entry number %lld in %s", (long long)id,
			state->path);
		return state_abort(state);
	}
	return state_end(state, what, error);
}

/* ---- quarantine ---- */

int state_record_quarantine(struct state *state, const struct state_quarantine *row, struct error *error)
{
	static const char sql[] =
		"insert into quarantine_journal (at_us, channel, place, gtid, file, position, item, "
		"database, "
		"table_name, conflict_key, change, before, before_bytes, after, after_bytes, reason, "
		"outcome) "
		"values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		"on conflict (channel, place, item) do update set at_us = excluded.at_us, reason = excluded.reason, "
		"outcome = excluded.outcome";
	static const char trim_sql[] = "delete from quarantine_journal where id <= ?";
	static const char what[] = "recording a conflict";
	sqlite3_stmt *statement;

	if (state_begin(state, what, STATE_WAIT_RECORD_MS, error) != 0)
		return -1;
	statement = state_prepare(state, sql, error);
	if (!statement)
		return state_abort(state);
	sqlite3_bind_int64(statement, 1, state_now_us());
	state_bind_text(statement, 2, state->channel);
	state_bind_place(statement, 3, &row->place);
	state_bind_text(statement, 8, row->database);
	state_bind_text(statement, 9, row->table);
	state_bind_text(statement, 10, row->key);
	state_bind_text(statement, 11, row->change);
	state_bind_bytes(statement, 12, row->before, row->before_length, SIZE_MAX);
	if (row->before)
		state_bind_u64(statement, 13, row->before_length);
	state_bind_bytes(statement, 14, row->after, row->after_length, SIZE_MAX);
	if (row->after)
		state_bind_u64(statement, 15, row->after_length);
	state_bind_text(statement, 16, row->reason);
	state_bind_text(statement, 17, row->outcome);
	if (state_run(state, statement, what, error) != 0 ||
		trim(state, trim_sql, trim_due(state), state->journal_rows * EVIDENCE_FACTOR, error) != 0)
		return state_abort(state);
	return state_end(state, what, error);
}
