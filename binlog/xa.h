/* Names of prepared transactions (2.7). */
#ifndef BINLOG_XA_H
#define BINLOG_XA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/error.h"
#include "binlog/format.h"

#define XID_PART_MAXIMUM 64u

struct xid {
	uint32_t format_id;
	uint8_t gtrid_length, bqual_length; /* each ≤ 64 */
	uint8_t data[128];		    /* gtrid, then bqual */
};

/* XA_PREPARE (38): the name, and whether it is a commit in one phase. */
int xa_prepare_parse(const struct event *event, struct xid *xid, bool *one_phase, struct error *error);

/* The name in an XA statement as the servers log it: X'gtrid',X'bqual',format, at `text` behind the verb;
 * white space around it is skipped. False when there is no such name or something follows it. */
bool xid_parse(const char *text, size_t length, struct xid *xid);

/* "X'7831',X'',1" */
void xid_put_text(const struct xid *xid, struct buffer *out);

/* Copies the parts behind the two lengths, which the caller has read; false when they do not fit. */
bool xid_read_data(struct cursor *cursor, uint64_t gtrid_length, uint64_t bqual_length, struct xid *xid);

#endif
