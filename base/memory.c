#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"

#define HUGE_PAGE ((size_t)2 << 20)

static void *check(void *memory, size_t size)
{
	if (!memory || FAULT_POINT("alloc")) {
		char text[96];
		int length = snprintf(text, sizeof(text), "changeling: out of memory (%zu bytes asked for)\n", size);

		if (write(STDERR_FILENO, text, (size_t)length) < 0)
			_exit(71);
		_exit(70);
	}
	return memory;
}

void *memory_alloc(size_t size)
{
	return check(malloc(size ? size : 1), size);
}

void *memory_zalloc(size_t size)
{
	return check(calloc(1, size ? size : 1), size);
}

void *memory_zalloc_present(size_t size)
{
	size_t whole = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	void *memory = check(aligned_alloc(HUGE_PAGE, whole), whole);

	madvise(memory, whole, MADV_HUGEPAGE); /* where there are none, small ones do */
	return memset(memory, 0, size);
}

void *memory_realloc(void *old, size_t size)
{
	return check(realloc(old, size ? size : 1), size);
}

char *memory_strndup(const char *text, size_t length)
{
	char *copy = memory_alloc(length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *memory_strdup(const char *text)
{
	return memory_strndup(text, strlen(text));
}
