/* Which batch has last had a conflict key (applier/conflict.h). */
#ifndef APPLIER_CONFLICT_INDEX_H
#define APPLIER_CONFLICT_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct conflict_index;

struct conflict_index *conflict_index_new(void);
void conflict_index_free(struct conflict_index *index);
/* Notes the keys as the batch's; returns the highest sequence below its own that had one of them, or 0. Sequences only grow. A batch
 * that had none may be returned too, which costs a little time: seldom, as long as the batches in flight have some hundred thousand
 * keys together. */
uint64_t conflict_index_add(struct conflict_index *index, const uint64_t *keys, size_t count, uint64_t sequence);

#endif
