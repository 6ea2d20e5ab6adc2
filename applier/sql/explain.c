#include "applier/sql/explain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/charset.h"
#include "applier/sql/keyword.h"
#include "applier/sql/mask.h"
#include "base/memory.h"

#define DELIMITER_MAXIMUM 16
#define SERVER_ID 1
#define THREAD_ID 1

struct temporary {
	char *database, *name, *real;
};

struct explanation {
	const struct explain_options *options;
	const struct capabilities *target;
	struct buffer *out;
	struct temporary *temps;
	size_t temp_count, temp_room;
	char *database;
	char delimiter[DELIMITER_MAXIMUM + 1];
	unsigned number;
	int stops;
};

/* ---- its temporary tables ---- */

static bool temps_any(void *context, uint32_t server_id, uint64_t thread_id)
{
	const struct explanation *e = context;

	(void)server_id;
	(void)thread_id;
	return e->temp_count > 0;
}

static struct temporary *temp_of(const struct explanation *e, const char *database, const char *name)
{
	for (size_t i = 0; i < e->temp_count; i++)
		if (strcmp(e->temps[i].database, database) == 0 && strcmp(e->temps[i].name, name) == 0)
			return &e->temps[i];
	return NULL;
}

static const char *temps_find(
	void *context, uint32_t server_id, uint64_t thread_id, const char *database, const char *name)
{
	struct temporary *temp = temp_of(context, database, name);

	(void)server_id;
	(void)thread_id;
	return temp ? temp->real : NULL;
}

static void replace_text(char **text, const char *with)
{
	free(*text);
	*text = memory_strdup(with);
}

static void drop_temp(struct explanation *e, struct temporary *temp)
{
	free(temp->database);
	free(temp->name);
	free(temp->real);
	*temp = e->temps[--e->temp_count];
}

static void take_effect(struct explanation *e, const struct plan_effect *effect)
{
	struct temporary *temp = temp_of(e, effect->database, effect->name);

	switch (effect->kind) {
	case EFFECT_TEMP_CREATE:
	case EFFECT_TEMP_REPLACE:
		if (!temp) {
			if (e->temp_count == e->temp_room) {
				e->temp_room = e->temp_room ? e->temp_room * 2 : 8;
				e->temps = memory_realloc(e->temps, e->temp_room * sizeof(*e->temps));
			}
			temp = &e->temps[e->temp_count++];
			*temp = (struct temporary){
				memory_strdup(effect->database), memory_strdup(effect->name), NULL};
		}
		replace_text(&temp->real, effect->real);
		break;
	case EFFECT_TEMP_DROP:
		if (temp)
			drop_temp(e, temp);
		break;
	case EFFECT_TEMP_RENAME:
		if (temp) {
			replace_text(&temp->database, effect->new_database);
			replace_text(&temp->name, effect->new_name);
		}
		break;
	default:
		break;
	}
}

/* ---- output ---- */

static const char *const action_names[] = {"run", "rewrite", "skip", "stop"};
static const char *const when_names[] = {"before", "main", "after"};

static const char *effect_name(enum effect_kind kind)
{
	static const char *const names[] = {"temporary table created", "temporary table replaced",
		"temporary table dropped", "temporary table renamed", "event disabled", "event dropped",
		"event renamed", "held for later", "held object dropped", "sequence created",
		"sequence dropped"};

	return names[kind];
}

static void put_masked(const struct explanation *e, const char *sql, size_t length, struct buffer *out)
{
	struct lexer_options options = {.sql_mode = e->options->sql_mode,
		.charset = lexer_charset_of(e->options->client_charset),
		.source = e->options->source};

	sql_mask_secrets(sql, length, &options, out);
}

static void put_step(const struct explanation *e, const struct plan_step *step, struct buffer *out)
{
	if (step->work == WORK_COPY_TABLE) {
		buffer_printf(out, "INSERT INTO %s (columns of both) SELECT … FROM %s", step->to_table,
			step->from_table);
		return;
	}
	put_masked(e, step->sql, step->length, out);
	if (step->work == WORK_INSERT_NAMED) {
		buffer_puts(out, " (columns of the query) ");
		put_masked(e, step->more, step->more_length, out);
	}
}

static void put_text(struct explanation *e, const char *text, size_t length, const struct rewrite_plan *plan)
{
	struct buffer *out = e->out;

	buffer_printf(out, "#%u %s: %s\n", e->number, statement_class_name(plan->class),
		action_names[plan->action]);
	buffer_puts(out, "  source: ");
	put_masked(e, text, length, out);
	buffer_putc(out, '\n');
	for (size_t i = 0; i < plan->note_count; i++)
		buffer_printf(out, "  %s (%s): %s\n", plan->notes[i].name, policy_name(plan->notes[i].done),
			plan->notes[i].reason);
	for (size_t i = 0; i < plan->setting_count; i++)
		buffer_printf(out, "  set: %s = %s\n", plan->settings[i].name, plan->settings[i].literal);
	for (size_t i = 0; plan->action == PLAN_REWRITE && i < plan->step_count; i++) {
		buffer_printf(out, "  %s: ", when_names[plan->steps[i].when]);
		put_step(e, &plan->steps[i], out);
		buffer_putc(out, '\n');
	}
	for (size_t i = 0; i < plan->effect_count; i++)
		buffer_printf(out, "  effect: %s %s.%s%s%s\n", effect_name(plan->effects[i].kind),
			plan->effects[i].database, plan->effects[i].name ? plan->effects[i].name : "*", plan->effects[i].state ? " " : "",
			plan->effects[i].state ? plan->effects[i].state : "");
}

static void put_field(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, ",\"%s\":", name);
	buffer_put_json(out, value, strlen(value));
}

static void put_json(struct explanation *e, const char *text, size_t length, const struct rewrite_plan *plan)
{
	struct buffer *out = e->out, masked = BUFFER_INIT;

	buffer_printf(out, "{\"number\":%u", e->number);
	put_masked(e, text, length, &masked);
	put_field(out, "source", buffer_text(&masked));
	put_field(out, "class", statement_class_name(plan->class));
	put_field(out, "action", action_names[plan->action]);
	buffer_puts(out, ",\"notes\":[");
	for (size_t i = 0; i < plan->note_count; i++) {
		buffer_printf(out, "%s{\"rule\":\"%s\"", i ? "," : "", plan->notes[i].name);
		put_field(out, "done", policy_name(plan->notes[i].done));
		put_field(out, "reason", plan->notes[i].reason);
		buffer_putc(out, '}');
	}
	buffer_puts(out, "],\"settings\":[");
	for (size_t i = 0; i < plan->setting_count; i++) {
		buffer_printf(out, "%s{\"name\":\"%s\"", i ? "," : "", plan->settings[i].name);
		put_field(out, "literal", plan->settings[i].literal);
		buffer_putc(out, '}');
	}
	buffer_puts(out, "],\"steps\":[");
	for (size_t i = 0; i < plan->step_count; i++) {
		buffer_clear(&masked);
		put_step(e, &plan->steps[i], &masked);
		buffer_printf(out, "%s{\"when\":\"%s\"", i ? "," : "", when_names[plan->steps[i].when]);
		put_field(out, "sql", buffer_text(&masked));
		buffer_putc(out, '}');
	}
	buffer_puts(out, "],\"effects\":[");
	for (size_t i = 0; i < plan->effect_count; i++) {
		buffer_printf(out, "%s{\"effect\":\"%s\"", i ? "," : "", effect_name(plan->effects[i].kind));
		put_field(out, "database", plan->effects[i].database);
		put_field(out, "name", plan->effects[i].name);
		if (plan->effects[i].state)
			put_field(out, "state", plan->effects[i].state);
		buffer_putc(out, '}');
	}
	buffer_putc(out, ']');
	if (plan->stop_text)
		put_field(out, "stop", plan->stop_text);
	buffer_puts(out, "}\n");
	buffer_release(&masked);
}

/* ---- statements of a script ---- */

static bool take_use(struct explanation *e, const struct token_list *tokens)
{
	struct buffer name = BUFFER_INIT;

	if (!token_is(tokens, 0, KW_USE) || !token_is_name(tokens, 1))
		return false;
	token_value(tokens, 1, &name);
	replace_text(&e->database, buffer_text(&name));
	buffer_release(&name);
	return true;
}

static void explain_one(struct explanation *e, const char *text, size_t length)
{
	struct temp_registry registry = {.any = temps_any, .find = temps_find, .context = e};
	struct rewrite_input input = {.text = text,
		.length = length,
		.database = e->database,
		.sql_mode = e->options->sql_mode,
		.client_charset = e->options->client_charset,
		.source = e->options->source,
		.server_id = SERVER_ID,
		.thread_id = THREAD_ID,
		.serial = ++e->number,
		.explicit_defaults = -1,
		.settings = e->options->settings,
		.temps = &registry};
	struct lexer_options options = {.sql_mode = input.sql_mode,
		.charset = lexer_charset_of(input.client_charset),
		.source = input.source};
	struct token_list tokens = TOKEN_LIST_INIT;
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	token_list_read(&tokens, text, length, &options, true);
	if (tokens.count == 0 || take_use(e, &tokens)) {
		if (tokens.count && e->options->sql)
			explain_put_statement(text, length, e->out);
		e->number--;
		goto out;
	}
	rewrite_statement(&input, e->target, &arena, &plan);
	if (plan.action == PLAN_STOP)
		e->stops++;
	if (e->options->json)
		put_json(e, text, length, &plan);
	else if (e->options->sql)
		explain_put_sql(text, length, &plan, e->out);
	else
		put_text(e, text, length, &plan);
	for (size_t i = 0; i < plan.effect_count; i++)
		take_effect(e, &plan.effects[i]);
out:
	arena_release(&arena);
	token_list_release(&tokens);
}

/* How deep in BEGIN … END of stored code the reading is, as far as one can tell without a grammar. */
struct nesting {
	unsigned words, previous;
	bool create, code;
	int depth;
};

static void nest(struct nesting *n, const struct token *token)
{
	if (n->words++ == 0)
		n->create = token->word == KW_CREATE || token->word == KW_ALTER;
	switch (token->word) {
	case KW_PROCEDURE:
	case KW_FUNCTION:
	case KW_TRIGGER:
	case KW_EVENT:
	case KW_PACKAGE:
		n->code = n->code || (n->create && n->words < 20);
		break;
	case KW_BEGIN:
		n->depth += n->code;
		break;
	case KW_CASE:
		n->depth += n->code && n->previous != KW_END;
		break;
	case KW_IF:
	case KW_LOOP:
	case KW_WHILE:
	case KW_REPEAT:
		/* END IF ends what was not counted */
		n->depth += n->code && n->previous == KW_END;
		break;
	case KW_END:
		n->depth -= n->code && n->depth > 0;
		break;
	default:
		break;
	}
	n->previous = token->word;
}

/* DELIMITER at the beginning of a statement: takes it and returns the bytes of its line, or 0. */
static size_t take_delimiter(struct explanation *e, const char *text, size_t length)
{
	static const char word[] = "DELIMITER";
	size_t start = sizeof(word) - 1, line, end;

	if (length <= start || strncasecmp(text, word, start) != 0 ||
		(text[start] != ' ' && text[start] != '\t'))
		return 0;
	line = start;
	while (line < length && text[line] != '\n')
		line++;
	while (start < line && (text[start] == ' ' || text[start] == '\t'))
		start++;
	end = line;
	while (end > start && (text[end - 1] == ' ' || text[end - 1] == '\r' || text[end - 1] == '\t'))
		end--;
	if (end > start && end - start <= DELIMITER_MAXIMUM) {
		memcpy(e->delimiter, text + start, end - start);
		e->delimiter[end - start] = '\0';
	}
	return line;
}

/* Bytes of the statement at `text` up to its delimiter (which is not counted), or all there are. */
static size_t statement_length(const struct explanation *e, const char *text, size_t length)
{
	struct lexer_options options = {.sql_mode = e->options->sql_mode,
		.charset = lexer_charset_of(e->options->client_charset),
		.source = e->options->source};
	size_t delimiter = strlen(e->delimiter);
	struct nesting nesting = {0};
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, text, length, &options);
	while (lexer_next(&lexer, &token)) {
		const char *found = NULL;

		if (token.kind == TOKEN_WORD || token.kind == TOKEN_OPERATOR) {
			size_t left = length - token.start, look = token.length + delimiter - 1;

			found = memmem(
				text + token.start, look < left ? look : left, e->delimiter, delimiter);
			nest(&nesting, &token);
		}
		if (found && !(nesting.depth > 0 && strcmp(e->delimiter, ";") == 0))
			return (size_t)(found - text);
	}
	return length;
}

int explain_script(const char *text, size_t length, const struct explain_options *options,
	const struct capabilities *target, struct buffer *out)
{
	struct explanation e = {.options = options, .target = target, .out = out, .delimiter = ";"};
	size_t at = 0;

	if (options->database)
		e.database = memory_strdup(options->database);
	while (at < length) {
		size_t taken;

		while (at < length && strchr(" \t\r\n", text[at]) && text[at])
			at++;
		taken = take_delimiter(&e, text + at, length - at);
		if (taken) {
			at += taken;
			continue;
		}
		taken = statement_length(&e, text + at, length - at);
		if (taken)
			explain_one(&e, text + at, taken);
		at += taken + strlen(e.delimiter);
	}
	while (e.temp_count)
		drop_temp(&e, &e.temps[0]);
	free(e.temps);
	free(e.database);
	return e.stops;
}
