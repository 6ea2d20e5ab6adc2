/* MySQL's encoding of a GTID set (1.7.1): what a replica sends with COM_BINLOG_DUMP_GTID and what
 * PREVIOUS_GTIDS holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/memory.h"
#include "binlog/gtid.h"
#include "binlog/gtid_text.h"

#define FORMAT_TAGGED 1u
#define FORMAT_SHIFT 56
#define INTERVAL_BYTES 16u
#define SOURCE_LEAST_BYTES 24u

struct encoder {
	struct buffer *out;
	bool tagged;
	uint64_t sources, intervals;
	size_t count_at; /* where the number of intervals of the current source stands */
	struct gtid current;
};

static void patch_le(struct buffer *out, size_t at, uint64_t value)
{
	for (int i = 0; i < 8 && buffer_ok(out); i++, value >>= 8)
		out->data[at + (size_t)i] = (char)(value & 255);
}

static void note_tag(void *context, const struct gtid *first, uint64_t last_number)
{
	(void)last_number;
	*(bool *)context |= first->tag[0] != '\0';
}

static void put_interval(void *context, const struct gtid *first, uint64_t last_number)
{
	struct encoder *encoder = context;
	struct buffer *out = encoder->out;

	if (first->kind != GTID_MYSQL)
		return;
	if (encoder->sources == 0 || memcmp(first->uuid, encoder->current.uuid, 16) != 0 ||
		strcmp(first->tag, encoder->current.tag) != 0) {
		encoder->current = *first;
		encoder->sources++;
		encoder->intervals = 0;
		buffer_append(out, first->uuid, 16);
		if (encoder->tagged) {
			buffer_putc(out, (char)(strlen(first->tag) << 1)); /* a varlen below 128 (2.9) */
			buffer_puts(out, first->tag);
		}
		encoder->count_at = out->length;
		buffer_put_le(out, 0, 8);
	}
	buffer_put_le(out, first->number, 8);
	buffer_put_le(out, last_number + 1, 8); /* exclusive on the wire */
	patch_le(out, encoder->count_at, ++encoder->intervals);
}

void gtid_set_encode(const struct gtid_set *set, struct buffer *out)
{
	struct encoder encoder = {.out = out};
	size_t start = out->length;

	gtid_set_each(set, note_tag, &encoder.tagged);
	buffer_put_le(out, 0, 8);
	gtid_set_each(set, put_interval, &encoder);
	if (encoder.tagged) /* the code stands at both ends; the count, between them, has six bytes */
		patch_le(out, start,
			(uint64_t)FORMAT_TAGGED << FORMAT_SHIFT | encoder.sources << 8 | FORMAT_TAGGED);
	else
		patch_le(out, start, encoder.sources);
}

/* One source as it stands in the bytes. */
struct view {
	const uint8_t *uuid;
	char tag[GTID_TAG_MAXIMUM + 1];
	const uint8_t *intervals;
	uint64_t count;
};

static int read_source(struct cursor *cursor, bool tagged, struct view *view, struct error *error)
{
	memset(view, 0, sizeof(*view));
	view->uuid = cursor_bytes(cursor, 16);
	if (tagged) {
		uint8_t length = cursor_u8(cursor);
		const uint8_t *tag = cursor_bytes(cursor, length >> 1);

		if (tag && ((length & 1) || !gtid_tag_valid((const char *)tag, length >> 1)))
			return error_set(error, ERROR_CORRUPT,
				"a tag of the GTID set is not 0 to %u of a-z, 0-9 and _.", GTID_TAG_MAXIMUM);
		if (tag)
			memcpy(view->tag, tag, length >> 1);
	}
	view->count = cursor_u64(cursor);
	if (cursor->bad || view->count > cursor_left(cursor) / INTERVAL_BYTES)
		return error_set(
			error, ERROR_CORRUPT, "the GTID set ends before the intervals it announces.");
	view->intervals = cursor_bytes(cursor, view->count * INTERVAL_BYTES);
	return 0;
}

static int compare_views(const void *a, const void *b)
{
	const struct view *x = a, *y = b;
	int order = memcmp(x->uuid, y->uuid, 16);

	return order ? order : strcmp(x->tag, y->tag);
}

static int compare_intervals(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* The servers write intervals in order; whatever does not is sorted first, lest a hostile order cost squares.
 */
static int add_source(struct gtid_set *set, const struct view *view, struct error *error)
{
	struct cursor cursor = cursor_of(view->intervals, (size_t)view->count * INTERVAL_BYTES);
	uint64_t(*intervals)[2] = memory_alloc((size_t)view->count * INTERVAL_BYTES + 1);
	bool ordered = true;
	int result = 0;

	for (uint64_t i = 0; i < view->count; i++) {
		uint64_t first = cursor_u64(&cursor), end = cursor_u64(&cursor);

		if (first < 1 || end <= first || end > GTID_MYSQL_MAXIMUM + 1) {
			result = error_set(error, ERROR_CORRUPT,
				"the GTID set holds the interval %" PRIu64 " to %" PRIu64
				" (exclusive), which is none.",
				first, end);
			goto out;
		}
		intervals[i][0] = first;
		intervals[i][1] = end - 1;
		ordered &= i == 0 || first > intervals[i - 1][0];
	}
	if (!ordered)
		qsort(intervals, view->count, sizeof(*intervals), compare_intervals);
	for (uint64_t i = 0; i < view->count; i++)
		gtid_set_add_interval(set, view->uuid, view->tag, intervals[i][0], intervals[i][1]);
out:
	free(intervals);
	return result;
}

int gtid_set_decode(struct gtid_set *set, const uint8_t *bytes, size_t length, struct error *error)
{
	struct cursor cursor = cursor_of(bytes, length);
	uint64_t count = cursor_u64(&cursor);
	unsigned code = (unsigned)(count >> FORMAT_SHIFT);
	struct view *views;
	int result = -1;

	if (cursor.bad)
		return error_set(
			error, ERROR_CORRUPT, "the GTID set has %zu bytes, expected at least 8.", length);
	if (code > FORMAT_TAGGED)
		return error_set(error, ERROR_STOP,
			"the GTID set is encoded in format %u; only 0 and 1 are known.", code);
	if (gtid_set_kind(set) == GTID_MARIADB)
		return error_set(error, ERROR_USAGE, "GTIDs of MySQL cannot be added to a set of MariaDB.");
	if (code == FORMAT_TAGGED)
		count = count >> 8 & UINT64_C(0xffffffffffff);
	if (count > cursor_left(&cursor) / SOURCE_LEAST_BYTES)
		return error_set(error, ERROR_CORRUPT,
			"the GTID set announces %" PRIu64 " sources, more than its %zu bytes can hold.",
			count, length);
	views = memory_alloc((size_t)count * sizeof(*views) + 1);
	for (uint64_t i = 0; i < count; i++) {
		if (read_source(&cursor, code == FORMAT_TAGGED, &views[i], error) < 0)
			goto out;
	}
	if (!cursor_empty(&cursor)) {
		error_set(error, ERROR_CORRUPT, "%zu bytes follow the GTID set's last interval.",
			cursor_left(&cursor));
		goto out;
	}
	qsort(views, (size_t)count, sizeof(*views), compare_views);
	for (uint64_t i = 0; i < count; i++) {
		if (add_source(set, &views[i], error) < 0)
			goto out;
	}
	result = 0;
out:
	free(views);
	return result;
}
