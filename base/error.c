#include "base/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

/* Error texts quote what servers and logs hold, and end on terminals, in lines of the log and in mails: whatever could be
 * taken there for more than text is spelled out. What was made printable before stays as it is. */
static void make_printable(char *text, size_t size)
{
	char raw[sizeof(((struct error *)NULL)->text)];

	memcpy(raw, text, size);
	printable_copy(text, size, raw);
}

static void set_text(struct error *error, const char *format, va_list args)
{
	/* a context may quote the former text: format into a copy first */
	char text[sizeof(error->text)];

	vsnprintf(text, sizeof(text), format, args);
	make_printable(text, sizeof(text));
	memcpy(error->text, text, sizeof(text));
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(error, format, args);
	va_end(args);
	error->kind = kind;
	error->code = 0;
	error->sqlstate[0] = '\0';
	return -1;
}

int error_set_server(struct error *error, enum error_kind kind, unsigned code, const char *sqlstate,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_text(error, format, args);
	va_end(args);
	error->kind = kind;
	error->code = code;
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%s", sqlstate ? sqlstate : "");
	return -1;
}

int error_context(struct error *error, const char *format, ...)
{
	char text[sizeof(error->text)];
	va_list args;
	int used;

	va_start(args, format);
	used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (used < 0)
		used = 0;
	if ((size_t)used < sizeof(text) - 3) {
		size_t room = sizeof(text) - (size_t)used - 3, length = strlen(error->text);

		if (length > room)
			length = room;
		memcpy(text + used, ": ", 2);
		memcpy(text + used + 2, error->text, length);
		text[(size_t)used + 2 + length] = '\0';
	}
	make_printable(text, sizeof(text));
	memcpy(error->text, text, sizeof(text));
	return -1;
}

/* Servers end their messages without a full stop. */
static bool lacks_a_stop(const char *text, size_t length)
{
	return length && (isalnum((unsigned char)text[length - 1]) || strchr("'`\"", text[length - 1]));
}

int error_advice(struct error *error, const char *format, ...)
{
	size_t used = strlen(error->text);
	va_list args;

	if (used + 3 < sizeof(error->text)) {
		if (format[0] != '(' && lacks_a_stop(error->text, used))
			error->text[used++] = '.';
		error->text[used++] = ' ';
		va_start(args, format);
		vsnprintf(error->text + used, sizeof(error->text) - used, format, args);
		va_end(args);
		make_printable(error->text, sizeof(error->text));
	}
	return -1;
}

void error_clear(struct error *error)
{
	error->kind = ERROR_NONE;
	error->code = 0;
	error->sqlstate[0] = '\0';
	error->text[0] = '\0';
}

bool error_is_passing(const struct error *error)
{
	return error->kind == ERROR_RETRY || error->kind == ERROR_CONNECT;
}

const char *error_kind_name(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE:
		return "none";
	case ERROR_USAGE:
		return "usage";
	case ERROR_CONNECT:
		return "connect";
	case ERROR_RETRY:
		return "retry";
	case ERROR_STOP:
		return "stop";
	case ERROR_CORRUPT:
		return "corrupt";
	case ERROR_FENCED:
		return "fenced";
	case ERROR_STOPPED:
		return "stopped";
	}
	return "unknown";
}
