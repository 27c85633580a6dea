#include "render/lens/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "render/backend.h"
#include "render/lens/model.h"

enum { BAND_ROWS = 16, TILE_SIDE_MIN = 8 };
/* A tile's camera looks along the lens's own axis, as far as its rays are not farther from it than this, or into the
 * middle of its rays, which is tried where they are wide. docs/conventions.md has the first. */
static const double OWN_AXIS_COSINE = 0.25881904510252074; /* 75 degrees */
static const double WIDE_COSINE = 0.6427876096865394;      /* 50 degrees */
static const double MIDDLE_COSINE = 0.5;                   /* 60 degrees */
/* A large tile whose picture has so many pixels a pixel of the lens's is cut: the halves fit better. */
enum { WASTEFUL_RATIO = 24, WASTEFUL_SIDE_MIN = 128 };
/* All tiles' pictures together, a pixel of the lens's picture; a lens that needs more is refused. */
enum { PIXELS_A_PIXEL_MAX = 64, PIXELS_FREE = 16 << 20 };

typedef struct plan_making {
    calo_lens_plan *plan;
    calo_lens lens;
    size_t index;
    calo_watch *watch;
    calo_error *err;
} plan_making;

/* ---- rays ---- */

/* The direction of a ray that is there: right, up, back. */
static void ray_direction(const calo_lens_texel *texel, double direction[3])
{
    double a = texel->ray[0], b = texel->ray[1], square = a * a + b * b, scale = 1 / (1 + square);
    direction[0] = 2 * a * scale;
    direction[1] = 2 * b * scale;
    direction[2] = (square - 1) * scale;
}

static calo_status find_rays(void *user, uint32_t worker, size_t band, calo_error *err)
{
    const plan_making *making = user;
    const calo_view *view = &making->plan->view;
    calo_status status = calo_watch_go_on(making->watch, worker, err);
    if (status != CALO_OK)
        return status;
    for (uint32_t y = (uint32_t)band * BAND_ROWS; y < (band + 1) * BAND_ROWS && y < view->height; y++) {
        calo_lens_guess guess = {0};
        for (uint32_t x = 0; x < view->width; x++) {
            calo_lens_texel *texel = &making->plan->texels[(size_t)y * view->width + x];
            double direction[3];
            bool found = calo_lens_ray(&making->lens, x + 0.5, y + 0.5, &guess, direction);
            texel->ray[0] = found ? direction[0] / (1 - direction[2]) : NAN;
            texel->ray[1] = found ? direction[1] / (1 - direction[2]) : NAN;
        }
    }
    return CALO_OK;
}

/* ---- a tile's camera ---- */

/* Calls for every ray of a tile. */
#define FOR_EACH_RAY(making, tile, texel)                                                                              \
    for (uint32_t y_ = (tile)->top; y_ < (tile)->bottom; y_++)                                                         \
        for (calo_lens_texel *texel = row_of((making)->plan, y_) + (tile)->left,                                       \
                             *end_ = row_of((making)->plan, y_) + (tile)->right; texel < end_; texel++)                \
            if (!isnan(texel->ray[0]))

static calo_lens_texel *row_of(const calo_lens_plan *plan, uint32_t y)
{
    return plan->texels + (size_t)y * plan->view.width;
}

/* The smallest cosine between the axis and a ray; 2 when there are no rays. */
static double widest_cosine(const plan_making *making, const calo_lens_tile *tile, const double axis[3])
{
    double widest = 2, direction[3];
    FOR_EACH_RAY(making, tile, texel) {
        ray_direction(texel, direction);
        widest = fmin(widest, calo_dot3(direction, axis));
    }
    return widest;
}

/* The turn that takes the lens's axis to `axis` on the shortest way. */
static void turn_to(const double axis[3], double rotation[3][3])
{
    const double back[3] = {-axis[0], -axis[1], -axis[2]}, scale = 1 / (1 + back[2]);
    const bool behind = back[2] < -0.999999;
    const double turned[3][3] = {
        {1 - back[0] * back[0] * scale, -back[0] * back[1] * scale, back[0]},
        {-back[0] * back[1] * scale, 1 - back[1] * back[1] * scale, back[1]},
        {-back[0], -back[1], back[2]},
    };
    static const double half_turn[3][3] = {{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}};
    memcpy(rotation, behind ? half_turn : turned, sizeof turned);
}

/* ---- a tile's picture ---- */

/* Where a ray falls in a picture with the lens's focal lengths, from where the axis does. */
static void project(const plan_making *making, const calo_lens_tile *tile, const calo_lens_texel *texel, double at[2])
{
    double direction[3], turned[3];
    ray_direction(texel, direction);
    for (int i = 0; i < 3; i++)
        turned[i] = tile->rotation[0][i] * direction[0] + tile->rotation[1][i] * direction[1] +
                    tile->rotation[2][i] * direction[2];
    at[0] = making->lens.focal[0] * turned[0] / -turned[2];
    at[1] = making->lens.focal[1] * turned[1] / turned[2];
}

/* What a tile's pixels cover of that picture. */
typedef struct tile_extent {
    double low[2], high[2];
    double least_squared; /* the least that a pixel's step covers in any direction, squared */
    double longest;       /* the most that a step to a neighbour does, along either axis */
} tile_extent;

/* The smaller singular value, squared, of the matrix with these columns. */
static double smaller_stretch_squared(const double a[2], const double b[2])
{
    double trace = a[0] * a[0] + a[1] * a[1] + b[0] * b[0] + b[1] * b[1], area = a[0] * b[1] - a[1] * b[0];
    double spread = trace * trace - 4 * area * area;
    return 2 * area * area / (trace + sqrt(fmax(spread, 0)));
}

static void add_step(const double from[2], const double to[2], double step[2], tile_extent *extent)
{
    for (int i = 0; i < 2; i++) {
        step[i] = to[i] - from[i];
        extent->longest = fmax(extent->longest, fabs(step[i]));
    }
}

static void add_pixel(const plan_making *making, const calo_lens_tile *tile, uint32_t x, uint32_t y,
                      tile_extent *extent)
{
    const calo_lens_texel *texel = row_of(making->plan, y) + x, *below = texel + making->plan->view.width;
    double at[2], right_at[2], below_at[2], right_step[2], below_step[2];
    bool has_right = x + 1 < tile->right && !isnan(texel[1].ray[0]);
    bool has_below = y + 1 < tile->bottom && !isnan(below->ray[0]);
    if (isnan(texel->ray[0]))
        return;
    project(making, tile, texel, at);
    for (int i = 0; i < 2; i++) {
        extent->low[i] = fmin(extent->low[i], at[i]);
        extent->high[i] = fmax(extent->high[i], at[i]);
    }
    if (has_right)
        project(making, tile, texel + 1, right_at);
    if (has_below)
        project(making, tile, below, below_at);
    if (has_right)
        add_step(at, right_at, right_step, extent);
    if (has_below)
        add_step(at, below_at, below_step, extent);
    if (has_right && has_below)
        extent->least_squared = fmin(extent->least_squared, smaller_stretch_squared(right_step, below_step));
}

/* The picture's size and place. False where it would be too large. Where the tile is not turned, a lens that does
 * nothing has its pixels' centres at centres of the tile's pixels. */
static bool lay_out(const plan_making *making, calo_lens_tile *tile)
{
    tile_extent extent = {.low = {INFINITY, INFINITY}, .high = {-INFINITY, -INFINITY}, .least_squared = INFINITY};
    for (uint32_t y = tile->top; y < tile->bottom; y++)
        for (uint32_t x = tile->left; x < tile->right; x++)
            add_pixel(making, tile, x, y, &extent);
    double scale = CALO_LENS_RATIO / (isfinite(extent.least_squared) ? sqrt(extent.least_squared) : 1);
    /* Half a pixel of the lens's picture on each side, for colour. */
    double margin = 1 + ceil(fmin(scale * extent.longest / 2, 32)), size[2];
    for (int i = 0; i < 2; i++) {
        double shift = scale * making->lens.center[i] - 0.5;
        double first = floor(scale * extent.low[i] + shift - margin);
        size[i] = ceil(scale * extent.high[i] + shift + margin) - first;
        tile->focal[i] = scale * making->lens.focal[i];
        tile->center[i] = shift - first;
        /* Far from the axis pixels are no longer told apart. */
        if (!(size[i] <= CALO_LENS_TILE_SIDE_MAX && fabs(first) < 1e9))
            return false;
    }
    tile->width = (uint32_t)size[0];
    tile->height = (uint32_t)size[1];
    return size[0] * size[1] <= CALO_LENS_TILE_PIXELS_MAX;
}

/* Along the middle of the rays. */
static bool lay_out_turned(const plan_making *making, calo_lens_tile *tile)
{
    double middle[3] = {0}, direction[3];
    FOR_EACH_RAY(making, tile, texel) {
        ray_direction(texel, direction);
        for (int i = 0; i < 3; i++)
            middle[i] += direction[i];
    }
    calo_normalize3(middle);
    turn_to(middle, tile->rotation);
    tile->turned = true;
    return widest_cosine(making, tile, middle) >= MIDDLE_COSINE && lay_out(making, tile);
}

static uint64_t tile_pixels(const calo_lens_tile *tile)
{
    return (uint64_t)tile->width * tile->height;
}

/* The camera that needs fewer pixels. False when the tile has too many rays, too far apart, for any. */
static bool find_camera(const plan_making *making, calo_lens_tile *tile)
{
    static const double own_axis[3] = {0, 0, -1};
    double widest = widest_cosine(making, tile, own_axis);
    calo_lens_tile turned = *tile;
    tile->empty = widest > 1.5;
    if (tile->empty)
        return true;
    turn_to(own_axis, tile->rotation);
    bool fits = widest >= OWN_AXIS_COSINE && lay_out(making, tile);
    if (widest >= WIDE_COSINE || !lay_out_turned(making, &turned))
        return fits;
    if (!fits || tile_pixels(&turned) < tile_pixels(tile))
        *tile = turned;
    return true;
}

/* ---- tiles ---- */

static calo_status refuse(const plan_making *making)
{
    return calo_fail(making->err, CALO_ERROR_LIMIT,
                     "view %zu has a lens that is too uneven: some of its %u x %u pixels see far less than others; "
                     "check its coefficients, or make the picture smaller",
                     making->index, making->plan->view.width, making->plan->view.height);
}

static calo_status keep_tile(plan_making *making, const calo_lens_tile *tile)
{
    calo_lens_plan *plan = making->plan;
    uint64_t most = (uint64_t)plan->view.width * plan->view.height * PIXELS_A_PIXEL_MAX + PIXELS_FREE;
    if (plan->tile_count == plan->tile_capacity) {
        uint32_t capacity = 2 * plan->tile_capacity + 4;
        calo_lens_tile *tiles = realloc(plan->tiles, capacity * sizeof *tiles);
        if (!tiles)
            return calo_fail_memory(making->err, "the tiles of a lens", capacity * sizeof *tiles);
        plan->tiles = tiles;
        plan->tile_capacity = capacity;
    }
    plan->tiles[plan->tile_count++] = *tile;
    plan->pixels += tile_pixels(tile);
    return plan->pixels <= most ? CALO_OK : refuse(making);
}

/* One tile, or its two halves: at most as deep as a picture's sides can be halved. */
static calo_status cut(plan_making *making, uint32_t left, uint32_t top, uint32_t right, uint32_t bottom)
{
    calo_lens_tile tile = {.left = left, .top = top, .right = right, .bottom = bottom};
    uint32_t width = right - left, height = bottom - top;
    calo_status status = calo_watch_go_on(making->watch, 0, making->err);
    if (status != CALO_OK)
        return status;
    bool found = find_camera(making, &tile), large = width >= WASTEFUL_SIDE_MIN && height >= WASTEFUL_SIDE_MIN;
    bool wasteful = tile_pixels(&tile) > (uint64_t)width * height * WASTEFUL_RATIO;
    if (found && !(wasteful && large))
        return keep_tile(making, &tile);
    if (width < 2 * TILE_SIDE_MIN && height < 2 * TILE_SIDE_MIN)
        return refuse(making);
    bool across = width >= height;
    uint32_t middle_x = across ? left + width / 2 : right, middle_y = across ? bottom : top + height / 2;
    status = cut(making, left, top, middle_x, middle_y);
    if (status != CALO_OK)
        return status;
    return across ? cut(making, middle_x, top, right, bottom) : cut(making, left, middle_y, right, bottom);
}

/* From rays to places in the tile's picture. */
static void settle(const plan_making *making, const calo_lens_tile *tile)
{
    for (uint32_t y = tile->top; y < tile->bottom; y++)
        for (uint32_t x = tile->left; x < tile->right; x++) {
            calo_lens_texel *texel = row_of(making->plan, y) + x, settled = {.column = CALO_LENS_NO_RAY};
            if (!isnan(texel->ray[0])) {
                double at[2], scale[2];
                project(making, tile, texel, at);
                for (int i = 0; i < 2; i++) {
                    scale[i] = tile->focal[i] / making->lens.focal[i];
                    at[i] = scale[i] * at[i] + tile->center[i];
                }
                settled.column = (uint16_t)at[0];
                settled.row = (uint16_t)at[1];
                settled.x = (float)(at[0] - settled.column - 0.5);
                settled.y = (float)(at[1] - settled.row - 0.5);
            }
            *texel = settled;
        }
}

static calo_status settle_tile(void *user, uint32_t worker, size_t index, calo_error *err)
{
    const plan_making *making = user;
    calo_status status = calo_watch_go_on(making->watch, worker, err);
    if (status != CALO_OK)
        return status;
    settle(making, &making->plan->tiles[index]);
    return CALO_OK;
}

/* ---- plans ---- */

bool calo_lens_plan_fits(const calo_lens_plan *plan, const calo_view *view)
{
    const calo_view *own = &plan->view;
    return own->width == view->width && own->height == view->height && own->lens == view->lens &&
           own->focal_x == view->focal_x && own->focal_y == view->focal_y && own->center_x == view->center_x &&
           own->center_y == view->center_y &&
           memcmp(own->lens_coefficients, view->lens_coefficients, sizeof own->lens_coefficients) == 0;
}

static calo_status reserve_texels(calo_lens_plan *plan, size_t count, calo_error *err)
{
    if (plan->texel_capacity >= count)
        return CALO_OK;
    free(plan->texels);
    plan->texels = malloc(count * sizeof *plan->texels);
    plan->texel_capacity = plan->texels ? count : 0;
    return plan->texels ? CALO_OK : calo_fail_memory(err, "the rays of a lens", count * sizeof *plan->texels);
}

calo_status calo_lens_plan_make(calo_lens_plan *plan, const calo_view *view, size_t index, calo_thread_pool *pool,
                                calo_watch *watch, calo_error *err)
{
    plan_making making = {.plan = plan, .index = index, .watch = watch, .err = err};
    calo_status status = reserve_texels(plan, (size_t)view->width * view->height, err);
    plan->view = *view;
    plan->tile_count = 0;
    plan->pixels = 0;
    calo_lens_init(&making.lens, view);
    if (status == CALO_OK)
        status = calo_thread_pool_for(pool, (view->height + BAND_ROWS - 1) / BAND_ROWS, find_rays, &making,
                                      calo_watch_idle(watch), err);
    if (status == CALO_OK)
        status = cut(&making, 0, 0, view->width, view->height);
    if (status == CALO_OK)
        status = calo_thread_pool_for(pool, plan->tile_count, settle_tile, &making, calo_watch_idle(watch), err);
    if (status != CALO_OK)
        plan->view.width = 0;
    return status;
}

void calo_lens_plan_finish(calo_lens_plan *plan)
{
    free(plan->texels);
    free(plan->tiles);
    *plan = (calo_lens_plan){0};
}

calo_view calo_lens_tile_view(const calo_lens_tile *tile, const calo_view *view)
{
    calo_view out = *view;
    calo_mat4 rotation = calo_mat4_identity();
    for (int r = 0; r < 3; r++)
        memcpy(rotation.m[r], tile->rotation[r], sizeof tile->rotation[r]);
    calo_view_headlight(view, out.headlight); /* the whole picture's */
    if (tile->turned)
        out.camera_to_world = calo_mat4_multiply(&view->camera_to_world, &rotation);
    out.focal_x = tile->focal[0];
    out.focal_y = tile->focal[1];
    out.center_x = tile->center[0];
    out.center_y = tile->center[1];
    out.width = tile->width;
    out.height = tile->height;
    out.lens = CALO_LENS_PINHOLE;
    return out;
}
