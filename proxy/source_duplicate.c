#include "proxy/source_duplicate.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/backoff.h"
#include "proxy/source_info.h"

#define PATIENCE_MS 1000u
#define POLL_NANOSECONDS 50000000L

/* 1 = a replica with our server-id or uuid is registered, 0 = none, -1 = the master does not tell. */
static int is_registered(struct source *source, const struct source_options *options)
{
	struct arena arena = ARENA_INIT;
	struct source_replica *replicas;
	struct error unknown;
	size_t count;
	int result = 0;

	if (source_replicas(source, &arena, &replicas, &count, &unknown) < 0)
		result = -1;
	for (size_t i = 0; result == 0 && i < count; i++) {
		if (replicas[i].server_id == options->server_id ||
			(options->uuid && *options->uuid && strcasecmp(replicas[i].uuid, options->uuid) == 0))
			result = 1;
	}
	arena_release(&arena);
	return result;
}

bool source_taken_over(const struct source_options *options)
{
	struct source *source = source_new(options);
	uint64_t until = monotonic_ms() + PATIENCE_MS;
	struct timespec pause = {0, POLL_NANOSECONDS};
	struct error unknown;
	int registered = -1;

	if (source_connect(source, &unknown) == 0) {
		/* our own registration goes away as the old stream's thread ends; another's stays */
		while ((registered = is_registered(source, options)) == 1 && monotonic_ms() < until)
			nanosleep(&pause, NULL);
	}
	source_free(source);
	return registered == 1;
}
