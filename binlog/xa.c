#include "binlog/xa.h"

#include <string.h>

bool xid_read_data(struct cursor *cursor, uint64_t gtrid_length, uint64_t bqual_length, struct xid *xid)
{
	const uint8_t *data;

	if (gtrid_length > XID_PART_MAXIMUM || bqual_length > XID_PART_MAXIMUM)
		return false;
	data = cursor_bytes(cursor, gtrid_length + bqual_length);
	if (!data)
		return false;
	xid->gtrid_length = (uint8_t)gtrid_length;
	xid->bqual_length = (uint8_t)bqual_length;
	memcpy(xid->data, data, gtrid_length + bqual_length);
	return true;
}

int xa_prepare_parse(const struct event *event, struct xid *xid, bool *one_phase, struct error *error)
{
	struct cursor cursor = cursor_of(event->body, event->body_length);
	uint32_t gtrid_length, bqual_length;

	memset(xid, 0, sizeof(*xid));
	*one_phase = cursor_u8(&cursor) != 0;
	xid->format_id = cursor_u32(&cursor);
	gtrid_length = cursor_u32(&cursor);
	bqual_length = cursor_u32(&cursor);
	if (cursor.bad || !xid_read_data(&cursor, gtrid_length, bqual_length, xid))
		return error_set(error, ERROR_CORRUPT,
			"the name of the prepared transaction has parts of %lu and %lu bytes in a body of "
			"%zu; each may have %u.",
			(unsigned long)gtrid_length, (unsigned long)bqual_length, event->body_length,
			XID_PART_MAXIMUM);
	return 0;
}

static void skip_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && memchr(" \t\r\n", *cursor->at, 4))
		cursor->at++;
}

static bool take(struct cursor *cursor, char wanted)
{
	skip_space(cursor);
	if (cursor->at == cursor->end || *cursor->at != (uint8_t)wanted)
		return false;
	cursor->at++;
	return true;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* X'6162' appended to the name's data. */
static bool read_hex(struct cursor *cursor, struct xid *xid, size_t offset, uint8_t *length)
{
	if (!take(cursor, 'X') && !take(cursor, 'x'))
		return false;
	if (cursor_u8(cursor) != '\'')
		return false;
	*length = 0;
	while (cursor_left(cursor) >= 2 && *cursor->at != '\'') {
		int high = hex_value(cursor_u8(cursor)), low = hex_value(cursor_u8(cursor));

		if (high < 0 || low < 0 || *length == XID_PART_MAXIMUM)
			return false;
		xid->data[offset + (*length)++] = (uint8_t)(high << 4 | low);
	}
	return cursor_u8(cursor) == '\'';
}

bool xid_parse(const char *text, size_t length, struct xid *xid)
{
	struct cursor cursor = cursor_of(text, length);
	uint64_t format = 0;
	bool digits = false;

	memset(xid, 0, sizeof(*xid));
	if (!read_hex(&cursor, xid, 0, &xid->gtrid_length) || !take(&cursor, ',') ||
		!read_hex(&cursor, xid, xid->gtrid_length, &xid->bqual_length) || !take(&cursor, ','))
		return false;
	skip_space(&cursor);
	for (; cursor.at < cursor.end && *cursor.at >= '0' && *cursor.at <= '9'; cursor.at++) {
		format = format * 10 + (uint64_t)(*cursor.at - '0');
		digits = true;
		if (format > UINT32_MAX)
			return false;
	}
	xid->format_id = (uint32_t)format;
	skip_space(&cursor);
	return digits && cursor_empty(&cursor);
}

void xid_put_text(const struct xid *xid, struct buffer *out)
{
	buffer_puts(out, "X'");
	buffer_put_hex(out, xid->data, xid->gtrid_length);
	buffer_puts(out, "',X'");
	buffer_put_hex(out, xid->data + xid->gtrid_length, xid->bqual_length);
	buffer_puts(out, "',");
	buffer_put_u64(out, xid->format_id);
}
