/* information_schema as the tables of the target are read from it: a table at a time, or, once a schema has been asked about
 * several of its tables, the whole schema at once, as each time is a round trip (and some questions open every table of
 * the server, whatever is asked for). */
#ifndef APPLIER_CATALOG_H
#define APPLIER_CATALOG_H

#include "applier/target.h"
#include "base/error.h"

enum catalog_kind {
	CATALOG_TABLE,    /* TABLE_TYPE, ENGINE */
	CATALOG_COLUMNS,  /* COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, CHARACTER_OCTET_LENGTH,
	                     IS_NULLABLE, EXTRA, GENERATION_EXPRESSION, DATETIME_PRECISION, COLUMN_DEFAULT,
	                     COLUMN_KEY; in order */
	CATALOG_UNIQUE,   /* INDEX_NAME, COLUMN_NAME, SUB_PART, INDEX_TYPE of unique keys, and whether the server looks for rows by
	                     them (YES, NO); the primary one first */
	CATALOG_REFERS,   /* a row for each foreign key column */
	CATALOG_REFERRED, /* the same of other tables that refer to this one */
	CATALOG_TRIGGERS, /* TRIGGER_NAME of those without our guard */
	CATALOG_KINDS
};

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *catalog);
/* Definitions have changed. */
void catalog_clear(struct catalog *catalog);

struct catalog_answers {
	struct target_rows of[CATALOG_KINDS];
};

/* What there is of a table: no row of CATALOG_TABLE when there is no such table. The cells live until catalog_clear. */
int catalog_read(struct catalog *catalog, struct target *target, const char *database, const char *name,
	struct catalog_answers *answers, struct error *error);

#endif
