#include "applier/registry.h"

#include "applier/internal.h"
#include "applier/stored_code.h"

static bool any(void *context, uint32_t server_id, uint64_t thread_id)
{
	const struct registry *registry = context;

	return temp_tables_any(registry->applier->temps, server_id, thread_id);
}

static const char *find(
	void *context, uint32_t server_id, uint64_t thread_id, const char *database, const char *name)
{
	const struct registry *registry = context;

	return temp_tables_find(registry->applier->temps, server_id, thread_id, database, name);
}

static bool next(void *context, uint32_t server_id, uint64_t thread_id, size_t *at, struct temp_entry *entry)
{
	const struct registry *registry = context;
	const struct temp_tables *tables = registry->applier->temps;

	for (; *at < temp_tables_count(tables); (*at)++) {
		const struct temp_table *table = temp_tables_at(tables, *at);

		if (table->server_id != server_id || table->thread_id != thread_id)
			continue;
		(*at)++;
		*entry = (struct temp_entry){table->database, table->name, table->real};
		return true;
	}
	return false;
}

static enum temp_engine engine(void *context, const char *database, const char *name)
{
	const struct registry *registry = context;
	const struct applier_hooks *hooks = &registry->applier->hooks;
	struct error unused = {0};
	bool transactional = false;

	if (!hooks->source_engine ||
		hooks->source_engine(hooks->context, database, name, &transactional, &unused) < 0)
		return TEMP_UNKNOWN;
	return transactional ? TEMP_ROLLS_BACK : TEMP_KEEPS_ROWS;
}

static bool has_code(void *context, const char *database, const char *name, bool function)
{
	struct registry *registry = context;
	struct applier *applier = registry->applier;
	struct error error = {0};
	int result = stored_code_has(applier->code, applier->control, database, name, function, &error);

	if (result < 0 && registry->failure.kind == ERROR_NONE)
		registry->failure = error;
	return result > 0;
}

void registry_init(struct registry *registry, struct applier *applier)
{
	registry->applier = applier;
	registry->failure.kind = ERROR_NONE;
	registry->answers =
		(struct temp_registry){.any = any, .find = find, .context = registry, .next = next, .engine = engine,
			.has_code = has_code};
}
