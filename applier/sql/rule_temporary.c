/* Temporary tables as real ones: names in queries (6.1). An unaliased reference t becomes `schema`.`real` AS
 * t, so that t.c goes on meaning its column; where no alias may stand, t.c is written out. */
#include "applier/sql/rule_temporary.h"

#include <string.h>
#include <strings.h>

#include "applier/sql/account.h"

const char *temporary_find(struct rewriting *r, const struct object *object)
{
	const struct temp_registry *temps = r->input->temps;
	const char *real;

	if (!temps || object->kind != OBJECT_TABLE || object->derived_name)
		return NULL;
	real = temps->find(temps->context, r->input->server_id, r->input->thread_id, rule_database(r, object),
		rule_utf8(r, object->name));
	/* the plan outlives the entry, which its own effects may drop */
	return real ? arena_strdup(r->arena, real) : NULL;
}

const char *temporary_qualified(struct rewriting *r, const char *real)
{
	struct buffer name = BUFFER_INIT;
	const char *copy;

	identifier_put(r->schema, NULL, &name);
	buffer_putc(&name, '.');
	identifier_put(real, NULL, &name);
	copy = arena_strdup(r->arena, buffer_text(&name));
	buffer_release(&name);
	return copy;
}

static const char *quoted(struct rewriting *r, const char *name)
{
	struct buffer out = BUFFER_INIT;
	const char *copy;

	identifier_put(name, &r->tokens.options, &out);
	copy = arena_strdup(r->arena, buffer_text(&out));
	buffer_release(&out);
	return copy;
}

static bool is_reference(const struct object *object)
{
	return object->kind == OBJECT_TABLE && (object->role == ROLE_TARGET || object->role == ROLE_SOURCE);
}

static bool same_database(struct rewriting *r, const char *named, const struct object *object)
{
	return !named || strcasecmp(rule_utf8(r, named), rule_database(r, object)) == 0;
}

/* The reference that `table` (in `database`, or NULL) means in the scope or one around it. */
static const struct object *resolve(
	struct rewriting *r, uint16_t scope, const char *database, const char *table)
{
	for (;;) {
		for (size_t i = 0; i < r->statement.object_count; i++) {
			const struct object *object = &r->statement.objects[i];

			if (!is_reference(object) || object->scope != scope)
				continue;
			if (object->alias ? !database && strcasecmp(object->alias, table) == 0
					  : strcasecmp(object->name, table) == 0 &&
						    same_database(r, database, object))
				return object;
		}
		if (r->statement.scope_parent[scope] == scope)
			return NULL;
		scope = r->statement.scope_parent[scope];
	}
}

/* Would the name as an alias meet another table of that name in the same query? */
static bool alias_clashes(const struct rewriting *r, const struct object *object)
{
	for (size_t i = 0; i < r->statement.object_count; i++) {
		const struct object *other = &r->statement.objects[i];

		if (other != object && is_reference(other) && other->scope == object->scope &&
			strcasecmp(other->alias ? other->alias : other->name, object->name) == 0)
			return true;
	}
	return false;
}

static bool takes_alias(const struct rewriting *r, const struct object *object)
{
	bool single_delete = r->statement.class == STATEMENT_DELETE && object->scope == 0;

	for (size_t i = 0; i < r->statement.object_count; i++)
		if (r->statement.objects[i].role == ROLE_DELETE_LIST)
			single_delete = false;
	if (object->alias || !object->may_have_alias || alias_clashes(r, object))
		return false;
	return !single_delete || r->target->single_table_delete_alias;
}

static void map_qualifiers(struct rewriting *r)
{
	for (size_t i = 0; i < r->statement.qualifier_count; i++) {
		const struct qualifier *q = &r->statement.qualifiers[i];
		const struct object *object = resolve(r, q->scope, q->database, q->table);
		const char *real = object ? temporary_find(r, object) : NULL;

		if (!real || object->alias)
			continue;
		if (!takes_alias(r, object)) /* [db.]t. gives way to `schema`.`real`. */
			rule_replace(r, q->first, q->first + (q->parts == 3 ? 2u : 0u),
				temporary_qualified(r, real));
		else if (q->parts == 3) /* db.t.c to t.c */
			rule_replace(r, q->first, q->first + 1, "");
	}
}

static void map_delete_list(struct rewriting *r)
{
	for (size_t i = 0; i < r->statement.object_count; i++) {
		const struct object *listed = &r->statement.objects[i], *object;
		const char *real;

		if (listed->role != ROLE_DELETE_LIST)
			continue;
		object = resolve(r, 0, listed->database, listed->name);
		real = object ? temporary_find(r, object) : NULL;
		if (real && !object->alias)
			rule_replace(r, listed->first, listed->last,
				takes_alias(r, object) ? quoted(r, object->name)
						       : temporary_qualified(r, real));
	}
}

bool temporary_map(struct rewriting *r, size_t from)
{
	bool any = false;

	for (size_t i = from; i < r->statement.object_count; i++) {
		const struct object *object = &r->statement.objects[i];
		const char *real = is_reference(object) ? temporary_find(r, object) : NULL, *name;

		if (!real)
			continue;
		if (!any && !RULE_REWRITES(r, "It uses temporary tables of the source's session, which are "
					      "real tables here."))
			return false;
		any = true;
		name = temporary_qualified(r, real);
		if (takes_alias(r, object))
			name = rule_printf(r, "%s AS %s", name, quoted(r, object->name));
		/* the alias goes behind PARTITION (…), which no temporary table has: right behind the name is
		 * right */
		rule_replace(r, object->first, object->last, name);
	}
	if (any) {
		map_qualifiers(r);
		map_delete_list(r);
		r->plan->flags |= PLAN_TEMP;
	}
	return any;
}

static bool any_alive(const struct rewriting *r)
{
	const struct temp_registry *temps = r->input->temps;

	return temps && temps->any(temps->context, r->input->server_id, r->input->thread_id);
}

static void temporary_tables(struct rewriting *r)
{
	bool temporary = (r->statement.flags & STATEMENT_TEMPORARY) != 0, alive;

	if (r->built)
		return;
	if (r->statement.class == STATEMENT_CREATE_TABLE && temporary) {
		temporary_create(r);
		return;
	}
	alive = any_alive(r);
	if (r->statement.class == STATEMENT_DROP_TABLE && (alive || temporary)) {
		temporary_drop(r);
		return;
	}
	if (!alive || r->statement.object_count == 0)
		return;
	switch (r->statement.class) {
	case STATEMENT_CREATE_TABLE:
	case STATEMENT_CREATE_VIEW:
		temporary_map(r, 1);
		break;
	case STATEMENT_ALTER_TABLE:
		temporary_alter(r);
		break;
	case STATEMENT_CREATE_INDEX:
	case STATEMENT_DROP_INDEX:
		temporary_index(r);
		break;
	case STATEMENT_TRUNCATE:
		temporary_truncate(r);
		break;
	case STATEMENT_RENAME_TABLE:
		temporary_rename(r);
		break;
	default:
		temporary_map(r, 0);
	}
}

CLASSES(table_users, STATEMENT_INSERT, STATEMENT_REPLACE, STATEMENT_UPDATE, STATEMENT_DELETE, STATEMENT_LOAD,
	STATEMENT_SELECT, STATEMENT_DO, STATEMENT_CALL, STATEMENT_SET, STATEMENT_CREATE_TABLE,
	STATEMENT_ALTER_TABLE, STATEMENT_DROP_TABLE, STATEMENT_RENAME_TABLE, STATEMENT_CREATE_INDEX,
	STATEMENT_DROP_INDEX, STATEMENT_TRUNCATE, STATEMENT_CREATE_VIEW);

static const struct rule list[] = {
	{{"temporary-tables", "Temporary tables",
		 "CREATE, ALTER, DROP, TRUNCATE TEMPORARY TABLE and all that uses such tables",
		 "keeps them as real tables in a schema of its own, one for each, and writes their names "
		 "into the session's statements",
		 "pseudo_thread_id to be settable; and it would lose them with each connection",
		 ALLOW(POLICY_REWRITE) | ALLOW(POLICY_SKIP) | ALLOW(POLICY_STOP), POLICY_REWRITE,
		 "CREATE TEMPORARY TABLE app.tmp SELECT 1 AS a", {FAMILY_MYSQL, 50651}},
		table_users, temporary_tables},
};

const struct rule_topic rules_temporary = {list, sizeof(list) / sizeof(list[0])};
