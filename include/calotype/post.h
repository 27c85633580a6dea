/* What happens to a colour picture after it was rendered: exposure, bloom, ambient occlusion, colour grading, grain, and
 * what is put behind it. */
#ifndef CALOTYPE_POST_H
#define CALOTYPE_POST_H

#include <calotype/image.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All zero: nothing is changed. The ranges and the meaning of colour grading, bloom and grain are those of Unity's
 * post-processing stack 2 (see docs/randomize.md). */
typedef struct calo_post_processing {
    float exposure_stops;

    bool ambient_occlusion;
    float occlusion_intensity;     /* 0 to 4; 1: as measured */
    float occlusion_radius_metres; /* 0: 0.05 */

    bool bloom;
    float bloom_intensity; /* 0 and up */
    float bloom_threshold; /* linear luminance from which on light spreads; 0: 1 */
    float bloom_diffusion; /* 1 to 10: how far */

    bool color_grading;
    float hue_shift_degrees;              /* -180 to 180 */
    float saturation, contrast, brightness; /* -100 to 100 */
    float temperature, tint;              /* -100 to 100 */

    bool grain;
    float grain_intensity, grain_size; /* 0 to 1; 0.3 to 3 */
    bool grain_colored;
    uint32_t grain_seed;

    bool background; /* opaque, behind everything: the colour, or the picture stretched over the frame */
    float background_color[3]; /* linear */
    const calo_image *background_image; /* RGBA8 or RGBA32F, or NULL; borrowed */
} calo_post_processing;

#ifdef __cplusplus
}
#endif
#endif
