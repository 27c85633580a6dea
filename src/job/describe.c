#include <stdlib.h>

#include "base/error.h"
#include "encode/metadata.h"
#include "job/item.h"

calo_status calo_item_describe(calo_item *item, calo_error *err)
{
    calo_item_result *result = item->result;
    calo_status status = item->group ? calo_item_describe_group(item, err)
                                     : calo_scene_count(item->scene, &result->statistics, err);
    return status == CALO_OK ? calo_object_measure(item->scene, &result->statistics, &result->quality, err) : status;
}

calo_status calo_item_judge(calo_item *item, calo_error *err)
{
    calo_object_add_views(&item->result->quality, item->qualities, item->views.count);
    return calo_reject_check(&item->reject, &item->result->quality, err);
}

static calo_status encode_metadata(const calo_item *item, calo_blob *blob, calo_error *err)
{
    const calo_item_options *options = item->options;
    const char *environment = item->lighting.no_environment ? "none" : item->lighting.environment ? "skybox" : "white";
    calo_metadata metadata = {
        .object = {calo_item_identifier(item->path, options), item->result->save_uid, item->result->sha256, item->scene,
                   &item->result->statistics},
        .scale = item->scale,
        .translation = {item->translation[0], item->translation[1], item->translation[2]},
        .views = &item->views,
        .render = &item->render,
        .variant_count = item->variant_count,
        .looks_each = item->looks_each,
        .randomizer_name = options->randomizer_name ? options->randomizer_name : options->randomizer_file,
        .prepare = &item->prepare,
        .lighting = &item->lighting,
        .environment_name = options->environment_name ? options->environment_name : environment,
        .animation_name = item->animation < 0 ? NULL : item->scene->animations[item->animation].name,
        .time_seconds = options->time_seconds,
        .backend = calo_renderer_backend(item->renderer),
        .lod_pixels = calo_renderer_lod_pixels(item->renderer),
        .layout = item->layout,
        .arrangement = item->group ? calo_item_group_facts(item->group) : NULL,
        .quality = &item->result->quality,
        .qualities = item->qualities,
    };
    const double **values = calloc(item->variant_count, sizeof *values);
    if (!values)
        return calo_fail_memory(err, "numbers of looks", item->variant_count * sizeof *values);
    for (size_t v = 0; item->variants && v < item->variant_count; v++)
        values[v] = item->variants[v].look->values;
    if (item->variants) {
        metadata.streams = calo_randomizer_streams(item->randomizer, &metadata.stream_count);
        metadata.values = values;
    }
    calo_status status = calo_encode_metadata(&metadata, blob, err);
    free(values);
    return status;
}

calo_status calo_item_write_metadata(calo_item *item, calo_error *err)
{
    calo_blob blob = {0};
    calo_status status = encode_metadata(item, &blob, err);
    if (status == CALO_OK)
        status = calo_store_put(item->store, "metadata.json", blob.bytes, blob.size, err);
    calo_blob_finish(&blob);
    return status;
}
