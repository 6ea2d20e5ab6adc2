/* Statements with the session state they ran under. */
#include "binlog/query.h"

#include <string.h>

#include "base/cursor.h"
#include "binlog/compressed.h"
#include "binlog/value.h"

#define QUERY_POST_HEADER 13u
#define LOAD_POST_HEADER 26u

/* Codes of the status variables (2.5). They do not come in ascending order. */
enum status_code {
	STATUS_FLAGS2 = 0,
	STATUS_SQL_MODE = 1,
	STATUS_CATALOG = 2,
	STATUS_AUTO_INCREMENT = 3,
	STATUS_CHARSET = 4,
	STATUS_TIME_ZONE = 5,
	STATUS_CATALOG_NZ = 6,
	STATUS_LC_TIME_NAMES = 7,
	STATUS_CHARSET_DATABASE = 8,
	STATUS_TABLE_MAP_FOR_UPDATE = 9,
	STATUS_MASTER_DATA_WRITTEN = 10,
	STATUS_INVOKER = 11,
	STATUS_UPDATED_DB_NAMES = 12,
	STATUS_MICROSECONDS = 13,
	STATUS_EXPLICIT_DEFAULTS = 16,
	STATUS_DDL_XID = 17,
	STATUS_DEFAULT_UTF8MB4 = 18,
	STATUS_REQUIRE_PRIMARY_KEY = 19,
	STATUS_TABLE_ENCRYPTION = 20,
	STATUS_CASCADE_TRIGGERS = 21,
	STATUS_HRNOW = 128,
	STATUS_XID = 129,
	STATUS_GTID_FLAGS3 = 130,
	STATUS_CHARACTER_SET_COLLATIONS = 131,
	STATUS_DUMMY = 255,
};

#define UPDATED_DBS_LISTED_MAXIMUM 16u
#define UPDATED_DBS_TOO_MANY 254u

#define GTID_FLAGS3_COMMIT_OR_ROLLBACK 0x0cu

static const char *read_short_text(struct cursor *cursor, uint8_t *length)
{
	*length = cursor_u8(cursor);
	return (const char *)cursor_bytes(cursor, *length);
}

static void read_updated_dbs(struct cursor *cursor, struct query_context *context)
{
	context->updated_dbs_count = cursor_u8(cursor);
	context->updated_dbs = cursor->at;
	if (context->updated_dbs_count == UPDATED_DBS_TOO_MANY)
		return;
	if (context->updated_dbs_count > UPDATED_DBS_LISTED_MAXIMUM)
		cursor->bad = true;
	for (unsigned i = 0; i < context->updated_dbs_count && !cursor->bad; i++) {
		const uint8_t *nul = memchr(cursor->at, 0, cursor_left(cursor));

		if (!nul)
			cursor->bad = true;
		else
			cursor->at = nul + 1;
	}
}

static void read_gtid_flags3(struct cursor *cursor, struct query_context *context)
{
	context->gtid_flags3 = cursor_u8(cursor);
	if (context->gtid_flags3 & GTID_FLAGS3_COMMIT_OR_ROLLBACK)
		context->sa_seq_no = cursor_u64(cursor);
}

/* Reads the value of one variable; false when nobody knows the code, so that not even its length is known. */
static bool read_status_variable(uint8_t code, struct cursor *cursor, struct query_context *context)
{
	switch (code) {
	case STATUS_FLAGS2:
		context->flags2 = cursor_u32(cursor);
		context->has |= QUERY_HAS_FLAGS2;
		return true;
	case STATUS_SQL_MODE:
		context->sql_mode = cursor_u64(cursor);
		context->has |= QUERY_HAS_SQL_MODE;
		return true;
	case STATUS_CATALOG: /* MySQL 5.0.0 to 5.0.3: with a NUL */
		cursor_bytes(cursor, (uint64_t)cursor_u8(cursor) + 1);
		return true;
	case STATUS_AUTO_INCREMENT:
		context->auto_increment_increment = cursor_u16(cursor);
		context->auto_increment_offset = cursor_u16(cursor);
		context->has |= QUERY_HAS_AUTO_INCREMENT;
		return true;
	case STATUS_CHARSET:
		context->client_collation = cursor_u16(cursor);
		context->connection_collation = cursor_u16(cursor);
		context->server_collation = cursor_u16(cursor);
		context->has |= QUERY_HAS_CHARSET;
		return true;
	case STATUS_TIME_ZONE:
		context->time_zone = read_short_text(cursor, &context->time_zone_length);
		context->has |= QUERY_HAS_TIME_ZONE;
		return true;
	case STATUS_CATALOG_NZ:
		cursor_bytes(cursor, cursor_u8(cursor));
		return true;
	case STATUS_LC_TIME_NAMES:
		context->lc_time_names = cursor_u16(cursor);
		context->has |= QUERY_HAS_LC_TIME_NAMES;
		return true;
	case STATUS_CHARSET_DATABASE:
		context->database_collation = cursor_u16(cursor);
		context->has |= QUERY_HAS_CHARSET_DATABASE;
		return true;
	case STATUS_TABLE_MAP_FOR_UPDATE:
		context->table_map_for_update = cursor_u64(cursor);
		context->has |= QUERY_HAS_TABLE_MAP_FOR_UPDATE;
		return true;
	case STATUS_MASTER_DATA_WRITTEN: /* relay logs only */
		cursor_u32(cursor);
		return true;
	case STATUS_INVOKER:
		context->invoker_user = read_short_text(cursor, &context->invoker_user_length);
		context->invoker_host = read_short_text(cursor, &context->invoker_host_length);
		context->has |= QUERY_HAS_INVOKER;
		return true;
	case STATUS_UPDATED_DB_NAMES:
		read_updated_dbs(cursor, context);
		context->has |= QUERY_HAS_UPDATED_DBS;
		return true;
	case STATUS_MICROSECONDS:
	case STATUS_HRNOW:
		context->microseconds = (uint32_t)cursor_le(cursor, 3);
		context->has |= QUERY_HAS_MICROSECONDS;
		return true;
	case STATUS_EXPLICIT_DEFAULTS:
		context->explicit_defaults = cursor_u8(cursor);
		context->has |= QUERY_HAS_EXPLICIT_DEFAULTS;
		return true;
	case STATUS_DDL_XID:
	case STATUS_XID:
		context->ddl_xid = cursor_u64(cursor);
		context->has |= QUERY_HAS_DDL_XID;
		return true;
	case STATUS_DEFAULT_UTF8MB4:
		context->default_utf8mb4_collation = cursor_u16(cursor);
		context->has |= QUERY_HAS_DEFAULT_UTF8MB4;
		return true;
	case STATUS_REQUIRE_PRIMARY_KEY:
		context->require_primary_key = cursor_u8(cursor);
		context->has |= QUERY_HAS_REQUIRE_PK;
		return true;
	case STATUS_TABLE_ENCRYPTION:
		context->table_encryption = cursor_u8(cursor);
		context->has |= QUERY_HAS_TABLE_ENCRYPTION;
		return true;
	case STATUS_CASCADE_TRIGGERS:
		context->cascade_triggers = cursor_u8(cursor);
		context->has |= QUERY_HAS_CASCADE_TRIGGERS;
		return true;
	case STATUS_GTID_FLAGS3:
		read_gtid_flags3(cursor, context);
		context->has |= QUERY_HAS_GTID_FLAGS3;
		return true;
	case STATUS_CHARACTER_SET_COLLATIONS:
		context->character_set_collations_count = cursor_u8(cursor);
		context->character_set_collations =
			cursor_bytes(cursor, (uint64_t)context->character_set_collations_count * 4);
		context->has |= QUERY_HAS_CHARACTER_SET_COLLATIONS;
		return true;
	default:
		return false;
	}
}

static int read_status_variables(struct cursor *cursor, struct query_context *context, struct error *error)
{
	while (!cursor_empty(cursor)) {
		uint8_t code = cursor_u8(cursor);

		if (code == STATUS_DUMMY) /* MariaDB's padding: nothing follows */
			return 0;
		if (!read_status_variable(code, cursor, context)) {
			context->has |= QUERY_HAS_UNKNOWN;
			context->unknown_code = code;
			return 0;
		}
		if (cursor->bad)
			return error_set(error, ERROR_CORRUPT,
				"the value of the statement's status variable %u does not fit into the "
				"status block.",
				code);
	}
	return 0;
}

/* How long the fixed part is by the format description, if that says so (2.3). */
static unsigned post_header_length(const struct binlog_format *format, unsigned type, unsigned least)
{
	unsigned named = format->known ? format->post_header_length[type] : 0;

	return named ? named : least;
}

/* The fixed part; *status is left at the status block. */
static int read_post_header(const struct event *event, const struct binlog_format *format,
	struct cursor *cursor, struct query_event *query, uint16_t *status_length, struct error *error)
{
	unsigned least = query->is_load ? LOAD_POST_HEADER : QUERY_POST_HEADER;
	unsigned length = post_header_length(format, event->header.type, least);
	const uint8_t *start = cursor->at;

	if (length < least)
		return error_set(error, ERROR_STOP,
			"the format description gives the statement a post-header of %u bytes, expected %u: "
			"a server before MySQL 5.0 wrote it.",
			length, least);
	query->thread_id = cursor_u32(cursor);
	query->execution_seconds = cursor_u32(cursor);
	query->database_length = cursor_u8(cursor);
	query->error_code = cursor_u16(cursor);
	*status_length = cursor_u16(cursor);
	if (query->is_load) {
		query->file_id = cursor_u32(cursor);
		query->file_name_start = cursor_u32(cursor);
		query->file_name_end = cursor_u32(cursor);
		query->duplicate_handling = cursor_u8(cursor);
	}
	if (!cursor->bad)
		cursor_bytes(cursor, length - (size_t)(cursor->at - start));
	if (cursor->bad)
		return error_set(error, ERROR_CORRUPT,
			"the statement's post-header takes %u bytes, but the event's body has %zu.", length,
			event->body_length);
	return 0;
}

static int read_text(const struct event *event, struct cursor *cursor, struct arena *arena,
	struct query_event *query, struct error *error)
{
	if (event->header.type == EVENT_MARIA_QUERY_COMPRESSED) {
		const uint8_t *plain;

		if (compressed_expand(
			    cursor->at, cursor_left(cursor), arena, &plain, &query->text_length, error) < 0)
			return -1;
		query->text = (const char *)plain;
	} else {
		query->text = (const char *)cursor->at;
		query->text_length = cursor_left(cursor);
	}
	if (query->text_length == 0)
		return error_set(error, ERROR_CORRUPT, "the statement's text is empty.");
	if (query->is_load) {
		if (query->file_name_start > query->file_name_end ||
			query->file_name_end > query->text_length)
			return error_set(error, ERROR_CORRUPT,
				"the file name of LOAD DATA is said to stand from byte %lu to %lu of a text "
				"of %zu bytes.",
				(unsigned long)query->file_name_start, (unsigned long)query->file_name_end,
				query->text_length);
		if (query->duplicate_handling > 2)
			return error_set(error, ERROR_CORRUPT,
				"LOAD DATA names %u for what to do with duplicates, expected 0, 1 or 2.",
				query->duplicate_handling);
	}
	return 0;
}

int query_event_parse(const struct event *event, const struct binlog_format *format, struct arena *arena,
	struct query_event *query, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length), status;
	uint16_t status_length = 0;
	const uint8_t *database;

	memset(query, 0, sizeof(*query));
	query->is_load = event->header.type == EVENT_EXECUTE_LOAD_QUERY;
	if (read_post_header(event, format, &cursor, query, &status_length, error) < 0)
		return -1;
	status = cursor_sub(&cursor, status_length);
	database = cursor_bytes(&cursor, (uint64_t)query->database_length + 1);
	if (!database)
		return error_set(error, ERROR_CORRUPT,
			"the status block (%u bytes) and the database's name (%u bytes) do not fit into the "
			"event's body of %zu.",
			status_length, query->database_length, event->body_length);
	if (database[query->database_length] != 0 || memchr(database, 0, query->database_length))
		return error_set(error, ERROR_CORRUPT,
			"the database's name is not followed by its NUL, or holds one.");
	query->database = (const char *)database;
	if (read_status_variables(&status, &query->context, error) < 0)
		return -1;
	return read_text(event, &cursor, arena, query, error);
}

/* What may follow a variable's value: MySQL's flag byte, or MariaDB's attributes (2.6); they agree on 0
 * and 1. */
static int read_variable_attributes(
	struct cursor *cursor, struct user_variable *variable, struct error *error)
{
	while (!cursor_empty(cursor)) {
		uint8_t attribute = cursor_u8(cursor);

		switch (attribute) {
		case 0:
			break;
		case 1:
			variable->is_unsigned = true;
			break;
		case 2: /* the name of a data type */
			if (!cursor_bytes(cursor, cursor_u8(cursor)))
				return error_set(error, ERROR_CORRUPT,
					"the type name of the user variable does not fit into the event.");
			break;
		default:
			return error_set(error, ERROR_STOP,
				"the user variable has an attribute %u, which nobody knows.", attribute);
		}
	}
	return 0;
}

#define DECIMAL_DIGITS_MAXIMUM 65u /* of all servers */

/* Precision, scale, and packed digits. */
static int check_decimal_variable(const struct user_variable *variable, struct error *error)
{
	unsigned precision = variable->value[0], scale = variable->value[1];

	if (precision > DECIMAL_DIGITS_MAXIMUM || scale > precision)
		return error_set(error, ERROR_CORRUPT,
			"the user variable is a DECIMAL(%u,%u), and no server has more than %u digits.",
			precision, scale, DECIMAL_DIGITS_MAXIMUM);
	if (decimal_packed_size(precision, scale) != variable->value_length - 2)
		return error_set(error, ERROR_CORRUPT,
			"the user variable is a DECIMAL(%u,%u), whose digits do not fill its %lu bytes.",
			precision, scale, (unsigned long)variable->value_length);
	return 0;
}

static int check_variable_value(const struct user_variable *variable, unsigned type, struct error *error)
{
	static const struct {
		uint32_t least, most;
	} lengths[] = {
		[USER_VARIABLE_STRING] = {0, UINT32_MAX},
		[USER_VARIABLE_REAL] = {8, 8},
		[USER_VARIABLE_INT] = {8, 8},
		[USER_VARIABLE_DECIMAL] = {3, 64},
	};

	if (variable->value_length < lengths[variable->type].least ||
		variable->value_length > lengths[variable->type].most)
		return error_set(error, ERROR_CORRUPT, "the user variable's value of type %u has %lu bytes.",
			type, (unsigned long)variable->value_length);
	return variable->type == USER_VARIABLE_DECIMAL ? check_decimal_variable(variable, error) : 0;
}

int user_variable_parse(const struct event *event, struct user_variable *variable, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	uint8_t type;

	memset(variable, 0, sizeof(*variable));
	variable->name_length = cursor_u32(&cursor);
	variable->name = (const char *)cursor_bytes(&cursor, variable->name_length);
	variable->is_null = cursor_u8(&cursor) != 0;
	if (cursor.bad || variable->name_length == 0)
		return error_set(error, ERROR_CORRUPT,
			"the name of the user variable (%lu bytes) does not fit into the event.",
			(unsigned long)variable->name_length);
	if (variable->is_null)
		return 0;
	type = cursor_u8(&cursor);
	variable->collation = cursor_u32(&cursor);
	variable->value_length = cursor_u32(&cursor);
	variable->value = cursor_bytes(&cursor, variable->value_length);
	if (cursor.bad)
		return error_set(error, ERROR_CORRUPT,
			"the value of the user variable (%lu bytes) does not fit into the event.",
			(unsigned long)variable->value_length);
	switch (type) {
	case 0:
		variable->type = USER_VARIABLE_STRING;
		break;
	case 1:
		variable->type = USER_VARIABLE_REAL;
		break;
	case 2:
		variable->type = USER_VARIABLE_INT;
		break;
	case 4:
		variable->type = USER_VARIABLE_DECIMAL;
		break;
	default:
		return error_set(error, ERROR_STOP,
			"the user variable is of type %u, which cannot be set by a statement.", type);
	}
	if (check_variable_value(variable, type, error) < 0)
		return -1;
	return read_variable_attributes(&cursor, variable, error);
}
