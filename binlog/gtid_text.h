/* The pieces that GTIDs and GTID sets are read from, for the files gtid*.c. */
#ifndef BINLOG_GTID_TEXT_H
#define BINLOG_GTID_TEXT_H

#include "binlog/gtid.h"

#define GTID_TAG_MAXIMUM 32u
#define GTID_MYSQL_MAXIMUM ((uint64_t)INT64_MAX - 1) /* the highest number MySQL gives */

/* Each steps *at behind what it read; false leaves it where it was (or at a place nobody uses). */
void gtid_scan_space(const char **at);
bool gtid_scan_number(const char **at, uint64_t maximum, uint64_t *number);
bool gtid_scan_uuid(const char **at, uint8_t uuid[16]);
/* Upper case becomes lower case, as the servers do. */
bool gtid_scan_tag(const char **at, char tag[GTID_TAG_MAXIMUM + 1]);
bool gtid_scan_maria(const char **at, struct gtid *gtid);

/* As it may stand in an event: at most 32 of [a-z0-9_], no digit first; "" is no tag. */
bool gtid_tag_valid(const char *tag, size_t length);

/* Adds [first, last] of a source of MySQL's; the caller has checked that 1 ≤ first ≤ last and that the set
 * holds none of MariaDB's. Cheap when sources and intervals come in order. */
void gtid_set_add_interval(
	struct gtid_set *set, const uint8_t uuid[16], const char *tag, uint64_t first, uint64_t last);

#endif
