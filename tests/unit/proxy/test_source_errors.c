/* What each refusal of a master leads to. The texts are those that servers of four versions sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/source_errors.h"

static const struct {
	unsigned code;
	const char *text;
	enum error_kind kind;
	const char *cause;
} stream_cases[] = {
	/* MySQL 9.7 */
	{1236, "A replica with the same server_uuid/server_id as this replica has connected to the source; "
	       "the first event '' at 4",
		ERROR_STOP, "duplicate"},
	{1236, "Could not find first log file name in binary log index file", ERROR_STOP, "purged"},
	{1236, "Client requested source to start replication from position > file size", ERROR_STOP,
		"position"},
	{1236, "Client requested source to start replication from position < 4", ERROR_STOP, "position"},
	{1236, "binlog truncated in the middle of event; consider out of disk space on source; the first "
	       "event 'b' at 300",
		ERROR_CORRUPT, "truncated"},
	{1236, "bogus data in log event; the first event 'binlog.000001' at 401", ERROR_CORRUPT, "corrupt"},
	{1236, "Binary log is not open", ERROR_STOP, "log-off"},
	{1236, "Misconfigured source - source server_id is 0", ERROR_STOP, "server-id"},
	{1236, "Cannot replicate because the source purged required binary logs. Replicate the missing "
	       "transactions from elsewhere, or provision a new replica from backup. Consider increasing the "
	       "source's binary log expiration period. The GTID set sent by the replica is 'x:1-2', and the "
	       "missing transactions are 'x:3-12'",
		ERROR_STOP, "purged"},
	{1236, "Replica has more GTIDs than the source has, using the source's SERVER_UUID. This may "
	       "indicate that the the last binary log file was truncated or lost",
		ERROR_STOP, "diverged"},
	{1236, "The replication sender thread cannot start in AUTO_POSITION mode: this server has GTID_MODE "
	       "= OFF instead of ON.",
		ERROR_STOP, "gtid-mode"},
	{1236, "Cannot replicate anonymous transaction when AUTO_POSITION = 1, at file ./b.1, position 4.",
		ERROR_STOP,
		"gtid-mode"},
	{1236, "Replica can not handle replication events with the checksum that source is configured to log",
		ERROR_STOP, "protocol"},
	{1236, "I/O error reading log event", ERROR_RETRY, "io"},
	{1236, "memory allocation failed reading log event", ERROR_RETRY, "memory"},
	{1236, "could not find next log; the first event 'b' at 4", ERROR_STOP, "purged"},
	{1236, "Event crc check failed! Most likely there is event corruption.", ERROR_CORRUPT, "corrupt"},
	/* MySQL 5.6 */
	{1236, "A slave with the same server_uuid/server_id as this slave has connected to the master",
		ERROR_STOP,
		"duplicate"},
	{1236, "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has "
	       "purged binary logs containing GTIDs that the slave requires.",
		ERROR_STOP, "purged"},
	{1236, "Slave has more GTIDs than the master has, using the master's SERVER_UUID.", ERROR_STOP,
		"diverged"},
	{1236, "log event entry exceeded max_allowed_packet; Increase max_allowed_packet on master",
		ERROR_STOP,
		"position"},
	/* MariaDB */
	{4052, "A slave with the same server_id is already connected; the first event '.' at 4", ERROR_STOP,
		"duplicate"},
	{1236, "Client requested master to start replication from impossible position", ERROR_STOP,
		"position"},
	{1236,
		"Error: connecting slave requested to start from GTID 0-1-99, which is not in the master's binlog",
		ERROR_STOP, "diverged"},
	{1236, "Error: connecting slave requested to start from GTID 0-7-3, which is not in the master's "
	       "binlog. Since the master's binlog contains GTIDs with higher sequence numbers, it probably "
	       "means that the slave has diverged due to executing extra erroneous transactions",
		ERROR_STOP, "diverged"},
	{1236, "Could not find GTID state requested by slave in any binlog files. Probably the slave state "
	       "is too old and required binlog files have been purged.",
		ERROR_STOP, "purged"},
	{1236, "Failed to replace GTID event with backwards-compatible event: currupt event.", ERROR_STOP,
		"protocol"},
	{1236, "The binlog on the master is missing the GTID 0-1-5 requested by the slave (even though a "
	       "later sequence number does exist)",
		ERROR_STOP, "diverged"},
	{1236, "Error during decryption", ERROR_STOP, "decryption"},
	/* other codes */
	{1053, "Server shutdown in progress", ERROR_RETRY, "shutdown"},
	{1317, "Query execution was interrupted", ERROR_RETRY, "killed"},
	{1927, "Connection was killed", ERROR_RETRY, "killed"},
	{3169, "The session was killed", ERROR_RETRY, "killed"},
	{2013, "Lost connection to server during query", ERROR_RETRY, "lost"},
	{2006, "Server has gone away", ERROR_RETRY, "lost"},
	{1159, "Got timeout reading communication packets", ERROR_RETRY, "lost"},
	{2026, "TLS/SSL error: unexpected eof while reading", ERROR_RETRY, "lost"},
	{1227, "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)", ERROR_STOP,
		"privilege"},
	{1045, "Access denied for user 'repl'@'%' (using password: YES)", ERROR_STOP, "privilege"},
	{1236, "words that no server has said so far", ERROR_STOP, "refused"},
	{9999, "", ERROR_STOP, "refused"},
	{1236, NULL, ERROR_STOP, "refused"},
};

static void refusals_of_a_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stream_cases) / sizeof(stream_cases[0]); i++) {
		struct source_verdict verdict;

		source_classify(stream_cases[i].code, stream_cases[i].text, true, &verdict);
		if (verdict.kind != stream_cases[i].kind || strcmp(verdict.cause, stream_cases[i].cause) != 0)
			fail_msg("%u %s: %s, %s", stream_cases[i].code, stream_cases[i].text,
				error_kind_name(verdict.kind), verdict.cause);
		/* whatever stops for a person says what that person can do */
		assert_non_null(verdict.explanation);
		if (verdict.kind == ERROR_STOP)
			assert_non_null(verdict.advice);
	}
}

static void refusals_at_the_door(void **state)
{
	static const struct {
		unsigned code;
		enum error_kind kind;
		const char *cause;
	} cases[] = {
		{1045, ERROR_CONNECT, "access"},
		{1130, ERROR_CONNECT, "access"},
		{2002, ERROR_CONNECT, "unreachable"},
		{2003, ERROR_CONNECT, "unreachable"},
		{2005, ERROR_CONNECT, "unreachable"},
		{2026, ERROR_CONNECT, "tls"},
		{1040, ERROR_CONNECT, "busy"},
		{1129, ERROR_CONNECT, "blocked"},
		{3159, ERROR_CONNECT, "tls"},
		{3118, ERROR_STOP, "locked"},
		{1862, ERROR_STOP, "expired"},
		{2013, ERROR_RETRY, "lost"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source_verdict verdict;

		source_classify(cases[i].code, "whatever", false, &verdict);
		assert_int_equal(verdict.kind, cases[i].kind);
		assert_string_equal(verdict.cause, cases[i].cause);
	}
}

static void tls_advice_fits_the_text(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"TLS/SSL error: self-signed certificate in certificate chain", "source-ssl-ca"},
		{"TLS/SSL error: unable to get local issuer certificate", "source-ssl-ca"},
		{"TLS/SSL error: Validation of SSL server certificate failed", "source-ssl-mode=ca"},
		{"TLS/SSL error: certificate has expired", "renew"},
		{"TLS/SSL error: unsafe legacy renegotiation disabled", "OPENSSL_CONF"},
		{"TLS/SSL error: unsupported protocol", "MinProtocol"},
		{"TLS/SSL error: SSL is required, but the server does not support it", "source-ssl-mode=off"},
		{"the server does not offer TLS.", "source-ssl-mode=off"},
		{"something else", "certificate"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source_verdict verdict;

		source_classify(2026, cases[i].text, false, &verdict);
		if (!strstr(verdict.advice, cases[i].part))
			fail_msg("%s: %s", cases[i].text, verdict.advice);
	}
}

static void the_error_says_it_all(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(source_error(&error, 1236, "HY000", "Binary log is not open", true,
		"reading the binary log",
				 "db1:3306"),
		-1);
	assert_int_equal(error.kind, ERROR_STOP);
	assert_int_equal(error.code, 1236);
	assert_string_equal(error.sqlstate, "HY000");
	assert_non_null(strstr(error.text, "reading the binary log: the source db1:3306: error 1236: Binary "
					   "log is not open. The master writes no binary log. Start it with "
					   "log_bin"));
	source_error(&error, 2013, "HY000", "", true, "reading the binary log", "db1:3306");
	assert_non_null(strstr(error.text, "no reason given"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_of_a_stream),
		cmocka_unit_test(refusals_at_the_door),
		cmocka_unit_test(tls_advice_fits_the_text),
		cmocka_unit_test(the_error_says_it_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
