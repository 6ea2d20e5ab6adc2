#include "base/memory.h"
#include "support.h"

static struct buffer bytes;

static FILE *stream_of(size_t length)
{
	FILE *stream = fmemopen(bytes.data, length, "rb");

	assert_non_null(stream);
	return stream;
}

static void start(void)
{
	buffer_clear(&bytes);
	buffer_append(&bytes,
		"\xfe"
		"bin",
		4);
}

static void magic_numbers(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *part;
	} cases[] = {{"\xfd"
		      "bin",
			     4, "encrypted"},
		{"\xfe"
		 "bim",
			4, "no binary log"},
		{"\xfe"
		 "bi",
			3, "no binary log"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *stream = fmemopen((void *)(uintptr_t)cases[i].bytes, cases[i].length, "rb");
		struct error error = {0};

		assert_null(binlog_file_open(stream, "some.file", 0, &error));
		assert_error(&error, ERROR_STOP, cases[i].part);
		assert_error(&error, ERROR_STOP, "some.file:0");
		fclose(stream);
	}
}

static void events_one_by_one(void **state)
{
	struct error error = {0};
	struct binlog_file *file;
	const uint8_t *event;
	size_t length;
	FILE *stream;

	(void)state;
	start();
	put_event(&bytes, EVENT_XID, 1, 2, 3, 4, "12345678", 8, true);
	put_event(&bytes, EVENT_STOP, 1, 2, 3, 4, "", 0, false);
	stream = stream_of(bytes.length);
	file = binlog_file_open(stream, "f", 0, &error);
	assert_non_null(file);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 1);
	assert_int_equal(length, 31);
	assert_int_equal(event[4], EVENT_XID);
	assert_int_equal(binlog_file_begin(file), 4);
	assert_int_equal(binlog_file_end(file), 35);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 1);
	assert_int_equal(length, 19);
	assert_int_equal(binlog_file_begin(file), 35);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 0);
	assert_int_equal(binlog_file_end(file), 54);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 0);
	binlog_file_close(file);
	binlog_file_close(NULL);
	fclose(stream);
}

/* An end at every byte of two events: only behind one of them it is an end. */
static void cut_at_every_byte(void **state)
{
	(void)state;
	start();
	put_event(&bytes, EVENT_XID, 1, 2, 3, 4, "12345678", 8, true);
	put_event(&bytes, EVENT_STOP, 1, 2, 3, 4, "", 0, false);
	for (size_t cut = 5; cut <= bytes.length; cut++) {
		struct error error = {0};
		FILE *stream = stream_of(cut);
		struct binlog_file *file = binlog_file_open(stream, "f", 0, &error);
		const uint8_t *event;
		size_t length;
		int rc;

		assert_non_null(file);
		while ((rc = binlog_file_next(file, &event, &length, &error)) > 0)
			;
		if (cut == 35 || cut == 54) {
			assert_int_equal(rc, 0);
		} else {
			assert_int_equal(rc, -1);
			assert_error(&error, ERROR_CORRUPT,
				cut < 35 ? "f:4: the file ends inside" : "f:35: the file ends inside");
		}
		binlog_file_close(file);
		fclose(stream);
	}
}

static void impossible_lengths(void **state)
{
	struct error error = {0};
	struct binlog_file *file;
	const uint8_t *event;
	size_t length;
	FILE *stream;

	(void)state;
	start();
	put_event(&bytes, EVENT_XID, 1, 2, 3, 4, "12345678", 8, true);
	bytes.data[4 + 9] = 18;
	stream = stream_of(bytes.length);
	file = binlog_file_open(stream, "f", 0, &error);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "f:4: the event's header names a length of 18");
	binlog_file_close(file);
	fclose(stream);
	bytes.data[4 + 9 + 3] = 0x7f;
	stream = stream_of(bytes.length);
	file = binlog_file_open(stream, "f", 0, &error);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "above the limit");
	binlog_file_close(file);
	fclose(stream);
	bytes.data[4 + 9 + 3] = 0;
	bytes.data[4 + 9] = 31;
	stream = stream_of(bytes.length);
	file = binlog_file_open(stream, "f", 30, &error);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "limit of 30");
	binlog_file_close(file);
	fclose(stream);
}

static void encryption_begins(void **state)
{
	struct error error = {0};
	struct binlog_file *file;
	const uint8_t *event;
	size_t length;
	FILE *stream;

	(void)state;
	start();
	put_event(&bytes, EVENT_MARIA_START_ENCRYPTION, 1, 2, 3, EVENT_FLAG_IGNORABLE, "12345678901234567",
		17, true);
	put_event(&bytes, EVENT_MARIA_START_ENCRYPTION, 1, 2, 3, 0, "12345678901234567", 17, true);
	stream = stream_of(bytes.length);
	file = binlog_file_open(stream, "f", 0, &error);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 1);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), -1);
	assert_error(&error, ERROR_STOP, "f:44: what follows is encrypted");
	binlog_file_close(file);
	fclose(stream);
}

/* An event larger than what is read at once, behind one that does not fill a block. */
static void large_event(void **state)
{
	size_t size = (size_t)5 << 20;
	char *data = memory_zalloc(size);
	struct error error = {0};
	struct binlog_file *file;
	const uint8_t *event;
	size_t length;
	FILE *stream;

	(void)state;
	start();
	put_event(&bytes, EVENT_XID, 1, 2, 3, 4, "12345678", 8, true);
	data[size - 1] = 77;
	put_event(&bytes, EVENT_APPEND_BLOCK, 1, 2, 3, 4, data, size, false);
	stream = stream_of(bytes.length);
	file = binlog_file_open(stream, "f", 0, &error);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 1);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 1);
	assert_int_equal(length, size + 19);
	assert_int_equal(event[length - 1], 77);
	assert_int_equal(binlog_file_next(file, &event, &length, &error), 0);
	binlog_file_close(file);
	fclose(stream);
	free(data);
}

static void unreadable(void **state)
{
	struct error error = {0};
	FILE *stream = fopen("/", "rb"); /* a folder opens and does not read */

	(void)state;
	assert_non_null(stream);
	assert_null(binlog_file_open(stream, "f", 0, &error));
	assert_error(&error, ERROR_STOP, "cannot be read");
	fclose(stream);
}

static int release(void **state)
{
	(void)state;
	buffer_release(&bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(magic_numbers),
		cmocka_unit_test(events_one_by_one),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(impossible_lengths),
		cmocka_unit_test(encryption_begins),
		cmocka_unit_test(large_event),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
