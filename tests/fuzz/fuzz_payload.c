/* Byte 0: 0 = the rest is the body of a compressed transaction; else it is its events, which are compressed
 * here, in as many frames, and taken through the assembler with small parts. */
#include <zstd.h>

#include "binlog/payload.h"
#include "binlog/transaction.h"
#include "fuzz.h"
#include "stream.h"

static void read_body(const uint8_t *body, size_t length)
{
	struct event event = {.header = {.type = EVENT_TRANSACTION_PAYLOAD},
			     .body = body,
			     .body_length = length},
		     inner;
	static struct payload_reader *reader; /* used again, as the assembler does */
	struct payload_info info;
	struct error error = {0};
	uint64_t bytes = 0;

	if (!reader)
		reader = payload_reader_new();
	if (payload_info_parse(&event, &info, &error) == 0 &&
		payload_reader_start(reader, &info, 1 << 20, 1 << 18, &error) == 0) {
		int rc;

		while ((rc = payload_reader_next(reader, &inner, &error)) > 0) {
			bytes += inner.header.length;
			MUST(bytes == payload_reader_offset(reader) && bytes <= info.uncompressed_size);
			if (bytes & 1)
				payload_reader_keep(reader);
		}
		MUST(rc < 0 || bytes == info.uncompressed_size);
	}
}

static void put_payload(struct buffer *out, const uint8_t *plain, size_t length, unsigned frames)
{
	struct buffer packed = BUFFER_INIT;
	size_t each = length / frames;

	for (unsigned i = 0; i < frames; i++) {
		size_t take = i + 1 == frames ? length - each * i : each, got;

		MUST(buffer_reserve(&packed, ZSTD_compressBound(take)));
		got = ZSTD_compress(
			packed.data + packed.length, ZSTD_compressBound(take), plain + each * i, take, 1);
		MUST(!ZSTD_isError(got));
		packed.length += got;
	}
	buffer_append(out, "\2\1\0\3\11\376", 6);
	buffer_put_le(out, length, 8);
	buffer_append(out, "\1\11\376", 3);
	buffer_put_le(out, packed.length, 8);
	buffer_putc(out, 0);
	buffer_append(out, packed.data, packed.length);
	buffer_release(&packed);
}

static void assemble(uint8_t frames, const uint8_t *plain, size_t length)
{
	struct assembler_limits limits = {.part_bytes = 4096, .payload_bytes = 1 << 20};
	static struct assembler *assembler;
	struct position start = {.file = "binlog.000001", .offset = 4};
	struct buffer body = BUFFER_INIT, stream = BUFFER_INIT;
	struct transaction *transaction;
	struct error error = {0};
	size_t at;

	if (!assembler)
		assembler = assembler_new(&limits);
	fuzz_put_format(&stream, 0);
	at = stream.length;
	put_payload(&body, plain, length, frames);
	buffer_append(&stream, "\0\0\0\0\50\1\0\0\0", 9);
	buffer_put_le(&stream, EVENT_HEADER_SIZE + body.length, 4);
	buffer_put_le(&stream, 0, 6);
	buffer_append(&stream, body.data, body.length);
	assembler_start(assembler, &start, CHECKSUM_OFF);
	MUST(assembler_push(assembler, (const uint8_t *)stream.data, at, &error) == 0);
	if (assembler_push(assembler, (const uint8_t *)stream.data + at, stream.length - at, &error) == 0) {
		memset(stream.data, 0xee, stream.length); /* the bytes are ours again */
		while ((transaction = assembler_next(assembler)))
			transaction_free(transaction);
	}
	buffer_release(&body);
	buffer_release(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] == 0)
		read_body(data + 1, size - 1);
	else
		assemble(data[0] % 4 + 1, data + 1, size - 1);
	return 0;
}
