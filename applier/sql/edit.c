#include "applier/sql/edit.h"

#include <string.h>

static void insert_at(struct edits *edits, struct arena *arena, size_t place, const struct edit *edit)
{
	if (edits->count == edits->room) {
		struct edit *larger;

		edits->room = edits->room ? edits->room * 2 : 8;
		larger = arena_alloc(arena, edits->room * sizeof(*larger));
		if (edits->count)
			memcpy(larger, edits->items, edits->count * sizeof(*larger));
		edits->items = larger;
	}
	memmove(edits->items + place + 1, edits->items + place,
		(edits->count - place) * sizeof(*edits->items));
	edits->items[place] = *edit;
	edits->count++;
}

static void remove_at(struct edits *edits, size_t place)
{
	edits->count--;
	memmove(edits->items + place, edits->items + place + 1,
		(edits->count - place) * sizeof(*edits->items));
}

void edit_replace(
	struct edits *edits, struct arena *arena, size_t start, size_t end, const char *text, size_t length)
{
	struct edit edit = {start, end, arena_strndup(arena, text, length), length};
	size_t i = 0;

	while (i < edits->count) {
		const struct edit *old = &edits->items[i];

		if (old->start < end && start < old->end) { /* they overlap */
			if (old->start <= start && end <= old->end)
				return;
			if (start <= old->start && old->end <= end) {
				remove_at(edits, i);
				continue;
			}
			edits->clash = true;
			return;
		}
		if (old->start == old->end && old->start > start && old->start < end) {
			remove_at(edits, i);
			continue;
		}
		i++;
	}
	for (i = 0; i < edits->count; i++) {
		if (start == end && edits->items[i].start < start && start < edits->items[i].end)
			return;
		/* what is inserted at a place stands before what replaces the bytes from there on */
		if (edits->items[i].start > start ||
			(edits->items[i].start == start && start == end && edits->items[i].end > end))
			break;
	}
	insert_at(edits, arena, i, &edit);
}

void edit_insert(struct edits *edits, struct arena *arena, size_t at, const char *text)
{
	edit_replace(edits, arena, at, at, text, strlen(text));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void edit_tokens(struct edits *edits, struct arena *arena, const struct token_list *tokens, size_t first,
	size_t last, const char *text)
{
	size_t start, end;
	const char *put = text ? text : "";

	if (first >= tokens->count) /* a text that breaks off, and that the target will refuse */
		return;
	if (last >= tokens->count)
		last = tokens->count - 1;
	start = tokens->items[first].start;
	end = (size_t)tokens->items[last].start + tokens->items[last].length;
	/* a blank before and another behind: one of them goes */
	if (!text && start > 0 && is_blank(tokens->text[start - 1]) &&
		(end == tokens->length || is_blank(tokens->text[end]) || tokens->text[end] == ',' ||
			tokens->text[end] == ')'))
		start--;
	for (size_t i = 0; i < tokens->mark_count; i++) {
		const struct token *mark = &tokens->marks[i];

		if (mark->kind == TOKEN_COMMENT || mark->start < start || mark->start >= end)
			continue;
		edit_replace(edits, arena, start, mark->start, put, strlen(put));
		put = "";
		start = mark->start + mark->length;
	}
	if (start < end || put[0])
		edit_replace(edits, arena, start, end, put, strlen(put));
}

void edits_render(const struct edits *edits, const char *text, size_t start, size_t end, struct buffer *out)
{
	size_t at = start;

	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->items[i];

		if (edit->start > end || edit->end < start || (edit->end == start && edit->start < start) ||
			(edit->start == end && edit->end > end))
			continue;
		if (edit->start > at)
			buffer_append(out, text + at, edit->start - at);
		if (edit->start >= start) /* what came in the place of bytes before the range stays there */
			buffer_append(out, edit->text, edit->length);
		if (edit->end > at)
			at = edit->end;
	}
	if (at < end)
		buffer_append(out, text + at, end - at);
}
