/* Doubles to the shortest text that reads back as the same number. The method is the one known as Schubfach
 * (R. Giulietti): the number and the two ends of the interval that rounds to it are multiplied by one power
 * of ten, with 128 bits of it and a sticky last bit, which is enough to pick the shortest decimal inside for
 * certain. */
#include "binlog/double.h"

#include <string.h>

#include "binlog/double_powers.h"
#include "binlog/value.h"

#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1075
#define JSON_PLAIN_DIGITS 15 /* the server turns to an exponent outside of so many digits around the point   \
			      */

/* floor(log10(2^e)), floor(log10(3/4·2^e)), floor(log2(10^e)) for |e| below 1500 */
static int log10_of_power2(int e)
{
	return (int)(((int64_t)e * 1262611) >> 22);
}

static int log10_of_three_quarters(int e)
{
	return (int)(((int64_t)e * 1262611 - 524031) >> 22);
}

static int log2_of_power10(int e)
{
	return (int)(((int64_t)e * 1741647) >> 19);
}

/* The upper 64 bits of a 128-bit power times a number below 2^60, the lowest of them set when bits were lost.
 */
static uint64_t multiply_to_odd(const uint64_t power[2], uint64_t number)
{
	unsigned __int128 low = (unsigned __int128)power[1] * number;
	unsigned __int128 high = (unsigned __int128)power[0] * number + (uint64_t)(low >> 64);

	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The shortest decimal mantissa · 10^*exponent of the binary mantissa · 2^binary, neither 0. */
static uint64_t shortest(uint64_t mantissa, int binary, bool closer_below, int *exponent)
{
	int k = closer_below ? log10_of_three_quarters(binary) : log10_of_power2(binary);
	int shift = binary + log2_of_power10(-k) + 1;
	const uint64_t *power = powers_of_ten[-k - POWER_LEAST];
	uint64_t even = mantissa % 2 == 0 ? 0 : 1; /* the ends of an odd one round to its neighbours */
	uint64_t lower = multiply_to_odd(power, (4 * mantissa - 2 + closer_below) << shift) + even;
	uint64_t middle = multiply_to_odd(power, (4 * mantissa) << shift);
	uint64_t upper = multiply_to_odd(power, (4 * mantissa + 2) << shift) - even;
	uint64_t whole = middle / 4; /* the scaled number without its two binary places */
	bool below, above;

	*exponent = k;
	if (whole >= 10) { /* one digit less? */
		uint64_t tenth = whole / 10;

		below = lower <= 40 * tenth;
		above = 40 * tenth + 40 <= upper;
		if (below != above) {
			*exponent = k + 1;
			return tenth + above;
		}
	}
	below = lower <= 4 * whole;
	above = 4 * whole + 4 <= upper;
	if (below != above)
		return whole + above;
	return whole + (middle > 4 * whole + 2 || (middle == 4 * whole + 2 && whole % 2 == 1));
}

void double_digits(double number, struct double_digits *out)
{
	uint64_t bits, fraction, decimal;
	int biased, exponent, n = 0;
	char reversed[20];

	memcpy(&bits, &number, sizeof(bits));
	out->negative = bits >> 63;
	fraction = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
	biased = (int)(bits >> MANTISSA_BITS & 0x7ff);
	if (biased == 0 && fraction == 0) {
		memcpy(out->digits, "0", 2);
		out->count = out->point = 1;
		return;
	}
	if (biased == 0)
		decimal = shortest(fraction, 1 - EXPONENT_BIAS, false, &exponent);
	else
		decimal = shortest(fraction | (uint64_t)1 << MANTISSA_BITS, biased - EXPONENT_BIAS,
			fraction == 0 && biased > 1, &exponent);
	while (decimal % 10 == 0) {
		decimal /= 10;
		exponent++;
	}
	for (; decimal; decimal /= 10)
		reversed[n++] = (char)('0' + decimal % 10);
	out->count = n;
	out->point = exponent + n;
	for (int i = 0; i < n; i++)
		out->digits[i] = reversed[n - 1 - i];
	out->digits[n] = '\0';
}

static void put_exponent(const struct double_digits *d, struct buffer *out)
{
	buffer_putc(out, d->digits[0]);
	if (d->count > 1) {
		buffer_putc(out, '.');
		buffer_append(out, d->digits + 1, (size_t)d->count - 1);
	}
	buffer_putc(out, 'e');
	buffer_put_i64(out, d->point - 1);
}

void double_put_sql(double number, struct buffer *out)
{
	struct double_digits d;

	double_digits(number, &d);
	if (d.negative)
		buffer_putc(out, '-');
	put_exponent(&d, out);
}

void double_put_json(double number, struct buffer *out)
{
	struct double_digits d;

	double_digits(number, &d);
	if (d.negative)
		buffer_putc(out, '-');
	if ((d.point > JSON_PLAIN_DIGITS && d.count <= d.point) || d.point < 1 - JSON_PLAIN_DIGITS) {
		put_exponent(&d, out);
		return;
	}
	if (d.point <= 0) {
		buffer_puts(out, "0.");
		for (int i = d.point; i < 0; i++)
			buffer_putc(out, '0');
		buffer_append(out, d.digits, (size_t)d.count);
		return;
	}
	for (int i = 0; i < d.point; i++)
		buffer_putc(out, i < d.count ? d.digits[i] : '0');
	buffer_putc(out, '.');
	if (d.count > d.point)
		buffer_append(out, d.digits + d.point, (size_t)(d.count - d.point));
	else
		buffer_putc(out, '0');
}
