/* What may be asked of a running process. */
#include <stdlib.h>
#include <string.h>

#include "proxy/run.h"
#include "proxy/status.h"

static void to_json(void *context, const struct state_status *status)
{
	json_t **json = context;

	*json = status_json(status, true, state_now_us());
}

static json_t *done(const char *what)
{
	return json_pack("{s:b, s:s}", "ok", 1, "message", what);
}

/* skip, replace, retry: only after a stop. */
static json_t *after_stop(struct run *run, const char *command, const char *text)
{
	struct error error = {.kind = ERROR_NONE};
	struct pipeline_view view;

	pipeline_view(run->pipeline, &view);
	if (view.phase != STATE_ERROR && strcmp(command, "retry") == 0) {
		if (view.phase != STATE_CONNECTING)
			return control_refusal("it has not stopped on an error: there is nothing to retry.");
		pipeline_retry(run->pipeline);
		return done("trying again now");
	}
	if (view.phase != STATE_ERROR || view.ended)
		return control_refusal("it has not stopped on an error.");
	if (wish_at_stop(run->state, wish_named(command), text, &error) < 0)
		return control_refusal(error.text);
	wish_waiting(run->state, run->wish);
	pipeline_retry(run->pipeline);
	return done(strcmp(command, "skip") == 0    ? "stepping over the transaction"
		    : strcmp(command, "retry") == 0 ? "trying again"
						    : "applying that in place of the transaction");
}

json_t *run_answer(void *context, const char *command, const char *text)
{
	struct run *run = context;
	json_t *status = NULL;

	if (strcmp(command, "status") == 0) {
		run_with_status(run, to_json, &status);
		return json_pack("{s:b, s:o}", "ok", 1, "status", status);
	}
	if (strcmp(command, "stop") == 0) {
		pipeline_pause(run->pipeline);
		log_line(LOG_INFO, "run", "paused by the operator");
		return done("applying is paused; `changeling start` goes on");
	}
	if (strcmp(command, "start") == 0) {
		pipeline_resume(run->pipeline);
		log_line(LOG_INFO, "run", "started by the operator");
		return done("applying goes on");
	}
	if (strcmp(command, "replace") == 0 && (!text || !*text))
		return control_refusal("there is no SQL to replace the transaction by.");
	if (strcmp(command, "skip") == 0 || strcmp(command, "retry") == 0 || strcmp(command, "replace") == 0)
		return after_stop(run, command, text);
	return control_refusal("that command is not known.");
}
