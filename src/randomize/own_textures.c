/* Pictures and patterns as textures of a scene. */
#include <calotype/build.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "image/color.h"
#include "randomize/colors.h"
#include "randomize/own_common.h"
#include "randomize/own_extend.h"

/* Room for the texels of a new texture; NULL with `err` filled. */
static uint8_t *add_texture(calo_scene *scene, const calo_component *component, uint32_t width, uint32_t height,
                            calo_error *err)
{
    char name[256];
    calo_own_name(component, "texture", scene->image_count, name, sizeof name);
    char *kept = calo_scene_allocate(scene, strlen(name) + 1, 1, err);
    uint8_t *texels = kept ? calo_scene_allocate(scene, (uint64_t)width * height, 4, err) : NULL;
    if (!texels)
        return NULL;
    memcpy(kept, name, strlen(name) + 1);
    calo_scene_image image = {.name = kept, .width = width, .height = height, .pixels = texels, .opaque = true};
    calo_texture texture = {.image = calo_scene_add_image(scene, &image, err)};
    return texture.image >= 0 && calo_scene_add_texture(scene, &texture, err) >= 0 ? texels : NULL;
}

calo_status calo_own_add_picture(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                                 const calo_image *image, calo_error *err)
{
    (void)randomizer;
    uint8_t *texels = add_texture(scene, component, image->width, image->height, err);
    if (!texels)
        return calo_failed(err);
    for (uint32_t y = 0; y < image->height; y++) {
        const uint8_t *from = (const uint8_t *)image->data + y * image->row_bytes;
        const float *light = (const float *)(const void *)from;
        for (uint32_t x = 0; x < image->width; x++, texels += 4) {
            for (int c = 0; c < 3; c++)
                texels[c] = image->format == CALO_PIXEL_RGBA32F ? calo_srgb_from_linear(light[4 * (size_t)x + c])
                                                                : from[4 * (size_t)x + c];
            texels[3] = 255;
        }
    }
    return CALO_OK;
}

/* How much of the second colour a texel has: 0 to 1. All patterns repeat. */
typedef float pattern_function(uint32_t x, uint32_t y, uint32_t size, uint32_t cells, uint32_t seed);

static float checker(uint32_t x, uint32_t y, uint32_t size, uint32_t cells, uint32_t seed)
{
    (void)seed;
    return (float)((x * cells / size + y * cells / size) & 1);
}

static float gradient(uint32_t x, uint32_t y, uint32_t size, uint32_t cells, uint32_t seed)
{
    (void)cells;
    float along = (float)(seed & 1 ? x : y) / (float)size;
    return along < 0.5f ? 2 * along : 2 - 2 * along;
}

static float corner(uint32_t x, uint32_t y, uint32_t cells, uint32_t seed)
{
    calo_random random = {(uint64_t)seed << 32 | (x % cells) << 16 | (y % cells)};
    return (float)calo_random_unit(&random);
}

/* Value noise: the corners of cells have random numbers. */
static float noise(uint32_t x, uint32_t y, uint32_t size, uint32_t cells, uint32_t seed)
{
    float across = (float)x * (float)cells / (float)size, down = (float)y * (float)cells / (float)size;
    uint32_t column = (uint32_t)across, row = (uint32_t)down;
    float u = across - (float)column, v = down - (float)row;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    float top = corner(column, row, cells, seed), bottom = corner(column, row + 1, cells, seed);
    top += (corner(column + 1, row, cells, seed) - top) * u;
    bottom += (corner(column + 1, row + 1, cells, seed) - bottom) * u;
    return top + (bottom - top) * v;
}

static const struct {
    const char *name;
    pattern_function *value;
} patterns[] = {{"checker", checker}, {"noise", noise}, {"gradient", gradient}};
enum { PATTERN_COUNT = sizeof patterns / sizeof *patterns };

static void draw_color(calo_random *random, float linear[3])
{
    float hsv[3];
    for (int i = 0; i < 3; i++)
        hsv[i] = (float)calo_random_unit(random);
    calo_rgb_from_hsv(hsv, linear);
    for (int c = 0; c < 3; c++)
        linear[c] = calo_linear_from_display(linear[c]);
}

calo_status calo_own_add_pattern(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                                 const char *pattern, uint32_t size, calo_random *random, calo_error *err)
{
    int kind = 0;
    while (kind < PATTERN_COUNT && strcmp(patterns[kind].name, pattern) != 0)
        kind++;
    if (kind == PATTERN_COUNT)
        return calo_own_fail(randomizer, component, CALO_ERROR_FORMAT, err,
                             "there is no pattern \"%s\"; there are checker, noise and gradient", pattern);
    uint8_t *texels = add_texture(scene, component, size, size, err);
    if (!texels)
        return calo_failed(err);
    float colors[2][3];
    draw_color(random, colors[0]);
    draw_color(random, colors[1]);
    uint32_t cells = 2 + 2 * (uint32_t)(calo_random_unit(random) * 7),
             seed = (uint32_t)(calo_random_next(random) >> 32);
    for (uint32_t y = 0; y < size; y++)
        for (uint32_t x = 0; x < size; x++, texels += 4) {
            float share = patterns[kind].value(x, y, size, cells, seed);
            for (int c = 0; c < 3; c++)
                texels[c] = calo_srgb_from_linear(colors[0][c] + (colors[1][c] - colors[0][c]) * share);
            texels[3] = 255;
        }
    return CALO_OK;
}
