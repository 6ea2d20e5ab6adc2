#include "proxy/retention.h"

#include "base/log.h"

#define WARN_AT 0.5
#define OVER_AT 0.25
/* Amazon RDS copies its logs away every five minutes; unless it is told to keep them, they go then. */
#define RDS_AT_ONCE_SECONDS 300

/* On RDS the server's own variable says nothing of when logs go. */
int64_t retention_seconds(const struct source_info *info)
{
	if (info->rds_retention_hours >= 0)
		return info->rds_retention_hours ? info->rds_retention_hours * 3600 : RDS_AT_ONCE_SECONDS;
	return info->expire_seconds > 0 ? info->expire_seconds : 0;
}

bool retention_tell(struct retention *retention, const struct source_info *info)
{
	bool at_once = info->rds_retention_hours == 0, by_size = info->space_limit_bytes > 0;

	if (retention->told_limits || (!at_once && !by_size))
		return false;
	retention->told_limits = true;
	if (at_once)
		log_line(LOG_WARNING, "source",
			"Amazon RDS purges its logs as soon as it can, within minutes: a short outage loses what is still to be read. "
			"Run CALL mysql.rds_set_configuration('binlog retention hours', 72) on the source.");
	if (by_size)
		log_line(LOG_WARNING, "source",
			"it purges its logs, whatever their age, when there is more than %.3f GiB of them: see that this holds what it "
			"writes during the longest outage (max_binlog_total_size, binlog_space_limit).",
			(double)info->space_limit_bytes / (1 << 30));
	return true;
}

bool retention_watch(struct retention *retention, double lag_seconds, double kept_seconds)
{
	double share = kept_seconds > 0 ? lag_seconds / kept_seconds : 0;

	if (!retention->told && share >= WARN_AT) {
		retention->told = true;
		log_line(LOG_WARNING, "source",
			"it keeps its logs for %.0f seconds, and applying is %.0f seconds behind: what is missing will be "
			"purged unless that becomes less. Make the source keep its logs for longer "
			"(binlog_expire_logs_seconds, expire_logs_days; on Amazon RDS `binlog retention hours`), and see "
			"`changeling status` for what holds applying up.",
			kept_seconds, lag_seconds);
	} else if (retention->told && share <= OVER_AT) {
		retention->told = false;
		log_line(LOG_INFO, "source", "what it may purge is applied again lag=%.0f", lag_seconds);
	}
	return retention->told;
}
