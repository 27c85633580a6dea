/* One view being drawn by one thread: camera, visibility buffer, scratch. */
#ifndef CALO_RENDER_CPU_WORKER_H
#define CALO_RENDER_CPU_WORKER_H

#include "render/cpu/scene.h"

enum {
    CALO_CPU_SAMPLES_MAX = 16,
    CALO_CPU_SUBPIXEL = 256, /* positions are snapped to 1/256 pixel */
};

/* The camera, in the form that vertices are transformed with. */
typedef struct calo_cpu_camera {
    bool orthographic;
    calo_mat4 projection;    /* world to (x * w, y * w, w, depth): x, y in pixels from the top left */
    float near_metres;
    float position[3], back[3]; /* world */
    float to_camera[9];      /* world directions to camera axes */
    double ray[3][3];        /* pixel (x, y, 1) to a world direction */
} calo_cpu_camera;

/* A vertex in front of the camera. x and y are still multiplied by w. */
typedef struct calo_cpu_vertex {
    float x, y, w, depth;
    int32_t snapped_x, snapped_y; /* 1/256 pixels */
    float z;                      /* linear on the screen, larger is nearer */
    uint32_t outside;             /* CALO_CPU_OUTSIDE_ bits */
} calo_cpu_vertex;

enum {
    CALO_CPU_OUTSIDE_NEAR = 1,
    CALO_CPU_OUTSIDE_GUARD = 2,  /* too far aside for the fixed-point range: must be clipped */
    CALO_CPU_OUTSIDE_LEFT = 4,
    CALO_CPU_OUTSIDE_RIGHT = 8,
    CALO_CPU_OUTSIDE_TOP = 16,
    CALO_CPU_OUTSIDE_BOTTOM = 32,
    CALO_CPU_OUTSIDE_PICTURE = CALO_CPU_OUTSIDE_LEFT | CALO_CPU_OUTSIDE_RIGHT | CALO_CPU_OUTSIDE_TOP |
                               CALO_CPU_OUTSIDE_BOTTOM,
};

/* A transparent surface in a pixel of the buffers. */
typedef struct calo_cpu_fragment {
    uint32_t pixel, id;
    float z;
    uint32_t samples; /* bit s: covers sample s and is in front of the opaque surface there */
} calo_cpu_fragment;

/* How a draw's surfaces enter the visibility buffer. */
typedef enum calo_cpu_pass {
    CALO_CPU_PASS_OPAQUE,
    CALO_CPU_PASS_MASK,  /* alpha is tested before the depth is written */
    CALO_CPU_PASS_DATA,  /* BLEND: the pixel centre, where it is rather opaque */
    CALO_CPU_PASS_FRAGMENTS, /* BLEND: colour samples, kept for sorting */
} calo_cpu_pass;

typedef struct calo_cpu_worker {
    const calo_cpu_scene *scene;
    const calo_render_options *options;
    calo_cpu_camera camera;
    uint32_t width, height;
    /* The buffers hold the rows [buffer_top, buffer_bottom) of the picture. */
    uint32_t buffer_top, buffer_bottom;
    /* At pixel centres: what the data channels show. */
    float *z;
    uint32_t *ids;
    /* At colour samples, sample_count a pixel; 0 when the centres serve for colour too. */
    uint32_t sample_count;
    const int32_t (*sample_offsets)[2]; /* from the pixel centre, 1/256 pixels */
    float *sample_z;
    uint32_t *sample_ids;
    size_t pixel_capacity, sample_capacity;
    calo_cpu_vertex *vertices;
    size_t vertex_capacity;
    uint32_t band_top, band_bottom; /* rows that are drawn, within the buffers' */
    calo_cpu_fragment *fragments;
    size_t fragment_count, fragment_capacity;
    bool fragments_overflow;
    int last_stage; /* see render/stages.h */
    struct calo_cpu_element *element; /* the last one that was looked up by id */
} calo_cpu_worker;

static inline size_t calo_cpu_pixel_index(const calo_cpu_worker *worker, uint32_t x, uint32_t y)
{
    return (size_t)(y - worker->buffer_top) * worker->width + x;
}

/* Up to this many fragments are sorted at once; a picture with more is blended in bands. */
enum { CALO_CPU_FRAGMENT_MAX = 1 << 22 };

/* camera.c */
void calo_cpu_camera_init(calo_cpu_camera *camera, const calo_view *view);
/* From object space to (x * w, y * w, w, depth). */
void calo_cpu_object_projection(const calo_cpu_camera *camera, const calo_mat4 *object_to_world,
                                calo_mat4 *object_to_screen);
void calo_cpu_pixel_direction(const calo_cpu_camera *camera, double x, double y, float direction[3]);

/* geometry.c: draws one draw's elements into the visibility buffer (rows of the band only). */
calo_status calo_cpu_draw_geometry(calo_cpu_worker *worker, const calo_cpu_draw *draw, calo_cpu_pass pass,
                                   calo_error *err);

/* raster.c */
typedef struct calo_cpu_triangle {
    int32_t x[3], y[3]; /* 1/256 pixels, positive area with y down */
    float z[3];
    uint32_t id;
} calo_cpu_triangle;
void calo_cpu_rasterize(calo_cpu_worker *worker, const calo_cpu_triangle *triangle, calo_cpu_pass pass);

/* resolve.c: from visibility to the frame's channels. */
calo_status calo_cpu_resolve(calo_cpu_worker *worker, calo_frame *frame, calo_error *err);

#endif
