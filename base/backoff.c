#include "base/backoff.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

uint64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

/* Evenly among 0 … limit - 1; limit > 0. */
static uint64_t random_below(uint64_t limit)
{
	uint64_t value;

	/* instances that lost the same server at the same moment must not come back in step */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
		value = monotonic_ms() * UINT64_C(6364136223846793005);
	return value % limit;
}

void backoff_init(struct backoff *backoff, uint64_t least_ms, uint64_t most_ms, uint64_t good_ms)
{
	memset(backoff, 0, sizeof(*backoff));
	backoff->least_ms = least_ms ? least_ms : 1;
	backoff->most_ms = most_ms > backoff->least_ms ? most_ms : backoff->least_ms;
	backoff->good_ms = good_ms;
}

uint64_t backoff_failed(struct backoff *backoff)
{
	uint64_t limit = backoff->least_ms;

	if (backoff->good_since_ms && monotonic_ms() - backoff->good_since_ms >= backoff->good_ms)
		backoff->attempts = 0;
	backoff->good_since_ms = 0;
	for (unsigned i = 0; i <= backoff->attempts && limit < backoff->most_ms; i++)
		limit *= 2;
	if (limit > backoff->most_ms)
		limit = backoff->most_ms;
	backoff->attempts++;
	return backoff->least_ms + random_below(limit - backoff->least_ms + 1);
}

void backoff_works(struct backoff *backoff)
{
	if (!backoff->good_since_ms)
		backoff->good_since_ms = monotonic_ms();
}

void backoff_reset(struct backoff *backoff)
{
	backoff->attempts = 0;
	backoff->good_since_ms = 0;
}

unsigned backoff_attempts(const struct backoff *backoff)
{
	return backoff->attempts;
}

void log_throttle_init(struct log_throttle *throttle, uint64_t least_ms, uint64_t most_ms)
{
	memset(throttle, 0, sizeof(*throttle));
	throttle->least_ms = least_ms ? least_ms : 1;
	throttle->most_ms = most_ms > throttle->least_ms ? most_ms : throttle->least_ms;
}

/* Positions, thread ids and seconds differ from one line to the next of the same trouble. */
static uint64_t hash_without_digits(const struct error *error)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ error->code ^ (uint64_t)error->kind << 32;

	for (const char *p = error->text; *p; p++) {
		if (isdigit((unsigned char)*p))
			continue;
		hash ^= (unsigned char)*p;
		hash *= UINT64_C(1099511628211);
	}
	return hash | 1;
}

bool log_throttle_error(
	struct log_throttle *throttle, enum log_level level, const char *component, const struct error *error)
{
	uint64_t now = monotonic_ms(), hash = hash_without_digits(error);

	if (hash != throttle->hash) {
		if (throttle->suppressed)
			log_line(level, component, "the former error came again count=%" PRIu64,
				throttle->suppressed);
		throttle->hash = hash;
		throttle->interval_ms = throttle->least_ms;
	} else if (now - throttle->last_ms < throttle->interval_ms) {
		throttle->suppressed++;
		return false;
	} else {
		throttle->interval_ms = throttle->interval_ms > throttle->most_ms / 2
						? throttle->most_ms
						: throttle->interval_ms * 2;
		if (throttle->suppressed)
			log_line(level, component, "the next error came again meanwhile count=%" PRIu64,
				throttle->suppressed);
	}
	throttle->last_ms = now;
	throttle->suppressed = 0;
	log_error(level, component, error);
	return true;
}

uint64_t log_throttle_over(struct log_throttle *throttle)
{
	uint64_t suppressed = throttle->suppressed;

	log_throttle_init(throttle, throttle->least_ms, throttle->most_ms);
	return suppressed;
}
