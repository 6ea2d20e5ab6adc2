/* The status in the words of SHOW REPLICA STATUS: every field that MySQL prints, in its order, so that what
 * reads it there reads it here. What has no counterpart here says what a server says that does not use it. */
#include <stdlib.h>
#include <string.h>

#include "proxy/status.h"

/* The status, and what several fields follow from. */
struct replica {
	const json_t *status;
	bool running, applying;
	const struct config *config; /* NULL = not known */
	char seconds[32], until_file[512], connect_retry[24], retry_count[24];
	const char *until_position;
};

struct field {
	const char *name;
	const char *key;       /* of the status */
	const char *otherwise; /* without a key, or where the status knows nothing */
	const char *(*text)(const struct replica *replica);
};

static bool is(const struct replica *replica, const char *name, const char *text)
{
	return strcmp(status_value(replica->status, name), text) == 0;
}

/* ---- what follows from the status ---- */

static const char *io_state(const struct replica *replica)
{
	if (!replica->running || is(replica, "state", "paused") || is(replica, "state", "error"))
		return "";
	if (is(replica, "state", "waiting"))
		return "Waiting for another instance to give up the channel";
	return is(replica, "source_state", "connected") ? "Waiting for source to send event"
							: "Connecting to source";
}

static const char *io_running(const struct replica *replica)
{
	if (!replica->running || is(replica, "state", "error") || is(replica, "state", "paused"))
		return "No";
	return is(replica, "source_state", "connected") ? "Yes" : "Connecting";
}

static const char *sql_running(const struct replica *replica)
{
	return replica->applying ? "Yes" : "No";
}

static const char *sql_state(const struct replica *replica)
{
	if (!replica->applying)
		return "";
	if (!is(replica, "source_state", "connected") || !is(replica, "target_state", "connected"))
		return "Waiting for the connections";
	return json_is_true(json_object_get(replica->status, "idle"))
		       ? "Replica has read all of the source's log"
		       : "Applying events";
}

static const char *seconds_behind(const struct replica *replica)
{
	return replica->seconds;
}

static const char *until_condition(const struct replica *replica)
{
	if (*replica->until_file)
		return "Source";
	return *status_value(replica->status, "until") ? status_value(replica->status, "until") : "None";
}

static const char *until_file(const struct replica *replica)
{
	return replica->until_file;
}

static const char *until_position(const struct replica *replica)
{
	return replica->until_position;
}

static const char *ssl_allowed(const struct replica *replica)
{
	return is(replica, "source_ssl_mode", "off") ? "No" : "Yes";
}

static const char *ssl_verify(const struct replica *replica)
{
	return is(replica, "source_ssl_mode", "identity") ? "Yes" : "No";
}

static const char *auto_position(const struct replica *replica)
{
	return json_is_true(json_object_get(replica->status, "auto_position")) ? "1" : "0";
}

/* ---- what is configured ---- */

static const char *connect_retry(const struct replica *replica)
{
	return replica->connect_retry;
}

static const char *retry_count(const struct replica *replica)
{
	return replica->retry_count;
}

#define CONFIGURED(name, member)                                                                             \
	static const char *configured_##name(const struct replica *replica)                                  \
	{                                                                                                    \
		const struct config *config = replica->config;                                               \
                                                                                                             \
		return config && config->source.connection.member ? config->source.connection.member : "";   \
	}
CONFIGURED(bind_address, bind_address)
CONFIGURED(ssl_ca, tls.ca)
CONFIGURED(ssl_capath, tls.capath)
CONFIGURED(ssl_cert, tls.cert)
CONFIGURED(ssl_key, tls.key)
CONFIGURED(ssl_crl, tls.crl)
CONFIGURED(ssl_crlpath, tls.crlpath)
CONFIGURED(tls_version, tls.version)
#undef CONFIGURED

/* clang-format off */
static const struct field fields[] = {
	{"Replica_IO_State", NULL, NULL, io_state},
	{"Source_Host", "source_host", "", NULL},
	{"Source_User", "source_user", "", NULL},
	{"Source_Port", "source_port", "0", NULL},
	{"Connect_Retry", NULL, NULL, connect_retry},
	{"Source_Log_File", "received_file", "", NULL},
	{"Read_Source_Log_Pos", "received_position", "0", NULL},
	{"Relay_Log_File", NULL, "", NULL},
	{"Relay_Log_Pos", NULL, "0", NULL},
	{"Relay_Source_Log_File", "applied_file", "", NULL},
	{"Replica_IO_Running", NULL, NULL, io_running},
	{"Replica_SQL_Running", NULL, NULL, sql_running},
	{"Replicate_Do_DB", NULL, "", NULL},
	{"Replicate_Ignore_DB", NULL, "", NULL},
	{"Replicate_Do_Table", NULL, "", NULL},
	{"Replicate_Ignore_Table", NULL, "", NULL},
	{"Replicate_Wild_Do_Table", NULL, "", NULL},
	{"Replicate_Wild_Ignore_Table", NULL, "", NULL},
	{"Last_Errno", "error_code", "0", NULL},
	{"Last_Error", "error", "", NULL},
	{"Skip_Counter", NULL, "0", NULL},
	{"Exec_Source_Log_Pos", "applied_position", "0", NULL},
	{"Relay_Log_Space", "queue_bytes", "0", NULL},
	{"Until_Condition", NULL, NULL, until_condition},
	{"Until_Log_File", NULL, NULL, until_file},
	{"Until_Log_Pos", NULL, NULL, until_position},
	{"Source_SSL_Allowed", NULL, NULL, ssl_allowed},
	{"Source_SSL_CA_File", NULL, NULL, configured_ssl_ca},
	{"Source_SSL_CA_Path", NULL, NULL, configured_ssl_capath},
	{"Source_SSL_Cert", NULL, NULL, configured_ssl_cert},
	{"Source_SSL_Cipher", "source_cipher", "", NULL},
	{"Source_SSL_Key", NULL, NULL, configured_ssl_key},
	{"Seconds_Behind_Source", NULL, NULL, seconds_behind},
	{"Source_SSL_Verify_Server_Cert", NULL, NULL, ssl_verify},
	{"Last_IO_Errno", "source_error_code", "0", NULL},
	{"Last_IO_Error", "source_error", "", NULL},
	{"Last_SQL_Errno", "error_code", "0", NULL},
	{"Last_SQL_Error", "error", "", NULL},
	{"Replicate_Ignore_Server_Ids", NULL, "", NULL},
	{"Source_Server_Id", "source_server_id", "0", NULL},
	{"Source_UUID", "source_uuid", "", NULL},
	{"Source_Info_File", NULL, "", NULL},
	{"SQL_Delay", NULL, "0", NULL},
	{"SQL_Remaining_Delay", NULL, "NULL", NULL},
	{"Replica_SQL_Running_State", NULL, NULL, sql_state},
	{"Source_Retry_Count", NULL, NULL, retry_count},
	{"Source_Bind", NULL, NULL, configured_bind_address},
	{"Last_IO_Error_Timestamp", "source_error_at", "", NULL},
	{"Last_SQL_Error_Timestamp", "error_at", "", NULL},
	{"Source_SSL_Crl", NULL, NULL, configured_ssl_crl},
	{"Source_SSL_Crlpath", NULL, NULL, configured_ssl_crlpath},
	{"Retrieved_Gtid_Set", "received_gtid_set", "", NULL},
	{"Executed_Gtid_Set", "applied_gtid_set", "", NULL},
	{"Auto_Position", NULL, NULL, auto_position},
	{"Replicate_Rewrite_DB", NULL, "", NULL},
	{"Channel_Name", "channel", "", NULL},
	{"Source_TLS_Version", NULL, NULL, configured_tls_version},
	{"Source_public_key_path", NULL, "", NULL},
	{"Get_Source_public_key", NULL, "0", NULL},
	{"Network_Namespace", NULL, "", NULL},
	/* what a server does not have */
	{"Target_Host", "target_host", "", NULL},
	{"Target_Port", "target_port", "0", NULL},
	{"Target_State", "target_state", "", NULL},
};
/* clang-format on */

/* One line, whatever is in the text. */
static void put_line(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%29s: ", name);
	for (; *text; text++)
		fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
	fputc('\n', out);
}

/* FILE:POSITION of `run --until`; GTIDs have no '.' before their last ':'. */
static void split_until(struct replica *replica)
{
	const char *until = status_value(replica->status, "until");
	const char *colon = strrchr(until, ':');

	replica->until_position = "0";
	if (!colon || !memchr(until, '.', (size_t)(colon - until)) ||
		(size_t)(colon - until) >= sizeof(replica->until_file))
		return;
	memcpy(replica->until_file, until, (size_t)(colon - until));
	replica->until_position = colon + 1;
}

void status_print_replica(FILE *out, const json_t *status, const struct config *config)
{
	struct replica replica = {
		.status = status, .running = json_is_true(json_object_get(status, "running")), .config = config};
	const json_t *lag = json_object_get(status, "lag_seconds");

	replica.applying =
		replica.running && (is(&replica, "state", "running") || is(&replica, "state", "connecting"));
	snprintf(replica.seconds, sizeof(replica.seconds), "NULL");
	if (replica.applying && json_is_number(lag))
		snprintf(replica.seconds, sizeof(replica.seconds), "%.0f", json_number_value(lag));
	snprintf(replica.connect_retry, sizeof(replica.connect_retry), "%llu",
		config ? (unsigned long long)config->source.connect_retry_seconds : 0);
	snprintf(replica.retry_count, sizeof(replica.retry_count), "%llu",
		config ? (unsigned long long)config->source.retry_count : 0);
	split_until(&replica);
	fprintf(out, "*************************** 1. row ***************************\n");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *field = &fields[i];
		const char *text = field->text	? field->text(&replica)
				   : field->key ? status_value(status, field->key)
						: "";

		put_line(out, field->name, *text || field->text ? text : field->otherwise);
	}
}
