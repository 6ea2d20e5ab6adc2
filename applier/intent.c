#include "applier/intent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/fingerprint.h"
#include "base/fault.h"
#include "base/memory.h"

/* How the statement's work shows in its objects. */
enum mark {
	MARK_NAMES = 'n',     /* CREATE, DROP, ALTER …: the definitions tell */
	MARK_FILLED = 's',    /* CREATE TABLE … SELECT on a server where it is not atomic: the table is no sign of its rows */
	MARK_RENAMED = 'm',   /* tables change places and may look alike: what tells is which table has which name */
	MARK_EXCHANGED = 'x', /* moves rows without a trace in the definitions: but the table is another one afterwards */
	MARK_REPEAT = 'r',    /* may simply be run again */
	MARK_NOTHING = 'u',   /* does not show, and may not be repeated */
};

struct object_state {
	int kind; /* enum object_kind */
	char *database, *name;
	char before[FINGERPRINT_TEXT], now[FINGERPRINT_TEXT];
};

static int take_fingerprint(struct target *target, enum mark mark, const struct object_state *object,
	char fingerprint[FINGERPRINT_TEXT], struct error *error)
{
	if (mark == MARK_RENAMED || mark == MARK_EXCHANGED)
		return fingerprint_identity(target, object->database, object->name, fingerprint, error);
	return fingerprint_definition(target, object->kind, object->database, object->name, fingerprint, error);
}

/* One object a line: mark, kind, hexadecimal database and name, fingerprint. */
static void put_object(struct buffer *out, enum mark mark, const struct object_state *object)
{
	buffer_printf(out, "%c %d x", (char)mark, object->kind);
	buffer_put_hex(out, object->database, strlen(object->database));
	buffer_puts(out, " x");
	buffer_put_hex(out, object->name, strlen(object->name));
	buffer_printf(out, " %s\n", object->before);
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

static enum mark mark_of(const struct rewrite_plan *plan)
{
	bool whole = plan->step_count == 1; /* else the parts are told apart by their steps */

	if (plan->flags & PLAN_SHUFFLES)
		return MARK_NOTHING;
	if ((plan->flags & PLAN_ACCOUNTS) || plan->class == STATEMENT_TRUNCATE ||
		(whole && (plan->flags & PLAN_REPLACES)))
		return MARK_REPEAT;
	if (whole && (plan->flags & PLAN_FILLS))
		return MARK_FILLED;
	if (plan->flags & PLAN_EXCHANGES)
		return MARK_EXCHANGED;
	/* a step that renames one table of several leaves none of its old name, and fails when it is repeated */
	return plan->class == STATEMENT_RENAME_TABLE && whole ? MARK_RENAMED : MARK_NAMES;
}

/* Is the statement's work to be seen in this object? A trigger's is not in its table. */
static bool shows_in(const struct rewrite_plan *plan, const struct object *object)
{
	switch (object->role) {
	case ROLE_TARGET:
	case ROLE_NEW_NAME:
		return true;
	case ROLE_TABLE_OF:
		return plan->class == STATEMENT_CREATE_INDEX || plan->class == STATEMENT_DROP_INDEX;
	default:
		return false;
	}
}

static int describe_objects(struct target *target, const struct planned_statement *statement, struct buffer *out,
	struct error *error)
{
	enum mark mark = mark_of(&statement->plan);
	int result = 0;

	buffer_printf(out, "%c\n", (char)mark);
	for (size_t i = 0; i < statement->plan.object_count && result == 0; i++) {
		const struct object *object = &statement->plan.objects[i];
		struct object_state state = {.kind = object->kind};

		if (!object->name || !shows_in(&statement->plan, object))
			continue;
		state.database = memory_strdup(object->database ? object->database
			: statement->database			? statement->database
								: "");
		state.name = memory_strdup(object->name);
		result = take_fingerprint(target, mark, &state, state.before, error);
		if (result == 0)
			put_object(out, mark, &state);
		free(state.database);
		free(state.name);
	}
	return result;
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
	int result = fingerprint_session(target, schema, error);

	if (result == 0)
		result = describe_objects(target, statement, &objects, error);
	if (result < 0)
		goto out;
	/* the UPDATE changes nothing: it finds its row only while the epoch is ours */
	buffer_puts(&sql, TARGET_BEGIN "; UPDATE ");
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

/* ---- judging ---- */

/* "mark kind xDATABASE xNAME fingerprint"; false when it is no such line. */
static bool read_object(const char *line, struct object_state *object)
{
	size_t length = strlen(line) + 1;
	char *database = memory_zalloc(length), *name = memory_zalloc(length);
	int fields = sscanf(line, "%*c %d x%s x%s %64s", &object->kind, database, name, object->before);

	if (fields != 4) { /* no database: "x x…" */
		database[0] = '\0';
		fields = sscanf(line, "%*c %d x x%s %64s", &object->kind, name, object->before) == 3 ? 4 : 0;
	}
	if (fields == 4) {
		object->database = unhex(database);
		object->name = unhex(name);
	}
	free(database);
	free(name);
	return fields == 4;
}

static size_t first_of_that_name(const struct object_state *objects, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(objects[i].database, objects[at].database) == 0 && strcmp(objects[i].name, objects[at].name) == 0)
			return i;
	}
	return at;
}

/* RENAME TABLE: the objects come in pairs, old name and new name. Which table would have which name afterwards? */
static enum intent_verdict judge_renamed(const struct object_state *objects, size_t count)
{
	const char **after = memory_alloc((count + 1) * sizeof(*after));
	bool as_before = true, as_after = count % 2 == 0, again = false, unknown = false;

	for (size_t i = 0; i < count; i++)
		after[i] = objects[i].before;
	for (size_t i = 0; i + 1 < count; i += 2) {
		size_t from = first_of_that_name(objects, i), to = first_of_that_name(objects, i + 1);

		after[to] = after[from];
		after[from] = FINGERPRINT_ABSENT;
	}
	for (size_t i = 0; i < count; i++) {
		if (first_of_that_name(objects, i) != i) {
			again = true;
			continue;
		}
		unknown = unknown || strcmp(objects[i].before, FINGERPRINT_UNKNOWN) == 0;
		as_before = as_before && strcmp(objects[i].now, objects[i].before) == 0;
		as_after = as_after && strcmp(objects[i].now, after[i]) == 0;
	}
	free(after);
	if (again && unknown) /* names that change places: one table may stand for the other */
		return INTENT_UNDECIDED;
	return as_before ? INTENT_NOT_RUN : as_after ? INTENT_DONE : INTENT_UNDECIDED;
}

/* EXCHANGE PARTITION … WITH TABLE: the last object is that table, and afterwards what had been the partition. */
static enum intent_verdict judge_exchanged(const struct object_state *objects, size_t count)
{
	const struct object_state *table = count ? &objects[count - 1] : NULL;

	if (!table || strncmp(table->before, "id-", 3) != 0 || strncmp(table->now, "id-", 3) != 0)
		return INTENT_UNDECIDED;
	return strcmp(table->before, table->now) == 0 ? INTENT_NOT_RUN : INTENT_DONE;
}

static enum intent_verdict judge_defined(enum mark mark, const struct object_state *objects, size_t count)
{
	size_t changed = 0;
	bool made = false;

	for (size_t i = 0; i < count; i++) {
		bool same = strcmp(objects[i].before, objects[i].now) == 0;

		changed += !same;
		made = made || (!same && strcmp(objects[i].before, FINGERPRINT_ABSENT) == 0);
	}
	if (changed == 0)
		return INTENT_NOT_RUN;
	if (mark == MARK_FILLED && made)
		return INTENT_UNDECIDED; /* the table is there, its rows may not be */
	return changed == count ? INTENT_DONE : INTENT_PARTLY;
}

static enum intent_verdict judge(enum mark mark, const struct object_state *objects, size_t count)
{
	switch (mark) {
	case MARK_REPEAT:
		return INTENT_PARTLY;
	case MARK_RENAMED:
		return judge_renamed(objects, count);
	case MARK_EXCHANGED:
		return judge_exchanged(objects, count);
	case MARK_NAMES:
	case MARK_FILLED:
		return judge_defined(mark, objects, count);
	case MARK_NOTHING:
		break;
	}
	return INTENT_UNDECIDED;
}

/* What the lines of the fingerprint and the objects of now say together. */
static int read_verdict(struct target *target, char *lines, enum intent_verdict *verdict, struct error *error)
{
	struct object_state *objects = memory_zalloc((strlen(lines) / 8 + 1) * sizeof(*objects));
	enum mark mark = lines[0] ? (enum mark)lines[0] : MARK_NOTHING;
	size_t count = 0;
	char *save = NULL;
	int result = 0;

	strtok_r(lines, "\n", &save); /* the mark's own line */
	for (char *line = strtok_r(NULL, "\n", &save); line && result == 0; line = strtok_r(NULL, "\n", &save)) {
		if (!read_object(line, &objects[count])) {
			mark = MARK_NOTHING;
			continue;
		}
		result = take_fingerprint(target, mark, &objects[count], objects[count].now, error);
		count++;
	}
	if (result == 0)
		*verdict = judge(mark, objects, count);
	for (size_t i = 0; i < count; i++) {
		free(objects[i].database);
		free(objects[i].name);
	}
	free(objects);
	return result;
}

const char *intent_verdict_name(enum intent_verdict verdict)
{
	switch (verdict) {
	case INTENT_NONE:
		return "none";
	case INTENT_NOT_RUN:
		return "has not run";
	case INTENT_PARTLY:
		return "may have run in part, and is repeated";
	case INTENT_DONE:
		return "has run";
	case INTENT_UNDECIDED:
		return "the target does not tell";
	}
	return "unknown";
}

#define FINDING_OUT "finding out whether the last statement has run"

struct question *intent_ask(struct questions *questions, const char *schema, const char *channel)
{
	struct question *question = questions_add(questions, FINDING_OUT);

	buffer_puts(&question->text, "SELECT step, gtid, source_file, source_offset, statement, fingerprint FROM ");
	put_where(&question->text, schema, "intent", channel);
	buffer_puts(&question->text, " ORDER BY step DESC LIMIT 1");
	return question;
}

int intent_judge(const struct question *answered, struct target *target, const char *schema, struct intent *intent,
	struct error *error)
{
	const struct target_rows *rows = &answered->rows;

	memset(intent, 0, sizeof(*intent));
	if (rows->rows != 1)
		return 0;
	intent->step = (unsigned)strtoul(target_text(rows, 0, 0), NULL, 10);
	snprintf(intent->gtid, sizeof(intent->gtid), "%s", target_text(rows, 0, 1));
	snprintf(intent->begin.file, sizeof(intent->begin.file), "%s", target_text(rows, 0, 2));
	intent->begin.offset = strtoull(target_text(rows, 0, 3), NULL, 10);
	intent->statement = memory_strdup(target_text(rows, 0, 4));
	if (fingerprint_session(target, schema, error) < 0 ||
		read_verdict(target, (char *)target_text(rows, 0, 5), &intent->verdict, error) < 0)
		return error_context(error, FINDING_OUT);
	return 0;
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
