#include "dataset/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/large.h"
#include "base/thread.h"
#include "dataset/sandbox.h"
#include "dataset/worker_facts.h"
#include "dataset/worker_fault.h"
#include "dataset/worker_message.h"
#include "dataset/worker_process.h"
#include "import/importer.h"

enum { KEPT_SHARE = 4 }; /* a quarter of a worker's memory stays with it between samples */

struct calo_worker {
    calo_inbox inbox;
    calo_message setup;
    calo_renderer *renderer;
    bool ready;
};

/* ---- the socket ---- */

static calo_status send_message(const calo_message *message, calo_error *err)
{
    calo_blob blob = {0};
    calo_status status = calo_message_print(message, &blob, err);
    int failed = status == CALO_OK ? calo_file_write_all(CALO_WORKER_FD, blob.bytes, blob.size) : 0;
    calo_blob_finish(&blob);
    return failed ? calo_fail(err, CALO_ERROR_IO, "the supervisor cannot be told: %s", strerror(failed)) : status;
}

/* Waits. `there` is false when the supervisor has closed its end. */
static calo_status receive(calo_worker *worker, calo_message *message, bool *there, calo_error *err)
{
    calo_status status = calo_inbox_take(&worker->inbox, message, there, err);
    while (status == CALO_OK && !*there && !worker->inbox.ended) {
        status = calo_inbox_read(&worker->inbox, CALO_WORKER_FD, err);
        if (status == CALO_OK)
            status = calo_inbox_take(&worker->inbox, message, there, err);
    }
    return status;
}

/* ---- the beginning and the end ---- */

static calo_status read_setup(calo_worker *worker, calo_error *err)
{
    int type;
    socklen_t size = sizeof type;
    bool there;
    if (getsockopt(CALO_WORKER_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a worker is started by `calotype dataset`, not by hand");
    calo_status status = receive(worker, &worker->setup, &there, err);
    if (status == CALO_OK && (!there || worker->setup.kind != CALO_MESSAGE_SETUP))
        status = calo_fail(err, CALO_ERROR_IO, "the supervisor did not say what this worker is to be");
    return status;
}

calo_status calo_worker_open(calo_worker **out, calo_error *err)
{
    calo_worker *worker = calloc(1, sizeof *worker);
    *out = NULL;
    if (!worker)
        return calo_fail_memory(err, "a worker", sizeof *worker);
    calo_status status = read_setup(worker, err);
    if (status == CALO_OK)
        status = calo_worker_process_start(worker->setup.parent, CALO_WORKER_FD, err);
    if (status == CALO_OK)
        *out = worker;
    else
        calo_worker_close(worker, NULL);
    return status;
}

void calo_worker_close(calo_worker *worker, const calo_error *why)
{
    if (!worker)
        return;
    const calo_message refused = {.kind = CALO_MESSAGE_REFUSED, .status = why ? (uint64_t)why->status : 0,
                                  .words = why ? why->message : NULL};
    if (why && !worker->ready)
        send_message(&refused, NULL);
    calo_renderer_destroy(worker->renderer);
    calo_message_finish(&worker->setup);
    calo_inbox_finish(&worker->inbox);
    free(worker);
}

/* ---- one sample ---- */

/* A task, and what became of it. */
typedef struct sample_work {
    const calo_message *task;
    char *folder, *thumbnail; /* of this sample alone */
    calo_item_result result;
    calo_blob facts;
    calo_message reply;
    calo_error err;
} sample_work;

static void blame(sample_work *work, calo_reason reason) { work->reply.reason = (uint64_t)reason; }

/* The folder is new, so that nothing of an earlier try is in it. */
static calo_status make_places(const calo_worker *worker, sample_work *work)
{
    const char *scratch = worker->setup.scratch_folder;
    unsigned long long number = work->task->number;
    work->folder = calo_text_format("%s/staged/%06llu", scratch, number);
    work->thumbnail = calo_text_format("%s/thumbnails/%06llu.png", scratch, number);
    calo_status status = CALO_OK;
    if (!work->folder || !work->thumbnail)
        status = calo_fail_memory(&work->err, "a path", strlen(scratch));
    if (status == CALO_OK)
        calo_folder_remove(work->folder);
    if (status == CALO_OK)
        status = calo_folder_create(work->folder, &work->err);
    work->reply.stop = status == CALO_ERROR_IO;
    return status;
}

/* Into the object's folder, so that nothing of this machine comes into sentences and files. */
static calo_status go_there(const char *path, calo_error *err)
{
    char *folder = calo_text_format("%.*s", (int)calo_path_folder_length(path), path);
    if (!folder)
        return calo_fail_memory(err, "a path", strlen(path));
    calo_status status = chdir(folder) == 0 && access(calo_path_name(path), F_OK) == 0
                             ? CALO_OK
                             : calo_fail(err, CALO_ERROR_NOT_FOUND, "%s: %s", path, strerror(errno));
    free(folder);
    return status;
}

/* "broken file" of an empty one, "unsupported format" of one that no importer takes; else as the status says. */
static calo_reason reason_of_failure(const char *name, calo_status status, calo_item_step step)
{
    struct stat about;
    if (status == CALO_ERROR_EMPTY && stat(name, &about) == 0 && about.st_size == 0)
        return CALO_REASON_BROKEN_FILE;
    if (status == CALO_ERROR_UNSUPPORTED && step == CALO_ITEM_LOAD && !calo_import_recognizes(name))
        return CALO_REASON_UNSUPPORTED_FORMAT;
    return calo_reason_of(status, step);
}

/* Objects are placed in a scene, also where one alone is left of them. */
static bool is_scene(const calo_message *task, const calo_item_options *item)
{
    return task->object_count > 1 || item->placement.arrangement != CALO_ARRANGEMENT_DEFAULT;
}

static calo_status render_scene(const calo_worker *worker, sample_work *work, const calo_item_options *options)
{
    const calo_message *task = work->task;
    calo_placed_object *objects = calloc(task->object_count, sizeof *objects);
    if (!objects)
        return calo_fail_memory(&work->err, "objects", task->object_count * sizeof *objects);
    calo_status status = CALO_OK;
    for (size_t i = 0; i < task->object_count && status == CALO_OK; i++) {
        objects[i] = (calo_placed_object){task->objects[i].path, task->objects[i].identifier};
        if (objects[i].path)
            status = calo_worker_fault(calo_path_name(objects[i].path), worker->setup.scratch_folder, &work->err);
    }
    if (status == CALO_OK)
        status = calo_item_run_placed(worker->renderer, objects, task->object_count, options, &work->result, &work->err);
    free(objects);
    return status;
}

static calo_status render_object(const calo_worker *worker, sample_work *work, calo_item_options *options, const char *name)
{
    options->identifier = work->task->objects[0].identifier;
    calo_status status = calo_worker_fault(name, worker->setup.scratch_folder, &work->err);
    return status == CALO_OK ? calo_item_run(worker->renderer, name, options, &work->result, &work->err) : status;
}

/* `name`: the first object's file, as it is seen from here. */
static calo_status render(const calo_worker *worker, sample_work *work, const calo_item_options *item, const char *name)
{
    calo_item_options options = *item;
    options.output_folder = work->folder;
    options.object_name = work->task->name;
    options.sheet_path = NULL;
    options.staged = true;
    options.thumbnail_path = work->task->thumbnail ? work->thumbnail : NULL;
    calo_status status = is_scene(work->task, item) ? render_scene(worker, work, &options)
                                                    : render_object(worker, work, &options, name);
    if (status == CALO_OK)
        return CALO_OK;
    blame(work, reason_of_failure(name, status, work->result.step));
    work->reply.stop = status == CALO_ERROR_IO && work->result.step == CALO_ITEM_RENDER;
    /* A lost device comes back to a new process. */
    work->reply.retire = status == CALO_ERROR_BACKEND;
    return status;
}

/* Why objects of a scene were left out, for those that the supervisor has not left out itself. */
static calo_status print_facts(sample_work *work)
{
    size_t count = work->result.object_count, told = 0;
    calo_left_out *left_out = calloc(count + 1, sizeof *left_out);
    if (!left_out)
        return calo_fail_memory(&work->err, "facts", count * sizeof *left_out);
    for (size_t i = 0; i < count; i++) {
        const calo_message_object *object = &work->task->objects[i];
        const calo_error *why = &work->result.objects[i].err;
        if (object->path && why->status != CALO_OK)
            left_out[told++] = (calo_left_out){object->identifier,
                                               reason_of_failure(object->path, why->status, CALO_ITEM_LOAD), why->message};
    }
    calo_status status = calo_worker_print_facts(&work->result, left_out, told, &work->facts, &work->err);
    free(left_out);
    return status;
}

/* The first that is there; or NULL. */
static const char *first_path(const calo_message *task)
{
    size_t i = 0;
    while (i + 1 < task->object_count && !task->objects[i].path)
        i++;
    return task->objects[i].path;
}

static calo_status run_sample(const calo_worker *worker, sample_work *work, const calo_item_options *item)
{
    const char *path = first_path(work->task);
    bool scene = is_scene(work->task, item);
    blame(work, CALO_REASON_OUT_OF_MEMORY); /* of the steps around rendering, where nothing else is said */
    calo_status status = make_places(worker, work);
    if (status != CALO_OK)
        return status;
    if (!path)
        status = calo_fail(&work->err, CALO_ERROR_NOT_FOUND, "no object is left of it");
    else if (!scene)
        status = go_there(path, &work->err);
    if (status == CALO_ERROR_NOT_FOUND)
        blame(work, CALO_REASON_MISSING);
    if (status == CALO_OK)
        status = render(worker, work, item, scene ? path : calo_path_name(path));
    if (status == CALO_OK)
        return print_facts(work);
    /* Without them the failure counts all the same. */
    calo_error err = work->err;
    if (status == CALO_ERROR_REJECTED)
        print_facts(work);
    work->err = err;
    return status;
}

static calo_status serve_task(const calo_worker *worker, const calo_message *task, const calo_item_options *item,
                              calo_error *err)
{
    sample_work work = {.task = task, .reply = {.kind = CALO_MESSAGE_RESULT, .ticket = task->ticket}};
    calo_status status = run_sample(worker, &work, item);
    if (status == CALO_OK) {
        blame(&work, CALO_REASON_NONE);
        work.reply.file = calo_path_name(work.result.path);
        work.reply.thumbnail = task->thumbnail;
    } else {
        work.reply.words = work.err.message;
        if (work.folder)
            calo_folder_remove(work.folder);
    }
    work.reply.facts = (const char *)work.facts.bytes;
    status = send_message(&work.reply, err);
    calo_item_result_finish(&work.result);
    calo_blob_finish(&work.facts);
    free(work.folder);
    free(work.thumbnail);
    return status;
}

/* ---- the service ---- */

/* Graphics cards are files that are written to. */
static bool may_draw_by_device(const calo_renderer_options *options)
{
    const char *wanted = options->backend && strcmp(options->backend, "auto") != 0 ? options->backend
                                                                                   : getenv("CALOTYPE_BACKEND");
    return wanted && wanted[0] && strcmp(wanted, "auto") != 0 && strcmp(wanted, "cpu") != 0;
}

/* Not all of the scratch folder: there are fetched files in it, too. Drivers keep their shaders there, for themselves. */
static calo_status hold_files(calo_worker *worker, const calo_renderer_options *options, const char *cache_folder,
                              calo_sandbox *sandbox, calo_error *err)
{
    static const char *const devices[] = {"/dev/dri", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
                                          "/dev/nvidia-modeset", "/dev/nvidia0", "/dev/nvidia1", "/dev/nvidia2",
                                          "/dev/nvidia3", "/dev/nvidia4", "/dev/nvidia5", "/dev/nvidia6", "/dev/nvidia7"};
    enum { OWN = 3, DEVICES = sizeof devices / sizeof devices[0] };
    static const char *const own[OWN] = {"staged", "thumbnails", "shaders"};
    const char *writable[OWN + DEVICES + 2] = {"/dev/null"};
    char *folders[OWN] = {NULL};
    size_t count = 1;
    calo_status status = CALO_OK;
    for (size_t i = 0; i < OWN && status == CALO_OK; i++) {
        folders[i] = calo_text_format("%s/%s", worker->setup.scratch_folder, own[i]);
        status = folders[i] ? calo_folder_create(folders[i], err) : calo_fail_memory(err, "a path", 0);
        writable[count++] = folders[i];
    }
    if (status == CALO_OK) {
        setenv("MESA_SHADER_CACHE_DIR", folders[2], 1);
        setenv("__GL_SHADER_DISK_CACHE_PATH", folders[2], 1);
    }
    if (cache_folder)
        writable[count++] = cache_folder;
    for (size_t i = 0; i < DEVICES && may_draw_by_device(options); i++)
        writable[count++] = devices[i];
    if (status == CALO_OK && worker->setup.sandbox)
        status = calo_sandbox_files(writable, count, sandbox, err);
    for (size_t i = 0; i < OWN; i++)
        free(folders[i]);
    return status;
}

static calo_status limit_memory(const calo_worker *worker, calo_error *err)
{
    uint64_t bytes = worker->setup.memory_bytes;
    /* Drivers map whole graphics cards: addresses say nothing there, and the supervisor's own look has to do. */
    return bytes && strcmp(calo_renderer_backend(worker->renderer), "cpu") == 0
               ? calo_worker_process_limit(bytes, calo_renderer_threads(worker->renderer), err)
               : CALO_OK;
}

/* Files first, so that threads which drivers start are held, too; calls last, since drivers may connect to a display. */
static calo_status shut_in(calo_worker *worker, const calo_renderer_options *options, const char *cache_folder,
                           calo_sandbox *sandbox, calo_error *err)
{
    calo_renderer_options renderer = *options;
    if (renderer.threads == 0)
        renderer.threads = (uint32_t)worker->setup.threads;
    calo_status status = hold_files(worker, options, cache_folder, sandbox, err);
    if (status == CALO_OK)
        status = calo_renderer_create(&renderer, &worker->renderer, err);
    if (status == CALO_OK)
        status = limit_memory(worker, err);
    if (status == CALO_OK && worker->setup.sandbox)
        status = calo_sandbox_calls(sandbox, err);
    if (status == CALO_OK && worker->setup.require_sandbox && !calo_sandbox_is_whole(sandbox))
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED, "--require-sandbox: this kernel lacks %s",
                           sandbox->lacks[0] ? sandbox->lacks : "what it takes");
    return status;
}

calo_status calo_worker_run(calo_worker *worker, const calo_renderer_options *renderer, const calo_item_options *item,
                            const char *cache_folder, calo_error *err)
{
    char words[512];
    calo_sandbox sandbox = {0};
    uint64_t limit = worker->setup.memory_bytes;
    bool there = true;
    calo_status status = shut_in(worker, renderer, cache_folder, &sandbox, err);
    calo_sandbox_describe(&sandbox, words, sizeof words);
    const calo_message ready = {.kind = CALO_MESSAGE_READY, .words = words};
    if (status == CALO_OK)
        status = send_message(&ready, err);
    worker->ready = status == CALO_OK;
    while (status == CALO_OK && there) {
        calo_message task;
        status = receive(worker, &task, &there, err);
        if (status != CALO_OK || !there)
            break;
        status = task.kind == CALO_MESSAGE_TASK
                     ? serve_task(worker, &task, item, err)
                     : calo_fail(err, CALO_ERROR_FORMAT, "the supervisor sent a worker what is no task");
        calo_message_finish(&task);
        calo_large_settle(limit ? limit / KEPT_SHARE : UINT64_MAX);
    }
    return status;
}
