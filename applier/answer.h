/* A bound on what a server may answer.
 *
 * libmariadb keeps as many rows, and as many definitions of columns, as a server sends, and takes their form for granted: an
 * answer without an end would fill the memory, and a definition that is cut short end the process. After answer_guard it is
 * this module that reads both. */
#ifndef APPLIER_ANSWER_H
#define APPLIER_ANSWER_H

#include <stddef.h>

struct st_mysql;

/* One packet of an answer, and all of one that is kept. Far above what the questions of set-up, definitions and checkpoints
 * give; events of the binary log come by another way. */
#define ANSWER_PACKET_BYTES ((size_t)64 << 20)
#define ANSWER_BYTES ((size_t)256 << 20)

/* To be called before the connection is used for anything. An answer that is refused ends with CR_MALFORMED_PACKET; the
 * connection is of no use then. A packet's size is bounded by MYSQL_OPT_MAX_ALLOWED_PACKET. */
void answer_guard(struct st_mysql *mysql);

/* The library leaves some answers that it cannot read without an error number: these get CR_MALFORMED_PACKET. */
void answer_name_failure(struct st_mysql *mysql);

#endif
