/* MySQL's and MariaDB's SQL as tokens.
 *
 * A token is a range of the original bytes. Tokens follow each other without a gap, so all of them together
 * are the text again; no byte sequence makes the lexer fail (what is broken becomes TOKEN_BAD up to the end).
 * What the *source* server would have run inside a version comment is code here: the comment's opening and
 * its end are tokens of their own, and what stands between are ordinary tokens with `in_comment` set. */
#ifndef APPLIER_SQL_LEXER_H
#define APPLIER_SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applier/sql/version.h"

enum token_kind {
	TOKEN_SPACE,	       /* white space */
	TOKEN_COMMENT,	       /* #, --, C comment, version comment that the source did not run */
	TOKEN_HINT,	       /* optimizer hint: a C comment that begins with a plus */
	TOKEN_CODE_OPEN,       /* the opening of a version comment that the source ran, with its number */
	TOKEN_CODE_CLOSE,      /* its end */
	TOKEN_WORD,	       /* keyword or plain identifier */
	TOKEN_QUOTED,	       /* `identifier`, or "identifier" under ANSI_QUOTES */
	TOKEN_STRING,	       /* 'text', or "text" without ANSI_QUOTES */
	TOKEN_PREFIXED_STRING, /* N'text' X'hex' B'bits' */
	TOKEN_INTRODUCER,      /* _utf8mb4 before a literal */
	TOKEN_NUMBER,	       /* 1 1.5 .5 1e3 0xFF 0b01 */
	TOKEN_USER_VARIABLE,   /* @name @`name` @'name'; also the @host of an account name */
	TOKEN_SYSTEM_VARIABLE, /* @@name @@session.name */
	TOKEN_OPERATOR,	       /* the rest: one byte, or := <=> <= >= <> != << >> || && -> ->> */
	TOKEN_BAD, /* a string, identifier or comment without end: reaches to the end of the text */
};

/* Character sets whose second bytes may look like a backslash or a quote; all others are plain. */
enum lexer_charset { LEXER_PLAIN, LEXER_SJIS, LEXER_BIG5, LEXER_GBK, LEXER_GB18030 };

/* The lexer's class of a server character set or collation name ("sjis", "cp932", "gbk_chinese_ci", …);
 * LEXER_PLAIN for NULL and all others. */
enum lexer_charset lexer_charset_of(const char *name);

/* sql_mode bits that change the reading. */
#define MODE_ANSI_QUOTES ((uint64_t)1 << 2)
#define MODE_NO_BACKSLASH_ESCAPES ((uint64_t)1 << 20)

struct lexer_options {
	uint64_t sql_mode;
	enum lexer_charset charset;
	struct server_version source; /* whose reading of version comments counts */
};

struct token {
	uint32_t start, length; /* bytes */
	uint8_t kind;		/* enum token_kind */
	uint8_t in_comment;	/* stands inside a version comment that is code */
	uint16_t word;		/* TOKEN_WORD: enum keyword or 0; one-byte TOKEN_OPERATOR: the byte; else 0 */
};

struct lexer {
	const char *text;
	size_t length, at;
	struct lexer_options options;
	bool in_code;		    /* inside a version comment that is code */
	bool after_name, after_dot; /* an identifier is due behind "name.": t.1a, db.select */
};

/* Text above 1 GiB is refused by whoever reads events; the lexer relies on length < 2^32. */
void lexer_init(struct lexer *lexer, const char *text, size_t length, const struct lexer_options *options);

/* Bytes of the character at `at` as a lexer of these options steps over it: 1…4. */
size_t lexer_character(const struct lexer_options *options, const char *at, size_t left);

/* The next token; false at the end. */
bool lexer_next(struct lexer *lexer, struct token *token);

/* The tokens that mean something (no space, comment, hint), and the openings and ends of version comments
 * apart from them, in order. */
struct token_list {
	const char *text;
	size_t length;
	struct lexer_options options;
	struct token *items;
	size_t count, room;
	struct token
		*marks; /* TOKEN_CODE_OPEN, TOKEN_CODE_CLOSE, and version comments not run as TOKEN_COMMENT */
	size_t mark_count, mark_room;
	bool bad;	     /* the last item is TOKEN_BAD */
	bool folded;	     /* rows of plain literals after VALUES were left out */
	bool other_versions; /* there is a version comment (run or not): another server may read it otherwise
			      */
	/* bytes from FIELDS to behind LINES of a LOAD DATA, which its server has written: with backslashes under every
	 * sql_mode, and byte by byte in every character set */
	uint32_t terminators, terminators_end;
};

#define TOKEN_LIST_INIT                                                                                      \
	{                                                                                                    \
		0                                                                                            \
	}

/* Reads a whole text. With `fold`, the rows of literals behind VALUES of an INSERT are left out, so that a
 * statement of many megabytes takes little memory. `text` must outlive the list. */
void token_list_read(struct token_list *list, const char *text, size_t length,
	const struct lexer_options *options, bool fold);
void token_list_release(struct token_list *list);

/* The token at `index`, or a TOKEN_BAD of length 0 at the end of the text when there is none. */
const struct token *token_at(const struct token_list *list, size_t index);

/* Is it the keyword (unquoted)? */
static inline bool token_is(const struct token_list *list, size_t index, unsigned word)
{
	return index < list->count && list->items[index].word == word;
}

/* Is it a literal of LOAD DATA's FIELDS or LINES? */
static inline bool token_is_terminator(const struct token_list *list, size_t index)
{
	return index < list->count && list->items[index].kind == TOKEN_STRING &&
	       list->items[index].start >= list->terminators && list->items[index].start < list->terminators_end;
}

/* May it be a name: a word or a quoted identifier. */
static inline bool token_is_name(const struct token_list *list, size_t index)
{
	return index < list->count &&
	       (list->items[index].kind == TOKEN_WORD || list->items[index].kind == TOKEN_QUOTED);
}

/* Index just behind the ')' that closes the '(' at `index`, or list->count when it is not closed. */
size_t token_skip_parens(const struct token_list *list, size_t index);

/* Compares the token's bytes with an ASCII word, whatever the case. */
bool token_equals(const struct token_list *list, size_t index, const char *word);

struct buffer;

/* Appends what the token says: an identifier without quotes, a string's content with escapes resolved (a
 * string of any kind of prefix too, without decoding hex), the name of a @variable; other tokens as they are
 * written. Bytes stay in the text's character set. */
void token_value(const struct token_list *list, size_t index, struct buffer *out);

#endif
