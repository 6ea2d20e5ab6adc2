#include "applier/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const struct {
	const char *name, *definition;
} tables[] = {
	{"checkpoint",
		"channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"worker SMALLINT UNSIGNED NOT NULL, "
		"epoch BIGINT UNSIGNED NOT NULL, "
		"sequence BIGINT UNSIGNED NOT NULL, "
		"source_file VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"source_offset BIGINT UNSIGNED NOT NULL, "
		"gtid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"gtid_set LONGTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"source_time BIGINT UNSIGNED NOT NULL COMMENT 'seconds since 1970', "
		"source_uuid VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"PRIMARY KEY (channel, worker)"},
	{"instance",
		"channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, "
		"epoch BIGINT UNSIGNED NOT NULL, "
		"host VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"pid BIGINT UNSIGNED NOT NULL, "
		"connections TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"heartbeat BIGINT UNSIGNED NOT NULL COMMENT 'seconds since 1970 by the clock of this server'"},
	{"intent",
		"channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"step INT UNSIGNED NOT NULL, "
		"epoch BIGINT UNSIGNED NOT NULL, "
		"gtid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"source_file VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"source_offset BIGINT UNSIGNED NOT NULL, "
		"statement LONGBLOB NOT NULL, "
		"objects LONGBLOB NOT NULL COMMENT 'what the statement names', "
		"fingerprint LONGBLOB NOT NULL COMMENT 'of the objects, before it ran', "
		"PRIMARY KEY (channel, step)"},
	{"applied",
		"channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"sequence BIGINT UNSIGNED NOT NULL, "
		"source_file VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"source_offset BIGINT UNSIGNED NOT NULL, "
		"gtid VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"PRIMARY KEY (channel, source_file, source_offset), KEY (channel, sequence)"},
	{"prepared",
		"channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"xid VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"part INT UNSIGNED NOT NULL, "
		"events LONGBLOB NOT NULL, "
		"PRIMARY KEY (channel, xid, part)"},
	{"temp_table",
		"channel VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"server_id BIGINT UNSIGNED NOT NULL, "
		"thread_id BIGINT UNSIGNED NOT NULL, "
		"real_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
		"source_database VARBINARY(256) NOT NULL, "
		"source_name VARBINARY(256) NOT NULL, "
		"PRIMARY KEY (channel, real_name)"},
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

void checkpoint_release(struct checkpoint *checkpoint)
{
	free(checkpoint->gtid_set);
	checkpoint->gtid_set = NULL;
}

int checkpoint_make_tables(struct target *target, const char *schema, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result;

	buffer_puts(&sql, "CREATE DATABASE IF NOT EXISTS ");
	sql_put_name(&sql, schema);
	result = target_execute(target, buffer_text(&sql), error);
	for (size_t i = 0; result == 0 && i < TABLES; i++) {
		buffer_clear(&sql);
		buffer_puts(&sql, "CREATE TABLE IF NOT EXISTS ");
		sql_put_name(&sql, schema);
		buffer_printf(&sql, ".%s (%s) ENGINE=InnoDB COMMENT='changeling'", tables[i].name, tables[i].definition);
		result = target_execute(target, buffer_text(&sql), error);
	}
	buffer_release(&sql);
	if (result < 0)
		error_context(error, "making the schema %s on the target", schema);
	return result;
}

int checkpoint_install(struct target *target, const char *schema, struct error *error)
{
	bool installed;

	if (checkpoint_installed(target, schema, &installed, error) < 0)
		return -1;
	return installed ? 0 : checkpoint_make_tables(target, schema, error);
}

struct question *checkpoint_ask_installed(struct questions *questions, const char *schema)
{
	struct question *question = questions_put(questions, "");
	struct buffer *sql = &question->text;

	buffer_puts(sql, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
	sql_put_string(sql, schema, strlen(schema));
	buffer_puts(sql, " AND TABLE_NAME IN (");
	for (size_t i = 0; i < TABLES; i++)
		buffer_printf(sql, "%s'%s'", i ? ", " : "", tables[i].name);
	buffer_puts(sql, ")");
	return question;
}

bool checkpoint_is_installed(const struct question *answered)
{
	return answered->rows.rows == 1 && strtoul(target_text(&answered->rows, 0, 0), NULL, 10) == TABLES;
}

int checkpoint_installed(struct target *target, const char *schema, bool *installed, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *question;
	int result;

	questions_init(&questions, &arena);
	question = checkpoint_ask_installed(&questions, schema);
	result = questions_ask(&questions, target, error);
	if (result == 0)
		*installed = checkpoint_is_installed(question);
	arena_release(&arena);
	return result;
}

static void put_table(struct buffer *sql, const char *schema, const char *table)
{
	sql_put_name(sql, schema);
	buffer_printf(sql, ".%s", table);
}

static void put_values(struct buffer *sql, const struct checkpoint *checkpoint, bool names)
{
	const char *gtid_set = checkpoint->gtid_set ? checkpoint->gtid_set : "";

#define NAME(text) (names ? text : "")
	buffer_printf(sql, "%s%llu, ", NAME("sequence = "), (unsigned long long)checkpoint->sequence);
	buffer_puts(sql, NAME("source_file = "));
	sql_put_string(sql, checkpoint->position.file, strlen(checkpoint->position.file));
	buffer_printf(sql, ", %s%llu, ", NAME("source_offset = "), (unsigned long long)checkpoint->position.offset);
	buffer_puts(sql, NAME("gtid = "));
	sql_put_string(sql, checkpoint->gtid, strlen(checkpoint->gtid));
	buffer_printf(sql, ", %s", NAME("gtid_set = "));
	sql_put_string(sql, gtid_set, strlen(gtid_set));
	buffer_printf(sql, ", %s%u, ", NAME("source_time = "), checkpoint->source_time);
	buffer_puts(sql, NAME("source_uuid = "));
	sql_put_string(sql, checkpoint->source_uuid, strlen(checkpoint->source_uuid));
#undef NAME
}

static void put_select(struct buffer *sql, const char *schema, const char *channel)
{
	buffer_puts(sql, "SELECT epoch, sequence, source_file, source_offset, gtid, gtid_set, source_time, source_uuid FROM ");
	put_table(sql, schema, "checkpoint");
	buffer_puts(sql, " WHERE channel = ");
	sql_put_string(sql, channel, strlen(channel));
	buffer_puts(sql, " ORDER BY sequence DESC, worker LIMIT 1");
}

/* False: there is none. */
static bool take_row(const struct target_rows *rows, struct checkpoint *checkpoint)
{
	if (rows->rows != 1)
		return false;
	checkpoint->epoch = strtoull(target_text(rows, 0, 0), NULL, 10);
	checkpoint->sequence = strtoull(target_text(rows, 0, 1), NULL, 10);
	snprintf(checkpoint->position.file, sizeof(checkpoint->position.file), "%s", target_text(rows, 0, 2));
	checkpoint->position.offset = strtoull(target_text(rows, 0, 3), NULL, 10);
	snprintf(checkpoint->gtid, sizeof(checkpoint->gtid), "%s", target_text(rows, 0, 4));
	checkpoint->gtid_set = memory_strdup(target_text(rows, 0, 5));
	checkpoint->source_time = (uint32_t)strtoull(target_text(rows, 0, 6), NULL, 10);
	snprintf(checkpoint->source_uuid, sizeof(checkpoint->source_uuid), "%s", target_text(rows, 0, 7));
	return true;
}

int checkpoint_read(struct target *target, const char *schema, const char *channel,
	struct checkpoint *checkpoint, bool *found, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	memset(checkpoint, 0, sizeof(*checkpoint));
	*found = false;
	put_select(&sql, schema, channel);
	result = target_query(target, sql.data, sql.length, &arena, &rows, error);
	if (result == 0) {
		*found = take_row(&rows, checkpoint);
	} else if (error->code == 1146 || error->code == 1049) { /* no such table or schema: no checkpoint */
		error_clear(error);
		result = 0;
	} else {
		error_context(error, "reading the checkpoint of channel %s", channel);
	}
	buffer_release(&sql);
	arena_release(&arena);
	return result;
}

static void put_insert_into(struct buffer *sql, const char *schema)
{
	buffer_puts(sql, "INSERT INTO ");
	put_table(sql, schema, "checkpoint");
	buffer_puts(sql, " (channel, worker, epoch, sequence, source_file, source_offset, gtid, gtid_set, source_time, "
			 "source_uuid) ");
}

static void put_first(struct buffer *sql, const char *schema, const char *channel, const struct checkpoint *checkpoint)
{
	put_insert_into(sql, schema);
	buffer_puts(sql, "VALUES (");
	sql_put_string(sql, channel, strlen(channel));
	buffer_printf(sql, ", 0, %llu, ", (unsigned long long)checkpoint->epoch);
	put_values(sql, checkpoint, false);
	buffer_putc(sql, ')');
}

int checkpoint_create(struct target *target, const char *schema, const char *channel,
	const struct checkpoint *checkpoint, struct error *error)
{
	static const char *const others[] = {"intent", "applied", "prepared"};
	struct checkpoint written = *checkpoint, former;
	struct target_outcome outcomes[7];
	struct buffer sql = BUFFER_INIT;
	size_t failed;
	bool found;
	int result;

	if (checkpoint_install(target, schema, error) < 0 ||
		checkpoint_read(target, schema, channel, &former, &found, error) < 0)
		return -1;
	written.epoch = found ? former.epoch + 1 : 1;
	checkpoint_release(&former);
	written.sequence = 0;
	buffer_puts(&sql, TARGET_BEGIN "; DELETE FROM ");
	put_table(&sql, schema, "checkpoint");
	buffer_puts(&sql, " WHERE channel = ");
	sql_put_string(&sql, channel, strlen(channel));
	for (size_t i = 0; i < 3; i++) {
		buffer_puts(&sql, "; DELETE FROM ");
		put_table(&sql, schema, others[i]);
		buffer_puts(&sql, " WHERE channel = ");
		sql_put_string(&sql, channel, strlen(channel));
	}
	buffer_puts(&sql, "; ");
	put_first(&sql, schema, channel, &written);
	buffer_puts(&sql, "; COMMIT");
	result = target_flight(target, sql.data, sql.length, 7, outcomes, &failed, error);
	buffer_release(&sql);
	if (result < 0)
		error_context(error, "writing the start position of channel %s", channel);
	return result;
}

/* Rows for the workers that have none yet; nothing where the channel has no row at all. */
static void put_workers(struct buffer *sql, const char *schema, const char *channel, unsigned workers)
{
	put_insert_into(sql, schema);
	buffer_puts(sql, "SELECT ");
	sql_put_string(sql, channel, strlen(channel));
	buffer_puts(sql, ", number.worker, raised.epoch, 0, '', 0, '', '', 0, '' FROM (SELECT MAX(epoch) AS epoch FROM ");
	put_table(sql, schema, "checkpoint");
	buffer_puts(sql, " WHERE channel = ");
	sql_put_string(sql, channel, strlen(channel));
	buffer_puts(sql, ") AS raised JOIN (SELECT 0 AS worker");
	for (unsigned worker = 1; worker < workers; worker++)
		buffer_printf(sql, " UNION ALL SELECT %u", worker);
	buffer_puts(sql, ") AS number WHERE raised.epoch IS NOT NULL AND number.worker NOT IN (SELECT worker FROM ");
	put_table(sql, schema, "checkpoint");
	buffer_puts(sql, " WHERE channel = ");
	sql_put_string(sql, channel, strlen(channel));
	buffer_putc(sql, ')');
}

struct question *checkpoint_ask_take(struct questions *questions, const char *schema, const char *channel, unsigned workers)
{
	struct question *question = questions_add(questions, "taking channel %s", channel);
	struct buffer *sql = &question->text;

	/* The row lock of the UPDATE waits for a transaction of the former owner; what it commits until then is read
	 * behind it, in the same transaction. */
	buffer_puts(sql, TARGET_BEGIN "; UPDATE ");
	put_table(sql, schema, "checkpoint");
	buffer_puts(sql, " SET epoch = epoch + 1 WHERE channel = ");
	sql_put_string(sql, channel, strlen(channel));
	buffer_puts(sql, "; ");
	put_select(sql, schema, channel);
	buffer_puts(sql, "; ");
	put_workers(sql, schema, channel, workers);
	buffer_puts(sql, "; COMMIT");
	question->statements = 5;
	return question;
}

int checkpoint_taken(const struct question *answered, const char *channel, struct checkpoint *checkpoint, struct error *error)
{
	struct checkpoint taken = {0};

	if (!take_row(&answered->rows, &taken)) {
		error_set(error, ERROR_STOP, "the target has no start position for channel %s. Run change-master first.", channel);
		return error_context(error, "taking channel %s", channel);
	}
	*checkpoint = taken;
	return 0;
}

void checkpoint_put_update(struct buffer *out, const char *schema, const char *channel, unsigned worker,
	const struct checkpoint *checkpoint)
{
	buffer_puts(out, "UPDATE ");
	put_table(out, schema, "checkpoint");
	buffer_puts(out, " SET ");
	put_values(out, checkpoint, true);
	buffer_puts(out, " WHERE channel = ");
	sql_put_string(out, channel, strlen(channel));
	buffer_printf(out, " AND worker = %u AND epoch = %llu", worker, (unsigned long long)checkpoint->epoch);
}
