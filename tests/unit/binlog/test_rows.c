/* Row events: heads, images, and recordings of servers against the values that stand in them. */
#include "rows_support.h"

#include "support/value_text.h"

struct fixture {
	struct arena arena;
	struct binlog_format format;
	struct table_map *map;
	struct buffer body;
	struct event event;
	struct rows_event rows;
	struct rows_iterator iterator;
	struct error error;
};

static void setup(struct fixture *f, const char *map)
{
	*f = (struct fixture){.arena = ARENA_INIT, .format = format_of(FAMILY_MARIADB), .body = BUFFER_INIT};
	assert_int_equal(map_of(FAMILY_MARIADB, map, &f->arena, &f->map, &f->error), 0);
}

static void teardown(struct fixture *f)
{
	buffer_release(&f->body);
	arena_release(&f->arena);
}

/* Parses a rows event from hex and begins to walk it. */
static int begin(struct fixture *f, uint8_t type, const char *hex)
{
	buffer_clear(&f->body);
	put_hex(&f->body, hex);
	f->event = event_of(type, &f->body);
	if (rows_event_parse(&f->event, &f->format, &f->arena, &f->rows, &f->error) < 0)
		return -1;
	return rows_iterator_init(&f->iterator, &f->rows, f->map, &f->arena, &f->error);
}

static int next(struct fixture *f)
{
	return rows_iterator_next(&f->iterator, &f->error);
}

/* All columns of an image as value_put_text gives them. */
static void assert_image(const struct fixture *f, const struct value *values, const char *expected)
{
	struct buffer text = BUFFER_INIT;

	for (uint32_t i = 0; i < f->map->columns_count; i++) {
		if (i > 0)
			buffer_putc(&text, ' ');
		value_put_text(&values[i], &f->map->columns[i], &text);
	}
	assert_string_equal(buffer_text(&text), expected);
	buffer_release(&text);
}

static void rows_of_version_1(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, VECTOR_MAP);
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V1, VECTOR_ROWS_HEAD VECTOR_ROW_1 VECTOR_ROW_2), 0);
	assert_int_equal(f.rows.kind, ROWS_WRITE);
	assert_int_equal(f.rows.table_id, 36);
	assert_int_equal(f.rows.flags, ROWS_FLAG_STMT_END);
	assert_null(f.iterator.before);
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after,
		"4294967295 '\xc3\xa9' x'61' 'abc' -1234.5678 '-01:02:03.456' '2024-02-29 23:59:59.000001' "
		"'2001-09-09 01:46:40.12' 2024 b'1111111111' 'b' 'x,z' x'00ff' 1.1 -2.5e-300 "
		"x'00112233445566778899aabbccddeeff' x'00000000000000000000000000000001'");
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after,
		"0 NULL x'' '' 0.0000 NULL '0000-00-00 00:00:00.000000' NULL 0000 b'0000000000' 0 '' x'' 0 "
		"0e0 x'' x''");
	assert_int_equal(f.iterator.row, 2);
	assert_int_equal(next(&f), 0);
	assert_int_equal(next(&f), 0);
	teardown(&f);
}

/* A table of two columns, INT and VARCHAR(9), nullable. */
#define SMALL_MAP "010000000000 0100 01 64 00 01 74 00 02 030f 02 0900 03"
#define SMALL "010000000000 0100"

static void updates_and_deletes(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, SMALL_MAP);
	assert_int_equal(
		begin(&f, EVENT_UPDATE_ROWS_V1, SMALL "02 01 02  fe 05000000 fe 0161  fe 06000000 ff"), 0);
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.before, "5 @absent");
	assert_image(&f, f.iterator.after, "@absent 'a'");
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.before, "6 @absent");
	assert_image(&f, f.iterator.after, "@absent NULL");
	assert_int_equal(next(&f), 0);
	assert_int_equal(begin(&f, EVENT_DELETE_ROWS_V1, SMALL "02 03  fc ffffffff 00"), 0);
	assert_int_equal(next(&f), 1);
	assert_null(f.iterator.after);
	assert_image(&f, f.iterator.before, "-1 ''");
	assert_int_equal(next(&f), 0);
	teardown(&f);
}

/* To walk to the end in one go finds as many rows, and the same words for what is broken, as to take one after the other. */
static void the_rest_in_one_go(void **state)
{
	static const struct {
		uint8_t type;
		const char *hex;
		uint64_t rows;
		bool broken;
	} cases[] = {{EVENT_WRITE_ROWS_V1, "02 03", 0, false},
		{EVENT_WRITE_ROWS_V1, "02 03  fc 05000000 00  fc 05000000 0161  fc 05000000 00", 3, false},
		{EVENT_WRITE_ROWS_V1, "02 03  00 05000000 0161  fe 05000000  fd 0161  ff  fc 05000000 0161  fc 06000000 00", 6, false},
		{EVENT_WRITE_ROWS_V1, "02 03  fc 05000000 0161  fc 05000000 0261", 1, true},
		{EVENT_WRITE_ROWS_V1, "02 03  fe 05000000  fc 05000000 0a 61616161616161616161", 1, true},
		{EVENT_WRITE_ROWS_V1, "02 03  fc 05000000 0161  fc 050000", 1, true},
		{EVENT_WRITE_ROWS_V1, "02 01  fe 05000000  ff", 2, false},
		{EVENT_DELETE_ROWS_V1, "02 03  fc 05000000 0161  fc 06000000 00", 2, false},
		{EVENT_UPDATE_ROWS_V1, "02 03 03  fc 05000000 0161  fc 06000000 00  fc 06000000 00  fe 07000000", 2, false},
		{EVENT_UPDATE_ROWS_V1, "02 03 03  fc 05000000 0161  fc 06000000 00  fc 06000000 00", 1, true},
		{EVENT_UPDATE_ROWS_V1, "02 01 02  fe 05000000 fe 0161  fe 06000000 ff", 2, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = {0};
		struct buffer hex = BUFFER_INIT;
		uint64_t first = 0;
		struct fixture f;
		int more;

		setup(&f, SMALL_MAP);
		buffer_printf(&hex, "%s %s", SMALL, cases[i].hex);
		assert_int_equal(begin(&f, cases[i].type, buffer_text(&hex)), 0);
		while ((more = next(&f)) > 0)
			first++;
		assert_int_equal(first, cases[i].rows);
		assert_int_equal(more, cases[i].broken ? -1 : 0);
		error = f.error;
		for (uint64_t before = 0; before <= cases[i].rows; before++) {
			f.error = (struct error){0};
			assert_int_equal(begin(&f, cases[i].type, buffer_text(&hex)), 0);
			for (uint64_t n = 0; n < before; n++)
				assert_int_equal(next(&f), 1);
			assert_int_equal(rows_iterator_rest(&f.iterator, &f.error), more);
			assert_int_equal(f.iterator.row, cases[i].rows);
			assert_string_equal(f.error.text, error.text);
		}
		buffer_release(&hex);
		teardown(&f);
	}
}

static void extra_data_of_version_2_is_passed_over(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, SMALL_MAP);
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, SMALL "0500 010203 02 03 fc 05000000 00"), 0);
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after, "5 ''");
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, SMALL "0100 02 03 fc 05000000 00"), -1);
	assert_error(&f.error, ERROR_CORRUPT, "WRITE_ROWS");
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, SMALL "ff00 02 03 fc 05000000 00"), -1);
	/* the type alone decides where the format description says nothing, and old masters have short ids */
	f.format.post_header_length[EVENT_WRITE_ROWS_V2] = 0;
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, SMALL "0200 02 03 fc 05000000 00"), 0);
	f.format.post_header_length[EVENT_DELETE_ROWS_V1] = 6;
	assert_int_equal(begin(&f, EVENT_DELETE_ROWS_V1, "01000000 0100 02 03 fc 05000000 00"), 0);
	assert_int_equal(next(&f), 1);
	teardown(&f);
}

static void a_dummy_has_no_rows(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, SMALL_MAP);
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V1, "ffffff000000 0100"), 0);
	assert_int_equal(f.rows.table_id, ROWS_DUMMY_TABLE_ID);
	assert_int_equal(f.rows.columns_count, 0);
	assert_int_equal(next(&f), 0);
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, "ffffff000000 0100 0200 00"), 0);
	assert_int_equal(next(&f), 0);
	teardown(&f);
}

static void compressed_rows_are_expanded(void **state)
{
	static const uint8_t types[] = {
		EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1, EVENT_MARIA_DELETE_ROWS_COMPRESSED_V1};
	static const uint8_t plain[] = {0xfc, 5, 0, 0, 0, 3, 'a', 'b', 'c'};
	struct fixture f;

	(void)state;
	setup(&f, SMALL_MAP);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t packed[64];
		uLongf length = sizeof(packed);

		buffer_clear(&f.body);
		put_hex(&f.body, SMALL "02 03 81 09");
		assert_int_equal(compress(packed, &length, plain, sizeof(plain)), Z_OK);
		buffer_append(&f.body, packed, length);
		f.event = event_of(types[i], &f.body);
		assert_int_equal(rows_event_parse(&f.event, &f.format, &f.arena, &f.rows, &f.error), 0);
		assert_int_equal(f.rows.kind, i ? ROWS_DELETE : ROWS_WRITE);
		assert_int_equal(f.rows.rows_length, sizeof(plain));
		assert_int_equal(rows_iterator_init(&f.iterator, &f.rows, f.map, &f.arena, &f.error), 0);
		assert_int_equal(next(&f), 1);
		assert_image(&f, i ? f.iterator.before : f.iterator.after, "5 'abc'");
		f.event.body_length--;
		assert_int_equal(rows_event_parse(&f.event, &f.format, &f.arena, &f.rows, &f.error), -1);
		assert_error(&f.error, ERROR_CORRUPT, "Reading the head of a rows event");
	}
	f.format.post_header_length[EVENT_MARIA_UPDATE_ROWS_COMPRESSED] = 0;
	assert_int_equal(begin(&f, EVENT_MARIA_UPDATE_ROWS_COMPRESSED, SMALL "0200 02 03 03 81 00"), -1);
	teardown(&f);
}

/* INSERT INTO t () VALUES () with minimal images: one row without a column. */
static void an_empty_event_is_one_empty_row(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, SMALL_MAP);
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, SMALL "0200 02 00"), 0);
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after, "@absent @absent");
	assert_int_equal(next(&f), 0);
	assert_int_equal(begin(&f, EVENT_DELETE_ROWS_V2, SMALL "0200 02 00"), 0);
	assert_int_equal(next(&f), 0);
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V2, SMALL "0200 02 00 ff"), 0);
	assert_int_equal(next(&f), -1);
	assert_error(&f.error, ERROR_CORRUPT, "no columns, but 1 bytes");
	teardown(&f);
}

static void heads_that_do_not_fit_are_refused(void **state)
{
	static const char *const wrong[] = {
		"", "0100000000", SMALL, SMALL "fb", SMALL "fc0110", SMALL "02", SMALL "02 03"};
	struct fixture f;

	(void)state;
	setup(&f, SMALL_MAP);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(begin(&f, EVENT_UPDATE_ROWS_V1, wrong[i]), -1);
		assert_error(&f.error, ERROR_CORRUPT, "Reading the head of a rows event of type 24");
	}
	assert_int_equal(begin(&f, EVENT_XID, SMALL), -1);
	assert_error(&f.error, ERROR_STOP, "not a rows event");
	assert_int_equal(begin(&f, EVENT_WRITE_ROWS_V1, SMALL "03 07 f8"), -1);
	assert_error(&f.error, ERROR_CORRUPT, "has 3 columns, but the TABLE_MAP in front of it 2");
	teardown(&f);
}

/* Cut anywhere behind the head, the event is refused, unless a row ends there. */
static void every_truncation_is_seen(void **state)
{
	struct fixture f;
	struct buffer whole = BUFFER_INIT, head = BUFFER_INIT, row = BUFFER_INIT;

	(void)state;
	setup(&f, VECTOR_MAP);
	put_hex(&head, VECTOR_ROWS_HEAD);
	put_hex(&row, VECTOR_ROW_1);
	put_hex(&whole, VECTOR_ROWS_HEAD VECTOR_ROW_1 VECTOR_ROW_2);
	for (size_t length = head.length + 1; length < whole.length; length++) {
		uint8_t *exact = malloc(length);
		int result;

		memcpy(exact, whole.data, length);
		f.event = (struct event){
			.header = {.type = EVENT_WRITE_ROWS_V1}, .body = exact, .body_length = length};
		assert_int_equal(rows_event_parse(&f.event, &f.format, &f.arena, &f.rows, &f.error), 0);
		assert_int_equal(rows_iterator_init(&f.iterator, &f.rows, f.map, &f.arena, &f.error), 0);
		while ((result = next(&f)) > 0)
			;
		if (length == head.length + row.length) {
			assert_int_equal(result, 0);
		} else {
			assert_int_equal(result, -1);
			assert_error(&f.error, ERROR_CORRUPT, "of a WRITE_ROWS event of `g`.`tv`: ");
		}
		free(exact);
	}
	buffer_release(&head);
	buffer_release(&row);
	buffer_release(&whole);
	teardown(&f);
}

static void errors_name_the_place(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, VECTOR_MAP);
	assert_int_equal(
		begin(&f, EVENT_WRITE_ROWS_V1, VECTOR_ROWS_HEAD VECTOR_ROW_1 "0000fe ffffffff 0d"), 0);
	assert_int_equal(next(&f), 1);
	assert_int_equal(next(&f), -1);
	assert_error(&f.error, ERROR_CORRUPT,
		"Reading row 2 of a WRITE_ROWS event of `g`.`tv`: the value of column 2 (`c`, CHAR) in the "
		"after image does not "
		"fit into the rest of the event.");
	teardown(&f);
	setup(&f, SMALL_MAP);
	assert_int_equal(
		begin(&f, EVENT_UPDATE_ROWS_V1, SMALL "02 03 03 fc 05000000 0a616161616161616161 61"), 0);
	assert_int_equal(next(&f), -1);
	assert_error(&f.error, ERROR_CORRUPT,
		"column 2 (VARCHAR) in the before image is longer than its column allows");
	teardown(&f);
}

/* INT, JSON, JSON, INT, JSON. */
#define JSON_MAP "010000000000 0100 01 64 00 01 74 00 05 03f5f503f5 03 040404 1f"

#define ROW_BEFORE "f0 01000000 02000000 0400 02000000 0401 05000000"

static void partial_updates(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, JSON_MAP);
	assert_int_equal(f.map->json_count, 3);
	/* before: all columns; after: the first and the second JSON, of which the first is partial. The third
	 * has its bit set without being there. */
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS,
				 SMALL "0200 05 1f 06" ROW_BEFORE
				       "01 05 fc 08000000 00 03 24 2e 61 02 0401 02000000 0402" ROW_BEFORE
				       "00 fd 02000000 0402"),
		0);
	assert_true(f.rows.partial);
	assert_int_equal(f.rows.kind, ROWS_UPDATE);
	assert_int_equal(next(&f), 1);
	assert_int_equal(f.iterator.before[1].kind, VALUE_JSON);
	assert_int_equal(f.iterator.before[4].kind, VALUE_NULL);
	assert_int_equal(f.iterator.after[1].kind, VALUE_JSON_DIFF);
	assert_int_equal(f.iterator.after[1].length, 8);
	assert_image(&f, f.iterator.after,
		"@absent @diff [{\"op\": \"replace\", \"path\": \"$.a\", \"value\": true}] 'false' @absent "
		"@absent");
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after, "@absent NULL 'false' @absent @absent");
	assert_int_equal(next(&f), 0);
	teardown(&f);
}

static void value_options_are_checked(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, JSON_MAP);
#define BEFORE SMALL "0200 05 01 02  fe 01000000 "
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "00 ff"), 0);
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after, "@absent NULL @absent @absent @absent");
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "02 ff"), 0);
	assert_int_equal(next(&f), -1);
	assert_error(&f.error, ERROR_STOP, "unknown value options 0x2");
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE), 0);
	assert_int_equal(next(&f), -1);
	assert_error(
		&f.error, ERROR_CORRUPT, "of a PARTIAL_UPDATE_ROWS event of `d`.`t`: the event ends inside");
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "01"), 0);
	assert_int_equal(next(&f), -1);
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "01 01"), 0);
	assert_int_equal(next(&f), -1);
	assert_error(&f.error, ERROR_CORRUPT, "NULL bits of the after image");
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "01 01 fe 000000"), 0);
	assert_int_equal(next(&f), -1);
	assert_error(&f.error, ERROR_CORRUPT, "does not fit");
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "01 01 fe 01000000"), 0);
	assert_int_equal(next(&f), -1);
	assert_int_equal(begin(&f, EVENT_PARTIAL_UPDATE_ROWS, BEFORE "01 01 fe 00000000"), 0);
	assert_int_equal(next(&f), 1);
	assert_image(&f, f.iterator.after, "@absent @diff [] @absent @absent @absent");
	teardown(&f);
}

/* The digits that the schema would tell of MariaDB's old temporal types: the table `th` names them. */
static void set_fractions(struct table_map *map)
{
	for (uint32_t i = 1; i < map->columns_count && strcmp(map->table, "th") == 0; i++)
		map->columns[i].fraction_digits = (uint8_t)(map->columns[i].name[1] - '0');
}

static void put_image(const struct rows_event *rows, const struct table_map *map, const char *image,
	const struct value *values, struct buffer *out)
{
	static const char *const kinds[] = {"write", "update", "delete"};

	buffer_printf(out, "%s %s.%s %s\n", rows->partial ? "partial" : kinds[rows->kind], map->database,
		map->table, image);
	for (uint32_t i = 0; i < map->columns_count; i++) {
		const struct table_column *column = &map->columns[i];

		if (values[i].kind == VALUE_ABSENT)
			continue;
		buffer_printf(out, "  %s: ", column->name ? column->name : "-");
		value_put_text(&values[i], column, out);
		buffer_puts(out, "  ");
		value_put_json(&values[i], column, out);
		buffer_putc(out, '\n');
	}
}

static void put_rows(const struct event *event, const struct binlog_format *format, struct table_map **maps,
	struct buffer *out)
{
	struct arena arena = ARENA_INIT;
	struct rows_event rows;
	struct rows_iterator iterator;
	struct error error;
	int more;

	assert_int_equal(rows_event_parse(event, format, &arena, &rows, &error), 0);
	assert_non_null(maps[rows.table_id % 1024]);
	assert_int_equal(rows_iterator_init(&iterator, &rows, maps[rows.table_id % 1024], &arena, &error), 0);
	while ((more = rows_iterator_next(&iterator, &error)) > 0) {
		if (iterator.before)
			put_image(&rows, iterator.map, "before", iterator.before, out);
		if (iterator.after)
			put_image(&rows, iterator.map, "after", iterator.after, out);
	}
	if (more < 0)
		fail_msg("%s", error.text);
	arena_release(&arena);
}

static void put_recording(const char *name, struct buffer *out)
{
	struct table_map *maps[1024] = {NULL};
	struct arena arena = ARENA_INIT;
	struct binlog_format format = {0};
	struct buffer bytes = BUFFER_INIT;
	struct event event;
	struct error error;
	uint32_t length;

	read_data(name, &bytes);
	for (size_t at = 4; at < bytes.length; at += length) {
		memcpy(&length, bytes.data + at + 9, 4);
		assert_int_equal(event_parse((uint8_t *)bytes.data + at, length, &format, &event, &error), 0);
		switch (event.header.type) {
		case EVENT_FORMAT_DESCRIPTION:
			assert_int_equal(binlog_format_parse(&event, &format, &error), 0);
			break;
		case EVENT_TABLE_MAP: {
			struct table_map *map;

			if (table_map_parse(&event, &format, &arena, &map, &error) < 0)
				fail_msg("%s", error.text);
			set_fractions(map);
			maps[map->table_id % 1024] = map;
			break;
		}
		case EVENT_WRITE_ROWS_V1:
		case EVENT_UPDATE_ROWS_V1:
		case EVENT_DELETE_ROWS_V1:
		case EVENT_WRITE_ROWS_V2:
		case EVENT_UPDATE_ROWS_V2:
		case EVENT_DELETE_ROWS_V2:
		case EVENT_PARTIAL_UPDATE_ROWS:
		case EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1:
		case EVENT_MARIA_UPDATE_ROWS_COMPRESSED_V1:
		case EVENT_MARIA_DELETE_ROWS_COMPRESSED_V1:
			put_rows(&event, &format, maps, out);
			break;
		default:
			break;
		}
	}
	arena_release(&arena);
	buffer_release(&bytes);
}

static void assert_recording(const char *name)
{
	struct buffer got = BUFFER_INIT, expected = BUFFER_INIT;
	char binlog[64], rows[64], path[1024];

	snprintf(binlog, sizeof(binlog), "values/%s.binlog", name);
	snprintf(rows, sizeof(rows), "values/%s.rows", name);
	put_recording(binlog, &got);
	assert_true(got.length > 4000);
	if (getenv("CHANGELING_RECORD")) {
		FILE *file;

		data_path(path, sizeof(path), rows);
		file = fopen(path, "wb");
		assert_non_null(file);
		fwrite(got.data, 1, got.length, file);
		fclose(file);
	}
	read_data(rows, &expected);
	for (size_t i = 0; i < got.length && i < expected.length; i++) {
		if (got.data[i] != expected.data[i])
			fail_msg("%s differs at byte %zu: \"%.80s\", expected \"%.80s\"", rows, i,
				got.data + (i < 40 ? 0 : i - 40), expected.data + (i < 40 ? 0 : i - 40));
	}
	assert_int_equal(got.length, expected.length);
	buffer_release(&got);
	buffer_release(&expected);
}

static void values_of_mysql(void **state)
{
	(void)state;
	assert_recording("mysql97");
}

static void values_of_mariadb(void **state)
{
	(void)state;
	assert_recording("mariadb118");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_version_1),
		cmocka_unit_test(updates_and_deletes),
		cmocka_unit_test(the_rest_in_one_go),
		cmocka_unit_test(extra_data_of_version_2_is_passed_over),
		cmocka_unit_test(a_dummy_has_no_rows),
		cmocka_unit_test(compressed_rows_are_expanded),
		cmocka_unit_test(an_empty_event_is_one_empty_row),
		cmocka_unit_test(heads_that_do_not_fit_are_refused),
		cmocka_unit_test(every_truncation_is_seen),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(partial_updates),
		cmocka_unit_test(value_options_are_checked),
		cmocka_unit_test(values_of_mysql),
		cmocka_unit_test(values_of_mariadb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
