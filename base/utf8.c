#include "base/utf8.h"

static bool continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_valid_character(const char *text, size_t length)
{
	const unsigned char *t = (const unsigned char *)text;

	if (length == 0)
		return 0;
	if (t[0] < 0x80)
		return 1;
	if (t[0] < 0xc2 || t[0] > 0xf4)
		return 0;
	if (t[0] < 0xe0)
		return length >= 2 && continuation(t[1]) ? 2 : 0;
	if (t[0] < 0xf0) {
		if (length < 3 || !continuation(t[1]) || !continuation(t[2]))
			return 0;
		if ((t[0] == 0xe0 && t[1] < 0xa0) || (t[0] == 0xed && t[1] > 0x9f))
			return 0;
		return 3;
	}
	if (length < 4 || !continuation(t[1]) || !continuation(t[2]) || !continuation(t[3]))
		return 0;
	if ((t[0] == 0xf0 && t[1] < 0x90) || (t[0] == 0xf4 && t[1] > 0x8f))
		return 0;
	return 4;
}

static size_t wanted_of(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

size_t utf8_whole(const char *text, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++) {
		unsigned char c = (unsigned char)text[length - back];

		if (!continuation(c))
			return wanted_of(c) > back ? length - back : length;
	}
	return length;
}

bool utf8_valid(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length) {
		size_t size = utf8_valid_character(text + i, length - i);

		if (size == 0)
			return false;
		i += size;
	}
	return true;
}
