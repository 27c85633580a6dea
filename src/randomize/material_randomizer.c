/* MaterialRandomizer: any colour for every material but those of some prefixes. */
#include <stdlib.h>
#include <string.h>

#include "randomize/orrb_components.h"

typedef struct parameters {
    char *blacklist_prefix, *whitelist_prefix;
    float min_metallic, max_metallic, min_glossiness, max_glossiness;
    bool randomize_textures;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(blacklist_prefix, "cube"),
    CALO_STRING(whitelist_prefix, ""),
    CALO_NUMBER(min_metallic, 0, 1, 0.05),
    CALO_NUMBER(max_metallic, 0, 1, 0.25),
    CALO_NUMBER(min_glossiness, 0, 1, 0),
    CALO_NUMBER(max_glossiness, 0, 1, 1),
    CALO_FLAG(randomize_textures, 0),
};

static uint32_t times(const calo_component *component, const char *material_name)
{
    const parameters *p = component->parameters;
    if (calo_has_prefix(material_name, p->blacklist_prefix))
        return 0;
    bool all = p->whitelist_prefix[0] == '\0' || p->whitelist_prefix[strspn(p->whitelist_prefix, ",")] == '\0';
    return all || calo_has_prefix(material_name, p->whitelist_prefix);
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const parameters *p = component->parameters;
    calo_index_list *list;
    calo_status status = calo_orrb_list_parts(calo_link_owner(linker), component, times, &list, err);
    if (status)
        return status;
    free(component->bound);
    component->bound = list;
    status = calo_orrb_link_parts(linker, component, list, CALO_STREAM_FLOAT, 5, "material", err);
    if (status == CALO_OK && p->randomize_textures)
        status = calo_orrb_link_parts(linker, component, list, CALO_STREAM_INT, 1, "texture", err);
    if (status == CALO_OK && p->randomize_textures)
        status = calo_orrb_link_parts(linker, component, list, CALO_STREAM_FLOAT, 4, "texture_transform", err);
    return status;
}

/* Scale and offset of a texture. */
static void draw_transform(calo_draw *draw, float transform[4])
{
    for (int i = 0; i < 4; i++)
        transform[i] =
            i < 2 ? calo_unity_random_range(&draw->unity, 0.4f, 4) : calo_unity_random_range(&draw->unity, 0, 1);
}

/* One of the scene's own textures that are there, by the drawn number; ORRB has eleven pictures of its own. */
static int32_t draw_texture(calo_draw *draw)
{
    const calo_scene *scene = draw->randomizer->scene;
    uint32_t present = 0, drawn = calo_unity_random_next(&draw->unity);
    for (uint32_t i = 0; i < scene->texture_count; i++)
        present += !scene->images[scene->textures[i].image].missing;
    if (!present)
        return -1;
    uint32_t wanted = drawn % present;
    for (uint32_t i = 0;; i++)
        if (!scene->images[scene->textures[i].image].missing && wanted-- == 0)
            return (int32_t)i;
}

typedef struct paint {
    float rgb[3], metallic, glossiness, transform[4];
    int32_t texture;
} paint;

static paint draw_paint(calo_draw *draw, const parameters *p)
{
    static const float all[2] = {0, 1};
    float ignored[4];
    paint drawn = {.texture = -1};
    calo_unity_random_color(&draw->unity, all, all, all, drawn.rgb);
    drawn.metallic = calo_unity_random_range(&draw->unity, p->min_metallic, p->max_metallic);
    drawn.glossiness = calo_unity_random_range(&draw->unity, p->min_glossiness, p->max_glossiness);
    if (p->randomize_textures) {
        drawn.texture = draw_texture(draw);
        draw_transform(draw, drawn.transform);
        calo_unity_random_next(&draw->unity); /* a normal map, of which scenes have none */
        draw_transform(draw, ignored);
    }
    return drawn;
}

/* v grows downwards here, upwards in Unity: the offset there is from the bottom. */
static void apply(calo_draw *draw, uint32_t part, const paint *drawn)
{
    const float *t = drawn->transform;
    const calo_texture_use texture = {.texture = drawn->texture,
                                      .transform = {t[0], 0, t[2], 0, t[1], 1 - t[1] - t[3]}};
    const calo_orrb_coat coat = {drawn->rgb, drawn->metallic, drawn->glossiness, NULL,
                                 drawn->texture >= 0 ? &texture : NULL};
    calo_orrb_paint_part(draw, part, &coat);
}

/* Each stream holds all parts' numbers: colour, metallic and glossiness; then textures; then scales and offsets. */
static void emit(double *values, uint32_t part, uint32_t count, const parameters *p, const paint *drawn)
{
    double *material = values + 5 * (size_t)part, *transforms = values + 6 * (size_t)count + 4 * (size_t)part;
    for (int i = 0; i < 3; i++)
        material[i] = drawn->rgb[i];
    material[3] = drawn->metallic;
    material[4] = drawn->glossiness;
    if (!p->randomize_textures)
        return;
    values[5 * (size_t)count + part] = drawn->texture;
    for (int i = 0; i < 4; i++)
        transforms[i] = drawn->transform[i];
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const calo_index_list *list = component->bound;
    for (uint32_t i = 0; i < list->count; i++) {
        paint drawn = {0};
        for (uint32_t t = 0; t < list->at[2 * i + 1]; t++)
            drawn = draw_paint(draw, p);
        apply(draw, list->at[2 * i], &drawn);
        emit(draw->value, i, list->count, p, &drawn);
    }
}

const calo_component_type calo_orrb_material_randomizer = {
    .name = "MaterialRandomizer",
    .parameters = table,
    .parameter_count = sizeof table / sizeof *table,
    .parameter_bytes = sizeof(parameters),
    .link = link,
    .draw = draw,
    .release = calo_orrb_release,
};
