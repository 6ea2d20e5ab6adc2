/* What a definition's objects look like on the target: told by the server in words (SHOW CREATE), or, where two objects may
 * look alike, by the number that InnoDB gave the table and that goes with it wherever it is renamed to. */
#ifndef APPLIER_FINGERPRINT_H
#define APPLIER_FINGERPRINT_H

#include <stdbool.h>

#include "applier/target.h"
#include "base/error.h"

#define FINGERPRINT_TEXT 65
#define FINGERPRINT_ABSENT "absent"   /* there is no such object */
#define FINGERPRINT_UNKNOWN "unknown" /* the account may not see what would tell */

/* Brings the session to where fingerprints that were taken at different times can be compared: the words of SHOW CREATE
 * depend on the sql_mode, the time zone and the default database. Whatever was known of the session is known no more
 * (session_forget). `schema` is our own. */
int fingerprint_session(struct target *target, const char *schema, struct error *error);

/* Of the object's definition. `kind` is an enum object_kind; kinds whose definition cannot be shown are absent. */
int fingerprint_definition(struct target *target, int kind, const char *database, const char *name,
	char fingerprint[FINGERPRINT_TEXT], struct error *error);

/* Of the table itself, whatever it is called and looks like; FINGERPRINT_UNKNOWN when the server does not tell. */
int fingerprint_identity(struct target *target, const char *database, const char *name,
	char fingerprint[FINGERPRINT_TEXT], struct error *error);

#endif
