#include "proxy/source_errors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ER_ACCESS_DENIED 1045
#define ER_PRIVILEGE 1227
#define CR_LOST 2013
#define CR_TLS 2026

#define NEW_COPY \
	"Copy the data to the target anew and set the start position of that copy with change-master."
#define WORN_LOG \
	"Look at the master's error log and check the file there with mysqlbinlog --verify-binlog-checksum."

/* Texts of the dump thread (1.10), both vocabularies: every fragment of a line must occur, whatever the case.
 * The first line that matches counts, so the particular stands before the general. */
static const struct text_rule {
	const char *fragment[3];
	struct source_verdict verdict;
} text_rules[] = {
	{{"same server_uuid", "connected"},
		{ERROR_STOP, "duplicate",
			"Another replica with our uuid or server-id has taken this stream over: the master "
			"serves only one of them, and reconnecting would throw the other one out in turn.",
			"Find it with SHOW REPLICAS (SHOW SLAVE HOSTS) on the master. Is this state "
			"directory a copy, or does a second instance run on it? Give each instance a "
			"server-id and a server-uuid of its own, then start again."}},
	{{"same server_id", "connected"},
		{ERROR_STOP, "duplicate",
			"Another replica with our server-id has taken this stream over: the master serves "
			"only one of them, and reconnecting would throw the other one out in turn.",
			"Find it with SHOW SLAVE HOSTS (SHOW REPLICAS) on the master, give each replica a "
			"server-id of its own, then start again."}},
	{{"same server-id", "connected"},
		{ERROR_STOP, "duplicate",
			"Another replica with our server-id has taken this stream over: the master serves "
			"only one of them, and reconnecting would throw the other one out in turn.",
			"Find it with SHOW SLAVE HOSTS (SHOW REPLICAS) on the master, give each replica a "
			"server-id of its own, then start again."}},
	{{"already running"},
		{ERROR_RETRY, "busy", "The master has not yet ended the stream of our former connection.",
			NULL}},

	/* GTID */
	{{"purged", "gtid"},
		{ERROR_STOP, "purged", "The master has purged logs with transactions that we have not got.",
			"If another server of the topology still has them, point the source at it. Otherwise: " NEW_COPY
			" Then let the master keep its logs for longer."}},
	{{"purged required binary log"},
		{ERROR_STOP, "purged", "The master has purged logs with transactions that we have not got.",
			"If another server of the topology still has them, point the source at it. Otherwise: " NEW_COPY
			" Then let the master keep its logs for longer."}},
	{{"more gtids than"},
		{ERROR_STOP, "diverged",
			"We have applied transactions of the master that it no longer has: it lost the tail "
			"of its log in a crash, or was restored from a backup.",
			"Compare the target with the master. " NEW_COPY}},
	{{"diverged"},
		{ERROR_STOP, "diverged",
			"The last transaction that we applied is not in this master's log, but later ones "
			"are: the two histories have parted.",
			"Is this the right master? If so, compare the target with it. " NEW_COPY}},
	{{"requested to start from gtid", "not in the"},
		{ERROR_STOP, "diverged",
			"The last transaction that we applied is not in this master's log: it is another "
			"master, or it lost the tail of its log.",
			"Check that the source is of the topology that the position comes from. If it lost its tail, "
			"that may have reached the target: compare the two. Then: " NEW_COPY}},
	{{"missing the gtid", "requested by"},
		{ERROR_STOP, "diverged", "The start position falls into a hole of this master's log.",
			"Check that the source is of the topology that the position comes from. Otherwise: " NEW_COPY}},
	{{"anonymous"},
		{ERROR_STOP, "gtid-mode",
			"The master's log holds transactions without a GTID, which cannot be followed by GTID.",
			"Replicate by file and position (change-master with a log file and a position), or "
			"wait until gtid_mode=ON and those logs are purged."}},
	{{"gtid_mode"},
		{ERROR_STOP, "gtid-mode", "The master does not serve GTIDs at present.",
			"Set gtid_mode=ON there, or replicate by file and position (change-master with a log "
			"file and a position)."}},
	{{"auto_position"},
		{ERROR_STOP, "gtid-mode", "The master does not serve GTIDs at present.",
			"Set gtid_mode=ON there, or replicate by file and position (change-master with a log "
			"file and a position)."}},
	{{"malformed gtid"},
		{ERROR_STOP, "protocol", "The master cannot read our GTID set.",
			"A set with tags needs MySQL 8.3 or later as the master. Otherwise this is a fault "
			"of changeling: please report it with the set."}},
	{{"gtid state requested", "purged"},
		{ERROR_STOP, "purged", "The master has purged the logs that follow our position.",
			NEW_COPY " Then let the master keep its logs for longer."}},
	{{"could not find gtid state"},
		{ERROR_STOP, "purged",
			"The master has no log that follows our position: purged, or never had it.",
			"Check that the source is of the topology that the position comes from. Otherwise: " NEW_COPY}},
	{{"replace gtid event"},
		{ERROR_STOP, "protocol", "The master takes us for a replica of old that knows no GTIDs.",
			"This is a fault of changeling or of a proxy in between that drops session "
			"variables: please report it."}},

	/* files and positions */
	{{"first log file name"},
		{ERROR_STOP, "purged",
			"The master does not have the log file that we asked for: purged, or a wrong name.",
			"Compare with SHOW BINARY LOGS on the master. If the file is gone: " NEW_COPY
			" Then let the master keep its logs for longer."}},
	{{"could not find next log"},
		{ERROR_STOP, "purged",
			"The master cannot find the log that follows: purged under our feet, or its index is "
			"damaged.",
			"Compare with SHOW BINARY LOGS on the master. If the file is gone: " NEW_COPY}},
	{{"position < 4"},
		{ERROR_STOP, "position", "The start position lies before a log's first event.",
			"Set a position that SHOW BINLOG EVENTS lists (4 is the start of a file)."}},
	{{"position > file size"},
		{ERROR_STOP, "position",
			"The start position lies behind the end of the file: the master lost the tail of its "
			"log in a crash (sync_binlog is not 1), or the file is not the one that the position "
			"was taken from.",
			"What was lost there may have reached the target. Compare the two; then: " NEW_COPY}},
	{{"impossible position"},
		{ERROR_STOP, "position",
			"The start position lies behind the end of the file: the master lost the tail of its "
			"log in a crash (sync_binlog is not 1), or the file is not the one that the position "
			"was taken from.",
			"What was lost there may have reached the target. Compare the two; then: " NEW_COPY}},
	{{"find format_description"},
		{ERROR_STOP, "position", "The file does not begin like a binary log.", WORN_LOG}},
	{{"binary log is not open"},
		{ERROR_STOP, "log-off", "The master writes no binary log.",
			"Start it with log_bin (on Amazon RDS: switch automated backups on), then take a new start position."}},
	{{"server id was not set"},
		{ERROR_STOP, "server-id", "The master has no server_id.",
			"Set server_id there to a number of its own."}},
	{{"misconfigured"},
		{ERROR_STOP, "server-id", "The master has no server_id.",
			"Set server_id there to a number of its own."}},

	/* damage */
	{{"decrypt"},
		{ERROR_STOP, "decryption", "The master cannot decrypt its own log.",
			"Look at the master's error log: the key is missing there."}},
	{{"replication events with the checksum"},
		{ERROR_STOP, "protocol", "The master thinks that we know nothing of checksums.",
			"This is a fault of changeling or of a proxy in between that drops session "
			"variables: please report it."}},
	{{"can not handle replication events"},
		{ERROR_STOP, "protocol", "The master takes us for too old a replica.",
			"This is a fault of changeling or of a proxy in between that drops session "
			"variables: please report it."}},
	{{"truncated in the middle"},
		{ERROR_CORRUPT, "truncated",
			"The start position is not where an event begins, or the master's log ends inside one.",
			"Take a position that SHOW BINLOG EVENTS lists. If the master crashed, its tail is lost: "
			"compare the target with it. " WORN_LOG}},
	{{"exceeded max_allowed_packet"},
		{ERROR_STOP, "position",
			"An event seems larger than any may be: the start position is not where an event "
			"begins, or the log is damaged.",
			"Take a position that SHOW BINLOG EVENTS lists. " WORN_LOG}},
	{{"bogus data"},
		{ERROR_CORRUPT, "corrupt",
			"The start position is not where an event begins, or the log is damaged.",
			"Take a position that SHOW BINLOG EVENTS lists. " WORN_LOG}},
	{{"crc check"},
		{ERROR_CORRUPT, "corrupt",
			"The master read an event whose checksum is wrong: its log is damaged, or the start "
			"position is not where an event begins.",
			"Take a position that SHOW BINLOG EVENTS lists. " WORN_LOG}},
	{{"checksum"},
		{ERROR_CORRUPT, "corrupt", "The master read an event whose checksum is wrong.", WORN_LOG}},
	{{"sanity check"},
		{ERROR_CORRUPT, "corrupt",
			"The start position is not where an event begins, or the log is damaged.",
			"Take a position that SHOW BINLOG EVENTS lists. " WORN_LOG}},
	{{"event too small"},
		{ERROR_CORRUPT, "corrupt",
			"The start position is not where an event begins, or the log is damaged.",
			"Take a position that SHOW BINLOG EVENTS lists. " WORN_LOG}},
	{{"i/o error"}, {ERROR_RETRY, "io", "The master could not read its log.",
		"Look at the master's error log."}},
	{{"memory"}, {ERROR_RETRY, "memory", "The master is short of memory.", NULL}},
	{{"corrupt"},
		{ERROR_CORRUPT, "corrupt", "The master's log is damaged, or the start position is wrong.",
			WORN_LOG}},
};

/* Codes that say enough by themselves. */
static const struct code_rule {
	unsigned first, last;
	struct source_verdict verdict;
} code_rules[] = {
	{4052, 4052, {ERROR_STOP, "duplicate",
			"Another replica with our server-id has taken this stream over: the master serves "
			"only one of them, and reconnecting would throw the other one out in turn.",
			"Find it with SHOW SLAVE HOSTS (SHOW REPLICAS) on the master, give each replica a "
			"server-id of its own, then start again."}},
	{1045, 1045, {ERROR_CONNECT, "access", "The master does not accept user and password.",
			"Check source-user and its password, and that the account may connect from this host."}},
	{1698, 1698, {ERROR_CONNECT, "access", "The account is not one that logs in by a password.",
			"Give the replication account a password."}},
	{1130, 1130, {ERROR_CONNECT, "access", "The master lets nobody in from this host.",
			"Create the replication account for this host ('repl'@'%')."}},
	{1129, 1129, {ERROR_CONNECT, "blocked",
		"The master blocks this host after too many failed connections.",
			"Run FLUSH HOSTS there (TRUNCATE TABLE performance_schema.host_cache)."}},
	{1040, 1040, {ERROR_CONNECT, "busy", "The master has no connection to spare.", NULL}},
	{1203, 1203, {ERROR_CONNECT, "busy", "The account has as many connections as it may have.", NULL}},
	{1226, 1226, {ERROR_CONNECT, "busy", "The account has used up one of its limits.", NULL}},
	{1251, 1251, {ERROR_STOP, "access", "Client and master have no way of logging in in common.",
			"Use an account with mysql_native_password or caching_sha2_password."}},
	{2059, 2059, {ERROR_CONNECT, "access",
		"The plugin for this account's way of logging in is missing here.",
			"Install libmariadb's client plugins (package libmariadb3), or use an account with "
			"mysql_native_password or caching_sha2_password."}},
	{3159, 3159, {ERROR_CONNECT, "tls", "The master demands TLS.",
			"Set source-ssl-mode=identity and source-ssl-ca."}},
	{3118, 3118, {ERROR_STOP, "locked", "The account is locked.",
		"ALTER USER … ACCOUNT UNLOCK on the master."}},
	{4151, 4151, {ERROR_STOP, "locked", "The account is locked.",
		"ALTER USER … ACCOUNT UNLOCK on the master."}},
	{3955, 3955, {ERROR_CONNECT, "locked",
		"The account is locked for a while after too many wrong passwords.",
			"Check the password of source-user."}},
	{1820, 1820, {ERROR_STOP, "expired", "The account's password has expired.", "Set a new one."}},
	{1862, 1862, {ERROR_STOP, "expired", "The account's password has expired.", "Set a new one."}},
	{1227, 1227, {ERROR_STOP, "privilege", "The account lacks a privilege.",
			"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the account on the master."}},
	{1142, 1142, {ERROR_STOP, "privilege", "The account lacks a privilege.",
			"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the account on the master."}},
	{2026, 2026, {ERROR_CONNECT, "tls", "TLS could not be set up.", NULL}},
	{2000, 2000, {ERROR_CONNECT, "unreachable", "The client library gave up.", NULL}},
	{2002, 2004, {ERROR_CONNECT, "unreachable", "The master cannot be reached.",
			"Check source-host, source-port and the firewall in between, and that the server runs."}},
	{2005, 2005, {ERROR_CONNECT, "unreachable", "The name cannot be resolved.", "Check source-host."}},
	{2020, 2020, {ERROR_STOP, "size", "The event is larger than max-event-bytes.",
			"Raise max-event-bytes, and start again."}},
	{2006, 2006, {ERROR_RETRY, "lost", "The connection is lost.", NULL}},
	{2013, 2013, {ERROR_RETRY, "lost", "The connection is lost.", NULL}},
	{2055, 2055, {ERROR_RETRY, "lost", "The connection is lost.", NULL}},
	{2012, 2012, {ERROR_RETRY, "lost", "The connection is lost.", NULL}},
	{2027, 2027, {ERROR_RETRY, "lost", "What arrived is no packet of the protocol.", NULL}},
	{2014, 2014, {ERROR_RETRY, "lost", "What arrived is no packet of the protocol.", NULL}},
	{1158, 1161, {ERROR_RETRY, "lost", "The network broke the connection.", NULL}},
	{1153, 1153, {ERROR_STOP, "size", "The master refuses a packet as too large.", NULL}},
	{1053, 1053, {ERROR_RETRY, "shutdown", "The master is going down.", NULL}},
	{1077, 1079, {ERROR_RETRY, "shutdown", "The master is going down.", NULL}},
	{1037, 1038, {ERROR_RETRY, "memory", "The master is short of memory.", NULL}},
	{1041, 1041, {ERROR_RETRY, "memory", "The master is short of memory.", NULL}},
	{1135, 1135, {ERROR_RETRY, "memory", "The master cannot make a thread.", NULL}},
	{1184, 1184, {ERROR_RETRY, "lost", "The master dropped the connection.", NULL}},
	{1205, 1205, {ERROR_RETRY, "busy", "The master waited for a lock.", NULL}},
	{1213, 1213, {ERROR_RETRY, "busy", "The master waited for a lock.", NULL}},
	{1317, 1317, {ERROR_RETRY, "killed", "Somebody ended the stream on the master.", NULL}},
	{1927, 1927, {ERROR_RETRY, "killed", "Somebody ended the stream on the master.", NULL}},
	{3169, 3169, {ERROR_RETRY, "killed", "Somebody ended the stream on the master.", NULL}},
	{3168, 3168, {ERROR_RETRY, "busy", "The master is not available yet.", NULL}},
	{4031, 4031, {ERROR_RETRY, "lost", "The master closed an idle connection.", NULL}},
	{1381, 1381, {ERROR_STOP, "log-off", "The master writes no binary log.",
			"Start it with log_bin (on Amazon RDS: switch automated backups on), then take a new "
			"start position."}},
};

/* What OpenSSL says, and what a person has to do about it. */
static const struct tls_rule {
	const char *fragment;
	const char *advice;
} tls_rules[] = {
	{"does not support it",
		"The master offers no TLS: switch it on there, or ask for source-ssl-mode=off if the way to "
		"it is trusted."},
	{"does not offer tls",
		"The master offers no TLS: switch it on there, or ask for source-ssl-mode=off if the way to "
		"it is trusted."},
	{"legacy renegotiation",
		"The master's TLS is of old (MySQL 5.6 and before). Run changeling with OPENSSL_CONF naming "
		"a file that allows MinProtocol=TLSv1, CipherString=DEFAULT:@SECLEVEL=0 and "
		"Options=UnsafeLegacyServerConnect, or take a tunnel with source-ssl-mode=off."},
	{"unsupported protocol",
		"The master's TLS is of old (1.0 or 1.1). Run changeling with OPENSSL_CONF naming a file "
		"that allows MinProtocol=TLSv1 and CipherString=DEFAULT:@SECLEVEL=0, or take a tunnel with "
		"source-ssl-mode=off."},
	{"wrong version number",
		"The master's TLS is of old (1.0 or 1.1). Run changeling with OPENSSL_CONF naming a file "
		"that allows MinProtocol=TLSv1 and CipherString=DEFAULT:@SECLEVEL=0, or take a tunnel with "
		"source-ssl-mode=off."},
	{"no protocols available",
		"No TLS version that both sides allow: check source-tls-version and OpenSSL's MinProtocol."},
	{"key too small",
		"The master's certificate has too short a key for OpenSSL's security level: give it a new "
		"one."},
	{"md too weak", "The master's certificate is signed by too weak a digest: give it a new one."},
	{"handshake failure",
		"The two sides agree on no cipher: check source-ssl-cipher, and source-ssl-cert if the "
		"account demands a client certificate."},
	{"expired",
		"The certificate's dates do not include today: renew it, or put this machine's clock right."},
	{"not yet valid", "The certificate's dates do not include today: put this machine's clock right."},
	{"hostname", "The name in source-host is none of those in the certificate: use one of those, or "
		"source-ssl-mode=ca to check the issuer alone."},
	{"validation of ssl server certificate",
		"The name in source-host is none of those in the certificate: use one of those, or "
		"source-ssl-mode=ca to check the issuer alone."},
	{"fingerprint",
		"The certificate changed between two handshakes: something answers in the master's place."},
	{"self-signed",
		"Set source-ssl-ca to the CA that signed the master's certificate (Amazon RDS: the region's "
		"bundle)."},
	{"issuer",
		"Set source-ssl-ca to the CA that signed the master's certificate (Amazon RDS: the region's "
		"bundle)."},
	{"unable to get",
		"Set source-ssl-ca to the CA that signed the master's certificate (Amazon RDS: the region's "
		"bundle)."},
	{"revoked", "The certificate was revoked: give the master a new one."},
};

static const struct source_verdict unknown_refusal = {ERROR_STOP, "refused",
	"This is not a refusal that changeling knows how to mend by itself.",
	"Look at the master's error log."};

static bool rule_matches(const struct text_rule *rule, const char *text)
{
	for (size_t i = 0; i < 3 && rule->fragment[i]; i++) {
		if (!strcasestr(text, rule->fragment[i]))
			return false;
	}
	return true;
}

static const struct source_verdict *by_text(const char *text)
{
	for (size_t i = 0; i < sizeof(text_rules) / sizeof(text_rules[0]); i++) {
		if (rule_matches(&text_rules[i], text))
			return &text_rules[i].verdict;
	}
	return NULL;
}

const char *source_tls_advice(const char *text)
{
	for (size_t i = 0; i < sizeof(tls_rules) / sizeof(tls_rules[0]); i++) {
		if (strcasestr(text, tls_rules[i].fragment))
			return tls_rules[i].advice;
	}
	return "Check source-ssl-ca and the certificate's names and dates.";
}

void source_classify(unsigned code, const char *text, bool connected, struct source_verdict *verdict)
{
	const struct source_verdict *found = NULL;

	if (!text)
		text = "";
	if (connected && code == ER_ACCESS_DENIED)
		code = ER_PRIVILEGE;
	if (connected && code == CR_TLS)
		code = CR_LOST;
	/* The dump thread's own code; and whoever was killed may have been killed for a duplicate's sake. */
	if (code == 1236 || code == 1317 || code == 1927 || code == 1105 || code == 0)
		found = by_text(text);
	for (size_t i = 0; !found && i < sizeof(code_rules) / sizeof(code_rules[0]); i++) {
		if (code >= code_rules[i].first && code <= code_rules[i].last)
			found = &code_rules[i].verdict;
	}
	*verdict = found ? *found : unknown_refusal;
	if (code == CR_TLS)
		verdict->advice = source_tls_advice(text);
}

int source_error(struct error *error, unsigned code, const char *sqlstate, const char *text, bool connected,
	const char *doing, const char *host)
{
	struct source_verdict verdict;
	size_t length = strlen(text);
	bool stop = length && strchr(".!?", text[length - 1]);

	source_classify(code, text, connected, &verdict);
	error_set_server(error, verdict.kind, code, sqlstate, "%s: the source %s: error %u: %s%s %s", doing,
		host, code,
		length ? text : "no reason given", stop ? "" : ".", verdict.explanation);
	return verdict.advice ? error_advice(error, "%s", verdict.advice) : -1;
}
