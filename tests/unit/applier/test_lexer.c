/* The lexer's promises: nothing is lost, nothing makes it fail, and each server's reading is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "applier/sql/keyword.h"
#include "applier/sql/lexer.h"
#include "base/buffer.h"

static const struct lexer_options mysql80 = {.source = {FAMILY_MYSQL, 80036}};
static const struct lexer_options mysql56 = {.source = {FAMILY_MYSQL, 50651}};
static const struct lexer_options maria = {.source = {FAMILY_MARIADB, 101106}};

static const char *const kinds[] = {"space", "comment", "hint", "open", "close", "word", "quoted", "string",
	"prefixed", "introducer", "number", "uservar", "sysvar", "op", "bad"};

/* The tokens that mean something, as "kind:text|…". */
static void expect(const char *text, const struct lexer_options *options, const char *wanted)
{
	struct buffer found = BUFFER_INIT;
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, text, strlen(text), options);
	while (lexer_next(&lexer, &token)) {
		if (token.kind == TOKEN_SPACE)
			continue;
		if (found.length)
			buffer_putc(&found, '|');
		buffer_printf(&found, "%s:", kinds[token.kind]);
		buffer_append(&found, text + token.start, token.length);
	}
	assert_string_equal(buffer_text(&found), wanted);
	buffer_release(&found);
}

static void words_and_numbers(void **state)
{
	(void)state;
	expect("SELECT a1, 1a, 0x1F, 0b01, 1.5e-3, .5, 1e5, 0xZ", &mysql80,
		"word:SELECT|word:a1|op:,|word:1a|op:,|number:0x1F|op:,|number:0b01|op:,|number:1.5e-3|op:,|"
		"number:.5|"
		"op:,|number:1e5|op:,|word:0xZ");
	expect("db.1t.select,t.5", &mysql80, "word:db|op:.|word:1t|op:.|word:select|op:,|word:t|op:.|word:5");
	expect("a:=b<=>c->>'$.x'->'y' || !d<>e", &mysql80,
		"word:a|op::=|word:b|op:<=>|word:c|op:->>|string:'$.x'|op:->|string:'y'|op:|||op:!|word:d|op:"
		"<>|word:e");
	expect("@a.b @`x``y` @'q' @\"r\" @@session.sql_mode @", &mysql80,
		"uservar:@a.b|uservar:@`x``y`|uservar:@'q'|uservar:@\"r\"|sysvar:@@session.sql_mode|op:@");
	expect("x'4D' N'n\\'' b'1' _utf8mb4 'a' _utf8mb4 x _latin1 0x41", &mysql80,
		"prefixed:x'4D'|prefixed:N'n\\''|prefixed:b'1'|introducer:_utf8mb4|string:'a'|word:_utf8mb4|"
		"word:x|"
		"introducer:_latin1|number:0x41");
	expect("a-1 a--1 a -- rest\nb#c\nd --", &mysql80,
		"word:a|op:-|number:1|word:a|op:-|op:-|number:1|word:a|comment:-- "
		"rest|word:b|comment:#c|word:d|comment:--");
}

static void quotes_and_modes(void **state)
{
	struct lexer_options ansi = mysql80, plain_backslash = mysql80;

	(void)state;
	ansi.sql_mode = MODE_ANSI_QUOTES;
	plain_backslash.sql_mode = MODE_NO_BACKSLASH_ESCAPES;
	expect("'it''s' \"a\\\"b\" `c``d`", &mysql80, "string:'it''s'|string:\"a\\\"b\"|quoted:`c``d`");
	expect("'a\\' \"b\"\"c\"", &ansi, "bad:'a\\' \"b\"\"c\"");
	expect("'a' \"b\"\"c\\\"", &ansi, "string:'a'|quoted:\"b\"\"c\\\"");
	expect("'a\\' 'b'", &plain_backslash, "string:'a\\'|string:'b'");
	expect("`a\\` b", &mysql80, "quoted:`a\\`|word:b");
	expect("'open", &mysql80, "bad:'open");
	expect("`open", &mysql80, "bad:`open");
	expect("a /* open", &mysql80, "word:a|bad:/* open");
}

static void version_comments(void **state)
{
	(void)state;
	expect("a /*!50013 b */ c", &mysql80, "word:a|open:/*!50013|word:b|close:*/|word:c");
	expect("a /*!90000 b /* c */ d */ e", &mysql80, "word:a|comment:/*!90000 b /* c */ d */|word:e");
	expect("/*! a */ /*!a*/", &mysql80, "open:/*!|word:a|close:*/|open:/*!|word:a|close:*/");
	expect("/*!080016 a */", &mysql80, "open:/*!080016|word:a|close:*/");
	expect("/*!100100 a */ b", &mysql80, "comment:/*!100100 a */|word:b");
	/* five digits before 8.0 */
	expect("/*!100100 a */", &mysql56, "open:/*!10010|number:0|word:a|close:*/");
	expect("/*!80016 a */ /*M!100100 b */ c", &mysql56,
		"comment:/*!80016 a */|comment:/*M!100100 b */|word:c");
	/* MariaDB leaves MySQL's own numbers alone */
	expect("/*!50701 a */ /*!50699 b */ /*!80016 c */", &maria,
		"comment:/*!50701 a */|open:/*!50699|word:b|close:*/|comment:/*!80016 c */");
	expect("/*M!100100 a */ /*M!110000 b */ /*M! c*/ /*!100100 d*/", &maria,
		"open:/*M!100100|word:a|close:*/|comment:/*M!110000 b "
		"*/|open:/*M!|word:c|close:*/|open:/*!100100|word:d|"
		"close:*/");
	expect("SELECT /*+ MAX_EXECUTION_TIME(1) */ 1 /**/ * /", &mysql80,
		"word:SELECT|hint:/*+ MAX_EXECUTION_TIME(1) */|number:1|comment:/**/|op:*|op:/");
	expect("/*!40101 a /* in */ b */ c */", &mysql80,
		"open:/*!40101|word:a|comment:/* in */|word:b|close:*/|word:c|op:*|op:/");
}

static void second_bytes(void **state)
{
	struct lexer_options sjis = {.charset = LEXER_SJIS, .source = {FAMILY_MYSQL, 50651}};
	struct lexer_options gbk = {.charset = LEXER_GBK, .source = {FAMILY_MYSQL, 50651}};
	struct lexer_options big5 = {.charset = LEXER_BIG5, .source = {FAMILY_MYSQL, 50651}};

	(void)state;
	/* 0x83 0x5c ends in what looks like a backslash, 0x81 0x60 in a back-tick */
	expect("'\x83\x5c' a", &sjis, "string:'\x83\x5c'|word:a");
	expect("'\x83\x5c' a", &mysql56, "bad:'\x83\x5c' a");
	expect("`\x81\x60` a", &sjis, "quoted:`\x81\x60`|word:a");
	expect("'\xbf\x5c' b", &gbk, "string:'\xbf\x5c'|word:b");
	expect("'\xa4\x5c' \xa4\x5c\x63 ", &big5, "string:'\xa4\x5c'|word:\xa4\x5c\x63");
	assert_int_equal(lexer_charset_of("gb18030_chinese_ci"), LEXER_GB18030);
	assert_int_equal(lexer_charset_of("cp932"), LEXER_SJIS);
	assert_int_equal(lexer_charset_of("gb2312"), LEXER_PLAIN);
	assert_int_equal(lexer_charset_of(NULL), LEXER_PLAIN);
}

static void values(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {{"`a``b`", "a`b"}, {"'it''s\\n\\'x\\%'", "it's\n'x\\%"}, {"@`u``v`", "u`v"},
		{"@host", "host"}, {"@@global.x", "global.x"}, {"N'abc'", "abc"}, {"word", "word"}};
	struct token_list list = TOKEN_LIST_INIT;
	struct buffer out = BUFFER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		token_list_read(&list, cases[i].text, strlen(cases[i].text), &mysql80, false);
		buffer_clear(&out);
		token_value(&list, 0, &out);
		assert_string_equal(buffer_text(&out), cases[i].value);
	}
	token_list_release(&list);
	buffer_release(&out);
}

static void folded_rows(void **state)
{
	const char *text =
		"INSERT INTO t (a,b) VALUES (1,'x'),(2,-3.5),(f(1),2),(4,NULL) ON DUPLICATE KEY UPDATE a=1";
	struct token_list list = TOKEN_LIST_INIT;
	struct buffer out = BUFFER_INIT;

	(void)state;
	token_list_read(&list, text, strlen(text), &mysql80, true);
	for (size_t i = 0; i < list.count; i++)
		buffer_printf(&out, "%.*s ", (int)list.items[i].length, text + list.items[i].start);
	assert_string_equal(buffer_text(&out),
		"INSERT INTO t ( a , b ) VALUES ( f ( 1 ) , 2 ) , ( 4 , NULL ) ON DUPLICATE "
		"KEY UPDATE a = 1 ");
	assert_true(list.folded);
	token_list_release(&list);
	buffer_release(&out);
}

static const char *const pieces[] = {"'", "\"", "`", "\\", "/*", "*/", "/*!", "/*!50000", "/*M!",
	"/*!080000 ", "--", "-- ", "#", "\n", " ", "\t", ".", "1", "0x", "e+", "@", "@@", "a", "select", "N'",
	"x'", "_utf8", "(", ")", ";", ",", "\x83", "\x5c", "\xe9\x80\xb1", "\0", "<=", ">", "-", ":=", "/*+",
	"*", "/"};

static void random_bytes_lose_nothing(void **state)
{
	unsigned seed = (unsigned)time(NULL), runs = 40000;
	const char *given = getenv("SEED");
	char text[512];

	(void)state;
	if (given)
		seed = (unsigned)strtoul(given, NULL, 10);
	print_message("SEED=%u\n", seed);
	srand(seed);
	while (runs--) {
		size_t length = 0, end = 0;
		struct lexer_options options = {.charset = (enum lexer_charset)(rand() % 5),
			.source = {rand() % 2 ? FAMILY_MYSQL : FAMILY_MARIADB, rand() % 2 ? 80036 : 50651}};
		struct lexer lexer;
		struct token token;

		if (rand() % 2)
			options.sql_mode |= MODE_ANSI_QUOTES;
		if (rand() % 2)
			options.sql_mode |= MODE_NO_BACKSLASH_ESCAPES;
		for (unsigned n = (unsigned)rand() % 30; n; n--) {
			const char *piece = pieces[(size_t)rand() % (sizeof(pieces) / sizeof(pieces[0]))];
			size_t size = piece[0] ? strlen(piece) : 1;

			memcpy(text + length, piece, size);
			length += size;
		}
		lexer_init(&lexer, text, length, &options);
		while (lexer_next(&lexer, &token)) {
			assert_int_equal(token.start, end);
			assert_true(token.length > 0);
			end += token.length;
		}
		assert_int_equal(end, length);
	}
}

static void keywords(void **state)
{
	(void)state;
	assert_int_equal(keyword_find("select", 6), KW_SELECT);
	assert_int_equal(keyword_find("SeLeCt", 6), KW_SELECT);
	assert_int_equal(keyword_find("selects", 7), 0);
	assert_int_equal(keyword_find("x509", 4), KW_X509);
	assert_int_equal(keyword_find("a", 1), 0);
	for (unsigned word = KEYWORD_NONE + 1; keyword_name(word)[0]; word++)
		assert_int_equal(keyword_find(keyword_name(word), strlen(keyword_name(word))), word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_numbers),
		cmocka_unit_test(quotes_and_modes),
		cmocka_unit_test(version_comments),
		cmocka_unit_test(second_bytes),
		cmocka_unit_test(values),
		cmocka_unit_test(folded_rows),
		cmocka_unit_test(random_bytes_lose_nothing),
		cmocka_unit_test(keywords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
