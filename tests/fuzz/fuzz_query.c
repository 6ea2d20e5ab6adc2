/* Byte 0: which event; the rest: its body. Statements with their status block, and what gives a statement its
 * context; each is printed too, as `dump` does. */
#include "base/arena.h"
#include "binlog/control.h"
#include "binlog/query.h"
#include "binlog/render.h"
#include "binlog/xa.h"
#include "fuzz.h"
#include "stream.h"

/* Every view lies inside the event, or in the arena. */
static uint64_t touch(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	uint64_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum += at[i];
	return sum;
}

static uint64_t statement(const struct event *event)
{
	struct binlog_format format = {.known = true};
	struct arena arena = ARENA_INIT;
	struct query_event query;
	struct error error = {0};
	struct xid xid;
	uint64_t sum = 0;

	if (query_event_parse(event, &format, &arena, &query, &error) == 0) {
		const struct query_context *context = &query.context;

		sum = touch(query.text, query.text_length) +
		      touch(query.database, query.database_length + 1u);
		sum += touch(context->time_zone, context->time_zone_length);
		sum += touch(context->invoker_user, context->invoker_user_length);
		sum += touch(context->invoker_host, context->invoker_host_length);
		sum += touch(context->character_set_collations, context->character_set_collations_count * 4u);
		if (context->updated_dbs_count != 254) {
			const char *name = (const char *)context->updated_dbs;

			for (unsigned i = 0; i < context->updated_dbs_count; i++)
				name += strlen(name) + 1;
		}
		if (xid_parse(query.text, query.text_length, &xid))
			MUST(xid.gtrid_length <= 64 && xid.bqual_length <= 64);
	} else {
		MUST(error.kind == ERROR_CORRUPT || error.kind == ERROR_STOP);
	}
	arena_release(&arena);
	return sum;
}

static uint64_t small_event(const struct event *event)
{
	struct binlog_format format = {.known = true};
	struct user_variable variable;
	struct position position;
	struct incident_event incident;
	struct error error = {0};
	struct xid xid;
	bool flag;

	switch (event->header.type) {
	case EVENT_USER_VAR:
		if (user_variable_parse(event, &variable, &error) == 0)
			return touch(variable.name, variable.name_length) +
			       touch(variable.value, variable.value_length);
		break;
	case EVENT_ROTATE:
		if (rotate_event_parse(event, &position, &error) == 0)
			MUST(strlen(position.file) <= BINLOG_NAME_MAXIMUM && !strchr(position.file, '/'));
		break;
	case EVENT_HEARTBEAT:
	case EVENT_HEARTBEAT_V2:
		if (heartbeat_event_parse(event, &position, &flag, &error) == 0)
			MUST(strlen(position.file) <= BINLOG_NAME_MAXIMUM);
		break;
	case EVENT_INCIDENT:
		if (incident_event_parse(event, &format, &incident, &error) == 0)
			return touch(incident.message, incident.message_length);
		break;
	case EVENT_XA_PREPARE:
		if (xa_prepare_parse(event, &xid, &flag, &error) == 0)
			MUST(xid.gtrid_length <= 64 && xid.bqual_length <= 64);
		break;
	default:
		break;
	}
	return 0;
}

static int collect(void *context, const char *bytes, size_t length, struct error *error)
{
	(void)error;
	buffer_append(context, bytes, length);
	return 0;
}

/* In every form; what is printed is one line in JSON, and ends with its line in text, be the event broken or not. */
static void print(const struct event *event)
{
	struct binlog_format format = {.known = true};
	int results[RENDER_NOTHING + 1];

	for (int form = RENDER_TEXT; form <= RENDER_NOTHING; form++) {
		struct buffer out = BUFFER_INIT;
		struct renderer *renderer = renderer_new((enum render_form)form, 0, 0, collect, &out);
		struct error error = {0};

		results[form] = renderer_event(renderer, event, &format, "f", 4, 23, &error);
		MUST(results[form] == 0 || error.kind == ERROR_CORRUPT || error.kind == ERROR_STOP);
		MUST(results[form] == results[0]);
		MUST(renderer_flush(renderer, &error) == 0);
		MUST((out.length == 0) == (form == RENDER_NOTHING));
		if (form == RENDER_TEXT)
			MUST(out.data[out.length - 1] == '\n');
		if (form == RENDER_JSON)
			MUST(memchr(out.data, '\n', out.length) == out.data + out.length - 1 &&
				out.data[out.length - 2] == '}');
		renderer_free(renderer);
		buffer_release(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t types[] = {EVENT_QUERY, EVENT_EXECUTE_LOAD_QUERY, EVENT_MARIA_QUERY_COMPRESSED,
		EVENT_USER_VAR, EVENT_ROTATE, EVENT_HEARTBEAT, EVENT_HEARTBEAT_V2, EVENT_INCIDENT,
		EVENT_XA_PREPARE};
	struct event event = {0};
	volatile uint64_t sum;

	if (size < 1)
		return 0;
	event.header.type = types[data[0] % (sizeof(types))];
	event.body = data + 1;
	event.body_length = size - 1;
	sum = data[0] % sizeof(types) < 3 ? statement(&event) : small_event(&event);
	(void)sum;
	print(&event);
	return 0;
}
