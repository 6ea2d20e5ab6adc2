/* Partial updates applied to a document (2.15).
 *
 * The document is opened only along the paths of the diffs: a node is either a view of bytes that stay as
 * they are (holes and all, since offsets are relative to the container they stand in), or a container with
 * its children. Written back, each opened container gets the small form when it fits, as the server does it.
 */
#include <string.h>

#include "binlog/json.h"
#include "binlog/json_diff.h"
#include "binlog/json_path.h"
#include "binlog/json_reader.h"

#define SMALL_MAXIMUM 65535u
#define KEY_MAXIMUM 65535u

/* A value. One that nobody entered is a view of bytes, `value`; an opened one is a container with its
 * members. */
struct node {
	struct json_value value;
	const uint8_t *key; /* in an object */
	size_t key_length;
	bool opened, object;
	uint32_t count, capacity;
	struct member *members;
	uint64_t size; /* of the opened container in bytes, once measured */
	bool large;
};

/* What was not touched stays in the container's bytes, as the child of that index: documents may have
 * millions of members. */
struct member {
	struct node *node; /* NULL: untouched */
	uint32_t index;
};

struct tree {
	struct arena arena;
	struct json_reader reader;
	struct node *root;
};

static struct node *new_node(struct tree *tree, const struct json_value *value)
{
	struct node *node = arena_zalloc(&tree->arena, sizeof(*node));

	node->value = *value;
	return node;
}

/* Gives a container its members, each of which is checked here once. */
static bool open_node(struct tree *tree, struct node *node)
{
	uint32_t count;

	if (node->opened)
		return true;
	count = json_count(&node->value);
	node->members = arena_alloc(&tree->arena, sizeof(*node->members) * count);
	node->object = json_is_object(&node->value);
	for (uint32_t i = 0; i < count; i++) {
		struct json_value child;
		const uint8_t *key;
		size_t length;

		if (node->object && !json_key(&tree->reader, &node->value, i, &key, &length))
			return false;
		if (!json_child(&tree->reader, &node->value, i, &child))
			return false;
		node->members[i] = (struct member){NULL, i};
	}
	node->count = node->capacity = count;
	node->opened = true;
	return true;
}

/* The member as a node: its own, or `view`, filled from the container's bytes (checked when it was opened).
 */
static const struct node *member_node(const struct node *parent, uint32_t i, struct node *view)
{
	const struct member *member = &parent->members[i];
	struct json_reader unbounded = {.budget = SIZE_MAX};

	if (member->node)
		return member->node;
	*view = (struct node){0};
	json_child(&unbounded, &parent->value, member->index, &view->value);
	if (parent->object)
		json_key(&unbounded, &parent->value, member->index, &view->key, &view->key_length);
	return view;
}

/* The member as a node of its own, which may be changed. */
static struct node *touch_member(struct tree *tree, struct node *parent, uint32_t i)
{
	struct member *member = &parent->members[i];

	if (!member->node) {
		struct node view;

		member->node = arena_copy(&tree->arena, member_node(parent, i, &view), sizeof(view));
	}
	return member->node;
}

/* Members are ordered by the length of their names, then by their bytes. */
static int compare_key(const struct json_leg *leg, const struct node *member)
{
	if (leg->length != member->key_length)
		return leg->length < member->key_length ? -1 : 1;
	return leg->length ? memcmp(leg->name, member->key, leg->length) : 0;
}

/* Where the leg leads in an opened node: true and *i, or false and where a new one belongs. */
static bool find(const struct node *node, const struct json_leg *leg, uint32_t *i)
{
	struct node view;

	if (leg->is_cell) {
		if (leg->from_end)
			*i = leg->index < node->count ? node->count - 1 - leg->index : 0;
		else
			*i = leg->index < node->count ? leg->index : node->count;
		return leg->index < node->count;
	}
	for (*i = 0; *i < node->count; (*i)++) {
		int order = compare_key(leg, member_node(node, *i, &view));

		if (order <= 0)
			return order == 0;
	}
	return false;
}

static void insert_member(struct tree *tree, struct node *node, uint32_t i, struct node *child)
{
	if (node->count == node->capacity) {
		uint32_t capacity = node->capacity + node->capacity / 2 + 4;
		struct member *members = arena_alloc(&tree->arena, sizeof(*members) * capacity);

		if (node->count)
			memcpy(members, node->members, sizeof(*members) * node->count);
		node->members = members;
		node->capacity = capacity;
	}
	memmove(&node->members[i + 1], &node->members[i], sizeof(*node->members) * (node->count - i));
	node->members[i] = (struct member){child, 0};
	node->count++;
}

static void remove_member(struct node *node, uint32_t i)
{
	node->count--;
	memmove(&node->members[i], &node->members[i + 1], sizeof(*node->members) * (node->count - i));
}

static int miss(const struct json_diff *diff, struct error *error)
{
	static const char *const names[] = {"replaces", "inserts at", "removes"};
	struct buffer shown = BUFFER_INIT;

	buffer_put_printable(&shown, diff->path, diff->path_length, 200);
	error_set(error, ERROR_STOP,
		"Applying a partial JSON update: it %s the path %s, which the document %s. The row is not "
		"the one the "
		"master updated.",
		names[diff->operation], buffer_text(&shown),
		diff->operation == JSON_DIFF_INSERT ? "has no place for, or has already" : "does not have");
	buffer_release(&shown);
	return -1;
}

/* Can the node be entered by such a leg: an object by a name, an array by a number. */
static bool can_enter(const struct node *node, const struct json_leg *leg)
{
	if (!node->opened && !json_is_container(&node->value))
		return false;
	return leg->is_cell != (node->opened ? node->object : json_is_object(&node->value));
}

/* The change at the last leg, whose parent is opened. */
static int change(struct tree *tree, struct node *parent, const struct json_leg *leg,
	const struct json_diff *diff, struct node *child, struct error *error)
{
	uint32_t i;
	bool found = find(parent, leg, &i);

	if (child) {
		child->key = leg->name;
		child->key_length = leg->length;
	}
	if (diff->operation == JSON_DIFF_INSERT) {
		if (found && parent->object)
			return miss(diff, error);
		insert_member(tree, parent, i, child);
		return 0;
	}
	if (!found)
		return miss(diff, error);
	if (diff->operation == JSON_DIFF_REPLACE)
		parent->members[i].node = child;
	else
		remove_member(parent, i);
	return 0;
}

static int apply_one(struct tree *tree, const struct json_diff *diff, struct error *error)
{
	struct node *node = tree->root, *child = NULL;
	struct json_value value;
	struct json_reader reader;
	struct json_path path;
	struct json_leg leg, next;
	int more;

	if (diff->operation != JSON_DIFF_REMOVE) {
		if (!json_open(&reader, diff->value, diff->value_length, &value))
			return json_fail(&reader, error);
		tree->reader.budget += reader.budget; /* a later diff may lead into it */
		child = new_node(tree, &value);
	}
	if (!json_path_init(&path, diff->path, diff->path_length) ||
		(more = json_path_next(&path, &tree->arena, &leg)) < 0)
		return json_diff_bad_path(diff, error);
	if (more == 0) { /* the document itself */
		if (diff->operation != JSON_DIFF_REPLACE)
			return miss(diff, error);
		tree->root = child;
		return 0;
	}
	for (;;) {
		uint32_t i;

		if (!can_enter(node, &leg))
			return miss(diff, error);
		if (!open_node(tree, node))
			return json_fail(&tree->reader, error);
		more = json_path_next(&path, &tree->arena, &next);
		if (more < 0)
			return json_diff_bad_path(diff, error);
		if (more == 0)
			return change(tree, node, &leg, diff, child, error);
		if (!find(node, &leg, &i))
			return miss(diff, error);
		node = touch_member(tree, node, i);
		leg = next;
	}
}

/* Is a value written into its entry of the table of values, in a container of that form. */
static bool is_inlined(const struct node *node, bool large)
{
	if (node->opened)
		return false;
	switch (node->value.type) {
	case JSON_LITERAL:
	case JSON_INT16:
	case JSON_UINT16:
		return true;
	case JSON_INT32:
	case JSON_UINT32:
		return large;
	default:
		return false;
	}
}

static uint64_t size_of(const struct node *node)
{
	return node->opened ? node->size : node->value.length;
}

static uint64_t container_size(const struct node *node, bool large)
{
	unsigned width = large ? 4 : 2;
	uint64_t size = 2 * width + (uint64_t)node->count * (1 + width);

	for (uint32_t i = 0; i < node->count; i++) {
		struct node view;
		const struct node *child = member_node(node, i, &view);

		if (node->object)
			size += width + 2 + child->key_length;
		if (!is_inlined(child, large))
			size += size_of(child);
	}
	return size;
}

/* Decides the forms from the leaves upwards. False when a container has no form. */
static bool measure(struct node *node, unsigned depth)
{
	if (!node->opened)
		return true;
	if (depth >= JSON_DEPTH_MAXIMUM)
		return false;
	for (uint32_t i = 0; i < node->count; i++) {
		struct node *child = node->members[i].node; /* others are measured and have fitting names */

		if (child && (!measure(child, depth + 1) || child->key_length > KEY_MAXIMUM))
			return false;
	}
	node->size = container_size(node, false);
	node->large = node->size > SMALL_MAXIMUM;
	if (node->large)
		node->size = container_size(node, true);
	return node->size <= UINT32_MAX;
}

static uint8_t type_of(const struct node *node)
{
	if (!node->opened)
		return node->value.type;
	if (node->object)
		return node->large ? JSON_LARGE_OBJECT : JSON_SMALL_OBJECT;
	return node->large ? JSON_LARGE_ARRAY : JSON_SMALL_ARRAY;
}

/* The tables of a container: offsets and lengths of the names, then types and offsets of the values. */
static void write_tables(const struct node *node, struct buffer *out)
{
	unsigned width = node->large ? 4 : 2;
	uint64_t at = 2 * width + (uint64_t)node->count * (1 + width + (node->object ? width + 2 : 0));
	struct node view;

	for (uint32_t i = 0; node->object && i < node->count; i++) {
		const struct node *child = member_node(node, i, &view);

		buffer_put_le(out, at, width);
		buffer_put_le(out, child->key_length, 2);
		at += child->key_length;
	}
	for (uint32_t i = 0; i < node->count; i++) {
		const struct node *child = member_node(node, i, &view);
		uint64_t entry = 0;

		if (is_inlined(child, node->large)) {
			for (size_t n = child->value.length; n-- > 0;)
				entry = entry << 8 | child->value.at[n];
		} else {
			entry = at;
			at += size_of(child);
		}
		buffer_putc(out, (char)type_of(child));
		buffer_put_le(out, entry, width);
	}
}

static void write_node(const struct node *node, struct buffer *out)
{
	struct node view;

	if (!node->opened) {
		buffer_append(out, node->value.at, node->value.length);
		return;
	}
	buffer_put_le(out, node->count, node->large ? 4 : 2);
	buffer_put_le(out, node->size, node->large ? 4 : 2);
	write_tables(node, out);
	for (uint32_t i = 0; node->object && i < node->count; i++) {
		const struct node *child = member_node(node, i, &view);

		buffer_append(out, child->key, child->key_length);
	}
	for (uint32_t i = 0; i < node->count; i++) {
		const struct node *child = member_node(node, i, &view);

		if (!is_inlined(child, node->large))
			write_node(child, out);
	}
}

int json_apply_diffs(const uint8_t *document, size_t length, const uint8_t *diffs, size_t diffs_length,
	struct buffer *out, struct error *error)
{
	struct tree tree = {.arena = ARENA_INIT};
	struct cursor cursor = cursor_of(diffs, diffs_length);
	struct json_value value;
	struct json_diff diff;
	int more = -1;

	if (!json_open(&tree.reader, document, length, &value)) {
		json_fail(&tree.reader, error);
		goto out;
	}
	tree.root = new_node(&tree, &value);
	while ((more = json_diff_next(&cursor, &diff, error)) > 0) {
		if (apply_one(&tree, &diff, error) < 0) {
			more = -1;
			goto out;
		}
	}
	if (more < 0)
		goto out;
	if (!measure(tree.root, 0)) {
		more = error_set(error, ERROR_CORRUPT,
			"Applying a partial JSON update: the document becomes too large or too deep for its "
			"format.");
		goto out;
	}
	buffer_putc(out, (char)type_of(tree.root));
	write_node(tree.root, out);
out:
	arena_release(&tree.arena);
	return more;
}
