/* Inner side of the rules about accounts. */
#ifndef APPLIER_SQL_RULE_ACCOUNTS_H
#define APPLIER_SQL_RULE_ACCOUNTS_H

#include "applier/sql/rule.h"

void rule_grant_identified(struct rewriting *r);
void rule_set_password(struct rewriting *r);
void rule_users(struct rewriting *r);
void rule_account_if_exists(struct rewriting *r);
void rule_role_lists(struct rewriting *r);

#endif
