/* Fields of events in both forms. */
#include <string.h>

#include "base/utf8.h"
#include "binlog/render_internal.h"
#include "binlog/render_string.h"

void field_name(struct renderer *renderer, const char *name)
{
	struct buffer *out = &renderer->out;

	if (renderer->form == RENDER_JSON) {
		buffer_puts(out, ",\"");
		buffer_puts(out, name);
		buffer_puts(out, "\":");
	} else {
		buffer_putc(out, ' ');
		buffer_puts(out, name);
		buffer_putc(out, '=');
	}
}

void field_u64(struct renderer *renderer, const char *name, uint64_t value)
{
	if (renderer->form == RENDER_NOTHING)
		return;
	field_name(renderer, name);
	buffer_put_u64(&renderer->out, value);
}

void field_i64(struct renderer *renderer, const char *name, int64_t value)
{
	if (renderer->form == RENDER_NOTHING)
		return;
	field_name(renderer, name);
	buffer_put_i64(&renderer->out, value);
}

void field_hex(struct renderer *renderer, const char *name, uint64_t value)
{
	if (renderer->form == RENDER_NOTHING)
		return;
	field_name(renderer, name);
	if (renderer->form == RENDER_JSON)
		buffer_put_u64(&renderer->out, value);
	else
		buffer_printf(&renderer->out, "0x%llx", (unsigned long long)value);
}

void field_bool(struct renderer *renderer, const char *name, bool value)
{
	if (renderer->form == RENDER_NOTHING)
		return;
	field_name(renderer, name);
	if (renderer->form == RENDER_JSON)
		buffer_puts(&renderer->out, value ? "true" : "false");
	else
		buffer_putc(&renderer->out, value ? '1' : '0');
}

void field_text(struct renderer *renderer, const char *name, const void *text, size_t length)
{
	if (renderer->form == RENDER_NOTHING)
		return;
	field_name(renderer, name);
	if (renderer->form == RENDER_JSON) {
		if (utf8_valid(text, length)) {
			buffer_put_json(&renderer->out, text, length);
		} else { /* a string would lose its bytes */
			render_put_hex_object(text, length, &renderer->out);
		}
	} else {
		render_put_quoted(text, length, &renderer->out);
	}
}

void field_bytes(struct renderer *renderer, const char *name, const void *bytes, size_t length)
{
	if (renderer->form == RENDER_NOTHING)
		return;
	field_name(renderer, name);
	if (renderer->form == RENDER_JSON)
		buffer_putc(&renderer->out, '"');
	buffer_put_hex(&renderer->out, bytes, length);
	if (renderer->form == RENDER_JSON)
		buffer_putc(&renderer->out, '"');
}

void field_line(struct renderer *renderer)
{
	if (renderer->form == RENDER_TEXT)
		buffer_puts(&renderer->out, "\n#  ");
}
