/* visible SOURCE-SOCKET TARGET-SOCKET RATE SECONDS: when rows written on the source can be seen on the
 * target.
 *
 * One connection inserts RATE rows a second into bench.visible on the source, each a transaction, at fixed
 * times whether or not the one before has arrived; another reads the newest id on the target over and over.
 * Prints one line a row: id, microseconds from the statement's sending to the end of its commit, and from
 * each of these two to the moment the row was seen. Rows that are not seen GRACE_SECONDS after the last one
 * get -1. */
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	POLL_PAUSE_NS = 100000,
	GRACE_SECONDS = 60,
};

struct row {
	int64_t sent_ns, committed_ns, seen_ns;
};

static struct row *rows;
static long row_count;
static const char *source_socket;
static double rate;
static atomic_long written;
static atomic_bool failed;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void sleep_until(int64_t when_ns)
{
	struct timespec t = {.tv_sec = when_ns / 1000000000, .tv_nsec = when_ns % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static MYSQL *connect_to(const char *socket_path)
{
	MYSQL *mysql = mysql_init(NULL);

	if (mysql && mysql_real_connect(mysql, NULL, "root", "", NULL, 0, socket_path, 0))
		return mysql;
	fprintf(stderr, "visible: %s: %s\n", socket_path, mysql ? mysql_error(mysql) : "out of memory");
	exit(1);
}

static void *write_rows(void *unused)
{
	MYSQL *mysql = connect_to(source_socket);
	int64_t start = now_ns();

	prctl(PR_SET_TIMERSLACK, 1);
	for (long i = 0; i < row_count; i++) {
		char statement[160];
		int length = snprintf(statement, sizeof(statement),
			"INSERT INTO bench.visible (id, note) VALUES (%ld, 'a row that wants to be seen: "
			"%08lx')",
			i + 1, (unsigned long)i * 2654435761UL & 0xffffffffUL);

		sleep_until(start + (int64_t)((double)i * 1e9 / rate));
		rows[i].sent_ns = now_ns();
		if (mysql_real_query(mysql, statement, (unsigned long)length) != 0) {
			fprintf(stderr, "visible: insert: %s\n", mysql_error(mysql));
			failed = true;
			break;
		}
		rows[i].committed_ns = now_ns();
		written = i + 1;
	}
	mysql_close(mysql);
	return unused;
}

static long newest(MYSQL *mysql)
{
	static const char statement[] = "SELECT id FROM bench.visible ORDER BY id DESC LIMIT 1";
	MYSQL_RES *result;
	MYSQL_ROW row;
	long id = 0;

	if (mysql_real_query(mysql, statement, sizeof(statement) - 1) != 0 ||
		!(result = mysql_store_result(mysql))) {
		fprintf(stderr, "visible: poll: %s\n", mysql_error(mysql));
		exit(1);
	}
	row = mysql_fetch_row(result);
	if (row && row[0])
		id = atol(row[0]);
	mysql_free_result(result);
	return id;
}

static void watch(MYSQL *mysql)
{
	int64_t end = INT64_MAX;
	long seen = 0;

	while (seen < row_count && !failed && now_ns() < end) {
		struct timespec pause = {.tv_nsec = POLL_PAUSE_NS};
		long id = newest(mysql);
		int64_t now = now_ns();

		for (; seen < id; seen++)
			rows[seen].seen_ns = now;
		if (written == row_count && end == INT64_MAX)
			end = now + (int64_t)GRACE_SECONDS * 1000000000;
		nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	pthread_t writer;
	MYSQL *target;

	if (argc != 5 || (rate = atof(argv[3])) <= 0) {
		fprintf(stderr, "usage: visible SOURCE-SOCKET TARGET-SOCKET RATE SECONDS\n");
		return 2;
	}
	source_socket = argv[1];
	row_count = (long)(rate * atof(argv[4]));
	rows = calloc((size_t)row_count + 1, sizeof(*rows));
	prctl(PR_SET_TIMERSLACK, 1);
	if (!rows || mysql_library_init(0, NULL, NULL) != 0)
		return 1;
	target = connect_to(argv[2]);
	if (pthread_create(&writer, NULL, write_rows, NULL) != 0)
		return 1;
	watch(target);
	pthread_join(writer, NULL);
	if (failed)
		return 1;
	for (long i = 0; i < row_count; i++) {
		const struct row *row = &rows[i];
		/* the row may be seen before its own commit has returned to the writer */
		double after_sent = row->seen_ns ? (double)(row->seen_ns - row->sent_ns) / 1e3 : -1;
		double after_commit = row->seen_ns ? (double)(row->seen_ns - row->committed_ns) / 1e3 : -1;

		printf("%ld %.1f %.1f %.1f\n", i + 1, (double)(row->committed_ns - row->sent_ns) / 1e3,
			after_sent, row->seen_ns && after_commit < 0 ? 0 : after_commit);
	}
	mysql_close(target);
	return 0;
}
