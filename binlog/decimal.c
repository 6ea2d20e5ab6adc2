/* DECIMAL's packed form (3.2): groups of nine digits in four bytes, big-endian, and what is left over, in
 * front of the integer part and behind the fraction, in fewer; the first bit inverted, and all of them below
 * zero. */
#include "binlog/value.h"

#include "binlog/table_map.h"

#define GROUP_DIGITS 9u

static const uint8_t bytes_of_digits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t limit_of_digits[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

size_t decimal_packed_size(unsigned precision, unsigned scale)
{
	unsigned integer = precision - scale;

	return integer / GROUP_DIGITS * 4 + bytes_of_digits[integer % GROUP_DIGITS] +
	       scale / GROUP_DIGITS * 4 + bytes_of_digits[scale % GROUP_DIGITS];
}

struct reader {
	const uint8_t *at;
	uint8_t mask;  /* 0xff below zero */
	uint8_t first; /* 0x80 for the first byte */
	char *to;
	bool bad;
};

static void read_group(struct reader *reader, unsigned digits)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes_of_digits[digits]; i++) {
		value = value << 8 | (uint8_t)(*reader->at++ ^ reader->mask ^ reader->first);
		reader->first = 0;
	}
	if (value >= limit_of_digits[digits])
		reader->bad = true;
	for (unsigned i = digits; i-- > 0; value /= 10)
		reader->to[i] = (char)('0' + value % 10);
	reader->to += digits;
}

int decimal_put_text(
	const uint8_t *packed, unsigned precision, unsigned scale, struct buffer *out, struct error *error)
{
	char digits[DECIMAL_STORED_MAXIMUM];
	unsigned integer = precision - scale, skip = 0;
	struct reader reader = {packed, packed[0] & 0x80 ? 0 : 0xff, 0x80, digits, false};
	bool zero = true;

	read_group(&reader, integer % GROUP_DIGITS);
	for (unsigned i = 0; i < integer / GROUP_DIGITS; i++)
		read_group(&reader, GROUP_DIGITS);
	for (unsigned i = 0; i < scale / GROUP_DIGITS; i++)
		read_group(&reader, GROUP_DIGITS);
	read_group(&reader, scale % GROUP_DIGITS);
	if (reader.bad)
		return error_set(error, ERROR_CORRUPT,
			"A packed DECIMAL(%u,%u) has a group of digits that is too large for its place.",
			precision, scale);
	for (unsigned i = 0; i < precision && zero; i++)
		zero = digits[i] == '0';
	if (reader.mask && !zero)
		buffer_putc(out, '-');
	while (skip < integer && digits[skip] == '0')
		skip++;
	if (skip == integer)
		buffer_putc(out, '0');
	buffer_append(out, digits + skip, integer - skip);
	if (scale) {
		buffer_putc(out, '.');
		buffer_append(out, digits + integer, scale);
	}
	return 0;
}
