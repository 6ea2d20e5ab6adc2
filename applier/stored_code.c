#include "applier/stored_code.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/memory.h"

/* "f" or "t", database, name: each behind a NUL; letters as small ones, which is coarse enough for any server. */
struct piece {
	char *key;
	size_t length;
	UT_hash_handle hh;
};

struct stored_code {
	struct piece *pieces;
	bool known;
};

struct stored_code *stored_code_new(void)
{
	return memory_zalloc(sizeof(struct stored_code));
}

void stored_code_clear(struct stored_code *code)
{
	struct piece *piece, *next;

	HASH_ITER(hh, code->pieces, piece, next)
	{
		HASH_DEL(code->pieces, piece);
		free(piece->key);
		free(piece);
	}
	code->known = false;
}

void stored_code_free(struct stored_code *code)
{
	if (!code)
		return;
	stored_code_clear(code);
	free(code);
}

static void put_key(struct buffer *key, char kind, const char *database, const char *name)
{
	buffer_putc(key, kind);
	buffer_putc(key, '\0');
	buffer_puts(key, database);
	buffer_putc(key, '\0');
	buffer_puts(key, name);
	for (size_t i = 0; i < key->length; i++)
		key->data[i] = (char)tolower((unsigned char)key->data[i]);
}

static void add(struct stored_code *code, char kind, const char *database, const char *name)
{
	struct piece *piece = memory_zalloc(sizeof(*piece)), *known;
	struct buffer key = BUFFER_INIT;

	put_key(&key, kind, database, name);
	piece->length = key.length;
	piece->key = memory_alloc(key.length);
	memcpy(piece->key, key.data, key.length);
	buffer_release(&key);
	HASH_FIND(hh, code->pieces, piece->key, piece->length, known);
	if (known) {
		free(piece->key);
		free(piece);
		return;
	}
	HASH_ADD_KEYPTR(hh, code->pieces, piece->key, piece->length, piece);
}

static int ask(struct stored_code *code, struct target *target, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct target_rows rows;
	int result = target_queryf(target, &arena, &rows, error,
		"SELECT 'f', ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION' "
		"UNION ALL SELECT DISTINCT 't', EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS");

	for (size_t i = 0; result == 0 && i < rows.rows; i++)
		add(code, target_cell(&rows, i, 0)[0], target_cell(&rows, i, 1), target_cell(&rows, i, 2));
	code->known = result == 0;
	arena_release(&arena);
	return result < 0 ? error_context(error, "reading which functions and triggers there are") : 0;
}

int stored_code_has(struct stored_code *code, struct target *target, const char *database, const char *name,
	bool function, struct error *error)
{
	struct buffer key = BUFFER_INIT;
	struct piece *piece;

	if (!code->known && ask(code, target, error) < 0)
		return -1;
	put_key(&key, function ? 'f' : 't', database, name);
	HASH_FIND(hh, code->pieces, key.data, key.length, piece);
	buffer_release(&key);
	return piece != NULL;
}
