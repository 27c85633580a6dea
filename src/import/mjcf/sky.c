/* The skybox, a cube of six pictures, as the equirectangular picture that environments are. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "image/color.h"
#include "import/mjcf/looks.h"

/* Four columns for a face's every texel round the horizon: the middles of faces then lose nothing. */
enum { COLUMNS_PER_TEXEL = 4, MAX_COLUMNS = 4096 };

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
        uint32_t column = clamp_texel(left + (float)(i & 1), s->side), row = clamp_texel(top + (float)(i >> 1), s->side);
        const uint8_t *texel = texels + ((size_t)row * s->side + column) * s->channels;
        for (int c = 0; c < 3; c++)
            color[c] += weight * calo_linear_from_srgb(texel[c]);
    }
    color[3] = 1;
}

/* Row 0 is up, the middle column is +x, columns go clockwise seen from above. */
static void fill_row(const sky *s, const calo_image *image, uint32_t row)
{
    float *to = (float *)((uint8_t *)image->data + row * image->row_bytes);
    double up, level;
    calo_sincos((0.5 - (row + 0.5) / image->height) * CALO_PI, &up, &level);
    for (uint32_t column = 0; column < image->width; column++, to += 4) {
        double sine, cosine;
        calo_sincos((0.5 - (column + 0.5) / image->width) * 2 * CALO_PI, &sine, &cosine);
        /* The cube's y is up, its -z is the world's y. */
        const float direction[3] = {(float)(level * cosine), (float)up, (float)(-level * sine)};
        look_up(s, direction, to);
    }
}

calo_status calo_mjcf_sky(calo_mjcf_builder *builder, calo_image *image, calo_error *err)
{
    sky s;
    *image = (calo_image){0};
    if (!find_sky(builder, &s))
        return CALO_OK;
    uint32_t columns = s.side > MAX_COLUMNS / COLUMNS_PER_TEXEL ? MAX_COLUMNS : s.side * COLUMNS_PER_TEXEL;
    calo_status status = calo_image_init(image, columns, columns / 2, CALO_PIXEL_RGBA32F, err);
    for (uint32_t row = 0; row < image->height && status == CALO_OK; row++)
        fill_row(&s, image, row);
    return status;
}
