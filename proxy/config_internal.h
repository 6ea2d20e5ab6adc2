/* What the files of the configuration share. */
#ifndef PROXY_CONFIG_INTERNAL_H
#define PROXY_CONFIG_INTERNAL_H

#include "proxy/config.h"

/* Names compared without regard to capitals, '-' and '_' being one. */
bool config_same_name(const char *a, size_t a_length, const char *b, size_t b_length);

/* By any of its names; rules are not found. */
const struct config_option *config_find(const char *group, const char *name, size_t length);

/* The word's number in a list separated by `separator`, or -1. */
int config_word_in(const char *list, char separator, const char *word, size_t length);

/* The number of the choice that has that name ("off|0 on|1"), or -1. */
int config_choice_number(const char *choices, const char *value);

/* "[group] name: "value" is not …"; always -1. */
int config_bad_value(
	const struct config_option *option, const char *value, const char *wanted, struct error *error);

/* Sets the member from text; does not mark it as given. */
int config_set_value(
	struct config *config, const struct config_option *option, const char *value, struct error *error);
int config_set_rule(
	struct config *config, const char *name, size_t length, const char *value, struct error *error);
void config_mark_set(struct config *config, const struct config_option *option);

/* Writes DIR/NAME (0600) whole or not at all: temporary file, fsync, rename, fsync of the directory. */
int config_write_file(
	const char *directory, const char *name, const void *bytes, size_t length, struct error *error);

#endif
