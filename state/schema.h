/* The schema of DIR/state.db as a list of migrations; private to state/. */
#ifndef STATE_SCHEMA_H
#define STATE_SCHEMA_H

#include <sqlite3.h>

#include "base/error.h"

/* PRAGMA application_id: "CHLG" */
#define STATE_APPLICATION_ID 0x43484c47

struct state_migration {
	unsigned version; /* PRAGMA user_version after it */
	const char *sql;
};

extern const struct state_migration state_migrations[];
extern const unsigned state_migration_count;

#endif
