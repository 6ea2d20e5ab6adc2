#include "applier/flight.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The session's variable holds the number of the last flight that came to its end, and this, which no flight has and
 * which nothing can be added to without an error, in the middle of one. */
#define UNDER_WAY "9223372036854775807"

#define TEXT_KEPT_BYTES ((size_t)8 << 20)

void flight_init(struct flight *flight)
{
	memset(flight, 0, sizeof(*flight));
}

void flight_release(struct flight *flight)
{
	buffer_release(&flight->text);
	free(flight->items);
	flight_init(flight);
}

void flight_clear(struct flight *flight)
{
	buffer_shrink(&flight->text, TEXT_KEPT_BYTES);
	flight->count = 0;
	flight->statements = 0;
	flight->guarded = false;
}

static struct flight_item *new_item(struct flight *flight, size_t start, size_t statements, uint64_t expected)
{
	struct flight_item *item;

	if (flight->count == flight->room) {
		flight->room = flight->room ? flight->room * 2 : 64;
		flight->items = memory_realloc(flight->items, flight->room * sizeof(*flight->items));
	}
	item = &flight->items[flight->count++];
	memset(item, 0, sizeof(*item));
	item->start = start;
	item->end = flight->text.length;
	item->statements = statements;
	item->expected = expected;
	flight->statements += statements;
	return item;
}

struct flight_item *flight_add_item(struct flight *flight, size_t start, uint64_t expected)
{
	struct flight_item *item = new_item(flight, start, 1, expected);

	if (flight->guarded && expected != EXPECT_ANYTHING) {
		buffer_printf(&flight->text, "; SET " FLIGHT_VARIABLE " = " UNDER_WAY " + (ROW_COUNT() <> %llu)",
			(unsigned long long)expected);
		item->end = flight->text.length;
		item->guarded = true;
		item->statements++;
		flight->statements++;
	}
	buffer_puts(&flight->text, "; ");
	return item;
}

void flight_add_own(struct flight *flight, const char *text, uint64_t expected)
{
	size_t start = flight->text.length;

	buffer_puts(&flight->text, text);
	flight_add_item(flight, start, expected);
}

void flight_add_session(struct flight *flight, size_t start, size_t statements)
{
	if (statements) /* each has its ';' already */
		new_item(flight, start, statements, EXPECT_ANYTHING);
}

void flight_put_number(struct buffer *out, uint64_t number)
{
	buffer_printf(out, "SET " FLIGHT_VARIABLE " = %llu", (unsigned long long)number);
}

void flight_put_trial(struct buffer *out)
{
	buffer_puts(out, "SET " FLIGHT_VARIABLE " = 0; SET " FLIGHT_VARIABLE " = " UNDER_WAY " + 1; SET " FLIGHT_VARIABLE " = 1");
}

void flight_set_guarded(struct flight *flight)
{
	flight->guarded = true;
}

void flight_begin_behind(struct flight *flight, uint64_t after)
{
	size_t start = flight->text.length;

	buffer_printf(&flight->text, "SET " FLIGHT_VARIABLE " = " UNDER_WAY " + IF(" FLIGHT_VARIABLE " <=> %llu, 0, 1)",
		(unsigned long long)after);
	flight_add_item(flight, start, EXPECT_ANYTHING);
}

void flight_end_guarded(struct flight *flight, uint64_t number)
{
	size_t start = flight->text.length;

	flight_put_number(&flight->text, number);
	flight_add_item(flight, start, EXPECT_ANYTHING);
}

static size_t count_statements(const struct flight *flight, size_t from, size_t to)
{
	size_t statements = 0;

	for (size_t i = from; i < to; i++)
		statements += flight->items[i].statements;
	return statements;
}

/* The outcomes of items [from, to), of which those before statement `bad` are known when result is -1. A row that was not
 * found matters more than what went wrong behind it. */
static int judge(const struct flight *flight, size_t from, size_t to, const struct target_outcome *outcomes, int result,
	size_t bad, size_t *failed, uint64_t *found)
{
	size_t at = 0;

	for (size_t i = from; i < to; i++) {
		const struct flight_item *item = &flight->items[i];
		size_t last = at + item->statements - (item->guarded ? 2 : 1);

		*failed = i;
		if (result < 0 && bad <= last)
			return result;
		*found = outcomes[last].affected;
		if (item->expected != EXPECT_ANYTHING && item->expected != outcomes[last].affected)
			return 1;
		at += item->statements;
		if (result < 0 && bad < at)
			return result;
	}
	return result;
}

/* One packet: items [from, to). */
static int run_packet(const struct flight *flight, struct target *target, size_t from, size_t to, size_t *failed,
	uint64_t *found, struct error *error)
{
	const struct flight_item *items = flight->items;
	size_t statements = count_statements(flight, from, to), bad = 0;
	struct target_outcome *outcomes = memory_alloc(statements * sizeof(*outcomes));
	const char *text = flight->text.data + items[from].start;
	size_t length = items[to - 1].end - items[from].start;
	int result;

	if (items[from].compound)
		result = target_statement(target, text, length, outcomes, error);
	else
		result = target_flight(target, text, length, statements, outcomes, &bad, error);
	result = judge(flight, from, to, outcomes, result, bad, failed, found);
	free(outcomes);
	return result;
}

int flight_run(const struct flight *flight, struct target *target, size_t packet_bytes, size_t *failed,
	uint64_t *found, struct error *error)
{
	size_t from = 0;

	while (from < flight->count) {
		size_t to = from + 1;
		int result;

		while (to < flight->count && !flight->items[from].compound && !flight->items[to].compound &&
			flight->items[to].end - flight->items[from].start <= packet_bytes)
			to++;
		result = run_packet(flight, target, from, to, failed, found, error);
		if (result != 0)
			return result;
		from = to;
	}
	return 0;
}

bool flight_is_packet(const struct flight *flight, size_t packet_bytes)
{
	if (flight->text.length > packet_bytes)
		return false;
	for (size_t i = 0; i < flight->count; i++) {
		if (flight->items[i].compound)
			return false;
	}
	return flight->count > 0;
}

int flight_send(const struct flight *flight, struct target *target, struct error *error)
{
	return target_send(target, flight->text.data, flight->items[flight->count - 1].end, error);
}

int flight_receive(const struct flight *flight, struct target *target, size_t *failed, uint64_t *found,
	struct error *error)
{
	struct target_outcome *outcomes = memory_alloc(flight->statements * sizeof(*outcomes));
	size_t bad = 0;
	int result = target_receive(target, flight->statements, outcomes, &bad, error);

	result = judge(flight, 0, flight->count, outcomes, result, bad, failed, found);
	free(outcomes);
	return result;
}
