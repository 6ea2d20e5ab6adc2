/* One typed value of a row image, as a view into the event (chapter 3). Decoding never allocates. */
#ifndef BINLOG_VALUE_H
#define BINLOG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Column types on the wire (3.1); ENUM and SET are taken out of STRING's metadata. */
enum column_type {
	TYPE_DECIMAL_OLD = 0,
	TYPE_TINY = 1,
	TYPE_SHORT = 2,
	TYPE_LONG = 3,
	TYPE_FLOAT = 4,
	TYPE_DOUBLE = 5,
	TYPE_NULL = 6,
	TYPE_TIMESTAMP = 7,
	TYPE_LONGLONG = 8,
	TYPE_INT24 = 9,
	TYPE_DATE = 10,
	TYPE_TIME = 11,
	TYPE_DATETIME = 12,
	TYPE_YEAR = 13,
	TYPE_NEWDATE = 14,
	TYPE_VARCHAR = 15,
	TYPE_BIT = 16,
	TYPE_TIMESTAMP2 = 17,
	TYPE_DATETIME2 = 18,
	TYPE_TIME2 = 19,
	TYPE_TYPED_ARRAY = 20,
	TYPE_BLOB_COMPRESSED = 140,
	TYPE_VARCHAR_COMPRESSED = 141,
	TYPE_VECTOR = 242,
	TYPE_JSON = 245,
	TYPE_NEWDECIMAL = 246,
	TYPE_ENUM = 247,
	TYPE_SET = 248,
	TYPE_TINY_BLOB = 249,
	TYPE_MEDIUM_BLOB = 250,
	TYPE_LONG_BLOB = 251,
	TYPE_BLOB = 252,
	TYPE_VAR_STRING = 253,
	TYPE_STRING = 254,
	TYPE_GEOMETRY = 255,
};

enum value_kind {
	VALUE_ABSENT, /* the column is not in this image */
	VALUE_NULL,
	VALUE_INT, /* number.i: SIGN_SIGNED, and SIGN_UNKNOWN (taken for signed, sign-extended from its width)
		    */
	VALUE_UINT,	 /* number.u: SIGN_UNSIGNED */
	VALUE_FLOAT,	 /* number.f */
	VALUE_DOUBLE,	 /* number.d */
	VALUE_DECIMAL,	 /* bytes = packed decimal; precision, scale */
	VALUE_BIT,	 /* number.u */
	VALUE_ENUM,	 /* number.u: 1-based index, 0 = the '' of an invalid value */
	VALUE_SET,	 /* number.u: bitmap */
	VALUE_YEAR,	 /* number.u: 0 or 1901…2155 */
	VALUE_DATE,	 /* time */
	VALUE_TIME,	 /* time: negative, hour up to 838 */
	VALUE_DATETIME,	 /* time */
	VALUE_TIMESTAMP, /* number.u seconds since 1970 UTC, time.microsecond; 0 and 0 = '0000-00-00 00:00:00'
			  */
	VALUE_STRING, /* bytes: CHAR, VARCHAR, TEXT in the column's charset, or BINARY/BLOB (column.collation
		       * 63); trailing pad of CHAR/BINARY removed, as on the wire (3.4) */
	VALUE_JSON,   /* bytes = binary JSON document */
	VALUE_JSON_DIFF, /* bytes = the diffs of a partial update (2.15); after images only */
	VALUE_GEOMETRY,	 /* bytes = SRID and WKB */
	VALUE_VECTOR,	 /* bytes = float32 little-endian array */
};

struct value_time {
	bool negative;
	uint16_t year;
	uint8_t month, day;
	uint16_t hour;
	uint8_t minute, second;
	uint8_t digits; /* of the fraction, 0…6 */
	uint32_t microsecond;
};

struct value {
	uint8_t kind;		  /* enum value_kind */
	uint8_t precision, scale; /* VALUE_DECIMAL */
	bool compressed;	  /* VALUE_STRING of a COMPRESSED column: bytes still compressed (3.7), see
				     value_expand */
	union {
		int64_t i;
		uint64_t u;
		double d;
		float f;
	} number;
	struct value_time time;
	const uint8_t *bytes;
	size_t length;
};

/* DECIMAL's text, e.g. "-1234.5678" (3.2). 1 ≤ precision ≤ 65 (81 inside JSON), scale ≤ precision and ≤ 38,
 * as their readers have checked. Groups of digits out of range are ERROR_CORRUPT. */
size_t decimal_packed_size(unsigned precision, unsigned scale);
int decimal_put_text(
	const uint8_t *packed, unsigned precision, unsigned scale, struct buffer *out, struct error *error);

/* "2024-02-29", "-01:02:03.456", "2024-02-29 23:59:59.000001" by kind; VALUE_TIMESTAMP as UTC. */
void value_put_time(const struct value *value, struct buffer *out);

/* The shortest decimal text that reads back as the same number, always with an exponent ("1.5e0"), so that
 * SQL takes it for a DOUBLE; NaN and infinities are refused by the decoder before they get here. */
void double_put_sql(double number, struct buffer *out);

/* The plain bytes of a value whose `compressed` is set (3.7), appended to `out`; at most `maximum` bytes. */
int value_expand(const struct value *value, size_t maximum, struct buffer *out, struct error *error);

#endif
