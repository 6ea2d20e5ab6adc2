/* replay HOST PORT USER CA-FILE|- FILE: sends recorded statements over one connection, as plainly as can be.
 *
 * FILE holds records of a 32-bit length (of this machine's byte order) and that many bytes: what one
 * COM_QUERY carried, several statements included. Each is sent when all results of the one before have been
 * read. A statement that fails is counted, and the rest of its record is lost, as it was for whoever was
 * recorded. The password is $MYSQL_PWD; TLS with the server's name verified when there is a CA file. Prints
 * the seconds from the first statement to the last result, the number of records, and that of failures. */
#include <mysql.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static MYSQL *connect_to(char **argv)
{
	MYSQL *mysql = mysql_init(NULL);
	my_bool verify = 1;

	if (mysql && strcmp(argv[4], "-") != 0) {
		mysql_options(mysql, MYSQL_OPT_SSL_CA, argv[4]);
		mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	}
	if (mysql && mysql_real_connect(mysql, argv[1], argv[3], getenv("MYSQL_PWD"), NULL,
			     (unsigned)atoi(argv[2]), NULL, CLIENT_MULTI_STATEMENTS | CLIENT_FOUND_ROWS))
		return mysql;
	fprintf(stderr, "replay: %s\n", mysql ? mysql_error(mysql) : "out of memory");
	exit(1);
}

/* The number of failures: 0 or 1. */
static unsigned send_record(MYSQL *mysql, const char *text, uint32_t length)
{
	int more = mysql_real_query(mysql, text, length);

	while (more == 0) {
		MYSQL_RES *result = mysql_store_result(mysql);

		if (result)
			mysql_free_result(result);
		more = mysql_next_result(mysql);
	}
	if (more > 0 && getenv("REPLAY_VERBOSE"))
		fprintf(stderr, "replay: %s\n", mysql_error(mysql));
	return more > 0;
}

int main(int argc, char **argv)
{
	unsigned long records = 0, failures = 0;
	uint32_t length;
	char *text = NULL;
	double start;
	MYSQL *mysql;
	FILE *file;

	if (argc != 6 || !(file = fopen(argv[5], "rb"))) {
		fprintf(stderr, "usage: replay HOST PORT USER CA-FILE|- FILE\n");
		return 2;
	}
	mysql = connect_to(argv);
	start = now_seconds();
	while (fread(&length, sizeof(length), 1, file) == 1) {
		char *grown = realloc(text, length + 1);

		if (!grown || fread(grown, 1, length, file) != length) {
			fprintf(stderr, "replay: %s is cut off\n", argv[5]);
			return 1;
		}
		text = grown;
		failures += send_record(mysql, text, length);
		records++;
	}
	printf("%.6f %lu %lu\n", now_seconds() - start, records, failures);
	mysql_close(mysql);
	free(text);
	fclose(file);
	return 0;
}
