/* `changeling check`. */
#include "proxy/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/check_target.h"
#include "applier/internal.h"
#include "base/memory.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"
#include "proxy/same_server.h"
#include "proxy/source_preflight.h"

/* Where the lines of a check go. */
struct sheet {
	const char *side, *user; /* what is looked at, and as whom */
	unsigned failed, warned, lines;
	bool quiet;	  /* only the first failure is kept, and what is to know about the start position */
	char first[1600]; /* the first failure as a sentence */
	char start[1200]; /* the start position's warning as sentences */
	json_t *json;	  /* NULL = as text */
};

static const char *const words[] = {"ok", "warn", "fail"};

static void put_sentence(struct sheet *sheet, const char *item, const char *found, const char *mend)
{
	size_t length = strlen(found);

	snprintf(sheet->first, sizeof(sheet->first), "the %s does not do (as %s): %s: %.1300s%s%s%s", sheet->side,
		sheet->user, item, found, length && found[length - 1] == '.' ? "" : ".", *mend ? " " : "",
		mend);
}

static void take_line(
	void *context, enum check_result result, const char *item, const char *found, const char *mend)
{
	struct sheet *sheet = context;
	char shown[2600]; /* as servers say it, on a terminal */

	printable_copy(shown, sizeof(shown), found ? found : "");
	found = shown;
	sheet->lines++;
	sheet->failed += result == CHECK_FAIL;
	sheet->warned += result == CHECK_WARN;
	if (result == CHECK_FAIL && !sheet->first[0])
		put_sentence(sheet, item, found, mend ? mend : "");
	if (result == CHECK_WARN && strcmp(item, "start position") == 0)
		snprintf(sheet->start, sizeof(sheet->start), "%.700s. %.400s", found, mend ? mend : "");
	if (sheet->quiet)
		return;
	if (sheet->json) {
		json_t *line = json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "side", sheet->side, "result",
			words[result], "item", item, "found", found, "mend", mend);

		json_array_append_new(sheet->json, line ? line : json_null());
		return;
	}
	printf("%-5s %-34s %s\n", words[result], item, found);
	if (mend && result != CHECK_OK)
		printf("%-40s -> %s\n", "", mend);
}

static void check_the_target(const struct settings *settings, struct target *target, struct sheet *sheet)
{
	struct capabilities capabilities;
	struct error error = {.kind = ERROR_NONE};

	sheet->side = "target";
	sheet->user = settings->target.user;
	capabilities_init(&capabilities);
	target_be_patient(target); /* it looks at every table that there is */
	if (capabilities_probe(&settings->target, &capabilities, &error) < 0 ||
		target_check(target, &capabilities, settings->target.schema, take_line, sheet, &error) < 0)
		take_line(sheet, CHECK_FAIL, "looking", error.text, NULL);
	capabilities_release(&capabilities);
}

int check_quietly(const struct settings *settings, struct source *source, const struct source_start *start,
	struct target *target, char **start_warning, struct error *error)
{
	struct sheet sheet = {.side = "source", .user = settings->source.user, .quiet = true};

	source_check(source, &settings->source, start, take_line, &sheet);
	check_the_target(settings, target, &sheet);
	*start_warning = sheet.start[0] && !sheet.failed ? memory_strdup(sheet.start) : NULL;
	return sheet.failed ? error_set(error, ERROR_STOP, "%s", sheet.first) : 0;
}

/* Nothing is said of a source that cannot be reached: its own lines do. */
static void check_two_servers(struct source *source, struct target *target, struct sheet *sheet)
{
	struct error error = {.kind = ERROR_NONE};
	struct arena arena = ARENA_INIT;

	if (source_connect(source, &error) < 0)
		return;
	if (!same_server(source, target, &arena)) {
		take_line(sheet, CHECK_OK, "two servers", "source and target are not the same one", NULL);
	} else {
		same_server_refuse(source, target, &error);
		take_line(sheet, CHECK_FAIL, "two servers", error.text, NULL);
	}
	source_disconnect(source);
	arena_release(&arena);
}

/* The target first, as its checkpoint says what the source is asked for; its lines come last. */
static void check_both(const struct settings *settings, struct sheet *sheet)
{
	struct source *source = source_new(&settings->source);
	struct checkpoint checkpoint = {.epoch = 0};
	struct source_start start = {.gtid_set = NULL};
	struct error error = {.kind = ERROR_NONE}, read_error = {.kind = ERROR_NONE};
	struct target *target = NULL;
	bool found = false;
	int connected = target_connect(&target, &settings->target, NULL, &error), read = 0;

	if (connected == 0)
		read = checkpoint_read(target, settings->target.schema, settings->applier.channel,
			&checkpoint, &found, &read_error);
	if (found) {
		start.position = checkpoint.position;
		if (settings->config->source.use_gtid &&
			(*checkpoint.gtid_set || !checkpoint.position.file[0]))
			start.gtid_set = checkpoint.gtid_set;
	}
	sheet->side = "source";
	source_check(source, &settings->source, found ? &start : NULL, take_line, sheet);
	sheet->side = "target";
	if (connected < 0) {
		take_line(sheet, CHECK_FAIL, "target connection", error.text, NULL);
	} else {
		char place[BINLOG_NAME_MAXIMUM + 64];

		snprintf(place, sizeof(place), "%s:%llu", checkpoint.position.file,
			(unsigned long long)checkpoint.position.offset);
		if (read < 0)
			take_line(sheet, CHECK_FAIL, "start position", read_error.text, NULL);
		else
			take_line(sheet, found ? CHECK_OK : CHECK_FAIL, "start position",
				!found			      ? "none for this channel"
				: checkpoint.position.file[0] ? place
							      : checkpoint.gtid_set,
				found ? NULL : "Run change-master.");
		check_two_servers(source, target, sheet);
		check_the_target(settings, target, sheet);
	}
	target_close(target);
	checkpoint_release(&checkpoint);
	source_free(source);
}

int check_command(int argc, char **argv)
{
	const char *state = NULL, *directory;
	bool as_json = false;
	const struct argument arguments[] = {
		STATE_ARGUMENT(state),
		{"json", NULL, "an array of objects", NULL, &as_json},
	};
	struct error error = {.kind = ERROR_NONE};
	struct sheet sheet = {.side = "source"};
	struct settings settings = {.config = NULL};
	struct config config;
	int exit_code;

	if (command_wants_help(argc, argv)) {
		command_print("check");
		arguments_print(arguments, 2);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, 2, NULL, &error) < 0)
		return command_fail("check", &error);
	directory = state_directory(state);
	config_init(&config);
	if (config_load(&config, directory, &error) < 0 || config_validate(&config, &error) < 0 ||
		settings_fill(&settings, &config, &error) < 0) {
		exit_code = command_fail("check", &error);
		goto out;
	}
	sheet.json = as_json ? json_array() : NULL;
	check_both(&settings, &sheet);
	if (as_json) {
		json_dumpf(sheet.json, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("%u checked, %u to know about, %u failed\n", sheet.lines, sheet.warned, sheet.failed);
	}
	json_decref(sheet.json);
	exit_code = sheet.failed ? EXIT_PERSON : EXIT_OK;
out:
	settings_release(&settings);
	config_release(&config);
	return exit_code;
}
