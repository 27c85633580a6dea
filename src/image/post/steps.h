/* The steps of calo_post_process, on planes of floats. */
#ifndef CALO_IMAGE_POST_STEPS_H
#define CALO_IMAGE_POST_STEPS_H

#include <calotype/post.h>

#include "base/cpu_level.h"
#include "base/scalar.h"
#include "image/color.h"

/* Planes' rows are a whole number of these floats apart, so that loops may go on behind a row's end. */
enum { CALO_POST_BLOCK = 16 };

/* What scratch memory is for. */
typedef enum calo_post_slot {
    CALO_POST_SLOT_COLOR = 0, /* three */
    CALO_POST_SLOT_ALPHA = 3,
    CALO_POST_SLOT_BLOOM, /* three: all levels of a channel */
    CALO_POST_SLOT_DEPTH = 7,
    CALO_POST_SLOT_NORMAL,         /* three */
    CALO_POST_SLOT_OCCLUSION = 11, /* two */
    CALO_POST_SLOT_ROWS = 13,
    CALO_POST_SLOT_GRAIN_TILE,
    CALO_POST_SLOT_GRAIN_WORK,
    CALO_POST_SLOT_COUNT
} calo_post_slot;

enum { CALO_POST_DIRECTIONS = 10, CALO_POST_CURVE_STEPS = 256 };

/* Directions of occlusion's samples: one set for each pixel of 4 x 4, whose columns are repeated to fill a block. */
typedef struct calo_post_pattern {
    float directions[4][CALO_POST_DIRECTIONS][3][CALO_POST_BLOCK]; /* [row % 4][sample][xyz][column % 4] */
    float curve[CALO_POST_CURVE_STEPS + 2];                        /* x^0.6 at x = (i / steps)^2 */
} calo_post_pattern;

struct calo_post_processor {
    const struct calo_post_kernels *kernels;
    float *slots[CALO_POST_SLOT_COUNT];
    size_t slot_floats[CALO_POST_SLOT_COUNT];
    bool has_grain_tile;
    calo_post_pattern pattern;
    uint32_t srgb_codes[CALO_SRGB_TABLE_SIZE];
};

/* At least `floats` floats that keep their place until the slot is asked for more; NULL with `err` filled. */
float *calo_post_take(calo_post_processor *processor, int slot, size_t floats, calo_error *err);

/* The picture that is worked on: linear light, straight alpha. */
typedef struct calo_post_canvas {
    uint32_t width, height;
    size_t stride;
    float *color[3], *alpha;
    bool opaque; /* every alpha is 1 */
} calo_post_canvas;

static inline size_t calo_post_stride(uint32_t width)
{
    return ((size_t)width + CALO_POST_BLOCK - 1) / CALO_POST_BLOCK * CALO_POST_BLOCK;
}

/* Largest float colour that is kept: a half's. Infinity and NaN would spread over the picture. */
#define CALO_POST_BRIGHTEST 65504.0f

/* The kernels' names at a level. */
#define calo_post_kernel_table CALO_CPU_NAME(calo_post_kernel_table)
#define calo_post_load CALO_CPU_NAME(calo_post_load)
#define calo_post_store CALO_CPU_NAME(calo_post_store)
#define calo_post_copy CALO_CPU_NAME(calo_post_copy)
#define calo_post_occlude CALO_CPU_NAME(calo_post_occlude)
#define calo_post_fill_background CALO_CPU_NAME(calo_post_fill_background)
#define calo_post_picture_row CALO_CPU_NAME(calo_post_picture_row)
#define calo_post_add_bloom CALO_CPU_NAME(calo_post_add_bloom)
#define calo_post_add_grain CALO_CPU_NAME(calo_post_add_grain)
#define calo_post_map_tones CALO_CPU_NAME(calo_post_map_tones)
#define calo_post_grade CALO_CPU_NAME(calo_post_grade)

/* A step that changes the canvas. */
typedef calo_status calo_post_step(calo_post_processor *processor, const calo_post_source *source,
                                   const calo_post_processing *post, calo_post_canvas *canvas, calo_error *err);

/* The steps as one instruction set has them. */
typedef struct calo_post_kernels {
    void (*load)(const calo_post_source *source, float exposure, calo_post_canvas *canvas);
    void (*store)(const calo_post_processor *processor, const calo_post_canvas *canvas, bool display_referred,
                  const calo_image *out);
    void (*copy)(const calo_post_processor *processor, const calo_post_source *source, const calo_image *out);
    calo_post_step *occlude, *fill_background, *add_bloom, *add_grain, *map_tones, *grade;
} calo_post_kernels;

extern const calo_post_kernels calo_post_kernel_table;

void calo_post_load(const calo_post_source *source, float exposure, calo_post_canvas *canvas);
void calo_post_store(const calo_post_processor *processor, const calo_post_canvas *canvas, bool display_referred,
                     const calo_image *out);
/* Without any step: the frame's colours to bytes. */
void calo_post_copy(const calo_post_processor *processor, const calo_post_source *source, const calo_image *out);
calo_post_step calo_post_occlude, calo_post_fill_background, calo_post_add_bloom, calo_post_add_grain;
calo_post_step calo_post_map_tones, calo_post_grade;
/* A row of a picture that covers the canvas. */
void calo_post_picture_row(const calo_post_background *background, const calo_post_canvas *canvas, uint32_t y,
                           uint32_t from, uint32_t to, float *const row[3]);

void calo_post_pattern_make(calo_post_pattern *pattern);

/* Within bounds; `low` where the value is NaN. Written so that it is two instructions of any vector's width. */
static inline float calo_post_clamp(float value, float low, float high)
{
    return calo_minf(calo_maxf(value, low), high);
}

#endif
