#include "applier/own_session.h"

#define NO_SUCH_VARIABLE 1193u

static struct question *add(struct questions *questions)
{
	return questions_add(questions, "setting up a session");
}

/* A variable that not every server has. */
static struct buffer *add_optional(struct questions *questions)
{
	struct question *question = add(questions);

	question->borne = NO_SUCH_VARIABLE;
	return &question->text;
}

/* READ COMMITTED spares gap locks. A server that logs statements demands REPEATABLE READ; one that has neither of these variables
 * logs rows. */
static void ask_isolation(struct questions *questions)
{
	static const char *const names[] = {"transaction_isolation", "tx_isolation"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		buffer_printf(add_optional(questions),
			"SET SESSION %s = IF(@@global.log_bin AND @@global.binlog_format = 'STATEMENT', 'REPEATABLE-READ', "
			"@@session.%s)", names[i], names[i]);
}

void own_session_ask(struct questions *questions, const struct applier_settings *settings, unsigned row_lock_seconds)
{
	struct question *question = add(questions);

	buffer_printf(&question->text,
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = %u, "
		"SESSION lock_wait_timeout = %u, SESSION wait_timeout = 28800, SESSION net_read_timeout = 600, "
		"SESSION net_write_timeout = 600, SESSION autocommit = 1",
		row_lock_seconds, settings->lock_wait_seconds);
	question->statements = 2;
	buffer_puts(add_optional(questions), "SET SESSION max_statement_time = 0");
	ask_isolation(questions);
	/* a server may hide generated invisible keys from information_schema: rows would be bound without them */
	buffer_puts(add_optional(questions), "SET SESSION show_gipk_in_create_table_and_information_schema = ON");
}

int own_session_connect(struct target **target, const struct target_options *options, const struct applier_settings *settings,
	unsigned row_lock_seconds, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct questions questions;
	int result;

	questions_init(&questions, &arena);
	own_session_ask(&questions, settings, row_lock_seconds);
	result = target_connect(target, options, &questions, error);
	questions_release(&questions);
	arena_release(&arena);
	return result;
}
