#include "applier/fingerprint.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "applier/sql/classify.h"
#include "base/arena.h"
#include "base/buffer.h"

static void hash_text(const char *text, size_t length, char hash[FINGERPRINT_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	EVP_Digest(text, length, digest, &size, EVP_sha256(), NULL);
	for (unsigned i = 0; i < size && i < 32; i++)
		snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

int fingerprint_session(struct target *target, const char *schema, struct error *error)
{
	struct target_outcome outcomes[2];
	struct buffer sql = BUFFER_INIT;
	size_t failed;
	int result;

	buffer_puts(&sql, "SET @@session.character_set_client = utf8mb4, @@session.collation_connection = utf8mb4_general_ci, "
			  "@@session.sql_mode = 'STRICT_ALL_TABLES', @@session.time_zone = '+00:00'; USE ");
	sql_put_name(&sql, schema);
	result = target_flight(target, sql.data, sql.length, 2, outcomes, &failed, error);
	buffer_release(&sql);
	return result;
}

/* ---- by its words ---- */

static const char *show_statement(int kind)
{
	switch (kind) {
	case OBJECT_TABLE:
	case OBJECT_VIEW:
	case OBJECT_SEQUENCE:
		return "SHOW CREATE TABLE ";
	case OBJECT_DATABASE:
		return "SHOW CREATE DATABASE ";
	case OBJECT_PROCEDURE:
		return "SHOW CREATE PROCEDURE ";
	case OBJECT_FUNCTION:
		return "SHOW CREATE FUNCTION ";
	case OBJECT_TRIGGER:
		return "SHOW CREATE TRIGGER ";
	case OBJECT_EVENT:
		return "SHOW CREATE EVENT ";
	default:
		return NULL;
	}
}

static bool means_absent(unsigned code)
{
	switch (code) {
	case 1146: /* table */
	case 1049: /* database */
	case 1305: /* routine */
	case 1360: /* trigger */
	case 1539: /* event */
	case 1051:
	case 1347:
		return true;
	default:
		return false;
	}
}

/* The number that the next row gets is no part of the definition: a server that was killed may count anew. */
static void put_words(struct buffer *out, const char *words)
{
	static const char option[] = " AUTO_INCREMENT=";
	const char *options = strrchr(words, ')'), *at = options ? strstr(options, option) : NULL;

	if (at) {
		buffer_append(out, words, (size_t)(at - words));
		words = at + sizeof(option) - 1;
		words += strspn(words, "0123456789");
	}
	buffer_puts(out, words);
	buffer_putc(out, '\n');
}

int fingerprint_definition(struct target *target, int kind, const char *database, const char *name,
	char fingerprint[FINGERPRINT_TEXT], struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT, text = BUFFER_INIT;
	struct error failure = {0};
	struct target_rows rows;
	const char *show = show_statement(kind);
	int result;

	strcpy(fingerprint, FINGERPRINT_ABSENT);
	if (!show)
		return 0;
	buffer_puts(&sql, show);
	if (kind != OBJECT_DATABASE && database[0]) {
		sql_put_name(&sql, database);
		buffer_putc(&sql, '.');
	}
	sql_put_name(&sql, name);
	result = target_query(target, sql.data, sql.length, &arena, &rows, &failure);
	if (result == 0) {
		for (size_t i = 0; i < rows.columns && rows.rows; i++)
			put_words(&text, target_text(&rows, 0, i));
		hash_text(buffer_text(&text), text.length, fingerprint);
	} else if (failure.code == 1356) { /* a view over what is gone: it is there, but has no text to show */
		strcpy(fingerprint, "invalid");
		result = 0;
	} else if (means_absent(failure.code)) {
		result = 0;
	} else {
		*error = failure;
	}
	buffer_release(&sql);
	buffer_release(&text);
	arena_release(&arena);
	return result;
}

/* ---- by its number ---- */

/* InnoDB's own names are coded otherwise as soon as there is more in them than this. */
static bool is_plain(const char *name)
{
	for (; *name; name++) {
		if (!isascii((unsigned char)*name) || (!isalnum((unsigned char)*name) && *name != '_'))
			return false;
	}
	return true;
}

int fingerprint_identity(struct target *target, const char *database, const char *name,
	char fingerprint[FINGERPRINT_TEXT], struct error *error)
{
	bool dictionary = target_family(target) == FAMILY_MYSQL && target_version(target) >= 80000;
	struct arena arena = ARENA_INIT;
	struct error failure = {0};
	struct target_rows rows;
	int result = fingerprint_definition(target, OBJECT_TABLE, database, name, fingerprint, error);

	if (result < 0 || strcmp(fingerprint, FINGERPRINT_ABSENT) == 0)
		return result;
	strcpy(fingerprint, FINGERPRINT_UNKNOWN);
	if (!is_plain(database) || !is_plain(name))
		return 0;
	result = target_queryf(target, &arena, &rows, &failure,
		"SELECT TABLE_ID FROM information_schema.%s WHERE NAME = '%s/%s'",
		dictionary ? "INNODB_TABLES" : "INNODB_SYS_TABLES", database, name);
	if (result == 0 && rows.rows == 1 && target_cell(&rows, 0, 0))
		snprintf(fingerprint, FINGERPRINT_TEXT, "id-%s", target_cell(&rows, 0, 0));
	if (result < 0 && failure.kind != ERROR_STOP)
		*error = failure;
	else
		result = 0; /* not for this account */
	arena_release(&arena);
	return result;
}
