/* change-master: where to start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "proxy/change_master.h"
#include "proxy/source_gtids.h"

static int set_file(struct checkpoint *checkpoint, const char *file, uint64_t offset, struct error *error)
{
	if (strlen(file) > BINLOG_NAME_MAXIMUM)
		return error_set(error, ERROR_USAGE, "the name of the binary log file is too long.");
	snprintf(checkpoint->position.file, sizeof(checkpoint->position.file), "%s", file);
	checkpoint->position.offset = offset;
	return 0;
}

/* Is there such a place in the source's log? */
static int check_file(
	struct source *source, const struct position *position, struct arena *arena, struct error *error)
{
	struct source_log *logs;
	size_t count;

	if (source_logs(source, arena, &logs, &count, error) < 0)
		return error_context(error, "looking for %s on the source", position->file);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(logs[i].name, position->file) != 0)
			continue;
		if (position->offset < 4 || position->offset > logs[i].bytes)
			return error_set(error, ERROR_STOP,
				"the source's binary log file %s ends at %llu and its first event is at 4: "
				"there is no "
				"position %llu in it.",
				position->file, (unsigned long long)logs[i].bytes,
				(unsigned long long)position->offset);
		return 0;
	}
	if (count == 0)
		return error_set(error, ERROR_STOP, "the source has no binary log files (log_bin is off).");
	return error_set(error, ERROR_STOP,
		"the source has no binary log file %s: it has %s to %s. When it was purged, take a new dump "
		"of the source "
		"and start where that was taken.",
		position->file, logs[0].name, logs[count - 1].name);
}

/* By file and position: the GTID set that belongs to it, as far as it can be known, so that a later change to
 * GTID needs no new start. */
static int start_at_file(const struct change_master_statement *statement, struct source *source,
	const struct source_info *info, const struct former *former, struct checkpoint *checkpoint,
	struct arena *arena, struct error *error)
{
	const char *file = statement->file, *set = NULL;

	if (!file && former->found)
		file = former->checkpoint.position.file;
	if (!file || !*file)
		return error_set(
			error, ERROR_USAGE, "a position without a file: give --master-log-file too.");
	if (set_file(checkpoint, file, statement->position ? statement->position : 4, error) < 0 ||
		check_file(source, &checkpoint->position, arena, error) < 0)
		return -1;
	if (source_gtids_at(source, info, &checkpoint->position, arena, &set, error) < 0)
		return -1;
	checkpoint->gtid_set = memory_strdup(set ? set : "");
	return 0;
}

/* Is the channel's position one of another server, or can this not be told? A server without a uuid counts as the same
 * one where it was before. */
static bool is_elsewhere(const struct former *former, const struct source_info *info, bool source_changed)
{
	const char *known = former->checkpoint.source_uuid;

	if (source_identity_is_uuid(known) && *info->server_uuid)
		return strcasecmp(known, info->server_uuid) != 0;
	return source_changed;
}

/* By GTID from where the channel is. Its checkpoint's set goes on to hold; where only file and position are
 * known, the source is asked for the set that belongs to them. */
static int go_on_by_gtid(struct source *source, const struct source_info *info, const struct former *former,
	bool source_changed, struct checkpoint *checkpoint, struct arena *arena, bool *write, struct error *error)
{
	const struct checkpoint *there = &former->checkpoint;
	const char *set = NULL;

	if (*there->gtid_set || !there->position.file[0]) {
		*write = false;
		return 0;
	}
	if (is_elsewhere(former, info, source_changed))
		return error_set(error, ERROR_USAGE,
			"the channel's position %s:%llu is of another source, or this cannot be told, and its GTID set is "
			"not known: give the set of what the target has by --master-use-gtid (an empty one to begin with all "
			"that the source still has).",
			there->position.file, (unsigned long long)there->position.offset);
	if (source_gtids_at(source, info, &there->position, arena, &set, error) < 0)
		return error_context(error, "asking for the GTID set at the channel's position");
	if (!set)
		return error_set(error, ERROR_USAGE,
			"the GTID set at the channel's position %s:%llu is not known: give it by "
			"--master-use-gtid.",
			there->position.file, (unsigned long long)there->position.offset);
	checkpoint->gtid_set = memory_strdup(set);
	return 0;
}

static int start_by_gtid(const struct change_master_statement *statement, struct source *source,
	const struct source_info *info, const struct former *former, bool source_changed,
	struct checkpoint *checkpoint, struct arena *arena, bool *write, struct error *error)
{
	struct gtid_set *set = gtid_set_new();
	enum gtid_kind wanted = info->family == FAMILY_MARIADB ? GTID_MARIADB : GTID_MYSQL;
	struct buffer text = BUFFER_INIT;
	int result = 0;

	if (!statement->gtid_set && former->found) {
		result = go_on_by_gtid(source, info, former, source_changed, checkpoint, arena, write, error);
		goto out;
	}
	if (statement->gtid_set && gtid_set_parse(set, statement->gtid_set, error) < 0) {
		error->kind = ERROR_USAGE;
		result = error_context(error, "the GTID set of the start");
		goto out;
	}
	if (!gtid_set_is_empty(set) && gtid_set_kind(set) != wanted) {
		result = error_set(error, ERROR_USAGE, "the GTID set is one of %s, and the source is %s.",
			wanted == GTID_MYSQL ? "MariaDB" : "MySQL",
			wanted == GTID_MYSQL ? "MySQL" : "MariaDB");
		goto out;
	}
	gtid_set_put_text(set, &text);
	checkpoint->gtid_set = memory_strdup(buffer_text(&text));
out:
	gtid_set_free(set);
	buffer_release(&text);
	return result;
}

static int start_now(struct source *source, const struct source_info *info, struct checkpoint *checkpoint,
	struct arena *arena, struct error *error)
{
	struct source_place now;

	if (source_current(source, arena, &now, error) < 0 ||
		set_file(checkpoint, now.position.file, now.position.offset, error) < 0)
		return error_context(error, "asking the source where it is now");
	checkpoint->gtid_set = memory_strdup(now.gtid_set);
	/* what the lag is counted from until something is applied: the source's own time now */
	checkpoint->source_time = (uint32_t)((double)time(NULL) - info->clock_difference);
	return 0;
}

/* Is it the server whose log the channel's position is of? MySQL has a uuid; on MariaDB it is the one that
 * has the same GTIDs before that position. */
static bool is_same_source(struct source *source, const struct source_info *info, const struct former *former,
	struct arena *arena)
{
	const struct checkpoint *there = &former->checkpoint;

	if (source_identity_is_uuid(there->source_uuid))
		return strcasecmp(there->source_uuid, info->server_uuid) == 0;
	return *there->gtid_set && source_gtids_are(source, info, &there->position, there->gtid_set, arena);
}

/* Nothing was said of a position. While GTIDs were used, the file and position may have become another server's, without
 * a change of the configuration: the next one of the list. */
static int keep_place(const struct config *config, struct source *source, const struct source_info *info,
	const struct former *former, bool source_changed, struct arena *arena, struct error *error)
{
	if (!former->found)
		return error_set(error, ERROR_USAGE,
			"say where to start: --from-now, --master-log-file and --master-log-pos, "
			"--master-auto-position, or "
			"--master-use-gtid=SET.");
	if ((!source_changed && !former->by_gtid) || config->source.use_gtid ||
		is_same_source(source, info, former, arena))
		return 0;
	return error_set(error, ERROR_USAGE,
		"the channel's position %s:%llu is of another source, or this cannot be told: say where to "
		"start on "
		"this one.",
		former->checkpoint.position.file, (unsigned long long)former->checkpoint.position.offset);
}

/* ---- a start before what has been applied ---- */

bool change_master_file_before(const struct checkpoint *one, const struct checkpoint *other)
{
	const struct position *a = &one->position, *b = &other->position;
	const char *dot = strrchr(a->file, '.');
	size_t base = dot ? (size_t)(dot - a->file) + 1 : 0;

	return base && strncmp(a->file, b->file, base) == 0 && !strchr(b->file + base, '.') &&
	       position_compare(a, b) < 0;
}

bool change_master_gtid_before(const struct checkpoint *one, const struct checkpoint *other)
{
	struct gtid_set *a = gtid_set_new(), *b = gtid_set_new();
	struct error unused = {.kind = ERROR_NONE};
	bool before = gtid_set_parse(a, one->gtid_set, &unused) == 0 &&
		      gtid_set_parse(b, other->gtid_set, &unused) == 0 &&
		      (gtid_set_is_empty(a) || gtid_set_kind(a) == gtid_set_kind(b)) &&
		      !gtid_set_contains_set(a, b);

	gtid_set_free(a);
	gtid_set_free(b);
	return before;
}

/* A position that was named is taken as it is, and told when it lies before or behind what is there. Files are compared with
 * those of the same source only; without its uuid, one that is where it was counts as the same. */
static void compare_places(const struct change_master_statement *statement, struct source *source,
	const struct source_info *info, const struct former *former, bool source_changed, struct start *start,
	struct arena *arena)
{
	const struct checkpoint *there = &former->checkpoint, *here = &start->checkpoint;
	bool before, behind;

	if (!former->found || statement->start == CHANGE_MASTER_START_NONE)
		return;
	if (statement->start == CHANGE_MASTER_START_GTID) {
		start->goes_back = statement->gtid_set && change_master_gtid_before(here, there);
		start->passes_over = statement->gtid_set && *there->gtid_set && change_master_gtid_before(there, here);
		return;
	}
	before = statement->start == CHANGE_MASTER_START_FILE_POSITION && change_master_file_before(here, there);
	behind = change_master_file_before(there, here);
	if ((before || behind) && ((!source_changed && !source_identity_is_uuid(there->source_uuid)) ||
					  is_same_source(source, info, former, arena))) {
		start->goes_back = before;
		start->passes_over = behind;
	}
}

/* ---- the whole ---- */

int change_master_place(const struct change_master_statement *statement, const struct config *config,
	struct source *source, const struct source_info *info, const struct former *former,
	bool source_changed, struct start *start, struct error *error)
{
	struct checkpoint *checkpoint = &start->checkpoint;
	struct arena arena = ARENA_INIT;
	int result = -1;

	memset(start, 0, sizeof(*start));
	source_identity(info, checkpoint->source_uuid);
	start->write = true;
	switch (statement->start) {
	case CHANGE_MASTER_START_NONE:
		result = keep_place(config, source, info, former, source_changed, &arena, error);
		start->write = false;
		break;
	case CHANGE_MASTER_START_FILE_POSITION:
		result = start_at_file(statement, source, info, former, checkpoint, &arena, error);
		break;
	case CHANGE_MASTER_START_GTID:
		result = start_by_gtid(
			statement, source, info, former, source_changed, checkpoint, &arena, &start->write, error);
		break;
	case CHANGE_MASTER_START_NOW:
		result = start_now(source, info, checkpoint, &arena, error);
		break;
	}
	if (result == 0)
		compare_places(statement, source, info, former, source_changed, start, &arena);
	arena_release(&arena);
	if (result == 0 && !start->write) {
		*checkpoint = former->checkpoint;
		checkpoint->gtid_set =
			memory_strdup(former->checkpoint.gtid_set ? former->checkpoint.gtid_set : "");
	}
	if (result < 0)
		checkpoint_release(checkpoint);
	return result;
}
