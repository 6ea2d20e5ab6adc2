/* CHANGE MASTER TO … and CHANGE REPLICATION SOURCE TO … in every dialect, read into settings of ours.
 *
 * A pure function from text to a struct: nothing is connected, written or logged. The text may be what a dump
 * has at its head: several statements, comments, `SET GLOBAL gtid_slave_pos = …`, `SET @@GLOBAL.GTID_PURGED =
 * …`, STOP/START/RESET REPLICA. */
#ifndef PROXY_CHANGE_MASTER_STATEMENT_H
#define PROXY_CHANGE_MASTER_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "proxy/config.h"

/* An option of the configuration (group "source") that the statement sets. */
struct change_master_setting {
	const char *name, *value;
};

enum change_master_verdict {
	CHANGE_MASTER_NOTE,    /* taken, with a remark */
	CHANGE_MASTER_IGNORED, /* has no meaning here, and does no harm */
	CHANGE_MASTER_REFUSED, /* leaving it out would not do what was asked */
};

struct change_master_remark {
	enum change_master_verdict verdict;
	const char *word; /* the option as written, in capitals */
	const char *text; /* a sentence */
};

enum change_master_start {
	CHANGE_MASTER_START_NONE,	   /* the statement does not say: keep what there is */
	CHANGE_MASTER_START_FILE_POSITION, /* file, position */
	CHANGE_MASTER_START_GTID, /* by GTID, from gtid_set when that is given, else from what there is */
	CHANGE_MASTER_START_NOW,  /* from the source's end of log; only by option, never by a statement */
};

struct change_master_statement {
	const char *channel; /* NULL = not named */
	struct change_master_setting *settings;
	size_t setting_count;
	struct change_master_remark *remarks;
	size_t remark_count;

	enum change_master_start start;
	const char *file;     /* NULL when only the position is given */
	uint64_t position;    /* 0 = not given: the first event */
	const char *gtid_set; /* as written, blanks removed; NULL = not given */
	int use_gtid;	      /* -1 = not said; 0 = turned off; 1 = on */

	char *password; /* NULL = not given; wiped on release */
	struct arena arena;
};

void change_master_init(struct change_master_statement *statement);

/* The start position as command-line options, without the dashes: master-log-file, master-log-pos,
 * master-auto-position (1 or no value), master-use-gtid (a GTID set, slave_pos, no), from-now; source-… too.
 * 1 when it is one of them, 0 when not, -1 on a value that does not fit. Call change_master_options_end after
 * the last. */
int change_master_option(struct change_master_statement *statement, const char *option, const char *value,
	struct error *error);
int change_master_options_end(struct change_master_statement *statement, struct error *error);

/* Reads the text into a statement that it initializes. ERROR_USAGE with line and column for anything that is
 * not understood; the error never quotes a string literal. The caller wipes its own copy of the text when
 * that holds a password. On error nothing is left to release. */
int change_master_parse(
	struct change_master_statement *statement, const char *text, size_t length, struct error *error);
void change_master_release(struct change_master_statement *statement);

/* The first refused option as an error (ERROR_USAGE); 0 when there is none. */
int change_master_refused(const struct change_master_statement *statement, struct error *error);

/* Puts channel and settings into the configuration (the password and the start position are the caller's to
 * deal with). */
int change_master_apply(
	const struct change_master_statement *statement, struct config *config, struct error *error);

#endif
