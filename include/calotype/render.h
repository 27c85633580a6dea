/* Scenes and views to frames. */
#ifndef CALOTYPE_RENDER_H
#define CALOTYPE_RENDER_H

#include <calotype/cache.h>
#include <calotype/image.h>
#include <calotype/lighting.h>
#include <calotype/scene.h>
#include <calotype/view.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_background {
    CALO_BACKGROUND_TRANSPARENT = 0,
    CALO_BACKGROUND_COLOR,       /* background_color behind everything, alpha 1 (see background_transparency) */
    CALO_BACKGROUND_ENVIRONMENT, /* the environment is seen, alpha 1 */
} calo_background;

typedef enum calo_cull {
    CALO_CULL_AUTO = 0, /* back faces of single-sided materials are not drawn */
    CALO_CULL_OFF,      /* every face is drawn from both sides */
} calo_cull;

/* How surfaces answer light, and what colours of pictures mean. */
typedef enum calo_shading {
    CALO_SHADING_GLTF = 0, /* glTF's materials in linear light; pictures are sRGB, floats linear */
    /* As pyrender's shaders do it: see "pyrender's shading" in docs/conventions.md. Lamps and ambient light only: of the
     * environment nothing is read. Colours are display-referred: what a surface ends with is averaged and blended as it
     * is, and only rounded to 8 bits; RGBA32F has the same numbers, 0 to 1. */
    CALO_SHADING_PYRENDER,
    /* As MuJoCo's renderer does it, by OpenGL's fixed-function lighting: see "MuJoCo's shading" in docs/conventions.md.
     * Lamps and ambient light only, calo_material.phong and calo_light.phong; of the environment nothing is read but as
     * background. Colours are display-referred, as above. */
    CALO_SHADING_MUJOCO,
} calo_shading;

/* Triangles as surfaces or as their edges. */
typedef enum calo_fill {
    CALO_FILL_MATERIAL = 0, /* as each material's `wireframe` says */
    CALO_FILL_FLIPPED,      /* the other way round */
    CALO_FILL_WIREFRAME,    /* edges everywhere */
    CALO_FILL_SOLID,        /* surfaces everywhere */
} calo_fill;

/* Bits: which normals are drawn as lines from the surface, beside it. */
typedef enum calo_normal_lines {
    CALO_NORMAL_LINES_VERTEX = 1, /* vertex normals, blue: sRGB (26, 26, 255) */
    CALO_NORMAL_LINES_FACE = 2,   /* of triangles, from their middles, red: sRGB (255, 26, 26) */
} calo_normal_lines;

/* A posed scene made ready for a backend: deformed vertices, levels of detail, mip chains, prefiltered light.
 * Immutable; may be used by several renderers of the same backend at once. */
typedef struct calo_prepared calo_prepared;

/* What a scene is prepared with: everything that views share. All zero is the default everywhere. Append only. */
typedef struct calo_prepare_options {
    const calo_lighting *lighting; /* NULL: all-zero */
    const calo_limits *limits;     /* NULL: the defaults */
    calo_fill fill;
    bool flat;                     /* every surface shows its base colour, unlit */
    /* CALO_NORMAL_LINES bits. The lines are in every channel, with their node's instance id and with material ids of
     * their own: the file's materials, the plain one, then vertex normals, then face normals. */
    uint32_t normal_lines;
    float normal_length; /* metres in the world; 0: 5 % of the diagonal of the primitive's box, scaled as it is */
    calo_shading shading;
    /* NULL, or what was prepared before for the same backend: what both have in common is shared, not made again, which
     * makes another pose of a scene, or other lights, cost microseconds. Pictures are the same, bit by bit, as without
     * it. Common are primitives that neither a skin nor morph targets deform, and textures, when they are of the same
     * calo_scene, or of another one by the same `identity`; and the light of an environment whose picture has the same
     * `data` (unchanged) and size. It may be destroyed after the call, and so may its calo_scene if it is
     * another one. */
    const calo_prepared *reuse;
    /* NULL, or the scene's material_count materials to be drawn instead of its own, in its order: another look of the
     * same scene. They use the scene's textures. Copied. */
    const calo_material *materials;
} calo_prepare_options;

/* A colour that stands for a node: 8-bit sRGB codes. */
typedef struct calo_node_color {
    uint32_t node; /* of the scene's nodes */
    uint8_t rgb[3];
} calo_node_color;

/* Called on the thread that renders, about every 50 ms while the call runs. Anything but CALO_OK stops the call soon,
 * which then returns that status with the sentence in `err`; frames that were not handed out hold anything. It may use
 * other renderers and destroy what the call does not use. */
typedef calo_status (*calo_poll)(void *user, calo_error *err);

/* How views are drawn. All zero is the default everywhere. Append only. */
typedef struct calo_render_options {
    uint32_t channels;               /* CALO_CHANNEL_BITs; 0: color, depth, normal, mask */
    calo_pixel_format color_format;  /* NONE: RGBA8 */
    uint32_t samples;                /* 1, 4 or 16 a pixel for colour; 0: 4 */
    calo_background background;
    float background_color[3];       /* linear; with display-referred shadings as it is written, 0 to 1 */
    calo_cull cull;
    bool world_space_normals;        /* default: camera space (right, up, back) */
    bool ray_depth;                  /* default: planar z */
    float background_depth;
    calo_switch energy_compensation; /* multiple scattering and diffuse balance; default: off, as EEVEE */
    calo_switch occlusion_maps;      /* default: on, as glTF says */
    float point_size_pixels;         /* 0: 3 */
    float line_width_pixels;         /* 0: 1; also of wireframes and normals */
    /* Not NULL: the colour picture is a segmentation. A pixel whose centre shows one of these nodes has exactly its
     * colour, unlit and without antialiasing; nodes that are not listed are black and hide what is behind them. Where
     * nothing is it is black; its alpha is 0 there if `background` is transparent and 1 else, less
     * background_transparency; background_color is not used. RGBA32F has the codes as linear light. A node stands for
     * itself, not for its children. One that the scene does not have, or that is listed twice, is an error. Borrowed for
     * the call. */
    const calo_node_color *node_colors;
    uint32_t node_color_count;
    calo_poll poll; /* NULL: nothing is called */
    void *poll_user;
    /* Of CALO_BACKGROUND_COLOR: where nothing is, alpha is 1 minus this; in front of it surfaces add theirs. Colours are
     * not changed by it: they lie over the background's as if that was opaque. */
    float background_transparency;
} calo_render_options;

/* A copy of `options` (or of all-zero when NULL) with every default filled in. */
CALO_API calo_render_options calo_render_options_resolve(const calo_render_options *options);

/* All zero is the default everywhere. Append only. */
typedef struct calo_renderer_options {
    const char *backend; /* NULL or "auto": CALOTYPE_BACKEND, else "cpu"; "egl", "osmesa", "glfw": docs/backends.md */
    uint32_t threads;    /* 0: one a core that this process may use. They start when they are first needed. Up to 1024 */
    calo_cache *cache;   /* keeps mip chains; outlives what is prepared; NULL: none */
    /* Level of detail: what calo_renderer_prepare prepares is drawn simplified as far as nothing moves by more than
     * this many pixels (see docs/lod.md). It takes some microseconds a triangle there. 0: off. */
    float lod_pixels;
} calo_renderer_options;

#define CALO_LOD_PIXELS_MAX 64
#define CALO_RENDERER_THREADS_MAX 1024

/* A renderer: backend, threads and scratch memory. One thread at a time may use it. A forked child may go on with its
 * copy, which starts threads of its own. */
typedef struct calo_renderer calo_renderer;

typedef struct calo_backend_info {
    const char *name;
    bool available;
    char detail[256]; /* what it is, or why it is not available */
    bool software;    /* drawn by the CPU; false: by a GPU */
    char vendor[128], renderer[128], version[128]; /* GL_VENDOR, GL_RENDERER, GL_VERSION; "" where it is not OpenGL */
} calo_backend_info;

/* Fills up to `capacity` entries and returns how many backends there are. Each is tried: GL backends open a driver,
 * which may take a second. */
CALO_API size_t calo_backend_list(calo_backend_info *infos, size_t capacity);

CALO_API calo_status calo_renderer_create(const calo_renderer_options *options, calo_renderer **renderer,
                                          calo_error *err);
CALO_API void calo_renderer_destroy(calo_renderer *renderer);
CALO_API const char *calo_renderer_backend(const calo_renderer *renderer);
CALO_API uint32_t calo_renderer_threads(const calo_renderer *renderer);
CALO_API float calo_renderer_lod_pixels(const calo_renderer *renderer);

/* The pose and the options may be dropped after the call (but not the environment's picture); the scene must outlive
 * `prepared`. `options` may be NULL. */
CALO_API calo_status calo_renderer_prepare(calo_renderer *renderer, const calo_pose *pose,
                                           const calo_prepare_options *options, calo_prepared **prepared,
                                           calo_error *err);
CALO_API void calo_prepared_destroy(calo_prepared *prepared);

/* Called once for each finished view, from a worker thread, in any order, several at a time. A frame
 * that the renderer owns is reused after the call. Anything but CALO_OK stops the rendering. */
typedef calo_status (*calo_frame_callback)(void *user, size_t view_index, calo_frame *frame, calo_error *err);

/* Renders `view_count` views. `frames`: one for each view, made by calo_frame_init with at least
 * the channels asked for (or with caller's own planes); or NULL, then each worker has its own and
 * `on_frame` is needed. `on_frame` may be NULL when frames are given. A thread draws a view at a time;
 * the last views are drawn by several threads together, so that a single picture uses all of them.
 * Same input, same bits, for any number of threads. */
CALO_API calo_status calo_renderer_render(calo_renderer *renderer, const calo_prepared *prepared,
                                          const calo_render_options *options, const calo_view *views,
                                          size_t view_count, calo_frame *frames, calo_frame_callback on_frame,
                                          void *user, calo_error *err);

/* The same where each view may show a scene of its own: `prepared` has one a view, in the views' order, all prepared for
 * this renderer's backend; the same one may stand there any number of times. `options->node_colors` hold for each
 * view's own scene. */
CALO_API calo_status calo_renderer_render_scenes(calo_renderer *renderer, const calo_prepared *const *prepared,
                                                 const calo_render_options *options, const calo_view *views,
                                                 size_t view_count, calo_frame *frames, calo_frame_callback on_frame,
                                                 void *user, calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
