/* Events that steer the stream, and events that stop it. */
#include <string.h>

#include "binlog/assembler.h"
#include "binlog/control.h"

/* Another file begins: no transaction reaches over the end of one, so an open one has lost its end (the
 * master crashed and rolled it back). */
static void change_file(struct assembler *assembler, const struct position *next)
{
	assembler->position = *next;
	group_drop(assembler);
}

int handle_rotate(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct position next;

	if (assembler->in_payload)
		return error_set(error, ERROR_CORRUPT, "it cannot stand inside a transaction.");
	if (rotate_event_parse(event, &next, error) < 0)
		return -1;
	/* The file's own ROTATE is followed by one that the master makes up and that says the same again. */
	if (strcmp(next.file, assembler->position.file) != 0 || next.offset != assembler->position.offset)
		change_file(assembler, &next);
	assembler->expect_format = true;
	return 0;
}

int handle_format(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct binlog_format format;

	if (assembler->in_payload)
		return error_set(error, ERROR_CORRUPT, "it cannot stand inside a transaction.");
	if (binlog_format_parse(event, &format, error) < 0)
		return -1;
	group_drop(assembler);
	assembler->format = format;
	map_cache_clear(assembler->maps);
	assembler->expect_format = false;
	assembler->first_in_file = true;
	buffer_clear(&assembler->format_body);
	buffer_append(&assembler->format_body, event->body, event->body_length);
	if (format.created && !assembler->replaying) {
		struct transaction *restart = transaction_new(assembler, TRANSACTION_RESTART);

		restart->timestamp = format.created;
		restart->server_id = event->header.server_id;
		assembler_queue(assembler, restart);
	}
	return 0;
}

int handle_heartbeat(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct position told;
	bool wide;
	uint64_t have = assembler->position.offset;

	if (heartbeat_event_parse(event, &told, &wide, error) < 0)
		return -1;
	/* Inside a group it proves the connection alive and nothing else. */
	if (assembler->group.state != GROUP_NONE || assembler->expect_format || !told.file[0] ||
		!assembler->position.file[0])
		return 0;
	if (!wide) {
		told.offset |= have & ~(uint64_t)0xffffffff;
		if (told.offset < have && have - told.offset > (uint64_t)1 << 31)
			told.offset += (uint64_t)1 << 32;
	}
	if (position_compare(&told, &assembler->position) < 0)
		return error_set(error, ERROR_CORRUPT,
			"the master says it has sent the log up to %s:%llu, which is behind what was "
			"received.",
			told.file, (unsigned long long)told.offset);
	if (strcmp(told.file, assembler->position.file) == 0)
		assembler->position.offset = told.offset;
	return 0;
}

int handle_stop(struct assembler *assembler, const struct event *event, struct error *error)
{
	(void)event;
	(void)error;
	assembler->expect_format = true;
	return 0;
}

int handle_incident(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct incident_event incident;
	struct buffer message = BUFFER_INIT;

	if (incident_event_parse(event, &assembler->format, &incident, error) < 0)
		return -1;
	buffer_put_printable(&message, incident.message, incident.message_length, incident.message_length);
	error_set(error, ERROR_STOP,
		"the master could not log something it did (incident %u: \"%s\"), so its log does not tell "
		"all. Compare master and target, repair what differs, and go on behind this event.",
		incident.number, buffer_text(&message));
	buffer_release(&message);
	return -1;
}

/* What the file began with says nothing that the transactions do not, but it must be whole. */
int handle_previous_gtids(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct gtid_set *set = gtid_set_new();
	int result = gtid_set_decode(set, event->body, event->body_length, error);

	(void)assembler;
	gtid_set_free(set);
	return result;
}

int handle_gtid_list(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct gtid_set *set = gtid_set_new();
	uint32_t flags;
	int result = gtid_list_event_parse(event, set, &flags, error);

	(void)assembler;
	gtid_set_free(set);
	return result;
}

int handle_start_encryption(struct assembler *assembler, const struct event *event, struct error *error)
{
	(void)assembler;
	if (event->header.flags & EVENT_FLAG_IGNORABLE) /* the master decrypts before it sends */
		return 0;
	return error_set(error, ERROR_STOP,
		"what follows is encrypted, and only the server has the key. Read the log over a connection "
		"to the server.");
}

int handle_ignored(struct assembler *assembler, const struct event *event, struct error *error)
{
	(void)assembler;
	(void)event;
	(void)error;
	return 0;
}

int handle_ancient(struct assembler *assembler, const struct event *event, struct error *error)
{
	(void)assembler;
	(void)event;
	return error_set(error, ERROR_STOP,
		"servers before MySQL 5.1 wrote such events; they are not supported. Replicate from a server "
		"of MySQL 5.5 or later, or any MariaDB.");
}

int handle_partial_row_data(struct assembler *assembler, const struct event *event, struct error *error)
{
	(void)event;
	return error_set(error, ERROR_STOP,
		"it is a piece of a large rows event that %s has split up, which is not supported. Raise "
		"binlog_row_event_fragment_threshold on the master above its largest rows event, so that it "
		"splits none.",
		assembler->format.server_version);
}

int refuse_unknown(struct assembler *assembler, const struct event *event, struct error *error)
{
	if (event->header.flags & EVENT_FLAG_IGNORABLE)
		return 0;
	return error_set(error, ERROR_STOP,
		"the event type %u (%lu bytes), written by %s, is unknown and not marked as one that may be "
		"left out. Find out what feature of the master writes it and switch that off, or use a "
		"version of changeling that knows it.",
		event->header.type, (unsigned long)event->header.length,
		assembler->format.server_version[0] ? assembler->format.server_version
						    : "a server of unknown version");
}
