/* `changeling explain --sql`: the statements themselves, as a script for a client, with what was done about
 * each as comments. So a dump goes through the rules before it is loaded by hand. */
#include <string.h>

#include "applier/sql/account.h"
#include "applier/sql/explain.h"

/* Each line of it as a comment. */
static void put_comment(const char *text, size_t length, struct buffer *out)
{
	const char *end = text + length;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((stop ? stop : end) - text);

		buffer_puts(out, "-- ");
		buffer_append(out, text, line);
		buffer_putc(out, '\n');
		text += line + (stop != NULL);
	}
}

/* Might a delimiter behind its last line be part of a comment there? */
static bool ends_in_comment(const char *sql, size_t length)
{
	const char *line = memrchr(sql, '\n', length);
	size_t left = line ? length - (size_t)(line - sql) : length;

	return memmem(line ? line : sql, left, "--", 2) || memchr(line ? line : sql, '#', left);
}

void explain_put_statement(const char *sql, size_t length, struct buffer *out)
{
	const char *delimiter = ";";

	/* the client would end stored code at its first statement */
	if (memchr(sql, ';', length))
		delimiter = memmem(sql, length, ";;", 2) ? "$$" : ";;";
	if (delimiter[1])
		buffer_printf(out, "DELIMITER %s\n", delimiter);
	buffer_append(out, sql, length);
	if (ends_in_comment(sql, length))
		buffer_putc(out, '\n');
	buffer_printf(out, "%s\n", delimiter);
	if (delimiter[1])
		buffer_puts(out, "DELIMITER ;\n");
}

static void put_steps(const struct rewrite_plan *plan, struct buffer *out)
{
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->work == WORK_SQL || step->work == WORK_CREATE_TABLE || step->work == WORK_CREATE_TWIN)
			explain_put_statement(step->sql, step->length, out);
		else
			buffer_puts(out, "-- left out: what copies rows between tables of our own schema\n");
	}
}

/* Events are made disabled: what gives them their state at the cut-over, as nothing else remembers it. */
static void put_event_states(const struct rewrite_plan *plan, struct buffer *out)
{
	for (size_t i = 0; i < plan->effect_count; i++) {
		const struct plan_effect *effect = &plan->effects[i];

		if (effect->kind != EFFECT_EVENT_STATE || !effect->state || strcmp(effect->state, "ENABLED") != 0)
			continue;
		buffer_puts(out, "-- at the cut-over: ALTER EVENT ");
		identifier_put(effect->database, NULL, out);
		buffer_putc(out, '.');
		identifier_put(effect->name, NULL, out);
		buffer_puts(out, " ENABLE;\n");
	}
}

void explain_put_sql(const char *text, size_t length, const struct rewrite_plan *plan, struct buffer *out)
{
	for (size_t i = 0; i < plan->note_count; i++)
		buffer_printf(out, "-- %s (%s): %s\n", plan->notes[i].name, policy_name(plan->notes[i].done),
			plan->notes[i].reason);
	if (plan->action == PLAN_STOP || plan->action == PLAN_SKIP) {
		buffer_puts(out, "-- left out:\n");
		put_comment(text, length, out);
		return;
	}
	for (size_t i = 0; i < plan->setting_count; i++)
		buffer_printf(
			out, "SET SESSION %s = %s;\n", plan->settings[i].name, plan->settings[i].literal);
	if (plan->action == PLAN_REWRITE)
		put_steps(plan, out);
	else
		explain_put_statement(text, length, out);
	put_event_states(plan, out);
}
