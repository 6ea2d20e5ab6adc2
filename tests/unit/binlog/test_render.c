/* Events as text and as JSON. */
#include "binlog/render.h"
#include "support.h"

static struct buffer out;

static int collect(void *context, const char *bytes, size_t length, struct error *error)
{
	(void)error;
	buffer_append(context, bytes, length);
	return 0;
}

static int refuse(void *context, const char *bytes, size_t length, struct error *error)
{
	(void)context;
	(void)bytes;
	(void)length;
	return error_set(error, ERROR_STOP, "the disk is full.");
}

/* The recording in that form; what lies before `from` is only learned. */
static void print_from(const char *name, size_t from, enum render_form form, struct buffer *text_out,
	struct render_counts *counts)
{
	struct buffer file = BUFFER_INIT;
	struct renderer *renderer = renderer_new(form, 0, 0, collect, text_out);
	struct binlog_format format = {0};
	struct error error = {0};
	size_t at = 4;

	read_data(name, &file);
	renderer_begin_file(renderer, name);
	while (at < file.length) {
		const uint8_t *bytes = (const uint8_t *)file.data + at;
		size_t length = (size_t)bytes[9] | (size_t)bytes[10] << 8 | (size_t)bytes[11] << 16;
		struct event event;

		if (event_parse(bytes, length, &format, &event, &error) < 0)
			fail_msg("%s", error.text);
		if (event.header.type == EVENT_FORMAT_DESCRIPTION &&
			binlog_format_parse(&event, &format, &error) < 0)
			fail_msg("%s", error.text);
		if (at < from)
			renderer_learn(renderer, &event, &format);
		else if (renderer_event(renderer, &event, &format, name, at, at + length, &error) < 0)
			fail_msg("%s", error.text);
		at += length;
	}
	assert_int_equal(renderer_flush(renderer, &error), 0);
	*counts = *renderer_counts(renderer);
	assert_int_equal(counts->event_bytes, file.length - (from > 4 ? from : 4));
	renderer_free(renderer);
	buffer_release(&file);
}

static void print(
	const char *name, enum render_form form, struct buffer *text_out, struct render_counts *counts)
{
	print_from(name, 0, form, text_out, counts);
}

static void golden(const char *name, enum render_form form, const char *expected_name)
{
	struct buffer got = BUFFER_INIT, expected = BUFFER_INIT;
	struct render_counts counts;

	print(name, form, &got, &counts);
	if (getenv("CHANGELING_WRITE_EXPECTED")) {
		char path[1024];
		FILE *file;

		data_path(path, sizeof(path), expected_name);
		file = fopen(path, "wb");
		assert_non_null(file);
		fwrite(got.data, 1, got.length, file);
		fclose(file);
	}
	read_data(expected_name, &expected);
	assert_string_equal(buffer_text(&got), buffer_text(&expected));
	buffer_release(&got);
	buffer_release(&expected);
}

static void recordings_as_expected(void **state)
{
	(void)state;
	golden("mysql97.binlog", RENDER_JSON, "mysql97.json.expected");
	golden("mysql97-anonymous.binlog", RENDER_TEXT, "mysql97-anonymous.text.expected");
	golden("mariadb118.binlog", RENDER_TEXT, "mariadb118.text.expected");
	golden("mariadb1011.binlog", RENDER_JSON, "mariadb1011.json.expected");
}

/* The three forms count the same. */
static void counts_agree(void **state)
{
	const char *const recordings[] = RECORDINGS;

	(void)state;
	for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		struct render_counts counts[3];

		for (int form = RENDER_TEXT; form <= RENDER_NOTHING; form++) {
			buffer_clear(&out);
			print(recordings[i], (enum render_form)form, &out, &counts[form]);
			assert_int_equal(out.length > 0, form != RENDER_NOTHING);
		}
		assert_memory_equal(&counts[0], &counts[1], sizeof(counts[0]));
		assert_memory_equal(&counts[0], &counts[2], sizeof(counts[0]));
		assert_true(counts[0].rows > 10 && counts[0].values > counts[0].rows);
	}
}

/* Wherever it starts, the rest reads as it does in the whole. */
static void starts_anywhere(void **state)
{
	struct buffer whole = BUFFER_INIT;
	struct render_counts counts;
	const char *mark = "\n# at ";
	unsigned starts = 0;

	(void)state;
	print("mariadb1011.binlog", RENDER_TEXT, &whole, &counts);
	for (const char *at = buffer_text(&whole); (at = strstr(at, mark)); at++, starts++) {
		buffer_clear(&out);
		print_from("mariadb1011.binlog", strtoul(at + strlen(mark), NULL, 10), RENDER_TEXT, &out,
			&counts);
		assert_non_null(strstr(buffer_text(&out), "# file 'mariadb1011.binlog'\n"));
		assert_string_equal(strchr(buffer_text(&out), '\n'), at);
	}
	assert_true(starts > 100);
	buffer_release(&whole);
}

/* An event of a type in every form, with a body that is right or wrong. */
static int one(uint8_t type, const char *hex, enum render_form form, struct error *error)
{
	struct binlog_format format = {.known = true};
	struct buffer body = BUFFER_INIT;
	struct renderer *renderer = renderer_new(form, 0, 0, collect, &out);
	struct event event = {.header = {.type = type, .length = 19}};
	int rc;

	put_hex(&body, hex);
	event.body = (const uint8_t *)buffer_text(&body);
	event.body_length = body.length;
	buffer_clear(&out);
	error_clear(error);
	rc = renderer_event(renderer, &event, &format, "f", 4, 23, error);
	renderer_flush(renderer, &(struct error){0});
	renderer_free(renderer);
	buffer_release(&body);
	return rc;
}

static void rare_events(void **state)
{
	static const struct {
		uint8_t type;
		const char *hex, *part;
	} cases[] = {
		{EVENT_HEARTBEAT_V2, "0101610201 0500", "\"reached_file\":\"a\",\"reached_offset\":5}"},
		{EVENT_HEARTBEAT, "0500000000000000 61", "\"reached_offset\":5"},
		{EVENT_INCIDENT, "0100046c6f7374", "\"incident\":1,\"message\":\"lost\""},
		{EVENT_RAND, "0100000000000000 0200000000000000", "\"rand_seed1\":1,\"rand_seed2\":2"},
		{EVENT_DELETE_FILE, "07000000", "\"file_id\":7,\"data_bytes\":0}"},
		{EVENT_STOP, "", "\"length\":19,\"log_pos\":0}"},
		{EVENT_STOP, "01", "\"body\":\"01\"}"},
		{99, "0102", "\"type\":\"UNKNOWN_99\""},
		{99, "0102", "\"body\":\"0102\"}"},
		{EVENT_TRANSACTION_CONTEXT, "0102", "\"body\":\"0102\"}"},
		{EVENT_USER_VAR, "01000000 61 01", "\"value\":null}"},
		{EVENT_USER_VAR, "01000000 61 00 04 3f000000 04000000 02018105", "\"value\":\"1.5\"}"},
		{EVENT_USER_VAR, "01000000 61 00 02 3f000000 08000000 ffffffffffffffff 01",
			"\"value\":18446744073709551615}"},
		{EVENT_USER_VAR, "01000000 61 00 02 3f000000 08000000 ffffffffffffffff 00", "\"value\":-1}"},
		{EVENT_USER_VAR, "01000000 61 00 01 3f000000 08000000 000000000000f83f", "\"value\":1.5}"},
		{EVENT_MARIA_GTID_LIST,
			"03000000 00000000 a4380000 1810000000000000 00000000 4d000000 1910000000000000 "
			"00000000 4e000000 1a10000000000000",
			"\"gtids\":\"0-14500-4120,0-77-4121,0-78-4122\",\"list_flags\":0}"},
		{EVENT_MARIA_GTID_LIST, "00000010", "\"gtids\":\"\",\"list_flags\":268435456}"},
		{EVENT_WRITE_ROWS_V2, "ffffff000000 0100 0200", "\"table_id\":16777215,\"rows_flags\":1}"},
		{EVENT_QUERY,
			"21000000 00000000 00 0000 1e00 0cfe 0a00000000 0b01610162 09 0100000000000000 c8 "
			"0102030405060708 00 78",
			"\"unknown_status_variable\":200,\"statement\":\"x\"}"},
		{EVENT_QUERY, "21000000 00000000 00 0000 0000 00 ff", "\"statement\":{\"hex\":\"ff\"}}"},
		{EVENT_MARIA_GTID,
			"0900000000000000 03000000 42 0807060504030201 07000000 01 00 61 14 0500000000000000 "
			"09000000",
			"\"commit_id\":72623859790382856,\"xa_name\":\"X'61',X'',7\",\"flags_extra\":20,\"sa_"
			"seq_no\":5,\"thread_id\":9}"},
		{EVENT_GTID,
			"00 00112233445566778899aabbccddeeff 0500000000000000 02 0300000000000000 "
			"0400000000000000 01000000000080 "
			"02000000000000 20 a9380180 a8380100 0900000000000000",
			"\"original_server_version\":80040,\"commit_group_ticket\":9}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error;

		for (int form = RENDER_NOTHING; form >= RENDER_TEXT; form--) {
			if (one(cases[i].type, cases[i].hex, (enum render_form)form, &error) < 0)
				fail_msg("type %u: %s", cases[i].type, error.text);
			if (form == RENDER_JSON && !strstr(buffer_text(&out), cases[i].part))
				fail_msg("%s is not in %s", cases[i].part, buffer_text(&out));
		}
	}
}

/* What was written last is a whole object that says what is broken: braces and quotes are balanced, and nothing stands
 * without its value. A compressed transaction's own line is whole before it is opened. */
static void assert_broken_line(const struct error *error)
{
	const char *text = buffer_text(&out);
	struct buffer end = BUFFER_INIT;

	buffer_puts(&end, ",\"error\":");
	buffer_put_json(&end, error->text, strlen(error->text));
	buffer_puts(&end, "}\n");
	if (!strstr(text, "\"payload_bytes\""))
		assert_string_equal(text + strlen(text) - end.length, buffer_text(&end));
	assert_null(strstr(text, ":,"));
	assert_null(strstr(text, ":}"));
	assert_int_equal(text[strlen(text) - 2], '}');
	buffer_release(&end);
}

static void broken_events(void **state)
{
	static const struct {
		uint8_t type;
		const char *hex;
	} cases[] = {{EVENT_QUERY, "00"}, {EVENT_ROTATE, "00"}, {EVENT_INTVAR, "00"}, {EVENT_RAND, "00"},
		{EVENT_USER_VAR, "00"}, {EVENT_USER_VAR, "01000000 61 00 04 3f000000 04000000 ff028105"},
		{EVENT_USER_VAR, "01000000 61 00 04 3f000000 04000000 01028105"},
		{EVENT_USER_VAR, "01000000 61 00 04 3f000000 04000000 0201ff05"},
		{EVENT_USER_VAR, "01000000 61 00 01 3f000000 08000000 000000000000f07f"}, /* infinite */
		{EVENT_USER_VAR, "01000000 61 00 01 3f000000 08000000 000000000000f8ff"}, /* no number */
		{EVENT_XID, "00"},
		{EVENT_XA_PREPARE, "00"}, {EVENT_APPEND_BLOCK, "00"}, {EVENT_ROWS_QUERY, ""},
		{EVENT_INCIDENT, "00"}, {EVENT_HEARTBEAT, "00"}, {EVENT_PREVIOUS_GTIDS, "00"},
		{EVENT_MARIA_GTID_LIST, "00"}, {EVENT_GTID, "00"},
		{EVENT_MARIA_BINLOG_CHECKPOINT, "05000000 61"}, {EVENT_TRANSACTION_PAYLOAD, "01"},
		{EVENT_TABLE_MAP, "00"}, {EVENT_WRITE_ROWS_V2, "00"},
		{EVENT_WRITE_ROWS_V2, "050000000000 0100 0200 01 01"}, {EVENT_FORMAT_DESCRIPTION, "00"},
		{EVENT_TRANSACTION_PAYLOAD, "02 01 00 03 01 05 01 01 00 00"},
		{EVENT_TRANSACTION_PAYLOAD,
			"02 03 fcff00 01 01 13 00 00000000 28 07000000 13000000 00000000 0000"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int form = RENDER_TEXT; form <= RENDER_NOTHING; form++) {
			struct error error;

			if (one(cases[i].type, cases[i].hex, (enum render_form)form, &error) == 0)
				fail_msg("case %zu, type %u, was taken", i, cases[i].type);
			assert_true(error.kind == ERROR_CORRUPT || error.kind == ERROR_STOP);
			if (form == RENDER_JSON)
				assert_broken_line(&error);
		}
	}
}

/* A table of one JSON column, whose second row holds no document. */
static void a_broken_row(void **state)
{
	static const char *const expected[] = {
		[RENDER_TEXT] = "# at 4 to 23 WRITE_ROWS_V2 1970-01-01 00:00:00 type_number=30 server_id=0 flags=0x0 "
				"length=19 log_pos=0\n"
				"#   table_id=1 rows_flags=0x1\n"
				"### INSERT INTO `d`.`t`\n"
				"### SET\n"
				"###   @1='7'\n"
				"#   error='Reading a JSON document: an object or array is larger than the place it "
				"stands in.'\n",
		[RENDER_JSON] = "{\"file\":\"f\",\"offset\":4,\"end_offset\":23,\"timestamp_seconds\":0,\"type\":"
				"\"WRITE_ROWS_V2\",\"type_number\":30,\"server_id\":0,\"flags\":0,\"length\":19,\"log_pos\":0,"
				"\"table_id\":1,\"rows_flags\":1,\"database\":\"d\",\"table\":\"t\","
				"\"rows\":[{\"after\":{\"@1\":{\"json\":7}}}],"
				"\"error\":\"Reading a JSON document: an object or array is larger than the place it "
				"stands in.\"}\n",
	};
	struct binlog_format format = {.known = true};
	struct buffer map = BUFFER_INIT, rows = BUFFER_INIT;
	struct event event = {.header = {.length = 19}};

	(void)state;
	put_hex(&map, "010000000000 0100 01 64 00 01 74 00 01 f5 01 04 00");
	put_hex(&rows, "010000000000 0100 0200 01 ff 00 03000000 05 0700 00 0c000000 00 0100 2800 0000000000000000");
	for (int form = RENDER_TEXT; form <= RENDER_JSON; form++) {
		struct renderer *renderer = renderer_new((enum render_form)form, 0, 0, collect, &out);
		struct error error = {0};

		event.header.type = EVENT_TABLE_MAP;
		event.body = (const uint8_t *)map.data;
		event.body_length = map.length;
		assert_int_equal(renderer_event(renderer, &event, &format, "f", 4, 23, &error), 0);
		assert_int_equal(renderer_flush(renderer, &error), 0);
		buffer_clear(&out);
		event.header.type = EVENT_WRITE_ROWS_V2;
		event.body = (const uint8_t *)rows.data;
		event.body_length = rows.length;
		assert_int_equal(renderer_event(renderer, &event, &format, "f", 4, 23, &error), -1);
		assert_int_equal(renderer_flush(renderer, &error), 0);
		assert_string_equal(buffer_text(&out), expected[form]);
		renderer_free(renderer);
	}
	buffer_release(&map);
	buffer_release(&rows);
}

static void names_with_control_codes(void **state)
{
	struct error error;
	const char *map = "010000000000 0100 04 64c29b60 00 02 749b 00 01 03 00 00 04 05 04 63c29b7f";

	(void)state;
	assert_int_equal(one(EVENT_TABLE_MAP, map, RENDER_TEXT, &error), 0);
	assert_non_null(strstr(buffer_text(&out), "`d\\xc2\\x9b```.`t\\x9b` columns=(`c\\xc2\\x9b\\x7f` INT"));
	assert_int_equal(one(EVENT_TABLE_MAP, map, RENDER_JSON, &error), 0);
	assert_non_null(strstr(buffer_text(&out), "\"database\":\"d\\u009b`\",\"table\":\"t\xef\xbf\xbd\""));
	assert_non_null(strstr(buffer_text(&out), "\"name\":\"c\\u009b\\u007f\""));
}

/* A map of a table `d`.`t` with one INT, or a row of it that ends its statement or does not. */
static void push_of_table(struct renderer *renderer, uint8_t type, unsigned table_id, bool ends)
{
	struct binlog_format format = {.known = true};
	struct buffer body = BUFFER_INIT;
	struct event event = {.header = {.type = type, .length = 60}};
	struct error error = {0};

	buffer_put_le(&body, table_id, 6);
	buffer_put_le(&body, ends, 2);
	put_hex(&body, type == EVENT_TABLE_MAP ? "01 64 00 01 74 00 01 03 00 00" : "0200 01 ff 00 07000000");
	event.body = (const uint8_t *)body.data;
	event.body_length = body.length;
	if (renderer_event(renderer, &event, &format, "f", 4, 64, &error) < 0)
		fail_msg("table %u: %s", table_id, error.text);
	buffer_release(&body);
}

/* More tables than are remembered, each in one statement with a table that every statement has. */
static void more_tables_than_are_remembered(void **state)
{
	struct renderer *renderer = renderer_new(RENDER_TEXT, 0, 0, collect, &out);
	const unsigned tables = 9000;
	unsigned inserts = 0;

	(void)state;
	buffer_clear(&out);
	for (unsigned id = 2; id < tables; id++) {
		push_of_table(renderer, EVENT_TABLE_MAP, 1, false);
		push_of_table(renderer, EVENT_TABLE_MAP, id, false);
		push_of_table(renderer, EVENT_WRITE_ROWS_V2, 1, false);
		push_of_table(renderer, EVENT_WRITE_ROWS_V2, id, true);
	}
	assert_int_equal(renderer_flush(renderer, &(struct error){0}), 0);
	for (const char *at = buffer_text(&out); (at = strstr(at, "### INSERT INTO `d`.`t`")); at++)
		inserts++;
	assert_int_equal(inserts, (tables - 2) * 2);
	renderer_free(renderer);
}

/* Large output comes in pieces; who cannot take it ends it. */
static void output_that_cannot_be_written(void **state)
{
	struct binlog_format format = {.known = true};
	struct renderer *renderer = renderer_new(RENDER_TEXT, 0, 0, refuse, NULL);
	uint8_t *data = calloc(1, 300000);
	struct event event = {.header = {.type = EVENT_APPEND_BLOCK}, .body = data, .body_length = 300000};
	struct error error = {0};

	(void)state;
	assert_int_equal(renderer_event(renderer, &event, &format, "f", 4, 23, &error), -1);
	assert_error(&error, ERROR_STOP, "disk is full");
	renderer_free(renderer);
	renderer_free(NULL);
	free(data);
}

static int release(void **state)
{
	(void)state;
	buffer_release(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_as_expected),
		cmocka_unit_test(counts_agree),
		cmocka_unit_test(starts_anywhere),
		cmocka_unit_test(rare_events),
		cmocka_unit_test(broken_events),
		cmocka_unit_test(names_with_control_codes),
		cmocka_unit_test(a_broken_row),
		cmocka_unit_test(more_tables_than_are_remembered),
		cmocka_unit_test(output_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
