/* Where `run --until` ends. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/pipeline_internal.h"

void position_text(const struct position *position, char *text, size_t room)
{
	snprintf(text, room, "%s:%llu", position->file, (unsigned long long)position->offset);
}

bool position_parse(const char *text, struct position *position)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	char *end;

	if (length == 0 || length > BINLOG_NAME_MAXIMUM || !isdigit((unsigned char)colon[1]))
		return false;
	errno = 0;
	position->offset = strtoull(colon + 1, &end, 10);
	if (errno || *end)
		return false;
	memcpy(position->file, text, length);
	position->file[length] = '\0';
	return true;
}

int goal_parse(struct goal *goal, const char *text, struct error *error)
{
	struct error unused = {.kind = ERROR_NONE};

	memset(goal, 0, sizeof(*goal));
	if (!text)
		return 0;
	if (strcmp(text, "now") == 0) {
		goal->kind = GOAL_NOW;
	} else if (gtid_parse(text, &goal->gtid, &unused) == 0) {
		goal->kind = GOAL_GTID;
	} else if (position_parse(text, &goal->position) && strchr(goal->position.file, '.')) {
		goal->kind = GOAL_POSITION;
	} else {
		goal->kind = GOAL_GTID;
		goal->set = gtid_set_new();
		if (gtid_set_parse(goal->set, text, &unused) == 0 && !gtid_set_is_empty(goal->set))
			return 0;
		goal_release(goal);
		return error_set(error, ERROR_USAGE,
			"--until=%.120s: give \"now\", a GTID or a set of them, or FILE:POSITION of the "
			"source's binary log.",
			text);
	}
	return 0;
}

void goal_release(struct goal *goal)
{
	gtid_set_free(goal->set);
	goal->set = NULL;
}

int goal_resolve(struct goal *goal, struct source *source, bool by_gtid, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct source_place place;
	int result;

	if (goal->kind != GOAL_NOW)
		return 0;
	result = source_current(source, &arena, &place, error);
	if (result == 0 && by_gtid && *place.gtid_set) {
		goal->set = gtid_set_new();
		result = gtid_set_parse(goal->set, place.gtid_set, error);
		goal->kind = GOAL_GTID;
	} else if (result == 0) {
		goal->position = place.position;
		goal->kind = GOAL_POSITION;
	}
	arena_release(&arena);
	return result < 0 ? error_context(error, "asking the source where it is now") : 0;
}

bool goal_reached(const struct goal *goal, const struct position *position, const struct gtid_set *set)
{
	switch (goal->kind) {
	case GOAL_NONE:
	case GOAL_NOW:
		return false;
	case GOAL_POSITION:
		return position->file[0] && position_compare(position, &goal->position) >= 0;
	case GOAL_GTID:
		break;
	}
	if (!set)
		return false;
	return goal->set ? gtid_set_contains_set(set, goal->set) : gtid_set_contains(set, &goal->gtid);
}

bool goal_is_before(const struct goal *goal, struct log_place begin)
{
	return goal->kind == GOAL_POSITION && place_compare(begin, position_place(&goal->position)) >= 0;
}
