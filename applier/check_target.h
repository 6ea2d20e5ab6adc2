/* `changeling check`, the target's half: each requirement with what was found and how to mend it. */
#ifndef APPLIER_CHECK_TARGET_H
#define APPLIER_CHECK_TARGET_H

#include <stdint.h>

#include "applier/sql/capabilities.h"
#include "applier/target.h"
#include "base/check.h"
#include "base/error.h"

/* Reports on: version, TLS, privileges, our schema (with a trial of writing when it is there), whether the server takes
 * writes, its parameters, and what each capability means for the replication. Changes nothing but objects named
 * probe_… in our schema, which are dropped again. `capabilities` are the prober's. Returns -1 only when the
 * connection fails; what the server lacks is reported instead. */
int target_check(struct target *target, const struct capabilities *capabilities, const char *schema,
	check_report *report, void *context, struct error *error);

/* What of the source the target must match; 0 or negative = not known. */
struct target_check_source {
	uint64_t max_allowed_packet; /* bytes */
	int lower_case_table_names;
};

void target_check_source(const struct capabilities *capabilities, const struct target_check_source *source,
	check_report *report, void *context);

#endif
