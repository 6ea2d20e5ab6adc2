/* CREATE TABLE and ALTER TABLE taken apart: columns and keys, options, partitions, the parts of an ALTER. */
#ifndef APPLIER_SQL_TABLE_TEXT_H
#define APPLIER_SQL_TABLE_TEXT_H

#include "applier/sql/rule.h"

/* One option of the table or of a partition: ENGINE = InnoDB, DATA DIRECTORY 'x', … */
struct table_option {
	unsigned word; /* its first word that tells it apart: KW_ENGINE, KW_DATA, KW_INDEX (… DIRECTORY),
			  KW_CHARSET (all its forms), … */
	size_t first, end; /* tokens, DEFAULT and a comma before it not included */
	size_t value;	   /* token of the value */
	bool in_partition;
};

/* A column or key between the parentheses, or what ADD, MODIFY, CHANGE bring. */
struct table_item {
	size_t first, end; /* tokens; first is the column's name, or KEY, INDEX, UNIQUE, CONSTRAINT, … */
	bool is_key;	   /* key, constraint, check, period: no column */
	size_t type;	   /* a column's: token of its type */
};

/* One part of an ALTER, between commas. */
struct alter_part {
	size_t first, end;
};

struct table_text {
	size_t columns_open, columns_end; /* tokens of '(' and behind ')'; equal when there is no list */
	struct table_option *options;
	size_t option_count, option_room;
	struct table_item *items;
	size_t item_count, item_room;
	struct alter_part *parts;
	size_t part_count, part_room;
	size_t options_at,
		options_end; /* CREATE: where the options begin and end (PARTITION BY or the query follow) */
	size_t transaction; /* CREATE: token of START TRANSACTION, which MySQL's log has before the options; or 0 */
};

/* Of the statement at hand (CREATE TABLE, ALTER TABLE, CREATE INDEX for its options); made once. */
const struct table_text *table_text_of(struct rewriting *r);

/* Do tables of this engine take part in transactions? */
bool table_engine_rolls_back(const char *engine);
/* The engine that the text names for the table, or NULL; the last one counts. */
const char *table_engine_in(const struct table_text *text, struct rewriting *r);

/* Removes options, with the comma that parts them from their neighbours; several at once, as commas are
 * shared. */
void table_options_remove(
	struct rewriting *r, bool (*which)(const struct rewriting *r, const struct table_option *option));

/* Does the key or constraint begin with the token? */
bool table_item_is_key(const struct token_list *tokens, size_t at);

#endif
