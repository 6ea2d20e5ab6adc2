/* What a connection is told before each statement: only what is not so already; contexts that come again by their number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "applier/session.h"

struct fixture {
	struct capabilities target;
	struct context_cache *cache;
	struct session *session;
	struct arena arena;
	struct buffer out;
};

static int setup(void **state)
{
	static struct fixture fixture;
	const char *profile = capabilities_profile("rds-mariadb-10.11");
	struct error error = {0};

	memset(&fixture, 0, sizeof(fixture));
	capabilities_init(&fixture.target);
	assert_int_equal(capabilities_load(&fixture.target, profile, strlen(profile), &error), 0);
	fixture.cache = context_cache_new();
	fixture.session = session_new(FAMILY_MARIADB, 101118);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	capabilities_release(&f->target);
	context_cache_free(f->cache);
	session_free(f->session);
	arena_release(&f->arena);
	buffer_release(&f->out);
	return 0;
}

static const struct query_context usual = {.has = QUERY_HAS_FLAGS2 | QUERY_HAS_SQL_MODE | QUERY_HAS_CHARSET,
	.sql_mode = 1411383296,
	.client_collation = 45,
	.connection_collation = 45,
	.server_collation = 8};

static struct planned_statement *plan(struct fixture *f, const struct query_context *query, uint32_t timestamp,
	const struct statement_context *own)
{
	struct planned_statement *planned = arena_zalloc(&f->arena, sizeof(*planned));
	struct context_input input = {.query = query,
		.statement = own,
		.source = {FAMILY_MARIADB, 101118},
		.timestamp = timestamp,
		.keep_microseconds = true};
	struct error error = {0};

	if (context_cache_translate(f->cache, &input, &f->target, &f->arena, &planned->session, &error) < 0)
		fail_msg("%s", error.text);
	return planned;
}

static const char *put(struct fixture *f, const struct planned_statement *planned)
{
	buffer_clear(&f->out);
	session_put_statement(f->session, &f->out, planned);
	return buffer_text(&f->out);
}

static void only_differences_are_sent(void **state)
{
	struct fixture *f = *state;
	struct statement_context own = {.has_insert_id = true, .insert_id = 7};
	struct query_context other = usual;
	const char *text;

	text = put(f, plan(f, &usual, 1500000000, NULL));
	assert_non_null(strstr(text, "timestamp = 1500000000"));
	assert_non_null(strstr(text, "sql_mode = 'STRICT_TRANS_TABLES"));
	assert_non_null(strstr(text, "@changeling_rows = NULL"));
	assert_string_equal(put(f, plan(f, &usual, 1500000000, NULL)), "");
	assert_string_equal(put(f, plan(f, &usual, 1500000001, &own)),
		"SET @@session.timestamp = 1500000001, @@session.insert_id = 7; ");
	other.flags2 = QUERY_FLAG_NO_FOREIGN_KEY_CHECKS;
	assert_string_equal(put(f, plan(f, &other, 1500000001, NULL)), "SET @@session.foreign_key_checks = 0; ");
	assert_string_equal(put(f, plan(f, &usual, 1500000001, NULL)), "SET @@session.foreign_key_checks = 1; ");
}

/* In a connection of UTF-16 no literal is found among modes and zones: the collation goes first, alone. */
static void wide_collations_are_left_first(void **state)
{
	struct fixture *f = *state;
	struct query_context wide = usual, other = usual;
	const char *reset = "SET @@session.collation_connection = utf8mb4_general_ci; ";

	wide.connection_collation = 35; /* ucs2_general_ci */
	other.sql_mode = 0;
	assert_null(strstr(put(f, plan(f, &usual, 1500000000, NULL)), reset));
	assert_null(strstr(put(f, plan(f, &wide, 1500000000, NULL)), reset));
	assert_ptr_equal(strstr(put(f, plan(f, &other, 1500000000, NULL)), reset), buffer_text(&f->out));
	put(f, plan(f, &wide, 1500000000, NULL));
	session_forget(f->session); /* the server's session is as it was */
	assert_ptr_equal(strstr(put(f, plan(f, &usual, 1500000000, NULL)), reset), buffer_text(&f->out));
	session_forget(f->session);
	assert_null(strstr(put(f, plan(f, &usual, 1500000000, NULL)), reset));
}

static void kept_zeros_last_for_one_statement(void **state)
{
	struct fixture *f = *state;
	struct planned_statement *planned = plan(f, &usual, 1500000000, NULL);

	put(f, planned);
	buffer_clear(&f->out);
	assert_int_equal(session_put_kept_zeros(f->session, &f->out), 1);
	assert_string_equal(buffer_text(&f->out),
		"SET @@session.sql_mode = CONCAT(@@session.sql_mode, ',NO_AUTO_VALUE_ON_ZERO'); ");
	assert_non_null(strstr(put(f, planned), "SET @@session.sql_mode = 'STRICT_TRANS_TABLES"));
}

/* Whatever else the connection does in between is found out. */
static void what_others_changed_is_set_again(void **state)
{
	struct fixture *f = *state;
	struct planned_statement *planned = plan(f, &usual, 1500000000, NULL);
	struct session_setting setting = {"sql_mode", "''"};
	const char *text;

	put(f, planned);
	buffer_clear(&f->out);
	session_put_rows(f->session, &f->out, 0, 0);
	text = put(f, planned);
	assert_non_null(strstr(text, "sql_mode = 'STRICT_TRANS_TABLES"));
	assert_non_null(strstr(text, "@changeling_rows = NULL"));
	assert_non_null(strstr(text, "timestamp = 1500000000"));
	buffer_clear(&f->out);
	session_put_own(f->session, &f->out);
	assert_non_null(strstr(put(f, planned), "sql_mode = 'STRICT_TRANS_TABLES"));
	planned->plan.settings = &setting;
	planned->plan.setting_count = 1;
	assert_non_null(strstr(put(f, planned), "sql_mode = ''"));
	session_end_statement(f->session, planned);
	planned->plan.setting_count = 0;
	assert_non_null(strstr(put(f, planned), "sql_mode = 'STRICT_TRANS_TABLES"));
	session_forget(f->session);
	assert_non_null(strstr(put(f, planned), "collation_connection"));
}

/* The same variables as without a cache, and the same number only for what is the same. */
static void contexts_that_come_again(void **state)
{
	struct fixture *f = *state;
	struct query_context german = usual, zone = usual;
	struct planned_statement *first = plan(f, &usual, 1500000000, NULL), *again = plan(f, &usual, 1600000000, NULL);
	struct session_context whole;
	struct context_input input = {
		.query = &usual, .source = {FAMILY_MARIADB, 101118}, .timestamp = 1600000000, .keep_microseconds = true};
	struct error error = {0};

	assert_int_not_equal(first->session.shared, 0);
	assert_int_equal(first->session.shared, again->session.shared);
	assert_int_equal(session_context_translate(&input, &f->target, &f->arena, &whole, &error), 0);
	assert_int_equal(whole.count, again->session.count);
	for (size_t i = 0; i < whole.count; i++) {
		assert_string_equal(whole.variables[i].name, again->session.variables[i].name);
		assert_string_equal(whole.variables[i].literal, again->session.variables[i].literal);
	}
	german.has |= QUERY_HAS_LC_TIME_NAMES;
	german.lc_time_names = 4;
	assert_int_not_equal(plan(f, &german, 1500000000, NULL)->session.shared, first->session.shared);
	/* what a named zone is depends on the time */
	zone.has |= QUERY_HAS_TIME_ZONE;
	zone.time_zone = "Europe/Berlin";
	zone.time_zone_length = 13;
	f->target.time_zone_tables = false;
	assert_non_null(strstr(put(f, plan(f, &zone, 1500000000, NULL)), "time_zone = '+02:00'"));
	assert_non_null(strstr(put(f, plan(f, &zone, 1484000000, NULL)), "time_zone = '+01:00'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_differences_are_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(wide_collations_are_left_first, setup, teardown),
		cmocka_unit_test_setup_teardown(kept_zeros_last_for_one_statement, setup, teardown),
		cmocka_unit_test_setup_teardown(what_others_changed_is_set_again, setup, teardown),
		cmocka_unit_test_setup_teardown(contexts_that_come_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
