#include "applier/sql/context.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/account.h"
#include "applier/sql/charset.h"
#include "applier/sql/mode.h"
#include "applier/sql/zone.h"
#include "binlog/value.h"

/* that a statement has of its own, apart from user variables: time, ids, seeds */
#define OWN_MAXIMUM 8

struct translation {
	const struct context_input *in;
	const struct capabilities *target;
	struct arena *arena;
	struct session_context *out;
	size_t room, warning_room;
};

static const char *text_of(struct translation *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void warn(struct translation *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *vtext(struct translation *t, const char *format, va_list arguments)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	return arena_strdup(t->arena, text);
}

static const char *text_of(struct translation *t, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = vtext(t, format, arguments);
	va_end(arguments);
	return text;
}

static void warn(struct translation *t, const char *format, ...)
{
	va_list arguments;

	if (t->out->warning_count == t->warning_room) {
		const char **larger = arena_alloc(t->arena, (t->warning_room + 8) * sizeof(*larger));

		if (t->out->warning_count)
			memcpy(larger, t->out->warnings, t->out->warning_count * sizeof(*larger));
		t->out->warnings = larger;
		t->warning_room += 8;
	}
	va_start(arguments, format);
	t->out->warnings[t->out->warning_count++] = vtext(t, format, arguments);
	va_end(arguments);
}

static struct context_variable *add(struct translation *t, const char *name, const char *literal)
{
	struct context_variable *variable;

	if (t->out->count == t->room) {
		struct context_variable *larger = arena_alloc(t->arena, (t->room * 2) * sizeof(*larger));

		memcpy(larger, t->out->variables, t->out->count * sizeof(*larger));
		t->out->variables = larger;
		t->room *= 2;
	}
	variable = &t->out->variables[t->out->count++];
	*variable =
		(struct context_variable){.name = name, .literal = literal, .variable = SESSION_VARIABLES};
	return variable;
}

/* Adds the variable when the account may set it; false otherwise. */
static bool set(struct translation *t, enum session_variable variable, const char *literal)
{
	if (!t->target->variables[variable])
		return false;
	add(t, session_variable_reference(variable), literal)->variable = variable;
	return true;
}

static bool has(const struct translation *t, unsigned bit)
{
	return (t->in->query->has & bit) != 0;
}

/* ---- character sets ---- */

static int collation_of(
	struct translation *t, unsigned id, const char *what, const char **name, struct error *error)
{
	const struct collation *collation = collation_by_id(t->in->source.family, id);
	char version[32];

	if (!collation)
		return error_set(error, ERROR_STOP,
			"The log gives the number %u as %s, which is no collation of %s that is known here.",
			id, what, version_print(t->in->source, version));
	*name = collation->name;
	return 0;
}

/* The target's word for a collation of the source's; NULL and a warning when it has nothing like it. */
static const char *translated(struct translation *t, const char *name, const char *what)
{
	bool exact;
	const char *to;

	if (t->target->collations.count == 0)
		return name;
	to = collation_translate(name, t->target, &exact);
	if (!to)
		warn(t, "The target has nothing like the %s %s.", what, name);
	else if (!exact)
		warn(t, "The target does not know the %s %s; %s stands in for it.", what, name, to);
	return to;
}

static int put_charsets(struct translation *t, struct error *error)
{
	const struct query_context *query = t->in->query;
	const char *client, *to, *charset;

	if (!has(t, QUERY_HAS_CHARSET))
		return 0;
	if (collation_of(t, query->client_collation, "character_set_client", &client, error) != 0 ||
		collation_of(t, query->connection_collation, "collation_connection",
			&t->out->connection_collation, error) != 0 ||
		collation_of(t, query->server_collation, "collation_server", &t->out->server_collation,
			error) != 0)
		return -1;
	charset = charset_of(client);
	t->out->client_charset = charset;
	to = translated(t, t->out->connection_collation, "connection's collation");
	if (!to)
		return error_set(error, ERROR_STOP,
			"The target has nothing like the connection's collation %s.",
			t->out->connection_collation);
	set(t, VARIABLE_COLLATION_CONNECTION, to);
	to = translated(t, t->out->server_collation, "server's collation");
	if (to)
		set(t, VARIABLE_COLLATION_SERVER, to);
	to = t->target->charsets.count ? charset_translate(charset, t->target) : charset;
	if (!to || strncmp(charset, "utf16", 5) == 0 || strcmp(charset, "ucs2") == 0 ||
		strcmp(charset, "utf32") == 0)
		return error_set(error, ERROR_STOP,
			"The statement is written in the character set %s, which the target's client cannot "
			"have.",
			charset);
	set(t, VARIABLE_CHARACTER_SET_CLIENT, to);
	return 0;
}

static int put_database_collation(struct translation *t, struct error *error)
{
	const char *to = "DEFAULT"; /* the database's own */

	if (has(t, QUERY_HAS_CHARSET_DATABASE)) {
		if (collation_of(t, t->in->query->database_collation, "collation_database",
			    &t->out->database_collation, error) != 0)
			return -1;
		to = translated(t, t->out->database_collation, "database's collation");
	}
	if (to)
		set(t, VARIABLE_COLLATION_DATABASE, to);
	return 0;
}

/* MariaDB 11.2 tells for which character sets its session had a default of its own. */
static int read_charset_defaults(struct translation *t, struct buffer *list, struct error *error)
{
	const uint8_t *at = t->in->query->character_set_collations;
	bool exact;

	for (unsigned i = 0; i < t->in->query->character_set_collations_count; i++, at += 4) {
		unsigned id = at[2] | (unsigned)at[3] << 8;
		const char *name, *to;

		if (collation_of(t, id, "a default collation", &name, error) != 0)
			return -1;
		if (strcmp(charset_of(name), "utf8mb4") == 0)
			t->out->default_utf8mb4 = name;
		to = t->target->collations.count ? collation_translate(name, t->target, &exact) : name;
		if (to)
			buffer_printf(list, "%s%s=%s", list->length ? "," : "", charset_of(name), to);
	}
	return 0;
}

static int put_default_collations(struct translation *t, struct error *error)
{
	struct buffer list = BUFFER_INIT;
	bool maria_told = has(t, QUERY_HAS_CHARACTER_SET_COLLATIONS), exact;
	const char *name = NULL, *to;
	int result = -1;

	if (has(t, QUERY_HAS_DEFAULT_UTF8MB4)) {
		if (collation_of(t, t->in->query->default_utf8mb4_collation, "default_collation_for_utf8mb4",
			    &name, error) != 0)
			goto out;
	} else if (t->in->source_default_utf8mb4) {
		name = t->in->source_default_utf8mb4;
	} else {
		/* an older MySQL, or a MariaDB that says by code 131 what differs from this */
		name = t->in->source.family == FAMILY_MARIADB ||
				       !version_at_least(t->in->source, FAMILY_MYSQL, 80001)
			       ? "utf8mb4_general_ci"
			       : "utf8mb4_0900_ai_ci";
	}
	t->out->default_utf8mb4 = name;
	if (maria_told && read_charset_defaults(t, &list, error) != 0)
		goto out;
	if (!maria_told && strcmp(name, "utf8mb4_general_ci") != 0) {
		to = collation_translate(name, t->target, &exact);
		if (to)
			buffer_printf(&list, "utf8mb4=%s", to);
	}
	set(t, VARIABLE_CHARACTER_SET_COLLATIONS, text_of(t, "'%s'", buffer_text(&list)));
	/* MySQL takes these two only, and the rest is written into the text */
	name = t->out->default_utf8mb4;
	if (strcmp(name, "utf8mb4_general_ci") == 0 || strcmp(name, "utf8mb4_0900_ai_ci") == 0)
		set(t, VARIABLE_DEFAULT_COLLATION_FOR_UTF8MB4, name);
	result = 0;
out:
	buffer_release(&list);
	return result;
}

/* ---- time ---- */

/* "+02:00", "-9:30": digits and nothing else, as it is put between quotes as it is. */
static bool is_offset(const char *zone)
{
	size_t hours = strspn(zone + (*zone ? 1 : 0), "0123456789");
	const char *colon = zone + 1 + hours;

	return (zone[0] == '+' || zone[0] == '-') && hours >= 1 && hours <= 2 && *colon == ':' &&
	       strspn(colon + 1, "0123456789") == 2 && colon[3] == '\0';
}

static int put_named_zone(struct translation *t, const char *zone, struct error *error)
{
	char offset[8];
	int32_t seconds;

	if (t->target->time_zone_tables) {
		struct buffer literal = BUFFER_INIT;

		literal_put(zone, strlen(zone), NULL, &literal);
		set(t, VARIABLE_TIME_ZONE, arena_strdup(t->arena, buffer_text(&literal)));
		buffer_release(&literal);
		return 0;
	}
	if (strcasecmp(zone, "UTC") == 0) {
		set(t, VARIABLE_TIME_ZONE, "'+00:00'");
		return 0;
	}
	if (zone_offset_by_name(t->in->zone_directory, zone, t->in->timestamp, &seconds, error) != 0)
		return -1;
	if (zone_print(seconds, offset) != 0)
		return error_set(error, ERROR_STOP,
			"The time zone %s was %d seconds from UTC at that time, which no server takes as an "
			"offset: "
			"load the target's tables of time zones.",
			zone, (int)seconds);
	warn(t,
		"The time zone %s is sent as %s, which it was at that time: the target has no tables of time "
		"zones.",
		zone, offset);
	set(t, VARIABLE_TIME_ZONE, text_of(t, "'%s'", offset));
	return 0;
}

static int put_time_zone(struct translation *t, struct error *error)
{
	const char *zone;

	if (!has(t, QUERY_HAS_TIME_ZONE))
		return 0;
	zone = arena_strndup(t->arena, t->in->query->time_zone, t->in->query->time_zone_length);
	if (strcasecmp(zone, "SYSTEM") == 0) {
		zone = t->in->source_time_zone;
		if (!zone)
			return error_set(error, ERROR_STOP,
				"The statement uses the source's SYSTEM time zone, and the source did not tell which "
				"that is: set it there by name (SET GLOBAL time_zone='Europe/Berlin') or by offset, "
				"then run changeling retry.");
	}
	if (is_offset(zone)) {
		set(t, VARIABLE_TIME_ZONE, text_of(t, "'%s'", zone));
		return 0;
	}
	return put_named_zone(t, zone, error);
}

static void put_timestamp(struct translation *t)
{
	uint32_t fraction =
		t->in->keep_microseconds && has(t, QUERY_HAS_MICROSECONDS) ? t->in->query->microseconds : 0;

	if (!set(t, VARIABLE_TIMESTAMP,
		    fraction ? text_of(t, "%" PRIu32 ".%06" PRIu32, t->in->timestamp, fraction)
			     : text_of(t, "%" PRIu32, t->in->timestamp)))
		warn(t, "The target's account may not set the time (secure_timestamp): NOW() is the "
			"target's.");
}

static int put_locale(struct translation *t, struct error *error)
{
	unsigned number = has(t, QUERY_HAS_LC_TIME_NAMES) ? t->in->query->lc_time_names : 0;
	const char *name = locale_name(number);

	if (!name)
		return error_set(error, ERROR_STOP,
			"The log gives the number %u as lc_time_names, which nobody knows.", number);
	set(t, VARIABLE_LC_TIME_NAMES, text_of(t, "'%s'", name));
	return 0;
}

/* ---- the rest ---- */

static void put_mode(struct translation *t)
{
	uint64_t mode = has(t, QUERY_HAS_SQL_MODE) ? t->in->query->sql_mode : 0;
	struct buffer names = BUFFER_INIT;

	/* where files lie is each server's own affair */
	t->out->target_sql_mode =
		mode_translate(mode, t->in->source, t->target->server) & ~MODE_NO_DIR_IN_CREATE;
	buffer_putc(&names, '\'');
	mode_print(t->out->target_sql_mode, t->target->server, &names);
	buffer_putc(&names, '\'');
	set(t, VARIABLE_SQL_MODE, arena_strdup(t->arena, buffer_text(&names)));
	buffer_release(&names);
}

static void put_flags(struct translation *t)
{
	uint32_t flags = has(t, QUERY_HAS_FLAGS2) ? t->in->query->flags2 : 0;
	bool maria = t->in->source.family == FAMILY_MARIADB;

	set(t, VARIABLE_FOREIGN_KEY_CHECKS, flags & QUERY_FLAG_NO_FOREIGN_KEY_CHECKS ? "0" : "1");
	set(t, VARIABLE_UNIQUE_CHECKS, flags & QUERY_FLAG_RELAXED_UNIQUE_CHECKS ? "0" : "1");
	set(t, VARIABLE_SQL_AUTO_IS_NULL, flags & QUERY_FLAG_AUTO_IS_NULL ? "1" : "0");
	set(t, VARIABLE_SQL_IF_EXISTS, maria && (flags & QUERY_FLAG_IF_EXISTS) ? "1" : "0");
	set(t, VARIABLE_SYSTEM_VERSIONING_INSERT_HISTORY,
		maria && (flags & QUERY_FLAG_INSERT_HISTORY) ? "1" : "0");
	if (!set(t, VARIABLE_ENABLE_CASCADE_TRIGGERS, t->in->query->cascade_triggers ? "1" : "0") &&
		t->in->query->cascade_triggers)
		warn(t, "On the source the actions of foreign keys fire triggers (enable_cascade_triggers), here "
			"they do not.");
}

static void put_auto_increment(struct translation *t)
{
	unsigned increment = 1, offset = 1;

	if (has(t, QUERY_HAS_AUTO_INCREMENT)) {
		increment = t->in->query->auto_increment_increment;
		offset = t->in->query->auto_increment_offset;
	}
	set(t, VARIABLE_AUTO_INCREMENT_INCREMENT, text_of(t, "%u", increment));
	set(t, VARIABLE_AUTO_INCREMENT_OFFSET, text_of(t, "%u", offset));
}

static void once(struct translation *t, enum session_variable variable, uint64_t value)
{
	if (set(t, variable, text_of(t, "%" PRIu64, value)))
		t->out->variables[t->out->count - 1].once = true;
	else
		warn(t, "The target's account may not set %s.", session_variable_name(variable));
}

static int put_statement(struct translation *t, struct error *error)
{
	const struct statement_context *s = t->in->statement;

	if (!s)
		return 0;
	if (s->has_last_insert_id)
		once(t, VARIABLE_LAST_INSERT_ID, s->last_insert_id);
	if (s->has_insert_id)
		once(t, VARIABLE_INSERT_ID, s->insert_id);
	if (s->has_rand) {
		once(t, VARIABLE_RAND_SEED1, s->rand_seed1);
		once(t, VARIABLE_RAND_SEED2, s->rand_seed2);
	}
	for (const struct user_variable *v = s->variables; v; v = v->next) {
		struct buffer name = BUFFER_INIT, literal = BUFFER_INIT;
		int result;

		buffer_putc(&name, '@');
		identifier_put(arena_strndup(t->arena, v->name, v->name_length), NULL, &name);
		result = user_variable_literal(v, t->in->source, t->target, &literal, error);
		if (result == 0)
			add(t, arena_strdup(t->arena, buffer_text(&name)),
				arena_strdup(t->arena, buffer_text(&literal)))
				->once = true;
		else
			error_context(error, "user variable %s", buffer_text(&name));
		buffer_release(&name);
		buffer_release(&literal);
		if (result != 0)
			return -1;
	}
	return 0;
}

int session_context_shared(const struct context_input *input, const struct capabilities *target, struct arena *arena,
	struct session_context *context, struct error *error)
{
	struct translation t = {.in = input, .target = target, .arena = arena, .out = context};

	*context = (struct session_context){0};
	if (input->query->has & QUERY_HAS_UNKNOWN)
		return error_set(error, ERROR_STOP,
			"The statement's context holds something of a newer server (status variable %u) that "
			"is not "
			"known here, so it cannot be run as it was.",
			input->query->unknown_code);
	t.room = SESSION_VARIABLES;
	context->variables = arena_alloc(arena, t.room * sizeof(*context->variables));
	put_mode(&t);
	put_flags(&t);
	put_auto_increment(&t);
	if (put_time_zone(&t, error) != 0 || put_locale(&t, error) != 0 ||
		put_default_collations(&t, error) != 0 || put_database_collation(&t, error) != 0)
		return -1;
	return put_charsets(&t, error);
}

int session_context_own(const struct context_input *input, const struct capabilities *target, struct arena *arena,
	const struct session_context *shared, struct session_context *context, struct error *error)
{
	struct translation t = {.in = input, .target = target, .arena = arena, .out = context};

	*context = *shared;
	context->count = 0;
	context->warning_count = 0;
	t.room = OWN_MAXIMUM + shared->count;
	context->variables = arena_alloc(arena, t.room * sizeof(*context->variables));
	put_timestamp(&t);
	if (put_statement(&t, error) != 0)
		return -1;
	context->shared_from = context->count;
	for (size_t i = 0; i < shared->count; i++)
		*add(&t, shared->variables[i].name, shared->variables[i].literal) = shared->variables[i];
	return 0;
}

int session_context_translate(const struct context_input *input, const struct capabilities *target,
	struct arena *arena, struct session_context *context, struct error *error)
{
	struct session_context shared;
	const char **warnings;

	if (session_context_shared(input, target, arena, &shared, error) < 0 ||
		session_context_own(input, target, arena, &shared, context, error) < 0)
		return -1;
	if (shared.warning_count == 0)
		return 0;
	warnings = arena_alloc(arena, (shared.warning_count + context->warning_count) * sizeof(*warnings));
	memcpy(warnings, shared.warnings, shared.warning_count * sizeof(*warnings));
	if (context->warning_count)
		memcpy(warnings + shared.warning_count, context->warnings, context->warning_count * sizeof(*warnings));
	context->warnings = warnings;
	context->warning_count += shared.warning_count;
	return 0;
}

/* ---- user variables ---- */

static int string_literal(const struct user_variable *v, struct server_version source,
	const struct capabilities *target, struct buffer *out, struct error *error)
{
	const struct collation *collation = collation_by_id(source.family, v->collation);
	const char *charset, *to;
	bool exact;

	if (!collation)
		return error_set(error, ERROR_STOP,
			"Its collation has the number %" PRIu32 ", which nobody knows.", v->collation);
	charset = target->charsets.count ? charset_translate(collation->charset, target) : collation->charset;
	to = target->collations.count ? collation_translate(collation->name, target, &exact)
				      : collation->name;
	if (!charset || !to)
		return error_set(
			error, ERROR_STOP, "The target has nothing like the collation %s.", collation->name);
	buffer_printf(out, "_%s x'", charset);
	buffer_put_hex(out, v->value, v->value_length);
	buffer_putc(out, '\'');
	if (strcmp(to, "binary") != 0) /* a keyword, which MariaDB's grammar does not take there; it has no other collation */
		buffer_printf(out, " COLLATE %s", to);
	return 0;
}

static int integer_literal(const struct user_variable *v, struct buffer *out, struct error *error)
{
	uint64_t value = 0;

	if (v->value_length != 8)
		return error_set(error, ERROR_CORRUPT, "A whole number of %" PRIu32 " bytes instead of 8.",
			v->value_length);
	for (int i = 7; i >= 0; i--)
		value = value << 8 | v->value[i];
	if (v->is_unsigned)
		buffer_printf(out, "CAST(%" PRIu64 " AS UNSIGNED)", value);
	else if (value == (uint64_t)1
				  << 63) /* its digits alone would be read before the minus, as too large */
		buffer_puts(out, "CAST(-9223372036854775808 AS SIGNED)");
	else
		buffer_put_i64(out, (int64_t)value);
	return 0;
}

static int real_literal(const struct user_variable *v, struct buffer *out, struct error *error)
{
	uint64_t bits = 0;
	double number;

	if (v->value_length != 8)
		return error_set(error, ERROR_CORRUPT,
			"A floating-point number of %" PRIu32 " bytes instead of 8.", v->value_length);
	for (int i = 7; i >= 0; i--)
		bits = bits << 8 | v->value[i];
	memcpy(&number, &bits, sizeof(number));
	if (number != number || number - number != 0)
		return error_set(error, ERROR_STOP,
			"It is no number (infinite, or none at all), which SQL cannot write.");
	double_put_sql(number, out);
	return 0;
}

static int decimal_literal(const struct user_variable *v, struct buffer *out, struct error *error)
{
	unsigned precision, scale;

	if (v->value_length < 2)
		return error_set(
			error, ERROR_CORRUPT, "A decimal number of %" PRIu32 " bytes.", v->value_length);
	precision = v->value[0];
	scale = v->value[1];
	if (precision == 0 || precision > 65 || scale > precision || scale > 38 ||
		decimal_packed_size(precision, scale) != v->value_length - 2)
		return error_set(error, ERROR_CORRUPT,
			"A decimal number of precision %u and scale %u in %" PRIu32 " bytes.", precision,
			scale, v->value_length);
	buffer_puts(out, "CAST(");
	if (decimal_put_text(v->value + 2, precision, scale, out, error) != 0)
		return -1;
	buffer_printf(out, " AS DECIMAL(%u,%u))", precision, scale);
	return 0;
}

int user_variable_literal(const struct user_variable *variable, struct server_version source,
	const struct capabilities *target, struct buffer *out, struct error *error)
{
	if (variable->is_null) {
		buffer_puts(out, "NULL");
		return 0;
	}
	switch (variable->type) {
	case USER_VARIABLE_STRING:
		return string_literal(variable, source, target, out, error);
	case USER_VARIABLE_INT:
		return integer_literal(variable, out, error);
	case USER_VARIABLE_REAL:
		return real_literal(variable, out, error);
	case USER_VARIABLE_DECIMAL:
		return decimal_literal(variable, out, error);
	}
	return error_set(error, ERROR_STOP, "Its type is not known.");
}
