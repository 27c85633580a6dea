/* The skybox, a cube of six pictures, as the equirectangular picture that environments are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "image/color.h"
#include "import/mjcf/looks.h"

/* Four columns for a face's every texel round the horizon: the middles of faces then lose nothing. Where that is cheap
 * it is eight, which keeps edges sharper. */
enum { COLUMNS_PER_TEXEL = 4, CHEAP_COLUMNS = 1024, MAX_COLUMNS = 4096 };

/* A texel's parts along each side. */
enum { STEPS = 4 };

typedef struct sky {
    uint32_t side, channels;
    const uint8_t *faces;
    bool one_for_all;
} sky;

static bool find_sky(const calo_mjcf_builder *builder, sky *out)
{
    const calo_mujoco_arrays *a = builder->arrays;
    for (uint32_t t = 0; t < a->ntex; t++) {
        if (a->tex_type[t] != CALO_MJCF_TEXTURE_SKYBOX)
            continue;
        *out = (sky){(uint32_t)a->tex_width[t], (uint32_t)a->tex_nchannel[t], a->tex_data + a->tex_adr[t],
                     a->tex_height[t] == a->tex_width[t]};
        bool missing = builder->missing_textures && builder->missing_textures[t];
        return !missing && out->side > 0 && out->channels >= 3; /* MuJoCo takes the first one only */
    }
    return false;
}

static uint32_t clamp_texel(float at, uint32_t side)
{
    return at < 0 ? 0 : at > (float)(side - 1) ? side - 1 : (uint32_t)at;
}

/* Linear light, from the four texels around on the same face. */
static void look_up(const sky *s, const float direction[3], float color[4])
{
    int face = calo_mjcf_cube_face(direction);
    float uv[2];
    calo_mjcf_cube_uv(face, direction, uv);
    const uint8_t *texels = s->faces + (s->one_for_all ? 0 : (size_t)face * s->side * s->side * s->channels);
    float x = uv[0] * (float)s->side - 0.5f, y = uv[1] * (float)s->side - 0.5f;
    float left = floorf(x), top = floorf(y);
    memset(color, 0, 4 * sizeof *color);
    for (int i = 0; i < 4; i++) {
        float weight = (i & 1 ? x - left : 1 - (x - left)) * (i & 2 ? y - top : 1 - (y - top));
        uint32_t column = clamp_texel(left + (float)(i & 1), s->side);
        uint32_t row = clamp_texel(top + (float)(i >> 1), s->side);
        const uint8_t *texel = texels + ((size_t)row * s->side + column) * s->channels;
        for (int c = 0; c < 3; c++)
            color[c] += weight * calo_linear_from_srgb(texel[c]);
    }
    color[3] = 1;
}

typedef struct turn {
    float sine, cosine;
} turn;

/* Row 0 is up, the middle column is +x, columns go clockwise seen from above; the cube's y is up, its -z the world's
 * y. */
static void set_direction(turn azimuth, turn elevation, float direction[3])
{
    direction[0] = elevation.cosine * azimuth.cosine;
    direction[1] = elevation.sine;
    direction[2] = -elevation.cosine * azimuth.sine;
}

/* STEPS angles in each of `count` equal parts of `whole`, from half of it down. */
static void fill_turns(turn *turns, size_t first, size_t last, uint32_t count, double whole)
{
    for (size_t i = first; i < last; i++) {
        double sine, cosine;
        calo_sincos((0.5 - ((double)i + 0.5) / ((double)count * STEPS)) * whole, &sine, &cosine);
        turns[i - first] = (turn){(float)sine, (float)cosine};
    }
}

/* Where the cube's faces meet the mean of a texel's parts, else its middle. */
static void fill_texel(const sky *s, const turn azimuths[STEPS], const turn elevations[STEPS], float color[4])
{
    float directions[STEPS * STEPS][3], middle[3];
    bool edge = false;
    for (int i = 0; i < STEPS * STEPS; i++) {
        set_direction(azimuths[i % STEPS], elevations[i / STEPS], directions[i]);
        edge = edge || calo_mjcf_cube_face(directions[i]) != calo_mjcf_cube_face(directions[0]);
    }
    for (int k = 0; k < 3; k++)
        middle[k] = directions[0][k] + directions[STEPS * STEPS - 1][k];
    look_up(s, middle, color);
    if (!edge)
        return;
    memset(color, 0, 4 * sizeof *color);
    for (int i = 0; i < STEPS * STEPS; i++) {
        float part[4];
        look_up(s, directions[i], part);
        for (int c = 0; c < 4; c++)
            color[c] += part[c] / (STEPS * STEPS);
    }
}

static calo_status fill(const sky *s, calo_image *image, calo_error *err)
{
    size_t count = (size_t)image->width * STEPS;
    turn *azimuths = malloc(count * sizeof *azimuths), elevations[STEPS];
    if (!azimuths)
        return calo_fail_memory(err, "the sky", count * sizeof *azimuths);
    fill_turns(azimuths, 0, count, image->width, 2 * CALO_PI);
    for (uint32_t row = 0; row < image->height; row++) {
        float *to = (float *)((uint8_t *)image->data + row * image->row_bytes);
        fill_turns(elevations, (size_t)row * STEPS, (size_t)(row + 1) * STEPS, image->height, CALO_PI);
        for (uint32_t column = 0; column < image->width; column++)
            fill_texel(s, azimuths + (size_t)column * STEPS, elevations, to + 4 * (size_t)column);
    }
    free(azimuths);
    return CALO_OK;
}

calo_status calo_mjcf_sky(calo_mjcf_builder *builder, calo_image *image, calo_error *err)
{
    sky s;
    *image = (calo_image){0};
    if (!find_sky(builder, &s))
        return CALO_OK;
    uint32_t columns = s.side > MAX_COLUMNS / COLUMNS_PER_TEXEL ? MAX_COLUMNS : s.side * COLUMNS_PER_TEXEL;
    columns = columns * 2 <= CHEAP_COLUMNS ? columns * 2 : columns;
    calo_status status = calo_image_init(image, columns, columns / 2, CALO_PIXEL_RGBA32F, err);
    if (status == CALO_OK)
        status = fill(&s, image, err);
    if (status != CALO_OK)
        calo_image_finish(image);
    return status;
}
