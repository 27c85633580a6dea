#include "render/node_colors.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/color.h"
#include "scene/instances.h"

/* ---- which ids a node has ---- */

calo_status calo_node_ids_make(const calo_scene *scene, calo_node_ids *ids, calo_error *err)
{
    size_t bytes = (scene->node_count + (size_t)1) * sizeof *ids->first;
    uint64_t next = 1;
    *ids = (calo_node_ids){.first = malloc(bytes), .node_count = scene->node_count};
    if (!ids->first)
        return calo_fail_memory(err, "the nodes' ids", bytes);
    for (uint32_t n = 0; n <= scene->node_count; n++) {
        if (next > UINT32_MAX)
            return calo_fail(err, CALO_ERROR_LIMIT, "%s has more than 4 billion instances", scene->path);
        ids->first[n] = (uint32_t)next;
        next += n < scene->node_count ? calo_node_instance_count(&scene->nodes[n]) : 0;
    }
    return CALO_OK;
}

void calo_node_ids_finish(calo_node_ids *ids)
{
    free(ids->first);
    *ids = (calo_node_ids){0};
}

/* ---- colours by id ---- */

typedef struct pixel_code {
    uint8_t rgba[4];
} pixel_code;

typedef struct color_run {
    const calo_batch *batch; /* as it was asked for */
    pixel_code *codes;       /* by instance id */
    uint32_t id_count;
} color_run;

static calo_status mark_nodes(const calo_render_options *options, const calo_node_ids *ids, pixel_code *codes,
                              uint8_t *listed, calo_error *err)
{
    for (uint32_t i = 0; i < options->node_color_count; i++) {
        const calo_node_color *color = &options->node_colors[i];
        if (color->node >= ids->node_count)
            return calo_fail(err, CALO_ERROR_ARGUMENT, "a colour for node %u: the scene's nodes are 0 to %lld",
                             color->node, (long long)ids->node_count - 1);
        if (listed[color->node])
            return calo_fail(err, CALO_ERROR_ARGUMENT, "node %u has two colours: list it once", color->node);
        listed[color->node] = 1;
        for (uint32_t id = ids->first[color->node]; id < ids->first[color->node + 1]; id++)
            memcpy(codes[id].rgba, color->rgb, sizeof color->rgb);
    }
    return CALO_OK;
}

static calo_status make_codes(const calo_render_options *options, const calo_node_ids *ids, color_run *run,
                              calo_error *err)
{
    run->id_count = ids->first[ids->node_count];
    run->codes = calloc(run->id_count, sizeof *run->codes);
    uint8_t *listed = calloc(ids->node_count + (size_t)1, 1);
    calo_status status = CALO_OK;
    if (!run->codes || !listed)
        status = calo_fail_memory(err, "the nodes' colours", run->id_count * sizeof *run->codes);
    for (uint32_t id = 0; status == CALO_OK && id < run->id_count; id++)
        run->codes[id].rgba[3] = id == 0 && options->background == CALO_BACKGROUND_TRANSPARENT ? 0 : 255;
    if (status == CALO_OK)
        status = mark_nodes(options, ids, run->codes, listed, err);
    free(listed);
    return status;
}

static void paint_pixel(const pixel_code *code, calo_pixel_format format, char *out)
{
    float linear[4];
    if (format != CALO_PIXEL_RGBA32F) {
        memcpy(out, code->rgba, format == CALO_PIXEL_RGB8 ? 3 : 4);
        return;
    }
    for (int c = 0; c < 3; c++)
        linear[c] = calo_linear_from_srgb(code->rgba[c]);
    linear[3] = code->rgba[3] ? 1 : 0;
    memcpy(out, linear, sizeof linear);
}

static void paint(const color_run *run, const calo_image *ids, const calo_image *color)
{
    size_t bytes = calo_pixel_bytes(color->format);
    for (uint32_t y = 0; y < color->height; y++) {
        const char *from = (const char *)ids->data + y * ids->row_bytes;
        char *to = (char *)color->data + y * color->row_bytes;
        for (uint32_t x = 0; x < color->width; x++) {
            uint32_t id;
            memcpy(&id, from + x * sizeof id, sizeof id);
            paint_pixel(&run->codes[id < run->id_count ? id : 0], color->format, to + x * bytes);
        }
    }
}

/* ---- a batch ---- */

static void copy_plane(const calo_image *from, const calo_image *to)
{
    size_t bytes = from->width * (size_t)calo_pixel_bytes(from->format);
    for (uint32_t y = 0; y < from->height; y++)
        memcpy((char *)to->data + y * to->row_bytes, (const char *)from->data + y * from->row_bytes, bytes);
}

/* Into the caller's frame. */
static calo_status fill_frame(const color_run *run, size_t index, const calo_frame *drawn, calo_error *err)
{
    const calo_batch *batch = run->batch;
    calo_frame *frame = &batch->frames[index];
    for (int c = CALO_CHANNEL_COLOR + 1; c < CALO_CHANNEL_COUNT; c++)
        if (batch->options.channels >> c & 1)
            copy_plane(&drawn->planes[c], &frame->planes[c]);
    paint(run, &drawn->planes[CALO_CHANNEL_INSTANCE_ID], &frame->planes[CALO_CHANNEL_COLOR]);
    return calo_batch_hand_out(batch, index, frame, err);
}

/* The renderer's own frame with colour in it, and without the ids if nobody asked for them. */
static calo_status lend_frame(const color_run *run, size_t index, const calo_frame *drawn, calo_error *err)
{
    const calo_batch *batch = run->batch;
    calo_frame frame = *drawn;
    calo_image *color = &frame.planes[CALO_CHANNEL_COLOR];
    calo_status status = calo_image_init(color, drawn->width, drawn->height, batch->options.color_format, err);
    if (status != CALO_OK)
        return status;
    paint(run, &drawn->planes[CALO_CHANNEL_INSTANCE_ID], color);
    if (!(batch->options.channels & CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID)))
        frame.planes[CALO_CHANNEL_INSTANCE_ID] = (calo_image){0};
    status = batch->on_frame(batch->user, index, &frame, err);
    calo_image_finish(color);
    return status;
}

static calo_status take_drawn(void *user, size_t index, calo_frame *drawn, calo_error *err)
{
    const color_run *run = user;
    return run->batch->frames ? fill_frame(run, index, drawn, err) : lend_frame(run, index, drawn, err);
}

calo_status calo_node_colors_run(calo_crew *crew, const calo_batch *batch, const calo_node_ids *ids, calo_error *err)
{
    color_run run = {.batch = batch};
    calo_batch inner = *batch;
    calo_frame *frame;
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && batch->frames && i < batch->view_count; i++)
        status = calo_batch_find_frame(batch, i, NULL, &frame, err);
    if (status == CALO_OK)
        status = make_codes(&batch->options, ids, &run, err);
    inner.options.channels &= ~CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    inner.options.channels |= CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID);
    inner.options.node_colors = NULL;
    inner.frames = NULL;
    inner.on_frame = take_drawn;
    inner.user = &run;
    if (status == CALO_OK)
        status = calo_crew_run(crew, &inner, err);
    free(run.codes);
    return status;
}
