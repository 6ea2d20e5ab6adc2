/* Which stored functions and triggers the target has, by name: asked once, and again after definitions have changed. Only
 * statements that use temporary tables, and transactions that were rolled back, want to know. */
#ifndef APPLIER_STORED_CODE_H
#define APPLIER_STORED_CODE_H

#include <stdbool.h>

#include "applier/target.h"
#include "base/error.h"

struct stored_code;

struct stored_code *stored_code_new(void);
void stored_code_free(struct stored_code *code);
/* Definitions have changed. */
void stored_code_clear(struct stored_code *code);

/* 1 there is such a function (or, `function` false, a table of that name with triggers), 0 there is none, -1 on an error. */
int stored_code_has(struct stored_code *code, struct target *target, const char *database, const char *name,
	bool function, struct error *error);

#endif
