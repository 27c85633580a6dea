#include "render/node_colors.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/color.h"
#include "render/lens/run.h"
#include "scene/instances.h"

/* ---- which ids a node has ---- */

calo_status calo_node_ids_make(const calo_scene *scene, calo_node_ids *ids, calo_error *err)
{
    size_t bytes = (scene->node_count + (size_t)1) * sizeof *ids->ranges;
    calo_instance_ids next = calo_instance_ids_start(scene);
    *ids = (calo_node_ids){.ranges = malloc(bytes), .node_count = scene->node_count};
    if (!ids->ranges)
        return calo_fail_memory(err, "the nodes' ids", bytes);
    for (uint32_t n = 0; n < scene->node_count; n++) {
        uint64_t first = calo_instance_ids_take(&next, &scene->nodes[n]);
        uint64_t end = first + calo_node_id_count(&scene->nodes[n]);
        ids->shared |= scene->nodes[n].instance_id != 0;
        if (end > UINT32_MAX)
            return calo_fail(err, CALO_ERROR_LIMIT, "%s has more than 4 billion instances", scene->path);
        ids->ranges[n] = (calo_id_range){(uint32_t)first, (uint32_t)end};
    }
    ids->end = (uint32_t)next.next_hidden;
    return CALO_OK;
}

void calo_node_ids_finish(calo_node_ids *ids)
{
    free(ids->ranges);
    *ids = (calo_node_ids){0};
}

/* ---- colours by id ---- */

typedef struct pixel_code {
    uint8_t rgba[4];
} pixel_code;

/* By instance id, of one scene. */
typedef struct code_table {
    pixel_code *codes;
    uint32_t id_count;
} code_table;

typedef struct color_run {
    const calo_batch *batch; /* as it was asked for */
    const calo_node_ids *ids; /* of the first view's scene, and mostly of all: poses have the same */
    code_table table;        /* for them */
} color_run;

/* Each node that has a colour has one, and is a node of every scene. */
static calo_status check_colors(const calo_batch *batch, calo_error *err)
{
    const calo_render_options *options = &batch->options;
    size_t smallest = 0;
    for (size_t i = 0; i < (batch->one_scene ? 1 : batch->view_count); i++)
        if (calo_batch_prepared(batch, i)->ids.shared)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED, "nodes of view %zu's scene share instance ids "
                             "(calo_node.instance_id), by which colours of nodes are found: give them none", i);
    for (size_t i = 1; !batch->one_scene && i < batch->view_count; i++)
        if (batch->prepared[i]->ids.node_count < batch->prepared[smallest]->ids.node_count)
            smallest = i;
    uint32_t node_count = batch->prepared[smallest]->ids.node_count;
    bool *listed = calloc(node_count + (size_t)1, sizeof *listed);
    if (!listed)
        return calo_fail_memory(err, "the nodes' colours", node_count * sizeof *listed);
    calo_status status = CALO_OK;
    for (uint32_t i = 0; status == CALO_OK && i < options->node_color_count; i++) {
        uint32_t node = options->node_colors[i].node;
        if (node >= node_count)
            status = calo_fail(err, CALO_ERROR_ARGUMENT, "a colour for node %u: the scene's nodes are 0 to %lld (view "
                               "%zu)", node, (long long)node_count - 1, smallest);
        else if (listed[node])
            status = calo_fail(err, CALO_ERROR_ARGUMENT, "node %u has two colours: list it once", node);
        else
            listed[node] = true;
    }
    free(listed);
    return status;
}

static calo_status make_table(const calo_render_options *options, const calo_node_ids *ids, code_table *table,
                              calo_error *err)
{
    table->id_count = ids->end;
    table->codes = calloc(table->id_count, sizeof *table->codes);
    if (!table->codes)
        return calo_fail_memory(err, "the nodes' colours", table->id_count * sizeof *table->codes);
    float opacity = options->background == CALO_BACKGROUND_TRANSPARENT ? 0 : 1 - options->background_transparency;
    for (uint32_t id = 0; id < table->id_count; id++)
        table->codes[id].rgba[3] = id == 0 ? (uint8_t)(opacity * 255 + 0.5f) : 255;
    for (uint32_t i = 0; i < options->node_color_count; i++) {
        const calo_node_color *color = &options->node_colors[i];
        for (uint32_t id = ids->ranges[color->node].first; id < ids->ranges[color->node].end; id++)
            memcpy(table->codes[id].rgba, color->rgb, sizeof color->rgb);
    }
    return CALO_OK;
}

static bool are_same(const calo_node_ids *a, const calo_node_ids *b)
{
    return a == b || (a->node_count == b->node_count &&
                      memcmp(a->ranges, b->ranges, a->node_count * sizeof *a->ranges) == 0);
}

/* The codes for a view: the run's, or else `own`, which the caller frees. */
static calo_status find_table(const color_run *run, size_t index, code_table *own, const code_table **table,
                              calo_error *err)
{
    const calo_node_ids *ids = &calo_batch_prepared(run->batch, index)->ids;
    bool shared = are_same(ids, run->ids);
    *own = (code_table){0};
    *table = shared ? &run->table : own;
    return shared ? CALO_OK : make_table(&run->batch->options, ids, own, err);
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
    linear[3] = (float)code->rgba[3] / 255;
    memcpy(out, linear, sizeof linear);
}

static void paint(const code_table *table, const calo_image *ids, const calo_image *color)
{
    size_t bytes = calo_pixel_bytes(color->format);
    for (uint32_t y = 0; y < color->height; y++) {
        const char *from = (const char *)ids->data + y * ids->row_bytes;
        char *to = (char *)color->data + y * color->row_bytes;
        for (uint32_t x = 0; x < color->width; x++) {
            uint32_t id;
            memcpy(&id, from + x * sizeof id, sizeof id);
            paint_pixel(&table->codes[id < table->id_count ? id : 0], color->format, to + x * bytes);
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
static calo_status fill_frame(const color_run *run, const code_table *table, size_t index, const calo_frame *drawn,
                              calo_error *err)
{
    const calo_batch *batch = run->batch;
    calo_frame *frame = &batch->frames[index];
    for (int c = CALO_CHANNEL_COLOR + 1; c < CALO_CHANNEL_COUNT; c++)
        if (batch->options.channels >> c & 1)
            copy_plane(&drawn->planes[c], &frame->planes[c]);
    paint(table, &drawn->planes[CALO_CHANNEL_INSTANCE_ID], &frame->planes[CALO_CHANNEL_COLOR]);
    return calo_batch_hand_out(batch, index, frame, err);
}

/* The renderer's own frame with colour in it, and without the ids if nobody asked for them. */
static calo_status lend_frame(const color_run *run, const code_table *table, size_t index, const calo_frame *drawn,
                              calo_error *err)
{
    const calo_batch *batch = run->batch;
    calo_frame frame = *drawn;
    calo_image *color = &frame.planes[CALO_CHANNEL_COLOR];
    calo_status status = calo_image_init(color, drawn->width, drawn->height, batch->options.color_format, err);
    if (status != CALO_OK)
        return status;
    paint(table, &drawn->planes[CALO_CHANNEL_INSTANCE_ID], color);
    if (!(batch->options.channels & CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID)))
        frame.planes[CALO_CHANNEL_INSTANCE_ID] = (calo_image){0};
    status = batch->on_frame(batch->user, index, &frame, err);
    calo_image_finish(color);
    return status;
}

static calo_status take_drawn(void *user, size_t index, calo_frame *drawn, calo_error *err)
{
    const color_run *run = user;
    const code_table *table;
    code_table own;
    calo_status status = find_table(run, index, &own, &table, err);
    if (status == CALO_OK)
        status = run->batch->frames ? fill_frame(run, table, index, drawn, err)
                                    : lend_frame(run, table, index, drawn, err);
    free(own.codes);
    return status;
}

calo_status calo_node_colors_run(calo_crew *crew, const calo_batch *batch, calo_error *err)
{
    if (batch->view_count == 0)
        return CALO_OK;
    color_run run = {.batch = batch, .ids = &batch->prepared[0]->ids};
    calo_batch inner = *batch;
    calo_frame *frame;
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && batch->frames && i < batch->view_count; i++)
        status = calo_batch_find_frame(batch, i, NULL, &frame, err);
    if (status == CALO_OK)
        status = check_colors(batch, err);
    if (status == CALO_OK)
        status = make_table(&batch->options, run.ids, &run.table, err);
    inner.options.channels &= ~CALO_CHANNEL_BIT(CALO_CHANNEL_COLOR);
    inner.options.channels |= CALO_CHANNEL_BIT(CALO_CHANNEL_INSTANCE_ID);
    inner.options.node_colors = NULL;
    inner.frames = NULL;
    inner.on_frame = take_drawn;
    inner.user = &run;
    if (status == CALO_OK)
        status = calo_lens_run(crew, &inner, err);
    free(run.table.codes);
    return status;
}
