/* Numbered fault points, compiled into test builds only (CHANGELING_FAULTS).
 *
 * CHANGELING_FAULT=name[:nth][:kill|fail] makes the nth passage (1 by default) of the point either end the
 * process as kill -9 does (the default) or make FAULT_POINT return true, for the caller to treat as an I/O
 * error of that step. Several are separated by commas. The point "alloc" is every request for memory, and fails
 * by default. Every point's name stands in docs/reliability.md. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#ifdef CHANGELING_FAULTS
bool fault_point(const char *name);
#define FAULT_POINT(name) fault_point(name)
#else
#define FAULT_POINT(name) false
#endif

#endif
