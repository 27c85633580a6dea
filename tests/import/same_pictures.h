/* Two scenes with the same pictures and warnings. For tests only; cmocka's headers come before. */
#ifndef TESTS_IMPORT_SAME_PICTURES_H
#define TESTS_IMPORT_SAME_PICTURES_H

#include <calotype/scene.h>

static inline void assert_same_pictures(const calo_scene *scene, const calo_scene *expected)
{
    assert_int_equal(scene->image_count, expected->image_count);
    for (uint32_t i = 0; i < expected->image_count; i++) {
        const calo_scene_image *image = &scene->images[i], *other = &expected->images[i];
        assert_int_equal(image->width, other->width);
        assert_int_equal(image->height, other->height);
        assert_int_equal(image->missing, other->missing);
        assert_memory_equal(image->pixels, other->pixels, 4 * (size_t)image->width * image->height);
    }
    assert_int_equal(scene->warning_count, expected->warning_count);
    for (uint32_t i = 0; i < scene->warning_count; i++)
        assert_string_equal(scene->warnings[i].message, expected->warnings[i].message);
}

#endif
