/* The node tree: bodies first, so that node i is body i, then a kind after the other, in the order of ids. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/linear.h"
#include "import/mjcf/model.h"
#include "scene/build.h"

typedef struct tree {
    calo_mujoco_model *model;
    calo_mjcf_builder *builder;
    const calo_mujoco_arrays *arrays;
    calo_scene *scene;
    calo_error *err;
} tree;

/* ---- one node ---- */

static const char *name_of(const tree *t, calo_mujoco_kind kind, uint32_t id)
{
    return calo_scene_text(t->scene, t->model->things[kind].names[id], t->err);
}

/* Moved to `place` in its body. */
static calo_node node_at(const char *name, int32_t body, const calo_mat4 *place)
{
    calo_node node = calo_node_default();
    node.name = name;
    node.parent = body;
    node.has_matrix = true;
    node.matrix = *place;
    return node;
}

static calo_status add_node(const tree *t, const calo_node *node)
{
    return node->name && calo_scene_add_node(t->scene, node, t->err) >= 0 ? CALO_OK : calo_failed(t->err);
}

static void begin_kind(const tree *t, calo_mujoco_kind kind)
{
    t->model->things[kind].first_node = t->scene->node_count;
}

static bool in_groups(uint32_t groups, int32_t group)
{
    groups = groups ? groups : CALO_MUJOCO_DEFAULT_GROUPS;
    return group >= 0 && group < 31 && (groups >> group & 1);
}

/* ---- bodies, geoms, sites ---- */

/* What is all transparent has a mesh for randomizers only. */
static bool is_clear(const tree *t, int32_t mesh)
{
    if (mesh < 0)
        return false;
    int32_t material = t->scene->meshes[mesh].primitives[0].material;
    return material >= 0 && t->scene->materials[material].base_color[3] <= 0;
}

static calo_status add_bodies(const tree *t)
{
    const calo_mujoco_arrays *a = t->arrays;
    calo_status status = CALO_OK;
    begin_kind(t, CALO_MUJOCO_BODY);
    for (uint32_t i = 0; i < a->nbody && status == CALO_OK; i++) {
        calo_mat4 place = calo_mjcf_place(a->body_pos + 3 * (size_t)i, a->body_quat + 4 * (size_t)i);
        if (i == 0)
            place = calo_mat4_identity();
        calo_node node = node_at(name_of(t, CALO_MUJOCO_BODY, i), i ? a->body_parentid[i] : -1, &place);
        status = add_node(t, &node);
    }
    return status;
}

/* What geoms and sites have in common: a shape that hangs on a body, and a group. */
typedef struct hung_shapes {
    calo_mujoco_kind kind;
    int64_t count;
    const int32_t *bodies, *groups;
    const double *positions, *quaternions;
    calo_status (*mesh)(calo_mjcf_builder *builder, uint32_t id, int32_t *mesh, calo_error *err);
} hung_shapes;

static calo_status add_shapes(const tree *t, const hung_shapes *shapes, uint32_t groups)
{
    calo_status status = CALO_OK;
    begin_kind(t, shapes->kind);
    for (uint32_t i = 0; i < shapes->count && status == CALO_OK; i++) {
        calo_mat4 place = calo_mjcf_place(shapes->positions + 3 * (size_t)i, shapes->quaternions + 4 * (size_t)i);
        calo_node node = node_at(name_of(t, shapes->kind, i), shapes->bodies[i], &place);
        status = shapes->mesh(t->builder, i, &node.mesh, t->err);
        node.visible = in_groups(groups, shapes->groups[i]) && !is_clear(t, node.mesh);
        if (status == CALO_OK)
            status = add_node(t, &node);
    }
    return status;
}

static calo_status add_geoms(const tree *t, uint32_t groups)
{
    const calo_mujoco_arrays *a = t->arrays;
    const hung_shapes geoms = {CALO_MUJOCO_GEOM, a->ngeom,    a->geom_bodyid,      a->geom_group,
                               a->geom_pos,      a->geom_quat, calo_mjcf_geom_mesh};
    return add_shapes(t, &geoms, groups);
}

static calo_status add_sites(const tree *t, uint32_t groups)
{
    const calo_mujoco_arrays *a = t->arrays;
    const hung_shapes sites = {CALO_MUJOCO_SITE, a->nsite,    a->site_bodyid,      a->site_group,
                               a->site_pos,      a->site_quat, calo_mjcf_site_mesh};
    return add_shapes(t, &sites, groups);
}

/* ---- cameras ---- */

static void warn_of_lens(const tree *t, uint32_t i)
{
    const calo_mujoco_arrays *a = t->arrays;
    if (!a->cam_sensorsize || !a->cam_intrinsic || !(a->cam_sensorsize[2 * (size_t)i + 1] > 0))
        return;
    if (a->cam_intrinsic[4 * (size_t)i + 2] != 0 || a->cam_intrinsic[4 * (size_t)i + 3] != 0)
        calo_scene_warn(t->scene, "mjcf-camera",
                        "camera %u (\"%s\") has a principal point beside the middle of its picture: it is drawn in the "
                        "middle",
                        i, t->model->things[CALO_MUJOCO_CAMERA].names[i]);
}

/* Near and far planes are parts of the model's extent. */
static calo_camera make_camera(const tree *t, uint32_t i, const char *name)
{
    const calo_mujoco_arrays *a = t->arrays;
    double half = a->cam_fovy[i] / 2; /* degrees; orthographic: metres */
    calo_camera camera = {
        .name = name,
        .orthographic = a->cam_projection && a->cam_projection[i] == 1,
        .near_metres = (double)a->visual.map_znear * a->visual.stat_extent,
        .far_metres = (double)a->visual.map_zfar * a->visual.stat_extent,
    };
    if (camera.orthographic)
        camera.x_magnitude = camera.y_magnitude = half;
    else
        camera.fov_y_radians = calo_radians(2 * half);
    return camera;
}

static calo_status add_cameras(const tree *t)
{
    const calo_mujoco_arrays *a = t->arrays;
    calo_status status = CALO_OK;
    begin_kind(t, CALO_MUJOCO_CAMERA);
    for (uint32_t i = 0; i < a->ncam && status == CALO_OK; i++) {
        calo_mat4 place = calo_mjcf_place(a->cam_pos + 3 * (size_t)i, a->cam_quat + 4 * (size_t)i);
        calo_node node = node_at(name_of(t, CALO_MUJOCO_CAMERA, i), a->cam_bodyid[i], &place);
        if (!node.name)
            return calo_failed(t->err);
        calo_camera camera = make_camera(t, i, node.name);
        warn_of_lens(t, i);
        node.camera = calo_scene_add_camera(t->scene, &camera, t->err);
        status = node.camera < 0 ? calo_failed(t->err) : add_node(t, &node);
        t->model->camera_bodies[i] = a->cam_bodyid[i];
    }
    return status;
}

/* ---- lights ---- */

static void copy3(float *to, const float *from) { memcpy(to, from, 3 * sizeof *to); }

/* glTF's numbers beside MuJoCo's own: a white wall that faces the light in the middle of the model is as bright as its
 * diffuse colour says. (MuJoCo's light hardly ever falls off with the distance; glTF's always does, from pi W/sr at 1
 * m.) */
static void translate_to_gltf(const tree *t, calo_light *light, const double position[3])
{
    const double *center = t->arrays->visual.stat_center;
    const double away[3] = {center[0] - position[0], center[1] - position[1], center[2] - position[2]};
    double squared = light->kind == CALO_LIGHT_DIRECTIONAL ? 1 : calo_dot3(away, away);
    copy3(light->color, light->phong.diffuse);
    light->intensity = isfinite(squared) ? (float)fmin(CALO_PI * squared, 1e30) : 0;
}

static calo_light make_light(const tree *t, uint32_t i, const char *name)
{
    const calo_mujoco_arrays *a = t->arrays;
    double cutoff = calo_radians((double)a->light_cutoff[i]);
    bool spot = a->light_type[i] == CALO_MJCF_SPOT && cutoff < CALO_PI / 2;
    calo_light light = {
        .name = name,
        .kind = a->light_type[i] == CALO_MJCF_DIRECTIONAL ? CALO_LIGHT_DIRECTIONAL
                : spot                                    ? CALO_LIGHT_SPOT
                                                          : CALO_LIGHT_POINT,
        .outer_cone_radians = (float)(spot ? cutoff : CALO_PI / 4),
        .no_shadow = !a->light_castshadow[i],
        .phong = {.given = true, .exponent = spot ? a->light_exponent[i] : 0},
    };
    light.inner_cone_radians = light.outer_cone_radians * 0.99f; /* OpenGL's edge is sharp */
    copy3(light.phong.ambient, a->light_ambient + 3 * (size_t)i);
    copy3(light.phong.diffuse, a->light_diffuse + 3 * (size_t)i);
    copy3(light.phong.specular, a->light_specular + 3 * (size_t)i);
    if (light.kind != CALO_LIGHT_DIRECTIONAL)
        copy3(light.phong.attenuation, a->light_attenuation + 3 * (size_t)i);
    translate_to_gltf(t, &light, a->light_pos + 3 * (size_t)i);
    return light;
}

static calo_status add_lights(const tree *t)
{
    const calo_mujoco_arrays *a = t->arrays;
    calo_status status = CALO_OK;
    begin_kind(t, CALO_MUJOCO_LIGHT);
    for (uint32_t i = 0; i < a->nlight && status == CALO_OK; i++) {
        calo_mat4 place = calo_mjcf_aim(a->light_pos + 3 * (size_t)i, a->light_dir + 3 * (size_t)i);
        calo_node node = node_at(name_of(t, CALO_MUJOCO_LIGHT, i), a->light_bodyid[i], &place);
        if (!node.name)
            return calo_failed(t->err);
        node.visible = a->light_active[i] != 0;
        if (a->light_type[i] == CALO_MJCF_IMAGE) {
            calo_scene_warn(t->scene, "mjcf-light", "light %u (\"%s\") is a picture's light: it is left out", i,
                            node.name);
        } else {
            calo_light light = make_light(t, i, node.name);
            node.light = calo_scene_add_light(t->scene, &light, t->err);
            if (node.light < 0)
                return calo_failed(t->err);
        }
        status = add_node(t, &node);
        t->model->light_bodies[i] = a->light_bodyid[i];
    }
    return status;
}

/* The light that goes with each camera is part of how MuJoCo's pictures look. Its node stands for nothing in the model.
 */
static calo_status add_headlight(const tree *t)
{
    const calo_mujoco_visual *visual = &t->arrays->visual;
    calo_node node = calo_node_default();
    calo_light light = {
        .name = "headlight",
        .kind = CALO_LIGHT_DIRECTIONAL,
        .headlight = true,
        .no_shadow = true,
        .outer_cone_radians = (float)(CALO_PI / 4),
        .phong = {.given = true},
    };
    if (!visual->headlight_active)
        return CALO_OK;
    copy3(light.phong.ambient, visual->headlight_ambient);
    copy3(light.phong.diffuse, visual->headlight_diffuse);
    copy3(light.phong.specular, visual->headlight_specular);
    translate_to_gltf(t, &light, visual->stat_center);
    node.name = light.name;
    node.parent = 0;
    node.light = calo_scene_add_light(t->scene, &light, t->err);
    return node.light < 0 ? calo_failed(t->err) : add_node(t, &node);
}

/* ---- skins and tendons ---- */

static calo_status add_skin(const tree *t, uint32_t i, const char *name, int32_t *skin)
{
    const calo_mujoco_arrays *a = t->arrays;
    uint32_t count = (uint32_t)a->skin_bonenum[i], first = (uint32_t)a->skin_boneadr[i];
    int32_t *joints = CALO_ARENA_TAKE(calo_scene_arena(t->scene), int32_t, count, "a skin", t->err);
    calo_mat4 *inverse_bind = CALO_ARENA_TAKE(calo_scene_arena(t->scene), calo_mat4, count, "a skin", t->err);
    if (!joints || !inverse_bind)
        return calo_failed(t->err);
    for (uint32_t b = 0; b < count; b++) {
        const float *from = a->skin_bonebindpos + 3 * (size_t)(first + b);
        const float *turned = a->skin_bonebindquat + 4 * (size_t)(first + b);
        const double position[3] = {from[0], from[1], from[2]};
        const double quaternion[4] = {turned[0], turned[1], turned[2], turned[3]};
        calo_mat4 bind = calo_mjcf_place(position, quaternion);
        joints[b] = a->skin_bonebodyid[first + b];
        calo_mat4_invert_affine(&bind, &inverse_bind[b]);
    }
    calo_skin made = {.name = name, .joint_count = count, .joints = joints, .inverse_bind = inverse_bind};
    *skin = calo_scene_add_skin(t->scene, &made, t->err);
    return *skin < 0 ? calo_failed(t->err) : CALO_OK;
}

static calo_status add_skins(const tree *t, uint32_t groups)
{
    const calo_mujoco_arrays *a = t->arrays;
    const calo_mat4 origin = calo_mat4_identity();
    calo_status status = CALO_OK;
    begin_kind(t, CALO_MUJOCO_SKIN);
    for (uint32_t i = 0; i < a->nskin && status == CALO_OK; i++) {
        calo_node node = node_at(name_of(t, CALO_MUJOCO_SKIN, i), 0, &origin);
        if (!node.name)
            return calo_failed(t->err);
        node.visible = in_groups(groups, a->skin_group[i]);
        status = calo_mjcf_skin_mesh(t->builder, i, &node.mesh, t->err);
        if (status == CALO_OK && node.mesh >= 0)
            status = add_skin(t, i, node.name, &node.skin);
        if (status == CALO_OK)
            status = add_node(t, &node);
    }
    return status;
}

enum { WRAP_JOINT = 1 }; /* mjtWrap: of tendons that are no more than an equation between joints */

/* How many points a path may have: a site is one, a geom two, and so is what MuJoCo keeps room for. */
static uint32_t tendon_points(const calo_mujoco_arrays *a, uint32_t i)
{
    uint32_t count = (uint32_t)a->tendon_num[i];
    return count >= 2 && a->wrap_type[a->tendon_adr[i]] != WRAP_JOINT ? 2 * count : 0;
}

/* Until a state moves them its parts have no size. */
static calo_status add_tendon(const tree *t, uint32_t i, uint32_t groups)
{
    const calo_mujoco_arrays *a = t->arrays;
    calo_mjcf_tendon *tendon = &t->model->tendons[i];
    const calo_mat4 nothing = {{{0}, {0}, {0}, {0, 0, 0, 1}}};
    int32_t rod, ball;
    tendon->first_node = t->scene->node_count;
    tendon->width = (float)a->tendon_width[i];
    tendon->point_count = tendon_points(a, i);
    if (!tendon->point_count || !(tendon->width > 0) || !isfinite(tendon->width))
        return CALO_OK;
    calo_status status = calo_mjcf_tendon_mesh(t->builder, i, &rod, &ball, t->err);
    if (status != CALO_OK || rod < 0 || ball < 0)
        return status;
    calo_node node = node_at(name_of(t, CALO_MUJOCO_TENDON, i), 0, &nothing);
    node.visible = in_groups(groups, a->tendon_group[i]);
    for (uint32_t n = 0; n < 2 * tendon->point_count - 1 && status == CALO_OK; n++) {
        node.mesh = n < tendon->point_count ? ball : rod;
        status = add_node(t, &node);
    }
    tendon->node_count = 2 * tendon->point_count - 1;
    return status;
}

static calo_status add_tendons(const tree *t, uint32_t groups)
{
    calo_status status = CALO_OK;
    begin_kind(t, CALO_MUJOCO_TENDON);
    t->model->wrap_point_count = 2 * (uint32_t)t->arrays->nwrap;
    for (uint32_t i = 0; i < t->arrays->ntendon && status == CALO_OK; i++)
        status = add_tendon(t, i, groups);
    return status;
}

/* ---- the whole ---- */

static calo_status make_tables(const tree *t)
{
    calo_mujoco_model *model = t->model;
    const calo_mujoco_arrays *a = t->arrays;
    model->body_parents = CALO_ARENA_TAKE(&model->arena, int32_t, (uint64_t)a->nbody, "bodies", t->err);
    model->camera_bodies = CALO_ARENA_TAKE(&model->arena, int32_t, (uint64_t)a->ncam, "cameras", t->err);
    model->light_bodies = CALO_ARENA_TAKE(&model->arena, int32_t, (uint64_t)a->nlight, "lights", t->err);
    model->tendons = CALO_ARENA_TAKE(&model->arena, calo_mjcf_tendon, (uint64_t)a->ntendon, "tendons", t->err);
    if (!model->body_parents || !model->camera_bodies || !model->light_bodies || !model->tendons)
        return calo_failed(t->err);
    memcpy(model->body_parents, a->body_parentid, (size_t)a->nbody * sizeof *model->body_parents);
    return CALO_OK;
}

calo_status calo_mjcf_add_nodes(calo_mujoco_model *model, calo_mjcf_builder *builder,
                                const calo_mujoco_options *options, calo_error *err)
{
    const tree t = {model, builder, builder->arrays, builder->scene, err};
    if (t.arrays->nflex)
        calo_scene_warn(t.scene, "mjcf-flex", "%lld deformable bodies (flex) are left out", (long long)t.arrays->nflex);
    calo_status status = make_tables(&t);
    if (status == CALO_OK)
        status = add_bodies(&t);
    if (status == CALO_OK)
        status = add_geoms(&t, options->geom_groups);
    if (status == CALO_OK)
        status = add_sites(&t, options->site_groups);
    if (status == CALO_OK)
        status = add_cameras(&t);
    if (status == CALO_OK)
        status = add_lights(&t);
    if (status == CALO_OK)
        status = add_skins(&t, options->skin_groups);
    if (status == CALO_OK)
        status = add_tendons(&t, options->tendon_groups);
    return status == CALO_OK ? add_headlight(&t) : status;
}
