/* Compressed transactions: their events go through the same handlers, one by one. When a part of a large one
 * is ready to be fetched, reading stops until it was, so that memory holds no more than a part and an event.
 */
#include "binlog/assembler.h"

static int payload_failed(struct assembler *assembler, struct error *error)
{
	if (!assembler->failed) { /* an inner event has named itself and its place */
		error_context(error, "The compressed transaction at %s:%llu",
			assembler->position.file[0] ? assembler->position.file : "(start of the stream)",
			(unsigned long long)assembler->event_begin);
		assembler->failed = true;
	}
	return -1;
}

int payload_read_on(struct assembler *assembler, struct error *error)
{
	struct event event;
	int rc;

	assembler->payload_waits = false;
	assembler->in_payload = true;
	while ((rc = payload_reader_next(assembler->payload, &event, error)) > 0) {
		if (assembler_dispatch(assembler, &event, error) < 0) {
			error_advice(error, "It ends at byte %llu of the uncompressed transaction.",
				(unsigned long long)payload_reader_offset(assembler->payload));
			break;
		}
		if (assembler->first && assembler->group.state != GROUP_NONE) {
			payload_reader_keep(assembler->payload);
			assembler->payload_waits = true;
			assembler->in_payload = false;
			return 0;
		}
	}
	if (rc == 0 && assembler->group.state != GROUP_NONE)
		rc = error_set(error, ERROR_CORRUPT, "its last event does not end the transaction.");
	if (rc != 0)
		payload_failed(assembler, error);
	assembler->in_payload = false;
	return rc == 0 ? 0 : -1;
}

int handle_payload(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct payload_info info;

	if (assembler->in_payload)
		return error_set(
			error, ERROR_CORRUPT, "a compressed transaction cannot stand inside another.");
	if (assembler->group.state == GROUP_OPEN || assembler->group.state == GROUP_STANDALONE)
		return error_set(error, ERROR_CORRUPT,
			"a compressed transaction cannot stand inside one that is open.");
	if (!assembler->payload)
		assembler->payload = payload_reader_new();
	if (payload_info_parse(event, &info, error) < 0 ||
		payload_reader_start(assembler->payload, &info, assembler->limits.payload_bytes,
			assembler->limits.event_bytes, error) < 0)
		return -1;
	return payload_read_on(assembler, error);
}
