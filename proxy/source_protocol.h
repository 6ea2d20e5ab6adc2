/* The bytes of the three commands that only replicas send (1.5–1.7), and what else can be said of the
 * protocol without a connection. Pure. */
#ifndef PROXY_SOURCE_PROTOCOL_H
#define PROXY_SOURCE_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"
#include "binlog/gtid.h"

#define COMMAND_BINLOG_DUMP 0x12
#define COMMAND_REGISTER_REPLICA 0x15
#define COMMAND_BINLOG_DUMP_GTID 0x1e

/* Flags of the dump commands. Bit 1 means different things to the families (1.6). */
#define DUMP_NON_BLOCK 0x0001u
#define DUMP_MYSQL_HEARTBEAT_V2 0x0002u
#define DUMP_MARIADB_ANNOTATE_ROWS 0x0002u
#define DUMP_MYSQL_THROUGH_GTID 0x0004u

/* Payloads without the command byte. */

/* COM_REGISTER_SLAVE. User and password are never sent: the master would show them in clear. The host is cut
 * to the 60 bytes that servers take. */
void protocol_put_register(struct buffer *out, uint32_t server_id, const char *host, unsigned port);
/* COM_BINLOG_DUMP; `file` "" = the oldest. */
void protocol_put_dump(
	struct buffer *out, uint32_t offset, unsigned flags, uint32_t server_id, const char *file);
/* COM_BINLOG_DUMP_GTID. */
void protocol_put_dump_gtid(
	struct buffer *out, unsigned flags, uint32_t server_id, const struct gtid_set *set);

/* The flags by which each family and version is asked for what we want of it. MySQL says by a heartbeat where the
 * groups end that it leaves out, and only version 2 of it can say so behind 4 GiB. */
unsigned protocol_dump_flags(enum server_family family, unsigned version, bool gtid, bool non_blocking);

/* "10.11.6-MariaDB-log", "5.5.5-10.4.8-MariaDB", "8.0.41" → a·10000 + b·100 + c, and the family. */
unsigned protocol_version(const char *text, enum server_family *family);

/* The statements of 1.3, one SET with all variables that this family and version reads; `gtid_set` as in
 * struct source_start (MariaDB's connect state). Values are quoted. */
void protocol_put_session(struct buffer *out, enum server_family family, const char *uuid,
	uint64_t heartbeat_ms, const char *gtid_set);

/* One host of a comma list: HOST[:PORT] or [V6][:PORT]. `*list` moves behind it. False at the end;
 * ERROR_USAGE (returns -1) for one that cannot be read. 1 = there is one. */
int protocol_next_host(const char **list, char *host, size_t room, unsigned *port, struct error *error);

#endif
