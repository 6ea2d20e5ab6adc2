#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

static enum log_level lowest = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_set_level(enum log_level level)
{
	lowest = level;
}

int log_level_parse(const char *name)
{
	for (int i = 0; i < 4; i++) {
		if (strcmp(name, level_names[i]) == 0)
			return i;
	}
	return -1;
}

void log_line(enum log_level level, const char *component, const char *format, ...)
{
	struct buffer line = BUFFER_INIT;
	struct timespec now;
	struct tm utc;
	va_list args;
	char text[4096];

	if (level < lowest)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	buffer_printf(&line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s ", utc.tm_year + 1900, utc.tm_mon + 1,
		utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000, level_names[level],
		component);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buffer_put_printable(&line, text, strlen(text), sizeof(text));
	buffer_putc(&line, '\n');
	/* one write, so that lines of several threads do not mix; nobody to tell when it fails */
	if (write(STDERR_FILENO, line.data, line.length) < 0)
		lowest = LOG_ERROR;
	buffer_release(&line);
}

const char *log_quote(const char *value)
{
	static _Thread_local char rooms[8][1024];
	static _Thread_local unsigned turn;
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/+-,@%";
	char *room = rooms[turn++ % 8];
	struct buffer text = BUFFER_INIT;
	size_t used = 0;

	if (*value && value[strspn(value, plain)] == '\0' && strlen(value) < sizeof(rooms[0])) {
		strcpy(room, value);
		return room;
	}
	buffer_put_printable(&text, value, strlen(value), 900);
	room[used++] = '"';
	for (size_t i = 0; i < text.length && used < sizeof(rooms[0]) - 3; i++) {
		/* a backslash that buffer_put_printable made stays as it is: the line is for people */
		if (text.data[i] == '"')
			room[used++] = '\\';
		room[used++] = text.data[i];
	}
	room[used++] = '"';
	room[used] = '\0';
	buffer_release(&text);
	return room;
}

void log_error(enum log_level level, const char *component, const struct error *error)
{
	if (error->code)
		log_line(level, component, "%s kind=%s code=%u sqlstate=%s", error->text,
			error_kind_name(error->kind), error->code, error->sqlstate);
	else
		log_line(level, component, "%s kind=%s", error->text, error_kind_name(error->kind));
}
