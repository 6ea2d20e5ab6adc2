#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/config.h"

static char directory[64];

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

static int make_directory(void **unused)
{
	(void)unused;
	snprintf(directory, sizeof(directory), "/tmp/changeling-config-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **unused)
{
	(void)unused;
	return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_directory(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
}

#define must(call)                                                                                           \
	do {                                                                                                 \
		struct error error = {.kind = ERROR_NONE};                                                   \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, error.text);                                               \
	} while (0)

#define must_fail(call, wanted_kind, wanted_text)                                                            \
	do {                                                                                                 \
		struct error error = {.kind = ERROR_NONE};                                                   \
		assert_int_equal((call), -1);                                                                \
		if (error.kind != (wanted_kind) || !strstr(error.text, wanted_text))                         \
			fail_msg("%s: kind %s: %s", #call, error_kind_name(error.kind), error.text);         \
	} while (0)

static int parse(struct config *config, const char *text, struct error *error)
{
	return config_parse(config, "x.cnf", text, strlen(text), error);
}

static void test_defaults(void **unused)
{
	struct config config;

	(void)unused;
	config_init(&config);
	assert_int_equal(config.source.connection.port, 3306);
	assert_int_equal(config.source.connection.tls.mode, TLS_OFF);
	assert_int_equal(config.target.connection.tls.mode, TLS_IDENTITY);
	assert_string_equal(config.target.schema, "changeling");
	assert_string_equal(config.channel, "main");
	assert_int_equal(config.workers, 4);
	assert_true(config.preserve_commit_order);
	assert_int_equal(config.source.heartbeat_period_ms, 5000);
	assert_int_equal(config.merge_time_ms, 1000);
	assert_int_equal(config.large_transaction_bytes, 8 << 20);
	assert_int_equal(config.conflicts, CONFIG_CONFLICTS_STOP);
	assert_int_equal(config.accounts, CONFIG_ACCOUNTS_TRANSLATE);
	assert_int_equal(config.log_level, LOG_INFO);
	assert_null(config.source.connection.host);
	assert_int_equal(config.source.server_id, 0);
	assert_false(config_is_set(&config, "target", "schema"));
	config_release(&config);
}

/* Every entry of the table: its names are found, and no name is there twice. */
static void test_table(void **unused)
{
	(void)unused;
	assert_true(config_option_count <= 256);
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];
		char name[100];
		bool wants;

		assert_true(strlen(option->help) > 5);
		assert_true(option->minimum <= option->maximum);
		if (option->type == CONFIG_RULE)
			continue;
		snprintf(name, sizeof(name), "%s%s%s",
			strcmp(option->group, "changeling") ? option->group : "",
			strcmp(option->group, "changeling") ? "-" : "", option->name);
		if (strcmp(name, "source-use-gtid") != 0)
			assert_true(config_has_option(name, &wants));
		for (size_t j = 0; j < i; j++) {
			if (strcmp(config_options[j].group, option->group) == 0)
				assert_string_not_equal(config_options[j].name, option->name);
		}
	}
}

static void test_syntax(void **unused)
{
	static const char text[] = "# a comment\n"
				   "; another\r\n"
				   "[mysqld]\n"
				   "server-id = 999\n"
				   "whatever it says\n"
				   "[ source ] # here we are\n"
				   "host=db1,db2:3307   # two\n"
				   "  PORT = 3310\n"
				   "user = \"re pl#1\"  ; quoted\n"
				   "server_id=4294967295\r\n"
				   "password-command = 'echo \\'it\\\\s\\' #no comment'\n"
				   "use-gtid\n"
				   "heartbeat_period = 0.25\n"
				   "net_timeout = 2m\n"
				   "report-host = a#b\n"
				   "[target]\n"
				   "host =   \n"
				   "ssl-mode = VERIFY_CA\n"
				   "[changeling]\n"
				   "queue-bytes = 1G\n"
				   "slave-parallel-workers = 8\n"
				   "replica_preserve_commit_order = off\n"
				   "rule.engine = skip\n"
				   "rule.Engine = stop\n"
				   "rule.definer_x = run\n"
				   "definer-map = 'a,b'@'%' => admin@localhost, * => admin\n"
				   "log-level = debug";
	struct config config;

	(void)unused;
	config_init(&config);
	must(parse(&config, text, &error));
	assert_string_equal(config.source.connection.host, "db1,db2:3307");
	assert_int_equal(config.source.connection.port, 3310);
	assert_string_equal(config.source.connection.user, "re pl#1");
	assert_int_equal(config.source.server_id, UINT32_MAX);
	assert_string_equal(config.source.connection.password_command, "echo 'it\\s' #no comment");
	assert_true(config.source.use_gtid);
	assert_int_equal(config.source.heartbeat_period_ms, 250);
	assert_int_equal(config.source.connection.read_timeout_seconds, 120);
	assert_string_equal(config.source.report_host, "a#b");
	assert_null(config.target.connection.host);
	assert_int_equal(config.target.connection.tls.mode, TLS_CA);
	assert_int_equal(config.queue_bytes, 1 << 30);
	assert_int_equal(config.workers, 8);
	assert_false(config.preserve_commit_order);
	assert_int_equal(config.rule_count, 2);
	assert_int_equal(config.rules[0].policy, CONFIG_POLICY_STOP);
	assert_int_equal(config.rules[1].policy, CONFIG_POLICY_RUN);
	assert_int_equal(config.definer_count, 2);
	assert_string_equal(config.definers[0].from, "'a,b'@'%'");
	assert_string_equal(config.definers[0].to, "admin@localhost");
	assert_string_equal(config.definers[1].from, "*");
	assert_string_equal(config.definers[1].to, "admin");
	assert_int_equal(config.log_level, LOG_DEBUG);
	assert_true(config_is_set(&config, "changeling", "replica-parallel-workers"));
	assert_false(config_is_set(&config, "changeling", "accounts"));
	config_release(&config);
}

static void test_bad_syntax(void **unused)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"host = a\n", "x.cnf line 1: an option stands before the first [group]"},
		{"[source\nhost = a\n", "line 1: the ']'"},
		{"[source] host = a\n", "line 1: there is something behind the ']'"},
		{"[source]\n!include /etc/my.cnf\n", "line 2: other files cannot be included"},
		{"[source]\n\nhost = 'a\n", "line 3: the closing quote is missing"},
		{"[source]\nhost = 'a' b\n", "line 2: there is something behind the closing quote"},
		{"[source]\n= a\n", "line 2: this is not"},
		{"[source]\nhots = a\n",
			"line 2: there is no option \"hots\" in group [source]. Did you mean host?"},
		{"[changeling]\nreplica-paralel-workers = 3\n", "Did you mean replica-parallel-workers?"},
		{"[source]\npassword = hunter2\n", "passwords are not kept here"},
		{"[target]\nport = 65536\n", "line 2: [target] port: 65536 is not between 1 and 65535"},
		{"[target]\nport = -1\n", "\"-1\" is not a number"},
		{"[target]\nport = 33x\n", "is not a number"},
		{"[target]\nport =\n", "is not a number"},
		{"[changeling]\nqueue-bytes = 99999999999G\n", "is not a number of bytes"},
		{"[changeling]\nqueue-bytes = 1X\n", "is not a number of bytes"},
		{"[changeling]\nqueue-bytes = 18446744073709551616\n", "is not a number of bytes"},
		{"[changeling]\nstatus-interval = 0.05\n", "between 100 and 3600000 milliseconds"},
		{"[changeling]\nstatus-interval = 1.5x\n", "is not a time"},
		{"[source]\nconnect-timeout = soon\n", "is not a number of seconds"},
		{"[source]\nserver-id = 0\n", "not between 1 and 4294967295"},
		{"[source]\nuse-gtid = maybe\n", "is not on or off"},
		{"[changeling]\nconflicts = ignore\n", "is not one of stop, record, repair"},
		{"[target]\nssl-mode = REQUIRED\n", "is not one of off, ca, identity. That verifies nothing"},
		{"[changeling]\nrule.x = maybe\n",
			"rule.x: \"maybe\" is not one of run, rewrite, skip, stop"},
		{"[changeling]\nrule. = run\n", "the name of the rule is missing"},
		{"[changeling]\ndefiner-map = a\n", "is not of the form"},
		{"[changeling]\ndefiner-map = a =>\n", "is not of the form"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;

		config_init(&config);
		must_fail(parse(&config, cases[i].text, &error), ERROR_USAGE, cases[i].said);
		config_release(&config);
	}
	{
		struct error error = {.kind = ERROR_NONE};
		struct config config;

		config_init(&config);
		assert_int_equal(parse(&config, "[source]\npassword = hunter2\n", &error), -1);
		assert_null(strstr(error.text, "hunter2"));
		assert_int_equal(config_parse(&config, "x", "[source]\0x", 10, &error), -1);
		config_release(&config);
	}
}

/* What was set comes back, whatever characters it has; what was not set is not written. */
static void test_save_and_load(void **unused)
{
	struct config config, again;
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	char path[200];
	struct stat info;
	char longer[3000];

	(void)unused;
	snprintf(path, sizeof(path), "%s/a/b", directory);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	config_init(&config);
	must(config_set_option(&config, "master-host", "db1", &error));
	must(config_set_option(&config, "source-user", "o'neil \"#;[x]\\ \n=", &error));
	must(config_set_option(&config, "target-password-command", longer, &error));
	must(config_set_option(&config, "target-ssl-ca", "/etc/ca.pem", &error));
	must(config_set_option(&config, "server-id", "17", &error));
	must(config_set_option(&config, "merge-time", "0.125", &error));
	must(config_set_option(&config, "large-transaction-bytes", "100000", &error));
	must(config_set_option(&config, "rule.engine", "stop", &error));
	must(config_set_option(&config, "definer-map", "a=>b , c=>d", &error));
	must(config_save(&config, path, &error));
	config_write(&config, &first);
	assert_null(strstr(buffer_text(&first), "retry-count"));

	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/a/b/changeling.cnf", directory);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);

	config_init(&again);
	snprintf(path, sizeof(path), "%s/a/b", directory);
	must(config_load(&again, path, &error));
	assert_string_equal(again.source.connection.user, config.source.connection.user);
	assert_string_equal(again.target.connection.password_command, longer);
	assert_int_equal(again.merge_time_ms, 125);
	assert_int_equal(again.large_transaction_bytes, 100000);
	config_write(&again, &second);
	assert_string_equal(buffer_text(&first), buffer_text(&second));
	buffer_release(&first);
	buffer_release(&second);
	config_release(&config);
	config_release(&again);
}

static void test_modes(void **unused)
{
	struct config config;

	(void)unused;
	config_init(&config);
	must_fail(config_load(&config, directory, &error), ERROR_USAGE, "Write it with change-master");
	write_file("changeling.cnf", "[source]\nhost=a\n", 0640);
	must_fail(config_load(&config, directory, &error), ERROR_USAGE, "chmod 600");
	write_file("changeling.cnf", "[source]\nhost=a\nssl-ca=ca.pem\n", 0600);
	must(config_load(&config, directory, &error));
	/* relative to where it stands */
	assert_string_equal(config.source.connection.tls.ca, in_directory("ca.pem"));
	chmod(directory, 0711);
	must_fail(config_load(&config, directory, &error), ERROR_USAGE, "chmod 700");
	chmod(directory, 0700);
	if (geteuid() == 0) {
		assert_int_equal(chown(in_directory("changeling.cnf"), 65534, 65534), 0);
		must(config_load(&config, directory, &error)); /* root may */
	}
	must_fail(config_load(&config, "/nonexistent", &error), ERROR_USAGE, "/nonexistent");
	config_release(&config);
}

static void test_command_line(void **unused)
{
	struct config config;
	char here[4096], expected[4200];
	bool wants;

	(void)unused;
	config_init(&config);
	assert_true(config_has_option("master-host", &wants) && wants);
	assert_true(config_has_option("source-ssl-ca", &wants) && wants);
	assert_true(config_has_option("master_ssl", &wants) && !wants);
	assert_true(config_has_option("replica-preserve-commit-order", &wants) && !wants);
	assert_true(config_has_option("report-host", &wants));
	assert_true(config_has_option("use-gtid", &wants) && !wants);
	assert_true(config_has_option("rule.engine", &wants) && wants);
	/* the start position is not the configuration's */
	assert_false(config_has_option("master-use-gtid", &wants));
	assert_false(config_has_option("source-auto-position", &wants));
	assert_false(config_has_option("master-log-file", &wants));
	assert_false(config_has_option("host", &wants));
	assert_false(config_has_option("ssl", &wants));
	assert_false(config_has_option("target-server-id", &wants));
	assert_false(config_has_option("master-password", &wants));
	assert_false(config_has_option("rule.", &wants));

	/* TLS in the words of CHANGE MASTER */
	must(config_set_option(&config, "master-ssl", "1", &error));
	assert_int_equal(config.source.connection.tls.mode, TLS_CA);
	must(config_set_option(&config, "master-ssl-verify-server-cert", "1", &error));
	assert_int_equal(config.source.connection.tls.mode, TLS_IDENTITY);
	must(config_set_option(&config, "master-ssl", "1", &error));
	assert_int_equal(config.source.connection.tls.mode, TLS_IDENTITY);
	must(config_set_option(&config, "master-ssl-verify-server-cert", "0", &error));
	assert_int_equal(config.source.connection.tls.mode, TLS_CA);
	must(config_set_option(&config, "master-ssl", "0", &error));
	assert_int_equal(config.source.connection.tls.mode, TLS_OFF);
	assert_true(config_is_set(&config, "source", "ssl-mode"));

	assert_non_null(getcwd(here, sizeof(here)));
	must(config_set_option(&config, "source-password-file", "secret", &error));
	snprintf(expected, sizeof(expected), "%s/secret", here);
	assert_string_equal(config.source.connection.password_file, expected);
	/* one way to come by the password replaces the other */
	must(config_set_option(&config, "source-password-command", "cat x", &error));
	assert_null(config.source.connection.password_file);
	must(config_set_option(&config, "source-password-file", "/x", &error));
	assert_null(config.source.connection.password_command);

	must_fail(config_set_option(&config, "master-password", "x", &error), ERROR_USAGE, "password-file");
	must_fail(config_set_option(&config, "frobnicate", "x", &error), ERROR_USAGE,
		"no option \"frobnicate\"");
	must_fail(config_set(&config, "mysqld", "port", "1", &error), ERROR_USAGE, "no group [mysqld]");
	config_release(&config);
}

static void test_hosts(void **unused)
{
	struct config_connection connection = {
		.host = " db1 , db2:3307,[::1]:3308,fe80::1,[::2],h:,h:70000,", .port = 1};
	uint64_t port;

	(void)unused;
	assert_string_equal(config_host_at(&connection, 0, &port), "db1");
	assert_int_equal(port, 1);
	assert_string_equal(config_host_at(&connection, 1, &port), "db2");
	assert_int_equal(port, 3307);
	assert_string_equal(config_host_at(&connection, 2, &port), "::1");
	assert_int_equal(port, 3308);
	assert_string_equal(config_host_at(&connection, 3, &port), "fe80::1");
	assert_int_equal(port, 1);
	assert_string_equal(config_host_at(&connection, 4, &port), "::2");
	assert_int_equal(port, 1);
	assert_string_equal(config_host_at(&connection, 5, &port), "h");
	assert_int_equal(port, 0);
	assert_string_equal(config_host_at(&connection, 6, &port), "h");
	assert_int_equal(port, 0);
	assert_null(config_host_at(&connection, 7, &port));
	connection.host = NULL;
	assert_null(config_host_at(&connection, 0, &port));
	connection.host = "";
	assert_null(config_host_at(&connection, 0, &port));
	connection.host = ",,";
	assert_null(config_host_at(&connection, 0, &port));
}

static void test_validate(void **unused)
{
	static const char sound[] = "[source]\nhost=a\nuser=u\nserver-id=5\n[target]\nhost=b\nuser=v\n";
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"[source]\nhost=", "[source] host is not set"},
		{"[target]\nuser=", "[target] user is not set"},
		{"[target]\nhost=a,b", "one target only"},
		{"[source]\nhost=a:b", "without a valid port"},
		{"[source]\npassword-file=/x\npassword-command=y", "both password-file and password-command"},
		{"[source]\nssl-key=/dev/null", "without the other"},
		{"[target]\nssl-ca=/nonexistent/ca.pem", "/nonexistent/ca.pem cannot be read"},
		{"[target]\nssl-mode=off\nssl-ca=/dev/null", "target-ssl-mode=off and target-ssl-ca are both set"},
		{"[source]\nssl-ca=/dev/null\nssl-mode=off", "source-ssl-mode=off and source-ssl-ca are both set"},
		{"[source]\nheartbeat-period=40", "at least twice heartbeat-period"},
		{"[changeling]\nchannel=a'b", "a name may have letters, digits"},
		{"[target]\nschema=a`b", "a name may have letters, digits"},
		{"[target]\nschema=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"longer than 64"},
		{"[changeling]\nserver-uuid=12345", "is not a UUID"},
		{"[changeling]\nserver-uuid=3e11fa47-71ca-11e1-9e33-c80aa9429562x", "is not a UUID"},
	};
	struct config config;

	(void)unused;
	config_init(&config);
	must(parse(&config, sound, &error));
	must(config_validate(&config, &error));
	must(parse(&config, "[changeling]\nserver-uuid=3E11FA47-71ca-11e1-9e33-c80aa9429562", &error));
	must(config_validate(&config, &error));
	config_release(&config);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config_init(&config);
		must(parse(&config, sound, &error));
		must(parse(&config, cases[i].text, &error));
		must_fail(config_validate(&config, &error), ERROR_USAGE, cases[i].said);
		config_release(&config);
	}
	config_init(&config);
	must(parse(&config, "[source]\nhost=a\nuser=u\n[target]\nhost=b\nuser=v\n", &error));
	must_fail(config_validate(&config, &error), ERROR_USAGE, "server-id is not set");
	config_release(&config);
}

/* ---- passwords ---- */

static void expect_password(const struct config_connection *connection, const char *expected)
{
	char *password;

	must(config_password(connection, &password, &error));
	assert_string_equal(password, expected);
	config_password_release(password);
}

static void test_password_file(void **unused)
{
	struct config_connection connection = {.host = "a"};
	char path[200];
	char *password;

	(void)unused;
	expect_password(&connection, "");
	snprintf(path, sizeof(path), "%s/pw", directory);
	connection.password_file = path;
	must_fail(config_password(&connection, &password, &error), ERROR_USAGE, "No such file");
	write_file("pw", " s3cret #\"'\\ \r\nsecond line\n", 0600);
	expect_password(&connection, " s3cret #\"'\\ ");
	write_file("pw", "no newline", 0400);
	expect_password(&connection, "no newline");
	write_file("pw", "hunter2\n", 0640);
	{
		struct error error = {.kind = ERROR_NONE};

		assert_int_equal(config_password(&connection, &password, &error), -1);
		assert_non_null(strstr(error.text, "chmod 600"));
		assert_null(strstr(error.text, "hunter2"));
	}
	write_file("pw", "hunter2\n", 0604);
	must_fail(config_password(&connection, &password, &error), ERROR_USAGE, "open to group or others");
	write_file("pw", "\n", 0600);
	must_fail(config_password(&connection, &password, &error), ERROR_USAGE, "empty");
	connection.password_file = directory;
	must_fail(config_password(&connection, &password, &error), ERROR_USAGE, "not a regular file");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_password_command(void **unused)
{
	struct config_connection connection = {.password_command = "printf 'to ken\\nrest\\n'"};
	struct error said = {.kind = ERROR_NONE};
	char command[300];
	char *password;
	double start;

	(void)unused;
	expect_password(&connection, "to ken");
	/* asked anew each time */
	snprintf(command, sizeof(command), "echo x >> %s/count; wc -l < %s/count | tr -d ' '", directory,
		directory);
	connection.password_command = command;
	expect_password(&connection, "1");
	expect_password(&connection, "2");
	/* 100 KB after the first line do no harm; what it says on stderr is not read */
	connection.password_command = "echo oops >&2; echo first; yes | head -c 30000";
	expect_password(&connection, "first");
	connection.password_command = "exit 3";
	must_fail(config_password(&connection, &password, &error), ERROR_CONNECT, "exit status 3");
	connection.password_command = "echo hunter2; false";
	assert_int_equal(config_password(&connection, &password, &said), -1);
	assert_null(strstr(said.text, "hunter2"));
	connection.password_command = "true";
	must_fail(config_password(&connection, &password, &error), ERROR_CONNECT, "printed nothing");
	connection.password_command = "no-such-program-here";
	must_fail(config_password(&connection, &password, &error), ERROR_CONNECT, "exit status 127");
	connection.password_command = "kill -9 $$";
	must_fail(config_password(&connection, &password, &error), ERROR_CONNECT, "exit status");
	/* it may leave somebody behind who keeps the output open */
	start = seconds();
	connection.password_command = "sleep 60 & echo quick";
	expect_password(&connection, "quick");
	assert_true(seconds() - start < 5);
	/* it cannot read what we could */
	connection.password_command = "cat; echo done";
	expect_password(&connection, "done");
}

/* A process that reaps all children, as an event loop does, takes nothing from us. */
static void test_command_reaped_by_another(void **unused)
{
	struct config_connection connection = {.password_command = "echo mine"};
	char *password;

	(void)unused;
	signal(SIGCHLD, SIG_IGN);
	expect_password(&connection, "mine");
	connection.password_command = "exit 4";
	must_fail(config_password(&connection, &password, &error), ERROR_CONNECT, "exit status 4");
	signal(SIGCHLD, SIG_DFL);
}

static void test_password_store(void **unused)
{
	struct config config;
	struct stat info;

	(void)unused;
	config_init(&config);
	must(config_set_option(&config, "target-password-command", "x", &error));
	must(config_password_store(&config, directory, "target", "s'3 cret\\", &error));
	assert_string_equal(config.target.connection.password_file, in_directory("target.password"));
	assert_null(config.target.connection.password_command);
	assert_int_equal(stat(in_directory("target.password"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	expect_password(&config.target.connection, "s'3 cret\\");
	must(config_password_store(&config, directory, "target", "changed", &error));
	expect_password(&config.target.connection, "changed");
	must_fail(config_password_store(&config, directory, "target", "", &error), ERROR_USAGE, "empty");
	must_fail(
		config_password_store(&config, directory, "target", "a\nb", &error), ERROR_USAGE, "one line");
	config_release(&config);
}

static void test_help(void **unused)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)unused;
	config_print_help(out, NULL);
	fclose(out);
	assert_non_null(strstr(text, "  --source-host=TEXT\n"));
	assert_non_null(strstr(text, "  --target-ssl-mode=off|ca|identity\n"));
	assert_non_null(strstr(text, "  --replica-parallel-workers=N\n"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (*line == ' ')
			assert_true(strlen(line) <= 80);
	}
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_bad_syntax),
		TEST(test_save_and_load),
		TEST(test_modes),
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_validate),
		TEST(test_password_file),
		TEST(test_password_command),
		cmocka_unit_test(test_command_reaped_by_another),
		TEST(test_password_store),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
