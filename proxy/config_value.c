/* Values of options: from text into struct config, and back. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "proxy/config.h"
#include "proxy/config_internal.h"

#define DAY 86400

int config_choice_number(const char *choices, const char *value)
{
	for (int nth = 0; *choices; nth++) {
		size_t size = strchrnul(choices, ' ') - choices;
		char names[128];

		snprintf(names, sizeof(names), "%.*s", (int)size, choices);
		if (config_word_in(names, '|', value, strlen(value)) >= 0)
			return nth;
		choices += size + (choices[size] != '\0');
	}
	return -1;
}

/* The first name of a choice. */
static void choice_name(const char *choices, unsigned number, struct buffer *text)
{
	for (; number > 0; number--)
		choices = strchr(choices, ' ') + 1;
	buffer_append(text, choices, strcspn(choices, "| "));
}

int config_bad_value(
	const struct config_option *option, const char *value, const char *wanted, struct error *error)
{
	return error_set(error, ERROR_USAGE, "[%s] %s: \"%.100s\" is not %s", option->group, option->name,
		value, wanted);
}

/* Digits and one of the suffixes; false when it is anything else, or too large. */
static bool parse_scaled(
	const char *value, const char *const *suffixes, const uint64_t *factors, uint64_t *number)
{
	unsigned long long digits;
	char *end;

	if (!isdigit((unsigned char)*value))
		return false;
	errno = 0;
	digits = strtoull(value, &end, 10);
	if (errno)
		return false;
	while (*end == ' ')
		end++;
	for (unsigned i = 0; suffixes[i]; i++) {
		if (strcasecmp(end, suffixes[i]) == 0)
			return !__builtin_mul_overflow((uint64_t)digits, factors[i], number);
	}
	return false;
}

/* Milliseconds from "250ms", or from seconds with up to three decimals. */
static bool parse_millis(const char *value, uint64_t *number)
{
	static const char *const suffixes[] = {"ms", "s", "m", "h", "", NULL};
	static const uint64_t factors[] = {1, 1000, 60000, 3600000, 1000};
	uint64_t whole, fraction = 0;
	const char *dot = strchr(value, '.');
	char *end;

	if (!dot)
		return parse_scaled(value, suffixes, factors, number);
	if (!isdigit((unsigned char)*value))
		return false;
	errno = 0;
	whole = strtoull(value, &end, 10);
	if (errno || end != dot || whole > UINT32_MAX)
		return false;
	end++;
	for (uint64_t place = 100; isdigit((unsigned char)*end); place /= 10)
		fraction += (uint64_t)(*end++ - '0') * place;
	if (*end && strcasecmp(end, "s") != 0)
		return false;
	*number = whole * 1000 + fraction;
	return true;
}

static int set_number(
	struct config *config, const struct config_option *option, const char *value, struct error *error)
{
	static const char *const no_suffixes[] = {"", NULL};
	static const char *const byte_suffixes[] = {"", "K", "M", "G", "T", "KB", "MB", "GB", "TB", NULL};
	static const uint64_t byte_factors[] = {1, UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30,
		UINT64_C(1) << 40, UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30,
		UINT64_C(1) << 40};
	static const char *const second_suffixes[] = {"", "s", "m", "h", "d", NULL};
	static const uint64_t second_factors[] = {1, 1, 60, 3600, DAY};
	uint64_t number = 0;
	bool fits;

	if (option->type == CONFIG_BYTES)
		fits = parse_scaled(value, byte_suffixes, byte_factors, &number);
	else if (option->type == CONFIG_SECONDS)
		fits = parse_scaled(value, second_suffixes, second_factors, &number);
	else if (option->type == CONFIG_MILLIS)
		fits = parse_millis(value, &number);
	else
		fits = parse_scaled(value, no_suffixes, byte_factors, &number);
	if (!fits)
		return config_bad_value(option, value,
			option->type == CONFIG_BYTES	 ? "a number of bytes (as in 65536, 64K, 16M, 1G)"
			: option->type == CONFIG_SECONDS ? "a number of seconds (as in 30, 30s, 5m, 1h)"
			: option->type == CONFIG_MILLIS	 ? "a time (as in 5, 0.25, 250ms)"
							 : "a number",
			error);
	if (number < option->minimum || number > option->maximum)
		return error_set(error, ERROR_USAGE, "[%s] %s: %.100s is not between %llu and %llu%s",
			option->group, option->name, value, (unsigned long long)option->minimum,
			(unsigned long long)option->maximum,
			option->type == CONFIG_MILLIS ? " milliseconds" : "");
	*(uint64_t *)((char *)config + option->offset) = number;
	return 0;
}

static int set_boolean(
	struct config *config, const struct config_option *option, const char *value, struct error *error)
{
	int choice = config_choice_number("off|0|no|false|none on|1|yes|true", value);

	if (choice < 0)
		return config_bad_value(option, value, "on or off", error);
	*(bool *)((char *)config + option->offset) = choice == 1;
	return 0;
}

static int set_choice(
	struct config *config, const struct config_option *option, const char *value, struct error *error)
{
	int choice = config_choice_number(option->choices, value);
	struct buffer names = BUFFER_INIT;

	if (choice >= 0) {
		*(unsigned *)((char *)config + option->offset) = (unsigned)choice;
		return 0;
	}
	buffer_puts(&names, "one of ");
	for (const char *at = option->choices; *at; at += strcspn(at, " "), at += *at == ' ') {
		if (at != option->choices)
			buffer_puts(&names, ", ");
		buffer_append(&names, at, strcspn(at, "| "));
	}
	buffer_putc(&names, '.');
	config_bad_value(option, value, buffer_text(&names), error);
	buffer_release(&names);
	if (strcmp(option->name, "ssl-mode") == 0 &&
		(strcasecmp(value, "required") == 0 || strcasecmp(value, "preferred") == 0))
		error_advice(error,
			"That verifies nothing, and so keeps nobody out: name the authority with ssl-ca and "
			"use ca or identity.");
	return -1;
}

static void set_text(struct config *config, const struct config_option *option, const char *value)
{
	const char **member = (const char **)((char *)config + option->offset);
	char here[PATH_MAX];

	if (!*value) {
		*member = NULL;
		return;
	}
	if (option->type == CONFIG_PATH && *value != '/') {
		const char *base = config->path_base ? config->path_base : getcwd(here, sizeof(here));
		struct buffer path = BUFFER_INIT;

		buffer_printf(&path, "%s/%s", base ? base : ".", value);
		*member = arena_strndup(&config->arena, buffer_text(&path), path.length);
		buffer_release(&path);
		return;
	}
	*member = arena_strdup(&config->arena, value);
}

/* `rule.NAME = policy` */
int config_set_rule(
	struct config *config, const char *name, size_t length, const char *value, struct error *error)
{
	int policy = config_choice_number("run rewrite skip stop", value);
	struct config_rule *rules;

	if (policy < 0)
		return error_set(error, ERROR_USAGE,
			"[changeling] rule.%.*s: \"%.100s\" is not one of run, rewrite, skip, "
			"stop",
			(int)length, name, value);
	if (length == 0 || length > 64)
		return error_set(error, ERROR_USAGE,
			"[changeling] rule.NAME: the name of the rule is missing or too long");
	for (size_t i = 0; i < config->rule_count; i++) {
		if (config_same_name(config->rules[i].name, strlen(config->rules[i].name), name, length)) {
			config->rules[i].policy = (enum config_policy)policy;
			return 0;
		}
	}
	rules = arena_alloc(&config->arena, (config->rule_count + 1) * sizeof(*rules));
	if (config->rule_count)
		memcpy(rules, config->rules, config->rule_count * sizeof(*rules));
	rules[config->rule_count].name = arena_strndup(&config->arena, name, length);
	rules[config->rule_count].policy = (enum config_policy)policy;
	config->rules = rules;
	config->rule_count++;
	return 0;
}

/* The end of one side of a definer: `end` or the comma or arrow in front of it, quoted text apart. */
static const char *definer_end(const char *at, const char *stop)
{
	char quote = 0;

	for (; *at; at++) {
		if (quote) {
			if (*at == quote)
				quote = 0;
		} else if (*at == '\'' || *at == '`' || *at == '"') {
			quote = *at;
		} else if (strncmp(at, stop, strlen(stop)) == 0) {
			break;
		}
	}
	return at;
}

static const char *trimmed(struct arena *arena, const char *from, const char *to)
{
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	return arena_strndup(arena, from, (size_t)(to - from));
}

static int set_definers(
	struct config *config, const struct config_option *option, const char *value, struct error *error)
{
	static const char wanted[] = "of the form 'old'@'host' => 'new'@'host', …";

	config->definers = NULL;
	config->definer_count = 0;
	for (const char *at = value; *at;) {
		const char *arrow = definer_end(at, "=>"), *end;
		struct config_definer *definers;

		if (!*arrow)
			return config_bad_value(option, value, wanted, error);
		end = definer_end(arrow + 2, ",");
		definers = arena_alloc(&config->arena, (config->definer_count + 1) * sizeof(*definers));
		if (config->definer_count)
			memcpy(definers, config->definers, config->definer_count * sizeof(*definers));
		definers[config->definer_count].from = trimmed(&config->arena, at, arrow);
		definers[config->definer_count].to = trimmed(&config->arena, arrow + 2, end);
		if (!*definers[config->definer_count].from || !*definers[config->definer_count].to)
			return config_bad_value(option, value, wanted, error);
		config->definers = definers;
		config->definer_count++;
		at = *end ? end + 1 : end;
	}
	return 0;
}

int config_set_value(
	struct config *config, const struct config_option *option, const char *value, struct error *error)
{
	switch (option->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
		set_text(config, option, value);
		return 0;
	case CONFIG_NUMBER:
	case CONFIG_BYTES:
	case CONFIG_SECONDS:
	case CONFIG_MILLIS:
		return set_number(config, option, value, error);
	case CONFIG_BOOLEAN:
		return set_boolean(config, option, value, error);
	case CONFIG_CHOICE:
		return set_choice(config, option, value, error);
	case CONFIG_DEFINERS:
		return set_definers(config, option, value, error);
	case CONFIG_RULE:
		break;
	}
	return error_set(error, ERROR_USAGE, "[%s] %s cannot be set", option->group, option->name);
}

static void put_bytes(struct buffer *text, uint64_t bytes)
{
	static const char suffixes[] = {'T', 'G', 'M', 'K'};

	for (unsigned i = 0; i < 4; i++) {
		uint64_t unit = UINT64_C(1) << (40 - 10 * i);

		if (bytes >= unit && bytes % unit == 0) {
			buffer_printf(text, "%llu%c", (unsigned long long)(bytes / unit), suffixes[i]);
			return;
		}
	}
	buffer_put_u64(text, bytes);
}

bool config_value_text(const struct config *config, const struct config_option *option, struct buffer *text)
{
	const void *member = (const char *)config + option->offset;
	const char *string;

	switch (option->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
		string = *(const char *const *)member;
		buffer_puts(text, string ? string : "");
		return string != NULL;
	case CONFIG_NUMBER:
	case CONFIG_SECONDS:
		buffer_put_u64(text, *(const uint64_t *)member);
		return *(const uint64_t *)member != 0 || option->minimum == 0;
	case CONFIG_BYTES:
		put_bytes(text, *(const uint64_t *)member);
		return true;
	case CONFIG_MILLIS:
		if (*(const uint64_t *)member % 1000)
			buffer_printf(text, "%llums", (unsigned long long)*(const uint64_t *)member);
		else
			buffer_put_u64(text, *(const uint64_t *)member / 1000);
		return true;
	case CONFIG_BOOLEAN:
		buffer_puts(text, *(const bool *)member ? "on" : "off");
		return true;
	case CONFIG_CHOICE:
		choice_name(option->choices, *(const unsigned *)member, text);
		return true;
	case CONFIG_DEFINERS:
		for (size_t i = 0; i < config->definer_count; i++)
			buffer_printf(text, "%s%s => %s", i ? ", " : "", config->definers[i].from,
				config->definers[i].to);
		return config->definer_count > 0;
	case CONFIG_RULE:
		return false;
	}
	return false;
}
