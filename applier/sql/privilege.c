#include "applier/sql/privilege.h"

#include <string.h>
#include <strings.h>

#define G PRIVILEGE_ON_GLOBAL
#define GD (PRIVILEGE_ON_GLOBAL | PRIVILEGE_ON_DATABASE)
#define GDT (GD | PRIVILEGE_ON_TABLE)
#define GDTC (GDT | PRIVILEGE_ON_COLUMN)
#define GDR (GD | PRIVILEGE_ON_ROUTINE)
#define ALWAYS 1u
#define NEVER 0u

/* A privilege and since which version each family has it (ALWAYS, NEVER or a number). The first name is the
 * one written for MySQL, the second for MariaDB, where that differs. */
static const struct {
	const char *name, *maria_name;
	unsigned levels;
	unsigned mysql, maria;
	bool dynamic; /* MySQL: in ALL PRIVILEGES only for whoever has all of it at the time */
} privileges[] = {
	{"SELECT", NULL, GDTC, ALWAYS, ALWAYS, false},
	{"INSERT", NULL, GDTC, ALWAYS, ALWAYS, false},
	{"UPDATE", NULL, GDTC, ALWAYS, ALWAYS, false},
	{"DELETE", NULL, GDT, ALWAYS, ALWAYS, false},
	{"CREATE", NULL, GDT, ALWAYS, ALWAYS, false},
	{"DROP", NULL, GDT, ALWAYS, ALWAYS, false},
	{"RELOAD", NULL, G, ALWAYS, ALWAYS, false},
	{"SHUTDOWN", NULL, G, ALWAYS, ALWAYS, false},
	{"PROCESS", NULL, G, ALWAYS, ALWAYS, false},
	{"FILE", NULL, G, ALWAYS, ALWAYS, false},
	{"REFERENCES", NULL, GDTC, ALWAYS, ALWAYS, false},
	{"INDEX", NULL, GDT, ALWAYS, ALWAYS, false},
	{"ALTER", NULL, GDT, ALWAYS, ALWAYS, false},
	{"SHOW DATABASES", NULL, G, ALWAYS, ALWAYS, false},
	{"SUPER", NULL, G, ALWAYS, ALWAYS, false},
	{"CREATE TEMPORARY TABLES", NULL, GD, ALWAYS, ALWAYS, false},
	{"LOCK TABLES", NULL, GD, ALWAYS, ALWAYS, false},
	{"EXECUTE", NULL, GDR, ALWAYS, ALWAYS, false},
	{"REPLICATION SLAVE", NULL, G, ALWAYS, ALWAYS, false},
	{"REPLICATION CLIENT", NULL, G, ALWAYS, ALWAYS, false}, /* BINLOG MONITOR is the same */
	{"CREATE VIEW", NULL, GDT, ALWAYS, ALWAYS, false},
	{"SHOW VIEW", NULL, GDT, ALWAYS, ALWAYS, false},
	{"CREATE ROUTINE", NULL, GD, ALWAYS, ALWAYS, false},
	{"ALTER ROUTINE", NULL, GDR, ALWAYS, ALWAYS, false},
	{"CREATE USER", NULL, G, ALWAYS, ALWAYS, false},
	{"EVENT", NULL, GD, ALWAYS, ALWAYS, false},
	{"TRIGGER", NULL, GDT, ALWAYS, ALWAYS, false},
	{"CREATE TABLESPACE", NULL, G, ALWAYS, ALWAYS, false},
	{"CREATE ROLE", NULL, G, 80000, NEVER, false},
	{"DROP ROLE", NULL, G, 80000, NEVER, false},
	{"DELETE HISTORY", NULL, GDT, NEVER, 100304, false},
	{"SET USER", NULL, G, NEVER, 100502, false},
	{"FEDERATED ADMIN", NULL, G, NEVER, 100502, false},
	{"CONNECTION_ADMIN", "CONNECTION ADMIN", G, 80000, 100502, true},
	{"READ_ONLY ADMIN", NULL, G, NEVER, 100502, false},
	{"REPLICATION_SLAVE_ADMIN", "REPLICATION SLAVE ADMIN", G, 80000, 100502, true},
	{"REPLICATION MASTER ADMIN", NULL, G, NEVER, 100502, false},
	{"BINLOG_ADMIN", "BINLOG ADMIN", G, 80000, 100502, true},
	{"BINLOG REPLAY", NULL, G, NEVER, 100502, false},
	{"SLAVE MONITOR", NULL, G, NEVER, 100508, false},
	{"SHOW CREATE ROUTINE", NULL, GDR, NEVER, 110301, false},
	{"ALLOW_NONEXISTENT_DEFINER", NULL, G, 80200, NEVER, true},
	{"APPLICATION_PASSWORD_ADMIN", NULL, G, 80014, NEVER, true},
	{"AUDIT_ABORT_EXEMPT", NULL, G, 80028, NEVER, true},
	{"AUDIT_ADMIN", NULL, G, 80000, NEVER, true},
	{"AUTHENTICATION_POLICY_ADMIN", NULL, G, 80027, NEVER, true},
	{"BACKUP_ADMIN", NULL, G, 80000, NEVER, true},
	{"BINLOG_ENCRYPTION_ADMIN", NULL, G, 80014, NEVER, true},
	{"CLONE_ADMIN", NULL, G, 80017, NEVER, true},
	{"CREATE_SPATIAL_REFERENCE_SYSTEM", NULL, G, 90000, NEVER, true},
	{"ENCRYPTION_KEY_ADMIN", NULL, G, 80000, NEVER, true},
	{"FIREWALL_EXEMPT", NULL, G, 80027, NEVER, true},
	{"FLUSH_OPTIMIZER_COSTS", NULL, G, 80023, NEVER, true},
	{"FLUSH_PRIVILEGES", NULL, G, 80400, NEVER, true},
	{"FLUSH_STATUS", NULL, G, 80023, NEVER, true},
	{"FLUSH_TABLES", NULL, G, 80023, NEVER, true},
	{"FLUSH_USER_RESOURCES", NULL, G, 80023, NEVER, true},
	{"GROUP_REPLICATION_ADMIN", NULL, G, 80000, NEVER, true},
	{"GROUP_REPLICATION_STREAM", NULL, G, 80027, NEVER, true},
	{"INNODB_REDO_LOG_ARCHIVE", NULL, G, 80017, NEVER, true},
	{"INNODB_REDO_LOG_ENABLE", NULL, G, 80021, NEVER, true},
	{"MANAGE_DATA_MASKING_POLICY", NULL, G, 90000, NEVER, true},
	{"OPTIMIZE_LOCAL_TABLE", NULL, G, 80400, NEVER, true},
	{"PASSWORDLESS_USER_ADMIN", NULL, G, 80027, NEVER, true},
	{"PERSIST_RO_VARIABLES_ADMIN", NULL, G, 80000, NEVER, true},
	{"REPLICATION_APPLIER", NULL, G, 80018, NEVER, true},
	{"RESOURCE_GROUP_ADMIN", NULL, G, 80000, NEVER, true},
	{"RESOURCE_GROUP_USER", NULL, G, 80000, NEVER, true},
	{"ROLE_ADMIN", NULL, G, 80000, NEVER, true},
	{"SENSITIVE_VARIABLES_OBSERVER", NULL, G, 80029, NEVER, true},
	{"SERVICE_CONNECTION_ADMIN", NULL, G, 80014, NEVER, true},
	{"SESSION_VARIABLES_ADMIN", NULL, G, 80014, NEVER, true},
	{"SET_ANY_DEFINER", NULL, G, 80200, NEVER, true},
	{"SET_USER_ID", NULL, G, 80000, NEVER, true},
	{"SHOW_ROUTINE", NULL, G, 80020, NEVER, true},
	{"SYSTEM_USER", NULL, G, 80016, NEVER, true},
	{"SYSTEM_VARIABLES_ADMIN", NULL, G, 80000, NEVER, true},
	{"TABLE_ENCRYPTION_ADMIN", NULL, G, 80016, NEVER, true},
	{"TELEMETRY_LOG_ADMIN", NULL, G, 80200, NEVER, true},
	{"TRANSACTION_GTID_TAG", NULL, G, 80300, NEVER, true},
	{"VERSION_TOKEN_ADMIN", NULL, G, 80000, NEVER, true},
	{"XA_RECOVER_ADMIN", NULL, G, 80000, NEVER, true},
};

#define PRIVILEGES (sizeof(privileges) / sizeof(privileges[0]))

_Static_assert(sizeof(privileges) / sizeof(privileges[0]) <= PRIVILEGE_MAXIMUM, "one bit each");

static const char *const aliases[][2] = {
	{"BINLOG MONITOR", "REPLICATION CLIENT"},
	{"REPLICATION REPLICA", "REPLICATION SLAVE"},
	{"REPLICATION REPLICA ADMIN", "REPLICATION SLAVE ADMIN"},
	{"REPLICA MONITOR", "SLAVE MONITOR"},
	{"DELETE VERSIONING ROWS", "DELETE HISTORY"},
};

static bool is(const char *name, const char *text, size_t length)
{
	return name && strlen(name) == length && strncasecmp(name, text, length) == 0;
}

int privilege_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (is(aliases[i][0], name, length)) {
			name = aliases[i][1];
			length = strlen(name);
			break;
		}
	for (size_t i = 0; i < PRIVILEGES; i++)
		if (is(privileges[i].name, name, length) || is(privileges[i].maria_name, name, length))
			return (int)i;
	return -1;
}

const char *privilege_name(int privilege, struct server_version server)
{
	bool maria = server.family == FAMILY_MARIADB;
	unsigned since = maria ? privileges[privilege].maria : privileges[privilege].mysql;

	if (since == NEVER || !version_at_least(server, server.family, since))
		return NULL;
	/* gone with 8.4, where SET_ANY_DEFINER and ALLOW_NONEXISTENT_DEFINER took its place */
	if (strcmp(privileges[privilege].name, "SET_USER_ID") == 0 &&
		version_at_least(server, FAMILY_MYSQL, 80400))
		return NULL;
	return maria && privileges[privilege].maria_name ? privileges[privilege].maria_name
							 : privileges[privilege].name;
}

unsigned privilege_levels(int privilege)
{
	return privileges[privilege].levels;
}

void privilege_set_all(struct privilege_set *set, struct server_version server, enum privilege_level level)
{
	for (size_t i = 0; i < PRIVILEGES; i++)
		if ((privileges[i].levels & level) && privilege_name((int)i, server))
			privilege_set_add(set, (int)i);
}
