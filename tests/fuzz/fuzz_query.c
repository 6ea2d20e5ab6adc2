/* Byte 0: which event; the rest: its body. Statements with their status block, and what gives a statement its
 * context. */
#include "base/arena.h"
#include "binlog/control.h"
#include "binlog/query.h"
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
	return 0;
}
