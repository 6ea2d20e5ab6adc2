/* Which columns of the target take a column of the master: applier/conversion.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applier/conversion.h"

#define UNTOLD 0u
#define LATIN1 8u
#define UTF8MB4 45u
#define BINARY 63u

static const struct {
	const char *type;
	enum column_class class;
} classes[] = {
	{"float", COLUMN_FLOAT}, {"double", COLUMN_DOUBLE}, {"char", COLUMN_TEXT}, {"varchar", COLUMN_TEXT},
	{"longtext", COLUMN_TEXT}, {"binary", COLUMN_BYTES}, {"varbinary", COLUMN_BYTES}, {"blob", COLUMN_BYTES},
	{"date", COLUMN_TEMPORAL}, {"time", COLUMN_TEMPORAL}, {"datetime", COLUMN_TEMPORAL}, {"timestamp", COLUMN_TEMPORAL},
	{"json", COLUMN_JSON}, {"vector", COLUMN_VECTOR}, {"uuid", COLUMN_UUID}, {"inet4", COLUMN_UUID},
	{"inet6", COLUMN_UUID}, {"point", COLUMN_GEOMETRY}, {"enum", COLUMN_ENUM},
};

/* "datetime(6)" as information_schema has it. */
static struct target_column column_of(const char *full_type, char *type)
{
	size_t length = strcspn(full_type, "( ");
	struct target_column column = {.name = "c", .full_type = full_type, .type = type, .class = COLUMN_NUMBER};
	unsigned number = 0;

	snprintf(type, 20, "%.*s", (int)length, full_type);
	if (full_type[length] == '(')
		sscanf(full_type + length + 1, "%u", &number);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strcmp(classes[i].type, type) == 0)
			column.class = classes[i].class;
	}
	if (column.class == COLUMN_TEMPORAL)
		column.datetime_digits = number;
	else
		column.octets = number;
	return column;
}

/* A column of the master: type, its number (bytes, digits), scale, collation. */
#define COLUMN(TYPE, NUMBER, SCALE, COLLATION) \
	{.type = TYPE_##TYPE, .maximum_bytes = NUMBER, .precision = NUMBER, .scale = SCALE, \
		.has_collation = (COLLATION) != UNTOLD, .collation = COLLATION}

struct pair {
	struct table_column source;
	const char *into; /* types of the target, separated by ';' */
};

static void expect_all(const struct pair *pairs, size_t count, bool survives)
{
	for (size_t i = 0; i < count; i++) {
		char list[200], *rest = list, *full_type;

		snprintf(list, sizeof(list), "%s", pairs[i].into);
		while ((full_type = strsep(&rest, ";"))) {
			char type[20];
			struct target_column column = column_of(full_type, type);
			const char *loss = conversion_loss(&pairs[i].source, &column);

			if (survives ? loss != NULL : loss == NULL)
				fail_msg("%u (%u, %u, collation %u) into %s: %s", pairs[i].source.type,
					(unsigned)pairs[i].source.maximum_bytes, pairs[i].source.scale,
					(unsigned)pairs[i].source.collation, full_type, loss ? loss : "survives");
		}
	}
}

static void test_what_survives(void **state)
{
	static const struct pair pairs[] = {
		{COLUMN(TINY, 0, 0, UNTOLD), "tinyint(4);smallint;bigint unsigned;decimal(10,2);bit(1);float;double"},
		{COLUMN(INT24, 0, 0, UNTOLD), "float;tinyint(4)"}, /* a number that does not fit is refused */
		{COLUMN(LONG, 0, 0, UNTOLD), "int;int(10) unsigned zerofill;smallint(6);bigint(20);double;bit(32)"},
		{COLUMN(LONGLONG, 0, 0, UNTOLD), "bigint;decimal(20,0);int"},
		{COLUMN(NEWDECIMAL, 10, 2, UNTOLD), "decimal(10,2);decimal(12,4);decimal(8,2) unsigned"},
		{COLUMN(NEWDECIMAL, 20, 0, UNTOLD), "decimal(10,0);bigint;int"},
		{COLUMN(FLOAT, 0, 0, UNTOLD), "float;float(7,2);double"},
		{COLUMN(DOUBLE, 0, 0, UNTOLD), "double;double(10,3)"},
		{COLUMN(BIT, 0, 0, UNTOLD), "bit(8);bit(64);tinyint(1);bigint;decimal(20,0)"},
		{COLUMN(YEAR, 0, 0, UNTOLD), "year;year(4);smallint"},
		{COLUMN(DATE, 0, 0, UNTOLD), "date;datetime;datetime(6)"},
		{COLUMN(NEWDATE, 0, 0, UNTOLD), "date"},
		{COLUMN(TIME2, 0, 3, UNTOLD), "time(3);time(6)"},
		{COLUMN(DATETIME2, 0, 0, UNTOLD), "datetime;datetime(6);timestamp;datetime /* mariadb-5.3 */"},
		{COLUMN(TIMESTAMP2, 0, 6, UNTOLD), "timestamp(6);datetime(6)"},
		{COLUMN(DATETIME, 0, 0, UNTOLD), "datetime;datetime(3);timestamp"},
		{COLUMN(TIMESTAMP, 0, 0, UNTOLD), "timestamp;datetime"},
		{COLUMN(TIME, 0, 0, UNTOLD), "time;time(2)"},
		{COLUMN(VARCHAR, 40, 0, UTF8MB4), "varchar(10);varchar(3);char(10);longtext;varbinary(40);blob;json"},
		{COLUMN(VARCHAR, 40, 0, UNTOLD), "varchar(10);char(10);longtext;varbinary(40);blob;json;vector(10)"},
		{COLUMN(VARCHAR, 40, 0, BINARY), "varbinary(40);blob;varchar(40);longtext;vector(10)"},
		{COLUMN(VARCHAR_COMPRESSED, 40, 0, LATIN1), "varchar(40);longtext"},
		{COLUMN(BLOB_COMPRESSED, 4, 0, UNTOLD), "blob;longtext"},
		{COLUMN(STRING, 20, 0, LATIN1), "char(20);char(5);varchar(20);longtext;blob"},
		{COLUMN(STRING, 16, 0, UNTOLD), "char(16);varchar(4);binary(16);binary(20);varbinary(16);uuid;inet6"},
		{COLUMN(STRING, 16, 0, BINARY), "binary(16);binary(20);varbinary(8);blob;uuid;inet6"},
		{COLUMN(STRING, 4, 0, BINARY), "inet4;binary(4)"},
		{COLUMN(BLOB, 4, 0, UTF8MB4), "longtext;json;varchar(20);blob"}, /* MariaDB's JSON, too */
		{COLUMN(BLOB, 2, 0, BINARY), "blob;varbinary(10);longtext"},
		{COLUMN(BLOB, 4, 0, UNTOLD), "json;longtext;blob"},
		{COLUMN(JSON, 4, 0, UNTOLD), "json;longtext;varchar(200);blob"},
		{COLUMN(GEOMETRY, 4, 0, UNTOLD), "point;blob"},
		{COLUMN(VECTOR, 4, 0, UNTOLD), "vector(3);varbinary(12)"},
		/* members.h judges these, and nobody types that are new */
		{COLUMN(ENUM, 1, 0, UNTOLD), "enum('a','b');varchar(10);int"},
		{COLUMN(LONG, 0, 0, UNTOLD), "enum('1','2');xmltype"},
		{COLUMN(BLOB, 4, 0, UNTOLD), "xmltype"},
	};

	(void)state;
	expect_all(pairs, sizeof(pairs) / sizeof(pairs[0]), true);
}

static void test_what_would_be_another_value(void **state)
{
	static const struct pair pairs[] = {
		{COLUMN(TINY, 0, 0, UNTOLD), "varchar(10);year;date;time;datetime;blob;json;uuid;point"},
		{COLUMN(LONG, 0, 0, UNTOLD), "float;bit(64)"},
		{COLUMN(LONGLONG, 0, 0, UNTOLD), "float;double"},
		{COLUMN(NEWDECIMAL, 10, 2, UNTOLD), "decimal(10,1);decimal(10,0);int;double;float;varchar(20)"},
		{COLUMN(NEWDECIMAL, 30, 0, UNTOLD), "double;bit(64)"},
		{COLUMN(FLOAT, 0, 0, UNTOLD), "int;decimal(10,2);varchar(20);bigint"},
		{COLUMN(DOUBLE, 0, 0, UNTOLD), "float;int;decimal(30,10)"},
		{COLUMN(BIT, 0, 0, UNTOLD), "varchar(8);float;binary(8)"},
		{COLUMN(YEAR, 0, 0, UNTOLD), "date;varchar(4);datetime"},
		{COLUMN(DATE, 0, 0, UNTOLD), "time;int;varchar(10);year"},
		{COLUMN(TIME2, 0, 0, UNTOLD), "datetime;date;timestamp;int;varchar(8)"},
		{COLUMN(TIME2, 0, 3, UNTOLD), "time;time(2)"},
		{COLUMN(DATETIME2, 0, 6, UNTOLD), "datetime;datetime(3);timestamp(5)"},
		{COLUMN(DATETIME2, 0, 0, UNTOLD), "date;time;varchar(20);bigint"},
		{COLUMN(TIMESTAMP2, 0, 3, UNTOLD), "timestamp;datetime(2);date"},
		{COLUMN(DATETIME, 0, 0, UNTOLD), "date"},
		{COLUMN(VARCHAR, 40, 0, UTF8MB4), "int;double;decimal(10,2);bit(8);datetime;binary(40);uuid;inet4;vector(10);point"},
		{COLUMN(VARCHAR, 40, 0, UNTOLD), "int;date;binary(40);uuid"},
		{COLUMN(VARCHAR, 40, 0, BINARY), "binary(40);int"},
		{COLUMN(STRING, 16, 0, LATIN1), "uuid;inet6;int;binary(16)"},
		{COLUMN(STRING, 16, 0, BINARY), "varchar(45);char(36);longtext;binary(15);inet4;json"},
		{COLUMN(STRING, 4, 0, BINARY), "inet6;varchar(15)"},
		{COLUMN(STRING, 36, 0, UNTOLD), "uuid;binary(35);int"},
		{COLUMN(BLOB, 2, 0, UNTOLD), "int;point;binary(10)"},
		{COLUMN(JSON, 4, 0, UNTOLD), "int;double;datetime;point"},
		{COLUMN(GEOMETRY, 4, 0, UNTOLD), "longtext;json"},
		{COLUMN(VECTOR, 4, 0, UNTOLD), "longtext;json;binary(12)"},
	};

	(void)state;
	expect_all(pairs, sizeof(pairs) / sizeof(pairs[0]), false);
}

static void test_the_error_names_both_types(void **state)
{
	struct table_column source = COLUMN(NEWDECIMAL, 10, 4, UNTOLD);
	struct target_table table = {.quoted = "`d`.`t`"};
	struct error error = {0};
	char type[20];
	struct target_column column = column_of("decimal(10,2)", type);

	(void)state;
	assert_int_equal(conversion_check(&table, &source, &column, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	assert_non_null(strstr(error.text,
		"table `d`.`t`: column c is decimal(10,2) on the target, and DECIMAL(10,4) on the master: digits behind the point "
		"would be lost."));
	source = (struct table_column)COLUMN(STRING, 16, 0, BINARY);
	column = column_of("char(36)", type);
	assert_int_equal(conversion_check(&table, &source, &column, &error), -1);
	assert_non_null(strstr(error.text, "char(36) on the target, and BINARY(16) on the master"));
}

static void expect_blanks(bool dropped, const char *text, const char *charset, unsigned type, const char *full_type)
{
	struct table_column source = {.type = (uint8_t)type};
	char name[20];
	struct target_column column = column_of(full_type, name);

	assert_int_equal(
		conversion_drops_blanks((const uint8_t *)text, strlen(text), charset, &source, &column), dropped);
}

static void test_blanks_at_the_end(void **state)
{
	(void)state;
	expect_blanks(true, "abc ", "latin1", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "ab ", "latin1", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "abcd", "latin1", TYPE_VARCHAR, "varchar(3)"); /* refused by the server */
	expect_blanks(true, "\xc3\xbc\xe6\xbc\xa2  ", "utf8mb4", TYPE_BLOB, "varchar(3)");
	expect_blanks(false, "\xc3\xbc\xe6\xbc\xa2 ", "utf8mb4", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "\xa4\xa2\xa4\xa4 ", "ujis", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(true, "\xa4\xa2\xa4\xa4" "  ", "ujis", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "\x8f\xb0\xa1\x8e\xb1" " ", "eucjpms", TYPE_VARCHAR, "varchar(3)");
	/* the second byte of a character may be one of ASCII's */
	expect_blanks(false, "\x8c" "A\x8c" "a ", "euckr", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(true, "\x8c" "A\x8c" "a  ", "euckr", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "\x81@\x81" "A ", "gbk", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(true, "abc ", "gbk", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "\xa4@\xa4" "A ", "big5", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "\x83\\\xb1 ", "sjis", TYPE_VARCHAR, "varchar(3)"); /* of two bytes, and of one */
	expect_blanks(true, "\x83\\\xb1  ", "cp932", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "\x81\x30\x81\x30\x81@ ", "gb18030", TYPE_VARCHAR, "varchar(3)");
	expect_blanks(false, "a\0 ", "ucs2", TYPE_VARCHAR, "varchar(1)"); /* not looked at */
	expect_blanks(true, "a ", "latin1", TYPE_VARCHAR, "char(3)");
	expect_blanks(false, "a ", "latin1", TYPE_STRING, "char(3)");
	expect_blanks(false, "a", "latin1", TYPE_VARCHAR, "char(3)");
	expect_blanks(false, "a ", "latin1", TYPE_VARCHAR, "longtext");
	expect_blanks(false, "", "latin1", TYPE_VARCHAR, "varchar(0)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_survives),
		cmocka_unit_test(test_what_would_be_another_value),
		cmocka_unit_test(test_the_error_names_both_types),
		cmocka_unit_test(test_blanks_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
