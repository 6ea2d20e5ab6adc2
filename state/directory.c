#include "state/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

/* How long a start waits for those who only look at the lock (state_lock_holder) to let go of it. */
#define LOCK_PATIENCE_MS 500

static bool ours(uid_t owner)
{
	return geteuid() == 0 || owner == geteuid();
}

int state_directory_check(const char *directory, struct error *error)
{
	struct stat info;

	if (stat(directory, &info) != 0)
		return error_set(error, ERROR_USAGE, "looking at the state directory %s: %s. %s", directory,
			strerror(errno),
			errno == ENOENT
				? "Set the channel up with change-master, or name the right directory "
				  "with --state."
				: "Run as the user that the directory belongs to.");
	if (!S_ISDIR(info.st_mode))
		return error_set(error, ERROR_USAGE, "the state directory %s is not a directory", directory);
	if (!ours(info.st_uid))
		return error_set(error, ERROR_USAGE,
			"the state directory %s belongs to user %u and not to us (user %u). Run as its "
			"owner, or "
			"chown it.",
			directory, (unsigned)info.st_uid, (unsigned)geteuid());
	if (info.st_mode & 077)
		return error_set(error, ERROR_USAGE,
			"the state directory %s is open to group or others (mode %04o), and it holds "
			"passwords and "
			"statements. Close it: chmod 700 %s",
			directory, (unsigned)info.st_mode & 07777, directory);
	return 0;
}

/* Makes the parents of the path, as mkdir -p does. */
static int make_parents(const char *directory, struct error *error)
{
	char *path = memory_strdup(directory);
	int result = 0;

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST) {
			result = error_set(error, ERROR_USAGE,
				"making the directory %s: %s. Let root make the state directory for you "
				"(install -d "
				"-m 0700 -o USER %s), or name another one with --state.",
				path, strerror(errno), directory);
			break;
		}
		*slash = '/';
	}
	free(path);
	return result;
}

static bool is_empty(const char *directory)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	bool empty = entries != NULL;

	while (empty && (entry = readdir(entries)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (entries)
		closedir(entries);
	return empty;
}

int state_directory_make(const char *directory, struct error *error)
{
	struct stat info;
	mode_t made;

	if (!directory || !*directory)
		return error_set(error, ERROR_USAGE, "no state directory is named. Name one with --state.");
	if (stat(directory, &info) == 0) {
		/* made by hand for us, by mkdir */
		if (S_ISDIR(info.st_mode) && ours(info.st_uid) && (info.st_mode & 077) &&
			is_empty(directory) && chmod(directory, 0700) != 0)
			return error_set(error, ERROR_USAGE,
				"setting the mode of the state directory %s to 0700: %s", directory,
				strerror(errno));
		return state_directory_check(directory, error);
	}
	if (make_parents(directory, error) != 0)
		return -1;
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return error_set(error, ERROR_USAGE,
			"making the state directory %s: %s. Let root make it for you (install -d -m 0700 -o "
			"USER %s), or name another one with --state.",
			directory, strerror(errno), directory);
	/* a umask or a default ACL may have taken bits that we need */
	if (stat(directory, &info) == 0) {
		made = info.st_mode & 07777;
		if (made != 0700 && ours(info.st_uid) && chmod(directory, 0700) != 0)
			return error_set(error, ERROR_USAGE,
				"setting the mode of the state directory %s to 0700: %s", directory,
				strerror(errno));
	}
	return state_directory_check(directory, error);
}

int state_file_check(int fd, const char *path, const char *what, struct error *error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return error_set(error, ERROR_USAGE, "looking at %s %s: %s", what, path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return error_set(error, ERROR_USAGE, "%s %s is not a regular file", what, path);
	if (!ours(info.st_uid))
		return error_set(error, ERROR_USAGE, "%s %s belongs to user %u and not to us (user %u)", what,
			path, (unsigned)info.st_uid, (unsigned)geteuid());
	if (info.st_mode & 077)
		return error_set(error, ERROR_USAGE,
			"%s %s is open to group or others (mode %04o). Close it: chmod 600 %s", what, path,
			(unsigned)info.st_mode & 07777, path);
	return 0;
}

/* The number in the lock file, or -1. */
static pid_t read_pid(int fd)
{
	char text[32];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
	char *end;
	long pid;

	if (length <= 0)
		return -1;
	text[length] = '\0';
	pid = strtol(text, &end, 10);
	return end != text && pid > 0 && pid <= INT_MAX ? (pid_t)pid : -1;
}

static int open_lock(const char *directory, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/lock", directory) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int state_lock_take(struct state_lock *lock, const char *directory, struct error *error)
{
	const struct timespec pause = {0, 10 * 1000 * 1000};
	int fd = open_lock(directory, O_RDWR | O_CREAT);
	int length, failure = 0;
	char text[32];
	pid_t holder;

	if (fd < 0)
		return error_set(
			error, ERROR_USAGE, "opening the lock file %s/lock: %s", directory, strerror(errno));
	for (int waited_ms = 0;; waited_ms += 10) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			break;
		failure = errno;
		if (failure == EINTR)
			continue;
		if (failure != EWOULDBLOCK || waited_ms >= LOCK_PATIENCE_MS)
			goto refused;
		nanosleep(&pause, NULL);
	}
	length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) {
		failure = errno;
		close(fd);
		return error_set(error, ERROR_STOP,
			"writing the lock file %s/lock: %s. Make room, or mend the file "
			"system, and start again.",
			directory, strerror(failure));
	}
	lock->fd = fd;
	return 0;
refused:
	holder = read_pid(fd);
	close(fd);
	if (failure != EWOULDBLOCK)
		return error_set(error, ERROR_USAGE, "locking %s/lock: %s", directory, strerror(failure));
	if (holder > 0)
		return error_set(error, ERROR_USAGE,
			"another changeling (process %ld) is working in the state directory %s. Stop it "
			"first, or name "
			"another directory with --state.",
			(long)holder, directory);
	return error_set(error, ERROR_USAGE,
		"another process is working in the state directory %s: it holds %s/lock", directory,
		directory);
}

void state_lock_release(struct state_lock *lock)
{
	if (lock->fd < 0)
		return;
	/* emptied before it is let go, so that nobody reads our id in a lock that is not held */
	if (ftruncate(lock->fd, 0) != 0)
		errno = 0;
	close(lock->fd);
	lock->fd = -1;
}

pid_t state_lock_holder(const char *directory)
{
	int fd = open_lock(directory, O_RDONLY);
	pid_t holder = 0;

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		holder = read_pid(fd);
	close(fd);
	return holder;
}
