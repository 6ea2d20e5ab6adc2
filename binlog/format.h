/* What every part of the binary log shares: numbers of events and types, the common header, the format
 * description of a file, and positions. Section numbers (2.1 …) refer to docs/binlog-format.md's order of the
 * same subjects: header 2.1, event types 2.2, format description 2.3, checksum 1.4. */
#ifndef BINLOG_FORMAT_H
#define BINLOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum server_family { FAMILY_MYSQL, FAMILY_MARIADB };

/* Event types (2.2). MySQL and MariaDB agree up to 38; MariaDB's own start at 160. */
enum event_type {
	EVENT_UNKNOWN = 0,
	EVENT_START_V3 = 1,
	EVENT_QUERY = 2,
	EVENT_STOP = 3,
	EVENT_ROTATE = 4,
	EVENT_INTVAR = 5,
	EVENT_LOAD = 6,
	EVENT_SLAVE = 7,
	EVENT_CREATE_FILE = 8,
	EVENT_APPEND_BLOCK = 9,
	EVENT_EXEC_LOAD = 10,
	EVENT_DELETE_FILE = 11,
	EVENT_NEW_LOAD = 12,
	EVENT_RAND = 13,
	EVENT_USER_VAR = 14,
	EVENT_FORMAT_DESCRIPTION = 15,
	EVENT_XID = 16,
	EVENT_BEGIN_LOAD_QUERY = 17,
	EVENT_EXECUTE_LOAD_QUERY = 18,
	EVENT_TABLE_MAP = 19,
	EVENT_PRE_GA_WRITE_ROWS = 20,
	EVENT_PRE_GA_UPDATE_ROWS = 21,
	EVENT_PRE_GA_DELETE_ROWS = 22,
	EVENT_WRITE_ROWS_V1 = 23,
	EVENT_UPDATE_ROWS_V1 = 24,
	EVENT_DELETE_ROWS_V1 = 25,
	EVENT_INCIDENT = 26,
	EVENT_HEARTBEAT = 27,
	EVENT_IGNORABLE = 28,
	EVENT_ROWS_QUERY = 29,
	EVENT_WRITE_ROWS_V2 = 30,
	EVENT_UPDATE_ROWS_V2 = 31,
	EVENT_DELETE_ROWS_V2 = 32,
	EVENT_GTID = 33,
	EVENT_ANONYMOUS_GTID = 34,
	EVENT_PREVIOUS_GTIDS = 35,
	EVENT_TRANSACTION_CONTEXT = 36,
	EVENT_VIEW_CHANGE = 37,
	EVENT_XA_PREPARE = 38,
	EVENT_PARTIAL_UPDATE_ROWS = 39,
	EVENT_TRANSACTION_PAYLOAD = 40,
	EVENT_HEARTBEAT_V2 = 41,
	EVENT_GTID_TAGGED = 42,
	EVENT_LARGE_TRANSACTION_HEADER = 43,
	EVENT_MARIA_ANNOTATE_ROWS = 160,
	EVENT_MARIA_BINLOG_CHECKPOINT = 161,
	EVENT_MARIA_GTID = 162,
	EVENT_MARIA_GTID_LIST = 163,
	EVENT_MARIA_START_ENCRYPTION = 164,
	EVENT_MARIA_QUERY_COMPRESSED = 165,
	EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1 = 166,
	EVENT_MARIA_UPDATE_ROWS_COMPRESSED_V1 = 167,
	EVENT_MARIA_DELETE_ROWS_COMPRESSED_V1 = 168,
	EVENT_MARIA_WRITE_ROWS_COMPRESSED = 169,
	EVENT_MARIA_UPDATE_ROWS_COMPRESSED = 170,
	EVENT_MARIA_DELETE_ROWS_COMPRESSED = 171,
	EVENT_MARIA_PARTIAL_ROW_DATA = 172,
};

/* Header flags (2.1). */
#define EVENT_FLAG_IN_USE 0x0001
#define EVENT_FLAG_THREAD_SPECIFIC 0x0004
#define EVENT_FLAG_SUPPRESS_USE 0x0008
#define EVENT_FLAG_ARTIFICIAL 0x0020
#define EVENT_FLAG_RELAY_LOG 0x0040 /* a replica wrote it, into its relay log */
#define EVENT_FLAG_IGNORABLE 0x0080
#define EVENT_FLAG_MTS_ISOLATE 0x0200
#define EVENT_FLAG_SKIP_REPLICATION 0x8000

#define EVENT_HEADER_SIZE 19u
#define EVENT_CHECKSUM_SIZE 4u
#define BINLOG_NAME_MAXIMUM 255u		/* bytes of a file name; longer is refused */
#define EVENT_MAXIMUM_BYTES ((uint64_t)1 << 30) /* the servers' own limit, headers come on top */

/* The server's word for a type ("WRITE_ROWS_V2"), or NULL for a number nobody uses. */
const char *event_type_name(unsigned type);

struct event_header {
	uint32_t timestamp; /* seconds since 1970; 0 on artificial events */
	uint8_t type;
	uint32_t server_id; /* of the originating server */
	uint32_t length;    /* header and checksum included */
	uint32_t log_pos;   /* end of the event modulo 2^32, or 0 */
	uint16_t flags;
};

/* One event as bytes: the header decoded, the body without header and checksum as a view. */
struct event {
	struct event_header header;
	const uint8_t *body;
	size_t body_length;
};

enum checksum_algorithm { CHECKSUM_OFF = 0, CHECKSUM_CRC32 = 1 };

/* The format description in force (2.3). */
struct binlog_format {
	bool known; /* false before the first format description */
	enum server_family family;
	char server_version[51]; /* "10.11.6-MariaDB-log" */
	unsigned version;	 /* a·10000 + b·100 + c */
	uint32_t created;	 /* ≠ 0: the first file after a start of the server */
	enum checksum_algorithm checksum;
	unsigned types;			 /* how many post-header lengths follow */
	uint8_t post_header_length[256]; /* by type; 0 where the file names none */
};

/* A place in the master's log. */
struct position {
	char file[BINLOG_NAME_MAXIMUM + 1]; /* "" = unknown */
	uint64_t offset;		    /* bytes from the start of the file; never modulo 2^32 */
};

/* <0, 0, >0 as a stands before, at or behind b; files are ordered by base name, then by the *number* after
 * the last dot (binlog.999999 < binlog.1000000). */
int position_compare(const struct position *a, const struct position *b);

/* The same where very many are kept, and the name is somebody else's. */
struct log_place {
	const char *file; /* NUL-terminated; NULL is "" */
	uint64_t offset;
};

static inline struct log_place position_place(const struct position *position)
{
	return (struct log_place){position->file, position->offset};
}

/* With a copy of the name. */
struct position place_position(struct log_place place);
/* As position_compare. */
int place_compare(struct log_place a, struct log_place b);

/* Splits an event off: `length` must be exactly the event's own. The checksum is verified over the bytes when
 * the format in force says so; a format description's own algorithm is found first (its IN_USE flag is taken
 * out of the sum, 1.4). Errors are ERROR_CORRUPT and name what was expected. */
int event_parse(const uint8_t *bytes, size_t length, const struct binlog_format *format, struct event *event,
	struct error *error);

/* FORMAT_DESCRIPTION (15). `event` as event_parse left it. Refuses versions other than 4 and unknown
 * checksum algorithms (ERROR_STOP). */
int binlog_format_parse(const struct event *event, struct binlog_format *format, struct error *error);

#define FORMAT_CREATED_OFFSET 52u /* in the body of a format description */

/* Do format descriptions of this writer end in the algorithm's byte and four bytes for a checksum? */
bool binlog_format_names_checksum(enum server_family family, unsigned version);

#endif
