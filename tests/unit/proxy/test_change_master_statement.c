#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/change_master_statement.h"

static int parse(struct change_master_statement *statement, const char *text, struct error *error)
{
	return change_master_parse(statement, text, strlen(text), error);
}

static void must_parse(struct change_master_statement *statement, const char *text)
{
	struct error error = {.kind = ERROR_NONE};

	if (parse(statement, text, &error) != 0)
		fail_msg("%s\n%s", text, error.text);
}

static const char *setting(const struct change_master_statement *statement, const char *name)
{
	for (size_t i = 0; i < statement->setting_count; i++) {
		if (strcmp(statement->settings[i].name, name) == 0)
			return statement->settings[i].value;
	}
	return "(none)";
}

/* "IGNORED RELAY_LOG_FILE; …" */
static const char *remarks(const struct change_master_statement *statement)
{
	static const char *const verdicts[] = {"NOTE", "IGNORED", "REFUSED"};
	static char text[2000];

	*text = '\0';
	for (size_t i = 0; i < statement->remark_count; i++) {
		assert_true(strlen(statement->remarks[i].text) > 10);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s;",
			verdicts[statement->remarks[i].verdict], statement->remarks[i].word);
	}
	return text;
}

static void test_mysql(void **unused)
{
	struct change_master_statement statement;

	(void)unused;
	must_parse(&statement,
		"CHANGE MASTER TO MASTER_HOST='db1.example.com', master_port = 3307,\n"
		"  MASTER_USER=\"repl\", MASTER_PASSWORD='s3''c\\'ret', -- a comment\n"
		"  MASTER_LOG_FILE='mysql-bin.000042', /* another */ MASTER_LOG_POS=1234567890123, # and "
		"one\n"
		"  MASTER_CONNECT_RETRY=10, MASTER_HEARTBEAT_PERIOD=2.500, MASTER_RETRY_COUNT=86400,\n"
		"  MASTER_BIND='10.0.0.1', MASTER_TLS_VERSION='TLSv1.2' FOR CHANNEL 'ch1';\n");
	assert_string_equal(setting(&statement, "host"), "db1.example.com");
	assert_string_equal(setting(&statement, "port"), "3307");
	assert_string_equal(setting(&statement, "user"), "repl");
	assert_string_equal(statement.password, "s3'c'ret");
	assert_string_equal(setting(&statement, "connect-retry"), "10");
	assert_string_equal(setting(&statement, "heartbeat-period"), "2.500");
	assert_string_equal(setting(&statement, "retry-count"), "86400");
	assert_string_equal(setting(&statement, "bind-address"), "10.0.0.1");
	assert_string_equal(setting(&statement, "tls-version"), "TLSv1.2");
	assert_string_equal(statement.channel, "ch1");
	assert_int_equal(statement.start, CHANGE_MASTER_START_FILE_POSITION);
	assert_string_equal(statement.file, "mysql-bin.000042");
	assert_true(statement.position == 1234567890123);
	assert_int_equal(statement.use_gtid, 0);
	assert_string_equal(remarks(&statement), "");
	change_master_release(&statement);

	must_parse(&statement,
		"change replication source to source_host='a', SOURCE_USER='u', source_auto_position=1");
	assert_string_equal(setting(&statement, "host"), "a");
	assert_int_equal(statement.start, CHANGE_MASTER_START_GTID);
	assert_null(statement.gtid_set);
	assert_int_equal(statement.use_gtid, 1);
	assert_null(statement.channel);
	assert_null(statement.password);
	change_master_release(&statement);

	must_parse(&statement, "CHANGE MASTER TO MASTER_USER='u';");
	assert_int_equal(statement.start, CHANGE_MASTER_START_NONE);
	assert_int_equal(statement.use_gtid, -1);
	change_master_release(&statement);
}

static void test_mariadb(void **unused)
{
	static const struct {
		const char *text, *channel, *set;
		int use_gtid;
		enum change_master_start start;
	} cases[] = {
		{"CHANGE MASTER 'c1' TO MASTER_HOST='a', MASTER_USE_GTID=slave_pos", "c1", NULL, 1,
			CHANGE_MASTER_START_GTID},
		{"CHANGE MASTER `c1` TO MASTER_USE_GTID=replica_pos", "c1", NULL, 1,
			CHANGE_MASTER_START_GTID},
		{"CHANGE MASTER c1 TO MASTER_USE_GTID=Current_Pos", "c1", NULL, 1, CHANGE_MASTER_START_GTID},
		{"CHANGE MASTER '' TO MASTER_USE_GTID=no, MASTER_LOG_FILE='b.1'", NULL, NULL, 0,
			CHANGE_MASTER_START_FILE_POSITION},
		{"CHANGE MASTER TO MASTER_USE_GTID='0-1-100, 1-2-7'", NULL, "0-1-100,1-2-7", 1,
			CHANGE_MASTER_START_GTID},
		{"SET GLOBAL gtid_slave_pos='0-1-5'; CHANGE MASTER TO MASTER_USE_GTID=slave_pos;", NULL,
			"0-1-5", 1, CHANGE_MASTER_START_GTID},
		{"CHANGE MASTER TO MASTER_LOG_POS=4", NULL, NULL, 0, CHANGE_MASTER_START_FILE_POSITION},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change_master_statement statement;

		must_parse(&statement, cases[i].text);
		assert_int_equal(statement.start, cases[i].start);
		assert_int_equal(statement.use_gtid, cases[i].use_gtid);
		if (cases[i].channel)
			assert_string_equal(statement.channel, cases[i].channel);
		else
			assert_null(statement.channel);
		if (cases[i].set)
			assert_string_equal(statement.gtid_set, cases[i].set);
		else
			assert_null(statement.gtid_set);
		change_master_release(&statement);
	}
}

/* The head of a dump, as it comes. */
static void test_dumps(void **unused)
{
	struct change_master_statement statement;

	(void)unused;
	must_parse(&statement,
		"-- MariaDB dump 10.19\n/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, "
		"SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
		"/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;\n"
		"--\n-- Position to start replication or point-in-time recovery from\n--\n\n"
		"CHANGE MASTER TO MASTER_LOG_FILE='bin.000002', MASTER_LOG_POS=342;\n"
		"CHANGE MASTER TO MASTER_USE_GTID=slave_pos;\nSET GLOBAL gtid_slave_pos='0-1-3';\n");
	assert_int_equal(statement.start, CHANGE_MASTER_START_GTID);
	assert_string_equal(statement.gtid_set, "0-1-3");
	assert_null(statement.file);
	assert_string_equal(remarks(&statement), "NOTE MASTER_LOG_FILE;");
	change_master_release(&statement);

	must_parse(&statement,
		"SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\nSET @@SESSION.SQL_LOG_BIN= 0;\n"
		"SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n"
		"4e11fa47-71ca-11e1-9e33-c80aa9429562:tag:1-9';\n"
		"STOP SLAVE FOR CHANNEL 'x';\nCHANGE MASTER TO MASTER_AUTO_POSITION=1;\nSTART REPLICA;\n");
	assert_string_equal(statement.gtid_set,
		"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:tag:1-9");
	assert_int_equal(statement.start, CHANGE_MASTER_START_GTID);
	assert_string_equal(remarks(&statement), "IGNORED STOP;IGNORED START;");
	change_master_release(&statement);

	/* a set beside a position by file: the statement asked for the file */
	must_parse(&statement,
		"SET GLOBAL GTID_SLAVE_POS := '0-1-3';\nCHANGE MASTER TO MASTER_LOG_FILE='b.2', "
		"MASTER_LOG_POS=342\\G");
	assert_int_equal(statement.start, CHANGE_MASTER_START_FILE_POSITION);
	change_master_release(&statement);

	/* code inside a version comment */
	must_parse(&statement, "/*!50000 CHANGE MASTER TO */ MASTER_HOST='a*/b' /*! , MASTER_PORT=5 */;");
	assert_string_equal(setting(&statement, "host"), "a*/b");
	assert_string_equal(setting(&statement, "port"), "5");
	change_master_release(&statement);
}

static void test_remarks(void **unused)
{
	struct change_master_statement statement;
	struct error error = {.kind = ERROR_NONE};

	(void)unused;
	must_parse(&statement,
		"CHANGE REPLICATION SOURCE TO SOURCE_HOST='a', RELAY_LOG_FILE='r.1', RELAY_LOG_POS=4, "
		"PRIVILEGE_CHECKS_USER='u'@'h', SOURCE_DELAY=0, GTID_ONLY=1, IGNORE_SERVER_IDS=(), "
		"REQUIRE_ROW_FORMAT=0, REQUIRE_TABLE_PRIMARY_KEY_CHECK=STREAM, NETWORK_NAMESPACE='', "
		"GET_SOURCE_PUBLIC_KEY=1, SOURCE_TLS_CIPHERSUITES=NULL, SOURCE_CONNECT_RETRY=DEFAULT, "
		"SOURCE_COMPRESSION_ALGORITHMS='zstd', ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS=LOCAL");
	assert_string_equal(remarks(&statement),
		"IGNORED RELAY_LOG_FILE;IGNORED RELAY_LOG_POS;IGNORED PRIVILEGE_CHECKS_USER;IGNORED "
		"SOURCE_DELAY;"
		"IGNORED GTID_ONLY;IGNORED IGNORE_SERVER_IDS;IGNORED REQUIRE_ROW_FORMAT;"
		"IGNORED REQUIRE_TABLE_PRIMARY_KEY_CHECK;IGNORED NETWORK_NAMESPACE;IGNORED "
		"GET_SOURCE_PUBLIC_KEY;"
		"IGNORED SOURCE_TLS_CIPHERSUITES;NOTE SOURCE_CONNECT_RETRY;IGNORED "
		"SOURCE_COMPRESSION_ALGORITHMS;"
		"IGNORED ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS;");
	assert_int_equal(change_master_refused(&statement, &error), 0);
	change_master_release(&statement);

	must_parse(&statement,
		"CHANGE MASTER TO MASTER_DELAY=3600, IGNORE_SERVER_IDS=(1, 2), DO_DOMAIN_IDS=(3), "
		"MASTER_DEMOTE_TO_SLAVE=1, REQUIRE_TABLE_PRIMARY_KEY_CHECK=GENERATE, "
		"SOURCE_CONNECTION_AUTO_FAILOVER=1; CHANGE REPLICATION FILTER REPLICATE_DO_DB=(a);");
	assert_string_equal(remarks(&statement),
		"REFUSED MASTER_DELAY;REFUSED IGNORE_SERVER_IDS;REFUSED DO_DOMAIN_IDS;REFUSED "
		"MASTER_DEMOTE_TO_SLAVE;"
		"REFUSED REQUIRE_TABLE_PRIMARY_KEY_CHECK;REFUSED SOURCE_CONNECTION_AUTO_FAILOVER;"
		"REFUSED CHANGE REPLICATION FILTER;");
	assert_int_equal(change_master_refused(&statement, &error), -1);
	assert_int_equal(error.kind, ERROR_USAGE);
	assert_string_equal(error.text, "MASTER_DELAY cannot be done here: changes are applied at once; "
					"there is no delayed replication");
	change_master_release(&statement);
}

static void test_errors(void **unused)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"", "there is no CHANGE MASTER TO"},
		{"-- CHANGE MASTER TO MASTER_HOST='a';\n", "commented out does not count"},
		{"SELECT 1", "line 1, column 1: this is no statement"},
		{"CHANGE TABLES",
			"line 1, column 8: MASTER or REPLICATION SOURCE is missing here (at \"TABLES\")"},
		{"CHANGE MASTER", "the name of a channel is missing here (at the end of the text)"},
		{"CHANGE MASTER MASTER_HOST='a'", "TO is missing here (at \"=\")"},
		{"CHANGE MASTER TO", "the name of an option is missing here (at the end"},
		{"CHANGE MASTER TO\n  MASTER_HOTS='a'",
			"line 2, column 3: there is no such option of CHANGE MASTER (at \"MASTER_HOTS\")"},
		{"CHANGE MASTER TO HOST='a'", "no such option"},
		{"CHANGE MASTER TO MASTER_RELAY_LOG_FILE='a'", "no such option"},
		{"CHANGE MASTER TO MASTER_HOST 'a'", "'=' is missing here"},
		{"CHANGE MASTER TO MASTER_HOST=", "a value is missing here"},
		{"CHANGE MASTER TO MASTER_PORT=-1", "a value is missing here (at \"-\")"},
		{"CHANGE MASTER TO MASTER_HOST='a',", "the name of an option is missing here"},
		{"CHANGE MASTER TO MASTER_HOST='a' MASTER_PORT=1", "a comma or the end of the statement"},
		{"CHANGE MASTER TO MASTER_HOST='a", "column 30: this quote is not closed"},
		{"CHANGE MASTER TO MASTER_HOST='a\\'", "this quote is not closed"},
		{"CHANGE MASTER TO /* MASTER_HOST='a'", "column 18: this comment has no end"},
		{"CHANGE MASTER TO MASTER_HOST=a",
			"line 1, column 18: MASTER_HOST: the value is not a string in quotes"},
		{"CHANGE MASTER TO MASTER_HOST=''", "not the name of a host"},
		{"CHANGE MASTER TO MASTER_HOST='a'@'b'", "a comma or the end"},
		{"CHANGE MASTER TO MASTER_HOST='a', MASTER_HOST='b'",
			"column 35: this option is given twice"},
		{"CHANGE MASTER TO MASTER_PASSWORD=hunter2",
			"MASTER_PASSWORD: the value is not a string in quotes"},
		{"CHANGE MASTER TO MASTER_LOG_POS='x'", "not a position"},
		{"CHANGE MASTER TO MASTER_LOG_FILE=''", "not the name of a binary log file"},
		{"CHANGE MASTER TO MASTER_AUTO_POSITION=2", "not 0 or 1"},
		{"CHANGE MASTER TO MASTER_USE_GTID='drop table'",
			"not slave_pos, current_pos, no, or a GTID set"},
		{"CHANGE MASTER TO MASTER_USE_GTID=(1)", "not slave_pos"},
		{"CHANGE MASTER TO MASTER_PORT=(1)", "not a single value"},
		{"CHANGE MASTER TO IGNORE_SERVER_IDS=(1 2)", "its items between commas"},
		{"CHANGE MASTER TO IGNORE_SERVER_IDS=(1,)", "a list has numbers"},
		{"CHANGE MASTER TO IGNORE_SERVER_IDS=(1", "its items between commas"},
		{"CHANGE MASTER TO MASTER_HOST='a' FOR CHANNEL", "the name of a channel is missing"},
		{"CHANGE MASTER TO MASTER_HOST='a' FOR 'x'", "CHANNEL is missing"},
		{"CHANGE MASTER TO MASTER_AUTO_POSITION=1, MASTER_LOG_FILE='a'", "cannot be given together"},
		{"CHANGE REPLICATION SOURCE 'x' TO SOURCE_HOST='a'", "TO is missing here"},
		{"SET GLOBAL gtid_slave_pos=0; CHANGE MASTER TO MASTER_PORT=1", "a GTID set in quotes"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct change_master_statement statement;
		struct error error = {.kind = ERROR_NONE};

		if (parse(&statement, cases[i].text, &error) == 0)
			fail_msg("taken: %s", cases[i].text);
		assert_int_equal(error.kind, ERROR_USAGE);
		if (!strstr(error.text, cases[i].said))
			fail_msg("%s\n%s", cases[i].text, error.text);
		assert_null(statement.password);
	}
}

/* Whatever goes wrong behind it, the password is not in the error. */
static void test_password_in_no_error(void **unused)
{
	static const char *const texts[] = {
		"CHANGE MASTER TO MASTER_PASSWORD='hunter2' MASTER_HOST='a'",
		"CHANGE MASTER TO MASTER_PASSWORD='hunter2', MASTER_PASSWORD='hunter2'",
		"CHANGE MASTER TO MASTER_PASSWORD='hunter2\\0'",
		"CHANGE MASTER TO MASTER_PASSWORD='hunter2",
		"CHANGE MASTER TO 'hunter2'='x'",
		"CHANGE MASTER TO MASTER_PORT='hunter2' 'hunter2' (",
		"CHANGE MASTER TO MASTER_LOG_POS='hunter2'",
		"CHANGE MASTER TO MASTER_USE_GTID='hunter2'",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct change_master_statement statement;
		struct error error = {.kind = ERROR_NONE};

		assert_int_equal(parse(&statement, texts[i], &error), -1);
		if (strstr(error.text, "hunter2"))
			fail_msg("%s", error.text);
	}
}

static void test_apply(void **unused)
{
	static const struct {
		const char *text;
		unsigned mode;
	} cases[] = {
		{"MASTER_SSL=1, MASTER_SSL_CA='/c.pem'", TLS_CA},
		{"MASTER_SSL_VERIFY_SERVER_CERT=1, MASTER_SSL_CA='/c.pem', MASTER_SSL=1",
			TLS_IDENTITY},
		/* an authority that is named is asked, unless TLS is switched off */
		{"MASTER_SSL_CA='/c.pem'", TLS_IDENTITY},
		{"MASTER_SSL_CA='/c.pem', MASTER_SSL_VERIFY_SERVER_CERT=1", TLS_IDENTITY},
		{"MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_SSL_CA='/c.pem'", TLS_CA},
		{"MASTER_SSL_CA='/c.pem', MASTER_SSL=0", TLS_OFF},
		{"MASTER_SSL_VERIFY_SERVER_CERT=1", TLS_OFF},
		{"MASTER_SSL=0", TLS_OFF},
		{"MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_SSL=1", TLS_CA},
	};
	struct change_master_statement statement;
	struct error error = {.kind = ERROR_NONE};
	struct config config;

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[300];

		snprintf(text, sizeof(text), "CHANGE MASTER TO MASTER_HOST='h', %s", cases[i].text);
		must_parse(&statement, text);
		config_init(&config);
		assert_int_equal(change_master_apply(&statement, &config, &error), 0);
		assert_int_equal(config.source.connection.tls.mode, cases[i].mode);
		assert_string_equal(config.source.connection.host, "h");
		config_release(&config);
		change_master_release(&statement);
	}
	must_parse(&statement,
		"CHANGE MASTER 'east' TO MASTER_HOST='h', MASTER_PORT=3310, MASTER_HEARTBEAT_PERIOD=1.5, "
		"MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=7");
	config_init(&config);
	assert_int_equal(change_master_apply(&statement, &config, &error), 0);
	assert_int_equal(config.source.connection.port, 3310);
	assert_int_equal(config.source.heartbeat_period_ms, 1500);
	assert_int_equal(config.source.connect_retry_seconds, 7);
	assert_true(config.source.use_gtid);
	assert_string_equal(config.channel, "east");
	config_release(&config);
	change_master_release(&statement);

	must_parse(&statement, "CHANGE MASTER TO MASTER_PORT=70000");
	config_init(&config);
	assert_int_equal(change_master_apply(&statement, &config, &error), -1);
	assert_non_null(strstr(error.text, "not between 1 and 65535"));
	config_release(&config);
	change_master_release(&statement);
}

static void test_options(void **unused)
{
	struct change_master_statement statement;
	struct error error = {.kind = ERROR_NONE};

	(void)unused;
	change_master_init(&statement);
	assert_int_equal(change_master_option(&statement, "master-host", "a", &error), 0);
	assert_int_equal(change_master_option(&statement, "target-log-file", "a", &error), 0);
	assert_int_equal(change_master_option(&statement, "master-log-file", "b.000001", &error), 1);
	assert_int_equal(change_master_option(&statement, "source_log_pos", "77", &error), 1);
	assert_int_equal(change_master_options_end(&statement, &error), 0);
	assert_int_equal(statement.start, CHANGE_MASTER_START_FILE_POSITION);
	assert_string_equal(statement.file, "b.000001");
	assert_int_equal(statement.position, 77);
	assert_int_equal(change_master_option(&statement, "from-now", NULL, &error), 1);
	assert_int_equal(change_master_options_end(&statement, &error), -1);
	change_master_release(&statement);

	assert_int_equal(change_master_option(&statement, "master-auto-position", NULL, &error), 1);
	assert_int_equal(change_master_options_end(&statement, &error), 0);
	assert_int_equal(statement.start, CHANGE_MASTER_START_GTID);
	change_master_release(&statement);

	assert_int_equal(change_master_option(&statement, "master-use-gtid", "0-1-2", &error), 1);
	assert_int_equal(change_master_options_end(&statement, &error), 0);
	assert_int_equal(statement.start, CHANGE_MASTER_START_GTID);
	assert_string_equal(statement.gtid_set, "0-1-2");
	change_master_release(&statement);

	assert_int_equal(change_master_option(&statement, "from-now", NULL, &error), 1);
	assert_int_equal(change_master_option(&statement, "master-use-gtid", "slave_pos", &error), 1);
	assert_int_equal(change_master_options_end(&statement, &error), 0);
	assert_int_equal(statement.start, CHANGE_MASTER_START_NOW);
	assert_int_equal(statement.use_gtid, 1);
	change_master_release(&statement);

	assert_int_equal(change_master_option(&statement, "master-log-pos", "x", &error), -1);
	assert_non_null(strstr(error.text, "MASTER_LOG_POS: the value is not a position"));
	change_master_release(&statement);
}

/* Every prefix of a statement, and every byte of it changed: an error or a result, never a crash. The text
 * ends at the end of its memory, so that a look behind it is seen. */
static void test_mutations(void **unused)
{
	static const char text[] = "SET @@GLOBAL.gtid_purged=/*!80000 '+'*/ 'a:1-5'; CHANGE MASTER 'c' TO "
				   "MASTER_HOST='a\\'b''c', -- x\n"
				   "MASTER_PASSWORD='p', IGNORE_SERVER_IDS=(1,'2'), "
				   "PRIVILEGE_CHECKS_USER='a'@'b', MASTER_PORT=1 "
				   "FOR CHANNEL `x`\\G";
	static const char bytes[] = "'\"`\\/*!-#;=,()@ a0\0\xff";

	(void)unused;
	for (size_t length = 0; length < sizeof(text); length++) {
		for (size_t change = 0; change < sizeof(bytes); change++) {
			struct change_master_statement statement;
			struct error error = {.kind = ERROR_NONE};
			char *copy = malloc(length ? length : 1);

			memcpy(copy, text, length);
			if (length)
				copy[length - 1] = bytes[change];
			if (change_master_parse(&statement, copy, length, &error) == 0)
				change_master_release(&statement);
			free(copy);
			copy = malloc(sizeof(text) - 1);
			memcpy(copy, text, sizeof(text) - 1);
			if (length < sizeof(text) - 1)
				copy[length] = bytes[change];
			if (change_master_parse(&statement, copy, sizeof(text) - 1, &error) == 0)
				change_master_release(&statement);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mysql),
		cmocka_unit_test(test_mariadb),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_password_in_no_error),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
