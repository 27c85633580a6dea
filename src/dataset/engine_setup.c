/* A run's beginning and end: folders, the list, what an earlier run left, and everybody who works. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "dataset/engine_state.h"
#include "dataset/json_text.h"
#include "dataset/machine.h"
#include "dataset/run_file.h"

enum { SLOTS_A_WORKER = 4, DEFAULT_FETCHERS = 8 };

/* ---- folders ---- */

static calo_status make_folder(const calo_engine *engine, const char *name, char **path, calo_error *err)
{
    *path = calo_text_format("%s/%s", engine->run_folder, name);
    return *path ? calo_folder_create(*path, err) : calo_fail_memory(err, "a path", 0);
}

static calo_status make_folders(calo_engine *engine, calo_error *err)
{
    const char *run_folder = engine->options->run_folder;
    calo_status status = calo_folder_create(run_folder, err);
    if (status == CALO_OK && !(engine->run_folder = realpath(run_folder, NULL)))
        status = calo_fail(err, CALO_ERROR_IO, "%s: cannot be found: %s", run_folder, strerror(errno));
    if (status == CALO_OK)
        status = make_folder(engine, "scratch", &engine->scratch_folder, err);
    if (status == CALO_OK)
        status = make_folder(engine, "scratch/fetched", &engine->fetch_folder, err);
    if (status == CALO_OK)
        status = make_folder(engine, "scratch/workers", &engine->worker_folder, err);
    if (status == CALO_OK)
        status = make_folder(engine, "scratch/workers/staged", &engine->stage_folder, err);
    if (status == CALO_OK)
        status = make_folder(engine, "scratch/joined", &engine->join_folder, err);
    return status == CALO_OK ? make_folder(engine, "pictures", &engine->picture_folder, err) : status;
}

/* ---- the list and what is done of it ---- */

static bool has_inputs(const calo_dataset_options *options) { return options->list.input_count + options->list.list_count > 0; }

/* ---- an earlier run of the same name ---- */

static bool there_is_a_run(const calo_engine *engine)
{
    calo_run_file earlier;
    calo_error err;
    bool there = calo_run_file_read(engine->options->run_folder, &earlier, &err) == CALO_OK || err.status != CALO_ERROR_NOT_FOUND;
    calo_run_file_finish(&earlier);
    return there;
}

/* Other options, or another list, would make one data set of two. */
static calo_status check_earlier(const calo_engine *engine, const calo_run_file *earlier, calo_error *err)
{
    const calo_dataset_options *options = engine->options;
    if (strcmp(earlier->version, calo_version()) != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: begun by calotype %s, and this is %s, whose pictures may differ: go on "
                         "with that, or begin anew with another --run", options->run_folder, earlier->version, calo_version());
    if (strcmp(earlier->options_hash, options->options_hash) != 0 || strcmp(earlier->destination, options->destination) != 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: begun with other options: go on with `calotype dataset --resume --run %s`, "
                         "or begin anew with another --run", options->run_folder, options->run_folder);
    return CALO_OK;
}

/* Who repeats the inputs must mean the same objects. */
static calo_status check_inputs(calo_engine *engine, const calo_run_file *earlier, calo_error *err)
{
    calo_object_list *list = NULL;
    calo_status status = calo_object_list_write(&engine->options->list, engine->scratch_folder, NULL, NULL, err);
    if (status == CALO_OK)
        status = calo_object_list_open(engine->scratch_folder, &list, err);
    if (status == CALO_OK && strcmp(calo_object_list_sha256(list), earlier->list_sha256) != 0)
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "%s: begun with another list of objects (%llu, now %llu): leave the inputs away "
                           "to go on with that, or begin anew with another --run", engine->options->run_folder,
                           (unsigned long long)earlier->objects, (unsigned long long)calo_object_list_count(list));
    calo_object_list_close(list);
    return status;
}

static calo_status resume_run(calo_engine *engine, calo_error *err)
{
    calo_run_file earlier;
    calo_status status = calo_run_file_read(engine->options->run_folder, &earlier, err);
    if (status == CALO_OK)
        status = check_earlier(engine, &earlier, err);
    if (status == CALO_OK && has_inputs(engine->options) && earlier.list_sha256)
        status = check_inputs(engine, &earlier, err);
    if (status == CALO_OK && earlier.list_sha256)
        status = calo_object_list_open(engine->options->run_folder, &engine->list, err);
    calo_run_file_finish(&earlier);
    return status;
}

/* ---- a new run ---- */

static calo_status write_list(calo_engine *engine, calo_error *err)
{
    const calo_dataset_options *options = engine->options;
    if (!options->resume && there_is_a_run(engine))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s holds a run already: go on with it by --resume, or name another folder by "
                         "--run", options->run_folder);
    if (!has_inputs(options) && options->queue_url)
        return CALO_OK;
    if (!has_inputs(options))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "which objects? calotype dataset INPUT... -o WHERE, or --list FILE");
    calo_status status = calo_object_list_write(&options->list, options->run_folder, options->warn, options->user, err);
    return status == CALO_OK ? calo_object_list_open(options->run_folder, &engine->list, err) : status;
}

/* The run's file comes last: a folder without it is no run, whatever else is in it. */
static calo_status write_run_file(const calo_engine *engine, calo_error *err)
{
    const calo_dataset_options *options = engine->options;
    static const char *const packages[] = {"files", "zip", "webdataset", "torch", "safetensors"};
    calo_run_file run = {
        .version = calo_version(), .name = options->name, .destination = options->destination,
        .package = packages[options->plan.package], .options_hash = options->options_hash,
        .started_unix_seconds = calo_unix_seconds(), .words = options->words, .word_count = options->word_count,
        .objects_per_sample = options->plan.objects_per_sample ? options->plan.objects_per_sample : 1,
    };
    if (engine->list) {
        run.list_sha256 = calo_object_list_sha256(engine->list);
        run.objects = calo_object_list_count(engine->list);
    }
    if (!options->queue_url) {
        run.samples = engine->summary->samples;
        run.parts = (calo_plan_part_count(engine->plan) + engine->shard.count - 1 - engine->shard.index) / engine->shard.count;
    }
    return calo_run_file_write(options->run_folder, &run, err);
}

/* Of this machine's parts; 0 where a queue hands them out. All parts but the last ones (of torch's train and test) have the same number. */
static uint64_t count_samples(const calo_engine *engine)
{
    uint64_t samples = 0;
    if (engine->options->queue_url)
        return 0;
    if (engine->shard.count == 1)
        return calo_plan_sample_count(engine->plan);
    uint64_t parts = calo_plan_part_count(engine->plan);
    for (uint64_t part = engine->shard.index; part < parts; part += engine->shard.count)
        samples += calo_plan_part_samples(engine->plan, part);
    return samples;
}

static void say_new(const calo_engine *engine)
{
    const calo_dataset_options *options = engine->options;
    char sentence[512];
    snprintf(sentence, sizeof sentence, "%.400s: there is no run yet to go on with: it begins", options->run_folder);
    if (options->warn)
        options->warn(options->user, sentence);
}

static calo_status open_list(calo_engine *engine, calo_error *err)
{
    const calo_dataset_options *options = engine->options;
    bool resume = options->resume && there_is_a_run(engine);
    if (options->resume && !resume)
        say_new(engine);
    calo_status status = resume ? resume_run(engine, err) : write_list(engine, err);
    if (status == CALO_OK && engine->list)
        status = calo_plan_create(&options->plan, engine->list, &engine->plan, err);
    if (status != CALO_OK)
        return status;
    engine->summary->samples = count_samples(engine);
    return resume ? CALO_OK : write_run_file(engine, err);
}

/* ---- the queue ---- */

/* A Redis that has lost data learns again what this machine has done. */
static calo_status tell_queue(calo_engine *engine, calo_error *err)
{
    uint64_t parts = engine->plan ? calo_plan_part_count(engine->plan) : 0;
    calo_status status = CALO_OK;
    for (uint64_t part = 0; status == CALO_OK && part < parts; part++)
        if (calo_history_part_done(engine->history, part))
            status = calo_engine_tell_again(engine, part, err);
    return status;
}

static calo_status open_queue(calo_engine *engine, calo_error *err)
{
    const calo_dataset_options *options = engine->options;
    calo_redis_options redis = {.url = options->queue_url, .options_hash = options->options_hash,
                                .claim_seconds = options->claim_seconds};
    if (!options->queue_url)
        return calo_queue_open_plan(engine->plan, engine->shard, &engine->queue, err);
    calo_status status = calo_queue_open_redis(&redis, engine->plan, &engine->queue, err);
    return status == CALO_OK ? tell_queue(engine, err) : status;
}

/* ---- what an earlier run left ---- */

static calo_status empty_folder(const char *path, calo_error *err)
{
    calo_folder_remove(path);
    return calo_folder_create(path, err);
}

/* The folders in which journaled samples lie, sorted. */
typedef struct kept_folders {
    char **paths;
    size_t count;
} kept_folders;

static int compare_paths(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void free_kept(kept_folders *kept)
{
    for (size_t i = 0; i < kept->count; i++)
        free(kept->paths[i]);
    free(kept->paths);
}

static calo_status keep_staged(const calo_engine *engine, uint64_t sample, kept_folders *kept, calo_error *err)
{
    calo_event_copy staged;
    calo_status status = calo_history_staged(engine->history, sample, &staged, err);
    if (status != CALO_OK)
        return status;
    char *path = calo_engine_staged_path(engine, &staged.event); /* NULL: it is made anew */
    char **more = path ? realloc(kept->paths, (kept->count + 1) * sizeof *more) : NULL;
    if (more)
        kept->paths = more;
    if (more && (more[kept->count] = strndup(path, calo_path_folder_length(path) - 1)))
        kept->count++;
    else if (path)
        status = calo_fail_memory(err, "paths", kept->count * sizeof *more);
    free(path);
    calo_event_copy_finish(&staged);
    return status;
}

static void remove_unknown(const calo_engine *engine, const kept_folders *kept)
{
    DIR *folder = opendir(engine->stage_folder);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char *path = calo_text_format("%s/%s", engine->stage_folder, entry->d_name);
        if (path && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !(kept->count > 0 && bsearch(&path, kept->paths, kept->count, sizeof *kept->paths, compare_paths)))
            calo_folder_remove(path);
        free(path);
    }
    closedir(folder);
}

/* What was staged stays, if the journal says so; everything else is made anew. */
static calo_status clean_scratch(calo_engine *engine, uint64_t samples, calo_error *err)
{
    kept_folders kept = {0};
    calo_status status = empty_folder(engine->fetch_folder, err);
    if (status == CALO_OK)
        status = empty_folder(engine->join_folder, err);
    for (uint64_t i = 0; status == CALO_OK && i < samples; i++)
        if (calo_history_sample(engine->history, i) == CALO_SAMPLE_STAGED)
            status = keep_staged(engine, i, &kept, err);
    if (status == CALO_OK) {
        if (kept.count > 0)
            qsort(kept.paths, kept.count, sizeof *kept.paths, compare_paths);
        remove_unknown(engine, &kept);
    }
    free_kept(&kept);
    return status;
}

static void count_history(calo_engine *engine, uint64_t samples)
{
    calo_dataset_summary *summary = engine->summary;
    for (uint64_t i = 0; i < samples; i++) {
        calo_sample_state state = calo_history_sample(engine->history, i);
        summary->done_before += state == CALO_SAMPLE_DONE;
        summary->failed += state == CALO_SAMPLE_FAILED && !engine->options->retry_failed;
    }
    summary->done = summary->done_before;
    engine->failed_before = summary->failed;
}

static calo_status read_history(calo_engine *engine, calo_error *err)
{
    uint64_t samples = engine->plan ? calo_plan_sample_count(engine->plan) : 0;
    uint64_t parts = engine->plan ? calo_plan_part_count(engine->plan) : 0;
    calo_status status = calo_history_read(engine->options->run_folder, samples, parts, &engine->history, err);
    if (status == CALO_OK)
        status = clean_scratch(engine, samples, err);
    if (status == CALO_OK)
        status = calo_csv_log_open(engine->options->run_folder, engine->options->name, engine->history,
                                   engine->options->retry_failed, &engine->log, err);
    if (status != CALO_OK)
        return status;
    count_history(engine, samples);
    if (engine->options->pictures > 0 && samples > 0)
        engine->picture_stride = (samples + engine->options->pictures - 1) / engine->options->pictures;
    return CALO_OK;
}

/* ---- who works ---- */

static bool is_abandoned(void *user)
{
    return ((const calo_engine *)user)->abandoned;
}

static calo_status open_pool(calo_engine *engine, calo_error *err)
{
    calo_pool_options pool = engine->options->pool;
    pool.scratch_folder = engine->worker_folder;
    pool.workers = pool.workers ? pool.workers : calo_thread_cores();
    engine->worker_count = pool.workers;
    engine->ahead = (size_t)pool.workers * SLOTS_A_WORKER + DEFAULT_FETCHERS;
    engine->slot_count = engine->ahead + CALO_ENGINE_WRITING_MAX;
    engine->slots = calloc(engine->slot_count, sizeof(calo_engine_sample *));
    engine->ready = calloc(engine->slot_count, sizeof(calo_engine_sample *));
    if (!engine->slots || !engine->ready)
        return calo_fail_memory(err, "a list of samples", engine->slot_count * sizeof(calo_engine_sample *));
    return calo_pool_create(&pool, &engine->pool, err);
}

static calo_status open_workers(calo_engine *engine, calo_error *err)
{
    const calo_dataset_options *options = engine->options;
    calo_fetch_options fetch = options->fetch;
    calo_commit_options commit = {.package = options->plan.package, .destination = options->destination,
                                  .scratch_folder = engine->join_folder, .transfer = options->fetch.transfer};
    fetch.scratch_folder = engine->fetch_folder;
    fetch.transfer.cancelled = commit.transfer.cancelled = is_abandoned;
    fetch.transfer.user = commit.transfer.user = engine;
    /* Workers first: a process starts fastest from one that has no threads yet. */
    calo_status status = open_pool(engine, err);
    if (status == CALO_OK)
        status = calo_fetcher_create(&fetch, &engine->fetcher, err);
    return status == CALO_OK ? calo_committer_create(&commit, &engine->committer, err) : status;
}

static calo_status open_live(calo_engine *engine, calo_error *err)
{
    engine->live = calo_live_create(engine->options->run_folder, stderr, engine->options->quiet);
    engine->live_workers = calloc(engine->worker_count, sizeof *engine->live_workers);
    return engine->live && engine->live_workers ? CALO_OK : calo_fail_memory(err, "the display", 0);
}

static calo_status note_start(calo_engine *engine, calo_error *err)
{
    char cut[96] = "";
    uint64_t cut_bytes = calo_journal_cut_bytes(engine->journal);
    calo_blob facts = {0};
    if (cut_bytes > 0)
        snprintf(cut, sizeof cut, "%llu bytes were cut off the journal, which a crash had left half-written",
                 (unsigned long long)cut_bytes);
    calo_status status = calo_machine_facts(&facts, (uint32_t)engine->worker_count, calo_pool_sandbox(engine->pool), err);
    if (status == CALO_OK)
        status = calo_blob_append(&facts, "", 1, err);
    calo_event start = {.kind = CALO_EVENT_START, .message = cut[0] ? cut : NULL, .facts = (const char *)facts.bytes};
    if (status == CALO_OK)
        status = calo_engine_note(engine, &start, err);
    calo_blob_finish(&facts);
    return status;
}

/* ---- all of it ---- */

/* The first line that followers get: {"event":"run","folder":"out.run"}. */
static calo_status tell_folder(const calo_engine *engine, calo_error *err)
{
    calo_blob line = {0};
    if (engine->options->events < 0)
        return CALO_OK;
    calo_status status = calo_blob_print(&line, err, "{\"event\":\"run\",\"folder\":");
    if (status == CALO_OK)
        status = calo_json_put_text(&line, engine->options->run_folder, err);
    if (status == CALO_OK)
        status = calo_blob_print(&line, err, "}\n");
    if (status == CALO_OK && calo_file_write_all(engine->options->events, line.bytes, line.size) != 0)
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "--events %d: this file cannot be written to", engine->options->events);
    calo_blob_finish(&line);
    return status;
}

calo_status calo_engine_open(calo_engine *engine, calo_error *err)
{
    engine->last_part = &engine->parts;
    engine->shard = (calo_shard){.count = 1};
    const char *launcher;
    calo_status status = make_folders(engine, err);
    if (status == CALO_OK && engine->options->shard)
        status = calo_shard_parse(engine->options->shard, &engine->shard, &launcher, err);
    if (status == CALO_OK)
        status = calo_journal_open(engine->options->run_folder, &engine->journal, err);
    if (status == CALO_OK)
        status = open_list(engine, err);
    if (status == CALO_OK)
        status = read_history(engine, err);
    if (status == CALO_OK)
        status = open_queue(engine, err);
    if (status == CALO_OK)
        status = open_workers(engine, err);
    if (status == CALO_OK)
        status = open_live(engine, err);
    if (status == CALO_OK)
        status = tell_folder(engine, err);
    return status == CALO_OK ? note_start(engine, err) : status;
}

void calo_engine_close(calo_engine *engine)
{
    engine->abandoned = true;
    calo_live_destroy(engine->live);
    free(engine->live_workers);
    calo_pool_destroy(engine->pool);
    calo_committer_destroy(engine->committer);
    if (engine->queue)
        calo_engine_give_back(engine, NULL);
    calo_fetcher_destroy(engine->fetcher);
    calo_queue_close(engine->queue);
    calo_journal_close(engine->journal);
    calo_csv_log_close(engine->log);
    calo_history_destroy(engine->history);
    calo_plan_destroy(engine->plan);
    calo_object_list_close(engine->list);
    free(engine->slots);
    free(engine->ready);
    free(engine->run_folder);
    free(engine->scratch_folder);
    free(engine->fetch_folder);
    free(engine->worker_folder);
    free(engine->stage_folder);
    free(engine->join_folder);
    free(engine->picture_folder);
}
