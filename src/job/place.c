/* A scene of several files: each is loaded, all are arranged, and joined into one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/linear.h"
#include "job/arrange.h"
#include "job/item.h"
#include "scene/build.h"
#include "scene/join.h"

typedef struct group_object {
    calo_scene *own_scene;   /* NULL where an earlier object has loaded the same file */
    const calo_scene *scene; /* NULL: left out */
    size_t loaded_by;        /* the object whose own_scene it is */
    calo_sha256 hash;
    calo_join join;          /* of loaded_by */
    calo_mat4 place;
    double low[3], high[3];  /* its box in its own world */
} group_object;

struct calo_item_group {
    const calo_placed_object *asked;
    group_object *objects; /* one a file that was asked for */
    size_t count;
    uint32_t placed_count, ground_id;
    char *name, *identifier;
    calo_placement placement;
    uint64_t memory_left, elements_left; /* of the limits for all together */
    calo_placed_facts *facts;
    calo_arrangement_facts arrangement;
};

calo_status calo_item_group_create(const calo_placed_object *objects, size_t count, const calo_placement *placement,
                                   calo_item_group **group, calo_error *err)
{
    calo_item_group *made = *group = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "a scene of objects", sizeof *made);
    calo_status status = calo_placed_identifier(objects, count, &made->identifier, err);
    if (status == CALO_OK)
        status = calo_placement_resolve(placement, &made->placement, err);
    if (status != CALO_OK)
        return status;
    const char *first = calo_placed_object_identifier(&objects[0]);
    made->asked = objects;
    made->count = count;
    made->objects = calloc(count, sizeof *made->objects);
    made->facts = calloc(count, sizeof *made->facts);
    made->name = count > 1 ? calo_text_format("%s and %zu more", first, count - 1) : strdup(first);
    if (!made->objects || !made->facts || !made->name)
        status = calo_fail_memory(err, "a scene of objects", count * (sizeof *made->objects + sizeof *made->facts));
    return status;
}

void calo_item_group_destroy(calo_item_group *group)
{
    if (!group)
        return;
    for (size_t i = 0; group->objects && i < group->count; i++)
        calo_scene_destroy(group->objects[i].own_scene);
    free(group->objects);
    free(group->facts);
    free(group->name);
    free(group->identifier);
    free(group);
}

const char *calo_item_group_name(const calo_item_group *group) { return group->name; }
const char *calo_item_group_identifier(const calo_item_group *group) { return group->identifier; }

/* ---- loading, one object after the other ---- */

/* An object so far from its origin that numbers cannot tell its vertices apart. */
static calo_status check_box(const calo_scene *scene, const group_object *object, calo_error *err)
{
    double longest = 0, farthest = 0;
    for (int i = 0; i < 3; i++) {
        longest = fmax(longest, object->high[i] - object->low[i]);
        farthest = fmax(farthest, fmax(fabs(object->low[i]), fabs(object->high[i])));
    }
    if (farthest <= 1e10 * (longest > 0 ? longest : 1))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                     "%s: its box of %g metres lies %g metres from the origin, too far to be placed: move it to the "
                     "origin", scene->path, longest, farthest);
}

static calo_status measure(const calo_scene *scene, group_object *object, calo_error *err)
{
    calo_pose *pose = NULL;
    calo_status status = calo_pose_create(scene, NULL, &pose, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(pose, object->low, object->high, err);
    calo_pose_destroy(pose);
    return status == CALO_OK ? check_box(scene, object, err) : status;
}

/* Takes what the scene needs off the limits that all share. */
static calo_status take_share(calo_item_group *group, const calo_scene *scene, uint64_t bytes, calo_error *err)
{
    uint64_t elements;
    calo_status status = calo_scene_count_elements(scene, &elements, err);
    if (status != CALO_OK)
        return status;
    if (elements > group->elements_left || bytes > group->memory_left)
        return calo_fail(err, CALO_ERROR_LIMIT,
                         "%s: its %llu triangles and %llu bytes are more than the objects before it leave of "
                         "--max-triangles and --max-memory", scene->path, (unsigned long long)elements,
                         (unsigned long long)bytes);
    group->elements_left -= elements;
    group->memory_left -= bytes;
    return CALO_OK;
}

static calo_status load_file(const calo_item *item, size_t index, calo_error *err)
{
    calo_item_group *group = item->group;
    group_object *object = &group->objects[index];
    calo_import_options import = item->options->import;
    calo_scene *scene = NULL;
    if (group->memory_left == 0 || group->elements_left == 0)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: the objects before it leave nothing of --max-triangles and "
                         "--max-memory", group->asked[index].path);
    import.threads = import.threads ? import.threads : calo_renderer_threads(item->renderer);
    import.limits.max_memory_bytes = group->memory_left;
    import.limits.max_triangles = group->elements_left;
    calo_status status = calo_scene_load_hashed(group->asked[index].path, &import, &scene, &object->hash, err);
    if (status == CALO_OK)
        status = measure(scene, object, err);
    if (status == CALO_OK)
        status = take_share(group, scene, calo_scene_arena(scene)->used_bytes, err);
    if (status != CALO_OK) {
        calo_scene_destroy(scene);
        return status;
    }
    object->scene = object->own_scene = scene;
    object->loaded_by = index;
    return CALO_OK;
}

/* The object that has loaded this one's file before it; or itself. */
static size_t find_same_file(const calo_item_group *group, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (group->objects[i].own_scene && strcmp(group->asked[i].path, group->asked[index].path) == 0)
            return i;
    return index;
}

static calo_status load_object(const calo_item *item, size_t index, calo_error *err)
{
    calo_item_group *group = item->group;
    if (!group->asked[index].path)
        return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s: the file is not there", group->asked[index].file_identifier);
    size_t same = find_same_file(group, index);
    if (same == index)
        return load_file(item, index, err);
    calo_status status = take_share(group, group->objects[same].scene, 0, err);
    if (status != CALO_OK)
        return status;
    group->objects[index] = group->objects[same];
    group->objects[index].own_scene = NULL;
    return CALO_OK;
}

/* What one file can do to itself is its own matter; a machine without memory is not. */
static calo_status load_objects(calo_item *item, calo_error *err)
{
    calo_item_group *group = item->group;
    calo_placed_result *results = item->result->objects;
    for (size_t i = 0; i < group->count; i++) {
        calo_status status = load_object(item, i, &results[i].err);
        if (status == CALO_ERROR_MEMORY) {
            if (err)
                *err = results[i].err;
            return status;
        }
        if (status != CALO_OK) {
            if (group->asked[i].path && !strstr(results[i].err.message, group->asked[i].path))
                calo_fail_within(&results[i].err, status, "%s", group->asked[i].path);
            continue;
        }
        results[i].instance_id = ++group->placed_count;
        calo_sha256_text(&group->objects[i].hash, results[i].sha256);
        calo_uuid5_dns(calo_placed_object_identifier(&group->asked[i]), results[i].save_uid);
    }
    if (group->placed_count > 0)
        return CALO_OK;
    size_t tried = 0; /* the first that was: of the others the caller knows why */
    while (tried + 1 < group->count && !group->asked[tried].path)
        tried++;
    const calo_error *first = &results[tried].err;
    return group->count == 1 ? calo_fail(err, first->status, "%s", first->message)
                             : calo_fail(err, first->status, "none of the %zu objects can be used; the first: %s",
                                         group->count, first->message);
}

/* ---- arranging ---- */

static calo_sha256 hash_of_hashes(const calo_item_group *group)
{
    calo_sha256_run run;
    calo_sha256_begin(&run);
    for (size_t i = 0; i < group->count; i++)
        if (group->objects[i].scene)
            calo_sha256_add(&run, group->objects[i].hash.bytes, sizeof group->objects[i].hash.bytes);
    return calo_sha256_end(&run);
}

static calo_status add_ground(calo_scene *scene, const calo_item_group *group, const calo_arranged *arranged,
                              calo_error *err)
{
    static const float corners[12] = {-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0};
    static const float normals[12] = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1}, uvs[8] = {0, 1, 1, 1, 1, 0, 0, 0};
    static const uint32_t indices[6] = {0, 1, 2, 0, 2, 3};
    calo_material material = calo_material_plain(false);
    calo_node node = calo_node_default();
    double half_side;
    material.name = node.name = "ground";
    for (int c = 0; c < 3; c++)
        material.base_color[c] = 0.3f; /* darker than most of what stands on it */
    material.double_sided = true;
    calo_arranged_ground(arranged, group->placed_count, node.translation, &half_side);
    /* A hair below what stands on it, so that no surface lies in another one. */
    node.translation[2] = -5e-4 * group->placement.size_max;
    node.scale[0] = node.scale[1] = half_side > 0 ? half_side : group->placement.size_max;
    node.instance_id = group->ground_id;
    calo_primitive *primitive = calo_scene_allocate(scene, 1, sizeof *primitive, err);
    if (!primitive)
        return calo_failed(err);
    *primitive = (calo_primitive){.vertex_count = 4, .index_count = 6, .indices = indices, .positions = corners,
                                  .normals = normals, .uvs = {uvs},
                                  .material = calo_scene_add_material(scene, &material, err)};
    if (primitive->material < 0)
        return calo_failed(err);
    node.mesh = calo_scene_add_mesh(
        scene, &(calo_mesh){.name = "ground", .primitive_count = 1, .primitives = primitive}, err);
    return node.mesh < 0 || calo_scene_add_node(scene, &node, err) < 0 ? calo_failed(err) : CALO_OK;
}

/* The objects' places, and the ground's. */
static calo_status arrange(calo_item *item, calo_error *err)
{
    calo_item_group *group = item->group;
    calo_arranged *arranged = calloc(group->placed_count, sizeof *arranged), *next = arranged;
    if (!arranged)
        return calo_fail_memory(err, "places", group->placed_count * sizeof *arranged);
    for (size_t i = 0; i < group->count; i++)
        if (group->objects[i].scene) {
            memcpy(next->low, group->objects[i].low, sizeof next->low);
            memcpy(next++->high, group->objects[i].high, sizeof next->high);
        }
    calo_status status = calo_arrange(&group->placement, calo_item_seed(item), arranged, group->placed_count, err);
    next = arranged;
    for (size_t i = 0; i < group->count; i++)
        if (group->objects[i].scene)
            group->objects[i].place = next++->place;
    if (status == CALO_OK && group->ground_id)
        status = add_ground(item->own_scene, group, arranged, err);
    free(arranged);
    return status;
}

/* ---- joining ---- */

/* Without the folder, which is of this machine: `text` is changed in place. */
static void drop_folder(char *text, const char *path)
{
    size_t length = calo_path_folder_length(path);
    char folder[4096];
    if (length < 2 || length >= sizeof folder)
        return;
    memcpy(folder, path, length);
    folder[length] = '\0';
    for (char *at = strstr(text, folder); at; at = strstr(at, folder))
        memmove(at, at + length, strlen(at + length) + 1);
}

static void pass_on_warnings(calo_scene *scene, const calo_scene *source, const calo_placed_object *object)
{
    const char *identifier = calo_placed_object_identifier(object);
    for (uint32_t i = 0; i < source->warning_count; i++) {
        char text[1024];
        size_t length = strlen(source->warnings[i].message);
        length = length < sizeof text ? length : sizeof text - 1;
        memcpy(text, source->warnings[i].message, length);
        text[length] = '\0';
        drop_folder(text, object->path);
        calo_scene_warn(scene, source->warnings[i].id, "%s: %s", identifier, text);
    }
    if (source->camera_count + source->light_count > 0)
        calo_scene_warn(scene, "placed-object", "%s: its %u cameras and %u lights are left out: it is one of several objects",
                        identifier, source->camera_count, source->light_count);
}

static calo_status join_object(calo_scene *scene, calo_item_group *group, size_t index, uint32_t id, calo_error *err)
{
    group_object *object = &group->objects[index], *loader = &group->objects[object->loaded_by];
    calo_status status = CALO_OK;
    if (object->own_scene) {
        status = calo_scene_join_parts(scene, object->scene, &object->join, err);
        pass_on_warnings(scene, object->scene, &group->asked[index]);
    }
    scene->file_bytes += object->scene->file_bytes;
    return status == CALO_OK ? calo_scene_join_nodes(scene, &loader->join, &object->place, id, err) : status;
}

static calo_status join_objects(calo_item *item, calo_error *err)
{
    calo_item_group *group = item->group;
    calo_status status = CALO_OK;
    for (size_t i = 0; i < group->count && status == CALO_OK; i++)
        if (group->objects[i].scene)
            status = join_object(item->own_scene, group, i, item->result->objects[i].instance_id, err);
    return status == CALO_OK ? calo_scene_seal(item->own_scene, err) : status;
}

/* ---- the item ---- */

static calo_status check_options(const calo_item_options *options, calo_error *err)
{
    const char *what = options->state_file     ? "joint positions"
                       : options->animation    ? "an animation"
                       : options->scene_camera ? "the file's own cameras"
                                               : NULL;
    return what ? calo_fail(err, CALO_ERROR_ARGUMENT, "%s do not go with several objects in one scene, which are shown at "
                            "rest from the protocol's views or --cameras: leave one out", what)
                : CALO_OK;
}

calo_status calo_item_load_group(calo_item *item, calo_error *err)
{
    calo_item_group *group = item->group;
    calo_limits limits = calo_limits_resolve(&item->options->import.limits);
    calo_status status = check_options(item->options, err);
    if (status != CALO_OK)
        return status;
    item->result->objects = calloc(group->count, sizeof *item->result->objects);
    if (!item->result->objects)
        return calo_fail_memory(err, "results", group->count * sizeof *item->result->objects);
    item->result->object_count = group->count;
    group->memory_left = limits.max_memory_bytes;
    group->elements_left = limits.max_triangles;
    status = load_objects(item, err);
    if (status != CALO_OK)
        return status;
    group->ground_id = group->placement.show_ground ? group->placed_count + 1 : 0;
    item->hash = hash_of_hashes(group);
    limits.max_memory_bytes = group->memory_left ? group->memory_left : 1;
    limits.max_triangles += 2; /* the ground's, which are no file's */
    status = calo_scene_create(item->path, "scene", &limits, &item->own_scene, err);
    if (status == CALO_OK)
        status = arrange(item, err);
    if (status == CALO_OK)
        status = join_objects(item, err);
    item->scene = item->own_scene;
    item->variant_count = 1;
    return status;
}

/* ---- what is told of them ---- */

static calo_status find_bounds(const calo_scene *scene, const calo_mat4 *root, double low[3], double high[3],
                               calo_error *err)
{
    calo_pose *pose = NULL;
    calo_status status = calo_pose_create(scene, &(calo_pose_options){.root = root}, &pose, err);
    if (status == CALO_OK)
        status = calo_pose_bounds(pose, low, high, err);
    calo_pose_destroy(pose);
    return status;
}

static void add_statistics(calo_scene_statistics *sum, const calo_scene_statistics *one)
{
    sum->polygon_count += one->polygon_count;
    sum->vertex_count += one->vertex_count;
    sum->edge_count += one->edge_count;
    sum->triangle_count += one->triangle_count;
    sum->mesh_count += one->mesh_count;
    sum->light_count += one->light_count;
    sum->object_count += one->object_count;
    sum->material_count += one->material_count;
    sum->animation_count += one->animation_count;
    sum->armature_count += one->armature_count;
    sum->shape_key_count += one->shape_key_count;
    sum->camera_count += one->camera_count;
    sum->texture_count += one->texture_count;
    sum->missing_texture_count += one->missing_texture_count;
}

static calo_status describe_object(calo_item *item, size_t index, calo_error *err)
{
    const calo_item_group *group = item->group;
    const group_object *object = &group->objects[index];
    calo_placed_result *result = &item->result->objects[index];
    calo_placed_facts *facts = &group->facts[index];
    calo_status status = CALO_OK;
    facts->object.file_identifier = calo_placed_object_identifier(&group->asked[index]);
    if (!object->scene) {
        facts->left_out = calo_status_name(result->err.status);
        return CALO_OK;
    }
    if (object->own_scene)
        status = calo_scene_count(object->scene, &result->statistics, err);
    else
        result->statistics = item->result->objects[object->loaded_by].statistics;
    result->object_to_world = calo_mat4_multiply(&item->root, &object->place);
    if (status == CALO_OK)
        status = find_bounds(object->scene, &result->object_to_world, result->bounds_min, result->bounds_max, err);
    facts->object = (calo_object_facts){facts->object.file_identifier, result->save_uid, result->sha256, object->scene,
                                        &result->statistics};
    facts->instance_id = result->instance_id;
    facts->first_material_id = group->objects[object->loaded_by].join.first_material + 1;
    facts->object_to_world = result->object_to_world;
    memcpy(facts->bounds_min, result->bounds_min, sizeof facts->bounds_min);
    memcpy(facts->bounds_max, result->bounds_max, sizeof facts->bounds_max);
    return status;
}

const calo_arrangement_facts *calo_item_group_facts(const calo_item_group *group) { return &group->arrangement; }

calo_status calo_item_describe_group(calo_item *item, calo_error *err)
{
    calo_item_group *group = item->group;
    calo_scene_statistics *sum = &item->result->statistics;
    const calo_placement *placement = &group->placement;
    calo_status status = CALO_OK;
    for (size_t i = 0; i < group->count && status == CALO_OK; i++) {
        status = describe_object(item, i, err);
        add_statistics(sum, &item->result->objects[i].statistics);
    }
    memcpy(sum->bounds_min, item->low, sizeof sum->bounds_min);
    memcpy(sum->bounds_max, item->high, sizeof sum->bounds_max);
    group->arrangement = (calo_arrangement_facts){
        .name = placement->arrangement == CALO_ARRANGEMENT_AIR ? "air" : "ground",
        .size_range = {placement->size_min, placement->size_max}, .spread = placement->spread,
        .ground_id = group->ground_id, .objects = group->facts, .object_count = group->count};
    return status;
}
