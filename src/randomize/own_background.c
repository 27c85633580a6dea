/* background: what is behind everything, in the colour picture alone. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "randomize/own_common.h"

typedef struct parameters {
    char *kinds, *pictures;
    float hue[2], saturation[2], value[2], angle_degrees[2], cells[2], octaves[2], zoom[2], mirrored;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(kinds, "color\ngradient\nnoise"),
    CALO_FILES(pictures),
    CALO_OWN_RANGE(hue, -1, 2, 0, 1),
    CALO_OWN_RANGE(saturation, 0, 1, 0, 1),
    CALO_OWN_RANGE(value, 0, 1, 0, 1),
    CALO_OWN_RANGE(angle_degrees, -3600, 3600, 0, 360),
    CALO_OWN_RANGE(cells, 1, 4096, 2, 16),
    CALO_OWN_RANGE(octaves, 1, 8, 1, 5),
    CALO_OWN_RANGE(zoom, 1, 100, 1, 2),
    CALO_NUMBER(mirrored, 0, 1, 0.5),
};

static const char *const kind_names[] = {"keep", "color", "gradient", "noise", "picture"};
enum { KIND_COUNT = sizeof kind_names / sizeof *kind_names, MAX_KINDS = 64 };

typedef struct backgrounds {
    uint32_t kind_count, picture_count;
    calo_post_background_kind kinds[MAX_KINDS];
    calo_post_picture *pictures[];
} backgrounds;

static void release(calo_component *component)
{
    backgrounds *bound = component->bound;
    for (uint32_t i = 0; bound && i < bound->picture_count; i++)
        calo_post_picture_destroy(bound->pictures[i]);
    free(bound);
    component->bound = NULL;
}

static calo_status read_kinds(const calo_randomizer *randomizer, const calo_component *component, backgrounds *bound,
                              calo_error *err)
{
    const parameters *p = component->parameters;
    uint32_t count = calo_own_line_count(p->kinds);
    if (count == 0 || count > MAX_KINDS)
        return calo_own_fail(randomizer, component, CALO_ERROR_FORMAT, err,
                             "\"kinds\" has %u words; 1 to %d are possible", count, MAX_KINDS);
    for (uint32_t i = 0; i < count; i++) {
        char word[64];
        int kind = 0;
        calo_own_line(p->kinds, i, word, sizeof word);
        while (kind < KIND_COUNT && strcmp(kind_names[kind], word) != 0)
            kind++;
        if (kind == KIND_COUNT)
            return calo_own_fail(
                randomizer, component, CALO_ERROR_FORMAT, err,
                "there is no kind of background \"%s\"; there are keep, color, gradient, noise and picture", word);
        if (kind == CALO_POST_BACKGROUND_PICTURE && !p->pictures[0])
            return calo_own_fail(randomizer, component, CALO_ERROR_FORMAT, err,
                                 "backgrounds that are pictures need a list of \"pictures\"");
        bound->kinds[bound->kind_count++] = (calo_post_background_kind)kind;
    }
    return CALO_OK;
}

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    uint32_t count = calo_own_line_count(p->pictures);
    release(component);
    backgrounds *bound = calloc(1, sizeof *bound + count * sizeof *bound->pictures);
    if (!bound)
        return calo_fail_memory(err, "backgrounds", count * sizeof *bound->pictures);
    component->bound = bound;
    calo_status status = read_kinds(randomizer, component, bound, err);
    for (; bound->picture_count < count && status == CALO_OK; bound->picture_count++) {
        calo_image image;
        status = calo_own_read_picture(randomizer, component, p->pictures, bound->picture_count, &image, err);
        if (status != CALO_OK)
            break;
        status = calo_post_picture_create(&image, &bound->pictures[bound->picture_count], err);
        calo_image_finish(&image);
    }
    return status;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    static const struct {
        const char *name;
        calo_stream_kind kind;
        uint32_t count;
    } streams[] = {
        {"kind", CALO_STREAM_INT, 1},
        {"picture", CALO_STREAM_INT, 1},
        {"color", CALO_STREAM_FLOAT, 3},
        {"second_color", CALO_STREAM_FLOAT, 3},
        {"angle_degrees", CALO_STREAM_FLOAT, 1},
        {"cells", CALO_STREAM_FLOAT, 1},
        {"octaves", CALO_STREAM_INT, 1},
        {"zoom", CALO_STREAM_FLOAT, 1},
        {"shift", CALO_STREAM_FLOAT, 2},
        {"mirrored", CALO_STREAM_BOOL, 1},
    };
    calo_status status = CALO_OK;
    for (size_t i = 0; i < sizeof streams / sizeof *streams && status == CALO_OK; i++)
        status = calo_link_stream(linker, component, streams[i].kind, streams[i].count, err, "%s", streams[i].name);
    return status;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const backgrounds *bound = component->bound;
    calo_post_background *to = &draw->look->post.background;
    const float pictures[2] = {0, bound->picture_count ? (float)(bound->picture_count - 1) : 0}, sides[2] = {-1, 1};
    uint32_t kind = (uint32_t)(calo_random_unit(&draw->own) * bound->kind_count);
    to->kind = bound->kinds[kind];
    calo_draw_value(draw, to->kind);
    int32_t picture = calo_own_count(draw, pictures);
    to->picture = bound->picture_count ? bound->pictures[picture] : NULL;
    for (int i = 0; i < 2; i++)
        calo_own_color(draw, p->hue, p->saturation, p->value, to->colors[i]);
    to->angle_degrees = (float)calo_own_value(draw, p->angle_degrees);
    to->cells = (float)calo_own_value(draw, p->cells);
    to->octaves = (uint32_t)calo_own_count(draw, p->octaves);
    to->zoom = (float)calo_own_value(draw, p->zoom);
    for (int i = 0; i < 2; i++)
        to->shift[i] = (float)calo_own_value(draw, sides);
    to->mirrored = calo_own_chance(draw, p->mirrored);
    to->seed = calo_random_next(&draw->own);
    draw->look->has_post = true;
}

const calo_component_type calo_own_background = {
    .name = "background", CALO_OWN_TABLE(table), .bind = bind, .link = link, .draw = draw, .release = release};
