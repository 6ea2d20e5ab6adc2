/* Binary JSON: text, SQL, and partial updates applied to it. What applying gives must be a document again.
 *
 * Input: the length of the document in two bytes, little-endian, the document, and then diffs. */
#include "binlog/json.h"
#include "fuzz.h"

#define OUTPUT_MAXIMUM ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer out, result;
	struct error error;
	size_t length;
	int text;

	if (size < 2)
		return 0;
	length = data[0] | (size_t)data[1] << 8;
	if (length > size - 2)
		length = size - 2;
	buffer_init(&out, OUTPUT_MAXIMUM);
	buffer_init(&result, OUTPUT_MAXIMUM);
	data += 2;
	size -= 2;
	text = json_put_text(data, length, &out, &error);
	buffer_clear(&out);
	/* otherwise one reads less carefully than the other */
	MUST(json_put_sql(data, length, &out, &error) == text);
	MUST(text < 0 || json_needs_exact(data, length, &error) >= 0);
	buffer_clear(&out);
	json_diffs_put_text(data + length, size - length, &out, &error);
	buffer_clear(&out);
	json_diffs_put_sql("`j`", data + length, size - length, &out, &error);
	buffer_clear(&out);
	if (json_apply_diffs(data, length, data + length, size - length, &result, &error) == 0 &&
		buffer_ok(&result))
		json_put_text((const uint8_t *)buffer_text(&result), result.length, &out, &error);
	buffer_release(&out);
	buffer_release(&result);
	return 0;
}
