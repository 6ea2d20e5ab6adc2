/* Consecutive transactions of the source that go into one transaction of the target, as operations in the order in
 * which they are sent.
 *
 * Changes of one table are gathered into sets of rows (deletes, updates, inserts: sent in this order, many rows a
 * statement), and a row that is changed several times is written once, wherever that cannot change the result or
 * hide a row that is missing:
 *
 *   - the row is identified by a key without NULLs, by the very bytes of its values; a change of the key closes the
 *     set and goes alone;
 *   - a change of a column that stands in another unique key goes alone likewise, so that within a set no two rows
 *     can want the same value at different times;
 *   - tables with foreign keys keep the order of all their changes: only runs of inserts are gathered;
 *   - rows of a table without any key cannot be told apart when they are the same: what goes and what comes is counted by whole
 *     images, and an update is both;
 *   - where images do not tell whole rows, and where a key does not compare by its bytes, the order is kept as well;
 *   - rows that need another session (unchecked foreign keys, a time of their own) close what is open of their table.
 *
 * Triggers are no matter: those with our guard stay silent for rows, and others stop when the table is bound.
 *
 * A batch holds its transactions until it is freed: everything points into them. */
#ifndef APPLIER_BATCH_H
#define APPLIER_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/checkpoint.h"
#include "applier/statement.h"
#include "applier/table.h"
#include "base/arena.h"
#include "base/error.h"
#include "binlog/transaction.h"

/* One row as it is to be written. The value arrays are indexed by the source's columns. */
struct row_change {
	enum rows_kind kind;
	const struct value *before, *after;
	const struct change *change;           /* that changed it last: for messages */
	const struct transaction *transaction; /* likewise */
	uint64_t row;                          /* number within the event */
	bool is_history;                       /* a row of a system-versioned table that does not hold any more */
	unsigned copies;                       /* a deletion from a table without a key: of how many rows with this image */
	const struct row_change *update;       /* likewise, and an insert into one: the update that it is a part of, or NULL */
	struct row_change *same;               /* an insert into one: the one before with the same image */
	const struct table_binding *binding;
	struct row_change *next, *previous;
};

struct row_list {
	struct row_change *first, *last;
	size_t count;
};

struct row_set {
	const struct target_table *table;
	struct row_list deletes, updates, inserts;
};

enum operation_kind {
	OPERATION_ROWS,      /* a set */
	OPERATION_ROW,       /* one row by itself, in its place */
	OPERATION_STATEMENT, /* a statement of the source, as planned */
};

struct operation {
	enum operation_kind kind;
	struct row_set *rows;
	struct row_change *row;
	unsigned flags;           /* ROWS_FLAG_* that the session must have for rows */
	uint64_t timestamp_us;    /* what CURRENT_TIMESTAMP gives, for rows whose image is not full and for versions;
	                             microseconds since 1970, 0 = no matter */
	struct planned_statement *statement;
	const struct change *change;
	const struct transaction *transaction;
	struct operation *next;
};

struct batch {
	struct arena arena;
	struct arena images;    /* of the event in hand */
	struct transaction *transactions, **last_transaction;
	size_t transaction_count;
	struct operation *operations, **last_operation;
	size_t rows, statements, bytes;
	size_t single_rows;     /* that must be found by a statement of their own */
	bool scans;             /* rows are found by reading their tables */
	bool merge;             /* false: every row by itself, in the source's order */
	bool alone;             /* holds statements: sees and is seen only whole */
	uint64_t *keys;         /* conflict keys, when they are wanted */
	size_t key_count, key_room;
	bool want_keys;
	bool turned_coarse;     /* a table's conflict keys became coarse: those of earlier batches are finer, so wait */
	struct open_set *open;  /* sets that still take rows, by table */
	struct open_set *open_ordered; /* the one open run among tables with foreign keys */
	/* the scheduler's */
	uint64_t sequence;      /* counts batches of a run */
	int64_t born_us;        /* when its first transaction came */
	bool after_commit;      /* all before it must have been committed */
	uint64_t after;         /* the batches up to this one must have been executed before; without the master's order committed */
	size_t held_bytes;      /* what it counts for among those that are not committed */
	size_t held_most;       /* it is full when it holds so much */
	struct checkpoint checkpoint; /* behind its last transaction; the text is in the arena */
	const char *gtids_before; /* before its first one; NULL = not known */
};

struct batch *batch_new(bool merge, bool want_keys);
/* Frees its transactions as well. */
void batch_free(struct batch *batch);

/* Adds the transaction, which the batch then owns, also on an error. All its rows changes have been bound
 * (applier_data of their maps), all its statements planned (applier_data of the changes). */
int batch_add(struct batch *batch, struct transaction *transaction, struct error *error);

/* Makes it anew without its last transaction, whose rows could not be read and which is *last then. */
struct batch *batch_without_last(struct batch *broken, struct transaction **last);

/* As batch_add for a transaction that somebody else keeps owning (one at a time again after a failure). */
int batch_add_borrowed(struct batch *batch, const struct transaction *transaction, struct error *error);

/* The changes [from, to) of a transaction that somebody else keeps owning. */
int batch_add_range(struct batch *batch, const struct transaction *transaction, const struct change *from,
	const struct change *to, struct error *error);

/* Closes all sets: no transaction may be added any more. */
void batch_close(struct batch *batch);

/* The operation did not do what was expected, and its rows are going to be sent by themselves. Where they are of a table without a
 * key, all later ones of it will be: another way of finding them that fails is not tried twice. `operation` may be NULL. */
void batch_operation_failed(const struct operation *operation);

#endif
