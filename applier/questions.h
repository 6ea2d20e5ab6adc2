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
	const char *doing;        /* for errors, in the arena; may be NULL */
	unsigned borne;           /* the server's error with which it may be refused; or REFUSAL_ANY */
	/* the answer */
	struct target_rows rows;  /* of the last statement that gave any; in the arena */
	struct error refusal;     /* kind ERROR_NONE: it was not refused */
	size_t failed;            /* which of its statements was */
	struct question *next;
};

#define REFUSAL_ANY 0xffffffffu

struct questions {
	struct arena *arena;
	struct question *first, *last;
};

/* Questions and answers live in the arena. */
void questions_init(struct questions *questions, struct arena *arena);
/* For those that were not asked. */
void questions_release(struct questions *questions);

/* One more, of one statement that may not be refused; the format says what is being done. */
struct question *questions_add(struct questions *questions, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same without such words, and with its text. */
struct question *questions_put(struct questions *questions, const char *text);

/* Puts those of `from` behind the others; both live in one arena. */
void questions_move(struct questions *questions, struct questions *from);

/* Asks them all; afterwards there are none, and those that were there have their answers. -1 with the first refusal that is not
 * borne, all the others being answered; or with what is wrong with the connection, which is of no use then. */
int questions_ask(struct questions *questions, struct target *target, struct error *error);

#endif
