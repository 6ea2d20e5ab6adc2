#include "applier/conflict_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A fixed number of buckets of a cache line. A bucket that is full forgets the key that came first, and remembers its sequence alone:
 * who comes to the bucket later waits for that batch, which mostly is done by then. */
#define BUCKETS ((size_t)1 << 16)
#define BUCKET_KEYS 7u

struct bucket {
	uint32_t sequences[BUCKET_KEYS]; /* since the index's base; 0 = free */
	uint32_t tags[BUCKET_KEYS];      /* the upper half of the key */
	uint32_t forgotten;              /* the highest sequence of keys that are not there any more */
	uint32_t forgotten_before;       /* the highest one below that */
};

struct conflict_index {
	struct bucket buckets[BUCKETS];
	uint64_t base;
};

struct conflict_index *conflict_index_new(void)
{
	return memory_zalloc_present(sizeof(struct conflict_index));
}

void conflict_index_free(struct conflict_index *index)
{
	free(index);
}

/* What was in flight until here is not known any more: all that comes waits for it. */
static void begin_anew(struct conflict_index *index, uint64_t sequence)
{
	memset(index->buckets, 0, sizeof(index->buckets));
	index->base = sequence - 1;
}

static void forget(struct bucket *bucket, uint32_t sequence)
{
	if (sequence > bucket->forgotten) {
		bucket->forgotten_before = bucket->forgotten;
		bucket->forgotten = sequence;
	} else if (sequence < bucket->forgotten && sequence > bucket->forgotten_before) {
		bucket->forgotten_before = sequence;
	}
}

/* The highest sequence below `own` that had the key, or may have had it; the key is that batch's now. */
static uint32_t replace(struct bucket *bucket, uint32_t tag, uint32_t own)
{
	uint32_t before = bucket->forgotten < own ? bucket->forgotten : bucket->forgotten_before;
	unsigned oldest = 0;

	for (unsigned i = 0; i < BUCKET_KEYS; i++) {
		uint32_t had = bucket->sequences[i];

		if (had && bucket->tags[i] == tag) {
			bucket->sequences[i] = own;
			return had < own && had > before ? had : before;
		}
		if (had < bucket->sequences[oldest])
			oldest = i;
	}
	forget(bucket, bucket->sequences[oldest]);
	bucket->sequences[oldest] = own;
	bucket->tags[oldest] = tag;
	return before;
}

uint64_t conflict_index_add(struct conflict_index *index, const uint64_t *keys, size_t count, uint64_t sequence)
{
	uint32_t own, highest = 0;

	if (sequence - index->base > UINT32_MAX)
		begin_anew(index, sequence);
	own = (uint32_t)(sequence - index->base);
	for (size_t i = 0; i < count; i++) {
		uint32_t before = replace(&index->buckets[keys[i] % BUCKETS], (uint32_t)(keys[i] >> 32), own);

		if (before > highest)
			highest = before;
	}
	return highest || index->base ? index->base + highest : 0;
}
