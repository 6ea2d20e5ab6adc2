/* Named time zones as offsets, from the machine's time zone database. */
#ifndef APPLIER_SQL_ZONE_H
#define APPLIER_SQL_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Seconds east of UTC that the rules in `data` (a TZif file's content) give for the instant. ERROR_CORRUPT
 * when it is no such file. */
int zone_offset(const uint8_t *data, size_t length, int64_t instant, int32_t *seconds, struct error *error);

/* The same for a name ("Europe/Berlin") looked up below `directory` (NULL = /usr/share/zoneinfo). ERROR_STOP
 * when there is no such zone. Names with "..", or a leading slash, are refused. */
int zone_offset_by_name(
	const char *directory, const char *name, int64_t instant, int32_t *seconds, struct error *error);

/* "+02:00" (whole minutes only; -1 when the offset has seconds or is beyond what the servers take). */
int zone_print(int32_t seconds, char out[8]);

#endif
