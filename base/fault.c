#include "base/fault.h"

#ifdef CHANGELING_FAULTS
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	char name[64];
	unsigned nth, passed;
	bool fail;
} wanted;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void read_environment(void)
{
	const char *text = getenv("CHANGELING_FAULT");
	const char *colon;
	size_t length;

	if (!text)
		return;
	colon = strchr(text, ':');
	length = colon ? (size_t)(colon - text) : strlen(text);
	if (length >= sizeof(wanted.name))
		return;
	memcpy(wanted.name, text, length);
	wanted.nth = 1;
	while (colon) {
		if (strncmp(colon + 1, "fail", 4) == 0)
			wanted.fail = true;
		else if (strncmp(colon + 1, "kill", 4) != 0)
			wanted.nth = (unsigned)strtoul(colon + 1, NULL, 10);
		colon = strchr(colon + 1, ':');
	}
}

bool fault_point(const char *name)
{
	bool hit;

	pthread_once(&once, read_environment);
	if (!wanted.name[0] || strcmp(wanted.name, name) != 0)
		return false;
	pthread_mutex_lock(&lock);
	hit = ++wanted.passed == wanted.nth;
	pthread_mutex_unlock(&lock);
	if (hit && !wanted.fail) {
		kill(getpid(), SIGKILL);
		pause();
	}
	return hit;
}
#else
typedef int fault_no_points;
#endif
