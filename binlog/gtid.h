/* Global transaction identifiers of both families, and sets of them (1.7.1, 2.8–2.11). */
#ifndef BINLOG_GTID_H
#define BINLOG_GTID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "binlog/format.h"

enum gtid_kind { GTID_NONE, GTID_MYSQL, GTID_MARIADB };

struct gtid {
	enum gtid_kind kind;
	/* MySQL: uuid[:tag]:number */
	uint8_t uuid[16];
	char tag[33]; /* "" = none */
	/* MariaDB: domain-server-number */
	uint32_t domain, server_id;
	uint64_t number; /* gno or seq_no, ≥ 1 */
};

#define GTID_TEXT_MAXIMUM 96 /* bytes of the longest text with its NUL */

/* "uuid:5", "uuid:tag:5" or "0-1-5"; "" for GTID_NONE. Returns `text`. */
const char *gtid_text(const struct gtid *gtid, char text[GTID_TEXT_MAXIMUM]);
/* Reads one GTID of either family. */
int gtid_parse(const char *text, struct gtid *gtid, struct error *error);
/* "3e11fa47-…" of 16 bytes, 36 digits and a NUL. */
void uuid_text(const uint8_t uuid[16], char text[37]);

/* A set: MySQL's intervals per uuid and tag, or MariaDB's newest GTID per domain (what a replica sends). An
 * empty set is of either family. */
struct gtid_set;

struct gtid_set *gtid_set_new(void);
void gtid_set_free(struct gtid_set *set);
struct gtid_set *gtid_set_copy(const struct gtid_set *set);
void gtid_set_clear(struct gtid_set *set);
bool gtid_set_is_empty(const struct gtid_set *set);
enum gtid_kind gtid_set_kind(const struct gtid_set *set); /* GTID_NONE when empty */

/* Adds the set that the text names; white space and newlines may stand anywhere between parts. MariaDB: a
 * later GTID of a domain replaces the earlier one. Mixed families are an error. */
int gtid_set_parse(struct gtid_set *set, const char *text, struct error *error);
void gtid_set_put_text(const struct gtid_set *set, struct buffer *out);
/* Adds one. -1 when the family differs. */
int gtid_set_add(struct gtid_set *set, const struct gtid *gtid, struct error *error);
/* MySQL: is it in an interval. MariaDB: is its number not above the domain's newest. */
bool gtid_set_contains(const struct gtid_set *set, const struct gtid *gtid);
/* Is every GTID of `part` in `whole`. */
bool gtid_set_contains_set(const struct gtid_set *whole, const struct gtid_set *part);
/* MySQL's wire form (1.7.1), the tagged one only if a tag is there; and back (used for PREVIOUS_GTIDS). */
void gtid_set_encode(const struct gtid_set *set, struct buffer *out);
int gtid_set_decode(struct gtid_set *set, const uint8_t *bytes, size_t length, struct error *error);
/* How many parts the set has: what its memory and its text grow with. MySQL's intervals, or MariaDB's domains. */
size_t gtid_set_parts(const struct gtid_set *set);
/* MySQL: how many transactions the set names. */
uint64_t gtid_set_count(const struct gtid_set *set);
/* Calls back for each member in order: MySQL per interval [first, last], MariaDB per domain (first = last).
 */
void gtid_set_each(const struct gtid_set *set,
	void (*each)(void *context, const struct gtid *first, uint64_t last_number), void *context);

#endif
