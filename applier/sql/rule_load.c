/* LOAD DATA and LOAD XML, whose files come with the log (6.5). */
#include <ctype.h>
#include <string.h>

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
}

CLASSES(loads, STATEMENT_LOAD);

static const struct rule list[] = {
	{{"load-xml", "Files", "LOAD DATA that may have been LOAD XML: LINES TERMINATED BY '<tag>'",
		 "stops; by policy becomes LOAD XML", "to know which of the two it was",
		 ALLOW(POLICY_STOP) | ALLOW(POLICY_REWRITE) | ALLOW(POLICY_RUN) | ALLOW(POLICY_SKIP), POLICY_STOP,
		 "LOAD DATA INFILE '/tmp/t.csv' INTO TABLE app.t FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '<row>'", {FAMILY_MYSQL, 80036}},
		loads, load_xml},
	{{"load-data", "Files", "LOAD DATA, LOAD XML", "reads the file from the log, as LOCAL", "local_infile=1",
		 ALLOW(POLICY_REWRITE) | ALLOW(POLICY_STOP) | ALLOW(POLICY_SKIP), POLICY_REWRITE,
		 "LOAD DATA INFILE '/tmp/t.csv' INTO TABLE app.t", {FAMILY_MYSQL, 80036}},
		loads, load_data},
};

const struct rule_topic rules_load = {list, sizeof(list) / sizeof(list[0])};
