#include <zstd.h>

#include "base/memory.h"
#include "binlog/payload.h"
#include "support.h"

static struct buffer body;

/* A payload's body: the fields, then the bytes, compressed in `frames` frames. */
static struct event make(const void *plain, size_t length, unsigned frames, uint64_t declared)
{
	size_t room = ZSTD_compressBound(length) + 64 * (size_t)frames, used = 0;
	uint8_t *packed = memory_alloc(room);
	struct buffer fields = BUFFER_INIT;

	for (unsigned i = 0; i < frames; i++) {
		size_t from = length / frames * i, to = i + 1 == frames ? length : length / frames * (i + 1);

		used += ZSTD_compress(
			packed + used, room - used, (const uint8_t *)plain + from, to - from, 3);
	}
	buffer_clear(&body);
	buffer_append(&body, "\2\1\0", 3);    /* compression 0 */
	buffer_append(&body, "\3\11\376", 3); /* uncompressed size, as 254 and 8 bytes */
	buffer_put_le(&body, declared, 8);
	buffer_append(&body, "\1\11\376", 3);
	buffer_put_le(&body, used, 8);
	buffer_append(&body, "\0", 1);
	buffer_append(&body, packed, used);
	buffer_release(&fields);
	free(packed);
	return (struct event){.header = {.type = EVENT_TRANSACTION_PAYLOAD},
		.body = (const uint8_t *)body.data,
		.body_length = body.length};
}

/* Reads all of it; the number of events, or -1. */
static int read_all(
	const struct event *event, uint64_t maximum, uint64_t event_maximum, bool keep, struct error *error)
{
	struct payload_reader *reader = payload_reader_new();
	struct payload_info info;
	struct event inner;
	int rc = -1, count = 0;

	if (payload_info_parse(event, &info, error) < 0 ||
		payload_reader_start(reader, &info, maximum, event_maximum, error) < 0)
		goto out;
	while ((rc = payload_reader_next(reader, &inner, error)) > 0) {
		assert_int_equal(inner.header.length, inner.body_length + EVENT_HEADER_SIZE);
		assert_int_equal(inner.body[0], count & 255);
		assert_int_equal(inner.body[inner.body_length - 1], count & 255);
		count++;
		if (keep && count == 2) {
			payload_reader_keep(reader);
			memset(body.data, 0, body.length); /* the original may go */
		}
	}
out:
	payload_reader_free(reader);
	return rc < 0 ? -1 : count;
}

static void put_inner(struct buffer *out, unsigned count, size_t size)
{
	uint8_t *data = memory_alloc(size);

	for (unsigned i = 0; i < count; i++) {
		memset(data, (int)i, size);
		put_event(out, EVENT_WRITE_ROWS_V2, 1, 2, 0, 0, data, size, false);
	}
	free(data);
}

static void whole_payloads(void **state)
{
	static const struct {
		unsigned count;
		size_t size;
		unsigned frames;
	} cases[] = {{1, 1, 1}, {3, 100, 1}, {10, 30000, 1}, {10, 30000, 3}, {2, 3000000, 1}, {5000, 20, 7}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int keep = 0; keep < 2; keep++) {
			struct buffer plain = BUFFER_INIT;
			struct error error = {0};
			struct event event;
			int count;

			put_inner(&plain, cases[i].count, cases[i].size);
			event = make(plain.data, plain.length, cases[i].frames, plain.length);
			count = read_all(&event, 0, 0, keep, &error);
			if (count < 0)
				fail_msg("%s", error.text);
			assert_int_equal(count, cases[i].count);
			buffer_release(&plain);
		}
	}
}

static void not_compressed(void **state)
{
	struct buffer plain = BUFFER_INIT;
	struct error error = {0};
	struct event event = {.header = {.type = EVENT_TRANSACTION_PAYLOAD}};

	(void)state;
	put_inner(&plain, 5000, 20);
	buffer_clear(&body);
	buffer_append(&body, "\2\3\xfc\xff\0\1\4\xfd", 8);
	buffer_put_le(&body, plain.length, 3);
	buffer_append(&body, "\7\2zz\0", 5); /* a field nobody knows */
	buffer_append(&body, plain.data, plain.length);
	event.body = (const uint8_t *)body.data;
	event.body_length = body.length;
	assert_int_equal(read_all(&event, 0, 0, true, &error), 5000);
	buffer_release(&plain);
}

static void fails(const struct event *event, uint64_t maximum, uint64_t event_maximum, enum error_kind kind,
	const char *part)
{
	struct error error = {0};

	assert_int_equal(read_all(event, maximum, event_maximum, false, &error), -1);
	assert_error(&error, kind, part);
}

static void bounds(void **state)
{
	struct buffer plain = BUFFER_INIT;
	struct event event;

	(void)state;
	put_inner(&plain, 3, 100);
	event = make(plain.data, plain.length, 1, plain.length);
	fails(&event, plain.length - 1, 0, ERROR_STOP, "above the limit of");
	fails(&event, 0, 100, ERROR_STOP, "max-event-bytes");
	event = make(plain.data, plain.length, 1, plain.length - 1);
	fails(&event, 0, 0, ERROR_CORRUPT, "expands to more");
	event = make(plain.data, plain.length, 1, plain.length + 1);
	fails(&event, 0, 0, ERROR_CORRUPT, "expands to 357");
	event = make(plain.data, plain.length - 1, 1, plain.length - 1);
	fails(&event, 0, 0, ERROR_CORRUPT, "names a length of 119");
	event = make(plain.data, plain.length - 1, 1, plain.length);
	fails(&event, 0, 0, ERROR_CORRUPT, "ends inside an event");
	buffer_append(&plain, "1234567890", 10);
	event = make(plain.data, plain.length, 1, plain.length);
	fails(&event, 0, 0, ERROR_CORRUPT, "10 bytes follow");
	plain.length -= 10;
	plain.data[9] = 18;
	event = make(plain.data, plain.length, 1, plain.length);
	fails(&event, 0, 0, ERROR_CORRUPT, "length of 18");
	buffer_release(&plain);
}

/* What declares little and is much costs no more than a window. */
static void bomb(void **state)
{
	size_t size = (size_t)64 << 20;
	char *zeros = memory_zalloc(size);
	struct event event;

	(void)state;
	event = make(zeros, size, 1, 100);
	fails(&event, 0, 0, ERROR_CORRUPT, "");
	free(zeros);
}

static void broken_streams(void **state)
{
	struct buffer plain = BUFFER_INIT;
	struct event event;
	size_t length;

	(void)state;
	put_inner(&plain, 3, 100);
	event = make(plain.data, plain.length, 1, plain.length);
	length = event.body_length;
	body.data[26] ^= 0x55; /* zstd's magic number */
	fails(&event, 0, 0, ERROR_CORRUPT, "zstd cannot expand");
	body.data[26] ^= 0x55;
	buffer_append(&body, "garbage", 7);
	event.body = (const uint8_t *)body.data;
	event.body_length = body.length;
	fails(&event, 0, 0, ERROR_CORRUPT, "follow its fields");
	body.data[17] = (char)(body.data[17] + 7); /* announced, and no frame */
	fails(&event, 0, 0, ERROR_CORRUPT, "");
	body.data[17] = (char)(body.data[17] - 7);
	event.body_length = length;
	for (size_t cut = 0; cut < length; cut++) {
		event.body_length = cut;
		fails(&event, 0, 0, ERROR_CORRUPT, "");
	}
	/* the announced size is what is cut off */
	for (size_t cut = 0; cut < length - 27; cut++) {
		body.data[17] = (char)cut;
		event.body_length = 26 + cut;
		if (read_all(&event, 0, 0, false, &(struct error){0}) >= 0)
			fail_msg("cut to %zu bytes it was taken", cut);
	}
	buffer_release(&plain);
}

static void bad_fields(void **state)
{
	static const struct {
		const char *hex;
		enum error_kind kind;
		const char *part;
	} cases[] = {
		{"", ERROR_CORRUPT, "end behind"},
		{"02 01", ERROR_CORRUPT, "end behind"},
		{"02 01 fc 00", ERROR_CORRUPT, "end behind"},
		{"fb", ERROR_CORRUPT, "end behind"},
		{"00", ERROR_CORRUPT, "announces"},
		{"01 01 05 02 01 00 03 01 05 00 01020304", ERROR_CORRUPT, "announces 5 bytes"},
		{"01 01 00 02 01 01 03 01 00 00", ERROR_STOP, "compression type 1"},
		{"01 01 00 03 01 00 00", ERROR_STOP, "compression type"},
		{"01 01 00 02 01 00 00", ERROR_CORRUPT, "uncompressed size"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct event event = {.header = {.type = EVENT_TRANSACTION_PAYLOAD}};

		buffer_clear(&body);
		put_hex(&body, cases[i].hex);
		event.body = (const uint8_t *)buffer_text(&body);
		event.body_length = body.length;
		fails(&event, 0, 0, cases[i].kind, cases[i].part);
	}
}

static int release(void **state)
{
	(void)state;
	buffer_release(&body);
	payload_reader_free(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_payloads),
		cmocka_unit_test(not_compressed),
		cmocka_unit_test(bounds),
		cmocka_unit_test(bomb),
		cmocka_unit_test(broken_streams),
		cmocka_unit_test(bad_fields),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
