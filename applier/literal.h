/* A row image's value as an SQL literal (3.10): exact in the apply session for row changes, whose sql_mode,
 * time zone and character set are fixed (applier/session.h). */
#ifndef APPLIER_LITERAL_H
#define APPLIER_LITERAL_H

#include <stdbool.h>

#include "applier/table.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "binlog/value.h"

enum literal_use {
	LITERAL_ASSIGN,  /* INSERT … VALUES, SET column = … */
	LITERAL_COMPARE, /* WHERE column = … */
	LITERAL_BYTES,   /* WHERE BINARY column = BINARY … */
	LITERAL_JOIN,    /* a cell of a derived table: typed alike in all rows, and assigned later */
	LITERAL_JOIN_KEY, /* likewise, and compared later with the column, by its index */
};

struct literal_target {
	enum server_family family;        /* of the target */
	unsigned version;
	enum server_family source_family; /* whose numbers collations have */
	bool same_family;                 /* source and target: geometry's own format is understood */
};

/* Appends the literal. `source` describes the value's column in the event, `column` the target's. The value may
 * need memory (compressed columns), which comes from the arena. ERROR_STOP for what SQL cannot say, ERROR_CORRUPT for a broken
 * value. */
int value_literal_put(struct buffer *out, const struct literal_target *target, const struct value *value,
	const struct table_column *source, const struct target_column *column, enum literal_use use,
	struct error *error);

/* Can values of the column stand in a derived table (LITERAL_JOIN)? */
bool literal_can_join(const struct target_column *column);

/* Can this value of a key stand there (LITERAL_JOIN_KEY)? Not where its letters may be missing in the character set of the target's
 * column: made '?', it would find another row; nor bytes for a column of text, which cannot be told its collation. */
bool literal_can_join_key(const struct literal_target *target, const struct value *value, const struct table_column *source,
	const struct target_column *column);

/* Is the value beyond what FLOAT(m,d) takes, as rounding makes it of 9999999.999? The server takes a comparison with such a
 * literal for false without a look at the column. */
bool literal_beyond_limit(const struct value *value, const struct target_column *column);

/* Must the row be written without strict mode (the '' of an invalid ENUM value)? */
bool literal_needs_lenient(const struct value *value);

#endif
