#include "proxy/retention.h"

#include "base/log.h"

#define WARN_AT 0.5
#define OVER_AT 0.25

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
