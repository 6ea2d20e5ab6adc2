/* Events to transactions: what the rest of the program works with (4.4, 4.5).
 *
 * The assembler is fed one event after the other, in the stream's order, and hands out complete transactions
 * (with all their context, so that none of the stream's state is needed to apply one), or, for a transaction
 * larger than the limit, parts of it as they arrive. Each belongs to its receiver, arena and all. */
#ifndef BINLOG_TRANSACTION_H
#define BINLOG_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "binlog/format.h"
#include "binlog/gtid.h"
#include "binlog/query.h"
#include "binlog/rows.h"
#include "binlog/shared_map.h"
#include "binlog/xa.h"

struct load_block { /* the file of a LOAD DATA statement, block by block */
	struct load_block *next;
	const uint8_t *data;
	size_t length;
};

#define ANNOTATION_KEPT 100u /* enough to know the statement again; there is one for each */

enum change_kind {
	CHANGE_QUERY,	/* query, statement */
	CHANGE_LOAD,	/* query (is_load), statement, blocks */
	CHANGE_ROWS,	/* rows, map, map_use */
	CHANGE_BLOCKS,	/* blocks of a file, whose LOAD DATA (if it did not fail) comes in a later part */
};

/* A statement, and the context that stood before it. */
struct logged_statement {
	struct query_event query;
	struct statement_context context;
};

struct change {
	struct change *next;
	enum change_kind kind;
	uint32_t timestamp; /* of the event */
	uint32_t server_id;
	uint16_t header_flags;
	uint64_t end_offset; /* of the event in the file, for messages; of the payload event when it was
				inside one */
	const struct logged_statement *statement; /* QUERY, LOAD: in the transaction's arena; else NULL */
	struct load_block *blocks;
	bool continues; /* LOAD, BLOCKS: blocks of the same file came in parts before this one */
	struct rows_event rows;
	const struct table_map *map; /* as the master described the table; the receiver may put its own copy here */
	struct map_use *map_use;     /* where the master's is */
	const char *annotation; /* text of ROWS_QUERY/ANNOTATE_ROWS of this statement, or NULL: the first ANNOTATION_KEPT bytes */
	size_t annotation_length;
	void *applier_data; /* whatever the applier hangs here (how the statement is sent) */
};

enum transaction_end {
	TRANSACTION_OPEN,	 /* a part of a large transaction: more follows */
	TRANSACTION_COMMIT,	 /* XID or COMMIT */
	TRANSACTION_ROLLBACK,	 /* QUERY ROLLBACK: what non-transactional tables kept (6.8) */
	TRANSACTION_STANDALONE,	 /* one statement that commits by itself (DDL, accounts, autocommit) */
	TRANSACTION_XA_PREPARE,	 /* keep until XA COMMIT of the same xid */
	TRANSACTION_XA_COMMIT,	 /* apply the prepared one now */
	TRANSACTION_XA_ROLLBACK, /* forget the prepared one */
	TRANSACTION_EMPTY, /* counts for the position only (view change, ALTER's first phase, …); see note */
	TRANSACTION_RESTART, /* not a transaction: the master was started anew, its temporary tables are gone
			      */
	TRANSACTION_ABANDONED, /* an open large transaction's end never came (the master crashed): roll back
				  its parts */
};

/* Flags */
#define TRANSACTION_FLAG_DDL 0x0001u		       /* MariaDB says so */
#define TRANSACTION_FLAG_TRANSACTIONAL 0x0002u	       /* MariaDB: can be rolled back; MySQL: ended by XID */
#define TRANSACTION_FLAG_ALLOW_PARALLEL 0x0004u	       /* MariaDB */
#define TRANSACTION_FLAG_WAITED 0x0008u		       /* MariaDB */
#define TRANSACTION_FLAG_ISOLATE 0x0010u	       /* MySQL: alone */
#define TRANSACTION_FLAG_HAS_COMMIT_ID 0x0020u	       /* MariaDB */
#define TRANSACTION_FLAG_MAY_HAVE_STATEMENTS 0x0040u   /* MySQL */
#define TRANSACTION_FLAG_FIRST_IN_FILE 0x0080u	       /* clock restarts: a barrier (4.1) */
#define TRANSACTION_FLAG_UNDOES 0x0200u		       /* holds ROLLBACK TO a savepoint */
#define TRANSACTION_FLAG_NON_TRANSACTIONAL_END 0x0100u /* ended by QUERY COMMIT (MyISAM and the like) */

struct transaction {
	struct transaction *next; /* for whoever owns it */
	struct arena arena;
	struct gtid gtid;	      /* GTID_NONE where the source has none */
	struct log_place begin;	      /* of the first event (the GTID event where there is one); the name is in the arena */
	struct log_place end;	      /* where the next transaction starts: what a restart may ask for */
	uint32_t server_id;	      /* originating server */
	enum server_family family;    /* of the stream (its format description) */
	unsigned server_version;      /* of the stream */
	uint32_t timestamp;	      /* seconds, of the last event with one: what lag is counted from */
	uint64_t commit_timestamp_us; /* MySQL 8: original commit; 0 unknown */
	int64_t last_committed, sequence_number; /* MySQL's clock in this file; 0 unknown */
	uint64_t commit_id;			 /* MariaDB */
	uint32_t thread_id;			 /* MariaDB 11.5+; 0 unknown */
	unsigned flags;
	enum transaction_end kind;
	uint32_t part;	  /* 0 first (or only) part; counts up */
	struct xid xid;	  /* XA_* kinds */
	const char *note; /* EMPTY: why; otherwise NULL */
	struct change *first, *last;
	size_t changes;
	struct map_use *maps; /* all that its changes have */
	size_t maps_bytes;    /* of those that it was the first to have */
	size_t row_bytes; /* of all rows events */
	/* XA_PREPARE: the format description and then the events of the group verbatim (each with header,
	 * without checksum), so that the applier can keep them and have them assembled again
	 * (assembler_new_kept) by another process later. Of a large one each part has some of them, and no
	 * changes; such a group may end in COMMIT (of one phase) as well. NULL otherwise */
	const uint8_t *events;
	size_t events_length;
};

static inline bool change_is_statement(const struct change *change)
{
	return change->kind == CHANGE_QUERY || change->kind == CHANGE_LOAD;
}

/* Does it end a transaction: it is neither a part that others follow, nor the end of parts that came to nothing. */
static inline bool transaction_ends(const struct transaction *transaction)
{
	return transaction->kind != TRANSACTION_OPEN && transaction->kind != TRANSACTION_ABANDONED;
}

/* What it takes of memory, to whoever bounds that. */
static inline size_t transaction_bytes(const struct transaction *transaction)
{
	return sizeof(*transaction) + transaction->arena.bytes + transaction->maps_bytes;
}

void transaction_free(struct transaction *transaction);
/* The position as one of the transaction's places. */
struct log_place transaction_place(struct transaction *transaction, const struct position *position);
/* TRANSACTION_ABANDONED for who has lost parts on their way: it has no place in the log. */
struct transaction *transaction_new_abandoned(void);

/* Is it the one that was noted as having this GTID, which is the same in every server's log; or, when it has none (""), as
 * beginning there. */
bool transaction_is(const struct transaction *transaction, const char *gtid, const struct position *begin);

struct assembler;

struct assembler_limits {
	size_t part_bytes;    /* a transaction above this is handed out in parts; 0 = never */
	/* refuse a group when more of it than this has to be kept, as it cannot be handed out: variables that wait for
	 * their statement, maps of its tables (ERROR_STOP naming the option max-whole-bytes); 0 = no limit */
	size_t whole_bytes;
	size_t event_bytes;   /* refuse larger events (ERROR_STOP naming the option max-event-bytes) */
	size_t payload_bytes; /* refuse TRANSACTION_PAYLOADs whose declared size is larger */
};

struct assembler *assembler_new(const struct assembler_limits *limits);
void assembler_free(struct assembler *assembler);

/* Begins at a place in the stream: after each (re)connect, before the first event. Any open group is
 * forgotten; when parts of it had been handed out, the next assembler_next() gives TRANSACTION_ABANDONED.
 * `checksum` is what the session agreed on for events before the first format description (1.4). */
void assembler_start(
	struct assembler *assembler, const struct position *position, enum checksum_algorithm checksum);

/* Takes one event as received (header, body, checksum). What it completes is fetched by assembler_next until
 * that gives NULL. Events outside groups (rotate, heartbeat, format description …) change the assembler's
 * state and give nothing. ERROR_CORRUPT and ERROR_STOP name file:offset, the event's type and what was
 * expected. After an error only assembler_start may be called. */
int assembler_push(struct assembler *assembler, const uint8_t *bytes, size_t length, struct error *error);
/* What was completed first, or NULL. Large compressed transactions are read on here; what is wrong in a later
 * part of one is told by the next assembler_push. */
struct transaction *assembler_next(struct assembler *assembler);

/* Where the stream is: file and end of the last event that was pushed (also told by heartbeats). */
const struct position *assembler_position(const struct assembler *assembler);
/* Is a group open: only when not may a heartbeat's position be stored. */
bool assembler_in_group(const struct assembler *assembler);

/* The events kept of an XA_PREPARE group, assembled into a transaction of kind COMMIT: give them in order, cut
 * anywhere; assembler_next() hands out the transaction, or its parts, as from the log; at the end ask whether
 * it was all there. Such an assembler is not started, and nothing else is pushed. */
struct assembler *assembler_new_kept(const struct assembler_limits *limits);
int assembler_push_kept(
	struct assembler *assembler, const uint8_t *bytes, size_t length, struct error *error);
int assembler_end_kept(const struct assembler *assembler, struct error *error);

#endif
