/* What is likely to be wrong with an object or its pictures, found while they are made: docs/quality.md. */
#ifndef CALOTYPE_QUALITY_H
#define CALOTYPE_QUALITY_H

#include <calotype/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits are 1 << flag. Append only, 32 at most. */
typedef enum calo_quality_flag {
    /* Of views. */
    CALO_QUALITY_BLANK = 0, /* nothing of the object is seen */
    CALO_QUALITY_TINY,      /* something, but on less than 1 % of the pixels */
    CALO_QUALITY_CLIPPED,   /* the object reaches the picture's border */
    CALO_QUALITY_ALL_WHITE, /* 99 % of the object's pixels are white: every colour 250 of 255 or more */
    CALO_QUALITY_ALL_BLACK, /* 99 % of them are black: every colour 5 of 255 or less */
    CALO_QUALITY_NAN,       /* a number that is not finite in a float channel */
    /* Of objects. */
    CALO_QUALITY_DEGENERATE_BOX, /* a point or a line: two sides of the box are below 1/10000 of the longest */
    CALO_QUALITY_FLAT_BOX,       /* a sheet: one side is */
    CALO_QUALITY_HUGE_BOX,       /* longer than 100 km */
    CALO_QUALITY_FAR_BOX,        /* so far from the origin, 10000 times its size, that float coordinates are coarse */
    CALO_QUALITY_MISSING_TEXTURE,
    CALO_QUALITY_FLIPPED_NORMALS, /* more than 25 % of the surface is turned the wrong way, see calo_object_quality */
    CALO_QUALITY_COUNT
} calo_quality_flag;

enum { CALO_QUALITY_FLAGS_MAX = 32 };

/* "blank", "tiny", "clipped", "all_white", "all_black", "nan", "degenerate_box", "flat_box", "huge_box", "far_box",
 * "missing_texture", "flipped_normals". "" of others. */
CALO_API const char *calo_quality_flag_name(calo_quality_flag flag);
/* Whether views have it, each for itself. */
CALO_API bool calo_quality_flag_is_of_views(calo_quality_flag flag);

/* One view. Shares are 0 to 1, counted at pixel centres: the same whichever channels are asked for, but for `white` and
 * `black`, which need the colour picture, and `nan`, which is about what is written. */
typedef struct calo_view_quality {
    double coverage;     /* share of the pixels that show the object */
    double border;       /* the same of the picture's outermost pixels */
    double white, black; /* shares of the object's pixels; NAN: of a blank view, or without a picture in colours */
    uint32_t flags;
} calo_view_quality;

/* An object and all its views. */
typedef struct calo_object_quality {
    uint32_t flags; /* the object's own, and those that any view has */
    uint64_t view_count;
    uint64_t views_with[CALO_QUALITY_FLAGS_MAX]; /* [flag]: how many views have it */
    double coverage_least, coverage_mean, coverage_most;
    uint32_t missing_textures;
    /* Share of the triangles' area whose vertex normals oppose their winding, or that belongs to closed meshes that are
     * inside out. Rest pose; of meshes of more than 262,144 triangles every n-th one is looked at. */
    double flipped_normals;
} calo_object_quality;

#ifdef __cplusplus
}
#endif
#endif
