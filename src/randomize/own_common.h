/* What components of calotype's own form share: ranges, patterns of names, colours. */
#ifndef CALO_RANDOMIZE_OWN_COMMON_H
#define CALO_RANDOMIZE_OWN_COMMON_H

#include "randomize/component.h"

extern const calo_component_type calo_own_background, calo_own_camera, calo_own_distractors, calo_own_environment,
    calo_own_light, calo_own_material, calo_own_post_processing, calo_own_texture;

/* clang-format off */

/* More rows of parameter tables. A range is [min, max] or one number. */
#define CALO_OWN_RANGE(field, lowest, highest, first, last) \
    {CALO_PARAMETER(field, CALO_PROPERTY_VECTOR2), .low = (lowest), .high = (highest), .numbers = {first, last}}
/* Left alone unless it is given. Of numbers that are not negative. */
#define CALO_OWN_GIVEN(field, highest) CALO_OWN_RANGE(field, CALO_OWN_NOT, highest, -1, -1)
#define CALO_OWN_TABLE(table) .parameters = table, .parameter_count = sizeof table / sizeof *table, \
                              .parameter_bytes = sizeof(parameters)

/* clang-format on */

/* What stands for a range that is not given. */
#define CALO_OWN_NOT (-1)
static inline bool calo_own_given(const float range[2]) { return range[0] >= 0; }

/* A number of the range: always one draw. The first does not keep it in the streams. */
double calo_own_number(calo_draw *draw, const float range[2]);
double calo_own_value(calo_draw *draw, const float range[2]);
/* A whole number of the range, and whether something happens; kept. */
int32_t calo_own_count(calo_draw *draw, const float range[2]);
bool calo_own_chance(calo_draw *draw, float probability);

/* A colour by ranges of hue, saturation and value, as displayed: three draws. Linear light; kept as that. */
void calo_own_color(calo_draw *draw, const float hue[2], const float saturation[2], const float value[2],
                    float linear[3]);

/* Whether a name is one of the patterns (a line each; * stands for any letters, ? for one). */
bool calo_own_matches(const char *name, const char *patterns);
/* Matches `names` (or they are empty) and not `except`. */
bool calo_own_wanted(const char *name, const char *names, const char *except);

/* The lines of a list: their number; the one at `index`, copied into `line` (cut off at its end). */
uint32_t calo_own_line_count(const char *lines);
void calo_own_line(const char *lines, uint32_t index, char *line, size_t bytes);

/* Reads the picture that a line of `lines` names, relative to the randomizer's folder. The caller finishes it. */
calo_status calo_own_read_picture(const calo_randomizer *randomizer, const calo_component *component,
                                  const char *lines, uint32_t index, calo_image *image, calo_error *err);

/* A failure that names the component. */
calo_status calo_own_fail(const calo_randomizer *randomizer, const calo_component *component, calo_status status,
                          calo_error *err, const char *format, ...) CALO_PRINTF(5, 6);

/* The middle and half the diagonal of the box around what the scene draws, nobody moved; a point of radius 1 when it
 * draws nothing. */
typedef struct calo_own_box {
    double low[3], high[3], middle[3], radius;
} calo_own_box;
void calo_own_find_box(const calo_randomizer *randomizer, calo_own_box *box);

/* Of the component camera: moves a view that is not of the scene's cameras. */
void calo_own_change_view(calo_draw *draw, const calo_component *component, const double middle[3], double unit,
                          calo_view *view);

/* A direction by its angles: azimuth about +z from +x on, elevation above the horizon. */
void calo_own_direction(double azimuth_degrees, double elevation_degrees, double direction[3]);

#endif
