#include "binlog/control.h"
#include "binlog/xa.h"
#include "support.h"

static struct buffer body;
static struct error error;

static struct event make(uint8_t type, uint32_t log_pos, const char *hex)
{
	buffer_clear(&body);
	put_hex(&body, hex);
	error_clear(&error);
	return (struct event){.header = {.type = type, .log_pos = log_pos},
		.body = (const uint8_t *)buffer_text(&body),
		.body_length = body.length};
}

static void rotates(void **state)
{
	struct event event = make(EVENT_ROTATE, 0, "0400000001000000 62696e6c6f672e303030303032");
	struct position next;

	(void)state;
	assert_int_equal(rotate_event_parse(&event, &next, &error), 0);
	assert_string_equal(next.file, "binlog.000002");
	assert_true(next.offset == ((uint64_t)1 << 32) + 4);
	event = make(EVENT_ROTATE, 0, "04000000000000");
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "7 bytes");
	event = make(EVENT_ROTATE, 0, "0400000000000000");
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "by 0 bytes");
	event = make(EVENT_ROTATE, 0, "0300000000000000 61");
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "offset 3");
	event = make(EVENT_ROTATE, 0, "04000000000000ff 61");
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	event = make(EVENT_ROTATE, 0, "0400000000000000 2e2e2f61");
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "0x2f");
	event = make(EVENT_ROTATE, 0, "0400000000000000 610a62");
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "0x0a");
	buffer_clear(&body);
	buffer_put_le(&body, 4, 8);
	for (int i = 0; i < 256; i++)
		buffer_putc(&body, 'x');
	event.body = (const uint8_t *)body.data;
	event.body_length = body.length;
	assert_int_equal(rotate_event_parse(&event, &next, &error), -1);
	event.body_length--;
	assert_int_equal(rotate_event_parse(&event, &next, &error), 0);
	assert_int_equal(strlen(next.file), 255);
}

static void heartbeats(void **state)
{
	struct event event = make(EVENT_HEARTBEAT, 1234, "62696e2e31");
	struct position position;
	bool wide;

	(void)state;
	assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), 0);
	assert_string_equal(position.file, "bin.1");
	assert_int_equal(position.offset, 1234);
	assert_false(wide);
	event = make(EVENT_HEARTBEAT, 0, "0500000001000000 62696e2e31"); /* MariaDB behind 4 GiB */
	assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), 0);
	assert_true(wide && position.offset == ((uint64_t)1 << 32) + 5);
	event = make(EVENT_HEARTBEAT_V2, 0, "01 05 62696e2e31 09 02 ffff 02 03 fc0102 00");
	assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), 0);
	assert_string_equal(position.file, "bin.1");
	assert_true(wide);
	assert_int_equal(position.offset, 513);
	event = make(EVENT_HEARTBEAT_V2, 0, "00");
	assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), 0);
	assert_string_equal(position.file, "");
}

static void bad_heartbeats(void **state)
{
	static const char *const v2[] = {
		"", "01 05 6269", "02 03 fc01", "01 00 00", "01 05 62696e2e31", "02 01 fc 00"};
	struct position position;
	struct event event;
	bool wide;

	(void)state;
	for (size_t i = 0; i < sizeof(v2) / sizeof(v2[0]); i++) {
		event = make(EVENT_HEARTBEAT_V2, 0, v2[i]);
		assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), -1);
		assert_int_equal(error.kind, ERROR_CORRUPT);
	}
	event = make(EVENT_HEARTBEAT, 0, "05000000");
	assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), -1);
	event = make(EVENT_HEARTBEAT, 5, "");
	assert_int_equal(heartbeat_event_parse(&event, &position, &wide, &error), -1);
}

static void gtid_lists(void **state)
{
	struct event event = make(EVENT_MARIA_GTID_LIST, 0,
		"03000010 01000000 02000000 0300000000000000 00000000 07000000 0900000000000000 01000000 "
		"05000000 0200000000000000");
	struct gtid_set *set = gtid_set_new();
	struct buffer text = BUFFER_INIT;
	uint32_t flags;

	(void)state;
	assert_int_equal(gtid_list_event_parse(&event, set, &flags, &error), 0);
	gtid_set_put_text(set, &text);
	assert_string_equal(buffer_text(&text), "0-7-9,1-5-2");
	assert_int_equal(flags, GTID_LIST_FLAG_UNTIL_REACHED);
	event = make(EVENT_MARIA_GTID_LIST, 0, "00000000 0000");
	assert_int_equal(gtid_list_event_parse(&event, set, &flags, &error), 0);
	event = make(EVENT_MARIA_GTID_LIST, 0, "000000");
	assert_int_equal(gtid_list_event_parse(&event, set, &flags, &error), -1);
	event = make(EVENT_MARIA_GTID_LIST, 0, "02000000 01000000 02000000 0300000000000000");
	assert_int_equal(gtid_list_event_parse(&event, set, &flags, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "announces 2");
	gtid_set_clear(set);
	assert_int_equal(gtid_set_parse(set, "00112233-4455-6677-8899-aabbccddeeff:1", &error), 0);
	event = make(EVENT_MARIA_GTID_LIST, 0, "01000000 01000000 02000000 0300000000000000");
	assert_int_equal(gtid_list_event_parse(&event, set, &flags, &error), -1);
	buffer_release(&text);
	gtid_set_free(set);
}

static void incidents(void **state)
{
	struct binlog_format format = {.known = true};
	struct event event = make(EVENT_INCIDENT, 0, "0100 04 6c6f7374");
	struct incident_event incident;

	(void)state;
	format.post_header_length[EVENT_INCIDENT] = 2;
	assert_int_equal(incident_event_parse(&event, &format, &incident, &error), 0);
	assert_int_equal(incident.number, 1);
	assert_int_equal(incident.message_length, 4);
	assert_memory_equal(incident.message, "lost", 4);
	event = make(EVENT_INCIDENT, 0, "0100 05 6c6f7374");
	assert_int_equal(incident_event_parse(&event, &format, &incident, &error), -1);
	format.post_header_length[EVENT_INCIDENT] = 3;
	event = make(EVENT_INCIDENT, 0, "0100 ff 04 6c6f7374");
	assert_int_equal(incident_event_parse(&event, &format, &incident, &error), 0);
	assert_int_equal(incident.message_length, 4);
}

static void small_events(void **state)
{
	struct event event = make(EVENT_INTVAR, 0, "02 0500000000000000");
	uint8_t kind;
	uint32_t file_id;
	uint64_t value, seed;
	const uint8_t *data;
	const char *text;
	size_t length;

	(void)state;
	assert_int_equal(intvar_event_parse(&event, &kind, &value, &error), 0);
	assert_true(kind == INTVAR_INSERT_ID && value == 5);
	event = make(EVENT_INTVAR, 0, "03 0500000000000000");
	assert_int_equal(intvar_event_parse(&event, &kind, &value, &error), -1);
	assert_error(&error, ERROR_STOP, "kind 3");
	event = make(EVENT_INTVAR, 0, "02 05");
	assert_int_equal(intvar_event_parse(&event, &kind, &value, &error), -1);
	event = make(EVENT_RAND, 0, "0100000000000000 0200000000000000");
	assert_int_equal(rand_event_parse(&event, &value, &seed, &error), 0);
	assert_true(value == 1 && seed == 2);
	event = make(EVENT_RAND, 0, "0100000000000000 02000000000000");
	assert_int_equal(rand_event_parse(&event, &value, &seed, &error), -1);
	event = make(EVENT_XID, 0, "0100000000000080");
	assert_int_equal(xid_event_parse(&event, &value, &error), 0);
	assert_true(value == UINT64_C(0x8000000000000001));
	event = make(EVENT_XID, 0, "01");
	assert_int_equal(xid_event_parse(&event, &value, &error), -1);
	event = make(EVENT_APPEND_BLOCK, 0, "07000000 616263");
	assert_int_equal(load_block_parse(&event, &file_id, &data, &length, &error), 0);
	assert_true(file_id == 7 && length == 3 && memcmp(data, "abc", 3) == 0);
	event = make(EVENT_APPEND_BLOCK, 0, "070000");
	assert_int_equal(load_block_parse(&event, &file_id, &data, &length, &error), -1);
	event = make(EVENT_ROWS_QUERY, 0, "ff 616263");
	assert_int_equal(annotation_parse(&event, &text, &length, &error), 0);
	assert_true(length == 3 && memcmp(text, "abc", 3) == 0);
	event = make(EVENT_ROWS_QUERY, 0, "");
	assert_int_equal(annotation_parse(&event, &text, &length, &error), -1);
	event = make(EVENT_MARIA_ANNOTATE_ROWS, 0, "616263");
	assert_int_equal(annotation_parse(&event, &text, &length, &error), 0);
	assert_int_equal(length, 3);
}

static void prepared_events(void **state)
{
	struct event event = make(EVENT_XA_PREPARE, 0, "01 07000000 02000000 01000000 783162");
	struct xid xid;
	struct buffer text = BUFFER_INIT;
	bool one_phase;

	(void)state;
	assert_int_equal(xa_prepare_parse(&event, &xid, &one_phase, &error), 0);
	assert_true(one_phase);
	xid_put_text(&xid, &text);
	assert_string_equal(buffer_text(&text), "X'7831',X'62',7");
	event = make(EVENT_XA_PREPARE, 0, "00 07000000 41000000 00000000");
	assert_int_equal(xa_prepare_parse(&event, &xid, &one_phase, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "65");
	event = make(EVENT_XA_PREPARE, 0, "00 07000000 02000000 01000000 7831");
	assert_int_equal(xa_prepare_parse(&event, &xid, &one_phase, &error), -1);
	event = make(EVENT_XA_PREPARE, 0, "00 07000000 02000000");
	assert_int_equal(xa_prepare_parse(&event, &xid, &one_phase, &error), -1);
	buffer_release(&text);
}

static bool name(const char *text, struct xid *xid)
{
	return xid_parse(text, strlen(text), xid);
}

static void names_in_statements(void **state)
{
	char longest[512] = "X'";
	struct xid xid;

	(void)state;
	assert_true(name(" X'7831',X'',1", &xid));
	assert_int_equal(xid.format_id, 1);
	assert_int_equal(xid.gtrid_length, 2);
	assert_int_equal(xid.bqual_length, 0);
	assert_true(name("x'7831' , x'AbcD' ,4294967295 ", &xid));
	assert_int_equal(xid.format_id, UINT32_MAX);
	assert_memory_equal(xid.data, "\x78\x31\xab\xcd", 4);
	assert_false(name("", &xid));
	assert_false(name("'x1'", &xid));
	assert_false(name("X'783',X'',1", &xid));
	assert_false(name("X'78',X'',", &xid));
	assert_false(name("X'78',X'',1 ONE PHASE", &xid));
	assert_false(name("X'78',X'',4294967296", &xid));
	assert_false(name("X'78' X'',1", &xid));
	assert_false(name("X'78',X''", &xid));
	assert_false(name("X'7g',X'',1", &xid));
	assert_false(name("X78',X'',1", &xid));
	assert_false(name("X'78", &xid));
	for (int i = 0; i < 64; i++)
		strcat(longest, "61");
	strcat(longest, "',X'',1");
	assert_true(name(longest, &xid));
	assert_int_equal(xid.gtrid_length, 64);
	memcpy(longest + 2, "X'61", 4);
	memmove(longest + 4, longest + 2, strlen(longest + 2) + 1);
	memcpy(longest, "X'6161", 6);
	assert_false(name(longest, &xid));
}

static int release(void **state)
{
	(void)state;
	buffer_release(&body);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotates),
		cmocka_unit_test(heartbeats),
		cmocka_unit_test(bad_heartbeats),
		cmocka_unit_test(gtid_lists),
		cmocka_unit_test(incidents),
		cmocka_unit_test(small_events),
		cmocka_unit_test(prepared_events),
		cmocka_unit_test(names_in_statements),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
