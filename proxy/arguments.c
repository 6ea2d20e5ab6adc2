#include "proxy/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAXIMUM 96

struct known {
	const struct argument *arguments;
	size_t count;
};

static const struct argument *find(const struct known *known, const char *name)
{
	for (size_t i = 0; i < known->count; i++) {
		if (strcmp(known->arguments[i].name, name) == 0)
			return &known->arguments[i];
	}
	return NULL;
}

static bool find_wants_value(void *context, const char *name, bool *is_known)
{
	const struct argument *argument = find(context, name);

	*is_known = argument != NULL;
	return argument && argument->metavar;
}

int argument_split(int argc, char **argv, int *at, char *name, size_t room,
	bool (*wants_value)(void *context, const char *name, bool *known), void *context, const char **value,
	struct error *error)
{
	const char *text = argv[*at] + 2;
	size_t length = strcspn(text, "=");
	bool wants, known;

	*value = NULL;
	if (length == 0 || length >= room)
		return error_set(error, ERROR_USAGE, "%.80s is no option. See --help.", argv[*at]);
	memcpy(name, text, length);
	name[length] = '\0';
	wants = wants_value(context, name, &known);
	if (!known)
		return error_set(error, ERROR_USAGE, "there is no option --%s. See --help.", name);
	++*at;
	if (text[length] == '=') {
		*value = text + length + 1;
	} else if (wants) {
		if (*at == argc)
			return error_set(error, ERROR_USAGE, "the option --%s needs a value.", name);
		*value = argv[(*at)++];
	}
	return 0;
}

int arguments_parse(
	int argc, char **argv, const struct argument *arguments, size_t count, int *rest, struct error *error)
{
	struct known known = {arguments, count};
	bool options = true;
	int others = 0;

	for (int at = 1; at < argc;) {
		const struct argument *argument;
		char name[NAME_MAXIMUM];
		const char *value;

		if (options && strcmp(argv[at], "--") == 0) {
			options = false;
			at++;
			continue;
		}
		if (!options || argv[at][0] != '-' || argv[at][1] == '\0') {
			if (!rest)
				return error_set(error, ERROR_USAGE,
					"\"%.80s\" is one argument too many. See --help.", argv[at]);
			argv[others++] = argv[at++];
			continue;
		}
		if (argv[at][1] != '-')
			return error_set(
				error, ERROR_USAGE, "there is no option %.80s. See --help.", argv[at]);
		if (argument_split(
			    argc, argv, &at, name, sizeof(name), find_wants_value, &known, &value, error) < 0)
			return -1;
		argument = find(&known, name);
		if (!argument->metavar && value)
			return error_set(error, ERROR_USAGE, "the option --%s takes no value.", name);
		if (argument->metavar)
			*argument->text = value;
		else
			*argument->flag = true;
	}
	if (rest)
		*rest = others;
	return 0;
}

void arguments_print(const struct argument *arguments, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", arguments[i].name, arguments[i].metavar ? "=" : "",
			arguments[i].metavar ? arguments[i].metavar : "");
		printf("  %-24s %s\n", left, arguments[i].help);
	}
	printf("  %-24s %s\n", "--help", "this text");
}

const char *state_directory(const char *option)
{
	const char *environment = getenv("CHANGELING_STATE");

	if (option && *option)
		return option;
	return environment && *environment ? environment : "/var/lib/changeling/main";
}
