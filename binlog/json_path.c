#include "binlog/json_path.h"

#include <string.h>

static void skip_space(struct json_path *path)
{
	while (path->at < path->end && strchr(" \t\r\n", *path->at) && *path->at)
		path->at++;
}

static bool take(struct json_path *path, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(path->end - path->at) < length || memcmp(path->at, word, length) != 0)
		return false;
	path->at += length;
	skip_space(path);
	return true;
}

bool json_path_init(struct json_path *path, const uint8_t *text, size_t length)
{
	path->at = text;
	path->end = text + length;
	skip_space(path);
	return take(path, "$");
}

static bool read_index(struct json_path *path, uint32_t *index)
{
	uint64_t number = 0;
	const uint8_t *from = path->at;

	while (path->at < path->end && *path->at >= '0' && *path->at <= '9' && number <= UINT32_MAX)
		number = number * 10 + (uint64_t)(*path->at++ - '0');
	if (path->at == from || number > UINT32_MAX)
		return false;
	*index = (uint32_t)number;
	skip_space(path);
	return true;
}

static int read_cell(struct json_path *path, struct json_leg *leg)
{
	leg->is_cell = true;
	if (take(path, "last")) {
		leg->from_end = true;
		if (take(path, "-") && !read_index(path, &leg->index))
			return -1;
	} else if (!read_index(path, &leg->index)) {
		return -1;
	}
	return take(path, "]") ? 1 : -1;
}

static bool read_hex4(const uint8_t *at, const uint8_t *end, uint32_t *code)
{
	*code = 0;
	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		unsigned c = at[i], digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return false;
		*code = *code << 4 | digit;
	}
	return true;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (uint8_t)code;
		return to;
	}
	if (code < 0x800) {
		*to++ = (uint8_t)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*to++ = (uint8_t)(0xe0 | code >> 12);
		} else {
			*to++ = (uint8_t)(0xf0 | code >> 18);
			*to++ = (uint8_t)(0x80 | (code >> 12 & 63));
		}
		*to++ = (uint8_t)(0x80 | (code >> 6 & 63));
	}
	*to++ = (uint8_t)(0x80 | (code & 63));
	return to;
}

/* What follows a backslash at *at; a pair of surrogates is one character. Never longer than the escape was.
 */
static uint8_t *put_escape(uint8_t *to, const uint8_t **at, const uint8_t *end)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *found;
	uint32_t code, low;

	if (*at == end || **at == 0)
		return NULL;
	found = strchr(from, **at);
	if (found) {
		(*at)++;
		*to++ = (uint8_t)into[found - from];
		return to;
	}
	if (**at != 'u' || !read_hex4(*at + 1, end, &code))
		return NULL;
	*at += 5;
	if (code >= 0xd800 && code <= 0xdbff) {
		if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' || !read_hex4(*at + 2, end, &low) ||
			low < 0xdc00 || low > 0xdfff)
			return NULL;
		*at += 6;
		code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
	}
	return put_utf8(to, code);
}

static int read_quoted(struct json_path *path, struct arena *arena, struct json_leg *leg)
{
	const uint8_t *from = path->at, *close = from;
	bool escapes = false;
	uint8_t *to;

	while (close < path->end && *close != '"') {
		escapes |= *close == '\\';
		close += *close == '\\' && path->end - close > 1 ? 2 : 1;
	}
	if (close == path->end)
		return -1;
	path->at = close + 1;
	skip_space(path);
	leg->name = from;
	leg->length = (size_t)(close - from);
	if (!escapes)
		return 1;
	leg->name = to = arena_alloc(arena, leg->length);
	while (from < close) {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from++;
		to = put_escape(to, &from, close);
		if (!to)
			return -1;
	}
	leg->length = (size_t)(to - leg->name);
	return 1;
}

static int read_member(struct json_path *path, struct arena *arena, struct json_leg *leg)
{
	if (path->at < path->end && *path->at == '"') {
		path->at++;
		return read_quoted(path, arena, leg);
	}
	leg->name = path->at;
	while (path->at < path->end && !strchr(" \t\r\n.[*\"]", *path->at))
		path->at++;
	leg->length = (size_t)(path->at - leg->name);
	skip_space(path);
	return leg->length > 0 ? 1 : -1;
}

int json_path_next(struct json_path *path, struct arena *arena, struct json_leg *leg)
{
	*leg = (struct json_leg){0};
	if (path->at == path->end)
		return 0;
	if (take(path, "["))
		return read_cell(path, leg);
	if (take(path, "."))
		return read_member(path, arena, leg);
	return -1;
}
