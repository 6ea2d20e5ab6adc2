/* Starts above 4 GiB: what is left out, and that what comes through is what a master sends for a start in the
 * middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "binlog/format.h"
#include "proxy/source_skip.h"

static const uint64_t four_gib = UINT64_C(4) << 30;

static void seal(struct buffer *event)
{
	uint32_t sum = (uint32_t)crc32(0, (const uint8_t *)event->data, (uInt)event->length);

	buffer_put_le(event, sum, 4);
}

/* An event of `length` bytes, checksum included. */
static void make(struct buffer *event, unsigned type, uint32_t length, uint32_t log_pos, unsigned flags)
{
	buffer_clear(event);
	buffer_put_le(event, 1700000000, 4);
	buffer_put_le(event, type, 1);
	buffer_put_le(event, 1, 4);
	buffer_put_le(event, length, 4);
	buffer_put_le(event, log_pos, 4);
	buffer_put_le(event, flags, 2);
	while (event->length < length - 4)
		buffer_putc(event, 'x');
	seal(event);
}

static void make_rotate(struct buffer *event)
{
	make(event, EVENT_ROTATE, 19 + 8 + 5 + 4, 0, EVENT_FLAG_ARTIFICIAL);
	event->length = EVENT_HEADER_SIZE;
	buffer_put_le(event, 4, 8);
	buffer_puts(event, "bin.1");
	seal(event);
}

static void make_description(struct buffer *event)
{
	char version[50] = "8.0.41";

	buffer_clear(event);
	make(event, EVENT_FORMAT_DESCRIPTION, 19 + 57 + 41 + 5, 126, 0);
	event->length = EVENT_HEADER_SIZE;
	buffer_put_le(event, 4, 2);
	buffer_append(event, version, 50);
	buffer_put_le(event, 1700000000, 4); /* created */
	buffer_put_le(event, 19, 1);
	for (unsigned i = 0; i < 41; i++)
		buffer_putc(event, 8);
	buffer_put_le(event, CHECKSUM_CRC32, 1);
	seal(event);
}

static int take(
	struct skipper *skipper, const struct buffer *event, struct buffer *changed, struct error *error)
{
	return skipper_take(skipper, (const uint8_t *)event->data, event->length, changed, error);
}

/* Rotate and description, changed; leaves the skipper behind them. */
static void begin(struct skipper *skipper, uint64_t until, struct buffer *event, struct buffer *changed)
{
	struct binlog_format format = {.checksum = CHECKSUM_CRC32};
	struct error error;
	struct event parsed;

	skipper_start(skipper, until, CHECKSUM_CRC32);
	make_rotate(event);
	assert_int_equal(take(skipper, event, changed, &error), SKIP_CHANGED);
	assert_int_equal(
		event_parse((const uint8_t *)changed->data, changed->length, &format, &parsed, &error), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(parsed.body[i], (uint8_t)(until >> (8 * i)));
	assert_memory_equal(parsed.body + 8, "bin.1", 5);

	make_description(event);
	assert_int_equal(take(skipper, event, changed, &error), SKIP_CHANGED);
	assert_int_equal(
		event_parse((const uint8_t *)changed->data, changed->length, &format, &parsed, &error), 0);
	assert_int_equal(binlog_format_parse(&parsed, &format, &error), 0);
	assert_int_equal(format.created, 0);
	assert_int_equal(parsed.header.log_pos, 0);
	assert_string_equal(format.server_version, "8.0.41");
	assert_int_equal(skipper->at, 4 + event->length);
}

static void nothing_is_left_out_without_need(void **state)
{
	struct buffer event = BUFFER_INIT, changed = BUFFER_INIT;
	struct skipper skipper;
	struct error error;

	(void)state;
	skipper_start(&skipper, 0, CHECKSUM_CRC32);
	make_rotate(&event);
	assert_int_equal(take(&skipper, &event, &changed, &error), SKIP_PASS);
	make(&event, EVENT_QUERY, 100, 0, 0);
	assert_int_equal(take(&skipper, &event, &changed, &error), SKIP_PASS);
	assert_int_equal(skipper_end(&skipper, &error), 0);
	buffer_release(&event);
	buffer_release(&changed);
}

static void all_before_the_offset_is_left_out(void **state)
{
	struct buffer event = BUFFER_INIT, changed = BUFFER_INIT;
	struct skipper skipper;
	struct error error;

	(void)state;
	begin(&skipper, four_gib + 1000, &event, &changed);
	/* an event of a MiB, again and again, as positions in headers wrap and MariaDB leaves them out */
	make(&event, EVENT_WRITE_ROWS_V2, 1 << 20, 0, 0);
	while (skipper.at + (1 << 20) <= four_gib)
		assert_int_equal(take(&skipper, &event, &changed, &error), SKIP_DROP);
	make(&event, EVENT_QUERY, (uint32_t)(four_gib + 1000 - skipper.at), 0, 0);
	assert_int_equal(take(&skipper, &event, &changed, &error), SKIP_DROP);
	make(&event, EVENT_GTID, 65, 0, 0);
	assert_int_equal(take(&skipper, &event, &changed, &error), SKIP_PASS);
	make_rotate(&event);
	assert_int_equal(take(&skipper, &event, &changed, &error), SKIP_PASS);
	assert_int_equal(skipper_end(&skipper, &error), 0);
	buffer_release(&event);
	buffer_release(&changed);
}

static void an_offset_inside_an_event_stops(void **state)
{
	struct buffer event = BUFFER_INIT, changed = BUFFER_INIT;
	struct skipper skipper;
	struct error error;

	(void)state;
	begin(&skipper, 200, &event, &changed);
	make(&event, EVENT_QUERY, 100, 0, 0);
	assert_int_equal(take(&skipper, &event, &changed, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	assert_non_null(strstr(error.text, "offset 200"));
	buffer_release(&event);
	buffer_release(&changed);
}

static void a_log_that_ends_before_stops(void **state)
{
	struct buffer event = BUFFER_INIT, changed = BUFFER_INIT;
	struct skipper skipper;
	struct error error;

	(void)state;
	/* it waits for more */
	begin(&skipper, four_gib + 1, &event, &changed);
	make(&event, EVENT_HEARTBEAT, 40, 126, 0);
	assert_int_equal(take(&skipper, &event, &changed, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	/* the next file begins */
	begin(&skipper, four_gib + 1, &event, &changed);
	make_rotate(&event);
	assert_int_equal(take(&skipper, &event, &changed, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	/* the stream ends */
	begin(&skipper, four_gib + 1, &event, &changed);
	assert_int_equal(skipper_end(&skipper, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	buffer_release(&event);
	buffer_release(&changed);
}

static void short_events_are_refused(void **state)
{
	struct buffer event = BUFFER_INIT, changed = BUFFER_INIT;
	struct skipper skipper;
	struct error error;

	(void)state;
	for (size_t length = 0; length < 126; length++) {
		skipper_start(&skipper, four_gib + 1, CHECKSUM_CRC32);
		make_rotate(&event);
		if (length < EVENT_HEADER_SIZE + 8 + EVENT_CHECKSUM_SIZE)
			assert_int_equal(
				skipper_take(&skipper, (const uint8_t *)event.data, length, &changed, &error),
				-1);
		skipper_start(&skipper, four_gib + 1, CHECKSUM_CRC32);
		make_description(&event);
		if (length < EVENT_HEADER_SIZE + 57)
			assert_int_equal(
				skipper_take(&skipper, (const uint8_t *)event.data, length, &changed, &error),
				-1);
	}
	buffer_release(&event);
	buffer_release(&changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_out_without_need),
		cmocka_unit_test(all_before_the_offset_is_left_out),
		cmocka_unit_test(an_offset_inside_an_event_stops),
		cmocka_unit_test(a_log_that_ends_before_stops),
		cmocka_unit_test(short_events_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
