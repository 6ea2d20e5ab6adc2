/* Opening a connection to the target, and what is known of it from then on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "applier/answer.h"
#include "applier/questions.h"
#include "applier/target_internal.h"
#include "base/memory.h"

/* libmariadb's inner side as it was made, for one thing only: a connection's SSL object */
#define HAVE_TLS 1
typedef unsigned char uchar;
#include <ma_pvio.h>

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
		advice = options->tls.mode == TLS_OFF
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
	const struct tls_peer peer = {
		options->host, options->port, options->bind_address, options->connect_timeout_seconds};

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
	target_serve_file(mysql, NULL);
	answer_guard(mysql);
	if (options->bind_address)
		mysql_options(mysql, MYSQL_OPT_BIND, options->bind_address);
	if (tls_demand(mysql, &options->tls, &peer, error) < 0)
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

/* The least that max_allowed_packet may be. */
#define SMALLEST_PACKET_BYTES 1024u
/* What a server may have been told globally, or tells each session by init_connect, and what would change our statements or the
 * letters in them. */
#define OWN_SESSION \
	"SET SESSION character_set_client = utf8mb4, SESSION character_set_results = utf8mb4, " \
	"SESSION collation_connection = utf8mb4_general_ci, SESSION sql_safe_updates = 0, " \
	"SESSION sql_select_limit = 18446744073709551615, SESSION sql_big_selects = 1, SESSION completion_type = 0"

static int take_settings(struct target *target, const struct target_rows *rows, struct error *error)
{
	if (rows->rows != 1)
		return error_set(error, ERROR_RETRY, "the target %s gave no row for its version.", target->host);
	printable_copy(target->version_text, sizeof(target->version_text), target_text(rows, 0, 0));
	target->max_allowed_packet = strtoull(target_text(rows, 0, 1), NULL, 10);
	target->connection_id = strtoull(target_text(rows, 0, 2), NULL, 10);
	target->version = parse_version(target->version_text);
	target->family = strcasestr(target->version_text, "mariadb") ? FAMILY_MARIADB : FAMILY_MYSQL;
	return 0;
}

int target_begin(struct target *target, struct questions *also, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *settings;
	int result;

	questions_init(&questions, also ? also->arena : &arena);
	questions_put(&questions, OWN_SESSION);
	settings = questions_put(&questions, "SELECT @@version, @@global.max_allowed_packet, CONNECTION_ID()");
	if (also)
		questions_move(&questions, also);
	result = questions_ask(&questions, target, error);
	if (result == 0)
		result = take_settings(target, &settings->rows, error);
	arena_release(&arena);
	return result;
}

/* Answers to a flight are many small TLS records. OpenSSL asks the kernel twice for each, unless it may take what there is:
 * then it reads all that has come at once. */
static void read_ahead(struct target *target)
{
	MYSQL *mysql = target->mysql;
	const char *library = NULL;

	target->openssl = mariadb_get_infov(mysql, MARIADB_TLS_LIBRARY, &library) == 0 && library &&
		strncmp(library, "OpenSSL", 7) == 0 && mysql->net.pvio && mysql->net.pvio->ctls;
	if (target->openssl)
		SSL_set_read_ahead(mysql->net.pvio->ctls->ssl, 1);
}

int target_login(struct target **result, const struct target_options *options, struct error *error)
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
	target->max_allowed_packet = SMALLEST_PACKET_BYTES; /* until it is known */
	target->silence_seconds = silence_seconds;
	target->read_timeout_seconds = options->read_timeout_seconds;
	target->socket = mysql_get_socket(mysql);
	snprintf(target->host, sizeof(target->host), "%s:%u", options->host, options->port);
	cipher = mysql_get_ssl_cipher(mysql);
	if (cipher) {
		snprintf(target->cipher, sizeof(target->cipher), "%s", cipher);
		read_ahead(target);
	}
	if (options->tls.mode != TLS_OFF && !cipher) {
		error_set(error, ERROR_STOP,
			"the connection to the target %s is not encrypted though target-ssl-mode asks for it.",
			target->host);
		target_close(target);
		return -1;
	}
	*result = target;
	return 0;
}

int target_connect(struct target **result, const struct target_options *options, struct questions *also, struct error *error)
{
	struct target *target;

	if (target_login(&target, options, error) < 0)
		return -1;
	if (target_begin(target, also, error) < 0) {
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

bool target_has_bytes(const struct target *target)
{
	const MARIADB_PVIO *pvio = target->mysql->net.pvio;

	if (!pvio)
		return false;
	if (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size)
		return true;
	return pvio->ctls && (!target->openssl || SSL_has_pending(pvio->ctls->ssl));
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
