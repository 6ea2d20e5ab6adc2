/* The paths of partial updates (2.15): $.name, $."any text", $[3], $[last-1], one leg after the other. They
 * name one place; wildcards do not occur. Private to the room. */
#ifndef BINLOG_JSON_PATH_H
#define BINLOG_JSON_PATH_H

#include "base/arena.h"
#include "binlog/json_reader.h"

struct json_leg {
	bool is_cell;
	bool from_end; /* cell: counts back from the last one */
	uint32_t index;
	const uint8_t *name; /* member: its name, escapes taken out */
	size_t length;
};

struct json_path {
	const uint8_t *at, *end;
};

/* Begins at the legs behind the '$'. False when there is none. */
bool json_path_init(struct json_path *path, const uint8_t *text, size_t length);
/* 1 a leg, 0 the end, -1 a leg that cannot be read. Names with escapes are made in the arena. */
int json_path_next(struct json_path *path, struct arena *arena, struct json_leg *leg);

#endif
