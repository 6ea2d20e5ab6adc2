/* The assembler's inside, shared by the files assembler*.c:
 *
 *   assembler.c          takes events, follows the position, calls the handler of the type, hands results out
 *   assembler_control.c  what steers the stream: files, formats, heartbeats, lists of GTIDs, what stops it
 *   assembler_group.c    where a transaction begins and ends (4.5)
 *   assembler_changes.c  what is in it: statements with their context, LOAD DATA, table maps and rows
 *   assembler_parts.c    what of a large one is handed out before its end
 *   assembler_payload.c  compressed transactions, event by event
 *
 * A handler is called once per event, with the position already moved behind it. */
#ifndef BINLOG_ASSEMBLER_H
#define BINLOG_ASSEMBLER_H

#include "base/buffer.h"
#include "binlog/gtid_event.h"
#include "binlog/payload.h"
#include "binlog/transaction.h"

enum group_state {
	GROUP_NONE,	  /* between groups */
	GROUP_STARTED,	  /* a GTID or a statement's context was seen: BEGIN or a statement that stands alone
			     follows */
	GROUP_STANDALONE, /* MariaDB announced one statement */
	GROUP_OPEN,	  /* between BEGIN (or MariaDB's GTID) and the closing event */
};

#define MAP_BUCKETS 64u

struct map_entry { /* a table map of the open group, as the part in hand uses it */
	struct map_entry *next;
	uint64_t table_id;
	struct map_use *use;
};

struct load_file { /* the file of LOAD DATA that is being sent */
	bool open;
	uint32_t id;
	bool handed_out; /* the first blocks, in a part */
	struct load_block *first, *last;
};

/* Everything that ends with the group. */
struct group {
	enum group_state state;
	struct transaction *transaction; /* NULL in GROUP_NONE */
	bool begin_seen;
	bool xa;	   /* between XA START and XA PREPARE */
	bool xa_completed; /* MariaDB announced XA COMMIT or XA ROLLBACK */
	bool view_change;
	uint8_t alter;	/* MariaDB's flags_extra: START_ALTER, ROLLBACK_ALTER … */
	uint32_t parts; /* that were queued */
	struct statement_context context;
	struct user_variable *last_variable;
	bool has_context;
	const char *annotation;
	size_t annotation_length;
	struct load_file load;
	struct map_entry *maps[MAP_BUCKETS];
	uint64_t last_map_id;
	struct map_entry *last_map;
};

struct assembler {
	struct assembler_limits limits;
	struct binlog_format format;
	struct buffer format_body;	 /* of the newest format description, for XA_PREPARE's events */
	struct position position;	 /* behind the last event */
	uint64_t event_begin, event_end; /* of the event in hand; those of the payload event around it */
	bool expect_format; /* nothing but a format description may come next (or what is made up) */
	bool first_in_file; /* no group of this file was seen yet */
	bool failed;	    /* until assembler_start */
	bool replaying;	    /* events kept of an XA_PREPARE group: positions and checksums mean nothing */
	struct buffer kept; /* of these: an event that has not come whole */
	unsigned groups_ended; /* since the start */
	struct group group;
	struct map_cache *maps; /* of this file */
	struct buffer verbatim; /* the open XA group's events */
	struct payload_reader *payload;
	bool in_payload;		  /* the event in hand comes out of one */
	bool payload_waits;		  /* one is half read, since a part of it has to be fetched first */
	struct error deferred;		  /* happened while reading on; told by the next push */
	struct transaction *first, *last; /* to be fetched */
	struct transaction *part_out; /* copy of the head of a part that was fetched and whose end was not */
};

typedef int assembler_handler(struct assembler *assembler, const struct event *event, struct error *error);

/* assembler_control.c */
assembler_handler handle_rotate, handle_format, handle_heartbeat, handle_stop, handle_incident,
	handle_gtid_list, handle_previous_gtids, handle_start_encryption, handle_ignored, handle_ancient,
	handle_partial_row_data;
int refuse_unknown(struct assembler *assembler, const struct event *event, struct error *error);

/* assembler_group.c */
assembler_handler handle_gtid, handle_query, handle_xid, handle_xa_prepare, handle_view_change;
/* The open group's transaction; opens a group without GTID when there is none. */
struct transaction *group_transaction(struct assembler *assembler, const struct event *event);
/* Hands the group out with its position; groups without changes become TRANSACTION_EMPTY. */
void group_finish(struct assembler *assembler, enum transaction_end kind, const char *note);
/* The group's end will never come: forget it, and say so when parts were handed out. */
void group_drop(struct assembler *assembler);
/* A transaction of one kind that is no group of the log: a restart, an abandoned one. */
struct transaction *transaction_new(const struct assembler *assembler, enum transaction_end kind);
void assembler_queue(struct assembler *assembler, struct transaction *transaction);

/* assembler_changes.c */
assembler_handler handle_intvar, handle_rand, handle_user_var, handle_begin_load, handle_append_block,
	handle_delete_file, handle_annotation, handle_table_map, handle_rows;
struct change *append_change(
	struct assembler *assembler, const struct event_header *header, enum change_kind kind);
/* Appends the statement with the context that stood before it. */
int add_statement(struct assembler *assembler, const struct event *event, const struct query_event *query,
	struct error *error);
/* assembler_parts.c */
/* Hands out what there is when it has passed the limit. */
void group_hand_out_part(struct assembler *assembler);
/* Is the group one to be prepared, of which the events are kept? */
bool group_keeps_events(const struct assembler *assembler);
/* The event goes, without its checksum, to those that XA PREPARE or a part will hand out. */
void group_keep_verbatim(struct assembler *assembler, const struct event *event);
/* The events since the last part go with the transaction; false when they are more than can be kept. */
bool group_take_verbatim(struct assembler *assembler, struct transaction *transaction);
/* The transaction uses the map, for which its caller has become a user. */
struct map_use *transaction_use_map(struct transaction *transaction, struct shared_map *shared);
/* In the parts of a prepared transaction the events stand for the changes. Their memory stays, that of their maps is left. */
void transaction_forget_changes(struct transaction *transaction);
/* Everything but arena, changes and maps. */
void transaction_copy_head(struct transaction *to, const struct transaction *from);

/* assembler_payload.c */
assembler_handler handle_payload;
/* Reads on until something can be fetched or the payload's end. */
int payload_read_on(struct assembler *assembler, struct error *error);

/* assembler.c */
int assembler_dispatch(struct assembler *assembler, const struct event *event, struct error *error);

#endif
