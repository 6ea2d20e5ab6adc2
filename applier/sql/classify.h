/* What a statement is, and which objects it names, by its tokens. */
#ifndef APPLIER_SQL_CLASSIFY_H
#define APPLIER_SQL_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/lexer.h"
#include "base/arena.h"

enum statement_class {
	STATEMENT_UNKNOWN,
	STATEMENT_EMPTY, /* nothing but comments */
	/* transactions */
	STATEMENT_BEGIN, /* BEGIN, START TRANSACTION */
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_SAVEPOINT,
	STATEMENT_ROLLBACK_TO,
	STATEMENT_RELEASE,
	STATEMENT_XA_START,
	STATEMENT_XA_END,
	STATEMENT_XA_PREPARE,
	STATEMENT_XA_COMMIT,
	STATEMENT_XA_ROLLBACK,
	/* data */
	STATEMENT_INSERT,
	STATEMENT_REPLACE,
	STATEMENT_UPDATE,
	STATEMENT_DELETE,
	STATEMENT_LOAD, /* LOAD DATA, LOAD XML */
	STATEMENT_SELECT,
	STATEMENT_DO,
	STATEMENT_CALL,
	STATEMENT_SET,
	STATEMENT_TRUNCATE,
	STATEMENT_BINLOG,
	/* tables and what belongs to them */
	STATEMENT_CREATE_TABLE,
	STATEMENT_ALTER_TABLE,
	STATEMENT_DROP_TABLE,
	STATEMENT_RENAME_TABLE,
	STATEMENT_CREATE_INDEX,
	STATEMENT_DROP_INDEX,
	STATEMENT_CREATE_VIEW,
	STATEMENT_ALTER_VIEW,
	STATEMENT_DROP_VIEW,
	STATEMENT_CREATE_SEQUENCE,
	STATEMENT_ALTER_SEQUENCE,
	STATEMENT_DROP_SEQUENCE,
	STATEMENT_CREATE_DATABASE,
	STATEMENT_ALTER_DATABASE,
	STATEMENT_DROP_DATABASE,
	/* stored code */
	STATEMENT_CREATE_PROCEDURE,
	STATEMENT_ALTER_PROCEDURE,
	STATEMENT_DROP_PROCEDURE,
	STATEMENT_CREATE_FUNCTION,
	STATEMENT_ALTER_FUNCTION,
	STATEMENT_DROP_FUNCTION, /* also of a loadable one: the text does not tell */
	STATEMENT_CREATE_TRIGGER,
	STATEMENT_DROP_TRIGGER,
	STATEMENT_CREATE_EVENT,
	STATEMENT_ALTER_EVENT,
	STATEMENT_DROP_EVENT,
	STATEMENT_CREATE_PACKAGE, /* MariaDB; with BODY as well */
	STATEMENT_DROP_PACKAGE,
	STATEMENT_CREATE_LIBRARY, /* MySQL 9 */
	STATEMENT_ALTER_LIBRARY,
	STATEMENT_DROP_LIBRARY,
	STATEMENT_CREATE_UDF, /* CREATE FUNCTION … SONAME */
	/* accounts */
	STATEMENT_CREATE_USER,
	STATEMENT_ALTER_USER,
	STATEMENT_DROP_USER,
	STATEMENT_RENAME_USER,
	STATEMENT_CREATE_ROLE,
	STATEMENT_DROP_ROLE,
	STATEMENT_GRANT,
	STATEMENT_REVOKE,
	STATEMENT_SET_PASSWORD,
	STATEMENT_SET_DEFAULT_ROLE,
	STATEMENT_SET_ROLE,
	/* the server */
	STATEMENT_ANALYZE,
	STATEMENT_OPTIMIZE,
	STATEMENT_REPAIR,
	STATEMENT_CHECK_TABLE,
	STATEMENT_FLUSH,
	STATEMENT_INSTALL,
	STATEMENT_UNINSTALL,
	STATEMENT_SERVER,     /* CREATE/ALTER/DROP SERVER */
	STATEMENT_TABLESPACE, /* CREATE/ALTER/DROP [UNDO] TABLESPACE, LOGFILE GROUP */
	STATEMENT_RESOURCE_GROUP,
	STATEMENT_SPATIAL_REFERENCE_SYSTEM,
	STATEMENT_INSTANCE, /* ALTER INSTANCE */
	STATEMENT_ADMIN,    /* KILL, PURGE, CHANGE MASTER, RESET, SHUTDOWN, … */
	STATEMENT_LOCK,	    /* LOCK/UNLOCK TABLES, LOCK INSTANCE */
	STATEMENT_CLASSES
};

/* "create table" */
const char *statement_class_name(enum statement_class class);

/* Does the server commit what is open before (and after) it? */
bool statement_commits(enum statement_class class);

/* Errors that mean "it had already run" when it is tried again after a crash, 0-terminated; never NULL. */
const uint16_t *statement_redo_errors(enum statement_class class);

enum object_kind {
	OBJECT_TABLE, /* table, view or sequence in a place where a table may stand */
	OBJECT_VIEW,
	OBJECT_SEQUENCE,
	OBJECT_DATABASE,
	OBJECT_PROCEDURE,
	OBJECT_FUNCTION,
	OBJECT_TRIGGER,
	OBJECT_EVENT,
	OBJECT_PACKAGE,
	OBJECT_LIBRARY,
};

enum object_role {
	ROLE_TARGET,	  /* created, changed, dropped or written */
	ROLE_SOURCE,	  /* read: FROM, JOIN, LIKE, REFERENCES, subqueries */
	ROLE_NEW_NAME,	  /* RENAME … TO this; belongs to the object before it */
	ROLE_DELETE_LIST, /* DELETE this FROM …: names a table reference, perhaps by its alias */
	ROLE_TABLE_OF,	  /* the table that a trigger or an index belongs to */
};

#define OBJECT_NO_TOKEN ((uint32_t)-1)

struct object {
	enum object_kind kind;
	enum object_role role;
	const char *database; /* as named in the text, or NULL: the default database; in the text's character
				 set */
	const char *name;     /* for OBJECT_DATABASE the database */
	const char *alias;    /* NULL when it has none */
	uint32_t first, last; /* tokens of the name, both included */
	uint32_t alias_token; /* or OBJECT_NO_TOKEN */
	uint32_t end;	      /* token behind the whole reference (PARTITION (…) and alias included) */
	uint16_t scope;	      /* of a table reference: which (sub)query; 0 the outermost */
	bool may_have_alias;  /* an alias may be written here */
	bool derived_name;    /* the name of a common table expression, not of a table */
	bool wildcard;	      /* DELETE t.* FROM */
	const char *real;     /* by the rewriting, with looks_for_code: the real table behind a temporary one, or NULL */
};

/* A column written with its table: t.c, db.t.c, t.*, db.t.*. */
struct qualifier {
	uint32_t first; /* first token */
	uint8_t parts;	/* 2 or 3 names, * counts as one */
	uint16_t scope;
	const char *database; /* or NULL */
	const char *table;
};

enum statement_flag {
	STATEMENT_TEMPORARY = 1 << 0, /* CREATE/DROP TEMPORARY */
	STATEMENT_IF_EXISTS = 1 << 1,
	STATEMENT_IF_NOT_EXISTS = 1 << 2,
	STATEMENT_OR_REPLACE = 1 << 3,
	STATEMENT_IGNORE = 1 << 4,
	STATEMENT_LOCAL = 1 << 5,      /* FLUSH/ANALYZE … LOCAL, LOAD DATA LOCAL */
	STATEMENT_LIKE = 1 << 6,       /* CREATE TABLE … LIKE */
	STATEMENT_HAS_SELECT = 1 << 7, /* CREATE TABLE … SELECT, INSERT … SELECT */
	STATEMENT_SET_FOR = 1 << 8,    /* SET STATEMENT … FOR before it */
	STATEMENT_READS_TEXT = 1 << 9, /* begins with EXPLAIN/DESCRIBE/SHOW */
	STATEMENT_AGGREGATE = 1 << 10, /* CREATE AGGREGATE FUNCTION */
	STATEMENT_MULTIPLE = 1 << 11,  /* text goes on behind a ';' that is not inside stored code */
};

struct statement {
	enum statement_class class;
	unsigned flags; /* enum statement_flag */
	size_t verb;   /* token of the verb (behind SET STATEMENT … FOR, WITH …, a leading parenthesis) */
	size_t body;   /* first token behind the name of what is created/altered; the rules read on here */
	size_t select; /* with STATEMENT_HAS_SELECT: first token of the query ('(' , SELECT, WITH, VALUES,
			  TABLE) */
	struct object *objects;
	size_t object_count;
	struct qualifier *qualifiers;
	size_t qualifier_count;
	uint16_t scopes;
	uint16_t *scope_parent; /* [scopes]; the outermost is its own parent */
};

/* Names go to the arena. Text that is no known statement is STATEMENT_UNKNOWN, never an error. */
void classify(const struct token_list *tokens, struct arena *arena, struct statement *statement);

#endif
