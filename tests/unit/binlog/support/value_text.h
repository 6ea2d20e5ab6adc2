/* Decoded values in a form that tests compare. */
#ifndef SUPPORT_VALUE_TEXT_H
#define SUPPORT_VALUE_TEXT_H

#include "base/buffer.h"
#include "binlog/rows.h"

/* On one line, close to what a SQL literal looks like: NULL, -5, 1.1e0, 12.50, '2024-02-29', 'text', x'00ff',
 * b'101'; ENUM and SET by name where the master told the names, else by number. Text is shown as UTF-8 where
 * it is valid UTF-8, otherwise (and for binary columns) in hexadecimal; nothing is cut. An absent value gives
 * "@absent", a partial update of JSON its diffs. What cannot be decoded is shown as its raw bytes in
 * hexadecimal. */
void value_put_text(const struct value *value, const struct table_column *column, struct buffer *out);

/* The same as a JSON value: numbers as numbers except DECIMAL, which is a string of digits; JSON columns as
 * the document itself; bytes that are not text as {"hex": "00ff"}; a partial update as {"diff": […]}; SET as
 * an array of names where these are known. An absent value gives null: callers leave such columns out. */
void value_put_json(const struct value *value, const struct table_column *column, struct buffer *out);

#endif
