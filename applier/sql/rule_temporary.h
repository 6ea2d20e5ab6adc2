/* Inner side of the rule about temporary tables: references in queries, and definitions. */
#ifndef APPLIER_SQL_RULE_TEMPORARY_H
#define APPLIER_SQL_RULE_TEMPORARY_H

#include "applier/sql/rule.h"

/* The real table behind an object, or NULL. */
const char *temporary_find(struct rewriting *r, const struct object *object);

/* What a ROLLBACK does to the table's rows on the source, temporary or not; the source is asked, where it can be. */
enum temp_engine temporary_source_engine(struct rewriting *r, const struct object *object);

/* `schema`.`real` */
const char *temporary_qualified(struct rewriting *r, const char *real);

/* Puts real tables in the places of temporary ones, from object number `from` on; true when there were any.
 */
bool temporary_map(struct rewriting *r, size_t from);

void temporary_create(struct rewriting *r);
void temporary_drop(struct rewriting *r);
void temporary_alter(struct rewriting *r);
void temporary_index(struct rewriting *r);
void temporary_truncate(struct rewriting *r);
void temporary_rename(struct rewriting *r);

/* The beginning of the names that the table's named CHECKs have: MySQL wants them to be one of their kind in a schema. */
void temporary_check_prefix(const char *real, struct buffer *out);

#endif
