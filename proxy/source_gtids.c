#include "proxy/source_gtids.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Events of one question: old versions hold their log's lock while they answer. */
#define EVENTS_AT_ONCE 2000
#define FIRST_EVENT 4

enum { COLUMN_BEGIN = 1, COLUMN_TYPE = 2, COLUMN_END = 4, COLUMN_INFORMATION = 5, COLUMNS = 6 };

/* SET @@SESSION.GTID_NEXT= 'uuid:5' */
static void add_next(struct gtid_set *set, const char *information)
{
	static const char prefix[] = "SET @@SESSION.GTID_NEXT= '";
	struct error not_one; /* ANONYMOUS */
	char text[GTID_TEXT_MAXIMUM];
	struct gtid gtid;
	size_t length;

	if (strncmp(information, prefix, sizeof(prefix) - 1) != 0)
		return;
	information += sizeof(prefix) - 1;
	length = strcspn(information, "'");
	if (length >= sizeof(text))
		return;
	memcpy(text, information, length);
	text[length] = '\0';
	if (gtid_parse(text, &gtid, &not_one) == 0)
		gtid_set_add(set, &gtid, &not_one);
}

bool gtids_before_take(
	struct gtids_before *before, uint64_t begin, uint64_t end, const char *type, const char *information)
{
	struct error unused;

	while (end < begin) /* old servers tell the lower 32 bits of it */
		end += UINT64_C(1) << 32;
	before->next = end;
	before->found = before->found || begin == before->offset || end == before->offset;
	if (strcasecmp(type, "Format_desc") == 0)
		return true;
	if (strcasecmp(type, "Previous_gtids") == 0)
		before->begun = gtid_set_parse(before->set, information, &unused) == 0;
	else if (begin < before->offset)
		add_next(before->set, information);
	return before->begun && end < before->offset;
}

static bool take_row(void *context, const char *const *cells, size_t columns)
{
	struct gtids_before *before = context;

	if (columns < COLUMNS || !cells[COLUMN_BEGIN] || !cells[COLUMN_TYPE] || !cells[COLUMN_END])
		return false;
	return gtids_before_take(before, strtoull(cells[COLUMN_BEGIN], NULL, 10),
		strtoull(cells[COLUMN_END], NULL, 10), cells[COLUMN_TYPE],
		cells[COLUMN_INFORMATION] ? cells[COLUMN_INFORMATION] : "");
}

/* 1 when there may be more behind what was listed. */
static int list_some(
	struct source *source, const char *file, struct gtids_before *before, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	uint64_t from = before->next ? before->next : FIRST_EVENT;
	bool wants_more = false;
	int result;

	buffer_printf(
		&sql, "SHOW BINLOG EVENTS IN '%s' FROM %" PRIu64 " LIMIT %d", file, from, EVENTS_AT_ONCE);
	result = source_query_each(source, buffer_text(&sql), take_row, before, &wants_more, error);
	buffer_release(&sql);
	return result < 0 ? -1 : wants_more && before->next > from;
}

static int list_file(struct source *source, const struct position *position, struct arena *arena,
	const char **set, struct error *error)
{
	struct gtids_before before = {.offset = position->offset, .set = gtid_set_new()};
	struct buffer text = BUFFER_INIT;
	int more;

	do
		more = list_some(source, position->file, &before, error);
	while (more > 0);
	if (more == 0 && before.begun && before.found) {
		gtid_set_put_text(before.set, &text);
		*set = arena_strdup(arena, buffer_text(&text));
	} else if (more == 0 && before.begun) {
		more = error_set(error, ERROR_STOP,
			"no event begins at %s:%" PRIu64
			" on the source %s: the next one after it ends at %" PRIu64
			". Take a position that SHOW BINLOG EVENTS IN '%s' lists, or the one that stands in "
			"the dump.",
			position->file, position->offset, source_host(source), before.next, position->file);
	}
	gtid_set_free(before.set);
	buffer_release(&text);
	return more;
}

int source_gtids_at(struct source *source, const struct source_info *info, const struct position *position,
	struct arena *arena, const char **set, struct error *error)
{
	*set = NULL;
	if (info->family == FAMILY_MARIADB) /* BINLOG_GTID_POS() knows no offset above 4 GiB */
		return position->offset > UINT32_MAX ? 0 : source_gtid_at(source, position, arena, set, error);
	/* the statement takes the name in quotes only */
	if (strcasecmp(info->gtid_mode, "ON") != 0 || strpbrk(position->file, "'\\"))
		return 0;
	return list_file(source, position, arena, set, error);
}

/* To the letter, once both are in order: of MariaDB, a number is another transaction when another server has written it. */
static bool same_set(const char *one, const char *other)
{
	struct gtid_set *a = gtid_set_new(), *b = gtid_set_new();
	struct buffer a_text = BUFFER_INIT, b_text = BUFFER_INIT;
	struct error unused = {.kind = ERROR_NONE};
	bool same = gtid_set_parse(a, one, &unused) == 0 && gtid_set_parse(b, other, &unused) == 0;

	gtid_set_put_text(a, &a_text);
	gtid_set_put_text(b, &b_text);
	same = same && strcmp(buffer_text(&a_text), buffer_text(&b_text)) == 0;
	gtid_set_free(a);
	gtid_set_free(b);
	buffer_release(&a_text);
	buffer_release(&b_text);
	return same;
}

bool source_gtids_are(struct source *source, const struct source_info *info, const struct position *position,
	const char *set, struct arena *arena)
{
	struct error unused = {.kind = ERROR_NONE};
	const char *there = NULL;

	return source_gtids_at(source, info, position, arena, &there, &unused) == 0 && there && same_set(there, set);
}
