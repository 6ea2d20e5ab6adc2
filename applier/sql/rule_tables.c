/* Options of tables that a managed target refuses, or that would make its tables less safe (6.7). */
#include <string.h>
#include <strings.h>

#include "applier/sql/mode.h"
#include "applier/sql/rule_temporary.h"
#include "applier/sql/table_text.h"

bool table_engine_rolls_back(const char *engine)
{
	return strcasecmp(engine, "InnoDB") == 0 || strcasecmp(engine, "ROCKSDB") == 0;
}

static const char *engine_of(struct rewriting *r, const struct table_option *option)
{
	return rule_value(r, option->value);
}

static bool keeps_engine(const struct rewriting *r, const char *engine)
{
	/* rows and checkpoint commit together */
	return table_engine_rolls_back(engine) &&
	       (r->target->engines.count == 0 || name_set_has(&r->target->engines, engine));
}

static bool is_engine(const struct table_option *option)
{
	return option->word == KW_ENGINE || option->word == KW_TYPE; /* TYPE = MyISAM, as before 5.5 */
}

const char *table_engine_in(const struct table_text *text, struct rewriting *r)
{
	const char *name = NULL;

	for (size_t i = 0; i < text->option_count; i++)
		if (is_engine(&text->options[i]) && !text->options[i].in_partition)
			name = engine_of(r, &text->options[i]);
	return name;
}

/* MERGE tables show the rows of others: a table of its own in their place would show none of them. */
static void merge_tables(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	const char *name = table_engine_in(text, r);

	if (name && (strcasecmp(name, "MERGE") == 0 || strcasecmp(name, "MRG_MYISAM") == 0))
		rule_fires(r, "A MERGE table shows the rows of the tables in its UNION, which InnoDB cannot: make a view over "
			      "them on the target (changeling replace).");
}

/* Are the foreign keys in the text those of a table whose engine on the source has none? */
static bool ignores_foreign_keys(struct rewriting *r)
{
	const char *name = table_engine_in(table_text_of(r), r);

	if (name)
		return !keeps_engine(r, name) && strcasecmp(name, "NDB") != 0 && strcasecmp(name, "NDBCLUSTER") != 0;
	return r->statement.class == STATEMENT_ALTER_TABLE && r->statement.object_count &&
	       temporary_source_engine(r, r->statement.objects) == TEMP_KEEPS_ROWS;
}

/* [CONSTRAINT [name]] FOREIGN KEY [index] (…) REFERENCES …: such an engine has the key alone, by the constraint's name. */
static void leave_key(struct rewriting *r, const struct table_item *item)
{
	size_t open = item->first, references, name = 0;

	for (; open < item->end && !rule_is(r, open, '('); open++)
		if (token_is_name(&r->tokens, open) && !name && !rule_is(r, open, KW_CONSTRAINT) && !rule_is(r, open, KW_FOREIGN) &&
			!rule_is(r, open, KW_KEY))
			name = open;
	references = token_skip_parens(&r->tokens, open);
	rule_replace(r, item->first, open - 1, name ? rule_printf(r, "KEY %s", rule_text(r, name, name + 1, NULL)) : "KEY");
	rule_remove(r, references, item->end - 1);
}

static bool is_foreign_key(const struct rewriting *r, const struct table_item *item)
{
	for (size_t at = item->first; item->is_key && at < item->end && !rule_is(r, at, '('); at++)
		if (rule_is(r, at, KW_FOREIGN))
			return true;
	return false;
}

/* The token REFERENCES of a column, which newer servers take for a foreign key; or 0. */
static size_t column_references(const struct rewriting *r, const struct table_item *item)
{
	for (size_t at = item->type; !item->is_key && at < item->end;
		at = rule_is(r, at, '(') ? token_skip_parens(&r->tokens, at) : at + 1)
		if (rule_is(r, at, KW_REFERENCES))
			return at;
	return 0;
}

static void remove_references(struct rewriting *r, const struct table_item *item, size_t references)
{
	size_t end = references + 1;

	while (end < item->end && !rule_is(r, end, KW_FIRST) && !rule_is(r, end, KW_AFTER))
		end++;
	rule_remove(r, references, end - 1);
}

static void foreign_keys(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	bool left_out = false;

	for (size_t i = 0; i < text->item_count; i++) {
		const struct table_item *item = &text->items[i];
		size_t references = column_references(r, item);

		if (!references && !is_foreign_key(r, item))
			continue;
		left_out = left_out || (ignores_foreign_keys(r) &&
			RULE_REWRITES(r, "The table's engine on the source ignores foreign keys, which InnoDB would enforce: they are left "
					 "out."));
		if (!left_out)
			return;
		if (references)
			remove_references(r, item, references);
		else
			leave_key(r, item);
	}
}

static void engine(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	foreign_keys(r);

	for (size_t i = 0; i < text->option_count; i++) {
		const struct table_option *option = &text->options[i];
		const char *name;

		if (!is_engine(option))
			continue;
		name = engine_of(r, option);
		if (keeps_engine(r, name))
			continue;
		if (!RULE_REWRITES(r,
			    "%s tables become InnoDB tables: others do not take part in transactions, so "
			    "that a crash would "
			    "repeat or lose their rows.",
			    name))
			return;
		rule_replace(r, option->first, option->end - 1, "ENGINE=InnoDB");
	}
}

static bool changes_engine(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->option_count; i++)
		if (is_engine(&text->options[i]) && !keeps_engine(r, engine_of(r, &text->options[i])))
			return true;
	return false;
}

static bool any_option(
	struct rewriting *r, bool (*which)(const struct rewriting *r, const struct table_option *option))
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->option_count; i++)
		if (which(r, &text->options[i]))
			return true;
	return false;
}

static bool is_row_format(const struct rewriting *r, const struct table_option *option)
{
	if (option->word == KW_KEY_BLOCK_SIZE)
		return true;
	return option->word == KW_ROW_FORMAT &&
	       (token_equals(&r->tokens, option->value, "FIXED") ||
		       token_equals(&r->tokens, option->value, "PAGE") ||
		       token_equals(&r->tokens, option->value, "COMPRESSED"));
}

static void row_format(struct rewriting *r)
{
	if (any_option(r, is_row_format) &&
		RULE_REWRITES(r, "ROW_FORMAT=FIXED, PAGE, COMPRESSED and KEY_BLOCK_SIZE are refused by "
				 "many targets under innodb_strict_mode; rows are the same without."))
		table_options_remove(r, is_row_format);
}

static bool is_directory(const struct rewriting *r, const struct table_option *option)
{
	(void)r;
	return option->word == KW_DATA || option->word == KW_INDEX;
}

static void directories(struct rewriting *r)
{
	if (any_option(r, is_directory) && RULE_REWRITES(r, "Directories are those of the source's machine."))
		table_options_remove(r, is_directory);
}

static bool is_tablespace(const struct rewriting *r, const struct table_option *option)
{
	(void)r;
	return option->word == KW_TABLESPACE || option->word == KW_STORAGE;
}

static void table_tablespace(struct rewriting *r)
{
	if (any_option(r, is_tablespace) && RULE_REWRITES(r, "A managed target places its tables by itself."))
		table_options_remove(r, is_tablespace);
}

static bool is_encryption(const struct rewriting *r, const struct table_option *option)
{
	(void)r;
	return option->word == KW_ENCRYPTION || option->word == KW_ENCRYPTED ||
	       option->word == KW_ENCRYPTION_KEY_ID;
}

static void encryption(struct rewriting *r)
{
	if (any_option(r, is_encryption) &&
		RULE_REWRITES(r, "Whether files are encrypted is the target's own affair."))
		table_options_remove(r, is_encryption);
}

static bool is_compression(const struct rewriting *r, const struct table_option *option)
{
	(void)r;
	return option->word == KW_COMPRESSION || option->word == KW_PAGE_COMPRESSED ||
	       option->word == KW_PAGE_COMPRESSION_LEVEL;
}

static void compression(struct rewriting *r)
{
	if (any_option(r, is_compression) &&
		RULE_REWRITES(r, "Compression of pages needs a file system that a managed target does "
				 "not offer."))
		table_options_remove(r, is_compression);
}

/* Options of engines that are no longer the table's, or of the other family. */
static bool is_foreign(const struct rewriting *r, const struct table_option *option)
{
	switch (option->word) {
	case KW_INSERT_METHOD:
	case KW_UNION:
	case KW_CONNECTION:
	case KW_SECONDARY_ENGINE:
	case KW_SECONDARY_ENGINE_ATTRIBUTE:
		return true;
	case KW_TRANSACTIONAL:
	case KW_PAGE_CHECKSUM:
	case KW_ITEF_QUOTES:
	case KW_SEQUENCE:
		return r->target->server.family == FAMILY_MYSQL || option->word != KW_SEQUENCE;
	case KW_ENGINE_ATTRIBUTE:
	case KW_AUTOEXTEND_SIZE:
		return !version_at_least(r->target->server, FAMILY_MYSQL, 80021);
	default:
		return false;
	}
}

static void foreign_options(struct rewriting *r)
{
	if (any_option(r, is_foreign) &&
		RULE_REWRITES(r, "Options of other engines, or of the other family."))
		table_options_remove(r, is_foreign);
}

/* A MyISAM key in whose middle a counter stands: InnoDB wants it first in some key. */
static void counter_key(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	const char *counter = NULL;

	if (!changes_engine(r) || r->statement.class != STATEMENT_CREATE_TABLE ||
		text->columns_end == text->columns_open)
		return;
	for (size_t i = 0; i < text->item_count && !counter; i++)
		for (size_t k = text->items[i].type; !text->items[i].is_key && k < text->items[i].end; k++)
			if (rule_is(r, k, KW_AUTO_INCREMENT))
				counter = rule_value(r, text->items[i].first);
	for (size_t i = 0; counter && i < text->item_count; i++) {
		size_t at = text->items[i].first, end = text->items[i].end;

		if (!text->items[i].is_key) { /* column … PRIMARY KEY, column … UNIQUE */
			if (strcasecmp(rule_value(r, at), counter) != 0)
				continue;
			for (; at < end; at++)
				if (rule_is(r, at, KW_KEY) || rule_is(r, at, KW_UNIQUE))
					return;
			continue;
		}
		while (at < end && !rule_is(r, at, '('))
			at++;
		if (at < end && strcasecmp(rule_value(r, at + 1), counter) == 0)
			return;
	}
	if (counter && RULE_REWRITES(r,
			       "In an InnoDB table an AUTO_INCREMENT column has to come first in some key; "
			       "%s gets one. (It "
			       "counts through the whole table there, not anew for each key before it.)",
			       counter))
		rule_insert_before(r, text->columns_end - 1, rule_printf(r, ", KEY (`%s`)", counter));
}

/* ALGORITHM=… and LOCK=… of ALTER TABLE, CREATE INDEX, DROP INDEX. */
static void algorithm_lock(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	size_t depth = 0;

	for (size_t i = r->statement.body; i < r->tokens.count; i++) {
		size_t last = rule_is(r, i + 1, '=') ? i + 2 : i + 1, first = i;

		depth += rule_is(r, i, '(');
		depth -= rule_is(r, i, ')') && depth;
		if (depth || (!rule_is(r, i, KW_ALGORITHM) && !rule_is(r, i, KW_LOCK)) ||
			last >= r->tokens.count)
			continue;
		if (r->statement.class == STATEMENT_ALTER_TABLE && i != text->options_at &&
			!rule_is(r, i - 1, ','))
			continue; /* a column of that name */
		if (!RULE_REWRITES(r, "How the source's server changed the table says nothing about what the "
				      "target's can do."))
			return;
		if (rule_is(r, i - 1, ',') && r->statement.class == STATEMENT_ALTER_TABLE)
			first = i - 1;
		else if (rule_is(r, last + 1, ','))
			last++;
		rule_remove(r, first, last);
		i = last;
	}
	for (size_t i = r->statement.verb + 1; r->statement.object_count && i < r->statement.objects[0].first;
		i++)
		if ((rule_is(r, i, KW_ONLINE) || rule_is(r, i, KW_OFFLINE)) &&
			RULE_REWRITES(r, "ONLINE and OFFLINE are left out."))
			rule_remove(r, i, i);
}

/* What explicit_defaults_for_timestamp was on the source: told by the event, or its version's default. */
static bool explicit_defaults(const struct rewriting *r)
{
	if (r->input->explicit_defaults >= 0)
		return r->input->explicit_defaults == 1;
	return version_at_least(r->input->source, FAMILY_MYSQL, 80002) ||
	       version_at_least(r->input->source, FAMILY_MARIADB, 101000);
}

static bool is_nullness_told(const struct rewriting *r, const struct table_item *item)
{
	for (size_t i = item->type + 1; i < item->end; i++)
		if (rule_is(r, i, KW_NULL) && !rule_is(r, i - 1, KW_DEFAULT))
			return true;
	return false;
}

/* TIMESTAMP columns: whether they may be NULL, and what they are by default, depends on a variable. */
static void timestamp_defaults(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);

	for (size_t i = 0; i < text->item_count; i++) {
		const struct table_item *item = &text->items[i];
		size_t at = item->type + 1;

		if (item->is_key || !token_equals(&r->tokens, item->type, "TIMESTAMP"))
			continue;
		if (r->target->variables[VARIABLE_EXPLICIT_DEFAULTS_FOR_TIMESTAMP]) {
			rule_setting(r, "explicit_defaults_for_timestamp", explicit_defaults(r) ? "1" : "0");
			return;
		}
		if (!explicit_defaults(r) || is_nullness_told(r, item))
			continue;
		if (!RULE_REWRITES(r, "TIMESTAMP columns may be NULL on the source (explicit_defaults_for_timestamp), "
				      "which the target has to be told for each."))
			return;
		if (rule_is(r, at, '('))
			at = token_skip_parens(&r->tokens, at);
		rule_insert_after(r, at - 1, " NULL");
	}
}

/* A default of '0000-00-00' is a warning to a MySQL that is not strict, and an error to MariaDB. What rows hold is the same
 * without this mode. */
static void zero_dates(struct rewriting *r)
{
	uint64_t mode = r->input->sql_mode;

	if (!from_mysql_to_maria(r) || !(mode & MODE_NO_ZERO_DATE) ||
		(mode & (MODE_STRICT_TRANS_TABLES | MODE_STRICT_ALL_TABLES)) ||
		!RULE_REWRITES(r, "MariaDB refuses defaults of zero under NO_ZERO_DATE, where MySQL warns: the mode is left out."))
		return;
	rule_sql_mode(r, MODE_NO_ZERO_DATE, 0);
}

/* Does the part number rows, or (with IGNORE) leave one of several? */
static bool hangs_on_order(const struct rewriting *r, const struct alter_part *part, bool ignore)
{
	if (!rule_is(r, part->first, KW_ADD))
		return false;
	for (size_t i = part->first; i < part->end; i++)
		if (rule_is(r, i, KW_AUTO_INCREMENT) || (ignore && (rule_is(r, i, KW_UNIQUE) || rule_is(r, i, KW_PRIMARY))))
			return true;
	return false;
}

/* Rows that no key puts in order are taken as they lie, and changes of several rows of such a table lay them anew. Only the target
 * knows whether there is a key. */
static void row_order(struct rewriting *r)
{
	const struct table_text *text = table_text_of(r);
	bool ignore = false, found = false;

	for (size_t i = 0; text->part_count && i < text->parts[0].first; i++)
		ignore = ignore || rule_is(r, i, KW_IGNORE);
	for (size_t i = 0; i < text->part_count && !found; i++)
		found = hangs_on_order(r, &text->parts[i], ignore);
	if (!found || !r->statement.object_count)
		return;
	if (rule_policy(r) != POLICY_STOP) {
		rule_fires(r, "If no key puts the table's rows in order, they may get other numbers than on the source, or others of "
			      "them be left.");
		return;
	}
	r->plan->ordered_database = rule_database(r, &r->statement.objects[0]);
	r->plan->ordered_table = rule_utf8(r, r->statement.objects[0].name);
}

CLASSES(alters, STATEMENT_ALTER_TABLE);
CLASSES(table_classes, STATEMENT_CREATE_TABLE, STATEMENT_ALTER_TABLE);
CLASSES(index_classes, STATEMENT_ALTER_TABLE, STATEMENT_CREATE_INDEX, STATEMENT_DROP_INDEX);

static const struct rule list[] = {
	{{"merge-tables", "Tables", "ENGINE=MERGE", "stops; by policy becomes a table of its own", "MyISAM tables",
		 ALLOW(POLICY_STOP) | ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP), POLICY_STOP,
		 "CREATE TABLE app.m (a INT) ENGINE=MERGE UNION=(app.one)", ON_MYSQL},
		table_classes, merge_tables},
	{{"engine", "Tables", "ENGINE of tables and partitions other than InnoDB, or that the target has not",
		 "becomes InnoDB; foreign keys, which such engines ignore, are left out", "nothing, but their rows could not be exact after a crash", RUN_REWRITE_STOP,
		 POLICY_REWRITE, "CREATE TABLE app.t2 (a INT) ENGINE=MyISAM", ON_MYSQL},
		table_classes, engine},
	{{"counter-key", "Tables",
		 "AUTO_INCREMENT columns that come first in no key, in tables that become InnoDB",
		 "adds a key", "MyISAM", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.t3 (a INT, id INT AUTO_INCREMENT, PRIMARY KEY (a, id)) ENGINE=MyISAM",
		 ON_MYSQL},
		table_classes, counter_key},
	{{"row-format", "Tables", "ROW_FORMAT=FIXED, PAGE, COMPRESSED; KEY_BLOCK_SIZE", "removes them",
		 "InnoDB files that may be "
		 "compressed",
		 RUN_REWRITE_STOP, POLICY_REWRITE, "CREATE TABLE app.t4 (a INT) ROW_FORMAT=COMPRESSED", ON_MYSQL},
		table_classes, row_format},
	{{"directories", "Tables", "DATA DIRECTORY, INDEX DIRECTORY of tables and partitions", "removes them",
		 "FILE, and the directory", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.t5 (a INT) DATA DIRECTORY='/srv/data'", ON_MYSQL},
		table_classes, directories},
	{{"table-tablespace", "Tables", "TABLESPACE and STORAGE of tables and partitions", "removes them",
		 "the tablespace", RUN_REWRITE_STOP, POLICY_REWRITE, "CREATE TABLE app.t6 (a INT) TABLESPACE ts",
		 ON_MYSQL},
		table_classes, table_tablespace},
	{{"encryption", "Tables", "ENCRYPTION, ENCRYPTED, ENCRYPTION_KEY_ID", "removes them", "a keyring",
		 RUN_REWRITE_STOP, POLICY_REWRITE, "CREATE TABLE app.t7 (a INT) ENCRYPTION='Y'", ON_MYSQL},
		table_classes, encryption},
	{{"compression", "Tables", "COMPRESSION, PAGE_COMPRESSED, PAGE_COMPRESSION_LEVEL", "removes them",
		 "a file system with holes", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.t8 (a INT) COMPRESSION='zlib'", ON_MYSQL},
		table_classes, compression},
	{{"foreign-options", "Tables",
		 "UNION, INSERT_METHOD, CONNECTION, SECONDARY_ENGINE, TRANSACTIONAL, PAGE_CHECKSUM, …",
		 "removes them", "the engine or the family they belong to", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.t9 (a INT) SECONDARY_ENGINE=RAPID", ON_MYSQL},
		table_classes, foreign_options},
	{{"algorithm-lock", "Tables", "ALGORITHM, LOCK, ONLINE in ALTER TABLE, CREATE INDEX, DROP INDEX",
		 "removes them", "a server that can do it this way", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "ALTER TABLE app.t ADD COLUMN b INT, ALGORITHM=INSTANT", ON_MYSQL},
		index_classes, algorithm_lock},
	{{"timestamp-defaults", "Tables", "TIMESTAMP columns",
		 "sets explicit_defaults_for_timestamp as on the source; where that is not allowed, writes NULL out",
		 "the same default of explicit_defaults_for_timestamp", RUN_REWRITE_STOP, POLICY_REWRITE,
		 "CREATE TABLE app.ta (a TIMESTAMP)", ON_MYSQL},
		table_classes, timestamp_defaults},
	{{"zero-dates", "Tables", "definitions under NO_ZERO_DATE without a strict mode, for MariaDB",
		 "leaves the mode out", "MySQL", RUN_REWRITE_STOP, POLICY_REWRITE, NULL, ON_MYSQL},
		table_classes, zero_dates},
	{{"row-order", "Tables", "ALTER TABLE … ADD … AUTO_INCREMENT, ALTER IGNORE TABLE … ADD UNIQUE, of a table without a key",
		 "stops where the table has several rows: they need not lie as on the source", "a key",
		 ALLOW(POLICY_STOP) | ALLOW(POLICY_RUN), POLICY_STOP, "ALTER TABLE app.t ADD id INT AUTO_INCREMENT PRIMARY KEY", ON_MYSQL},
		alters, row_order},
};

const struct rule_topic rules_tables = {list, sizeof(list) / sizeof(list[0])};
