/* The GTIDs before a place of a MySQL binary log, from what SHOW BINLOG EVENTS lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"
#include "proxy/source_gtids.h"

#define UUID "fa6ebde3-eb0a-11f1-a34c-02fc00000001"
#define NEXT(number) "SET @@SESSION.GTID_NEXT= '" UUID ":" number "'"

struct listed {
	uint64_t begin, end;
	const char *type, *information;
};

/* as MySQL 9.7 lists them */
static const struct listed events[] = {
	{4, 127, "Format_desc", "Server ver: 9.7.4-2, Binlog ver: 4"},
	{127, 198, "Previous_gtids", UUID ":1-4"},
	{198, 275, "Gtid", NEXT("5")},
	{275, 386, "Query", "create database app /* xid=53 */"},
	{386, 463, "Anonymous_Gtid", "SET @@SESSION.GTID_NEXT= 'ANONYMOUS'"},
	{463, 560, "Query", "create database other"},
	{560, 639, "Gtid", NEXT("7")},
	{639, 700, "Query", "BEGIN"},
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

/* The set as text; "not there" when no event begins at the place. */
static void expect(const struct listed *list, size_t count, uint64_t offset, const char *wanted)
{
	struct gtids_before before = {.offset = offset, .set = gtid_set_new()};
	struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < count; i++) {
		if (!gtids_before_take(&before, list[i].begin, list[i].end, list[i].type, list[i].information))
			break;
	}
	if (!before.begun)
		buffer_puts(&text, "not known");
	else if (!before.found)
		buffer_puts(&text, "not there");
	else
		gtid_set_put_text(before.set, &text);
	assert_string_equal(buffer_text(&text), wanted);
	gtid_set_free(before.set);
	buffer_release(&text);
}

static void what_stands_before_a_place(void **state)
{
	(void)state;
	expect(events, EVENTS, 4, UUID ":1-4");
	expect(events, EVENTS, 127, UUID ":1-4");
	expect(events, EVENTS, 198, UUID ":1-4");
	expect(events, EVENTS, 275, UUID ":1-5");
	expect(events, EVENTS, 560, UUID ":1-5");
	expect(events, EVENTS, 639, UUID ":1-5:7");
	/* the end of the log */
	expect(events, EVENTS, 700, UUID ":1-5:7");
}

/* MySQL 5.6 tells where an event begins, but only the lower 32 bits of where it ends. */
static void behind_4_gib(void **state)
{
	static const uint64_t four = UINT64_C(1) << 32;
	const struct listed list[] = {
		{4, 127, "Format_desc", "Server ver: 5.6.24-log, Binlog ver: 4"},
		{127, 198, "Previous_gtids", UUID ":1-4"},
		{198, 275, "Gtid", NEXT("5")},
		{275, 100, "Write_rows", "table_id: 70"}, /* over the border */
		{four + 100, 131, "Xid", "COMMIT /* xid=9 */"},
		{four + 131, 200, "Gtid", NEXT("6")},
		{four + 200, 300, "Query", "BEGIN"},
	};

	(void)state;
	expect(list, sizeof(list) / sizeof(list[0]), four + 131, UUID ":1-5");
	expect(list, sizeof(list) / sizeof(list[0]), four + 200, UUID ":1-6");
	expect(list, sizeof(list) / sizeof(list[0]), four + 300, UUID ":1-6");
	expect(list, sizeof(list) / sizeof(list[0]), 131, "not there");
}

static void where_no_event_begins(void **state)
{
	(void)state;
	expect(events, EVENTS, 200, "not there");
	expect(events, EVENTS, 699, "not there");
	expect(events, EVENTS, 701, "not there");
}

static void a_log_without_gtids(void **state)
{
	static const struct listed old[] = {
		{4, 120, "Format_desc", "Server ver: 5.5.9, Binlog ver: 4"}, {120, 200, "Query", "create database app"}};
	static const struct listed first[] = {
		{4, 127, "Format_desc", ""}, {127, 158, "Previous_gtids", ""}, {158, 235, "Gtid", NEXT("1")}};

	(void)state;
	expect(old, 2, 200, "not known");
	expect(first, 3, 4, "");
	expect(first, 3, 158, "");
	expect(first, 3, 235, UUID ":1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_before_a_place),
		cmocka_unit_test(behind_4_gib),
		cmocka_unit_test(where_no_event_begins),
		cmocka_unit_test(a_log_without_gtids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
