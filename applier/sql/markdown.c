/* The catalogue of rules for people (docs/rewrites.md) and for tests. */
#include <string.h>

#include "applier/sql/rewrite.h"

#define PROFILES_MAXIMUM 8

static const char *const outcomes[] = {"run", "rewritten", "set aside", "stopped"};

/* A cell of a table: no line ends, no bars. */
static void put_cell(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buffer_putc(out, '\\');
		buffer_putc(out, *text == '\n' ? ' ' : *text);
	}
}

static void put_policies(struct buffer *out, const struct rewrite_rule *rule)
{
	buffer_puts(out, policy_name(rule->standard));
	for (int p = POLICY_RUN; p <= POLICY_STOP; p++)
		if ((rule->allowed & 1u << p) && p != (int)rule->standard)
			buffer_printf(out, ", %s", policy_name((enum policy)p));
}

static enum plan_action try_example(const struct rewrite_rule *rule, const struct capabilities *target)
{
	struct rewrite_input input = {.text = rule->example,
		.length = strlen(rule->example),
		.database = "app",
		.source = rule->example_source,
		.client_charset = "utf8mb4",
		.server_id = 1,
		.thread_id = 7,
		.serial = 42,
		.explicit_defaults = -1};
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	rewrite_statement(&input, target, &arena, &plan);
	arena_release(&arena);
	return plan.action;
}

static size_t load_profiles(struct capabilities *profiles)
{
	size_t count = 0;

	while (count < PROFILES_MAXIMUM && capabilities_profile_name(count)) {
		const char *text = capabilities_profile(capabilities_profile_name(count));
		struct error error = {0};

		capabilities_init(&profiles[count]);
		capabilities_load(&profiles[count], text, strlen(text), &error);
		count++;
	}
	return count;
}

static void put_rules(struct buffer *out)
{
	const struct rewrite_rule *rule;
	const char *topic = "";

	for (size_t i = 0; (rule = rewrite_rule_at(i)); i++) {
		if (strcmp(rule->topic, topic) != 0) {
			topic = rule->topic;
			buffer_printf(out,
				"\n## %s\n\n| rule | concerns | what is done | runs as it is with | policy "
				"|\n"
				"|---|---|---|---|---|\n",
				topic);
		}
		buffer_printf(out, "| `%s` | ", rule->name);
		put_cell(out, rule->matches);
		buffer_puts(out, " | ");
		put_cell(out, rule->does);
		buffer_puts(out, " | ");
		put_cell(out, rule->needs);
		buffer_puts(out, " | ");
		put_policies(out, rule);
		buffer_puts(out, " |\n");
	}
}

static void put_outcomes(struct buffer *out, const struct capabilities *profiles, size_t count)
{
	const struct rewrite_rule *rule;

	buffer_puts(out, "\n## What becomes of an example on each kind of target\n\nWithout "
			 "`log_bin_trust_function_creators`, as the account "
			 "that a provider gives.\n\n| rule | example | source |");
	for (size_t i = 0; i < count; i++)
		buffer_printf(out, " %s |", capabilities_profile_name(i));
	buffer_puts(out, "\n|---|---|---|");
	for (size_t i = 0; i < count; i++)
		buffer_puts(out, "---|");
	buffer_putc(out, '\n');
	for (size_t i = 0; (rule = rewrite_rule_at(i)); i++) {
		char version[32];

		if (!rule->example)
			continue;
		buffer_printf(out, "| `%s` | `", rule->name);
		put_cell(out, rule->example);
		buffer_printf(out, "` | %s |", version_print(rule->example_source, version));
		for (size_t k = 0; k < count; k++)
			buffer_printf(out, " %s |", outcomes[try_example(rule, &profiles[k])]);
		buffer_putc(out, '\n');
	}
}

void rules_markdown(struct buffer *out)
{
	struct capabilities profiles[PROFILES_MAXIMUM];
	size_t count = load_profiles(profiles);

	buffer_puts(out,
		"# What is rewritten\n\nMade by `changeling explain --rules`; do not "
		"edit.\n\nStatements that no rule concerns arrive byte "
		"for byte. Every use of a rule is journalled (`scripts/inspect-state rewrites`, "
		"`skipped`). The first policy is the default; that of `accounts` is "
		"`translate`, by the rules below it. "
		"Others are set as `rule.NAME = policy` in `changeling.cnf` under `[changeling]`, or by "
		"`changeling change-master --rule.NAME=policy`; `accounts` and `stored-functions` also as "
		"options of these names.\n");
	put_rules(out);
	put_outcomes(out, profiles, count);
	for (size_t i = 0; i < count; i++)
		capabilities_release(&profiles[i]);
}

static void put_json_text(struct buffer *out, const char *name, const char *text)
{
	buffer_printf(out, ",\"%s\":", name);
	buffer_put_json(out, text, strlen(text));
}

void rules_json(struct buffer *out)
{
	struct capabilities profiles[PROFILES_MAXIMUM];
	size_t count = load_profiles(profiles);
	const struct rewrite_rule *rule;

	buffer_putc(out, '[');
	for (size_t i = 0; (rule = rewrite_rule_at(i)); i++) {
		char version[32];

		buffer_printf(out, "%s\n{\"rule\":\"%s\"", i ? "," : "", rule->name);
		put_json_text(out, "topic", rule->topic);
		put_json_text(out, "concerns", rule->matches);
		put_json_text(out, "does", rule->does);
		put_json_text(out, "needs", rule->needs);
		put_json_text(out, "policy", policy_name(rule->standard));
		if (rule->example) {
			put_json_text(out, "example", rule->example);
			put_json_text(out, "source", version_print(rule->example_source, version));
			buffer_puts(out, ",\"outcomes\":{");
			for (size_t k = 0; k < count; k++)
				buffer_printf(out, "%s\"%s\":\"%s\"", k ? "," : "",
					capabilities_profile_name(k),
					outcomes[try_example(rule, &profiles[k])]);
			buffer_putc(out, '}');
		}
		buffer_putc(out, '}');
	}
	buffer_puts(out, "\n]\n");
	for (size_t i = 0; i < count; i++)
		capabilities_release(&profiles[i]);
}
