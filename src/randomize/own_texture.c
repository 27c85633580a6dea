/* texture: pictures and patterns on materials, by their names. They are added to the scene before it is used. */
#include <stdlib.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "randomize/own_common.h"
#include "randomize/own_extend.h"

typedef struct parameters {
    char *names, *except, *pictures, *patterns;
    int32_t patterns_each, size;
    float probability, repeat[2], rotation_degrees[2];
    bool keep_color;
} parameters;

static const calo_parameter table[] = {
    CALO_STRING(names, ""),
    CALO_STRING(except, ""),
    CALO_FILES(pictures),
    CALO_STRING(patterns, "checker\nnoise\ngradient"),
    CALO_INTEGER(patterns_each, 1, 64, 4),
    CALO_INTEGER(size, 16, 2048, 256),
    CALO_NUMBER(probability, 0, 1, 1),
    CALO_OWN_RANGE(repeat, 0.01, 1000, 1, 4),
    CALO_OWN_RANGE(rotation_degrees, -3600, 3600, 0, 360),
    CALO_FLAG(keep_color, 0),
};

/* Textures that were added for the component, and the materials that get them. */
typedef struct textures {
    uint32_t texture_count, material_count;
    uint32_t *textures, *materials;
} textures;

static void release(calo_component *component)
{
    textures *bound = component->bound;
    if (bound) {
        free(bound->textures);
        free(bound->materials);
    }
    free(bound);
    component->bound = NULL;
}

static calo_status extend(calo_scene *scene, const calo_randomizer *randomizer, const calo_component *component,
                          calo_error *err)
{
    const parameters *p = component->parameters;
    calo_random random = calo_own_random(0, component->name);
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < calo_own_line_count(p->pictures) && status == CALO_OK; i++) {
        calo_image image = {0};
        status = calo_own_read_picture(randomizer, component, p->pictures, i, &image, err);
        if (status == CALO_OK)
            status = calo_own_add_picture(scene, randomizer, component, &image, err);
        calo_image_finish(&image);
    }
    for (uint32_t i = 0; i < calo_own_line_count(p->patterns) && status == CALO_OK; i++) {
        char pattern[64];
        calo_own_line(p->patterns, i, pattern, sizeof pattern);
        for (int32_t k = 0; k < p->patterns_each && status == CALO_OK; k++)
            status = calo_own_add_pattern(scene, randomizer, component, pattern, (uint32_t)p->size, &random, err);
    }
    return status;
}

/* A texture lies on a material only where all of its surfaces have coordinates for it. */
static bool has_coordinates(const calo_scene *scene, uint32_t material)
{
    bool used = false;
    for (uint32_t m = 0; m < scene->mesh_count; m++)
        for (uint32_t i = 0; i < scene->meshes[m].primitive_count; i++) {
            const calo_primitive *primitive = &scene->meshes[m].primitives[i];
            if (primitive->material != (int32_t)material)
                continue;
            used = true;
            if (!primitive->uvs[0])
                return false;
        }
    return used;
}

static void list_textures(const calo_scene *scene, const calo_component *component, textures *bound)
{
    for (uint32_t i = 0; i < scene->texture_count; i++) {
        int32_t image = scene->textures[i].image;
        if (image >= 0 && calo_own_is_added_by(scene->images[image].name, component))
            bound->textures[bound->texture_count++] = i;
    }
}

static void list_materials(calo_randomizer *randomizer, const calo_component *component, textures *bound)
{
    const parameters *p = component->parameters;
    const calo_scene *scene = randomizer->scene;
    for (uint32_t i = 0; i < scene->material_count; i++) {
        const char *name = scene->materials[i].name;
        if (calo_own_is_added(name) || !calo_own_wanted(name, p->names, p->except))
            continue;
        if (has_coordinates(scene, i))
            bound->materials[bound->material_count++] = i;
        else
            calo_randomizer_warn(
                randomizer, "randomizer-no-uvs",
                "%s: component \"%s\": material \"%s\" gets no texture: its surfaces have no texture coordinates",
                randomizer->name, component->name, name);
    }
}

static calo_status bind(calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const calo_scene *scene = randomizer->scene;
    release(component);
    textures *bound = component->bound = calloc(1, sizeof *bound);
    if (bound) {
        bound->textures = calloc((size_t)scene->texture_count + 1, sizeof *bound->textures);
        bound->materials = calloc((size_t)scene->material_count + 1, sizeof *bound->materials);
    }
    if (!bound || !bound->textures || !bound->materials)
        return calo_fail_memory(err, "textures", scene->texture_count * sizeof *bound->textures);
    list_textures(scene, component, bound);
    list_materials(randomizer, component, bound);
    if (bound->texture_count == 0)
        return calo_own_fail(
            randomizer, component, CALO_ERROR_UNSUPPORTED, err,
            "its textures are not in the scene: give \"pictures\" or \"patterns\"; Python's scenes take none "
            "(calotype render and serve do), C programs name the scene in the subject's `additions`");
    return CALO_OK;
}

static calo_status link(calo_linker *linker, calo_component *component, calo_error *err)
{
    const textures *bound = component->bound;
    const calo_scene *scene = calo_link_owner(linker)->scene;
    calo_status status = calo_link_materials(linker, err);
    for (uint32_t i = 0; i < bound->material_count && status == CALO_OK; i++) {
        uint32_t material = bound->materials[i];
        const char *name = scene->materials[material].name;
        status = calo_link_stream(linker, component, CALO_STREAM_INT, 1, err, "%u:%.200s/texture", material, name);
        status = status ? status
                        : calo_link_stream(linker, component, CALO_STREAM_FLOAT, 2, err,
                                           "%u:%.200s/repeat_rotation_degrees", material, name);
    }
    return status;
}

static void draw(calo_draw *draw, const calo_component *component)
{
    const parameters *p = component->parameters;
    const textures *bound = component->bound;
    for (uint32_t i = 0; i < bound->material_count; i++) {
        calo_material *material = &draw->look->materials[bound->materials[i]];
        bool changed = calo_random_unit(&draw->own) < (double)p->probability;
        uint32_t choice = (uint32_t)(calo_random_unit(&draw->own) * bound->texture_count);
        calo_draw_value(draw, changed ? (double)choice : -1);
        double repeat = calo_own_value(draw, p->repeat), sine, cosine;
        calo_sincos(calo_radians(calo_own_value(draw, p->rotation_degrees)), &sine, &cosine);
        if (!changed)
            continue;
        calo_texture_use use = {.texture = (int32_t)bound->textures[choice]};
        const double turned[6] = {cosine * repeat, -sine * repeat, 0, sine * repeat, cosine * repeat, 0};
        for (int k = 0; k < 6; k++)
            use.transform[k] = (float)turned[k];
        material->slots[CALO_SLOT_BASE_COLOR] = use;
        for (int c = 0; c < 3 && !p->keep_color; c++)
            material->base_color[c] = 1;
    }
}

const calo_component_type calo_own_texture = {.name = "texture",
                                              CALO_OWN_TABLE(table),
                                              .extend = extend,
                                              .bind = bind,
                                              .link = link,
                                              .draw = draw,
                                              .release = release};
