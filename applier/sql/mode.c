#include "applier/sql/mode.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/lexer.h"

#define BIT(n) ((uint64_t)1 << (n))
#define TIME_TRUNCATE_FRACTIONAL BIT(32) /* MySQL 8.0+ */
#define TIME_ROUND_FRACTIONAL BIT(34)	 /* MariaDB */
#define NO_AUTO_CREATE_USER BIT(28)
/* what both families number alike */
#define SHARED_BITS 0xffffffffu
/* bits that MySQL 8.0 and later refuse: 4, 8…17 and 28 */
#define REMOVED_BITS (BIT(4) | 0x3ff00u | NO_AUTO_CREATE_USER)

static const char *const names[] = {"REAL_AS_FLOAT", "PIPES_AS_CONCAT", "ANSI_QUOTES", "IGNORE_SPACE", NULL,
	"ONLY_FULL_GROUP_BY", "NO_UNSIGNED_SUBTRACTION", "NO_DIR_IN_CREATE", "POSTGRESQL", "ORACLE", "MSSQL",
	"DB2", "MAXDB", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS", "NO_FIELD_OPTIONS", "MYSQL323", "MYSQL40",
	"ANSI", "NO_AUTO_VALUE_ON_ZERO", "NO_BACKSLASH_ESCAPES", "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES",
	"NO_ZERO_IN_DATE", "NO_ZERO_DATE", "ALLOW_INVALID_DATES", "ERROR_FOR_DIVISION_BY_ZERO", "TRADITIONAL",
	"NO_AUTO_CREATE_USER", "HIGH_NOT_PRECEDENCE", "NO_ENGINE_SUBSTITUTION", "PAD_CHAR_TO_FULL_LENGTH"};

/* What a mode's name sets besides its own bit, as the servers do it on SET. */
static const struct {
	uint64_t bit, sets;
} combined[] = {
	{BIT(18), BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(5)},
	{BIT(27), BIT(21) | BIT(22) | BIT(23) | BIT(24) | BIT(26) | BIT(30)},
	{BIT(9), BIT(1) | BIT(2) | BIT(3) | BIT(13) | BIT(14) | BIT(15) | BIT(28)},
};

static const char *mode_name(unsigned bit, struct server_version server)
{
	bool maria = server.family == FAMILY_MARIADB;

	if (bit == 4)
		return maria ? "IGNORE_BAD_TABLE_OPTIONS" : NULL;
	if (bit == 32)
		return maria					       ? "EMPTY_STRING_IS_NULL"
		       : version_at_least(server, FAMILY_MYSQL, 80000) ? "TIME_TRUNCATE_FRACTIONAL"
								       : NULL;
	if (bit == 33)
		return maria ? "SIMULTANEOUS_ASSIGNMENT" : NULL;
	if (bit == 34)
		return maria ? "TIME_ROUND_FRACTIONAL" : NULL;
	if (bit >= sizeof(names) / sizeof(names[0]))
		return NULL;
	if ((REMOVED_BITS & BIT(bit)) && version_at_least(server, FAMILY_MYSQL, 80000))
		return NULL;
	return names[bit];
}

/* A mode that stands for others means what it meant on the source: these are in the log by themselves, and its own name, where it
 * says something else to the target, is left out. */
static uint64_t misunderstood(struct server_version source, struct server_version target)
{
	uint64_t mode = 0;

	/* MySQL's is a list of modes, MariaDB's another language */
	if (target.family == FAMILY_MARIADB && source.family == FAMILY_MYSQL)
		mode |= MODE_ORACLE;
	/* ONLY_FULL_GROUP_BY is part of it since MySQL 5.7.5 */
	if (version_at_least(target, FAMILY_MYSQL, 50705) && !version_at_least(source, FAMILY_MYSQL, 50705))
		mode |= MODE_ANSI;
	return mode;
}

uint64_t mode_translate(uint64_t mode, struct server_version source, struct server_version target)
{
	uint64_t out = mode, taken = 0;

	if (source.family != target.family) {
		out &= SHARED_BITS;
		if (target.family == FAMILY_MARIADB) {
			/* MySQL rounds fractions unless told, MariaDB cuts them unless told */
			if (version_at_least(source, FAMILY_MYSQL, 50600) &&
				!(mode & TIME_TRUNCATE_FRACTIONAL))
				out |= TIME_ROUND_FRACTIONAL;
			out &= ~BIT(4);
		} else {
			out &= ~BIT(4);
			if (!(mode & TIME_ROUND_FRACTIONAL) && version_at_least(target, FAMILY_MYSQL, 80000))
				out |= TIME_TRUNCATE_FRACTIONAL;
		}
	}
	for (unsigned bit = 0; bit < 35; bit++)
		if (mode_name(bit, target))
			taken |= BIT(bit);
	/* TIME_ROUND_FRACTIONAL came with 10.4, IGNORE_BAD_TABLE_OPTIONS and the rest before any release in
	 * use */
	if (target.family == FAMILY_MARIADB && target.number && target.number < 100400)
		taken &= ~TIME_ROUND_FRACTIONAL;
	return out & taken & ~misunderstood(source, target);
}

void mode_print(uint64_t mode, struct server_version server, struct buffer *out)
{
	bool first = true;

	for (unsigned bit = 0; bit < 35; bit++) {
		const char *name = mode & BIT(bit) ? mode_name(bit, server) : NULL;

		if (!name)
			continue;
		if (!first)
			buffer_putc(out, ',');
		buffer_puts(out, name);
		first = false;
	}
}

static int parse_word(
	const char *word, size_t length, struct server_version server, uint64_t *mode, struct error *error)
{
	for (unsigned bit = 0; bit < 35; bit++) {
		const char *name = mode_name(bit, server);

		if (!name || strlen(name) != length || strncasecmp(name, word, length) != 0)
			continue;
		*mode |= BIT(bit);
		for (size_t i = 0; i < sizeof(combined) / sizeof(combined[0]); i++)
			if (combined[i].bit == BIT(bit))
				*mode |= combined[i].sets;
		return 0;
	}
	return error_set(error, ERROR_USAGE, "\"%.*s\" is no sql_mode of that server.", (int)length, word);
}

int mode_parse(const char *text, struct server_version server, uint64_t *mode, struct error *error)
{
	char *end;

	*mode = strtoull(text, &end, 10);
	if (end > text && *end == '\0')
		return 0;
	*mode = 0;
	while (*text) {
		size_t length = strcspn(text, ", ");

		if (length && parse_word(text, length, server, mode, error) != 0)
			return -1;
		text += length;
		text += strspn(text, ", ");
	}
	return 0;
}
