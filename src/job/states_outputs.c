/* A batch's frames to the pictures that were asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "job/states.h"

/* ---- kinds of outputs ---- */

typedef struct output_kind {
    uint32_t kind, channel; /* what it is made of */
    uint32_t pixel_bytes;
} output_kind;

static const output_kind special_kinds[] = {
    {CALO_OUTPUT_RGB, CALO_CHANNEL_COLOR, 3},
    {CALO_OUTPUT_SEMANTIC, CALO_CHANNEL_INSTANCE_ID, 4},
    {CALO_OUTPUT_ORRB_DEPTH, CALO_CHANNEL_DEPTH, 4},
    {CALO_OUTPUT_ORRB_NORMALS, CALO_CHANNEL_NORMAL, 12},
    {CALO_OUTPUT_ORRB_SEGMENTATION, CALO_CHANNEL_INSTANCE_ID, 1},
    {CALO_OUTPUT_MUJOCO_SEGMENTATION, CALO_CHANNEL_INSTANCE_ID, 8},
};

/* Of 0 bytes a pixel where there is no such kind. */
static output_kind find_kind(uint32_t kind)
{
    if (kind < CALO_CHANNEL_COUNT) {
        calo_pixel_format format = calo_channel_format((calo_channel)kind, CALO_PIXEL_RGBA8);
        return (output_kind){kind, kind, calo_pixel_bytes(format)};
    }
    for (size_t i = 0; i < sizeof special_kinds / sizeof special_kinds[0]; i++)
        if (special_kinds[i].kind == kind)
            return special_kinds[i];
    return (output_kind){0};
}

uint32_t calo_output_pixel_bytes(uint32_t kind) { return find_kind(kind).pixel_bytes; }

calo_status calo_state_outputs_check(const calo_states *states, const calo_states_request *request, calo_error *err)
{
    bool rgb = false, rgba = false;
    if (!request->output_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "no output is asked for: name at least one channel");
    for (size_t i = 0; i < request->output_count; i++) {
        uint32_t kind = request->outputs[i].kind;
        if (!calo_output_pixel_bytes(kind))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "output %zu is of a kind that there is not: %u", i, kind);
        if (kind == CALO_OUTPUT_MUJOCO_SEGMENTATION && !states->subject.model)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "MuJoCo's segmentation is for MuJoCo's models: %s has instance ids",
                             states->scene->path);
        if (kind == CALO_OUTPUT_ORRB_SEGMENTATION && states->labels.category_count > UINT8_MAX)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s has %zu categories, ORRB's segmentation has room for 255: ask "
                             "for semantic ids", states->scene->path, states->labels.category_count);
        rgb |= kind == CALO_OUTPUT_RGB;
        rgba |= kind == CALO_CHANNEL_COLOR;
    }
    if (rgb && rgba)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "colour with alpha and without: ask for one of them");
    return CALO_OK;
}

/* ---- pixels ---- */

static void write_rgb(const uint8_t *from, uint8_t *to, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++, from += 4, to += 3) {
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
    }
}

/* Unity's linear depth as ORRB's shader has it: z times (1 - near / far), plus near. */
static void write_orrb_depth(const float *from, float *to, uint32_t width, const calo_view *view)
{
    float near_metres = (float)view->near_metres;
    float slope = view->far_metres > 0 ? (float)(1 - view->near_metres / view->far_metres) : 1;
    for (uint32_t x = 0; x < width; x++)
        to[x] = from[x] > 0 ? from[x] * slope + near_metres : 0;
}

static void write_orrb_normals(const float *from, float *to, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++, from += 3, to += 3) {
        bool nothing = from[0] == 0 && from[1] == 0 && from[2] == 0;
        to[0] = nothing ? 0 : from[0] * 0.5f + 0.5f;
        to[1] = nothing ? 0 : from[1] * 0.5f + 0.5f;
        to[2] = nothing ? 1 : from[2] * 0.5f + 0.5f;
    }
}

static void write_labels(const calo_state_labels *labels, uint32_t kind, const uint32_t *ids, void *to, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        uint32_t id = ids[x] < labels->id_count ? ids[x] : 0;
        if (kind == CALO_OUTPUT_SEMANTIC)
            ((uint32_t *)to)[x] = labels->categories[id];
        else if (kind == CALO_OUTPUT_ORRB_SEGMENTATION)
            ((uint8_t *)to)[x] = (uint8_t)labels->categories[id];
        else
            memcpy((int32_t *)to + 2 * (size_t)x, labels->objects[id], sizeof labels->objects[id]);
    }
}

static void write_row(const calo_states *states, const output_kind *kind, const calo_view *view, const void *from, void *to,
                      uint32_t width)
{
    switch (kind->kind) {
    case CALO_OUTPUT_RGB: write_rgb(from, to, width); break;
    case CALO_OUTPUT_ORRB_DEPTH: write_orrb_depth(from, to, width, view); break;
    case CALO_OUTPUT_ORRB_NORMALS: write_orrb_normals(from, to, width); break;
    case CALO_OUTPUT_SEMANTIC:
    case CALO_OUTPUT_ORRB_SEGMENTATION:
    case CALO_OUTPUT_MUJOCO_SEGMENTATION: write_labels(&states->labels, kind->kind, from, to, width); break;
    default: memcpy(to, from, (size_t)kind->pixel_bytes * width);
    }
}

/* ---- a run over some of a batch's views ---- */

/* How colour pictures come about. Views of one kind are drawn together. */
typedef enum color_kind {
    COLOR_PLAIN,      /* as rendered */
    COLOR_PROCESSED,  /* then changed */
    COLOR_BACKGROUND, /* then changed, with a background of the look's own */
    COLOR_KINDS,
} color_kind;

typedef struct output_run {
    const calo_state_batch *batch;
    uint32_t channels; /* that this run writes */
    color_kind kind;
    size_t count;
    calo_view *views;
    const calo_prepared **prepared;
    size_t *indices; /* among the batch's views */
} output_run;

/* One picture on its way into an output. */
typedef struct picture_write {
    const output_run *run;
    size_t view; /* of the run */
    uint32_t channel;
} picture_write;

static const calo_look *look_of(const calo_state_batch *batch, size_t index)
{
    return batch->states->subject.randomizer ? batch->states->looks[index / batch->cameras] : NULL;
}

static color_kind color_kind_of(const calo_look *look)
{
    if (!look || !look->has_post || calo_post_is_off(&look->post))
        return COLOR_PLAIN;
    return look->post.background.kind == CALO_POST_BACKGROUND_KEEP ? COLOR_PROCESSED : COLOR_BACKGROUND;
}

static void write_picture(const output_run *run, const calo_output *output, const output_kind *kind, size_t view,
                          const calo_image *plane)
{
    const calo_state_batch *batch = run->batch;
    size_t index = run->indices[view], state = batch->first + index / batch->cameras, camera = index % batch->cameras;
    size_t row_bytes = (size_t)kind->pixel_bytes * plane->width;
    output_kind as = *kind;
    if (plane->format == CALO_PIXEL_RGB8)
        as.kind = CALO_CHANNEL_COLOR; /* which is copied */
    char *to = (char *)output->data + state * output->state_stride + camera * output->camera_stride;
    for (uint32_t y = 0; y < plane->height; y++) {
        uint32_t row = batch->request->rows_bottom_up ? plane->height - 1 - y : y;
        write_row(batch->states, &as, &run->views[view], (const char *)plane->data + y * plane->row_bytes,
                  to + row * row_bytes, plane->width);
    }
}

/* Into all outputs that are made of the channel. */
static void write_channel(void *user, const calo_image *plane)
{
    const picture_write *write = user;
    const calo_states_request *request = write->run->batch->request;
    for (size_t i = 0; i < request->output_count; i++) {
        output_kind kind = find_kind(request->outputs[i].kind);
        if (kind.channel == write->channel)
            write_picture(write->run, &request->outputs[i], &kind, write->view, plane);
    }
}

static calo_status write_outputs(void *user, size_t view, calo_frame *frame, calo_error *err)
{
    const output_run *run = user;
    const calo_states *states = run->batch->states;
    for (uint32_t channel = 0; channel < CALO_CHANNEL_COUNT; channel++) {
        picture_write write = {run, view, channel};
        if (!(run->channels & CALO_CHANNEL_BIT(channel)))
            continue;
        if (channel != CALO_CHANNEL_COLOR || run->kind == COLOR_PLAIN) {
            write_channel(&write, &frame->planes[channel]);
            continue;
        }
        const calo_post_processing *post = &look_of(run->batch, run->indices[view])->post;
        bool display_referred = states->options.prepare.shading != CALO_SHADING_GLTF;
        calo_status status = calo_state_post_run(states->post, post, display_referred, &run->views[view], frame,
                                                 write_channel, &write, err);
        if (status != CALO_OK)
            return status;
    }
    return CALO_OK;
}

static bool wants(const calo_states_request *request, uint32_t kind)
{
    for (size_t i = 0; i < request->output_count; i++)
        if (request->outputs[i].kind == kind)
            return true;
    return false;
}

static calo_render_options options_of(const output_run *run)
{
    const calo_states_request *request = run->batch->request;
    calo_render_options options = run->batch->states->options.render;
    options.channels = run->channels;
    options.color_format = CALO_PIXEL_RGBA8;
    options.poll = request->poll;
    options.poll_user = request->poll_user;
    /* Colour without alpha lies over black where nothing else is behind it. */
    if (options.background == CALO_BACKGROUND_TRANSPARENT && wants(request, CALO_OUTPUT_RGB))
        options.background = CALO_BACKGROUND_COLOR;
    if (wants(request, CALO_OUTPUT_RGB))
        options.color_format = CALO_PIXEL_RGB8;
    if (run->kind == COLOR_BACKGROUND)
        options.background = CALO_BACKGROUND_TRANSPARENT;
    if (run->kind != COLOR_PLAIN) {
        options.color_format = CALO_PIXEL_RGBA32F;
        options.channels |= CALO_CHANNEL_BIT(CALO_CHANNEL_DEPTH) | CALO_CHANNEL_BIT(CALO_CHANNEL_NORMAL);
        options.world_space_normals = options.ray_depth = false;
        options.background_depth = 0;
    }
    return options;
}

/* The views of one kind; of all kinds where no colour is drawn. */
static void gather(output_run *run, const calo_view *views)
{
    const calo_state_batch *batch = run->batch;
    bool has_color = run->channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    run->count = 0;
    for (size_t i = 0; i < batch->count * batch->cameras; i++) {
        if (has_color && color_kind_of(look_of(batch, i)) != run->kind)
            continue;
        run->views[run->count] = views[i];
        run->prepared[run->count] = batch->view_prepared[i];
        run->indices[run->count++] = i;
    }
}

static calo_status render(const calo_state_batch *batch, const calo_view *views, uint32_t channels, calo_error *err)
{
    size_t capacity = batch->count * batch->cameras;
    output_run run = {.batch = batch, .channels = channels};
    run.views = malloc(capacity * sizeof *run.views);
    run.prepared = malloc(capacity * sizeof *run.prepared);
    run.indices = malloc(capacity * sizeof *run.indices);
    calo_status status = CALO_OK;
    if (!run.views || !run.prepared || !run.indices)
        status = calo_fail_memory(err, "a batch of views", capacity * sizeof *run.views);
    uint32_t kinds = channels & CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR) ? COLOR_KINDS : 1;
    for (uint32_t kind = 0; status == CALO_OK && kind < kinds; kind++) {
        run.kind = (color_kind)kind;
        gather(&run, views);
        calo_render_options options = options_of(&run);
        if (run.count)
            status = calo_renderer_render_scenes(batch->states->renderer, run.prepared, &options, run.views, run.count,
                                                 NULL, write_outputs, &run, err);
    }
    free(run.views);
    free(run.prepared);
    free(run.indices);
    return status;
}

uint32_t calo_state_channels(const calo_states_request *request)
{
    uint32_t channels = 0;
    for (size_t i = 0; i < request->output_count; i++)
        channels |= CALO_CHANNEL_BIT(find_kind(request->outputs[i].kind).channel);
    return channels;
}

calo_status calo_state_batch_render(calo_state_batch *batch, calo_error *err)
{
    uint32_t wanted = calo_state_channels(batch->request), color = CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    const calo_render_options *options = &batch->states->options.render;
    /* Post-processing reads depths and normals of one kind only. */
    bool other_kinds = options->world_space_normals || options->ray_depth || options->background_depth != 0;
    if (!batch->color_apart && !other_kinds)
        return render(batch, batch->views, wanted, err);
    calo_status status = wanted & color ? render(batch, batch->color_views, color, err) : CALO_OK;
    if (status == CALO_OK && wanted & ~color)
        status = render(batch, batch->views, wanted & ~color, err);
    return status;
}
