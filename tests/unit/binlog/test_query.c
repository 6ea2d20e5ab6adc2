#include "binlog/query.h"
#include "support.h"

static struct buffer body;
static struct arena arena;
static struct binlog_format format = {.known = true};

static struct event make(uint8_t type, const char *hex)
{
	buffer_clear(&body);
	put_hex(&body, hex);
	return (struct event){.header = {.type = type},
		.body = (const uint8_t *)buffer_text(&body),
		.body_length = body.length};
}

static struct query_event parsed(uint8_t type, const char *hex)
{
	struct event event = make(type, hex);
	struct query_event query;
	struct error error = {0};

	if (query_event_parse(&event, &format, &arena, &query, &error) < 0)
		fail_msg("%s", error.text);
	return query;
}

static void fails(uint8_t type, const char *hex, enum error_kind kind, const char *part)
{
	struct event event = make(type, hex);
	struct query_event query;
	struct error error = {0};

	assert_int_equal(query_event_parse(&event, &format, &arena, &query, &error), -1);
	assert_error(&error, kind, part);
}

/* A statement "x" in no database with the status variables. */
static struct query_context context(const char *hex)
{
	char all[4096];
	struct event event = make(0, hex);

	snprintf(all, sizeof(all), "21000000 00000000 00 0000 %02x%02x %s 00 78",
		(unsigned)event.body_length & 255, (unsigned)event.body_length >> 8, hex);
	return parsed(EVENT_QUERY, all).context;
}

static void recorded_statement(void **state)
{
	struct query_event query;

	(void)state;
	query = parsed(EVENT_QUERY,
		"21000000 05000000 01 2604 1a00 | 00 00000000 | 01 0000205400000000 | 06 03 737464 | "
		"04 2100 2100 0800 | 67 00 | 64726f70");
	assert_int_equal(query.thread_id, 33);
	assert_int_equal(query.execution_seconds, 5);
	assert_int_equal(query.error_code, 1062);
	assert_string_equal(query.database, "g");
	assert_int_equal(query.text_length, 4);
	assert_memory_equal(query.text, "drop", 4);
	assert_int_equal(query.context.has, QUERY_HAS_FLAGS2 | QUERY_HAS_SQL_MODE | QUERY_HAS_CHARSET);
	assert_true(query.context.sql_mode == 0x54200000);
	assert_int_equal(query.context.client_collation, 33);
	assert_int_equal(query.context.connection_collation, 33);
	assert_int_equal(query.context.server_collation, 8);
	assert_false(query.is_load);
}

static void each_status_variable(void **state)
{
	struct query_context c;

	(void)state;
	c = context("02 03 737464 00 03 0200 0300");
	assert_int_equal(c.has, QUERY_HAS_AUTO_INCREMENT);
	assert_int_equal(c.auto_increment_increment, 2);
	assert_int_equal(c.auto_increment_offset, 3);
	c = context("05 06 2b30303a3030 07 0400 08 2d00");
	assert_int_equal(c.has, QUERY_HAS_TIME_ZONE | QUERY_HAS_LC_TIME_NAMES | QUERY_HAS_CHARSET_DATABASE);
	assert_int_equal(c.time_zone_length, 6);
	assert_memory_equal(c.time_zone, "+00:00", 6);
	assert_int_equal(c.lc_time_names, 4);
	assert_int_equal(c.database_collation, 45);
	c = context("09 0100000000000080 0a 01000000 0b 01 61 02 6263");
	assert_int_equal(c.has, QUERY_HAS_TABLE_MAP_FOR_UPDATE | QUERY_HAS_INVOKER);
	assert_true(c.table_map_for_update == UINT64_C(0x8000000000000001));
	assert_memory_equal(c.invoker_user, "a", 1);
	assert_int_equal(c.invoker_host_length, 2);
	c = context("0c 02 6100 626200 0d 40420f");
	assert_int_equal(c.has, QUERY_HAS_UPDATED_DBS | QUERY_HAS_MICROSECONDS);
	assert_int_equal(c.updated_dbs_count, 2);
	assert_memory_equal(c.updated_dbs, "a\0bb", 5);
	assert_int_equal(c.microseconds, 1000000);
	c = context("0c fe 10 01 11 0500000000000000 12 ff00 13 01 14 01 15 01");
	assert_int_equal(c.cascade_triggers, 1);
	assert_int_equal(c.updated_dbs_count, 254);
	assert_int_equal(c.explicit_defaults, 1);
	assert_int_equal(c.ddl_xid, 5);
	assert_int_equal(c.default_utf8mb4_collation, 255);
	assert_int_equal(c.require_primary_key, 1);
	assert_int_equal(c.table_encryption, 1);
	assert_int_equal(c.has, QUERY_HAS_UPDATED_DBS | QUERY_HAS_EXPLICIT_DEFAULTS | QUERY_HAS_DDL_XID |
					QUERY_HAS_DEFAULT_UTF8MB4 | QUERY_HAS_REQUIRE_PK |
					QUERY_HAS_TABLE_ENCRYPTION | QUERY_HAS_CASCADE_TRIGGERS);
}

static void mariadb_status_variables(void **state)
{
	struct query_context c;

	(void)state;
	c = context("83 02 2100 d800 2d00 0009 04 2100 2100 0800 80 010000 81 0700000000000000 82 02");
	assert_int_equal(c.has, QUERY_HAS_CHARACTER_SET_COLLATIONS | QUERY_HAS_CHARSET |
					QUERY_HAS_MICROSECONDS | QUERY_HAS_DDL_XID | QUERY_HAS_GTID_FLAGS3);
	assert_int_equal(c.character_set_collations_count, 2);
	assert_int_equal(c.character_set_collations[6], 0);
	assert_int_equal(c.microseconds, 1);
	assert_int_equal(c.ddl_xid, 7);
	assert_int_equal(c.gtid_flags3, 2);
	c = context("82 04 0900000000000000 80 020000");
	assert_int_equal(c.sa_seq_no, 9);
	assert_int_equal(c.microseconds, 2);
	c = context("80 030000 ff 00000000 77 77"); /* padding */
	assert_int_equal(c.has, QUERY_HAS_MICROSECONDS);
}

static void unknown_status_variables(void **state)
{
	struct query_context c;

	(void)state;
	c = context("80 030000 0e 01 02 03");
	assert_int_equal(c.has, QUERY_HAS_MICROSECONDS | QUERY_HAS_UNKNOWN);
	assert_int_equal(c.unknown_code, 14);
	c = context("c8");
	assert_int_equal(c.unknown_code, 200);
}

/* Every variable's value cut off at every byte. */
static void cut_status_variables(void **state)
{
	static const char *const whole[] = {"00 00000000", "01 0000000000000000", "02 03 737464 00",
		"03 0100 0100", "04 2100 2100 0800", "05 02 7a7a", "06 02 7a7a", "07 0100", "08 0100",
		"09 0000000000000000", "0a 00000000", "0b 01 61 01 62", "0c 01 6100", "0d 010203", "10 01",
		"11 0000000000000000", "12 0100", "13 01", "14 01", "15 01", "80 010203",
		"81 0000000000000000", "82 04 0000000000000000", "83 01 0100 0200"};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		struct event event = make(0, whole[i]);
		size_t length = event.body_length;
		uint8_t variable[64];

		memcpy(variable, event.body, length);
		for (size_t cut = 1; cut < length; cut++) {
			struct query_event query;
			struct error error = {0};

			buffer_clear(&body);
			put_hex(&body, "21000000 00000000 00 0000");
			buffer_put_le(&body, cut, 2);
			buffer_append(&body, variable, cut);
			buffer_append(&body, "\0x", 2);
			event = (struct event){.header = {.type = EVENT_QUERY},
				.body = (const uint8_t *)body.data,
				.body_length = body.length};
			assert_int_equal(query_event_parse(&event, &format, &arena, &query, &error), -1);
			assert_error(&error, ERROR_CORRUPT, "status variable");
		}
	}
	fails(EVENT_QUERY, "21000000 00000000 00 0000 0200 0c 11 00 78", ERROR_CORRUPT, "status variable 12");
}

static void bad_statements(void **state)
{
	(void)state;
	fails(EVENT_QUERY, "21000000 00000000 00 0000 00", ERROR_CORRUPT, "post-header takes 13");
	fails(EVENT_QUERY, "21000000 00000000 00 0000 ffff 00 78", ERROR_CORRUPT, "do not fit");
	fails(EVENT_QUERY, "21000000 00000000 ff 0000 0000 00 78", ERROR_CORRUPT, "do not fit");
	fails(EVENT_QUERY, "21000000 00000000 01 0000 0000 61 78", ERROR_CORRUPT, "NUL");
	fails(EVENT_QUERY, "21000000 00000000 02 0000 0000 6100 00 78", ERROR_CORRUPT, "NUL");
	fails(EVENT_QUERY, "21000000 00000000 01 0000 0000 6100", ERROR_CORRUPT, "empty");
	format.post_header_length[EVENT_QUERY] = 11;
	fails(EVENT_QUERY, "21000000 00000000 01 0000 0000 6100", ERROR_STOP, "post-header of 11");
	format.post_header_length[EVENT_QUERY] = 15; /* two bytes of a later version */
	assert_memory_equal(
		parsed(EVENT_QUERY, "21000000 00000000 01 0000 0000 ffff 6100 7879").text, "xy", 2);
	format.post_header_length[EVENT_QUERY] = 0;
}

static void compressed_statements(void **state)
{
	uint8_t packed[256];
	uLongf length = sizeof(packed);
	char hex[1024] = "21000000 00000000 01 0000 0000 6100 81 64", text[101];
	struct query_event query;

	(void)state;
	memset(text, 'a', 100);
	assert_int_equal(compress(packed, &length, (const uint8_t *)text, 100), Z_OK);
	for (size_t i = 0; i < length; i++)
		snprintf(hex + strlen(hex), 3, "%02x", packed[i]);
	query = parsed(EVENT_MARIA_QUERY_COMPRESSED, hex);
	assert_int_equal(query.text_length, 100);
	assert_memory_equal(query.text, text, 100);
	assert_string_equal(query.database, "a");
	strcat(hex, "00");
	fails(EVENT_MARIA_QUERY_COMPRESSED, hex, ERROR_CORRUPT, "1 bytes follow");
	hex[strlen(hex) - 4] = '\0';
	fails(EVENT_MARIA_QUERY_COMPRESSED, hex, ERROR_CORRUPT, "cannot be expanded");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100 80 64", ERROR_CORRUPT,
		"byte 0x80");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100 91 64", ERROR_CORRUPT,
		"byte 0x91");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100 85 6464646464",
		ERROR_CORRUPT, "byte 0x85");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100", ERROR_CORRUPT,
		"byte 0x00");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100 84 6464", ERROR_CORRUPT,
		"4 length bytes");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100 84 ffffffff 00",
		ERROR_CORRUPT, "cannot hold");
	fails(EVENT_MARIA_QUERY_COMPRESSED, "21000000 00000000 01 0000 0000 6100 84 00ffffff 00",
		ERROR_CORRUPT, "cannot hold");
}

static void load_statements(void **state)
{
	struct query_event query;

	(void)state;
	query = parsed(EVENT_EXECUTE_LOAD_QUERY,
		"21000000 00000000 01 0000 0000 07000000 01000000 03000000 02 6100 61626364");
	assert_true(query.is_load);
	assert_int_equal(query.file_id, 7);
	assert_int_equal(query.file_name_start, 1);
	assert_int_equal(query.file_name_end, 3);
	assert_int_equal(query.duplicate_handling, 2);
	assert_memory_equal(query.text, "abcd", 4);
	fails(EVENT_EXECUTE_LOAD_QUERY,
		"21000000 00000000 01 0000 0000 07000000 03000000 01000000 02 6100 61626364", ERROR_CORRUPT,
		"from byte 3 to 1");
	fails(EVENT_EXECUTE_LOAD_QUERY,
		"21000000 00000000 01 0000 0000 07000000 03000000 05000000 02 6100 61626364", ERROR_CORRUPT,
		"from byte 3 to 5");
	fails(EVENT_EXECUTE_LOAD_QUERY,
		"21000000 00000000 01 0000 0000 07000000 01000000 03000000 03 6100 61626364", ERROR_CORRUPT,
		"duplicates");
	fails(EVENT_EXECUTE_LOAD_QUERY, "21000000 00000000 01 0000 0000 07000000 010000", ERROR_CORRUPT,
		"post-header takes 26");
}

static struct user_variable variable(const char *hex)
{
	struct event event = make(EVENT_USER_VAR, hex);
	struct user_variable result;
	struct error error = {0};

	if (user_variable_parse(&event, &result, &error) < 0)
		fail_msg("%s", error.text);
	return result;
}

static void bad_variable(const char *hex, enum error_kind kind, const char *part)
{
	struct event event = make(EVENT_USER_VAR, hex);
	struct user_variable result;
	struct error error = {0};

	assert_int_equal(user_variable_parse(&event, &result, &error), -1);
	assert_error(&error, kind, part);
}

static void user_variables(void **state)
{
	struct user_variable v;

	(void)state;
	v = variable("01000000 79 00 02 08000000 08000000 ffffffffffffffff 01");
	assert_int_equal(v.type, USER_VARIABLE_INT);
	assert_true(v.is_unsigned);
	assert_int_equal(v.collation, 8);
	assert_int_equal(v.value_length, 8);
	assert_memory_equal(v.name, "y", 1);
	v = variable("01000000 77 00 01 08000000 08000000 000000000000f83f");
	assert_int_equal(v.type, USER_VARIABLE_REAL);
	v = variable("01000000 77 00 04 08000000 04000000 02 01 81 05 00");
	assert_int_equal(v.type, USER_VARIABLE_DECIMAL);
	assert_false(v.is_unsigned);
	v = variable("01000000 77 01");
	assert_true(v.is_null);
	v = variable("02000000 6162 00 00 2d000000 03000000 616263 00 02 03 786d6c 01");
	assert_int_equal(v.type, USER_VARIABLE_STRING);
	assert_true(v.is_unsigned);
	v = variable("02000000 6162 00 00 2d000000 00000000");
	assert_int_equal(v.value_length, 0);
	/* more digits than anybody renders; more behind the point than there are */
	bad_variable("01000000 79 00 04 3f000000 03000000 8b0080", ERROR_CORRUPT, "DECIMAL(139,0)");
	bad_variable("01000000 79 00 04 3f000000 03000000 020380", ERROR_CORRUPT, "DECIMAL(2,3)");
	bad_variable("01000000 79 00 04 3f000000 03000000 000080", ERROR_CORRUPT, "DECIMAL(0,0)");
	bad_variable("01000000 79 00 04 3f000000 05000000 0201810500", ERROR_CORRUPT, "fill its 5 bytes");
	bad_variable("", ERROR_CORRUPT, "name");
	bad_variable("00000000 01", ERROR_CORRUPT, "name");
	bad_variable("05000000 61", ERROR_CORRUPT, "name");
	bad_variable("01000000 61", ERROR_CORRUPT, "name");
	bad_variable("01000000 61 00 00 2d000000 05000000 61", ERROR_CORRUPT, "value");
	bad_variable("01000000 61 00 03 2d000000 00000000", ERROR_STOP, "type 3");
	bad_variable("01000000 61 00 02 2d000000 04000000 00000000", ERROR_CORRUPT, "type 2 has 4 bytes");
	bad_variable("01000000 61 00 01 2d000000 04000000 00000000", ERROR_CORRUPT, "type 1 has 4 bytes");
	bad_variable("01000000 61 00 04 2d000000 02000000 0201", ERROR_CORRUPT, "type 4 has 2 bytes");
	bad_variable("01000000 61 00 00 2d000000 00000000 07", ERROR_STOP, "attribute 7");
	bad_variable("01000000 61 00 00 2d000000 00000000 02 05 61", ERROR_CORRUPT, "type name");
}

static int release(void **state)
{
	(void)state;
	buffer_release(&body);
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_statement),
		cmocka_unit_test(each_status_variable),
		cmocka_unit_test(mariadb_status_variables),
		cmocka_unit_test(unknown_status_variables),
		cmocka_unit_test(cut_status_variables),
		cmocka_unit_test(bad_statements),
		cmocka_unit_test(compressed_statements),
		cmocka_unit_test(load_statements),
		cmocka_unit_test(user_variables),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
