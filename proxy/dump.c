/* "changeling dump": prints binary log files, decodes them without printing, or verifies them. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "binlog/file.h"
#include "binlog/render.h"
#include "binlog/transaction.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"
#include "proxy/input.h"

struct dump {
	bool json, decode_only, verify;
	struct renderer *renderer;
	struct assembler *assembler; /* --verify */
	/* of the file in hand */
	const char *path; /* as it was named: for errors */
	const char *file; /* its last part: for what is printed */
	uint64_t start, stop; /* offsets; stop 0 = its end */
	struct binlog_format format;
	uint64_t transactions;
	uint64_t last_end; /* where the last transaction that is whole ends */
	bool in_use;
	/* events whose content is broken, and the first one's error; their lines say so, and what follows is printed */
	uint64_t broken;
	struct error first_broken;
};

static int write_output(void *context, const char *bytes, size_t length, struct error *error)
{
	(void)context;
	if (fwrite(bytes, 1, length, stdout) != length)
		return error_set(
			error, ERROR_STOP, "Standard output cannot be written: %s.", strerror(errno));
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The assembler knows what must follow what; its transactions are not needed. */
static int verify_event(struct dump *dump, const uint8_t *bytes, size_t length, struct error *error)
{
	struct transaction *transaction;

	if (assembler_push(dump->assembler, bytes, length, error) < 0)
		return -1;
	while ((transaction = assembler_next(dump->assembler))) {
		if (transaction->kind != TRANSACTION_OPEN && transaction->kind != TRANSACTION_RESTART) {
			dump->transactions++;
			dump->last_end = transaction->end.offset;
		}
		transaction_free(transaction);
	}
	return 0;
}

static int name_place(const struct dump *dump, const struct event *event, uint64_t begin, struct error *error)
{
	const char *name = event_type_name(event->header.type);

	return error_context(error, "%s:%" PRIu64 ": %s (type %u)", dump->path, begin,
		name ? name : "an unknown event", event->header.type);
}

/* A file begins, or a server was started within it. */
static int take_format(struct dump *dump, const struct event *event, struct error *error)
{
	if (dump->verify && event->header.flags & EVENT_FLAG_RELAY_LOG)
		return error_set(error, ERROR_STOP,
			"this is a relay log, in which a replica's own events stand among its source's. "
			"--verify is for binary logs; without it the file can be printed.");
	if (binlog_format_parse(event, &dump->format, error) < 0)
		return -1;
	dump->in_use = event->header.flags & EVENT_FLAG_IN_USE;
	return 0;
}

/* What stands behind an event whose content is broken can be read: its length, and its checksum if it has one, are right. */
static int go_on_behind(struct dump *dump, const struct error *error)
{
	if (dump->verify || !renderer_can_write(dump->renderer))
		return -1;
	if (dump->broken++ == 0)
		dump->first_broken = *error;
	return 0;
}

static int dump_event(struct dump *dump, const uint8_t *bytes, size_t length, uint64_t begin, uint64_t end,
	struct error *error)
{
	struct event event = {.header = {.type = bytes[4]}};

	if (begin < dump->start && event.header.type != EVENT_FORMAT_DESCRIPTION) {
		if (event_parse(bytes, length, &dump->format, &event, error) == 0)
			renderer_learn(dump->renderer, &event, &dump->format);
		error_clear(error); /* the event is not asked for */
		return 0;
	}
	if (event_parse(bytes, length, &dump->format, &event, error) < 0)
		return name_place(dump, &event, begin, error);
	if (event.header.type == EVENT_FORMAT_DESCRIPTION && take_format(dump, &event, error) < 0)
		return name_place(dump, &event, begin, error);
	if (!dump->format.known && event.header.type != EVENT_ROTATE) {
		error_set(
			error, ERROR_CORRUPT, "a format description was expected at the start of the file.");
		return name_place(dump, &event, begin, error);
	}
	if (begin >= dump->start &&
		renderer_event(dump->renderer, &event, &dump->format, dump->file, begin, end, error) < 0) {
		name_place(dump, &event, begin, error);
		return go_on_behind(dump, error);
	}
	return dump->verify ? verify_event(dump, bytes, length, error) : 0;
}

static void start_file(struct dump *dump, const char *path)
{
	struct position position = {.offset = 4}; /* of the format description, wherever the rest starts */

	dump->path = strcmp(path, "-") == 0 ? "(standard input)" : path;
	dump->file = strcmp(path, "-") == 0 ? dump->path : base_name(path);
	dump->format = (struct binlog_format){0};
	dump->transactions = 0;
	dump->in_use = false;
	dump->last_end = 4;
	renderer_begin_file(dump->renderer, dump->file);
	snprintf(position.file, sizeof(position.file), "%s", dump->file);
	if (dump->assembler)
		assembler_start(dump->assembler, &position, CHECKSUM_OFF);
}

/* Is the next event one to stop before? What stands there is not read: it may be broken, or not written yet. */
static bool is_stop(const struct dump *dump, const struct binlog_file *file)
{
	return dump->stop && binlog_file_end(file) >= dump->stop;
}

/* The file has no more, or what it has is no event. */
static int end_of_file(const struct dump *dump, struct binlog_file *file, FILE *stream, int rc, struct error *error)
{
	if (rc < 0 && error->kind == ERROR_CORRUPT && dump->in_use && feof(stream))
		error_advice(error, "The file was not closed: the server was writing it, or has crashed; "
				    "what stands before is whole.");
	if (rc == 0 && binlog_file_end(file) < dump->start)
		return error_set(error, ERROR_STOP, "%s ends at %" PRIu64 ", before --start-position=%" PRIu64 ".", dump->path,
			binlog_file_end(file), dump->start);
	return rc;
}

static int dump_events(struct dump *dump, struct binlog_file *file, FILE *stream, struct error *error)
{
	const uint8_t *bytes;
	size_t length;
	int rc;

	while (!is_stop(dump, file)) {
		rc = binlog_file_next(file, &bytes, &length, error);
		if (rc <= 0)
			return end_of_file(dump, file, stream, rc, error);
		if (dump_event(dump, bytes, length, binlog_file_begin(file), binlog_file_end(file), error) <
			0)
			return -1;
	}
	return 0;
}

/* Whole transactions: but for a file that is still written, or one that is read only up to some place. */
static int check_end(const struct dump *dump, const struct binlog_file *file, struct error *error)
{
	if (!assembler_in_group(dump->assembler) || is_stop(dump, file) || dump->in_use)
		return 0;
	return error_set(error, ERROR_CORRUPT,
		"%s:%" PRIu64 ": the file ends inside a transaction, though it was closed: a part of it is missing.", dump->path,
		binlog_file_end(file));
}

static void print_verified(const struct dump *dump, const struct binlog_file *file)
{
	printf("%s: %" PRIu64 " transactions are whole and end at %" PRIu64 "; %s at %" PRIu64 "%s\n",
		dump->file, dump->transactions, dump->last_end,
		is_stop(dump, file) ? "reading stopped" : "the file ends", binlog_file_end(file),
		assembler_in_group(dump->assembler) ? ", inside a transaction" : "");
}

static int dump_stream(struct dump *dump, FILE *stream, const char *path, struct error *error)
{
	struct binlog_file *file;
	int rc;

	start_file(dump, path);
	file = binlog_file_open(stream, dump->path, 0, error);
	if (!file)
		return -1;
	rc = dump_events(dump, file, stream, error);
	if (rc == 0 && dump->verify) {
		print_verified(dump, file);
		rc = check_end(dump, file, error);
	}
	binlog_file_close(file);
	return rc;
}

static int dump_path(struct dump *dump, const char *path, struct error *error)
{
	FILE *stream;
	int rc;

	if (strcmp(path, "-") == 0)
		return dump_stream(dump, stdin, path, error);
	stream = fopen(path, "rb");
	if (!stream)
		return error_set(error, ERROR_STOP, "%s cannot be opened: %s.", path, strerror(errno));
	rc = dump_stream(dump, stream, path, error);
	fclose(stream);
	return rc;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void put_by_type(const struct dump *dump, struct buffer *out)
{
	const struct render_counts *counts = renderer_counts(dump->renderer);
	bool first = true;

	if (dump->json)
		buffer_puts(out, ",\"events_by_type\":{");
	for (unsigned type = 0; type < 256; type++) {
		if (!counts->by_type[type])
			continue;
		buffer_puts(out, dump->json ? (first ? "\"" : ",\"") : "  ");
		render_type_name(type, out);
		if (dump->json)
			buffer_printf(out, "_%u\":%" PRIu64, type, counts->by_type[type]);
		else
			buffer_printf(out, " (%u): %" PRIu64 "\n", type, counts->by_type[type]);
		first = false;
	}
	if (dump->json)
		buffer_puts(out, "}}\n");
}

static void print_summary(const struct dump *dump, double seconds)
{
	const struct render_counts *counts = renderer_counts(dump->renderer);
	struct buffer out = BUFFER_INIT;

	if (seconds <= 0)
		seconds = 1e-9;
	buffer_printf(&out,
		dump->json ? "{\"events\":%" PRIu64 ",\"rows\":%" PRIu64 ",\"values\":%" PRIu64
			     ",\"event_bytes\":%" PRIu64 ",\"row_bytes\":%" PRIu64
			     ",\"seconds\":%.6f,\"rows_per_second\":%.0f,\"bytes_per_second\":%.0f"
			   : "%" PRIu64 " events, %" PRIu64 " rows, %" PRIu64 " values, %" PRIu64
			     " bytes (%" PRIu64 " of rows) in %.3f s: %.0f rows/s, %.0f bytes/s\n",
		counts->events, counts->rows, counts->values, counts->event_bytes, counts->row_bytes, seconds,
		(double)counts->rows / seconds, (double)counts->event_bytes / seconds);
	put_by_type(dump, &out);
	fputs(buffer_text(&out), stdout);
	buffer_release(&out);
}

static int parse_offset(const char *name, const char *text, uint64_t *offset, struct error *error)
{
	char *end;

	if (!text)
		return 0;
	errno = 0;
	*offset = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-')
		return error_set(error, ERROR_USAGE, "--%s=%s is not an offset in a file.", name, text);
	return 0;
}

/* All files, as if they were one that `start` lies in the first of and `stop` in the last. */
static int dump_paths(struct dump *dump, int files, char **paths, uint64_t start, uint64_t stop,
	struct error *error)
{
	for (int i = 0; i < files; i++) {
		dump->start = i == 0 ? start : 0;
		dump->stop = i == files - 1 ? stop : 0;
		if (dump_path(dump, paths[i], error) < 0)
			return -1;
	}
	return 0;
}

/* What was printed has events that are not whole. */
static int tell_broken(const struct dump *dump, struct error *error)
{
	if (!dump->broken)
		return 0;
	*error = dump->first_broken;
	if (dump->broken > 1)
		error_advice(error, "(It is the first of %" PRIu64 " such events; the line of each says so.)",
			dump->broken);
	return -1;
}

static int run_dump(struct dump *dump, int files, char **paths, uint64_t start, uint64_t stop,
	struct error *error)
{
	struct assembler_limits limits = {.part_bytes = 1 << 20};
	enum render_form form = dump->decode_only || dump->verify ? RENDER_NOTHING
				: dump->json			  ? RENDER_JSON
								  : RENDER_TEXT;
	double began = now_seconds();
	struct error flush_error = {0};
	int result;

	dump->renderer = renderer_new(form, 0, 0, write_output, NULL);
	if (dump->verify)
		dump->assembler = assembler_new(&limits);
	result = dump_paths(dump, files, paths, start, stop, error);
	if (renderer_flush(dump->renderer, &flush_error) < 0 && result == 0) {
		*error = flush_error;
		result = -1;
	}
	if (dump->decode_only && result == 0)
		print_summary(dump, now_seconds() - began);
	renderer_free(dump->renderer);
	assembler_free(dump->assembler);
	if (fflush(stdout) != 0 && result == 0)
		result = error_set(
			error, ERROR_STOP, "Standard output cannot be written: %s.", strerror(errno));
	return result == 0 ? tell_broken(dump, error) : result;
}

/* What an option asks for that no file can give, or two that cannot both be had. */
static int check_options(const struct dump *dump, const char *stop_text, uint64_t stop, struct error *error)
{
	if (stop_text && stop < 4)
		return error_set(error, ERROR_USAGE, "--stop-position=%s: the first event starts at 4.", stop_text);
	if (dump->verify && (dump->json || dump->decode_only))
		return error_set(error, ERROR_USAGE, "--verify prints nothing but what it found: leave out --%s.",
			dump->json ? "json" : "decode-only");
	return 0;
}

int dump_command(int argc, char **argv)
{
	struct dump dump = {0};
	const char *start_text = NULL, *stop_text = NULL;
	uint64_t start = 0, stop = 0;
	const struct argument arguments[] = {
		{"json", NULL, "one JSON object a line, with row values", NULL, &dump.json},
		{"decode-only", NULL, "decode every value, print counts and rates", NULL, &dump.decode_only},
		{"verify", NULL, "check that the events make whole transactions (of binary logs, not relay logs)", NULL, &dump.verify},
		{"start-position", "N", "print events that start at offset N of the first file or behind",
			&start_text, NULL},
		{"stop-position", "N",
			"stop before the first event that starts at offset N of the last file or behind",
			&stop_text, NULL},
	};
	const size_t count = sizeof(arguments) / sizeof(arguments[0]);
	const char *name = argv[0]; /* the files take its place */
	char from_input[] = "-";
	struct error error = {0};
	int files = 0;

	if (command_wants_help(argc, argv)) {
		command_print(name);
		arguments_print(arguments, count);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, count, &files, &error) < 0 ||
		parse_offset("start-position", start_text, &start, &error) < 0 ||
		parse_offset("stop-position", stop_text, &stop, &error) < 0 ||
		check_options(&dump, stop_text, stop, &error) < 0)
		return command_fail(name, &error);
	if (files == 0 && input_is_redirected()) {
		argv[0] = from_input;
		files = 1;
	}
	if (files == 0) {
		error_set(&error, ERROR_USAGE,
			"Name the binary log files to read, or \"-\" for standard input.");
		return command_fail(name, &error);
	}
	signal(SIGPIPE, SIG_DFL); /* "| head" ends it in silence */
	if (run_dump(&dump, files, argv, start, stop, &error) < 0) {
		command_fail(name, &error);
		return EXIT_PERSON;
	}
	return EXIT_OK;
}
