/* The fast deflate of arrays, read back by zlib. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/random.h"
#include "store/runs.h"

/* Both in memory of exactly their size. Returns the packed size. */
static size_t check(const uint8_t *bytes, size_t count)
{
    size_t bound = calo_runs_bound(count);
    uint8_t *in = malloc(count), *packed = malloc(bound), *out = malloc(count + 1);
    memcpy(in, bytes, count);
    memset(packed, 0xa5, bound);
    size_t size = calo_runs_pack(in, count, packed);
    assert_true(size <= bound);
    z_stream stream = {.next_in = packed, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)count + 1};
    assert_int_equal(inflateInit2(&stream, -15), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_in, size);
    assert_int_equal(stream.total_out, count);
    assert_memory_equal(out, bytes, count);
    inflateEnd(&stream);
    free(in);
    free(packed);
    free(out);
    return size;
}

enum { SIZE = 200000 };

static void noise_is_stored(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(SIZE);
    calo_random random = {1};
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)calo_random_next(&random);
    assert_in_range(check(bytes, SIZE), SIZE, SIZE + 4 * 5 + 3);
    for (size_t count = 1; count < 300; count++)
        assert_in_range(check(bytes, count), count, count + count / 8 + 8);
    free(bytes);
}

/* Bytes, numbers and vectors that are the same again and again. */
static void repeats_are_short(void **state)
{
    (void)state;
    static const size_t periods[] = {1, 4, 8, 12, 16};
    uint8_t *bytes = malloc(SIZE);
    for (size_t p = 0; p < sizeof periods / sizeof periods[0]; p++) {
        for (size_t i = 0; i < SIZE; i++)
            bytes[i] = (uint8_t)(1 + i % periods[p] * 17);
        assert_in_range(check(bytes, SIZE), 1, SIZE / 100);
        for (size_t count = 1; count < 600; count++)
            check(bytes, count);
    }
    memset(bytes, 0, SIZE);
    assert_in_range(check(bytes, SIZE), 1, SIZE / 150);
    free(bytes);
}

/* Depth as it is: numbers of their own in the middle of each row, nothing around. */
static void background_takes_next_to_nothing(void **state)
{
    (void)state;
    enum { SIDE = 200, FIRST = 60, LAST = 140 };
    float *depth = calloc(SIDE * SIDE, sizeof *depth);
    calo_random random = {2};
    for (int y = 0; y < SIDE; y++)
        for (int x = FIRST; x < LAST; x++)
            depth[y * SIDE + x] = (float)calo_random_range(&random, 1, 2);
    size_t numbers = SIDE * (LAST - FIRST) * sizeof *depth;
    assert_in_range(check((const uint8_t *)depth, SIDE * SIDE * sizeof *depth), numbers, numbers + SIDE * 16);
    free(depth);
}

static void random_pieces_come_back(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(SIZE);
    calo_random random = {3};
    for (int round = 0; round < 400; round++) {
        size_t size = 1 + calo_random_next(&random) % (round < 300 ? 3000 : SIZE), at = 0;
        size_t period = (size_t[]){1, 2, 4, 8, 12, 16, 3}[round % 7];
        while (at < size) {
            uint64_t bits = calo_random_next(&random);
            size_t count = 1 + (bits & (bits & 0x100 ? 63 : 1023));
            for (size_t i = 0; i < count && at < size; i++, at++)
                bytes[at] = bits >> 62 == 0 || at < period ? (uint8_t)calo_random_next(&random)
                            : bits >> 62 == 1              ? 0
                                                           : bytes[at - period];
        }
        check(bytes, size);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_stored),
        cmocka_unit_test(repeats_are_short),
        cmocka_unit_test(background_takes_next_to_nothing),
        cmocka_unit_test(random_pieces_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
