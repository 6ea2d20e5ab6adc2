/* A statement through the rules, for the tests of rewriting: what comes out as one line of text. */
#ifndef TESTS_UNIT_APPLIER_RULES_H
#define TESTS_UNIT_APPLIER_RULES_H

#include <stdlib.h>
#include <string.h>

#include "applier/sql/rewrite.h"

#define MYSQL56                                                                                              \
	{                                                                                                    \
		FAMILY_MYSQL, 50651                                                                          \
	}
#define MYSQL57                                                                                              \
	{                                                                                                    \
		FAMILY_MYSQL, 50744                                                                          \
	}
#define MYSQL80                                                                                              \
	{                                                                                                    \
		FAMILY_MYSQL, 80036                                                                          \
	}
#define MARIA                                                                                                \
	{                                                                                                    \
		FAMILY_MARIADB, 101106                                                                       \
	}

/* What an account gets whose password cannot be carried. */
#define NO_PASSWORD " IDENTIFIED BY PASSWORD '*0000000000000000000000000000000000000000'"
#define NO_PASSWORD_97 \
	" IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED'"

/* The target by a short name, loaded once. */
static struct capabilities *target_of(const char *name)
{
	static struct capabilities loaded[4];
	static const char *const names[4][2] = {{"my97", "rds-mysql-9.7"}, {"my56", "rds-mysql-5.6"},
		{"ma1011", "rds-mariadb-10.11"}, {"ma118", "rds-mariadb-11.8"}};

	for (int i = 0; i < 4; i++) {
		struct error error = {0};
		const char *text = capabilities_profile(names[i][1]);

		if (strcmp(names[i][0], name) != 0)
			continue;
		if (!loaded[i].server_text && capabilities_load(&loaded[i], text, strlen(text), &error) != 0)
			abort();
		return &loaded[i];
	}
	abort();
}

static void release_targets(void)
{
	static const char *const names[] = {"my97", "my56", "ma1011", "ma118"};

	for (int i = 0; i < 4; i++)
		capabilities_release(target_of(names[i]));
}

/* For the end of a group of tests. */
static __attribute__((unused)) int release_targets_after(void **state)
{
	(void)state;
	release_targets();
	return 0;
}

/* A statement in the database app, of a client that spoke utf8mb4. */
static __attribute__((unused)) struct rewrite_input input_of(const char *sql, struct server_version source)
{
	return (struct rewrite_input){.text = sql,
		.length = strlen(sql),
		.database = "app",
		.client_charset = "utf8mb4",
		.source = source,
		.explicit_defaults = -1};
}

/* "RUN", "SKIP rule", "STOP rule", or the steps: "[before] sql", parted by " | ", settings as
 * "{name=literal}". */
static __attribute__((unused)) void plan_text(const struct rewrite_plan *plan, struct buffer *out)
{
	const char *last = plan->note_count ? plan->notes[plan->note_count - 1].name : "";

	if (plan->action == PLAN_RUN)
		buffer_puts(out, "RUN");
	else if (plan->action == PLAN_SKIP)
		buffer_printf(out, "SKIP%s%s", last[0] ? " " : "", last);
	else if (plan->action == PLAN_STOP)
		buffer_printf(out, "STOP %s", last);
	for (size_t i = 0; i < plan->setting_count; i++)
		buffer_printf(out, "{%s=%s} ", plan->settings[i].name, plan->settings[i].literal);
	for (size_t i = 0; plan->action == PLAN_REWRITE && i < plan->step_count; i++) {
		const struct plan_step *step = &plan->steps[i];
		static const char *const when[] = {"[before] ", "", "[after] "};

		buffer_printf(out, "%s%s", i ? " | " : "", when[step->when]);
		if (step->work == WORK_COPY_TABLE)
			buffer_printf(out, "[copy %s to %s]", step->from_table, step->to_table);
		else
			buffer_append(out, step->sql, step->length);
		if (step->work == WORK_INSERT_NAMED)
			buffer_printf(out, " [names] %.*s", (int)step->more_length, step->more);
	}
}

#endif
