#include "proxy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mysql.h>
#include <errmsg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applier/answer.h"
#include "base/backoff.h"
#include "base/memory.h"
#include "proxy/source_errors.h"
#include "proxy/source_internal.h"
#include "proxy/source_protocol.h"

#define PACKET_MARGIN (1u << 20) /* above the largest event: MySQL adds its headers to the limit */
#define DEFAULT_READ_SECONDS 60u
#define DEFAULT_CONNECT_SECONDS 10u

struct source *source_new(const struct source_options *options)
{
	struct source *source = memory_zalloc(sizeof(*source));
	unsigned least;

	source->options = *options;
	if (source->options.max_event_bytes == 0 || source->options.max_event_bytes > EVENT_MAXIMUM_BYTES)
		source->options.max_event_bytes = EVENT_MAXIMUM_BYTES;
	if (source->options.connect_timeout_seconds == 0)
		source->options.connect_timeout_seconds = DEFAULT_CONNECT_SECONDS;
	/* one heartbeat may be late; two that are missing are a dead connection */
	least = (unsigned)((2 * options->heartbeat_ms + 999) / 1000) + 1;
	source->read_seconds =
		options->read_timeout_seconds ? options->read_timeout_seconds : DEFAULT_READ_SECONDS;
	if (source->read_seconds < least)
		source->read_seconds = least;
	pthread_mutex_init(&source->lock, NULL);
	source->socket = -1;
	return source;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	source_disconnect(source);
	buffer_release(&source->changed);
	pthread_mutex_destroy(&source->lock);
	free(source);
}

void source_disconnect(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	if (source->socket >= 0)
		close(source->socket);
	source->socket = -1;
	pthread_mutex_unlock(&source->lock);
	if (source->mysql)
		mysql_close(source->mysql);
	source->mysql = NULL;
}

void source_interrupt(struct source *source)
{
	atomic_store(&source->interrupted, true);
	pthread_mutex_lock(&source->lock);
	if (source->socket >= 0)
		shutdown(source->socket, SHUT_RDWR);
	pthread_mutex_unlock(&source->lock);
}

void source_rearm(struct source *source)
{
	if (atomic_exchange(&source->interrupted, false))
		source_disconnect(source);
}

enum server_family source_family(const struct source *source)
{
	return source->family;
}

unsigned source_version(const struct source *source)
{
	return source->version;
}

const char *source_version_text(const struct source *source)
{
	return source->version_text;
}

const char *source_host(const struct source *source)
{
	return source->host;
}

const char *source_cipher(const struct source *source)
{
	return source->cipher[0] ? source->cipher : NULL;
}

const char *source_tls_version(const struct source *source)
{
	return source->tls_version[0] ? source->tls_version : NULL;
}

int source_stopped(struct error *error)
{
	return error_set(error, ERROR_STOPPED, "reading from the source was ended on request.");
}

/* The library tells of a time-out as of any other lost connection. */
static bool fell_silent(const struct source *source, const struct error *error)
{
	return error->kind == ERROR_RETRY && error->code >= CR_MIN_ERROR && error->code <= CR_MAX_ERROR &&
	       monotonic_ms() - source->waiting_since_ms >= (uint64_t)source->read_seconds * 1000 - 500;
}

/* The library's last error on this connection. */
int source_failed(struct source *source, struct error *error, const char *doing)
{
	if (atomic_load(&source->interrupted))
		return source_stopped(error);
	answer_name_failure(source->mysql);
	source_error(error, mysql_errno(source->mysql), mysql_sqlstate(source->mysql), mysql_error(source->mysql),
		true, doing, source->host);
	if (fell_silent(source, error))
		error_set_server(error, ERROR_RETRY, mysql_errno(source->mysql), mysql_sqlstate(source->mysql),
			"%s: the source %s has been silent for %u seconds: the connection is taken for dead.", doing,
			source->host, source->read_seconds);
	return -1;
}

/* ---- connecting ---- */

static int set_tls(MYSQL *mysql, const struct source_options *options, const char *host, unsigned port,
	struct error *error)
{
	const struct tls_peer peer = {host, port, options->bind_address, options->connect_timeout_seconds};

	if (tls_demand(mysql, &options->tls, &peer, error) == 0)
		return 0;
	return error->kind == ERROR_CONNECT ? error_advice(error, "%s", source_tls_advice(error->text)) : -1;
}

/* A server may ask for a local file in answer to any statement: this client has none to give. */
static int no_file(void **handle, const char *name, void *context)
{
	(void)handle;
	(void)name;
	(void)context;
	return 1;
}

static int no_file_read(void *handle, char *into, unsigned room)
{
	(void)handle;
	(void)into;
	(void)room;
	return -1;
}

static void no_file_end(void *handle)
{
	(void)handle;
}

static int no_file_error(void *handle, char *into, unsigned room)
{
	(void)handle;
	snprintf(into, room, "the source asked for a local file");
	return 2000;
}

static void set_options(MYSQL *mysql, const struct source *source)
{
	const struct source_options *options = &source->options;
	unsigned protocol = MYSQL_PROTOCOL_TCP, local_infile = 0;
	unsigned long packet = ANSWER_PACKET_BYTES;
	my_bool off = 0;

	mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &options->connect_timeout_seconds);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &source->read_seconds);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &source->read_seconds);
	mysql_options(mysql, MYSQL_OPT_RECONNECT, &off);
	mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &local_infile);
	mysql_set_local_infile_handler(mysql, no_file, no_file_read, no_file_end, no_file_error, NULL);
	/* understood by every version; names and texts that we read are ASCII or quoted */
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8");
	mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "changeling");
	if (options->bind_address)
		mysql_options(mysql, MYSQL_OPT_BIND, options->bind_address);
}

static void wipe_password(MYSQL *mysql)
{
	/* the library keeps the password for a reconnect that we never ask for, and would free it unwiped */
	if (mysql->passwd)
		explicit_bzero(mysql->passwd, strlen(mysql->passwd));
	if (mysql->options.password)
		explicit_bzero(mysql->options.password, strlen(mysql->options.password));
}

static int connect_one(
	struct source *source, const char *host, unsigned port, const char *password, struct error *error)
{
	const struct source_options *options = &source->options;
	MYSQL *mysql = mysql_init(NULL), *connected = NULL;
	const char *cipher;
	int result = -1;

	if (!mysql)
		return error_set(error, ERROR_RETRY, "libmariadb has no memory for a connection.");
	set_options(mysql, source);
	answer_guard(mysql);
	if (set_tls(mysql, options, host, port, error) < 0)
		goto out;
	connected = mysql_real_connect(mysql, host, options->user, password, NULL, port, NULL, 0);
	wipe_password(mysql);
	if (!connected) {
		char doing[400];

		snprintf(doing, sizeof(doing), "connecting as %s", options->user);
		source_error(error, mysql_errno(mysql), mysql_sqlstate(mysql), mysql_error(mysql), false,
			doing, source->host);
		if (error->kind == ERROR_RETRY)
			error->kind = ERROR_CONNECT;
		goto out;
	}
	cipher = mysql_get_ssl_cipher(mysql);
	if (options->tls.mode != TLS_OFF && !cipher) {
		error_set(error, ERROR_CONNECT,
			"the connection to the source %s is not encrypted though source-ssl-mode asks for "
			"it.",
			source->host);
		goto out;
	}
	snprintf(source->cipher, sizeof(source->cipher), "%s", cipher ? cipher : "");
	source->tls_version[0] = '\0';
	if (cipher) {
		const char *version = NULL;

		mariadb_get_infov(mysql, MARIADB_CONNECTION_TLS_VERSION, &version);
		snprintf(source->tls_version, sizeof(source->tls_version), "%s", version ? version : "");
	}
	source->mysql = mysql;
	result = 0;
out:
	if (result < 0)
		mysql_close(mysql);
	return result;
}

/* Family and version from the variable, which no proxy's greeting hides. */
static int learn_version(struct source *source, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct source_rows rows;
	int result = source_query(source, "SELECT @@version", &arena, &rows, error);

	if (result == 0 && (rows.rows != 1 || !source_cell(&rows, 0, 0)))
		result = error_set(error, ERROR_CONNECT, "the source %s gave no version.", source->host);
	if (result == 0) {
		printable_copy(source->version_text, sizeof(source->version_text), source_cell(&rows, 0, 0));
		source->version = protocol_version(source->version_text, &source->family);
		if (source->version < 50500)
			result = error_set(error, ERROR_STOP,
				"the source %s is version %s: replication needs MySQL 5.5 or MariaDB 5.5 or "
				"later.",
				source->host, source->version_text);
	}
	arena_release(&arena);
	return result;
}

static int try_host(
	struct source *source, const char *host, unsigned port, const char *password, struct error *error)
{
	snprintf(source->host, sizeof(source->host), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	if (connect_one(source, host, port, password, error) < 0)
		return -1;
	pthread_mutex_lock(&source->lock);
	source->socket = fcntl(mysql_get_socket(source->mysql), F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&source->lock);
	if (atomic_load(&source->interrupted) || learn_version(source, error) < 0) {
		source_disconnect(source);
		return -1;
	}
	return 0;
}

/* What each host said, put together; the kind that promises most for another attempt wins. */
static void add_failure(struct error *all, unsigned tried, const struct error *one)
{
	if (tried == 1) {
		*all = *one;
		return;
	}
	if (all->kind != ERROR_CONNECT && all->kind != ERROR_RETRY)
		all->kind = one->kind;
	error_advice(all, "Then %s", one->text);
}

static int try_hosts(struct source *source, const char *password, struct error *error)
{
	const char *list = source->options.host ? source->options.host : "";
	struct error all;
	unsigned tried = 0;

	error_clear(&all);
	for (;;) {
		struct error one;
		char host[256];
		unsigned port = source->options.port;
		int found = protocol_next_host(&list, host, sizeof(host), &port, error);

		if (found < 0)
			return -1;
		if (found == 0)
			break;
		if (atomic_load(&source->interrupted))
			return source_stopped(error);
		if (try_host(source, host, port, password, &one) == 0)
			return 0;
		if (atomic_load(&source->interrupted))
			return source_stopped(error);
		add_failure(&all, ++tried, &one);
	}
	source->host[0] = '\0';
	if (!tried)
		return error_set(error, ERROR_USAGE, "source-host names no host.");
	*error = all;
	return -1;
}

int source_connect(struct source *source, struct error *error)
{
	struct buffer password = BUFFER_INIT;
	int result = -1;

	source_disconnect(source);
	if (!source->options.user)
		return error_set(error, ERROR_USAGE, "source-user is not set.");
	if (source->options.password &&
		source->options.password(source->options.password_context, &password, error) < 0)
		goto out;
	result = try_hosts(source, buffer_text(&password), error);
out:
	if (password.data)
		explicit_bzero(password.data, password.capacity);
	buffer_release(&password);
	return result;
}

/* ---- questions before the stream ---- */

static void take_rows(MYSQL_RES *result, struct arena *arena, struct source_rows *rows)
{
	MYSQL_FIELD *fields = mysql_fetch_fields(result);
	size_t row = 0;

	rows->rows = (size_t)mysql_num_rows(result);
	rows->columns = mysql_num_fields(result);
	rows->names = arena_alloc(arena, (rows->columns + 1) * sizeof(char *));
	rows->cells = arena_alloc(arena, (rows->rows * rows->columns + 1) * sizeof(char *));
	for (size_t i = 0; i < rows->columns; i++)
		rows->names[i] = arena_strdup(arena, fields[i].name);
	for (MYSQL_ROW cells; (cells = mysql_fetch_row(result)); row++) {
		unsigned long *lengths = mysql_fetch_lengths(result);

		for (size_t i = 0; i < rows->columns; i++)
			rows->cells[row * rows->columns + i] =
				cells[i] ? arena_strndup(arena, cells[i], lengths[i]) : NULL;
	}
}

int source_query(struct source *source, const char *sql, struct arena *arena, struct source_rows *rows,
	struct error *error)
{
	MYSQL_RES *result;
	char doing[200];

	if (rows)
		memset(rows, 0, sizeof(*rows));
	if (!source->mysql)
		return error_set(error, ERROR_RETRY, "there is no connection to the source.");
	snprintf(doing, sizeof(doing), "running %.150s", sql);
	source->waiting_since_ms = monotonic_ms();
	if (mysql_real_query(source->mysql, sql, strlen(sql)) != 0)
		return source_failed(source, error, doing);
	result = mysql_store_result(source->mysql);
	if (!result)
		return mysql_errno(source->mysql) ? source_failed(source, error, doing) : 0;
	if (rows && arena)
		take_rows(result, arena, rows);
	mysql_free_result(result);
	return 0;
}

int source_query_each(struct source *source, const char *sql,
	bool (*take)(void *context, const char *const *cells, size_t columns), void *context,
	bool *wants_more, struct error *error)
{
	MYSQL_RES *result;
	MYSQL_ROW row;
	char doing[200];
	bool more = true;

	if (!source->mysql)
		return error_set(error, ERROR_RETRY, "there is no connection to the source.");
	snprintf(doing, sizeof(doing), "running %.150s", sql);
	source->waiting_since_ms = monotonic_ms();
	if (mysql_real_query(source->mysql, sql, strlen(sql)) != 0)
		return source_failed(source, error, doing);
	result = mysql_use_result(source->mysql);
	if (!result)
		return source_failed(source, error, doing);
	while ((row = mysql_fetch_row(result))) {
		more = more && take(context, (const char *const *)row, mysql_num_fields(result));
		source->waiting_since_ms = monotonic_ms();
	}
	mysql_free_result(result);
	*wants_more = more;
	return mysql_errno(source->mysql) ? source_failed(source, error, doing) : 0;
}

/* ---- what source_stream.c is made of ---- */

int source_send_command(struct source *source, unsigned command, const struct buffer *payload, bool answered)
{
	source->waiting_since_ms = monotonic_ms();
	/* what comes without an answer of its own are events */
	if (!answered)
		source->mysql->net.max_packet_size =
			(unsigned long)source->options.max_event_bytes + PACKET_MARGIN;
	/* the library's list of commands ends before ours, but it sends any number; never with length 0,
	 * which it takes for "use strlen" */
	return source->mysql->methods->db_command(source->mysql, (enum enum_server_command)command,
		payload->data, payload->length, answered ? 0 : 1, NULL);
}

/* Is the connection still as the master left it: open, perhaps with more to read? */
static bool still_open(struct source *source)
{
	char byte;
	ssize_t got = recv(source->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

/* The library tells of everything as a lost connection, be it the network, the time-out, or a packet that is
 * too large for it. */
static int read_failed(struct source *source, struct error *error)
{
	unsigned code = mysql_errno(source->mysql);

	source_failed(source, error, "reading the binary log");
	if (error->kind != ERROR_RETRY || code < CR_MIN_ERROR || code > CR_MAX_ERROR)
		return -1;
	if (fell_silent(source, error))
		return source->options.heartbeat_ms
			       ? -1
			       : error_advice(error, "Set source-heartbeat-period, so that an idle master shows that "
						     "it is alive.");
	if (still_open(source))
		return error_set_server(error, ERROR_CORRUPT, code, mysql_sqlstate(source->mysql),
			"the source %s sent a packet that the client library refuses: an event larger than "
			"max-event-bytes "
			"(%" PRIu64
			"), or packets out of order. Raise max-event-bytes if it is below the source's "
			"max_allowed_packet, and start again.",
			source->host, source->options.max_event_bytes);
	return -1;
}

/* One packet: 1 = an event, 0 = end of the stream. */
int source_read_packet(struct source *source, const uint8_t **event, size_t *length, struct error *error)
{
	const uint8_t *packet;
	unsigned long size;

	source->waiting_since_ms = monotonic_ms();
	size = mysql_net_read_packet(source->mysql);
	if (size == packet_error)
		return read_failed(source, error);
	packet = source->mysql->net.read_pos;
	if (size > 0 && packet[0] == 0xfe && size < 9)
		return 0;
	if (size < 1 + EVENT_HEADER_SIZE || packet[0] != 0)
		return error_set(error, ERROR_CORRUPT,
			"the source %s sent a packet of %lu bytes that begins with 0x%02x, which is no "
			"event.",
			source->host, size, size ? packet[0] : 0u);
	if (size - 1 > source->options.max_event_bytes)
		return error_set(error, ERROR_CORRUPT,
			"the source %s sent an event of %lu bytes, which is larger than max-event-bytes "
			"(%" PRIu64 "). Raise it, and start again.",
			source->host, size - 1, source->options.max_event_bytes);
	*event = packet + 1;
	*length = size - 1;
	return 1;
}
