/* A picture that is written reads back the same. */
#include <calotype/image.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

enum { WIDTH = 19, HEIGHT = 7 };

static void test_round_trip(void **state)
{
    char *folder = *state, path[64];
    calo_image image, back;
    calo_file file;
    snprintf(path, sizeof path, "%s/a.png", folder);
    assert_int_equal(calo_image_init(&image, WIDTH, HEIGHT, CALO_PIXEL_RGBA8, NULL), CALO_OK);
    for (size_t i = 0; i < image.row_bytes * HEIGHT; i++)
        ((uint8_t *)image.data)[i] = (uint8_t)(i * 37);
    assert_int_equal(calo_image_write_png(&image, path, NULL), CALO_OK);
    assert_int_equal(calo_file_read(path, 1 << 20, &file, NULL), CALO_OK);
    assert_int_equal(calo_image_decode(file.bytes, file.size, path, NULL, &back, NULL), CALO_OK);
    assert_int_equal(back.width, WIDTH);
    assert_int_equal(back.height, HEIGHT);
    for (size_t y = 0; y < HEIGHT; y++)
        assert_memory_equal((uint8_t *)back.data + y * back.row_bytes, (uint8_t *)image.data + y * image.row_bytes,
                            WIDTH * 4);
    calo_file_finish(&file);
    calo_image_finish(&image);
    calo_image_finish(&back);
    unlink(path);
}

static void test_refused(void **state)
{
    char *folder = *state, path[64];
    calo_error err;
    calo_image image = {0};
    snprintf(path, sizeof path, "%s/b.png", folder);
    assert_int_equal(calo_image_write_png(&image, path, &err), CALO_ERROR_ARGUMENT);
    assert_int_equal(calo_image_init(&image, WIDTH, HEIGHT, CALO_PIXEL_RGB32F, NULL), CALO_OK);
    assert_int_equal(calo_image_write_png(&image, path, &err), CALO_ERROR_UNSUPPORTED);
    assert_int_not_equal(access(path, F_OK), 0);
    calo_image_finish(&image);
    assert_int_equal(calo_image_init(&image, WIDTH, HEIGHT, CALO_PIXEL_R8, NULL), CALO_OK);
    snprintf(path, sizeof path, "%s/nowhere/b.png", folder);
    assert_int_not_equal(calo_image_write_png(&image, path, &err), CALO_OK);
    assert_non_null(strstr(err.message, path));
    calo_image_finish(&image);
}

static int make_folder(void **state)
{
    static char folder[] = "/tmp/calotype-image-XXXXXX";
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    return rmdir(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
