/* The diffs of a partial update one by one (2.15). Private to the room. */
#ifndef BINLOG_JSON_DIFF_H
#define BINLOG_JSON_DIFF_H

#include "base/cursor.h"
#include "base/error.h"

enum json_diff_operation { JSON_DIFF_REPLACE, JSON_DIFF_INSERT, JSON_DIFF_REMOVE };

struct json_diff {
	uint8_t operation;
	const uint8_t *path;
	size_t path_length;
	const uint8_t *value; /* a document; REPLACE and INSERT */
	size_t value_length;
};

/* 1 a diff, 0 the end, -1 with an error. */
int json_diff_next(struct cursor *cursor, struct json_diff *diff, struct error *error);
/* ERROR_CORRUPT for a path that cannot be read; returns -1. */
int json_diff_bad_path(const struct json_diff *diff, struct error *error);

#endif
