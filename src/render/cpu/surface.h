/* From elements and pixels to surfaces, and from surfaces to their colour, LANES at once. */
#ifndef CALO_RENDER_CPU_SURFACE_H
#define CALO_RENDER_CPU_SURFACE_H

#include "render/cpu/element.h"

/* Pixels of one draw to be shaded. Lanes that are not `active` may hold anything as long as their
 * id is one of the draw's. */
typedef struct calo_cpu_packet {
    const calo_cpu_draw *draw;
    lanes_i ids;
    lanes_f x, y; /* pixels; the centre of the top left pixel is (0.5, 0.5) */
    lanes_m active;
} calo_cpu_packet;

typedef struct calo_cpu_surface {
    lanes_f position[3], normal[3], to_viewer[3]; /* world */
    lanes_f geometric_normal[3]; /* world; of unit length only where a channel or a shadow needs it */
    lanes_f depth;
    lanes_f uv[2];
    lanes_f base_color[4]; /* linear, vertex colour and alpha rule applied */
    lanes_f metallic, roughness, occlusion;
    lanes_f f0[3], f90, diffuse[3], emissive[3];
    /* pyrender's shading: base colour without vertex colours, and these. MuJoCo's: base colour with vertex colours, as
     * displayed, and the texture's codes. */
    lanes_f bare_color[3], tint[3];
    lanes_f shown[4]; /* pyrender's, of flat draws: all that is seen, as written */
} calo_cpu_surface;

/* Up to this many packets of one draw are shaded stage by stage, so that the processor has several
 * independent chains of work at hand. */
enum { CALO_CPU_GROUP = 4 };

/* Everything that is seen at the pixels of 1 to CALO_CPU_GROUP packets of one draw. */
void calo_cpu_surface_find(calo_cpu_worker *worker, const calo_cpu_packet *packets, int count,
                           calo_cpu_surface *surfaces);
/* Base colour's alpha alone. */
void calo_cpu_surface_alpha(calo_cpu_worker *worker, const calo_cpu_packet *packet, lanes_f *alpha);

/* Where a texture is looked up, and how that changes a pixel step right and down. */
typedef struct calo_cpu_lookup {
    lanes_f uv[2], dx[2], dy[2];
} calo_cpu_lookup;

/* Where the two texels of each row of both levels lie and what they weigh, a lane each. */
enum { CALO_CPU_TEXEL_ROWS = 4 };
typedef struct calo_cpu_footprint {
    uint32_t at[CALO_CPU_TEXEL_ROWS][LANES];
    lanes_i weights[CALO_CPU_TEXEL_ROWS]; /* left in the low half, right in the high one */
    int rows;                             /* that count: of both levels, or of the lower one alone */
} calo_cpu_footprint;

/* Which side of a pixel's footprint says how far a texture is minified. */
typedef enum calo_cpu_footprint_rule { CALO_CPU_MEAN_SIDE, CALO_CPU_LONGER_SIDE } calo_cpu_footprint_rule;

/* texels.c: the same for all textures of one layout (see calo_mip_chain_same_layout). */
void calo_cpu_texture_place(const calo_mip_chain *texture, const calo_cpu_lookup *lookups, int count,
                            calo_cpu_footprint_rule rule, calo_cpu_footprint *footprints);
/* Asks for the texels, so that they are near when they are sampled. */
void calo_cpu_texture_prefetch(const calo_mip_chain *texture, const calo_cpu_footprint *footprints, int count);
void calo_cpu_texture_sample(const calo_mip_chain *texture, const calo_cpu_footprint *footprints, int count,
                             lanes_f (*rgba)[4]);

/* shadow_look_up.c: the share of light that reaches the surface of a lamp that casts shadows. The normal must be of unit
 * length; lanes that hold no surface may give anything. */
lanes_f calo_cpu_visibility(const calo_cpu_worker *worker, const calo_cpu_surface *surface, const calo_lamp *lamp);

/* lighting.c: linear radiance towards the viewer; of display-referred shadings what is displayed. */
void calo_cpu_shade(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                    lanes_f rgb[3]);

/* pyrender.c: the same as pyrender does it; from 0 to 1, as displayed. */
void calo_cpu_shade_pyrender(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                             lanes_f rgb[3]);

/* mujoco.c: the same as MuJoCo does it; from 0 to 1, as displayed. */
void calo_cpu_shade_mujoco(calo_cpu_worker *worker, const calo_cpu_packet *packet, const calo_cpu_surface *surface,
                           lanes_f rgb[3]);

/* surface.c: what shading knows of a draw, made anew when the draw changes. */
void calo_cpu_draw_state_make(calo_cpu_worker *worker, const calo_cpu_draw *draw);

LANES_INLINE const calo_cpu_draw_state *calo_cpu_draw_state_of(calo_cpu_worker *worker, const calo_cpu_draw *draw)
{
    if (worker->draw_state.draw != draw)
        calo_cpu_draw_state_make(worker, draw);
    return &worker->draw_state;
}

/* The lanes of `todo` that show the same draw as the first of them. */
LANES_INLINE lanes_m calo_cpu_same_draw(const calo_cpu_worker *worker, lanes_i ids, uint32_t todo,
                                        const calo_cpu_draw **draw)
{
    uint32_t first = (uint32_t)ids[__builtin_ctz(todo)];
    *draw = calo_cpu_draw_of(worker->scene, first);
    lanes_u from_draw = (lanes_u)ids - (*draw)->first_id;
    lanes_m same = lanes_less_int((lanes_i)(from_draw ^ 0x80000000u),
                                  lanes_int((int32_t)((*draw)->element_count ^ 0x80000000u)));
    return same & lanes_from_bits(todo);
}

/* ---- vectors ---- */

LANES_INLINE lanes_f dot_lanes(const lanes_f a[3], const lanes_f b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

LANES_INLINE void cross_lanes(const lanes_f a[3], const lanes_f b[3], lanes_f out[3])
{
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        out[i] = a[j] * b[k] - a[k] * b[j];
    }
}

/* By the draw's normal_to_world. */
LANES_INLINE void normal_to_world(const float matrix[9], const lanes_f object[3], lanes_f world[3])
{
    for (int i = 0; i < 3; i++)
        world[i] = object[0] * matrix[3 * i] + object[1] * matrix[3 * i + 1] + object[2] * matrix[3 * i + 2];
}

/* Unit length; false lanes keep the vector: it has no direction. */
LANES_INLINE lanes_m normalize_lanes(lanes_f v[3])
{
    lanes_f length2 = dot_lanes(v, v), inverse = lanes_inverse_sqrt(length2);
    lanes_m sound = lanes_less(lanes_float(0x1p-120f), length2) & lanes_less(length2, lanes_float(0x1p120f));
    for (int i = 0; i < 3; i++)
        v[i] = lanes_pick(sound, v[i] * inverse, v[i]);
    return sound;
}

#endif
