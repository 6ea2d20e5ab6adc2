#include "applier/literal_text.h"

#include <string.h>

#include "applier/conversion.h"
#include "applier/sql/charset.h"
#include "base/utf8.h"

#define HEX_BYTES 16u /* up to so many are easier to read so */

void literal_put_escaped(struct buffer *out, const uint8_t *bytes, size_t length)
{
	char *to;

	if (!buffer_reserve(out, 2 * length + 2))
		return;
	to = out->data + out->length;
	*to++ = '\'';
	for (size_t i = 0; i < length; i++) {
		uint8_t c = bytes[i];

		if (c == '\'' || c == '\\') {
			*to++ = '\\';
			*to++ = (char)c;
		} else if (c == 0) {
			*to++ = '\\';
			*to++ = '0';
		} else {
			*to++ = (char)c;
		}
	}
	*to++ = '\'';
	*to = '\0';
	out->length = (size_t)(to - out->data);
}

void literal_put_hex(struct buffer *out, const uint8_t *bytes, size_t length)
{
	buffer_puts(out, "x'");
	buffer_put_hex(out, bytes, length);
	buffer_putc(out, '\'');
}

void literal_put_bytes(struct buffer *out, const uint8_t *bytes, size_t length)
{
	if (length <= HEX_BYTES) {
		literal_put_hex(out, bytes, length);
		return;
	}
	buffer_puts(out, "_binary");
	literal_put_escaped(out, bytes, length);
}

static bool is_ascii(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] >= 0x80)
			return false;
	}
	return true;
}

/* Character sets in which a byte below 0x80 may be something else than ASCII, or part of a longer character that
 * holds a quote. */
static bool ascii_superset(const char *charset)
{
	static const char *const others[] = {"big5", "gbk", "sjis", "cp932", "gb18030"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(charset, others[i]) == 0)
			return false;
	}
	return charset_extends_ascii(charset);
}

static bool is_utf8(const char *charset)
{
	return strcmp(charset, "utf8mb4") == 0 || strcmp(charset, "utf8mb3") == 0 || strcmp(charset, "utf8") == 0;
}

/* What stands in front of a literal for the server to take its bytes for that character set. */
static const char *introducer(const char *charset)
{
	/* "utf8" is understood by every server, "utf8mb3" is not */
	return strcmp(charset, "utf8mb3") == 0 ? "utf8" : charset;
}

static const char *source_charset(const struct literal_target *target, const struct table_column *source,
	const struct target_column *column)
{
	const struct collation *collation = NULL;

	if (source->has_collation)
		collation = collation_by_id(target->source_family, source->collation);
	return collation ? collation->charset : column->charset;
}

/* Where the log does not tell the character set, the target's is assumed. A column of the master that takes more bytes is of
 * another set, unless the target's is narrower. What is no UTF-8 a column of UTF-8 refuses by itself. */
static bool is_of_another_charset(const struct table_column *source, const struct target_column *column)
{
	return !source->has_collation && (source->type == TYPE_VARCHAR || source->type == TYPE_STRING) &&
		source->maximum_bytes > column->octets && !is_utf8(column->charset);
}

/* Is it ASCII in every character set that there is? */
static bool is_plain(const uint8_t *bytes, size_t length, const char *charset)
{
	/* DEL is left out of the way from Unicode to latin2_czech_cs */
	return is_ascii(bytes, length) && !memchr(bytes, 0x7f, length) && ascii_superset(charset);
}

bool literal_can_join_key(const struct literal_target *target, const struct value *value, const struct table_column *source,
	const struct target_column *column)
{
	const char *charset;

	if (column->class != COLUMN_TEXT || value->kind != VALUE_STRING || !column->charset)
		return true;
	charset = source_charset(target, source, column);
	if (strcmp(charset, "binary") == 0) /* bytes take no collation */
		return false;
	return strcmp(introducer(charset), introducer(column->charset)) == 0 || strcmp(column->charset, "utf8mb4") == 0 ||
		(!value->compressed && is_plain(value->bytes, value->length, charset));
}

/* A literal behind an introducer. Long ones of single bytes are as short as their text: a row that fits into a packet must do so as
 * SQL. The bytes of others may not be what the server takes for letters of ours. */
static void put_introduced(struct buffer *out, const uint8_t *bytes, size_t length, const char *charset)
{
	buffer_printf(out, "_%s ", introducer(charset));
	if (length > HEX_BYTES && charset_maximum(charset) == 1 && ascii_superset(charset))
		literal_put_escaped(out, bytes, length);
	else
		literal_put_hex(out, bytes, length);
}

/* Halves of surrogate pairs are letters of UCS-2 to MySQL, and of UTF-8 too when they are assigned; CONVERT makes NULL of them. */
static bool has_surrogates(const uint8_t *bytes, size_t length, const char *charset, const struct target_column *column)
{
	if (strcmp(charset, "ucs2") != 0 || !is_utf8(column->charset))
		return false;
	for (size_t i = 0; i + 1 < length; i += 2) {
		if (bytes[i] >> 3 == 0xd8 >> 3)
			return true;
	}
	return false;
}

/* UCS-2 as UTF-8 has it, letter by letter. */
static void put_ucs2_as_utf8(struct buffer *out, const uint8_t *bytes, size_t length)
{
	buffer_puts(out, "x'");
	for (size_t i = 0; i + 1 < length; i += 2) {
		unsigned letter = (unsigned)bytes[i] << 8 | bytes[i + 1];

		if (letter < 0x80)
			buffer_printf(out, "%02x", letter);
		else if (letter < 0x800)
			buffer_printf(out, "%02x%02x", 0xc0 | letter >> 6, 0x80 | (letter & 0x3f));
		else
			buffer_printf(out, "%02x%02x%02x", 0xe0 | letter >> 12, 0x80 | (letter >> 6 & 0x3f), 0x80 | (letter & 0x3f));
	}
	buffer_putc(out, '\'');
}

/* A cell of a derived table, or what is compared to the byte. Keys and bytes are converted to the column's character set, keys so
 * that the index is used; a cell by its assignment, which refuses letters that this set lacks. */
static void put_join_text(struct buffer *out, const uint8_t *bytes, size_t length, const char *charset, bool as_text,
	const struct target_column *column, enum literal_use use)
{
	bool convert = use != LITERAL_JOIN && strcmp(introducer(charset), introducer(column->charset)) != 0;

	buffer_puts(out, convert ? "CONVERT(" : "");
	if (as_text) {
		buffer_printf(out, "_%s ", introducer(charset));
		literal_put_escaped(out, bytes, length);
	} else {
		put_introduced(out, bytes, length, charset);
	}
	if (convert)
		buffer_printf(out, " USING %s)", introducer(column->charset));
}

int literal_put_text(struct buffer *out, const struct literal_target *target, const uint8_t *bytes, size_t length,
	const struct table_column *source, const struct target_column *column, enum literal_use use, struct error *error)
{
	const char *charset = source_charset(target, source, column);
	bool plain = is_plain(bytes, length, charset);
	bool as_text = plain || (is_utf8(charset) && utf8_valid((const char *)bytes, length));

	if (!plain && is_of_another_charset(source, column))
		return error_set(error, ERROR_STOP,
			"column %s takes up to %u bytes on the master, and %llu on the target (%s in %s): it seems to be of another "
			"character set there, which the master's log does not tell. Give the target's column the master's type until "
			"binlog_row_metadata=MINIMAL is set on the master and this position has passed, then run changeling retry.",
			column->name, source->maximum_bytes, (unsigned long long)column->octets, column->full_type,
			column->charset);
	if ((use == LITERAL_ASSIGN || use == LITERAL_JOIN) && conversion_drops_blanks(bytes, length, charset, source, column))
		return error_set(error, ERROR_STOP,
			"column %s: the value ends in blanks, which the target's %s would drop. Give it the master's type, then run "
			"changeling retry.",
			column->name, column->full_type);
	if (strcmp(charset, "binary") == 0) { /* bytes at the source, text here: as they are */
		literal_put_bytes(out, bytes, length);
		return 0;
	}
	if (use == LITERAL_BYTES && has_surrogates(bytes, length, charset, column)) {
		put_ucs2_as_utf8(out, bytes, length);
		return 0;
	}
	if (use != LITERAL_ASSIGN && use != LITERAL_COMPARE) {
		put_join_text(out, bytes, length, charset, as_text, column, use);
		return 0;
	}
	if (as_text) {
		literal_put_escaped(out, bytes, length);
	} else if (is_utf8(charset)) {
		literal_put_bytes(out, bytes, length); /* ill-formed: an introducer would be refused */
	} else {
		put_introduced(out, bytes, length, charset);
	}
	return 0;
}
