/* What is known of each class of statement. */
#include <string.h>

#include "applier/sql/classify.h"

/* Errors of a second run, by group (6.7): exists already, does not exist any more. */
static const uint16_t redo_none[] = {0};
static const uint16_t redo_create_table[] = {1050, 4161, 0};
static const uint16_t redo_alter_table[] = {
	1050, 1054, 1060, 1061, 1068, 1072, 1091, 1146, 1176, 1507, 1508, 1517, 1826, 3757, 3822, 4090, 0};
static const uint16_t redo_drop_table[] = {1051, 1146, 4091, 4092, 0};
static const uint16_t redo_rename[] = {1017, 1050, 1146, 0};
static const uint16_t redo_index[] = {1061, 1091, 0};
static const uint16_t redo_create_database[] = {1007, 0};
static const uint16_t redo_drop_database[] = {1008, 0};
static const uint16_t redo_create_routine[] = {1304, 0};
static const uint16_t redo_drop_routine[] = {1305, 0};
static const uint16_t redo_create_trigger[] = {1359, 0};
static const uint16_t redo_drop_trigger[] = {1360, 0};
static const uint16_t redo_create_event[] = {1537, 0};
static const uint16_t redo_alter_event[] = {1537, 1539, 0};
static const uint16_t redo_drop_event[] = {1539, 0};
static const uint16_t redo_account[] = {1396, 0};
static const uint16_t redo_revoke[] = {1141, 1147, 1269, 1403, 0};

static const struct {
	const char *name;
	bool commits;
	const uint16_t *redo;
} classes[STATEMENT_CLASSES] = {
	[STATEMENT_UNKNOWN] = {"unknown", false, redo_none},
	[STATEMENT_EMPTY] = {"empty", false, redo_none},
	[STATEMENT_BEGIN] = {"begin", true, redo_none},
	[STATEMENT_COMMIT] = {"commit", true, redo_none},
	[STATEMENT_ROLLBACK] = {"rollback", true, redo_none},
	[STATEMENT_SAVEPOINT] = {"savepoint", false, redo_none},
	[STATEMENT_ROLLBACK_TO] = {"rollback to savepoint", false, redo_none},
	[STATEMENT_RELEASE] = {"release savepoint", false, redo_none},
	[STATEMENT_XA_START] = {"xa start", false, redo_none},
	[STATEMENT_XA_END] = {"xa end", false, redo_none},
	[STATEMENT_XA_PREPARE] = {"xa prepare", false, redo_none},
	[STATEMENT_XA_COMMIT] = {"xa commit", false, redo_none},
	[STATEMENT_XA_ROLLBACK] = {"xa rollback", false, redo_none},
	[STATEMENT_INSERT] = {"insert", false, redo_none},
	[STATEMENT_REPLACE] = {"replace", false, redo_none},
	[STATEMENT_UPDATE] = {"update", false, redo_none},
	[STATEMENT_DELETE] = {"delete", false, redo_none},
	[STATEMENT_LOAD] = {"load data", false, redo_none},
	[STATEMENT_SELECT] = {"select", false, redo_none},
	[STATEMENT_DO] = {"do", false, redo_none},
	[STATEMENT_CALL] = {"call", false, redo_none},
	[STATEMENT_SET] = {"set", false, redo_none},
	[STATEMENT_TRUNCATE] = {"truncate", true, redo_none},
	[STATEMENT_BINLOG] = {"binlog", false, redo_none},
	[STATEMENT_CREATE_TABLE] = {"create table", true, redo_create_table},
	[STATEMENT_ALTER_TABLE] = {"alter table", true, redo_alter_table},
	[STATEMENT_DROP_TABLE] = {"drop table", true, redo_drop_table},
	[STATEMENT_RENAME_TABLE] = {"rename table", true, redo_rename},
	[STATEMENT_CREATE_INDEX] = {"create index", true, redo_index},
	[STATEMENT_DROP_INDEX] = {"drop index", true, redo_index},
	[STATEMENT_CREATE_VIEW] = {"create view", true, redo_create_table},
	[STATEMENT_ALTER_VIEW] = {"alter view", true, redo_none},
	[STATEMENT_DROP_VIEW] = {"drop view", true, redo_drop_table},
	[STATEMENT_CREATE_SEQUENCE] = {"create sequence", true, redo_create_table},
	[STATEMENT_ALTER_SEQUENCE] = {"alter sequence", true, redo_none},
	[STATEMENT_DROP_SEQUENCE] = {"drop sequence", true, redo_drop_table},
	[STATEMENT_CREATE_DATABASE] = {"create database", true, redo_create_database},
	[STATEMENT_ALTER_DATABASE] = {"alter database", true, redo_none},
	[STATEMENT_DROP_DATABASE] = {"drop database", true, redo_drop_database},
	[STATEMENT_CREATE_PROCEDURE] = {"create procedure", true, redo_create_routine},
	[STATEMENT_ALTER_PROCEDURE] = {"alter procedure", true, redo_none},
	[STATEMENT_DROP_PROCEDURE] = {"drop procedure", true, redo_drop_routine},
	[STATEMENT_CREATE_FUNCTION] = {"create function", true, redo_create_routine},
	[STATEMENT_ALTER_FUNCTION] = {"alter function", true, redo_none},
	[STATEMENT_DROP_FUNCTION] = {"drop function", true, redo_drop_routine},
	[STATEMENT_CREATE_TRIGGER] = {"create trigger", true, redo_create_trigger},
	[STATEMENT_DROP_TRIGGER] = {"drop trigger", true, redo_drop_trigger},
	[STATEMENT_CREATE_EVENT] = {"create event", true, redo_create_event},
	[STATEMENT_ALTER_EVENT] = {"alter event", true, redo_alter_event},
	[STATEMENT_DROP_EVENT] = {"drop event", true, redo_drop_event},
	[STATEMENT_CREATE_PACKAGE] = {"create package", true, redo_create_routine},
	[STATEMENT_DROP_PACKAGE] = {"drop package", true, redo_drop_routine},
	[STATEMENT_CREATE_LIBRARY] = {"create library", true, redo_create_routine},
	[STATEMENT_ALTER_LIBRARY] = {"alter library", true, redo_none},
	[STATEMENT_DROP_LIBRARY] = {"drop library", true, redo_drop_routine},
	[STATEMENT_CREATE_UDF] = {"create loadable function", true, redo_none},
	[STATEMENT_CREATE_USER] = {"create user", true, redo_account},
	[STATEMENT_ALTER_USER] = {"alter user", true, redo_none},
	[STATEMENT_DROP_USER] = {"drop user", true, redo_account},
	[STATEMENT_RENAME_USER] = {"rename user", true, redo_account},
	[STATEMENT_CREATE_ROLE] = {"create role", true, redo_account},
	[STATEMENT_DROP_ROLE] = {"drop role", true, redo_account},
	[STATEMENT_GRANT] = {"grant", true, redo_none},
	[STATEMENT_REVOKE] = {"revoke", true, redo_revoke},
	[STATEMENT_SET_PASSWORD] = {"set password", true, redo_none},
	[STATEMENT_SET_DEFAULT_ROLE] = {"set default role", true, redo_none},
	[STATEMENT_SET_ROLE] = {"set role", false, redo_none},
	[STATEMENT_ANALYZE] = {"analyze", true, redo_none},
	[STATEMENT_OPTIMIZE] = {"optimize", true, redo_none},
	[STATEMENT_REPAIR] = {"repair", true, redo_none},
	[STATEMENT_CHECK_TABLE] = {"check table", true, redo_none},
	[STATEMENT_FLUSH] = {"flush", true, redo_none},
	[STATEMENT_INSTALL] = {"install", true, redo_none},
	[STATEMENT_UNINSTALL] = {"uninstall", true, redo_none},
	[STATEMENT_SERVER] = {"server", true, redo_none},
	[STATEMENT_TABLESPACE] = {"tablespace", true, redo_none},
	[STATEMENT_RESOURCE_GROUP] = {"resource group", true, redo_none},
	[STATEMENT_SPATIAL_REFERENCE_SYSTEM] = {"spatial reference system", true, redo_none},
	[STATEMENT_INSTANCE] = {"alter instance", true, redo_none},
	[STATEMENT_ADMIN] = {"administration", true, redo_none},
	[STATEMENT_LOCK] = {"lock tables", true, redo_none},
};

const char *statement_class_name(enum statement_class class)
{
	return class < STATEMENT_CLASSES ? classes[class].name : "unknown";
}

bool statement_commits(enum statement_class class)
{
	return class < STATEMENT_CLASSES && classes[class].commits;
}

const uint16_t *statement_redo_errors(enum statement_class class)
{
	return class < STATEMENT_CLASSES ? classes[class].redo : redo_none;
}
