/* Binary log files (and streams of their bytes), event by event. No seeking: standard input will do. */
#ifndef BINLOG_FILE_H
#define BINLOG_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct binlog_file;

/* Reads from `stream`, which stays the caller's, and whose own buffer must be empty yet; `name` goes into messages. The four magic bytes are checked
 * at once: ERROR_STOP for encrypted files (MySQL's "\xfdbin") and for what is no binary log. Events above
 * `event_maximum` bytes (0 = what the servers allow) are refused. */
struct binlog_file *binlog_file_open(
	FILE *stream, const char *name, uint64_t event_maximum, struct error *error);
void binlog_file_close(struct binlog_file *file);

/* 1: *bytes is the next event with header and checksum, valid until the next call; 0: the file ends behind
 * the last event; -1: it ends inside one, or cannot be read, or names an impossible length. Errors name
 * file:offset. */
int binlog_file_next(struct binlog_file *file, const uint8_t **bytes, size_t *length, struct error *error);

/* Where the event of the last call begins, and where the next one does. */
uint64_t binlog_file_begin(const struct binlog_file *file);
uint64_t binlog_file_end(const struct binlog_file *file);

#endif
