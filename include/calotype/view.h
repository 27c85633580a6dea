/* Cameras: one view, and sets of views by published protocols or from files. */
#ifndef CALOTYPE_VIEW_H
#define CALOTYPE_VIEW_H

#include <calotype/scene.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CALO_VIEW_NAME_BYTES 64

/* What a lens does to the picture of a pinhole: OpenCV's models (calib3d), with its coefficients in its order. */
typedef enum calo_lens_kind {
    CALO_LENS_PINHOLE = 0, /* nothing */
    CALO_LENS_OPENCV,      /* k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4, as projectPoints */
    CALO_LENS_FISHEYE,     /* k1 k2 k3 k4, as fisheye::projectPoints; rays up to 160 degrees from the axis */
} calo_lens_kind;

/* A camera and the picture's size. Plain data; copy freely. */
typedef struct calo_view {
    calo_mat4 camera_to_world; /* OpenGL axes: columns right, up, back, position; metres */
    bool orthographic;
    double focal_x, focal_y;   /* pixels; orthographic: pixels a metre */
    double center_x, center_y; /* principal point, pixels, (0, 0) = the top left corner */
    uint32_t width, height;
    double near_metres;        /* surfaces nearer than this are cut; 0: 1e-3 */
    /* How it was sampled, for metadata; angles in degrees, NAN where unknown. */
    double azimuth_degrees, elevation_degrees, radius, fov_degrees;
    char name[CALO_VIEW_NAME_BYTES]; /* "000" */
    double far_metres;         /* surfaces farther than this are cut; 0: infinite. As near_metres, along the view axis */
    /* Pixels beyond the first turning point of the distortion have no ray and show the background. With a lens, near
     * and far planes are those of the pinhole pictures that it is made of: between one and four times the distance
     * from the camera. Not for orthographic cameras. See docs/conventions.md. */
    calo_lens_kind lens;
    double lens_coefficients[12];
    double headlight[3]; /* the way calo_light.headlight shines, in the world; all 0: along the view axis */
} calo_view;

/* The box an asset is scaled into before the cameras see it. */
typedef enum calo_fit {
    CALO_FIT_PRESET = 0, /* as the preset says */
    CALO_FIT_UNIT_CUBE,  /* longest side 2, centred: [-1, 1]^3 */
    CALO_FIT_HALF_CUBE,  /* longest side 1, centred: [-0.5, 0.5]^3 */
    CALO_FIT_NONE,       /* the file's own coordinates (z-up world) */
} calo_fit;

/* A camera protocol's parameters. Zero or NAN where noted means the preset's own value. */
typedef struct calo_view_options {
    const char *preset;     /* NULL: "objaverse-xl" */
    uint32_t count;         /* 0: the preset's */
    uint32_t width, height; /* 0: the preset's */
    uint64_t seed;
    bool only_northern_hemisphere;
    bool override_radius, override_elevation, override_fov;
    double radius_min, radius_max;                       /* metres of the normalized scene */
    double elevation_min_degrees, elevation_max_degrees;
    double fov_min_degrees, fov_max_degrees;             /* the longer side's field of view */
    calo_fit fit;
} calo_view_options;

/* A finished set of views and what metadata.json must say about it. */
typedef struct calo_view_set {
    const char *protocol; /* the preset's name, or "file"; static */
    calo_fit fit;         /* never CALO_FIT_PRESET */
    uint64_t seed;
    double radius_min, radius_max;
    double elevation_min_degrees, elevation_max_degrees;
    double fov_min_degrees, fov_max_degrees;
    size_t count;
    calo_view *views; /* malloc'ed */
} calo_view_set;

typedef struct calo_view_preset {
    const char *name;
    const char *description; /* one line for --help */
    uint32_t count, size;
    calo_fit fit;
} calo_view_preset;

/* The presets, `*count` of them; static. */
CALO_API const calo_view_preset *calo_view_presets(size_t *count);

/* Makes the preset's views: same options, same views, on every machine. */
CALO_API calo_status calo_view_set_make(const calo_view_options *options, calo_view_set *set, calo_error *err);

/* Reads cameras from a file: calotype's own metadata.json, NeRF / Nerfstudio transforms.json,
 * or OpenCV JSON (see docs/cameras.md). width/height: 0 = the file's; given, intrinsics are
 * scaled to it. */
CALO_API calo_status calo_view_set_load(const char *path, uint32_t width, uint32_t height, calo_view_set *set,
                                        calo_error *err);
/* The cameras that nodes of the scene carry, where they stand in `pose`: `wanted` is "all", a node's or a camera's
 * name, or an index among them. `scale`: that of the pose's normalization, 1 without, by which lengths of the lens are
 * multiplied. width/height 0: from the camera's aspect ratio, 512 pixels high. The pose may be dropped after the call. */
CALO_API calo_status calo_view_set_of_scene(const calo_pose *pose, const char *wanted, double scale, uint32_t width,
                                            uint32_t height, calo_view_set *set, calo_error *err);
CALO_API void calo_view_set_finish(calo_view_set *set);
/* The same of one node that carries a camera, hidden or not. */
CALO_API calo_status calo_view_of_node(const calo_pose *pose, uint32_t node, double scale, uint32_t width, uint32_t height,
                                       calo_view *view, calo_error *err);
/* Another field of view of a perspective camera, with the principal point as it is; angles in the open (0, pi). */
CALO_API void calo_view_set_fov(calo_view *view, double fov_y_radians);

/* A view from `position` at `target`, picture up towards world up (+z), also straight up and
 * down, where the camera's up is +y. */
CALO_API calo_mat4 calo_look_at(const double position[3], const double target[3]);

/* The transform that fits the box into `fit`: p' = scale * p + translation. */
CALO_API void calo_fit_normalization(calo_fit fit, const double bounds_min[3], const double bounds_max[3],
                                     double *scale, double translation[3]);

#ifdef __cplusplus
}
#endif
#endif
