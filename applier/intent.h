/* Intents: what makes statements that commit by themselves happen exactly once (design: exactly once, DDL).
 *
 * Before such a statement runs, a row with its place, its text and a fingerprint of the objects it names is committed.
 * The row goes with the transaction that moves the checkpoint past the statement. A start that finds one
 * compares the fingerprint with the objects as they are now: nobody else changes them, so a difference means
 * that the statement has run. */
#ifndef APPLIER_INTENT_H
#define APPLIER_INTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "applier/applier.h"
#include "applier/questions.h"
#include "applier/statement.h"
#include "applier/target.h"

enum intent_verdict {
	INTENT_NONE,
	INTENT_NOT_RUN,   /* run it */
	INTENT_PARTLY,    /* run it again, tolerating what is there already */
	INTENT_DONE,      /* go on behind it */
	INTENT_UNDECIDED, /* stop and name both possibilities */
};

/* In words, for the log. */
const char *intent_verdict_name(enum intent_verdict verdict);

struct intent {
	unsigned step;            /* which of the transaction's statements, counted by the caller */
	char gtid[GTID_TEXT_MAXIMUM]; /* of the transaction, "" = none */
	struct position begin;    /* likewise */
	char *statement;          /* as sent; owned */
	enum intent_verdict verdict;
};

/* Writes the intent and commits it, if the epoch is still ours (ERROR_FENCED otherwise). What was known of the session is
 * known no more (fingerprint_session). */
int intent_write(struct target *target, const char *schema, const char *channel, const struct checkpoint *checkpoint,
	const struct transaction *transaction, unsigned step, const struct planned_statement *statement,
	const struct plan_step *plan_step, struct error *error);

/* The channel's intent with the highest step: the question, and the answer judged; INTENT_NONE when there is none. The session
 * as with intent_write. */
struct question *intent_ask(struct questions *questions, const char *schema, const char *channel);
int intent_judge(const struct question *answered, struct target *target, const char *schema, struct intent *intent,
	struct error *error);
void intent_release(struct intent *intent);

/* "DELETE FROM … " for the transaction that moves the checkpoint. */
void intent_put_delete(struct buffer *sql, const char *schema, const char *channel);

#endif
