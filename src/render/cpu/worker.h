/* Rows of one view being drawn by one thread: camera, visibility buffer, scratch. Private to the kernels. */
#ifndef CALO_RENDER_CPU_WORKER_H
#define CALO_RENDER_CPU_WORKER_H

#include "base/lanes.h"
#include "render/cpu/kernels.h"
#include "render/cpu/level.h"

enum {
    CALO_CPU_SAMPLES_MAX = 16,
    CALO_CPU_SUBPIXEL = 256,  /* positions are snapped to 1/256 pixel */
    CALO_CPU_BLOCK = 4,       /* the buffers are made of blocks of 4 x 4 pixels */
    CALO_CPU_SLOTS = 16,      /* depths that lie side by side */
    CALO_CPU_BATCH = 16,      /* triangles that are set up together */
    CALO_CPU_SMALL_PIXELS = 120, /* up to this extent everything about a triangle fits into 16 and 32 bits */
    CALO_CPU_ELEMENTS = 16,   /* cached */
};

/* The camera, in the form that vertices are transformed with. */
typedef struct calo_cpu_camera {
    bool orthographic;
    calo_mat4 projection;    /* world to (x * w, y * w, w, depth): x, y in pixels from the top left */
    float near_metres, far_metres; /* INFINITY: no end */
    float reach_pixels;      /* a metre at depth 1 covers so many pixels at most; orthographic: anywhere */
    float position[3], back[3]; /* world */
    float headlight[3];      /* world, unit: the way to headlights */
    float to_camera[9];      /* world directions to camera axes */
    double ray[3][3];        /* pixel (x, y, 1) to a world direction */
} calo_cpu_camera;

/* 16 depths and ids side by side: the 4 x 4 pixels of a block row by row, or samples of its pixels.
 * 0 in `ids` is nothing, the worker's empty_z in `z` then. Larger z is nearer. */
typedef struct calo_cpu_slots {
    float z[CALO_CPU_SLOTS];
    uint32_t ids[CALO_CPU_SLOTS];
} __attribute__((aligned(64))) calo_cpu_slots;

/* Where the slots of a block lie, from the centre of its first pixel. A block with s samples a
 * pixel has s groups of slots, ordered by pixel, then by sample. */
typedef struct calo_cpu_slot_places {
    int32_t packed[CALO_CPU_SAMPLES_MAX][CALO_CPU_SLOTS]; /* 1/256 pixels: x in the low, y in the high half */
    float x[CALO_CPU_SAMPLES_MAX][CALO_CPU_SLOTS], y[CALO_CPU_SAMPLES_MAX][CALO_CPU_SLOTS]; /* pixels */
} __attribute__((aligned(64))) calo_cpu_slot_places;

/* The depth of a triangle over the screen, kept within the corners' range so that slivers do not
 * reach through their neighbours. */
typedef struct calo_cpu_face {
    float step_x, step_y, low, high;
    uint32_t id;
} calo_cpu_face;

/* Triangles to be set up: corners relative to an origin, 1/256 pixels, x in the low half. */
typedef struct calo_cpu_queue {
    int32_t corners[3][CALO_CPU_BATCH];
    float z[3][CALO_CPU_BATCH];
    uint32_t ids[CALO_CPU_BATCH];
    int32_t origin_x[CALO_CPU_BATCH], origin_y[CALO_CPU_BATCH]; /* pixels, multiples of a block */
    uint32_t count;
} __attribute__((aligned(64))) calo_cpu_queue;

/* Triangles that are set up. */
typedef struct calo_cpu_batch {
    int32_t edges[3][CALO_CPU_BATCH];  /* -dy in the low half, dx in the high one */
    int32_t values[3][CALO_CPU_BATCH]; /* of the edge functions at the first pixel of the first block */
    float z[CALO_CPU_BATCH], step_x[CALO_CPU_BATCH], step_y[CALO_CPU_BATCH], low[CALO_CPU_BATCH], high[CALO_CPU_BATCH];
    int32_t left[CALO_CPU_BATCH], top[CALO_CPU_BATCH], right[CALO_CPU_BATCH], bottom[CALO_CPU_BATCH]; /* pixels */
    int32_t first_block[CALO_CPU_BATCH];                  /* in the buffers */
    int32_t across[CALO_CPU_BATCH], down[CALO_CPU_BATCH]; /* blocks; 0: nothing to draw */
} __attribute__((aligned(64))) calo_cpu_batch;

/* A transparent surface in a pixel of the buffers. */
typedef struct calo_cpu_fragment {
    uint32_t pixel; /* block * 16 + row * 4 + column */
    uint32_t id;
    float z;
    uint32_t samples; /* bit s: covers sample s and is in front of the opaque surface there */
} calo_cpu_fragment;

/* How a draw's surfaces enter the visibility buffer. */
typedef enum calo_cpu_pass {
    CALO_CPU_PASS_OPAQUE,
    CALO_CPU_PASS_ANY_ORDER, /* opaque, but draws come out of order: at equal depths the earlier draw wins */
    CALO_CPU_PASS_MASK,  /* alpha is tested before the depth is written */
    CALO_CPU_PASS_DATA,  /* BLEND: the pixel centre, where it is rather opaque */
    CALO_CPU_PASS_FRAGMENTS, /* BLEND: colour samples, kept for sorting */
} calo_cpu_pass;

static inline bool calo_cpu_is_opaque(calo_cpu_pass pass)
{
    return pass == CALO_CPU_PASS_OPAQUE || pass == CALO_CPU_PASS_ANY_ORDER;
}

/* The farthest depth of each block of the buffers, then of 4 x 4 cells, and so on (occlusion.c). */
enum { CALO_CPU_FAR_LEVELS = 5 };
typedef struct calo_cpu_far_map {
    bool known;
    float *cells;
    size_t capacity, first[CALO_CPU_FAR_LEVELS];
    uint32_t across[CALO_CPU_FAR_LEVELS], down[CALO_CPU_FAR_LEVELS];
    uint64_t clusters_drawn, next_refresh;
} calo_cpu_far_map;

/* What shading knows of the draw that it looked at last. */
typedef struct calo_cpu_draw_state {
    const calo_cpu_draw *draw;
    float rows[4][4]; /* object to screen */
    float edge_scale; /* makes edges neither tiny nor huge */
    /* The reflection is the same all over: neither metallic nor textured. */
    bool uniform;
    float f0[3], f90; /* then */
    bool shares_occlusion; /* occlusion and metal-roughness are one texture, read alike */
    float lobe[4][64] __attribute__((aligned(64))); /* of the material's roughness: scale, its step, bias, its step */
} calo_cpu_draw_state;

struct calo_cpu_worker {
    const calo_cpu_scene *scene;
    const calo_render_options *options;
    calo_cpu_camera camera;
    uint32_t width, height;
    uint32_t blocks_across;
    /* The buffers hold the rows [buffer_top, buffer_bottom) of the picture; buffer_top is a block's. */
    uint32_t buffer_top, buffer_bottom;
    calo_cpu_slots *centers; /* at pixel centres: what the data channels show */
    /* At colour samples, sample_count groups a block; 0 when the centres serve for colour too. */
    uint32_t sample_count;
    const int32_t (*sample_offsets)[2]; /* from the pixel centre, 1/256 pixels */
    calo_cpu_slots *samples;
    uint8_t *touched; /* by block: a triangle came near; what it did not touch is empty */
    size_t center_capacity, sample_capacity; /* in groups */
    bool clean; /* the buffers hold nothing: resolving leaves them so */
    float empty_z; /* where nothing is: a hair beyond the far plane, so that what is farther is not drawn; -INFINITY */
    calo_cpu_slot_places center_places, sample_places;
    uint32_t places_count; /* the sample count that sample_places and sample_sums are for */
    int32_t sample_sums[2][256][2]; /* of the sample_offsets, by the set bits of samples 0 to 7 and 8 to 15 */
    uint32_t *visible;     /* clusters in sight */
    size_t visible_capacity;
    uint8_t *fine_groups;  /* levels of detail: 1 where a group's error does not show */
    size_t fine_capacity;
    calo_cpu_far_map far_map;       /* scenes of many objects: what is hidden */
    uint32_t *draw_order, *depth_keys;
    uint32_t order_capacity;
    uint32_t last_id;               /* of the draw at hand */
    uint32_t edge;                  /* of a triangle, from 1, whose alpha is tested; 0: any */
    uint32_t band_top, band_bottom; /* rows that are drawn, within the buffers' */
    calo_cpu_queue queue;
    calo_cpu_fragment *fragments, *fragment_scratch;
    size_t fragment_count, fragment_capacity;
    bool fragments_overflow;
    bool even_background;     /* the same in all pixels: */
    float background[4];      /* premultiplied */
    unsigned char empty_color[4 * sizeof(float)]; /* a pixel of it in the frame's format */
    struct calo_cpu_row *row; /* resolve.c: a row of blocks */
    size_t row_capacity;
    struct calo_cpu_extras *extras;
    bool needs_position; /* by a channel or a lamp */
    bool needs_geometric_normal; /* of unit length: by a channel or a shadow */
    bool draws_shadow_map; /* what casts no shadow is left out */
    calo_cpu_draw_state draw_state;
    struct calo_cpu_element *elements; /* CALO_CPU_ELEMENTS, by id */
    int last_stage; /* see render/stages.h */
};

/* The block of pixel (x, y), counted in the buffers. */
static inline size_t calo_cpu_block_index(const calo_cpu_worker *worker, int32_t block_x, int32_t block_y)
{
    return (size_t)(block_y - (int32_t)(worker->buffer_top / CALO_CPU_BLOCK)) * worker->blocks_across + (size_t)block_x;
}

/* A block's groups of samples; NULL where there are none. */
static inline calo_cpu_slots *calo_cpu_block_samples(const calo_cpu_worker *worker, size_t block)
{
    return worker->sample_count ? worker->samples + block * worker->sample_count : NULL;
}

static inline void calo_cpu_clear_slots(const calo_cpu_worker *worker, calo_cpu_slots *slots, size_t count)
{
    for (size_t g = 0; g < count; g++)
        for (int part = 0; part < CALO_CPU_SLOTS; part += LANES) {
            lanes_store(slots[g].z + part, lanes_float(worker->empty_z));
            lanes_store_int(slots[g].ids + part, lanes_int(0));
        }
}

static inline int32_t min_int(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t max_int(int32_t a, int32_t b) { return a > b ? a : b; }
static inline int32_t lowest_of_three(const int32_t v[3]) { return min_int(v[0], min_int(v[1], v[2])); }
static inline int32_t highest_of_three(const int32_t v[3]) { return max_int(v[0], max_int(v[1], v[2])); }

/* Up to this many fragments are sorted at once; a picture with more is blended in bands. */
enum { CALO_CPU_FRAGMENT_MAX = 1 << 22 };

/* Pixels from the origin that 32-bit fixed point can reach with room to spare. */
#define CALO_CPU_GUARD_PIXELS 32768.0f

/* camera.c */
void calo_cpu_camera_init(calo_cpu_camera *camera, const calo_view *view);
/* From object space to (x * w, y * w, w, depth). */
void calo_cpu_object_projection(const calo_cpu_camera *camera, const calo_mat4 *object_to_world,
                                calo_mat4 *object_to_screen);

/* geometry.c: draws one draw's elements into the visibility buffer (rows of the band only). */
calo_status calo_cpu_draw_geometry(calo_cpu_worker *worker, const calo_cpu_draw *draw, calo_cpu_pass pass,
                                   calo_error *err);

/* What the stages of one draw share. */
typedef struct calo_cpu_geometry_stage {
    calo_cpu_worker *worker;
    const calo_cpu_draw *draw;
    calo_cpu_pass pass;
    calo_mat4 object_to_screen;
    float rows[4][4];
    bool cull_back;
    float margin_pixels; /* edges reach so far beside their triangles; 0 for surfaces */
} calo_cpu_geometry_stage;

/* cull.c: lists the clusters that the view needs in worker->visible. */
calo_status calo_cpu_find_clusters(const calo_cpu_geometry_stage *stage, uint32_t *count, calo_error *err);

/* clip.c: the general way, for clusters that reach behind the camera or beside the guard band, and for
 * large triangles. */
void calo_cpu_clip_cluster(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster);
void calo_cpu_clip_one(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster, uint32_t triangle);

/* lines.c */
void calo_cpu_draw_lines_and_points(calo_cpu_geometry_stage *stage);
/* The edges of the cluster's triangles that face the right way. */
void calo_cpu_draw_edges(calo_cpu_geometry_stage *stage, const calo_cpu_cluster *cluster);

/* setup.c: sets up and draws what is in the queue. */
void calo_cpu_flush_queue(calo_cpu_worker *worker, calo_cpu_pass pass);

/* raster.c */
void calo_cpu_rasterize_batch(calo_cpu_worker *worker, const calo_cpu_batch *batch, const calo_cpu_queue *queue,
                              calo_cpu_pass pass);
/* x and y in 1/256 pixels, positive area with y down, any size within the guard band. */
void calo_cpu_rasterize_large(calo_cpu_worker *worker, const int32_t x[3], const int32_t y[3], const float z[3],
                              uint32_t id, calo_cpu_pass pass);

/* occlusion.c, for scenes of many objects: the order of draws, from front to back, and what lies behind others. */
calo_status calo_cpu_reserve_occlusion(calo_cpu_worker *worker, uint32_t rows, calo_error *err);
void calo_cpu_occlusion_finish(calo_cpu_worker *worker);
void calo_cpu_sort_draws(calo_cpu_worker *worker);
void calo_cpu_begin_occlusion(calo_cpu_worker *worker);
/* Before a draw: what was drawn since the last time comes into the map, when it is worth it. */
void calo_cpu_refresh_occlusion(calo_cpu_worker *worker, calo_cpu_pass pass);
bool calo_cpu_draw_is_hidden(const calo_cpu_geometry_stage *stage);
/* Of the first `count` visible clusters keeps those that are not hidden; returns how many. */
uint32_t calo_cpu_drop_hidden(const calo_cpu_geometry_stage *stage, uint32_t count);

/* blend.c: what a surface whose alpha decides does to slots that it covers. `bits`: slots in front
 * of what is there, with their depths `z`; `z_first`: the depth at the block's first pixel centre. */
typedef struct calo_cpu_visit {
    calo_cpu_pass pass;
    bool samples; /* of the samples, else of the centres */
    uint32_t group, bits;
    int32_t block_x, block_y;
    float z_first;
    const float *z;
    calo_cpu_slots *slots;
} calo_cpu_visit;
void calo_cpu_visit_slots(calo_cpu_worker *worker, const calo_cpu_face *face, const calo_cpu_visit *visit);

/* The fragments of the rows [top, *bottom), sorted by pixel and then from back to front; *bottom is
 * lowered when there are too many. Both are multiples of a block, or the buffers' end. */
calo_status calo_cpu_collect_fragments(calo_cpu_worker *worker, uint32_t top, uint32_t *bottom, calo_error *err);

/* resolve.c: from visibility to the frame's channels. */
calo_status calo_cpu_resolve(calo_cpu_worker *worker, calo_frame *frame, calo_error *err);
void calo_cpu_resolve_finish(calo_cpu_worker *worker);

#endif
