#include "applier/sql/version.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

unsigned version_parse(const char *text)
{
	unsigned long part[3] = {0, 0, 0};

	for (int i = 0; i < 3; i++) {
		char *end;

		if (!isdigit((unsigned char)*text))
			break;
		part[i] = strtoul(text, &end, 10);
		if (part[i] > 999)
			return 0;
		text = end;
		if (*text != '.')
			break;
		text++;
	}
	/* the two digits of a minor number are all there is room for */
	if (part[1] > 99 || part[2] > 99)
		return 0;
	return (unsigned)(part[0] * 10000 + part[1] * 100 + part[2]);
}

const char *version_print(struct server_version server, char out[32])
{
	const char *family = server.family == FAMILY_MARIADB ? "MariaDB" : "MySQL";

	if (server.number == 0)
		snprintf(out, 32, "%s", family);
	else
		snprintf(out, 32, "%s %u.%u.%u", family, server.number / 10000, server.number / 100 % 100,
			server.number % 100);
	return out;
}

bool version_comment_runs(struct server_version server, bool maria, unsigned number)
{
	unsigned own = server.number;

	if (maria && server.family != FAMILY_MARIADB)
		return false;
	if (number == 0)
		return true;
	if (own == 0)
		own = server.family == FAMILY_MARIADB ? 130000 : 100000;
	if (number > own)
		return false;
	return maria || server.family == FAMILY_MYSQL || number < 50700 || number > 99999;
}
