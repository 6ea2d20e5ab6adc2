/* Events and row values in a form for people (text) or programs (JSON, one object a line). */
#ifndef BINLOG_RENDER_H
#define BINLOG_RENDER_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"
#include "binlog/rows.h"
#include "binlog/value.h"

enum render_form {
	RENDER_TEXT,
	RENDER_JSON,
	RENDER_NOTHING, /* every value is decoded, and counted */
};

struct render_counts {
	uint64_t events;       /* those inside compressed transactions too */
	uint64_t event_bytes;  /* without those inside */
	uint64_t rows, values; /* an UPDATE is one row with two images */
	uint64_t row_bytes;    /* uncompressed */
	uint64_t by_type[256];
};

/* Takes what was rendered, piece by piece; a large event comes in several. */
typedef int render_write(void *context, const char *bytes, size_t length, struct error *error);

struct renderer;

/* `event_maximum` and `payload_maximum` bound what is inside compressed transactions (0 = what the servers
 * allow). */
struct renderer *renderer_new(enum render_form form, uint64_t event_maximum, uint64_t payload_maximum,
	render_write *write, void *context);
void renderer_free(struct renderer *renderer);

/* One event of `file` between the two offsets. Table maps, and the format of the file, are remembered for the
 * events that follow. Unknown types are rendered by their header and bytes. -1: what it holds is broken, which its line says, and
 * the next event can be rendered; or nothing can be written any more (renderer_can_write). */
int renderer_event(struct renderer *renderer, const struct event *event, const struct binlog_format *format,
	const char *file, uint64_t begin, uint64_t end, struct error *error);
bool renderer_can_write(const struct renderer *renderer);
/* An event before those that are wanted: only what they may need of it is remembered. One that is broken is
 * passed over; rows that need it will say so. */
void renderer_learn(
	struct renderer *renderer, const struct event *event, const struct binlog_format *format);
/* A new file begins, which text says in a line of its own: what was remembered is void. */
void renderer_begin_file(struct renderer *renderer, const char *file);
/* Hands over what waits in the buffer. */
int renderer_flush(struct renderer *renderer, struct error *error);
const struct render_counts *renderer_counts(const struct renderer *renderer);

/* One value as the servers' own tools write it below a rows event: 1, -1 (4294967295), 'text\x0a', b'101',
 * NULL. */
int render_value_text(const struct value *value, const struct table_column *column, struct buffer *scratch,
	struct buffer *out, struct error *error);
/* One value as JSON: integers are numbers, decimals are strings, floats numbers that read back exactly, text
 * a string; bytes that are no text of a known charset are {"hex": …}; a document is {"json": …}, and the
 * diffs of a partial update are {"json_diff": …}. `scratch` is used for what must be expanded first. */
int render_value_json(const struct value *value, const struct table_column *column, struct buffer *scratch,
	struct buffer *out, struct error *error);

/* "TABLE_MAP" or "UNKNOWN_77" */
void render_type_name(unsigned type, struct buffer *out);
/* "2026-11-23 12:00:00" of seconds since 1970, UTC. */
void render_utc(uint64_t seconds, struct buffer *out);

#endif
