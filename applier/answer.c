#include "applier/answer.h"

#include <errmsg.h>
#include <mysql.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAXIMUM 4096u	   /* of any table, and so of any result */
#define DEFINITION_FIELDS 8u	   /* at least: six names, the fixed part, a default; MariaDB has one more */
#define DEFINITION_FIXED_BYTES 12u /* character set, length, type, flags */
#define NULL_FIELD 251u

/* The bytes of a packet that were not read yet. */
struct packet {
	const unsigned char *at, *end;
};

static void refuse(MYSQL *mysql, const char *text)
{
	mysql->net.last_errno = CR_MALFORMED_PACKET;
	snprintf(mysql->net.sqlstate, sizeof(mysql->net.sqlstate), "HY000");
	snprintf(mysql->net.last_error, sizeof(mysql->net.last_error), "%s", text);
}

void answer_name_failure(MYSQL *mysql)
{
	if (mysql->net.last_errno == 0)
		refuse(mysql, "the answer is no answer of the protocol");
}

/* 0 a text, 1 NULL, -1 the packet ends before the text does. */
static int read_field(struct packet *packet, const unsigned char **text, size_t *length)
{
	size_t left = (size_t)(packet->end - packet->at), width;
	unsigned first;
	unsigned long long value = 0;

	if (left == 0)
		return -1;
	first = *packet->at++;
	left--;
	if (first == NULL_FIELD)
		return 1;
	width = first < NULL_FIELD ? 0 : first == 252 ? 2 : first == 253 ? 3 : first == 254 ? 8 : left + 1;
	if (width > left)
		return -1;
	for (size_t i = width; i-- > 0;)
		value = value << 8 | packet->at[i];
	if (width == 0)
		value = first;
	packet->at += width;
	if (value > left - width)
		return -1;
	*text = packet->at;
	*length = (size_t)value;
	packet->at += value;
	return 0;
}

/* A row is one block of memory, of the kind that the library frees with the result: the list's link, the row, its pointers
 * and its bytes. */
static MYSQL_ROWS *new_row(MYSQL_DATA *data, unsigned columns, size_t bytes)
{
	MA_USED_MEM *block = calloc(1, sizeof(*block) + sizeof(MYSQL_ROWS) + (columns + 1) * sizeof(char *) + bytes);
	MYSQL_ROWS *row;

	if (!block)
		return NULL;
	block->next = data->alloc.used;
	data->alloc.used = block;
	row = (MYSQL_ROWS *)(block + 1);
	row->data = (MYSQL_ROW)(row + 1);
	return row;
}

static int fill_row(MYSQL_ROWS *row, MYSQL_FIELD *fields, unsigned columns, struct packet packet)
{
	char *to = (char *)(row->data + columns + 1);

	for (unsigned i = 0; i < columns; i++) {
		const unsigned char *text = packet.end;
		size_t length = 0;
		/* the default at the end of a definition is mostly left out */
		bool left_out = !fields && i == columns - 1 && packet.at == packet.end;
		int kind = left_out ? 0 : read_field(&packet, &text, &length);

		if (kind < 0)
			return -1;
		if (kind == 1)
			continue;
		row->data[i] = to;
		memcpy(to, text, length);
		to += length + 1; /* zeroed memory: a NUL follows each */
		if (fields && fields[i].max_length < length)
			fields[i].max_length = length;
	}
	row->data[columns] = to;
	return 0;
}

/* Has the definition of a column all that the library will take out of it? */
static bool is_definition(const MYSQL_ROWS *row, unsigned columns)
{
	if (columns < DEFINITION_FIELDS)
		return false;
	for (unsigned i = 0; i < columns; i++) {
		if (!row->data[i])
			return false;
	}
	/* a NUL stands between two texts */
	return row->data[columns - 1] - row->data[columns - 2] > (int)DEFINITION_FIXED_BYTES;
}

static void free_data(MYSQL_DATA *data)
{
	for (MA_USED_MEM *block = data->alloc.used, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(data);
}

static bool is_end(const unsigned char *packet, unsigned long length)
{
	return length > 0 && packet[0] == 0xfe && length < 8;
}

static void take_end(MYSQL *mysql, const unsigned char *packet, unsigned long length)
{
	if (length < 5)
		return;
	mysql->warning_count = packet[1] | (unsigned)packet[2] << 8;
	mysql->server_status = packet[3] | (unsigned)packet[4] << 8;
}

/* Takes the place of the library's own function: rows of a result, or (fields NULL) the definitions of its columns. */
static MYSQL_DATA *read_rows(MYSQL *mysql, MYSQL_FIELD *fields, unsigned columns)
{
	MYSQL_DATA *data = calloc(1, sizeof(*data));
	MYSQL_ROWS **link;
	size_t bytes = 0;

	if (!data) {
		refuse(mysql, "no memory for the answer");
		return NULL;
	}
	data->fields = columns;
	link = &data->data;
	for (;;) {
		unsigned long length = mysql_net_read_packet(mysql);
		const unsigned char *packet = mysql->net.read_pos;

		if (length == packet_error)
			goto failed;
		if (is_end(packet, length)) {
			take_end(mysql, packet, length);
			return data;
		}
		bytes += sizeof(MA_USED_MEM) + sizeof(MYSQL_ROWS) + (columns + 1) * sizeof(char *) + columns + length;
		if (bytes > ANSWER_BYTES || (!fields && data->rows == COLUMNS_MAXIMUM)) {
			refuse(mysql, "the answer is larger than any that was asked for");
			goto failed;
		}
		*link = new_row(data, columns, columns + length);
		if (!*link || fill_row(*link, fields, columns, (struct packet){packet, packet + length}) < 0 ||
			(!fields && !is_definition(*link, columns))) {
			refuse(mysql, "the answer has a row that is not whole");
			goto failed;
		}
		(*link)->length = length;
		data->rows++;
		link = &(*link)->next;
	}
failed:
	free_data(data);
	return NULL;
}

static struct st_mariadb_methods guarded;
static pthread_once_t guarded_once = PTHREAD_ONCE_INIT;
static const struct st_mariadb_methods *original;
static pthread_mutex_t original_lock = PTHREAD_MUTEX_INITIALIZER;

static void make_guarded(void)
{
	guarded = *original;
	guarded.db_read_rows = read_rows;
}

void answer_guard(MYSQL *mysql)
{
	pthread_mutex_lock(&original_lock);
	if (!original)
		original = mysql->methods;
	pthread_mutex_unlock(&original_lock);
	pthread_once(&guarded_once, make_guarded);
	mysql->methods = &guarded;
}
