/* Filters of PNG's rows against the plain formulas, each row in memory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "encode/png_filter.h"

static int predict(int filter, int a, int b, int c)
{
    int to_a = abs(b - c), to_b = abs(a - c), to_c = abs(a + b - 2 * c);
    switch (filter) {
    case 1: return a;
    case 2: return b;
    case 3: return (a + b) / 2;
    case 4: return to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c;
    default: return 0;
    }
}

/* What is left of a row, and the sum of its bytes' distances from zero, each counted as 8 at most. */
static int plain_filter(int filter, const uint8_t *row, const uint8_t *above, size_t count, size_t pixel, uint8_t *out)
{
    int cost = 0;
    for (size_t i = 0; i < count; i++) {
        int a = i >= pixel ? row[i - pixel] : 0, b = above[i], c = i >= pixel ? above[i - pixel] : 0;
        out[i] = (uint8_t)(row[i] - predict(filter, a, b, c));
        int far = out[i] < 128 ? out[i] : 256 - out[i];
        cost += far < 8 ? far : 8;
    }
    return cost;
}

static void check_row(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel)
{
    size_t padded = calo_png_row_buffer_bytes(count);
    uint8_t *buffers[2] = {calloc(1, padded), calloc(1, padded)}, *candidates = malloc(CALO_PNG_CANDIDATES * padded);
    uint8_t *out = malloc(1 + count), *plain = malloc(count);
    memcpy(buffers[0] + CALO_PNG_ROW_PAD, row, count);
    memcpy(buffers[1] + CALO_PNG_ROW_PAD, above, count);
    calo_png_filter_row(buffers[0] + CALO_PNG_ROW_PAD, buffers[1] + CALO_PNG_ROW_PAD, count, pixel, candidates, out);
    int cost = plain_filter(out[0], row, above, count, pixel, plain);
    assert_memory_equal(out + 1, plain, count);
    for (int filter = 1; filter <= 4; filter++)
        assert_true(cost <= plain_filter(filter, row, above, count, pixel, plain));
    free(buffers[0]);
    free(buffers[1]);
    free(candidates);
    free(out);
    free(plain);
}

/* Noise, small differences or islands in zeros, by `kind`. */
static void fill(uint8_t *row, size_t count, int kind, calo_random *random)
{
    size_t first = calo_random_next(random) % count, last = first + calo_random_next(random) % (count - first);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = calo_random_next(random);
        row[i] = (uint8_t)(kind == 0 ? bits : kind == 1 ? 100 + bits % 5 : i >= first && i <= last ? bits : 0);
    }
}

static void every_filter_is_exact(void **state)
{
    (void)state;
    uint8_t row[3000], above[3000];
    calo_random random = {9};
    for (size_t count = 1; count < 3000; count += 1 + count / 40)
        for (size_t pixel = 1; pixel <= 4; pixel++)
            for (int kinds = 0; kinds < 9; kinds++) {
                fill(row, count, kinds % 3, &random);
                fill(above, count, kinds / 3, &random);
                check_row(row, above, count, pixel);
            }
}

static void each_filter_is_chosen_where_it_fits(void **state)
{
    (void)state;
    enum { COUNT = 400, PIXEL = 4 };
    uint8_t row[COUNT], above[COUNT], out[COUNT + 1];
    calo_random random = {10};
    for (int filter = 1; filter <= 4; filter++) {
        size_t padded = calo_png_row_buffer_bytes(COUNT);
        uint8_t *buffers = calloc(2 + CALO_PNG_CANDIDATES, padded);
        fill(above, COUNT, 0, &random);
        for (size_t i = 0; i < COUNT; i++) {
            int a = i >= PIXEL ? row[i - PIXEL] : 0, c = i >= PIXEL ? above[i - PIXEL] : 0;
            row[i] = (uint8_t)(predict(filter, a, above[i], c) + (i < PIXEL ? 50 : 0));
        }
        memcpy(buffers + CALO_PNG_ROW_PAD, row, COUNT);
        memcpy(buffers + padded + CALO_PNG_ROW_PAD, above, COUNT);
        calo_png_filter_row(buffers + CALO_PNG_ROW_PAD, buffers + padded + CALO_PNG_ROW_PAD, COUNT, PIXEL,
                            buffers + 2 * padded, out);
        assert_int_equal(out[0], filter);
        free(buffers);
    }
}

/* Zero filters to zero in every way; the filter's number is to be zero, too, for longer runs. */
static void blank_rows_are_all_zero(void **state)
{
    (void)state;
    uint8_t buffers[6][64] = {{0}}, out[20];
    memset(out, 1, sizeof out);
    calo_png_filter_row(buffers[0] + CALO_PNG_ROW_PAD, buffers[1] + CALO_PNG_ROW_PAD, 19, 1, buffers[2], out);
    for (int i = 0; i < 20; i++)
        assert_int_equal(out[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_is_exact),
        cmocka_unit_test(each_filter_is_chosen_where_it_fits),
        cmocka_unit_test(blank_rows_are_all_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
