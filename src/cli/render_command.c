#include "cli/render_command.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/limits.h"
#include "image/color.h"
#include "job/item.h"
#include "job/quality.h"

typedef calo_render_command command;

/* ---- values with a form of their own ---- */

static calo_status apply_size(void *target, const char *value, calo_error *err)
{
    command *c = target;
    uint32_t sides[2] = {0, 0};
    calo_text text = {value, value + strlen(value)};
    for (int i = 0; i < 2; i++) {
        int64_t side;
        bool good = calo_text_integer(&text, &side);
        if (!good || side < 1 || side > CALO_FRAME_MAX_SIDE)
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "--size %s: give one number, or WIDTHxHEIGHT, with sides from 1 to %u pixels", value,
                             CALO_FRAME_MAX_SIDE);
        sides[i] = (uint32_t)side;
        if (text.at == text.end)
            break;
        if (i == 1 || (*text.at != 'x' && *text.at != 'X'))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "--size %s: give one number, or WIDTHxHEIGHT", value);
        text.at++;
    }
    c->item.views.width = sides[0];
    c->item.views.height = sides[1];
    return CALO_OK;
}

static calo_status apply_radius(void *target, const char *value, calo_error *err)
{
    calo_view_options *views = &((command *)target)->item.views;
    views->override_radius = true;
    return calo_parse_pair("radius", value, &views->radius_min, &views->radius_max, err);
}

static calo_status apply_elevation(void *target, const char *value, calo_error *err)
{
    calo_view_options *views = &((command *)target)->item.views;
    views->override_elevation = true;
    return calo_parse_pair("elevation", value, &views->elevation_min_degrees, &views->elevation_max_degrees, err);
}

static calo_status apply_fov(void *target, const char *value, calo_error *err)
{
    calo_view_options *views = &((command *)target)->item.views;
    views->override_fov = true;
    return calo_parse_pair("fov", value, &views->fov_min_degrees, &views->fov_max_degrees, err);
}

static calo_status apply_seed(void *target, const char *value, calo_error *err)
{
    command *c = target;
    char *end;
    errno = 0;
    unsigned long long seed = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--seed %s: give a whole number from 0 to 2^64 - 1", value);
    c->item.has_seed = true;
    c->item.views.seed = seed;
    return CALO_OK;
}

static calo_status apply_object_size(void *target, const char *value, calo_error *err)
{
    calo_placement *placement = &((command *)target)->item.placement;
    return calo_parse_pair("object-size", value, &placement->size_min, &placement->size_max, err);
}

static void add_channel(command *c, calo_channel channel) { c->item.render.channels |= CALO_CHANNEL_BIT(channel); }

static calo_status apply_ids(void *target, const char *value, calo_error *err)
{
    command *c = target;
    add_channel(c, CALO_CHANNEL_INSTANCE_ID);
    add_channel(c, CALO_CHANNEL_MATERIAL_ID);
    if (!value)
        return CALO_OK;
    if (strcmp(value, "png") != 0 && strcmp(value, "npy") != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--ids=%s: choose png (16 bits) or npy (32 bits)", value);
    c->item.id_format = strcmp(value, "npy") == 0 ? CALO_IDS_NPY : CALO_IDS_PNG;
    return CALO_OK;
}

static calo_status apply_channel_list(void *target, const char *value, calo_error *err)
{
    for (const char *at = value; *at;) {
        size_t length = strcspn(at, ",");
        int channel = 0;
        while (channel < CALO_CHANNEL_COUNT && (strlen(calo_channel_name((calo_channel)channel)) != length ||
                                                strncmp(calo_channel_name((calo_channel)channel), at, length) != 0))
            channel++;
        if (channel == CALO_CHANNEL_COUNT)
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "--channels: there is no channel \"%.*s\": choose from color, depth, normal, "
                             "geometric_normal, mask, instance_id, material_id, position, uv, albedo, metal_roughness",
                             (int)(length < 64 ? length : 64), at);
        add_channel(target, (calo_channel)channel);
        at += length + (at[length] == ',');
    }
    return CALO_OK;
}

static calo_status apply_depth(void *target, const char *value, calo_error *err)
{
    (void)value, (void)err;
    add_channel(target, CALO_CHANNEL_DEPTH);
    return CALO_OK;
}

static calo_status apply_normals(void *target, const char *value, calo_error *err)
{
    (void)value, (void)err;
    add_channel(target, CALO_CHANNEL_NORMAL);
    return CALO_OK;
}

static calo_status apply_mask(void *target, const char *value, calo_error *err)
{
    (void)value, (void)err;
    add_channel(target, CALO_CHANNEL_MASK);
    return CALO_OK;
}

static calo_status apply_all(void *target, const char *value, calo_error *err)
{
    add_channel(target, CALO_CHANNEL_DEPTH);
    add_channel(target, CALO_CHANNEL_NORMAL);
    add_channel(target, CALO_CHANNEL_MASK);
    return apply_ids(target, value, err);
}

static calo_status apply_cache_limit(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("cache-limit", value, &((command *)target)->cache_bytes, err);
}

static calo_status apply_samples(void *target, const char *value, calo_error *err)
{
    command *c = target;
    int64_t samples;
    if (!calo_parse_integer(value, &samples) || (samples != 1 && samples != 4 && samples != 16))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--samples %s: choose 1, 4 or 16", value);
    c->item.render.samples = (uint32_t)samples;
    return CALO_OK;
}

static calo_status apply_color_format(void *target, const char *value, calo_error *err)
{
    command *c = target;
    bool rgb = strcmp(value, "rgb") == 0, linear = strcmp(value, "float") == 0;
    if (!rgb && !linear && strcmp(value, "rgba") != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--color-format %s: choose rgba, rgb or float", value);
    c->item.render.color_format = rgb ? CALO_PIXEL_RGB8 : linear ? CALO_PIXEL_RGBA32F : CALO_PIXEL_RGBA8;
    return CALO_OK;
}

/* #rrggbb in sRGB, as everybody writes colours. */
static bool parse_color(const char *value, float linear[3])
{
    if (value[0] != '#' || strlen(value) != 7 || strspn(value + 1, "0123456789abcdefABCDEF") != 6)
        return false;
    unsigned long code = strtoul(value + 1, NULL, 16);
    for (int i = 0; i < 3; i++)
        linear[i] = calo_linear_from_srgb((uint8_t)(code >> (16 - 8 * i)));
    return true;
}

static calo_status apply_background(void *target, const char *value, calo_error *err)
{
    calo_render_options *render = &((command *)target)->item.render;
    const char *color = strcmp(value, "white") == 0 ? "#ffffff" : strcmp(value, "black") == 0 ? "#000000" : value;
    render->background = CALO_BACKGROUND_COLOR;
    if (strcmp(value, "transparent") == 0)
        render->background = CALO_BACKGROUND_TRANSPARENT;
    else if (strcmp(value, "environment") == 0)
        render->background = CALO_BACKGROUND_ENVIRONMENT;
    else if (!parse_color(color, render->background_color))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--background %s: choose transparent, environment, white, black or a colour like #8090a0",
                         value);
    return CALO_OK;
}

/* Alone, it is edges everywhere. */
static calo_status apply_wireframe(void *target, const char *value, calo_error *err)
{
    static const char *const names[] = {"material", "flip", "all", "solid"};
    static const calo_fill fills[] = {CALO_FILL_MATERIAL, CALO_FILL_FLIPPED, CALO_FILL_WIREFRAME, CALO_FILL_SOLID};
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if (strcmp(value ? value : "all", names[i]) == 0) {
            ((command *)target)->item.prepare.fill = fills[i];
            return CALO_OK;
        }
    return calo_fail(err, CALO_ERROR_ARGUMENT, "--wireframe=%s: choose all, flip, solid or material", value);
}

static calo_status apply_vertex_normals(void *target, const char *value, calo_error *err)
{
    (void)value, (void)err;
    ((command *)target)->item.prepare.normal_lines |= CALO_NORMAL_LINES_VERTEX;
    return CALO_OK;
}

static calo_status apply_face_normals(void *target, const char *value, calo_error *err)
{
    (void)value, (void)err;
    ((command *)target)->item.prepare.normal_lines |= CALO_NORMAL_LINES_FACE;
    return CALO_OK;
}

/* AZIMUTH,ELEVATION[,STRENGTH]: where the sun stands, as seen from the origin of the z-up world. */
static calo_status apply_sun(void *target, const char *value, calo_error *err)
{
    command *c = target;
    double parts[3] = {0, 0, CALO_PI}, sine_a, cosine_a, sine_e, cosine_e;
    calo_text text = {value, value + strlen(value)};
    int count = 0;
    while (count < 3 && calo_text_double(&text, &parts[count])) {
        count++;
        if (text.at == text.end || *text.at != ',')
            break;
        text.at++;
    }
    bool good = count >= 2 && text.at == text.end && value[strlen(value) - 1] != ',' && isfinite(parts[0]) &&
                fabs(parts[0]) <= 3600 && fabs(parts[1]) <= 90 && parts[2] >= 0 && parts[2] < 1e9;
    if (!good)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--sun %s: give AZIMUTH,ELEVATION or AZIMUTH,ELEVATION,STRENGTH in degrees and W/m2, such as "
                         "30,45",
                         value);
    calo_sincos(calo_radians(parts[0]), &sine_a, &cosine_a);
    calo_sincos(calo_radians(parts[1]), &sine_e, &cosine_e);
    c->has_sun = true;
    c->sun = (calo_scene_light){
        .light = {.name = "sun", .kind = CALO_LIGHT_DIRECTIONAL, .color = {1, 1, 1}, .intensity = (float)parts[2]},
        .direction = {-cosine_e * cosine_a, -cosine_e * sine_a, -sine_e},
    };
    return CALO_OK;
}

static calo_status apply_shadows(void *target, const char *value, calo_error *err)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } kinds[] = {{"none", 0},
                 {"directional", CALO_SHADOWS_DIRECTIONAL},
                 {"point", CALO_SHADOWS_POINT},
                 {"spot", CALO_SHADOWS_SPOT},
                 {"all", CALO_SHADOWS_ALL}};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    calo_lighting *lighting = &((command *)target)->item.lighting;
    lighting->shadows = 0;
    for (const char *at = value;; at++) {
        size_t length = strcspn(at, ","), k = 0;
        while (k < KINDS && (strlen(kinds[k].name) != length || strncmp(kinds[k].name, at, length) != 0))
            k++;
        if (k == KINDS)
            return calo_fail(err, CALO_ERROR_ARGUMENT,
                             "--shadows %s: choose from directional, point and spot, with commas between, or all or none",
                             value);
        lighting->shadows |= kinds[k].bits;
        at += length;
        if (!*at)
            return CALO_OK;
    }
}

static calo_status apply_reject(void *target, const char *value, calo_error *err)
{
    calo_reject read;
    ((command *)target)->item.reject = value;
    return calo_reject_parse(value, &read, err);
}

/* ---- the table ---- */

#define GROUP(text)                                                                                                    \
    {                                                                                                                  \
        .kind = CALO_OPTION_GROUP, .help = text                                                                        \
    }
#define FLAG(long_name, field, text)                                                                                   \
    {                                                                                                                  \
        .kind = CALO_OPTION_FLAG, .name = long_name, .offset = offsetof(command, field), .help = text                  \
    }
#define TEXT(long_name, value_name, field, text)                                                                       \
    {                                                                                                                  \
        .kind = CALO_OPTION_TEXT, .name = long_name, .value = value_name, .offset = offsetof(command, field),          \
        .help = text                                                                                                   \
    }
#define CUSTOM(long_name, value_name, function, text)                                                                  \
    {                                                                                                                  \
        .kind = CALO_OPTION_CUSTOM, .name = long_name, .value = value_name, .apply = function, .help = text            \
    }
#define SWITCH(long_name, function, text)                                                                              \
    {                                                                                                                  \
        .kind = CALO_OPTION_MAYBE, .name = long_name, .value = NULL, .apply = function, .help = text                   \
    }
#define CHOICE(from, long_name, values, field, text)                                                                   \
    {                                                                                                                  \
        .kind = from, .name = long_name, .value = values, .offset = offsetof(command, field), .help = text             \
    }
#define RANGE(number_kind, long_name, value_name, field, low, high, text)                                              \
    {                                                                                                                  \
        .kind = number_kind, .name = long_name, .value = value_name, .offset = offsetof(command, field), .least = low, \
        .most = high, .help = text                                                                                     \
    }

const calo_option calo_render_options_table[] = {
    GROUP("Where to"),
    {.kind = CALO_OPTION_TEXT,
     .letter = 'o',
     .name = "output",
     .value = "FOLDER",
     .offset = offsetof(command, item.output_folder),
     .help = "an object becomes FOLDER/NAME/; made when it is not there"},
    CHOICE(CALO_OPTION_CHOICE, "package", "files|zip|webdataset|torch|safetensors", item.package,
           "an object is a folder; a zip; a tar for WebDataset; a list for\ntorch.load; or a file of tensors (files)"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "name", "stem|uid", item.naming,
           "NAME is the file's own, or a uuid of its path\n(files: stem, all else: uid)"),
    TEXT("sheet", "FILE.png", item.sheet_path,
         "also draw a contact sheet of all views and channels;\nseveral inputs: put {name} into FILE"),
    CUSTOM("reject", "LIST", apply_reject,
           "leave objects out by quality flags, with commas between:\nblank, clipped:0.5 (of more than half of the views),\n"
           "all_white, missing_texture ...: see docs/quality.md"),
    {.kind = CALO_OPTION_FLAG,
     .letter = 'q',
     .name = "quiet",
     .offset = offsetof(command, quiet),
     .help = "say nothing but errors"},

    GROUP("What to write for each view (colour always, as NNN.png)"),
    SWITCH("depth", apply_depth, "NNN_depth.npy: float32 metres, 0 = background"),
    SWITCH("normals", apply_normals, "NNN_normal.npy: float32 xyz"),
    SWITCH("mask", apply_mask, "NNN_mask.npy: uint8, 1 = foreground"),
    {.kind = CALO_OPTION_MAYBE,
     .name = "ids",
     .value = "png|npy",
     .apply = apply_ids,
     .help = "NNN_instance.png, NNN_material.png: 16 bits, or npy"},
    SWITCH("all", apply_all, "depth, normals, mask and ids"),
    CUSTOM("channels", "LIST", apply_channel_list,
           "more: albedo, metal_roughness, position, uv,\ngeometric_normal; with commas between"),
    CHOICE(CALO_OPTION_CHOICE, "image-format", "png|exr", item.image_format,
           "exr: one multi-channel NNN.exr holds everything (png)"),
    CUSTOM("color-format", "FORMAT", apply_color_format,
           "rgba, rgb (needs a background), or float: linear\nlight as NNN.npy (rgba)"),
    CHOICE(CALO_OPTION_CHOICE_BOOL, "depth-kind", "planar|ray", item.render.ray_depth,
           "distance from the camera's plane, or along the ray\n(planar)"),
    CHOICE(CALO_OPTION_CHOICE_BOOL, "normal-space", "camera|world", item.render.world_space_normals, "(camera)"),

    GROUP("Cameras"),
    TEXT("preset", "NAME", item.views.preset, "a published protocol, see below (objaverse-xl)"),
    RANGE(CALO_OPTION_COUNT, "views", "N", item.views.count, 1, 100000, "how many (the preset's)"),
    CUSTOM("size", "N|WxH", apply_size, "pixels (the preset's)"),
    CUSTOM("seed", "N", apply_seed,
           "of the random cameras (from the file's SHA-256, so\nthat a file gives the same "
           "views anywhere)"),
    CUSTOM("radius", "A[,B]", apply_radius, "distance from the origin, or a range of it"),
    CUSTOM("elevation", "A[,B]", apply_elevation, "degrees above the horizon"),
    CUSTOM("fov", "A[,B]", apply_fov, "degrees, along the longer side"),
    FLAG("only-northern-hemisphere", item.views.only_northern_hemisphere, "no camera below the horizon"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "fit", "cube|half|none", item.views.fit,
           "scale into [-1,1], [-0.5,0.5], or leave (the preset's)"),
    TEXT("cameras", "FILE", item.camera_file,
         "cameras from our metadata.json, a transforms.json\n(NeRF, Nerfstudio) "
         "or OpenCV JSON, instead of a preset"),
    TEXT("camera", "NAME|N|all", item.scene_camera, "the file's own cameras, instead of a preset"),
    TEXT("qpos", "FILE.csv", item.state_file,
         "of MuJoCo's files: joint positions, one state a row, each of\nwhich is rendered from all cameras"),
    TEXT("mapping", "FILE", item.mapping_file,
         "\"joint name, column\" a line: which columns of --qpos are\nwhich joint's (MuJoCo's own order)"),

    GROUP("Several objects in one scene (docs/dataset-scenes.md)"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "arrangement", "ground|air", item.placement.arrangement,
           "one scene of all FILEs, none of them in another one: they\nstand on the ground, or are anywhere in a cube"),
    CUSTOM("object-size", "A[,B]", apply_object_size, "an object's longest side, or a range of it (0.5,1)"),
    RANGE(CALO_OPTION_NUMBER, "spread", "X", item.placement.spread, 0.01, 1000, "how far apart: more for more room (1)"),
    FLAG("show-ground", item.placement.show_ground, "draw the ground, too"),

    GROUP("Looks"),
    TEXT("randomize", "FILE", item.randomizer_file,
         "draw looks by this JSON (docs/randomize.md): materials,\nlights, cameras, backgrounds ..."),
    RANGE(CALO_OPTION_COUNT, "variants", "N", item.variants, 1, 1000000, "looks of each object, numbered on from the seed (1)"),
    FLAG("lenient", item.lenient, "what --randomize does not know is a warning, not an error"),

    GROUP("Light"),
    TEXT("environment", "WHAT", environment, "white, none, or an equirectangular FILE.hdr or .exr\n(white)"),
    RANGE(CALO_OPTION_NUMBER, "environment-strength", "X", environment_strength, 0, 1e6, "radiance of white (1)"),
    RANGE(CALO_OPTION_NUMBER, "environment-rotation", "DEGREES", environment_rotation_degrees, -3600, 3600,
          "about the vertical, counter-clockwise from above"),
    CUSTOM("sun", "AZ,EL[,X]", apply_sun,
           "a sun at these degrees, of X W/m2 (3.14159: a white\nsurface facing it "
           "comes out white)"),
    CHOICE(CALO_OPTION_CHOICE_BOOL, "lights", "none|file", item.lighting.use_scene_lights,
           "the file's own lights (none)"),
    CUSTOM("shadows", "LIST", apply_shadows, "of which lights: directional, point, spot, or all\n(none)"),
    RANGE(CALO_OPTION_COUNT, "shadow-map-size", "N", item.lighting.shadow_map_size,
          CALO_SHADOW_MAP_SIZE_MIN, CALO_SHADOW_MAP_SIZE_MAX, "texels a side: more for finer shadows (2048)"),

    GROUP("Drawing"),
    CHOICE(CALO_OPTION_CHOICE, "shading", "auto|mujoco|gltf", item.mujoco_look,
           "mujoco: as MuJoCo's renderer, by the file's lights; gltf:\nphysically based (auto: mujoco for its own files, gltf with\n--randomize)"),
    CUSTOM("background", "WHAT", apply_background, "transparent, environment (of MuJoCo's files: the sky), white,\nblack or #rrggbb (transparent)"),
    CUSTOM("samples", "1|4|16", apply_samples, "a pixel, for the colour; 1 = no antialiasing (4)"),
    RANGE(CALO_OPTION_FLOAT, "lod", "PIXELS", renderer.lod_pixels, 0, CALO_LOD_PIXELS_MAX,
          "draw large meshes simplified where nothing moves by more than this,\n"
          "such as 0.5; pays for millions of triangles, see docs/lod.md (0: off)"),
    CHOICE(CALO_OPTION_CHOICE, "cull", "auto|off", item.render.cull,
           "hide back faces as the material says, or never (auto)"),
    TEXT("animation", "NAME|N", item.animation, "pose by an animation of the file (the rest pose)"),
    RANGE(CALO_OPTION_NUMBER, "time", "SECONDS", item.time_seconds, 0, 1e6, "into the animation (0)"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "energy-compensation", "on|off", item.render.energy_compensation,
           "light that rough metal scatters more than once"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "occlusion", "on|off", item.render.occlusion_maps,
           "the materials' occlusion maps"),
    {.kind = CALO_OPTION_MAYBE,
     .name = "wireframe",
     .value = "all|flip|solid|material",
     .apply = apply_wireframe,
     .help = "triangles as their edges: all of them (when nothing is\n"
             "said), flip: where the material does not say so,\n"
             "solid: none, material: where it does (the default)"},
    FLAG("flat", item.prepare.flat, "every surface in its base colour, unlit"),
    SWITCH("vertex-normals", apply_vertex_normals, "draw vertex normals as blue lines"),
    SWITCH("face-normals", apply_face_normals, "draw the triangles' normals as red lines"),
    RANGE(CALO_OPTION_FLOAT, "normal-length", "METRES", item.prepare.normal_length, 0, 1e6,
          "of those lines, in the world (0: 5 % of a mesh's size)"),
    RANGE(CALO_OPTION_FLOAT, "point-size", "PIXELS", item.render.point_size_pixels, 0.01, 1024, "(3)"),
    RANGE(CALO_OPTION_FLOAT, "line-width", "PIXELS", item.render.line_width_pixels, 0.01, 1024,
          "also of wireframes and normals (1)"),

    GROUP("The machine"),
    TEXT("backend", "NAME", renderer.backend, "cpu, egl, osmesa or glfw: see `calotype backends` (CALOTYPE_BACKEND, else cpu)"),
    RANGE(CALO_OPTION_COUNT, "threads", "N", renderer.threads, 1, 1024,
          "(one a core; the pictures do not depend on it)"),
    TEXT("cache", "FOLDER", cache_folder,
         "keep decoded textures and mip chains in FOLDER, so\nthat the next run on the same file need not make them\n"
         "(CALOTYPE_CACHE, else none)"),
    CUSTOM("cache-limit", "SIZE", apply_cache_limit, "what was not used longest goes beyond: 500M, 20G (4G)"),
    CALO_LIMIT_OPTIONS(command, limits),
    {0},
};

/* ---- all options together ---- */

calo_render_command calo_render_command_default(void)
{
    return (calo_render_command){
        .environment_strength = NAN,
        .item.render.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR),
    };
}

static calo_status load_environment(calo_render_command *c, calo_error *err)
{
    calo_file file;
    calo_limits limits = calo_limits_resolve(&c->limits);
    calo_status status = calo_file_read(c->environment, limits.max_file_bytes, &file, err);
    if (status != CALO_OK)
        return status;
    status = calo_image_decode(file.bytes, file.size, c->environment, &limits, &c->environment_image, err);
    calo_file_finish(&file);
    if (status == CALO_OK && c->environment_image.format != CALO_PIXEL_RGBA32F)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%s: an environment needs the full range of light: give a Radiance HDR or OpenEXR file",
                         c->environment);
    c->item.lighting.environment = &c->environment_image;
    return status;
}

static calo_status open_cache(calo_render_command *c, calo_error *err)
{
    const char *folder = c->cache_folder ? c->cache_folder : getenv("CALOTYPE_CACHE");
    if (!c->cache_folder && (!folder || !folder[0]))
        return CALO_OK;
    calo_status status = calo_cache_open(folder, c->cache_bytes, &c->cache, err);
    c->item.import.cache = c->renderer.cache = c->cache;
    return status;
}

calo_status calo_render_command_resolve(calo_render_command *c, calo_error *err)
{
    calo_lighting *lighting = &c->item.lighting;
    c->item.import.limits = c->limits;
    c->item.environment_name = c->environment;
    if (!c->environment)
        c->environment = "white";
    lighting->environment_rotation_degrees = (float)c->environment_rotation_degrees;
    lighting->environment_strength = isnan(c->environment_strength) ? 1 : (float)c->environment_strength;
    /* For the renderer zero means the default; here it means darkness. */
    lighting->no_environment = strcmp(c->environment, "none") == 0 || lighting->environment_strength == 0;
    if (c->has_sun) {
        lighting->lights = &c->sun;
        lighting->light_count = 1;
    }
    if (c->item.time_seconds > 0 && !c->item.animation)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--time needs --animation: a time in which animation?");
    calo_status status = CALO_OK;
    if (strcmp(c->environment, "white") != 0 && !lighting->no_environment)
        status = load_environment(c, err);
    return status == CALO_OK ? open_cache(c, err) : status;
}

calo_status calo_render_command_check(const calo_render_command *c, calo_error *err)
{
    const calo_item_options *item = &c->item;
    calo_view_set set;
    if (item->render.color_format == CALO_PIXEL_RGB8 && item->render.background == CALO_BACKGROUND_TRANSPARENT)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "--color-format rgb has no alpha: add --background white or another");
    calo_status status = calo_item_check_choices(item, err);
    if (status != CALO_OK || item->scene_camera)
        return status;
    const calo_view_options *views = &item->views;
    status = item->camera_file ? calo_view_set_load(item->camera_file, views->width, views->height, &set, err)
                               : calo_view_set_make(views, &set, err);
    if (status == CALO_OK)
        calo_view_set_finish(&set);
    return status;
}

void calo_render_command_finish(calo_render_command *c)
{
    calo_image_finish(&c->environment_image);
    calo_cache_close(c->cache);
}
