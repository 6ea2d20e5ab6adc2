#include "proxy/lag.h"

#include <stdlib.h>

#include "base/memory.h"

/* One entry stands for all transactions of one second, so that this is more than two hours of backlog in the
 * queue; beyond it the last entry takes what comes. */
#define ENTRIES 8192u

struct entry {
	struct position end; /* of the last transaction of that second */
	uint32_t source_time;
};

struct lag {
	struct entry *entries; /* a ring: first … first + count - 1 */
	size_t room, first, count;
	double clock;
	int64_t known_until_us; /* 0 = not known */
};

struct lag *lag_new(void)
{
	return memory_zalloc(sizeof(struct lag));
}

void lag_free(struct lag *lag)
{
	if (lag)
		free(lag->entries);
	free(lag);
}

void lag_set_clock(struct lag *lag, double ours_minus_theirs)
{
	lag->clock = ours_minus_theirs;
}

static void forward(struct lag *lag, int64_t moment_us)
{
	if (moment_us > lag->known_until_us)
		lag->known_until_us = moment_us;
}

static int64_t our_time(const struct lag *lag, uint32_t source_time)
{
	return (int64_t)source_time * 1000000 + (int64_t)(lag->clock * 1e6);
}

void lag_began(struct lag *lag, uint32_t source_time)
{
	if (source_time)
		forward(lag, our_time(lag, source_time));
}

static struct entry *entry_at(const struct lag *lag, size_t nth)
{
	return &lag->entries[(lag->first + nth) % lag->room];
}

static void grow(struct lag *lag)
{
	size_t room = lag->room ? lag->room * 2 : 16;
	struct entry *entries = memory_alloc(room * sizeof(*entries));

	for (size_t i = 0; i < lag->count; i++)
		entries[i] = *entry_at(lag, i);
	free(lag->entries);
	lag->entries = entries;
	lag->room = room;
	lag->first = 0;
}

void lag_received(struct lag *lag, const struct position *end, uint32_t source_time)
{
	struct entry *last = lag->count ? entry_at(lag, lag->count - 1) : NULL;

	if (!source_time)
		return;
	/* time stamps may go back a little: what counts is that the earlier ones are not yet applied */
	if (last && (source_time <= last->source_time || lag->count == ENTRIES)) {
		last->end = *end;
		return;
	}
	if (lag->count == lag->room)
		grow(lag);
	last = entry_at(lag, lag->count++);
	last->end = *end;
	last->source_time = source_time;
}

void lag_applied(struct lag *lag, const struct position *position)
{
	while (lag->count && position_compare(&lag->entries[lag->first].end, position) <= 0) {
		forward(lag, our_time(lag, lag->entries[lag->first].source_time));
		lag->first = (lag->first + 1) % lag->room;
		lag->count--;
	}
	/* the oldest that is not applied: the source had done nothing else before it */
	if (lag->count)
		forward(lag, our_time(lag, lag->entries[lag->first].source_time));
}

bool lag_pending(const struct lag *lag)
{
	return lag->count > 0;
}

void lag_forget(struct lag *lag)
{
	lag->first = lag->count = 0;
}

void lag_caught_up(struct lag *lag, int64_t at_us)
{
	lag_forget(lag);
	forward(lag, at_us);
}

bool lag_seconds(const struct lag *lag, int64_t now_us, double *seconds)
{
	if (!lag->known_until_us)
		return false;
	*seconds = now_us > lag->known_until_us ? (double)(now_us - lag->known_until_us) / 1e6 : 0;
	return true;
}
