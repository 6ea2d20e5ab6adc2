/* Tokens cover the text without a gap, whatever it is; the masks and the classification take it too. The
 * first byte chooses modes, character set and server. */
#include "applier/sql/classify.h"
#include "applier/sql/mask.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct server_version servers[] = {
		{FAMILY_MYSQL, 50651}, {FAMILY_MYSQL, 80036}, {FAMILY_MARIADB, 101106}};
	struct token_list tokens = TOKEN_LIST_INIT;
	struct lexer_options options = {0};
	struct arena arena = ARENA_INIT;
	struct buffer masked = BUFFER_INIT;
	struct statement statement;
	struct lexer lexer;
	struct token token;
	size_t end = 0;

	if (size == 0)
		return 0;
	options.sql_mode =
		(data[0] & 1 ? MODE_ANSI_QUOTES : 0) | (data[0] & 2 ? MODE_NO_BACKSLASH_ESCAPES : 0);
	options.charset = (enum lexer_charset)((data[0] >> 2) % 5);
	options.source = servers[(data[0] >> 5) % 3];
	data++;
	size--;
	lexer_init(&lexer, (const char *)data, size, &options);
	while (lexer_next(&lexer, &token)) {
		MUST(token.start == end && token.length > 0);
		end += token.length;
	}
	MUST(end == size);
	token_list_read(&tokens, (const char *)data, size, &options, true);
	classify(&tokens, &arena, &statement);
	sql_mask_secrets((const char *)data, size, &options, &masked);
	for (size_t i = 0; i < tokens.count; i++)
		token_value(&tokens, i, &masked);
	for (size_t i = 0; i < statement.object_count; i++)
		MUST(statement.objects[i].first <= statement.objects[i].last &&
			statement.objects[i].last < tokens.count);
	buffer_release(&masked);
	arena_release(&arena);
	token_list_release(&tokens);
	return 0;
}
