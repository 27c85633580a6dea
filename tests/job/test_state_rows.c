/* Files of states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "job/state_rows.h"

static calo_status parse(const char *text, calo_state_rows *rows, calo_error *err)
{
    return calo_state_rows_parse(text, strlen(text), "states.csv", rows, err);
}

static void expect_two_rows(const char *text)
{
    static const double expected[] = {1, -2.5, 3e-2, 4, 5, 6};
    calo_state_rows rows;
    calo_error err = {0};
    if (parse(text, &rows, &err) != CALO_OK)
        fail_msg("%s", err.message);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.columns, 3);
    assert_memory_equal(rows.values, expected, sizeof expected);
    calo_state_rows_finish(&rows);
}

static void test_forms(void **state)
{
    (void)state;
    expect_two_rows("1,-2.5,3e-2\n4,5,6\n");
    expect_two_rows("1, -2.5, 3e-2\r\n4, 5, 6");
    expect_two_rows("# from numpy.savetxt\n1.0e+00 -2.5 0.03\n\n   \n4 5 6 # the last\n");
    expect_two_rows("1;-2.5;0.03;\n4;5;6;\n");
    expect_two_rows("\t1\t-2.5\t0.03\r4\t5\t6\r");
}

static void expect_refusal(const char *text, calo_status status, const char *words)
{
    calo_state_rows rows;
    calo_error err = {0};
    assert_int_equal(parse(text, &rows, &err), status);
    if (!strstr(err.message, words))
        fail_msg("\"%s\" does not say \"%s\"", err.message, words);
    assert_null(rows.values);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refusal("", CALO_ERROR_EMPTY, "holds no state");
    expect_refusal("# only\n\n", CALO_ERROR_EMPTY, "holds no state");
    expect_refusal("1,2\n3\n", CALO_ERROR_FORMAT, "line 2 has 1 numbers, the rows before have 2");
    expect_refusal("1,2\n3,x\n", CALO_ERROR_FORMAT, "states.csv, line 2: \"x\" is not a finite number");
    expect_refusal("1,,2\n", CALO_ERROR_FORMAT, "line 1: \",2\"");
    expect_refusal("1,nan\n", CALO_ERROR_FORMAT, "not a finite number");
    expect_refusal("1,inf\n", CALO_ERROR_FORMAT, "not a finite number");
    expect_refusal("a,b,c\n1,2,3\n", CALO_ERROR_FORMAT, "line 1: \"a,b,c\"");
}

static void test_many(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    static char text[ROWS * 8];
    size_t size = 0;
    for (int i = 0; i < ROWS; i++)
        for (const char *row = i % 2 ? "7,8\n" : "9,1\n"; *row; row++)
            text[size++] = *row;
    calo_state_rows rows;
    assert_int_equal(calo_state_rows_parse(text, size, "states.csv", &rows, NULL), CALO_OK);
    assert_int_equal(rows.count, ROWS);
    assert_true(rows.values[2 * (ROWS - 1)] == 7);
    calo_state_rows_finish(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
