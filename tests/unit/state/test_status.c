#include "support.h"

static char names[200][24];

/* A status in which every member has a value of its own. The struct is taken member by member, so that one
 * that is forgotten in the table of columns is found. */
static void fill_server(struct state_server *server, unsigned base)
{
	const char **texts[] = {&server->state, &server->host, &server->user, &server->family,
		&server->version, &server->uuid, &server->ssl_mode, &server->cipher, &server->error};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(names[base + i], sizeof(names[0]), "text %u", base + i);
		*texts[i] = names[base + i];
	}
	server->port = base + 20;
	server->server_id = UINT32_MAX - base;
	server->error_code = base + 21;
	server->connected_at_us = 1700000000000000 + base;
	server->error_at_us = 1700000001000000 + base;
}

static void fill(struct state_status *status)
{
	const char **texts[] = {&status->version, &status->channel, &status->replica_uuid,
		&status->received.file, &status->received.gtid, &status->applied.file, &status->applied.gtid,
		&status->received_gtid_set, &status->applied_gtid_set, &status->error_sqlstate,
		&status->error, &status->advice, &status->error_position.file, &status->error_position.gtid,
		&status->error_statement, &status->until};
	int64_t *times[] = {&status->started_at_us, &status->since_us, &status->updated_at_us,
		&status->source_time_us, &status->heard_at_us, &status->applied_at_us, &status->error_at_us,
		&status->next_retry_at_us, &status->pid};
	uint64_t *numbers[] = {&status->replica_server_id, &status->received.position,
		&status->applied.position, &status->transactions, &status->rows, &status->statements,
		&status->ddl, &status->bytes_read, &status->rewrites, &status->skipped, &status->conflicts,
		&status->queue_bytes, &status->queue_transactions, &status->workers, &status->workers_busy,
		&status->error_code, &status->error_position.position, &status->retries,
		&status->retries_total, &status->reconnects_total};

	memset(status, 0, sizeof(*status));
	status->phase = STATE_RUNNING;
	fill_server(&status->source, 0);
	fill_server(&status->target, 50);
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(names[100 + i], sizeof(names[0]), "text %u", 100 + i);
		*texts[i] = names[100 + i];
	}
	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		*times[i] = 1700000100000000 + i;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = 1000000000000 + i;
	status->lag_known = true;
	status->lag_seconds = 1.25;
	status->idle = true;
	status->auto_position = true;
	status->transactions_per_second = 2.5;
	status->rows_per_second = 3.5;
	status->bytes_per_second = 4.5;
	status->error_kind = ERROR_CONNECT;
}

static void same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void same_server(const struct state_server *a, const struct state_server *b)
{
	same_text(a->state, b->state);
	same_text(a->host, b->host);
	same_text(a->user, b->user);
	same_text(a->family, b->family);
	same_text(a->version, b->version);
	same_text(a->uuid, b->uuid);
	same_text(a->ssl_mode, b->ssl_mode);
	same_text(a->cipher, b->cipher);
	same_text(a->error, b->error);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->server_id, b->server_id);
	assert_int_equal(a->error_code, b->error_code);
	assert_int_equal(a->connected_at_us, b->connected_at_us);
	assert_int_equal(a->error_at_us, b->error_at_us);
}

/* Pointers differ after a round trip: they are compared by content, then made equal, and the rest by bytes.
 */
static void same(struct state_status *a, struct state_status *b)
{
	const char **x[] = {&a->version, &a->channel, &a->replica_uuid, &a->received.file, &a->received.gtid,
		&a->applied.file, &a->applied.gtid, &a->received_gtid_set, &a->applied_gtid_set,
		&a->error_sqlstate, &a->error, &a->advice, &a->error_position.file, &a->error_position.gtid,
		&a->error_statement, &a->until};
	const char **y[] = {&b->version, &b->channel, &b->replica_uuid, &b->received.file, &b->received.gtid,
		&b->applied.file, &b->applied.gtid, &b->received_gtid_set, &b->applied_gtid_set,
		&b->error_sqlstate, &b->error, &b->advice, &b->error_position.file, &b->error_position.gtid,
		&b->error_statement, &b->until};

	same_server(&a->source, &b->source);
	same_server(&a->target, &b->target);
	memset(&b->source, 0, sizeof(b->source));
	memset(&b->target, 0, sizeof(b->target));
	memset(&a->source, 0, sizeof(a->source));
	memset(&a->target, 0, sizeof(a->target));
	for (unsigned i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
		same_text(*x[i], *y[i]);
		*x[i] = *y[i] = NULL;
	}
	assert_memory_equal(a, b, offsetof(struct state_status, arena));
}

static void test_round_trip(void **unused)
{
	struct state *state = open_state(NULL), *reader;
	struct state_status saved, read;
	bool found;

	(void)unused;
	must(state_read_status(state, &read, &found, &error));
	assert_false(found);
	state_status_release(&read);

	fill(&saved);
	must(state_save_status(state, &saved, &error));
	must(state_open_readonly(&reader, directory, &error));
	must(state_read_status(reader, &read, &found, &error));
	assert_true(found);
	same(&saved, &read);
	state_status_release(&read);

	/* a status that says little replaces all of it */
	memset(&saved, 0, sizeof(saved));
	saved.phase = STATE_WAITING;
	must(state_save_status(state, &saved, &error));
	must(state_read_status(reader, &read, &found, &error));
	assert_true(found);
	assert_false(read.lag_known);
	same(&saved, &read);
	state_status_release(&read);

	must_fail(state_save_status(reader, &saved, &error), ERROR_USAGE, "reading only");
	state_close(reader);
	state_close(state);
}

static void test_views(void **unused)
{
	struct state *state = open_state(NULL);
	struct state_status status;

	(void)unused;
	fill(&status);
	status.started_at_us = 1700000000123000;
	must(state_save_status(state, &status, &error));
	assert_string_equal(look("select count(*) from status"), "1");
	assert_string_equal(look("select state from status"), "running");
	assert_string_equal(look("select started_at from status"), "2023-11-14T22:13:20.123Z");
	assert_string_equal(look("select error_kind from status"), "connect");
	assert_string_equal(look("select group_concat(name) from positions"), "received,applied,error");
	assert_string_equal(look("select position from positions where name = 'applied'"), "1000000000002");
	assert_string_equal(
		look("select gtid_set from positions where name = 'applied'"), status.applied_gtid_set);

	status.error_kind = ERROR_NONE;
	status.lag_known = false;
	status.updated_at_us = state_now_us() - 5000000;
	must(state_save_status(state, &status, &error));
	assert_string_equal(look("select group_concat(name) from positions"), "received,applied");
	assert_string_equal(look("select lag_seconds is null from status"), "1");
	assert_string_equal(look("select seconds_since_update between 4.9 and 15 from status"), "1");
	state_close(state);
}

static void test_phases(void **unused)
{
	(void)unused;
	for (enum state_phase phase = STATE_STARTING; phase <= STATE_ERROR; phase++)
		assert_int_equal(state_phase_parse(state_phase_name(phase)), phase);
	assert_int_equal(state_phase_parse("dozing"), -1);
}

/* Bytes that a hostile master sends as names come back as they were, and do not end up in SQL. */
static void test_hostile_text(void **unused)
{
	static const char hostile[] = "'); drop table status_row; --\xff\xfe\"\n";
	struct state *state = open_state(NULL);
	struct state_status status = {.phase = STATE_ERROR}, read;
	bool found;

	(void)unused;
	status.received.file = hostile;
	status.error_kind = ERROR_STOP;
	status.error = hostile;
	status.error_statement = hostile;
	must(state_save_status(state, &status, &error));
	must(state_read_status(state, &read, &found, &error));
	assert_string_equal(read.received.file, hostile);
	assert_string_equal(read.error, hostile);
	state_status_release(&read);
	assert_non_null(strstr(look("select error_statement from status"), "x'27293B2064726F70"));
	state_close(state);
}

static void test_settings(void **unused)
{
	struct state *state = open_state(NULL);
	char *value;

	(void)unused;
	must(state_get_setting(state, "server-uuid", &value, &error));
	assert_null(value);
	must(state_set_setting(state, "server-uuid", "aaaa", &error));
	must(state_set_setting(state, "server-uuid", "bbbb", &error));
	must(state_set_setting(state, "empty", "", &error));
	state_close(state);

	state = open_state(NULL);
	must(state_get_setting(state, "server-uuid", &value, &error));
	assert_string_equal(value, "bbbb");
	free(value);
	must(state_get_setting(state, "empty", &value, &error));
	assert_string_equal(value, "");
	free(value);
	must(state_set_setting(state, "server-uuid", NULL, &error));
	must(state_get_setting(state, "server-uuid", &value, &error));
	assert_null(value);
	assert_string_equal(look("select count(*) from settings"), "1");
	state_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_views, make_directory, remove_directory),
		cmocka_unit_test(test_phases),
		cmocka_unit_test_setup_teardown(test_hostile_text, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(test_settings, make_directory, remove_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
