/* Sets of GTIDs. A MySQL set is a sorted array of sources (uuid and tag), each with sorted, merged intervals;
 * a MariaDB set a sorted array of domains with the newest GTID of each. The source of the last call is
 * remembered: one transaction after the other is of the same. */
#include "binlog/gtid.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "binlog/gtid_text.h"

struct interval {
	uint64_t first, last; /* both inclusive */
};

struct source {
	uint8_t uuid[16];
	char tag[GTID_TAG_MAXIMUM + 1];
	struct interval *intervals;
	size_t count, capacity;
};

struct gtid_set {
	struct source *sources;
	size_t sources_count, sources_capacity, last_source;
	struct gtid *domains;
	size_t domains_count, domains_capacity;
};

/* Room for one more item behind `count`. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	*capacity = *capacity ? *capacity * 2 : 4;
	return memory_realloc(items, *capacity * size);
}

struct gtid_set *gtid_set_new(void)
{
	return memory_zalloc(sizeof(struct gtid_set));
}

void gtid_set_clear(struct gtid_set *set)
{
	for (size_t i = 0; i < set->sources_count; i++)
		free(set->sources[i].intervals);
	free(set->sources);
	free(set->domains);
	memset(set, 0, sizeof(*set));
}

void gtid_set_free(struct gtid_set *set)
{
	if (!set)
		return;
	gtid_set_clear(set);
	free(set);
}

static void *copy_items(const void *items, size_t bytes)
{
	return bytes ? memcpy(memory_alloc(bytes), items, bytes) : NULL;
}

struct gtid_set *gtid_set_copy(const struct gtid_set *set)
{
	struct gtid_set *copy = gtid_set_new();

	copy->sources = copy_items(set->sources, set->sources_count * sizeof(*set->sources));
	copy->sources_count = copy->sources_capacity = set->sources_count;
	for (size_t i = 0; i < set->sources_count; i++) {
		struct source *source = &copy->sources[i];

		source->intervals = copy_items(source->intervals, source->count * sizeof(*source->intervals));
		source->capacity = source->count;
	}
	copy->domains = copy_items(set->domains, set->domains_count * sizeof(*set->domains));
	copy->domains_count = copy->domains_capacity = set->domains_count;
	return copy;
}

bool gtid_set_is_empty(const struct gtid_set *set)
{
	return set->sources_count == 0 && set->domains_count == 0;
}

enum gtid_kind gtid_set_kind(const struct gtid_set *set)
{
	return set->sources_count ? GTID_MYSQL : set->domains_count ? GTID_MARIADB : GTID_NONE;
}

static int compare_source(const struct source *source, const uint8_t uuid[16], const char *tag)
{
	int order = memcmp(source->uuid, uuid, 16);

	return order ? order : strcmp(source->tag, tag);
}

/* Where the source is, or would have to be put. */
static size_t source_place(const struct gtid_set *set, const uint8_t uuid[16], const char *tag, bool *found)
{
	size_t low = 0, high = set->sources_count;

	if (set->last_source < high && compare_source(&set->sources[set->last_source], uuid, tag) == 0) {
		*found = true;
		return set->last_source;
	}
	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_source(&set->sources[middle], uuid, tag);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct source *source_get(struct gtid_set *set, const uint8_t uuid[16], const char *tag)
{
	bool found;
	size_t place = source_place(set, uuid, tag, &found);

	set->last_source = place;
	if (!found) {
		struct source *source;

		set->sources =
			grow(set->sources, set->sources_count, &set->sources_capacity, sizeof(*set->sources));
		source = &set->sources[place];
		memmove(source + 1, source, (set->sources_count - place) * sizeof(*source));
		set->sources_count++;
		memset(source, 0, sizeof(*source));
		memcpy(source->uuid, uuid, 16);
		memcpy(source->tag, tag, strlen(tag) + 1);
	}
	return &set->sources[place];
}

/* The first interval that ends at or behind `number`; `count` when there is none. */
static size_t interval_place(const struct source *source, uint64_t number)
{
	size_t low = 0, high = source->count;

	if (high && source->intervals[high - 1].last < number)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source->intervals[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void interval_add(struct source *source, uint64_t first, uint64_t last)
{
	size_t from = interval_place(source, first - 1),
	       to = from; /* one that ends just before is extended */
	struct interval *at;

	while (to < source->count && source->intervals[to].first <= last + 1) {
		if (source->intervals[to].first < first)
			first = source->intervals[to].first;
		if (source->intervals[to].last > last)
			last = source->intervals[to].last;
		to++;
	}
	if (to == from) {
		source->intervals =
			grow(source->intervals, source->count, &source->capacity, sizeof(*source->intervals));
		at = source->intervals + from;
		memmove(at + 1, at, (source->count - from) * sizeof(*at));
		source->count++;
	} else {
		at = source->intervals + from;
		memmove(at + 1, source->intervals + to, (source->count - to) * sizeof(*at));
		source->count -= to - from - 1;
	}
	at->first = first;
	at->last = last;
}

void gtid_set_add_interval(
	struct gtid_set *set, const uint8_t uuid[16], const char *tag, uint64_t first, uint64_t last)
{
	interval_add(source_get(set, uuid, tag), first, last);
}

static void domain_put(struct gtid_set *set, const struct gtid *gtid)
{
	size_t i = 0;

	while (i < set->domains_count && set->domains[i].domain < gtid->domain)
		i++;
	if (i == set->domains_count || set->domains[i].domain != gtid->domain) {
		set->domains =
			grow(set->domains, set->domains_count, &set->domains_capacity, sizeof(*set->domains));
		memmove(set->domains + i + 1, set->domains + i, (set->domains_count - i) * sizeof(*gtid));
		set->domains_count++;
	}
	set->domains[i] = *gtid;
}

static int check_kind(const struct gtid_set *set, enum gtid_kind kind, struct error *error)
{
	enum gtid_kind have = gtid_set_kind(set);

	if (kind == GTID_NONE)
		return error_set(error, ERROR_USAGE, "an empty GTID cannot be added to a set.");
	if (have != GTID_NONE && have != kind)
		return error_set(error, ERROR_USAGE, "a GTID of %s cannot be added to a set of %s.",
			kind == GTID_MYSQL ? "MySQL" : "MariaDB", have == GTID_MYSQL ? "MySQL" : "MariaDB");
	return 0;
}

int gtid_set_add(struct gtid_set *set, const struct gtid *gtid, struct error *error)
{
	if (check_kind(set, gtid->kind, error) < 0)
		return -1;
	if (gtid->kind == GTID_MARIADB) {
		domain_put(set, gtid);
		return 0;
	}
	if (gtid->number < 1 || gtid->number > GTID_MYSQL_MAXIMUM)
		return error_set(error, ERROR_USAGE, "a GTID's number must be 1 or more, not %" PRIu64 ".",
			gtid->number);
	interval_add(source_get(set, gtid->uuid, gtid->tag), gtid->number, gtid->number);
	return 0;
}

/* ":1-5:7:tag:1-3" behind a UUID. */
static int parse_intervals(
	struct gtid_set *set, const uint8_t uuid[16], const char **at, const char *whole, struct error *error)
{
	char tag[GTID_TAG_MAXIMUM + 1] = "";
	bool complete = false; /* a number stands behind the UUID, and behind each tag */

	for (gtid_scan_space(at); **at == ':'; gtid_scan_space(at)) {
		uint64_t first, last;

		(*at)++;
		gtid_scan_space(at);
		if (!(**at >= '0' && **at <= '9')) {
			if (!gtid_scan_tag(at, tag))
				return error_set(error, ERROR_USAGE,
					"\"%.100s\" is not a GTID set: expected a number, an interval or a "
					"tag before \"%.50s\".",
					whole, *at);
			complete = false;
			continue;
		}
		if (!gtid_scan_number(at, GTID_MYSQL_MAXIMUM, &first))
			return error_set(error, ERROR_USAGE,
				"\"%.100s\" is not a GTID set: the number at \"%.50s\" is too large.", whole,
				*at);
		gtid_scan_space(at);
		last = first;
		if (**at == '-') {
			(*at)++;
			gtid_scan_space(at);
			if (!gtid_scan_number(at, GTID_MYSQL_MAXIMUM, &last))
				return error_set(error, ERROR_USAGE,
					"\"%.100s\" is not a GTID set: expected a number before \"%.50s\".",
					whole, *at);
		}
		if (first == 0)
			return error_set(error, ERROR_USAGE,
				"\"%.100s\" is not a GTID set: numbers start at 1.", whole);
		if (last >= first) /* MySQL takes 5-4 for an empty interval */
			interval_add(source_get(set, uuid, tag), first, last);
		complete = true;
	}
	if (!complete)
		return error_set(error, ERROR_USAGE,
			"\"%.100s\" is not a GTID set: no interval follows a UUID or a tag.", whole);
	return 0;
}

int gtid_set_parse(struct gtid_set *set, const char *text, struct error *error)
{
	struct gtid_set *parsed = gtid_set_copy(set); /* so that half a text changes nothing */
	const char *at = text;
	struct gtid gtid = {0};
	int result = -1;

	for (;;) {
		gtid_scan_space(&at);
		while (*at == ',') {
			at++;
			gtid_scan_space(&at);
		}
		if (!*at)
			break;
		if (gtid_scan_uuid(&at, gtid.uuid)) { /* first: three of its groups may be digits alone */
			if (check_kind(parsed, GTID_MYSQL, error) < 0 ||
				parse_intervals(parsed, gtid.uuid, &at, text, error) < 0)
				goto out;
		} else if (gtid_scan_maria(&at, &gtid)) {
			if (gtid_set_add(parsed, &gtid, error) < 0)
				goto out;
		} else {
			error_set(error, ERROR_USAGE,
				"\"%.100s\" is not a GTID set: expected UUID:INTERVALS (MySQL) or "
				"DOMAIN-SERVER-NUMBER (MariaDB) at \"%.50s\".",
				text, at);
			goto out;
		}
		gtid_scan_space(&at);
		if (*at && *at != ',') {
			error_set(error, ERROR_USAGE,
				"\"%.100s\" is not a GTID set: expected a comma at \"%.50s\".", text, at);
			goto out;
		}
	}
	gtid_set_clear(set);
	*set = *parsed;
	memset(parsed, 0, sizeof(*parsed));
	result = 0;
out:
	gtid_set_free(parsed);
	return result;
}

void gtid_set_put_text(const struct gtid_set *set, struct buffer *out)
{
	for (size_t i = 0; i < set->domains_count; i++) {
		char text[GTID_TEXT_MAXIMUM];

		if (i)
			buffer_putc(out, ',');
		buffer_puts(out, gtid_text(&set->domains[i], text));
	}
	for (size_t i = 0; i < set->sources_count; i++) {
		const struct source *source = &set->sources[i];

		if (i == 0 || memcmp(source->uuid, source[-1].uuid, 16) != 0) {
			char uuid[37];

			if (i)
				buffer_putc(out, ',');
			uuid_text(source->uuid, uuid);
			buffer_puts(out, uuid);
		}
		if (source->tag[0]) {
			buffer_putc(out, ':');
			buffer_puts(out, source->tag);
		}
		for (size_t k = 0; k < source->count; k++) {
			buffer_putc(out, ':');
			buffer_put_u64(out, source->intervals[k].first);
			if (source->intervals[k].last != source->intervals[k].first) {
				buffer_putc(out, '-');
				buffer_put_u64(out, source->intervals[k].last);
			}
		}
	}
}

static const struct gtid *domain_find(const struct gtid_set *set, uint32_t domain)
{
	for (size_t i = 0; i < set->domains_count; i++) {
		if (set->domains[i].domain == domain)
			return &set->domains[i];
	}
	return NULL;
}

static bool contains_interval(
	const struct gtid_set *set, const uint8_t uuid[16], const char *tag, uint64_t first, uint64_t last)
{
	bool found;
	size_t place = source_place(set, uuid, tag, &found), k;
	const struct source *source;

	if (!found)
		return false;
	source = &set->sources[place];
	k = interval_place(source, first);
	return k < source->count && source->intervals[k].first <= first && source->intervals[k].last >= last;
}

bool gtid_set_contains(const struct gtid_set *set, const struct gtid *gtid)
{
	const struct gtid *newest;

	switch (gtid->kind) {
	case GTID_MYSQL:
		return contains_interval(set, gtid->uuid, gtid->tag, gtid->number, gtid->number);
	case GTID_MARIADB:
		newest = domain_find(set, gtid->domain);
		return newest && gtid->number <= newest->number;
	default:
		return false;
	}
}

bool gtid_set_contains_set(const struct gtid_set *whole, const struct gtid_set *part)
{
	for (size_t i = 0; i < part->domains_count; i++) {
		if (!gtid_set_contains(whole, &part->domains[i]))
			return false;
	}
	for (size_t i = 0; i < part->sources_count; i++) {
		const struct source *source = &part->sources[i];

		for (size_t k = 0; k < source->count; k++) {
			if (!contains_interval(whole, source->uuid, source->tag, source->intervals[k].first,
				    source->intervals[k].last))
				return false;
		}
	}
	return true;
}

size_t gtid_set_parts(const struct gtid_set *set)
{
	size_t parts = set->domains_count;

	for (size_t i = 0; i < set->sources_count; i++)
		parts += set->sources[i].count;
	return parts;
}

uint64_t gtid_set_count(const struct gtid_set *set)
{
	uint64_t count = 0;

	for (size_t i = 0; i < set->sources_count; i++) {
		for (size_t k = 0; k < set->sources[i].count; k++)
			count += set->sources[i].intervals[k].last - set->sources[i].intervals[k].first + 1;
	}
	return count;
}

void gtid_set_each(const struct gtid_set *set,
	void (*each)(void *context, const struct gtid *first, uint64_t last_number), void *context)
{
	for (size_t i = 0; i < set->domains_count; i++)
		each(context, &set->domains[i], set->domains[i].number);
	for (size_t i = 0; i < set->sources_count; i++) {
		const struct source *source = &set->sources[i];
		struct gtid gtid = {.kind = GTID_MYSQL};

		memcpy(gtid.uuid, source->uuid, 16);
		memcpy(gtid.tag, source->tag, sizeof(source->tag));
		for (size_t k = 0; k < source->count; k++) {
			gtid.number = source->intervals[k].first;
			each(context, &gtid, source->intervals[k].last);
		}
	}
}
