/* Events as a target's input: a format description made here, then what the input says. */
#ifndef TESTS_FUZZ_STREAM_H
#define TESTS_FUZZ_STREAM_H

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "binlog/format.h"

static const char *const fuzz_versions[] = {"8.4.5", "5.5.62-log", "5.6.51", "10.11.6-MariaDB",
	"11.8.2-MariaDB", "9.7.4", "10.3.39-MariaDB", "5.7.44-log"};

/* The whole event of the version that the low bits of `select` name, with a right checksum and no position.
 */
static inline void fuzz_put_format(struct buffer *out, uint8_t select)
{
	static const uint8_t lengths[] = {56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 95, 0, 4, 26, 8, 0, 0,
		0, 8, 8, 8, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0, 0};
	const char *version = fuzz_versions[select & 7];
	bool maria = strstr(version, "MariaDB") != NULL, old = strncmp(version, "5.5", 3) == 0;
	size_t start = out->length, types = maria ? 171 : sizeof(lengths);
	size_t length = EVENT_HEADER_SIZE + 57 + types + (old ? 0 : 5);
	char text[50] = "";

	memcpy(text, version, strlen(version));
	buffer_append(out, "\0\0\0\0\17\1\0\0\0", 9);
	buffer_put_le(out, length, 4);
	buffer_put_le(out, 0, 6);
	buffer_put_le(out, 4, 2);
	buffer_append(out, text, sizeof(text));
	buffer_put_le(out, select & 8 ? 1000 : 0, 4);
	buffer_putc(out, 19);
	buffer_append(out, lengths, sizeof(lengths));
	for (size_t type = sizeof(lengths) + 1; type <= types; type++)
		buffer_putc(out, (char)(type >= 166 && type <= 168 ? 8 : type == 165 ? 13 : 0));
	if (old)
		return;
	buffer_putc(out, 0); /* no checksums: they would only be in the fuzzer's way */
	buffer_put_le(out, crc32(0, (const uint8_t *)out->data + start, (uInt)(out->length - start)), 4);
}

/* The length in the header of the next event, or what is left when it cannot be. */
static inline size_t fuzz_event_length(const uint8_t *data, size_t left)
{
	uint32_t length;

	if (left < EVENT_HEADER_SIZE)
		return left;
	memcpy(&length, data + 9, 4);
	return length < EVENT_HEADER_SIZE || length > left ? left : length;
}

#endif
