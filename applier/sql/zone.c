#include "applier/sql/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cursor.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_FILE_MAXIMUM ((size_t)1 << 20)

/* The counts of a TZif header (RFC 8536, 3.1). */
struct header {
	uint8_t version;
	uint32_t ut, standard, leaps, times, types, characters;
};

static bool read_header(struct cursor *c, struct header *header)
{
	const uint8_t *magic = cursor_bytes(c, 4);

	if (!magic || memcmp(magic, "TZif", 4) != 0)
		return false;
	header->version = cursor_u8(c);
	cursor_bytes(c, 15);
	header->ut = (uint32_t)cursor_be(c, 4);
	header->standard = (uint32_t)cursor_be(c, 4);
	header->leaps = (uint32_t)cursor_be(c, 4);
	header->times = (uint32_t)cursor_be(c, 4);
	header->types = (uint32_t)cursor_be(c, 4);
	header->characters = (uint32_t)cursor_be(c, 4);
	return !c->bad && header->types > 0 && header->types <= 256 && header->times < 100000;
}

static uint64_t body_size(const struct header *h, unsigned width)
{
	return (uint64_t)h->times * (width + 1) + (uint64_t)h->types * 6 + h->characters +
	       (uint64_t)h->leaps * (width + 4) + h->standard + h->ut;
}

/* ---- the rule for all time behind the last transition (POSIX TZ) ---- */

struct rule {
	char kind; /* 'J' day without 29 February, '0' day of the year, 'M' month.week.day */
	int a, b, c;
	int32_t second; /* of that day, local time */
};

static bool read_number(const char **at, int *number)
{
	char *end;
	long n = strtol(*at, &end, 10);

	if (end == *at || n < -1000 || n > 1000)
		return false;
	*number = (int)n;
	*at = end;
	return true;
}

/* [+-]h[:m[:s]] in seconds */
static bool read_time(const char **at, int32_t *seconds)
{
	int part[3] = {0, 0, 0};
	bool negative = **at == '-';

	if (**at == '-' || **at == '+')
		(*at)++;
	for (int i = 0; i < 3; i++) {
		if (!read_number(at, &part[i]))
			return false;
		if (**at != ':')
			break;
		(*at)++;
	}
	*seconds = (part[0] * 60 + part[1]) * 60 + part[2];
	if (negative)
		*seconds = -*seconds;
	return true;
}

static bool skip_name(const char **at)
{
	const char *start = *at;

	if (**at == '<') {
		while (**at && **at != '>')
			(*at)++;
		return *(*at)++ == '>';
	}
	while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
		(*at)++;
	return *at - start >= 3;
}

static bool read_rule(const char **at, struct rule *rule)
{
	if (*(*at)++ != ',')
		return false;
	rule->kind = **at;
	if (**at == 'M') {
		(*at)++;
		if (!read_number(at, &rule->a) || *(*at)++ != '.' || !read_number(at, &rule->b) ||
			*(*at)++ != '.' || !read_number(at, &rule->c))
			return false;
	} else {
		if (**at == 'J')
			(*at)++;
		else
			rule->kind = '0';
		if (!read_number(at, &rule->a))
			return false;
	}
	rule->second = 2 * 3600;
	if (**at == '/') {
		(*at)++;
		return read_time(at, &rule->second);
	}
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of January. */
static int64_t days_to_year(int year)
{
	int64_t y = year - 1;

	return 365 * (int64_t)(year - 1970) + (y / 4 - y / 100 + y / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t days_to_month(int year, int month)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

	return days_to_year(year) + before[month - 1] + (month > 2 && is_leap(year));
}

/* The rule's instant in the year, as local seconds since 1970. */
static int64_t rule_instant(const struct rule *rule, int year)
{
	int64_t day;

	if (rule->kind == 'M') {
		int month = rule->a < 1 || rule->a > 12 ? 1 : rule->a;
		int64_t first = days_to_month(year, month),
			next = month == 12 ? days_to_year(year + 1) : days_to_month(year, month + 1);
		int weekday = (int)((first + 4) % 7); /* 1970-01-01 was a Thursday */

		weekday += weekday < 0 ? 7 : 0;
		day = first + (rule->c - weekday + 7) % 7 + 7 * (rule->b - 1);
		while (day >= next)
			day -= 7;
	} else if (rule->kind == 'J') {
		day = days_to_year(year) + rule->a - 1 + (is_leap(year) && rule->a >= 60);
	} else {
		day = days_to_year(year) + rule->a;
	}
	return day * 86400 + rule->second;
}

static int year_of(int64_t instant)
{
	int year = 1970 + (int)(instant / 31556952);

	while (days_to_year(year) * 86400 > instant)
		year--;
	while (days_to_year(year + 1) * 86400 <= instant)
		year++;
	return year;
}

static bool footer_offset(const char *text, int64_t instant, int32_t *seconds)
{
	int32_t standard, summer;
	struct rule begin, end;
	int64_t from, to;
	int year;

	if (!skip_name(&text) || !read_time(&text, &standard))
		return false;
	standard = -standard; /* POSIX counts to the west */
	*seconds = standard;
	if (!*text)
		return true;
	if (!skip_name(&text))
		return false;
	summer = standard + 3600;
	if (*text != ',') {
		if (!read_time(&text, &summer))
			return false;
		summer = -summer;
	}
	if (!read_rule(&text, &begin) || !read_rule(&text, &end))
		return false;
	year = year_of(instant + standard);
	from = rule_instant(&begin, year) - standard;
	to = rule_instant(&end, year) - summer;
	if (from < to ? instant >= from && instant < to : instant >= from || instant < to)
		*seconds = summer;
	return true;
}

/* ---- transitions ---- */

static int32_t type_offset(const uint8_t *types, unsigned index)
{
	const uint8_t *p = types + index * 6;

	return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static int64_t time_at(const uint8_t *times, uint32_t index, unsigned width)
{
	struct cursor c = cursor_of(times + (size_t)index * width, width);

	return width == 8 ? (int64_t)cursor_be(&c, 8) : (int32_t)cursor_be(&c, 4);
}

/* Reads the data block behind the header; *beyond tells that the instant lies behind its last transition. */
static bool block_offset(struct cursor *c, const struct header *h, unsigned width, int64_t instant,
	int32_t *seconds, bool *beyond)
{
	const uint8_t *times = cursor_bytes(c, (uint64_t)h->times * width);
	const uint8_t *indexes = cursor_bytes(c, h->times);
	const uint8_t *types = cursor_bytes(c, (uint64_t)h->types * 6);
	uint32_t low = 0, high = h->times;
	unsigned type = 0;

	cursor_bytes(c, h->characters + (uint64_t)h->leaps * (width + 4) + h->standard + h->ut);
	if (c->bad)
		return false;
	while (low < high) { /* how many transitions are not later */
		uint32_t middle = low + (high - low) / 2;

		if (time_at(times, middle, width) <= instant)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0)
		type = indexes[low - 1];
	if (type >= h->types)
		return false;
	*seconds = type_offset(types, type);
	*beyond = low == h->times;
	return true;
}

int zone_offset(const uint8_t *data, size_t length, int64_t instant, int32_t *seconds, struct error *error)
{
	struct cursor c = cursor_of(data, length);
	struct header header;
	unsigned width = 4;
	bool beyond;

	if (!read_header(&c, &header))
		goto bad;
	if (header.version >= '2') { /* the same again, in 64 bits */
		cursor_bytes(&c, body_size(&header, 4));
		if (!read_header(&c, &header))
			goto bad;
		width = 8;
	}
	if (!block_offset(&c, &header, width, instant, seconds, &beyond))
		goto bad;
	if (beyond && width == 8 && cursor_u8(&c) == '\n') {
		char footer[128];
		size_t left = cursor_left(&c), size = left < sizeof(footer) - 1 ? left : sizeof(footer) - 1;
		char *newline;

		memcpy(footer, c.at, size);
		footer[size] = '\0';
		newline = strchr(footer, '\n');
		if (newline)
			*newline = '\0';
		if (footer[0] && !footer_offset(footer, instant, seconds))
			goto bad;
	}
	return 0;
bad:
	return error_set(error, ERROR_CORRUPT, "This is no file of a time zone.");
}

static bool safe_name(const char *name)
{
	if (!name[0] || name[0] == '/' || strstr(name, ".."))
		return false;
	for (; *name; name++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/", *name))
			return false;
	return true;
}

static int read_zone(const char *path, struct buffer *data)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char block[8192];
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (data->length < ZONE_FILE_MAXIMUM && (n = read(fd, block, sizeof(block))) > 0)
		buffer_append(data, block, (size_t)n);
	close(fd);
	return n < 0 ? -1 : 0;
}

int zone_offset_by_name(
	const char *directory, const char *name, int64_t instant, int32_t *seconds, struct error *error)
{
	struct buffer data = BUFFER_INIT, path = BUFFER_INIT;
	struct error unread = {0};
	int result;

	buffer_printf(&path, "%s/%s", directory ? directory : ZONE_DIRECTORY, name);
	if (!safe_name(name) || read_zone(buffer_text(&path), &data) != 0 || data.length == 0 ||
		zone_offset((const uint8_t *)data.data, data.length, instant, seconds, &unread) != 0)
		result = error_set(error, ERROR_STOP,
			"The time zone \"%s\" is not known on this machine (%s), and the target has no "
			"tables of "
			"time zones. Install the package tzdata, or load the target's tables.",
			name, directory ? directory : ZONE_DIRECTORY);
	else
		result = 0;
	buffer_release(&data);
	buffer_release(&path);
	return result;
}

int zone_print(int32_t seconds, char out[8])
{
	int32_t minutes = (seconds < 0 ? -seconds : seconds) / 60;

	if (seconds % 60 != 0 || minutes > 14 * 60 || (seconds < 0 && minutes > 12 * 60 + 59))
		return -1;
	snprintf(out, 8, "%c%02d:%02d", seconds < 0 ? '-' : '+', (int)(minutes / 60) % 100,
		(int)(minutes % 60));
	return 0;
}
