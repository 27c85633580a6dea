/* From an element and a pixel to a surface, and from a surface to its colour. */
#ifndef CALO_RENDER_CPU_SURFACE_H
#define CALO_RENDER_CPU_SURFACE_H

#include "render/cpu/worker.h"

/* A triangle, line or point made ready for many pixels. Weights of its corners at the pixel
 * offset (dx, dy) from the origin are proportional to constant + dx * step_x + dy * step_y
 * (Olano and Greer 1997: no clipping, perspective-correct). */
typedef struct calo_cpu_element {
    uint32_t id;
    const calo_cpu_draw *draw; /* object_to_screen is this draw's */
    calo_mat4 object_to_screen;
    const calo_cpu_material *material;
    uint32_t corners, index[3];
    double origin_x, origin_y;
    float constant[3], step_x[3], step_y[3];
    bool orthographic;
    float depth[3]; /* of the corners */
    float depth_plane[3], depth_low, depth_high; /* triangles: 1 / depth, orthographic: depth, at (1, dx, dy) */
    float line_from[2], line_to[2], line_w[2]; /* lines: the part in front, on the screen */
    float line_start, line_length;             /* and which part of the whole it is */
    float geometric_normal[3]; /* world, unit, towards the viewer */
} calo_cpu_element;

/* Corner weights at a pixel, and how they change a pixel step right and down. */
typedef struct calo_cpu_weights {
    float at[3], dx[3], dy[3];
} calo_cpu_weights;

typedef struct calo_cpu_surface {
    float position[3], normal[3], geometric_normal[3], to_viewer[3]; /* world */
    float depth;
    float uv[2];
    float base_color[4]; /* linear, vertex colour and alpha rule applied */
    float metallic, roughness, occlusion;
    float f0[3], f90, diffuse[3], emissive[3];
} calo_cpu_surface;

void calo_cpu_element_init(calo_cpu_element *element, const calo_cpu_worker *worker, uint32_t id);
/* (x, y) in pixels; the centre of the top left pixel is (0.5, 0.5). */
void calo_cpu_element_weights(const calo_cpu_element *element, double x, double y, calo_cpu_weights *weights);
float calo_cpu_element_depth(const calo_cpu_element *element, const calo_cpu_weights *weights, double x, double y);
/* Base colour with everything that multiplies it; alpha included. */
void calo_cpu_element_base_color(const calo_cpu_scene *scene, const calo_cpu_element *element,
                                 const calo_cpu_weights *weights, float rgba[4]);
/* Everything that is seen of the element at (x, y). */
void calo_cpu_element_surface(const calo_cpu_worker *worker, const calo_cpu_element *element, double x, double y,
                              calo_cpu_surface *surface);

/* lighting.c: linear radiance towards the viewer. */
void calo_cpu_shade(const calo_cpu_worker *worker, const calo_cpu_element *element, const calo_cpu_surface *surface,
                    float rgb[3]);

#endif
