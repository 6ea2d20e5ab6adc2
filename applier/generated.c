#include "applier/generated.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Functions and words; introducers of literals. What makes dates of texts or numbers is not among them (sql_mode). */
static const char *const sure_words[] = {"abs", "and", "as", "between", "bit_count", "case", "cast", "char_length",
	"character_length", "coalesce", "concat", "concat_ws", "crc32", "else", "end", "false", "greatest", "hex", "if", "ifnull", "in",
	"instr", "is", "json_extract", "json_unquote", "json_value", "lcase", "least", "left", "length", "locate", "lower", "ltrim", "md5",
	"mod", "not", "null", "nullif", "octet_length", "or", "replace", "reverse", "right", "rtrim", "sha", "sha1", "sha2", "sign",
	"signed", "substr", "substring", "substring_index", "then", "trim", "true", "ucase", "unsigned", "upper", "when", "xor",
	"_latin1", "_utf8mb3", "_utf8mb4"};

/* Columns whose values, or their text, are another one in another session (CHAR: PAD_CHAR_TO_FULL_LENGTH), and those whose text
 * servers write differently. */
static const char *const unsure_types[] = {"timestamp", "time", "char", "float", "double"};

static bool is_one_of(const char *const *words, size_t count, const char *text, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == length && strncasecmp(words[i], text, length) == 0)
			return true;
	}
	return false;
}

/* The name in backquotes that `text` begins with; returns what is behind it, or NULL. */
static const char *skip_column(const struct target_table *table, const char *text)
{
	const char *end = strchr(text + 1, '`');

	for (unsigned i = 0; end && i < table->columns_count; i++) {
		const struct target_column *column = &table->columns[i];

		if (strlen(column->name) != (size_t)(end - text - 1) ||
			strncasecmp(column->name, text + 1, strlen(column->name)) != 0)
			continue;
		return is_one_of(unsure_types, sizeof(unsure_types) / sizeof(unsure_types[0]), column->type, strlen(column->type))
			? NULL
			: end + 1;
	}
	return NULL;
}

/* A literal of letters, digits and what paths of JSON and lists are made of: no other one's end is certain, for servers differ in how
 * they tell it. MySQL puts a backslash before the quotes. */
static const char *skip_literal(const char *text)
{
	text += *text == '\\' ? 2 : 1;
	while (*text && (isalnum((unsigned char)*text) || strchr(" $.,:;_-[]@#", *text)))
		text++;
	text += *text == '\\' ? 1 : 0;
	return *text == '\'' && text[1] != '\'' ? text + 1 : NULL;
}

static const char *skip_word(const char *text)
{
	const char *end = text;

	while (isalnum((unsigned char)*end) || *end == '_')
		end++;
	return is_one_of(sure_words, sizeof(sure_words) / sizeof(sure_words[0]), text, (size_t)(end - text)) ? end : NULL;
}

bool generated_is_sure(const struct target_table *table, const char *expression)
{
	const char *at = expression;

	while (at && *at) {
		if (*at == '`')
			at = skip_column(table, at);
		else if (*at == '\'' || (*at == '\\' && at[1] == '\''))
			at = skip_literal(at);
		else if (isalpha((unsigned char)*at) || *at == '_')
			at = skip_word(at);
		else if (isdigit((unsigned char)*at) || strchr(" ().,+-*%=<>!&|^~", *at))
			at++;
		else
			at = NULL;
	}
	return at != NULL && at != expression;
}

/* Is the value, or may it be, of the session's time zone? */
static bool is_of_zone(const struct target_table *table, const char *expression)
{
	static const char *const words[] = {"from_unixtime", "unix_timestamp", "convert_tz"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(expression, words[i]))
			return true;
	}
	for (unsigned i = 0; i < table->columns_count; i++) {
		if (strcasecmp(table->columns[i].type, "timestamp") == 0 && strcasestr(expression, table->columns[i].quoted))
			return true;
	}
	return false;
}

static bool is_utc(const char *zone)
{
	static const char *const names[] = {"UTC", "+00:00", "Etc/UTC", "GMT", "Etc/GMT", "UCT", "Zulu"};

	return zone && is_one_of(names, sizeof(names) / sizeof(names[0]), zone, strlen(zone));
}

int generated_check_update(const struct table_binding *binding, const struct rows_event *rows, const char *zone,
	struct error *error)
{
	const struct target_table *table = binding->table;

	if (!table->unsure_generated || rows->kind != ROWS_UPDATE || is_utc(zone))
		return 0;
	for (uint32_t i = 0; i < rows->columns_count; i++) {
		const struct target_column *column = binding->to_target[i] < 0 ? NULL : &table->columns[binding->to_target[i]];

		if (!column || !column->unsure_expression || bitmap_get(rows->present_after, i) ||
			!is_of_zone(table, column->unsure_expression))
			continue;
		error_set(error, ERROR_STOP,
			"table %s: an UPDATE, and the master's log does not tell the new value of the generated column %s AS (%s), "
			"which depends on the time zone of the master's session: its sessions begin in %s.",
			table->quoted, column->name, column->unsure_expression, zone ? zone : "a zone that is not known");
		return error_advice(error, "%s", generated_advice(FAMILY_MARIADB));
	}
	return 0;
}

void generated_put_difference(struct buffer *out, const struct target_table *table)
{
	const char *lead = "";

	buffer_puts(out, "the target computes other values than the master for generated columns that may depend on the session's "
			 "variables (time_zone, lc_time_names, default_week_format, div_precision_increment, sql_mode): ");
	for (unsigned i = 0; i < table->columns_count; i++) {
		if (!table->columns[i].unsure_expression)
			continue;
		buffer_printf(out, "%s%s AS (%s)", lead, table->columns[i].name, table->columns[i].unsure_expression);
		lead = ", ";
	}
}

const char *generated_advice(enum server_family family)
{
	/* MariaDB 11.8's log has no generated column in the images of an UPDATE: an ordinary one would keep its old value */
	return family == FAMILY_MARIADB
		? "Until the cut-over make each such column on the target one that is not kept: drop it and add it again in its "
		  "place as VIRTUAL, without an index. Then run `changeling retry`; `changeling skip` steps over the whole "
		  "transaction."
		: "Until the cut-over make each such column on the target an ordinary one, which takes the master's values: ALTER TABLE … "
		  "MODIFY with its type alone; mend those of the rows that are there. Then run `changeling retry`; `changeling skip` "
		  "steps over the whole transaction.";
}
