#include "applier/members.h"

#include <string.h>
#include <strings.h>

#include "applier/sql/charset.h"

#define TYPE_SHOWN 300 /* characters of a list in messages */

/* One name behind its opening quote, appended to *to; where it ends, behind its closing quote. A quote stands there twice, and
 * what would not print is escaped. */
static const char *read_name(const char *at, char **to)
{
	for (; *at; at++) {
		char c = *at;

		if (c == '\'' && *++at != '\'')
			return at;
		if (c == '\\' && at[1]) {
			c = *++at;
			c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == '0' ? '\0' : c);
		}
		*(*to)++ = c;
	}
	return at;
}

void members_read(struct member_list *list, const char *full_type, struct arena *arena)
{
	size_t length = strlen(full_type);
	const char *at = strchr(full_type, '(');
	char *to;

	list->count = 0;
	list->members = NULL;
	if (!at || (strncasecmp(full_type, "enum(", 5) != 0 && strncasecmp(full_type, "set(", 4) != 0))
		return;
	/* a member takes at least its quotes and what divides it from the next */
	list->members = arena_alloc(arena, (length / 3 + 1) * sizeof(*list->members));
	to = arena_alloc(arena, length);
	while (*++at == '\'') {
		struct member *member = &list->members[list->count++];

		member->name = to;
		at = read_name(at + 1, &to);
		member->length = (size_t)(to - member->name);
		if (*at != ',')
			break;
	}
}

static bool is_member(const char *name, size_t length, const struct member *member)
{
	return length == member->length && memcmp(name, member->name, length) == 0;
}

/* Is that how information_schema, which has three bytes for a character, shows the name: with '?' for each that takes four? */
static bool is_shown_as(const char *name, size_t length, const struct member *member)
{
	size_t at = 0;

	for (size_t i = 0; i < member->length; i++) {
		if (at >= length)
			return false;
		if (member->name[i] == '?' && ((uint8_t)name[at] & 0xf8) == 0xf0)
			at += 4;
		else if (name[at++] != member->name[i])
			return false;
	}
	return at == length;
}

/* The member of such a name: at the same place, else the only one that is shown so; 0 when there are several. */
static uint32_t find_shown(const struct member_list *list, const char *name, size_t length, uint32_t place)
{
	uint32_t found = 0;

	if (place < list->count && is_shown_as(name, length, &list->members[place]))
		return place + 1;
	for (uint32_t i = 0; i < list->count; i++) {
		if (!is_shown_as(name, length, &list->members[i]))
			continue;
		if (found)
			return 0;
		found = i + 1;
	}
	return found;
}

/* The number of the name in the list, 0 for none. `place`: of the name in the master's list; `expected`: where it most likely
 * stands, behind the last that was found. */
static uint32_t find(const struct member_list *list, const char *name, size_t length, uint32_t place, uint32_t expected)
{
	for (uint32_t i = 0; i < list->count; i++) {
		uint32_t at = (expected + i) % list->count;

		if (is_member(name, length, &list->members[at]))
			return at + 1;
	}
	return find_shown(list, name, length, place);
}

/* Do our tables of the character set agree with the servers' to the last character? */
static bool is_certain(const char *charset)
{
	return !charset || charset_maximum(charset) == 1 || strncmp(charset, "utf", 3) == 0 || strcmp(charset, "ucs2") == 0;
}

const uint32_t *members_match(const struct table_column *source, const char *charset, const struct member_list *list,
	struct arena *arena)
{
	const struct column_names *names = source->names;
	struct buffer converted = BUFFER_INIT;
	uint32_t *numbers = NULL, number = 0;

	for (uint32_t i = 0; names && i < names->count; i++) {
		bool readable;

		buffer_clear(&converted);
		readable = charset_to_utf8(charset, names->text[i], names->length[i], &converted);
		number = readable ? find(list, buffer_text(&converted), converted.length, i, numbers ? number : i) : 0;
		if (!number && i < list->count && !(readable && is_certain(charset)))
			number = i + 1;
		if (number == i + 1 && !numbers)
			continue;
		if (!numbers) {
			numbers = arena_alloc(arena, names->count * sizeof(*numbers));
			for (uint32_t before = 0; before < i; before++)
				numbers[before] = before + 1;
		}
		numbers[i] = number;
	}
	buffer_release(&converted);
	return numbers;
}

/* The target's number of the source's, from 1 on; 0 when it has no such member. */
static uint32_t number_of(uint64_t number, const struct table_column *source, const uint32_t *numbers,
	const struct member_list *list)
{
	if (numbers)
		return number <= source->names->count ? numbers[number - 1] : 0;
	return number <= list->count ? (uint32_t)number : 0;
}

static int stop(uint64_t number, const struct table_column *source, const char *column, const char *full_type,
	struct error *error)
{
	struct buffer name = BUFFER_INIT;

	if (source->names && number <= source->names->count) {
		buffer_puts(&name, " ('");
		buffer_put_printable(&name, source->names->text[number - 1], source->names->length[number - 1], 100);
		buffer_puts(&name, "')");
	}
	error_set(error, ERROR_STOP,
		"column %s has the member number %llu%s of the master's list, which the target's column lacks: %.*s. Give it the "
		"master's members (ALTER TABLE … MODIFY), then run changeling retry.",
		column, (unsigned long long)number, buffer_text(&name), TYPE_SHOWN, full_type);
	buffer_release(&name);
	return -1;
}

int members_translate(struct value *value, const struct table_column *source, const uint32_t *numbers,
	const struct member_list *list, const char *column, const char *full_type, struct error *error)
{
	uint64_t from = value->number.u, to = 0;

	if (value->kind == VALUE_ENUM) {
		if (from == 0) /* '' of a value that was none */
			return 0;
		value->number.u = number_of(from, source, numbers, list);
		return value->number.u ? 0 : stop(from, source, column, full_type, error);
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		uint32_t number;

		if (!(from >> bit & 1))
			continue;
		number = number_of(bit + 1, source, numbers, list);
		if (number == 0 || number > 64)
			return stop(bit + 1, source, column, full_type, error);
		to |= UINT64_C(1) << (number - 1);
	}
	value->number.u = to;
	return 0;
}
