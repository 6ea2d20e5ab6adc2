/* Large transactions are handed out part by part, so that none of them has to fit into memory: changes, blocks of
 * a file of LOAD DATA before its statement, and the events of what is to be prepared. */
#include <string.h>

#include "binlog/assembler.h"

/* Of the places, which are in another one's arena, or were. */
static void copy_names(struct transaction *transaction)
{
	const char *begin = transaction->begin.file, *end = transaction->end.file;

	transaction->begin.file = begin ? arena_strdup(&transaction->arena, begin) : NULL;
	transaction->end.file = end == begin ? transaction->begin.file : arena_strdup(&transaction->arena, end);
}

void transaction_copy_head(struct transaction *to, const struct transaction *from)
{
	struct arena arena = to->arena;

	*to = *from;
	to->arena = arena;
	copy_names(to);
	to->next = NULL;
	to->first = to->last = NULL;
	to->changes = 0;
	to->row_bytes = 0;
	to->maps = NULL;
	to->maps_bytes = 0;
	to->events = NULL;
	to->events_length = 0;
}

void group_keep_verbatim(struct assembler *assembler, const struct event *event)
{
	struct buffer *out = &assembler->verbatim;

	if (assembler->replaying)
		return;
	buffer_put_le(out, event->header.timestamp, 4);
	buffer_putc(out, (char)event->header.type);
	buffer_put_le(out, event->header.server_id, 4);
	buffer_put_le(out, EVENT_HEADER_SIZE + event->body_length, 4);
	buffer_put_le(out, 0, 4); /* no place in a file */
	buffer_put_le(out, event->header.flags, 2);
	buffer_append(out, event->body, event->body_length);
}

bool group_keeps_events(const struct assembler *assembler)
{
	return assembler->group.xa && !assembler->replaying;
}

/* The format description of today, as a first event that does not depend on where it stood: no checksum, not
 * the start of a server. */
static void put_format(const struct assembler *assembler, struct buffer *out)
{
	const struct buffer *body = &assembler->format_body;
	bool has_algorithm =
		binlog_format_names_checksum(assembler->format.family, assembler->format.version);
	size_t start;

	buffer_put_le(out, 0, 4);
	buffer_putc(out, EVENT_FORMAT_DESCRIPTION);
	buffer_put_le(out, 0, 4);
	buffer_put_le(out, EVENT_HEADER_SIZE + body->length + (has_algorithm ? EVENT_CHECKSUM_SIZE : 0), 4);
	buffer_put_le(out, 0, 6);
	start = out->length;
	buffer_append(out, body->data, body->length);
	if (has_algorithm) {
		out->data[out->length - 1] = CHECKSUM_OFF;
		buffer_put_le(out, 0, EVENT_CHECKSUM_SIZE);
	}
	memset(out->data + start + FORMAT_CREATED_OFFSET, 0, 4);
}

bool group_take_verbatim(struct assembler *assembler, struct transaction *transaction)
{
	struct buffer events = BUFFER_INIT;
	bool ok;

	if (transaction->part == 0)
		put_format(assembler, &events);
	buffer_append(&events, assembler->verbatim.data, assembler->verbatim.length);
	ok = buffer_ok(&events) && buffer_ok(&assembler->verbatim);
	if (ok) {
		transaction->events = arena_copy(&transaction->arena, events.data, events.length);
		transaction->events_length = events.length;
	}
	buffer_release(&events);
	buffer_clear(&assembler->verbatim);
	return ok;
}

struct map_use *transaction_use_map(struct transaction *transaction, struct shared_map *shared)
{
	struct map_use *use = arena_zalloc(&transaction->arena, sizeof(*use));

	use->shared = shared;
	use->next = transaction->maps;
	transaction->maps = use;
	return use;
}

void transaction_forget_changes(struct transaction *transaction)
{
	for (struct map_use *use = transaction->maps; use; use = use->next)
		shared_map_leave(use->shared);
	transaction->maps = NULL;
	transaction->maps_bytes = 0;
	transaction->first = transaction->last = NULL;
	transaction->changes = 0;
	transaction->row_bytes = 0;
}

/* The blocks of a file whose statement has not come yet. */
static void hand_out_blocks(struct assembler *assembler)
{
	struct transaction *transaction = assembler->group.transaction;
	struct load_file *load = &assembler->group.load;
	struct event_header header = {.timestamp = transaction->timestamp, .server_id = transaction->server_id};
	struct change *change;

	if (!load->first)
		return;
	change = append_change(assembler, &header, CHANGE_BLOCKS);
	change->blocks = load->first;
	change->continues = load->handed_out;
	load->first = load->last = NULL;
	load->handed_out = true;
}

static void carry_maps(struct group *group)
{
	struct transaction *part = group->transaction;

	group->last_map = NULL;
	for (unsigned i = 0; i < MAP_BUCKETS; i++) {
		struct map_entry **link = &group->maps[i];

		for (; *link; link = &(*link)->next) {
			*link = arena_copy(&part->arena, *link, sizeof(**link));
			(*link)->use = transaction_use_map(part, shared_map_take((*link)->use->shared));
		}
	}
}

static void carry_context(struct group *group)
{
	struct arena *arena = &group->transaction->arena;
	struct user_variable **link = &group->context.variables;

	for (; *link; link = &(*link)->next) {
		struct user_variable *copy = arena_copy(arena, *link, sizeof(*copy));

		copy->name = arena_copy(arena, copy->name, copy->name_length);
		copy->value = arena_copy(arena, copy->value, copy->value_length);
		*link = group->last_variable = copy;
	}
}

/* What the next statements still need moves into the part that begins. */
static void carry_over(struct group *group)
{
	if (group->annotation)
		group->annotation = arena_strndup(
			&group->transaction->arena, group->annotation, group->annotation_length);
	carry_context(group);
	carry_maps(group);
}

void group_hand_out_part(struct assembler *assembler)
{
	struct group *group = &assembler->group;
	struct transaction *part = group->transaction, *rest;

	if (!assembler->limits.part_bytes || transaction_bytes(part) <= assembler->limits.part_bytes)
		return;
	hand_out_blocks(assembler);
	rest = transaction_new(assembler, TRANSACTION_OPEN);
	transaction_copy_head(rest, part);
	rest->part = part->part + 1;
	part->kind = TRANSACTION_OPEN;
	part->end = part->begin; /* a restart has to read the group again */
	group->transaction = rest;
	group->parts++;
	carry_over(group);
	if (group_keeps_events(assembler)) {
		transaction_forget_changes(part);
		arena_release(&part->arena);
		part->begin.file = part->end.file = rest->begin.file;
		copy_names(part);
		group_take_verbatim(assembler, part); /* hardly more than the limit */
	}
	assembler_queue(assembler, part);
}
