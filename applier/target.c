#include "applier/target.h"

#include <assert.h>
#include <errno.h>
#include <mysql.h>
#include <errmsg.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "applier/answer.h"
#include "applier/tls_pin.h"
#include "base/clock.h"
#include "base/memory.h"

/* libmariadb's inner side as it was made, for one thing only: a connection's SSL object */
#define HAVE_TLS 1
typedef unsigned char uchar;
#include <ma_pvio.h>

/* Of what statements of the log, which are there for their effect, may answer beside it. */
#define DROPPED_ROWS_MAXIMUM 10000000u
#define RESULTS_MAXIMUM 1000000u

struct target {
	MYSQL *mysql;
	enum server_family family;
	unsigned version;
	char version_text[128];
	char cipher[128];
	char host[256];
	uint64_t max_allowed_packet;
	uint64_t connection_id;
	int socket;
	unsigned read_timeout_seconds; /* of the options */
	unsigned silence_seconds;      /* the longest that is borne at present, 0 = any */
	int64_t asked_us;              /* when a statement was sent last */
	bool multi; /* the server takes several statements a packet at present */
	/* sent packets whose answers have not been read */
	struct {
		unsigned sequence; /* the number of its last part: answers count on from it */
		int64_t sent_us;
	} sent[TARGET_UNREAD_MAXIMUM];
	unsigned oldest, unread;
	int64_t round_trip_us; /* the shortest yet, 0 = none */
};

enum error_kind target_error_kind(unsigned code, const char *text)
{
	switch (code) {
	case 2002: /* cannot connect (socket) */
	case 2003: /* cannot connect (TCP) */
	case 2005: /* unknown host */
	case 1040: /* too many connections */
	case 1203: /* too many user connections */
	case 1129: /* host blocked */
	case 1836: /* read-only mode */
	case 1036: /* table is read-only: all of InnoDB is */
	case 3159: /* secure transport required */
		return ERROR_CONNECT;
	case 1015: /* cannot lock: "Table is read only" among others */
	case 1290: /* --read-only among others */
		return text && strstr(text, "read") ? ERROR_CONNECT : ERROR_STOP;
	case 1792: /* read-only transaction: a demoted primary */
		return ERROR_CONNECT;
	case 1205: /* lock wait */
	case 1213: /* deadlock */
	case 1614: /* XA deadlock */
	case 3058: /* user-level lock deadlock */
	case 3572: /* NOWAIT */
	case 1053: /* shutdown */
	case 1077:
	case 1079:
	case 1158: /* network errors, as the server sees them */
	case 1159:
	case 1160:
	case 1161:
	case 1184:
	case 1317: /* interrupted */
	case 1927: /* killed */
	case 1969: /* statement time-out */
	case 3024:
	case 3168: /* server is not available */
	case 3169: /* session killed */
	case 4031: /* disconnected for inactivity */
	case 1021: /* disk full */
	case 1114: /* table full */
	case 1037: /* out of memory */
	case 1041:
	case 2006: /* gone away */
	case 2013: /* lost */
	case 2055:
	case 2012:
	case 2026: /* TLS broke off: how a lost connection mostly shows; certificates matter at connect only */
	case 2027: /* malformed packet */
	case 2014: /* commands out of sync: what a garbled answer leads to */
		return ERROR_RETRY;
	case 1026: /* error writing file */
	case 1030: /* error from the engine: passing when the disk is full */
	case 3:
		return text && (strstr(text, "28") || strstr(text, "full")) ? ERROR_RETRY : ERROR_STOP;
	default:
		return ERROR_STOP;
	}
}

/* The library tells of a time-out as of any other lost connection. */
static bool fell_silent(const struct target *target, unsigned code)
{
	return (code == 2006 || code == 2013 || code == 2026) && target->silence_seconds &&
		clock_monotonic_us() - target->asked_us >= (int64_t)target->silence_seconds * 1000000;
}

static int set_error(struct target *target, struct error *error, const char *doing)
{
	const char *text;
	unsigned code;

	answer_name_failure(target->mysql);
	code = mysql_errno(target->mysql);
	text = mysql_error(target->mysql);
	if (fell_silent(target, code))
		return error_set_server(error, ERROR_RETRY, code, mysql_sqlstate(target->mysql),
			"%s: the target %s has said nothing for %u s: the connection is taken for dead.%s", doing,
			target->host, target->silence_seconds,
			target->silence_seconds == target->read_timeout_seconds
				? ""
				: " If the target is only slow, raise target-connect-timeout.");
	return error_set_server(error, target_error_kind(code, text), code, mysql_sqlstate(target->mysql),
		"%s: the target %s said: error %u: %s", doing, target->host, code, text);
}

static unsigned parse_version(const char *text)
{
	unsigned a = 0, b = 0, c = 0;

	if (strncmp(text, "5.5.5-", 6) == 0)
		text += 6;
	sscanf(text, "%u.%u.%u", &a, &b, &c);
	return a * 10000 + b * 100 + c;
}

/* What a failed connect means, and what to do about it. */
static int connect_error(const struct target_options *options, unsigned code, const char *sqlstate,
	const char *text, struct error *error)
{
	enum error_kind kind = ERROR_CONNECT;
	const char *advice = NULL;

	switch (code) {
	case 1045:
	case 1698:
		advice = options->ssl_mode == TARGET_SSL_OFF
			? "Check target-user and its password, that the account may connect from this host, and that neither the "
			  "account nor the server demands TLS (MariaDB says no more than this then): target-ssl-mode=identity "
			  "and target-ssl-ca."
			: "Check target-user and its password, and that the account may connect from this host.";
		break;
	case 3118:
	case 4151:
		advice = "Unlock the account: ALTER USER … ACCOUNT UNLOCK.";
		break;
	case 1820:
	case 1862:
		advice = "The password of the account has expired: change it.";
		break;
	case 2026:
		advice = "Check target-ssl-ca, the certificate's dates, and that target-host is one of the names in the "
			 "server's certificate.";
		break;
	case 2005:
		advice = "Check target-host.";
		break;
	case 2003:
	case 2002:
		advice = "Check target-host, target-port and the firewall in between.";
		break;
	case 3159:
		advice = "The target demands TLS: set target-ssl-mode=identity and target-ssl-ca.";
		break;
	}
	error_set_server(error, kind, code, sqlstate, "cannot connect to the target %s:%u as %s: error %u: %s%s",
		options->host, options->port, options->user, code, text,
		text[0] && text[strlen(text) - 1] == '.' ? "" : ".");
	return advice ? error_advice(error, "%s", advice) : -1;
}

static int set_tls(MYSQL *mysql, const struct target_options *options, struct error *error)
{
	my_bool on = 1;

	if (options->ssl_mode == TARGET_SSL_OFF) {
		if (options->ssl_ca)
			return error_set(error, ERROR_USAGE,
				"target-ssl-mode=off and target-ssl-ca are both set: say --target-ssl-mode=identity to use TLS, or "
				"--target-ssl-ca= (nothing behind it) to go without.");
		return 0;
	}
	mysql_ssl_set(mysql, options->ssl_key, options->ssl_cert, options->ssl_ca, options->ssl_capath,
		options->ssl_cipher);
	if (options->ssl_crl)
		mysql_options(mysql, MYSQL_OPT_SSL_CRL, options->ssl_crl);
	if (options->ssl_crlpath)
		mysql_options(mysql, MYSQL_OPT_SSL_CRLPATH, options->ssl_crlpath);
	if (options->tls_version)
		mysql_options(mysql, MARIADB_OPT_TLS_VERSION, options->tls_version);
	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	if (options->ssl_mode == TARGET_SSL_IDENTITY) {
		mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
	} else {
		/* The library checks chain and name together or neither: so the chain is checked beforehand, and the
		 * connection pinned to the very certificate that passed. */
		char fingerprint[TLS_PIN_TEXT];

		if (tls_pin_fetch(options->host, options->port, options->ssl_ca, options->ssl_capath,
			    options->connect_timeout_seconds, fingerprint, error) < 0)
			return -1;
		mysql_options(mysql, MARIADB_OPT_SSL_FP, fingerprint);
	}
	return 0;
}

/* libmariadb's callbacks for LOAD DATA LOCAL. A server may ask for a local file in answer to any statement: it
 * gets the bytes of the load that is under way, and nothing at all otherwise. */
static int file_init(void **handle, const char *name, void *file)
{
	(void)name;
	*handle = file;
	return file ? 0 : 1;
}

static int file_read(void *handle, char *into, unsigned room)
{
	const struct target_file *file = handle;

	return file ? (int)file->read(file->context, into, room) : -1;
}

static void file_end(void *handle)
{
	(void)handle;
}

static int file_error(void *handle, char *into, unsigned room)
{
	(void)handle;
	snprintf(into, room, "the target asked for a local file though no LOAD DATA is under way");
	return 2000;
}

static void serve_file(MYSQL *mysql, const struct target_file *file)
{
	mysql_set_local_infile_handler(mysql, file_init, file_read, file_end, file_error, (void *)file);
}

/* How long an impatient connection waits for an answer. */
static unsigned set_up_seconds(const struct target_options *options)
{
	unsigned seconds = options->connect_timeout_seconds + TARGET_LOCK_WAIT_SECONDS;

	return options->read_timeout_seconds && options->read_timeout_seconds < seconds ? options->read_timeout_seconds : seconds;
}

static MYSQL *open_connection(const struct target_options *options, unsigned silence_seconds, struct error *error)
{
	struct buffer password = BUFFER_INIT;
	unsigned protocol = MYSQL_PROTOCOL_TCP, local_infile = 1;
	unsigned long packet = ANSWER_PACKET_BYTES;
	my_bool off = 0;
	MYSQL *mysql = mysql_init(NULL), *connected = NULL;

	if (!mysql) {
		error_set(error, ERROR_RETRY, "libmariadb has no memory for a connection.");
		return NULL;
	}
	mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &options->connect_timeout_seconds);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &silence_seconds);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &silence_seconds);
	mysql_options(mysql, MYSQL_OPT_RECONNECT, &off);
	mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &local_infile);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "changeling");
	serve_file(mysql, NULL);
	answer_guard(mysql);
	if (set_tls(mysql, options, error) < 0)
		goto out;
	if (options->password && options->password(options->password_context, &password, error) < 0)
		goto out;
	connected = mysql_real_connect(mysql, options->host, options->user, buffer_text(&password), NULL,
		options->port, NULL, CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS);
	if (!connected)
		connect_error(options, mysql_errno(mysql), mysql_sqlstate(mysql), mysql_error(mysql), error);
out:
	if (password.data)
		explicit_bzero(password.data, password.capacity);
	buffer_release(&password);
	if (connected) {
		if (connected->passwd)
			explicit_bzero(connected->passwd, strlen(connected->passwd));
		return connected;
	}
	mysql_close(mysql);
	return NULL;
}

/* A small text result of a fixed query during set-up. */
static int read_settings(struct target *target, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct target_rows rows;
	static const char sql[] = "SELECT @@version, @@global.max_allowed_packet, CONNECTION_ID()";
	int result = target_query(target, sql, sizeof(sql) - 1, &arena, &rows, error);

	if (result == 0 && rows.rows == 1) {
		printable_copy(target->version_text, sizeof(target->version_text), target_text(&rows, 0, 0));
		target->max_allowed_packet = strtoull(target_text(&rows, 0, 1), NULL, 10);
		target->connection_id = strtoull(target_text(&rows, 0, 2), NULL, 10);
		target->version = parse_version(target->version_text);
		target->family = strcasestr(target->version_text, "mariadb") ? FAMILY_MARIADB : FAMILY_MYSQL;
	} else if (result == 0) {
		result = error_set(error, ERROR_RETRY, "the target %s gave no row for its version.", target->host);
	}
	arena_release(&arena);
	return result;
}

/* Answers to a flight are many small TLS records. OpenSSL asks the kernel twice for each, unless it may take what there is:
 * then it reads all that has come at once. */
static void read_ahead(MYSQL *mysql)
{
	const char *library = NULL;

	if (mariadb_get_infov(mysql, MARIADB_TLS_LIBRARY, &library) == 0 && library &&
		strncmp(library, "OpenSSL", 7) == 0 && mysql->net.pvio && mysql->net.pvio->ctls)
		SSL_set_read_ahead(mysql->net.pvio->ctls->ssl, 1);
}

int target_connect(struct target **result, const struct target_options *options, struct error *error)
{
	struct target *target;
	unsigned silence_seconds = set_up_seconds(options);
	MYSQL *mysql = open_connection(options, silence_seconds, error);
	const char *cipher;

	if (!mysql)
		return -1;
	target = memory_zalloc(sizeof(*target));
	target->mysql = mysql;
	target->multi = true;
	target->silence_seconds = silence_seconds;
	target->read_timeout_seconds = options->read_timeout_seconds;
	target->socket = mysql_get_socket(mysql);
	snprintf(target->host, sizeof(target->host), "%s:%u", options->host, options->port);
	cipher = mysql_get_ssl_cipher(mysql);
	if (cipher) {
		snprintf(target->cipher, sizeof(target->cipher), "%s", cipher);
		read_ahead(mysql);
	}
	if (options->ssl_mode != TARGET_SSL_OFF && !cipher) {
		error_set(error, ERROR_STOP,
			"the connection to the target %s is not encrypted though target-ssl-mode asks for it.",
			target->host);
		target_close(target);
		return -1;
	}
	if (read_settings(target, error) < 0) {
		target_close(target);
		return -1;
	}
	*result = target;
	return 0;
}

static void set_silence(MYSQL *mysql, enum enum_pvio_timeout which, unsigned seconds)
{
	MARIADB_PVIO *pvio = mysql->net.pvio;

	/* mysql_options counts for the next connect only; none are left once the connection is lost */
	if (pvio)
		pvio->methods->set_timeout(pvio, which, (int)seconds);
}

void target_be_patient(struct target *target)
{
	target->silence_seconds = target->read_timeout_seconds;
	set_silence(target->mysql, PVIO_READ_TIMEOUT, target->silence_seconds);
	set_silence(target->mysql, PVIO_WRITE_TIMEOUT, target->silence_seconds);
}

void target_close(struct target *target)
{
	if (!target)
		return;
	mysql_close(target->mysql);
	free(target);
}

void target_interrupt(struct target *target)
{
	shutdown(target->socket, SHUT_RDWR);
}

uint64_t target_connection_id(const struct target *target)
{
	return target->connection_id;
}

enum server_family target_family(const struct target *target)
{
	return target->family;
}

unsigned target_version(const struct target *target)
{
	return target->version;
}

const char *target_version_text(const struct target *target)
{
	return target->version_text;
}

const char *target_cipher(const struct target *target)
{
	return target->cipher[0] ? target->cipher : NULL;
}

const char *target_host(const struct target *target)
{
	return target->host;
}

int64_t target_round_trip_us(const struct target *target)
{
	return target->round_trip_us;
}

uint64_t target_max_allowed_packet(const struct target *target)
{
	return target->max_allowed_packet;
}

static int set_multi(struct target *target, bool on, struct error *error)
{
	if (target->multi == on)
		return 0;
	target->asked_us = clock_monotonic_us();
	if (mysql_set_server_option(target->mysql,
		    on ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
		return set_error(target, error, "switching multi-statements");
	target->multi = on;
	return 0;
}

static int endless(const struct target *target, struct error *error)
{
	return error_set(error, ERROR_RETRY, "the target %s answers a statement without an end.", target->host);
}

static int drop_rows(struct target *target, MYSQL_RES *result, struct error *error)
{
	size_t rows = 0;

	while (mysql_fetch_row(result)) {
		if (++rows < DROPPED_ROWS_MAXIMUM)
			continue;
		/* freeing the result would read it to its end */
		target_interrupt(target);
		mysql_free_result(result);
		return endless(target, error);
	}
	mysql_free_result(result);
	return mysql_errno(target->mysql) ? set_error(target, error, "reading a result") : 0;
}

static int store_rows(MYSQL_RES *result, struct arena *arena, struct target_rows *rows)
{
	MYSQL_FIELD *fields = mysql_fetch_fields(result);
	MYSQL_ROW row;
	size_t at = 0;

	rows->columns = mysql_num_fields(result);
	rows->rows = mysql_num_rows(result);
	rows->names = arena_alloc(arena, rows->columns * sizeof(*rows->names));
	rows->cells = arena_alloc(arena, rows->rows * rows->columns * sizeof(*rows->cells));
	rows->lengths = arena_alloc(arena, rows->rows * rows->columns * sizeof(*rows->lengths));
	for (size_t i = 0; i < rows->columns; i++)
		rows->names[i] = arena_strdup(arena, fields[i].name);
	while ((row = mysql_fetch_row(result)) != NULL && at < rows->rows * rows->columns) {
		unsigned long *lengths = mysql_fetch_lengths(result);

		for (size_t i = 0; i < rows->columns; i++, at++) {
			rows->lengths[at] = lengths[i];
			rows->cells[at] = row[i] ? arena_strndup(arena, row[i], lengths[i]) : NULL;
		}
	}
	return at == rows->rows * rows->columns ? 0 : -1;
}

static int not_whole(const struct target *target, struct error *error)
{
	return error_set(error, ERROR_RETRY, "the target %s gave a result that is not whole, or several.", target->host);
}

static int keep_rows(struct target *target, MYSQL_RES *result, struct arena *arena, struct target_rows *rows,
	struct error *error)
{
	int status = store_rows(result, arena, rows);

	mysql_free_result(result);
	return status < 0 ? not_whole(target, error) : 0;
}

/* Takes the current result. Where rows are not wanted (NULL), those of a result set are read and dropped one by one. */
static int finish_result(struct target *target, struct target_outcome *outcome, struct arena *arena,
	struct target_rows *rows, struct error *error)
{
	MYSQL_RES *result = rows ? mysql_store_result(target->mysql) : mysql_use_result(target->mysql);

	if (!result && mysql_errno(target->mysql))
		return set_error(target, error, "running a statement");
	outcome->affected = result ? 0 : mysql_affected_rows(target->mysql);
	if (result && (rows ? keep_rows(target, result, arena, rows, error) : drop_rows(target, result, error)) < 0)
		return -1;
	outcome->warnings = mysql_warning_count(target->mysql);
	return 0;
}

static int check_length(const struct target *target, size_t length, struct error *error)
{
	if (length + 1 <= target->max_allowed_packet)
		return 0;
	return error_set(error, ERROR_STOP,
		"a statement of %zu bytes is larger than the target's max_allowed_packet of %llu bytes. Raise it in "
		"the target's parameter group and retry.",
		length, (unsigned long long)target->max_allowed_packet);
}

int target_send(struct target *target, const char *text, size_t length, struct error *error)
{
	unsigned at;

	assert(target->unread < TARGET_UNREAD_MAXIMUM);
	if (check_length(target, length, error) < 0)
		return -1;
	if (target->unread == 0 && set_multi(target, true, error) < 0)
		return -1;
	target->asked_us = clock_monotonic_us();
	if (mysql_send_query(target->mysql, text, length) != 0)
		return set_error(target, error, "sending statements");
	at = (target->oldest + target->unread++) % TARGET_UNREAD_MAXIMUM;
	target->sent[at].sequence = target->mysql->net.pkt_nr;
	target->sent[at].sent_us = target->asked_us;
	return 0;
}

static void note_round_trip(struct target *target, int64_t sent_us)
{
	int64_t took = clock_monotonic_us() - sent_us;

	if (!target->round_trip_us || took < target->round_trip_us)
		target->round_trip_us = took;
}

int target_receive_rows(struct target *target, size_t statements, struct target_outcome *outcomes, size_t *failed,
	struct arena *arena, struct target_rows *rows, struct error *error)
{
	int64_t sent_us;
	size_t at = 0;

	assert(target->unread > 0);
	/* the library counts packets from the last one that it sent */
	target->mysql->net.pkt_nr = target->sent[target->oldest].sequence;
	sent_us = target->sent[target->oldest].sent_us;
	target->oldest = (target->oldest + 1) % TARGET_UNREAD_MAXIMUM;
	target->unread--;
	*failed = 0;
	if (mysql_read_query_result(target->mysql) != 0)
		return set_error(target, error, "running a statement");
	for (;;) {
		struct target_outcome unexpected, *outcome = at < statements ? &outcomes[at] : &unexpected;
		int more;

		*failed = at;
		if (finish_result(target, outcome, arena, rows, error) < 0)
			return -1;
		at++;
		if (at > statements + (rows ? 0 : RESULTS_MAXIMUM))
			return endless(target, error);
		more = mysql_next_result(target->mysql);
		*failed = at;
		if (more > 0)
			return set_error(target, error, "running a statement");
		if (more < 0)
			break;
	}
	/* A procedure's CALL gives more results than statements; a text of ours never fewer. */
	if (at < statements)
		return error_set(error, ERROR_RETRY, "the target %s answered %zu of %zu statements.", target->host, at,
			statements);
	note_round_trip(target, sent_us);
	return 0;
}

int target_receive(struct target *target, size_t statements, struct target_outcome *outcomes, size_t *failed,
	struct error *error)
{
	return target_receive_rows(target, statements, outcomes, failed, NULL, NULL, error);
}

int target_flight(struct target *target, const char *text, size_t length, size_t statements,
	struct target_outcome *outcomes, size_t *failed, struct error *error)
{
	*failed = 0;
	if (target_send(target, text, length, error) < 0)
		return -1;
	return target_receive(target, statements, outcomes, failed, error);
}

int target_statement(struct target *target, const char *text, size_t length, struct target_outcome *outcome,
	struct error *error)
{
	struct target_outcome further;
	size_t results = 0;
	int more;

	if (check_length(target, length, error) < 0)
		return -1;
	if (set_multi(target, false, error) < 0)
		return -1;
	target->asked_us = clock_monotonic_us();
	if (mysql_real_query(target->mysql, text, length) != 0)
		return set_error(target, error, "running a statement");
	if (finish_result(target, outcome, NULL, NULL, error) < 0)
		return -1;
	while ((more = mysql_next_result(target->mysql)) == 0) { /* CALL */
		if (finish_result(target, &further, NULL, NULL, error) < 0)
			return -1;
		if (++results > RESULTS_MAXIMUM)
			return endless(target, error);
	}
	return more > 0 ? set_error(target, error, "running a statement") : 0;
}

int target_execute(struct target *target, const char *text, struct error *error)
{
	struct target_outcome outcome;
	size_t failed;

	/* our own text: no need to tell the server, in a round trip of its own, to take it for one statement */
	return target_flight(target, text, strlen(text), 1, &outcome, &failed, error);
}

int target_query(struct target *target, const char *text, size_t length, struct arena *arena,
	struct target_rows *rows, struct error *error)
{
	MYSQL_RES *result;

	memset(rows, 0, sizeof(*rows));
	target->asked_us = clock_monotonic_us();
	if (mysql_real_query(target->mysql, text, length) != 0)
		return set_error(target, error, "running a query");
	result = mysql_store_result(target->mysql);
	if (!result)
		return mysql_errno(target->mysql) ? set_error(target, error, "reading a result") : 0;
	if (keep_rows(target, result, arena, rows, error) < 0)
		return -1;
	return mysql_more_results(target->mysql) ? not_whole(target, error) : 0;
}

int target_queryf(struct target *target, struct arena *arena, struct target_rows *rows, struct error *error,
	const char *format, ...)
{
	char *text;
	va_list args;
	int length, result;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return error_set(error, ERROR_RETRY, "no memory for a query.");
	result = target_query(target, text, (size_t)length, arena, rows, error);
	free(text);
	return result;
}

int target_load(struct target *target, const char *text, size_t length, const struct target_file *file,
	struct target_outcome *outcome, struct error *error)
{
	int result;

	serve_file(target->mysql, file);
	result = target_statement(target, text, length, outcome, error);
	serve_file(target->mysql, NULL);
	return result;
}

void sql_put_string(struct buffer *out, const char *text, size_t length)
{
	/* hexadecimal where a quote or a backslash could mean different things in different sql_modes */
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\' || c < 0x20 || c >= 0x7f) {
			buffer_puts(out, "_utf8mb4 x'");
			buffer_put_hex(out, text, length);
			buffer_putc(out, '\'');
			return;
		}
	}
	buffer_putc(out, '\'');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			buffer_putc(out, '\'');
		buffer_putc(out, text[i]);
	}
	buffer_putc(out, '\'');
}

void sql_put_name(struct buffer *out, const char *name)
{
	buffer_putc(out, '`');
	for (; *name; name++) {
		if (*name == '`')
			buffer_putc(out, '`');
		buffer_putc(out, *name);
	}
	buffer_putc(out, '`');
}
