/* XA transactions: the events of one that the master has prepared are kept on the target, in the table `prepared`, and
 * assembled again when the master commits it: no locks are held meanwhile, and the decision survives everything. Large
 * ones are written there and read from there part by part. */
#include "applier/special.h"
#include "binlog/xa.h"

#define PIECE_BYTES ((size_t)1 << 20) /* of events in one row, at most */

static void put_prepared(const struct special *special, struct buffer *sql)
{
	sql_put_name(sql, special->applier->settings.target.schema);
	buffer_puts(sql, ".prepared");
}

static void put_xid(struct buffer *sql, const struct xid *xid)
{
	buffer_printf(sql, "'%u-%u-%u-", xid->format_id, xid->gtrid_length, xid->bqual_length);
	buffer_put_hex(sql, xid->data, (size_t)xid->gtrid_length + xid->bqual_length);
	buffer_putc(sql, '\'');
}

static void put_where(const struct special *special, const struct xid *xid, struct buffer *sql)
{
	const char *channel = special->applier->settings.channel;

	buffer_puts(sql, " WHERE channel = ");
	sql_put_string(sql, channel, strlen(channel));
	buffer_puts(sql, " AND xid = ");
	put_xid(sql, xid);
}

static void put_delete(const struct special *special, struct buffer *sql)
{
	buffer_puts(sql, "DELETE FROM ");
	put_prepared(special, sql);
	put_where(special, &special->transaction->xid, sql);
}

void xa_forget(struct special *special)
{
	put_delete(special, &special->effects);
	buffer_puts(&special->effects, "; ");
	special->effect_count++;
}

static int keep_piece(struct special *special, const uint8_t *events, size_t length, struct error *error)
{
	const char *channel = special->applier->settings.channel;
	struct buffer sql = BUFFER_INIT;
	int result;

	buffer_puts(&sql, "INSERT INTO ");
	put_prepared(special, &sql);
	buffer_puts(&sql, " (channel, xid, part, events) VALUES (");
	sql_put_string(&sql, channel, strlen(channel));
	buffer_puts(&sql, ", ");
	put_xid(&sql, &special->transaction->xid);
	buffer_printf(&sql, ", %u, x'", special->applier->kept_pieces++);
	buffer_put_hex(&sql, events, length);
	buffer_puts(&sql, "')");
	result = target_execute(special->target, buffer_text(&sql), error);
	buffer_release(&sql);
	return result;
}

int xa_keep(struct special *special, struct error *error)
{
	const struct transaction *transaction = special->transaction;
	size_t most = special->applier->packet_bytes / 4 < PIECE_BYTES ? special->applier->packet_bytes / 4 : PIECE_BYTES;
	int result = special_begin(special, error);

	if (result == 0 && transaction->part == 0) {
		struct buffer sql = BUFFER_INIT;

		put_delete(special, &sql);
		result = target_execute(special->target, buffer_text(&sql), error);
		buffer_release(&sql);
		special->applier->kept_pieces = 0;
	}
	for (size_t at = 0, length; result == 0 && at < transaction->events_length; at += length) {
		length = transaction->events_length - at < most ? transaction->events_length - at : most;
		result = keep_piece(special, transaction->events + at, length, error);
	}
	return result;
}

/* One row's events go to the assembler: 1, or 0 when there is no such row. */
static int read_piece(struct special *special, struct assembler *assembler, unsigned piece, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	buffer_puts(&sql, "SELECT events FROM ");
	put_prepared(special, &sql);
	put_where(special, &special->transaction->xid, &sql);
	buffer_printf(&sql, " AND part = %u", piece);
	result = target_query(special->target, sql.data, sql.length, &arena, &rows, error);
	if (result == 0 && rows.rows)
		result = assembler_push_kept(
			assembler, (const uint8_t *)target_text(&rows, 0, 0), target_length(&rows, 0, 0), error);
	if (result == 0)
		result = rows.rows > 0;
	arena_release(&arena);
	buffer_release(&sql);
	return result;
}

/* What is complete is carried out, but for the last (or only) part: that one is left in *last. */
static int run_parts(struct special *special, struct assembler *assembler, struct transaction **last, struct error *error)
{
	struct transaction *decision = special->transaction, *part;
	int result = 0;

	while (result == 0 && (part = assembler_next(assembler))) {
		if (part->kind != TRANSACTION_OPEN) {
			transaction_free(*last);
			*last = part;
			continue;
		}
		special->transaction = part;
		result = special_run_part(special, error);
		special->transaction = decision;
		transaction_free(part);
	}
	return result;
}

static int run_last(struct special *special, struct transaction *last, struct error *error)
{
	struct transaction *decision = special->transaction;
	bool unused;
	int result;

	xa_forget(special);
	special->transaction = last;
	if (last->part > 0) {
		result = special_run_part(special, error);
		result = result < 0 ? result : special_commit(special, error);
	} else {
		result = prepare_transaction(special->applier, last, &unused, error);
		result = result < 0 ? result : special_run_group(special, error);
	}
	special->transaction = decision;
	return result;
}

int xa_apply(struct special *special, struct error *error)
{
	struct assembler *assembler = assembler_new_kept(&special->applier->settings.limits);
	const struct transaction *decision = special->transaction;
	struct transaction *last = NULL;
	unsigned pieces = 0;
	int result;

	special->applier->settlement.decision = decision;
	while ((result = read_piece(special, assembler, pieces, error)) > 0) {
		pieces++;
		result = run_parts(special, assembler, &last, error);
		if (result < 0)
			break;
	}
	if (result == 0 && pieces == 0)
		result = error_set(error, ERROR_STOP,
			"%s:%llu: the master commits an XA transaction that it prepared before the start position: its changes are "
			"not known here. Take a copy that has them, or a start position before its XA PREPARE.",
			decision->end.file, (unsigned long long)decision->end.offset);
	if (result == 0)
		result = assembler_end_kept(assembler, error);
	if (result == 0)
		result = run_last(special, last, error);
	special->applier->settlement.decision = NULL;
	transaction_free(last);
	assembler_free(assembler);
	return result;
}
