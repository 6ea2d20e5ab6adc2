/* Parts of the statements that write rows; render.h is for those who want whole ones. Of `put` functions: 0, or -1 with an
 * error that names the column, and then the text is incomplete. */
#ifndef APPLIER_RENDER_PARTS_H
#define APPLIER_RENDER_PARTS_H

#include "applier/render.h"

/* The target's column for the source's one; NULL = it has none. */
static inline const struct target_column *render_column(const struct table_binding *binding, uint32_t source)
{
	int at = binding->to_target[source];

	return at < 0 ? NULL : &binding->table->columns[at];
}

/* Is the source's column written: there, with a value, not generated? */
bool render_writes(const struct table_binding *binding, const struct value *image, uint32_t source);
/* A timestamp that would set itself keeps its value when the image does not tell another. */
bool render_keeps_itself(const struct table_binding *binding, const struct value *after, unsigned target_column);
/* Does the old image tell all of the key by which rows are found? */
bool render_key_in_image(const struct row_change *row);

int render_put_value(struct buffer *out, const struct table_binding *binding, const struct value *image, uint32_t source,
	enum literal_use use, const struct render_options *options, struct error *error);
/* column = value; null_safe: <=> */
int render_put_condition(struct buffer *out, const struct table_binding *binding, const struct value *image, uint32_t source,
	bool null_safe, const struct render_options *options, struct error *error);
/* A condition that only this value of the column fulfils: NULL-safe and to the byte. */
int render_put_match(struct buffer *out, const struct table_binding *binding, const struct value *image, uint32_t source,
	const struct render_options *options, struct error *error);
/* Conditions that only rows with all values of the old image fulfil: NULL-safe and to the byte. */
int render_put_image(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);
/* Conditions that only the row with the old image's key fulfils, which is in it. */
int render_put_key(struct buffer *out, const struct row_change *row, const struct render_options *options, struct error *error);
/* WHERE for the row's old image: by its key, else by every column. */
int render_put_where(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);
/* The names of the columns that the new image writes, and their values, with commas between. */
void render_put_columns(struct buffer *out, const struct row_change *row);
int render_put_values(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);

/* Whole statements, whatever the row's kind and table. */
int render_put_insert(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);
int render_put_update(struct buffer *out, const struct row_change *row, const struct render_options *options,
	struct error *error);

#endif
