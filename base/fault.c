#include "base/fault.h"

#ifdef CHANGELING_FAULTS
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WANTED_MAXIMUM 16

static struct wanted {
	char name[64];
	unsigned long nth, passed;
	bool fail;
} wanted[WANTED_MAXIMUM];
static size_t wanted_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* name[:nth][:kill|fail], `length` bytes. */
static void read_one(const char *text, size_t length)
{
	struct wanted *one = &wanted[wanted_count];
	const char *end = text + length, *colon = memchr(text, ':', length);
	size_t name = colon ? (size_t)(colon - text) : length;

	if (name == 0 || name >= sizeof(one->name))
		return;
	memcpy(one->name, text, name);
	one->nth = 1;
	one->fail = strcmp(one->name, "alloc") == 0; /* what is not given can only be missing */
	for (; colon; colon = memchr(colon + 1, ':', (size_t)(end - colon - 1))) {
		if (strncmp(colon + 1, "fail", 4) == 0)
			one->fail = true;
		else if (strncmp(colon + 1, "kill", 4) == 0)
			one->fail = false;
		else
			one->nth = strtoul(colon + 1, NULL, 10);
	}
	wanted_count++;
}

static void read_environment(void)
{
	const char *text = getenv("CHANGELING_FAULT");

	while (text && *text && wanted_count < WANTED_MAXIMUM) {
		size_t length = strcspn(text, ",");

		read_one(text, length);
		text += length;
		text += *text == ',';
	}
}

bool fault_point(const char *name)
{
	bool fail = false, end = false;

	pthread_once(&once, read_environment);
	for (size_t i = 0; i < wanted_count; i++) {
		struct wanted *one = &wanted[i];

		if (strcmp(one->name, name) != 0)
			continue;
		pthread_mutex_lock(&lock);
		if (++one->passed == one->nth)
			*(one->fail ? &fail : &end) = true;
		pthread_mutex_unlock(&lock);
	}
	if (end) {
		kill(getpid(), SIGKILL);
		pause();
	}
	return fail;
}
#else
typedef int fault_no_points;
#endif
