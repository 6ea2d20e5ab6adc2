/* Our own schema on the target, and the checkpoint in it: the truth about where the channel is.
 *
 * The checkpoint is written by the last statement of the very transaction that carries the data. There is one row for
 * each worker, since two open transactions cannot write the same row; with the master's commit order the row
 * with the highest sequence is the checkpoint. The epoch fences: every write asks for the epoch with which the
 * instance began, and finds no row once another instance has raised it.
 *
 * Tables (all keyed by channel):
 *   checkpoint   the above
 *   instance     who has the channel: a heartbeat, and the connections to end when it is taken over
 *   intent       a statement that commits by itself and is about to run (see applier/intent.h)
 *   applied      transactions above the low-water mark that are done (only without the master's commit order)
 *   prepared     XA transactions that the master has prepared and not yet decided: their events
 *   temp_table   the source's temporary tables and the real tables that stand for them */
#ifndef APPLIER_CHECKPOINT_H
#define APPLIER_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/questions.h"
#include "applier/target.h"
#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"
#include "binlog/gtid.h"

#define CHANNEL_NAME_MAXIMUM 64

/* What the account needs on our schema. A master user of a managed server may hand these on, but not ALL. */
#define CHECKPOINT_PRIVILEGES                                                                                \
	"SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE TEMPORARY TABLES, "  \
	"LOCK TABLES, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, TRIGGER, EVENT"

struct checkpoint {
	uint64_t epoch;
	uint64_t sequence;        /* of the last group that was committed; counts up over all workers */
	struct position position; /* where the next transaction begins */
	char *gtid_set;           /* all that has been applied, as text; "" = not known. Owned */
	char gtid[GTID_TEXT_MAXIMUM]; /* of the last transaction, "" = it had none */
	uint32_t source_time;     /* seconds: when the last transaction ran on the master */
	char source_uuid[37];     /* the server the position belongs to (proxy/source_info.h); "" = not known */
};

void checkpoint_release(struct checkpoint *checkpoint);

/* Makes the schema and its tables where they are missing. */
int checkpoint_install(struct target *target, const char *schema, struct error *error);

/* Is the schema there with all its tables. */
int checkpoint_installed(struct target *target, const char *schema, bool *installed, struct error *error);
/* The same question among others, and its answer. */
struct question *checkpoint_ask_installed(struct questions *questions, const char *schema);
bool checkpoint_is_installed(const struct question *answered);
/* What checkpoint_install does when it is not. */
int checkpoint_make_tables(struct target *target, const char *schema, struct error *error);

int checkpoint_read(struct target *target, const char *schema, const char *channel,
	struct checkpoint *checkpoint, bool *found, struct error *error);

/* Writes the start position of a channel: replaces whatever the channel had, keeps (and raises) its epoch. */
int checkpoint_create(struct target *target, const char *schema, const char *channel,
	const struct checkpoint *checkpoint, struct error *error);

/* Takes the channel: raises the epoch (which waits for any transaction of the former owner that is about to
 * commit), makes the workers' rows, and reads the checkpoint as it is then; in one packet, so that it is done as a whole
 * or, when the question is refused, to be rolled back. */
struct question *checkpoint_ask_take(struct questions *questions, const char *schema, const char *channel, unsigned workers);
int checkpoint_taken(const struct question *answered, const char *channel, struct checkpoint *checkpoint, struct error *error);

/* The statement that moves the checkpoint, for the end of a worker's transaction; it must find exactly one row. */
void checkpoint_put_update(struct buffer *out, const char *schema, const char *channel, unsigned worker,
	const struct checkpoint *checkpoint);

#endif
