/* Conflict keys: numbers that two changes share whenever their order matters (4.6).
 *
 * Coarse on purpose: a false conflict costs a little time, a missed one a wrong result. Text is folded far more than
 * any collation does. */
#ifndef APPLIER_CONFLICT_H
#define APPLIER_CONFLICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/table.h"
#include "binlog/value.h"

/* Of the whole table (without a key), and of all tables with foreign keys together. */
uint64_t conflict_key_table(const struct target_table *table);
uint64_t conflict_key_relations(void);

enum conflict_key_kind {
	KEY_NONE,   /* a NULL in a unique key; nothing of it changes; what is left is not in the image */
	KEY_NUMBER,
	KEY_COARSE, /* what is taken is not known, or is text beyond ASCII, which may equal about anything ("Straße", "STRASSE"): the
	               table's own number it is */
};

/* Of the key's values that a row leaves. `ordinal` is 0 for the key that identifies rows, 1… for the others.
 *
 * Where the image does not tell all of them, there is no key: who takes them too early meets the row that is still there, and is
 * sent again when all before it are committed. */
enum conflict_key_kind conflict_key_left(const struct table_binding *binding, const struct target_key *key,
	unsigned ordinal, const struct value *before, uint64_t *number);

/* Of the values that a row takes. `before` is NULL for an insert. Here each must be known: who takes them after this row has gone again,
 * and is not seen to depend on it, could be there first. */
enum conflict_key_kind conflict_key_taken(const struct table_binding *binding, const struct target_key *key,
	unsigned ordinal, const struct value *before, const struct value *after, uint64_t *number);

#endif
