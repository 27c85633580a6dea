/* Views to threads. A thread takes a view after another and draws it alone. The last views, one a thread, are
 * drawn in pieces: a thread that finds no view left helps the others with theirs. So a single picture keeps every
 * thread busy, and at the end of a batch nobody waits for long. */
#include "render/crew.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A piece of a picture is at least this large: what lies on its border is drawn twice. */
enum { PIECE_ROWS_MIN = 32, PIECE_PIXELS_MIN = 16384 };
/* And where the caller is to be asked now and then, at most so large: some 20 ms. */
enum { PIECE_PIXELS_MAX = 1 << 20 };

/* A view that is drawn by several threads. */
typedef struct calo_shared_view {
    calo_frame *_Atomic frame; /* NULL until its owner begins */
    atomic_uint next_row;
    atomic_uint rows_left; /* not yet drawn */
    atomic_bool failed;
} __attribute__((aligned(64))) shared_view;

typedef struct batch_run {
    calo_crew *crew;
    const calo_batch *batch;
    size_t shared_from; /* this view and all after it are shared */
} batch_run;

/* ---- a crew ---- */

static void *take_lines(size_t count, size_t bytes)
{
    void *memory = aligned_alloc(64, count * bytes);
    if (memory)
        memset(memory, 0, count * bytes);
    return memory;
}

calo_status calo_crew_init(calo_crew *crew, const calo_backend *backend, uint32_t threads, calo_error *err)
{
    *crew = (calo_crew){.backend = backend, .threads = threads ? threads : calo_thread_cores()};
    crew->members = take_lines(crew->threads, sizeof *crew->members);
    crew->shared = take_lines(crew->threads, sizeof *crew->shared);
    calo_status status = CALO_OK;
    if (!crew->members || !crew->shared)
        status = calo_fail_memory(err, "a renderer's threads", crew->threads * sizeof *crew->members);
    if (status == CALO_OK)
        status = calo_thread_pool_create(crew->threads, &crew->pool, err);
    uint32_t workers = backend->draw_batch ? 1 : crew->threads;
    for (uint32_t i = 0; status == CALO_OK && i < workers; i++)
        status = backend->open_worker(&crew->members[i].worker, err);
    if (status != CALO_OK)
        calo_crew_finish(crew);
    return status;
}

void calo_crew_finish(calo_crew *crew)
{
    calo_thread_pool_destroy(crew->pool);
    for (uint32_t i = 0; crew->members && i < crew->threads; i++) {
        if (crew->members[i].worker)
            crew->backend->close_worker(crew->members[i].worker);
        calo_frame_finish(&crew->members[i].frame);
    }
    free(crew->members);
    free(crew->shared);
    *crew = (calo_crew){0};
}

/* ---- drawing ---- */

/* Where the view is drawn to: the caller's frame, else the thread's own. */
static calo_status find_frame(const batch_run *run, uint32_t thread, size_t index, calo_frame **frame, calo_error *err)
{
    return calo_batch_find_frame(run->batch, index, &run->crew->members[thread].frame, frame, err);
}

static calo_status draw_rows(const batch_run *run, uint32_t thread, size_t index, calo_rows rows, calo_frame *frame,
                             calo_error *err)
{
    const calo_batch *batch = run->batch;
    return run->crew->backend->draw(run->crew->members[thread].worker, calo_batch_prepared(batch, index)->scene,
                                    &batch->options, &batch->views[index], rows, frame, err);
}

/* ---- pieces: rows, counted in units ---- */

static uint32_t row_units(const calo_view *view)
{
    return (view->height + CALO_ROWS_UNIT - 1) / CALO_ROWS_UNIT;
}

static uint32_t smallest_piece(const calo_view *view)
{
    uint32_t rows = (PIECE_PIXELS_MIN + view->width - 1) / view->width;
    return (rows > PIECE_ROWS_MIN ? rows : PIECE_ROWS_MIN) / CALO_ROWS_UNIT;
}

/* Nothing is cut up that need not be. */
static uint32_t largest_piece(const calo_batch *batch, const calo_view *view)
{
    uint32_t rows = PIECE_PIXELS_MAX / view->width;
    if (!batch->watch->poll)
        return row_units(view);
    return (rows > PIECE_ROWS_MIN ? rows : PIECE_ROWS_MIN) / CALO_ROWS_UNIT;
}

/* `count` units from the unit `first` on. */
static calo_rows rows_of_units(const calo_view *view, uint32_t first, uint32_t count)
{
    uint32_t end = row_units(view);
    bool last = end - first <= count;
    return (calo_rows){first * CALO_ROWS_UNIT, last ? view->height : (first + count) * CALO_ROWS_UNIT};
}

/* ---- drawing alone ---- */

static calo_status draw_alone(const batch_run *run, uint32_t thread, size_t index, calo_error *err)
{
    const calo_view *view = &run->batch->views[index];
    uint32_t piece = largest_piece(run->batch, view);
    calo_frame *frame;
    calo_status status = find_frame(run, thread, index, &frame, err);
    for (uint32_t first = 0; status == CALO_OK && first < row_units(view); first += piece) {
        status = calo_watch_go_on(run->batch->watch, thread, err);
        if (status == CALO_OK)
            status = draw_rows(run, thread, index, rows_of_units(view, first, piece), frame, err);
    }
    return status == CALO_OK ? calo_batch_hand_out(run->batch, index, frame, err) : status;
}

/* ---- drawing together ---- */

/* Large pieces first, small ones at the end, so that all are ready at about the same time. False
 * when no rows are left. */
static bool take_piece(const batch_run *run, shared_view *shared, const calo_view *view, calo_rows *rows)
{
    uint32_t smallest = smallest_piece(view), largest = largest_piece(run->batch, view), count = row_units(view);
    uint32_t first = atomic_load(&shared->next_row), next;
    do {
        if (first >= count)
            return false;
        uint32_t piece = (count - first) / (2 * run->crew->threads);
        piece = piece < smallest ? smallest : piece > largest ? largest : piece;
        next = count - first > piece ? first + piece : count;
    } while (!atomic_compare_exchange_weak(&shared->next_row, &first, next));
    *rows = rows_of_units(view, first, next - first);
    return true;
}

/* Draws pieces of a view that has begun. Whoever draws the last one hands the picture out. */
static calo_status draw_pieces(const batch_run *run, uint32_t thread, size_t index, shared_view *shared,
                               calo_error *err)
{
    const calo_view *view = &run->batch->views[index];
    calo_frame *frame = atomic_load(&shared->frame);
    calo_rows rows;
    while (!atomic_load(&shared->failed) && take_piece(run, shared, view, &rows)) {
        calo_status status = calo_watch_go_on(run->batch->watch, thread, err);
        if (status == CALO_OK)
            status = draw_rows(run, thread, index, rows, frame, err);
        if (status != CALO_OK) {
            atomic_store(&shared->failed, true);
            return status;
        }
        uint32_t drawn = (rows.bottom - rows.top + CALO_ROWS_UNIT - 1) / CALO_ROWS_UNIT;
        if (atomic_fetch_sub(&shared->rows_left, drawn) == drawn)
            return calo_batch_hand_out(run->batch, index, frame, err);
    }
    return CALO_OK;
}

static calo_status draw_shared(const batch_run *run, uint32_t thread, size_t index, calo_error *err)
{
    shared_view *shared = &run->crew->shared[index - run->shared_from];
    calo_frame *frame;
    calo_status status = find_frame(run, thread, index, &frame, err);
    atomic_store(&shared->failed, status != CALO_OK);
    atomic_store(&shared->frame, frame);
    return status == CALO_OK ? draw_pieces(run, thread, index, shared, err) : status;
}

/* Every view has an owner by now, who begins it at once. */
static calo_status help_others(const batch_run *run, uint32_t thread, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = run->shared_from; status == CALO_OK && i < run->batch->view_count; i++) {
        shared_view *shared = &run->crew->shared[i - run->shared_from];
        while (!atomic_load(&shared->frame))
            sched_yield();
        status = draw_pieces(run, thread, i, shared, err);
    }
    return status;
}

/* ---- a batch ---- */

static calo_status run_item(void *user, uint32_t thread, size_t item, calo_error *err)
{
    const batch_run *run = user;
    if (item >= run->batch->view_count)
        return help_others(run, thread, err);
    return item < run->shared_from ? draw_alone(run, thread, item, err) : draw_shared(run, thread, item, err);
}

/* The last views, one a thread, where pieces are worth it. */
static size_t find_shared(const calo_crew *crew, const calo_batch *batch)
{
    size_t from = batch->view_count;
    if (crew->threads == 1)
        return from;
    while (from > 0 && batch->view_count - from < crew->threads &&
           row_units(&batch->views[from - 1]) > smallest_piece(&batch->views[from - 1]))
        from--;
    return from;
}

calo_status calo_crew_run(calo_crew *crew, const calo_batch *batch, calo_error *err)
{
    if (crew->backend->draw_batch)
        return crew->backend->draw_batch(crew->members[0].worker, batch, crew->pool, err);
    batch_run run = {crew, batch, find_shared(crew, batch)};
    size_t shared_count = batch->view_count - run.shared_from;
    for (size_t i = 0; i < shared_count; i++) {
        atomic_init(&crew->shared[i].frame, NULL);
        atomic_init(&crew->shared[i].next_row, 0);
        atomic_init(&crew->shared[i].rows_left, row_units(&batch->views[run.shared_from + i]));
    }
    return calo_thread_pool_for(crew->pool, batch->view_count + (shared_count ? crew->threads : 0), run_item, &run,
                                calo_watch_idle(batch->watch), err);
}
