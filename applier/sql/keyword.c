#include "applier/sql/keyword.h"

#include <stdint.h>

/* Words by first letter, so that a look-up compares a handful of lengths and hardly ever a text. */
struct entry {
	uint8_t length;
	uint16_t word;
	const char *text;
};

#define ENTRY(word) {sizeof(#word) - 1, KW_##word, #word},
static const struct entry words_a[] = {KEYWORDS_A(ENTRY)};
static const struct entry words_b[] = {KEYWORDS_B(ENTRY)};
static const struct entry words_c[] = {KEYWORDS_C(ENTRY)};
static const struct entry words_d[] = {KEYWORDS_D(ENTRY)};
static const struct entry words_e[] = {KEYWORDS_E(ENTRY)};
static const struct entry words_f[] = {KEYWORDS_F(ENTRY)};
static const struct entry words_g[] = {KEYWORDS_G(ENTRY)};
static const struct entry words_h[] = {KEYWORDS_H(ENTRY)};
static const struct entry words_i[] = {KEYWORDS_I(ENTRY)};
static const struct entry words_j[] = {KEYWORDS_J(ENTRY)};
static const struct entry words_k[] = {KEYWORDS_K(ENTRY)};
static const struct entry words_l[] = {KEYWORDS_L(ENTRY)};
static const struct entry words_m[] = {KEYWORDS_M(ENTRY)};
static const struct entry words_n[] = {KEYWORDS_N(ENTRY)};
static const struct entry words_o[] = {KEYWORDS_O(ENTRY)};
static const struct entry words_p[] = {KEYWORDS_P(ENTRY)};
static const struct entry words_q[] = {KEYWORDS_Q(ENTRY)};
static const struct entry words_r[] = {KEYWORDS_R(ENTRY)};
static const struct entry words_s[] = {KEYWORDS_S(ENTRY)};
static const struct entry words_t[] = {KEYWORDS_T(ENTRY)};
static const struct entry words_u[] = {KEYWORDS_U(ENTRY)};
static const struct entry words_v[] = {KEYWORDS_V(ENTRY)};
static const struct entry words_w[] = {KEYWORDS_W(ENTRY)};
static const struct entry words_x[] = {KEYWORDS_X(ENTRY)};
static const struct entry words_y[] = {KEYWORDS_Y(ENTRY)};
static const struct entry words_z[] = {KEYWORDS_Z(ENTRY)};

#define LETTER(list) {list, sizeof(list) / sizeof((list)[0])}
#define NO_LETTER {NULL, 0}

static const struct {
	const struct entry *words;
	size_t count;
} letters[26] = {
	LETTER(words_a), LETTER(words_b), LETTER(words_c), LETTER(words_d),
	LETTER(words_e), LETTER(words_f), LETTER(words_g), LETTER(words_h),
	LETTER(words_i), LETTER(words_j), LETTER(words_k), LETTER(words_l),
	LETTER(words_m), LETTER(words_n), LETTER(words_o), LETTER(words_p),
	LETTER(words_q), LETTER(words_r), LETTER(words_s), LETTER(words_t),
	LETTER(words_u), LETTER(words_v), LETTER(words_w), LETTER(words_x),
	LETTER(words_y), LETTER(words_z),
};

/* ASCII letters only: keywords have no others, and no locale has a say. */
static inline int same_word(const char *text, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 'a' && c <= 'z')
			c = (unsigned char)(c - 'a' + 'A');
		if (c != (unsigned char)word[i])
			return 0;
	}
	return 1;
}

unsigned keyword_find(const char *text, size_t length)
{
	unsigned letter;

	if (length < 2 || length > 32)
		return 0;
	letter = ((unsigned char)text[0] | 0x20u) - 'a';
	if (letter >= 26)
		return 0;
	for (size_t i = 0; i < letters[letter].count; i++) {
		const struct entry *entry = &letters[letter].words[i];

		if (entry->length == length && ((entry->text[1] ^ text[1]) & ~0x20) == 0 &&
			same_word(text, entry->text, length))
			return entry->word;
	}
	return 0;
}

const char *keyword_name(unsigned keyword)
{
	static const char *const names[] = {
#define X(word) #word,
		KEYWORDS(X)
#undef X
	};
	unsigned index = keyword - KEYWORD_NONE - 1;

	return keyword > KEYWORD_NONE && index < sizeof(names) / sizeof(names[0]) ? names[index] : "";
}
