/* The bytes of the replica's commands, host lists, versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/source_protocol.h"

static void expect_bytes(struct buffer *got, const char *hex)
{
	struct buffer text = BUFFER_INIT;

	buffer_put_hex(&text, got->data, got->length);
	assert_string_equal(buffer_text(&text), hex);
	buffer_release(&text);
	buffer_release(got);
}

static void registration(void **state)
{
	struct buffer out = BUFFER_INIT;
	char long_host[300];

	(void)state;
	protocol_put_register(&out, 0x01020304, "ab", 3307);
	/* id, "ab", no user, no password, port 0x0ceb, rank, master id */
	expect_bytes(&out, "04030201"
			   "026162"
			   "00"
			   "00"
			   "eb0c"
			   "00000000"
			   "00000000");
	protocol_put_register(&out, 1, NULL, 0);
	expect_bytes(&out, "01000000"
			   "00"
			   "00"
			   "00"
			   "0000"
			   "00000000"
			   "00000000");
	memset(long_host, 'h', sizeof(long_host) - 1);
	long_host[sizeof(long_host) - 1] = '\0';
	protocol_put_register(&out, 1, long_host, 0);
	assert_int_equal(out.data[4], 60);
	assert_int_equal(out.length, 4 + 1 + 60 + 1 + 1 + 2 + 4 + 4);
	buffer_release(&out);
}

static void dump_by_file(void **state)
{
	struct buffer out = BUFFER_INIT;

	(void)state;
	protocol_put_dump(&out, 0xfffffffe, DUMP_NON_BLOCK, 7, "bin.1");
	expect_bytes(&out, "feffffff"
			   "0100"
			   "07000000"
			   "62696e2e31");
}

static void dump_by_gtid(void **state)
{
	struct buffer out = BUFFER_INIT;
	struct gtid_set *set = gtid_set_new();
	struct error error;

	(void)state;
	assert_int_equal(gtid_set_parse(set, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7", &error), 0);
	protocol_put_dump_gtid(&out, DUMP_MYSQL_THROUGH_GTID, 9, set);
	/* flags, id, no name, position 4, 56 bytes: one uuid with two intervals, ends exclusive */
	expect_bytes(&out, "0400"
			   "09000000"
			   "00000000"
			   "0400000000000000"
			   "40000000"
			   "0100000000000000"
			   "3e11fa4771ca11e19e33c80aa9429562"
			   "0200000000000000"
			   "01000000000000000600000000000000"
			   "07000000000000000800000000000000");
	gtid_set_clear(set);
	protocol_put_dump_gtid(&out, 0, 9, set);
	expect_bytes(&out, "0000"
			   "09000000"
			   "00000000"
			   "0400000000000000"
			   "08000000"
			   "0000000000000000");
	gtid_set_free(set);
}

static void flags_by_family(void **state)
{
	(void)state;
	/* the same bit asks MariaDB for annotations and MySQL for another form of heartbeats */
	assert_int_equal(protocol_dump_flags(FAMILY_MARIADB, 100000, false, false), 2);
	assert_int_equal(protocol_dump_flags(FAMILY_MARIADB, 110800, true, true), 3);
	/* MySQL 5.6 to 8.0.25 have no other form */
	assert_int_equal(protocol_dump_flags(FAMILY_MYSQL, 50651, false, false), 0);
	assert_int_equal(protocol_dump_flags(FAMILY_MYSQL, 80025, true, false), 4);
	assert_int_equal(protocol_dump_flags(FAMILY_MYSQL, 80025, true, true), 5);
	assert_int_equal(protocol_dump_flags(FAMILY_MYSQL, 80026, false, false), 2);
	assert_int_equal(protocol_dump_flags(FAMILY_MYSQL, 90700, true, true), 7);
}

static void versions(void **state)
{
	static const struct {
		const char *text;
		unsigned version;
		enum server_family family;
	} cases[] = {
		{"10.11.19-MariaDB-0+deb12u1-log", 101119, FAMILY_MARIADB},
		{"5.5.5-10.4.8-MariaDB", 100408, FAMILY_MARIADB},
		{"11.8.9-MariaDB-0+deb13u1 from Debian-log", 110809, FAMILY_MARIADB},
		{"8.0.41", 80041, FAMILY_MYSQL},
		{"9.7.4-2", 90704, FAMILY_MYSQL},
		{"5.6.24-log", 50624, FAMILY_MYSQL},
		{"5.7.mysql_aurora.2.11.1", 50700, FAMILY_MYSQL},
		{"", 0, FAMILY_MYSQL},
		{"nonsense", 0, FAMILY_MYSQL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum server_family family;

		assert_int_equal(protocol_version(cases[i].text, &family), cases[i].version);
		assert_int_equal(family, cases[i].family);
	}
}

static void session_variables(void **state)
{
	struct buffer out = BUFFER_INIT;
	const char *sql;

	(void)state;
	protocol_put_session(&out, FAMILY_MYSQL, "u'; drop", 5000, NULL);
	sql = buffer_text(&out);
	assert_non_null(strstr(sql, "@master_heartbeat_period = 5000000000"));
	assert_non_null(strstr(sql, "@source_heartbeat_period = 5000000000"));
	assert_non_null(strstr(sql, "@slave_uuid = CAST(0x75273b2064726f70 AS CHAR)"));
	assert_non_null(strstr(sql, "@replica_uuid = CAST(0x75273b2064726f70 AS CHAR)"));
	assert_null(strstr(sql, "drop"));
	assert_null(strstr(sql, "mariadb"));
	buffer_clear(&out);
	protocol_put_session(&out, FAMILY_MARIADB, "u", 0, "");
	sql = buffer_text(&out);
	assert_non_null(strstr(sql, "@mariadb_slave_capability = 4"));
	assert_non_null(strstr(sql, "@slave_connect_state = ''"));
	assert_null(strstr(sql, "uuid"));
	buffer_clear(&out);
	/* its mere presence would choose GTIDs */
	protocol_put_session(&out, FAMILY_MARIADB, "u", 0, NULL);
	assert_null(strstr(buffer_text(&out), "slave_connect_state"));
	buffer_release(&out);
}

static void host_lists(void **state)
{
	const char *list = " db1 ,db2:3307,, [::1]:3308,[fe80::1], fe80::2,\t10.0.0.1:1 ";
	static const struct {
		const char *host;
		unsigned port;
	} expected[] = {
		{"db1", 99}, {"db2", 3307}, {"::1", 3308}, {"fe80::1", 99}, {"fe80::2", 99}, {"10.0.0.1", 1}};
	struct error error;
	char host[64];
	unsigned port;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		port = 99;
		assert_int_equal(protocol_next_host(&list, host, sizeof(host), &port, &error), 1);
		assert_string_equal(host, expected[i].host);
		assert_int_equal(port, expected[i].port);
	}
	assert_int_equal(protocol_next_host(&list, host, sizeof(host), &port, &error), 0);
	assert_int_equal(protocol_next_host(&list, host, sizeof(host), &port, &error), 0);
}

static void bad_hosts(void **state)
{
	static const char *const bad[] = {"a:b", "a:", "a:0", "a:65536", "a:-1", ":3306", "[::1", "[::1]3306",
		"[]:1", "a b", "a:1x",
		"0123456789012345678901234567890123456789012345678901234567890123456789"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *list = bad[i];
		struct error error;
		char host[64];
		unsigned port = 1;

		if (protocol_next_host(&list, host, sizeof(host), &port, &error) != -1)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(error.kind, ERROR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registration),
		cmocka_unit_test(dump_by_file),
		cmocka_unit_test(dump_by_gtid),
		cmocka_unit_test(flags_by_family),
		cmocka_unit_test(versions),
		cmocka_unit_test(session_variables),
		cmocka_unit_test(host_lists),
		cmocka_unit_test(bad_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
