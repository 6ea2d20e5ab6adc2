/* delay LISTEN-PORT HOST PORT ROUND-TRIP-MS: a TCP link with a round trip, on 127.0.0.1.
 *
 * Every connection to LISTEN-PORT is carried to HOST:PORT; what is read on one side is written on the other
 * half a round trip later. Nothing limits the bandwidth: any number of bytes may be on their way (up to
 * IN_FLIGHT_BYTES, far above what the delays used here can fill). Prints "ready" when it listens. Ends on
 * SIGTERM. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LINKS = 256,
	CHUNK_BYTES = 256 << 10,
	IN_FLIGHT_BYTES = 256 << 20,
};

struct chunk {
	struct chunk *next;
	int64_t due_ns;
	size_t length, written; /* length 0: the sender has closed */
	unsigned char data[];
};

/* One direction of one connection. */
struct way {
	int from, to;
	struct chunk *first, *last;
	size_t bytes;
	bool closed; /* the sender has closed, no more is read */
	bool done;   /* and the receiver knows */
};

struct link {
	bool used;
	struct way ways[2];
};

static struct link links[LINKS];
static int64_t delay_ns;
static unsigned char scratch[CHUNK_BYTES];

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void tune(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int listen_on(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 64) != 0)
		die("delay: listen");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int connect_to(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
		tune(fd);
		return fd;
	}
	perror("delay: connect");
	if (fd >= 0)
		close(fd);
	return -1;
}

static void link_open(int listener, const struct addrinfo *address)
{
	int near = accept(listener, NULL, NULL), far;

	if (near < 0)
		return;
	for (unsigned i = 0; i < LINKS; i++) {
		if (links[i].used)
			continue;
		far = connect_to(address);
		if (far < 0)
			break;
		tune(near);
		memset(&links[i], 0, sizeof(links[i]));
		links[i].used = true;
		links[i].ways[0].from = links[i].ways[1].to = near;
		links[i].ways[0].to = links[i].ways[1].from = far;
		return;
	}
	close(near);
}

static void link_close(struct link *link)
{
	for (unsigned w = 0; w < 2; w++) {
		while (link->ways[w].first) {
			struct chunk *chunk = link->ways[w].first;

			link->ways[w].first = chunk->next;
			free(chunk);
		}
	}
	close(link->ways[0].from);
	close(link->ways[0].to);
	link->used = false;
}

/* Takes what has arrived. False when the connection is broken. */
static bool way_read(struct way *way)
{
	ssize_t length = read(way->from, scratch, sizeof(scratch));
	struct chunk *chunk;

	if (length < 0)
		return errno == EAGAIN || errno == EINTR;
	chunk = malloc(sizeof(*chunk) + (size_t)length);
	if (!chunk)
		die("delay: memory");
	chunk->next = NULL;
	chunk->due_ns = now_ns() + delay_ns;
	chunk->length = (size_t)length;
	chunk->written = 0;
	memcpy(chunk->data, scratch, (size_t)length);
	if (way->last)
		way->last->next = chunk;
	else
		way->first = chunk;
	way->last = chunk;
	way->bytes += (size_t)length;
	way->closed = length == 0;
	return true;
}

/* Hands on what is due. False when the connection is broken. */
static bool way_write(struct way *way, int64_t now)
{
	while (way->first && way->first->due_ns <= now) {
		struct chunk *chunk = way->first;

		if (chunk->length == 0) {
			shutdown(way->to, SHUT_WR);
			way->done = true;
		}
		while (chunk->written < chunk->length) {
			ssize_t n = send(way->to, chunk->data + chunk->written,
				chunk->length - chunk->written, MSG_NOSIGNAL);

			if (n < 0)
				return errno == EAGAIN || errno == EINTR;
			chunk->written += (size_t)n;
		}
		way->bytes -= chunk->length;
		way->first = chunk->next;
		if (!way->first)
			way->last = NULL;
		free(chunk);
	}
	return true;
}

/* What the descriptor of this way's sender, and that of its receiver, are to be polled for. */
static short way_wants_read(const struct way *way)
{
	return !way->closed && way->bytes < IN_FLIGHT_BYTES ? POLLIN : 0;
}

static short way_wants_write(const struct way *way, int64_t now)
{
	return way->first && way->first->due_ns <= now ? POLLOUT : 0;
}

static void link_serve(struct link *link, const struct pollfd *near, const struct pollfd *far, int64_t now)
{
	bool whole = true;

	if ((near->revents & (POLLIN | POLLHUP | POLLERR)) && way_wants_read(&link->ways[0]))
		whole = whole && way_read(&link->ways[0]);
	if ((far->revents & (POLLIN | POLLHUP | POLLERR)) && way_wants_read(&link->ways[1]))
		whole = whole && way_read(&link->ways[1]);
	for (unsigned w = 0; w < 2; w++)
		whole = whole && way_write(&link->ways[w], now);
	if (!whole || (link->ways[0].done && link->ways[1].done))
		link_close(link);
}

/* Fills the poll table and says when the next chunk is due (-1: none is waiting for its time). */
static int64_t gather(struct pollfd *polls, struct link **owners, unsigned *count, int64_t now)
{
	int64_t next = -1;

	for (unsigned i = 0; i < LINKS; i++) {
		struct way *out = &links[i].ways[0], *back = &links[i].ways[1];

		if (!links[i].used)
			continue;
		owners[*count / 2] = &links[i];
		polls[1 + (*count)++] =
			(struct pollfd){out->from, way_wants_read(out) | way_wants_write(back, now), 0};
		polls[1 + (*count)++] =
			(struct pollfd){back->from, way_wants_read(back) | way_wants_write(out, now), 0};
		for (unsigned w = 0; w < 2; w++) {
			const struct chunk *first = links[i].ways[w].first;

			if (first && first->due_ns > now && (next < 0 || first->due_ns < next))
				next = first->due_ns;
		}
	}
	return next;
}

int main(int argc, char **argv)
{
	static struct pollfd polls[1 + 2 * LINKS];
	static struct link *owners[LINKS];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *address;
	int listener;

	if (argc != 5 || getaddrinfo(argv[2], argv[3], &hints, &address) != 0) {
		fprintf(stderr, "usage: delay LISTEN-PORT HOST PORT ROUND-TRIP-MS\n");
		return 2;
	}
	delay_ns = (int64_t)(atof(argv[4]) * 1e6 / 2);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1);
	listener = listen_on(atoi(argv[1]));
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int64_t now = now_ns();
		unsigned count = 0;
		int64_t next = gather(polls, owners, &count, now);
		int64_t wait = next - now;
		struct timespec time_out = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};

		polls[0] = (struct pollfd){listener, POLLIN, 0};
		if (ppoll(polls, 1 + count, next < 0 ? NULL : &time_out, NULL) < 0 && errno != EINTR)
			die("delay: poll");
		now = now_ns();
		for (unsigned i = 0; i < count / 2; i++)
			link_serve(owners[i], &polls[1 + 2 * i], &polls[2 + 2 * i], now);
		if (polls[0].revents & POLLIN)
			link_open(listener, address);
	}
}
