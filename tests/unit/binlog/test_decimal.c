/* DECIMAL's packed form to text. */
#include "support.h"

#include "binlog/value.h"

static const unsigned bytes_of_digits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

static void put_group(struct buffer *out, const char *digits, unsigned count)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value = value * 10 + (uint32_t)(digits[i] - '0');
	for (unsigned i = bytes_of_digits[count]; i-- > 0;)
		buffer_putc(out, (char)(value >> 8 * i & 255));
}

/* The other direction, written from the format alone: `digits` are precision digits without a point. */
static void pack(struct buffer *out, const char *digits, unsigned precision, unsigned scale, bool negative)
{
	unsigned integer = precision - scale, at = integer % 9;

	put_group(out, digits, at);
	for (; at < integer; at += 9)
		put_group(out, digits + at, 9);
	for (; at + 9 <= precision; at += 9)
		put_group(out, digits + at, 9);
	put_group(out, digits + at, precision - at);
	out->data[0] = (char)(out->data[0] ^ 0x80);
	for (size_t i = 0; negative && i < out->length; i++)
		out->data[i] = (char)~out->data[i];
}

static void every_precision_and_scale(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (unsigned precision = 1; precision <= 65; precision++) {
		for (unsigned scale = 0; scale <= precision && scale <= 38; scale++) {
			for (unsigned round = 0; round < 4; round++) {
				struct buffer packed = BUFFER_INIT, text = BUFFER_INIT,
					      expected = BUFFER_INIT;
				char digits[66] = "";
				unsigned skip = 0, integer = precision - scale;
				bool negative = round == 1 || round == 3, zero = true;
				struct error error;

				for (unsigned i = 0; i < precision; i++) {
					seed = seed * 1664525 + 1013904223;
					digits[i] = round < 2 ? '9'
							      : (char)('0' + (seed >> 16) % (i % 3 ? 10 : 2));
					zero = zero && digits[i] == '0';
				}
				pack(&packed, digits, precision, scale, negative && !zero);
				assert_int_equal(packed.length, decimal_packed_size(precision, scale));
				if (negative && !zero)
					buffer_putc(&expected, '-');
				while (skip < integer && digits[skip] == '0')
					skip++;
				if (skip == integer)
					buffer_putc(&expected, '0');
				buffer_append(&expected, digits + skip, integer - skip);
				if (scale)
					buffer_printf(&expected, ".%s", digits + integer);
				assert_int_equal(decimal_put_text((uint8_t *)packed.data, precision, scale,
							 &text, &error),
					0);
				assert_string_equal(buffer_text(&text), buffer_text(&expected));
				buffer_release(&packed);
				buffer_release(&text);
				buffer_release(&expected);
			}
		}
	}
}

static void vectors(void **state)
{
	static const struct {
		const char *hex;
		unsigned precision, scale;
		const char *text;
	} cases[] = {{"7ffb2de9d1", 10, 4, "-1234.5678"}, {"8000000000", 10, 4, "0.0000"},
		{"7fffffffff", 10, 4, "0.0000"}, {"810dfb38d204d2", 14, 4, "1234567890.1234"},
		{"80", 1, 0, "0"}, {"89", 1, 0, "9"}, {"85", 1, 1, "0.5"},
		/* from inside a JSON document, where the digits of the integer part are counted in groups of
		   nine */
		{"80bc614e35b7bf87350e34c02f075f79075bcd1500bc614e35b7bf87037a", 66, 30,
			"12345678901234567890123456789012345.123456789012345678901234567890"}};
	struct buffer packed = BUFFER_INIT, text = BUFFER_INIT;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_clear(&packed);
		buffer_clear(&text);
		put_hex(&packed, cases[i].hex);
		assert_int_equal(packed.length, decimal_packed_size(cases[i].precision, cases[i].scale));
		assert_int_equal(decimal_put_text((uint8_t *)packed.data, cases[i].precision, cases[i].scale,
					 &text, &error),
			0);
		assert_string_equal(buffer_text(&text), cases[i].text);
	}
	buffer_release(&packed);
	buffer_release(&text);
}

static void groups_that_are_too_large_are_refused(void **state)
{
	static const struct {
		const char *hex;
		unsigned precision, scale;
	} cases[] = {{"8a", 1, 0}, {"75", 1, 0}, {"e4", 2, 0}, {"80 3b9aca00", 10, 0}, {"7f c46535ff", 10, 0},
		{"80 64", 3, 2}, {"bb9aca00", 9, 9}, {"ffffffff", 9, 0}};
	struct buffer packed = BUFFER_INIT, text = BUFFER_INIT;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_clear(&packed);
		put_hex(&packed, cases[i].hex);
		if (packed.length != decimal_packed_size(cases[i].precision, cases[i].scale))
			fail_msg("%s has the wrong size", cases[i].hex);
		assert_int_equal(decimal_put_text((uint8_t *)packed.data, cases[i].precision, cases[i].scale,
					 &text, &error),
			-1);
		assert_error(&error, ERROR_CORRUPT, "too large for its place");
		assert_int_equal(text.length, 0);
	}
	buffer_release(&packed);
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_precision_and_scale),
		cmocka_unit_test(vectors),
		cmocka_unit_test(groups_that_are_too_large_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
