/* Texts of JSON values and their parts, shared by the json*.c files. Private to the room. */
#ifndef BINLOG_JSON_PUT_H
#define BINLOG_JSON_PUT_H

#include "base/buffer.h"
#include "binlog/json_reader.h"

/* A string in double quotes, escaped as the server does it. */
void json_put_quoted(const uint8_t *text, size_t length, struct buffer *out);
/* A value with all below it; `depth` is that of the containers around it. */
bool json_put_value(
	struct json_reader *reader, const struct json_value *value, unsigned depth, struct buffer *out);
/* Does the text form of the value, or of one below it, lose its type or its digits: 0 or 1, -1 when broken.
 */
int json_value_needs_exact(struct json_reader *reader, const struct json_value *value, unsigned depth);
/* Text as a literal of character set utf8mb4 that every sql_mode reads alike. */
void json_put_sql_text(const uint8_t *text, size_t length, struct buffer *out);
/* A document as a SQL expression of the type JSON. */
bool json_put_sql_value(struct json_reader *reader, const struct json_value *value, struct buffer *out);

#endif
