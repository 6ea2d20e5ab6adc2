/* The source connection against a master of our own making, which speaks just enough of the protocol and then
 * says whatever a case wants: events, refusals, garbage, nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/backoff.h"
#include "proxy/source.h"

struct master {
	const char *version;
	int listener;
	unsigned port;
	pthread_t thread;
	struct buffer stream;	/* bytes that follow the dump command, packet headers included */
	bool hang_up;		/* closes behind them; otherwise waits for the replica to go */
	bool no_checksum;	/* binlog_checksum is an unknown variable */
	struct buffer commands; /* what arrived, a line each: number and hexadecimal, or SQL */
	bool asked_to_log_in;	/* something followed the greeting */
	bool joined;
};

/* ---- the master's side ---- */

static void put_packet(struct buffer *out, unsigned sequence, const void *payload, size_t length)
{
	buffer_put_le(out, length, 3);
	buffer_put_le(out, sequence, 1);
	buffer_append(out, payload, length);
}

static bool send_all(int fd, struct buffer *bytes)
{
	size_t sent = 0;

	while (sent < bytes->length) {
		ssize_t n = send(fd, bytes->data + sent, bytes->length - sent, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	buffer_clear(bytes);
	return sent > 0;
}

static bool receive_exactly(int fd, uint8_t *into, size_t length)
{
	while (length) {
		ssize_t n = recv(fd, into, length, 0);

		if (n <= 0)
			return false;
		into += n;
		length -= (size_t)n;
	}
	return true;
}

/* Payload length, or -1 at the end. */
static int receive_packet(int fd, uint8_t *into, size_t room)
{
	uint8_t head[4];
	size_t length;

	if (!receive_exactly(fd, head, 4))
		return -1;
	length = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
	if (length >= room || !receive_exactly(fd, into, length))
		return -1;
	into[length] = '\0';
	return (int)length;
}

static void greet(int fd, const char *version)
{
	struct buffer payload = BUFFER_INIT, out = BUFFER_INIT;

	/* CLIENT_LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION; PLUGIN_AUTH */
	buffer_put_le(&payload, 10, 1);
	buffer_append(&payload, version, strlen(version) + 1);
	buffer_put_le(&payload, 7, 4);
	buffer_append(&payload, "12345678", 9);
	buffer_put_le(&payload, 0x8201, 2);
	buffer_put_le(&payload, 33, 1);
	buffer_put_le(&payload, 2, 2);
	buffer_put_le(&payload, 0x0008, 2);
	buffer_put_le(&payload, 21, 1);
	buffer_append(&payload, "\0\0\0\0\0\0\0\0\0\0", 10);
	buffer_append(&payload, "123456789012", 13);
	buffer_append(&payload, "mysql_native_password", 22);
	put_packet(&out, 0, payload.data, payload.length);
	send_all(fd, &out);
	buffer_release(&payload);
	buffer_release(&out);
}

static void put_ok(struct buffer *out, unsigned sequence)
{
	put_packet(out, sequence, "\0\0\0\2\0\0\0", 7);
}

static void put_error(struct buffer *out, unsigned sequence, unsigned code, const char *text)
{
	struct buffer payload = BUFFER_INIT;

	buffer_put_le(&payload, 0xff, 1);
	buffer_put_le(&payload, code, 2);
	buffer_puts(&payload, "#HY000");
	buffer_puts(&payload, text);
	put_packet(out, sequence, payload.data, payload.length);
	buffer_release(&payload);
}

static void put_text(struct buffer *out, const char *text)
{
	buffer_put_le(out, strlen(text), 1);
	buffer_puts(out, text);
}

/* One row of up to two columns. */
static void put_row(struct buffer *out, const char *first, const char *second)
{
	const char *cells[] = {first, second};
	unsigned columns = second ? 2 : 1, sequence = 1;
	struct buffer payload = BUFFER_INIT;

	buffer_put_le(&payload, columns, 1);
	put_packet(out, sequence++, payload.data, payload.length);
	for (unsigned i = 0; i < columns; i++) {
		buffer_clear(&payload);
		put_text(&payload, "def");
		for (unsigned k = 0; k < 3; k++)
			put_text(&payload, "");
		put_text(&payload, "c");
		put_text(&payload, "");
		buffer_put_le(&payload, 12, 1);
		buffer_put_le(&payload, 33, 2);
		buffer_put_le(&payload, 255, 4);
		buffer_put_le(&payload, 253, 1);
		buffer_put_le(&payload, 0, 2);
		buffer_put_le(&payload, 0, 1);
		buffer_put_le(&payload, 0, 2);
		put_packet(out, sequence++, payload.data, payload.length);
	}
	put_packet(out, sequence++, "\xfe\0\0\2\0", 5);
	buffer_clear(&payload);
	for (unsigned i = 0; i < columns; i++)
		put_text(&payload, cells[i]);
	put_packet(out, sequence++, payload.data, payload.length);
	put_packet(out, sequence, "\xfe\0\0\2\0", 5);
	buffer_release(&payload);
}

static void answer_query(struct master *master, const char *sql, struct buffer *out)
{
	if (strstr(sql, "@@version"))
		put_row(out, master->version, "7");
	else if (strstr(sql, "SELECT @master_binlog_checksum"))
		put_row(out, "CRC32", NULL);
	else if (strstr(sql, "@@global.binlog_checksum") && master->no_checksum)
		put_error(out, 1, 1193, "Unknown system variable 'binlog_checksum'");
	else
		put_ok(out, 1);
}

static void note(struct master *master, const uint8_t *packet, size_t length)
{
	if (packet[0] == 3) {
		buffer_append(&master->commands, packet + 1, length - 1);
	} else {
		buffer_printf(&master->commands, "%02x ", packet[0]);
		buffer_put_hex(&master->commands, packet + 1, length - 1);
	}
	buffer_putc(&master->commands, '\n');
}

static void serve(struct master *master, int fd)
{
	struct buffer out = BUFFER_INIT;
	uint8_t packet[4096];
	int length;

	greet(fd, master->version);
	if (receive_packet(fd, packet, sizeof(packet)) > 0) {
		master->asked_to_log_in = true;
		put_ok(&out, 2);
		send_all(fd, &out);
	}
	while ((length = receive_packet(fd, packet, sizeof(packet))) > 0) {
		if (packet[0] == 1)
			break;
		note(master, packet, (size_t)length);
		if (packet[0] == 0x12 || packet[0] == 0x1e) {
			send_all(fd, &master->stream);
			if (master->hang_up)
				break;
			continue;
		}
		if (packet[0] == 3)
			answer_query(master, (const char *)packet + 1, &out);
		else
			put_ok(&out, 1);
		send_all(fd, &out);
	}
	buffer_release(&out);
	close(fd);
}

static void *run_master(void *argument)
{
	struct master *master = argument;
	int fd = accept(master->listener, NULL, NULL);

	if (fd >= 0)
		serve(master, fd);
	return NULL;
}

static void master_start(struct master *master, const char *version)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	master->version = version;
	master->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(master->listener >= 0);
	assert_int_equal(bind(master->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(master->listener, 4), 0);
	assert_int_equal(getsockname(master->listener, (struct sockaddr *)&address, &length), 0);
	master->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&master->thread, NULL, run_master, master), 0);
}

/* Until the replica has gone: what it said is known then. */
static void master_wait(struct master *master)
{
	if (!master->joined)
		pthread_join(master->thread, NULL);
	master->joined = true;
}

static void master_stop(struct master *master)
{
	shutdown(master->listener, SHUT_RDWR);
	master_wait(master);
	close(master->listener);
	buffer_release(&master->stream);
	buffer_release(&master->commands);
}

/* ---- what a case says ---- */

static void put_event(struct buffer *stream, unsigned sequence, size_t length)
{
	struct buffer payload = BUFFER_INIT;

	buffer_putc(&payload, '\0');
	buffer_put_le(&payload, 0, 4);
	buffer_put_le(&payload, EVENT_QUERY, 1);
	buffer_put_le(&payload, 1, 4);
	buffer_put_le(&payload, length, 4);
	buffer_put_le(&payload, 0, 4);
	buffer_put_le(&payload, 0, 2);
	while (payload.length < length + 1)
		buffer_putc(&payload, 'e');
	put_packet(stream, sequence, payload.data, payload.length);
	buffer_release(&payload);
}

static int give_password(void *context, struct buffer *out, struct error *error)
{
	(void)error;
	buffer_puts(out, context);
	return 0;
}

static struct source *dial(struct master *master, struct source_options *options)
{
	static char password[] = "secret words";
	struct source_start start = {.position = {"bin.7", 4711}, .gtid_set = NULL};
	struct source *source;
	struct error error;

	options->host = "127.0.0.1";
	options->port = master->port;
	options->user = "repl";
	options->password = give_password;
	options->password_context = password;
	options->server_id = 0x11223344;
	options->uuid = "5a0c1c2e-0000-4000-8000-00000000abcd";
	options->report_host = "me";
	options->report_port = 5;
	if (!options->read_timeout_seconds)
		options->read_timeout_seconds = 30;
	source = source_new(options);
	if (source_connect(source, &error) < 0)
		fail_msg("%s", error.text);
	if (source_start_dump(source, &start, &error) < 0)
		fail_msg("%s", error.text);
	return source;
}

static void says_what_a_replica_says(void **state)
{
	struct master master = {.hang_up = true};
	struct source_options options = {.heartbeat_ms = 1000};
	struct source *source;
	const char *said;
	const uint8_t *event;
	size_t length;
	struct error error;

	(void)state;
	put_event(&master.stream, 1, 40);
	put_event(&master.stream, 2, 19);
	master_start(&master, "8.0.41");
	source = dial(&master, &options);
	assert_int_equal(source_family(source), FAMILY_MYSQL);
	assert_int_equal(source_version(source), 80041);
	assert_int_equal(source_checksum(source), CHECKSUM_CRC32);
	assert_null(source_cipher(source));
	assert_int_equal(source_read(source, &event, &length, &error), 1);
	assert_int_equal(length, 40);
	assert_int_equal(event[4], EVENT_QUERY);
	assert_int_equal(source_read(source, &event, &length, &error), 1);
	assert_int_equal(length, 19);
	assert_int_equal(source_read(source, &event, &length, &error), -1);
	assert_int_equal(error.kind, ERROR_RETRY);
	master_wait(&master);
	said = buffer_text(&master.commands);
	assert_non_null(strstr(said, "@source_heartbeat_period = 1000000000"));
	assert_non_null(strstr(said, "\n15 44332211026d650000050000000000000000"));
	/* offset 4711, heartbeats of version 2, our id, "bin.7" */
	assert_non_null(strstr(said, "\n12 6712000002004433221162696e2e37\n"));
	assert_null(strstr(said, "secret"));
	source_free(source);
	master_stop(&master);
}

static void an_old_master_without_checksums(void **state)
{
	struct master master = {.hang_up = true, .no_checksum = true};
	struct source_options options = {0};
	struct source *source;

	(void)state;
	master_start(&master, "5.5.62");
	source = dial(&master, &options);
	assert_int_equal(source_checksum(source), CHECKSUM_OFF);
	source_free(source);
	master_stop(&master);
}

/* One packet, and what it leads to. */
static void expect(struct buffer *stream, bool hang_up, struct source_options *options, enum error_kind kind,
	const char *part)
{
	struct master master = {.stream = *stream, .hang_up = hang_up};
	struct source *source;
	const uint8_t *event;
	size_t length;
	struct error error;

	master_start(&master, "9.7.4");
	source = dial(&master, options);
	assert_int_equal(source_read(source, &event, &length, &error), -1);
	if (error.kind != kind || !strstr(error.text, part))
		fail_msg("%s: %s", error_kind_name(error.kind), error.text);
	source_free(source);
	master_stop(&master);
	*stream = (struct buffer)BUFFER_INIT;
}

static void refusals(void **state)
{
	struct source_options options = {0};
	struct buffer stream = BUFFER_INIT;

	(void)state;
	put_error(&stream, 1, 1236,
		"A replica with the same server_uuid/server_id as this replica has connected");
	expect(&stream, true, &options, ERROR_STOP, "server-uuid");
	put_error(&stream, 1, 1236, "Could not find first log file name in binary log index file");
	expect(&stream, true, &options, ERROR_STOP, "purged");
	put_error(&stream, 1, 1053, "Server shutdown in progress");
	expect(&stream, true, &options, ERROR_RETRY, "going down");
	put_packet(&stream, 1, "\xfe\0\0\2\0", 5);
	expect(&stream, true, &options, ERROR_RETRY, "without a reason");
}

static void garbage(void **state)
{
	struct source_options options = {.max_event_bytes = 1000};
	struct buffer stream = BUFFER_INIT;

	(void)state;
	put_packet(&stream, 1, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26", 22);
	expect(&stream, true, &options, ERROR_CORRUPT, "no event");
	put_packet(&stream, 1, "\0short", 6);
	expect(&stream, true, &options, ERROR_CORRUPT, "no event");
	put_event(&stream, 1, 1001);
	expect(&stream, true, &options, ERROR_CORRUPT, "max-event-bytes");
	/* in the middle of a packet */
	put_event(&stream, 1, 400);
	stream.length -= 100;
	expect(&stream, true, &options, ERROR_RETRY, "lost");
	/* before any */
	expect(&stream, true, &options, ERROR_RETRY, "lost");
}

/* Refused by the library before it is read: it must not look like a lost connection, which would be tried
 * again for ever. */
static void a_packet_that_is_far_too_large(void **state)
{
	struct source_options options = {.max_event_bytes = 1000};
	struct buffer stream = BUFFER_INIT;

	(void)state;
	put_event(&stream, 1, 8 << 20);
	expect(&stream, false, &options, ERROR_CORRUPT, "max-event-bytes");
}

static void silence(void **state)
{
	struct source_options options = {.read_timeout_seconds = 1};
	struct buffer stream = BUFFER_INIT;

	(void)state;
	expect(&stream, false, &options, ERROR_RETRY, "silent for 1 seconds");
}

static void *interrupt_soon(void *source)
{
	usleep(50000); /* the reader may be waiting by then or not: both must do */
	source_interrupt(source);
	return NULL;
}

static void an_interrupt_ends_the_wait(void **state)
{
	struct master master = {.hang_up = false};
	struct source_options options = {.read_timeout_seconds = 60};
	struct source *source;
	const uint8_t *event;
	size_t length;
	struct error error;
	pthread_t thread;
	uint64_t began = monotonic_ms();

	(void)state;
	master_start(&master, "10.11.6-MariaDB");
	source = dial(&master, &options);
	assert_int_equal(source_family(source), FAMILY_MARIADB);
	assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, source), 0);
	assert_int_equal(source_read(source, &event, &length, &error), -1);
	assert_int_equal(error.kind, ERROR_STOPPED);
	assert_true(monotonic_ms() - began < 20000);
	pthread_join(thread, NULL);
	/* it lasts */
	assert_int_equal(source_read(source, &event, &length, &error), -1);
	assert_int_equal(error.kind, ERROR_STOPPED);
	assert_int_equal(source_connect(source, &error), -1);
	assert_int_equal(error.kind, ERROR_STOPPED);
	source_rearm(source);
	assert_int_equal(source_read(source, &event, &length, &error), -1);
	assert_int_equal(error.kind, ERROR_RETRY);
	source_free(source);
	master_stop(&master);
}

static void hosts_are_tried_in_order(void **state)
{
	struct master master = {.hang_up = true};
	struct source_options options = {.user = "repl", .server_id = 1, .connect_timeout_seconds = 2};
	struct source *source;
	struct error error;
	char list[100], name[40];

	(void)state;
	master_start(&master, "8.4.0");
	/* port 1 of the loopback refuses */
	snprintf(list, sizeof(list), "127.0.0.1:1, 127.0.0.1:%u", master.port);
	snprintf(name, sizeof(name), "127.0.0.1:%u", master.port);
	options.host = list;
	source = source_new(&options);
	assert_int_equal(source_connect(source, &error), 0);
	assert_string_equal(source_host(source), name);
	source_disconnect(source);
	source_free(source);
	master_stop(&master);

	options.host = "127.0.0.1:1,127.0.0.1:2";
	source = source_new(&options);
	assert_int_equal(source_connect(source, &error), -1);
	assert_int_equal(error.kind, ERROR_CONNECT);
	assert_non_null(strstr(error.text, "127.0.0.1:1"));
	assert_non_null(strstr(error.text, "127.0.0.1:2"));
	source_free(source);

	options.host = " , ";
	source = source_new(&options);
	assert_int_equal(source_connect(source, &error), -1);
	assert_int_equal(error.kind, ERROR_USAGE);
	source_free(source);
}

static void a_master_without_tls_is_refused_before_the_password(void **state)
{
	static const enum tls_mode modes[] = {TLS_CA, TLS_IDENTITY};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct master master = {.hang_up = true};
		struct source_options options = {.host = "127.0.0.1",
			.user = "repl",
			.password = give_password,
			.password_context = (void *)(uintptr_t) "secret words",
			.tls.mode = modes[i],
			.server_id = 1,
			.connect_timeout_seconds = 5};
		struct source *source;
		struct error error;

		master_start(&master, "8.4.0");
		options.port = master.port;
		source = source_new(&options);
		assert_int_equal(source_connect(source, &error), -1);
		assert_int_equal(error.kind, ERROR_CONNECT);
		assert_non_null(strstr(error.text, "TLS"));
		master_wait(&master);
		assert_false(master.asked_to_log_in);
		source_free(source);
		master_stop(&master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_a_replica_says),
		cmocka_unit_test(an_old_master_without_checksums),
		cmocka_unit_test(refusals),
		cmocka_unit_test(garbage),
		cmocka_unit_test(a_packet_that_is_far_too_large),
		cmocka_unit_test(silence),
		cmocka_unit_test(an_interrupt_ends_the_wait),
		cmocka_unit_test(hosts_are_tried_in_order),
		cmocka_unit_test(a_master_without_tls_is_refused_before_the_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
