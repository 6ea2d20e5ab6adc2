/* How fast the lexer reads: `lexer [FILE]` prints MB/s over the file, or over a made-up mix of statements. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "applier/sql/lexer.h"
#include "base/buffer.h"

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* of this core, whatever else the machine does */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make_corpus(struct buffer *out)
{
	for (unsigned i = 0; out->length < (size_t)16 << 20; i++) {
		buffer_printf(out,
			"INSERT INTO `shop`.`orders` (`id`, customer_id, status, total, note, created_at) "
			"VALUES "
			"(%u, %u, 'shipped', %u.%02u, 'left with the neighbour, it''s \\'fine\\'', "
			"'2024-05-%02u 10:11:12'), "
			"(NULL, 17, _utf8mb4'wei\\tter', -1.5e3, NULL, NOW());\n",
			i, i * 7 % 1000, i % 500, i % 100, i % 28 + 1);
		buffer_printf(out,
			"UPDATE customer AS c JOIN shop.orders o ON c.id = o.customer_id SET c.turnover = "
			"c.turnover + "
			"o.total /* booked */ WHERE o.id BETWEEN %u AND %u AND c.name LIKE 'A%%' -- one "
			"page\n;\n",
			i, i + 10);
		buffer_printf(out,
			"DELETE FROM session_data WHERE expires < DATE_SUB(NOW(), INTERVAL 1 DAY) LIMIT "
			"%u;\n",
			i);
		buffer_puts(out, "/*!50003 CREATE*/ /*!50017 DEFINER=`app`@`%`*/ /*!50003 TRIGGER t BEFORE "
				 "INSERT ON a FOR EACH ROW "
				 "BEGIN SET NEW.x = COALESCE(@y, 0x1F) + 1; END */;\n");
	}
}

static int read_file(const char *path, struct buffer *out)
{
	FILE *file = fopen(path, "rb");
	char block[65536];
	size_t n;

	if (!file) {
		perror(path);
		return -1;
	}
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		buffer_append(out, block, n);
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	struct buffer corpus = BUFFER_INIT;
	struct lexer_options options = {.source = {FAMILY_MYSQL, 80036}};
	struct token_list list = TOKEN_LIST_INIT;
	struct token token;
	struct lexer lexer;
	size_t tokens = 0;
	double start, seconds;
	unsigned rounds = 8;

	if (argc > 1 ? read_file(argv[1], &corpus) != 0 : (make_corpus(&corpus), 0))
		return 1;
	start = now_seconds();
	for (unsigned i = 0; i < rounds; i++) {
		lexer_init(&lexer, corpus.data, corpus.length, &options);
		while (lexer_next(&lexer, &token))
			tokens++;
	}
	seconds = now_seconds() - start;
	printf("tokens: %.0f MB/s, %.1f bytes a token\n", (double)corpus.length * rounds / 1e6 / seconds,
		(double)corpus.length * rounds / (double)tokens);
	start = now_seconds();
	for (unsigned i = 0; i < rounds; i++)
		token_list_read(&list, corpus.data, corpus.length, &options, true);
	seconds = now_seconds() - start;
	printf("lists:  %.0f MB/s\n", (double)corpus.length * rounds / 1e6 / seconds);
	token_list_release(&list);
	buffer_release(&corpus);
	return 0;
}
