/* Frames to files: encoded by the threads that rendered them, stored in the order of the views. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "encode/encode.h"
#include "encode/sheet.h"
#include "job/item.h"

enum { VARIANTS_TOGETHER = 64 };

typedef struct encoded_file {
    char name[CALO_FILE_NAME_BYTES];
    calo_blob blob;
} encoded_file;

typedef struct encoded_view {
    encoded_file files[CALO_CHANNEL_COUNT];
    size_t file_count;
} encoded_view;

typedef struct output_run {
    calo_item *item;
    size_t first_view; /* of the views that are being rendered */
    calo_sheet *sheet, *thumbnail; /* or NULL */
    size_t thumbnail_views;
    pthread_mutex_t lock;
    encoded_view **waiting; /* encoded, not yet stored; one a view */
    size_t next, done;      /* the view to be stored next; views rendered */
    bool storing;           /* a thread is storing; the others leave their views to it */
} output_run;

static void free_view(encoded_view *view)
{
    if (!view)
        return;
    for (size_t i = 0; i < view->file_count; i++)
        calo_blob_finish(&view->files[i].blob);
    free(view);
}

/* ---- encoding ---- */

static calo_status encode_channel(const calo_item *item, const char *view_name, const calo_frame *frame,
                                  calo_channel channel, encoded_file *file, calo_error *err)
{
    calo_channel_file_name(&item->layout, view_name, channel, file->name);
    if (item->layout.exr)
        return calo_encode_exr(frame, &file->blob, err);
    if (calo_channel_is_png(&item->layout, channel))
        return calo_encode_png(&frame->planes[channel], &file->blob, err);
    return calo_encode_npy(&frame->planes[channel], &file->blob, err);
}

static calo_status encode_view(const calo_item *item, const calo_view *view, const calo_frame *frame, encoded_view *out,
                               calo_error *err)
{
    calo_status status = CALO_OK;
    for (int c = 0; c < CALO_CHANNEL_COUNT && status == CALO_OK; c++) {
        if (!(item->render.channels >> c & 1))
            continue;
        status = encode_channel(item, view->name, frame, (calo_channel)c, &out->files[out->file_count++], err);
        if (item->layout.exr)
            break;
    }
    return status;
}

/* ---- storing, in order ---- */

static calo_status store_view(calo_item *item, encoded_view *view, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; i < view->file_count && status == CALO_OK; i++)
        status =
            calo_store_put(item->store, view->files[i].name, view->files[i].blob.bytes, view->files[i].blob.size, err);
    free_view(view);
    return status;
}

/* Stores what is next in line, without holding the others up: they only leave their views here. */
static calo_status store_waiting(output_run *run, calo_error *err)
{
    calo_status status = CALO_OK;
    if (run->storing)
        return CALO_OK;
    run->storing = true;
    while (status == CALO_OK && run->next < run->item->views.count && run->waiting[run->next]) {
        encoded_view *view = run->waiting[run->next];
        run->waiting[run->next++] = NULL;
        pthread_mutex_unlock(&run->lock);
        status = store_view(run->item, view, err);
        pthread_mutex_lock(&run->lock);
    }
    /* After a failure nothing more may be stored. */
    run->storing = status != CALO_OK;
    return status;
}

static calo_status hand_over(output_run *run, size_t index, encoded_view *view, calo_error *err)
{
    const calo_item_options *options = run->item->options;
    calo_status status = CALO_OK;
    pthread_mutex_lock(&run->lock);
    run->waiting[index] = view;
    run->done++;
    if (options->on_progress)
        status = options->on_progress(options->progress_user, run->done, run->item->views.count, err);
    if (status == CALO_OK)
        status = store_waiting(run, err);
    pthread_mutex_unlock(&run->lock);
    return status;
}

/* What a variant's look does to colour pictures; NULL: nothing. */
static const calo_post_processing *post_of(const calo_item *item, size_t variant)
{
    const calo_look *look = item->variants ? item->variants[variant].look : NULL;
    bool wanted = look && look->has_post && !calo_post_is_off(&look->post) &&
                  item->render.channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    return wanted ? &look->post : NULL;
}

static calo_view_quality measure(const calo_item *item, const calo_frame *frame)
{
    uint32_t channels = item->render.channels;
    /* Colours that stand for nodes say nothing about light. */
    bool has_colors = channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) && !item->render.node_colors;
    return calo_view_measure(frame, channels, has_colors, item->prepare.shading == CALO_SHADING_GLTF);
}

/* What was asked for, of a frame that has more. */
static calo_frame wanted_planes(const calo_item *item, const calo_frame *frame)
{
    calo_frame wanted = *frame;
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++)
        if (!(item->render.channels >> c & 1))
            wanted.planes[c] = (calo_image){0};
    return wanted;
}

static calo_status encode_frame(output_run *run, size_t index, const calo_frame *frame, calo_error *err)
{
    const calo_view *view = &run->item->views.views[index];
    encoded_view *encoded = calloc(1, sizeof *encoded);
    if (!encoded)
        return calo_fail_memory(err, "an encoded view", sizeof *encoded);
    run->item->qualities[index] = measure(run->item, frame);
    calo_frame wanted = wanted_planes(run->item, frame);
    calo_status status = encode_view(run->item, view, &wanted, encoded, err);
    if (status == CALO_OK && run->sheet)
        status = calo_sheet_add(run->sheet, index, view->name, &wanted, err);
    if (status == CALO_OK && index < run->thumbnail_views)
        status = calo_sheet_add(run->thumbnail, index, NULL, &wanted, err);
    if (status == CALO_OK)
        return hand_over(run, index, encoded, err);
    free_view(encoded);
    return status;
}

/* A frame whose colour picture is being changed. */
typedef struct changed_frame {
    output_run *run;
    size_t index;
    calo_frame frame;
    calo_status status;
    calo_error *err;
} changed_frame;

static void on_picture(void *user, const calo_image *picture)
{
    changed_frame *changed = user;
    changed->frame.planes[CALO_CHANNEL_COLOR] = *picture;
    changed->status = encode_frame(changed->run, changed->index, &changed->frame, changed->err);
}

static calo_status on_frame(void *user, size_t rendered, calo_frame *frame, calo_error *err)
{
    output_run *run = user;
    calo_item *item = run->item;
    size_t index = run->first_view + rendered;
    const calo_post_processing *post = post_of(item, index / (item->views.count / item->variant_count));
    if (!post)
        return encode_frame(run, index, frame, err);
    changed_frame changed = {run, index, *frame, CALO_OK, err};
    calo_status status = calo_state_post_run(item->post, post, item->prepare.shading != CALO_SHADING_GLTF,
                                             &item->views.views[index], frame, on_picture, &changed, err);
    return status == CALO_OK ? changed.status : status;
}

/* ---- the contact sheet and the thumbnail ---- */

static calo_status open_pictures(output_run *run, calo_error *err)
{
    enum { THUMBNAIL_VIEWS = 4, THUMBNAIL_PIXELS = 128 };
    const calo_item *item = run->item;
    const calo_view *first = &item->views.views[0];
    calo_status status = CALO_OK;
    if (item->options->sheet_path)
        status = calo_sheet_create(item->views.count, first->width, first->height, item->render.channels,
                                   calo_path_name(item->path), 0, &run->sheet, err);
    if (!item->options->thumbnail_path || status != CALO_OK)
        return status;
    run->thumbnail_views = item->views.count < THUMBNAIL_VIEWS ? item->views.count : THUMBNAIL_VIEWS;
    /* Colour is the first channel; who did not ask for it gets the first of the others. */
    return calo_strip_create(run->thumbnail_views, first->width, first->height,
                             (calo_channel)__builtin_ctz(item->render.channels), THUMBNAIL_PIXELS, &run->thumbnail, err);
}

static calo_status write_picture(const calo_sheet *sheet, const char *path, bool *uncommitted, calo_error *err)
{
    calo_blob blob = {0};
    size_t folder_length = path ? calo_path_folder_length(path) : 0;
    calo_status status = CALO_OK;
    if (!path)
        return CALO_OK;
    if (folder_length > 1) {
        char *folder = strndup(path, folder_length - 1);
        status = folder ? calo_folder_create(folder, err) : calo_fail_memory(err, "a path", folder_length);
        free(folder);
    }
    if (status == CALO_OK)
        status = calo_encode_png(calo_sheet_picture(sheet), &blob, err);
    if (status == CALO_OK)
        status = calo_file_write(path, blob.bytes, blob.size, err);
    *uncommitted = status == CALO_OK;
    calo_blob_finish(&blob);
    return status;
}

static calo_status write_pictures(output_run *run, calo_error *err)
{
    calo_item *item = run->item;
    calo_status status = write_picture(run->sheet, item->options->sheet_path, &item->sheet_uncommitted, err);
    return status == CALO_OK
               ? write_picture(run->thumbnail, item->options->thumbnail_path, &item->thumbnail_uncommitted, err)
               : status;
}

/* ---- the run ---- */

static calo_status open_package(calo_item *item, const char *name, calo_error *err)
{
    const char *folder = item->options->output_folder;
    item->stored_views = (calo_store_views){item->views.views, item->views.count, item->render.channels,
                                            item->render.color_format, item->render.background_depth, &item->layout};
    switch (item->options->package) {
    case CALO_PACKAGE_ZIP: return calo_store_open_zip(folder, name, &item->store, err);
    case CALO_PACKAGE_WEBDATASET: return calo_store_open_webdataset(folder, name, &item->store, err);
    case CALO_PACKAGE_TORCH:
        return calo_store_open_torch(folder, name, &item->stored_views, item->options->staged, &item->store, err);
    case CALO_PACKAGE_SAFETENSORS:
        return calo_store_open_safetensors(folder, name, &item->stored_views, &item->store, err);
    default: return calo_store_open_folder(folder, name, &item->store, err);
    }
}

calo_status calo_item_open_store(calo_item *item, calo_error *err)
{
    const calo_item_options *options = item->options;
    char *name = NULL;
    calo_status status = calo_item_name(item->path, options, &name, err);
    if (status != CALO_OK)
        return status;
    status = open_package(item, name, err);
    free(name);
    if (status != CALO_OK)
        return status;
    item->result->path = strdup(calo_store_path(item->store));
    return item->result->path ? CALO_OK : calo_fail_memory(err, "a path", 0);
}

/* Variants that are prepared and rendered together. */
typedef struct variant_batch {
    calo_item *item;
    size_t first, count;
    calo_pose *poses[VARIANTS_TOGETHER];
    calo_prepared *prepared[VARIANTS_TOGETHER];
    const calo_prepared **by_view;
} variant_batch;

static calo_status prepare_variants(variant_batch *batch, calo_error *err)
{
    calo_item *item = batch->item;
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < batch->count; i++) {
        calo_prepare_options prepare = item->prepare;
        prepare.reuse = i ? batch->prepared[0] : NULL;
        if (item->variants) {
            prepare.lighting = &item->variants[batch->first + i].lighting;
            prepare.materials = item->variants[batch->first + i].look->materials;
        }
        status = calo_item_make_pose(item, batch->first + i, &batch->poses[i], err);
        if (status == CALO_OK)
            status = calo_renderer_prepare(item->renderer, batch->poses[i], &prepare, &batch->prepared[i], err);
    }
    return status;
}

static void empty_batch(variant_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        calo_prepared_destroy(batch->prepared[i]);
        calo_pose_destroy(batch->poses[i]);
        batch->prepared[i] = NULL;
        batch->poses[i] = NULL;
    }
}

/* Nothing waits for metadata.json, so it is made beside. */
static calo_status prepare_or_describe(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    variant_batch *batch = user;
    return index == 1 ? calo_item_describe(batch->item, err) : prepare_variants(batch, err);
}

/* Quality is told by the mask. Where a look changes pictures, they are rendered for that. */
static calo_render_options options_of(const variant_batch *batch)
{
    const calo_item *item = batch->item;
    calo_render_options render = item->render;
    render.channels |= CALO_CHANNEL_BIT(CALO_CHANNEL_MASK);
    for (size_t i = 0; i < batch->count; i++) {
        const calo_post_processing *post = post_of(item, batch->first + i);
        if (!post)
            continue;
        render.color_format = CALO_PIXEL_RGBA32F;
        if (post->ambient_occlusion && post->occlusion_intensity > 0)
            render.channels |= CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) | CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL);
        if (post->background.kind != CALO_POST_BACKGROUND_KEEP)
            render.background = CALO_BACKGROUND_TRANSPARENT;
    }
    return render;
}

static calo_status render_batch(output_run *run, variant_batch *batch, calo_error *err)
{
    calo_item *item = run->item;
    size_t each = item->views.count / item->variant_count, count = batch->count * each;
    run->first_view = batch->first * each;
    for (size_t i = 0; i < count; i++)
        batch->by_view[i] = batch->prepared[i / each];
    calo_render_options render = options_of(batch);
    return calo_renderer_render_scenes(item->renderer, batch->by_view, &render, item->views.views + run->first_view,
                                       count, NULL, on_frame, run, err);
}

static calo_status render_views(output_run *run, calo_error *err)
{
    calo_item *item = run->item;
    variant_batch batch = {.item = item, .by_view = calloc(item->views.count, sizeof *batch.by_view)};
    if (!batch.by_view)
        return calo_fail_memory(err, "a list of views", item->views.count * sizeof *batch.by_view);
    calo_status status = CALO_OK;
    for (size_t first = 0; status == CALO_OK && first < item->variant_count; first += VARIANTS_TOGETHER) {
        size_t left = item->variant_count - first;
        batch.first = first;
        batch.count = left < VARIANTS_TOGETHER ? left : VARIANTS_TOGETHER;
        if (first == 0)
            status = calo_thread_for(calo_renderer_threads(item->renderer), 2, prepare_or_describe, &batch, err);
        else
            status = prepare_variants(&batch, err);
        if (status == CALO_OK)
            status = render_batch(run, &batch, err);
        empty_batch(&batch);
    }
    free(batch.by_view);
    return status;
}

calo_status calo_item_render(calo_item *item, calo_error *err)
{
    double start = calo_clock_seconds();
    output_run run = {.item = item};
    run.waiting = calloc(item->views.count, sizeof *run.waiting);
    item->qualities = calloc(item->views.count, sizeof *item->qualities);
    if (!run.waiting || !item->qualities) {
        free(run.waiting);
        return calo_fail_memory(err, "a list of views", item->views.count * sizeof *item->qualities);
    }
    pthread_mutex_init(&run.lock, NULL);
    calo_status status = open_pictures(&run, err);
    if (status == CALO_OK)
        status = render_views(&run, err);
    if (status == CALO_OK)
        status = write_pictures(&run, err);
    for (size_t i = 0; i < item->views.count; i++)
        free_view(run.waiting[i]);
    free(run.waiting);
    calo_sheet_destroy(run.sheet);
    calo_sheet_destroy(run.thumbnail);
    pthread_mutex_destroy(&run.lock);
    item->result->render_seconds = calo_clock_seconds() - start;
    return status;
}
