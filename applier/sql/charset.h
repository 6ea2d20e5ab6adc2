/* Character sets and collations of both families: numbers, names, and one family's to the other's (6.9). */
#ifndef APPLIER_SQL_CHARSET_H
#define APPLIER_SQL_CHARSET_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/sql/capabilities.h"
#include "applier/sql/version.h"

struct collation {
	uint16_t id;
	const char *name;    /* "utf8mb4_0900_ai_ci" */
	const char *charset; /* "utf8mb4"; three-byte UTF-8 is always "utf8mb3" here */
};

/* By number, or NULL. Numbers of one family mean something else in the other from 255 on. */
const struct collation *collation_by_id(enum server_family family, unsigned id);

/* "utf8mb4" of a collation or character set name of either family, or NULL when nobody knows it. */
const char *charset_of(const char *collation_or_charset);

/* Bytes of the longest character, or 0 for unknown. */
unsigned charset_maximum(const char *charset);

/* How a collation of the source is written on the target: the same name, its other name (utf8/utf8mb3, 0900
 * as MariaDB's alias), or the nearest that the target knows, with *exact false. NULL when there is none. */
const char *collation_translate(const char *name, const struct capabilities *target, bool *exact);

/* The same for character sets (utf8mb3 where the target only knows utf8, …). */
const char *charset_translate(const char *name, const struct capabilities *target);

/* What CHARACTER SET `charset` alone means on such a server. */
const char *charset_default_collation(const char *charset, struct server_version server);

/* Are bytes below 0x80, where no higher one stands before them, ASCII? Not in UTF-16 and its like, nor in swe7. */
bool charset_extends_ascii(const char *charset);

/* A name (identifier, database) from the client's character set to UTF-8, appended; false when it cannot be
 * converted (then nothing is appended). NULL charset = it is UTF-8 already. */
bool charset_to_utf8(const char *charset, const char *text, size_t length, struct buffer *out);

#endif
