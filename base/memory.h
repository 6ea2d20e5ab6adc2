/* Allocation that does not fail: out of memory ends the process with a message and no half-done work
 * (every position is on the target; a restart goes on from there). Sizes that come from the network are
 * bounded before they get here. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t size);
void *memory_zalloc(size_t size);
/* Zeroed, in memory that is there already: for tables that are read at random on a way that has no time for page faults. */
void *memory_zalloc_present(size_t size);
void *memory_realloc(void *old, size_t size);
char *memory_strdup(const char *text);
char *memory_strndup(const char *text, size_t length);

#endif
