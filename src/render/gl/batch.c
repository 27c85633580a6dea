/* A batch in steps: while a sheet is drawn, the one before it is on its way back and the one before that is handed out
 * by the pool's threads. */
#include <stdlib.h>

#include "base/error.h"
#include "render/gl/worker.h"

/* ---- a renderer's own ---- */

calo_status calo_glr_worker_make(calo_glr_device *device, void *user, calo_error *err)
{
    (void)err;
    calo_glr_worker *worker = user;
    calo_glr_seen_copy none = {0};
    device->gl.GenBuffers(1, &worker->view_buffer);
    calo_glr_make_buffer_texture(device, GL_RGBA32F, &none, sizeof none, &worker->copy_buffer, &worker->copy_texture);
    return CALO_OK;
}

calo_status calo_glr_worker_open(calo_gl_kind kind, void **out, calo_error *err)
{
    calo_glr_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return calo_fail_memory(err, "a renderer's worker", sizeof *worker);
    calo_status status = calo_glr_device_acquire(kind, &worker->device, err);
    if (status == CALO_OK)
        status = calo_glr_device_call(worker->device, "making a renderer", calo_glr_worker_make, worker, err);
    if (status != CALO_OK) {
        calo_glr_worker_close(worker);
        return status;
    }
    *out = worker;
    return CALO_OK;
}

calo_status calo_glr_worker_drop(calo_glr_device *device, void *user, calo_error *err)
{
    (void)err;
    calo_glr_worker *worker = user;
    for (int i = 0; i < CALO_GLR_RING; i++) {
        calo_glr_readback_end(device, &worker->ring[i]);
        device->gl.DeleteBuffers(1, &worker->ring[i].buffer);
        worker->ring[i] = (calo_glr_readback){0};
    }
    calo_glr_targets_finish(device, &worker->targets);
    calo_glr_color_targets_finish(device, &worker->color);
    device->gl.DeleteBuffers(2, (GLuint[]){worker->view_buffer, worker->copy_buffer});
    device->gl.DeleteTextures(1, &worker->copy_texture);
    free(worker->copies);
    worker->copies = NULL;
    worker->copy_capacity = 0;
    return CALO_OK;
}

void calo_glr_worker_close(void *pointer)
{
    calo_glr_worker *worker = pointer;
    if (worker->device)
        calo_glr_device_call(worker->device, "ending a renderer", calo_glr_worker_drop, worker, NULL);
    calo_glr_device_release(worker->device);
    for (uint32_t i = 0; i < worker->own_frame_count; i++)
        calo_frame_finish(&worker->own_frames[i]);
    free(worker->own_frames);
    free(worker->copies);
    free(worker);
}

/* ---- steps ---- */

typedef struct batch_run {
    calo_glr_worker *worker;
    const calo_batch *batch;
    calo_glr_targets wanted; /* without a size */
    /* Of this step; NULL: none. */
    calo_glr_readback *drawn, *awaited, *handed_out;
} batch_run;

static calo_status draw_sheet(batch_run *run, calo_glr_readback *readback, calo_error *err)
{
    calo_glr_device *device = run->worker->device;
    calo_glr_targets wanted = run->wanted;
    wanted.width = calo_glr_sheet_width(&readback->sheet);
    wanted.height = calo_glr_sheet_height(&readback->sheet);
    calo_glr_programs_trim(device);
    calo_status status = calo_glr_targets_make(device, &wanted, &run->worker->targets, err);
    if (status == CALO_OK)
        status = calo_glr_sheet_draw(run->worker, run->batch, &readback->sheet, err);
    return status == CALO_OK ? calo_glr_readback_start(run->worker, readback, err) : status;
}

/* The device's part of a step. The next sheet is under way before the one before it is waited for. */
static calo_status advance(calo_glr_device *device, void *user, calo_error *err)
{
    batch_run *run = user;
    calo_status status = CALO_OK;
    if (run->drawn) {
        calo_glr_readback_end(device, run->drawn);
        status = draw_sheet(run, run->drawn, err);
    }
    if (status == CALO_OK && run->awaited)
        status = calo_glr_readback_wait(device, run->batch->watch, run->awaited, err);
    return status;
}

static calo_status hand_out(const batch_run *run, uint32_t thread, uint32_t index, calo_error *err)
{
    const calo_glr_readback *readback = run->handed_out;
    size_t view = readback->sheet.first_view + index;
    calo_frame *frame;
    calo_status status = calo_batch_find_frame(run->batch, view, &run->worker->own_frames[thread], &frame, err);
    if (status != CALO_OK)
        return status;
    calo_glr_readback_unpack(readback, index, &run->batch->options, frame);
    return calo_batch_hand_out(run->batch, view, frame, err);
}

static calo_status run_part(void *user, uint32_t thread, size_t index, calo_error *err)
{
    batch_run *run = user;
    if (index > 0)
        return hand_out(run, thread, (uint32_t)index - 1, err);
    if (!run->drawn && !run->awaited)
        return CALO_OK;
    calo_idle idle = thread == 0 ? calo_watch_idle(run->batch->watch) : (calo_idle){0};
    return calo_glr_device_call_idly(run->worker->device, "drawing", advance, run, idle, err);
}

static calo_status reserve_frames(calo_glr_worker *worker, uint32_t count, calo_error *err)
{
    if (worker->own_frame_count >= count)
        return CALO_OK;
    calo_frame *frames = calloc(count, sizeof *frames);
    if (!frames)
        return calo_fail_memory(err, "frames", count * sizeof *frames);
    for (uint32_t i = 0; i < worker->own_frame_count; i++)
        frames[i] = worker->own_frames[i];
    free(worker->own_frames);
    worker->own_frames = frames;
    worker->own_frame_count = count;
    return CALO_OK;
}

/* What the last step left mapped. */
static calo_status end_readbacks(calo_glr_device *device, void *user, calo_error *err)
{
    (void)err;
    calo_glr_worker *worker = user;
    for (int i = 0; i < CALO_GLR_RING; i++)
        calo_glr_readback_end(device, &worker->ring[i]);
    return CALO_OK;
}

/* After a failure: what is half made, or was never given memory, goes with all the rest. */
static calo_status start_over(calo_glr_device *device, void *user, calo_error *err)
{
    calo_status status = calo_glr_worker_drop(device, user, err);
    return status == CALO_OK ? calo_glr_worker_make(device, user, err) : status;
}

/* Names of another device's objects would be those of others here. */
static calo_status check_devices(const calo_glr_worker *worker, const calo_batch *batch, calo_error *err)
{
    for (size_t i = 0; i < (batch->one_scene ? 1 : batch->view_count); i++) {
        const calo_glr_scene *scene = batch->prepared[i]->scene;
        if (scene->device != worker->device)
            return calo_fail(err, CALO_ERROR_BACKEND, "the scene was prepared on an OpenGL context that was lost, or "
                             "that stayed in the process that this one was forked from: prepare it again");
    }
    return CALO_OK;
}

calo_status calo_glr_draw_batch(void *pointer, const calo_batch *batch, calo_thread_pool *pool, calo_error *err)
{
    calo_glr_worker *worker = pointer;
    batch_run run = {.worker = worker, .batch = batch};
    size_t next_view = 0, step = 0;
    calo_status status = check_devices(worker, batch, err);
    if (status != CALO_OK)
        return status;
    calo_glr_targets_choose(&batch->options, &run.wanted);
    status = reserve_frames(worker, calo_thread_pool_threads(pool), err);
    do {
        run.handed_out = run.awaited;
        run.awaited = run.drawn;
        run.drawn = NULL;
        if (status == CALO_OK && next_view < batch->view_count) {
            run.drawn = &worker->ring[step++ % CALO_GLR_RING];
            status = calo_glr_sheet_plan(batch, next_view, calo_glr_targets_pixel_bytes(&run.wanted),
                                         &run.drawn->sheet, err);
            next_view += run.drawn->sheet.view_count;
        }
        if (status == CALO_OK)
            status = calo_thread_pool_for(pool, 1 + (run.handed_out ? run.handed_out->sheet.view_count : 0), run_part,
                                          &run, calo_watch_idle(batch->watch), err);
        calo_watch_look(batch->watch);
        if (status == CALO_OK)
            status = calo_watch_status(batch->watch, err);
    } while (status == CALO_OK && (run.drawn || run.awaited));
    if (status == CALO_OK)
        return calo_glr_device_call(worker->device, "ending a batch", end_readbacks, worker, err);
    calo_glr_device_call(worker->device, "ending a batch", start_over, worker, NULL);
    return status;
}
