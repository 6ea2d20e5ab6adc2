/* Structured log lines on standard error, one per event:
 *
 *     2026-11-23T12:00:00.123Z info source connected host=db1 port=3306 version="10.11.6-MariaDB"
 *
 * Keys are plain words; values are quoted when they hold anything but [A-Za-z0-9._:/+-], with control bytes
 * escaped, so that a hostile master cannot forge a line. Any thread may log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Lines below this level are dropped; LOG_INFO at start. */
void log_set_level(enum log_level level);
/* "debug", "info", "warning", "error" → level; -1 for anything else. */
int log_level_parse(const char *name);

/* `component` names the part of the flow ("source", "worker 2"); the format gives the message with its
 * key=value pairs (use log_quote for values that come from outside). */
void log_line(enum log_level level, const char *component, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The value as it may stand behind "key=": quoted and escaped where needed. Returns one of eight
 * thread-local buffers in turn; cut after 900 bytes. */
const char *log_quote(const char *value);

/* An error, once, where it is handled. */
void log_error(enum log_level level, const char *component, const struct error *error);

#endif
