/* Headers, checksums, the format description, and the order of positions. */
#include "binlog/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/cursor.h"

#define FLAGS_OFFSET 17u
#define FORMAT_FIXED_BYTES 57u /* of the body, before the post-header lengths */
#define VERSION_OFFSET 2u
#define VERSION_BYTES 50u
/* from here on the format description ends in the algorithm's byte and four bytes of checksum */
#define MYSQL_CHECKSUM_VERSION 50601u
#define MARIADB_CHECKSUM_VERSION 50300u
#define CHECKSUM_UNDEFINED 255u

/* The number behind the last dot, or -1; *base is the length of what stands before it. */
static int64_t file_number(const char *file, size_t *base)
{
	const char *dot = strrchr(file, '.');
	int64_t number = 0;

	*base = strlen(file);
	if (!dot || !dot[1])
		return -1;
	for (const char *digit = dot + 1; *digit; digit++) {
		if (*digit < '0' || *digit > '9' || number > INT64_MAX / 10 - 10)
			return -1;
		number = number * 10 + (*digit - '0');
	}
	*base = (size_t)(dot - file);
	return number;
}

int place_compare(struct log_place a, struct log_place b)
{
	const char *a_file = a.file ? a.file : "", *b_file = b.file ? b.file : "";
	size_t a_base, b_base;
	int64_t a_number = file_number(a_file, &a_base), b_number = file_number(b_file, &b_base);
	int order = strncmp(a_file, b_file, a_base < b_base ? a_base : b_base);

	if (order == 0 && a_base != b_base)
		order = a_base < b_base ? -1 : 1;
	if (order == 0 && a_number != b_number)
		order = a_number < b_number ? -1 : 1;
	if (order == 0 && a.offset != b.offset)
		order = a.offset < b.offset ? -1 : 1;
	return order;
}

int position_compare(const struct position *a, const struct position *b)
{
	return place_compare(position_place(a), position_place(b));
}

struct position place_position(struct log_place place)
{
	struct position position = {.offset = place.offset};

	snprintf(position.file, sizeof(position.file), "%s", place.file ? place.file : "");
	return position;
}

/* "10.11.6-MariaDB-log" → 101106. MariaDB's "5.5.5-" in front of the real number, made for old replicas, is
 * stepped over. */
static unsigned version_number(const char *text)
{
	unsigned parts[3] = {0, 0, 0};

	if (strncmp(text, "5.5.5-", 6) == 0 && strstr(text, "MariaDB"))
		text += 6;
	for (int i = 0; i < 3; i++) {
		while (*text >= '0' && *text <= '9') {
			if (parts[i] < 100)
				parts[i] = parts[i] * 10 + (unsigned)(*text - '0');
			text++;
		}
		if (*text != '.')
			break;
		text++;
	}
	return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

bool binlog_format_names_checksum(enum server_family family, unsigned version)
{
	return version >= (family == FAMILY_MARIADB ? MARIADB_CHECKSUM_VERSION : MYSQL_CHECKSUM_VERSION);
}

/* What the body of a format description says of its writer; the text is cut at its padding. */
static void read_version(
	const uint8_t *body, char text[VERSION_BYTES + 1], enum server_family *family, unsigned *version)
{
	memcpy(text, body + VERSION_OFFSET, VERSION_BYTES);
	text[VERSION_BYTES] = '\0';
	*family = strstr(text, "MariaDB") ? FAMILY_MARIADB : FAMILY_MYSQL;
	*version = version_number(text);
}

/* The sum over all but the last four bytes, and what those say. */
static bool checksum_matches(const uint8_t *bytes, size_t length, bool format_description)
{
	const uint8_t *stored = bytes + length - EVENT_CHECKSUM_SIZE;
	uint32_t sum;

	if (format_description) { /* the file may have been open when it was copied: IN_USE is not in the sum
				   */
		uint8_t header[EVENT_HEADER_SIZE];

		memcpy(header, bytes, EVENT_HEADER_SIZE);
		header[FLAGS_OFFSET] &= (uint8_t)~EVENT_FLAG_IN_USE;
		sum = crc32_add(0, header, EVENT_HEADER_SIZE);
		sum = crc32_add(
			sum, bytes + EVENT_HEADER_SIZE, length - EVENT_HEADER_SIZE - EVENT_CHECKSUM_SIZE);
	} else {
		sum = crc32_add(0, bytes, length - EVENT_CHECKSUM_SIZE);
	}
	return sum == ((uint32_t)stored[0] | (uint32_t)stored[1] << 8 | (uint32_t)stored[2] << 16 |
			      (uint32_t)stored[3] << 24);
}

/* Has the event four bytes of checksum at its end, and is there a sum to verify in them? */
static void find_checksum(
	const uint8_t *bytes, size_t length, const struct binlog_format *format, bool *room, bool *verify)
{
	size_t body_length = length - EVENT_HEADER_SIZE;
	uint8_t type = bytes[4];

	if (type == EVENT_FORMAT_DESCRIPTION) {
		char text[VERSION_BYTES + 1];
		enum server_family family;
		unsigned version;

		*room = *verify = false;
		if (body_length < FORMAT_FIXED_BYTES + 1 + EVENT_CHECKSUM_SIZE)
			return;
		read_version(bytes + EVENT_HEADER_SIZE, text, &family, &version);
		*room = binlog_format_names_checksum(family, version);
		*verify = *room && bytes[length - EVENT_CHECKSUM_SIZE - 1] == CHECKSUM_CRC32;
		return;
	}
	*room = *verify = format->checksum == CHECKSUM_CRC32;
	/* What is sent before the first format description goes by what the session agreed on, which a master
	 * may have understood otherwise; the same for the made-up ROTATE between two files. A sum that is
	 * right is no coincidence. */
	if (!*room && type == EVENT_ROTATE && body_length > EVENT_CHECKSUM_SIZE + 8)
		*room = *verify = checksum_matches(bytes, length, false);
	else if (*room && !format->known && !checksum_matches(bytes, length, false) && type == EVENT_ROTATE)
		*room = *verify = false;
}

int event_parse(const uint8_t *bytes, size_t length, const struct binlog_format *format, struct event *event,
	struct error *error)
{
	struct cursor cursor = cursor_of(bytes, length);
	struct event_header header;
	bool room, verify;

	header.timestamp = cursor_u32(&cursor);
	header.type = cursor_u8(&cursor);
	header.server_id = cursor_u32(&cursor);
	header.length = cursor_u32(&cursor);
	header.log_pos = cursor_u32(&cursor);
	header.flags = cursor_u16(&cursor);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"an event of %zu bytes cannot hold a header, which takes %u.", length,
			EVENT_HEADER_SIZE);
	if (header.length != length)
		return error_set(error, ERROR_CORRUPT,
			"the header names a length of %lu bytes, but %zu were received.",
			(unsigned long)header.length, length);
	if (format->checksum == CHECKSUM_CRC32 && length < EVENT_HEADER_SIZE + EVENT_CHECKSUM_SIZE)
		return error_set(
			error, ERROR_CORRUPT, "an event of %zu bytes has no room for its checksum.", length);
	find_checksum(bytes, length, format, &room, &verify);
	if (verify && !checksum_matches(bytes, length, header.type == EVENT_FORMAT_DESCRIPTION))
		return error_set(error, ERROR_CORRUPT,
			"the checksum (CRC32) does not match the event's %zu bytes: they were damaged on the "
			"network, in memory or in the master's file.",
			length);
	event->header = header;
	event->body = cursor.at;
	event->body_length = cursor_left(&cursor) - (room ? EVENT_CHECKSUM_SIZE : 0);
	return 0;
}

int binlog_format_parse(const struct event *event, struct binlog_format *format, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	struct binlog_format parsed = {.known = true, .checksum = CHECKSUM_OFF};
	unsigned binlog_version = cursor_u16(&cursor);
	uint8_t header_length;
	const uint8_t *lengths;
	size_t types;

	cursor_bytes(&cursor, VERSION_BYTES);
	parsed.created = cursor_u32(&cursor);
	header_length = cursor_u8(&cursor);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"the format description has %zu bytes, expected at least %u.", event->body_length,
			FORMAT_FIXED_BYTES);
	if (binlog_version != 4)
		return error_set(error, ERROR_STOP,
			"the binary log is of version %u; only version 4 (MySQL 5.0 and later, MariaDB) can "
			"be read.",
			binlog_version);
	if (header_length != EVENT_HEADER_SIZE)
		return error_set(error, ERROR_STOP,
			"the format description names event headers of %u bytes, expected %u.", header_length,
			EVENT_HEADER_SIZE);
	read_version(event->body, parsed.server_version, &parsed.family, &parsed.version);
	types = cursor_left(&cursor);
	if (binlog_format_names_checksum(parsed.family, parsed.version)) {
		uint8_t algorithm;

		if (types < 1)
			return error_set(error, ERROR_CORRUPT,
				"the format description of %s ends before its checksum algorithm.",
				parsed.server_version);
		types--;
		algorithm = event->body[event->body_length - 1];
		if (algorithm != CHECKSUM_OFF && algorithm != CHECKSUM_CRC32 &&
			algorithm != CHECKSUM_UNDEFINED)
			return error_set(error, ERROR_STOP,
				"the format description names the checksum algorithm %u; only none (0) and "
				"CRC32 (1) are known.",
				algorithm);
		parsed.checksum = algorithm == CHECKSUM_CRC32 ? CHECKSUM_CRC32 : CHECKSUM_OFF;
	}
	if (types > 255)
		types = 255; /* a type is one byte: more lengths have no meaning */
	lengths = cursor_bytes(&cursor, types);
	parsed.types = (unsigned)types;
	memcpy(parsed.post_header_length + 1, lengths, types);
	*format = parsed;
	return 0;
}
