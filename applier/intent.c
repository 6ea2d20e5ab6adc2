#include "applier/intent.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "base/memory.h"

/* How the statement's work shows in its objects. */
enum mark {
	MARK_NAMES = 'n',     /* CREATE, DROP, RENAME, ALTER …: the definitions tell */
	MARK_SELECT = 's',    /* CREATE TABLE … SELECT on a server where it is not atomic */
	MARK_RENAME = 'm',    /* two tables may have changed places and look alike: their age tells them apart */
	MARK_EXCHANGE = 'x',  /* moves rows without a trace in the definitions */
	MARK_REPEAT = 'r',    /* may simply be run again */
};

struct object_state {
	int kind;            /* enum object_kind */
	char *database, *name;
	char fingerprint[65]; /* SHA-256 of its definition, or "absent" */
};

static void hash_text(const char *text, size_t length, char hash[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	EVP_Digest(text, length, digest, &size, EVP_sha256(), NULL);
	for (unsigned i = 0; i < size && i < 32; i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

static const char *show_statement(int kind)
{
	switch (kind) {
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_SEQUENCE:
		return "SHOW CREATE TABLE ";
	case OBJECT_DATABASE:
		return "SHOW CREATE DATABASE ";
	case OBJECT_PROCEDURE:
		return "SHOW CREATE PROCEDURE ";
	case OBJECT_FUNCTION:
		return "SHOW CREATE FUNCTION ";
	case OBJECT_TRIGGER:
		return "SHOW CREATE TRIGGER ";
	case OBJECT_EVENT:
		return "SHOW CREATE EVENT ";
	default:
		return NULL;
	}
}

static bool means_absent(unsigned code)
{
	switch (code) {
	case 1146: /* table */
	case 1049: /* database */
	case 1305: /* routine */
	case 1360: /* trigger */
	case 1539: /* event */
	case 1051:
	case 1347:
	case 1356: /* a view over what is gone: it is there, but has no text to show */
		return code != 1356;
	default:
		return false;
	}
}

/* When the table was made: goes with it when it is renamed. */
static int append_age(struct target *target, const struct object_state *object, struct buffer *text,
	struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	buffer_puts(&sql, "SELECT CREATE_TIME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ");
	sql_put_string(&sql, object->database, strlen(object->database));
	buffer_puts(&sql, " AND TABLE_NAME = ");
	sql_put_string(&sql, object->name, strlen(object->name));
	result = target_query(target, sql.data, sql.length, &arena, &rows, error);
	if (result == 0 && rows.rows == 1 && target_cell(&rows, 0, 0))
		buffer_puts(text, target_cell(&rows, 0, 0));
	buffer_release(&sql);
	arena_release(&arena);
	return result;
}

static int take_fingerprint(struct target *target, enum mark mark, struct object_state *object, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT, text = BUFFER_INIT;
	struct target_rows rows;
	const char *show = show_statement(object->kind);
	int result;

	strcpy(object->fingerprint, "absent");
	if (!show)
		return 0;
	buffer_puts(&sql, show);
	if (object->kind != OBJECT_DATABASE && object->database[0]) {
		sql_put_name(&sql, object->database);
		buffer_putc(&sql, '.');
	}
	sql_put_name(&sql, object->name);
	result = target_query(target, sql.data, sql.length, &arena, &rows, error);
	if (result == 0) {
		for (size_t i = 0; i < rows.columns && rows.rows; i++) {
			buffer_puts(&text, target_cell(&rows, 0, i) ? target_cell(&rows, 0, i) : "");
			buffer_putc(&text, '\n');
		}
		if (mark == MARK_RENAME)
			result = append_age(target, object, &text, error);
		hash_text(buffer_text(&text), text.length, object->fingerprint);
	} else if (means_absent(error->code)) {
		error_clear(error);
		result = 0;
	} else if (error->code == 1356) {
		error_clear(error);
		strcpy(object->fingerprint, "invalid");
		result = 0;
	}
	buffer_release(&sql);
	buffer_release(&text);
	arena_release(&arena);
	return result;
}

/* One object a line: mark, kind, hexadecimal database and name, fingerprint. */
static void put_object(struct buffer *out, enum mark mark, const struct object_state *object)
{
	buffer_printf(out, "%c %d x", (char)mark, object->kind);
	buffer_put_hex(out, object->database, strlen(object->database));
	buffer_puts(out, " x");
	buffer_put_hex(out, object->name, strlen(object->name));
	buffer_printf(out, " %s\n", object->fingerprint);
}

static char *unhex(const char *text)
{
	size_t length = strlen(text) / 2;
	char *bytes = memory_alloc(length + 1);

	for (size_t i = 0; i < length; i++) {
		unsigned byte = 0;

		sscanf(text + 2 * i, "%2x", &byte);
		bytes[i] = (char)byte;
	}
	bytes[length] = '\0';
	return bytes;
}

static enum mark mark_of(const struct planned_statement *statement)
{
	const char *text = statement->change->query.text;
	size_t length = statement->change->query.text_length;
	char *copy = memory_strndup(text, length < 65536 ? length : 65536);
	enum mark mark = MARK_NAMES;

	switch (statement->plan.class) {
	case STATEMENT_CREATE_TABLE:
		if (strcasestr(copy, "select"))
			mark = MARK_SELECT;
		break;
	case STATEMENT_ALTER_TABLE:
		if (strcasestr(copy, "exchange") && strcasestr(copy, "partition"))
			mark = MARK_EXCHANGE;
		break;
	case STATEMENT_RENAME_TABLE:
		mark = MARK_RENAME;
		break;
	case STATEMENT_TRUNCATE:
		mark = MARK_REPEAT;
		break;
	default:
		break;
	}
	if (statement->plan.flags & PLAN_ACCOUNTS)
		mark = MARK_REPEAT;
	free(copy);
	return mark;
}

static int describe_objects(struct target *target, const struct planned_statement *statement, struct buffer *out,
	struct error *error)
{
	enum mark mark = mark_of(statement);

	for (size_t i = 0; i < statement->plan.object_count; i++) {
		const struct object *object = &statement->plan.objects[i];
		struct object_state state = {.kind = object->kind};

		if (object->role != ROLE_TARGET && object->role != ROLE_NEW_NAME && object->role != ROLE_TABLE_OF)
			continue;
		if (!object->name)
			continue;
		state.database = memory_strdup(object->database ? object->database
			: statement->database			? statement->database
								: "");
		state.name = memory_strdup(object->name);
		if (take_fingerprint(target, mark, &state, error) == 0)
			put_object(out, mark, &state);
		free(state.database);
		free(state.name);
		if (error->kind != ERROR_NONE)
			return -1;
	}
	return 0;
}

static void put_where(struct buffer *sql, const char *schema, const char *table, const char *channel)
{
	sql_put_name(sql, schema);
	buffer_printf(sql, ".%s WHERE channel = ", table);
	sql_put_string(sql, channel, strlen(channel));
}

int intent_write(struct target *target, const char *schema, const char *channel, const struct checkpoint *checkpoint,
	const struct transaction *transaction, unsigned step, const struct planned_statement *statement,
	const struct plan_step *plan_step, struct error *error)
{
	struct buffer sql = BUFFER_INIT, objects = BUFFER_INIT;
	struct error failure = {0};
	struct target_outcome outcomes[4];
	char gtid[GTID_TEXT_MAXIMUM];
	size_t failed;
	int result = describe_objects(target, statement, &objects, &failure);

	if (result < 0) {
		*error = failure;
		goto out;
	}
	/* the UPDATE changes nothing: it finds its row only while the epoch is ours */
	buffer_puts(&sql, "BEGIN; UPDATE ");
	sql_put_name(&sql, schema);
	buffer_puts(&sql, ".checkpoint SET epoch = epoch WHERE channel = ");
	sql_put_string(&sql, channel, strlen(channel));
	buffer_printf(&sql, " AND worker = 0 AND epoch = %llu; REPLACE INTO ", (unsigned long long)checkpoint->epoch);
	sql_put_name(&sql, schema);
	buffer_puts(&sql, ".intent (channel, step, epoch, gtid, source_file, source_offset, statement, objects, "
			  "fingerprint) VALUES (");
	sql_put_string(&sql, channel, strlen(channel));
	buffer_printf(&sql, ", %u, %llu, ", step, (unsigned long long)checkpoint->epoch);
	gtid_text(&transaction->gtid, gtid);
	sql_put_string(&sql, gtid, strlen(gtid));
	buffer_puts(&sql, ", ");
	sql_put_string(&sql, transaction->begin.file, strlen(transaction->begin.file));
	buffer_printf(&sql, ", %llu, x'", (unsigned long long)transaction->begin.offset);
	/* accounts' statements may hold passwords: their text is not kept */
	if (!(statement->plan.flags & PLAN_ACCOUNTS))
		buffer_put_hex(&sql, plan_step->sql, plan_step->length < 65536 ? plan_step->length : 65536);
	buffer_puts(&sql, "', x'', x'");
	buffer_put_hex(&sql, buffer_text(&objects), objects.length);
	buffer_puts(&sql, "')");
	result = target_flight(target, sql.data, sql.length, 3, outcomes, &failed, error);
	if (result == 0 && outcomes[1].affected != 1)
		result = error_set(error, ERROR_FENCED, "another instance has taken over channel %s.", channel);
	if (result == 0 && FAULT_POINT("intent.before-commit"))
		result = error_set(error, ERROR_RETRY, "fault injected before the commit of an intent");
	if (result == 0)
		result = target_execute(target, "COMMIT", error);
	else
		target_execute(target, "ROLLBACK", &failure);
out:
	buffer_release(&sql);
	buffer_release(&objects);
	return result < 0 ? error_context(error, "noting what is about to run") : 0;
}

/* What the lines of the fingerprint and the objects of now say together. */
static int judge(struct target *target, char *lines, enum intent_verdict *verdict, struct error *error)
{
	size_t changed = 0, unchanged = 0;
	enum mark mark = MARK_REPEAT;
	bool created = false;
	char *save = NULL;

	for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char letter, before[65];
		struct object_state object = {0};
		char *database = memory_alloc(strlen(line) + 1), *name = memory_alloc(strlen(line) + 1);
		int fields = sscanf(line, "%c %d x%s x%s %64s", &letter, &object.kind, database, name, before);
		int result = 0;

		if (fields != 5) { /* an empty database: "x x…" */
			database[0] = '\0';
			fields = sscanf(line, "%c %d x x%s %64s", &letter, &object.kind, name, before) == 4 ? 5 : 0;
		}
		if (fields == 5) {
			mark = (enum mark)letter;
			object.database = unhex(database);
			object.name = unhex(name);
			result = take_fingerprint(target, mark, &object, error);
			if (result == 0 && strcmp(object.fingerprint, before) == 0)
				unchanged++;
			else
				changed++;
			created = created || (strcmp(before, "absent") == 0 && strcmp(object.fingerprint, "absent") != 0);
			free(object.database);
			free(object.name);
		}
		free(database);
		free(name);
		if (result < 0)
			return -1;
	}
	if (mark == MARK_REPEAT)
		*verdict = INTENT_PARTLY;
	else if (mark == MARK_EXCHANGE)
		*verdict = INTENT_UNDECIDED;
	else if (changed == 0)
		*verdict = INTENT_NOT_RUN;
	else if (mark == MARK_SELECT && created)
		*verdict = INTENT_UNDECIDED; /* the table is there, its rows may not be */
	else if (unchanged == 0)
		*verdict = INTENT_DONE;
	else
		*verdict = mark == MARK_RENAME ? INTENT_UNDECIDED : INTENT_PARTLY;
	return 0;
}

int intent_read(struct target *target, const char *schema, const char *channel, struct intent *intent,
	struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	memset(intent, 0, sizeof(*intent));
	buffer_puts(&sql, "SELECT step, source_file, source_offset, statement, fingerprint FROM ");
	put_where(&sql, schema, "intent", channel);
	buffer_puts(&sql, " ORDER BY step DESC LIMIT 1");
	result = target_query(target, sql.data, sql.length, &arena, &rows, error);
	if (result == 0 && rows.rows == 1) {
		intent->step = (unsigned)strtoul(target_cell(&rows, 0, 0), NULL, 10);
		snprintf(intent->begin.file, sizeof(intent->begin.file), "%s", target_cell(&rows, 0, 1));
		intent->begin.offset = strtoull(target_cell(&rows, 0, 2), NULL, 10);
		intent->statement = memory_strdup(target_cell(&rows, 0, 3));
		result = judge(target, (char *)target_cell(&rows, 0, 4), &intent->verdict, error);
	}
	buffer_release(&sql);
	arena_release(&arena);
	return result < 0 ? error_context(error, "finding out whether the last statement has run") : 0;
}

void intent_release(struct intent *intent)
{
	free(intent->statement);
	memset(intent, 0, sizeof(*intent));
}

void intent_put_delete(struct buffer *sql, const char *schema, const char *channel)
{
	buffer_puts(sql, "DELETE FROM ");
	put_where(sql, schema, "intent", channel);
}
