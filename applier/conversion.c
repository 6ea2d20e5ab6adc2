#include "applier/conversion.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/charset.h"
#include "binlog/table_map.h"

#define FLOAT_BITS 24u  /* of integers that a FLOAT holds exactly */
#define DOUBLE_BITS 53u

enum family {
	INTEGER = 1 << 0,
	DECIMAL = 1 << 1,
	FLOAT = 1 << 2,
	DOUBLE = 1 << 3,
	BIT = 1 << 4,
	YEAR = 1 << 5,
	DATE = 1 << 6,
	TIME = 1 << 7,
	DATETIME = 1 << 8, /* and TIMESTAMP */
	TEXT = 1 << 9,
	BYTES = 1 << 10,   /* VARBINARY, BLOB */
	BINARY = 1 << 11,  /* of fixed width: zero bytes at its end are not in the log */
	UUID = 1 << 12,    /* and INET6: 16 bytes */
	INET4 = 1 << 13,
	JSON = 1 << 14,
	GEOMETRY = 1 << 15,
	VECTOR = 1 << 16,
};

/* What each family may be written into; some of it with conditions, below. */
static const struct {
	unsigned from, into;
} ways[] = {
	{INTEGER, INTEGER | DECIMAL | BIT | FLOAT | DOUBLE},
	{DECIMAL, DECIMAL | INTEGER},
	{FLOAT, FLOAT | DOUBLE},
	{DOUBLE, DOUBLE},
	{BIT, BIT | INTEGER | DECIMAL},
	{YEAR, YEAR | INTEGER},
	{DATE, DATE | DATETIME},
	{TIME, TIME},
	{DATETIME, DATETIME},
	{TEXT, TEXT | BYTES | JSON},
	{BYTES, BYTES | TEXT | JSON | VECTOR}, /* MariaDB's VECTOR is a VARBINARY in the log */
	{BINARY, BINARY | BYTES | UUID | INET4}, /* and its UUID, INET4, INET6 are BINARY */
	{JSON, JSON | TEXT | BYTES},
	{GEOMETRY, GEOMETRY | BYTES},
	{VECTOR, VECTOR | BYTES},
};

static bool is_text(const struct table_column *source)
{
	return source->has_collation && source->collation != COLLATION_BINARY;
}

static bool is_bytes(const struct table_column *source)
{
	return source->has_collation && source->collation == COLLATION_BINARY;
}

static unsigned either(const struct table_column *source, unsigned bytes)
{
	return is_text(source) ? TEXT : is_bytes(source) ? bytes : TEXT | bytes;
}

/* The families that the master's column may be of; 0 for what is not judged here. */
static unsigned families_of(const struct table_column *source)
{
	switch (source->type) {
	case TYPE_TINY:
	case TYPE_SHORT:
	case TYPE_INT24:
	case TYPE_LONG:
	case TYPE_LONGLONG:
		return INTEGER;
	case TYPE_NEWDECIMAL:
		return DECIMAL;
	case TYPE_FLOAT:
		return FLOAT;
	case TYPE_DOUBLE:
		return DOUBLE;
	case TYPE_BIT:
		return BIT;
	case TYPE_YEAR:
		return YEAR;
	case TYPE_DATE:
	case TYPE_NEWDATE:
		return DATE;
	case TYPE_TIME:
	case TYPE_TIME2:
		return TIME;
	case TYPE_DATETIME:
	case TYPE_DATETIME2:
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMP2:
		return DATETIME;
	case TYPE_STRING:
		return either(source, BINARY);
	case TYPE_VARCHAR:
	case TYPE_VAR_STRING:
	case TYPE_VARCHAR_COMPRESSED:
	case TYPE_BLOB_COMPRESSED:
	case TYPE_TINY_BLOB:
	case TYPE_MEDIUM_BLOB:
	case TYPE_LONG_BLOB:
	case TYPE_BLOB:
		return either(source, BYTES);
	case TYPE_JSON:
		return JSON;
	case TYPE_GEOMETRY:
		return GEOMETRY;
	case TYPE_VECTOR:
		return VECTOR;
	default:
		return 0;
	}
}

static const struct {
	const char *type;
	enum family family;
} numbers[] = {
	{"tinyint", INTEGER}, {"smallint", INTEGER}, {"mediumint", INTEGER}, {"int", INTEGER}, {"bigint", INTEGER},
	{"decimal", DECIMAL}, {"bit", BIT}, {"year", YEAR},
};

/* The family of the target's column; 0 for types that are not known here, and for ENUM and SET. */
static unsigned family_of(const struct target_column *column)
{
	switch (column->class) {
	case COLUMN_NUMBER:
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
			if (strcasecmp(numbers[i].type, column->type) == 0)
				return numbers[i].family;
		}
		return 0;
	case COLUMN_FLOAT:
		return FLOAT;
	case COLUMN_DOUBLE:
		return DOUBLE;
	case COLUMN_TEXT:
		return TEXT;
	case COLUMN_BYTES:
		return strcasecmp(column->type, "binary") == 0 ? BINARY : BYTES;
	case COLUMN_TEMPORAL:
		return strcasecmp(column->type, "date") == 0 ? DATE : strcasecmp(column->type, "time") == 0 ? TIME : DATETIME;
	case COLUMN_JSON:
		return JSON;
	case COLUMN_GEOMETRY:
		return GEOMETRY;
	case COLUMN_VECTOR:
		return VECTOR;
	case COLUMN_UUID:
		return strcasecmp(column->type, "inet4") == 0 ? INET4 : UUID;
	case COLUMN_ENUM:
	case COLUMN_SET:
		break;
	}
	return 0;
}

/* The number in COLUMN_TYPE's parentheses: 10 and 2 of decimal(10,2). */
static unsigned parameter(const struct target_column *column, unsigned index)
{
	const char *at = strchr(column->full_type, '(');

	for (; at && index > 0; index--)
		at = strchr(at + 1, ',');
	return at ? (unsigned)strtoul(at + 1, NULL, 10) : 0;
}

static unsigned integer_bits(const struct table_column *source)
{
	switch (source->type) {
	case TYPE_TINY:
		return 8;
	case TYPE_SHORT:
		return 16;
	case TYPE_INT24:
		return 24;
	case TYPE_LONG:
		return 32;
	default:
		return 64;
	}
}

static const char *integer_loss(const struct table_column *source, const struct target_column *column, unsigned into)
{
	if ((into == FLOAT && integer_bits(source) > FLOAT_BITS) || (into == DOUBLE && integer_bits(source) > DOUBLE_BITS))
		return "digits would be lost";
	/* BIT(64) takes -1 for its largest number; narrower ones refuse it */
	if (into == BIT && parameter(column, 0) >= 64 && source->sign != SIGN_UNSIGNED)
		return "negative numbers would be others";
	return NULL;
}

static const char *fixed_loss(const struct table_column *source, const struct target_column *column, unsigned into)
{
	if (into == BINARY && column->octets < source->maximum_bytes)
		return "zero bytes at its end would be cut";
	if (into & (UUID | INET4) && source->maximum_bytes != (into == UUID ? 16 : 4))
		return "that is not converted";
	return NULL;
}

/* What the families alone do not tell. */
static const char *loss_within(const struct table_column *source, const struct target_column *column, unsigned from,
	unsigned into)
{
	switch (from) {
	case INTEGER:
		return integer_loss(source, column, into);
	case DECIMAL:
		return source->scale > (into == DECIMAL ? parameter(column, 1) : 0) ? "digits behind the point would be lost" : NULL;
	case TIME:
	case DATETIME: /* those from before 5.6 have no digits there: the log does not tell them */
		return source->scale > column->datetime_digits ? "digits of its seconds would be lost" : NULL;
	case BINARY:
		return fixed_loss(source, column, into);
	default:
		return NULL;
	}
}

static const char *loss_from(const struct table_column *source, const struct target_column *column, unsigned from,
	unsigned into)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].from == from)
			return ways[i].into & into ? loss_within(source, column, from, into) : "that is not converted";
	}
	return NULL;
}

const char *conversion_loss(const struct table_column *source, const struct target_column *column)
{
	unsigned from = families_of(source), into = family_of(column);
	const char *loss = NULL;

	for (unsigned family = 1; into && family <= from; family <<= 1) {
		if (!(from & family))
			continue;
		loss = loss_from(source, column, family, into);
		if (!loss)
			return NULL;
	}
	return loss;
}

/* The master's type, as far as the log tells it. */
static void put_type(struct buffer *out, const struct table_column *source)
{
	switch (source->type) {
	case TYPE_NEWDECIMAL:
		buffer_printf(out, "DECIMAL(%u,%u)", source->precision, source->scale);
		return;
	case TYPE_TIME2:
	case TYPE_DATETIME2:
	case TYPE_TIMESTAMP2:
		buffer_puts(out, column_type_name(source->type));
		if (source->scale)
			buffer_printf(out, "(%u)", source->scale);
		return;
	case TYPE_STRING:
		if (is_text(source))
			buffer_puts(out, "CHAR");
		else
			buffer_printf(out, "%s(%u)", is_bytes(source) ? "BINARY" : "CHAR or BINARY", source->maximum_bytes);
		return;
	case TYPE_VARCHAR:
		buffer_puts(out, is_text(source) ? "VARCHAR" : is_bytes(source) ? "VARBINARY" : "VARCHAR or VARBINARY");
		return;
	case TYPE_BLOB:
		buffer_puts(out, is_text(source) ? "TEXT" : is_bytes(source) ? "BLOB" : "TEXT or BLOB");
		return;
	default:
		buffer_puts(out, column_type_name(source->type));
	}
}

int conversion_check(const struct target_table *table, const struct table_column *source,
	const struct target_column *column, struct error *error)
{
	const char *loss = conversion_loss(source, column);
	struct buffer type = BUFFER_INIT;

	if (!loss)
		return 0;
	put_type(&type, source);
	error_set(error, ERROR_STOP,
		"table %s: column %s is %s on the target, and %s on the master: %s. Alter the target's to the master's type, then run "
		"changeling retry. (Where only the order differs, or one more column stands among them: give the target's table "
		"the master's order, or set binlog_row_metadata=FULL on the master for what follows.)",
		table->quoted, column->name, column->full_type, buffer_text(&type), loss);
	buffer_release(&type);
	return -1;
}

/* Bytes of the character that a byte above 0x7f begins. */
static size_t character_bytes(const uint8_t *at, size_t left, const char *charset)
{
	uint8_t lead = at[0];

	if (strncmp(charset, "utf8", 4) == 0)
		return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (strcmp(charset, "sjis") == 0 || strcmp(charset, "cp932") == 0) /* with half a width: of one byte */
		return lead == 0x80 || (lead >= 0xa0 && lead < 0xe0) || lead > 0xfc ? 1 : 2;
	if (strcmp(charset, "ujis") == 0 || strcmp(charset, "eucjpms") == 0)
		return lead == 0x8f ? 3 : 2;
	if (strcmp(charset, "gb18030") == 0)
		return left > 1 && at[1] >= '0' && at[1] <= '9' ? 4 : 2;
	return charset_maximum(charset) == 2 ? 2 : 1; /* euckr, gb2312, gbk, big5: the second byte may be a letter's */
}

static size_t characters_in(const uint8_t *text, size_t length, const char *charset)
{
	size_t count = 0;

	for (size_t i = 0; i < length; count++)
		i += text[i] < 0x80 ? 1 : character_bytes(text + i, length - i, charset);
	return count;
}

/* Is a byte 0x20 at the end always a blank? */
static bool has_plain_blanks(const char *charset)
{
	static const char *const others[] = {"ucs2", "utf16", "utf16le", "utf32"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(charset, others[i]) == 0)
			return false;
	}
	return true;
}

bool conversion_drops_blanks(const uint8_t *text, size_t length, const char *charset, const struct table_column *source,
	const struct target_column *column)
{
	if (length == 0 || text[length - 1] != ' ' || !has_plain_blanks(charset))
		return false;
	if (strcasecmp(column->type, "char") == 0) /* of a CHAR none are in the log */
		return source->type != TYPE_STRING;
	return strcasecmp(column->type, "varchar") == 0 && characters_in(text, length, charset) > parameter(column, 0);
}
