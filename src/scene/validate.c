/* What scene.h promises, checked once for every importer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/build.h"
#include "scene/instances.h"
#include "scene/light.h"

static bool index_ok(int32_t index, uint32_t count) { return index >= -1 && index < (int64_t)count; }

static bool finite_doubles(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i] * 0; /* NaN as soon as one is not finite */
    return sum == 0;
}

static bool finite_floats(const float *values, size_t count)
{
    float sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i] * 0;
    return sum == 0;
}

static bool finite_matrix(const calo_mat4 *matrix) { return finite_doubles(&matrix->m[0][0], 16); }

static uint32_t element_size(calo_topology topology)
{
    switch (topology) {
    case CALO_TRIANGLES: return 3;
    case CALO_LINES: return 2;
    case CALO_POINTS: return 1;
    }
    return 0;
}

/* ---- primitives ---- */

typedef struct primitive_place {
    calo_scene *scene;
    calo_mesh *mesh;
    uint32_t index; /* in the mesh */
    calo_primitive *copies; /* the mesh's, once one had to be changed: the arrays are the caller's */
} primitive_place;

#define FAIL_PRIMITIVE(place, err, status, format, ...) \
    calo_fail((err), (status), "%s: mesh \"%s\", primitive %u: " format, (place)->scene->path, (place)->mesh->name, \
              (place)->index, __VA_ARGS__)

static calo_status check_indices(const primitive_place *place, const calo_primitive *primitive, calo_error *err)
{
    uint32_t size = element_size(primitive->topology);
    if (size == 0)
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "%d is not a topology", (int)primitive->topology);
    if (primitive->index_count % size)
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "%u indices are not whole elements of %u",
                              primitive->index_count, size);
    if (primitive->index_count && (!primitive->indices || !primitive->positions))
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "%s are missing",
                              primitive->indices ? "positions" : "indices");
    uint32_t largest = 0;
    for (uint32_t i = 0; i < primitive->index_count; i++)
        largest = primitive->indices[i] > largest ? primitive->indices[i] : largest;
    if (primitive->index_count && largest >= primitive->vertex_count)
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "index %u is not below the %u vertices", largest,
                              primitive->vertex_count);
    return CALO_OK;
}

static calo_status fail_position(const primitive_place *place, const float *p, uint32_t vertex, calo_error *err)
{
    return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT,
                          "vertex %u is at (%g, %g, %g), which is not finite: repair the file", vertex, (double)p[0],
                          (double)p[1], (double)p[2]);
}

static calo_status copy_primitives(primitive_place *place, calo_error *err)
{
    uint32_t count = place->mesh->primitive_count;
    place->copies = CALO_ARENA_TAKE(calo_scene_arena(place->scene), calo_primitive, count, "primitives", err);
    if (!place->copies)
        return calo_failed(err);
    memcpy(place->copies, place->mesh->primitives, count * sizeof *place->copies);
    place->mesh->primitives = place->copies;
    return CALO_OK;
}

/* Vertices that nothing uses may hold anything: a copy with zeros in their place is kept. */
static calo_status replace_unused(primitive_place *place, const calo_primitive *primitive, calo_error *err)
{
    size_t float_count = (size_t)primitive->vertex_count * 3;
    float *positions = CALO_ARENA_TAKE(calo_scene_arena(place->scene), float, float_count, "positions", err);
    if (!positions || (!place->copies && copy_primitives(place, err) != CALO_OK))
        return calo_failed(err);
    memcpy(positions, primitive->positions, float_count * sizeof *positions);
    for (size_t v = 0; v < primitive->vertex_count; v++)
        if (!finite_floats(positions + 3 * v, 3))
            memset(positions + 3 * v, 0, 3 * sizeof *positions);
    place->copies[place->index].positions = positions;
    calo_scene_warn(place->scene, "unused-vertices",
                    "mesh \"%s\", primitive %u: vertices that nothing uses are not finite: they are left out",
                    place->mesh->name, place->index);
    return CALO_OK;
}

static calo_status check_positions(primitive_place *place, const calo_primitive *primitive, calo_error *err)
{
    if (!primitive->positions || finite_floats(primitive->positions, (size_t)primitive->vertex_count * 3))
        return CALO_OK;
    for (uint32_t i = 0; i < primitive->index_count; i++) {
        const float *p = primitive->positions + (size_t)primitive->indices[i] * 3;
        if (!finite_floats(p, 3))
            return fail_position(place, p, primitive->indices[i], err);
    }
    return replace_unused(place, primitive, err);
}

static calo_status check_deformers(const primitive_place *place, const calo_primitive *primitive, calo_error *err)
{
    size_t float_count = (size_t)primitive->vertex_count * 3;
    if (primitive->morph_target_count && !primitive->morph_targets)
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "%u morph targets are missing", primitive->morph_target_count);
    for (uint32_t t = 0; t < primitive->morph_target_count; t++) {
        const calo_morph_target *target = &primitive->morph_targets[t];
        if (target->positions && !finite_floats(target->positions, float_count))
            return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT,
                                  "morph target %u moves a vertex by a value that is not finite: repair the file", t);
    }
    if (primitive->influences % 4)
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "%u joints a vertex: it must be a multiple of 4",
                              primitive->influences);
    if (primitive->influences && (!primitive->joints || !primitive->weights))
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "%s are missing",
                              primitive->joints ? "skin weights" : "skin joints");
    if (primitive->influences && !finite_floats(primitive->weights,
                                                (size_t)primitive->vertex_count * primitive->influences))
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "a skin weight is %s: repair the file", "not finite");
    return CALO_OK;
}

/* The numbers of the file's vertices, which statistics count with. */
static calo_status check_sources(const primitive_place *place, const calo_primitive *primitive, calo_error *err)
{
    const uint32_t *sources = primitive->source_vertices;
    uint32_t limit = place->mesh->source_vertex_count ? place->mesh->source_vertex_count
                                                      : primitive->source_vertex_count;
    bool numbered = sources || place->mesh->source_vertex_count;
    for (uint32_t v = 0; numbered && v < primitive->vertex_count; v++) {
        uint32_t source = sources ? sources[v] : v;
        if (source >= limit)
            return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "vertex %u comes from vertex %u of only %u", v, source,
                                  limit);
    }
    return CALO_OK;
}

static calo_status check_primitive(primitive_place *place, calo_error *err)
{
    const calo_primitive *primitive = &place->mesh->primitives[place->index];
    if (!index_ok(primitive->material, place->scene->material_count))
        return FAIL_PRIMITIVE(place, err, CALO_ERROR_FORMAT, "material %d does not exist (there are %u)",
                              primitive->material, place->scene->material_count);
    calo_status status = check_indices(place, primitive, err);
    if (status == CALO_OK)
        status = check_positions(place, primitive, err);
    if (status == CALO_OK)
        status = check_deformers(place, primitive, err);
    if (status == CALO_OK)
        status = check_sources(place, primitive, err);
    return status;
}

static calo_status check_meshes(calo_scene *scene, calo_error *err)
{
    for (uint32_t m = 0; m < scene->mesh_count; m++) {
        calo_mesh *mesh = &scene->meshes[m];
        if ((mesh->primitive_count && !mesh->primitives) || (mesh->weight_count && !mesh->weights))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: mesh \"%s\": %s are missing", scene->path, mesh->name,
                             mesh->primitives ? "morph weights" : "primitives");
        if (mesh->weights && !finite_floats(mesh->weights, mesh->weight_count))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: mesh \"%s\": a morph weight is not finite", scene->path,
                             mesh->name);
        primitive_place place = {.scene = scene, .mesh = mesh};
        for (; place.index < mesh->primitive_count; place.index++) {
            calo_status status = check_primitive(&place, err);
            if (status != CALO_OK)
                return status;
        }
    }
    return CALO_OK;
}

/* ---- materials ---- */

static calo_status check_images(const calo_scene *scene, calo_error *err)
{
    uint32_t most = calo_scene_limits(scene)->max_texture_pixels;
    for (uint32_t i = 0; i < scene->image_count; i++) {
        const calo_scene_image *image = &scene->images[i];
        if (!image->pixels || !image->width || !image->height)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: image %u (\"%s\") of %u x %u pixels has none", scene->path, i,
                             image->name, image->width, image->height);
        if (image->width > most || image->height > most)
            return calo_fail(err, CALO_ERROR_LIMIT,
                             "%s: image %u (\"%s\") has %u x %u pixels, a side more than the limit of %u: make it smaller",
                             scene->path, i, image->name, image->width, image->height, most);
    }
    return CALO_OK;
}

static calo_status check_textures(const calo_scene *scene, calo_error *err)
{
    for (uint32_t t = 0; t < scene->texture_count; t++) {
        const calo_texture *texture = &scene->textures[t];
        if (texture->image < 0 || !index_ok(texture->image, scene->image_count))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: texture %u uses image %d, which does not exist", scene->path, t,
                             texture->image);
        if ((unsigned)texture->wrap_u > CALO_WRAP_MIRROR || (unsigned)texture->wrap_v > CALO_WRAP_MIRROR ||
            (unsigned)texture->magnify > CALO_FILTER_NEAREST || (unsigned)texture->minify > CALO_FILTER_NEAREST)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: texture %u wraps (%d, %d) or filters (%d, %d) in no known way",
                             scene->path, t, (int)texture->wrap_u, (int)texture->wrap_v, (int)texture->magnify,
                             (int)texture->minify);
    }
    return CALO_OK;
}

static calo_status check_slots(const calo_scene *scene, const calo_material *material, calo_error *err)
{
    for (int slot = 0; slot < CALO_SLOT_COUNT; slot++) {
        const calo_texture_use *use = &material->slots[slot];
        if (!index_ok(use->texture, scene->texture_count) || use->uv_set > 1)
            return calo_fail(err, CALO_ERROR_FORMAT,
                             "%s: material \"%s\" uses texture %d with UV set %u, which does not exist", scene->path,
                             material->name, use->texture, use->uv_set);
        if (use->texture >= 0 && !finite_floats(use->transform, 6))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: material \"%s\" moves texture %d by a value that is not finite",
                             scene->path, material->name, use->texture);
    }
    return CALO_OK;
}

static bool phong_material_ok(const calo_material_phong *phong)
{
    const float numbers[] = {phong->specular, phong->shininess, phong->emission, phong->reflectance};
    bool sound = finite_floats(numbers, sizeof numbers / sizeof numbers[0]);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sound &= numbers[i] >= 0;
    return !phong->given || sound;
}

calo_status calo_scene_check_material(const calo_scene *scene, const calo_material *m, calo_error *err)
{
    const float numbers[] = {m->metallic,    m->roughness,         m->ior,           m->specular,
                             m->normal_scale, m->occlusion_strength, m->alpha_cutoff};
    if (!finite_floats(numbers, sizeof numbers / sizeof numbers[0]) || !finite_floats(m->base_color, 4) ||
        !finite_floats(m->emissive, 3) || !finite_floats(m->specular_color, 3))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: material \"%s\" has a value that is not finite", scene->path, m->name);
    if (!phong_material_ok(&m->phong))
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: material \"%s\" has specular %g, shininess %g, emission %g and reflectance %g: give "
                         "numbers that are finite and not negative", scene->path, m->name, (double)m->phong.specular, (double)m->phong.shininess,
                         (double)m->phong.emission, (double)m->phong.reflectance);
    if ((unsigned)m->alpha_mode > CALO_ALPHA_BLEND)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: material \"%s\" has no known alpha mode: %d", scene->path, m->name,
                         (int)m->alpha_mode);
    return check_slots(scene, m, err);
}

static calo_status check_materials(const calo_scene *scene, calo_error *err)
{
    calo_status status = check_images(scene, err);
    if (status == CALO_OK)
        status = check_textures(scene, err);
    for (uint32_t m = 0; status == CALO_OK && m < scene->material_count; m++)
        status = calo_scene_check_material(scene, &scene->materials[m], err);
    return status;
}

/* ---- nodes ---- */

static bool node_indices_ok(const calo_scene *scene, const calo_node *node)
{
    return index_ok(node->mesh, scene->mesh_count) && index_ok(node->skin, scene->skin_count) &&
           index_ok(node->camera, scene->camera_count) && index_ok(node->light, scene->light_count);
}

static bool node_transform_ok(const calo_node *node)
{
    bool local = node->has_matrix ? finite_matrix(&node->matrix)
                                  : finite_doubles(node->translation, 3) && finite_doubles(node->rotation, 4) &&
                                        finite_doubles(node->scale, 3);
    for (uint32_t i = 0; local && node->instances && i < node->instance_count; i++)
        local = finite_matrix(&node->instances[i]);
    return local;
}

static calo_status check_node(const calo_scene *scene, uint32_t n, calo_error *err)
{
    const calo_node *node = &scene->nodes[n];
    if (!index_ok(node->parent, n))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: node %u (\"%s\") stands before its parent %d", scene->path, n,
                         node->name, node->parent);
    if (!node_indices_ok(scene, node))
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: node %u (\"%s\") names a mesh, skin, camera or light that does not exist", scene->path,
                         n, node->name);
    if (!node_transform_ok(node))
        return calo_fail(err, CALO_ERROR_FORMAT,
                         "%s: the transform of node %u (\"%s\") is not finite: repair the file", scene->path, n,
                         node->name);
    if (node->instance_id > CALO_INSTANCE_ID_GIVEN_MAX)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s: node %u (\"%s\") has the instance id %u, above %d", scene->path, n,
                         node->name, node->instance_id, CALO_INSTANCE_ID_GIVEN_MAX);
    if ((node->instance_count && !node->instances) || (node->weight_count && !node->weights))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: node %u (\"%s\"): %s are missing", scene->path, n, node->name,
                         node->weight_count && !node->weights ? "morph weights" : "instances");
    if (node->weights && !finite_floats(node->weights, node->weight_count))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: node %u (\"%s\"): a morph weight is not finite", scene->path, n,
                         node->name);
    return CALO_OK;
}

static calo_status check_nodes(const calo_scene *scene, calo_error *err)
{
    uint32_t limit = calo_scene_limits(scene)->max_nesting;
    uint32_t *depths = calloc((size_t)scene->node_count + 1, sizeof *depths);
    if (!depths)
        return calo_fail_memory(err, "the node tree", scene->node_count * sizeof *depths);
    calo_status status = CALO_OK;
    for (uint32_t n = 0; status == CALO_OK && n < scene->node_count; n++) {
        status = check_node(scene, n, err);
        if (status != CALO_OK)
            break;
        depths[n] = scene->nodes[n].parent < 0 ? 1 : depths[scene->nodes[n].parent] + 1;
        if (depths[n] > limit)
            status = calo_fail(err, CALO_ERROR_LIMIT,
                               "%s: node %u (\"%s\") is nested %u deep, more than the limit of %u", scene->path, n,
                               scene->nodes[n].name, depths[n], limit);
    }
    free(depths);
    return status;
}

/* ---- skins ---- */

static uint32_t largest_joint(const calo_mesh *mesh)
{
    uint32_t largest = 0;
    for (uint32_t p = 0; p < mesh->primitive_count; p++) {
        const calo_primitive *primitive = &mesh->primitives[p];
        size_t count = (size_t)primitive->vertex_count * primitive->influences;
        for (size_t i = 0; i < count; i++)
            largest = primitive->joints[i] > largest ? primitive->joints[i] : largest;
    }
    return largest;
}

static bool mesh_has_influences(const calo_mesh *mesh)
{
    for (uint32_t p = 0; p < mesh->primitive_count; p++)
        if (mesh->primitives[p].influences)
            return true;
    return false;
}

static calo_status check_skin(const calo_scene *scene, uint32_t s, calo_error *err)
{
    const calo_skin *skin = &scene->skins[s];
    if (skin->joint_count && (!skin->joints || !skin->inverse_bind))
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: skin %u (\"%s\"): %s are missing", scene->path, s, skin->name,
                         skin->joints ? "inverse bind matrices" : "joints");
    for (uint32_t j = 0; j < skin->joint_count; j++) {
        if (skin->joints[j] < 0 || !index_ok(skin->joints[j], scene->node_count))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: skin %u (\"%s\"): joint %u is node %d, which does not exist",
                             scene->path, s, skin->name, j, skin->joints[j]);
        if (!finite_matrix(&skin->inverse_bind[j]))
            return calo_fail(err, CALO_ERROR_FORMAT,
                             "%s: skin %u (\"%s\"): the inverse bind matrix of joint %u is not finite", scene->path, s,
                             skin->name, j);
    }
    return CALO_OK;
}

/* Every pair of a mesh and a skin; the largest joint of a mesh is looked for once. */
static calo_status check_skinned_nodes(const calo_scene *scene, calo_error *err)
{
    int64_t *largest = malloc(((size_t)scene->mesh_count + 1) * sizeof *largest);
    if (!largest)
        return calo_fail_memory(err, "the skins", scene->mesh_count * sizeof *largest);
    for (uint32_t m = 0; m < scene->mesh_count; m++)
        largest[m] = mesh_has_influences(&scene->meshes[m]) ? (int64_t)largest_joint(&scene->meshes[m]) : -1;
    calo_status status = CALO_OK;
    for (uint32_t n = 0; status == CALO_OK && n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        if (node->mesh < 0 || node->skin < 0)
            continue;
        const calo_skin *skin = &scene->skins[node->skin];
        if (largest[node->mesh] >= (int64_t)skin->joint_count)
            status = calo_fail(err, CALO_ERROR_FORMAT,
                               "%s: mesh \"%s\" uses joint %lld of skin \"%s\", which has only %u", scene->path,
                               scene->meshes[node->mesh].name, (long long)largest[node->mesh], skin->name,
                               skin->joint_count);
    }
    free(largest);
    return status;
}

static calo_status check_skins(const calo_scene *scene, calo_error *err)
{
    for (uint32_t s = 0; s < scene->skin_count; s++) {
        calo_status status = check_skin(scene, s, err);
        if (status != CALO_OK)
            return status;
    }
    return scene->skin_count ? check_skinned_nodes(scene, err) : CALO_OK;
}

/* ---- animations, cameras, lights ---- */

/* The place of a channel's fault as a sentence, or NULL. */
static const char *channel_fault(const calo_scene *scene, const calo_animation_channel *channel)
{
    if (channel->node < 0 || !index_ok(channel->node, scene->node_count))
        return "moves a node that does not exist";
    if (channel->key_count == 0 || !channel->times_seconds || !channel->values)
        return "has no keys";
    if ((unsigned)channel->path > CALO_PATH_WEIGHTS || (unsigned)channel->interpolation > CALO_INTERPOLATION_CUBIC)
        return "has no known path or interpolation";
    if (channel->path != CALO_PATH_WEIGHTS && channel->components != (channel->path == CALO_PATH_ROTATION ? 4 : 3))
        return "has the wrong number of components";
    for (uint32_t k = 0; k < channel->key_count; k++)
        if (!isfinite(channel->times_seconds[k]) ||
            (k && channel->times_seconds[k] < channel->times_seconds[k - 1]))
            return "has times that do not ascend";
    size_t values = (size_t)channel->key_count * channel->components;
    if (!finite_floats(channel->values, channel->interpolation == CALO_INTERPOLATION_CUBIC ? values * 3 : values))
        return "has a value that is not finite";
    return NULL;
}

static calo_status check_animations(const calo_scene *scene, calo_error *err)
{
    for (uint32_t a = 0; a < scene->animation_count; a++) {
        if (!isfinite(scene->animations[a].duration_seconds) ||
            (scene->animations[a].channel_count && !scene->animations[a].channels))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: animation %u (\"%s\") has no channels or no finite duration",
                             scene->path, a, scene->animations[a].name);
        for (uint32_t c = 0; c < scene->animations[a].channel_count; c++) {
            const char *fault = channel_fault(scene, &scene->animations[a].channels[c]);
            if (fault)
                return calo_fail(err, CALO_ERROR_FORMAT, "%s: animation %u (\"%s\"), channel %u %s: repair the file",
                                 scene->path, a, scene->animations[a].name, c, fault);
        }
    }
    return CALO_OK;
}

static calo_status check_cameras_and_lights(const calo_scene *scene, calo_error *err)
{
    for (uint32_t i = 0; i < scene->camera_count; i++) {
        const calo_camera *camera = &scene->cameras[i];
        const double values[] = {camera->fov_y_radians, camera->aspect_ratio, camera->x_magnitude,
                                 camera->y_magnitude,   camera->near_metres,  camera->far_metres};
        if (!finite_doubles(values, sizeof values / sizeof values[0]))
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: camera %u (\"%s\") has a value that is not finite",
                             scene->path, i, camera->name);
    }
    for (uint32_t i = 0; i < scene->light_count; i++) {
        const calo_light *light = &scene->lights[i];
        const char *fault = calo_light_fault(light);
        if ((unsigned)light->kind > CALO_LIGHT_SPOT)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: light %u (\"%s\") is of no known kind: %d", scene->path, i,
                             light->name, (int)light->kind);
        if (fault)
            return calo_fail(err, CALO_ERROR_FORMAT, "%s: light %u (\"%s\") %s", scene->path, i, light->name, fault);
    }
    return CALO_OK;
}

/* ---- the whole ---- */

static uint64_t mesh_elements(const calo_mesh *mesh)
{
    uint64_t count = 0;
    for (uint32_t p = 0; p < mesh->primitive_count; p++)
        count += mesh->primitives[p].index_count / element_size(mesh->primitives[p].topology);
    return count;
}

/* `counts`: room for the elements of each mesh. What no number holds is UINT64_MAX. */
static uint64_t count_drawn(const calo_scene *scene, uint64_t *counts)
{
    uint64_t total = 0;
    for (uint32_t m = 0; m < scene->mesh_count; m++)
        counts[m] = mesh_elements(&scene->meshes[m]);
    for (uint32_t n = 0; n < scene->node_count; n++) {
        uint32_t copies = calo_node_instance_count(&scene->nodes[n]);
        uint64_t drawn;
        if (copies == 0)
            continue;
        if (__builtin_mul_overflow(counts[scene->nodes[n].mesh], copies, &drawn) ||
            __builtin_add_overflow(total, drawn, &total))
            return UINT64_MAX;
    }
    return total;
}

calo_status calo_scene_count_elements(const calo_scene *scene, uint64_t *count, calo_error *err)
{
    uint64_t *counts = calloc((size_t)scene->mesh_count + 1, sizeof *counts);
    if (!counts)
        return calo_fail_memory(err, "the meshes", scene->mesh_count * sizeof *counts);
    *count = count_drawn(scene, counts);
    free(counts);
    return CALO_OK;
}

calo_status calo_scene_check_drawable(const calo_scene *scene, calo_error *err)
{
    for (uint32_t n = 0; n < scene->node_count; n++) {
        const calo_node *node = &scene->nodes[n];
        if (node->visible && node->mesh >= 0 && mesh_elements(&scene->meshes[node->mesh]))
            return CALO_OK;
    }
    return calo_fail(err, CALO_ERROR_EMPTY, "%s: no triangles, lines or points to draw", scene->path);
}

static calo_status check_size(const calo_scene *scene, calo_error *err)
{
    uint64_t count, limit = calo_scene_limits(scene)->max_triangles;
    calo_status status = calo_scene_count_elements(scene, &count, err);
    if (status != CALO_OK || count <= limit)
        return status;
    return calo_fail(err, CALO_ERROR_LIMIT,
                     "%s has more than %llu triangles, lines and points, instances counted: raise the limit "
                     "with --max-triangles",
                     scene->path, (unsigned long long)limit);
}

/* ---- images without alpha ---- */

static bool is_opaque(const calo_scene_image *image)
{
    uint8_t all = 255;
    for (uint32_t y = 0; all == 255 && y < image->height; y++) {
        const uint8_t *row = image->pixels + (size_t)y * image->width * 4;
        for (uint32_t x = 0; x < image->width; x++)
            all &= row[4 * (size_t)x + 3];
    }
    return all == 255;
}

/* Blended materials whose images are opaque need no blending. Once an image, for everything that is made of it. */
static calo_status find_opaque_images(calo_scene *scene, calo_error *err)
{
    bool *asked = calloc((size_t)scene->image_count + 1, sizeof *asked);
    if (!asked)
        return calo_fail_memory(err, "the images", scene->image_count * sizeof *asked);
    for (uint32_t m = 0; m < scene->material_count; m++) {
        const calo_material *material = &scene->materials[m];
        int32_t texture = material->slots[CALO_SLOT_BASE_COLOR].texture;
        if (material->alpha_mode == CALO_ALPHA_BLEND && material->base_color[3] >= 1 && texture >= 0)
            asked[scene->textures[texture].image] = true;
    }
    for (uint32_t i = 0; i < scene->image_count; i++)
        if (asked[i] && !scene->images[i].opaque)
            scene->images[i].opaque = is_opaque(&scene->images[i]);
    free(asked);
    return CALO_OK;
}

calo_status calo_scene_seal(calo_scene *scene, calo_error *err)
{
    calo_status status = check_meshes(scene, err);
    if (status == CALO_OK)
        status = check_materials(scene, err);
    if (status == CALO_OK)
        status = check_nodes(scene, err);
    if (status == CALO_OK)
        status = check_skins(scene, err);
    if (status == CALO_OK)
        status = check_animations(scene, err);
    if (status == CALO_OK)
        status = check_cameras_and_lights(scene, err);
    if (status == CALO_OK && !finite_matrix(&scene->source_to_world))
        status = calo_fail(err, CALO_ERROR_FORMAT, "%s: the transform into the world is not finite", scene->path);
    if (status == CALO_OK)
        status = check_size(scene, err);
    return status == CALO_OK ? find_opaque_images(scene, err) : status;
}
