/* What the tests of all picture formats share. */
#ifndef CALO_TESTS_DECODE_CHECK_H
#define CALO_TESTS_DECODE_CHECK_H

#include <calotype/image.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A file in memory, of exactly as many bytes, so that a sanitizer sees one read too many. */
typedef struct sample_file {
    uint8_t *bytes;
    size_t size;
} sample_file;

static inline sample_file copy_file(const void *bytes, size_t size)
{
    sample_file file = {malloc(size ? size : 1), size};
    assert_non_null(file.bytes);
    if (size)
        memcpy(file.bytes, bytes, size);
    return file;
}

static inline calo_image decode_ok(const void *bytes, size_t size)
{
    calo_image image;
    calo_error err = {0};
    if (calo_image_decode(bytes, size, "sample", NULL, &image, &err) != CALO_OK)
        fail_msg("%s", err.message);
    return image;
}

/* Fails with this status, and a sentence that names the file and has `word` in it. */
static inline void assert_decode_fails(const void *bytes, size_t size, const calo_limits *limits, calo_status status,
                                       const char *word)
{
    calo_image image;
    calo_error err = {0};
    sample_file file = copy_file(bytes, size);
    calo_status got = calo_image_decode(file.bytes, size, "sample", limits, &image, &err);
    free(file.bytes);
    if (got != status || !strstr(err.message, word) || !strstr(err.message, "sample"))
        fail_msg("status %d instead of %d (or without \"%s\"): %s", got, status, word, err.message);
    assert_null(image.data);
}

/* Every shorter file fails in one sentence, or (where `may_pass`) gives a picture of the same size; where
 * the rest of the file does not matter (`same_pixels`), the same picture. */
static inline void assert_survives_truncation(const uint8_t *bytes, size_t size, bool may_pass, bool same_pixels)
{
    calo_image whole = decode_ok(bytes, size);
    for (size_t cut = 0; cut < size; cut++) {
        sample_file file = copy_file(bytes, cut);
        calo_image image;
        calo_error err = {0};
        calo_status status = calo_image_decode(file.bytes, cut, "sample", NULL, &image, &err);
        free(file.bytes);
        if (status != CALO_OK) {
            assert_true(status == CALO_ERROR_FORMAT || status == CALO_ERROR_UNSUPPORTED);
            assert_non_null(strstr(err.message, "sample"));
            assert_null(image.data);
            continue;
        }
        if (!may_pass)
            fail_msg("decoded from %zu of %zu bytes", cut, size);
        assert_int_equal(image.width, whole.width);
        assert_int_equal(image.height, whole.height);
        if (same_pixels)
            assert_memory_equal(image.data, whole.data, whole.row_bytes * whole.height);
        calo_image_finish(&image);
    }
    calo_image_finish(&whole);
}

/* Every byte inverted in turn: a picture or a sentence, and nothing that a sanitizer minds. */
static inline void assert_survives_damage(const uint8_t *bytes, size_t size)
{
    calo_limits limits = {.max_memory_bytes = 64 << 20};
    for (size_t at = 0; at < size; at++) {
        sample_file file = copy_file(bytes, size);
        calo_image image;
        calo_error err = {0};
        file.bytes[at] ^= 0xff;
        if (calo_image_decode(file.bytes, size, "sample", &limits, &image, &err) == CALO_OK)
            calo_image_finish(&image);
        else
            assert_non_null(strstr(err.message, "sample"));
        free(file.bytes);
    }
}

#endif
