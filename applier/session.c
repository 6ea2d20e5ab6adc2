#include "applier/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "applier/target.h"
#include "base/memory.h"
#include "binlog/rows.h"

struct setting {
	char *name, *literal;
	UT_hash_handle hh;
};

struct session {
	struct setting *settings;
	char *database;
	enum server_family family;
	unsigned version;
	unsigned shared; /* number of the shared context that is in force, with @changeling_rows off; 0 none */
	/* the connection's collation makes literals of bytes that are not ASCII, in which servers find no mode and no time zone.
	 * Not forgotten with the rest: the server's session still has it. */
	bool wide;
	/* the SET under way */
	bool open;
	size_t statements;
};

/* The apply session's mode: whatever the master could store is taken, nothing is cut or rounded in silence. */
#define ROWS_MODE "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION,STRICT_ALL_TABLES'"
#define LENIENT_MODE "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"
#define COLLATION_CONNECTION "@@session.collation_connection"
#define OWN_COLLATION "utf8mb4_general_ci"

struct session *session_new(enum server_family family, unsigned version)
{
	struct session *session = memory_zalloc(sizeof(*session));

	session->family = family;
	session->version = version;
	return session;
}

static void forget_setting(struct session *session, struct setting *setting)
{
	HASH_DEL(session->settings, setting);
	free(setting->name);
	free(setting->literal);
	free(setting);
}

void session_forget(struct session *session)
{
	struct setting *setting, *next;

	HASH_ITER(hh, session->settings, setting, next)
	{
		forget_setting(session, setting);
	}
	free(session->database);
	session->database = NULL;
	session->shared = 0;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	session_forget(session);
	free(session);
}

static size_t end(struct session *session, struct buffer *out)
{
	if (session->open)
		buffer_puts(out, "; ");
	session->open = false;
	return session->statements;
}

static bool is_wide(const char *collation)
{
	static const char *const charsets[] = {"ucs2", "utf16", "utf32"};

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		if (strncmp(collation, charsets[i], strlen(charsets[i])) == 0)
			return true;
	}
	return false;
}

static void put(struct session *session, struct buffer *out, const char *name, const char *literal, bool always)
{
	struct setting *setting;

	HASH_FIND_STR(session->settings, name, setting);
	if (setting && !always && strcmp(setting->literal, literal) == 0)
		return;
	session->shared = 0;
	if (!session->open) {
		buffer_puts(out, "SET ");
		session->open = true;
		session->statements++;
	} else {
		buffer_puts(out, ", ");
	}
	buffer_puts(out, name);
	buffer_puts(out, " = ");
	buffer_puts(out, literal);
	if (strcmp(name, COLLATION_CONNECTION) == 0)
		session->wide = is_wide(literal);
	if (always && !setting)
		return;
	if (!setting) {
		setting = memory_zalloc(sizeof(*setting));
		setting->name = memory_strdup(name);
		HASH_ADD_KEYPTR(hh, session->settings, setting->name, strlen(setting->name), setting);
	}
	free(setting->literal);
	setting->literal = memory_strdup(literal);
}

static void begin(struct session *session, struct buffer *out)
{
	session->open = false;
	session->statements = 0;
	if (session->wide) {
		/* alone, as all literals of a SET are read before it sets anything */
		put(session, out, COLLATION_CONNECTION, OWN_COLLATION, false);
		end(session, out);
	}
}

static void put_text_settings(struct session *session, struct buffer *out, const char *mode)
{
	put(session, out, "@@session.character_set_client", "utf8mb4", false);
	put(session, out, COLLATION_CONNECTION, OWN_COLLATION, false);
	put(session, out, "@@session.sql_mode", mode, false);
}

size_t session_put_own(struct session *session, struct buffer *out)
{
	begin(session, out);
	put_text_settings(session, out, ROWS_MODE);
	return end(session, out);
}

size_t session_put_lenient(struct session *session, struct buffer *out)
{
	begin(session, out);
	put_text_settings(session, out, LENIENT_MODE);
	return end(session, out);
}

size_t session_put_kept_zeros(struct session *session, struct buffer *out)
{
	begin(session, out);
	put(session, out, "@@session.sql_mode", "CONCAT(@@session.sql_mode, ',NO_AUTO_VALUE_ON_ZERO')", true);
	return end(session, out);
}

size_t session_put_rows(struct session *session, struct buffer *out, unsigned flags, uint64_t timestamp_us)
{
	char time[40] = "DEFAULT";

	if (timestamp_us)
		snprintf(time, sizeof(time), "%llu.%06llu", (unsigned long long)(timestamp_us / 1000000),
			(unsigned long long)(timestamp_us % 1000000));
	begin(session, out);
	put_text_settings(session, out, ROWS_MODE);
	put(session, out, "@@session.time_zone", "'+00:00'", false);
	put(session, out, "@@session.sql_auto_is_null", "0", false);
	put(session, out, "@@session.foreign_key_checks", flags & ROWS_FLAG_NO_FOREIGN_KEY_CHECKS ? "0" : "1", false);
	put(session, out, "@@session.unique_checks", flags & ROWS_FLAG_RELAXED_UNIQUE_CHECKS ? "0" : "1", false);
	if (session->family == FAMILY_MARIADB)
		put(session, out, "@@session.check_constraint_checks",
			flags & ROWS_FLAG_NO_CHECK_CONSTRAINTS ? "0" : "1", false);
	put(session, out, "@@session.timestamp", time, false);
	put(session, out, "@changeling_rows", "1", false);
	return end(session, out);
}

/* All but the client's character set, which comes last. */
static void put_variables(struct session *session, struct buffer *out, const struct session_context *context, size_t from,
	size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (context->variables[i].variable != VARIABLE_CHARACTER_SET_CLIENT)
			put(session, out, context->variables[i].name, context->variables[i].literal,
				context->variables[i].once);
	}
}

static bool is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return *text == '\0';
}

/* Is there more than ASCII in what may have to be sent? Every client's character set reads ASCII alike. */
static bool has_foreign_text(const struct session *session, const struct session_context *context)
{
	bool in_force = session->shared && session->shared == context->shared;
	size_t count = in_force ? context->shared_from : context->count;

	for (size_t i = 0; i < count; i++) {
		if (!is_ascii(context->variables[i].name) || !is_ascii(context->variables[i].literal))
			return true;
	}
	return false;
}

size_t session_put_statement(struct session *session, struct buffer *out,
	const struct planned_statement *statement)
{
	const struct session_context *context = &statement->session;
	size_t used = 0;
	unsigned shared;

	/* names first, while the text is read as utf8mb4; the client's character set comes last in the context */
	if (statement->database && (!session->database || strcmp(session->database, statement->database) != 0)) {
		used = session_put_own(session, out) + 1;
		buffer_puts(out, "USE ");
		sql_put_name(out, statement->database);
		buffer_puts(out, "; ");
		free(session->database);
		session->database = memory_strdup(statement->database);
	}
	/* and so do variables' names, which a character set of the statement's own could take for the end of a name */
	if (has_foreign_text(session, context))
		used += session_put_own(session, out);
	begin(session, out);
	shared = session->shared;
	put_variables(session, out, context, 0, context->shared_from);
	if (!shared || shared != context->shared) {
		put(session, out, "@changeling_rows", "NULL", false);
		put_variables(session, out, context, context->shared_from, context->count);
	}
	for (size_t i = 0; i < statement->plan.setting_count; i++) {
		struct buffer name = BUFFER_INIT;

		buffer_printf(&name, "@@session.%s", statement->plan.settings[i].name);
		put(session, out, buffer_text(&name), statement->plan.settings[i].literal, false);
		buffer_release(&name);
	}
	for (size_t i = context->shared_from; i < context->count && (!shared || shared != context->shared); i++) {
		if (context->variables[i].variable == VARIABLE_CHARACTER_SET_CLIENT)
			put(session, out, context->variables[i].name, context->variables[i].literal, false);
	}
	session->shared = statement->plan.setting_count ? 0 : context->shared;
	return used + end(session, out);
}

void session_end_statement(struct session *session, const struct planned_statement *statement)
{
	if (statement->plan.setting_count)
		session_forget(session);
}
