/* Indexes of the parts, written when all of them are in the destination.
 *
 * The lines come from the journal (one machine did all), from the queue, or from the shards: each shard leaves its lines in
 * the destination, under shards/, and whoever finds those of all others there makes the index. Should several do so at once,
 * they write the same bytes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/destination.h"
#include "dataset/engine_state.h"
#include "dataset/object_json.h"
#include "store/package.h"

static const uint64_t max_shard_bytes = 1ull << 32;

char *calo_engine_part_line(const calo_engine_part *part, const calo_committed *committed)
{
    json_t *names = json_array();
    for (size_t i = 0; i < part->part.sample_count; i++)
        if (part->samples[i].stage == CALO_STAGE_DONE)
            json_array_append_new(names, json_string(part->part.samples[i].name));
    json_t *line = json_pack("{s:s?, s:I, s:s, s:o}", "path", committed->path, "bytes", (json_int_t)committed->bytes, "sha256",
                             committed->path ? committed->sha256 : "", "names", names);
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(line);
    return text;
}

/* ---- lines to the index ---- */

typedef struct index_maker {
    calo_engine *engine;
    calo_destination *destination;
    calo_index *index;
    calo_status status;
    calo_error *err;
} index_maker;

static calo_status fail_line(calo_error *err, uint64_t part)
{
    return calo_fail(err, CALO_ERROR_FORMAT, "the line of part %llu for the index, as the journal, the queue or a shard has "
                     "it, is damaged: make that part anew in a run of another name", (unsigned long long)part);
}

/* Lines come from other machines, too: an index names nothing that is not below it. */
static bool is_below(const char *path)
{
    for (const char *word = path;; word++) {
        size_t length = strcspn(word, "/");
        if (length == 0 || strncmp(word, ".", length) == 0 || (length == 2 && strncmp(word, "..", length) == 0))
            return false;
        word += length;
        if (!*word)
            return true;
    }
}

static bool is_sound(const calo_index_part *part, const json_t *bytes)
{
    char sha256[65];
    return is_below(part->path) && json_is_integer(bytes) && json_integer_value(bytes) >= 0 && part->sha256 &&
           calo_sha256_normalize(part->sha256, sha256) && strcmp(part->sha256, sha256) == 0;
}

static calo_status add_names(index_maker *maker, calo_index_part *part, const json_t *names, calo_error *err)
{
    const char **texts = calloc(json_array_size(names) + 1, sizeof *texts);
    if (!texts)
        return calo_fail_memory(err, "names", json_array_size(names) * sizeof *texts);
    calo_status status = CALO_OK;
    part->names = texts;
    part->name_count = json_array_size(names);
    for (size_t i = 0; i < part->name_count && status == CALO_OK; i++) {
        texts[i] = json_string_value(json_array_get(names, i));
        status = calo_package_check_name(maker->engine->options->plan.package, texts[i], err);
    }
    if (status == CALO_OK)
        status = calo_index_add(maker->index, part, err);
    free(texts);
    return status;
}

static calo_status add_line(index_maker *maker, uint64_t number, const char *text, size_t size, calo_error *err)
{
    calo_status status = CALO_OK;
    json_t *line = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *path = json_object_get(line, "path"), *bytes = json_object_get(line, "bytes");
    calo_index_part part = {.path = json_string_value(path), .sha256 = json_string_value(json_object_get(line, "sha256")),
                            .bytes = (uint64_t)json_integer_value(bytes)};
    /* Of a part whose samples all failed there is nothing. */
    if (!json_is_null(path))
        status = part.path && is_sound(&part, bytes) ? add_names(maker, &part, json_object_get(line, "names"), err)
                                                     : fail_line(err, number);
    json_decref(line);
    return status;
}

static calo_status put_index(void *user, const char *name, const char *path, calo_error *err)
{
    index_maker *maker = user;
    uint64_t bytes;
    char sha256[65];
    calo_status status = calo_path_sha256(path, &bytes, sha256, err);
    return status == CALO_OK ? calo_destination_put(maker->destination, path, name, sha256, err) : status;
}

/* ---- from the journal ---- */

static calo_status add_journaled(index_maker *maker, const calo_history *history, uint64_t part, FILE *lines, calo_error *err)
{
    calo_event_copy copy;
    calo_status status = calo_history_part(history, part, &copy, err);
    if (status != CALO_OK)
        return status;
    const char *line = copy.event.facts ? copy.event.facts : "";
    if (!lines)
        status = add_line(maker, part, line, strlen(line), err);
    else if (fprintf(lines, "%s\n", line) < 0)
        status = calo_fail(err, CALO_ERROR_IO, "the shard's lines cannot be written: is the disk full?");
    calo_event_copy_finish(&copy);
    return status;
}

/* The parts of this run: into the index, or as lines into a file. */
static calo_status add_run(index_maker *maker, FILE *lines, calo_error *err)
{
    const calo_engine *engine = maker->engine;
    uint64_t parts = calo_plan_part_count(engine->plan);
    calo_history *history;
    calo_status status = calo_history_read(engine->options->run_folder, calo_plan_sample_count(engine->plan), parts, &history, err);
    if (status != CALO_OK)
        return status;
    for (uint64_t part = engine->shard.index; status == CALO_OK && part < parts; part += engine->shard.count)
        status = add_journaled(maker, history, part, lines, err);
    calo_history_destroy(history);
    return status;
}

/* ---- from the queue ---- */

static void visit_result(void *user, const calo_queue_result *result)
{
    index_maker *maker = user;
    if (maker->status == CALO_OK)
        maker->status = add_line(maker, result->part, result->json, strlen(result->json), maker->err);
}

static calo_status add_queue(index_maker *maker, calo_error *err)
{
    maker->err = err;
    calo_status status = calo_queue_results(maker->engine->queue, visit_result, maker, err);
    return status == CALO_OK ? maker->status : status;
}

/* ---- from the shards ---- */

/* shards/00003-of-00008.jsonl: what the run is, then a line a part. */
static char *shard_name(const calo_engine *engine, uint32_t index)
{
    return calo_text_format("shards/%05u-of-%05u.jsonl", index, engine->shard.count);
}

/* Of other options, or another list (lists of the same length differ in their parts' lines), is another run. */
static char *shard_heading(const calo_engine *engine)
{
    return calo_text_format("{\"options\":\"%s\",\"samples\":%llu,\"parts\":%llu}", engine->options->options_hash,
                            (unsigned long long)calo_plan_sample_count(engine->plan),
                            (unsigned long long)calo_plan_part_count(engine->plan));
}

static calo_status put_shard(index_maker *maker, calo_error *err)
{
    calo_engine *engine = maker->engine;
    char *path = calo_text_format("%s/shard.jsonl", engine->join_folder), *name = shard_name(engine, engine->shard.index);
    char *heading = shard_heading(engine);
    FILE *lines = path ? fopen(path, "we") : NULL;
    calo_status status = CALO_OK;
    if (!name || !lines || !heading)
        status = calo_fail(err, CALO_ERROR_IO, "%s: the shard's lines cannot be written", path ? path : "");
    else if (fprintf(lines, "%s\n", heading) < 0)
        status = calo_fail(err, CALO_ERROR_IO, "%s: cannot be written: is the disk full?", path);
    if (status == CALO_OK)
        status = add_run(maker, lines, err);
    if (lines && fclose(lines) != 0 && status == CALO_OK)
        status = calo_fail(err, CALO_ERROR_IO, "%s: cannot be written: is the disk full?", path);
    if (status == CALO_OK)
        status = put_index(maker, name, path, err);
    free(path);
    free(name);
    free(heading);
    return status;
}

typedef struct shard_lines {
    char *bytes, *at;
    size_t size;
} shard_lines;

/* The next line, ended by NUL; NULL after the last one. */
static char *next_line(shard_lines *shard)
{
    char *line = shard->at, *end = line ? memchr(line, '\n', (size_t)(shard->bytes + shard->size - line)) : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    shard->at = end + 1;
    return line;
}

static calo_status read_shard(index_maker *maker, uint32_t index, shard_lines *shard, calo_error *err)
{
    const calo_engine *engine = maker->engine;
    void *bytes = NULL;
    char *name = shard_name(engine, index), *heading = shard_heading(engine);
    calo_status status = name && heading ? calo_destination_get_bytes(maker->destination, name, max_shard_bytes, &bytes, &shard->size, err)
                              : calo_fail_memory(err, "a name", 0);
    shard->at = shard->bytes = bytes;
    const char *first = status == CALO_OK ? next_line(shard) : NULL;
    if (status == CALO_OK && (!first || strcmp(first, heading) != 0))
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "%s in the destination is of a run with other options or another list: give "
                           "all shards the same ones, or another destination", name);
    free(heading);
    free(name);
    return status;
}

static calo_status add_shards(index_maker *maker, calo_error *err)
{
    const calo_engine *engine = maker->engine;
    uint64_t parts = calo_plan_part_count(engine->plan);
    shard_lines *shards = calloc(engine->shard.count, sizeof *shards);
    calo_status status = shards ? CALO_OK : calo_fail_memory(err, "shards", engine->shard.count * sizeof *shards);
    for (uint32_t i = 0; status == CALO_OK && i < engine->shard.count; i++)
        status = read_shard(maker, i, &shards[i], err);
    for (uint64_t part = 0; status == CALO_OK && part < parts; part++) {
        const char *line = next_line(&shards[part % engine->shard.count]);
        status = line ? add_line(maker, part, line, strlen(line), err) : fail_line(err, part);
    }
    for (uint32_t i = 0; shards && i < engine->shard.count; i++)
        free(shards[i].bytes);
    free(shards);
    return status;
}

static void count_shard(void *user, const char *name)
{
    index_maker *maker = ((void **)user)[0];
    size_t *count = ((void **)user)[1];
    unsigned long index = strtoul(name, NULL, 10);
    char *wanted = index < maker->engine->shard.count ? shard_name(maker->engine, (uint32_t)index) : NULL;
    *count += wanted && strcmp(wanted + strlen("shards/"), name) == 0;
    free(wanted);
}

static calo_status all_shards_there(index_maker *maker, bool *there, calo_error *err)
{
    size_t count = 0;
    void *user[] = {maker, &count};
    calo_status status = calo_destination_list(maker->destination, "shards/", count_shard, user, err);
    *there = count == maker->engine->shard.count;
    return status;
}

/* ---- the index ---- */

static calo_status make_index(index_maker *maker, calo_error *err)
{
    calo_engine *engine = maker->engine;
    bool complete = true;
    calo_status status = CALO_OK;
    if (engine->shard.count > 1) {
        status = put_shard(maker, err);
        if (status == CALO_OK)
            status = all_shards_there(maker, &complete, err);
    }
    if (status != CALO_OK || !complete)
        return status;
    status = calo_index_create(engine->options->plan.package, engine->join_folder, &maker->index, err);
    if (status != CALO_OK)
        return status;
    if (engine->options->queue_url)
        status = add_queue(maker, err);
    else
        status = engine->shard.count > 1 ? add_shards(maker, err) : add_run(maker, NULL, err);
    return status == CALO_OK ? calo_index_end(maker->index, put_index, maker, err) : status;
}

calo_status calo_engine_write_index(calo_engine *engine, calo_error *err)
{
    index_maker maker = {.engine = engine};
    calo_status status = calo_destination_open(engine->options->destination, &engine->options->fetch.transfer, &maker.destination, err);
    if (status == CALO_OK)
        status = make_index(&maker, err);
    calo_index_destroy(maker.index);
    calo_destination_close(maker.destination);
    return status;
}
