/* JSON text: layout, escapes, numbers that read back, bytes that are not UTF-8. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/json_writer.h"

static void assert_text(calo_blob *blob, const char *expected)
{
    assert_int_equal(calo_blob_append(blob, "", 1, NULL), CALO_OK);
    assert_string_equal((const char *)blob->bytes, expected);
    calo_blob_finish(blob);
}

static void layout_is_fixed(void **state)
{
    (void)state;
    calo_blob blob = {0};
    calo_json_writer json = calo_json_start(&blob, NULL);
    calo_json_open(&json, NULL, '{');
    calo_json_unsigned(&json, "count", UINT64_MAX);
    calo_json_boolean(&json, "yes", true);
    calo_json_text(&json, "none", NULL);
    calo_json_open(&json, "empty", '[');
    calo_json_close(&json, ']');
    calo_json_open(&json, "list", '[');
    calo_json_numbers(&json, NULL, (double[]){1, -0.5}, 2);
    calo_json_text(&json, NULL, "a");
    calo_json_close(&json, ']');
    calo_json_close(&json, '}');
    assert_int_equal(json.status, CALO_OK);
    assert_text(&blob, "{\n  \"count\": 18446744073709551615,\n  \"yes\": true,\n  \"none\": null,\n  \"empty\": [],\n"
                       "  \"list\": [\n    [1.0, -0.5],\n    \"a\"\n  ]\n}\n");
}

static void lines_are_lines(void **state)
{
    (void)state;
    calo_blob blob = {0};
    calo_json_writer json = calo_json_start_line(&blob, NULL);
    calo_json_open(&json, NULL, '{');
    calo_json_text(&json, "text", "a\nb");
    calo_json_open(&json, "list", '[');
    calo_json_open(&json, NULL, '{');
    calo_json_unsigned(&json, "n", 1);
    calo_json_boolean(&json, "no", false);
    calo_json_close(&json, '}');
    calo_json_numbers(&json, NULL, (double[]){1, 2}, 2);
    calo_json_close(&json, ']');
    calo_json_close(&json, '}');
    assert_int_equal(json.status, CALO_OK);
    assert_text(&blob, "{\"text\": \"a\\u000ab\", \"list\": [{\"n\": 1, \"no\": false}, [1.0, 2.0]]}");
}

static void texts_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"plain", "\"plain\""},
        {"\"\\/\n\x01\x7f", "\"\\\"\\\\/\\u000a\\u0001\\u007f\""},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa6\x86", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\xa6\x86\""},
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xc3", "\"\xef\xbf\xbd\""},                                                 /* cut off */
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                                 /* overlong */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},                 /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* past U+10FFFF */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_blob blob = {0};
        calo_json_writer json = calo_json_start(&blob, NULL);
        calo_json_text(&json, NULL, cases[i].text);
        assert_text(&blob, cases[i].written);
    }
}

static void numbers_read_back(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *written;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "0.0"},
        {1, "1.0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e300, "1e+300"},
        {5e-324, "4.94065645841247e-324"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_blob blob = {0};
        calo_json_writer json = calo_json_start(&blob, NULL);
        calo_json_number(&json, NULL, cases[i].value);
        if (isfinite(cases[i].value))
            assert_true(strtod(cases[i].written, NULL) == cases[i].value);
        assert_text(&blob, cases[i].written);
    }
}

static void the_locale_does_not_matter(void **state)
{
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        skip();
    calo_blob blob = {0};
    calo_json_writer json = calo_json_start(&blob, NULL);
    calo_json_number(&json, NULL, 1.5);
    setlocale(LC_NUMERIC, "C");
    assert_text(&blob, "1.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_fixed),
        cmocka_unit_test(lines_are_lines),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(numbers_read_back),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
