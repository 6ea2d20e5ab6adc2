#include "applier/literal.h"

#include <string.h>
#include <strings.h>

#include "applier/literal_text.h"
#include "binlog/json.h"
#include "binlog/table_map.h"

#define COLLATION_UTF8MB4 45u

bool literal_needs_lenient(const struct value *value)
{
	return value->kind == VALUE_ENUM && value->number.u == 0;
}

bool literal_beyond_limit(const struct value *value, const struct target_column *column)
{
	double number;

	if (column->limit <= 0 || (value->kind != VALUE_FLOAT && value->kind != VALUE_DOUBLE))
		return false;
	number = value->kind == VALUE_FLOAT ? value->number.f : value->number.d;
	return number > column->limit || number < -column->limit;
}

bool literal_can_join(const struct target_column *column)
{
	switch (column->class) {
	case COLUMN_JSON:
	case COLUMN_GEOMETRY:
	case COLUMN_VECTOR:
	case COLUMN_UUID:
		return false;
	case COLUMN_NUMBER: /* 64-bit numbers above the signed range would be DECIMALs there, which BIT takes for text */
		return strcasecmp(column->type, "bit") != 0;
	case COLUMN_SET: /* the same with 64 members, which a DECIMAL gives as a DOUBLE */
		return column->members.count < 64;
	default:
		return true;
	}
}

/* CHAR and BINARY lose their padding on the wire; a comparison, and fixed types, need it back. */
static void put_padded(struct buffer *out, const uint8_t *bytes, size_t length, size_t width)
{
	buffer_puts(out, "x'");
	buffer_put_hex(out, bytes, length);
	for (; length < width; length++)
		buffer_puts(out, "00");
	buffer_putc(out, '\'');
}

/* BINARY(n), MariaDB's UUID, INET4 and INET6. */
static bool is_fixed_bytes(const struct table_column *source)
{
	return source->type == TYPE_STRING && (!source->has_collation || source->collation == COLLATION_BINARY);
}

static int put_string(struct buffer *out, const struct literal_target *target, const struct value *value,
	const struct table_column *source, const struct target_column *column, enum literal_use use,
	struct error *error)
{
	struct buffer expanded = BUFFER_INIT;
	const uint8_t *bytes = value->bytes;
	size_t length = value->length;
	int result = 0;

	if (value->compressed) {
		if (value_expand(value, (size_t)1 << 30, &expanded, error) < 0) {
			buffer_release(&expanded);
			return -1;
		}
		bytes = (const uint8_t *)buffer_text(&expanded);
		length = expanded.length;
	}
	switch (column->class) {
	case COLUMN_TEXT:
		if (column->charset) {
			result = literal_put_text(out, target, bytes, length, source, column, use, error);
			break;
		}
		literal_put_bytes(out, bytes, length);
		break;
	case COLUMN_JSON: /* text of a MariaDB source */
		buffer_puts(out, use == LITERAL_COMPARE ? "CAST(" : "");
		literal_put_escaped(out, bytes, length);
		buffer_puts(out, use == LITERAL_COMPARE ? " AS JSON)" : "");
		break;
	case COLUMN_UUID:
		put_padded(out, bytes, length, source->type == TYPE_STRING ? source->maximum_bytes : length);
		break;
	case COLUMN_BYTES:
		if (strcasecmp(column->type, "binary") == 0) {
			/* the assignment pads to the column's width by itself, a comparison does not */
			if (use == LITERAL_ASSIGN)
				literal_put_bytes(out, bytes, length);
			else
				put_padded(out, bytes, length, (size_t)column->octets);
		} else if (is_fixed_bytes(source)) { /* into a VARBINARY, a BLOB: there all its bytes count */
			put_padded(out, bytes, length, source->maximum_bytes);
		} else {
			literal_put_bytes(out, bytes, length);
		}
		break;
	case COLUMN_NUMBER: /* which bytes are taken for one differs from server to server */
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
	case COLUMN_TEMPORAL:
		result = error_set(error, ERROR_STOP,
			"column %s is %s on the target, and %s on the master: that is not converted. Alter the target's, or, where the "
			"columns only stand in another order, set binlog_row_metadata=FULL on the master; then run changeling retry.",
			column->name, column->full_type, column_type_name(source->type));
		break;
	default:
		literal_put_bytes(out, bytes, length);
	}
	buffer_release(&expanded);
	return result;
}

/* A document in a column of text: MariaDB's JSON, a LONGTEXT of MySQL's. */
static int put_json_text(struct buffer *out, const struct literal_target *target, const struct value *value,
	const struct target_column *column, enum literal_use use, struct error *error)
{
	static const struct table_column utf8mb4 = {.has_collation = true, .collation = COLLATION_UTF8MB4};
	struct buffer text = BUFFER_INIT;
	int result = json_put_text(value->bytes, value->length, &text, error);

	if (result == 0 && column->class == COLUMN_TEXT && column->charset)
		result = literal_put_text(out, target, (const uint8_t *)buffer_text(&text), text.length, &utf8mb4, column, use,
			error);
	else if (result == 0)
		literal_put_escaped(out, (const uint8_t *)buffer_text(&text), text.length);
	buffer_release(&text);
	return result;
}

static int put_json(struct buffer *out, const struct literal_target *target, const struct value *value,
	const struct target_column *column, enum literal_use use, struct error *error)
{
	int exact;

	if (column->class != COLUMN_JSON)
		return put_json_text(out, target, value, column, use, error);
	exact = json_needs_exact(value->bytes, value->length, error);
	if (exact < 0)
		return -1;
	if (exact)
		return json_put_sql(value->bytes, value->length, out, error);
	buffer_puts(out, "CAST(");
	if (put_json_text(out, target, value, column, use, error) < 0)
		return -1;
	buffer_puts(out, " AS JSON)");
	return 0;
}

/* The parts of a document that changed, over the target's own. The functions of JSON would read a text again: 1.50 would be a
 * DOUBLE, and MariaDB's would put names in another order. */
static int put_json_diff(struct buffer *out, const struct value *value, const struct target_column *column,
	struct error *error)
{
	if (column->class == COLUMN_JSON)
		return json_diffs_put_sql(column->quoted, value->bytes, value->length, out, error);
	return error_set(error, ERROR_STOP,
		"column %s: the log has only the changed parts of a document, without its old value, and the target's %s cannot "
		"take parts without changing the rest. Set binlog_row_image=FULL or binlog_row_value_options='' on the master; "
		"for this change run changeling replace with the whole document, or changeling skip.",
		column->name, column->full_type);
}

static int put_geometry(struct buffer *out, const struct literal_target *target, const struct value *value)
{
	if (target->same_family || value->length < 4) {
		literal_put_bytes(out, value->bytes, value->length);
		return 0;
	}
	buffer_puts(out, "ST_GeomFromWKB(");
	literal_put_hex(out, value->bytes + 4, value->length - 4);
	buffer_printf(out, ", %u%s)",
		(unsigned)value->bytes[0] | (unsigned)value->bytes[1] << 8 | (unsigned)value->bytes[2] << 16 |
			(unsigned)value->bytes[3] << 24,
		target->family == FAMILY_MYSQL && target->version >= 80000 ? ", 'axis-order=long-lat'" : "");
	return 0;
}

/* The exact value, of a FLOAT as well: a comparison widens the column to DOUBLE, and nine digits of the largest FLOAT are out
 * of range. FLOAT(10,3) keeps 9999999.999 as 10000000, which it would not take again: so the former is written. */
static void put_double(struct buffer *out, double number, const struct target_column *column, enum literal_use use)
{
	if (use != LITERAL_COMPARE && column->limit > 0 && number > column->limit)
		number = column->limit;
	else if (use != LITERAL_COMPARE && column->limit > 0 && number < -column->limit)
		number = -column->limit;
	double_put_sql(number, out);
}

/* Servers put the current time, or the next number, in place of a NULL that such a column does not take. */
static int put_null(struct buffer *out, const struct target_column *column, enum literal_use use, struct error *error)
{
	bool means_another = column->auto_increment || strcasecmp(column->type, "timestamp") == 0;

	if (use != LITERAL_COMPARE && means_another && !column->nullable)
		return error_set(error, ERROR_STOP,
			"NULL goes into the column %s, which is NOT NULL on the target (%s): it would be given a value there. Let it be "
			"NULL there as on the master, then run changeling retry.",
			column->name, column->full_type);
	buffer_puts(out, "NULL");
	return 0;
}

int value_literal_put(struct buffer *out, const struct literal_target *target, const struct value *value,
	const struct table_column *source, const struct target_column *column, enum literal_use use,
	struct error *error)
{
	switch ((enum value_kind)value->kind) {
	case VALUE_NULL:
		return put_null(out, column, use, error);
	case VALUE_INT:
		buffer_put_i64(out, value->number.i);
		return 0;
	case VALUE_SET:
		/* a SET is a signed number to its server where it is compared: its 64th member makes it negative */
		if (use == LITERAL_COMPARE && column->class == COLUMN_SET)
			buffer_put_i64(out, (int64_t)value->number.u);
		else
			buffer_put_u64(out, value->number.u);
		return 0;
	case VALUE_UINT:
	case VALUE_BIT:
	case VALUE_ENUM:
		buffer_put_u64(out, value->number.u);
		return 0;
	case VALUE_YEAR:
		buffer_printf(out, "'%04u'", (unsigned)value->number.u);
		return 0;
	case VALUE_FLOAT:
		put_double(out, value->number.f, column, use);
		return 0;
	case VALUE_DOUBLE:
		put_double(out, value->number.d, column, use);
		return 0;
	case VALUE_DECIMAL:
		return decimal_put_text(value->bytes, value->precision, value->scale, out, error);
	case VALUE_DATE:
	case VALUE_TIME:
	case VALUE_DATETIME:
	case VALUE_TIMESTAMP:
		buffer_putc(out, '\'');
		value_put_time(value, out);
		buffer_putc(out, '\'');
		return 0;
	case VALUE_STRING:
		return put_string(out, target, value, source, column, use, error);
	case VALUE_JSON:
		return put_json(out, target, value, column, use, error);
	case VALUE_JSON_DIFF:
		return put_json_diff(out, value, column, error);
	case VALUE_GEOMETRY:
		return put_geometry(out, target, value);
	case VALUE_VECTOR:
		literal_put_bytes(out, value->bytes, value->length);
		return 0;
	case VALUE_ABSENT:
		break;
	}
	return error_set(error, ERROR_STOP, "column %s has no value to write.", column->name);
}
