/* Shared by the files render*.c. */
#ifndef BINLOG_RENDER_INTERNAL_H
#define BINLOG_RENDER_INTERNAL_H

#include "base/arena.h"
#include "binlog/payload.h"
#include "binlog/render.h"

#define RENDER_MAP_BUCKETS 64u

struct render_map {
	struct render_map *next;
	uint64_t table_id;
	struct table_map *map;
	uint8_t *body; /* the same bytes are the same map */
	size_t body_length;
	struct buffer table;	    /* `db`.`table`, or "database":"db","table":"table" */
	struct buffer keys;	    /* what stands before each column's value, one behind the other */
	size_t *key_ends;	    /* by column */
	bool has_inner;		    /* columns whose values are decoded only when they are printed */
	bool has_compressed;	    /* MariaDB: of which a value may be much longer than it is in the log */
	struct arena arena;
};

struct renderer {
	enum render_form form;
	struct buffer out;
	render_write *write;
	void *context;
	uint64_t event_maximum, payload_maximum;
	struct arena arena; /* of the event in hand */
	struct buffer scratch;
	struct buffer nothing; /* takes what is decoded and not printed */
	struct render_map *maps[RENDER_MAP_BUCKETS];
	size_t maps_bytes;
	bool in_statement; /* between a table map and the rows that end its statement */
	struct payload_reader *payload;
	bool in_payload;
	struct render_counts counts;
	/* of the event in hand */
	const struct binlog_format *format;
	const char *file;
	uint64_t begin, end;
	size_t whole; /* of `out`: as far as it stays when what comes next turns out to be broken */
	bool write_failed;
	struct error write_error;
};

typedef int render_body(struct renderer *renderer, const struct event *event, struct error *error);

/* render_event.c: what the event says besides its rows; NULL when the type has no form of its own. */
render_body *render_body_find(unsigned type);
void render_head(struct renderer *renderer, const struct event *event);

/* render_field.c: " name=value" in text, ",\"name\":value" in JSON. Back-slashes, quotes and what is not printable are escaped in
 * texts. */
void field_name(struct renderer *renderer, const char *name);
void field_u64(struct renderer *renderer, const char *name, uint64_t value);
void field_i64(struct renderer *renderer, const char *name, int64_t value);
void field_hex(
	struct renderer *renderer, const char *name, uint64_t value); /* 0x… in text, a number in JSON */
void field_bool(struct renderer *renderer, const char *name, bool value);
void field_text(struct renderer *renderer, const char *name, const void *text, size_t length);
void field_bytes(struct renderer *renderer, const char *name, const void *bytes, size_t length); /* as hex */
/* Text only: the fields that follow stand in a line of their own. */
void field_line(struct renderer *renderer);

/* render_table.c */
render_body render_table_map;
void render_maps_clear(struct renderer *renderer);
/* NULL when there is none of that id. */
struct render_map *render_map_find(const struct renderer *renderer, uint64_t table_id);
/* A table map is remembered; nothing is written. */
void render_map_learn(struct renderer *renderer, const struct event *event);

/* render_rows.c */
render_body render_rows;
/* The end of a statement is noticed; nothing is written. */
void render_rows_learn(struct renderer *renderer, const struct event *event);

/* What is written is whole so far (ERROR_STOP: it is more than can be held); or: what has been written since then is taken
 * back. */
int render_keep(struct renderer *renderer, struct error *error);
void render_take_back(struct renderer *renderer);

/* What follows, up to render_hold, cannot turn out to be broken: however much it is, it is handed over as it comes. */
void render_flow(struct renderer *renderer);
void render_hold(struct renderer *renderer);

/* Hands over the buffer when it has grown. */
int render_drain(struct renderer *renderer, struct error *error);

#endif
