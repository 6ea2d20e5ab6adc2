/* What a transaction consists of: statements with the context that stood before them, files of LOAD DATA,
 * table maps and rows. Bytes that are kept are copied into the transaction's arena once. */
#include <string.h>

#include "base/utf8.h"
#include "binlog/assembler.h"
#include "binlog/control.h"

#define NOTE_FAILED_LOAD "a LOAD DATA statement that failed on the master"

struct change *append_change(
	struct assembler *assembler, const struct event_header *header, enum change_kind kind)
{
	struct transaction *transaction = assembler->group.transaction;
	struct change *change = arena_zalloc(&transaction->arena, sizeof(*change));

	change->kind = kind;
	change->timestamp = header->timestamp;
	change->server_id = header->server_id;
	change->header_flags = header->flags;
	change->end_offset = assembler->event_end;
	if (transaction->last)
		transaction->last->next = change;
	else
		transaction->first = change;
	transaction->last = change;
	transaction->changes++;
	return change;
}

int add_statement(struct assembler *assembler, const struct event *event, const struct query_event *query,
	struct error *error)
{
	struct group *group = &assembler->group;
	struct logged_statement *statement;
	struct change *change;

	if (query->is_load && (!group->load.open || group->load.id != query->file_id))
		return error_set(error, ERROR_CORRUPT,
			"LOAD DATA refers to file %lu, but no block of it came before.",
			(unsigned long)query->file_id);
	change = append_change(assembler, &event->header, query->is_load ? CHANGE_LOAD : CHANGE_QUERY);
	statement = arena_alloc(&group->transaction->arena, sizeof(*statement));
	statement->query = *query;
	statement->context = group->context;
	change->statement = statement;
	memset(&group->context, 0, sizeof(group->context));
	group->last_variable = NULL;
	group->has_context = false;
	group->annotation = NULL;
	if (query->is_load) {
		change->blocks = group->load.first;
		change->continues = group->load.handed_out;
		memset(&group->load, 0, sizeof(group->load));
	}
	return 0;
}

int handle_intvar(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct statement_context *context = &assembler->group.context;
	uint8_t kind;
	uint64_t value;

	if (intvar_event_parse(event, &kind, &value, error) < 0)
		return -1;
	group_transaction(assembler, event);
	assembler->group.has_context = true;
	if (kind == INTVAR_INSERT_ID) {
		context->has_insert_id = true;
		context->insert_id = value;
	} else {
		context->has_last_insert_id = true;
		context->last_insert_id = value;
	}
	return 0;
}

int handle_rand(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct statement_context *context = &assembler->group.context;

	if (rand_event_parse(event, &context->rand_seed1, &context->rand_seed2, error) < 0)
		return -1;
	group_transaction(assembler, event);
	assembler->group.has_context = context->has_rand = true;
	return 0;
}

int handle_user_var(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;
	struct arena *arena = &group_transaction(assembler, event)->arena;
	struct user_variable *variable = arena_alloc(arena, sizeof(*variable));
	struct event copy = *event;

	copy.body = arena_copy(arena, event->body, event->body_length);
	if (user_variable_parse(&copy, variable, error) < 0)
		return -1;
	group->has_context = true;
	if (group->last_variable)
		group->last_variable->next = variable;
	else
		group->context.variables = variable;
	group->last_variable = variable;
	return 0;
}

static void append_block(struct group *group, const uint8_t *data, size_t length)
{
	struct arena *arena = &group->transaction->arena;
	struct load_block *block;

	if (!length)
		return;
	block = arena_alloc(arena, sizeof(*block));
	block->next = NULL;
	block->data = arena_copy(arena, data, length);
	block->length = length;
	if (group->load.last)
		group->load.last->next = block;
	else
		group->load.first = block;
	group->load.last = block;
}

int handle_begin_load(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct load_file *load = &assembler->group.load;
	uint32_t id;
	const uint8_t *data;
	size_t length;

	if (load_block_parse(event, &id, &data, &length, error) < 0)
		return -1;
	if (load->open)
		return error_set(error, ERROR_CORRUPT,
			"file %lu of LOAD DATA begins before file %lu has ended.", (unsigned long)id,
			(unsigned long)load->id);
	group_transaction(assembler, event);
	*load = (struct load_file){.open = true, .id = id};
	append_block(&assembler->group, data, length);
	group_hand_out_part(assembler);
	return 0;
}

static int expect_file(const struct group *group, uint32_t id, struct error *error)
{
	if (group->load.open && group->load.id == id)
		return 0;
	return error_set(error, ERROR_CORRUPT,
		"it belongs to file %lu of LOAD DATA, whose first block did not come before.",
		(unsigned long)id);
}

int handle_append_block(struct assembler *assembler, const struct event *event, struct error *error)
{
	uint32_t id;
	const uint8_t *data;
	size_t length;

	if (load_block_parse(event, &id, &data, &length, error) < 0 ||
		expect_file(&assembler->group, id, error) < 0)
		return -1;
	append_block(&assembler->group, data, length);
	group_hand_out_part(assembler);
	return 0;
}

int handle_delete_file(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;
	uint32_t id;
	const uint8_t *data;
	size_t length;

	if (load_block_parse(event, &id, &data, &length, error) < 0 || expect_file(group, id, error) < 0)
		return -1;
	memset(&group->load, 0, sizeof(group->load));
	memset(&group->context, 0, sizeof(group->context));
	group->last_variable = NULL;
	group->has_context = false;
	if (group->state != GROUP_OPEN) /* no statement and no COMMIT will follow */
		group_finish(assembler, TRANSACTION_EMPTY, NOTE_FAILED_LOAD);
	return 0;
}

int handle_annotation(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;
	const char *text;
	size_t length;

	if (annotation_parse(event, &text, &length, error) < 0)
		return -1;
	if (!group->transaction) /* outside a group it tells nothing */
		return 0;
	if (length > ANNOTATION_KEPT)
		length = utf8_whole(text, ANNOTATION_KEPT);
	group->annotation = arena_strndup(&group->transaction->arena, text, length);
	group->annotation_length = length;
	return 0;
}

static struct map_entry **map_bucket(struct group *group, uint64_t table_id)
{
	return &group->maps[table_id % MAP_BUCKETS];
}

static struct map_entry *map_find(struct group *group, uint64_t table_id)
{
	struct map_entry *entry;

	if (group->last_map && group->last_map_id == table_id)
		return group->last_map;
	for (entry = *map_bucket(group, table_id); entry; entry = entry->next) {
		if (entry->table_id == table_id) {
			group->last_map = entry;
			group->last_map_id = table_id;
			return entry;
		}
	}
	return NULL;
}

static int expect_open(const struct assembler *assembler, struct error *error)
{
	if (assembler->group.state == GROUP_OPEN)
		return 0;
	return error_set(error, ERROR_CORRUPT, "rows are changed, but no transaction is open.");
}

/* As the cache has it, or read now, on the transaction's account. */
static struct shared_map *find_map(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct shared_map *shared = map_cache_find(assembler->maps, event);

	if (shared)
		return shared;
	shared = shared_map_new(event, &assembler->format, error);
	if (!shared)
		return NULL;
	assembler->group.transaction->maps_bytes += shared->arena.bytes;
	map_cache_add(assembler->maps, shared);
	return shared;
}

static bool is_same_map(const struct map_entry *entry, const struct event *event)
{
	const struct shared_map *shared = entry->use->shared;

	return shared->body_length == event->body_length &&
	       memcmp(shared->body, event->body, event->body_length) == 0;
}

/* Each statement of a transaction repeats the maps of its tables: the same bytes are the same map. */
int handle_table_map(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;
	struct map_entry *entry;
	struct shared_map *shared;
	uint64_t table_id = 0;

	if (expect_open(assembler, error) < 0)
		return -1;
	for (int i = event->body_length < 6 ? 0 : 6; i-- > 0;)
		table_id = table_id << 8 | event->body[i];
	entry = map_find(group, table_id);
	if (entry && is_same_map(entry, event))
		return 0;
	shared = find_map(assembler, event, error);
	if (!shared)
		return -1;
	entry = map_find(group, shared->map->table_id);
	if (!entry) {
		struct map_entry **bucket = map_bucket(group, shared->map->table_id);

		entry = arena_zalloc(&group->transaction->arena, sizeof(*entry));
		entry->table_id = shared->map->table_id;
		entry->next = *bucket;
		*bucket = entry;
	}
	entry->use = transaction_use_map(group->transaction, shared); /* rows that came before keep the map that they had */
	return 0;
}

int handle_rows(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;
	struct event copy = *event;
	struct rows_event rows;
	struct map_entry *entry;
	const struct table_map *map;
	struct change *change;
	struct arena *arena;

	if (expect_open(assembler, error) < 0)
		return -1;
	arena = &group->transaction->arena;
	copy.body = arena_copy(arena, event->body, event->body_length);
	if (rows_event_parse(&copy, &assembler->format, arena, &rows, error) < 0)
		return -1;
	if (rows.table_id == ROWS_DUMMY_TABLE_ID) { /* "release the maps": a statement that changed nothing */
		group->annotation = NULL;
		return 0;
	}
	entry = map_find(group, rows.table_id);
	if (!entry)
		return error_set(error, ERROR_CORRUPT,
			"it changes rows of table %llu, of which no table map came before.",
			(unsigned long long)rows.table_id);
	map = entry->use->shared->map;
	if (rows.columns_count != map->columns_count)
		return error_set(error, ERROR_CORRUPT,
			"it has %lu columns, but the table map of %s.%s has %lu.",
			(unsigned long)rows.columns_count, map->database, map->table,
			(unsigned long)map->columns_count);
	change = append_change(assembler, &event->header, CHANGE_ROWS);
	change->rows = rows;
	change->map = map;
	change->map_use = entry->use;
	change->annotation = group->annotation;
	change->annotation_length = group->annotation ? group->annotation_length : 0;
	group->transaction->row_bytes += rows.rows_length;
	if (rows.flags & ROWS_FLAG_STMT_END)
		group->annotation = NULL;
	group_hand_out_part(assembler);
	return 0;
}
