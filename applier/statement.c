#include "applier/statement.h"

#include <stdio.h>
#include <string.h>

#include "applier/sql/mask.h"
#include "applier/sql/mode.h"

#define EXCERPT_BYTES 200

static const char *copy_database(struct arena *arena, const struct query_event *query)
{
	return query->database_length ? arena_strndup(arena, query->database, query->database_length) : NULL;
}

/* Blocks that came before, in parts, are not looked at again. */
static bool may_have_backslashes(const struct change *change)
{
	for (const struct load_block *block = change->blocks; block; block = block->next) {
		if (memchr(block->data, '\\', block->length))
			return true;
	}
	return change->continues;
}

static void fill_input(const struct statement_planner *planner, const struct transaction *transaction,
	const struct change *change, const struct planned_statement *planned, struct arena *arena, uint64_t serial,
	bool row_format, struct rewrite_input *input)
{
	const struct query_event *query = &change->statement->query;
	const struct query_context *context = &query->context;

	memset(input, 0, sizeof(*input));
	input->text = query->text;
	input->length = query->text_length;
	input->database = copy_database(arena, query);
	input->sql_mode = context->has & QUERY_HAS_SQL_MODE ? context->sql_mode : 0;
	input->client_charset = planned->session.client_charset;
	input->connection_collation = planned->session.connection_collation;
	input->server_collation = planned->session.server_collation;
	input->database_collation = planned->session.database_collation;
	input->default_utf8mb4 = planned->session.default_utf8mb4;
	input->default_temp_engine = planner->source_temp_engine;
	input->load_backslashes = (input->sql_mode & MODE_NO_BACKSLASH_ESCAPES) && may_have_backslashes(change);
	input->looks_for_code = planner->looks_for_code;
	input->overtaken = planner->overtaken;
	input->source = planner->source;
	input->server_id = change->server_id;
	input->thread_id = query->thread_id;
	input->serial = serial;
	input->thread_specific = (change->header_flags & EVENT_FLAG_THREAD_SPECIFIC) != 0;
	input->suppress_use = (change->header_flags & EVENT_FLAG_SUPPRESS_USE) != 0;
	input->in_transaction = transaction->kind != TRANSACTION_STANDALONE;
	input->row_format = row_format;
	input->explicit_defaults = context->has & QUERY_HAS_EXPLICIT_DEFAULTS ? context->explicit_defaults
		: planner->source.family == FAMILY_MARIADB && (context->has & QUERY_HAS_FLAGS2)
		? (context->flags2 & QUERY_FLAG_EXPLICIT_DEFAULT_TIMESTAMP) != 0
		: -1;
	if (context->has & QUERY_HAS_INVOKER) {
		input->invoker_user = arena_strndup(arena, context->invoker_user ? context->invoker_user : "",
			context->invoker_user_length);
		input->invoker_host = arena_strndup(arena, context->invoker_host ? context->invoker_host : "",
			context->invoker_host_length);
	}
	input->error_code = query->error_code;
	input->settings = planner->settings;
	input->temps = planner->temps;
}

int statement_plan(const struct statement_planner *planner, struct transaction *transaction, struct change *change,
	uint64_t serial, bool row_format, struct error *error)
{
	struct arena *arena = &transaction->arena;
	struct planned_statement *planned = arena_zalloc(arena, sizeof(*planned));
	struct context_input context = {
		.query = &change->statement->query.context,
		.statement = &change->statement->context,
		.source = planner->source,
		.timestamp = change->timestamp,
		.keep_microseconds = true,
		.source_time_zone = planner->source_time_zone,
		.source_default_utf8mb4 = planner->source_default_utf8mb4,
		.is_ddl = true,
	};
	struct rewrite_input input;

	planned->change = change;
	if ((planner->contexts ? context_cache_translate(planner->contexts, &context, planner->capabilities, arena,
				 &planned->session, error)
			       : session_context_translate(
					 &context, planner->capabilities, arena, &planned->session, error)) < 0)
		return error_context(error, "statement %s", statement_excerpt(change, arena));
	fill_input(planner, transaction, change, planned, arena, serial, row_format, &input);
	rewrite_statement(&input, planner->capabilities, arena, &planned->plan);
	/* a database is made, altered and dropped from anywhere; one that is altered without its name is the default one */
	if (!input.suppress_use || (planned->plan.class == STATEMENT_ALTER_DATABASE && planned->plan.object_count == 0))
		planned->database = input.database;
	/* a ';' inside is stored code, or somebody's attempt to have two statements run */
	planned->compound = memchr(change->statement->query.text, ';', change->statement->query.text_length) !=
		NULL;
	change->applier_data = planned;
	return 0;
}

static struct lexer_options options_of(const struct change *change)
{
	const struct query_context *context = &change->statement->query.context;
	struct lexer_options options = {0};

	if (context->has & QUERY_HAS_SQL_MODE)
		options.sql_mode = context->sql_mode;
	return options;
}

void statement_mask_error(const struct change *change, struct error *error)
{
	const struct query_event *query = &change->statement->query;
	struct lexer_options options = options_of(change);
	struct buffer said = BUFFER_INIT;

	sql_mask_quotation(error->text, query->text, query->text_length, &options, &said);
	snprintf(error->text, sizeof(error->text), "%s", buffer_text(&said));
	buffer_release(&said);
}

void annotation_put_excerpt(const struct change *change, struct buffer *out)
{
	struct lexer_options options = {0};
	struct buffer masked = BUFFER_INIT;
	const char *space;

	sql_mask_secrets(change->annotation, change->annotation_length, &options, &masked);
	for (const char *at = buffer_text(&masked); *at; at = space) { /* on one line, however it was laid out */
		at += strspn(at, " \t\r\n");
		space = at + strcspn(at, " \t\r\n");
		buffer_put_printable(out, at, (size_t)(space - at), (size_t)(space - at));
		buffer_puts(out, *space ? " " : "");
	}
	if (change->annotation_length + 4 > ANNOTATION_KEPT) /* a character may have been cut off */
		buffer_puts(out, "…");
	buffer_release(&masked);
}

const char *statement_excerpt(const struct change *change, struct arena *arena)
{
	const struct query_event *query = &change->statement->query;
	struct buffer masked = BUFFER_INIT, text = BUFFER_INIT;
	struct lexer_options options = options_of(change);
	const char *excerpt;

	sql_mask_secrets(query->text, query->text_length, &options, &masked);
	buffer_put_printable(&text, buffer_text(&masked), masked.length, EXCERPT_BYTES);
	excerpt = arena_strdup(arena, buffer_text(&text));
	buffer_release(&masked);
	buffer_release(&text);
	return excerpt;
}
