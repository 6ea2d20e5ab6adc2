/* Growable bytes: bounds, what is taken away, what is drained, and the forms of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/utf8.h"

static void what_does_not_fit_is_told(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 10);
	buffer_puts(&buffer, "0123456789");
	assert_true(buffer_ok(&buffer));
	buffer_putc(&buffer, 'x');
	assert_false(buffer_ok(&buffer));
	assert_string_equal(buffer_text(&buffer), "0123456789");
	buffer_clear(&buffer);
	assert_true(buffer_ok(&buffer));
	buffer_put_hex(&buffer, "\x00\xff\x0a", 3);
	assert_string_equal(buffer_text(&buffer), "00ff0a");
	buffer_put_hex(&buffer, "abc", 3);
	assert_false(buffer_ok(&buffer));
	buffer_release(&buffer);
	assert_int_equal(buffer.maximum, 10);
	assert_string_equal(buffer_text(&buffer), "");
}

static void parts_are_taken_away(void **state)
{
	struct buffer buffer = BUFFER_INIT;

	(void)state;
	buffer_puts(&buffer, "one two three");
	buffer_truncate(&buffer, 100);
	buffer_truncate(&buffer, 7);
	assert_string_equal(buffer_text(&buffer), "one two");
	buffer_take(&buffer, 4);
	assert_string_equal(buffer_text(&buffer), "two");
	buffer_take(&buffer, 0);
	buffer_take(&buffer, 3);
	assert_string_equal(buffer_text(&buffer), "");
	assert_int_equal(buffer.length, 0);
	buffer_release(&buffer);
	buffer_take(&buffer, 0);
}

struct collected {
	struct buffer all;
	unsigned calls;
	size_t left; /* bytes that are left there each time */
};

static void collect(struct buffer *buffer, void *context)
{
	struct collected *collected = context;
	size_t taken = buffer->length > collected->left ? buffer->length - collected->left : 0;

	collected->calls++;
	buffer_append(&collected->all, buffer->data, taken);
	buffer_take(buffer, taken);
}

/* Whatever is written, and in what sizes: it is the same, and the buffer does not grow. */
static void drained_content_is_whole(void **state)
{
	struct collected collected = {.left = 3};
	struct buffer drained = BUFFER_INIT, kept = BUFFER_INIT;
	char *bytes = malloc(3 << 20);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 3 << 20; i++)
		bytes[i] = (char)('a' + i % 23);
	buffer_set_drain(&drained, collect, &collected);
	for (size_t i = 0; i < 2; i++) {
		struct buffer *to = i == 0 ? &drained : &kept;

		for (size_t n = 0; n < 300000; n++)
			buffer_putc(to, bytes[n]);
		buffer_append(to, bytes, 3 << 20);
		buffer_put_hex(to, bytes, 1 << 20);
		buffer_put_json(to, bytes, 1 << 20);
		for (size_t n = 0; n < 2000; n++)
			buffer_append(to, bytes + n, n);
		buffer_printf(to, "%s|%d", "end", 7);
	}
	assert_true(drained.capacity < 2 * BUFFER_DRAINED);
	assert_true(collected.calls > 10);
	buffer_append(&collected.all, drained.data, drained.length);
	assert_int_equal(collected.all.length, kept.length);
	assert_memory_equal(collected.all.data, kept.data, kept.length);
	buffer_release(&drained);
	assert_ptr_equal(drained.drain, collect);
	buffer_release(&kept);
	buffer_release(&collected.all);
	free(bytes);
}

/* Room that was reserved is not drained: offsets hold. */
static void reserved_room_stays(void **state)
{
	struct collected collected = {0};
	struct buffer buffer = BUFFER_INIT;
	size_t at;

	(void)state;
	buffer_set_drain(&buffer, collect, &collected);
	for (size_t n = 0; n < 2 * BUFFER_DRAINED; n += 10) {
		buffer_reserve(&buffer, 10);
		at = buffer.length;
		buffer_puts(&buffer, "0123456789");
		assert_memory_equal(buffer.data + at, "0123456789", 10);
	}
	assert_true(collected.calls > 0);
	buffer_release(&collected.all);
	buffer_release(&buffer);
}

static void what_nobody_reads_is_forgotten(void **state)
{
	struct buffer buffer = BUFFER_INIT;

	(void)state;
	buffer_set_drain(&buffer, buffer_discard, NULL);
	for (size_t n = 0; n < 100; n++)
		buffer_append(&buffer, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", 64);
	assert_int_equal(buffer.length, 6400);
	for (size_t n = 0; n < 100000; n++)
		buffer_append(&buffer, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", 64);
	assert_true(buffer.capacity < 2 * BUFFER_DRAINED);
	assert_true(buffer_ok(&buffer));
	buffer_release(&buffer);
}

static void texts_for_programs_and_people(void **state)
{
	struct buffer buffer = BUFFER_INIT;

	(void)state;
	buffer_put_json(&buffer, "a\"b\\c\n\x7f\xc2\x9b\xc3\xa9\xff", 12);
	assert_string_equal(buffer_text(&buffer), "\"a\\\"b\\\\c\\u000a\\u007f\\u009b\xc3\xa9\xef\xbf\xbd\"");
	buffer_clear(&buffer);
	buffer_put_printable(&buffer, "a\tb\n\x1b\xc2\x9b\xc3\xa9\xff", 10, 10);
	assert_string_equal(buffer_text(&buffer), "a\\tb\\n\\x1b\\xc2\\x9b\xc3\xa9\\xff");
	buffer_clear(&buffer);
	buffer_put_printable(&buffer, "abcdef", 6, 3);
	assert_string_equal(buffer_text(&buffer), "abc…");
	buffer_clear(&buffer);
	buffer_put_i64(&buffer, INT64_MIN);
	buffer_put_u64(&buffer, UINT64_MAX);
	buffer_put_le(&buffer, 0x4142, 2);
	assert_string_equal(buffer_text(&buffer), "-922337203685477580818446744073709551615BA");
	buffer_release(&buffer);
}

static void characters_cut_at_the_end(void **state)
{
	static const struct {
		const char *text;
		size_t length, whole;
	} cases[] = {{"", 0, 0}, {"abc", 3, 3}, {"a\xc3\xa9", 3, 3}, {"a\xc3", 2, 1}, {"a\xe2\x82\xac", 4, 4},
		{"a\xe2\x82", 3, 1}, {"a\xe2", 2, 1}, {"\xf0\x9f\x98\x80", 4, 4}, {"\xf0\x9f\x98", 3, 0}, {"\xf0\x9f", 2, 0},
		{"\xf0", 1, 0}, {"\x80\x80\x80\x80", 4, 4}, {"\xc3\xa9\xa9", 3, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(utf8_whole(cases[i].text, cases[i].length), cases[i].whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(parts_are_taken_away),
		cmocka_unit_test(drained_content_is_whole),
		cmocka_unit_test(reserved_room_stays),
		cmocka_unit_test(what_nobody_reads_is_forgotten),
		cmocka_unit_test(texts_for_programs_and_people),
		cmocka_unit_test(characters_cut_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
