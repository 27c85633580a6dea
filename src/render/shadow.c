#include "render/shadow.h"

#include <math.h>

#include "base/error.h"
#include "base/linear.h"

/* Texels beyond what a map must hold: the filter reaches over two, and points are moved by three and a half. */
static const double guard_texels = 8;

/* Wider cones are covered by a cube: at 60 degrees from the axis a texel is four times as wide as on it. */
static const double narrowest_cube_cosine = 0.5;

typedef struct bounding_sphere {
    double center[3], radius;
} bounding_sphere;

/* ---- the scene's bounds ---- */

static bounding_sphere draw_bounds(const calo_draw *draw)
{
    bounding_sphere sphere = {.radius = draw->radius * calo_mat4_stretch(&draw->object_to_world)};
    calo_mat4_point(&draw->object_to_world, draw->center, sphere.center);
    return sphere;
}

/* The sphere around the middle of the box of all draws; false where there is nothing or no end. */
static bool find_bounds(const calo_draw_list *list, bounding_sphere *all)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};
    for (uint32_t d = 0; d < list->draw_count; d++) {
        bounding_sphere sphere = draw_bounds(&list->draws[d]);
        for (int i = 0; i < 3; i++) {
            low[i] = fmin(low[i], sphere.center[i] - sphere.radius);
            high[i] = fmax(high[i], sphere.center[i] + sphere.radius);
        }
    }
    all->radius = 0;
    for (int i = 0; i < 3; i++)
        all->center[i] = 0.5 * (low[i] + high[i]);
    for (uint32_t d = 0; d < list->draw_count; d++) {
        bounding_sphere sphere = draw_bounds(&list->draws[d]);
        double apart[3];
        for (int i = 0; i < 3; i++)
            apart[i] = sphere.center[i] - all->center[i];
        all->radius = fmax(all->radius, calo_length3(apart) + sphere.radius);
    }
    return all->radius > 0 && isfinite(all->radius) && isfinite(calo_length3(all->center));
}

/* ---- where maps are taken from ---- */

/* A map from `origin` along `forward`, its up as calo_look_at's. */
static calo_view map_view(const double origin[3], const double forward[3], uint32_t size)
{
    const double zero[3] = {0, 0, 0};
    calo_view view = {.width = size, .height = size, .center_x = 0.5 * size, .center_y = 0.5 * size};
    view.camera_to_world = calo_look_at(zero, forward);
    for (int i = 0; i < 3; i++)
        view.camera_to_world.m[i][3] = origin[i];
    return view;
}

/* Axes of face 2 * axis + positive: to the right and up are the axes that follow, the first one turned around where
 * the face looks along +axis. */
static void set_face_axes(int face, calo_view *view)
{
    int axis = face / 2;
    double sign = face % 2 ? 1 : -1;
    for (int r = 0; r < 3; r++) {
        view->camera_to_world.m[r][0] = r == (axis + 1) % 3 ? -sign : 0;
        view->camera_to_world.m[r][1] = r == (axis + 2) % 3 ? 1 : 0;
        view->camera_to_world.m[r][2] = r == axis ? -sign : 0;
    }
}

/* `tangent`: of half the angle that a perspective map holds; parallel: half the metres. */
static void add_maps(calo_shadows *shadows, calo_shadow shadow, calo_view view, double tangent)
{
    view.orthographic = shadow.form == CALO_SHADOW_PARALLEL;
    view.focal_x = view.focal_y = (0.5 * shadows->size - guard_texels) / tangent;
    shadow.first_map = shadows->map_count;
    shadow.map_count = shadow.form == CALO_SHADOW_CUBE ? CALO_SHADOW_CUBE_FACES : 1;
    shadow.focal = (float)view.focal_x;
    shadow.near_metres = (float)view.near_metres;
    for (int i = 0; i < 3; i++) {
        const double *row = view.camera_to_world.m[i];
        shadow.right[i] = (float)row[0];
        shadow.up[i] = (float)row[1];
        shadow.forward[i] = (float)-row[2];
        shadow.origin[i] = (float)row[3];
    }
    for (uint32_t map = 0; map < shadow.map_count; map++) {
        if (shadow.form == CALO_SHADOW_CUBE)
            set_face_axes((int)map, &view);
        shadows->maps[shadows->map_count++] = view;
    }
    shadows->shadows[shadows->count++] = shadow;
}

/* What single precision may lose of depths, and of places in the world. */
static float find_slack(const bounding_sphere *scene, double farthest)
{
    return (float)(1e-6 * farthest + 3e-7 * (calo_length3(scene->center) + scene->radius));
}

static void add_parallel(calo_shadows *shadows, const calo_lamp *lamp, const bounding_sphere *scene)
{
    double forward[3], origin[3];
    for (int i = 0; i < 3; i++) {
        forward[i] = lamp->direction[i];
        origin[i] = scene->center[i] - 1.1 * scene->radius * forward[i];
    }
    calo_view view = map_view(origin, forward, shadows->size);
    view.near_metres = 0.05 * scene->radius;
    calo_shadow shadow = {.form = CALO_SHADOW_PARALLEL, .slack_metres = find_slack(scene, 2.1 * scene->radius)};
    add_maps(shadows, shadow, view, scene->radius);
}

/* Of a spot's cone and the cone that holds the scene, the narrower one; a cube where both are wide. */
static void add_perspective(calo_shadows *shadows, const calo_lamp *lamp, const bounding_sphere *scene)
{
    double origin[3], forward[3], to_scene[3], cosine = -1;
    for (int i = 0; i < 3; i++) {
        origin[i] = lamp->position[i];
        forward[i] = lamp->direction[i];
        to_scene[i] = scene->center[i] - origin[i];
    }
    double distance = calo_normalize3(to_scene), radius = scene->radius, farthest = distance + radius;
    if (lamp->kind == CALO_LIGHT_SPOT)
        cosine = -(double)lamp->cone_offset / lamp->cone_scale;
    double scene_cosine = distance > radius ? sqrt(1 - radius * radius / (distance * distance)) : -1;
    if (scene_cosine > cosine) {
        cosine = scene_cosine;
        for (int i = 0; i < 3; i++)
            forward[i] = to_scene[i];
    }
    if (lamp->range > 0)
        farthest = fmin(farthest, lamp->range);
    bool cube = cosine < narrowest_cube_cosine;
    calo_view view = map_view(origin, forward, shadows->size);
    view.near_metres = fmax(0.5 * (distance - radius), farthest / 2000);
    double tangent = cube ? 1 : fmax(sqrt(fmax(1 - cosine * cosine, 0)) / cosine, 1e-3);
    calo_shadow shadow = {.form = cube ? CALO_SHADOW_CUBE : CALO_SHADOW_CONE,
                          .slack_metres = find_slack(scene, farthest)};
    add_maps(shadows, shadow, view, tangent);
}

/* ---- all of it ---- */

static bool shines(const calo_lamp *lamp)
{
    const calo_phong_light *phong = &lamp->phong;
    bool any = false;
    for (int i = 0; i < 3; i++)
        any |= lamp->radiant[i] != 0 || phong->ambient[i] != 0 || phong->diffuse[i] != 0 || phong->specular[i] != 0;
    return any;
}

static bool casts(const calo_lamp *lamp, uint32_t kinds, const bounding_sphere *scene)
{
    double apart[3];
    for (int i = 0; i < 3; i++)
        apart[i] = scene->center[i] - lamp->position[i];
    double distance = calo_length3(apart);
    bool reaches = lamp->kind == CALO_LIGHT_DIRECTIONAL ||
                   (isfinite(distance) && (!(lamp->range > 0) || distance - scene->radius < lamp->range));
    return kinds >> lamp->kind & 1 && !lamp->no_shadow && reaches && shines(lamp);
}

static bool has_lit(const calo_draw_list *list)
{
    for (uint32_t d = 0; d < list->draw_count; d++)
        if (!list->draws[d].unlit)
            return true;
    return false;
}

calo_status calo_shadows_find(const calo_draw_list *list, const calo_lighting *lighting, calo_arena *arena,
                              calo_shadows *shadows, calo_error *err)
{
    bounding_sphere scene;
    *shadows = (calo_shadows){.size = lighting->shadow_map_size};
    if (!lighting->shadows || !has_lit(list) || !find_bounds(list, &scene))
        return CALO_OK;
    uint64_t casting = 0;
    for (uint32_t i = 0; i < list->lamp_count; i++)
        casting += casts(&list->lamps[i], lighting->shadows, &scene);
    shadows->shadows = CALO_ARENA_TAKE(arena, calo_shadow, casting, "shadows", err);
    shadows->maps = CALO_ARENA_TAKE(arena, calo_view, CALO_SHADOW_CUBE_FACES * casting, "shadows", err);
    if (!shadows->shadows || !shadows->maps)
        return calo_failed(err);
    for (uint32_t i = 0; i < list->lamp_count; i++) {
        calo_lamp *lamp = &list->lamps[i];
        if (!casts(lamp, lighting->shadows, &scene))
            continue;
        lamp->shadow = (int32_t)shadows->count;
        if (lamp->kind == CALO_LIGHT_DIRECTIONAL)
            add_parallel(shadows, lamp, &scene);
        else
            add_perspective(shadows, lamp, &scene);
    }
    return CALO_OK;
}
