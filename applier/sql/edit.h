/* Changes to a text, each a range of its bytes: rules note them, and the result is written once at the end.
 */
#ifndef APPLIER_SQL_EDIT_H
#define APPLIER_SQL_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "applier/sql/lexer.h"
#include "base/arena.h"
#include "base/buffer.h"

struct edit {
	size_t start, end; /* bytes of the original; equal for an insertion */
	const char *text;  /* what comes in their place */
	size_t length;
};

struct edits {
	struct edit *items; /* sorted by start, insertions at one place in the order they were made; in the
			       arena */
	size_t count, room;
	bool clash; /* two rules want to change overlapping ranges in different ways */
};

/* `text` is copied to the arena. An edit inside a range that is already replaced is dropped; one that covers
 * earlier ones replaces them; any other overlap sets `clash`. */
void edit_replace(
	struct edits *edits, struct arena *arena, size_t start, size_t end, const char *text, size_t length);

void edit_insert(struct edits *edits, struct arena *arena, size_t at, const char *text);

/* The tokens first…last (both included, as far as there are any) give way to the text, or vanish when it is
 * NULL together with one blank beside them; the openings and ends of version comments between them stay. */
void edit_tokens(struct edits *edits, struct arena *arena, const struct token_list *tokens, size_t first,
	size_t last, const char *text);

/* Appends the text's bytes from `start` to `end` with the edits in that range applied. */
void edits_render(const struct edits *edits, const char *text, size_t start, size_t end, struct buffer *out);

#endif
