#include "proxy/same_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

bool same_server_may_be(struct source *source, const char *lock_name, struct arena *arena)
{
	struct error unknown = {.kind = ERROR_NONE};
	struct source_rows rows;
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT IS_USED_LOCK('%s')", lock_name);
	return source_query(source, sql, arena, &rows, &unknown) == 0 && source_cell(&rows, 0, 0);
}

bool same_server(struct source *source, struct target *target, struct arena *arena)
{
	struct error unknown = {.kind = ERROR_NONE};
	struct source_rows taken;
	struct target_rows seen;
	uint64_t number[2];
	char name[64], sql[128];
	bool same;

	if (getrandom(number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return false;
	snprintf(name, sizeof(name), "changeling.%016" PRIx64 "%016" PRIx64, number[0], number[1]);
	snprintf(sql, sizeof(sql), "SELECT GET_LOCK('%s', 0)", name);
	if (source_query(source, sql, arena, &taken, &unknown) < 0 || !source_cell(&taken, 0, 0) ||
		strcmp(source_cell(&taken, 0, 0), "1") != 0)
		return false;
	same = target_queryf(target, arena, &seen, &unknown, "SELECT IS_USED_LOCK('%s')", name) == 0 &&
	       seen.rows == 1 && target_cell(&seen, 0, 0);
	snprintf(sql, sizeof(sql), "SELECT RELEASE_LOCK('%s')", name);
	source_query(source, sql, arena, &taken, &unknown);
	return same;
}

int same_server_refuse(const struct source *source, const struct target *target, struct error *error)
{
	return error_set(error, ERROR_STOP,
		"the source %s and the target %s are one and the same server: all that is applied would come back as its own "
		"changes, without end. Name another server by --master-host or --target-host with change-master.",
		source_host(source), target_host(target));
}
