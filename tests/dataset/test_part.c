/* Parts as lines of JSON, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataset/object_json.h"

static const char sha256[] = "879bc9d2d85e4f3866f0cfef41f5236f9fff5f973380461af9f69cdbed53a0da";

static void parts_come_back(void **state)
{
    (void)state;
    calo_error err = {0};
    calo_object first[] = {{(char *)"a \"b\"\\é.glb", (char *)"/data/a.glb", (char *)sha256}};
    calo_object second[] = {{(char *)"https://h/b.glb", NULL, NULL}, {(char *)"c.obj", NULL, (char *)sha256}};
    calo_sample samples[] = {{7, (char *)"one", first, 1}, {9, (char *)"two", second, 2}};
    calo_part part = {3, (char *)"train/000003", samples, 2}, back;
    char *text = NULL;
    assert_int_equal(calo_part_print(&part, &text, &err), CALO_OK);
    assert_string_equal(
        text, "{\"number\": 3, \"name\": \"train/000003\", \"samples\": [{\"number\": 7, \"name\": \"one\", \"objects\": "
              "[{\"file_identifier\": \"a \\\"b\\\"\\\\é.glb\", \"location\": \"/data/a.glb\", \"sha256\": "
              "\"879bc9d2d85e4f3866f0cfef41f5236f9fff5f973380461af9f69cdbed53a0da\"}]}, {\"number\": 9, \"name\": "
              "\"two\", \"objects\": [{\"file_identifier\": \"https://h/b.glb\"}, {\"file_identifier\": \"c.obj\", "
              "\"sha256\": \"879bc9d2d85e4f3866f0cfef41f5236f9fff5f973380461af9f69cdbed53a0da\"}]}]}");
    assert_int_equal(calo_part_parse(text, strlen(text), &back, &err), CALO_OK);
    assert_int_equal(back.number, 3);
    assert_string_equal(back.name, "train/000003");
    assert_int_equal(back.sample_count, 2);
    assert_int_equal(back.samples[1].number, 9);
    assert_string_equal(back.samples[1].name, "two");
    assert_int_equal(back.samples[1].object_count, 2);
    assert_string_equal(back.samples[0].objects[0].file_identifier, first[0].file_identifier);
    assert_string_equal(back.samples[0].objects[0].location, "/data/a.glb");
    assert_string_equal(back.samples[0].objects[0].sha256, sha256);
    assert_null(back.samples[1].objects[0].location);
    assert_null(back.samples[1].objects[0].sha256);
    calo_part_finish(&back);
    free(text);
}

/* A part with these texts in it. */
#define PART(number, name, sample_name, objects)                                                                       \
    "{\"number\": " number ", \"name\": \"" name "\", \"samples\": [{\"number\": 0, \"name\": \"" sample_name          \
    "\", \"objects\": " objects "}]}"
#define OBJECT "[{\"file_identifier\": \"a.glb\"}]"

static void what_is_odd_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "is not JSON"},
        {"[", "is not JSON"},
        {"[]", "\"number\" is not a whole number"},
        {PART("-1", "p", "s", OBJECT), "\"number\" is not a whole number"},
        {PART("1.5", "p", "s", OBJECT), "\"number\" is not a whole number"},
        {PART("1", "", "s", OBJECT), "the name \"\" is not"},
        {PART("1", "../p", "s", OBJECT), "the name \"../p\" is not"},
        {PART("1", "/p", "s", OBJECT), "the name \"/p\" is not"},
        {PART("1", "a/b/c", "s", OBJECT), "the name \"a/b/c\" is not"},
        {PART("1", "a/", "s", OBJECT), "the name \"a/\" is not"},
        {PART("1", "a/..", "s", OBJECT), "the name \"a/..\" is not"},
        {PART("1", "p", ".s", OBJECT), "samples[0]: the name \".s\" is not"},
        {PART("1", "p", "a/s", OBJECT), "samples[0]: the name \"a/s\" is not"},
        {PART("1", "p", "a\\\\s", OBJECT), "samples[0]: the name"},
        {PART("1", "p", "a\\ns", OBJECT), "samples[0]: the name"},
        {PART("1", "p", "s", "[]"), "\"objects\" has 0 entries"},
        {PART("1", "p", "s", "7"), "\"objects\" is not a list"},
        {PART("1", "p", "s", "[7]"), "samples[0]: objects[0]: it is not a JSON object"},
        {PART("1", "p", "s", "[{}]"), "\"file_identifier\" is missing"},
        {PART("1", "p", "s", "[{\"file_identifier\": 7}]"), "\"file_identifier\" is not a text"},
        {PART("1", "p", "s", "[{\"file_identifier\": \"\"}]"), "is empty"},
        {PART("1", "p", "s", "[{\"file_identifier\": \"a\\nb\"}]"), "holds a control character"},
        {PART("1", "p", "s", "[{\"file_identifier\": \"a\", \"sha256\": \"12\"}]"), "is not 64 hexadecimal digits"},
        {"{\"number\": 1, \"number\": 2}", "is not JSON"},
        {"{\"number\": 1, \"name\": \"p\", \"samples\": []}", "\"samples\" has 0 entries"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        calo_error err = {0};
        calo_part part;
        if (calo_part_parse(cases[i].text, strlen(cases[i].text), &part, &err) == CALO_OK)
            fail_msg("%s was read", cases[i].text);
        if (!strstr(err.message, cases[i].words))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].text, err.message, cases[i].words);
        assert_null(part.name);
        assert_null(part.samples);
    }
}

static void hashes_are_lower_case(void **state)
{
    (void)state;
    char lower[65], upper[65];
    for (int i = 0; i < 65; i++)
        upper[i] = sha256[i] >= 'a' ? (char)(sha256[i] - 'a' + 'A') : sha256[i];
    assert_true(calo_sha256_normalize(upper, lower));
    assert_string_equal(lower, sha256);
    assert_false(calo_sha256_normalize("", lower));
    assert_false(calo_sha256_normalize(sha256 + 1, lower));
    upper[3] = 'g';
    assert_false(calo_sha256_normalize(upper, lower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_back),
        cmocka_unit_test(what_is_odd_is_refused),
        cmocka_unit_test(hashes_are_lower_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
