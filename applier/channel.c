/* Who has the channel: a named lock on the target, a heartbeat beside it, and the epoch that fences.
 *
 * The lock belongs to the control connection, so it is free as soon as the target knows that its owner is gone. An owner
 * that is only stalled (stopped by a signal, cut off without the target noticing) keeps the lock and falls silent: its
 * connections are ended, and with them its open transactions. Neither decides what is committed: that does the
 * epoch, which every checkpoint asks for, and which taking the channel raises. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "applier/heartbeat.h"
#include "applier/internal.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

#define SILENCE_SECONDS_MINIMUM 3  /* a few beats */
#define ROW_LOCK_SECONDS 3
#define TAKE_ATTEMPTS 20

/* What the target says about the channel's owner. The texts are in an arena. */
struct owner {
	uint64_t holder;          /* connection that has the lock, 0 = none */
	bool known;               /* the instance row is there */
	uint64_t epoch, pid, heartbeat;
	const char *host, *connections;
	int64_t silent_seconds;   /* by the target's clock */
	uint64_t checkpoint_epoch;
};

/* How long an owner has not been heard of, by our clock: the target's may be set, or the row be of another owner. */
struct watch {
	uint64_t holder, heartbeat;
	int64_t since;
	bool alive; /* it was heard of while we waited */
	bool told_waiting, told_busy;
	uint64_t told_ended;
};

static int64_t monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Lock names are short and compared without regard to case, schemas and channels are neither: a digest tells them
 * apart, the rest is for people. */
void applier_channel_lock(const struct applier *applier, char name[CHANNEL_LOCK_TEXT])
{
	const char *schema = applier->settings.target.schema, *channel = applier->settings.channel;
	uint64_t digest = 14695981039346656037ull;

	for (const char *at = schema; *at; at++)
		digest = (digest ^ (unsigned char)*at) * 1099511628211ull;
	digest = (digest ^ '/') * 1099511628211ull;
	for (const char *at = channel; *at; at++)
		digest = (digest ^ (unsigned char)*at) * 1099511628211ull;
	snprintf(name, CHANNEL_LOCK_TEXT, "changeling.%.32s.%016llx", channel, (unsigned long long)digest);
}

static void put_where(struct buffer *sql, const struct applier *applier)
{
	buffer_puts(sql, " WHERE channel = ");
	sql_put_string(sql, applier->settings.channel, strlen(applier->settings.channel));
}

static void put_table(struct buffer *sql, const struct applier *applier, const char *table)
{
	sql_put_name(sql, applier->settings.target.schema);
	buffer_printf(sql, ".%s", table);
}

/* This machine's name as the row can hold it. */
static void put_host(char host[256], const struct applier *applier)
{
	snprintf(host, 256, "%s", applier->settings.host_name);
	for (char *at = host; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}

static uint64_t cell_number(const struct target_rows *rows, size_t column)
{
	const char *cell = target_cell(rows, 0, column);

	return cell ? strtoull(cell, NULL, 10) : 0;
}

/* ---- who has it ---- */

/* A session of ours that has set no timestamp reads the server's clock. */
static struct question *ask_owner(const struct applier *applier, struct questions *questions, const char *lock_name)
{
	struct question *question = questions_add(questions, "looking who has channel %s", applier->settings.channel);
	struct buffer *sql = &question->text;

	buffer_printf(sql, "SELECT IS_USED_LOCK('%s'), epoch, host, pid, connections, heartbeat, "
		"CAST(UNIX_TIMESTAMP() AS SIGNED) - CAST(heartbeat AS SIGNED), (SELECT MAX(epoch) FROM ", lock_name);
	put_table(sql, applier, "checkpoint");
	put_where(sql, applier);
	buffer_puts(sql, ") FROM (SELECT 1 AS one) AS one LEFT JOIN (SELECT * FROM ");
	put_table(sql, applier, "instance");
	put_where(sql, applier);
	buffer_puts(sql, ") AS owner ON one = 1");
	return question;
}

/* The answer. */
static int take_owner(const struct applier *applier, const struct question *answered, struct owner *owner,
	struct error *error)
{
	const struct target_rows *rows = &answered->rows;

	memset(owner, 0, sizeof(*owner));
	if (rows->rows != 1)
		return error_set(error, ERROR_RETRY, "the target did not say who has channel %s.",
			applier->settings.channel);
	owner->holder = cell_number(rows, 0);
	owner->checkpoint_epoch = cell_number(rows, 7);
	owner->known = target_cell(rows, 0, 1) != NULL;
	if (!owner->known)
		return 0;
	owner->epoch = cell_number(rows, 1);
	owner->host = target_text(rows, 0, 2);
	owner->pid = cell_number(rows, 3);
	owner->connections = target_text(rows, 0, 4);
	owner->heartbeat = cell_number(rows, 5);
	owner->silent_seconds = strtoll(target_text(rows, 0, 6), NULL, 10);
	return 0;
}

/* Is the connection one of "12,15,16"? */
static bool listed(const char *connections, uint64_t id)
{
	while (connections && *connections) {
		char *end;

		if (strtoull(connections, &end, 10) == id && end != connections)
			return true;
		connections = strchr(connections, ',');
		connections = connections ? connections + 1 : NULL;
	}
	return false;
}

/* Is the owner's row about the connection that has the lock, and not left by one of an earlier life of the server? */
static bool row_is_holders(const struct owner *owner)
{
	return owner->known && listed(owner->connections, owner->holder);
}

/* Is it what is left of a connection of this very process, which found another way to the target? */
static bool was_ours(const struct applier *applier, const struct owner *owner)
{
	const struct channel_past *past = applier->past;
	char host[256];

	put_host(host, applier);
	return owner->known && past->epoch && owner->epoch == past->epoch && owner->pid == (uint64_t)getpid() &&
		strcmp(owner->host, host) == 0;
}

/* Has somebody else taken the channel since this process had it? Its connections may have been lost before it could learn
 * that from a checkpoint. A process that was meant to replicate does not turn into a standby: it says so and ends. */
static int check_not_fenced(const struct applier *applier, const struct owner *owner, struct error *error)
{
	struct channel_past *past = applier->past;
	char host[256];
	bool others = false;

	put_host(host, applier);
	if (past->epoch && !past->as_standby && owner->checkpoint_epoch > past->own_epoch) {
		bool noted = owner->known && owner->epoch == owner->checkpoint_epoch;

		others = owner->checkpoint_epoch != past->tried_epoch ||
			(noted && (owner->pid != (uint64_t)getpid() || strcmp(owner->host, host) != 0));
		if (others) /* told once: whoever lets it try again knows */
			past->epoch = 0;
	}
	if (!others) {
		past->own_epoch = owner->checkpoint_epoch;
		past->tried_epoch = past->own_epoch + 1;
		return 0;
	}
	return error_set(error, ERROR_FENCED,
		"while this instance had no connection to the target, channel %s was taken over by another instance, or its "
		"position was set anew (epoch %llu). Nothing of this instance is committed any more; see which one is to run.",
		applier->settings.channel, (unsigned long long)owner->checkpoint_epoch);
}

static bool is_silent(const struct applier *applier, const struct owner *owner, struct watch *watch)
{
	int64_t limit = applier->settings.takeover_seconds > SILENCE_SECONDS_MINIMUM ?
		applier->settings.takeover_seconds : SILENCE_SECONDS_MINIMUM;

	if (watch->holder != owner->holder || watch->heartbeat != owner->heartbeat) {
		watch->alive = watch->alive || watch->holder == owner->holder;
		watch->holder = owner->holder;
		watch->heartbeat = owner->heartbeat;
		watch->since = monotonic_seconds();
		watch->told_busy = false;
	}
	if (monotonic_seconds() - watch->since >= limit)
		return true;
	return row_is_holders(owner) && (owner->silent_seconds >= limit || was_ours(applier, owner));
}

/* ---- ending what is left of it ---- */

struct process {
	const char *id, *user, *command, *statement;
};

static bool process_at(const struct target_rows *rows, size_t row, struct process *process)
{
	process->id = process->user = process->command = process->statement = NULL;
	for (size_t i = 0; i < rows->columns; i++) {
		const char *cell = target_cell(rows, row, i);

		if (strcasecmp(rows->names[i], "id") == 0)
			process->id = cell;
		else if (strcasecmp(rows->names[i], "user") == 0)
			process->user = cell;
		else if (strcasecmp(rows->names[i], "command") == 0)
			process->command = cell;
		else if (strcasecmp(rows->names[i], "info") == 0)
			process->statement = cell;
	}
	return process->id && process->user && process->command;
}

/* A statement that is still running would only have to be run again: a definition may take hours, and its end is
 * recorded better than its interruption. A load waits for its client. */
static bool is_working(const struct process *process)
{
	return strcmp(process->command, "Query") == 0 && process->statement &&
		strncasecmp(process->statement, "LOAD", 4) != 0;
}

/* Ends the connections of our account that are `holder` or in `connections`. *busy, when not NULL: the holder is in the
 * middle of a statement, and nothing was ended. */
static int end_connections(struct applier *applier, uint64_t holder, const char *connections, bool *busy,
	struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct target_rows rows;
	struct process process, self = {0};
	char sql[64];
	int result = target_queryf(applier->control, &arena, &rows, error, "SHOW PROCESSLIST");

	for (size_t i = 0; result == 0 && i < rows.rows; i++) {
		if (!process_at(&rows, i, &process))
			continue;
		if (strtoull(process.id, NULL, 10) == target_connection_id(applier->control))
			self = process;
		if (busy && strtoull(process.id, NULL, 10) == holder && is_working(&process)) {
			*busy = true;
			goto out;
		}
	}
	for (size_t i = 0; result == 0 && self.user && i < rows.rows; i++) {
		uint64_t id;
		struct error refused = {0};

		if (!process_at(&rows, i, &process) || strcmp(process.user, self.user) != 0)
			continue;
		id = strtoull(process.id, NULL, 10);
		if (id == target_connection_id(applier->control) || (id != holder && !listed(connections, id)))
			continue;
		snprintf(sql, sizeof(sql), "KILL %llu", (unsigned long long)id);
		if (target_execute(applier->control, sql, &refused) < 0 && refused.code != 1094) { /* 1094: gone already */
			if (refused.kind != ERROR_STOP) {
				*error = refused;
				result = -1;
			} else {
				log_error(LOG_WARNING, "channel", &refused);
			}
		}
	}
out:
	arena_release(&arena);
	return result < 0 ? error_context(error, "ending the connections of the channel's former owner") : 0;
}

static void tell_waiting(const struct applier *applier, const struct owner *owner, struct watch *watch)
{
	if (watch->told_waiting)
		return;
	watch->told_waiting = true;
	if (row_is_holders(owner))
		log_line(LOG_INFO, "channel", "waiting: another instance has the channel channel=%s host=%s pid=%llu",
			applier->settings.channel, log_quote(owner->host), (unsigned long long)owner->pid);
	else
		log_line(LOG_INFO, "channel", "waiting: another connection has the channel's lock channel=%s connection=%llu",
			applier->settings.channel, (unsigned long long)owner->holder);
}

/* The lock is taken: is its owner alive? */
static int look_after_owner(struct applier *applier, const struct owner *owner, struct watch *watch,
	struct error *error)
{
	bool busy = false;

	if (!owner->holder)
		return 0;
	tell_waiting(applier, owner, watch);
	if (!is_silent(applier, owner, watch))
		return 0;
	if (end_connections(applier, owner->holder, row_is_holders(owner) ? owner->connections : NULL, &busy, error) < 0)
		return -1;
	if (busy && !watch->told_busy) {
		watch->told_busy = true;
		log_line(LOG_WARNING, "channel", "the owner is silent, its statement still runs on the target and is let finish "
			"channel=%s connection=%llu", applier->settings.channel, (unsigned long long)owner->holder);
	} else if (!busy && watch->told_ended != owner->holder) {
		watch->told_ended = owner->holder;
		log_line(LOG_WARNING, "channel", "the owner is silent, its connections were ended channel=%s host=%s pid=%llu "
			"connection=%llu", applier->settings.channel, log_quote(owner->known ? owner->host : ""),
			(unsigned long long)owner->pid, (unsigned long long)owner->holder);
	}
	return 0;
}

/* ---- taking ---- */

/* One attempt to have the lock, and who has the channel then. */
struct attempt {
	struct arena arena; /* of the owner's texts */
	bool got;
	struct owner owner;
};

/* Waits at most `seconds` for the lock. */
static int try_lock(struct applier *applier, const char *lock_name, unsigned seconds, struct attempt *attempt,
	struct error *error)
{
	struct questions questions;
	struct question *lock, *owner;
	const char *answer;

	arena_release(&attempt->arena);
	questions_init(&questions, &attempt->arena);
	lock = questions_add(&questions, "asking for the lock of channel %s", applier->settings.channel);
	buffer_printf(&lock->text, "SELECT GET_LOCK('%s', %u)", lock_name, seconds);
	owner = ask_owner(applier, &questions, lock_name);
	if (questions_ask(&questions, applier->control, error) < 0)
		return -1;
	answer = target_cell(&lock->rows, 0, 0);
	if (!answer)
		return error_set(error, ERROR_RETRY, "the target did not answer the request for the lock of channel %s.",
			applier->settings.channel);
	attempt->got = answer[0] == '1';
	return take_owner(applier, owner, &attempt->owner, error);
}

/* *waited: for another instance that is alive. */
static int wait_for_lock(struct applier *applier, const char *lock_name, bool (*waiting)(void *context),
	void *waiting_context, bool *waited, struct error *error)
{
	struct attempt attempt = {.got = false};
	struct watch watch = {0};
	int result = try_lock(applier, lock_name, 0, &attempt, error);

	while (result == 0 && !attempt.got) {
		if (waiting && waiting(waiting_context))
			result = error_set(error, ERROR_STOPPED, "waiting for channel %s was stopped.",
				applier->settings.channel);
		else if (check_not_fenced(applier, &attempt.owner, error) < 0 ||
			look_after_owner(applier, &attempt.owner, &watch, error) < 0)
			result = -1;
		else
			result = try_lock(applier, lock_name, 1, &attempt, error);
		*waited = watch.alive;
	}
	if (result == 0)
		result = check_not_fenced(applier, &attempt.owner, error);
	arena_release(&attempt.arena);
	return result;
}

/* Ends transactions that the former owner left open. */
static int end_former(struct applier *applier, const char *lock_name, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *asked;
	struct owner owner;
	int result;

	questions_init(&questions, &arena);
	asked = ask_owner(applier, &questions, lock_name);
	result = questions_ask(&questions, applier->control, error);
	if (result == 0)
		result = take_owner(applier, asked, &owner, error);
	if (result == 0 && owner.known && owner.epoch == owner.checkpoint_epoch) {
		log_line(LOG_WARNING, "channel", "a transaction of the former owner is open, its connections are ended "
			"channel=%s host=%s pid=%llu", applier->settings.channel, log_quote(owner.host),
			(unsigned long long)owner.pid);
		result = end_connections(applier, 0, owner.connections, NULL, error);
	}
	arena_release(&arena);
	return result;
}

static void ask_lock_wait(struct questions *questions, unsigned seconds)
{
	struct question *question = questions_put(questions, "");

	buffer_printf(&question->text, "SET SESSION innodb_lock_wait_timeout = %u", seconds ? seconds : 1);
}

/* One attempt, which waits for row locks for a short time only. */
static int try_epoch(struct applier *applier, struct error *error)
{
	const struct applier_settings *settings = &applier->settings;
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *taken;
	int result;

	questions_init(&questions, &arena);
	ask_lock_wait(&questions, ROW_LOCK_SECONDS);
	taken = checkpoint_ask_take(&questions, settings->target.schema, settings->channel, settings->workers);
	ask_lock_wait(&questions, settings->lock_wait_seconds);
	result = questions_ask(&questions, applier->control, error);
	if (result == 0)
		result = checkpoint_taken(taken, settings->channel, &applier->taken, error);
	arena_release(&arena);
	return result;
}

/* Raises the epoch. A transaction of the former owner may hold the checkpoint's row for a moment (its COMMIT is on the
 * way) or for good (its client hangs). */
static int raise_epoch(struct applier *applier, const char *lock_name, bool (*waiting)(void *context),
	void *waiting_context, struct error *error)
{
	for (unsigned attempt = 1;; attempt++) {
		struct error failure = {0};

		if (try_epoch(applier, &failure) == 0)
			return 0;
		if ((failure.code != 1205 && failure.code != 1213) || attempt == TAKE_ATTEMPTS) {
			*error = failure;
			return -1;
		}
		if (target_execute(applier->control, "ROLLBACK", error) < 0)
			return -1;
		if (waiting && waiting(waiting_context))
			return error_set(error, ERROR_STOPPED, "taking channel %s was stopped.", applier->settings.channel);
		if (end_former(applier, lock_name, error) < 0)
			return -1;
	}
}

/* The workers' connections are being opened meanwhile: it is the control connection's alone that is noted. */
static void put_control(char control[32], const struct applier *applier)
{
	snprintf(control, 32, "%llu", (unsigned long long)target_connection_id(applier->control));
}

/* On the control connection: whoever writes here has the lock. */
void channel_ask_note(const struct applier *applier, struct questions *questions)
{
	struct question *question = questions_add(questions, "noting who has channel %s", applier->settings.channel);
	struct buffer *sql = &question->text;
	char host[256], control[32];

	put_host(host, applier);
	put_control(control, applier);
	buffer_puts(sql, "REPLACE INTO ");
	put_table(sql, applier, "instance");
	buffer_puts(sql, " (channel, epoch, host, pid, connections, heartbeat) VALUES (");
	sql_put_string(sql, applier->settings.channel, strlen(applier->settings.channel));
	buffer_printf(sql, ", %llu, ", (unsigned long long)applier->taken.epoch);
	sql_put_string(sql, host, strlen(host));
	buffer_printf(sql, ", %ld, '%s', UNIX_TIMESTAMP())", (long)getpid(), control);
}

static char *connection_list(const struct applier *applier)
{
	struct buffer list = BUFFER_INIT;
	char *text;

	buffer_put_u64(&list, target_connection_id(applier->control));
	for (unsigned i = 0; i < WORKERS_MAXIMUM; i++) {
		if (applier->workers[i].target) {
			buffer_putc(&list, ',');
			buffer_put_u64(&list, target_connection_id(applier->workers[i].target));
		}
	}
	text = memory_strdup(buffer_text(&list));
	buffer_release(&list);
	return text;
}

/* ---- what the applier calls ---- */

int channel_take(struct applier *applier, bool (*waiting)(void *context), void *waiting_context, struct error *error)
{
	struct channel_past *past = applier->past;
	char lock_name[CHANNEL_LOCK_TEXT];
	bool waited = false;

	applier_channel_lock(applier, lock_name);
	if (wait_for_lock(applier, lock_name, waiting, waiting_context, &waited, error) < 0)
		return -1;
	if (FAULT_POINT("channel.before-epoch"))
		return error_set(error, ERROR_RETRY, "fault injected before the epoch is raised");
	if (raise_epoch(applier, lock_name, waiting, waiting_context, error) < 0)
		return -1;
	if (FAULT_POINT("channel.after-epoch"))
		return error_set(error, ERROR_RETRY, "fault injected after the epoch was raised");
	if (!past->epoch)
		past->as_standby = waited;
	past->epoch = past->own_epoch = past->tried_epoch = applier->taken.epoch;
	return 0;
}

int channel_heartbeat_start(struct applier *applier, struct error *error)
{
	char lock_name[CHANNEL_LOCK_TEXT], control[32];

	applier_channel_lock(applier, lock_name);
	put_control(control, applier);
	log_line(LOG_INFO, "channel", "taken channel=%s epoch=%llu connection=%s", applier->settings.channel,
		(unsigned long long)applier->taken.epoch, control);
	return heartbeat_start(&applier->heartbeat, applier, lock_name, control, error);
}

void channel_list_workers(struct applier *applier)
{
	char *connections = connection_list(applier);

	heartbeat_list(applier->heartbeat, connections);
	free(connections);
}

void channel_put_worker_note(const struct applier *applier, struct buffer *sql, uint64_t connection)
{
	buffer_puts(sql, "UPDATE ");
	put_table(sql, applier, "instance");
	buffer_printf(sql, " SET connections = CONCAT(connections, ',%llu')", (unsigned long long)connection);
	put_where(sql, applier);
	buffer_printf(sql, " AND epoch = %llu AND NOT FIND_IN_SET('%llu', connections)", (unsigned long long)applier->taken.epoch,
		(unsigned long long)connection);
}

void channel_heartbeat_stop(struct applier *applier)
{
	heartbeat_stop(applier->heartbeat);
	applier->heartbeat = NULL;
}
