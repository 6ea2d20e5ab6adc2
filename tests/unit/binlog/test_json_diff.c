/* Partial updates of JSON documents: applied, as SQL, as text. */
#include "support.h"

#include "binlog/json.h"
#include "binlog/json_path.h"

/* {"a": [1, {"k": "v"}], "b": 2} */
#define DOCUMENT "0002002c001200010013000100021400050200616202001800050100000a0001000e000b0001000c0c006b0176"

static void put_diff(struct buffer *out, unsigned operation, const char *path, const char *value)
{
	struct buffer bytes = BUFFER_INIT;

	buffer_putc(out, (char)operation);
	buffer_putc(out, (char)strlen(path));
	buffer_puts(out, path);
	if (value) {
		put_hex(&bytes, value);
		buffer_putc(out, (char)bytes.length);
		buffer_append(out, bytes.data, bytes.length);
	}
	buffer_release(&bytes);
}

static int apply(
	const struct buffer *document, const struct buffer *diffs, struct buffer *result, struct error *error)
{
	uint8_t *exact = malloc(document->length + 1), *exact_diffs = malloc(diffs->length + 1);
	int rc;

	if (document->length)
		memcpy(exact, document->data, document->length);
	if (diffs->length)
		memcpy(exact_diffs, diffs->data, diffs->length);
	buffer_clear(result);
	rc = json_apply_diffs(exact, document->length, exact_diffs, diffs->length, result, error);
	free(exact);
	free(exact_diffs);
	return rc;
}

struct step {
	unsigned operation;
	const char *path, *value;
};

/* Applies the steps to DOCUMENT in one go and compares the text, or the error. */
static void assert_steps(
	const struct step *steps, const char *text, const char *failure, enum error_kind kind)
{
	struct buffer document = BUFFER_INIT, diffs = BUFFER_INIT, result = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	put_hex(&document, DOCUMENT);
	for (; steps->path; steps++)
		put_diff(&diffs, steps->operation, steps->path, steps->value);
	if (apply(&document, &diffs, &result, &error) < 0) {
		if (!failure)
			fail_msg("%s", error.text);
		assert_error(&error, kind, failure);
		assert_int_equal(result.length, 0);
	} else {
		assert_null(failure);
		if (json_put_text((uint8_t *)result.data, result.length, &out, &error) < 0)
			fail_msg("%s", error.text);
		assert_string_equal(buffer_text(&out), text);
	}
	buffer_release(&document);
	buffer_release(&diffs);
	buffer_release(&result);
	buffer_release(&out);
}

#define REPLACE 0
#define INSERT 1
#define REMOVE 2
#define STEPS(...) ((const struct step[]){__VA_ARGS__, {0, NULL, NULL}})
#define ONE "050100"
#define EMPTY_ARRAY "02 0000 0400"

static void each_operation(void **state)
{
	(void)state;
	assert_steps(STEPS({REPLACE, "$.b", "050200"}), "{\"a\": [1, {\"k\": \"v\"}], \"b\": 2}", NULL, 0);
	assert_steps(
		STEPS({REPLACE, "$.b", "0c0178"}), "{\"a\": [1, {\"k\": \"v\"}], \"b\": \"x\"}", NULL, 0);
	assert_steps(
		STEPS({REPLACE, "$.a[0]", "0401"}), "{\"a\": [true, {\"k\": \"v\"}], \"b\": 2}", NULL, 0);
	assert_steps(
		STEPS({REPLACE, "$.a[last].k", "0400"}), "{\"a\": [1, {\"k\": null}], \"b\": 2}", NULL, 0);
	assert_steps(STEPS({REPLACE, "$.a[last-1]", "0400"}), "{\"a\": [null, {\"k\": \"v\"}], \"b\": 2}",
		NULL, 0);
	assert_steps(STEPS({REPLACE, "$", ONE}), "1", NULL, 0);
	assert_steps(
		STEPS({INSERT, "$.c", ONE}), "{\"a\": [1, {\"k\": \"v\"}], \"b\": 2, \"c\": 1}", NULL, 0);
	assert_steps(
		STEPS({INSERT, "$.\"\"", ONE}), "{\"\": 1, \"a\": [1, {\"k\": \"v\"}], \"b\": 2}", NULL, 0);
	assert_steps(STEPS({INSERT, "$.aa", ONE}, {INSERT, "$.\"a a\"", ONE}),
		"{\"a\": [1, {\"k\": \"v\"}], \"b\": 2, \"aa\": 1, \"a a\": 1}", NULL, 0);
	assert_steps(STEPS({INSERT, "$.a[0]", EMPTY_ARRAY}), "{\"a\": [[], 1, {\"k\": \"v\"}], \"b\": 2}",
		NULL, 0);
	assert_steps(STEPS({INSERT, "$.a[2]", ONE}), "{\"a\": [1, {\"k\": \"v\"}, 1], \"b\": 2}", NULL, 0);
	assert_steps(STEPS({INSERT, "$.a[99]", ONE}), "{\"a\": [1, {\"k\": \"v\"}, 1], \"b\": 2}", NULL, 0);
	assert_steps(STEPS({INSERT, "$.a[last]", "0402"}), "{\"a\": [1, false, {\"k\": \"v\"}], \"b\": 2}",
		NULL, 0);
	assert_steps(STEPS({INSERT, "$.a[last-5]", "0402"}), "{\"a\": [false, 1, {\"k\": \"v\"}], \"b\": 2}",
		NULL, 0);
	assert_steps(STEPS({REMOVE, "$.a", NULL}), "{\"b\": 2}", NULL, 0);
	assert_steps(STEPS({REMOVE, "$.a[1]", NULL}), "{\"a\": [1], \"b\": 2}", NULL, 0);
	assert_steps(STEPS({REMOVE, "$.b", NULL}, {REMOVE, "$.a", NULL}), "{}", NULL, 0);
}

static void later_diffs_see_earlier_ones(void **state)
{
	(void)state;
	assert_steps(STEPS({INSERT, "$.n", EMPTY_ARRAY}, {INSERT, "$.n[0]", "00 0000 0400"},
			     {INSERT, "$.n[0].x", "0b000000000000f83f"}, {REPLACE, "$.n[0].x", "0c03616263"},
			     {INSERT, "$.n[1]", "0700000100"}),
		"{\"a\": [1, {\"k\": \"v\"}], \"b\": 2, \"n\": [{\"x\": \"abc\"}, 65536]}", NULL, 0);
	assert_steps(STEPS({REPLACE, "$", "02 0100 0700 05 0500"}, {INSERT, "$[0]", "0400"},
			     {REMOVE, "$[1]", NULL}),
		"[null]", NULL, 0);
	assert_steps(STEPS({INSERT, "$.a[0]", ONE}, {INSERT, "$.a[0]", ONE}, {INSERT, "$.a[0]", ONE},
			     {INSERT, "$.a[0]", ONE}, {INSERT, "$.a[0]", ONE}, {INSERT, "$.a[0]", ONE},
			     {REMOVE, "$.a[last]", NULL}),
		"{\"a\": [1, 1, 1, 1, 1, 1, 1], \"b\": 2}", NULL, 0);
}

static void what_is_not_there_stops(void **state)
{
	static const struct step cases[] = {{REPLACE, "$.c", ONE}, {REPLACE, "$.a[2]", ONE},
		{REPLACE, "$.a[last-2]", ONE}, {REPLACE, "$.a.k", ONE}, {REPLACE, "$[0]", ONE},
		{REPLACE, "$.b.c", ONE}, {REPLACE, "$.b[0]", ONE}, {REPLACE, "$.c.d", ONE},
		{REMOVE, "$.c", NULL}, {REMOVE, "$.a[2]", NULL}, {REMOVE, "$", NULL}, {INSERT, "$", ONE},
		{INSERT, "$.b", ONE}, {INSERT, "$.a.b", ONE}, {INSERT, "$.b[0]", ONE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_steps(STEPS(cases[i]), NULL, "The row is not the one the master updated.", ERROR_STOP);
}

static void paths(void **state)
{
	static const char *const wrong[] = {"", "a", "$.", "$a", "$[", "$[]", "$[1", "$[x]", "$[-1]",
		"$[4294967296]", "$[99999999999999999999]", "$[last-]", "$[last-x]", "$[last", "$.*", "$[*]",
		"$**.a", "$.\"a", "$.\"\\", "$.\"\\x\"", "$.\"\\u12\"", "$.\"\\u12g4\"", "$.\"\\ud800\"",
		"$.\"\\ud800\\n0000\"", "$.\"\\ud800\\u0041\"", "$.a[1 to 2]", "$..a", "$.\"\\\""};
	static const struct {
		const char *path, *name;
	} names[] = {{"$.abc", "abc"}, {" $ . abc ", "abc"}, {"$.\"a b\"", "a b"},
		{"$.\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"$.\"\\u0041\\u00e9\\u20aC\"", "A\xc3\xa9\xe2\x82\xac"},
		{"$.\"x\\ud83d\\ude00y\"", "x\xf0\x9f\x98\x80y"}, {"$.\xc3\xa9_$1", "\xc3\xa9_$1"}};
	struct arena arena = ARENA_INIT;
	struct json_path path;
	struct json_leg leg;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_steps(
			STEPS({REPLACE, wrong[i], ONE}), NULL, "not one of a single place", ERROR_CORRUPT);
	assert_steps(STEPS({REPLACE, "$.a[0", ONE}), NULL, "its path $.a[0 is not one", ERROR_CORRUPT);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(json_path_init(&path, (const uint8_t *)names[i].path, strlen(names[i].path)));
		assert_int_equal(json_path_next(&path, &arena, &leg), 1);
		assert_false(leg.is_cell);
		assert_int_equal(leg.length, strlen(names[i].name));
		assert_memory_equal(leg.name, names[i].name, leg.length);
		assert_int_equal(json_path_next(&path, &arena, &leg), 0);
	}
	assert_true(json_path_init(&path, (const uint8_t *)"$[7] [ last - 3 ]", 17));
	assert_int_equal(json_path_next(&path, &arena, &leg), 1);
	assert_true(leg.is_cell && !leg.from_end && leg.index == 7);
	assert_int_equal(json_path_next(&path, &arena, &leg), 1);
	assert_true(leg.is_cell && leg.from_end && leg.index == 3);
	arena_release(&arena);
}

static void broken_diffs_are_refused(void **state)
{
	static const struct {
		const char *hex, *part;
		enum error_kind kind;
	} cases[] = {{"03 00", "its operation 3 is unknown", ERROR_STOP},
		{"00", "ends inside a path or a value", ERROR_CORRUPT},
		{"00 02 24", "ends inside", ERROR_CORRUPT}, {"00 01 24", "ends inside", ERROR_CORRUPT},
		{"00 01 24 05 01", "ends inside", ERROR_CORRUPT}, {"00 fb", "ends inside", ERROR_CORRUPT},
		{"02 03 242e62 02", "ends inside", ERROR_CORRUPT},
		{"00 03 242e62 01 0d", "unknown type", ERROR_CORRUPT}};
	struct buffer document = BUFFER_INIT, diffs = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	put_hex(&document, DOCUMENT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_clear(&diffs);
		put_hex(&diffs, cases[i].hex);
		assert_int_equal(apply(&document, &diffs, &out, &error), -1);
		assert_error(&error, cases[i].kind, cases[i].part);
		assert_int_equal(
			json_diffs_put_sql("`j`", (uint8_t *)diffs.data, diffs.length, &out, &error), -1);
		assert_error(&error, cases[i].kind, cases[i].part);
		assert_int_equal(json_diffs_put_text((uint8_t *)diffs.data, diffs.length, &out, &error), -1);
		assert_error(&error, cases[i].kind, cases[i].part);
	}
	/* the document is broken where the path leads */
	buffer_clear(&document);
	put_hex(&document, "00 0100 0c00 0b00 0100 0c 0900 61");
	buffer_clear(&diffs);
	put_diff(&diffs, REPLACE, "$.b", ONE);
	assert_int_equal(apply(&document, &diffs, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "outside of its object");
	document.data[7] = 9;
	assert_int_equal(apply(&document, &diffs, &out, &error), -1);
	document.length = 3;
	assert_int_equal(apply(&document, &diffs, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "inside the head");
	buffer_release(&document);
	buffer_release(&diffs);
	buffer_release(&out);
}

static void every_truncation_is_seen(void **state)
{
	struct buffer document = BUFFER_INIT, diffs = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;
	size_t whole, first;

	(void)state;
	put_hex(&document, DOCUMENT);
	put_diff(&diffs, REPLACE, "$.b", "0c0178");
	first = diffs.length;
	put_diff(&diffs, REMOVE, "$.a[0]", NULL);
	whole = diffs.length;
	for (diffs.length = 1; diffs.length < whole; diffs.length++)
		assert_int_equal(apply(&document, &diffs, &out, &error), diffs.length == first ? 0 : -1);
	diffs.length = whole;
	whole = document.length;
	for (document.length = 1; document.length < whole; document.length++)
		assert_int_equal(apply(&document, &diffs, &out, &error), -1);
	buffer_release(&document);
	buffer_release(&diffs);
	buffer_release(&out);
}

/* A container that outgrows 64 KiB gets the large form, in which 32-bit numbers stand in place, and back. */
static void forms_follow_the_size(void **state)
{
	struct buffer document = BUFFER_INIT, diffs = BUFFER_INIT, large = BUFFER_INIT, small = BUFFER_INIT,
		      text = BUFFER_INIT;
	struct error error;

	(void)state;
	put_hex(&document, "0003002000190001001a0001001b000100071c0005feff04010061626300000100");
	put_hex(&diffs, "01 03 242e64 fd741101 0c f0a204");
	for (unsigned i = 0; i < 70000; i++)
		buffer_putc(&diffs, 'x');
	assert_int_equal(apply(&document, &diffs, &large, &error), 0);
	assert_int_equal(large.data[0], 1);
	assert_int_equal(json_put_text((uint8_t *)large.data, large.length, &text, &error), 0);
	assert_memory_equal(text.data, "{\"a\": 65536, \"b\": -2, \"c\": true, \"d\": \"xxx", 40);
	buffer_clear(&diffs);
	put_diff(&diffs, REMOVE, "$.d", NULL);
	assert_int_equal(apply(&large, &diffs, &small, &error), 0);
	assert_int_equal(small.data[0], 0);
	buffer_clear(&text);
	assert_int_equal(json_put_text((uint8_t *)small.data, small.length, &text, &error), 0);
	assert_string_equal(buffer_text(&text), "{\"a\": 65536, \"b\": -2, \"c\": true}");
	buffer_release(&document);
	buffer_release(&diffs);
	buffer_release(&large);
	buffer_release(&small);
	buffer_release(&text);
}

static void names_and_depth_are_bounded(void **state)
{
	struct buffer document = BUFFER_INIT, diffs = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	put_hex(&document, "02 0000 0400");
	for (unsigned depth = 0; depth < 100; depth++) {
		buffer_putc(&diffs, INSERT);
		buffer_putc(&diffs, (char)0xfc);
		buffer_put_le(&diffs, 1 + 3 * (depth + 1), 2);
		buffer_putc(&diffs, '$');
		for (unsigned i = 0; i <= depth; i++)
			buffer_puts(&diffs, "[0]");
		put_hex(&diffs, "05 02 0000 0400");
	}
	assert_int_equal(apply(&document, &diffs, &out, &error), 0); /* the last is a view as level 101 … */
	buffer_putc(&diffs, INSERT);
	buffer_putc(&diffs, (char)0xfc);
	buffer_put_le(&diffs, 1 + 3 * 101, 2);
	buffer_putc(&diffs, '$');
	for (unsigned i = 0; i < 101; i++)
		buffer_puts(&diffs, "[0]");
	put_hex(&diffs, "03 05 0100");
	assert_int_equal(apply(&document, &diffs, &out, &error), -1); /* … and refused once it is opened */
	assert_error(&error, ERROR_CORRUPT, "too large or too deep");
	buffer_clear(&document);
	put_hex(&document, "00 0000 0400");
	buffer_clear(&diffs);
	put_hex(&diffs, "01 fd020001 242e");
	for (unsigned i = 0; i < 65536; i++)
		buffer_putc(&diffs, 'k');
	put_hex(&diffs, "03 05 0100");
	assert_int_equal(apply(&document, &diffs, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "too large or too deep");
	buffer_release(&document);
	buffer_release(&diffs);
	buffer_release(&out);
}

static void as_sql_and_as_text(void **state)
{
	struct buffer diffs = BUFFER_INIT, out = BUFFER_INIT;
	struct error error;

	(void)state;
	assert_int_equal(json_diffs_put_sql("`j`", (const uint8_t *)"", 0, &out, &error), 0);
	assert_string_equal(buffer_text(&out), "`j`");
	buffer_clear(&out);
	put_diff(&diffs, REPLACE, "$.\"it's\"", "0b000000000000f83f");
	put_diff(&diffs, INSERT, "$.a[0]", "0400");
	put_diff(&diffs, INSERT, "$.a[0].\"\\n\"", ONE);
	put_diff(&diffs, REMOVE, "$.b", NULL);
	assert_int_equal(json_diffs_put_sql("`j`", (uint8_t *)diffs.data, diffs.length, &out, &error), 0);
	assert_string_equal(buffer_text(&out),
		"JSON_REMOVE(JSON_INSERT(JSON_ARRAY_INSERT(JSON_REPLACE(`j`,_utf8mb4'$.\"it''s\"',JSON_"
		"EXTRACT(JSON_ARRAY(1.5e0),"
		"'$[0]')),_utf8mb4'$.a[0]',CAST(_utf8mb4'null' AS JSON)),_utf8mb4 "
		"x'242e615b305d2e225c6e22',CAST(_utf8mb4'1' AS JSON)),"
		"_utf8mb4'$.b')");
	buffer_clear(&out);
	assert_int_equal(json_diffs_put_text((uint8_t *)diffs.data, diffs.length, &out, &error), 0);
	assert_string_equal(buffer_text(&out),
		"[{\"op\": \"replace\", \"path\": \"$.\\\"it's\\\"\", \"value\": 1.5}, {\"op\": \"insert\", "
		"\"path\": \"$.a[0]\", \"value\": null}, "
		"{\"op\": \"insert\", \"path\": \"$.a[0].\\\"\\\\n\\\"\", \"value\": 1}, {\"op\": "
		"\"remove\", \"path\": \"$.b\"}]");
	buffer_clear(&diffs);
	put_diff(&diffs, REMOVE, "$.*", NULL);
	assert_int_equal(json_diffs_put_sql("`j`", (uint8_t *)diffs.data, diffs.length, &out, &error), -1);
	assert_error(&error, ERROR_CORRUPT, "$.*");
	buffer_release(&diffs);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation),
		cmocka_unit_test(later_diffs_see_earlier_ones),
		cmocka_unit_test(what_is_not_there_stops),
		cmocka_unit_test(paths),
		cmocka_unit_test(broken_diffs_are_refused),
		cmocka_unit_test(every_truncation_is_seen),
		cmocka_unit_test(forms_follow_the_size),
		cmocka_unit_test(names_and_depth_are_bounded),
		cmocka_unit_test(as_sql_and_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
