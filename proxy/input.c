#include "proxy/input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAXIMUM_BYTES ((size_t)64 << 20)

int input_read_all(struct buffer *text, struct error *error)
{
	char bytes[65536];
	ssize_t got;

	while ((got = read(STDIN_FILENO, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(error, ERROR_USAGE, "reading standard input: %s.", strerror(errno));
		if (text->length + (size_t)got > INPUT_MAXIMUM_BYTES)
			return error_set(error, ERROR_USAGE, "standard input is larger than 64 MiB.");
		buffer_append(text, bytes, (size_t)got);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

bool input_is_redirected(void)
{
	struct stat info;

	return !isatty(STDIN_FILENO) && fstat(STDIN_FILENO, &info) == 0 && !S_ISCHR(info.st_mode);
}

bool input_given(void)
{
	struct pollfd ready = {STDIN_FILENO, POLLIN, 0};
	struct stat info;

	if (!input_is_redirected())
		return false;
	if (fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode))
		return true;
	/* a pipe that somebody holds open without a word (a service manager, ssh) shall not be waited for for
	 * ever */
	return poll(&ready, 1, 2000) > 0;
}
