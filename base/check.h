/* What one line of `changeling check` says; both sides' preflights report through this. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

enum check_result {
	CHECK_OK,
	CHECK_WARN, /* works, but know this */
	CHECK_FAIL, /* replication cannot start, or would stop */
};

/* One requirement: what was looked at ("binlog_format"), what was found ("ROW"), and how to mend it (NULL
 * when there is nothing to mend). The texts are valid during the call only. */
typedef void check_report(
	void *context, enum check_result result, const char *item, const char *found, const char *mend);

#endif
