/* Questions to the target that do not wait for each other's answers: one round trip for all of them.
 *
 * Each is a packet of its own, and the server answers one after the other, in order: a question sees what those before it have
 * done. One that is refused does not keep the server from those behind it; within a question of several statements those behind
 * the refused one do not run. */
#ifndef APPLIER_QUESTIONS_H
#define APPLIER_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "applier/target.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

struct question {
	struct buffer text;       /* to be filled in by the asker */
	size_t statements;        /* in the text, separated by ";" */
	const char *doing;        /* for errors: "reading …"; may be NULL */
	bool may_be_refused;
	/* the answer */
	struct target_rows rows;  /* of the last statement that gave any; in the arena */
	struct error refusal;     /* kind ERROR_NONE: it was not refused */
	struct question *next;
};

struct questions {
	struct arena *arena;
	struct question *first, *last;
};

/* Questions and answers live in the arena. */
void questions_init(struct questions *questions, struct arena *arena);
/* For those that were not asked. */
void questions_release(struct questions *questions);

/* One more question, of one statement that may not be refused. `doing` must outlive it. */
struct question *questions_add(struct questions *questions, const char *doing);
/* The same with its text. */
struct question *questions_put(struct questions *questions, const char *doing, const char *text);

/* Asks them all; afterwards there are none, and those that were there have their answers. -1 with the first refusal of a
 * question that may not be refused, all the others being answered; or with what is wrong with the connection, when the refusals
 * of some are not known and nothing else can be done on it than to close it. */
int questions_ask(struct questions *questions, struct target *target, struct error *error);

#endif
