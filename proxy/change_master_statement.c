/* The words of CHANGE MASTER and CHANGE REPLICATION SOURCE: what each means here. The text is taken apart in
 * change_master_parse.c. */
#include "proxy/change_master_statement.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "proxy/change_master_internal.h"
#include "proxy/config_internal.h"

static const char always[] = "";

/* How a word is dealt with. Words are without MASTER_ or SOURCE_. */
enum treatment {
	SETTING,      /* an option of the configuration */
	TEXT_SETTING, /* the same; the value is a string */
	PASSWORD,
	LOG_FILE,
	LOG_POSITION,
	AUTO_POSITION,
	USE_GTID,
	IGNORED, /* whatever the value */
	REFUSED, /* unless the value is one of `harmless` (0, empty and NULL always are) */
};

struct word {
	const char *name;
	bool prefixed; /* MASTER_name, SOURCE_name; else as it stands */
	enum treatment treatment;
	const char *option;   /* of the configuration */
	const char *harmless; /* values, separated by spaces */
	const char *text;
};

static const struct word words[] = {
	{"HOST", true, TEXT_SETTING, "host", NULL, NULL},
	{"PORT", true, SETTING, "port", NULL, NULL},
	{"USER", true, TEXT_SETTING, "user", NULL, NULL},
	{"PASSWORD", true, PASSWORD, NULL, NULL, NULL},
	{"BIND", true, TEXT_SETTING, "bind-address", NULL, NULL},
	{"CONNECT_RETRY", true, SETTING, "connect-retry", NULL, NULL},
	{"RETRY_COUNT", true, SETTING, "retry-count", NULL, NULL},
	{"HEARTBEAT_PERIOD", true, SETTING, "heartbeat-period", NULL, NULL},
	{"LOG_FILE", true, LOG_FILE, NULL, NULL, NULL},
	{"LOG_POS", true, LOG_POSITION, NULL, NULL, NULL},
	{"AUTO_POSITION", true, AUTO_POSITION, NULL, NULL, NULL},
	{"USE_GTID", true, USE_GTID, NULL, NULL, NULL},
	{"SSL", true, SETTING, "ssl", NULL, NULL},
	{"SSL_VERIFY_SERVER_CERT", true, SETTING, "ssl-verify-server-cert", NULL, NULL},
	{"SSL_CA", true, TEXT_SETTING, "ssl-ca", NULL, NULL},
	{"SSL_CAPATH", true, TEXT_SETTING, "ssl-capath", NULL, NULL},
	{"SSL_CERT", true, TEXT_SETTING, "ssl-cert", NULL, NULL},
	{"SSL_KEY", true, TEXT_SETTING, "ssl-key", NULL, NULL},
	{"SSL_CIPHER", true, TEXT_SETTING, "ssl-cipher", NULL, NULL},
	{"SSL_CRL", true, TEXT_SETTING, "ssl-crl", NULL, NULL},
	{"SSL_CRLPATH", true, TEXT_SETTING, "ssl-crlpath", NULL, NULL},
	{"TLS_VERSION", true, TEXT_SETTING, "tls-version", NULL, NULL},

	{"TLS_CIPHERSUITES", true, IGNORED, NULL, NULL, "the suites of TLS 1.3 are the library's defaults"},
	{"COMPRESSION_ALGORITHMS", true, IGNORED, NULL, NULL,
		"the connection to the source is not compressed"},
	{"ZSTD_COMPRESSION_LEVEL", true, IGNORED, NULL, NULL,
		"the connection to the source is not compressed"},
	{"PUBLIC_KEY_PATH", true, IGNORED, NULL, NULL,
		"without TLS the source is asked for its public key; with TLS none is needed"},
	{"GET_MASTER_PUBLIC_KEY", false, IGNORED, NULL, NULL,
		"without TLS the source is asked for its public key; with TLS none is needed"},
	{"GET_SOURCE_PUBLIC_KEY", false, IGNORED, NULL, NULL,
		"without TLS the source is asked for its public key; with TLS none is needed"},
	{"RELAY_LOG_FILE", false, IGNORED, NULL, NULL, "there are no relay logs"},
	{"RELAY_LOG_POS", false, IGNORED, NULL, NULL, "there are no relay logs"},
	{"PRIVILEGE_CHECKS_USER", false, IGNORED, NULL, NULL,
		"the account on the target is what limits what can be applied"},
	{"GTID_ONLY", false, IGNORED, NULL, NULL,
		"the checkpoint on the target holds both kinds of position"},
	{"ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS", false, IGNORED, NULL, NULL,
		"the target gives GTIDs of its own to what it is told"},

	{"DELAY", true, REFUSED, NULL, always,
		"changes are applied at once; there is no delayed replication"},
	{"DEMOTE_TO_SLAVE", true, REFUSED, NULL, always,
		"there is no gtid_binlog_pos here to go on from: give the position by MASTER_USE_GTID='…'"},
	{"DEMOTE_TO_REPLICA", true, REFUSED, NULL, always,
		"there is no gtid_binlog_pos here to go on from: give the position by MASTER_USE_GTID='…'"},
	{"IGNORE_SERVER_IDS", false, REFUSED, NULL, always, "the changes of all servers are applied"},
	{"DO_DOMAIN_IDS", false, REFUSED, NULL, always, "the changes of all domains are applied"},
	{"IGNORE_DOMAIN_IDS", false, REFUSED, NULL, always, "the changes of all domains are applied"},
	{"REQUIRE_ROW_FORMAT", false, REFUSED, NULL, always,
		"statements are applied as well as rows; give the account on the target less privileges "
		"instead"},
	{"REQUIRE_TABLE_PRIMARY_KEY_CHECK", false, REFUSED, NULL, "stream off",
		"tables are made as the source has them"},
	{"SOURCE_CONNECTION_AUTO_FAILOVER", false, REFUSED, NULL, always,
		"name the hosts that may be the source in SOURCE_HOST, separated by commas"},
	{"NETWORK_NAMESPACE", false, REFUSED, NULL, always, "start changeling in that namespace instead"},
};

static const struct word *find_word(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *rest = name;
		size_t left = length;

		if (words[i].prefixed) {
			if (length < 8 || (strncasecmp(name, "MASTER_", 7) != 0 &&
						  strncasecmp(name, "SOURCE_", 7) != 0))
				continue;
			rest += 7;
			left -= 7;
		}
		if (left == strlen(words[i].name) && strncasecmp(rest, words[i].name, left) == 0)
			return &words[i];
	}
	return NULL;
}

bool change_master_is_word(const char *name, size_t length)
{
	return find_word(name, length) != NULL;
}

/* ---- what is found goes here ---- */

/* Appends to an array in the arena, which grows by doubling at powers of two. */
static void *append(struct arena *arena, void *list, size_t count, size_t size)
{
	void *grown;

	if (count & (count - 1) || (count == 0 && list))
		return list;
	if (count == 0)
		return arena_zalloc(arena, size);
	grown = arena_zalloc(arena, count * 2 * size);
	memcpy(grown, list, count * size);
	return grown;
}

void change_master_remark(struct change_master_statement *statement, enum change_master_verdict verdict,
	const char *word, size_t length, const char *text)
{
	struct change_master_remark *remark;
	char *name = arena_strndup(&statement->arena, word, length);

	for (char *c = name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	statement->remarks = append(
		&statement->arena, statement->remarks, statement->remark_count, sizeof(*statement->remarks));
	remark = &statement->remarks[statement->remark_count++];
	remark->verdict = verdict;
	remark->word = name;
	remark->text = text;
}

static void add_setting(struct change_master_statement *statement, const char *name, const char *value)
{
	/* a later statement of the same text overrides the former */
	for (size_t i = 0; i < statement->setting_count; i++) {
		if (strcmp(statement->settings[i].name, name) == 0) {
			statement->settings[i].value = arena_strdup(&statement->arena, value);
			return;
		}
	}
	statement->settings = append(&statement->arena, statement->settings, statement->setting_count,
		sizeof(*statement->settings));
	statement->settings[statement->setting_count].name = name;
	statement->settings[statement->setting_count++].value = arena_strdup(&statement->arena, value);
}

const char *change_master_setting(const struct change_master_statement *statement, const char *name)
{
	for (size_t i = 0; i < statement->setting_count; i++) {
		if (strcmp(statement->settings[i].name, name) == 0)
			return statement->settings[i].value;
	}
	return NULL;
}

void change_master_set_gtid(struct change_master_statement *statement, const char *set)
{
	char *copy = arena_strdup(&statement->arena, *set == '+' ? set + 1 : set);
	char *to = copy;

	for (const char *from = copy; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
	}
	*to = '\0';
	statement->gtid_set = copy;
}

/* ---- one word with its value ---- */

static int bad_value(const char *word, size_t length, const char *wanted, struct error *error)
{
	/* the value itself stays out of the text: it may be a password in the wrong place */
	return error_set(error, ERROR_USAGE, "%.*s: the value is not %s", (int)length, word, wanted);
}

static bool parse_u64(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && !*end;
}

/* 1 on, 0 off, -1 neither. */
static int parse_switch(const char *text)
{
	return config_choice_number("off|0|no|false on|1|yes|true", text);
}

static bool looks_like_gtid_set(const char *text)
{
	return strpbrk(text, ":-") &&
	       text[strspn(text, "0123456789abcdefABCDEFghijklmnopqrstuvwxyz_:-, \n\t+")] == 0;
}

static int use_gtid(struct change_master_statement *statement, const char *word, size_t length,
	const char *value, struct error *error)
{
	if (strcasecmp(value, "no") == 0 || strcasecmp(value, "off") == 0) {
		statement->use_gtid = 0;
	} else if (strcasecmp(value, "on") == 0 || strcasecmp(value, "slave_pos") == 0 || strcasecmp(value, "replica_pos") == 0) {
		statement->use_gtid = 1;
	} else if (strcasecmp(value, "current_pos") == 0) {
		statement->use_gtid = 1;
		change_master_remark(statement, CHANGE_MASTER_NOTE, word, length,
			"current_pos is taken as slave_pos: there is no binary log of ours");
	} else if (looks_like_gtid_set(value)) {
		statement->use_gtid = 1;
		change_master_set_gtid(statement, value);
	} else {
		return bad_value(word, length, "slave_pos, current_pos, no, or a GTID set in quotes", error);
	}
	return 0;
}

/* Whether the value leaves the option switched off. */
static bool harmless(const struct word *word, const struct change_master_value *value)
{
	if (value->kind == CHANGE_MASTER_NULL || value->kind == CHANGE_MASTER_DEFAULT)
		return true;
	if (value->kind == CHANGE_MASTER_LIST)
		return value->items == 0;
	return !*value->text || strcmp(value->text, "0") == 0 ||
	       config_word_in(word->harmless, ' ', value->text, strlen(value->text)) >= 0;
}

static int take_text(
	const char *name, size_t length, const struct change_master_value *value, struct error *error)
{
	if (value->kind != CHANGE_MASTER_STRING)
		return bad_value(name, length, "a string in quotes", error);
	return 0;
}

static int take_position(struct change_master_statement *statement, const struct word *word, const char *name,
	size_t length, const struct change_master_value *value, struct error *error)
{
	int choice;

	switch (word->treatment) {
	case LOG_FILE:
		if (take_text(name, length, value, error) != 0)
			return -1;
		if (!*value->text || strlen(value->text) > 511)
			return bad_value(name, length, "the name of a binary log file", error);
		statement->file = arena_strdup(&statement->arena, value->text);
		return 0;
	case LOG_POSITION:
		if (value->kind == CHANGE_MASTER_LIST || !parse_u64(value->text, &statement->position))
			return bad_value(name, length, "a position", error);
		return 0;
	case AUTO_POSITION:
		choice = value->kind == CHANGE_MASTER_LIST ? -1 : parse_switch(value->text);
		if (choice < 0)
			return bad_value(name, length, "0 or 1", error);
		statement->use_gtid = choice;
		return 0;
	default:
		return use_gtid(
			statement, name, length, value->kind == CHANGE_MASTER_LIST ? "" : value->text, error);
	}
}

int change_master_take(struct change_master_statement *statement, const char *name, size_t length,
	const struct change_master_value *value, struct error *error)
{
	const struct word *word = find_word(name, length);

	if (!word)
		return error_set(error, ERROR_USAGE, "there is no option %.*s", (int)length, name);
	switch (word->treatment) {
	case PASSWORD:
		if (take_text(name, length, value, error) != 0)
			return -1;
		config_password_release(statement->password);
		statement->password = memory_strdup(value->text);
		return 0;
	case IGNORED:
		change_master_remark(statement, CHANGE_MASTER_IGNORED, name, length, word->text);
		return 0;
	case REFUSED:
		change_master_remark(statement,
			harmless(word, value) ? CHANGE_MASTER_IGNORED : CHANGE_MASTER_REFUSED, name, length,
			word->text);
		return 0;
	case TEXT_SETTING:
	case SETTING:
		if (value->kind == CHANGE_MASTER_DEFAULT) {
			change_master_remark(statement, CHANGE_MASTER_NOTE, name, length,
				"DEFAULT leaves what the configuration has");
			return 0;
		}
		if (word->treatment == TEXT_SETTING && take_text(name, length, value, error) != 0)
			return -1;
		if (value->kind == CHANGE_MASTER_LIST || value->kind == CHANGE_MASTER_NULL)
			return bad_value(name, length, "a single value", error);
		if (strcmp(word->option, "host") == 0 && !*value->text)
			return bad_value(name, length, "the name of a host", error);
		add_setting(statement, word->option, value->text);
		return 0;
	default:
		return take_position(statement, word, name, length, value, error);
	}
}

/* ---- the whole ---- */

void change_master_init(struct change_master_statement *statement)
{
	memset(statement, 0, sizeof(*statement));
	statement->use_gtid = -1;
}

void change_master_release(struct change_master_statement *statement)
{
	config_password_release(statement->password);
	arena_release(&statement->arena);
	change_master_init(statement);
}

int change_master_options_end(struct change_master_statement *statement, struct error *error)
{
	bool by_file = statement->file || statement->position;

	if (statement->start == CHANGE_MASTER_START_NOW) {
		if (by_file || statement->gtid_set)
			return error_set(error, ERROR_USAGE,
				"from-now and a position cannot be given together: choose one of them");
		return 0;
	}
	if (statement->use_gtid == 1 && by_file) {
		/* mariadb-dump writes both; the GTID is the exact one */
		if (!statement->gtid_set)
			return error_set(error, ERROR_USAGE,
				"a position by file and GTID auto-positioning cannot be given together: "
				"leave out "
				"MASTER_LOG_FILE and MASTER_LOG_POS, or MASTER_AUTO_POSITION and "
				"MASTER_USE_GTID");
		change_master_remark(statement, CHANGE_MASTER_NOTE, "MASTER_LOG_FILE", 15,
			"the position by file is left aside, as a GTID is given too");
		statement->file = NULL;
		statement->position = 0;
		by_file = false;
	}
	if (statement->use_gtid == 1 || (statement->gtid_set && !by_file)) {
		statement->start = CHANGE_MASTER_START_GTID;
		statement->use_gtid = 1;
	} else if (by_file) {
		statement->start = CHANGE_MASTER_START_FILE_POSITION;
		statement->use_gtid = 0;
	}
	return 0;
}

int change_master_option(
	struct change_master_statement *statement, const char *option, const char *value, struct error *error)
{
	static const char *const names[] = {"log-file", "log-pos", "auto-position", "use-gtid"};
	struct change_master_value taken = {CHANGE_MASTER_STRING, value ? value : "1", 0};
	char word[64] = "MASTER_";
	size_t length = strlen(option);

	if (config_same_name(option, length, "from-now", 8)) {
		statement->start = CHANGE_MASTER_START_NOW;
		return 1;
	}
	if (length < 8 ||
		(!config_same_name(option, 7, "master-", 7) && !config_same_name(option, 7, "source-", 7)))
		return 0;
	for (unsigned i = 0; i < 4; i++) {
		if (!config_same_name(option + 7, length - 7, names[i], strlen(names[i])))
			continue;
		for (size_t c = 0; c <= strlen(names[i]); c++)
			word[7 + c] = names[i][c] == '-' ? '_' : (char)toupper((unsigned char)names[i][c]);
		return change_master_take(statement, word, strlen(word), &taken, error) == 0 ? 1 : -1;
	}
	return 0;
}

int change_master_refused(const struct change_master_statement *statement, struct error *error)
{
	for (size_t i = 0; i < statement->remark_count; i++) {
		if (statement->remarks[i].verdict == CHANGE_MASTER_REFUSED)
			return error_set(error, ERROR_USAGE, "%s cannot be done here: %s",
				statement->remarks[i].word, statement->remarks[i].text);
	}
	return 0;
}

int change_master_apply(
	const struct change_master_statement *statement, struct config *config, struct error *error)
{
	/* TLS is one option of three values: first whether (which naming an authority says, too), last how far it is
	 * verified, whatever the order in the text */
	static const char *const switches[] = {"ssl", "ssl-verify-server-cert"};
	const char *ssl = change_master_setting(statement, switches[0]);
	const char *verify = change_master_setting(statement, switches[1]);

	if (ssl && config_set(config, "source", switches[0], ssl, error) != 0)
		return -1;
	for (size_t i = 0; i < statement->setting_count; i++) {
		const struct change_master_setting *setting = &statement->settings[i];
		char option[64];

		if (strcmp(setting->name, switches[0]) == 0 || strcmp(setting->name, switches[1]) == 0)
			continue;
		snprintf(option, sizeof(option), "source-%s", setting->name);
		if (config_set_option(config, option, setting->value, error) != 0)
			return -1;
	}
	/* verification that was asked for without TLS stays asleep, as on a server */
	if (verify && config->source.connection.tls.mode != TLS_OFF &&
		config_set(config, "source", switches[1], verify, error) != 0)
		return -1;
	if (statement->use_gtid >= 0 &&
		config_set(config, "source", "use-gtid", statement->use_gtid ? "on" : "off", error) != 0)
		return -1;
	return statement->channel ? config_set(config, "changeling", "channel", statement->channel, error)
				  : 0;
}
