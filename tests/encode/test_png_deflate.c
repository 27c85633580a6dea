/* The deflate of PNG alone: bytes that no filter would give, read back by zlib; its codes against plain ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/random.h"
#include "encode/deflate_bits.h"
#include "encode/png_deflate.h"

/* ---- streams ---- */

static void assert_inflates(const calo_blob *packed, const uint8_t *bytes, size_t size)
{
    uint8_t *out = malloc(size + 1);
    z_stream stream = {.next_in = packed->bytes, .avail_in = (uInt)packed->size, .next_out = out,
                       .avail_out = (uInt)size + 1};
    assert_int_equal(inflateInit2(&stream, -15), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_in, packed->size);
    assert_int_equal(stream.total_out, size);
    assert_memory_equal(out, bytes, size);
    inflateEnd(&stream);
    free(out);
}

/* Compresses `size` bytes in bands of `band_rows`, each in memory of its own that ends where the band does.
 * Returns the size of the stream. */
static size_t check_stream(const uint8_t *bytes, size_t size, size_t row_bytes, size_t pixel, size_t band_rows)
{
    calo_deflate *deflate = malloc(sizeof *deflate);
    calo_blob packed = {0};
    size_t bound = 0;
    memset(deflate, 0xa5, sizeof *deflate);
    calo_deflate_begin(deflate, row_bytes, pixel);
    for (size_t done = 0, count; done < size; done += count) {
        count = size - done < band_rows * row_bytes ? size - done : band_rows * row_bytes;
        size_t history = done < CALO_DEFLATE_WINDOW ? done : CALO_DEFLATE_WINDOW;
        uint8_t *window = malloc(CALO_DEFLATE_WINDOW + count);
        memset(window, 0xee, CALO_DEFLATE_WINDOW);
        memcpy(window + CALO_DEFLATE_WINDOW - history, bytes + done - history, history + count);
        assert_int_equal(calo_deflate_band(deflate, window + CALO_DEFLATE_WINDOW, count, done + count == size, &packed,
                                           NULL), CALO_OK);
        free(window);
        /* A block is a band, or has sequences of four bytes or more up to the last. */
        for (size_t block = 4 * CALO_DEFLATE_SEQUENCES; block < count; block += 4 * CALO_DEFLATE_SEQUENCES)
            bound += 6;
        bound += calo_deflate_stored_bytes(count);
        assert_true(packed.size <= bound);
    }
    assert_inflates(&packed, bytes, size);
    size_t packed_size = packed.size;
    calo_blob_finish(&packed);
    free(deflate);
    return packed_size;
}

static void patterns_come_back(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    uint8_t *bytes = malloc(SIZE);
    calo_random random = {3};
    for (int period = 1; period < 40; period++) {
        for (size_t i = 0; i < SIZE; i++)
            bytes[i] = i % (size_t)period == 0 ? (uint8_t)(1 + i / (size_t)period % 251) : 0;
        for (size_t pixel = 1; pixel <= 4; pixel++)
            check_stream(bytes, SIZE, 1000, pixel, (size_t)period * 10);
    }
    for (int values = 1; values <= 256; values *= 2) {
        for (size_t i = 0; i < SIZE; i++)
            bytes[i] = (uint8_t)(calo_random_next(&random) % (unsigned)values);
        for (size_t pixel = 1; pixel <= 4; pixel++)
            check_stream(bytes, SIZE, 3000, pixel, 100);
    }
    free(bytes);
}

/* More copies than a block has room for. */
static void full_blocks_are_followed_by_others(void **state)
{
    (void)state;
    enum { SIZE = 12 * 3 * CALO_DEFLATE_SEQUENCES };
    uint8_t *bytes = calloc(1, SIZE);
    for (size_t i = 0; i < SIZE; i += 12)
        memset(bytes + i, 1 + (int)(i / 12 % 7), 4);
    for (size_t rows = 1; rows <= 64; rows *= 64)
        check_stream(bytes, SIZE, SIZE / 64, 4, rows);
    free(bytes);
}

/* Noise that comes again, just in and just out of reach. */
static void copies_reach_as_far_as_the_window(void **state)
{
    (void)state;
    enum { SIZE = 5 * CALO_DEFLATE_WINDOW };
    uint8_t *bytes = malloc(SIZE);
    calo_random random = {11};
    size_t sizes[3];
    for (size_t i = 0; i < 3; i++) {
        size_t distance = CALO_DEFLATE_WINDOW - 4 + 4 * i;
        for (size_t at = 0; at < SIZE; at++)
            bytes[at] = at < distance ? (uint8_t)(calo_random_next(&random) >> 7) : bytes[at - distance];
        sizes[i] = check_stream(bytes, SIZE, SIZE / 16, 4, 16); /* rows of 10240 bytes, in one band */
        check_stream(bytes, SIZE, SIZE / 16, 4, 1);
        check_stream(bytes, SIZE, SIZE / 16, 1, 3);
    }
    assert_true(sizes[0] < SIZE / 2);
    assert_true(sizes[1] < SIZE / 2); /* 32768 is the last distance that deflate has */
    assert_true(sizes[2] > SIZE);
    free(bytes);
}

/* Pieces of noise, runs and copies of random lengths, in rows and bands of random sizes. */
static void random_streams_come_back(void **state)
{
    (void)state;
    enum { MAX_SIZE = 100000 };
    uint8_t *bytes = malloc(MAX_SIZE);
    calo_random random = {5};
    for (int round = 0; round < 300; round++) {
        size_t row_bytes = 2 + calo_random_next(&random) % 3000, rows = 1 + calo_random_next(&random) % 30, at = 0;
        size_t size = row_bytes * rows < MAX_SIZE ? row_bytes * rows : MAX_SIZE;
        while (at < size) {
            uint64_t bits = calo_random_next(&random);
            size_t count = 1 + (bits & (bits & 0x100 ? 15 : 1023)), distance = 1 + (bits >> 16) % 40000;
            for (size_t i = 0; i < count && at < size; i++, at++)
                bytes[at] = bits >> 60 < 6 ? 0 : bits >> 60 < 12 && distance <= at ? bytes[at - distance]
                                                                                   : (uint8_t)calo_random_next(&random);
        }
        uint64_t bits = calo_random_next(&random);
        check_stream(bytes, size / row_bytes * row_bytes + (size < row_bytes ? size : 0), row_bytes, 1 + bits % 4,
                     1 + (bits >> 8) % rows);
    }
    free(bytes);
}

/* ---- codes ---- */

/* What Huffman's own way of joining the two rarest gives. */
static uint64_t least_bits(const uint32_t *counts, size_t symbols)
{
    uint64_t weights[CALO_DEFLATE_MAX_SYMBOLS], total = 0;
    size_t left = 0;
    for (size_t i = 0; i < symbols; i++)
        if (counts[i] > 0)
            weights[left++] = counts[i];
    for (; left > 1; left--) {
        for (size_t rare = 0; rare < 2; rare++)
            for (size_t i = rare + 1; i < left; i++)
                if (weights[i] < weights[rare]) {
                    uint64_t swap = weights[i];
                    weights[i] = weights[rare];
                    weights[rare] = swap;
                }
        weights[0] += weights[1];
        total += weights[0];
        weights[1] = weights[left - 1];
    }
    return total;
}

/* Complete, within the limit, every symbol that occurs has one; returns the bits they take. */
static uint64_t check_codes(const uint32_t *counts, size_t symbols, unsigned max_bits)
{
    calo_deflate_code codes[CALO_DEFLATE_MAX_SYMBOLS];
    uint64_t space = 0, bits = 0;
    calo_deflate_make_codes(counts, symbols, max_bits, codes);
    for (size_t i = 0; i < symbols; i++) {
        assert_true(codes[i].bits <= max_bits);
        assert_true(counts[i] == 0 || codes[i].bits > 0);
        assert_true(codes[i].code >> codes[i].bits == 0);
        space += codes[i].bits > 0 ? 1u << (max_bits - codes[i].bits) : 0;
        bits += (uint64_t)codes[i].bits * counts[i];
    }
    assert_int_equal(space, 1u << max_bits);
    return bits;
}

static void codes_are_the_shortest(void **state)
{
    (void)state;
    calo_random random = {17};
    uint32_t counts[CALO_DEFLATE_MAX_SYMBOLS];
    for (int round = 0; round < 200; round++) {
        size_t symbols = 3 + calo_random_next(&random) % (CALO_DEFLATE_MAX_SYMBOLS - 2), used = 0;
        for (size_t i = 0; i < symbols; i++) {
            uint64_t bits = calo_random_next(&random);
            counts[i] = bits & 1 ? (uint32_t)(1000 + (bits >> 8) % 60000) : 0;
            used += counts[i] > 0;
        }
        if (used >= 2) /* counts as even as these have no codes longer than 15 */
            assert_int_equal(check_codes(counts, symbols, 15), least_bits(counts, symbols));
    }
}

static void lopsided_counts_keep_to_the_limit(void **state)
{
    (void)state;
    uint32_t counts[CALO_DEFLATE_MAX_SYMBOLS] = {1, 1}; /* Fibonacci's numbers make the deepest tree */
    for (int i = 2; i < 40; i++)
        counts[i] = counts[i - 1] + counts[i - 2];
    for (unsigned max_bits = 6; max_bits <= 15; max_bits++) {
        uint64_t bits = check_codes(counts, 40, max_bits), least = least_bits(counts, 40);
        assert_in_range(bits, least, max_bits < 10 ? 2 * least : least + least / 20);
    }
    for (int i = 0; i < CALO_DEFLATE_MAX_SYMBOLS; i++)
        counts[i] = i < 31 ? 1u << i : 1;
    check_codes(counts, CALO_DEFLATE_MAX_SYMBOLS, 9);
    check_codes(counts, CALO_DEFLATE_MAX_SYMBOLS, 14);
}

static void few_symbols_have_complete_codes(void **state)
{
    (void)state;
    uint32_t counts[19] = {0};
    check_codes(counts, 19, 7);
    counts[18] = 5;
    assert_int_equal(check_codes(counts, 19, 7), 5);
    counts[0] = 9;
    assert_int_equal(check_codes(counts, 19, 7), 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_come_back),
        cmocka_unit_test(full_blocks_are_followed_by_others),
        cmocka_unit_test(copies_reach_as_far_as_the_window),
        cmocka_unit_test(random_streams_come_back),
        cmocka_unit_test(codes_are_the_shortest),
        cmocka_unit_test(lopsided_counts_keep_to_the_limit),
        cmocka_unit_test(few_symbols_have_complete_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
