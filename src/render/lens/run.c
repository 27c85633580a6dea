/* A batch is drawn in stretches: views without a lens as they are; views with one in groups, whose tiles are drawn
 * together as views of their own, then looked up by all threads, then handed out. The tiles of a large picture are
 * drawn some at a time. */
#include "render/lens/run.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/large.h"
#include "render/lens/look_up.h"

/* Views of a group; tiles' pixels that are drawn at a time; rows of a piece of looking up. */
enum { GROUP_MAX = 16, PIXELS_AT_A_TIME = CALO_LENS_TILE_PIXELS_MAX, PIECE_ROWS = 16 };
/* Plans are kept for views to come while they have fewer pixels together (16 bytes each). */
enum { PLAN_PIXELS_KEPT = 16 << 20 };

typedef struct kept_plan {
    calo_lens_plan plan;
    uint64_t last_used;
} kept_plan;

/* A tile that is drawn: of the group's view `member`. */
typedef struct group_tile {
    size_t member;
    const calo_lens_tile *tile;
    size_t drawn;        /* which of the pictures, where the tile is not empty */
    size_t first_piece;  /* of the look-up's pieces */
} group_tile;

struct calo_lens_memory {
    kept_plan plans[GROUP_MAX];
    uint64_t clock;
    calo_frame own_frames[GROUP_MAX]; /* when the caller gives none */
    /* Of the tiles that are drawn at a time; all have room for `capacity`. The frames' planes lie in `pixels`. */
    group_tile *tiles;
    calo_view *views;
    const calo_prepared **prepared;
    calo_frame *frames;
    size_t capacity;
    char *pixels;
    size_t pixel_bytes;
};

typedef struct lens_group {
    calo_crew *crew;
    calo_lens_memory *memory;
    const calo_batch *batch;
    size_t first, count; /* of the batch's views */
    const calo_lens_plan *plans[GROUP_MAX];
    calo_frame *frames[GROUP_MAX];
    size_t tile_count, drawn_count, piece_count; /* of the memory's, for now */
} lens_group;

void calo_lens_memory_destroy(calo_lens_memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < GROUP_MAX; i++) {
        calo_lens_plan_finish(&memory->plans[i].plan);
        calo_frame_finish(&memory->own_frames[i]);
    }
    free(memory->pixels);
    free(memory->tiles);
    free(memory->views);
    free(memory->prepared);
    free(memory->frames);
    free(memory);
}

/* ---- views without a lens ---- */

typedef struct moved_batch {
    const calo_batch *batch;
    size_t first;
} moved_batch;

static calo_status hand_out_moved(void *user, size_t index, calo_frame *frame, calo_error *err)
{
    const moved_batch *moved = user;
    return moved->batch->on_frame(moved->batch->user, moved->first + index, frame, err);
}

static calo_status run_plain(calo_crew *crew, const calo_batch *batch, size_t first, size_t count, calo_error *err)
{
    moved_batch moved = {batch, first};
    calo_batch part = *batch;
    part.prepared += batch->one_scene ? 0 : first;
    part.views += first;
    part.view_count = count;
    part.frames = batch->frames ? batch->frames + first : NULL;
    part.on_frame = batch->on_frame ? hand_out_moved : NULL;
    part.user = &moved;
    return calo_crew_run(crew, &part, err);
}

/* ---- plans ---- */

static kept_plan *find_plan(calo_lens_memory *memory, const calo_view *view)
{
    for (size_t i = 0; i < GROUP_MAX; i++)
        if (calo_lens_plan_fits(&memory->plans[i].plan, view))
            return &memory->plans[i];
    return NULL;
}

/* The one that was not used for longest. One that is in use now was used last. */
static kept_plan *oldest_plan(calo_lens_memory *memory)
{
    kept_plan *oldest = &memory->plans[0];
    for (size_t i = 1; i < GROUP_MAX; i++)
        if (memory->plans[i].last_used < oldest->last_used)
            oldest = &memory->plans[i];
    return oldest;
}

/* Forgets plans from before `now` while there are too many pixels in all. */
static void forget_plans(calo_lens_memory *memory, uint64_t now)
{
    for (;;) {
        kept_plan *oldest = NULL;
        size_t pixels = 0;
        for (size_t i = 0; i < GROUP_MAX; i++) {
            kept_plan *kept = &memory->plans[i];
            pixels += kept->plan.texel_capacity;
            if (kept->plan.texel_capacity && kept->last_used < now && (!oldest || kept->last_used < oldest->last_used))
                oldest = kept;
        }
        if (pixels <= PLAN_PIXELS_KEPT || !oldest)
            return;
        calo_lens_plan_finish(&oldest->plan);
    }
}

/* The plan of one more view of a group that began at `begun`. */
static calo_status add_plan(lens_group *group, uint64_t begun, calo_error *err)
{
    size_t index = group->first + group->count;
    const calo_view *view = &group->batch->views[index];
    kept_plan *kept = find_plan(group->memory, view);
    calo_status status = CALO_OK;
    if (!kept) {
        kept = oldest_plan(group->memory);
        status = calo_lens_plan_make(&kept->plan, view, index, group->crew->pool, group->batch->watch, err);
    }
    kept->last_used = ++group->memory->clock;
    group->plans[group->count] = &kept->plan;
    forget_plans(group->memory, begun);
    return status;
}

/* As many views with lenses as are drawn at a time, at least one. */
static calo_status gather(lens_group *group, calo_error *err)
{
    uint64_t pixels = 0, begun = group->memory->clock + 1;
    size_t most = group->crew->threads < GROUP_MAX ? group->crew->threads : GROUP_MAX;
    while (group->count < most && group->first + group->count < group->batch->view_count &&
           group->batch->views[group->first + group->count].lens != CALO_LENS_PINHOLE) {
        calo_status status = add_plan(group, begun, err);
        if (status != CALO_OK)
            return status;
        pixels += group->plans[group->count]->pixels;
        if (group->count > 0 && pixels > PIXELS_AT_A_TIME)
            break;
        group->count++;
    }
    return CALO_OK;
}

/* ---- drawing tiles ---- */

static calo_status reserve_tiles(calo_lens_memory *memory, size_t count, calo_error *err)
{
    if (count <= memory->capacity)
        return CALO_OK;
    count += count / 2;
    group_tile *tiles = realloc(memory->tiles, count * sizeof *tiles);
    memory->tiles = tiles ? tiles : memory->tiles;
    calo_view *views = realloc(memory->views, count * sizeof *views);
    memory->views = views ? views : memory->views;
    const calo_prepared **prepared = realloc(memory->prepared, count * sizeof *prepared);
    memory->prepared = prepared ? prepared : memory->prepared;
    calo_frame *frames = realloc(memory->frames, count * sizeof *frames);
    memory->frames = frames ? frames : memory->frames;
    if (!tiles || !views || !prepared || !frames)
        return calo_fail_memory(err, "the tiles of a lens", count * (sizeof *tiles + sizeof *views + sizeof *frames));
    memory->capacity = count;
    return CALO_OK;
}

static void add_tile(lens_group *group, size_t member, const calo_lens_tile *tile)
{
    group_tile *added = &group->memory->tiles[group->tile_count++];
    *added = (group_tile){.member = member, .tile = tile, .drawn = group->drawn_count,
                          .first_piece = group->piece_count};
    group->piece_count += (tile->bottom - tile->top + PIECE_ROWS - 1) / PIECE_ROWS;
    if (tile->empty)
        return;
    size_t index = group->first + member;
    group->memory->views[group->drawn_count] = calo_lens_tile_view(tile, &group->batch->views[index]);
    group->memory->prepared[group->drawn_count++] = calo_batch_prepared(group->batch, index);
}

/* The next tiles of the group, from a tile of one of its views on, as many as are drawn at a time. */
static calo_status take_tiles(lens_group *group, size_t *member, uint32_t *next, calo_error *err)
{
    uint64_t pixels = 0;
    group->tile_count = group->drawn_count = group->piece_count = 0;
    for (; *member < group->count; ++*member, *next = 0) {
        const calo_lens_plan *plan = group->plans[*member];
        for (; *next < plan->tile_count; ++*next) {
            const calo_lens_tile *tile = &plan->tiles[*next];
            pixels += (uint64_t)tile->width * tile->height;
            if (group->tile_count && pixels > PIXELS_AT_A_TIME)
                return CALO_OK;
            calo_status status = reserve_tiles(group->memory, group->tile_count + 1, err);
            if (status != CALO_OK)
                return status;
            add_tile(group, *member, tile);
        }
    }
    return CALO_OK;
}

/* Lays the planes of a tile's frame out from `offset` on and returns where they end; `pixels` NULL: only that. */
static size_t place_frame(const calo_batch *tiles, size_t index, char *pixels, size_t offset, calo_frame *frame)
{
    enum { ALIGNMENT = 64 };
    const calo_view *view = &tiles->views[index];
    *frame = (calo_frame){.width = view->width, .height = view->height};
    for (int c = 0; c < CALO_CHANNEL_COUNT; c++) {
        calo_pixel_format format = calo_channel_format((calo_channel)c, tiles->options.color_format);
        size_t row_bytes = view->width * (size_t)calo_pixel_bytes(format);
        if (!(tiles->options.channels >> c & 1))
            continue;
        frame->planes[c] = (calo_image){view->width, view->height, format, row_bytes, pixels ? pixels + offset : NULL};
        offset += (row_bytes * view->height + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    return offset;
}

/* Frames for all tiles, in memory that is kept. */
static calo_status place_frames(calo_lens_memory *memory, const calo_batch *tiles, calo_error *err)
{
    size_t bytes = 0, offset = 0;
    for (size_t i = 0; i < tiles->view_count; i++)
        bytes = place_frame(tiles, i, NULL, bytes, &memory->frames[i]);
    if (bytes > memory->pixel_bytes) {
        free(memory->pixels);
        memory->pixels = calo_large_alloc(bytes);
        memory->pixel_bytes = memory->pixels ? bytes : 0;
    }
    if (!memory->pixels)
        return calo_fail_memory(err, "the tiles of a lens", bytes);
    for (size_t i = 0; i < tiles->view_count; i++)
        offset = place_frame(tiles, i, memory->pixels, offset, &memory->frames[i]);
    return CALO_OK;
}

static calo_status draw_tiles(lens_group *group, calo_error *err)
{
    calo_batch tiles = *group->batch;
    tiles.options = calo_lens_tile_options(&group->batch->options);
    tiles.prepared = group->memory->prepared;
    tiles.one_scene = false;
    tiles.views = group->memory->views;
    tiles.view_count = group->drawn_count;
    tiles.frames = group->memory->frames;
    tiles.on_frame = NULL;
    calo_status status = place_frames(group->memory, &tiles, err);
    return status == CALO_OK ? calo_crew_run(group->crew, &tiles, err) : status;
}

/* ---- looking up, handing out ---- */

static calo_status look_up_piece(void *user, uint32_t worker, size_t piece, calo_error *err)
{
    const lens_group *group = user;
    const group_tile *at = group->memory->tiles;
    size_t count = group->tile_count;
    calo_status status = calo_watch_go_on(group->batch->watch, worker, err);
    if (status != CALO_OK)
        return status;
    while (count > 1) {
        size_t half = count / 2;
        bool behind = at[half].first_piece <= piece;
        at = behind ? at + half : at;
        count = behind ? count - half : half;
    }
    uint32_t top = at->tile->top + (uint32_t)(piece - at->first_piece) * PIECE_ROWS;
    uint32_t bottom = at->tile->bottom - top > PIECE_ROWS ? top + PIECE_ROWS : at->tile->bottom;
    const calo_lens_look look = {
        .plan = group->plans[at->member],
        .tile = at->tile,
        .options = &group->batch->options,
        .shading = calo_batch_prepared(group->batch, group->first + at->member)->shading,
        .view = &group->batch->views[group->first + at->member],
        .drawn = at->tile->empty ? NULL : &group->memory->frames[at->drawn],
        .frame = group->frames[at->member],
    };
    calo_lens_look_up(&look, (calo_rows){top, bottom});
    return CALO_OK;
}

static calo_status hand_out(void *user, uint32_t worker, size_t member, calo_error *err)
{
    const lens_group *group = user;
    (void)worker;
    return calo_batch_hand_out(group->batch, group->first + member, group->frames[member], err);
}

static calo_status run_group(lens_group *group, calo_error *err)
{
    size_t member = 0;
    uint32_t tile = 0;
    calo_status status = CALO_OK;
    for (size_t i = 0; status == CALO_OK && i < group->count; i++)
        status = calo_batch_find_frame(group->batch, group->first + i, &group->memory->own_frames[i],
                                       &group->frames[i], err);
    while (status == CALO_OK && member < group->count) {
        status = take_tiles(group, &member, &tile, err);
        if (status == CALO_OK && group->drawn_count)
            status = draw_tiles(group, err);
        if (status == CALO_OK)
            status = calo_thread_pool_for(group->crew->pool, group->piece_count, look_up_piece, group,
                                          calo_watch_idle(group->batch->watch), err);
    }
    if (status != CALO_OK)
        return status;
    return calo_thread_pool_for(group->crew->pool, group->count, hand_out, group, calo_watch_idle(group->batch->watch),
                                err);
}

/* ---- a batch ---- */

static size_t count_plain(const calo_batch *batch, size_t first)
{
    size_t count = 0;
    while (first + count < batch->view_count && batch->views[first + count].lens == CALO_LENS_PINHOLE)
        count++;
    return count;
}

calo_status calo_lens_run(calo_crew *crew, const calo_batch *batch, calo_error *err)
{
    size_t plain = count_plain(batch, 0);
    if (plain == batch->view_count)
        return calo_crew_run(crew, batch, err);
    if (!crew->lenses)
        crew->lenses = calloc(1, sizeof *crew->lenses);
    if (!crew->lenses)
        return calo_fail_memory(err, "views with lenses", sizeof *crew->lenses);
    calo_status status = CALO_OK;
    for (size_t first = 0; status == CALO_OK && first < batch->view_count;) {
        plain = count_plain(batch, first);
        if (plain) {
            status = run_plain(crew, batch, first, plain, err);
            first += plain;
            continue;
        }
        lens_group group = {.crew = crew, .memory = crew->lenses, .batch = batch, .first = first};
        status = gather(&group, err);
        if (status == CALO_OK)
            status = run_group(&group, err);
        first += group.count;
    }
    return status;
}
