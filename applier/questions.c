#include "applier/questions.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Unread questions have together at most so much text (but one has any): that surely fits the network's buffers, whether the
 * server reads or is busy with getting rid of its answers. */
#define UNREAD_BYTES ((size_t)16 << 10)

void questions_init(struct questions *questions, struct arena *arena)
{
	questions->arena = arena;
	questions->first = questions->last = NULL;
}

void questions_release(struct questions *questions)
{
	for (struct question *question = questions->first; question; question = question->next)
		buffer_release(&question->text);
	questions_init(questions, questions->arena);
}

static struct question *append(struct questions *questions)
{
	struct question *question = arena_zalloc(questions->arena, sizeof(*question));

	question->statements = 1;
	if (questions->last)
		questions->last->next = question;
	else
		questions->first = question;
	questions->last = question;
	return question;
}

struct question *questions_add(struct questions *questions, const char *format, ...)
{
	struct question *question = append(questions);
	char doing[256];
	va_list args;

	va_start(args, format);
	vsnprintf(doing, sizeof(doing), format, args);
	va_end(args);
	question->doing = arena_strdup(questions->arena, doing);
	return question;
}

struct question *questions_put(struct questions *questions, const char *text)
{
	struct question *question = append(questions);

	buffer_puts(&question->text, text);
	return question;
}

void questions_move(struct questions *questions, struct questions *from)
{
	if (questions->last)
		questions->last->next = from->first;
	else
		questions->first = from->first;
	if (from->last)
		questions->last = from->last;
	questions_init(from, from->arena);
}

/* Is the answer about the question, and the connection as good as before? */
static bool is_refusal(const struct error *error)
{
	return error->code >= 1000 && !(error->code >= 2000 && error->code < 3000) && error->code != 1053 &&
		error->code != 1317 && error->code != 1927 && error->code != 4031;
}

static void tell_doing(const struct question *question, struct error *error)
{
	if (question->doing)
		error_context(error, "%s", question->doing);
}

static bool is_borne(const struct question *question)
{
	return question->refusal.kind == ERROR_NONE || question->borne == REFUSAL_ANY ||
		(question->borne && question->borne == question->refusal.code);
}

/* Reads one answer; -1 when there will be no other on this connection. */
static int take_answer(struct question *question, struct target *target, struct arena *arena, struct error *error)
{
	struct target_outcome *outcomes = memory_alloc(question->statements * sizeof(*outcomes));
	int result = target_receive_rows(target, question->statements, outcomes, &question->failed, arena, &question->rows,
		&question->refusal);

	free(outcomes);
	if (result == 0)
		return 0;
	tell_doing(question, &question->refusal);
	if (is_refusal(&question->refusal))
		return 0;
	*error = question->refusal;
	return -1;
}

/* Sends from `next` on what may be under way together. */
static int send_some(struct question **next, size_t *unread, size_t *unread_bytes, struct target *target,
	struct error *error)
{
	for (struct question *question; (question = *next) != NULL; *next = question->next) {
		size_t length = question->text.length;

		if (*unread == TARGET_UNREAD_MAXIMUM || (*unread && *unread_bytes + length > UNREAD_BYTES))
			return 0;
		if (target_send(target, buffer_text(&question->text), length, error) < 0) {
			tell_doing(question, error);
			return -1;
		}
		++*unread;
		*unread_bytes += length;
	}
	return 0;
}

int questions_ask(struct questions *questions, struct target *target, struct error *error)
{
	struct question *next = questions->first;
	const struct question *refused = NULL;
	size_t unread = 0, unread_bytes = 0;
	int result = 0;

	for (struct question *question = questions->first; question; question = question->next) {
		if (send_some(&next, &unread, &unread_bytes, target, error) < 0 ||
			take_answer(question, target, questions->arena, error) < 0) {
			result = -1;
			break;
		}
		unread--;
		unread_bytes -= question->text.length;
		if (!refused && !is_borne(question))
			refused = question;
	}
	if (result == 0 && refused) {
		*error = refused->refusal;
		result = -1;
	}
	questions_release(questions);
	return result;
}
