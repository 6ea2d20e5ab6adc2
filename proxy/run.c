/* `changeling run`: the main thread's loop around a pipeline. */
#include "proxy/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"
#include "proxy/notify.h"

/* How long a stop waits for what is under way, before that is rolled back; and then, before the process ends
 * as it is (which loses nothing: the checkpoint stands on the target). */
#define GRACE_SECONDS 8.
#define LAST_SECONDS 5.

static void on_changed(void *context)
{
	struct run *run = context;

	ev_async_send(run->loop, &run->changed);
}

static void on_grace(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct run *run = timer->data;

	(void)events;
	if (timer->repeat > 0) {
		log_line(LOG_WARNING, "run", "what is under way does not end: it is left to the target");
		run_save_status(run);
		_exit(EXIT_OK);
	}
	log_line(LOG_INFO, "run", "what is under way takes too long: rolling it back");
	pipeline_interrupt(run->pipeline);
	ev_timer_set(timer, LAST_SECONDS, LAST_SECONDS);
	ev_timer_start(loop, timer);
}

void run_stop(struct run *run)
{
	if (run->stopping)
		return;
	run->stopping = true;
	notify_send("STOPPING=1");
	pipeline_stop(run->pipeline);
	ev_timer_init(&run->grace_timer, on_grace, GRACE_SECONDS, 0.);
	run->grace_timer.data = run;
	ev_timer_start(run->loop, &run->grace_timer);
}

static void on_signal(struct ev_loop *loop, struct ev_signal *signal_, int events)
{
	struct run *run = signal_->data;

	(void)loop;
	(void)events;
	if (run->stopping) {
		log_line(LOG_INFO, "run", "asked again to stop: rolling back what is under way");
		pipeline_interrupt(run->pipeline);
		return;
	}
	log_line(LOG_INFO, "run", "stopping signal=%s", signal_->signum == SIGTERM ? "SIGTERM" : "SIGINT");
	run_stop(run);
}

/* A lost terminal is no reason to end, and there is nothing to read again. */
static void on_hangup(struct ev_loop *loop, struct ev_signal *signal_, int events)
{
	(void)loop;
	(void)signal_;
	(void)events;
}

static void on_news(struct ev_loop *loop, struct ev_async *async, int events)
{
	struct run *run = async->data;
	struct pipeline_view view;

	(void)events;
	run_save_status(run);
	pipeline_view(run->pipeline, &view);
	if (view.ended)
		ev_break(loop, EVBREAK_ALL);
}

static void on_status_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct run *run = timer->data;

	(void)loop;
	(void)events;
	run_save_status(run);
	pipeline_settle(run->pipeline);
}

static void on_lag_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	run_record_lag(timer->data);
}

static void on_watchdog(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	notify_send("WATCHDOG=1");
}

static void start_timer(struct run *run, struct ev_timer *timer,
	void (*callback)(struct ev_loop *loop, struct ev_timer *timer, int events), double seconds)
{
	ev_timer_init(timer, callback, seconds, seconds);
	timer->data = run;
	ev_timer_start(run->loop, timer);
}

static void start_signal(struct run *run, struct ev_signal *watcher, int number,
	void (*callback)(struct ev_loop *loop, struct ev_signal *signal_, int events))
{
	ev_signal_init(watcher, callback, number);
	watcher->data = run;
	ev_signal_start(run->loop, watcher);
}

static void watch(struct run *run)
{
	double watchdog = notify_watchdog_seconds();

	ev_async_init(&run->changed, on_news);
	run->changed.data = run;
	ev_async_start(run->loop, &run->changed);
	start_signal(run, &run->term, SIGTERM, on_signal);
	start_signal(run, &run->interrupt, SIGINT, on_signal);
	start_signal(run, &run->hangup, SIGHUP, on_hangup);
	start_timer(run, &run->status_timer, on_status_timer, (double)run->config.status_interval_ms / 1000);
	start_timer(run, &run->lag_timer, on_lag_timer, (double)run->config.lag_interval_seconds);
	if (watchdog > 0)
		start_timer(run, &run->watchdog_timer, on_watchdog, watchdog);
}

/* The other threads leave the signals to this one. */
static int start_pipeline(struct run *run, struct error *error)
{
	sigset_t all, former;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	result = pipeline_start(run->pipeline, error);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return result;
}

static int open_state(struct run *run, struct error *error)
{
	struct state_options options = {
		.channel = run->config.channel, .journal_rows = run->config.journal_rows};
	struct error unknown = {.kind = ERROR_NONE};
	char *warning = NULL;
	bool found;
	int result = state_open(&run->state, run->directory, &options, &warning, error);

	if (warning)
		log_line(LOG_WARNING, "state", "%s", warning);
	free(warning);
	if (result == 0 && state_read_status(run->state, &run->former, &found, &unknown) < 0)
		log_line(LOG_WARNING, "state", "what was known before is not: %s", unknown.text);
	if (result == 0)
		wish_waiting(run->state, run->wish);
	return result;
}

/* Everything up to the loop. */
static int prepare(struct run *run, const char *log_level, struct error *error)
{
	struct pipeline_settings settings = {
		.settings = &run->settings,
		.until = run->until,
		.wait = run->wait,
		.stay = run->stay,
		.changed = on_changed,
		.context = run,
	};
	int level = log_level ? log_level_parse(log_level) : -1;

	if (log_level && level < 0)
		return error_set(error, ERROR_USAGE,
			"--log-level=%.20s: it is debug, info, warning or error.", log_level);
	if (config_load(&run->config, run->directory, error) < 0 || config_validate(&run->config, error) < 0)
		return -1;
	log_set_level(level >= 0 ? (enum log_level)level : (enum log_level)run->config.log_level);
	if (settings_fill(&run->settings, &run->config, error) < 0 ||
		state_lock_take(&run->lock, run->directory, error) < 0 || open_state(run, error) < 0)
		return -1;
	settings.state = run->state;
	run->settings.applier.spool_directory = run->directory;
	if (pipeline_new(&run->pipeline, &settings, error) < 0)
		return -1;
	run->loop = ev_default_loop(EVFLAG_NOENV);
	if (control_open(&run->control, run->loop, run->directory, run_answer, run, error) < 0)
		return -1;
	watch(run);
	return 0;
}

static void clean_up(struct run *run)
{
	control_close(run->control);
	pipeline_free(run->pipeline);
	state_close(run->state);
	state_status_release(&run->former);
	state_lock_release(&run->lock);
	settings_release(&run->settings);
	config_release(&run->config);
	if (run->loop)
		ev_loop_destroy(run->loop);
}

static int run_replication(struct run *run, const char *log_level)
{
	struct error error = {.kind = ERROR_NONE};
	struct pipeline_view view;
	int exit_code;

	config_init(&run->config);
	run->lock = (struct state_lock)STATE_LOCK_INIT;
	run->started_at_us = state_now_us();
	run->told = STATE_STARTING;
	log_throttle_init(&run->state_throttle, 5000, 600000);
	log_throttle_init(&run->lag_throttle, 5000, 600000);
	if (prepare(run, log_level, &error) < 0 || start_pipeline(run, &error) < 0) {
		exit_code = command_fail("run", &error);
		goto out;
	}
	log_line(LOG_INFO, "run", "changeling %s started channel=%s server_id=%llu state=%s",
		CHANGELING_VERSION, log_quote(run->config.channel),
		(unsigned long long)run->config.source.server_id, log_quote(run->directory));
	run_save_status(run);
	ev_run(run->loop, 0);
	pipeline_settle(run->pipeline);
	pipeline_view(run->pipeline, &view);
	run_save_status(run);
	exit_code = view.exit_code;
	log_line(LOG_INFO, "run", "ended exit=%d", exit_code);
out:
	clean_up(run);
	return exit_code;
}

int run_command(int argc, char **argv)
{
	struct run run = {.state = NULL};
	const char *state = NULL, *log_level = NULL;
	const struct argument arguments[] = {
		STATE_ARGUMENT(state),
		{"until", "now|GTID|FILE:POS",
			"end when the source's present end of log, GTIDs or a position are applied",
			&run.until, NULL},
		{"wait", NULL, "keep trying when a server cannot be reached at the start", NULL, &run.wait},
		{"stay", NULL, "after an error that needs a person, wait for skip, retry or replace", NULL,
			&run.stay},
		{"log-level", "LEVEL", "debug, info, warning or error, instead of the configuration's",
			&log_level, NULL},
	};
	const size_t count = sizeof(arguments) / sizeof(arguments[0]);
	struct error error = {.kind = ERROR_NONE};

	if (command_wants_help(argc, argv)) {
		command_print("run");
		arguments_print(arguments, count);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, count, NULL, &error) < 0)
		return command_fail("run", &error);
	run.directory = state_directory(state);
	return run_replication(&run, log_level);
}
