/* What a camera's electronics and lens add to a picture: occlusion, a background, bloom, grain, tone, colour grading.
 *
 * A frame's linear colour goes in, 8-bit sRGB comes out. The steps, in this order: exposure, ambient occlusion,
 * background, bloom, grain, tone mapping, colour grading. Grading, bloom, occlusion and grain have the units of Unity's
 * post-processing stack (version 2, low dynamic range), see docs/randomize.md. Same input, same bits, on every
 * machine. */
#ifndef CALOTYPE_POST_H
#define CALOTYPE_POST_H

#include <calotype/image.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum calo_tone_mapping {
    CALO_TONE_NONE = 0, /* more than 1 is white */
    CALO_TONE_NEUTRAL,  /* Hable's filmic curve with Unity's "neutral" constants: white at 4.04 */
    CALO_TONE_ACES,     /* Narkowicz's fit of the ACES curve */
} calo_tone_mapping;

/* A picture made ready to stand behind frames of any size. Immutable; may be shared by threads. */
typedef struct calo_post_picture calo_post_picture;

/* Copies an RGBA8 (sRGB, alpha is ignored), RGB8 or RGBA32F (linear; more than 1 is 1) picture. */
CALO_API calo_status calo_post_picture_create(const calo_image *image, calo_post_picture **picture, calo_error *err);
CALO_API void calo_post_picture_destroy(calo_post_picture *picture);

typedef enum calo_post_background_kind {
    CALO_POST_BACKGROUND_KEEP = 0, /* what the frame has: transparent, a colour, the environment */
    CALO_POST_BACKGROUND_COLOR,    /* `colors[0]` */
    CALO_POST_BACKGROUND_GRADIENT, /* from `colors[0]` to `colors[1]` along a straight line */
    CALO_POST_BACKGROUND_NOISE,    /* clouds between the two colours */
    CALO_POST_BACKGROUND_PICTURE,
} calo_post_background_kind;

/* What shows through where the frame's alpha is below 1 (which is 1 afterwards). Draw with a transparent background. */
typedef struct calo_post_background {
    calo_post_background_kind kind;
    float colors[2][3];               /* linear */
    float angle_degrees;              /* of a gradient: 0 to the right, 90 up; it spans the picture exactly */
    float cells;                      /* of noise, along the longer side, at least 1, to 4096; 0: 8 */
    uint32_t octaves;                 /* of noise, up to 8; each doubles the cells and halves the strength; 0: 1 */
    uint64_t seed;                    /* of noise */
    const calo_post_picture *picture; /* borrowed; it covers the frame, in its own aspect ratio, centred */
    float zoom;                       /* of the picture: from 1 to 100; 0: 1 */
    float shift[2];                   /* of the picture: -1 to 1, as far as it reaches; right, up */
    bool mirrored;                    /* of the picture: left and right */
} calo_post_background;

/* All zero: nothing is changed. Append only. */
typedef struct calo_post_processing {
    float exposure_stops; /* light is multiplied by 2 to this power; -20 to 20 */
    calo_tone_mapping tone_mapping;

    /* Where surfaces shade each other's ambient light, found from depths and normals. */
    bool ambient_occlusion;
    float occlusion_intensity;     /* 0 to 10; 0: none */
    float occlusion_radius_metres; /* how far it reaches; 0: 0.25 */

    /* Light that spills over from what is brighter than a threshold. */
    bool bloom;
    float bloom_intensity; /* 0 to 100: the spilled light is multiplied by 2^(intensity / 10) - 1 */
    float bloom_threshold; /* as displayed (sRGB), to 100; begins softly, at half of its linear light; 0: 1 */
    float bloom_diffusion; /* 1 to 10, how far: one more doubles it, 10 is the whole picture; 0: 7 */

    bool color_grading;
    float hue_shift_degrees; /* -180 to 180; red goes to yellow, green, blue */
    /* Each from -100 to 100, 0 for no change. */
    float saturation;  /* -100: grey, 100: twice as far from grey */
    float contrast;    /* about middle grey (0.218 linear); -100: all of it grey, 100: twice as far from it */
    float brightness;  /* percent of linear light more */
    float temperature; /* of the white: below 0 bluer, above 0 warmer */
    float tint;        /* of the white: below 0 greener, above 0 more magenta */

    bool grain;
    float grain_intensity; /* 0 to 1 */
    float grain_size;      /* pixels: 0.3 to 10; 0: 1 */
    bool grain_colored;    /* red, green and blue differ */
    uint32_t grain_seed;   /* other seeds, other grain of the same kind */

    calo_post_background background;

    /* Of colour grading: contrast is about 0.18 in the logarithm of light, as Unity grades in high dynamic range, and
     * black stays black. */
    bool logarithmic_contrast;
} calo_post_processing;

/* What is processed, and the camera that saw it: a calo_view's numbers (those of a lens are not read). */
typedef struct calo_post_source {
    /* RGBA32F colour; with ambient occlusion also planar depth and camera-space normals. Borrowed. */
    const calo_frame *frame;
    bool display_referred; /* colours are as they are shown (pyrender's and MuJoCo's shading), not linear light */
    bool orthographic;
    double focal_x, focal_y, center_x, center_y;
} calo_post_source;

/* Does nothing, and so need not run. */
CALO_API bool calo_post_is_off(const calo_post_processing *post);

/* CALO_OK, or the sentence about the first value that is out of its range. */
CALO_API calo_status calo_post_check(const calo_post_processing *post, calo_error *err);

/* Scratch memory and tables, kept from frame to frame. One thread at a time may use it. */
typedef struct calo_post_processor calo_post_processor;

CALO_API calo_status calo_post_processor_create(calo_post_processor **processor, calo_error *err);
CALO_API void calo_post_processor_destroy(calo_post_processor *processor);

/* Writes `out`, which has the frame's size and is RGBA8 or RGB8 (sRGB), or RGBA32F (as the source's colour), with
 * straight alpha; it may be the frame's own colour plane. The other channels are not changed. With everything off RGBA8
 * has the bytes of the renderer's own RGBA8. */
CALO_API calo_status calo_post_process(calo_post_processor *processor, const calo_post_source *source,
                                       const calo_post_processing *post, calo_image *out, calo_error *err);

#ifdef __cplusplus
}
#endif
#endif
