/* TABLE_MAP and row events (2.13–2.15, 2.19). */
#ifndef BINLOG_ROWS_H
#define BINLOG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "binlog/format.h"
#include "binlog/value.h"

#define TABLE_COLUMNS_MAXIMUM 4096u

#define TABLE_MAP_FLAG_REFERRED_FK_DB 0x0002
#define TABLE_MAP_FLAG_GENERATED_INVISIBLE_PK 0x0004
#define TABLE_MAP_FLAG_HAS_TRIGGERS 0x4000 /* MariaDB */

enum column_sign { SIGN_UNKNOWN, SIGN_SIGNED, SIGN_UNSIGNED };

struct column_names { /* members of an ENUM or SET in the column's charset, arena */
	uint32_t count;
	const char **text;
	uint32_t *length;
};

/* One column as the master described it. Fields after `sign` come from optional metadata (2.13) and are
 * 0/NULL without it; the applier fills sign, fraction_digits and collation from the target's schema before it
 * iterates rows. */
struct table_column {
	uint8_t type;		/* enum column_type, ENUM/SET resolved */
	uint8_t wire_type;	/* as it stood in the event */
	uint16_t metadata;	/* raw: low byte = first metadata byte */
	uint32_t maximum_bytes; /* CHAR, BINARY, VARCHAR: declared length; BLOB family: width of the length */
	uint8_t precision, scale; /* DECIMAL; scale: digits of the fraction of temporal types as well */
	uint8_t bytes; /* ENUM/SET/BIT: size of the value */
	uint16_t bits; /* BIT(n) */
	bool nullable;
	uint8_t sign; /* enum column_sign, of numeric types */
	bool has_name, has_collation, has_visibility, visible;
	const char *name;	    /* arena, NUL-terminated; NULL without metadata */
	uint32_t collation;	    /* id of the source's family; 63 = binary */
	struct column_names *names; /* ENUM/SET members, or NULL */
	int8_t geometry_type;	    /* 0…7, -1 unknown */
	uint32_t vector_dimensions;
	/* old TIME/DATETIME/TIMESTAMP of MariaDB with fractions (3.6): digits (≤ 6) told by the schema, 0
	 * otherwise */
	uint8_t fraction_digits;
};

struct table_map {
	uint64_t table_id;
	uint16_t flags;
	const char *database, *table; /* arena, NUL-terminated */
	uint32_t columns_count;
	struct table_column *columns;
	uint32_t json_count; /* JSON columns in order: partial updates count them */
	bool has_signedness, has_names, has_primary_key;
	uint32_t primary_key_count; /* SIMPLE_PRIMARY_KEY or PRIMARY_KEY_WITH_PREFIX */
	uint32_t *primary_key, *primary_key_prefix;
	const void *applier_data; /* whatever the applier hangs here (its view of the target's table) */
};

/* Copies all it keeps into the arena. */
int table_map_parse(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct table_map **map, struct error *error);

#define ROWS_FLAG_STMT_END 0x0001
#define ROWS_FLAG_NO_FOREIGN_KEY_CHECKS 0x0002
#define ROWS_FLAG_RELAXED_UNIQUE_CHECKS 0x0004
#define ROWS_FLAG_SQL_FOREIGN_KEYS 0x0010 /* MySQL: cascades stand in the log as events of their own */
#define ROWS_FLAG_NO_CHECK_CONSTRAINTS 0x0080 /* MariaDB */
#define ROWS_DUMMY_TABLE_ID 0x00ffffffu

enum rows_kind { ROWS_WRITE, ROWS_UPDATE, ROWS_DELETE };

/* A rows event: bitmaps and rows are views into the event (rows into the arena when they were compressed). */
struct rows_event {
	enum rows_kind kind;
	bool partial; /* PARTIAL_UPDATE_ROWS */
	uint64_t table_id;
	uint16_t flags;
	uint32_t columns_count;
	const uint8_t *present;	      /* WRITE: after image; UPDATE and DELETE: before image */
	const uint8_t *present_after; /* UPDATE only */
	const uint8_t *rows;
	size_t rows_length;
};

/* Takes the types 23–25, 30–32, 39 and 166–171. With the dummy table id there are no columns and no rows:
 * such an event only ends the statement. */
int rows_event_parse(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct rows_event *rows, struct error *error);

static inline bool bitmap_get(const uint8_t *bitmap, uint32_t index)
{
	return bitmap[index >> 3] >> (index & 7) & 1;
}

struct rows_image {
	const uint8_t *present;
	uint32_t count; /* of columns that are present */
};

/* Walks the rows. `before` and `after` are arrays of columns_count values that are reused from row to row;
 * WRITE has `after` only, DELETE `before` only, the other is NULL. Only the fields of a value that belong to
 * its kind are set. Nothing is allocated from row to row. */
struct rows_iterator {
	const struct rows_event *event;
	const struct table_map *map;
	const uint8_t *at, *end;
	struct value *before, *after;
	struct rows_image before_image, after_image;
	bool full; /* both have all columns, and no parts of values */
	uint64_t row; /* 0-based number of the row that was read last + 1 */
};

/* The arrays come from the arena. Checks that event and map agree. */
int rows_iterator_init(struct rows_iterator *iterator, const struct rows_event *event,
	const struct table_map *map, struct arena *arena, struct error *error);
/* 1 a row was read (all of its columns may be absent: INSERT INTO t () VALUES () with minimal images), 0 the
 * end was reached exactly, -1 the bytes do not fit (ERROR_CORRUPT, naming row and column number). */
int rows_iterator_next(struct rows_iterator *iterator, struct error *error);
/* Decodes the rows that are left without showing them; `row` says how many there were in all. 0, or -1 as above. */
int rows_iterator_rest(struct rows_iterator *iterator, struct error *error);

#endif
