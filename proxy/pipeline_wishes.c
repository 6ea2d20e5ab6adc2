/* What the operator has left in the state for the transaction that the stream stopped on. */
#include <stdlib.h>

#include "proxy/commands.h"
#include "proxy/pipeline_internal.h"

static char *setting(struct pipeline *pipeline, const char *name)
{
	struct error error = {.kind = ERROR_NONE};
	char *value = NULL;

	if (state_get_setting(pipeline->settings.state, name, &value, &error) < 0)
		log_error(LOG_WARNING, "state", &error);
	return value;
}

static void set_setting(struct pipeline *pipeline, const char *name, const char *value)
{
	struct error error = {.kind = ERROR_NONE};

	if (state_set_setting(pipeline->settings.state, name, value, &error) < 0)
		log_error(LOG_WARNING, "state", &error);
}

void pipeline_take_wishes(struct pipeline *pipeline)
{
	const struct position *here = &applier_checkpoint(pipeline->applier)->position;
	char *skip = setting(pipeline, SETTING_SKIP_AT), *replace = setting(pipeline, SETTING_REPLACE_AT);
	char *sql = replace ? setting(pipeline, SETTING_REPLACE_SQL) : NULL;
	char *retry = setting(pipeline, SETTING_RETRY_AT);
	struct position position, wish = {.file = ""};

	set_setting(pipeline, SETTING_STOPPED_AT, NULL);
	/* good for this start alone: what another crash leaves is looked at anew */
	set_setting(pipeline, SETTING_RETRY_AT, NULL);
	if (retry && position_parse(retry, &position))
		applier_retry_at(pipeline->applier, &position);
	if (skip && position_parse(skip, &position) && position_compare(&position, here) >= 0) {
		applier_skip_at(pipeline->applier, &position);
		wish = position;
		log_line(LOG_INFO, "run", "the operator has this transaction skipped at=%s", log_quote(skip));
	} else if (skip) {
		set_setting(pipeline, SETTING_SKIP_AT, NULL);
	}
	if (sql && position_parse(replace, &position) && position_compare(&position, here) >= 0) {
		applier_replace_at(pipeline->applier, &position, sql);
		wish = position;
		log_line(LOG_INFO, "run", "the operator has this transaction replaced at=%s",
			log_quote(replace));
	} else if (replace) {
		set_setting(pipeline, SETTING_REPLACE_AT, NULL);
		set_setting(pipeline, SETTING_REPLACE_SQL, NULL);
	}
	pthread_mutex_lock(&pipeline->lock);
	pipeline->wish = wish;
	pthread_mutex_unlock(&pipeline->lock);
	free(skip);
	free(retry);
	free(replace);
	free(sql);
}

static void drop_wishes(struct pipeline *pipeline)
{
	static const char *const names[] = {SETTING_SKIP_AT, SETTING_REPLACE_AT, SETTING_REPLACE_SQL};

	for (unsigned i = 0; i < 3; i++)
		set_setting(pipeline, names[i], NULL);
}

void pipeline_settle(struct pipeline *pipeline)
{
	struct applier_progress progress;
	bool settled = false;

	pthread_mutex_lock(&pipeline->lock);
	if (pipeline->wish.file[0]) {
		progress = pipeline->before;
		if (pipeline->applier)
			applier_progress(pipeline->applier, &progress);
		settled = position_compare(&progress.position, &pipeline->wish) > 0;
		if (settled)
			pipeline->wish.file[0] = '\0';
	}
	pthread_mutex_unlock(&pipeline->lock);
	if (settled)
		drop_wishes(pipeline);
}

void pipeline_note_stop(struct pipeline *pipeline, const struct position *position)
{
	char text[BINLOG_NAME_MAXIMUM + 32];

	if (position)
		position_text(position, text, sizeof(text));
	set_setting(pipeline, SETTING_STOPPED_AT, position ? text : NULL);
}
