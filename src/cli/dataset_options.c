#include "cli/dataset_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"

typedef calo_dataset_command command;

enum { DEFAULT_PICTURES = 48 };

static calo_status apply_list(void *target, const char *value, calo_error *err)
{
    command *c = target;
    const char **more = realloc(c->lists, (c->list_count + 1) * sizeof *more);
    if (!more)
        return calo_fail_memory(err, "lists", c->list_count * sizeof *more);
    c->lists = more;
    c->lists[c->list_count++] = value;
    return CALO_OK;
}

static calo_status apply_memory(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("memory-limit", value, &((command *)target)->run.pool.memory_bytes, err);
}

static calo_status apply_max_download(void *target, const char *value, calo_error *err)
{
    return calo_parse_bytes("max-download", value, &((command *)target)->run.fetch.max_bytes, err);
}

/* A whole number that fits 64 bits. */
static calo_status read_number(const char *name, const char *value, uint64_t *number, calo_error *err)
{
    int64_t read;
    if (!calo_parse_integer(value, &read) || read < 0)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s %s: give a whole number from 0 on", name, value);
    *number = (uint64_t)read;
    return CALO_OK;
}

static calo_status apply_skip(void *target, const char *value, calo_error *err)
{
    return read_number("skip", value, &((command *)target)->run.list.skip, err);
}

static calo_status apply_limit(void *target, const char *value, calo_error *err)
{
    return read_number("limit", value, &((command *)target)->run.list.limit, err);
}

static calo_status apply_shuffle_seed(void *target, const char *value, calo_error *err)
{
    return read_number("shuffle-seed", value, &((command *)target)->run.plan.seed, err);
}

static calo_status apply_events(void *target, const char *value, calo_error *err)
{
    uint64_t file = 0;
    calo_status status = read_number("events", value, &file, err);
    if (status == CALO_OK && file > 1000000)
        status = calo_fail(err, CALO_ERROR_ARGUMENT, "--events %s: give the number of an open file", value);
    if (status == CALO_OK)
        ((command *)target)->run.events = (int)file;
    return status;
}

#define GROUP(text) {.kind = CALO_OPTION_GROUP, .help = (text)}
#define OPTION(kind_, name_, value_, field, text) \
    {.kind = (kind_), .name = (name_), .value = (value_), .offset = offsetof(command, field), .help = (text)}
#define TEXT(name_, value_, field, text) OPTION(CALO_OPTION_TEXT, name_, value_, field, text)
#define FLAG(name_, field, text) OPTION(CALO_OPTION_FLAG, name_, NULL, field, text)
#define CHOICE(kind_, name_, value_, field, text) OPTION(kind_, name_, value_, field, text)
#define RANGE(kind_, name_, value_, field, least_, most_, text)                                              \
    {.kind = (kind_), .name = (name_), .value = (value_), .offset = offsetof(command, field), .least = (least_), \
     .most = (most_), .help = (text)}
#define CUSTOM(name_, value_, apply_, text) \
    {.kind = CALO_OPTION_CUSTOM, .name = (name_), .value = (value_), .apply = (apply_), .help = (text)}

const calo_option calo_dataset_options_table[] = {
    GROUP("Which objects (docs/dataset-objects.md)"),
    CUSTOM("list", "FILE", apply_list,
           "objects a line: .txt, .csv or .jsonl, also .gz; paths, URLs\n(http, s3, files in git repositories), Objaverse's uids"),
    TEXT("uid-paths", "FILE", run.list.uid_paths, "Objaverse's object-paths.json[.gz] (its own cache's)"),
    TEXT("uid-base", "WHERE", run.list.uid_base, "what comes before these paths: a folder or URL (Objaverse's)"),
    CUSTOM("skip", "N", apply_skip, "leave out the first N objects"),
    CUSTOM("limit", "N", apply_limit, "take N objects at most"),

    GROUP("Where to (docs/dataset-packages.md)"),
    {.kind = CALO_OPTION_TEXT,
     .letter = 'o',
     .name = "output",
     .value = "WHERE",
     .offset = offsetof(command, run.destination),
     .help = "a folder, or s3://bucket/prefix"},
    CHOICE(CALO_OPTION_CHOICE, "package", "files|zip|webdataset|torch|safetensors", run.plan.package,
           "a folder or zip an object, or shards of several (files)"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "name", "stem|uid", run.plan.naming,
           "an object's name is the file's own, or a uuid of its\nidentifier (uid)"),
    RANGE(CALO_OPTION_COUNT, "objects-per-shard", "N", run.plan.samples_per_part, 1, 100000, "of shards (100)"),
    RANGE(CALO_OPTION_COUNT, "scenes-per-chunk", "N", run.plan.samples_per_part, 1, 100000, "the same, as torch's users call it"),
    RANGE(CALO_OPTION_NUMBER, "train-share", "X", run.plan.train_share, 0, 1, "of torch: so much is train/, the rest test/ (0.9)"),
    CUSTOM("shuffle-seed", "N", apply_shuffle_seed, "of torch's order, and of which objects share a scene (0)"),
    TEXT("run", "FOLDER", run.run_folder, "journal, logs, report and scratch (WHERE.run)"),
    TEXT("run-name", "NAME", run.name, "in the names of its CSV files (WHERE's last word)"),
    FLAG("resume", run.resume, "go on where a run was stopped or killed: --run is enough;\nwith the whole command line it begins a run that is not\nthere yet, so scripts can always give it"),
    FLAG("retry-failed", run.retry_failed, "with --resume: try again what failed"),
    {.kind = CALO_OPTION_FLAG,
     .letter = 'q',
     .name = "quiet",
     .offset = offsetof(command, run.quiet),
     .help = "say nothing but errors"},

    GROUP("Scenes of several objects (docs/dataset-scenes.md)"),
    RANGE(CALO_OPTION_COUNT, "num-objects", "K", run.plan.objects_per_sample, 1, CALO_PLACED_OBJECTS_MAX,
          "objects a scene, placed side by side; see --arrangement (1)"),

    GROUP("Fetching (docs/dataset-storage.md)"),
    TEXT("download-dir", "FOLDER", run.fetch.download_folder, "keep what is downloaded (it is deleted after rendering)"),
    CHOICE(CALO_OPTION_CHOICE_FROM_1, "save-repo-format", "zip|tar|tar.gz|files", run.fetch.repository_format,
           "keep git repositories there, too"),
    RANGE(CALO_OPTION_COUNT, "fetchers", "N", run.fetch.threads, 1, 256, "downloads at once (8)"),
    RANGE(CALO_OPTION_NUMBER, "fetch-timeout", "SECONDS", run.fetch.timeout_seconds, 0.1, 1e6, "of one object (300)"),
    RANGE(CALO_OPTION_COUNT, "fetch-tries", "N", run.fetch.transfer.tries, 1, 100, "with growing pauses between them (6)"),
    CUSTOM("max-download", "SIZE", apply_max_download, "of one object (4G)"),
    FLAG("accept-modified", run.fetch.accept_modified, "render objects whose SHA-256 is not the list's, too"),
    TEXT("s3-endpoint", "URL", run.fetch.transfer.s3_endpoint, "of servers like MinIO (AWS_ENDPOINT_URL, else Amazon's)"),
    TEXT("s3-region", "NAME", run.fetch.transfer.s3_region, "(AWS_REGION, else us-east-1)"),

    GROUP("Workers (docs/dataset-workers.md)"),
    RANGE(CALO_OPTION_COUNT, "workers", "N", run.pool.workers, 1, 1024, "processes (one a core)"),
    RANGE(CALO_OPTION_NUMBER, "render-timeout", "SECONDS", run.pool.timeout_seconds, 0.1, 1e6, "of one object (300)"),
    CUSTOM("memory-limit", "SIZE", apply_memory, "of one worker: 4G (its share of the machine's)"),
    FLAG("no-sandbox", run.pool.no_sandbox, "let workers write and connect as they like"),
    FLAG("require-sandbox", run.pool.require_sandbox, "do not begin where the kernel cannot shut workers in"),
    RANGE(CALO_OPTION_NUMBER, "grace", "SECONDS", run.grace_seconds, 0.1, 1e6,
          "for objects that are being rendered when the run is\nstopped by a signal (30)"),

    GROUP("Several machines (docs/dataset-cluster.md)"),
    TEXT("shard", "I/N|auto", run.shard, "make every N-th part, from the I-th (from 0) on; auto: of\nSlurm, MPI, Kubernetes or torchrun"),
    TEXT("queue", "URL", run.queue_url, "take parts from redis://HOST/?name=RUN, which all machines share"),
    RANGE(CALO_OPTION_NUMBER, "claim-after", "SECONDS", run.claim_seconds, 1, 1e6,
          "a machine of the queue that is silent for so long has lost\nits parts (60)"),

    GROUP("Reports (docs/dataset-runs.md)"),
    RANGE(CALO_OPTION_COUNT, "report-pictures", "N", run.pictures, 0, 10000, "objects shown in report.html, at most (48)"),
    CUSTOM("events", "FILE", apply_events, "an open file's number, for programs: gets the journal's\nnew lines"),
    {0},
};

/* ---- reading ---- */

/* What is written beside each sample is the data set's to say; what a person looks at is the report's. */
static calo_status check_render_words(const calo_render_command *render, calo_error *err)
{
    if (render->item.sheet_path)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--sheet is for `calotype render`: a data set's pictures are in the report "
                         "of its run");
    return CALO_OK;
}

static calo_status read_words(char **own, char **others, int argc, char **argv, command *c, calo_arguments *arguments,
                              calo_error *err)
{
    int own_count, other_count;
    calo_arguments none = {0};
    calo_status status = calo_arguments_split(calo_dataset_options_table, calo_render_options_table, argc, argv, own, &own_count,
                                              others + 1, &other_count, err);
    if (status == CALO_OK)
        status = calo_arguments_parse(calo_dataset_options_table, own_count, own, c, arguments, err);
    if (status == CALO_OK)
        status = calo_arguments_parse(calo_render_options_table, other_count, others + 1, &c->render, &none, err);
    calo_arguments_finish(&none);
    c->word_count = other_count + 1;
    return status == CALO_OK ? check_render_words(&c->render, err) : status;
}

calo_status calo_dataset_command_read(int argc, char **argv, calo_dataset_command *c, calo_arguments *arguments, calo_error *err)
{
    static char worker[] = "worker";
    char **own = calloc((size_t)argc + 1, sizeof *own);
    *c = (calo_dataset_command){.run.events = -1, .run.pictures = DEFAULT_PICTURES, .run.plan.train_share = 0.9,
                                .render = calo_render_command_default()};
    *arguments = (calo_arguments){0};
    c->words = calloc((size_t)argc + 6, sizeof *c->words);
    calo_status status = own && c->words ? CALO_OK : calo_fail_memory(err, "arguments", (size_t)argc);
    if (status == CALO_OK) {
        c->words[0] = worker;
        status = read_words(own, c->words, argc, argv, c, arguments, err);
    }
    free(own);
    c->run.list.inputs = arguments->files;
    c->run.list.input_count = arguments->file_count;
    c->run.list.lists = c->lists;
    c->run.list.list_count = c->list_count;
    return status;
}

/* ---- resolving ---- */

/* The last word of a path or URL, without slashes behind it. */
static const char *last_word(const char *place, size_t *length)
{
    size_t end = strlen(place);
    while (end > 0 && place[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && place[start - 1] != '/')
        start--;
    *length = end - start;
    return place + start;
}

static calo_status name_run(command *c, calo_error *err)
{
    size_t length;
    const char *place = c->run.destination, *word = last_word(place, &length);
    bool is_url = calo_transfer_is_url(place);
    if (length == 0 || (length == 1 && word[0] == '.'))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "-o %s: name a folder, so that the run's own can stand beside it", place);
    c->name = strndup(word, length);
    size_t before = is_url ? 0 : (size_t)(word - place);
    if (!c->run.run_folder)
        c->run.run_folder = c->run_folder = calo_text_format("%.*s%.*s.run", (int)before, place, (int)length, word);
    c->run.name = c->run.name ? c->run.name : c->name;
    return c->name && c->run.run_folder ? CALO_OK : calo_fail_memory(err, "a path", 0);
}

/* What does not change the pictures may differ from machine to machine, and at a resume. */
static bool changes_pictures(const char *word, int *skipped)
{
    static const char *const others[] = {"--threads", "--cache", "--cache-limit"};
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strlen(others[i]) == length && strncmp(word, others[i], length) == 0) {
            *skipped = word[length] == '=' ? 1 : 2;
            return false;
        }
    return true;
}

static void hash_text(calo_sha256_run *run, const char *text) { calo_sha256_add(run, text, strlen(text) + 1); }

static void hash_options(command *c)
{
    const calo_plan_options *plan = &c->run.plan;
    char numbers[256];
    calo_sha256_run hash;
    calo_sha256_begin(&hash);
    hash_text(&hash, calo_version());
    snprintf(numbers, sizeof numbers, "%d %d %u %u %.17g %llu %d", (int)plan->package, (int)plan->naming, plan->objects_per_sample,
             plan->samples_per_part, plan->train_share, (unsigned long long)plan->seed, c->run.fetch.accept_modified);
    hash_text(&hash, numbers);
    for (int i = 1, skipped; i < c->word_count; i += skipped) {
        skipped = 1;
        if (changes_pictures(c->words[i], &skipped))
            hash_text(&hash, c->words[i]);
    }
    calo_sha256 ended = calo_sha256_end(&hash);
    calo_sha256_text(&ended, c->options_hash);
    c->run.options_hash = c->options_hash;
}

static void add_words(command *c, char *option, char *value)
{
    c->words[c->word_count++] = option;
    c->words[c->word_count++] = value;
}

/* What workers need to know of the data set's own options. */
static void finish_worker_words(command *c)
{
    static char package[] = "--package", arrangement[] = "--arrangement", ground[] = "ground";
    static char packages[][16] = {"files", "zip", "webdataset", "torch", "safetensors"};
    add_words(c, package, packages[c->run.plan.package]);
    /* The last scene is placed, too, if a single object is left for it. */
    if (c->run.plan.objects_per_sample > 1 && c->render.item.placement.arrangement == CALO_ARRANGEMENT_DEFAULT)
        add_words(c, arrangement, ground);
    c->run.pool.program = "/proc/self/exe";
    c->run.pool.words = (const char *const *)c->words;
    c->run.pool.word_count = (size_t)c->word_count;
}

calo_status calo_dataset_command_resolve(calo_dataset_command *c, calo_error *err)
{
    if (!c->run.destination)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "where to? say -o FOLDER, or -o s3://BUCKET/PREFIX");
    if (c->run.shard && c->run.queue_url)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--shard and --queue are two ways to share the work: choose one");
    if (c->run.retry_failed && !c->run.resume)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--retry-failed is about an earlier run: add --resume");
    if (c->run.retry_failed && c->run.queue_url)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--retry-failed: what has failed is a result in the queue and final: list these "
                         "objects for another run");
    calo_status status = name_run(c, err);
    if (status != CALO_OK)
        return status;
    hash_options(c);
    finish_worker_words(c);
    return CALO_OK;
}

void calo_dataset_command_finish(calo_dataset_command *c)
{
    calo_render_command_finish(&c->render);
    free(c->lists);
    free(c->run_folder);
    free(c->name);
    free(c->words);
}
