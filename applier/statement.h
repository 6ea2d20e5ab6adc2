/* A statement of the source on its way to the target: its plan (applier/sql/rewrite.h) and its session. */
#ifndef APPLIER_STATEMENT_H
#define APPLIER_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/context.h"
#include "applier/sql/context_cache.h"
#include "applier/sql/rewrite.h"
#include "base/arena.h"
#include "base/error.h"
#include "binlog/transaction.h"

struct planned_statement {
	const struct change *change;
	struct rewrite_plan plan;
	struct session_context session;
	const char *database;  /* to be used, or NULL to leave it as it is */
	bool compound;         /* holds ';' inside (a routine): sent by itself */
};

/* Plans all statements of the transaction (applier_data of its changes). The arena is the transaction's own, so
 * that plans live as long as it does. ERROR_STOP when a statement's context cannot be given to the target; a
 * plan may also say PLAN_STOP, which the caller handles. */
struct statement_planner {
	const struct capabilities *capabilities;
	const struct rewrite_settings *settings;
	const struct temp_registry *temps;
	struct server_version source;
	const char *source_time_zone;
	const char *source_default_utf8mb4;
	const char *source_temp_engine; /* or NULL */
	bool looks_for_code, overtaken; /* as in struct rewrite_input */
	struct context_cache *contexts; /* or NULL */
};

int statement_plan(const struct statement_planner *planner, struct transaction *transaction, struct change *change,
	uint64_t serial, bool row_format, struct error *error);

/* What the target said of the statement, fit to be shown: where it quotes the statement, secrets in it are masked. */
void statement_mask_error(const struct change *change, struct error *error);

/* The statement's first words for messages, secrets masked; in the arena. */
const char *statement_excerpt(const struct change *change, struct arena *arena);
/* The statement that changed the rows, as far as it was kept. The change has an annotation. */
void annotation_put_excerpt(const struct change *change, struct buffer *out);

#endif
