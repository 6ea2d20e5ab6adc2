/* MySQL's binary JSON (3.8): to text as the server prints it, to a loss-free SQL expression, and partial
 * updates applied to a document. */
#ifndef BINLOG_JSON_H
#define BINLOG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define JSON_DEPTH_MAXIMUM 100

/* The server's own text of the document (CAST(doc AS CHAR)); a document of 0 bytes is null. */
int json_put_text(const uint8_t *document, size_t length, struct buffer *out, struct error *error);

/* Does the text form lose anything on its way through CAST(… AS JSON): doubles, decimals, temporals, opaque
 * values inside, and whole numbers that would change between signed and unsigned. -1 on a broken document, 0
 * no, 1 yes. */
int json_needs_exact(const uint8_t *document, size_t length, struct error *error);

/* A MySQL expression that builds the very document: JSON_OBJECT(…), JSON_ARRAY(…), literals with their types
 * (3.8, "exact"). All text is written as utf8mb4 literals, in hexadecimal or such that they are valid in any
 * sql_mode. Opaque values of the types BIT, BINARY, BLOB and TIMESTAMP take a subquery on JSON_TABLE, which
 * MySQL has from 8.0.4 on; types that no expression has (VARBINARY of 5.7 as 253, YEAR of 5.7 as 13) become
 * VARBINARY. The session's sql_mode must allow zero dates and invalid ones where the document has such. */
int json_put_sql(const uint8_t *document, size_t length, struct buffer *out, struct error *error);

/* Applies the diffs of a partial update (2.15) to a document and appends the new one, in binary form, to
 * `out`. A path that the document does not have is ERROR_STOP for REPLACE and REMOVE. */
int json_apply_diffs(const uint8_t *document, size_t length, const uint8_t *diffs, size_t diffs_length,
	struct buffer *out, struct error *error);

/* The diffs as a MySQL expression over `column` (JSON_REPLACE(JSON_REMOVE(col, …) …)), for row images that
 * lack the document. */
int json_diffs_put_sql(const char *column_sql, const uint8_t *diffs, size_t diffs_length, struct buffer *out,
	struct error *error);

/* The diffs as JSON text for `dump`. */
int json_diffs_put_text(const uint8_t *diffs, size_t diffs_length, struct buffer *out, struct error *error);

#endif
