#include "proxy/source_protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REPORT_HOST_MAXIMUM 60u
#define HEARTBEAT_V2_SINCE 80026u /* earlier servers know no such flag */

void protocol_put_register(struct buffer *out, uint32_t server_id, const char *host, unsigned port)
{
	size_t length = host ? strlen(host) : 0;

	if (length > REPORT_HOST_MAXIMUM)
		length = REPORT_HOST_MAXIMUM;
	buffer_put_le(out, server_id, 4);
	buffer_put_le(out, length, 1);
	buffer_append(out, host ? host : "", length);
	buffer_put_le(out, 0, 1); /* user */
	buffer_put_le(out, 0, 1); /* password */
	buffer_put_le(out, port, 2);
	buffer_put_le(out, 0, 4); /* recovery rank */
	buffer_put_le(out, 0, 4); /* the master fills in its own id */
}

void protocol_put_dump(
	struct buffer *out, uint32_t offset, unsigned flags, uint32_t server_id, const char *file)
{
	buffer_put_le(out, offset, 4);
	buffer_put_le(out, flags, 2);
	buffer_put_le(out, server_id, 4);
	buffer_puts(out, file);
}

void protocol_put_dump_gtid(
	struct buffer *out, unsigned flags, uint32_t server_id, const struct gtid_set *set)
{
	struct buffer encoded = BUFFER_INIT;

	gtid_set_encode(set, &encoded);
	buffer_put_le(out, flags, 2);
	buffer_put_le(out, server_id, 4);
	buffer_put_le(out, 0, 4); /* no file name: the set decides */
	buffer_put_le(out, 4, 8); /* the first event of whichever file that is */
	buffer_put_le(out, encoded.length, 4);
	buffer_append(out, encoded.data, encoded.length);
	buffer_release(&encoded);
}

unsigned protocol_dump_flags(enum server_family family, unsigned version, bool gtid, bool non_blocking)
{
	unsigned flags = non_blocking ? DUMP_NON_BLOCK : 0;

	if (family == FAMILY_MARIADB)
		return flags | DUMP_MARIADB_ANNOTATE_ROWS;
	if (version >= HEARTBEAT_V2_SINCE)
		flags |= DUMP_MYSQL_HEARTBEAT_V2;
	if (gtid)
		flags |= DUMP_MYSQL_THROUGH_GTID;
	return flags;
}

unsigned protocol_version(const char *text, enum server_family *family)
{
	unsigned part[3] = {0, 0, 0};

	*family = strcasestr(text, "mariadb") ? FAMILY_MARIADB : FAMILY_MYSQL;
	/* what MariaDB puts in front of its version in the greeting, for replicas that expect one digit */
	if (strncmp(text, "5.5.5-", 6) == 0)
		text += 6;
	for (unsigned i = 0; i < 3; i++) {
		char *end;

		part[i] = (unsigned)strtoul(text, &end, 10);
		if (end == text || *end != '.')
			break;
		text = end + 1;
	}
	return part[0] * 10000 + part[1] * 100 + part[2];
}

static void put_quoted(struct buffer *out, const char *text)
{
	/* hexadecimal leaves nothing to quoting rules or sql_mode */
	if (*text) {
		buffer_puts(out, "CAST(0x");
		buffer_put_hex(out, text, strlen(text));
		buffer_puts(out, " AS CHAR)");
	} else {
		buffer_puts(out, "''");
	}
}

void protocol_put_session(struct buffer *out, enum server_family family, const char *uuid,
	uint64_t heartbeat_ms, const char *gtid_set)
{
	uint64_t nanoseconds = heartbeat_ms * 1000000;

	/* user variables: one that the server does not read is no error, so old and new names are both set */
	buffer_printf(out, "SET @master_heartbeat_period = %" PRIu64 ", @source_heartbeat_period = %" PRIu64,
		nanoseconds, nanoseconds);
	if (family == FAMILY_MARIADB) {
		buffer_puts(out, ", @mariadb_slave_capability = 4");
		if (gtid_set) {
			buffer_puts(out, ", @slave_connect_state = ");
			put_quoted(out, gtid_set);
			buffer_puts(out, ", @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0");
		}
	} else if (uuid && *uuid) {
		buffer_puts(out, ", @slave_uuid = ");
		put_quoted(out, uuid);
		buffer_puts(out, ", @replica_uuid = ");
		put_quoted(out, uuid);
	}
}

static int bad_host(struct error *error, const char *item, size_t length)
{
	return error_set(error, ERROR_USAGE,
		"cannot read \"%.*s\" as a host of the source. Write HOST, HOST:PORT or [IPV6-ADDRESS]:PORT, "
		"with commas in between.",
		(int)(length > 300 ? 300 : length), item);
}

int protocol_next_host(const char **list, char *host, size_t room, unsigned *port, struct error *error)
{
	const char *item, *name, *end, *colon = NULL;
	size_t length, name_length;

	*list += strspn(*list, ", \t");
	item = *list;
	length = strcspn(item, ",");
	*list += length;
	while (length && (item[length - 1] == ' ' || item[length - 1] == '\t'))
		length--;
	if (!length)
		return 0;
	name = item;
	end = item + length;
	name_length = length;
	if (*item == '[') {
		const char *close = memchr(item, ']', length);

		if (!close || (close + 1 < end && close[1] != ':'))
			return bad_host(error, item, length);
		name = item + 1;
		name_length = (size_t)(close - name);
		colon = close + 1 < end ? close + 1 : NULL;
	} else {
		colon = memchr(item, ':', length);
		if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			colon = NULL; /* an IPv6 address without brackets, and so without a port */
		if (colon)
			name_length = (size_t)(colon - name);
	}
	if (!name_length || name_length >= room || memchr(name, ' ', name_length))
		return bad_host(error, item, length);
	if (colon) {
		char *after;
		unsigned long number = strtoul(colon + 1, &after, 10);

		if (colon + 1 == end || after != end || colon[1] == '-' || colon[1] == '+' || number == 0 ||
			number > 65535)
			return bad_host(error, item, length);
		*port = (unsigned)number;
	}
	memcpy(host, name, name_length);
	host[name_length] = '\0';
	return 1;
}
