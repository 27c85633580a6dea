#include "randomize/own_common.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/file.h"
#include "base/linear.h"
#include "randomize/colors.h"

double calo_own_number(calo_draw *draw, const float range[2])
{
    return calo_random_range(&draw->own, (double)range[0], (double)range[1]);
}

double calo_own_value(calo_draw *draw, const float range[2])
{
    double value = calo_own_number(draw, range);
    calo_draw_value(draw, value);
    return value;
}

int32_t calo_own_count(calo_draw *draw, const float range[2])
{
    double low = floor((double)range[0]), high = floor((double)range[1]);
    double count = low + floor(calo_random_unit(&draw->own) * (high - low + 1));
    calo_draw_value(draw, count);
    return (int32_t)count;
}

bool calo_own_chance(calo_draw *draw, float probability)
{
    bool happens = calo_random_unit(&draw->own) < (double)probability;
    calo_draw_value(draw, happens);
    return happens;
}

void calo_own_color(calo_draw *draw, const float hue[2], const float saturation[2], const float value[2],
                    float linear[3])
{
    double turned = calo_own_number(draw, hue);
    float hsv[3] = {(float)(turned - floor(turned))};
    hsv[1] = (float)calo_own_number(draw, saturation);
    hsv[2] = (float)calo_own_number(draw, value);
    calo_rgb_from_hsv(hsv, linear);
    for (int c = 0; c < 3; c++) {
        linear[c] = calo_linear_from_display(linear[c]);
        calo_draw_value(draw, (double)linear[c]);
    }
}

/* Goes back to the last star when letters do not fit: time in proportion to both lengths' product. */
static bool fits(const char *name, const char *pattern, size_t length)
{
    size_t at = 0, star = SIZE_MAX;
    const char *resume = NULL;
    while (*name) {
        if (at < length && pattern[at] == '*') {
            star = at++;
            resume = name;
        } else if (at < length && (pattern[at] == '?' || pattern[at] == *name)) {
            at++;
            name++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (at < length && pattern[at] == '*')
        at++;
    return at == length;
}

bool calo_own_matches(const char *name, const char *patterns)
{
    for (;;) {
        size_t length = strcspn(patterns, "\n");
        if (length && fits(name, patterns, length))
            return true;
        if (!patterns[length])
            return false;
        patterns += length + 1;
    }
}

bool calo_own_wanted(const char *name, const char *names, const char *except)
{
    return (!names[0] || calo_own_matches(name, names)) && !calo_own_matches(name, except);
}

uint32_t calo_own_line_count(const char *lines)
{
    uint32_t count = lines[0] != 0;
    for (; *lines; lines++)
        count += *lines == '\n';
    return count;
}

void calo_own_line(const char *lines, uint32_t index, char *line, size_t bytes)
{
    for (; index > 0; index--)
        lines += strcspn(lines, "\n") + 1;
    snprintf(line, bytes, "%.*s", (int)strcspn(lines, "\n"), lines);
}

calo_status calo_own_read_picture(const calo_randomizer *randomizer, const calo_component *component, const char *lines,
                                  uint32_t index, calo_image *image, calo_error *err)
{
    enum { PICTURES_MAX = 1024 };
    char name[4096];
    calo_file file;
    if (index >= PICTURES_MAX)
        return calo_own_fail(randomizer, component, CALO_ERROR_LIMIT, err,
                             "it has %u pictures: at most %d are read, name fewer", calo_own_line_count(lines),
                             PICTURES_MAX);
    calo_own_line(lines, index, name, sizeof name);
    bool relative = name[0] != '/' && randomizer->folder && randomizer->folder[0];
    size_t length = relative ? strlen(randomizer->folder) : 0;
    bool slash = length && randomizer->folder[length - 1] != '/';
    char *path = calo_text_format("%s%s%s", relative ? randomizer->folder : "", slash ? "/" : "", name);
    if (!path)
        return calo_fail_memory(err, "a path", length);
    calo_status status = calo_file_read(path, randomizer->limits.max_file_bytes, &file, err);
    if (status == CALO_OK) {
        status = calo_image_decode(file.bytes, file.size, path, &randomizer->limits, image, err);
        calo_file_finish(&file);
    }
    if (status != CALO_OK)
        status = calo_fail_within(err, status, "%s: component \"%s\"", randomizer->name, component->name);
    free(path);
    return status;
}

calo_status calo_own_fail(const calo_randomizer *randomizer, const calo_component *component, calo_status status,
                          calo_error *err, const char *format, ...)
{
    char text[768];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return calo_fail(err, status, "%s: component \"%s\": %s", randomizer->name, component->name, text);
}

void calo_own_find_box(const calo_randomizer *randomizer, calo_own_box *box)
{
    double half[3];
    *box = (calo_own_box){.radius = 1};
    if (calo_pose_bounds(randomizer->subject.rest, box->low, box->high, NULL) != CALO_OK)
        return;
    for (int i = 0; i < 3; i++) {
        box->middle[i] = (box->low[i] + box->high[i]) / 2;
        half[i] = (box->high[i] - box->low[i]) / 2;
    }
    double radius = calo_length3(half);
    box->radius = radius > 0 && isfinite(radius) ? radius : 1;
}

void calo_own_direction(double azimuth_degrees, double elevation_degrees, double direction[3])
{
    double sine, cosine, up, flat;
    calo_sincos(calo_radians(azimuth_degrees), &sine, &cosine);
    calo_sincos(calo_radians(elevation_degrees), &up, &flat);
    direction[0] = cosine * flat;
    direction[1] = sine * flat;
    direction[2] = up;
}
