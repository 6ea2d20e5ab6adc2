/* The status as JSON and as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/status.h"

#define NOW (INT64_C(1800000000) * 1000000)

static struct state_status running(void)
{
	struct state_status status = {
		.phase = STATE_RUNNING,
		.pid = 4711,
		.updated_at_us = NOW - 2000000,
		.channel = "main",
		.source = {.state = "connected", .host = "db1", .port = 3306, .ssl_mode = "off"},
		.target = {.state = "connected", .host = "rds", .port = 3307, .ssl_mode = "identity", .cipher = "AES"},
		.received = {"binlog.000002", 900, "0-1-6"},
		.applied = {"binlog.000002", 700, "0-1-5"},
		.lag_known = true,
		.lag_seconds = 0,
		.idle = true,
		.transactions = 12,
	};

	return status;
}

static const char *text_of(json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? text : "(null)";
}

static char *printed(void (*print)(FILE *out, const json_t *status), const json_t *json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	print(out, json);
	fclose(out);
	return text;
}

static void print_replica(FILE *out, const json_t *status)
{
	status_print_replica(out, status, NULL);
}

static void of_a_running_process(void **state)
{
	struct state_status status = running();
	json_t *json = status_json(&status, true, NOW);

	(void)state;
	assert_string_equal(text_of(json, "state"), "running");
	assert_true(json_is_true(json_object_get(json, "running")));
	assert_int_equal(json_integer_value(json_object_get(json, "pid")), 4711);
	assert_string_equal(text_of(json, "applied_file"), "binlog.000002");
	assert_int_equal(json_integer_value(json_object_get(json, "applied_position")), 700);
	assert_string_equal(text_of(json, "updated_at"), "2027-01-15T07:59:58.000Z");
	assert_true(json_is_null(json_object_get(json, "error")));
	assert_true(json_real_value(json_object_get(json, "lag_seconds")) == 0);
	json_decref(json);
}

static void the_lag_of_what_does_not_run_is_never_zero(void **state)
{
	struct state_status status = running();
	json_t *json;

	(void)state;
	status.phase = STATE_STOPPED;
	json = status_json(&status, false, NOW);
	assert_float_equal(json_real_value(json_object_get(json, "lag_seconds")), 2, 0.01);
	json_decref(json);
	json = status_json(&status, false, status.updated_at_us);
	assert_true(json_real_value(json_object_get(json, "lag_seconds")) > 0);
	json_decref(json);
	status.lag_known = false;
	json = status_json(&status, false, NOW);
	assert_true(json_is_null(json_object_get(json, "lag_seconds")));
	json_decref(json);
}

static void what_was_killed_has_died(void **state)
{
	struct state_status status = running();
	json_t *json = status_json(&status, false, NOW);
	char *text = printed(print_replica, json);

	(void)state;
	assert_string_equal(text_of(json, "state"), "died");
	assert_string_equal(text_of(json, "source_state"), "disconnected");
	assert_string_equal(text_of(json, "target_state"), "disconnected");
	assert_false(json_is_true(json_object_get(json, "running")));
	assert_non_null(strstr(text, "Replica_IO_Running: No\n"));
	assert_non_null(strstr(text, "Replica_SQL_Running: No\n"));
	assert_non_null(strstr(text, "Seconds_Behind_Source: NULL\n"));
	free(text);
	json_decref(json);
}

static void names_of_show_replica_status(void **state)
{
	struct state_status status = running();
	json_t *json = status_json(&status, true, NOW);
	char *text = printed(print_replica, json);

	(void)state;
	assert_non_null(strstr(text, " Source_Host: db1\n"));
	assert_non_null(strstr(text, " Source_Log_File: binlog.000002\n"));
	assert_non_null(strstr(text, " Read_Source_Log_Pos: 900\n"));
	assert_non_null(strstr(text, " Exec_Source_Log_Pos: 700\n"));
	assert_non_null(strstr(text, " Seconds_Behind_Source: 0\n"));
	assert_non_null(strstr(text, " Replica_IO_Running: Yes\n"));
	assert_non_null(strstr(text, " Last_Errno: 0\n"));
	free(text);
	json_decref(json);
}

static void every_field_of_show_replica_status(void **state)
{
	/* of MySQL 9.7, in its order */
	static const char *const names[] = {"Replica_IO_State", "Source_Host", "Source_User", "Source_Port",
		"Connect_Retry", "Source_Log_File", "Read_Source_Log_Pos", "Relay_Log_File", "Relay_Log_Pos",
		"Relay_Source_Log_File", "Replica_IO_Running", "Replica_SQL_Running", "Replicate_Do_DB",
		"Replicate_Ignore_DB", "Replicate_Do_Table", "Replicate_Ignore_Table", "Replicate_Wild_Do_Table",
		"Replicate_Wild_Ignore_Table", "Last_Errno", "Last_Error", "Skip_Counter", "Exec_Source_Log_Pos",
		"Relay_Log_Space", "Until_Condition", "Until_Log_File", "Until_Log_Pos", "Source_SSL_Allowed",
		"Source_SSL_CA_File", "Source_SSL_CA_Path", "Source_SSL_Cert", "Source_SSL_Cipher", "Source_SSL_Key",
		"Seconds_Behind_Source", "Source_SSL_Verify_Server_Cert", "Last_IO_Errno", "Last_IO_Error",
		"Last_SQL_Errno", "Last_SQL_Error", "Replicate_Ignore_Server_Ids", "Source_Server_Id", "Source_UUID",
		"Source_Info_File", "SQL_Delay", "SQL_Remaining_Delay", "Replica_SQL_Running_State",
		"Source_Retry_Count", "Source_Bind", "Last_IO_Error_Timestamp", "Last_SQL_Error_Timestamp",
		"Source_SSL_Crl", "Source_SSL_Crlpath", "Retrieved_Gtid_Set", "Executed_Gtid_Set", "Auto_Position",
		"Replicate_Rewrite_DB", "Channel_Name", "Source_TLS_Version", "Source_public_key_path",
		"Get_Source_public_key", "Network_Namespace"};
	struct state_status status = running();
	char *text, *at;
	json_t *json;

	(void)state;
	status.until = "binlog.000002:950";
	json = status_json(&status, true, NOW);
	at = text = printed(print_replica, json);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), " %s: ", names[i]);
		at = strchr(at, '\n');
		assert_non_null(at);
		/* the longest stands at the margin */
		*at = ' ';
		if (strncmp(at + strspn(at, " "), name + 1, strlen(name) - 1) != 0)
			fail_msg("%s is not the next field of: %s", names[i], at);
	}
	assert_non_null(strstr(text, "Until_Condition: Source"));
	assert_non_null(strstr(text, "Until_Log_File: binlog.000002"));
	assert_non_null(strstr(text, "Until_Log_Pos: 950"));
	free(text);
	json_decref(json);
}

static void what_is_configured(void **state)
{
	struct state_status status = running();
	json_t *json = status_json(&status, true, NOW);
	struct error error = {.kind = ERROR_NONE};
	struct config config;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	config_init(&config);
	assert_int_equal(config_set_option(&config, "source-retry-count", "7", &error), 0);
	assert_int_equal(config_set_option(&config, "source-ssl-ca", "/etc/ca.pem", &error), 0);
	status_print_replica(out, json, &config);
	fclose(out);
	assert_non_null(strstr(text, " Connect_Retry: 60\n"));
	assert_non_null(strstr(text, " Source_Retry_Count: 7\n"));
	assert_non_null(strstr(text, " Source_SSL_CA_File: /etc/ca.pem\n"));
	config_release(&config);
	free(text);
	json_decref(json);
}

static void an_error_and_its_place(void **state)
{
	struct state_status status = running();
	json_t *json;
	char *text;

	(void)state;
	status.phase = STATE_ERROR;
	status.error_kind = ERROR_STOP;
	status.error_code = 1062;
	status.error = "it \"is\" there already";
	status.advice = "mend it";
	status.error_position = (struct state_position){"binlog.000002", 700, NULL};
	json = status_json(&status, false, NOW);
	assert_string_equal(text_of(json, "state"), "error");
	assert_string_equal(text_of(json, "error_kind"), "stop");
	assert_string_equal(text_of(json, "error"), "it \"is\" there already");
	text = printed(status_print, json);
	assert_non_null(strstr(text, "not running"));
	assert_non_null(strstr(text, "stopped on   it \"is\" there already\n"));
	assert_non_null(strstr(text, "binlog.000002:700"));
	assert_non_null(strstr(text, "mend it"));
	free(text);
	json_decref(json);
}

static void bytes_that_are_not_utf8(void **state)
{
	struct state_status status = running();
	json_t *json;

	(void)state;
	status.error_kind = ERROR_STOP;
	status.error = "caf\xe9";
	json = status_json(&status, true, NOW);
	assert_true(json_is_string(json_object_get(json, "error")));
	assert_int_equal(strncmp(text_of(json, "error"), "caf", 3), 0);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_running_process),
		cmocka_unit_test(the_lag_of_what_does_not_run_is_never_zero),
		cmocka_unit_test(what_was_killed_has_died),
		cmocka_unit_test(names_of_show_replica_status),
		cmocka_unit_test(every_field_of_show_replica_status),
		cmocka_unit_test(what_is_configured),
		cmocka_unit_test(an_error_and_its_place),
		cmocka_unit_test(bytes_that_are_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
