/* The one table of rules: the topics in the order they apply. */
#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "applier/sql/rule.h"

/* What must not be sent at all comes first; then what changes words; then what needs the text as changed so
 * far. */
static const struct rule_topic *const topics[] = {
	&rules_guard,
	&rules_server,
	&rules_accounts,
	&rules_code,
	&rules_modes,
	&rules_syntax,
	&rules_load,
	&rules_tables,
	&rules_names,
	&rules_functions,
	&rules_temporary_code,
	&rules_temporary,
	&rules_prepared,
	&rules_failed,
	&rules_shape,
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

/* Made once: the rules by number, and the numbers of those that concern each class of statements. */
static struct {
	const struct rule *rules[RULES_MAXIMUM + 1];
	size_t count;
	uint8_t concerned[STATEMENT_CLASSES][RULES_MAXIMUM + 1];
} table;
static pthread_once_t made_once = PTHREAD_ONCE_INIT;

static bool concerns(const struct rule *rule, unsigned class)
{
	if (!rule->classes)
		return true;
	for (const uint8_t *c = rule->classes; *c; c++)
		if (*c == class)
			return true;
	return false;
}

static void make_index(void)
{
	for (size_t i = 0; i < TOPICS; i++)
		for (size_t k = 0; k < topics[i]->count; k++) {
			assert(table.count < RULES_MAXIMUM);
			table.rules[table.count++] = &topics[i]->rules[k];
		}
	for (unsigned class = 0; class < STATEMENT_CLASSES; class ++) {
		size_t count = 0;

		for (size_t number = 0; number < table.count; number++)
			if (concerns(table.rules[number], class))
				table.concerned[class][count++] = (uint8_t)number;
		table.concerned[class][count] = RULES_END;
	}
}

const uint8_t *rules_concerned(enum statement_class class)
{
	pthread_once(&made_once, make_index);
	return table.concerned[class];
}

const struct rule *rule_at(unsigned number)
{
	pthread_once(&made_once, make_index);
	return number < table.count ? table.rules[number] : NULL;
}

const struct rewrite_rule *rewrite_rule_at(size_t number)
{
	const struct rule *rule = number < RULES_MAXIMUM ? rule_at((unsigned)number) : NULL;

	return rule ? &rule->about : NULL;
}

int rewrite_rule_find(const char *name)
{
	const struct rewrite_rule *rule;

	for (size_t i = 0; (rule = rewrite_rule_at(i)); i++)
		if (strcmp(rule->name, name) == 0)
			return (int)i;
	return -1;
}

static bool policy_read(const char *value, enum policy *policy)
{
	for (int p = POLICY_DEFAULT; p <= POLICY_STOP; p++)
		if (strcmp(value, policy_name((enum policy)p)) == 0) {
			*policy = (enum policy)p;
			return true;
		}
	return false;
}

static int refuse(const char *rule, const char *value, const char *allowed, struct error *error)
{
	return error_set(
		error, ERROR_USAGE, "The policy %s=%s is not possible; it may be %s.", rule, value, allowed);
}

static int set_accounts(struct rewrite_settings *settings, const char *value, struct error *error)
{
	if (strcmp(value, "translate") == 0)
		settings->accounts = ACCOUNTS_TRANSLATE;
	else if (strcmp(value, "skip") == 0)
		settings->accounts = ACCOUNTS_SKIP;
	else if (strcmp(value, "stop") == 0)
		settings->accounts = ACCOUNTS_STOP;
	else
		return refuse("accounts", value, "translate, skip or stop", error);
	return 0;
}

int rewrite_settings_set(
	struct rewrite_settings *settings, const char *rule, const char *value, struct error *error)
{
	int number = rewrite_rule_find(rule);
	const struct rewrite_rule *about;
	struct buffer allowed = BUFFER_INIT;
	enum policy policy;
	int result = 0;

	if (strcmp(rule, "accounts") == 0)
		return set_accounts(settings, value, error);
	if (number < 0)
		return error_set(error, ERROR_USAGE,
			"There is no rewriting rule named \"%s\" (docs/rewrites.md lists them).", rule);
	about = rewrite_rule_at((size_t)number);
	if (policy_read(value, &policy) && (policy == POLICY_DEFAULT || (about->allowed & ALLOW(policy)))) {
		settings->policies[number] = (uint8_t)policy;
		return 0;
	}
	for (int p = POLICY_RUN; p <= POLICY_STOP; p++)
		if (about->allowed & ALLOW(p))
			buffer_printf(
				&allowed, "%s%s", allowed.length ? ", " : "", policy_name((enum policy)p));
	result = refuse(rule, value, buffer_text(&allowed), error);
	buffer_release(&allowed);
	return result;
}
