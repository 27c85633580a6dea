#include "scene/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { WARNINGS_KEPT_PER_ID = 32, WARNING_IDS = 64, FIRST_CAPACITY = 8 };

typedef struct warning_tally {
    const char *id;
    uint32_t count;
} warning_tally;

struct calo_scene_private {
    calo_arena arena;
    calo_limits limits;
    warning_tally tallies[WARNING_IDS];
    uint32_t tally_count;
};

typedef struct scene_block {
    calo_scene scene;
    struct calo_scene_private internal;
} scene_block;

calo_status calo_scene_create(const char *path, const char *format, const calo_limits *limits, calo_scene **scene,
                              calo_error *err)
{
    *scene = NULL;
    scene_block *block = calloc(1, sizeof *block);
    if (!block)
        return calo_fail_memory(err, "a scene", sizeof *block);
    block->scene.internal = &block->internal;
    block->scene.source_to_world = (calo_mat4){{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}};
    block->internal.limits = calo_limits_resolve(limits);
    calo_arena_init(&block->internal.arena, block->internal.limits.max_memory_bytes);
    block->scene.path = calo_scene_text(&block->scene, path, err);
    block->scene.format = calo_scene_text(&block->scene, format, err);
    if (!block->scene.path || !block->scene.format) {
        calo_scene_destroy(&block->scene);
        return calo_failed(err);
    }
    *scene = &block->scene;
    return CALO_OK;
}

void calo_scene_destroy(calo_scene *scene)
{
    if (!scene)
        return;
    calo_arena_finish(&scene->internal->arena);
    free(scene); /* the first member of its block */
}

calo_arena *calo_scene_arena(calo_scene *scene) { return &scene->internal->arena; }
const calo_limits *calo_scene_limits(const calo_scene *scene) { return &scene->internal->limits; }

void *calo_scene_allocate(calo_scene *scene, uint64_t count, size_t item_bytes, calo_error *err)
{
    return calo_arena_take(calo_scene_arena(scene), count, item_bytes, "the scene", err);
}

const char *calo_scene_text(calo_scene *scene, const char *text, calo_error *err)
{
    if (!text)
        return "";
    return calo_arena_text(calo_scene_arena(scene), text, strlen(text), err);
}

/* Copies `item` behind the array's last one. The capacity follows from the count: it doubles
 * whenever the count reaches a power of two. Returns the index or -1. */
static int32_t append(calo_scene *scene, void **array, uint32_t *count, const void *item, size_t item_bytes,
                      const char *what, calo_error *err)
{
    uint32_t used = *count;
    if (used >= INT32_MAX / 2) {
        calo_fail(err, CALO_ERROR_LIMIT, "%s: more than %u %s", scene->path, used, what);
        return -1;
    }
    bool full = used == 0 || (used >= FIRST_CAPACITY && (used & (used - 1)) == 0);
    if (full) {
        uint32_t capacity = used ? used * 2 : FIRST_CAPACITY;
        void *grown = calo_arena_take(calo_scene_arena(scene), capacity, item_bytes, what, err);
        if (!grown)
            return -1;
        if (used)
            memcpy(grown, *array, used * item_bytes);
        *array = grown;
    }
    memcpy((char *)*array + used * item_bytes, item, item_bytes);
    *count = used + 1;
    return (int32_t)used;
}

#define APPEND(scene, array, count, item, what, err) \
    append((scene), (void **)&(scene)->array, &(scene)->count, (item), sizeof *(scene)->array, (what), (err))

int32_t calo_scene_add_mesh(calo_scene *scene, const calo_mesh *mesh, calo_error *err)
{
    calo_mesh copy = *mesh;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, meshes, mesh_count, &copy, "meshes", err);
}

int32_t calo_scene_add_material(calo_scene *scene, const calo_material *material, calo_error *err)
{
    calo_material copy = *material;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, materials, material_count, &copy, "materials", err);
}

int32_t calo_scene_add_texture(calo_scene *scene, const calo_texture *texture, calo_error *err)
{
    return APPEND(scene, textures, texture_count, texture, "textures", err);
}

int32_t calo_scene_add_image(calo_scene *scene, const calo_scene_image *image, calo_error *err)
{
    calo_scene_image copy = *image;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, images, image_count, &copy, "images", err);
}

int32_t calo_scene_add_node(calo_scene *scene, const calo_node *node, calo_error *err)
{
    calo_node copy = *node;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, nodes, node_count, &copy, "nodes", err);
}

int32_t calo_scene_add_skin(calo_scene *scene, const calo_skin *skin, calo_error *err)
{
    calo_skin copy = *skin;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, skins, skin_count, &copy, "skins", err);
}

int32_t calo_scene_add_animation(calo_scene *scene, const calo_animation *animation, calo_error *err)
{
    calo_animation copy = *animation;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, animations, animation_count, &copy, "animations", err);
}

int32_t calo_scene_add_camera(calo_scene *scene, const calo_camera *camera, calo_error *err)
{
    calo_camera copy = *camera;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, cameras, camera_count, &copy, "cameras", err);
}

int32_t calo_scene_add_light(calo_scene *scene, const calo_light *light, calo_error *err)
{
    calo_light copy = *light;
    copy.name = copy.name ? copy.name : "";
    return APPEND(scene, lights, light_count, &copy, "lights", err);
}

calo_status calo_scene_add_linked_file(calo_scene *scene, const char *name, calo_error *err)
{
    const char *copy = calo_scene_text(scene, name, err);
    if (!copy || APPEND(scene, linked_files, linked_file_count, &copy, "linked files", err) < 0)
        return calo_failed(err);
    return CALO_OK;
}

calo_node calo_node_default(void)
{
    return (calo_node){
        .name = "",
        .parent = -1,
        .visible = true,
        .rotation = {0, 0, 0, 1},
        .scale = {1, 1, 1},
        .matrix = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}},
        .mesh = -1,
        .skin = -1,
        .camera = -1,
        .light = -1,
    };
}

/* How often this id was used before; NULL when there are more ids than the table holds. */
static warning_tally *tally_of(struct calo_scene_private *internal, const char *id)
{
    for (uint32_t i = 0; i < internal->tally_count; i++)
        if (strcmp(internal->tallies[i].id, id) == 0)
            return &internal->tallies[i];
    if (internal->tally_count == WARNING_IDS)
        return NULL;
    internal->tallies[internal->tally_count].id = id;
    return &internal->tallies[internal->tally_count++];
}

static void add_warning(calo_scene *scene, const char *id, const char *message)
{
    calo_warning warning = {.id = id, .message = calo_scene_text(scene, message, NULL)};
    if (warning.message)
        APPEND(scene, warnings, warning_count, &warning, "warnings", NULL);
}

void calo_scene_warn(calo_scene *scene, const char *id, const char *format, ...)
{
    warning_tally *tally = tally_of(scene->internal, id);
    if (!tally || tally->count > WARNINGS_KEPT_PER_ID)
        return;
    if (tally->count++ == WARNINGS_KEPT_PER_ID) {
        char rest[128];
        snprintf(rest, sizeof rest, "more warnings of this kind (%s) are left out", id);
        add_warning(scene, id, rest);
        return;
    }
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    add_warning(scene, id, message);
}
