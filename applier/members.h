/* The members of ENUM and SET columns. The log has their numbers; on the target's list the same member may have another one.
 *
 * With binlog_row_metadata=FULL the log tells the names too. Then the target's number of the same name is written, and a value
 * whose name the target lacks stops. Without names a number stands for itself, and stops when the target's list is shorter. */
#ifndef APPLIER_MEMBERS_H
#define APPLIER_MEMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "binlog/rows.h"

struct member {
	const char *name; /* utf8, as information_schema shows it */
	size_t length;
};

struct member_list {
	uint32_t count;
	struct member *members;
};

/* From the type as a server writes it: enum('a','b''c'). Other types have none. */
void members_read(struct member_list *list, const char *full_type, struct arena *arena);

/* The target's numbers by the source's, 0 for a member that the target lacks. NULL when every number stands for itself, and when
 * the log tells no names. `charset`: of the source's column. A name of a character set that cannot be read for certain, and is not
 * found, keeps its number. So does one with characters that take four bytes in UTF-8, if the target shows '?' for them at the
 * same place; elsewhere it must be the only one that is shown so. */
const uint32_t *members_match(const struct table_column *source, const char *charset, const struct member_list *list,
	struct arena *arena);

/* An ENUM's or SET's value in the target's numbers; `numbers` may be NULL. ERROR_STOP when the target has no such member;
 * `column` and `full_type`, its name and type on the target, are for the message. */
int members_translate(struct value *value, const struct table_column *source, const uint32_t *numbers,
	const struct member_list *list, const char *column, const char *full_type, struct error *error);

#endif
