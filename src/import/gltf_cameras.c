/* Cameras and KHR_lights_punctual. */
#include "import/gltf.h"

#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "scene/build.h"

static calo_status load_camera(calo_gltf *gltf, size_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_CAMERAS, index);
    const char *type = calo_gltf_string(&record, "type");
    bool orthographic = type && strcmp(type, "orthographic") == 0;
    calo_gltf_record lens = calo_gltf_enter(&record, orthographic ? "orthographic" : "perspective");
    calo_camera camera = {
        .name = calo_gltf_name(&record),
        .orthographic = orthographic,
        .fov_y_radians = calo_gltf_number(&lens, "yfov", CALO_PI / 4),
        .aspect_ratio = calo_gltf_number(&lens, "aspectRatio", 0),
        .x_magnitude = calo_gltf_number(&lens, "xmag", 1),
        .y_magnitude = calo_gltf_number(&lens, "ymag", 1),
        .near_metres = calo_gltf_number(&lens, "znear", 0.01),
        .far_metres = calo_gltf_number(&lens, "zfar", 0),
    };
    if (gltf->status != CALO_OK)
        return gltf->status;
    return calo_scene_add_camera(gltf->scene, &camera, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_cameras(calo_gltf *gltf)
{
    for (size_t i = 0; i < gltf->counts[CALO_GLTF_CAMERAS]; i++)
        if (load_camera(gltf, i) != CALO_OK)
            return gltf->status;
    return CALO_OK;
}

static calo_status read_light_kind(const calo_gltf_record *record, calo_light *light)
{
    const char *type = calo_gltf_string(record, "type");
    if (type && strcmp(type, "directional") == 0)
        light->kind = CALO_LIGHT_DIRECTIONAL;
    else if (type && strcmp(type, "point") == 0)
        light->kind = CALO_LIGHT_POINT;
    else if (type && strcmp(type, "spot") == 0)
        light->kind = CALO_LIGHT_SPOT;
    else
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "type \"%s\" is not directional, point or spot",
                              type ? type : "");
    return CALO_OK;
}

static calo_status load_light(const calo_gltf_record *record)
{
    calo_gltf *gltf = record->gltf;
    calo_gltf_record spot = calo_gltf_enter(record, "spot");
    calo_light light = {
        .name = calo_gltf_name(record),
        .color = {1, 1, 1},
        .intensity = calo_gltf_float(record, "intensity", 1),
        .range_metres = calo_gltf_float(record, "range", 0),
        .inner_cone_radians = calo_gltf_float(&spot, "innerConeAngle", 0),
        .outer_cone_radians = calo_gltf_float(&spot, "outerConeAngle", CALO_PI / 4),
    };
    calo_gltf_float_list(record, "color", 3, light.color);
    if (read_light_kind(record, &light) != CALO_OK)
        return gltf->status;
    return calo_scene_add_light(gltf->scene, &light, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_lights(calo_gltf *gltf)
{
    calo_gltf_record root = {gltf, NULL, NULL, -1, gltf->root};
    calo_gltf_record extension = calo_gltf_extension(&root, "KHR_lights_punctual");
    size_t count;
    json_t *list = calo_gltf_list(&extension, "lights", &count);
    for (size_t i = 0; i < count && gltf->status == CALO_OK; i++) {
        calo_gltf_record light = calo_gltf_list_item(&extension, "lights", list, i);
        load_light(&light);
    }
    return gltf->status;
}
