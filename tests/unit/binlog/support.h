/* What the tests of this folder share: bytes from hex, events made by hand, recordings from the folder data/.
 */
#ifndef TESTS_UNIT_BINLOG_SUPPORT_H
#define TESTS_UNIT_BINLOG_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "binlog/file.h"
#include "binlog/format.h"

#define UNUSED __attribute__((unused))

/* Appends the bytes; white space and '|' between digits are skipped. */
static UNUSED void put_hex(struct buffer *out, const char *hex)
{
	int digits = 0, byte = 0;

	for (; *hex; hex++) {
		int digit = *hex >= '0' && *hex <= '9'	 ? *hex - '0'
			    : *hex >= 'a' && *hex <= 'f' ? *hex - 'a' + 10
							 : -1;

		if (digit < 0)
			continue;
		byte = byte << 4 | digit;
		if (++digits % 2 == 0) {
			buffer_putc(out, (char)byte);
			byte = 0;
		}
	}
	assert_int_equal(digits % 2, 0);
}

/* An event with its header, and a right checksum when it is to have one. log_pos is set by the caller. */
static UNUSED void put_event(struct buffer *out, uint8_t type, uint32_t timestamp, uint32_t server_id,
	uint32_t log_pos, uint16_t flags, const void *body, size_t length, bool checksum)
{
	size_t start = out->length;

	buffer_put_le(out, timestamp, 4);
	buffer_putc(out, (char)type);
	buffer_put_le(out, server_id, 4);
	buffer_put_le(out, EVENT_HEADER_SIZE + length + (checksum ? EVENT_CHECKSUM_SIZE : 0), 4);
	buffer_put_le(out, log_pos, 4);
	buffer_put_le(out, flags, 2);
	buffer_append(out, body, length);
	if (checksum)
		buffer_put_le(
			out, crc32(0, (const uint8_t *)out->data + start, (uInt)(out->length - start)), 4);
}

/* The body of a format description of the version, with post-header lengths as that family has them. */
static UNUSED void put_format_body(struct buffer *out, const char *version, uint32_t created, int algorithm)
{
	static const uint8_t lengths[] = {56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 95, 0, 4, 26, 8, 0, 0,
		0, 8, 8, 8, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0, 0};
	char text[50] = "";

	memcpy(text, version, strlen(version));
	buffer_put_le(out, 4, 2);
	buffer_append(out, text, sizeof(text));
	buffer_put_le(out, created, 4);
	buffer_putc(out, 19);
	buffer_append(out, lengths, sizeof(lengths));
	if (strstr(version, "MariaDB")) {
		for (unsigned type = sizeof(lengths) + 1; type <= 171; type++)
			buffer_putc(out, (char)(type == 162		      ? 19
						 : type == 163		      ? 4
						 : type == 165		      ? 13
						 : type >= 166 && type <= 168 ? 8
									      : 0));
	}
	if (algorithm >= 0)
		buffer_putc(out, (char)algorithm);
}

static UNUSED void data_path(char *path, size_t room, const char *name)
{
	const char *source = getenv("CHANGELING_SOURCE_DIR");

	snprintf(path, room, "%s/tests/unit/binlog/data/%s", source ? source : ".", name);
}

/* A whole file of the folder data/. */
static UNUSED void read_data(const char *name, struct buffer *out)
{
	char path[1024], block[4096];
	size_t got;
	FILE *file;

	data_path(path, sizeof(path), name);
	file = fopen(path, "rb");
	assert_non_null(file);
	while ((got = fread(block, 1, sizeof(block), file)) > 0)
		buffer_append(out, block, got);
	fclose(file);
}

static UNUSED void assert_error(const struct error *error, enum error_kind kind, const char *part)
{
	if (error->kind != kind || !strstr(error->text, part)) {
		print_message("error kind %d \"%s\", expected kind %d and \"%s\"\n", error->kind, error->text,
			kind, part);
		fail();
	}
}

#define RECORDINGS                                                                                           \
	{                                                                                                    \
		"mysql97.binlog", "mysql97-anonymous.binlog", "mysql56.binlog", "mysql56-gtid.binlog",       \
			"mariadb1011.binlog", "mariadb118.binlog"                                            \
	}

#endif
