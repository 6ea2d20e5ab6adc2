/* Any text through all rules, for each kind of target, with temporary tables alive. What a plan runs
 * unchanged is the very text; what it sends instead can be read to its end. */
#include <stdlib.h>
#include <string.h>

#include "applier/sql/rewrite.h"
#include "fuzz.h"

#define TARGETS 4

static bool any(void *context, uint32_t server_id, uint64_t thread_id)
{
	(void)context;
	(void)server_id;
	(void)thread_id;
	return true;
}

static const char *find(
	void *context, uint32_t server_id, uint64_t thread_id, const char *database, const char *name)
{
	(void)context;
	(void)server_id;
	(void)thread_id;
	(void)database;
	return name[0] == 't' ? "real" : NULL;
}

static const struct capabilities *target_of(unsigned number)
{
	static struct capabilities targets[TARGETS];
	struct capabilities *target = &targets[number];
	const char *text = capabilities_profile(capabilities_profile_name(number));
	struct error error = {0};

	if (!target->server_text && capabilities_load(target, text, strlen(text), &error) != 0)
		abort();
	return target;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct server_version sources[] = {
		{FAMILY_MYSQL, 50651}, {FAMILY_MYSQL, 80036}, {FAMILY_MARIADB, 101106}};
	struct temp_registry temps = {.any = any, .find = find};
	struct rewrite_input input = {.database = "app",
		.client_charset = "utf8mb4",
		.server_id = 1,
		.thread_id = 2,
		.serial = 3,
		.explicit_defaults = -1,
		.temps = &temps};
	struct arena arena = ARENA_INIT;
	struct rewrite_plan plan;

	if (size == 0)
		return 0;
	input.source = sources[(data[0] >> 2) % 3];
	input.text = (const char *)data + 1;
	input.length = size - 1;
	rewrite_statement(&input, target_of(data[0] % TARGETS), &arena, &plan);
	MUST(plan.action != PLAN_RUN || (plan.step_count == 1 && plan.steps[0].sql == input.text &&
						plan.steps[0].length == input.length));
	MUST(plan.action != PLAN_STOP || plan.stop_text);
	/* what is put together ends where it should; version comments may end elsewhere for another version
	 */
	for (size_t i = 0;
		i < plan.step_count && plan.action == PLAN_REWRITE && !memchr(data + 1, '!', size - 1); i++) {
		struct lexer_options options = {.source = target_of(data[0] % TARGETS)->server};
		struct token_list tokens = TOKEN_LIST_INIT;

		token_list_read(&tokens, plan.steps[i].sql, plan.steps[i].length, &options, false);
		MUST(!tokens.bad);
		token_list_release(&tokens);
	}
	arena_release(&arena);
	return 0;
}
