/* What the parts of `changeling change-master` share: the command (change_master.c) and where to start
 * (change_master_start.c). The statement's words are in change_master_statement.h. */
#ifndef PROXY_CHANGE_MASTER_H
#define PROXY_CHANGE_MASTER_H

#include "applier/checkpoint.h"
#include "proxy/change_master_statement.h"
#include "proxy/settings.h"
#include "proxy/source_info.h"

/* What is there already. */
struct former {
	bool by_gtid; /* how it was replicated by the former configuration */
	bool found;   /* a start position of the channel */
	struct checkpoint checkpoint;
};

/* Where the channel starts. */
struct start {
	struct checkpoint checkpoint;
	bool write;	/* it differs from what is there */
	bool goes_back; /* it was named and lies before what is there: all between will be applied again */
	bool passes_over; /* it lies behind what is there: what is between will not be applied */
};

/* Finds it, from what was asked and what is there. The source is connected. On success the checkpoint is the
 * caller's to release. ERROR_USAGE when it does not follow from what was said, ERROR_STOP when the source has
 * no such place. */
int change_master_place(const struct change_master_statement *statement, const struct config *config,
	struct source *source, const struct source_info *info, const struct former *former,
	bool source_changed, struct start *start, struct error *error);

/* Does the one lie before the other, as far as that can be told: by file and offset, of files that are
 * numbered alike; by GTID, whatever the files. Pure. */
bool change_master_file_before(const struct checkpoint *one, const struct checkpoint *other);
bool change_master_gtid_before(const struct checkpoint *one, const struct checkpoint *other);

#endif
