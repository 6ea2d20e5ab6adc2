/* One GTID as text, both ways. */
#include "binlog/gtid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "binlog/gtid_text.h"

#define UUID_DIGITS 36u

void uuid_text(const uint8_t uuid[16], char text[37])
{
	static const char digits[] = "0123456789abcdef";
	char *out = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[uuid[i] >> 4];
		*out++ = digits[uuid[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads the 36 characters at `text`, whatever follows them. */
static bool read_uuid(const char *text, uint8_t uuid[16])
{
	for (int i = 0; i < 16; i++) {
		int high, low;

		if (i == 4 || i == 6 || i == 8 || i == 10) {
			if (*text != '-')
				return false;
			text++;
		}
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return false;
		uuid[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return true;
}

const char *gtid_text(const struct gtid *gtid, char text[GTID_TEXT_MAXIMUM])
{
	char uuid[37];

	switch (gtid->kind) {
	case GTID_MYSQL:
		uuid_text(gtid->uuid, uuid);
		snprintf(text, GTID_TEXT_MAXIMUM, "%s%s%s:%" PRIu64, uuid, gtid->tag[0] ? ":" : "", gtid->tag,
			gtid->number);
		break;
	case GTID_MARIADB:
		snprintf(text, GTID_TEXT_MAXIMUM, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, gtid->domain,
			gtid->server_id, gtid->number);
		break;
	default:
		text[0] = '\0';
	}
	return text;
}

void gtid_scan_space(const char **at)
{
	while (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r')
		(*at)++;
}

bool gtid_scan_number(const char **at, uint64_t maximum, uint64_t *number)
{
	const char *p = *at;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (value > (maximum - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	*at = p;
	return true;
}

bool gtid_scan_uuid(const char **at, uint8_t uuid[16])
{
	if (!read_uuid(*at, uuid))
		return false;
	*at += UUID_DIGITS;
	return true;
}

bool gtid_tag_valid(const char *tag, size_t length)
{
	if (length > GTID_TAG_MAXIMUM)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!(tag[i] == '_' || (tag[i] >= 'a' && tag[i] <= 'z') ||
			    (i > 0 && tag[i] >= '0' && tag[i] <= '9')))
			return false;
	}
	return true;
}

bool gtid_scan_tag(const char **at, char tag[GTID_TAG_MAXIMUM + 1])
{
	const char *p = *at;
	size_t length = 0;

	for (; *p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
		p++) {
		if (length == GTID_TAG_MAXIMUM)
			return false;
		tag[length++] = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
	}
	tag[length] = '\0';
	*at = p;
	return length > 0 && gtid_tag_valid(tag, length);
}

bool gtid_scan_maria(const char **at, struct gtid *gtid)
{
	const char *p = *at;
	uint64_t domain, server, number;

	if (!gtid_scan_number(&p, UINT32_MAX, &domain) || *p++ != '-' ||
		!gtid_scan_number(&p, UINT32_MAX, &server) || *p++ != '-' ||
		!gtid_scan_number(&p, UINT64_MAX, &number))
		return false;
	*gtid = (struct gtid){.kind = GTID_MARIADB,
		.domain = (uint32_t)domain,
		.server_id = (uint32_t)server,
		.number = number};
	*at = p;
	return true;
}

/* "uuid:[tag:]number", as MySQL writes one. */
static bool scan_mysql(const char **at, struct gtid *gtid)
{
	const char *p = *at;

	*gtid = (struct gtid){.kind = GTID_MYSQL};
	if (!gtid_scan_uuid(&p, gtid->uuid) || *p++ != ':')
		return false;
	if (!(*p >= '0' && *p <= '9') && (!gtid_scan_tag(&p, gtid->tag) || *p++ != ':'))
		return false;
	if (!gtid_scan_number(&p, GTID_MYSQL_MAXIMUM, &gtid->number) || gtid->number == 0)
		return false;
	*at = p;
	return true;
}

int gtid_parse(const char *text, struct gtid *gtid, struct error *error)
{
	const char *at = text;
	struct gtid parsed;

	gtid_scan_space(&at);
	/* a UUID first: three of its groups may be digits alone */
	if (!scan_mysql(&at, &parsed) && !gtid_scan_maria(&at, &parsed))
		return error_set(error, ERROR_USAGE,
			"\"%.100s\" is not a GTID; expected UUID:NUMBER or UUID:TAG:NUMBER (MySQL) or "
			"DOMAIN-SERVER-NUMBER (MariaDB).",
			text);
	gtid_scan_space(&at);
	if (*at)
		return error_set(error, ERROR_USAGE, "\"%.50s\" follows the GTID in \"%.100s\".", at, text);
	*gtid = parsed;
	return 0;
}
