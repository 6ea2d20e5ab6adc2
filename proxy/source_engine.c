#include "proxy/source_engine.h"

#include <string.h>
#include <strings.h>

/* Names as hexadecimal, which no quoting can break. */
static void put_name(struct buffer *sql, const char *name)
{
	buffer_puts(sql, "_utf8 0x");
	buffer_put_hex(sql, name, strlen(name));
}

int source_engine(const struct source_options *options, const char *database, const char *table,
	bool *transactional, struct error *error)
{
	struct source *source = source_new(options);
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT;
	struct source_rows rows;
	int result;

	buffer_puts(&sql, "SELECT t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t LEFT JOIN "
			  "information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = ");
	put_name(&sql, database);
	buffer_puts(&sql, " AND t.TABLE_NAME = ");
	put_name(&sql, table);
	result = source_connect(source, error);
	if (result == 0)
		result = source_query(source, buffer_text(&sql), &arena, &rows, error);
	if (result == 0 && (rows.rows != 1 || !source_cell(&rows, 0, 0)))
		result = error_set(error, ERROR_STOP,
			"the engine of the source's table %s.%s is not known: it is gone, or the account %s "
			"may not see it "
			"(GRANT SELECT on it, then changeling retry).",
			database, table, options->user);
	if (result == 0)
		*transactional = source_cell(&rows, 0, 1) && strcasecmp(source_cell(&rows, 0, 1), "YES") == 0;
	source_free(source);
	buffer_release(&sql);
	arena_release(&arena);
	return result;
}
