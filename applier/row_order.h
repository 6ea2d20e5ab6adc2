/* Statements of which the order of a table's rows decides what comes (rule row-order): private to the applier. */
#ifndef APPLIER_ROW_ORDER_H
#define APPLIER_ROW_ORDER_H

#include "applier/special.h"

/* ERROR_STOP where the target's table has several rows and no key that puts them in order: rows that were changed together lie anew,
 * not as on the master. */
int row_order_check(struct special *special, const struct planned_statement *planned, struct error *error);

#endif
