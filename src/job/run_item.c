/* The one picture: import -> scene -> views -> render -> encode -> store. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "job/item.h"

static void finish_item(calo_item *item)
{
    if (item->sheet_uncommitted)
        unlink(item->options->sheet_path);
    if (item->thumbnail_uncommitted)
        unlink(item->options->thumbnail_path);
    calo_store_destroy(item->store);
    free(item->qualities);
    calo_view_set_finish(&item->views);
    calo_item_finish_looks(item);
    calo_state_rows_finish(&item->states);
    calo_mujoco_mapping_destroy(item->mapping);
    calo_mujoco_destroy(item->model);
    calo_scene_destroy(item->own_scene);
    calo_item_group_destroy(item->group);
}

/* Every sentence names the file that it is about. */
static calo_status name_file(const calo_item *item, calo_status status, calo_error *err)
{
    if (status == CALO_OK || status == CALO_ERROR_CANCELLED || !err || strstr(err->message, item->path))
        return status;
    return calo_fail_within(err, status, "%s", item->path);
}

static calo_status run_item(calo_item *item, calo_error *err)
{
    calo_status status = calo_reject_parse(item->options->reject, &item->reject, err);
    if (status == CALO_OK)
        status = calo_item_load(item, err);
    if (status == CALO_OK) {
        item->result->step = CALO_ITEM_VIEWS;
        status = calo_item_make_views(item, err);
    }
    if (status == CALO_OK) {
        item->result->step = CALO_ITEM_RENDER;
        status = calo_item_open_store(item, err);
    }
    if (status == CALO_OK)
        status = calo_item_render(item, err);
    if (status == CALO_OK)
        status = calo_item_judge(item, err);
    if (status == CALO_OK)
        status = calo_item_write_metadata(item, err);
    if (status == CALO_OK)
        status = calo_store_commit(item->store, err);
    if (status == CALO_OK)
        item->sheet_uncommitted = item->thumbnail_uncommitted = false;
    status = name_file(item, status, err);
    finish_item(item);
    return status;
}

calo_status calo_item_run(calo_renderer *renderer, const char *path, const calo_item_options *options,
                          calo_item_result *result, calo_error *err)
{
    calo_item item = {.renderer = renderer, .path = path, .options = options, .result = result};
    *result = (calo_item_result){0};
    return run_item(&item, err);
}

calo_status calo_item_run_placed(calo_renderer *renderer, const calo_placed_object *objects, size_t count,
                                 const calo_item_options *options, calo_item_result *result, calo_error *err)
{
    calo_item_options named = *options;
    calo_item item = {.renderer = renderer, .options = &named, .result = result};
    char *name = NULL;
    *result = (calo_item_result){0};
    calo_status status = calo_item_group_create(objects, count, &options->placement, &item.group, err);
    if (status == CALO_OK)
        status = calo_item_placed_name(objects, count, options, &name, err);
    if (status == CALO_OK) {
        named.identifier = options->identifier ? options->identifier : calo_item_group_identifier(item.group);
        named.object_name = name;
        item.path = calo_item_group_name(item.group);
        status = run_item(&item, err);
    } else {
        calo_item_group_destroy(item.group);
    }
    free(name);
    return status;
}

void calo_item_result_finish(calo_item_result *result)
{
    for (size_t i = 0; i < result->warning_count; i++) {
        free((char *)result->warnings[i].id);
        free((char *)result->warnings[i].message);
    }
    free(result->warnings);
    free(result->objects);
    free(result->path);
    *result = (calo_item_result){0};
}
