#include "render/lens/look_up.h"

#include <math.h>
#include <string.h>

#include "base/linear.h"
#include "base/scalar.h"
#include "image/color.h"

/* Colour is averaged over so many places a side of a pixel. */
enum { PLACES = 4 };

#define DEPTH_BIT CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH)
#define POSITION_BIT CALO_CHANNEL_BIT(CALO_CHANNEL_POSITION)

calo_render_options calo_lens_tile_options(const calo_render_options *options)
{
    calo_render_options out = *options;
    /* Where surfaces lie is found again from their planes. */
    if (out.channels & (DEPTH_BIT | POSITION_BIT)) {
        out.channels |= DEPTH_BIT | CALO_CHANNEL_BIT(CALO_CHANNEL_GEOMETRIC_NORMAL);
        out.channels &= ~POSITION_BIT;
    }
    /* A tile's pixel is a quarter of the lens's at most. */
    out.samples = options->samples == 16 ? 4 : options->samples;
    out.color_format = CALO_PIXEL_RGBA32F;
    out.ray_depth = false;
    out.background_depth = 0;
    out.point_size_pixels = calo_minf(out.point_size_pixels * CALO_LENS_RATIO, 1024);
    out.line_width_pixels = calo_minf(out.line_width_pixels * CALO_LENS_RATIO, 1024);
    return out;
}

/* A pixel of the tile's picture, `bytes` being those of a pixel. */
static inline const void *drawn_pixel(const calo_lens_look *look, calo_channel channel, const calo_lens_texel *texel,
                                      size_t bytes)
{
    const calo_image *plane = &look->drawn->planes[channel];
    return (const char *)plane->data + texel->row * plane->row_bytes + texel->column * bytes;
}

/* The pixel of a row of the picture where the tile begins. */
static void *own_pixels(const calo_lens_look *look, calo_channel channel, uint32_t y)
{
    const calo_image *plane = &look->frame->planes[channel];
    return (char *)plane->data + y * plane->row_bytes + look->tile->left * (size_t)calo_pixel_bytes(plane->format);
}

static const calo_lens_texel *row_texels(const calo_lens_look *look, uint32_t y)
{
    return look->plan->texels + (size_t)y * look->plan->view.width + look->tile->left;
}

/* ---- what is taken as it is ---- */

static inline void copy_pixels(const calo_lens_look *look, calo_channel channel, uint32_t y, size_t bytes)
{
    const calo_lens_texel *texels = row_texels(look, y);
    char *out = own_pixels(look, channel, y);
    for (uint32_t x = 0; x < look->tile->right - look->tile->left; x++, out += bytes) {
        if (texels[x].column == CALO_LENS_NO_RAY)
            memset(out, 0, bytes);
        else
            memcpy(out, drawn_pixel(look, channel, &texels[x], bytes), bytes);
    }
}

/* Pixels of all data formats: with their sizes known, copying is a move or two. */
static void copy_row(const calo_lens_look *look, calo_channel channel, uint32_t y)
{
    switch (calo_pixel_bytes(look->frame->planes[channel].format)) {
    case 1: copy_pixels(look, channel, y, 1); break;
    case 4: copy_pixels(look, channel, y, 4); break;
    case 8: copy_pixels(look, channel, y, 8); break;
    default: copy_pixels(look, channel, y, 12); break;
    }
}

/* Normals in the axes of a turned tile's camera, to those of the lens. */
static void turn_row(const calo_lens_look *look, calo_channel channel, uint32_t y)
{
    float *out = own_pixels(look, channel, y);
    for (uint32_t x = 0; x < look->tile->right - look->tile->left; x++, out += 3) {
        double normal[3] = {out[0], out[1], out[2]};
        for (int r = 0; r < 3; r++)
            out[r] = (float)calo_dot3(look->tile->rotation[r], normal);
    }
}

/* ---- where surfaces lie ---- */

/* The triangle's normal in the axes of the tile's camera, of any length. */
static void plane_normal(const calo_lens_look *look, const calo_lens_texel *texel, double normal[3])
{
    const calo_mat4 *pose = &look->view->camera_to_world;
    const double(*rotation)[3] = look->tile->rotation;
    double turned[3];
    float drawn[3];
    memcpy(drawn, drawn_pixel(look, CALO_CHANNEL_GEOMETRIC_NORMAL, texel, sizeof drawn), sizeof drawn);
    for (int i = 0; i < 3; i++)
        normal[i] = drawn[i];
    if (!look->options->world_space_normals)
        return;
    for (int i = 0; i < 3; i++)
        turned[i] = pose->m[0][i] * drawn[0] + pose->m[1][i] * drawn[1] + pose->m[2][i] * drawn[2];
    for (int i = 0; i < 3; i++)
        normal[i] = rotation[0][i] * turned[0] + rotation[1][i] * turned[1] + rotation[2][i] * turned[2];
}

/* The ray of a place in the tile's picture, at depth 1. */
static void ray_at(const calo_lens_tile *tile, double x, double y, double ray[3])
{
    ray[0] = (x - tile->center[0]) / tile->focal[0];
    ray[1] = (tile->center[1] - y) / tile->focal[1];
    ray[2] = -1;
}

/* Where the pixel's own ray meets the plane of the triangle that is drawn at its texel: in the lens's axes. Where that
 * is at less than half of the depth drawn, or more than double, the plane is seen too much from the side, and the depth
 * is taken as it is. False: nothing is there. */
static bool find_surface(const calo_lens_look *look, const calo_lens_texel *texel, double point[3])
{
    double own[3], drawn[3], normal[3];
    float depth;
    if (texel->column == CALO_LENS_NO_RAY)
        return false;
    memcpy(&depth, drawn_pixel(look, CALO_CHANNEL_DEPTH, texel, sizeof depth), sizeof depth);
    if (!(depth > 0))
        return false;
    ray_at(look->tile, texel->column + 0.5, texel->row + 0.5, drawn);
    ray_at(look->tile, texel->column + 0.5 + (double)texel->x, texel->row + 0.5 + (double)texel->y, own);
    plane_normal(look, texel, normal);
    double change = calo_dot3(normal, drawn) / calo_dot3(normal, own);
    double scale = change > 0.5 && change < 2 ? change * depth : depth;
    for (int r = 0; r < 3; r++)
        point[r] = scale * calo_dot3(look->tile->rotation[r], own);
    return true;
}

static void place_row(const calo_lens_look *look, uint32_t y)
{
    const calo_lens_texel *texels = row_texels(look, y);
    const calo_render_options *options = look->options;
    float *depths = options->channels & DEPTH_BIT ? own_pixels(look, CALO_CHANNEL_DEPTH, y) : NULL;
    float *positions = options->channels & POSITION_BIT ? own_pixels(look, CALO_CHANNEL_POSITION, y) : NULL;
    for (uint32_t x = 0; x < look->tile->right - look->tile->left; x++) {
        double point[3], world[3] = {0};
        bool found = find_surface(look, &texels[x], point);
        if (depths && found)
            depths[x] = (float)(options->ray_depth ? calo_length3(point) : -point[2]);
        else if (depths)
            depths[x] = options->background_depth;
        if (positions && found)
            calo_mat4_point(&look->view->camera_to_world, point, world);
        for (int i = 0; positions && i < 3; i++)
            positions[3 * x + (uint32_t)i] = (float)world[i];
    }
}

/* ---- colour ---- */

typedef float rgba __attribute__((vector_size(16)));

/* What a step to the right or down in the picture is in the tile's: between the neighbours that have rays, else the
 * tightest step there is. `to` may be the pixel itself. */
static void find_step(const calo_lens_texel *from, const calo_lens_texel *to, int count, int axis, float step[2])
{
    step[axis] = CALO_LENS_RATIO;
    step[1 - axis] = 0;
    if (count == 0)
        return;
    step[0] = ((float)(to->column - from->column) + (to->x - from->x)) / (float)count;
    step[1] = ((float)(to->row - from->row) + (to->y - from->y)) / (float)count;
}

/* The steps to both sides; `x` and `y` are the pixel's in the whole picture. */
static void find_steps(const calo_lens_look *look, const calo_lens_texel *texel, uint32_t x, uint32_t y, float across[2],
                       float down[2])
{
    const calo_lens_tile *tile = look->tile;
    size_t stride = look->plan->view.width;
    bool left = x > tile->left && texel[-1].column != CALO_LENS_NO_RAY;
    bool right = x + 1 < tile->right && texel[1].column != CALO_LENS_NO_RAY;
    bool above = y > tile->top && (texel - stride)->column != CALO_LENS_NO_RAY;
    bool below = y + 1 < tile->bottom && (texel + stride)->column != CALO_LENS_NO_RAY;
    find_step(texel - left, texel + right, left + right, 0, across);
    find_step(texel - (above ? stride : 0), texel + (below ? stride : 0), above + below, 1, down);
}

static inline rgba load_color(const calo_lens_look *look, uint32_t column, uint32_t row)
{
    const calo_image *plane = &look->drawn->planes[CALO_CHANNEL_COLOR];
    rgba color;
    memcpy(&color, (const char *)plane->data + row * plane->row_bytes + column * sizeof color, sizeof color);
    return color;
}

/* Of a colour where alpha is 0 nothing counts, but on an opaque background. */
static inline rgba weigh(rgba color, bool transparent)
{
    return transparent ? color * (rgba){color[3], color[3], color[3], 1} : color;
}

/* Places in 1/65536 pixels. */
enum { PLACE_ONE = 1 << 16 };

static inline uint32_t nearest(int32_t place, uint32_t size)
{
    return place < 0 ? 0 : (uint32_t)place / PLACE_ONE < size ? (uint32_t)place / PLACE_ONE : size - 1;
}

static int32_t to_place(float pixels)
{
    return (int32_t)(calo_clampf(pixels, -CALO_LENS_TILE_SIDE_MAX, CALO_LENS_TILE_SIDE_MAX) * PLACE_ONE);
}

/* The mean over the pixel's footprint, not yet divided by its alpha. */
static rgba average(const calo_lens_look *look, const calo_lens_texel *texel, uint32_t x, uint32_t y)
{
    const bool transparent = look->options->background == CALO_BACKGROUND_TRANSPARENT;
    const float first = -0.5f * (PLACES - 1) / PLACES;
    float across[2], down[2];
    rgba sum = {0};
    find_steps(look, texel, x, y, across, down);
    /* Steps may be long where the lens is about to turn back: half a tile is more than enough. */
    for (int i = 0; i < 2; i++) {
        across[i] = calo_clampf(across[i], -CALO_LENS_TILE_SIDE_MAX / 4, CALO_LENS_TILE_SIDE_MAX / 4);
        down[i] = calo_clampf(down[i], -CALO_LENS_TILE_SIDE_MAX / 4, CALO_LENS_TILE_SIDE_MAX / 4);
    }
    int32_t begin_x = to_place((float)texel->column + 0.5f + texel->x + first * (across[0] + down[0]));
    int32_t begin_y = to_place((float)texel->row + 0.5f + texel->y + first * (across[1] + down[1]));
    const int32_t right[2] = {to_place(across[0] / PLACES), to_place(across[1] / PLACES)};
    const int32_t below[2] = {to_place(down[0] / PLACES), to_place(down[1] / PLACES)};
    for (int j = 0; j < PLACES; j++)
        for (int i = 0; i < PLACES; i++)
            sum += weigh(load_color(look, nearest(begin_x + i * right[0] + j * below[0], look->drawn->width),
                                    nearest(begin_y + i * right[1] + j * below[1], look->drawn->height)), transparent);
    return sum * (1.0f / (PLACES * PLACES));
}

/* Where there is no ray there is no environment to be seen either: black. */
static rgba background(const calo_render_options *options)
{
    const float *color = options->background_color;
    if (options->background == CALO_BACKGROUND_COLOR)
        return (rgba){color[0], color[1], color[2], 1 - options->background_transparency};
    return (rgba){0, 0, 0, options->background == CALO_BACKGROUND_ENVIRONMENT};
}

static uint8_t to_byte(float value)
{
    return (uint8_t)(calo_clampf(value, 0, 1) * 255.0f + 0.5f);
}

static void write_color(const calo_lens_look *look, rgba color, calo_pixel_format format, char *out)
{
    float alpha = color[3];
    uint8_t codes[4];
    if (look->options->background == CALO_BACKGROUND_TRANSPARENT && alpha > 0)
        color /= (rgba){alpha, alpha, alpha, 1};
    if (format == CALO_PIXEL_RGBA32F) {
        memcpy(out, &color, sizeof color);
        return;
    }
    for (int c = 0; c < 3; c++)
        codes[c] = look->shading != CALO_SHADING_GLTF ? to_byte(color[c]) : calo_srgb_from_linear(color[c]);
    codes[3] = to_byte(alpha);
    memcpy(out, codes, format == CALO_PIXEL_RGB8 ? 3 : 4);
}

static void color_row(const calo_lens_look *look, uint32_t y)
{
    const calo_lens_texel *texels = row_texels(look, y);
    calo_pixel_format format = look->frame->planes[CALO_CHANNEL_COLOR].format;
    bool transparent = look->options->background == CALO_BACKGROUND_TRANSPARENT;
    char *out = own_pixels(look, CALO_CHANNEL_COLOR, y);
    size_t bytes = calo_pixel_bytes(format);
    for (uint32_t x = 0; x < look->tile->right - look->tile->left; x++, out += bytes) {
        rgba color = background(look->options);
        if (texels[x].column != CALO_LENS_NO_RAY)
            color = look->options->samples == 1
                        ? weigh(load_color(look, texels[x].column, texels[x].row), transparent)
                        : average(look, &texels[x], look->tile->left + x, y);
        write_color(look, color, format, out);
    }
}

/* ---- rows ---- */

void calo_lens_look_up(const calo_lens_look *look, calo_rows rows)
{
    uint32_t channels = look->options->channels;
    for (uint32_t y = rows.top; y < rows.bottom; y++) {
        if (channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR))
            color_row(look, y);
        if (channels & (DEPTH_BIT | POSITION_BIT))
            place_row(look, y);
        for (int c = CALO_CHANNEL_COLOR + 1; c < CALO_CHANNEL_COUNT; c++) {
            bool is_normal = c == CALO_CHANNEL_NORMAL || c == CALO_CHANNEL_GEOMETRIC_NORMAL;
            if (!(channels >> c & 1) || c == CALO_CHANNEL_DEPTH || c == CALO_CHANNEL_POSITION)
                continue;
            copy_row(look, (calo_channel)c, y);
            if (is_normal && look->tile->turned && !look->options->world_space_normals)
                turn_row(look, (calo_channel)c, y);
        }
    }
}
