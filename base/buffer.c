#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"

#define PIECE ((size_t)32 << 10) /* what is long is written so much at a time when the buffer is drained */

void buffer_init(struct buffer *buffer, size_t maximum)
{
	*buffer = (struct buffer)BUFFER_INIT;
	buffer->maximum = maximum;
}

void buffer_set_drain(struct buffer *buffer, buffer_drain *drain, void *context)
{
	buffer->drain = drain;
	buffer->drain_context = context;
}

void buffer_discard(struct buffer *buffer, void *context)
{
	(void)context;
	buffer_take(buffer, buffer->length);
}

void buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){
		.maximum = buffer->maximum, .drain = buffer->drain, .drain_context = buffer->drain_context};
}

void buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->overflow = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void buffer_take(struct buffer *buffer, size_t length)
{
	if (!length)
		return;
	buffer->length -= length;
	memmove(buffer->data, buffer->data + length, buffer->length + 1);
}

void buffer_truncate(struct buffer *buffer, size_t length)
{
	if (length >= buffer->length)
		return;
	buffer->length = length;
	buffer->data[length] = '\0';
}

void buffer_swap(struct buffer *a, struct buffer *b)
{
	struct buffer kept = *a;

	*a = *b;
	*b = kept;
}

void buffer_shrink(struct buffer *buffer, size_t keep)
{
	if (buffer->capacity > keep)
		buffer_release(buffer);
	else
		buffer_clear(buffer);
}

bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t maximum = buffer->maximum ? buffer->maximum : BUFFER_MAXIMUM;
	size_t wanted, capacity;

	if (buffer->overflow)
		return false;
	if (buffer->drain && buffer->length && more >= buffer->capacity - buffer->length &&
		buffer->length + more >= BUFFER_DRAINED)
		buffer->drain(buffer, buffer->drain_context);
	if (more > maximum || buffer->length > maximum - more) {
		buffer->overflow = true;
		return false;
	}
	wanted = buffer->length + more + 1;
	if (wanted <= buffer->capacity)
		return true;
	capacity = buffer->capacity ? buffer->capacity : 64;
	while (capacity < wanted)
		capacity += capacity / 2 + 32;
	buffer->data = memory_realloc(buffer->data, capacity);
	buffer->capacity = capacity;
	return true;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	while (buffer->drain && length > PIECE) {
		buffer_append(buffer, bytes, PIECE);
		bytes = (const char *)bytes + PIECE;
		length -= PIECE;
	}
	if (!buffer_reserve(buffer, length))
		return;
	if (length)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_putc(struct buffer *buffer, char c)
{
	if (!buffer_reserve(buffer, 1))
		return;
	buffer->data[buffer->length++] = c;
	buffer->data[buffer->length] = '\0';
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	char text[512];
	va_list args, again;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length >= 0 && (size_t)length < sizeof(text)) {
		buffer_append(buffer, text, (size_t)length);
	} else if (length >= 0 && buffer_reserve(buffer, (size_t)length)) {
		vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
		buffer->length += (size_t)length;
	}
	va_end(again);
}

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buffer_append(buffer, digits + at, sizeof(digits) - at);
}

void buffer_put_i64(struct buffer *buffer, int64_t value)
{
	if (value < 0) {
		buffer_putc(buffer, '-');
		buffer_put_u64(buffer, 0 - (uint64_t)value);
	} else {
		buffer_put_u64(buffer, (uint64_t)value);
	}
}

void buffer_put_hex(struct buffer *buffer, const void *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes, *end = in + length;

	while (in < end) {
		const unsigned char *stop = buffer->drain && end - in > (ptrdiff_t)PIECE ? in + PIECE : end;
		char *out;

		if ((size_t)(stop - in) > SIZE_MAX / 2 || !buffer_reserve(buffer, (size_t)(stop - in) * 2)) {
			buffer->overflow = true;
			return;
		}
		for (out = buffer->data + buffer->length; in < stop; in++) {
			*out++ = digits[*in >> 4];
			*out++ = digits[*in & 15];
		}
		*out = '\0';
		buffer->length = (size_t)(out - buffer->data);
	}
}

void buffer_put_le(struct buffer *buffer, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++, value >>= 8)
		buffer_putc(buffer, (char)(value & 255));
}

void buffer_put_json(struct buffer *buffer, const char *text, size_t length)
{
	size_t i = 0;

	buffer_putc(buffer, '"');
	while (i < length) {
		unsigned char c = (unsigned char)text[i];
		size_t size;

		if (c == '"' || c == '\\') {
			buffer_putc(buffer, '\\');
			buffer_putc(buffer, (char)c);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			buffer_printf(buffer, "\\u%04x", c);
			i++;
		} else if (c < 0x80) {
			size_t run = i + 1;

			while (run < length && text[run] >= 0x20 && text[run] != 0x7f && text[run] != '"' &&
				text[run] != '\\')
				run++;
			buffer_append(buffer, text + i, run - i);
			i = run;
		} else if ((size = utf8_printable_character(text + i, length - i)) != 0) {
			buffer_append(buffer, text + i, size);
			i += size;
		} else if ((size = utf8_valid_character(text + i, length - i)) != 0) {
			buffer_printf(buffer, "\\u%04x", (unsigned char)text[i + 1]); /* U+0080 to U+009F */
			i += size;
		} else {
			buffer_puts(buffer, "\xef\xbf\xbd");
			i++;
		}
	}
	buffer_putc(buffer, '"');
}

void buffer_put_printable(struct buffer *buffer, const void *bytes, size_t length, size_t maximum)
{
	const char *text = bytes;
	size_t i = 0, end = length < maximum ? length : maximum;

	while (i < end) {
		unsigned char c = (unsigned char)text[i];
		size_t size;

		if (c >= 0x20 && c < 0x7f) {
			buffer_putc(buffer, (char)c);
			i++;
		} else if (c >= 0x80 && (size = utf8_printable_character(text + i, length - i)) != 0) {
			buffer_append(buffer, text + i, size);
			i += size;
		} else if (c == '\n') {
			buffer_puts(buffer, "\\n");
			i++;
		} else if (c == '\t') {
			buffer_puts(buffer, "\\t");
			i++;
		} else {
			buffer_printf(buffer, "\\x%02x", c);
			i++;
		}
	}
	if (end < length)
		buffer_puts(buffer, "…");
}

void printable_copy(char *room, size_t size, const char *text)
{
	struct buffer clean = BUFFER_INIT;
	size_t length = 0, next;

	buffer_put_printable(&clean, text, strlen(text), size);
	/* whole characters */
	while (length < clean.length && (next = utf8_valid_character(clean.data + length, clean.length - length)) != 0 &&
		length + next < size)
		length += next;
	if (length)
		memcpy(room, clean.data, length);
	room[length] = '\0';
	buffer_release(&clean);
}

const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}
