/* The event that opens a transaction: MySQL's GTID, ANONYMOUS_GTID and GTID_TAGGED (2.8, 2.9), MariaDB's GTID
 * (2.10). */
#ifndef BINLOG_GTID_EVENT_H
#define BINLOG_GTID_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "binlog/format.h"
#include "binlog/gtid.h"
#include "binlog/xa.h"

/* MySQL's flags */
#define GTID_FLAG_MAY_HAVE_STATEMENTS 0x01u

/* MariaDB's flags2 */
#define MARIA_GTID_STANDALONE 0x01u
#define MARIA_GTID_GROUP_COMMIT_ID 0x02u
#define MARIA_GTID_TRANSACTIONAL 0x04u
#define MARIA_GTID_ALLOW_PARALLEL 0x08u
#define MARIA_GTID_WAITED 0x10u
#define MARIA_GTID_DDL 0x20u
#define MARIA_GTID_PREPARED_XA 0x40u
#define MARIA_GTID_COMPLETED_XA 0x80u

/* MariaDB's flags_extra */
#define MARIA_GTID_MULTI_ENGINE 0x01u
#define MARIA_GTID_START_ALTER 0x02u
#define MARIA_GTID_COMMIT_ALTER 0x04u
#define MARIA_GTID_ROLLBACK_ALTER 0x08u
#define MARIA_GTID_THREAD_ID 0x10u

struct gtid_event {
	struct gtid gtid;    /* kind GTID_NONE when anonymous */
	uint8_t flags;	     /* MySQL's flags or MariaDB's flags2 */
	uint8_t flags_extra; /* MariaDB */
	bool has_clock;	     /* MySQL 5.7+ */
	int64_t last_committed, sequence_number;
	uint64_t immediate_commit_us, original_commit_us; /* MySQL 8; 0 unknown */
	uint64_t transaction_length; /* MySQL 8.0.2+: bytes from this event's start to the group's end; 0
					unknown */
	uint32_t immediate_version, original_version; /* 80041; 0 unknown */
	uint64_t commit_group_ticket;
	uint64_t commit_id; /* MariaDB, with GROUP_COMMIT_ID */
	struct xid xid;	    /* MariaDB, with PREPARED_XA or COMPLETED_XA */
	uint64_t sa_seq_no; /* MariaDB, with COMMIT_ALTER or ROLLBACK_ALTER */
	uint32_t thread_id; /* MariaDB, with THREAD_ID */
};

int gtid_event_parse(const struct event *event, struct gtid_event *gtid, struct error *error);

/* An integer of MySQL's serialization library (2.9), read through the cursor. */
struct cursor;
uint64_t cursor_varlen(struct cursor *cursor);
int64_t cursor_varlen_signed(struct cursor *cursor);

#endif
