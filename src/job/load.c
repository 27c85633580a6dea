#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "job/item.h"
#include "scene/build.h"
#include "scene/instances.h"

/* Ids that do not fit 16 bits are told before an hour of rendering, not after. */
static calo_status check_id_range(const calo_item *item, calo_error *err)
{
    const calo_scene *scene = item->scene;
    uint64_t end = item->randomizer ? calo_instance_ids_end(scene) : calo_instance_ids_start(scene).next_hidden;
    uint64_t instances = end - 1, materials = scene->material_count + 1ull;
    uint32_t channels = item->render.channels;
    bool too_many = (instances > UINT16_MAX && channels & CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID)) ||
                    (materials > UINT16_MAX && channels & CALO_CHANNEL_BIT(CALO_CHANNEL_MATERIAL_ID));
    if (!too_many || item->layout.exr || item->layout.npy_ids)
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                     "%s: %llu instances and %llu materials do not fit the 16 bits of a PNG: write the ids as npy "
                     "(--ids=npy)",
                     item->path, (unsigned long long)instances, (unsigned long long)materials);
}

static void resolve_options(calo_item *item)
{
    const calo_item_options *options = item->options;
    item->render = options->render;
    if (!item->render.channels)
        item->render.channels = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    if (!item->render.color_format && options->image_format == CALO_IMAGE_EXR)
        item->render.color_format = CALO_PIXEL_RGBA32F;
    item->render = calo_render_options_resolve(&item->render);
    item->layout.exr = options->image_format == CALO_IMAGE_EXR;
    bool is_arrays = options->package == CALO_PACKAGE_TORCH || options->package == CALO_PACKAGE_SAFETENSORS;
    item->layout.npy_ids = options->id_format == CALO_IDS_NPY || is_arrays;
    item->layout.npy_color = options->package == CALO_PACKAGE_SAFETENSORS;
    item->layout.float_color = item->render.color_format == CALO_PIXEL_RGBA32F;
}

/* A file in memory, from which two threads make a scene and a hash. */
typedef struct hashed_load {
    const char *path;
    const calo_import_options *options;
    calo_file file;
    calo_scene **scene;
    calo_sha256 *hash;
} hashed_load;

static calo_status load_or_hash(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    const hashed_load *load = user;
    if (index == 0)
        return calo_scene_load_memory(load->file.bytes, load->file.size, load->path, load->options, load->scene, err);
    *load->hash = calo_sha256_of(load->file.bytes, load->file.size);
    return CALO_OK;
}

calo_status calo_scene_load_hashed(const char *path, const calo_import_options *options, calo_scene **scene,
                                   calo_sha256 *hash, calo_error *err)
{
    hashed_load load = {.path = path, .options = options, .scene = scene, .hash = hash};
    calo_limits limits = calo_limits_resolve(&options->limits);
    calo_status status = calo_file_read(path, limits.max_file_bytes, &load.file, err);
    if (status != CALO_OK)
        return status;
    status = calo_thread_for(options->threads, 2, load_or_hash, &load, err);
    calo_file_finish(&load.file);
    return status;
}

/* The result keeps the warnings; the scene goes. */
static calo_status copy_warnings(calo_item *item, calo_error *err)
{
    calo_item_result *result = item->result;
    size_t own = item->scene->warning_count, drawn = 0, count;
    const calo_warning *said = item->randomizer ? calo_randomizer_warnings(item->randomizer, &drawn) : NULL;
    count = own + drawn;
    result->warnings = calloc(count ? count : 1, sizeof *result->warnings);
    if (!result->warnings)
        return calo_fail_memory(err, "warnings", count * sizeof *result->warnings);
    for (size_t i = 0; i < count; i++) {
        const calo_warning *warning = i < own ? &item->scene->warnings[i] : &said[i - own];
        calo_warning copy = {strdup(warning->id), strdup(warning->message)};
        result->warnings[result->warning_count++] = copy;
        if (!copy.id || !copy.message)
            return calo_fail_memory(err, "a warning", strlen(warning->message));
    }
    return CALO_OK;
}

/* A model, whose joints can be moved. libmujoco reads the file by itself, and what it includes. */
static calo_status load_model(calo_item *item, calo_error *err)
{
    const calo_item_options *options = item->options;
    const calo_limits *limits = &options->import.limits;
    calo_file file;
    calo_status status = calo_file_read(item->path, calo_limits_resolve(limits).max_file_bytes, &file, err);
    if (status != CALO_OK)
        return status;
    item->hash = calo_sha256_of(file.bytes, file.size);
    calo_file_finish(&file);
    const calo_mujoco_options own = {.own_materials = options->randomizer_file != NULL};
    status = calo_mujoco_load(item->path, &own, limits, &item->model, err);
    if (status != CALO_OK)
        return status;
    item->scene = calo_mujoco_scene(item->model);
    /* In MuJoCo's look an environment lights nothing and is only seen. */
    if (options->render.background == CALO_BACKGROUND_ENVIRONMENT && item->prepare.shading == CALO_SHADING_MUJOCO &&
        !options->environment_name)
        item->lighting.environment = calo_mujoco_sky(item->model);
    if (options->state_file)
        status = calo_state_rows_load(options->state_file, limits, &item->states, err);
    if (status == CALO_OK && options->mapping_file)
        status = calo_mujoco_mapping_load(item->model, options->mapping_file, limits, &item->mapping, err);
    item->variant_count = item->states.count ? item->states.count : 1;
    return status;
}

static calo_status load_scene(calo_item *item, calo_error *err)
{
    calo_import_options import = item->options->import;
    if (item->options->state_file)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: joint positions (%s) are for MuJoCo's files, which end in .xml or "
                         ".mjcf", item->path, item->options->state_file);
    import.threads = import.threads ? import.threads : calo_renderer_threads(item->renderer);
    calo_status status = calo_scene_load_hashed(item->path, &import, &item->own_scene, &item->hash, err);
    if (status != CALO_OK)
        return status;
    item->scene = item->own_scene;
    item->variant_count = 1;
    if (item->scene->light_count > 0 && !item->lighting.use_scene_lights)
        calo_scene_warn(item->own_scene, "lights-ignored",
                        "the file's %u lights do not shine: the protocol's own light does (--lights file lets them)",
                        item->scene->light_count);
    return CALO_OK;
}

/* MuJoCo's scenes look as in its own viewer unless something else is asked for; looks are made for physically based
 * materials and an environment. */
static void choose_look(calo_item *item, bool is_mjcf)
{
    const calo_item_options *options = item->options;
    calo_switch wanted = options->mujoco_look;
    item->lighting = options->lighting;
    item->prepare = options->prepare;
    item->prepare.lighting = &item->lighting;
    item->prepare.limits = &options->import.limits;
    if (wanted == CALO_ON || (wanted == CALO_DEFAULT && is_mjcf && !options->randomizer_file)) {
        item->prepare.shading = CALO_SHADING_MUJOCO;
        item->lighting.use_scene_lights = true;
    }
}

calo_status calo_item_load(calo_item *item, calo_error *err)
{
    double start = calo_clock_seconds();
    if (item->options->mapping_file && !item->options->state_file)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a mapping (%s) is for the columns of a file of joint positions: name "
                         "that, too", item->options->mapping_file);
    bool is_mjcf = !item->group && calo_mujoco_is_file_name(item->path);
    resolve_options(item);
    choose_look(item, is_mjcf);
    calo_uuid5_dns(calo_item_identifier(item->path, item->options), item->result->save_uid);
    calo_status status = item->group ? calo_item_load_group(item, err)
                         : is_mjcf   ? load_model(item, err)
                                     : load_scene(item, err);
    if (status != CALO_OK)
        return status;
    calo_sha256_text(&item->hash, item->result->sha256);
    status = calo_item_make_randomizer(item, err);
    if (status == CALO_OK)
        status = check_id_range(item, err);
    if (status == CALO_OK)
        status = copy_warnings(item, err);
    item->result->load_seconds = calo_clock_seconds() - start;
    return status;
}
