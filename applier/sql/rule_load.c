/* LOAD DATA and LOAD XML, whose files come with the log (6.5). */
#include <ctype.h>
#include <string.h>

#include "applier/sql/mode.h"
#include "applier/sql/rule.h"

/* <name>, as LOAD XML has it in ROWS IDENTIFIED BY */
static bool is_tag(const char *text)
{
	size_t length = strlen(text);

	if (length < 3 || text[0] != '<' || text[length - 1] != '>')
		return false;
	for (size_t i = 1; i + 1 < length; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_-.:", text[i]) && !((unsigned char)text[i] & 0x80))
			return false;
	return true;
}

/* Servers write LOAD XML into their logs as LOAD DATA, with the tag of its rows as the end of lines: the token of FIELDS, and
 * that of the tag. A LOAD DATA whose lines really end with a tag, and its fields with tabs, looks the same. */
static bool looks_like_xml(struct rewriting *r, size_t *fields, size_t *tag)
{
	size_t at = r->statement.verb + 1;

	for (; at + 3 < r->tokens.count && !rule_is(r, at, KW_FIELDS); at++)
		;
	*fields = at;
	if (!rule_is(r, at + 1, KW_TERMINATED) || strcmp(rule_value(r, at + 3), "\t") != 0)
		return false;
	for (; at + 3 < r->tokens.count && !rule_is(r, at, KW_LINES); at++)
		;
	*tag = at + 3;
	return rule_is(r, at + 1, KW_TERMINATED) && token_at(&r->tokens, *tag)->kind == TOKEN_STRING &&
	       is_tag(rule_value(r, *tag));
}

static void load_xml(struct rewriting *r)
{
	size_t fields, tag;

	if (!looks_like_xml(r, &fields, &tag) ||
		!RULE_REWRITES(r,
			"Masters write LOAD XML into their log as LOAD DATA … LINES TERMINATED BY '%s'. As the one or the "
			"other it gives other rows: rule.load-xml=rewrite sends it as LOAD XML, rule.load-xml=run as LOAD DATA.",
			rule_value(r, tag)))
		return;
	rule_replace(r, r->statement.verb + 1, r->statement.verb + 1, "XML");
	rule_replace(r, fields, tag, rule_printf(r, "ROWS IDENTIFIED BY %s", rule_text(r, tag, tag + 1, NULL)));
}

/* Under NO_BACKSLASH_ESCAPES a LOAD DATA without ESCAPED BY has no escape character, but servers print the usual one into
 * their logs. */
static void load_escapes(struct rewriting *r)
{
	size_t at = r->statement.verb + 1, literal;

	if (!(r->input->sql_mode & MODE_NO_BACKSLASH_ESCAPES) || !r->input->load_backslashes)
		return;
	for (; at < r->tokens.count && !rule_is(r, at, KW_ESCAPED); at++)
		;
	literal = at + 2;
	if (token_is_terminator(&r->tokens, literal) && strcmp(rule_value(r, literal), "\\") == 0 &&
		RULE_REWRITES(r,
			"Under NO_BACKSLASH_ESCAPES masters log ESCAPED BY '\\\\' whether it was given or not; where it was not, the "
			"backslashes of the file are letters. rule.load-escapes=rewrite takes them for letters, rule.load-escapes=run "
			"for escapes."))
		rule_replace(r, literal, literal, "''");
}

/* Servers print terminators with backslashes whatever the mode, and byte by byte whatever the character set. Where the session
 * reads them in another way, they are written as what they are. */
static void spell_terminators(struct rewriting *r)
{
	const struct lexer_options *options = &r->tokens.options;

	if (!(options->sql_mode & MODE_NO_BACKSLASH_ESCAPES) && options->charset == LEXER_PLAIN)
		return;
	for (size_t i = 0; i < r->tokens.count; i++) {
		struct buffer value = BUFFER_INIT, literal = BUFFER_INIT;
		const struct token *token = token_at(&r->tokens, i);

		if (!token_is_terminator(&r->tokens, i) || !memchr(r->tokens.text + token->start, '\\', token->length))
			continue;
		token_value(&r->tokens, i, &value);
		buffer_puts(&literal, "x'");
		buffer_put_hex(&literal, (const uint8_t *)value.data, value.length);
		buffer_putc(&literal, '\'');
		rule_replace(r, i, i, buffer_text(&literal));
		buffer_release(&value);
		buffer_release(&literal);
	}
}

static void load_data(struct rewriting *r)
{
	size_t at = r->statement.verb + 1, file;
	bool local = false;

	if (!r->target->local_infile) {
		rule_stops(r, "The target does not take LOAD DATA LOCAL: set local_infile=1 in its parameter "
			      "group.");
		return;
	}
	for (; at < r->tokens.count && !rule_is(r, at, KW_INFILE); at++)
		local = local || rule_is(r, at, KW_LOCAL);
	file = at + 1;
	if (token_at(&r->tokens, file)->kind != TOKEN_STRING) {
		rule_stops(r, "The file's name cannot be found in it.");
		return;
	}
	if (!RULE_REWRITES(r, "The file's content is in the log, and is sent as a client's file."))
		return;
	if (!local)
		rule_insert_before(r, at, "LOCAL ");
	rule_replace(r, file, file, "'changeling'");
	for (size_t i = r->statement.verb + 1; i < at; i++) /* no reader waits on an InnoDB table */
		if (rule_is(r, i, KW_CONCURRENT) || rule_is(r, i, KW_LOW_PRIORITY))
			rule_remove(r, i, i);
	spell_terminators(r);
	/* without a strict mode values are adjusted with a warning each, and all of them are looked at */
	if (!(r->input->sql_mode & (MODE_STRICT_TRANS_TABLES | MODE_STRICT_ALL_TABLES)) &&
		r->target->variables[VARIABLE_MAX_ERROR_COUNT])
		rule_setting(r, "max_error_count", "65535");
}

CLASSES(loads, STATEMENT_LOAD);

static const struct rule list[] = {
	{{"load-xml", "Files", "LOAD DATA that may have been LOAD XML: LINES TERMINATED BY '<tag>'",
		 "stops; by policy becomes LOAD XML", "to know which of the two it was",
		 ALLOW(POLICY_STOP) | ALLOW(POLICY_REWRITE) | ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP), POLICY_STOP,
		 "LOAD DATA INFILE '/tmp/t.csv' INTO TABLE app.t FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '<row>'", {FAMILY_MYSQL, 80036}},
		loads, load_xml},
	{{"load-escapes", "Files",
		 "LOAD DATA under NO_BACKSLASH_ESCAPES of a file with backslashes, where the log has ESCAPED BY whether it "
		 "was given or not",
		 "stops; by policy takes the backslashes for letters", "to know whether it was given",
		 ALLOW(POLICY_STOP) | ALLOW(POLICY_RUN) | ALLOW(POLICY_REWRITE) | ALLOW(POLICY_SKIP), POLICY_STOP, NULL, ON_MYSQL},
		loads, load_escapes},
	{{"load-data", "Files", "LOAD DATA, LOAD XML", "reads the file from the log, as LOCAL", "local_infile=1",
		 ALLOW(POLICY_REWRITE) | ALLOW(POLICY_STOP) | ALLOW(POLICY_SKIP), POLICY_REWRITE,
		 "LOAD DATA INFILE '/tmp/t.csv' INTO TABLE app.t", {FAMILY_MYSQL, 80036}},
		loads, load_data},
};

const struct rule_topic rules_load = {list, sizeof(list) / sizeof(list[0])};
