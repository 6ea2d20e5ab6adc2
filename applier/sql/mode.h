/* sql_mode: bits, names, and one family's to the other's (2.5). */
#ifndef APPLIER_SQL_MODE_H
#define APPLIER_SQL_MODE_H

#include <stdint.h>

#include "applier/sql/version.h"
#include "base/buffer.h"
#include "base/error.h"

#define MODE_PIPES_AS_CONCAT ((uint64_t)1 << 1)
#define MODE_NO_DIR_IN_CREATE ((uint64_t)1 << 7)
#define MODE_ORACLE ((uint64_t)1 << 9) /* MariaDB */
#define MODE_MAXDB ((uint64_t)1 << 12)
#define MODE_ANSI ((uint64_t)1 << 18)
#define MODE_NO_AUTO_VALUE_ON_ZERO ((uint64_t)1 << 19)
#define MODE_STRICT_TRANS_TABLES ((uint64_t)1 << 21)
#define MODE_STRICT_ALL_TABLES ((uint64_t)1 << 22)
#define MODE_NO_ZERO_IN_DATE ((uint64_t)1 << 23)
#define MODE_NO_ZERO_DATE ((uint64_t)1 << 24)
#define MODE_NO_AUTO_CREATE_USER ((uint64_t)1 << 28)
#define MODE_NO_ENGINE_SUBSTITUTION ((uint64_t)1 << 30)
#define MODE_EMPTY_STRING_IS_NULL ((uint64_t)1 << 32)    /* MariaDB */
#define MODE_SIMULTANEOUS_ASSIGNMENT ((uint64_t)1 << 33) /* MariaDB */

/* The source's mode as the target numbers it, without what the target does not take. */
uint64_t mode_translate(uint64_t mode, struct server_version source, struct server_version target);

/* Names with commas, as the server writes @@sql_mode; bits without a name on it are left out. */
void mode_print(uint64_t mode, struct server_version server, struct buffer *out);

/* Names (any case) or a number to bits; ERROR_USAGE names the word that is none. */
int mode_parse(const char *text, struct server_version server, uint64_t *mode, struct error *error);

#endif
