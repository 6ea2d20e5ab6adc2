/* Byte 0: what the rest is. A set as text (0) or bytes (1), one GTID as text (2), or the body of an event (3
 * and up). */
#include "binlog/control.h"
#include "binlog/gtid_event.h"
#include "fuzz.h"
#include "stream.h"

/* Whatever was read is the same after it was written, in both ways. */
static void check_set(const struct gtid_set *set)
{
	struct gtid_set *again = gtid_set_new();
	struct buffer text = BUFFER_INIT, bytes = BUFFER_INIT, text_again = BUFFER_INIT;
	struct error error = {0};

	gtid_set_put_text(set, &text);
	MUST(gtid_set_parse(again, buffer_text(&text), &error) == 0);
	MUST(gtid_set_contains_set(again, set) && gtid_set_contains_set(set, again));
	MUST(gtid_set_count(set) == gtid_set_count(again));
	if (gtid_set_kind(set) == GTID_MYSQL) {
		gtid_set_encode(set, &bytes);
		gtid_set_clear(again);
		MUST(gtid_set_decode(again, (const uint8_t *)bytes.data, bytes.length, &error) == 0);
	}
	gtid_set_put_text(again, &text_again);
	MUST(strcmp(buffer_text(&text), buffer_text(&text_again)) == 0);
	buffer_release(&text);
	buffer_release(&text_again);
	buffer_release(&bytes);
	gtid_set_free(again);
}

static void one_text(const char *text)
{
	struct gtid gtid, again;
	struct error error = {0};
	char back[GTID_TEXT_MAXIMUM];

	if (gtid_parse(text, &gtid, &error) < 0)
		return;
	gtid_text(&gtid, back);
	MUST(gtid_parse(back, &again, &error) == 0);
	MUST(again.number == gtid.number && again.domain == gtid.domain && strcmp(again.tag, gtid.tag) == 0);
}

static void one_event(uint8_t select, const uint8_t *body, size_t length)
{
	static const uint8_t types[] = {
		EVENT_GTID, EVENT_ANONYMOUS_GTID, EVENT_GTID_TAGGED, EVENT_MARIA_GTID, EVENT_MARIA_GTID_LIST};
	struct event event = {
		.header = {.type = types[select % 5], .server_id = 7}, .body = body, .body_length = length};
	struct gtid_event gtid;
	struct gtid_set *set = gtid_set_new();
	struct error error = {0};
	char text[GTID_TEXT_MAXIMUM];
	uint32_t flags;

	if (event.header.type == EVENT_MARIA_GTID_LIST) {
		if (gtid_list_event_parse(&event, set, &flags, &error) == 0)
			check_set(set);
	} else if (gtid_event_parse(&event, &gtid, &error) == 0) {
		MUST(strlen(gtid_text(&gtid.gtid, text)) < GTID_TEXT_MAXIMUM);
		if (gtid.gtid.kind != GTID_NONE)
			MUST(gtid_set_add(set, &gtid.gtid, &error) == 0 &&
				gtid_set_contains(set, &gtid.gtid));
	}
	gtid_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gtid_set *set;
	struct error error = {0};
	char *text;

	if (size < 1)
		return 0;
	if (data[0] > 2) {
		one_event(data[0], data + 1, size - 1);
		return 0;
	}
	set = gtid_set_new();
	text = strndup((const char *)data + 1, size - 1);
	if (data[0] == 2)
		one_text(text);
	else if (data[0] == 0 ? gtid_set_parse(set, text, &error) == 0
			      : gtid_set_decode(set, data + 1, size - 1, &error) == 0)
		check_set(set);
	free(text);
	gtid_set_free(set);
	return 0;
}
