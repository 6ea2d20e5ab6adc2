/* The source's temporary tables and the real tables on the target that stand for them: kept on the target in the same
 * transactions as their rows, so that they outlive everything (6.1). */
#ifndef APPLIER_TEMP_H
#define APPLIER_TEMP_H

#include <stddef.h>
#include <stdint.h>

#include "applier/sql/rewrite.h"
#include "applier/questions.h"
#include "applier/target.h"
#include "base/error.h"

struct temp_table {
	uint32_t server_id;
	uint64_t thread_id;
	char *database, *name, *real;
};

struct temp_tables; /* of one channel */

struct question *temp_tables_ask(struct questions *questions, const char *schema, const char *channel);
/* From the answer; real tables that the program was killed before it could drop are dropped. */
int temp_tables_load(struct temp_tables **tables, const struct question *answered, struct target *target,
	const char *schema, const char *channel, struct error *error);
void temp_tables_free(struct temp_tables *tables);

/* Has the session any? */
bool temp_tables_any(const struct temp_tables *tables, uint32_t server_id, uint64_t thread_id);
/* The real table that stands for it, or NULL; valid until the next effect. */
const char *temp_tables_find(const struct temp_tables *tables, uint32_t server_id, uint64_t thread_id,
	const char *database, const char *name);

/* Notes a table of our schema that is dropped as soon as nobody needs it, also by the next start after a kill: a
 * statement (followed by "; "), to be committed before the table is made. */
size_t temp_tables_scratch(const struct temp_tables *tables, struct buffer *sql, const char *real);

/* Carries an effect of a statement out: in memory, and as statements (each followed by "; ") for the transaction that
 * carries the statement; returns how many. Effects of other kinds do nothing. */
size_t temp_tables_effect(struct temp_tables *tables, uint32_t server_id, uint64_t thread_id,
	const struct plan_effect *effect, struct buffer *sql);

/* Before the first effects of a transaction: the rows of tables that earlier ones dropped are done with. As above. */
size_t temp_tables_forget_dropped(const struct temp_tables *tables, struct buffer *sql);

/* All of a source server that was started anew: calls back for each and forgets it; statements as above. */
size_t temp_tables_restart(struct temp_tables *tables, uint32_t server_id, struct buffer *sql,
	void (*dropped)(void *context, const struct temp_table *table), void *context);

size_t temp_tables_count(const struct temp_tables *tables);
const struct temp_table *temp_tables_at(const struct temp_tables *tables, size_t index);

#endif
