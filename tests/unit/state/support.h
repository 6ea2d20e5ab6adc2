/* What the tests of this room share: a directory of their own and looks into the file. */
#ifndef TESTS_STATE_SUPPORT_H
#define TESTS_STATE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/state.h"

static char directory[64];

static inline int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

static inline int make_directory(void **unused)
{
	(void)unused;
	snprintf(directory, sizeof(directory), "/tmp/changeling-state-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static inline int remove_directory(void **unused)
{
	(void)unused;
	return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_directory(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

/* The first column of the first row as text, by a connection of its own as another process would have it; ""
 * for NULL, "(none)" without a row. */
static inline const char *look(const char *sql)
{
	static char text[4096];
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(
		sqlite3_open_v2(in_directory("state.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(statement, 0);

		snprintf(text, sizeof(text), "%s", value ? value : "");
	} else {
		snprintf(text, sizeof(text), "(none)");
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return text;
}

static inline struct state *open_state(const struct state_options *options)
{
	struct error error = {.kind = ERROR_NONE};
	struct state *state = NULL;
	char *warning;

	if (state_open(&state, directory, options, &warning, &error) != 0)
		fail_msg("%s", error.text);
	assert_null(warning);
	return state;
}

#define must(call)                                                                                           \
	do {                                                                                                 \
		struct error error = {.kind = ERROR_NONE};                                                   \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, error.text);                                               \
	} while (0)

/* The call fails with that kind, and with that in its text. */
#define must_fail(call, wanted_kind, wanted_text)                                                            \
	do {                                                                                                 \
		struct error error = {.kind = ERROR_NONE};                                                   \
		assert_int_equal((call), -1);                                                                \
		if (error.kind != (wanted_kind) || !strstr(error.text, wanted_text))                         \
			fail_msg("%s: kind %s: %s", #call, error_kind_name(error.kind), error.text);         \
	} while (0)

#endif
