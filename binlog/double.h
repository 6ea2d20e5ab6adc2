/* The shortest decimal digits of a double. */
#ifndef BINLOG_DOUBLE_H
#define BINLOG_DOUBLE_H

#include <stdint.h>

#include "base/buffer.h"

#define DOUBLE_DIGITS_MAXIMUM 17

struct double_digits {
	char digits[DOUBLE_DIGITS_MAXIMUM + 1]; /* no zero at either end; "0" for zero; NUL-terminated */
	int count;
	int point; /* the number is 0.digits · 10^point */
	bool negative;
};

/* The fewest digits that no other double is nearer to, and of these the nearest ones. `number` is finite. */
void double_digits(double number, struct double_digits *out);

/* The text of a JSON number of the type DOUBLE as the server prints it: 1.0, 1e16, 1.5e-20. */
void double_put_json(double number, struct buffer *out);

#endif
