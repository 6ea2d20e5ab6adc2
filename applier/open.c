/* Opening an applier: its connections, the channel, and what the run before has left.
 *
 * The way to the target may be long, and most of an opening is waiting for answers: what does not depend on each other goes side by
 * side. The control connection logs in alone, so that a password that is wrong is refused once. Then it takes the channel, while
 * others find out what the target can do and make the workers' connections ready, over which nothing is written before
 * applier_run. An instance that has to wait for another one keeps no worker's connection: they are opened again when the channel
 * is taken. */
#include <stdlib.h>
#include <string.h>

#include "applier/internal.h"
#include "applier/own_session.h"
#include "applier/stored_code.h"
#include "base/memory.h"

static void start_state(struct applier *applier)
{
	struct error ignored;

	applier->next = applier->taken;
	applier->next.gtid_set = memory_strdup(applier->taken.gtid_set ? applier->taken.gtid_set : "");
	applier->gtids = gtid_set_new();
	/* an empty set is a known one where there is no position by file either: nothing has been applied */
	applier->gtids_known = (applier->next.gtid_set[0] || !applier->next.position.file[0]) &&
		gtid_set_parse(applier->gtids, applier->next.gtid_set, &ignored) == 0;
	applier->committed = applier->taken.sequence;
	applier->progress.position = applier->taken.position;
	memcpy(applier->progress.gtid, applier->taken.gtid, sizeof(applier->progress.gtid));
	applier->progress.source_time = applier->taken.source_time;
	applier->progress_gtid_set = memory_strdup(applier->next.gtid_set);
}

static void set_rendering(struct applier *applier)
{
	uint64_t packet = target_max_allowed_packet(applier->control);

	applier->render.literal.family = target_family(applier->control);
	applier->render.literal.version = target_version(applier->control);
	applier->render.statement_rows = applier->settings.statement_rows;
	applier->render.statement_bytes = applier->settings.statement_bytes;
	if (applier->render.statement_bytes > packet / 4)
		applier->render.statement_bytes = (size_t)(packet / 4);
	applier->packet_bytes = packet > (16u << 20) ? (size_t)16 << 20 : (size_t)(packet - packet / 8);
}

/* One connection that is opened beside others. */
struct opening {
	struct applier *applier;
	struct worker *worker; /* NULL: the capabilities are to be probed */
	unsigned number;
	pthread_t thread;
	bool started;
	int result;
	struct error error;
};

struct openings {
	struct applier *applier;
	struct opening probe, workers[WORKERS_MAXIMUM];
	bool workers_opened; /* or being opened */
	bool (*waiting)(void *context);
	void *waiting_context;
};

static void *open_one(void *argument)
{
	struct opening *opening = argument;
	const struct target_options *options = &opening->applier->settings.target;

	if (opening->worker)
		opening->result = worker_open(opening->worker, opening->applier, opening->number, &opening->error);
	else
		opening->result = capabilities_probe(options, &opening->applier->capabilities, &opening->error);
	return NULL;
}

static void opening_start(struct opening *opening, struct applier *applier, struct worker *worker, unsigned number)
{
	memset(opening, 0, sizeof(*opening));
	opening->applier = applier;
	opening->worker = worker;
	opening->number = number;
	opening->started = pthread_create(&opening->thread, NULL, open_one, opening) == 0;
	if (!opening->started)
		open_one(opening);
}

/* Waits; keeps the first error. */
static int opening_end(struct opening *openings, unsigned count, int result, struct error *error)
{
	for (unsigned i = 0; i < count; i++) {
		if (openings[i].started)
			pthread_join(openings[i].thread, NULL);
		openings[i].started = false;
		if (openings[i].result < 0 && result == 0) {
			*error = openings[i].error;
			result = -1;
		}
	}
	return result;
}

static void open_workers(struct openings *openings)
{
	struct applier *applier = openings->applier;

	if (openings->workers_opened)
		return;
	openings->workers_opened = true;
	for (unsigned i = 0; i < applier->settings.workers; i++)
		opening_start(&openings->workers[i], applier, &applier->workers[i], i);
}

static int end_workers(struct openings *openings, int result, struct error *error)
{
	return openings->workers_opened
		? opening_end(openings->workers, openings->applier->settings.workers, result, error) : result;
}

/* The channel is another's. */
static bool wait_alone(void *context)
{
	struct openings *openings = context;
	struct applier *applier = openings->applier;
	struct error unused;

	if (openings->workers_opened) {
		end_workers(openings, 0, &unused);
		for (unsigned i = 0; i < applier->settings.workers; i++)
			worker_disconnect(&applier->workers[i]);
		openings->workers_opened = false;
	}
	return openings->waiting && openings->waiting(openings->waiting_context);
}

/* The control connection's session, what the server is, and our own schema. */
static int begin_control(struct applier *applier, struct error *error)
{
	const struct applier_settings *settings = &applier->settings;
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *installed;
	int result;

	questions_init(&questions, &arena);
	own_session_ask(&questions, settings, settings->lock_wait_seconds);
	installed = checkpoint_ask_installed(&questions, settings->target.schema);
	result = target_begin(applier->control, &questions, error);
	if (result == 0) {
		applier->control_session = session_new(target_family(applier->control), target_version(applier->control));
		set_rendering(applier);
	}
	if (result == 0 && !checkpoint_is_installed(installed))
		result = checkpoint_make_tables(applier->control, settings->target.schema, error);
	arena_release(&arena);
	return result;
}

/* The channel is ours: notes so, and reads what the run before has left. */
static int recover(struct applier *applier, struct error *error)
{
	const char *schema = applier->settings.target.schema, *channel = applier->settings.channel;
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *applied, *temps, *intent;
	int result = -1;

	questions_init(&questions, &arena);
	channel_ask_note(applier, &questions);
	applied = applied_set_ask(&questions, schema, channel);
	temps = temp_tables_ask(&questions, schema, channel);
	intent = intent_ask(&questions, schema, channel);
	if (questions_ask(&questions, applier->control, error) < 0 || channel_heartbeat_start(applier, error) < 0)
		goto out;
	/* what is left may take its time, and there is a heartbeat now */
	target_be_patient(applier->control);
	applier->applied = applied_set_new(applied, &applier->taken, applier->gtids_known ? applier->gtids : NULL);
	if (temp_tables_load(&applier->temps, temps, applier->control, schema, channel, error) == 0)
		result = special_recover(applier, intent, error);
out:
	arena_release(&arena);
	return result;
}

/* On the control connection. */
static int open_channel(struct openings *openings, struct error *error)
{
	struct applier *applier = openings->applier;

	if (begin_control(applier, error) < 0 || channel_take(applier, wait_alone, openings, error) < 0)
		return -1;
	open_workers(openings);
	start_state(applier);
	return recover(applier, error);
}

static struct applier *applier_new(const struct applier_settings *settings, const struct applier_hooks *hooks)
{
	struct applier *applier = memory_zalloc(sizeof(*applier));

	applier->settings = *settings;
	applier->hooks = *hooks;
	applier_init_locks(applier);
	flight_init(&applier->control_flight);
	capabilities_init(&applier->capabilities);
	applier->tables = table_cache_new();
	applier->spool = spool_new(settings->spool_directory);
	settlement_init(&applier->settlement, applier);
	applier->code = stored_code_new();
	applier->contexts = context_cache_new();
	return applier;
}

int applier_open(struct applier **result, const struct applier_settings *settings, const struct applier_hooks *hooks,
	struct channel_past *past, bool (*waiting)(void *context), void *waiting_context, struct error *error)
{
	struct applier *applier = applier_new(settings, hooks);
	struct openings openings = {.applier = applier, .waiting = waiting, .waiting_context = waiting_context};
	int status;

	applier->past = past;
	if (target_login(&applier->control, &settings->target, error) < 0)
		goto fail;
	opening_start(&openings.probe, applier, NULL, 0);
	open_workers(&openings);
	status = open_channel(&openings, error);
	status = end_workers(&openings, status, error);
	if (status == 0)
		channel_list_workers(applier);
	if (opening_end(&openings.probe, 1, status, error) < 0)
		goto fail;
	*result = applier;
	return 0;
fail:
	applier_close(applier);
	return -1;
}
