/* Temporal values: the packed forms of 5.6 and later (3.5), the decimal ones before (3.6), those of MariaDB
 * with fractions before its 10.1 (3.6), and their text. */
#include "binlog/value_decode.h"

#define DATETIME2_ZERO 0x8000000000u
#define TIME2_ZERO 0x800000
#define TIME2_LONG_ZERO 0x800000000000
#define TIME_HOUR_MAXIMUM 838u
#define TIME_SECONDS_LIMIT 3020400u /* 838:59:59 and one */

static const uint32_t power_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
/* bytes of a fraction by its digits */
static const uint8_t fraction_bytes[] = {0, 1, 1, 2, 2, 3, 3};
/* MariaDB's old TIME and DATETIME with so many digits (3.6) */
static const uint8_t hires_time_bytes[] = {3, 4, 4, 5, 5, 5, 6};
static const uint8_t hires_datetime_bytes[] = {8, 6, 6, 7, 7, 7, 8};

static bool date_is_possible(const struct value_time *time)
{
	return time->year <= 9999 && time->month <= 12 && time->day <= 31;
}

static bool clock_is_possible(const struct value_time *time, unsigned hour_maximum)
{
	return time->hour <= hour_maximum && time->minute <= 59 && time->second <= 59 &&
	       time->microsecond <= 999999;
}

static void set_date(struct value_time *time, unsigned year, unsigned month, unsigned day)
{
	time->year = (uint16_t)year;
	time->month = (uint8_t)month;
	time->day = (uint8_t)day;
}

static void set_clock(
	struct value_time *time, unsigned hour, unsigned minute, unsigned second, uint32_t microsecond)
{
	time->hour = (uint16_t)hour;
	time->minute = (uint8_t)minute;
	time->second = (uint8_t)second;
	time->microsecond = microsecond;
}

bool value_unpack_datetime(uint64_t packed, struct value_time *time)
{
	uint64_t seconds = packed >> 24, date = seconds >> 17, month = date >> 5;

	if (month > 9999 * 13 + 12)
		return false;
	time->negative = false;
	set_date(time, (unsigned)(month / 13), (unsigned)(month % 13), date & 31);
	set_clock(time, seconds >> 12 & 31, seconds >> 6 & 63, seconds & 63, packed & 0xffffff);
	return clock_is_possible(time, 23);
}

bool value_unpack_time(int64_t packed, struct value_time *time)
{
	uint64_t size = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed, seconds = size >> 24;

	if (seconds >> 12 > TIME_HOUR_MAXIMUM)
		return false;
	time->negative = packed < 0;
	set_date(time, 0, 0, 0);
	set_clock(time, (unsigned)(seconds >> 12), seconds >> 6 & 63, seconds & 63, size & 0xffffff);
	return clock_is_possible(time, TIME_HOUR_MAXIMUM);
}

/* A fraction of 0…3 bytes: hundredths, ten-thousandths, millionths of a second. */
static uint32_t fraction_of(const uint8_t *at, unsigned bytes)
{
	static const uint32_t unit[] = {0, 10000, 100, 1};

	return (uint32_t)load_be(at, bytes) * unit[bytes];
}

static bool decode_datetime2(const uint8_t *at, unsigned fraction, struct value_time *time)
{
	uint64_t packed = load_be(at, 5);

	if (packed < DATETIME2_ZERO)
		return false;
	return value_unpack_datetime((packed - DATETIME2_ZERO) << 24 | fraction_of(at + 5, fraction), time);
}

/* Below zero the fraction counts upwards from the next lower second: the whole of it is one negative number.
 */
static bool decode_time2(const uint8_t *at, unsigned fraction, struct value_time *time)
{
	int64_t seconds, rest;

	if (fraction == 3)
		return value_unpack_time((int64_t)load_be(at, 6) - TIME2_LONG_ZERO, time);
	seconds = (int64_t)load_be(at, 3) - TIME2_ZERO;
	rest = (int64_t)load_be(at + 3, fraction);
	if (seconds < 0 && rest != 0) {
		seconds++;
		rest -= (int64_t)1 << 8 * fraction;
	}
	return value_unpack_time(seconds * (1 << 24) + rest * (fraction == 1 ? 10000 : 100), time);
}

static bool decode_date(const uint8_t *at, struct value_time *time)
{
	uint32_t packed = (uint32_t)load_le(at, 3);

	time->negative = false;
	set_date(time, packed >> 9, packed >> 5 & 15, packed & 31);
	set_clock(time, 0, 0, 0, 0);
	return date_is_possible(time);
}

/* [-]HHHMMSS */
static bool decode_old_time(const uint8_t *at, struct value_time *time)
{
	int32_t packed = (int32_t)((uint32_t)load_le(at, 3) << 8) >> 8;
	uint32_t size = packed < 0 ? 0 - (uint32_t)packed : (uint32_t)packed;

	time->negative = packed < 0;
	set_date(time, 0, 0, 0);
	set_clock(time, size / 10000, size / 100 % 100, size % 100, 0);
	return clock_is_possible(time, TIME_HOUR_MAXIMUM);
}

/* YYYYMMDDhhmmss */
static bool decode_old_datetime(const uint8_t *at, struct value_time *time)
{
	uint64_t packed = load_le64(at), date = packed / 1000000;
	uint32_t clock = (uint32_t)(packed % 1000000);

	if (date > 99991231)
		return false;
	time->negative = false;
	set_date(time, (unsigned)date / 10000, (unsigned)date / 100 % 100, (unsigned)date % 100);
	set_clock(time, clock / 10000, clock / 100 % 100, clock % 100, 0);
	return date_is_possible(time) && clock_is_possible(time, 23);
}

/* Mixed radix: …·24 + hour)·60 + minute)·60 + second)·10^digits + fraction. What is above the hours is
 * returned. */
static uint64_t split_clock(uint64_t packed, unsigned digits, unsigned hours, struct value_time *time)
{
	uint32_t fraction = (uint32_t)(packed % power_of_ten[digits]) * power_of_ten[6 - digits];
	uint64_t seconds = packed / power_of_ten[digits];

	set_clock(time, (unsigned)(seconds / 3600 % hours), (unsigned)(seconds / 60 % 60),
		(unsigned)(seconds % 60), fraction);
	return seconds / 3600 / hours;
}

static bool decode_hires_datetime(const uint8_t *at, unsigned digits, struct value_time *time)
{
	uint64_t days = split_clock(load_be(at, hires_datetime_bytes[digits]), digits, 24, time);

	if (days / 32 > 9999 * 13 + 12)
		return false;
	time->negative = false;
	set_date(time, (unsigned)(days / 32 / 13), (unsigned)(days / 32 % 13), days % 32);
	return true;
}

static bool decode_hires_time(const uint8_t *at, unsigned digits, struct value_time *time)
{
	int64_t packed = (int64_t)load_be(at, hires_time_bytes[digits]) -
			 (int64_t)TIME_SECONDS_LIMIT * power_of_ten[digits];
	uint64_t size = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;

	time->negative = packed < 0;
	set_date(time, 0, 0, 0);
	return split_clock(size, digits, TIME_HOUR_MAXIMUM + 1, time) == 0;
}

/* Bytes of a value, fixed by the column. */
static unsigned width_of(const struct table_column *column)
{
	switch (column->type) {
	case TYPE_YEAR:
		return 1;
	case TYPE_DATE:
	case TYPE_NEWDATE:
		return 3;
	case TYPE_TIME:
		return hires_time_bytes[column->fraction_digits];
	case TYPE_DATETIME:
		return hires_datetime_bytes[column->fraction_digits];
	case TYPE_TIMESTAMP:
		return 4u + fraction_bytes[column->fraction_digits];
	case TYPE_TIMESTAMP2:
		return 4u + fraction_bytes[column->scale];
	case TYPE_DATETIME2:
		return 5u + fraction_bytes[column->scale];
	default: /* TIME2 */
		return 3u + fraction_bytes[column->scale];
	}
}

/* Seconds since 1970, and a fraction that is at least zero. */
static bool decode_timestamp(const struct table_column *column, const uint8_t *at, struct value *value)
{
	unsigned digits = column->fraction_digits;

	value->kind = VALUE_TIMESTAMP;
	value->time.digits = column->type == TYPE_TIMESTAMP2 ? column->scale : column->fraction_digits;
	if (column->type == TYPE_TIMESTAMP2) {
		value->number.u = load_be(at, 4);
		value->time.microsecond = fraction_of(at + 4, fraction_bytes[column->scale]);
	} else if (digits > 0) {
		value->number.u = load_be(at, 4);
		value->time.microsecond = (uint32_t)load_be(at + 4, fraction_bytes[digits]);
		if (value->time.microsecond >= power_of_ten[digits])
			return false;
		value->time.microsecond *= power_of_ten[6 - digits];
	} else {
		value->number.u = load_le32(at);
		value->time.microsecond = 0;
	}
	return value->time.microsecond <= 999999;
}

const uint8_t *value_decode_time(const struct table_column *column, const uint8_t *at, const uint8_t *end,
	struct value *value, const char **problem)
{
	unsigned width = width_of(column);
	struct value_time *time = &value->time;
	bool possible;

	if ((size_t)(end - at) < width) {
		*problem = VALUE_TOO_SHORT;
		return NULL;
	}
	switch (column->type) {
	case TYPE_YEAR:
		value->kind = VALUE_YEAR;
		value->number.u = *at ? 1900u + *at : 0;
		return at + 1;
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMP2:
		possible = decode_timestamp(column, at, value);
		break;
	case TYPE_DATETIME2:
		value->kind = VALUE_DATETIME;
		time->digits = column->scale;
		possible = decode_datetime2(at, width - 5, time);
		break;
	case TYPE_TIME2:
		value->kind = VALUE_TIME;
		time->digits = column->scale;
		possible = decode_time2(at, width - 3, time);
		break;
	case TYPE_TIME:
		value->kind = VALUE_TIME;
		time->digits = column->fraction_digits;
		possible =
			time->digits ? decode_hires_time(at, time->digits, time) : decode_old_time(at, time);
		break;
	case TYPE_DATETIME:
		value->kind = VALUE_DATETIME;
		time->digits = column->fraction_digits;
		possible = time->digits ? decode_hires_datetime(at, time->digits, time)
					: decode_old_datetime(at, time);
		break;
	default: /* DATE, NEWDATE */
		value->kind = VALUE_DATE;
		time->digits = 0;
		possible = decode_date(at, time);
		break;
	}
	if (possible)
		return at + width;
	*problem = "has a part (year, month, hour, minute, second or fraction) that is out of its range";
	return NULL;
}

/* `value` with at least `width` digits at `to`; returns the end. */
static char *put_digits(char *to, uint32_t value, unsigned width)
{
	char digits[10];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value || n < width);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

static char *put_date(char *to, const struct value_time *time)
{
	to = put_digits(to, time->year, 4);
	*to++ = '-';
	to = put_digits(to, time->month, 2);
	*to++ = '-';
	return put_digits(to, time->day, 2);
}

static char *put_clock(char *to, const struct value_time *time)
{
	to = put_digits(to, time->hour, 2);
	*to++ = ':';
	to = put_digits(to, time->minute, 2);
	*to++ = ':';
	to = put_digits(to, time->second, 2);
	if (time->digits) {
		*to++ = '.';
		to = put_digits(to, time->microsecond / power_of_ten[6 - time->digits], time->digits);
	}
	return to;
}

/* Seconds since 1970 as a date and time of the Gregorian calendar: whole eras of 400 years, which begin on
 * the first of March so that the leap day comes last. */
static void set_from_seconds(struct value_time *time, uint64_t seconds)
{
	uint32_t days = (uint32_t)(seconds / 86400) + 719468, clock = (uint32_t)(seconds % 86400);
	uint32_t era = days / 146097, day = days % 146097;
	uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint32_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

	set_date(time, era * 400 + year + (month >= 10), month < 10 ? month + 3 : month - 9,
		of_year - (153 * month + 2) / 5 + 1);
	set_clock(time, clock / 3600, clock / 60 % 60, clock % 60, time->microsecond);
}

void value_put_time(const struct value *value, struct buffer *out)
{
	struct value_time time = value->time;
	char text[48], *to = text;

	if (value->kind == VALUE_TIMESTAMP) {
		if (value->number.u == 0 && time.microsecond == 0) {
			set_date(&time, 0, 0, 0);
			set_clock(&time, 0, 0, 0, 0);
		} else {
			set_from_seconds(&time, value->number.u & UINT32_MAX);
		}
	}
	if (value->kind == VALUE_TIME) {
		if (time.negative)
			*to++ = '-';
	} else {
		to = put_date(to, &time);
		if (value->kind != VALUE_DATE)
			*to++ = ' ';
	}
	if (value->kind != VALUE_DATE)
		to = put_clock(to, &time);
	buffer_append(out, text, (size_t)(to - text));
}
