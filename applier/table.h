/* The target's tables as row changes need them: columns, the key that identifies a row, what forbids reordering.
 *
 * Read once from information_schema and kept until a statement changes definitions. Used by the coordinating thread only;
 * workers read the tables that hang on their transactions' table maps, which stay as they are while any
 * transaction is in flight (definitions change behind a barrier). */
#ifndef APPLIER_TABLE_H
#define APPLIER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/members.h"
#include "applier/target.h"
#include "base/arena.h"
#include "base/error.h"
#include "binlog/rows.h"

/* How a value of the column is written (applier/literal.h). */
enum column_class {
	COLUMN_NUMBER,   /* integers, DECIMAL, BIT, YEAR */
	COLUMN_FLOAT,
	COLUMN_DOUBLE,
	COLUMN_TEXT,     /* with a character set */
	COLUMN_BYTES,    /* BINARY, VARBINARY, BLOB */
	COLUMN_ENUM,
	COLUMN_SET,
	COLUMN_TEMPORAL,
	COLUMN_JSON,     /* MySQL's own type */
	COLUMN_GEOMETRY,
	COLUMN_VECTOR,
	COLUMN_UUID,     /* MariaDB's UUID, INET4, INET6: fixed bytes */
};

struct target_column {
	const char *name;         /* utf8 */
	const char *quoted;       /* `name` */
	const char *type;         /* DATA_TYPE in lower case: "varchar" */
	const char *full_type;    /* COLUMN_TYPE */
	const char *charset;      /* NULL when it has none */
	const char *collation;
	enum column_class class;
	bool is_unsigned, nullable, has_default, generated, auto_increment, on_update_now, invisible;
	bool row_start, row_end;  /* of a system-versioned table */
	bool row_hash;            /* it stands for a hidden column of MariaDB's (row_hashes.h): never written */
	bool in_unique;           /* in a unique key other than the chosen one */
	bool loose;               /* table_collation_is_loose */
	uint64_t octets;          /* CHARACTER_OCTET_LENGTH */
	unsigned datetime_digits;
	/* of a generated one whose value is kept, in the row or in an index, and may depend on the session that writes the row: its
	 * expression (applier/generated.h). NULL = no such column */
	const char *unsure_expression;
	struct member_list members; /* of an ENUM or SET */
	double limit;             /* FLOAT(m,d), DOUBLE(m,d): the largest number they take; 0 = none */
};

struct target_key {
	unsigned count;
	unsigned *columns; /* indexes into columns */
	bool has_prefix, primary;
	const char *quoted;   /* the index's name */
};

struct target_table {
	const char *database, *name, *quoted; /* `database`.`name` */
	bool exists, is_view, is_sequence, is_versioned;
	const char *engine;
	bool keeps_rows;             /* its engine takes nothing back on a ROLLBACK (table_engine_keeps_rows) */
	unsigned columns_count;
	struct target_column *columns;
	struct target_key key;       /* the primary key, else a unique key without NULLs or prefixes that the server looks for rows
	                                by; count 0 = none */
	unsigned secondary_unique;   /* how many other unique keys there are */
	unsigned hashed;             /* of these, MariaDB's over hashes: each has a hidden column */
	struct target_key *uniques;  /* these; count 0 = over expressions, any column may matter */
	bool has_foreign_keys;       /* it refers to others, or others to it */
	bool referred;               /* others refer to it */
	const char *bare_trigger;    /* a trigger that would fire for row changes too (without our guard), or NULL */
	bool has_generated;          /* it has a generated column, or a unique key over an expression */
	bool unsure_generated;       /* it has a column with an unsure_expression: each row is looked at again, behind its change */
	bool key_needs_care;         /* FLOAT, BIT, ENUM … in the key: no multi-row forms that compare it */
	_Atomic bool row_by_row;     /* without a key: its rows could not be found together once. Any worker's to set */
	bool coarse;                 /* a conflict key of its rows was coarse once: all are from then on */
	uint64_t id;                 /* number of this table in the cache: part of conflict keys */
	struct target_table *next;   /* of the cache */
};

/* MyISAM and the like: what was written stays when the transaction is rolled back. Engines that are not known here are taken
 * for transactional, and so is BLACKHOLE, which keeps no rows at all. */
bool table_engine_keeps_rows(const char *engine);

/* Does a column take texts for equal whose letters differ in ASCII ("ccs" and "cscs", "c" and "ch", "m" and "n", "y" and "~"), or are
 * its bytes below 0x80 no ASCII? */
bool table_collation_is_loose(const char *charset, const char *collation);

struct table_cache;

struct table_cache *table_cache_new(void);
void table_cache_free(struct table_cache *cache);
/* Forgets everything. No transaction that was bound to a table may be in use. */
void table_cache_clear(struct table_cache *cache);
/* A number that changes when it is cleared, and that no other cache of this process ever has. */
uint64_t table_cache_generation(const struct table_cache *cache);

/* The table, read from the target when it is not known yet; `exists` is false when there is none. */
int table_cache_find(struct table_cache *cache, struct target *target, const char *database, const char *name,
	const struct target_table **table, struct error *error);

/* The column of that name, or -1. */
int table_column_index(const struct target_table *table, const char *name);

/* How the columns of a table map lie on the target's table. */
struct table_binding {
	const struct target_table *table;
	const struct table_map *map;
	/* by index of the source's column: index of the target's, or -1 where the target has none (a generated
	 * invisible primary key) */
	int *to_target;
	/* by index of the target's key column: index of the source's */
	unsigned *key_sources;
	bool keyed;        /* all key columns are there */
	/* by index of the source's column: the bits of an integer whose sign the log does not tell and the target's column, of
	 * another type, cannot tell for certain; 0 = none. NULL when there is no such column */
	const uint8_t *unsure_bits;
	/* by index of the source's column: the target's numbers of its members (members_match). NULL when no column has them */
	const uint32_t **members;
	/* by index of the source's column: an INSERT that leaves it out means its implicit default. NULL when there is no such column */
	const bool *implicit;
	/* by index of the source's column: texts in a key of which two may be equal on the target though neither their bytes nor
	 * their ASCII letters are. NULL when there is no such column */
	const bool *loose_text;
	int row_start, row_end; /* of a system-versioned table: the source's columns; -1 = not versioned */
	bool all_columns;  /* each assignable target column has a source: a full image tells the whole row */
};

/* Binds by names where the map has them, else by position. Fills in the map what only a schema tells (signs,
 * fraction digits) and hangs the binding on it (applier_data). ERROR_STOP when they do not fit. `family`: of the source, whose
 * numbers collations have. */
int table_bind(const struct target_table *table, struct table_map *map, enum server_family family, struct arena *arena,
	struct table_binding **binding, struct error *error);

/* Do row images of both say the same by the same bytes at the same places? Only then may rows of the one be merged with rows of the
 * other: a table may change between them without a word in the log (sql_log_bin=0). */
bool table_bindings_alike(const struct table_binding *a, const struct table_binding *b);

#endif
