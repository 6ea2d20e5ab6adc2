/* What the operator has left in the state for the transaction that the stream stopped on. */
#include <stdlib.h>
#include <strings.h>

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

/* Has applying passed the place? Another server's places tell nothing of that: the stop was then at the first transaction from a
 * source that has taken the former one's place. */
static bool is_passed(struct pipeline *pipeline, const struct position *wish)
{
	const struct checkpoint *here = applier_checkpoint(pipeline->applier);
	char *of = setting(pipeline, SETTING_STOPPED_OF);
	bool elsewhere = of && *here->source_uuid && strcasecmp(of, here->source_uuid) != 0;

	free(of);
	return !elsewhere && position_compare(wish, &here->position) < 0;
}

/* Notes which of the operator's wishes are to be heard; false, and forgotten, when the place is passed. */
static bool is_due(struct pipeline *pipeline, const char *name, const char *at, struct position *wish)
{
	struct position position;

	if (!at)
		return false;
	if (position_parse(at, &position) && !is_passed(pipeline, &position)) {
		*wish = position;
		return true;
	}
	log_line(LOG_INFO, "run", "what was wished for a transaction that is passed is forgotten wish=%s at=%s", name, log_quote(at));
	set_setting(pipeline, name, NULL);
	return false;
}

void pipeline_take_wishes(struct pipeline *pipeline)
{
	char *skip = setting(pipeline, SETTING_SKIP_AT), *replace = setting(pipeline, SETTING_REPLACE_AT);
	char *sql = replace ? setting(pipeline, SETTING_REPLACE_SQL) : NULL;
	char *retry = setting(pipeline, SETTING_RETRY_AT);
	struct position position, wish = {.file = ""};

	set_setting(pipeline, SETTING_STOPPED_AT, NULL);
	/* good for this start alone: what another crash leaves is looked at anew */
	set_setting(pipeline, SETTING_RETRY_AT, NULL);
	if (retry && position_parse(retry, &position))
		applier_retry_at(pipeline->applier, &position);
	if (is_due(pipeline, SETTING_SKIP_AT, skip, &wish)) {
		applier_skip_at(pipeline->applier, &wish);
		log_line(LOG_INFO, "run", "the operator has this transaction skipped at=%s", log_quote(skip));
	}
	if (sql && is_due(pipeline, SETTING_REPLACE_AT, replace, &wish)) {
		applier_replace_at(pipeline->applier, &wish, sql);
		log_line(LOG_INFO, "run", "the operator has this transaction replaced at=%s", log_quote(replace));
	} else if (replace) {
		set_setting(pipeline, SETTING_REPLACE_AT, NULL);
		set_setting(pipeline, SETTING_REPLACE_SQL, NULL);
	}
	pthread_mutex_lock(&pipeline->lock);
	pipeline->wish = wish;
	pipeline->wish_from = applier_checkpoint(pipeline->applier)->position;
	pthread_mutex_unlock(&pipeline->lock);
	free(skip);
	free(retry);
	free(replace);
	free(sql);
}

static void drop_wishes(struct pipeline *pipeline)
{
	static const char *const names[] = {SETTING_SKIP_AT, SETTING_REPLACE_AT, SETTING_REPLACE_SQL, SETTING_WISHED, SETTING_STOPPED_OF};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
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
		/* (where it began may be a place in another server's log) */
		settled = position_compare(&progress.position, &pipeline->wish) > 0 &&
			  position_compare(&progress.position, &pipeline->wish_from) != 0;
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
	if (position)
		set_setting(pipeline, SETTING_STOPPED_OF, pipeline->identity);
}
