/* A binary log file, printed in the form that its length chooses, by the reader and the decoders that `dump`
 * uses. */
#include <stdio.h>

#include "binlog/file.h"
#include "binlog/render.h"
#include "fuzz.h"
#include "stream.h"

static int swallow(void *context, const char *bytes, size_t length, struct error *error)
{
	(void)error;
	*(size_t *)context += length + (bytes[0] == '\0');
	return 0;
}

static void print(struct binlog_file *file, enum render_form form)
{
	size_t written = 0, length;
	struct renderer *renderer = renderer_new(form, 1 << 20, 1 << 20, swallow, &written);
	struct binlog_format format = {0};
	struct error error = {0};
	struct event event;
	const uint8_t *bytes;

	while (binlog_file_next(file, &bytes, &length, &error) > 0) {
		MUST(binlog_file_end(file) - binlog_file_begin(file) == length);
		if (event_parse(bytes, length, &format, &event, &error) < 0)
			break;
		if (event.header.type == EVENT_FORMAT_DESCRIPTION &&
			binlog_format_parse(&event, &format, &error) < 0)
			break;
		if (renderer_event(renderer, &event, &format, "f", binlog_file_begin(file),
			    binlog_file_end(file), &error) < 0)
			break;
	}
	renderer_flush(renderer, &error);
	renderer_free(renderer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = {0};
	struct binlog_file *file;
	FILE *stream;

	if (size == 0)
		return 0;
	stream = fmemopen((void *)(uintptr_t)data, size, "rb");
	MUST(stream);
	file = binlog_file_open(stream, "f", 1 << 20, &error);
	if (file)
		print(file, (enum render_form)(size % 3));
	binlog_file_close(file);
	fclose(stream);
	return 0;
}
