/* Takes events one by one, goes into compressed transactions, and hands what was written to the caller. */
#include "binlog/render.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "binlog/render_internal.h"
#include "binlog/render_string.h"

#define DRAIN_ABOVE ((size_t)256 << 10)
#define ARENA_KEPT ((size_t)64 << 10) /* it is emptied when it holds more, not after every event */

struct renderer *renderer_new(enum render_form form, uint64_t event_maximum, uint64_t payload_maximum,
	render_write *write, void *context)
{
	struct renderer *renderer = memory_zalloc(sizeof(*renderer));

	renderer->form = form;
	renderer->event_maximum = event_maximum;
	renderer->payload_maximum = payload_maximum;
	renderer->write = write;
	renderer->context = context;
	buffer_set_drain(&renderer->nothing, buffer_discard, NULL);
	return renderer;
}

void renderer_begin_file(struct renderer *renderer, const char *file)
{
	struct buffer *out = &renderer->out;

	render_maps_clear(renderer);
	if (renderer->form != RENDER_TEXT)
		return;
	buffer_puts(out, "# file ");
	render_put_quoted((const uint8_t *)file, strlen(file), out);
	buffer_putc(out, '\n');
}

void renderer_free(struct renderer *renderer)
{
	if (!renderer)
		return;
	render_maps_clear(renderer);
	payload_reader_free(renderer->payload);
	arena_release(&renderer->arena);
	buffer_release(&renderer->out);
	buffer_release(&renderer->scratch);
	buffer_release(&renderer->nothing);
	free(renderer);
}

const struct render_counts *renderer_counts(const struct renderer *renderer)
{
	return &renderer->counts;
}

int renderer_flush(struct renderer *renderer, struct error *error)
{
	int result = 0;

	if (renderer->out.length)
		result = renderer->write(renderer->context, renderer->out.data, renderer->out.length, error);
	if (result < 0) {
		renderer->write_failed = true;
		renderer->write_error = *error;
	}
	buffer_shrink(&renderer->out, DRAIN_ABOVE * 4);
	renderer->whole = 0;
	return result;
}

static void flow(struct buffer *out, void *context)
{
	struct renderer *renderer = context;
	struct error error;

	if (renderer->write_failed)
		buffer_clear(out);
	else
		renderer_flush(renderer, &error);
}

void render_flow(struct renderer *renderer)
{
	buffer_set_drain(&renderer->out, flow, renderer);
}

void render_hold(struct renderer *renderer)
{
	buffer_set_drain(&renderer->out, NULL, NULL);
}

int render_drain(struct renderer *renderer, struct error *error)
{
	return renderer->out.length < DRAIN_ABOVE ? 0 : renderer_flush(renderer, error);
}

int render_keep(struct renderer *renderer, struct error *error)
{
	if (!buffer_ok(&renderer->out))
		return error_set(error, ERROR_STOP, "one value's text is larger than 2 GiB, which is not printed.");
	if (renderer->write_failed) {
		*error = renderer->write_error;
		return -1;
	}
	renderer->whole = renderer->out.length;
	return 0;
}

void render_take_back(struct renderer *renderer)
{
	buffer_truncate(&renderer->out, renderer->whole);
	renderer->out.overflow = false; /* what did not fit is gone */
}

bool renderer_can_write(const struct renderer *renderer)
{
	return !renderer->write_failed;
}

void render_type_name(unsigned type, struct buffer *out)
{
	const char *name = event_type_name(type);

	if (name)
		buffer_puts(out, name);
	else
		buffer_printf(out, "UNKNOWN_%u", type);
}

void render_utc(uint64_t seconds, struct buffer *out)
{
	time_t at = (time_t)seconds;
	struct tm parts;
	char text[64];

	if (gmtime_r(&at, &parts) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts))
		buffer_puts(out, text);
}

/* The events inside a compressed transaction, each as one of its own at the payload's place. */
static int render_payload(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct payload_info info;
	struct event inner;
	int rc;

	if (renderer->in_payload)
		return error_set(
			error, ERROR_CORRUPT, "a compressed transaction cannot stand inside another.");
	if (!renderer->payload)
		renderer->payload = payload_reader_new();
	if (payload_info_parse(event, &info, error) < 0 ||
		payload_reader_start(renderer->payload, &info, renderer->payload_maximum,
			renderer->event_maximum, error) < 0)
		return -1;
	renderer->in_payload = true;
	while ((rc = payload_reader_next(renderer->payload, &inner, error)) > 0) {
		if (renderer_event(renderer, &inner, renderer->format, renderer->file, renderer->begin,
			    renderer->end, error) < 0) {
			rc = -1;
			break;
		}
	}
	renderer->in_payload = false;
	return rc;
}

static bool is_rows(unsigned type)
{
	return (type >= EVENT_WRITE_ROWS_V1 && type <= EVENT_DELETE_ROWS_V1) ||
	       (type >= EVENT_WRITE_ROWS_V2 && type <= EVENT_DELETE_ROWS_V2) ||
	       type == EVENT_PARTIAL_UPDATE_ROWS ||
	       (type >= EVENT_MARIA_WRITE_ROWS_COMPRESSED_V1 && type <= EVENT_MARIA_DELETE_ROWS_COMPRESSED);
}

/* Whatever its rows said of it. */
static bool ends_statement(unsigned type)
{
	return type == EVENT_FORMAT_DESCRIPTION || type == EVENT_QUERY || type == EVENT_XID || type == EVENT_GTID ||
	       type == EVENT_GTID_TAGGED || type == EVENT_ANONYMOUS_GTID || type == EVENT_MARIA_GTID;
}

static void release_arena(struct renderer *renderer)
{
	if (renderer->arena.bytes > ARENA_KEPT)
		arena_release(&renderer->arena);
}

void renderer_learn(
	struct renderer *renderer, const struct event *event, const struct binlog_format *format)
{
	renderer->format = format;
	if (event->header.type == EVENT_FORMAT_DESCRIPTION)
		render_maps_clear(renderer);
	else if (event->header.type == EVENT_TABLE_MAP)
		render_map_learn(renderer, event);
	else if (is_rows(event->header.type))
		render_rows_learn(renderer, event);
	release_arena(renderer);
}

/* Every event goes through its decoder in every form, so that a broken one is found. */
static int render_body_of(struct renderer *renderer, const struct event *event, struct error *error)
{
	uint8_t type = event->header.type;
	render_body *body = is_rows(type) ? render_rows : render_body_find(type);

	if (body)
		return body(renderer, event, error);
	render_flow(renderer);
	field_bytes(renderer, "body", event->body, event->body_length);
	return 0;
}

/* The event's line, or the last one of its lines, says that the event is broken, and is a whole one itself. */
static void put_broken(struct renderer *renderer, const struct error *error)
{
	render_take_back(renderer);
	if (!renderer->write_failed)
		field_text(renderer, "error", error->text, strlen(error->text));
}

int renderer_event(struct renderer *renderer, const struct event *event, const struct binlog_format *format,
	const char *file, uint64_t begin, uint64_t end, struct error *error)
{
	bool payload = event->header.type == EVENT_TRANSACTION_PAYLOAD;
	int result;

	renderer->format = format;
	renderer->file = file;
	renderer->begin = begin;
	renderer->end = end;
	renderer->counts.events++;
	renderer->counts.by_type[event->header.type]++;
	if (!renderer->in_payload)
		renderer->counts.event_bytes += event->header.length;
	if (event->header.type == EVENT_FORMAT_DESCRIPTION)
		render_maps_clear(renderer);
	if (ends_statement(event->header.type))
		renderer->in_statement = false;
	render_head(renderer, event);
	render_keep(renderer, error);
	result = render_body_of(renderer, event, error);
	render_hold(renderer);
	if (result == 0)
		result = render_keep(renderer, error);
	if (result < 0)
		put_broken(renderer, error);
	if (renderer->form == RENDER_NOTHING)
		buffer_clear(&renderer->out);
	else
		buffer_puts(&renderer->out, renderer->form == RENDER_JSON ? "}\n" : "\n");
	if (result == 0 && payload)
		result = render_payload(renderer, event, error);
	release_arena(renderer);
	return result < 0 ? -1 : render_drain(renderer, error);
}
