/* Between the text of CHANGE MASTER (change_master_parse.c) and its words (change_master_statement.c). */
#ifndef PROXY_CHANGE_MASTER_INTERNAL_H
#define PROXY_CHANGE_MASTER_INTERNAL_H

#include "proxy/change_master_statement.h"

enum change_master_kind {
	CHANGE_MASTER_STRING,
	CHANGE_MASTER_NUMBER,
	CHANGE_MASTER_WORD, /* slave_pos, OFF, STREAM */
	CHANGE_MASTER_NULL,
	CHANGE_MASTER_DEFAULT,
	CHANGE_MASTER_LIST, /* (1, 2) */
};

struct change_master_value {
	enum change_master_kind kind;
	const char *text; /* "" for NULL, DEFAULT and lists */
	unsigned items;	  /* of a list */
};

/* Whether it is a known option, with its prefix. */
bool change_master_is_word(const char *name, size_t length);

/* One option with its value. */
int change_master_take(struct change_master_statement *statement, const char *name, size_t length,
	const struct change_master_value *value, struct error *error);

void change_master_remark(struct change_master_statement *statement, enum change_master_verdict verdict,
	const char *word, size_t length, const char *text);

/* The value of a setting, or NULL. */
const char *change_master_setting(const struct change_master_statement *statement, const char *name);

/* The GTID set, without blanks and without the '+' of mysqldump. */
void change_master_set_gtid(struct change_master_statement *statement, const char *set);

#endif
