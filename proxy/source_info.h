/* What the master says about itself before the stream starts (1.2). Everything that old versions lack is
 * optional here. All functions need a connected source whose dump has not been started. */
#ifndef PROXY_SOURCE_INFO_H
#define PROXY_SOURCE_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "proxy/source.h"

/* Texts are "" and numbers -1 where the server does not know the variable. */
struct source_info {
	enum server_family family;
	unsigned version; /* a·10000 + b·100 + c */
	const char *version_text, *version_comment;
	uint32_t server_id;
	const char *server_uuid; /* MySQL 5.6+ */
	bool log_bin;
	int log_replica_updates;       /* 0: what the server applies as a replica is not in its log */
	const char *binlog_format;     /* ROW, MIXED, STATEMENT */
	const char *row_image;	       /* FULL, MINIMAL, NOBLOB; "" (before 5.6) counts as FULL */
	const char *row_metadata;      /* NO_LOG, MINIMAL, FULL */
	const char *row_value_options; /* PARTIAL_JSON */
	int transaction_compression;   /* MySQL payloads, MariaDB compressed events */
	const char *gtid_mode;	       /* MySQL 5.6+: OFF … ON */
	int64_t gtid_domain_id;	       /* MariaDB 10+ */
	int gtid_strict_mode;	       /* MariaDB 10+ */
	const char *checksum;	       /* NONE, CRC32 */
	int lower_case_table_names;
	const char *character_set_server, *collation_server;
	const char *time_zone, *system_time_zone;
	int64_t max_allowed_packet;
	int64_t expire_seconds;	     /* logs older than that are purged; 0 = never by age */
	int64_t space_limit_bytes;   /* more of them are purged whatever their age; 0 = no limit */
	int64_t rds_retention_hours; /* Amazon RDS: hours its logs are kept; 0 = purged as soon as possible */
	int read_only;
	double clock_difference; /* seconds: ours − the master's */
};

/* Texts go into the arena. */
int source_info(struct source *source, struct arena *arena, struct source_info *info, struct error *error);

/* Which server's log a position by file is of, as the checkpoint keeps it: the uuid, or "server-id:N" of a server that has
 * none. Servers with the same uuid are the same one; with the same id they need not be. */
#define SOURCE_IDENTITY_SIZE 37
void source_identity(const struct source_info *info, char identity[SOURCE_IDENTITY_SIZE]);
bool source_identity_is_uuid(const char *identity);

/* The time zone of its machine in words that servers take: a name, or +00:00. NULL = only an abbreviation is known, as
 * "CET". */
const char *source_system_zone(const struct source_info *info);

/* Where the master is now. */
struct source_place {
	struct position position;
	const char
		*gtid_set; /* MySQL gtid_executed, MariaDB gtid_binlog_pos, without white space; "" = none */
	const char *gtid_purged;		     /* MySQL: no longer in any log; "" = none */
	const char *binlog_do_db, *binlog_ignore_db; /* filters of the master's log; "" = none */
};

/* SHOW BINARY LOG STATUS or its old name, and the GTIDs. Needs REPLICATION CLIENT (MariaDB: BINLOG MONITOR).
 * ERROR_STOP when the binary log is off. The GTIDs are those at that very file and offset. */
int source_current(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error);

/* The same at once, whatever the size of the log: without gtid_purged, and the GTIDs may be those of a moment later
 * than the position. */
int source_end(
	struct source *source, struct arena *arena, struct source_place *place, struct error *error);

/* MariaDB: the GTID state at the position, "" at the very start. ERROR_STOP when there is no such position. (Of either
 * family: source_gtids_at.) */
int source_gtid_at(struct source *source, const struct position *position, struct arena *arena,
	const char **gtid_set, struct error *error);

/* MySQL: which GTIDs of the set the server does not have; "" = it has all of them. */
int source_lacks(struct source *source, const char *gtid_set, struct arena *arena, const char **lacking,
	struct error *error);

struct source_log {
	const char *name;
	uint64_t bytes;
	bool encrypted;
};

/* SHOW BINARY LOGS, oldest first. */
int source_logs(struct source *source, struct arena *arena, struct source_log **logs, size_t *count,
	struct error *error);

struct source_replica {
	uint32_t server_id;
	const char *host;
	unsigned port;
	const char *uuid; /* "" on MariaDB and old versions */
};

/* SHOW REPLICAS or its old name. */
int source_replicas(struct source *source, struct arena *arena, struct source_replica **replicas,
	size_t *count, struct error *error);

/* What the account may do, of what we need. */
struct source_grants {
	bool replication_slave;
	bool replication_client; /* or MariaDB's BINLOG MONITOR */
	bool super;		 /* more than we want */
	const char *account;	 /* CURRENT_USER() */
};

int source_grants(
	struct source *source, struct arena *arena, struct source_grants *grants, struct error *error);

/* Adds what one line of SHOW GRANTS gives of these. Pure. */
void source_grants_add(struct source_grants *grants, const char *line);

#endif
