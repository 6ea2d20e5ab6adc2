/* What each type of event says. */
#include <math.h>
#include <string.h>

#include "base/cursor.h"
#include "binlog/control.h"
#include "binlog/gtid_event.h"
#include "binlog/query.h"
#include "binlog/render_internal.h"

void render_head(struct renderer *renderer, const struct event *event)
{
	struct buffer *out = &renderer->out;
	const struct event_header *header = &event->header;

	if (renderer->form == RENDER_NOTHING)
		return;
	if (renderer->form == RENDER_JSON) {
		buffer_puts(out, "{\"file\":");
		buffer_put_json(out, renderer->file, strlen(renderer->file));
		field_u64(renderer, "offset", renderer->begin);
		field_u64(renderer, "end_offset", renderer->end);
		field_u64(renderer, "timestamp_seconds", header->timestamp);
		buffer_puts(out, ",\"type\":\"");
		render_type_name(header->type, out);
		buffer_putc(out, '"');
	} else {
		buffer_printf(out, "# at %llu to %llu ", (unsigned long long)renderer->begin,
			(unsigned long long)renderer->end);
		render_type_name(header->type, out);
		buffer_putc(out, ' ');
		render_utc(header->timestamp, out);
	}
	field_u64(renderer, "type_number", header->type);
	field_u64(renderer, "server_id", header->server_id);
	field_hex(renderer, "flags", header->flags);
	field_u64(renderer, "length", header->length);
	field_u64(renderer, "log_pos", header->log_pos);
	if (renderer->in_payload)
		field_bool(renderer, "compressed", true);
	field_line(renderer);
}

static int body_format(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct binlog_format format;

	if (binlog_format_parse(event, &format, error) < 0)
		return -1;
	field_text(renderer, "server_version", format.server_version, strlen(format.server_version));
	field_text(renderer, "family", format.family == FAMILY_MARIADB ? "mariadb" : "mysql",
		format.family == FAMILY_MARIADB ? 7 : 5);
	field_u64(renderer, "created_seconds", format.created);
	field_text(renderer, "checksum", format.checksum == CHECKSUM_CRC32 ? "CRC32" : "NONE",
		format.checksum == CHECKSUM_CRC32 ? 5 : 4);
	field_bool(renderer, "in_use", event->header.flags & EVENT_FLAG_IN_USE);
	field_u64(renderer, "types", format.types);
	return 0;
}

static int body_rotate(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct position next;

	if (rotate_event_parse(event, &next, error) < 0)
		return -1;
	field_text(renderer, "next_file", next.file, strlen(next.file));
	field_u64(renderer, "next_offset", next.offset);
	return 0;
}

static void put_character_set_collations(struct renderer *renderer, const struct query_context *context)
{
	struct cursor cursor = cursor_of(
		context->character_set_collations, (size_t)context->character_set_collations_count * 4);
	struct buffer text = BUFFER_INIT;

	while (!cursor_empty(&cursor)) {
		unsigned charset = cursor_u16(&cursor), collation = cursor_u16(&cursor);

		buffer_printf(&text, "%s%u:%u", text.length ? "," : "", charset, collation);
	}
	field_text(renderer, "character_set_collations", buffer_text(&text), text.length);
	buffer_release(&text);
}

static void put_updated_dbs(struct renderer *renderer, const struct query_context *context)
{
	const char *name = (const char *)context->updated_dbs;
	struct buffer text = BUFFER_INIT;

	if (context->updated_dbs_count == 254) {
		field_text(renderer, "updated_databases", "(too many)", 10);
		return;
	}
	for (unsigned i = 0; i < context->updated_dbs_count; i++, name += strlen(name) + 1)
		buffer_printf(&text, "%s%s", i ? "," : "", name);
	field_text(renderer, "updated_databases", buffer_text(&text), text.length);
	buffer_release(&text);
}

/* Variables that most statements have. */
static void put_common_context(struct renderer *renderer, const struct query_context *context)
{
	if (context->has & QUERY_HAS_FLAGS2)
		field_hex(renderer, "flags2", context->flags2);
	if (context->has & QUERY_HAS_SQL_MODE)
		field_hex(renderer, "sql_mode", context->sql_mode);
	if (context->has & QUERY_HAS_AUTO_INCREMENT) {
		field_u64(renderer, "auto_increment_increment", context->auto_increment_increment);
		field_u64(renderer, "auto_increment_offset", context->auto_increment_offset);
	}
	if (context->has & QUERY_HAS_CHARSET) {
		field_u64(renderer, "client_collation", context->client_collation);
		field_u64(renderer, "connection_collation", context->connection_collation);
		field_u64(renderer, "server_collation", context->server_collation);
	}
	if (context->has & QUERY_HAS_CHARSET_DATABASE)
		field_u64(renderer, "database_collation", context->database_collation);
	if (context->has & QUERY_HAS_TIME_ZONE)
		field_text(renderer, "time_zone", context->time_zone, context->time_zone_length);
	if (context->has & QUERY_HAS_LC_TIME_NAMES)
		field_u64(renderer, "lc_time_names", context->lc_time_names);
	if (context->has & QUERY_HAS_MICROSECONDS)
		field_u64(renderer, "microseconds", context->microseconds);
	if (context->has & QUERY_HAS_UPDATED_DBS)
		put_updated_dbs(renderer, context);
}

static void put_rare_context(struct renderer *renderer, const struct query_context *context)
{
	if (context->has & QUERY_HAS_INVOKER) {
		field_text(renderer, "invoker_user", context->invoker_user, context->invoker_user_length);
		field_text(renderer, "invoker_host", context->invoker_host, context->invoker_host_length);
	}
	if (context->has & QUERY_HAS_EXPLICIT_DEFAULTS)
		field_u64(renderer, "explicit_defaults_for_timestamp", context->explicit_defaults);
	if (context->has & QUERY_HAS_DEFAULT_UTF8MB4)
		field_u64(renderer, "default_collation_for_utf8mb4", context->default_utf8mb4_collation);
	if (context->has & QUERY_HAS_REQUIRE_PK)
		field_u64(renderer, "sql_require_primary_key", context->require_primary_key);
	if (context->has & QUERY_HAS_CASCADE_TRIGGERS)
		field_u64(renderer, "enable_cascade_triggers", context->cascade_triggers);
	if (context->has & QUERY_HAS_TABLE_ENCRYPTION)
		field_u64(renderer, "default_table_encryption", context->table_encryption);
	if (context->has & QUERY_HAS_GTID_FLAGS3) {
		field_hex(renderer, "gtid_flags3", context->gtid_flags3);
		field_u64(renderer, "sa_seq_no", context->sa_seq_no);
	}
	if (context->has & QUERY_HAS_DDL_XID)
		field_u64(renderer, "ddl_xid", context->ddl_xid);
	if (context->has & QUERY_HAS_TABLE_MAP_FOR_UPDATE)
		field_hex(renderer, "table_map_for_update", context->table_map_for_update);
	if (context->has & QUERY_HAS_CHARACTER_SET_COLLATIONS)
		put_character_set_collations(renderer, context);
	if (context->has & QUERY_HAS_UNKNOWN)
		field_u64(renderer, "unknown_status_variable", context->unknown_code);
}

/* As it stands, so that it can be run again: with its tabs, and the CR of a line's end. What else could move a terminal's cursor
 * is made visible. */
static void put_line(struct buffer *out, const char *line, size_t length)
{
	bool returns = length && line[length - 1] == '\r';

	length -= returns;
	while (length) {
		const char *tab = memchr(line, '\t', length);
		size_t part = tab ? (size_t)(tab - line) : length;

		buffer_put_printable(out, line, part, part);
		buffer_puts(out, tab ? "\t" : "");
		line += part + (tab != NULL);
		length -= part + (tab != NULL);
	}
	buffer_puts(out, returns ? "\r" : "");
}

static uint64_t count_lines(const char *text, size_t length)
{
	uint64_t lines = length > 0 && text[length - 1] != '\n';

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

/* A statement's text in lines of its own, each behind `head`, of which the event's line tells the number, as a line of a statement
 * may look like one of ours; in JSON as a field. It is the last that can be said of the event. */
static void put_statement(struct renderer *renderer, const char *head, const char *text, size_t length)
{
	struct buffer *out = &renderer->out;

	if (renderer->form == RENDER_NOTHING)
		return;
	render_flow(renderer);
	if (renderer->form == RENDER_JSON) {
		field_text(renderer, "statement", text, length);
		return;
	}
	field_u64(renderer, "statement_lines", count_lines(text, length));
	while (length) { /* line by line, so that the line ends are no control bytes */
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;

		buffer_putc(out, '\n');
		buffer_puts(out, head);
		put_line(out, text, line);
		text += line + (newline != NULL);
		length -= line + (newline != NULL);
	}
}

static int body_query(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct query_event query;

	if (query_event_parse(event, renderer->format, &renderer->arena, &query, error) < 0)
		return -1;
	if (renderer->form == RENDER_NOTHING)
		return 0;
	field_u64(renderer, "thread_id", query.thread_id);
	field_u64(renderer, "execution_seconds", query.execution_seconds);
	field_u64(renderer, "error_code", query.error_code);
	field_text(renderer, "database", query.database, query.database_length);
	put_common_context(renderer, &query.context);
	put_rare_context(renderer, &query.context);
	if (query.is_load) {
		field_u64(renderer, "file_id", query.file_id);
		field_u64(renderer, "file_name_start", query.file_name_start);
		field_u64(renderer, "file_name_end", query.file_name_end);
		field_u64(renderer, "duplicate_handling", query.duplicate_handling);
	}
	put_statement(renderer, "", query.text, query.text_length);
	if (renderer->form == RENDER_TEXT)
		buffer_putc(&renderer->out, ';');
	return 0;
}

static int body_intvar(struct renderer *renderer, const struct event *event, struct error *error)
{
	uint8_t kind;
	uint64_t value;

	if (intvar_event_parse(event, &kind, &value, error) < 0)
		return -1;
	field_u64(renderer, kind == INTVAR_INSERT_ID ? "insert_id" : "last_insert_id", value);
	return 0;
}

static int body_rand(struct renderer *renderer, const struct event *event, struct error *error)
{
	uint64_t seed1, seed2;

	if (rand_event_parse(event, &seed1, &seed2, error) < 0)
		return -1;
	field_u64(renderer, "rand_seed1", seed1);
	field_u64(renderer, "rand_seed2", seed2);
	return 0;
}

static int put_variable_value(
	struct renderer *renderer, const struct user_variable *variable, struct error *error)
{
	struct cursor cursor = cursor_of(variable->value, variable->value_length);
	struct value value = {.kind = VALUE_DOUBLE};
	struct table_column column = {
		.has_collation = true, .collation = variable->collation, .type = TYPE_LONGLONG};
	uint64_t bits;

	switch (variable->type) {
	case USER_VARIABLE_STRING:
		value.kind = VALUE_STRING;
		value.bytes = variable->value;
		value.length = variable->value_length;
		break;
	case USER_VARIABLE_REAL:
		bits = cursor_u64(&cursor);
		memcpy(&value.number.d, &bits, sizeof(bits));
		if (!isfinite(value.number.d))
			return error_set(error, ERROR_CORRUPT,
				"the value of the user variable is not a finite number, which no statement can set.");
		break;
	case USER_VARIABLE_INT:
		value.kind = variable->is_unsigned ? VALUE_UINT : VALUE_INT;
		column.sign = variable->is_unsigned ? SIGN_UNSIGNED : SIGN_SIGNED;
		value.number.u = cursor_u64(&cursor);
		break;
	case USER_VARIABLE_DECIMAL:
		value.kind = VALUE_DECIMAL;
		value.precision = cursor_u8(&cursor);
		value.scale = cursor_u8(&cursor);
		value.bytes = cursor.at;
		value.length = cursor_left(&cursor);
		break;
	}
	return (renderer->form == RENDER_JSON ? render_value_json : render_value_text)(
		&value, &column, &renderer->scratch, &renderer->out, error);
}

static int body_user_var(struct renderer *renderer, const struct event *event, struct error *error)
{
	static const char *const types[] = {"STRING", "REAL", "INT", "DECIMAL"};
	struct user_variable variable;

	if (user_variable_parse(event, &variable, error) < 0)
		return -1;
	field_text(renderer, "name", variable.name, variable.name_length);
	if (variable.is_null) {
		field_name(renderer, "value");
		buffer_puts(&renderer->out, renderer->form == RENDER_JSON ? "null" : "NULL");
		return 0;
	}
	field_text(renderer, "value_type", types[variable.type], strlen(types[variable.type]));
	field_u64(renderer, "collation", variable.collation);
	field_bool(renderer, "unsigned", variable.is_unsigned);
	field_name(renderer, "value");
	return put_variable_value(renderer, &variable, error);
}

static int body_xid(struct renderer *renderer, const struct event *event, struct error *error)
{
	uint64_t number;

	if (xid_event_parse(event, &number, error) < 0)
		return -1;
	field_u64(renderer, "xid", number);
	return 0;
}

static void put_xid_name(struct renderer *renderer, const struct xid *xid)
{
	struct buffer text = BUFFER_INIT;

	xid_put_text(xid, &text);
	field_text(renderer, "xa_name", buffer_text(&text), text.length);
	buffer_release(&text);
}

static int body_xa_prepare(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct xid xid;
	bool one_phase;

	if (xa_prepare_parse(event, &xid, &one_phase, error) < 0)
		return -1;
	put_xid_name(renderer, &xid);
	field_bool(renderer, "one_phase", one_phase);
	return 0;
}

static int body_load_block(struct renderer *renderer, const struct event *event, struct error *error)
{
	uint32_t file_id;
	const uint8_t *data;
	size_t length;

	if (load_block_parse(event, &file_id, &data, &length, error) < 0)
		return -1;
	field_u64(renderer, "file_id", file_id);
	field_u64(renderer, "data_bytes", length);
	render_flow(renderer);
	if (length)
		field_bytes(renderer, "data", data, length);
	return 0;
}

static int body_annotation(struct renderer *renderer, const struct event *event, struct error *error)
{
	const char *text;
	size_t length;

	if (annotation_parse(event, &text, &length, error) < 0)
		return -1;
	put_statement(renderer, "#Q> ", text, length);
	return 0;
}

static int body_incident(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct incident_event incident;

	if (incident_event_parse(event, renderer->format, &incident, error) < 0)
		return -1;
	field_u64(renderer, "incident", incident.number);
	field_text(renderer, "message", incident.message, incident.message_length);
	return 0;
}

static int body_heartbeat(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct position position;
	bool wide;

	if (heartbeat_event_parse(event, &position, &wide, error) < 0)
		return -1;
	field_text(renderer, "reached_file", position.file, strlen(position.file));
	field_u64(renderer, "reached_offset", position.offset);
	return 0;
}

static int body_previous_gtids(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct gtid_set *set = gtid_set_new();
	struct buffer text = BUFFER_INIT;
	int result = gtid_set_decode(set, event->body, event->body_length, error);

	if (result == 0) {
		gtid_set_put_text(set, &text);
		field_text(renderer, "gtids", buffer_text(&text), text.length);
	}
	buffer_release(&text);
	gtid_set_free(set);
	return result;
}

/* As it stands there: no set, which would keep the newest of each domain only. */
static int body_gtid_list(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	char one[GTID_TEXT_MAXIMUM];
	struct gtid_list list;
	struct gtid gtid;

	if (gtid_list_begin(event, &list, error) < 0)
		return -1;
	while (gtid_list_next(&list, &gtid)) {
		buffer_puts(&text, text.length ? "," : "");
		buffer_puts(&text, gtid_text(&gtid, one));
	}
	field_text(renderer, "gtids", buffer_text(&text), text.length);
	field_hex(renderer, "list_flags", list.flags);
	buffer_release(&text);
	return 0;
}

static void put_clock(struct renderer *renderer, const struct gtid_event *gtid)
{
	field_i64(renderer, "last_committed", gtid->last_committed);
	field_i64(renderer, "sequence_number", gtid->sequence_number);
	if (gtid->immediate_commit_us) {
		field_u64(renderer, "immediate_commit_microseconds", gtid->immediate_commit_us);
		field_u64(renderer, "original_commit_microseconds", gtid->original_commit_us);
	}
	if (gtid->transaction_length)
		field_u64(renderer, "transaction_length", gtid->transaction_length);
	if (gtid->immediate_version) {
		field_u64(renderer, "immediate_server_version", gtid->immediate_version);
		field_u64(renderer, "original_server_version", gtid->original_version);
	}
	if (gtid->commit_group_ticket)
		field_u64(renderer, "commit_group_ticket", gtid->commit_group_ticket);
}

static int body_gtid(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct gtid_event gtid;
	char text[GTID_TEXT_MAXIMUM];

	if (gtid_event_parse(event, &gtid, error) < 0)
		return -1;
	if (renderer->form == RENDER_NOTHING)
		return 0;
	gtid_text(&gtid.gtid, text);
	if (gtid.gtid.kind == GTID_NONE)
		memcpy(text, "ANONYMOUS", sizeof("ANONYMOUS"));
	field_text(renderer, "gtid", text, strlen(text));
	field_hex(renderer, "gtid_flags", gtid.flags);
	if (event->header.type != EVENT_MARIA_GTID) {
		if (gtid.has_clock)
			put_clock(renderer, &gtid);
		return 0;
	}
	if (gtid.flags & MARIA_GTID_GROUP_COMMIT_ID)
		field_u64(renderer, "commit_id", gtid.commit_id);
	if (gtid.flags & (MARIA_GTID_PREPARED_XA | MARIA_GTID_COMPLETED_XA))
		put_xid_name(renderer, &gtid.xid);
	if (gtid.flags_extra)
		field_hex(renderer, "flags_extra", gtid.flags_extra);
	if (gtid.sa_seq_no)
		field_u64(renderer, "sa_seq_no", gtid.sa_seq_no);
	if (gtid.thread_id)
		field_u64(renderer, "thread_id", gtid.thread_id);
	return 0;
}

static int body_checkpoint(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	uint32_t length = cursor_u32(&cursor);
	const uint8_t *name = cursor_bytes(&cursor, length);

	if (!name)
		return error_set(error, ERROR_CORRUPT,
			"its file name of %lu bytes does not fit its body of %zu.", (unsigned long)length,
			event->body_length);
	field_text(renderer, "needed_file", name, length);
	return 0;
}

static int body_payload(struct renderer *renderer, const struct event *event, struct error *error)
{
	struct payload_info info;

	if (payload_info_parse(event, &info, error) < 0)
		return -1;
	field_text(renderer, "compression", info.compression == PAYLOAD_ZSTD ? "ZSTD" : "NONE", 4);
	field_u64(renderer, "payload_bytes", info.data_length);
	field_u64(renderer, "uncompressed_bytes", info.uncompressed_size);
	return 0;
}

static int body_empty(struct renderer *renderer, const struct event *event, struct error *error)
{
	(void)error;
	render_flow(renderer);
	if (event->body_length)
		field_bytes(renderer, "body", event->body, event->body_length);
	return 0;
}

render_body *render_body_find(unsigned type)
{
	static render_body *const bodies[256] = {
		[EVENT_QUERY] = body_query,
		[EVENT_STOP] = body_empty,
		[EVENT_ROTATE] = body_rotate,
		[EVENT_INTVAR] = body_intvar,
		[EVENT_APPEND_BLOCK] = body_load_block,
		[EVENT_DELETE_FILE] = body_load_block,
		[EVENT_RAND] = body_rand,
		[EVENT_USER_VAR] = body_user_var,
		[EVENT_FORMAT_DESCRIPTION] = body_format,
		[EVENT_XID] = body_xid,
		[EVENT_BEGIN_LOAD_QUERY] = body_load_block,
		[EVENT_EXECUTE_LOAD_QUERY] = body_query,
		[EVENT_TABLE_MAP] = render_table_map,
		[EVENT_INCIDENT] = body_incident,
		[EVENT_HEARTBEAT] = body_heartbeat,
		[EVENT_ROWS_QUERY] = body_annotation,
		[EVENT_GTID] = body_gtid,
		[EVENT_ANONYMOUS_GTID] = body_gtid,
		[EVENT_PREVIOUS_GTIDS] = body_previous_gtids,
		[EVENT_XA_PREPARE] = body_xa_prepare,
		[EVENT_TRANSACTION_PAYLOAD] = body_payload,
		[EVENT_HEARTBEAT_V2] = body_heartbeat,
		[EVENT_GTID_TAGGED] = body_gtid,
		[EVENT_MARIA_ANNOTATE_ROWS] = body_annotation,
		[EVENT_MARIA_BINLOG_CHECKPOINT] = body_checkpoint,
		[EVENT_MARIA_GTID] = body_gtid,
		[EVENT_MARIA_GTID_LIST] = body_gtid_list,
		[EVENT_MARIA_QUERY_COMPRESSED] = body_query,
	};

	return type < 256 ? bodies[type] : NULL;
}
