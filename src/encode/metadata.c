#include "encode/metadata.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/linear.h"
#include "encode/quality.h"
#include "scene/instances.h"

static const char *fit_name(calo_fit fit)
{
    return fit == CALO_FIT_HALF_CUBE ? "half" : fit == CALO_FIT_NONE ? "none" : "cube";
}

/* ---- the object ---- */

/* The scripts' missing_textures: which files, and the colour that stands in. */
static void write_missing_textures(calo_json_writer *json, const calo_scene *scene)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < scene->image_count; i++)
        count += scene->images[i].missing;
    calo_json_open(json, "missing_textures", '{');
    calo_json_unsigned(json, "count", count);
    calo_json_open(json, "file_path_to_color", '{');
    for (uint32_t i = 0; i < scene->image_count; i++) {
        const calo_scene_image *image = &scene->images[i];
        double color[4] = {0};
        for (int c = 0; c < 4 && image->missing && image->pixels; c++)
            color[c] = image->pixels[c] / 255.0;
        if (image->missing)
            calo_json_numbers(json, image->name, color, 4);
    }
    calo_json_close(json, '}');
    calo_json_open(json, "files", '[');
    for (uint32_t i = 0; i < scene->image_count; i++)
        if (scene->images[i].missing)
            calo_json_text(json, NULL, scene->images[i].name);
    calo_json_close(json, ']');
    calo_json_close(json, '}');
}

void calo_metadata_write_object(calo_json_writer *json, const calo_object_facts *object)
{
    const calo_scene *scene = object->scene;
    const calo_scene_statistics *statistics = object->statistics;
    calo_json_unsigned(json, "animation_count", statistics->animation_count);
    calo_json_unsigned(json, "armature_count", statistics->armature_count);
    calo_json_unsigned(json, "camera_count", statistics->camera_count);
    calo_json_unsigned(json, "edge_count", statistics->edge_count);
    calo_json_text(json, "file_identifier", object->file_identifier);
    calo_json_unsigned(json, "file_size", scene->file_bytes);
    calo_json_text(json, "format", scene->format);
    calo_json_unsigned(json, "lamp_count", statistics->light_count);
    calo_json_open(json, "linked_files", '[');
    for (uint32_t i = 0; i < scene->linked_file_count; i++)
        calo_json_text(json, NULL, scene->linked_files[i]);
    calo_json_close(json, ']');
    calo_json_unsigned(json, "material_count", statistics->material_count);
    calo_json_unsigned(json, "mesh_count", statistics->mesh_count);
    write_missing_textures(json, scene);
    calo_json_unsigned(json, "object_count", statistics->object_count);
    calo_json_unsigned(json, "poly_count", statistics->polygon_count);
    calo_json_text(json, "random_color", NULL);
    calo_json_text(json, "save_uid", object->save_uid);
    calo_json_open(json, "scene_size", '{');
    calo_json_numbers(json, "bbox_max", statistics->bounds_max, 3);
    calo_json_numbers(json, "bbox_min", statistics->bounds_min, 3);
    calo_json_close(json, '}');
    calo_json_text(json, "sha256", object->sha256);
    calo_json_unsigned(json, "shape_key_count", statistics->shape_key_count);
    calo_json_unsigned(json, "texture_count", statistics->texture_count);
    calo_json_unsigned(json, "triangle_count", statistics->triangle_count);
    calo_json_unsigned(json, "vert_count", statistics->vertex_count);
}

void calo_metadata_write_warnings(calo_json_writer *json, const calo_scene *scene)
{
    calo_json_open(json, "warnings", '[');
    for (uint32_t i = 0; i < scene->warning_count; i++) {
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "id", scene->warnings[i].id);
        calo_json_text(json, "message", scene->warnings[i].message);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

/* ---- how it was rendered ---- */

static void write_normalization(calo_json_writer *json, const calo_metadata *metadata)
{
    calo_json_open(json, "normalization", '{');
    calo_json_text(json, "fit", fit_name(metadata->views->fit));
    calo_json_number(json, "scale", metadata->scale);
    calo_json_numbers(json, "translation", metadata->translation, 3);
    calo_json_close(json, '}');
}

static void write_lighting(calo_json_writer *json, const calo_metadata *metadata)
{
    const calo_lighting *lighting = metadata->lighting;
    static const char *const kinds[] = {"directional", "point", "spot"};
    calo_json_open(json, "lighting", '{');
    calo_json_text(json, "environment", metadata->environment_name);
    calo_json_number(json, "environment_strength",
                     lighting->no_environment         ? 0
                     : lighting->environment_strength ? lighting->environment_strength
                                                      : 1);
    calo_json_number(json, "environment_rotation_degrees", lighting->environment_rotation_degrees);
    calo_json_boolean(json, "file_lights", lighting->use_scene_lights);
    calo_json_open(json, "shadows", '[');
    for (int kind = 0; kind < 3; kind++)
        if (lighting->shadows >> kind & 1)
            calo_json_text(json, NULL, kinds[kind]);
    calo_json_close(json, ']');
    if (lighting->shadows)
        calo_json_unsigned(json, "shadow_map_size",
                           lighting->shadow_map_size ? lighting->shadow_map_size : CALO_SHADOW_MAP_SIZE_DEFAULT);
    calo_json_open(json, "lights", '[');
    for (uint32_t i = 0; i < lighting->light_count; i++) {
        const calo_scene_light *light = &lighting->lights[i];
        double color[3] = {light->light.color[0], light->light.color[1], light->light.color[2]};
        calo_json_open(json, NULL, '{');
        calo_json_text(json, "kind", kinds[light->light.kind]);
        calo_json_numbers(json, "color", color, 3);
        calo_json_number(json, "intensity", light->light.intensity);
        calo_json_numbers(json, "direction", light->direction, 3);
        calo_json_numbers(json, "position", light->position, 3);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
    calo_json_close(json, '}');
}

static void write_background(calo_json_writer *json, const calo_render_options *render)
{
    static const char *const names[] = {"transparent", "color", "environment"};
    double color[3] = {render->background_color[0], render->background_color[1], render->background_color[2]};
    calo_json_text(json, "background", names[render->background]);
    if (render->background == CALO_BACKGROUND_COLOR)
        calo_json_numbers(json, "background_linear_rgb", color, 3);
}

static const char *switch_name(calo_switch value)
{
    return value == CALO_ON ? "on" : "off";
}

static void write_modalities(calo_json_writer *json, uint32_t channels)
{
    calo_json_open(json, "modalities", '[');
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (channels >> c & 1)
            calo_json_text(json, NULL, c == CALO_CHANNEL_COLOR ? "rgb" : calo_channel_key((calo_channel)c));
    calo_json_close(json, ']');
}

/* How surfaces are drawn, and what beside them. */
static void write_prepare(calo_json_writer *json, const calo_prepare_options *prepare)
{
    static const char *const fills[] = {
        [CALO_FILL_MATERIAL] = "material",
        [CALO_FILL_FLIPPED] = "flipped",
        [CALO_FILL_WIREFRAME] = "wireframe",
        [CALO_FILL_SOLID] = "solid",
    };
    static const char *const shadings[] = {
        [CALO_SHADING_GLTF] = "gltf",
        [CALO_SHADING_PYRENDER] = "pyrender",
        [CALO_SHADING_MUJOCO] = "mujoco",
    };
    calo_json_text(json, "shading", shadings[prepare->shading]);
    calo_json_text(json, "fill", fills[prepare->fill]);
    calo_json_boolean(json, "flat", prepare->flat);
    calo_json_open(json, "normal_lines", '[');
    if (prepare->normal_lines & CALO_NORMAL_LINES_VERTEX)
        calo_json_text(json, NULL, "vertex");
    if (prepare->normal_lines & CALO_NORMAL_LINES_FACE)
        calo_json_text(json, NULL, "face");
    calo_json_close(json, ']');
    if (prepare->normal_lines)
        calo_json_number(json, "normal_length_metres", prepare->normal_length);
}

static void write_settings(calo_json_writer *json, const calo_metadata *metadata)
{
    const calo_view_set *views = metadata->views;
    const calo_render_options *render = metadata->render;
    double radius[2] = {views->radius_min, views->radius_max},
           fov[2] = {views->fov_min_degrees, views->fov_max_degrees};
    double elevation[2] = {views->elevation_min_degrees, views->elevation_max_degrees};
    char engine[64];
    snprintf(engine, sizeof engine, "CALOTYPE_%s", metadata->backend);
    for (char *at = engine; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    calo_json_open(json, "render_settings", '{');
    calo_json_numbers(json, "camera_radius_range", radius, 2);
    calo_json_text(json, "depth_pass", render->ray_depth ? "RAY" : "Z");
    calo_json_numbers(json, "elevation_range_degrees", elevation, 2);
    calo_json_text(json, "engine", engine);
    write_modalities(json, render->channels);
    calo_json_numbers(json, "fov_degrees_range", fov, 2);
    calo_json_unsigned(json, "num_views", views->count);
    calo_json_open(json, "resolution", '[');
    calo_json_unsigned(json, NULL, views->views[0].width);
    calo_json_unsigned(json, NULL, views->views[0].height);
    calo_json_close(json, ']');
    calo_json_unsigned(json, "samples", render->samples);
    calo_json_text(json, "cull", render->cull == CALO_CULL_OFF ? "off" : "auto");
    write_prepare(json, metadata->prepare);
    if (render->node_colors)
        calo_json_boolean(json, "node_colors", true);
    write_background(json, render);
    calo_json_text(json, "energy_compensation", switch_name(render->energy_compensation));
    calo_json_text(json, "occlusion_maps", switch_name(render->occlusion_maps));
    calo_json_number(json, "point_size_pixels", render->point_size_pixels);
    calo_json_number(json, "line_width_pixels", render->line_width_pixels);
    calo_json_number(json, "lod_pixels", metadata->lod_pixels);
    write_lighting(json, metadata);
    calo_json_text(json, "animation", metadata->animation_name);
    calo_json_number(json, "time_seconds", metadata->time_seconds);
    calo_json_close(json, '}');
}

/* Every convention that a reader would else have to guess. The words are docs/conventions.md's. */
static void write_conventions(calo_json_writer *json, const calo_metadata *metadata)
{
    const calo_render_options *render = metadata->render;
    bool linear = render->color_format == CALO_PIXEL_RGBA32F;
    const double nothing[3] = {0, 0, 0};
    calo_json_open(json, "conventions", '{');
    calo_json_text(json, "units", "metres of the normalized scene; degrees; pixels");
    calo_json_text(json, "world_axes", "right-handed, z up; a y-up file's (x, y, z) is (x, -z, y) here");
    calo_json_text(json, "normalization", "p = scale * p_file + translation, p_file in metres with z up");
    calo_json_text(json, "camera_axes", "OpenGL: the columns of camera_to_world are right, up, back and position");
    calo_json_text(json, "matrix_layout", "row-major 4x4, column vectors: p_world = camera_to_world * p_camera");
    calo_json_text(json, "world_to_camera_opencv", "the inverse pose with OpenCV axes: x right, y down, z forward");
    calo_json_text(json, "intrinsics", "[[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels; orthographic: pixels a metre");
    calo_json_text(json, "lens",
                   "a view without one is a pinhole; opencv: k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 of OpenCV's "
                   "projectPoints; fisheye: k1 k2 k3 k4 of fisheye::projectPoints");
    calo_json_text(json, "fov", "of the picture's longer side");
    calo_json_text(json, "image_origin", "top left corner, x right, y down");
    calo_json_number(json, "pixel_center", 0.5);
    calo_json_text(json, "depth",
                   render->ray_depth ? "distance from the camera along the pixel's ray"
                                     : "planar: distance from the camera's plane (-z in camera axes)");
    calo_json_number(json, "depth_background", render->background_depth);
    calo_json_text(json, "normal_space", render->world_space_normals ? "world" : "camera");
    calo_json_text(json, "normal", "unit shading normal with normal maps, facing the viewer");
    calo_json_numbers(json, "normal_background", nothing, 3);
    calo_json_text(json, "mask", "1 = a surface at the pixel's centre, 0 = background");
    calo_json_text(json, "instance",
                   metadata->arrangement
                       ? "from 1 in the order of objects, one for all of an object; then the ground; 0 = background"
                       : "from 1 in file order, one a node that draws (or GPU instance); 0 = background");
    calo_json_text(json, "material",
                   "index in the file's materials + 1; one more than the last: no material; 0 = background");
    calo_json_text(json, "color_space", linear || metadata->layout.exr ? "linear, Rec. 709 primaries" : "sRGB");
    calo_json_text(json, "alpha",
                   metadata->layout.exr ? "associated (premultiplied), as OpenEXR asks for" : "straight");
    calo_json_text(json, "sampling", "color is antialiased; every other channel is taken at the pixel's centre");
    calo_json_close(json, '}');
}

/* ---- views ---- */

void calo_metadata_write_matrix(calo_json_writer *json, const char *key, const calo_mat4 *matrix)
{
    calo_json_open(json, key, '[');
    for (int r = 0; r < 4; r++)
        calo_json_numbers(json, NULL, matrix->m[r], 4);
    calo_json_close(json, ']');
}

static void write_view(calo_json_writer *json, const calo_metadata *metadata, size_t index)
{
    const calo_view *view = &metadata->views->views[index];
    char name[CALO_FILE_NAME_BYTES];
    const double k[3][3] = {{view->focal_x, 0, view->center_x}, {0, view->focal_y, view->center_y}, {0, 0, 1}};
    calo_mat4 opencv = calo_mat4_world_to_camera_opencv(&view->camera_to_world);
    calo_json_open(json, NULL, '{');
    calo_json_text(json, "name", view->name);
    size_t variant = index / (metadata->views->count / metadata->variant_count);
    size_t state = metadata->looks_each ? variant / metadata->looks_each : variant;
    if (metadata->variant_count > (metadata->looks_each ? metadata->looks_each : 1))
        calo_json_unsigned(json, "state", state);
    if (metadata->values)
        calo_json_unsigned(json, "look", variant);
    calo_metadata_write_matrix(json, "camera_to_world", &view->camera_to_world);
    calo_metadata_write_matrix(json, "world_to_camera_opencv", &opencv);
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (metadata->render->channels >> c & 1) {
            calo_channel_file_name(&metadata->layout, view->name, (calo_channel)c, name);
            calo_json_text(json, calo_channel_key((calo_channel)c), name);
        }
    calo_json_number(json, "focal_length_px", view->focal_x);
    calo_json_number(json, "fov_degrees", view->fov_degrees);
    calo_json_open(json, "intrinsics", '[');
    for (int r = 0; r < 3; r++)
        calo_json_numbers(json, NULL, k[r], 3);
    calo_json_close(json, ']');
    if (view->orthographic)
        calo_json_boolean(json, "orthographic", true);
    if (view->lens) {
        bool fisheye = view->lens == CALO_LENS_FISHEYE;
        calo_json_text(json, "lens", fisheye ? "fisheye" : "opencv");
        calo_json_numbers(json, "lens_coefficients", view->lens_coefficients, fisheye ? 4 : 12);
    }
    calo_quality_write_view(json, &metadata->qualities[index]);
    calo_json_unsigned(json, "width", view->width);
    calo_json_unsigned(json, "height", view->height);
    calo_json_open(json, "pose", '{');
    calo_json_number(json, "azimuth_degrees", view->azimuth_degrees);
    calo_json_number(json, "elevation_degrees", view->elevation_degrees);
    calo_json_number(json, "radius", view->radius);
    calo_json_close(json, '}');
    calo_json_close(json, '}');
}

static void write_material_id(calo_json_writer *json, uint32_t id, const char *name)
{
    calo_json_open(json, NULL, '{');
    calo_json_unsigned(json, "id", id);
    calo_json_text(json, "name", name);
    calo_json_close(json, '}');
}

/* What the numbers in the id pictures stand for. */
static void write_ids(calo_json_writer *json, const calo_metadata *metadata)
{
    const calo_scene *scene = metadata->object.scene;
    calo_instance_ids ids = calo_instance_ids_start(scene);
    if (metadata->render->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID)) {
        calo_json_open(json, "instances", '[');
        for (uint32_t i = 0; i < scene->node_count; i++) {
            const calo_node *node = &scene->nodes[i];
            /* Looks show what the scene hides. */
            uint32_t count = metadata->values || node->visible ? calo_node_id_count(node) : 0;
            uint64_t id = calo_instance_ids_take(&ids, node);
            if (count == 0)
                continue;
            calo_json_open(json, NULL, '{');
            calo_json_unsigned(json, "id", id);
            if (count > 1)
                calo_json_unsigned(json, "last_id", id + count - 1);
            calo_json_text(json, "node", node->name);
            calo_json_text(json, "mesh", scene->meshes[node->mesh].name);
            calo_json_close(json, '}');
        }
        calo_json_close(json, ']');
    }
    if (metadata->render->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_MATERIAL_ID)) {
        calo_json_open(json, "materials", '[');
        for (uint32_t i = 0; i < scene->material_count; i++)
            write_material_id(json, i + 1, scene->materials[i].name);
        /* The plain material comes first behind the file's. */
        if (metadata->prepare->normal_lines & CALO_NORMAL_LINES_VERTEX)
            write_material_id(json, scene->material_count + 2, "vertex normals");
        if (metadata->prepare->normal_lines & CALO_NORMAL_LINES_FACE)
            write_material_id(json, scene->material_count + 3, "face normals");
        calo_json_close(json, ']');
    }
}

/* One stream's numbers, as what they are. */
static void write_stream(calo_json_writer *json, const calo_stream *stream, const double *values)
{
    calo_json_open(json, stream->name, '[');
    for (uint32_t i = 0; i < stream->count; i++)
        if (stream->kind == CALO_STREAM_BOOL)
            calo_json_boolean(json, NULL, values[stream->first + i] != 0);
        else
            calo_json_number(json, NULL, values[stream->first + i]);
    calo_json_close(json, ']');
}

/* Every number that was drawn, a look after the other. */
static void write_looks(calo_json_writer *json, const calo_metadata *metadata)
{
    if (!metadata->values)
        return;
    calo_json_text(json, "randomizer", metadata->randomizer_name);
    calo_json_open(json, "looks", '[');
    for (size_t v = 0; v < metadata->variant_count; v++) {
        calo_json_open(json, NULL, '{');
        for (size_t i = 0; i < metadata->stream_count; i++)
            write_stream(json, &metadata->streams[i], metadata->values[v]);
        calo_json_close(json, '}');
    }
    calo_json_close(json, ']');
}

calo_status calo_encode_metadata(const calo_metadata *metadata, calo_blob *blob, calo_error *err)
{
    calo_json_writer writer = calo_json_start(blob, err), *json = &writer;
    calo_json_open(json, NULL, '{');
    calo_metadata_write_object(json, &metadata->object);
    if (metadata->arrangement)
        calo_metadata_write_arrangement(json, metadata->arrangement);
    write_normalization(json, metadata);
    calo_json_text(json, "protocol", metadata->views->protocol);
    calo_json_unsigned(json, "seed", metadata->views->seed);
    calo_json_text(json, "generator", "calotype");
    calo_json_text(json, "generator_version", calo_version());
    write_settings(json, metadata);
    write_conventions(json, metadata);
    calo_metadata_write_warnings(json, metadata->object.scene);
    calo_quality_write_object(json, metadata->quality);
    write_ids(json, metadata);
    write_looks(json, metadata);
    calo_json_open(json, "views", '[');
    for (size_t i = 0; i < metadata->views->count; i++)
        write_view(json, metadata, i);
    calo_json_close(json, ']');
    calo_json_close(json, '}');
    return writer.status;
}
