/* QUERY events with their status block, and the events that give the next statement its context (2.5, 2.6).
 */
#ifndef BINLOG_QUERY_H
#define BINLOG_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "binlog/format.h"

/* The status variables that were present; the others have no value. */
enum query_has {
	QUERY_HAS_FLAGS2 = 1 << 0,
	QUERY_HAS_SQL_MODE = 1 << 1,
	QUERY_HAS_AUTO_INCREMENT = 1 << 2,
	QUERY_HAS_CHARSET = 1 << 3,
	QUERY_HAS_TIME_ZONE = 1 << 4,
	QUERY_HAS_LC_TIME_NAMES = 1 << 5,
	QUERY_HAS_CHARSET_DATABASE = 1 << 6,
	QUERY_HAS_INVOKER = 1 << 7,
	QUERY_HAS_UPDATED_DBS = 1 << 8,
	QUERY_HAS_MICROSECONDS = 1 << 9,
	QUERY_HAS_EXPLICIT_DEFAULTS = 1 << 10,
	QUERY_HAS_DEFAULT_UTF8MB4 = 1 << 11,
	QUERY_HAS_REQUIRE_PK = 1 << 12,
	QUERY_HAS_TABLE_ENCRYPTION = 1 << 13,
	QUERY_HAS_GTID_FLAGS3 = 1 << 14,
	QUERY_HAS_CHARACTER_SET_COLLATIONS = 1 << 15,
	QUERY_HAS_DDL_XID = 1 << 16,
	QUERY_HAS_TABLE_MAP_FOR_UPDATE = 1 << 17,
	QUERY_HAS_CASCADE_TRIGGERS = 1 << 19,
	QUERY_HAS_UNKNOWN =
		1 << 18, /* a code nobody knows: the rest of the block was not read (unknown_code) */
};

/* FLAGS2 bits. */
#define QUERY_FLAG_AUTO_IS_NULL 0x00004000u
#define QUERY_FLAG_NOT_AUTOCOMMIT 0x00080000u
#define QUERY_FLAG_EXPLICIT_DEFAULT_TIMESTAMP 0x01000000u /* MariaDB */
#define QUERY_FLAG_NO_FOREIGN_KEY_CHECKS 0x04000000u
#define QUERY_FLAG_RELAXED_UNIQUE_CHECKS 0x08000000u
#define QUERY_FLAG_IF_EXISTS 0x10000000u      /* MariaDB */
#define QUERY_FLAG_INSERT_HISTORY 0x40000000u /* MariaDB */

struct query_context {
	unsigned has; /* enum query_has */
	uint32_t flags2;
	uint64_t sql_mode;
	uint16_t auto_increment_increment, auto_increment_offset;
	uint16_t client_collation, connection_collation,
		server_collation; /* collation ids of the source's family */
	uint16_t database_collation;
	uint16_t lc_time_names;
	uint32_t microseconds;
	uint8_t explicit_defaults, require_primary_key, table_encryption;
	uint8_t cascade_triggers; /* MySQL 9.7: foreign keys' actions fire triggers */
	uint16_t default_utf8mb4_collation;
	uint8_t gtid_flags3; /* MariaDB two-phase ALTER: 2 start, 4 commit, 8 rollback */
	uint64_t sa_seq_no;
	uint64_t ddl_xid, table_map_for_update;
	uint8_t unknown_code;
	/* views into the event, not NUL-terminated; NULL when absent */
	const char *time_zone, *invoker_user, *invoker_host;
	uint8_t time_zone_length, invoker_user_length, invoker_host_length;
	const uint8_t *updated_dbs;		 /* NUL-terminated names one after the other */
	uint8_t updated_dbs_count;		 /* 254 = too many to list */
	const uint8_t *character_set_collations; /* pairs of u16: charset's id, collation id */
	uint8_t character_set_collations_count;
};

struct query_event {
	uint32_t thread_id;
	uint32_t execution_seconds;
	uint16_t error_code;
	const char *database; /* view, NUL-terminated in the event; "" = none */
	uint8_t database_length;
	const char *text; /* view (or in the arena when it was compressed), not NUL-terminated */
	size_t text_length;
	struct query_context context;
	/* EXECUTE_LOAD_QUERY only */
	bool is_load;
	uint32_t file_id, file_name_start,
		file_name_end;	    /* offsets of " INFILE '…'" and so on in the text (2.17) */
	uint8_t duplicate_handling; /* 0 error, 1 IGNORE, 2 REPLACE */
};

/* QUERY (2), QUERY_COMPRESSED (165, text uncompressed into the arena) and EXECUTE_LOAD_QUERY (18). */
int query_event_parse(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct query_event *query, struct error *error);

enum user_variable_type {
	USER_VARIABLE_STRING,
	USER_VARIABLE_REAL,
	USER_VARIABLE_INT,
	USER_VARIABLE_DECIMAL
};

struct user_variable {
	struct user_variable *next;
	const char *name; /* utf8, view */
	uint32_t name_length;
	bool is_null, is_unsigned;
	enum user_variable_type type;
	uint32_t collation;
	const uint8_t *value; /* raw bytes as in 2.6 */
	uint32_t value_length;
};

int user_variable_parse(const struct event *event, struct user_variable *variable, struct error *error);

/* INTVAR, RAND and USER_VAR that stood before a statement. */
struct statement_context {
	bool has_insert_id, has_last_insert_id, has_rand;
	uint64_t insert_id, last_insert_id, rand_seed1, rand_seed2;
	struct user_variable *variables; /* in the log's order */
};

#endif
