#include "proxy/wish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/pipeline.h"

static const struct {
	const char *name, *place, *does;
} wishes[] = {
	[WISH_SKIP] = {"skip", SETTING_SKIP_AT,
		"the next start steps over this transaction and records it (`changeling retry` takes that back)"},
	[WISH_REPLACE] = {"replace", SETTING_REPLACE_AT,
		"the next start runs the operator's SQL in place of this transaction (`changeling retry` takes that back)"},
	[WISH_RETRY] = {"retry", SETTING_RETRY_AT, "the next start tries this transaction again"},
};
#define WISHES (sizeof(wishes) / sizeof(wishes[0]))

enum wish wish_named(const char *command)
{
	for (unsigned i = 0; i < WISHES; i++) {
		if (strcmp(command, wishes[i].name) == 0)
			return (enum wish)i;
	}
	return WISH_RETRY;
}

static int note_time(struct state *state, struct error *error)
{
	time_t now = time(NULL);
	struct tm utc;
	char text[32];

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return state_set_setting(state, SETTING_WISHED, text, error);
}

int wish_at_stop(struct state *state, enum wish wish, const char *sql, struct error *error)
{
	char *at = NULL;
	int result = state_get_setting(state, SETTING_STOPPED_AT, &at, error);

	if (result == 0 && !at && wish != WISH_RETRY) /* what is not about one transaction may be tried again, too */
		result = error_set(error, ERROR_STOP, "it has not stopped on a transaction: there is nothing to %s.",
			wishes[wish].name);
	if (result == 0 && wish == WISH_REPLACE)
		result = state_set_setting(state, SETTING_REPLACE_SQL, sql, error);
	/* an earlier wish of another kind is taken back */
	for (unsigned i = 0; result == 0 && i < WISHES; i++)
		result = state_set_setting(state, wishes[i].place, i == wish ? at : NULL, error);
	if (result == 0)
		result = note_time(state, error);
	free(at);
	return result;
}

void wish_waiting(struct state *state, char text[WISH_TEXT])
{
	text[0] = '\0';
	for (unsigned i = 0; !text[0] && i < WISHES; i++) {
		struct error unknown = {.kind = ERROR_NONE};
		char *at = NULL, *since = NULL;

		if (state_get_setting(state, wishes[i].place, &at, &unknown) == 0 && at &&
			state_get_setting(state, SETTING_WISHED, &since, &unknown) == 0)
			snprintf(text, WISH_TEXT, "`changeling %s`, asked for at %s, waits: %s.", wishes[i].name,
				since ? since : "an unknown time", wishes[i].does);
		free(at);
		free(since);
	}
}
