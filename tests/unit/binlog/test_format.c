#include "support.h"

static struct binlog_format no_format;

static void parse(const struct buffer *bytes, const struct binlog_format *format, struct event *event)
{
	struct error error = {0};

	if (event_parse((const uint8_t *)bytes->data, bytes->length, format, event, &error) < 0)
		fail_msg("%s", error.text);
}

static void fails(const struct buffer *bytes, const struct binlog_format *format, enum error_kind kind,
	const char *part)
{
	struct error error = {0};
	struct event event;

	assert_int_equal(
		event_parse((const uint8_t *)bytes->data, bytes->length, format, &event, &error), -1);
	assert_error(&error, kind, part);
}

/* The first event of a real stream, with a checksum although no format was seen yet. */
static void artificial_rotate_before_the_format(void **state)
{
	static const char *body = "0400000000000000 62696e6c6f672e303030303031 23378dc8";
	struct buffer bytes = BUFFER_INIT;
	struct event event;

	(void)state;
	put_hex(&bytes, "00000000 04 4d000000 2c000000 00000000 2000");
	put_hex(&bytes, body);
	parse(&bytes, &no_format, &event); /* nothing agreed on, but the sum is right */
	assert_int_equal(event.header.type, EVENT_ROTATE);
	assert_int_equal(event.header.server_id, 77);
	assert_int_equal(event.header.flags, EVENT_FLAG_ARTIFICIAL);
	assert_int_equal(event.body_length, 21);
	assert_memory_equal(event.body + 8, "binlog.000001", 13);

	/* agreed on, but the master sends none */
	bytes.length = 0;
	put_event(&bytes, EVENT_ROTATE, 0, 77, 0, EVENT_FLAG_ARTIFICIAL, "\4\0\0\0\0\0\0\0binlog.000001", 21,
		false);
	parse(&bytes, &(struct binlog_format){.checksum = CHECKSUM_CRC32}, &event);
	assert_int_equal(event.body_length, 21);
	/* in a file with checksums there must be one */
	fails(&bytes, &(struct binlog_format){.known = true, .checksum = CHECKSUM_CRC32}, ERROR_CORRUPT,
		"checksum");
	buffer_release(&bytes);
}

static void lengths_and_checksums(void **state)
{
	struct binlog_format format = {.known = true, .checksum = CHECKSUM_CRC32};
	struct buffer bytes = BUFFER_INIT;
	struct event event;

	(void)state;
	put_event(&bytes, EVENT_XID, 1, 2, 3, 4, "12345678", 8, true);
	parse(&bytes, &format, &event);
	assert_int_equal(event.header.timestamp, 1);
	assert_int_equal(event.header.log_pos, 3);
	assert_int_equal(event.body_length, 8);
	for (size_t i = 0; i < bytes.length; i++) { /* a flip is found wherever it is */
		bytes.data[i] ^= 0x10;
		fails(&bytes, &format, ERROR_CORRUPT, i >= 9 && i < 13 ? "length" : "checksum");
		bytes.data[i] ^= 0x10;
	}
	for (bytes.length = 0; bytes.length < 31; bytes.length++)
		fails(&bytes, &format, ERROR_CORRUPT, bytes.length < 19 ? "header" : "length");
	buffer_clear(&bytes);
	put_event(&bytes, EVENT_STOP, 1, 2, 3, 4, "", 0, false);
	fails(&bytes, &format, ERROR_CORRUPT, "room for its checksum");
	format.checksum = CHECKSUM_OFF;
	parse(&bytes, &format, &event);
	assert_int_equal(event.body_length, 0);
	buffer_release(&bytes);
}

static void format_descriptions(void **state)
{
	static const struct {
		const char *text;
		enum server_family family;
		unsigned version;
		int algorithm; /* -1: the version has no byte for it */
	} cases[] = {
		{"5.5.62-log", FAMILY_MYSQL, 50562, -1},
		{"5.6.0", FAMILY_MYSQL, 50600, -1},
		{"5.6.51-log", FAMILY_MYSQL, 50651, 1},
		{"8.0.41", FAMILY_MYSQL, 80041, 1},
		{"9.7.4-2", FAMILY_MYSQL, 90704, 0},
		{"5.2.14-MariaDB", FAMILY_MARIADB, 50214, -1},
		{"5.3.0-MariaDB", FAMILY_MARIADB, 50300, 0},
		{"10.11.6-MariaDB-log", FAMILY_MARIADB, 101106, 1},
		{"5.5.5-10.3.39-MariaDB", FAMILY_MARIADB, 100339, 1},
		{"8.0.36", FAMILY_MYSQL, 80036, 255},
		{"nonsense", FAMILY_MYSQL, 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer body = BUFFER_INIT, bytes = BUFFER_INIT;
		struct binlog_format format;
		struct error error = {0};
		struct event event;

		put_format_body(&body, cases[i].text, 12345, cases[i].algorithm);
		put_event(&bytes, EVENT_FORMAT_DESCRIPTION, 1, 2, 0, 0, body.data, body.length,
			cases[i].algorithm >= 0);
		parse(&bytes, &no_format, &event);
		assert_int_equal(event.body_length, body.length);
		assert_int_equal(binlog_format_parse(&event, &format, &error), 0);
		assert_true(format.known);
		assert_int_equal(format.family, cases[i].family);
		assert_int_equal(format.version, cases[i].version);
		assert_string_equal(format.server_version, cases[i].text);
		assert_int_equal(format.created, 12345);
		assert_int_equal(format.checksum, cases[i].algorithm == 1);
		assert_int_equal(format.post_header_length[EVENT_QUERY], 13);
		assert_int_equal(format.post_header_length[EVENT_TABLE_MAP], 8);
		assert_int_equal(format.types, cases[i].family == FAMILY_MARIADB ? 171 : 42);
		buffer_release(&body);
		buffer_release(&bytes);
	}
}

static void format_in_use_is_not_in_the_sum(void **state)
{
	struct buffer body = BUFFER_INIT, bytes = BUFFER_INIT;
	struct event event;

	(void)state;
	put_format_body(&body, "8.0.41", 1, 1);
	put_event(&bytes, EVENT_FORMAT_DESCRIPTION, 1, 2, 126, 0, body.data, body.length, true);
	bytes.data[17] |= EVENT_FLAG_IN_USE;
	parse(&bytes, &no_format, &event);
	assert_int_equal(event.header.flags, EVENT_FLAG_IN_USE);
	bytes.data[18] ^= 1;
	fails(&bytes, &no_format, ERROR_CORRUPT, "checksum");
	bytes.data[18] ^= 1;
	bytes.data[30] ^= 1;
	fails(&bytes, &no_format, ERROR_CORRUPT, "checksum");
	buffer_release(&body);
	buffer_release(&bytes);
}

static void bad_format(size_t at, uint8_t value, size_t length, enum error_kind kind, const char *part)
{
	struct buffer body = BUFFER_INIT;
	struct event event = {.header = {.type = EVENT_FORMAT_DESCRIPTION}};
	struct binlog_format format;
	struct error error = {0};

	put_format_body(&body, "8.0.41", 1, 1);
	if (at < body.length)
		body.data[at] = (char)value;
	event.body = (const uint8_t *)body.data;
	event.body_length = length < body.length ? length : body.length;
	assert_int_equal(binlog_format_parse(&event, &format, &error), -1);
	assert_error(&error, kind, part);
	buffer_release(&body);
}

static void bad_formats(void **state)
{
	(void)state;
	bad_format(0, 3, SIZE_MAX, ERROR_STOP, "version 3");
	bad_format(56, 27, SIZE_MAX, ERROR_STOP, "headers of 27 bytes");
	bad_format(57 + 42, 7, SIZE_MAX, ERROR_STOP, "algorithm 7");
	for (size_t length = 0; length < 57; length++)
		bad_format(SIZE_MAX, 0, length, ERROR_CORRUPT, "expected at least 57");
	bad_format(SIZE_MAX, 0, 57, ERROR_CORRUPT, "ends before its checksum algorithm");
}

/* More lengths than there are types, as a later server might send. */
static void format_with_too_many_types(void **state)
{
	struct buffer body = BUFFER_INIT;
	struct event event = {.header = {.type = EVENT_FORMAT_DESCRIPTION}};
	struct binlog_format format;
	struct error error = {0};

	(void)state;
	put_format_body(&body, "9.9.9", 1, -1);
	for (int i = 0; i < 400; i++)
		buffer_putc(&body, 1);
	buffer_putc(&body, 1);
	event.body = (const uint8_t *)body.data;
	event.body_length = body.length;
	assert_int_equal(binlog_format_parse(&event, &format, &error), 0);
	assert_int_equal(format.types, 255);
	buffer_release(&body);
}

static int order(const char *a, uint64_t a_offset, const char *b, uint64_t b_offset)
{
	struct position x = {.offset = a_offset}, y = {.offset = b_offset};

	snprintf(x.file, sizeof(x.file), "%s", a);
	snprintf(y.file, sizeof(y.file), "%s", b);
	assert_int_equal(position_compare(&x, &y), -position_compare(&y, &x));
	return position_compare(&x, &y);
}

static void positions(void **state)
{
	(void)state;
	assert_int_equal(order("binlog.000001", 4, "binlog.000001", 4), 0);
	assert_int_equal(order("binlog.000001", 4, "binlog.000001", 5), -1);
	assert_int_equal(order("binlog.000002", 4, "binlog.000010", 4), -1);
	assert_int_equal(order("binlog.999999", 1 << 30, "binlog.1000000", 4), -1);
	assert_int_equal(order("binlog.000001", (uint64_t)1 << 40, "binlog.000002", 4), -1);
	assert_int_equal(order("", 0, "binlog.000001", 4), -1);
	assert_int_equal(order("a.000002", 4, "b.000001", 4), -1);
	assert_int_equal(order("host-bin.000002", 4, "host-bin-x.000001", 4), -1);
	assert_int_equal(order("binlog", 4, "binlog.000001", 4), -1);
	assert_int_equal(order("binlog.x1", 4, "binlog.x1", 9), -1);
	assert_int_equal(order("binlog.99999999999999999999999", 4, "binlog.99999999999999999999999", 4), 0);
}

static void type_names(void **state)
{
	(void)state;
	assert_string_equal(event_type_name(EVENT_WRITE_ROWS_V2), "WRITE_ROWS_V2");
	assert_string_equal(event_type_name(EVENT_MARIA_ANNOTATE_ROWS), "ANNOTATE_ROWS");
	assert_null(event_type_name(100));
	assert_null(event_type_name(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(artificial_rotate_before_the_format),
		cmocka_unit_test(lengths_and_checksums),
		cmocka_unit_test(format_descriptions),
		cmocka_unit_test(format_in_use_is_not_in_the_sum),
		cmocka_unit_test(bad_formats),
		cmocka_unit_test(format_with_too_many_types),
		cmocka_unit_test(positions),
		cmocka_unit_test(type_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
