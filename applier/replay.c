#include "applier/replay.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

static void put_text(struct buffer *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	buffer_printf(out, ", \"%s\": ", name);
	buffer_put_json(out, text, strlen(text));
}

static void put_session(struct buffer *out, const struct session_context *session)
{
	buffer_puts(out, ", \"session\": [");
	for (size_t i = 0; i < session->count; i++) {
		buffer_puts(out, i ? ", [" : "[");
		buffer_put_json(out, session->variables[i].name, strlen(session->variables[i].name));
		buffer_puts(out, ", ");
		buffer_put_json(out, session->variables[i].literal, strlen(session->variables[i].literal));
		buffer_putc(out, ']');
	}
	buffer_putc(out, ']');
}

/* What it would have made. */
static void put_held(struct buffer *out, const struct rewrite_plan *plan)
{
	for (size_t i = 0; i < plan->effect_count; i++) {
		const struct plan_effect *effect = &plan->effects[i];

		if (effect->kind != EFFECT_HELD)
			continue;
		buffer_printf(out, ", \"held\": [\"%s\", ", effect->state);
		buffer_put_json(out, effect->database ? effect->database : "",
			effect->database ? strlen(effect->database) : 0);
		buffer_puts(out, ", ");
		buffer_put_json(out, effect->name, strlen(effect->name));
		buffer_putc(out, ']');
		return;
	}
}

/* The journal's text has its secrets masked: where it differs from the statement, there are some. */
static bool holds_secrets(const struct planned_statement *planned)
{
	const struct query_event *query = &planned->change->statement->query;
	const char *masked = planned->plan.masked_original;

	return (planned->plan.flags & PLAN_ACCOUNTS) || !masked || strlen(masked) != query->text_length ||
		memcmp(masked, query->text, query->text_length) != 0;
}

bool replay_put(struct buffer *out, const struct planned_statement *planned, struct server_version source)
{
	const struct query_event *query = &planned->change->statement->query;
	const struct query_context *context = &query->context;

	if (planned->change->kind != CHANGE_QUERY || holds_secrets(planned) ||
		!utf8_valid(query->text, query->text_length))
		return false;
	buffer_puts(out, "{\"sql\": ");
	buffer_put_json(out, query->text, query->text_length);
	put_text(out, "database", planned->database);
	if (context->has & QUERY_HAS_SQL_MODE)
		buffer_printf(out, ", \"sql_mode\": %" PRIu64, context->sql_mode);
	buffer_printf(out, ", \"source\": {\"family\": \"%s\", \"version\": %u}",
		source.family == FAMILY_MARIADB ? "mariadb" : "mysql", source.number);
	put_text(out, "client_charset", planned->session.client_charset);
	put_text(out, "connection_collation", planned->session.connection_collation);
	put_text(out, "server_collation", planned->session.server_collation);
	put_text(out, "database_collation", planned->session.database_collation);
	put_text(out, "default_utf8mb4", planned->session.default_utf8mb4);
	if (context->has & QUERY_HAS_INVOKER) {
		buffer_puts(out, ", \"invoker\": [");
		buffer_put_json(out, context->invoker_user ? context->invoker_user : "", context->invoker_user_length);
		buffer_puts(out, ", ");
		buffer_put_json(out, context->invoker_host ? context->invoker_host : "", context->invoker_host_length);
		buffer_putc(out, ']');
	}
	put_held(out, &planned->plan);
	put_session(out, &planned->session);
	buffer_putc(out, '}');
	return buffer_ok(out);
}
