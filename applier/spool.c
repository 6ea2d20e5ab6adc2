#include "applier/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

struct spool {
	const char *directory;
	int file; /* -1: not made yet */
	uint64_t length;
};

struct spool *spool_new(const char *directory)
{
	struct spool *spool = memory_zalloc(sizeof(*spool));

	spool->directory = directory;
	spool->file = -1;
	return spool;
}

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	if (spool->file >= 0)
		close(spool->file);
	free(spool);
}

void spool_clear(struct spool *spool)
{
	if (spool->file >= 0)
		close(spool->file);
	spool->file = -1;
	spool->length = 0;
}

static int fail(const struct spool *spool, const char *what, struct error *error)
{
	return error_set(error, ERROR_STOP,
		"the file of a LOAD DATA statement, kept in %s until the statement comes, cannot be %s: %s. Make room there and "
		"retry.",
		spool->directory, what, strerror(errno));
}

/* A file without a name, where the file system can do that at once; else its name is taken away. */
static int make_file(const char *directory)
{
	char path[PATH_MAX];
	int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return file;
	snprintf(path, sizeof(path), "%s/load-XXXXXX", directory);
	file = mkostemp(path, O_CLOEXEC);
	if (file >= 0)
		unlink(path);
	return file;
}

int spool_add(struct spool *spool, const void *bytes, size_t length, struct error *error)
{
	const char *at = bytes;

	if (spool->file < 0 && (spool->file = make_file(spool->directory)) < 0)
		return fail(spool, "made", error);
	while (length > 0) {
		ssize_t written = pwrite(spool->file, at, length, (off_t)spool->length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail(spool, "written", error);
		at += written;
		length -= (size_t)written;
		spool->length += (uint64_t)written;
	}
	return 0;
}

uint64_t spool_length(const struct spool *spool)
{
	return spool->length;
}

int spool_read(const struct spool *spool, uint64_t at, void *into, size_t room, struct error *error)
{
	ssize_t got;

	if (room > INT_MAX)
		room = INT_MAX;
	do
		got = pread(spool->file, into, room, (off_t)at);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		return (int)got;
	errno = got < 0 ? errno : EIO; /* it is shorter than what was written */
	return fail(spool, "read", error);
}
