/* One statement through the rules. */
#include "applier/sql/rewrite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/account.h"
#include "applier/sql/charset.h"
#include "applier/sql/mask.h"
#include "applier/sql/mode.h"
#include "applier/sql/rule.h"
#include "applier/sql/rule_temporary.h"

#define DEFAULT_SCHEMA "changeling"
/* of a masked text: enough to recognise a statement, and a bound for the journal */
#define JOURNAL_TEXT_MAXIMUM ((size_t)64 << 10)

static const struct rewrite_settings default_settings = {0};

static const char *const policy_names[] = {"default", "run", "rewrite", "skip", "stop"};

const char *policy_name(enum policy policy)
{
	return policy_names[policy];
}

/* Arrays of the plan live in the arena; a larger one leaves the old behind. */
#define GROW(r, list, count, room)                                                                           \
	do {                                                                                                 \
		if ((count) == (room)) {                                                                     \
			void *larger_;                                                                       \
			(room) = (room) ? (room)*2 : 4;                                                      \
			larger_ = arena_zalloc((r)->arena, (room) * sizeof(*(list)));                        \
			if (count)                                                                           \
				memcpy(larger_, (list), (count) * sizeof(*(list)));                          \
			(list) = larger_;                                                                    \
		}                                                                                            \
	} while (0)

struct plan_step *rule_step(struct rewriting *r, enum step_when when, const char *sql, size_t length)
{
	static const uint16_t none[] = {0};
	struct plan_step *step;

	GROW(r, r->plan->steps, r->plan->step_count, r->step_room);
	step = &r->plan->steps[r->plan->step_count++];
	*step = (struct plan_step){
		.when = when, .work = WORK_SQL, .sql = sql, .length = length, .redo = none};
	return step;
}

struct plan_effect *rule_effect(
	struct rewriting *r, enum effect_kind kind, const char *database, const char *name)
{
	struct plan_effect *effect;

	GROW(r, r->plan->effects, r->plan->effect_count, r->effect_room);
	effect = &r->plan->effects[r->plan->effect_count++];
	*effect = (struct plan_effect){.kind = kind, .database = database, .name = name};
	return effect;
}

void rule_setting(struct rewriting *r, const char *name, const char *literal)
{
	GROW(r, r->plan->settings, r->plan->setting_count, r->setting_room);
	r->plan->settings[r->plan->setting_count++] = (struct session_setting){name, literal};
}

void rule_sql_mode(struct rewriting *r, uint64_t without, uint64_t with)
{
	uint64_t mode = mode_translate(r->input->sql_mode, r->input->source, r->target->server);
	struct buffer names = BUFFER_INIT;

	mode_print((mode & ~(MODE_NO_DIR_IN_CREATE | without)) | with, r->target->server, &names);
	rule_setting(r, "sql_mode", rule_printf(r, "'%s'", buffer_text(&names)));
	buffer_release(&names);
}

static const char *vprint(struct rewriting *r, const char *format, va_list arguments)
{
	char *text = NULL;
	const char *copy;
	int length = vasprintf(&text, format, arguments);

	if (length < 0)
		abort(); /* out of memory */
	copy = arena_strndup(r->arena, text, (size_t)length);
	free(text);
	return copy;
}

const char *rule_printf(struct rewriting *r, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = vprint(r, format, arguments);
	va_end(arguments);
	return text;
}

static void add_note(struct rewriting *r, enum policy done, const char *reason)
{
	struct plan_note *note;

	/* one line for one thing, however often it occurs in the statement */
	for (size_t i = 0; i < r->plan->note_count; i++)
		if (r->plan->notes[i].rule == r->rule && strcmp(r->plan->notes[i].reason, reason) == 0)
			return;
	GROW(r, r->plan->notes, r->plan->note_count, r->note_room);
	note = &r->plan->notes[r->plan->note_count++];
	*note = (struct plan_note){r->rule, rule_at(r->rule)->about.name, done, reason};
}

static void decide(struct rewriting *r, enum policy policy, const char *reason)
{
	add_note(r, policy, reason);
	if (policy != POLICY_SKIP && policy != POLICY_STOP)
		return;
	r->decided = true;
	r->plan->action = policy == POLICY_SKIP ? PLAN_SKIP : PLAN_STOP;
	if (policy == POLICY_STOP)
		r->plan->stop_text = reason;
}

enum policy rule_policy(const struct rewriting *r)
{
	const struct rule *rule = rule_at(r->rule);
	enum policy policy = (enum policy)r->settings->policies[r->rule];

	if (policy == POLICY_DEFAULT || !(rule->about.allowed & ALLOW(policy)))
		policy = rule->about.standard;
	return policy;
}

enum policy rule_fires(struct rewriting *r, const char *reason, ...)
{
	enum policy policy = rule_policy(r);
	va_list arguments;

	va_start(arguments, reason);
	decide(r, policy, vprint(r, reason, arguments));
	va_end(arguments);
	return policy;
}

void rule_stops(struct rewriting *r, const char *reason, ...)
{
	bool skips = r->settings->policies[r->rule] == POLICY_SKIP;
	va_list arguments;

	va_start(arguments, reason);
	decide(r, skips ? POLICY_SKIP : POLICY_STOP, vprint(r, reason, arguments));
	va_end(arguments);
}

void rule_skips(struct rewriting *r, const char *reason, ...)
{
	va_list arguments;

	va_start(arguments, reason);
	decide(r, POLICY_SKIP, vprint(r, reason, arguments));
	va_end(arguments);
}

void rule_notes(struct rewriting *r, const char *reason, ...)
{
	va_list arguments;

	va_start(arguments, reason);
	add_note(r, POLICY_RUN, vprint(r, reason, arguments));
	va_end(arguments);
}

void rule_remove(struct rewriting *r, size_t first, size_t last)
{
	edit_tokens(&r->edits, r->arena, &r->tokens, first, last, NULL);
}

void rule_replace(struct rewriting *r, size_t first, size_t last, const char *text)
{
	edit_tokens(&r->edits, r->arena, &r->tokens, first, last, text);
}

void rule_insert_before(struct rewriting *r, size_t token, const char *text)
{
	edit_insert(&r->edits, r->arena,
		token < r->tokens.count ? r->tokens.items[token].start : r->tokens.length, text);
}

void rule_insert_after(struct rewriting *r, size_t token, const char *text)
{
	const struct token *t = token_at(&r->tokens, token);

	edit_insert(&r->edits, r->arena, (size_t)t->start + t->length, text);
}

const char *rule_text(struct rewriting *r, size_t first, size_t end, size_t *length)
{
	struct buffer text = BUFFER_INIT;
	size_t start, stop;
	const char *copy;

	r->sliced = true;
	start = first < r->tokens.count ? r->tokens.items[first].start : r->tokens.length;
	stop = end < r->tokens.count ? r->tokens.items[end].start : r->tokens.length;
	if (first == 0)
		start = 0;
	edits_render(&r->edits, r->tokens.text, start, stop, &text);
	while (end < r->tokens.count && text.length && strchr(" \t\r\n", text.data[text.length - 1]))
		text.length--;
	copy = arena_strndup(r->arena, text.data ? text.data : "", text.length);
	if (length)
		*length = text.length;
	buffer_release(&text);
	return copy;
}

const char *rule_value(struct rewriting *r, size_t token)
{
	struct buffer value = BUFFER_INIT;
	const char *copy;

	token_value(&r->tokens, token, &value);
	copy = arena_strndup(r->arena, buffer_text(&value), value.length);
	buffer_release(&value);
	return copy;
}

const char *rule_utf8(struct rewriting *r, const char *name)
{
	struct buffer converted = BUFFER_INIT;
	size_t plain = 0;

	if (!name)
		return NULL;
	while (name[plain] && !((unsigned char)name[plain] & 0x80))
		plain++;
	if (!name[plain])
		return name;
	if (charset_to_utf8(r->input->client_charset, name, strlen(name), &converted))
		name = arena_strdup(r->arena, buffer_text(&converted));
	buffer_release(&converted);
	return name;
}

const char *rule_database(struct rewriting *r, const struct object *object)
{
	if (object->database)
		return rule_utf8(r, object->database);
	return r->input->database ? r->input->database : "";
}

/* How the statement's work shows on a target where it was cut short. */
static unsigned trace_flags(const struct rewriting *r)
{
	enum statement_class class = r->statement.class;
	unsigned flags = 0;

	if (r->statement.flags & STATEMENT_OR_REPLACE)
		flags |= PLAN_REPLACES;
	if (class == STATEMENT_CREATE_TABLE && (r->statement.flags & STATEMENT_HAS_SELECT) &&
		!r->target->atomic_create_select)
		flags |= PLAN_FILLS;
	if (class != STATEMENT_ALTER_TABLE && class != STATEMENT_RENAME_USER)
		return flags;
	for (size_t i = r->statement.body; i + 1 < r->tokens.count; i++) {
		if (class == STATEMENT_ALTER_TABLE && rule_is(r, i, KW_EXCHANGE) && rule_is(r, i + 1, KW_PARTITION))
			flags |= PLAN_EXCHANGES;
		if (class == STATEMENT_RENAME_USER && rule_is(r, i, ','))
			flags |= PLAN_SHUFFLES;
	}
	return flags;
}

static unsigned plan_flags(const struct rewriting *r)
{
	enum statement_class class = r->statement.class;
	unsigned flags = 0;

	if (class >= STATEMENT_BEGIN && class <= STATEMENT_XA_ROLLBACK)
		flags |= PLAN_TRANSACTION;
	else if (statement_commits(class))
		flags |= PLAN_COMMITS;
	if ((class >= STATEMENT_CREATE_TABLE && class <= STATEMENT_DROP_LIBRARY) ||
		class == STATEMENT_TRUNCATE)
		flags |= PLAN_DDL;
	if (class >= STATEMENT_CREATE_USER && class <= STATEMENT_SET_ROLE)
		flags |= PLAN_ACCOUNTS;
	if (class == STATEMENT_SELECT || class == STATEMENT_CALL || class == STATEMENT_DO)
		flags |= PLAN_READS;
	if (r->input->error_code)
		flags |= PLAN_FAILED_ON_SOURCE;
	return flags | trace_flags(r);
}

/* The statement as one step, edited or byte for byte. */
static void build_step(struct rewriting *r)
{
	struct plan_step *step;
	struct buffer text = BUFFER_INIT;

	if (r->edits.count == 0) {
		r->plan->action = r->plan->setting_count || r->plan->step_count ? PLAN_REWRITE : PLAN_RUN;
		step = rule_step(r, STEP_MAIN, r->input->text, r->input->length);
	} else {
		edits_render(&r->edits, r->input->text, 0, r->input->length, &text);
		step = rule_step(
			r, STEP_MAIN, arena_strndup(r->arena, buffer_text(&text), text.length), text.length);
		r->plan->action = PLAN_REWRITE;
		buffer_release(&text);
	}
	step->redo = statement_redo_errors(r->statement.class);
	step->tolerated = r->tolerated;
	step->commits = (r->plan->flags & PLAN_COMMITS) != 0;
	step->returns_rows =
		r->returns_rows || (r->plan->flags & PLAN_READS) != 0 ||
		(r->statement.class >= STATEMENT_ANALYZE && r->statement.class <= STATEMENT_CHECK_TABLE);
}

static const char *masked(struct rewriting *r, const char *text, size_t length)
{
	struct buffer out = BUFFER_INIT;
	const char *copy;
	size_t keep;

	sql_mask_secrets(text, length, &r->tokens.options, &out);
	keep = out.length < JOURNAL_TEXT_MAXIMUM ? out.length : JOURNAL_TEXT_MAXIMUM;
	copy = arena_strndup(r->arena, buffer_text(&out), keep);
	buffer_release(&out);
	return copy;
}

static void write_journal(struct rewriting *r)
{
	struct rewrite_plan *plan = r->plan;
	struct buffer sent = BUFFER_INIT;

	plan->masked_original = masked(r, r->input->text, r->input->length);
	for (size_t i = 0; i < plan->step_count && plan->action != PLAN_SKIP && plan->action != PLAN_STOP;
		i++) {
		const struct plan_step *step = &plan->steps[i];

		if (i)
			buffer_puts(&sent, ";\n");
		if (step->work == WORK_COPY_TABLE) {
			buffer_printf(&sent, "INSERT INTO %s (…) SELECT … FROM %s", step->to_table,
				step->from_table);
			continue;
		}
		buffer_puts(&sent, masked(r, step->sql, step->length));
		if (step->work == WORK_INSERT_NAMED)
			buffer_printf(&sent, " (…) %s", masked(r, step->more, step->more_length));
	}
	plan->masked_sent = arena_strdup(r->arena, buffer_text(&sent));
	buffer_release(&sent);
}

/* "It stopped at …: why. Choices: …" */
static void write_stop(struct rewriting *r)
{
	const struct rule *rule = rule_at(r->plan->notes[r->plan->note_count - 1].rule);
	struct buffer text = BUFFER_INIT, statement = BUFFER_INIT;

	buffer_put_printable(&statement, r->plan->masked_original, strlen(r->plan->masked_original), 300);
	buffer_printf(&text, "The statement \"%s\" (%s) cannot be replayed on the target: %s",
		buffer_text(&statement), statement_class_name(r->statement.class), r->plan->stop_text);
	buffer_puts(&text,
		" Choices: `changeling skip` leaves it out and records it; `changeling replace` runs a "
		"statement of "
		"yours in its place; `changeling retry` tries again once the target has been changed");
	buffer_printf(&text, "; or set a policy for all such statements: rule.%s=", rule->about.name);
	for (unsigned p = POLICY_RUN, first = 1; p <= POLICY_STOP; p++)
		if (rule->about.allowed & ALLOW(p)) {
			buffer_printf(&text, "%s%s", first ? "" : "|", policy_name((enum policy)p));
			first = 0;
		}
	buffer_putc(&text, '.');
	r->plan->stop_text = arena_strdup(r->arena, buffer_text(&text));
	buffer_release(&text);
	buffer_release(&statement);
}

static void run_rules(struct rewriting *r)
{
	for (const uint8_t *number = rules_concerned(r->statement.class);
		*number != RULES_END && !r->decided && !r->as_it_is; number++) {
		r->rule = *number;
		rule_at(r->rule)->apply(r);
	}
}

static void drop_steps(struct rewriting *r)
{
	/* what was prepared before a later rule decided otherwise */
	r->plan->step_count = 0;
	r->plan->setting_count = 0;
}

/* What those who read the plan need to know of an object: they look it up on the target, in UTF-8. */
static void settle_object(struct rewriting *r, struct object *object)
{
	if (r->input->looks_for_code)
		object->real = temporary_find(r, object);
	object->database = rule_utf8(r, object->database);
	object->name = rule_utf8(r, object->name);
}

void rewrite_statement(const struct rewrite_input *input, const struct capabilities *target,
	struct arena *arena, struct rewrite_plan *plan)
{
	struct rewriting r = {.input = input, .target = target, .arena = arena, .plan = plan};
	struct lexer_options options = {.sql_mode = input->sql_mode,
		.charset = lexer_charset_of(input->client_charset),
		.source = input->source};

	*plan = (struct rewrite_plan){0};
	r.settings = input->settings ? input->settings : &default_settings;
	r.schema = r.settings->schema ? r.settings->schema : DEFAULT_SCHEMA;
	r.tokens = (struct token_list)TOKEN_LIST_INIT;
	token_list_read(&r.tokens, input->text, input->length, &options, true);
	classify(&r.tokens, arena, &r.statement);
	plan->class = r.statement.class;
	plan->flags |= plan_flags(&r);
	run_rules(&r);
	if (!r.decided && r.edits.clash) {
		r.rule = 0;
		rule_stops(&r, "Two rules want to change the same words of it in different ways.");
	}
	/* what is put together consists of C strings: a NUL would cut it short in silence */
	if (!r.decided && (r.built || r.sliced) && memchr(input->text, '\0', input->length)) {
		r.rule = 0;
		rule_stops(&r, "It holds a NUL byte, and would have to be taken apart.");
	}
	if (r.decided)
		drop_steps(&r);
	else if (!r.built)
		build_step(&r);
	for (size_t i = 0; i < r.statement.object_count; i++)
		settle_object(&r, &r.statement.objects[i]);
	plan->objects = r.statement.objects;
	plan->object_count = r.statement.object_count;
	if (plan->note_count)
		write_journal(&r);
	if (plan->action == PLAN_STOP)
		write_stop(&r);
	token_list_release(&r.tokens);
}

void rewrite_drop_real(const char *schema, const char *real, struct arena *arena, struct plan_step *step)
{
	static const uint16_t none[] = {0};
	struct buffer sql = BUFFER_INIT;

	buffer_puts(&sql, "DROP TABLE IF EXISTS ");
	identifier_put(schema ? schema : DEFAULT_SCHEMA, NULL, &sql);
	buffer_putc(&sql, '.');
	identifier_put(real, NULL, &sql);
	*step = (struct plan_step){.when = STEP_AFTER, .work = WORK_SQL, .commits = true, .redo = none};
	step->sql = arena_strdup(arena, buffer_text(&sql));
	step->length = sql.length;
	buffer_release(&sql);
}

void step_insert_named(
	const struct plan_step *step, const char *const *names, size_t count, struct buffer *out)
{
	buffer_append(out, step->sql, step->length);
	buffer_puts(out, " (");
	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_puts(out, ", ");
		identifier_put(names[i], NULL, out);
	}
	buffer_puts(out, ") ");
	buffer_append(out, step->more, step->more_length);
}

void step_create_table(const struct plan_step *step, const char *charset, const char *collation, struct buffer *out)
{
	buffer_append(out, step->sql, step->charset_at);
	if (charset && collation)
		buffer_printf(out, " DEFAULT CHARACTER SET %s COLLATE %s ", charset, collation);
	buffer_append(out, step->sql + step->charset_at, step->length - step->charset_at);
}

/* CONSTRAINT `old… becomes CONSTRAINT `new…, at the place of the text that `at` stands at. */
static bool constraint_renamed(const char **at, const char *old, const char *new, struct buffer *out)
{
	static const char word[] = "CONSTRAINT `";
	size_t length = sizeof(word) - 1;

	if (strncmp(*at, word, length) != 0 || strncmp(*at + length, old, strlen(old)) != 0)
		return false;
	buffer_puts(out, word);
	buffer_puts(out, new);
	*at += length + strlen(old);
	return true;
}

void step_create_twin(const struct plan_step *step, const char *schema, const char *shown, struct buffer *out)
{
	struct buffer named[2] = {BUFFER_INIT, BUFFER_INIT}, made[2] = {BUFFER_INIT, BUFFER_INIT};
	const char *tables[2] = {step->from_table, step->to_table};

	for (size_t i = 0; i < 2; i++) {
		temporary_check_prefix(tables[i], &named[i]);
		buffer_printf(&made[i], "%s_chk_", tables[i]); /* as the server names those without a name */
	}
	buffer_puts(out, "CREATE TABLE ");
	identifier_put(schema ? schema : DEFAULT_SCHEMA, NULL, out);
	buffer_putc(out, '.');
	identifier_put(step->to_table, NULL, out);
	buffer_putc(out, ' ');
	for (const char *at = shown + strcspn(shown, "("); *at;) {
		if (!constraint_renamed(&at, buffer_text(&named[0]), buffer_text(&named[1]), out) &&
			!constraint_renamed(&at, buffer_text(&made[0]), buffer_text(&made[1]), out))
			buffer_putc(out, *at++);
	}
	for (size_t i = 0; i < 2; i++) {
		buffer_release(&named[i]);
		buffer_release(&made[i]);
	}
}

/* What has become of the column; NULL when it is gone. */
static const char *renamed(const struct plan_step *step, const char *name)
{
	for (size_t i = 0; i < step->rename_count; i++)
		if (strcasecmp(step->renames[i].from, name) == 0)
			return step->renames[i].to;
	return name;
}

bool step_column_becomes(const struct plan_step *step, const char *from, const char *to)
{
	const char *name = renamed(step, from);

	return name && strcasecmp(name, to) == 0;
}

/* The column's value in the copy, or NULL. */
static const char *copied_from(const struct plan_step *step, const char *name, const char *const *from_names, size_t from_count)
{
	for (size_t i = 0; i < from_count; i++)
		if (step_column_becomes(step, from_names[i], name))
			return from_names[i];
	return NULL;
}

void step_copy_table(const struct plan_step *step, const char *schema, const char *const *from_names,
	size_t from_count, const char *const *to_names, const char *const *implicit, size_t to_count, struct buffer *out)
{
	struct buffer select = BUFFER_INIT;

	if (!schema)
		schema = DEFAULT_SCHEMA;
	buffer_puts(out, step->ignore ? "INSERT IGNORE INTO " : "INSERT INTO ");
	identifier_put(step->to_database ? step->to_database : schema, NULL, out);
	buffer_putc(out, '.');
	identifier_put(step->to_table, NULL, out);
	buffer_puts(out, " (");
	for (size_t i = 0; i < to_count; i++) {
		const char *from = copied_from(step, to_names[i], from_names, from_count);

		if (!from && !implicit[i])
			continue;
		buffer_puts(out, select.length ? ", " : "");
		buffer_puts(&select, select.length ? ", " : "");
		identifier_put(to_names[i], NULL, out);
		if (from)
			identifier_put(from, NULL, &select);
		else
			buffer_puts(&select, implicit[i]);
	}
	buffer_printf(out, ") SELECT %s FROM ", buffer_text(&select));
	identifier_put(step->from_database ? step->from_database : schema, NULL, out);
	buffer_putc(out, '.');
	identifier_put(step->from_table, NULL, out);
	buffer_release(&select);
}
