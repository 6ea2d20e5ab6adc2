#include "applier/sql/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applier/sql/collation_table.h"

static const struct {
	const char *name;
	unsigned maximum;	/* bytes of a character */
	const char *standard;	/* collation meant by the name alone; utf8mb4's and some more depend on the
				   version */
	const char *iconv_name; /* NULL: only ASCII can be converted */
} charsets[] = {
	{"armscii8", 1, "armscii8_general_ci", "ARMSCII-8"},
	{"ascii", 1, "ascii_general_ci", "ASCII"},
	{"big5", 2, "big5_chinese_ci", "BIG5"},
	{"binary", 1, "binary", NULL},
	{"cp1250", 1, "cp1250_general_ci", "CP1250"},
	{"cp1251", 1, "cp1251_general_ci", "CP1251"},
	{"cp1256", 1, "cp1256_general_ci", "CP1256"},
	{"cp1257", 1, "cp1257_general_ci", "CP1257"},
	{"cp850", 1, "cp850_general_ci", "CP850"},
	{"cp852", 1, "cp852_general_ci", "CP852"},
	{"cp866", 1, "cp866_general_ci", "CP866"},
	{"cp932", 2, "cp932_japanese_ci", "CP932"},
	{"dec8", 1, "dec8_swedish_ci", NULL},
	{"eucjpms", 3, "eucjpms_japanese_ci", "EUC-JP-MS"},
	{"euckr", 2, "euckr_korean_ci", "EUC-KR"},
	{"gb18030", 4, "gb18030_chinese_ci", "GB18030"},
	{"gb2312", 2, "gb2312_chinese_ci", "GB2312"},
	{"gbk", 2, "gbk_chinese_ci", "GBK"},
	{"geostd8", 1, "geostd8_general_ci", NULL},
	{"greek", 1, "greek_general_ci", "ISO-8859-7"},
	{"hebrew", 1, "hebrew_general_ci", "ISO-8859-8"},
	{"hp8", 1, "hp8_english_ci", "HP-ROMAN8"},
	{"keybcs2", 1, "keybcs2_general_ci", NULL},
	{"koi8r", 1, "koi8r_general_ci", "KOI8-R"},
	{"koi8u", 1, "koi8u_general_ci", "KOI8-U"},
	{"latin1", 1, "latin1_swedish_ci", "CP1252"},
	{"latin2", 1, "latin2_general_ci", "ISO-8859-2"},
	{"latin5", 1, "latin5_turkish_ci", "ISO-8859-9"},
	{"latin7", 1, "latin7_general_ci", "ISO-8859-13"},
	{"macce", 1, "macce_general_ci", NULL},
	{"macroman", 1, "macroman_general_ci", "MACINTOSH"},
	{"sjis", 2, "sjis_japanese_ci", "SHIFT_JIS"},
	{"swe7", 1, "swe7_swedish_ci", NULL},
	{"tis620", 1, "tis620_thai_ci", "TIS-620"},
	{"ucs2", 2, "ucs2_general_ci", "UCS-2BE"},
	{"ujis", 3, "ujis_japanese_ci", "EUC-JP"},
	{"utf16", 4, "utf16_general_ci", "UTF-16BE"},
	{"utf16le", 4, "utf16le_general_ci", "UTF-16LE"},
	{"utf32", 4, "utf32_general_ci", "UTF-32BE"},
	{"utf8mb3", 3, "utf8mb3_general_ci", "UTF-8"},
	{"utf8mb4", 4, "utf8mb4_general_ci", "UTF-8"},
};

#define CHARSETS (sizeof(charsets) / sizeof(charsets[0]))

/* utf8 and utf8_… as utf8mb3 and utf8mb3_…; `room` holds the longer name. */
static const char *plain_name(const char *name, char room[80])
{
	if (strncasecmp(name, "utf8", 4) == 0 && (name[4] == '_' || name[4] == '\0')) {
		snprintf(room, 80, "utf8mb3%s", name + 4);
		return room;
	}
	return name;
}

/* Number of the character set that the name (of a set, or of a collation) begins with, or -1. */
static int charset_index(const char *name)
{
	char room[80];

	name = plain_name(name, room);
	for (size_t i = 0; i < CHARSETS; i++) {
		size_t length = strlen(charsets[i].name);

		if (strncasecmp(name, charsets[i].name, length) == 0 &&
			(name[length] == '\0' || name[length] == '_'))
			return (int)i;
	}
	return -1;
}

const struct collation *collation_by_id(enum server_family family, unsigned id)
{
	for (int p = 0; p < 3; p++) {
		const struct collation_part *part = &collation_parts[family][p];
		size_t low = 0, high = part->count;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (part->list[middle].id == id)
				return &part->list[middle];
			if (part->list[middle].id < id)
				low = middle + 1;
			else
				high = middle;
		}
	}
	return NULL;
}

const char *charset_of(const char *name)
{
	int index = name ? charset_index(name) : -1;

	return index < 0 ? NULL : charsets[index].name;
}

unsigned charset_maximum(const char *charset)
{
	int index = charset_index(charset);

	return index < 0 ? 0 : charsets[index].maximum;
}

bool charset_extends_ascii(const char *charset)
{
	static const char *const others[] = {"ucs2", "utf16", "utf16le", "utf32", "swe7", "filename"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(charset, others[i]) == 0)
			return false;
	}
	return true;
}

/* What MariaDB's character_set_collations holds by default since 11.5. */
static const char *const maria_unicode[][2] = {
	{"utf8mb3", "utf8mb3_uca1400_ai_ci"},
	{"utf8mb4", "utf8mb4_uca1400_ai_ci"},
	{"ucs2", "ucs2_uca1400_ai_ci"},
	{"utf16", "utf16_uca1400_ai_ci"},
	{"utf32", "utf32_uca1400_ai_ci"},
};

const char *charset_default_collation(const char *charset, struct server_version server)
{
	int index = charset_index(charset);

	if (index < 0)
		return NULL;
	charset = charsets[index].name;
	if (version_at_least(server, FAMILY_MYSQL, 80001) && strcmp(charset, "utf8mb4") == 0)
		return "utf8mb4_0900_ai_ci";
	if (version_at_least(server, FAMILY_MARIADB, 110500))
		for (size_t i = 0; i < sizeof(maria_unicode) / sizeof(maria_unicode[0]); i++)
			if (strcmp(charset, maria_unicode[i][0]) == 0)
				return maria_unicode[i][1];
	return charsets[index].standard;
}

/* The set's own spelling of the name, utf8 and utf8mb3 being one; NULL when it has neither. */
static const char *known(const struct name_set *set, const char *name)
{
	char other[80];
	const char *found = name_set_get(set, name);

	if (found)
		return found;
	if (strncasecmp(name, "utf8mb3", 7) == 0)
		snprintf(other, sizeof(other), "utf8%s", name + 7);
	else if (strncasecmp(name, "utf8", 4) == 0 && (name[4] == '_' || name[4] == '\0'))
		snprintf(other, sizeof(other), "utf8mb3%s", name + 4);
	else
		return NULL;
	return name_set_get(set, other);
}

/* MySQL's short language names and MariaDB's (and the older collations') long ones. */
static const char *const languages[][2] = {
	{"de_pb", "german2"},
	{"is", "icelandic"},
	{"lv", "latvian"},
	{"ro", "romanian"},
	{"sl", "slovenian"},
	{"pl", "polish"},
	{"et", "estonian"},
	{"es_trad", "spanish2"},
	{"es", "spanish"},
	{"sv", "swedish"},
	{"tr", "turkish"},
	{"cs", "czech"},
	{"da", "danish"},
	{"lt", "lithuanian"},
	{"sk", "slovak"},
	{"la", "roman"},
	{"eo", "esperanto"},
	{"hu", "hungarian"},
	{"hr", "croatian"},
	{"vi", "vietnamese"},
	{"nb", "danish"},
	{"nn", "danish"},
	{"bs", "croatian"},
	{"gl", "spanish"},
};

/* A Unicode collation's name taken apart. */
struct unicode_name {
	char charset[16];
	char language[24];   /* MariaDB's word, "" for none */
	char sensitivity[8]; /* ai_ci, as_cs, …, bin */
	bool nopad;
};

static void copy_part(char *to, size_t room, const char *from, size_t length)
{
	snprintf(to, room, "%.*s", (int)length, from);
}

/* utf8mb4_[lang_]0900_ai_ci, …_0900_bin */
static bool read_0900(const char *name, struct unicode_name *out)
{
	const char *mark = strstr(name, "0900_");
	size_t length;

	if (!mark || strncmp(name, "utf8mb4_", 8) != 0)
		return false;
	*out = (struct unicode_name){.charset = "utf8mb4", .nopad = true};
	copy_part(out->sensitivity, sizeof(out->sensitivity), mark + 5, 5);
	length = (size_t)(mark - name) - 8;
	if (length == 0)
		return true;
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (strlen(languages[i][0]) == length - 1 &&
			strncmp(name + 8, languages[i][0], length - 1) == 0) {
			copy_part(out->language, sizeof(out->language), languages[i][1],
				strlen(languages[i][1]));
			return true;
		}
	return true; /* a language that MariaDB has no collation of: the root's order is the nearest */
}

/* utf8mb4_uca1400_[language_][nopad_]ai_ci */
static bool read_uca1400(const char *name, struct unicode_name *out)
{
	const char *mark = strstr(name, "_uca1400_"), *at, *nopad;
	size_t length = strlen(name);

	if (!mark || length < 5)
		return false;
	*out = (struct unicode_name){0};
	copy_part(out->charset, sizeof(out->charset), name, (size_t)(mark - name));
	copy_part(out->sensitivity, sizeof(out->sensitivity), name + length - 5, 5);
	at = mark + 9;
	nopad = strstr(at, "nopad_");
	out->nopad = nopad != NULL;
	if (!nopad)
		nopad = name + length - 5;
	if (nopad > at)
		copy_part(out->language, sizeof(out->language), at, (size_t)(nopad - at) - 1);
	return true;
}

static const char *mysql_language(const char *language)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (strcmp(languages[i][1], language) == 0)
			return languages[i][0];
	return "";
}

enum language_place { NO_LANGUAGE, SHORT_BEFORE, LONG_BEHIND };

/* Names to try for a Unicode collation, best first: charset [_short] algorithm [_long] [_nopad] ending. */
static const struct unicode_pattern {
	const char *algorithm;
	enum language_place language;
	bool only_language; /* nothing but a language tells it apart */
	bool nopad;
	const char *ending; /* NULL: the accent and case sensitivity of the one to be replaced */
} patterns[] = {
	{"_uca1400", LONG_BEHIND, false, true, NULL},
	{"_uca1400", LONG_BEHIND, false, false, NULL},
	{"_0900", SHORT_BEFORE, false, false, NULL},
	{"_0900", SHORT_BEFORE, false, false, "_as_cs"},
	{"", LONG_BEHIND, true, true, "_ci"},
	{"", LONG_BEHIND, true, false, "_ci"},
	{"_unicode_520", NO_LANGUAGE, false, true, "_ci"},
	{"_unicode_520", NO_LANGUAGE, false, false, "_ci"},
	{"_unicode", NO_LANGUAGE, false, true, "_ci"},
	{"_unicode", NO_LANGUAGE, false, false, "_ci"},
	{"_general", NO_LANGUAGE, false, false, "_ci"},
};

static const char *try_pattern(
	const struct unicode_pattern *pattern, const struct unicode_name *from, const struct name_set *set)
{
	const char *language = "";
	char name[120];

	if ((pattern->nopad && !from->nopad) || (pattern->only_language && !from->language[0]))
		return NULL;
	/* a case-sensitive one may stand in for another case-sensitive one only */
	if (pattern->ending && strcmp(pattern->ending, "_as_cs") == 0 && !strstr(from->sensitivity, "cs"))
		return NULL;
	if (pattern->language == SHORT_BEFORE)
		language = mysql_language(from->language);
	else if (pattern->language == LONG_BEHIND)
		language = from->language;
	snprintf(name, sizeof(name), "%s%s%s%s%s%s%s%s%s", from->charset,
		pattern->language == SHORT_BEFORE && language[0] ? "_" : "",
		pattern->language == SHORT_BEFORE ? language : "", pattern->algorithm,
		pattern->language == LONG_BEHIND && language[0] ? "_" : "",
		pattern->language == LONG_BEHIND ? language : "", pattern->nopad ? "_nopad" : "",
		pattern->ending ? pattern->ending : "_", pattern->ending ? "" : from->sensitivity);
	return known(set, name);
}

static const char *nearest_unicode(const struct unicode_name *from, const struct name_set *set)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const char *found = try_pattern(&patterns[i], from, set);

		if (found)
			return found;
	}
	return NULL;
}

/* Takes the first `part` out of the name and looks that up. */
static const char *without(const char *name, const char *part, const struct name_set *set)
{
	char shorter[80];
	const char *at = strstr(name, part);

	if (!at)
		return NULL;
	snprintf(shorter, sizeof(shorter), "%.*s%s", (int)(at - name), name, at + strlen(part));
	return known(set, shorter);
}

/* For a binary collation the target's binary one of the set. */
static const char *nearest_binary(const char *charset, const struct name_set *set)
{
	static const char *const endings[] = {"_0900_bin", "_nopad_bin", "_bin"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char name[80];
		const char *found;

		snprintf(name, sizeof(name), "%s%s", charset, endings[i]);
		found = known(set, name);
		if (found)
			return found;
	}
	return NULL;
}

static bool is_binary(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && strcmp(name + length - 4, "_bin") == 0;
}

const char *collation_translate(const char *name, const struct capabilities *target, bool *exact)
{
	const struct name_set *set = &target->collations;
	struct unicode_name unicode;
	const char *found = known(set, name), *charset = charset_of(name);

	*exact = found != NULL;
	if (found || !charset)
		return found;
	if (is_binary(name))
		return nearest_binary(charset, set);
	if (read_0900(name, &unicode) || read_uca1400(name, &unicode))
		return nearest_unicode(&unicode, set);
	found = without(name, "_nopad", set);
	if (!found)
		found = without(name, "_mysql500", set);
	if (!found)
		found = without(name, "_mysql561", set);
	if (!found) {
		unicode = (struct unicode_name){.sensitivity = "ai_ci"};
		copy_part(unicode.charset, sizeof(unicode.charset), charset, strlen(charset));
		found = nearest_unicode(&unicode, set);
	}
	return found ? found : known(set, charset_default_collation(charset, target->server));
}

const char *charset_translate(const char *name, const struct capabilities *target)
{
	return known(&target->charsets, name);
}

/* Characters of two or four bytes, ASCII's too. */
static bool is_wide(const char *name)
{
	return strcmp(name, "ucs2") == 0 || strncmp(name, "utf16", 5) == 0 || strcmp(name, "utf32") == 0;
}

bool charset_to_utf8(const char *charset, const char *text, size_t length, struct buffer *out)
{
	int index;
	bool ascii = true, done = false;
	struct buffer converted = BUFFER_INIT;
	char *from = (char *)(uintptr_t)text, *to;
	size_t left = length, room;
	iconv_t converter;

	for (size_t i = 0; i < length && ascii; i++)
		ascii = !((unsigned char)text[i] & 0x80);
	index = charset ? charset_index(charset) : -1;
	ascii = ascii && !(index >= 0 && is_wide(charsets[index].name));
	if (ascii || !charset || (index >= 0 && strncmp(charsets[index].name, "utf8", 4) == 0)) {
		buffer_append(out, text, length);
		return true;
	}
	if (index < 0 || !charsets[index].iconv_name)
		return false;
	converter = iconv_open("UTF-8", charsets[index].iconv_name);
	if (converter == (iconv_t)-1)
		return false;
	if (buffer_reserve(&converted, length * 4)) {
		to = converted.data;
		room = length * 4;
		if (iconv(converter, &from, &left, &to, &room) != (size_t)-1 && left == 0) {
			buffer_append(out, converted.data, length * 4 - room);
			done = true;
		}
	}
	iconv_close(converter);
	buffer_release(&converted);
	return done;
}
