/* Where a transaction begins and where it ends (4.5), in the logs of both families. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "binlog/assembler.h"

#define NOTE_NO_CHANGES "the transaction holds no changes"
#define NOTE_VIEW_CHANGE "a change of the replication group's members"
#define NOTE_START_ALTER "the first phase of an ALTER TABLE, which is run at its second"
#define NOTE_ROLLBACK_ALTER "an ALTER TABLE that failed on the master after its first phase"

struct transaction *transaction_new(const struct assembler *assembler, enum transaction_end kind)
{
	struct transaction *transaction = memory_zalloc(sizeof(*transaction));

	transaction->kind = kind;
	transaction->begin = transaction->end = transaction_place(transaction, &assembler->position);
	transaction->family = assembler->format.family;
	transaction->server_version = assembler->format.version;
	return transaction;
}

void assembler_queue(struct assembler *assembler, struct transaction *transaction)
{
	if (assembler->last)
		assembler->last->next = transaction;
	else
		assembler->first = transaction;
	assembler->last = transaction;
}

struct transaction *group_transaction(struct assembler *assembler, const struct event *event)
{
	struct group *group = &assembler->group;
	struct transaction *transaction = group->transaction;

	if (transaction)
		return transaction;
	transaction = transaction_new(assembler, TRANSACTION_OPEN);
	transaction->begin.offset = assembler->event_begin;
	transaction->server_id = event->header.server_id;
	transaction->timestamp = event->header.timestamp;
	if (event->header.flags & EVENT_FLAG_MTS_ISOLATE)
		transaction->flags |= TRANSACTION_FLAG_ISOLATE;
	if (assembler->first_in_file)
		transaction->flags |= TRANSACTION_FLAG_FIRST_IN_FILE;
	assembler->first_in_file = false;
	group->transaction = transaction;
	group->state = GROUP_STARTED;
	return transaction;
}

static void group_reset(struct assembler *assembler)
{
	memset(&assembler->group, 0, sizeof(assembler->group));
	buffer_shrink(&assembler->verbatim, (size_t)1 << 20);
}

void group_drop(struct assembler *assembler)
{
	struct group *group = &assembler->group;
	struct transaction *transaction = group->transaction;

	if (transaction && group->parts) {
		struct transaction *abandoned = transaction_new(assembler, TRANSACTION_ABANDONED);
		struct log_place end = abandoned->end;

		transaction_copy_head(abandoned, transaction);
		abandoned->kind = TRANSACTION_ABANDONED;
		abandoned->end = end;
		assembler_queue(assembler, abandoned);
	}
	transaction_free(transaction);
	group_reset(assembler);
	assembler->payload_waits = false;
}

/* What a transaction without changes is to be called, or NULL when it counts as it is. */
static const char *empty_note(const struct group *group, enum transaction_end kind)
{
	const struct transaction *transaction = group->transaction;

	if (kind != TRANSACTION_COMMIT && kind != TRANSACTION_ROLLBACK && kind != TRANSACTION_STANDALONE)
		return NULL;
	if (kind == TRANSACTION_STANDALONE && group->alter & MARIA_GTID_START_ALTER)
		return NOTE_START_ALTER;
	if (kind == TRANSACTION_STANDALONE && group->alter & MARIA_GTID_ROLLBACK_ALTER)
		return NOTE_ROLLBACK_ALTER;
	if (transaction->changes || group->parts)
		return NULL;
	return group->view_change ? NOTE_VIEW_CHANGE : NOTE_NO_CHANGES;
}

void group_finish(struct assembler *assembler, enum transaction_end kind, const char *note)
{
	struct transaction *transaction = assembler->group.transaction;

	if (!note)
		note = empty_note(&assembler->group, kind);
	if (note) {
		kind = TRANSACTION_EMPTY;
		transaction->note = note;
		transaction_forget_changes(transaction);
	}
	transaction->kind = kind;
	transaction->end = transaction_place(transaction, &assembler->position);
	assembler->groups_ended++;
	assembler->group.transaction = NULL;
	group_reset(assembler);
	assembler_queue(assembler, transaction);
}

static int expect_no_group(const struct assembler *assembler, struct error *error)
{
	const struct group *group = &assembler->group;

	if (group->state == GROUP_NONE)
		return 0;
	return error_set(error, ERROR_CORRUPT,
		"a transaction begins here, but the one that began at offset %llu has not ended.",
		(unsigned long long)group->transaction->begin.offset);
}

static void begin_mariadb(struct assembler *assembler, const struct gtid_event *gtid)
{
	static const struct {
		uint8_t theirs;
		unsigned ours;
	} flags[] = {
		{MARIA_GTID_DDL, TRANSACTION_FLAG_DDL},
		{MARIA_GTID_TRANSACTIONAL, TRANSACTION_FLAG_TRANSACTIONAL},
		{MARIA_GTID_ALLOW_PARALLEL, TRANSACTION_FLAG_ALLOW_PARALLEL},
		{MARIA_GTID_WAITED, TRANSACTION_FLAG_WAITED},
		{MARIA_GTID_GROUP_COMMIT_ID, TRANSACTION_FLAG_HAS_COMMIT_ID},
	};
	struct group *group = &assembler->group;
	struct transaction *transaction = group->transaction;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (gtid->flags & flags[i].theirs)
			transaction->flags |= flags[i].ours;
	}
	transaction->commit_id = gtid->commit_id;
	transaction->thread_id = gtid->thread_id;
	transaction->xid = gtid->xid;
	group->state = gtid->flags & MARIA_GTID_STANDALONE ? GROUP_STANDALONE : GROUP_OPEN;
	group->xa = (gtid->flags & MARIA_GTID_PREPARED_XA) != 0;
	group->xa_completed = (gtid->flags & MARIA_GTID_COMPLETED_XA) != 0;
	group->alter = gtid->flags_extra &
		       (MARIA_GTID_START_ALTER | MARIA_GTID_COMMIT_ALTER | MARIA_GTID_ROLLBACK_ALTER);
}

int handle_gtid(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct gtid_event gtid;
	struct transaction *transaction;

	if (expect_no_group(assembler, error) < 0 || gtid_event_parse(event, &gtid, error) < 0)
		return -1;
	transaction = group_transaction(assembler, event);
	transaction->gtid = gtid.gtid;
	if (event->header.type == EVENT_MARIA_GTID) {
		begin_mariadb(assembler, &gtid);
	} else {
		transaction->last_committed = gtid.last_committed;
		transaction->sequence_number = gtid.sequence_number;
		transaction->commit_timestamp_us = gtid.original_commit_us;
		if (gtid.flags & GTID_FLAG_MAY_HAVE_STATEMENTS)
			transaction->flags |= TRANSACTION_FLAG_MAY_HAVE_STATEMENTS;
	}
	buffer_clear(&assembler->verbatim);
	group_keep_verbatim(assembler, event); /* XA START, which comes next, may want it */
	return 0;
}

/* What a statement's text means for the group. */
enum verb {
	VERB_OTHER,
	VERB_BEGIN,
	VERB_COMMIT,
	VERB_ROLLBACK,
	VERB_XA_START,
	VERB_XA_END,
	VERB_XA_COMMIT,
	VERB_XA_ROLLBACK
};

static bool has_prefix(const struct query_event *query, const char *prefix)
{
	size_t length = strlen(prefix);

	return query->text_length >= length && strncasecmp(query->text, prefix, length) == 0;
}

static bool is_exactly(const struct query_event *query, const char *text)
{
	return query->text_length == strlen(text) && memcmp(query->text, text, query->text_length) == 0;
}

/* The servers write these texts themselves, and tell them by the same tests. */
static enum verb find_verb(const struct query_event *query)
{
	if (query->is_load || query->text_length > 400) /* no name of a transaction is that long */
		return VERB_OTHER;
	if (is_exactly(query, "BEGIN"))
		return VERB_BEGIN;
	if (is_exactly(query, "COMMIT"))
		return VERB_COMMIT;
	if (has_prefix(query, "ROLLBACK") && !has_prefix(query, "ROLLBACK TO "))
		return VERB_ROLLBACK;
	if (!has_prefix(query, "XA "))
		return VERB_OTHER;
	if (has_prefix(query, "XA START"))
		return VERB_XA_START;
	if (has_prefix(query, "XA END"))
		return VERB_XA_END;
	if (has_prefix(query, "XA COMMIT"))
		return VERB_XA_COMMIT;
	if (has_prefix(query, "XA ROLLBACK"))
		return VERB_XA_ROLLBACK;
	return VERB_OTHER;
}

static int out_of_order(
	const struct assembler *assembler, const struct query_event *query, struct error *error)
{
	static const char *const states[] = {
		[GROUP_NONE] = "no transaction is open",
		[GROUP_STARTED] = "no BEGIN came before it",
		[GROUP_STANDALONE] = "the GTID before it announces a statement that commits by itself",
		[GROUP_OPEN] = "a transaction is open",
	};

	return error_set(error, ERROR_CORRUPT, "the statement %.*s cannot stand here: %s.",
		(int)(query->text_length > 40 ? 40 : query->text_length), query->text,
		states[assembler->group.state]);
}

static int read_xid(const struct query_event *query, const char *verb, struct xid *xid, struct error *error)
{
	size_t skip = strlen(verb);

	if (xid_parse(query->text + skip, query->text_length - skip, xid))
		return 0;
	return error_set(error, ERROR_STOP, "the name of the prepared transaction in \"%.*s\" cannot be read.",
		(int)query->text_length, query->text);
}

static int begin_explicitly(struct assembler *assembler, const struct event *event,
	const struct query_event *query, bool xa, struct error *error)
{
	struct group *group = &assembler->group;

	if (group->state == GROUP_STANDALONE || group->begin_seen ||
		(group->state == GROUP_OPEN && group->transaction->changes))
		return out_of_order(assembler, query, error);
	group_transaction(assembler, event);
	group->state = GROUP_OPEN;
	group->begin_seen = true;
	if (xa && !group->xa) {
		if (read_xid(query, "XA START", &group->transaction->xid, error) < 0)
			return -1;
		group->xa = true;
		group_keep_verbatim(assembler, event);
	}
	return 0;
}

/* XA COMMIT and XA ROLLBACK of a transaction that was prepared before are groups of their own; of one that is
 * open they end it. */
static int end_prepared(struct assembler *assembler, const struct event *event,
	const struct query_event *query, bool commit, struct error *error)
{
	struct group *group = &assembler->group;
	struct transaction *transaction;

	if (group->state == GROUP_OPEN && group->xa && !commit) {
		group_finish(assembler, TRANSACTION_ROLLBACK, NULL);
		return 0;
	}
	if (group->state == GROUP_OPEN && !group->xa_completed)
		return out_of_order(assembler, query, error);
	transaction = group_transaction(assembler, event);
	if (read_xid(query, commit ? "XA COMMIT" : "XA ROLLBACK", &transaction->xid, error) < 0)
		return -1;
	group_finish(assembler, commit ? TRANSACTION_XA_COMMIT : TRANSACTION_XA_ROLLBACK, NULL);
	return 0;
}

static int end_by_statement(struct assembler *assembler, const struct query_event *query,
	enum transaction_end kind, struct error *error)
{
	struct group *group = &assembler->group;

	if (group->state != GROUP_OPEN)
		return out_of_order(assembler, query, error);
	if (kind == TRANSACTION_COMMIT)
		group->transaction->flags |= TRANSACTION_FLAG_NON_TRANSACTIONAL_END;
	group_finish(assembler, kind, NULL);
	return 0;
}

static int plain_statement(struct assembler *assembler, const struct event *event,
	const struct query_event *query, struct error *error)
{
	struct group *group = &assembler->group;

	if (add_statement(assembler, event, query, error) < 0)
		return -1;
	/* The statement says the same of a two-phase ALTER as its GTID; a log without GTIDs has only this. */
	if (query->context.has & QUERY_HAS_GTID_FLAGS3)
		group->alter |= query->context.gtid_flags3;
	if (has_prefix(query, "ROLLBACK TO "))
		group->transaction->flags |= TRANSACTION_FLAG_UNDOES;
	if (group->state == GROUP_OPEN)
		group_hand_out_part(assembler);
	else
		group_finish(assembler, TRANSACTION_STANDALONE, NULL);
	return 0;
}

int handle_query(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct event copy = *event;
	struct query_event query;
	struct transaction *transaction = assembler->group.transaction;
	struct arena scratch = ARENA_INIT;
	enum verb verb;
	int result;

	/* Before a group is open there is no arena to keep a statement in: it may turn out to be none of
	 * ours. */
	copy.body = arena_copy(transaction ? &transaction->arena : &scratch, event->body, event->body_length);
	result = query_event_parse(
		&copy, &assembler->format, transaction ? &transaction->arena : &scratch, &query, error);
	if (result < 0)
		goto out;
	verb = find_verb(&query);
	switch (verb) {
	case VERB_BEGIN:
	case VERB_XA_START:
		result = begin_explicitly(assembler, event, &query, verb == VERB_XA_START, error);
		break;
	case VERB_COMMIT:
		result = end_by_statement(assembler, &query, TRANSACTION_COMMIT, error);
		break;
	case VERB_ROLLBACK:
		result = end_by_statement(assembler, &query, TRANSACTION_ROLLBACK, error);
		break;
	case VERB_XA_END:
		result = assembler->group.xa ? 0 : out_of_order(assembler, &query, error);
		break;
	case VERB_XA_COMMIT:
	case VERB_XA_ROLLBACK:
		result = end_prepared(assembler, event, &query, verb == VERB_XA_COMMIT, error);
		break;
	case VERB_OTHER:
		if (!transaction)
			arena_adopt(&group_transaction(assembler, event)->arena, &scratch);
		result = plain_statement(assembler, event, &query, error);
		break;
	}
out:
	arena_release(&scratch);
	return result;
}

int handle_xid(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;

	(void)event;
	if (group->state != GROUP_OPEN)
		return error_set(error, ERROR_CORRUPT, "it commits a transaction, but none is open.");
	group->transaction->flags |= TRANSACTION_FLAG_TRANSACTIONAL;
	group_finish(assembler, TRANSACTION_COMMIT, NULL);
	return 0;
}

int handle_xa_prepare(struct assembler *assembler, const struct event *event, struct error *error)
{
	struct group *group = &assembler->group;
	struct transaction *transaction = group->transaction;
	struct xid xid;
	bool one_phase;

	if (group->state != GROUP_OPEN)
		return error_set(error, ERROR_CORRUPT, "it prepares a transaction, but none is open.");
	if (xa_prepare_parse(event, &xid, &one_phase, error) < 0)
		return -1;
	if (group->parts && group->xa && memcmp(&xid, &transaction->xid, sizeof(xid)) != 0)
		return error_set(error, ERROR_CORRUPT, "it prepares a transaction of another name than the one that is open.");
	transaction->xid = xid;
	transaction->flags |= TRANSACTION_FLAG_TRANSACTIONAL;
	if (group->parts && group_keeps_events(assembler)) {
		transaction_forget_changes(transaction);
	} else if (one_phase || assembler->replaying) {
		group_finish(assembler, TRANSACTION_COMMIT, NULL);
		return 0;
	}
	if (!group->xa)
		return error_set(error, ERROR_CORRUPT,
			"it prepares a transaction that was not announced as one to be prepared.");
	if (!group_take_verbatim(assembler, transaction))
		return error_set(error, ERROR_STOP,
			"the prepared transaction is larger than 2 GiB, which cannot be kept at once; set "
			"large-transaction-bytes.");
	group_finish(assembler, one_phase ? TRANSACTION_COMMIT : TRANSACTION_XA_PREPARE, NULL);
	return 0;
}

int handle_view_change(struct assembler *assembler, const struct event *event, struct error *error)
{
	(void)event;
	(void)error;
	if (assembler->group.transaction)
		assembler->group.view_change = true;
	return 0;
}
