/* Files by http, https and s3: to the scratch folder, or to where they are kept. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/fetch_inside.h"
#include "dataset/fetch_names.h"

static const char *const no_memory = "there is no memory to fetch it";

static void fail_end(calo_fetch_worker *worker, const char *url, calo_transfer_end end, const calo_error *err)
{
    calo_reason reason = CALO_REASON_FETCH_FAILED;
    switch (end) {
    case CALO_TRANSFER_MISSING: reason = CALO_REASON_MISSING; break;
    case CALO_TRANSFER_TOO_LARGE: reason = CALO_REASON_TOO_LARGE; break;
    case CALO_TRANSFER_TIMEOUT: reason = CALO_REASON_FETCH_TIMEOUT; break;
    case CALO_TRANSFER_CANCELLED: calo_fetch_fail_over(worker); return;
    case CALO_TRANSFER_DONE:
    case CALO_TRANSFER_REFUSED:
    case CALO_TRANSFER_FAILED:
    case CALO_TRANSFER_LOCAL: break;
    }
    calo_fetch_fail(worker, reason, "%.480s", err->message[0] ? err->message : url);
    worker->fetched->stop = end == CALO_TRANSFER_LOCAL;
}

static void download(calo_fetch_worker *worker, const char *url, const char *path)
{
    calo_error err = {0};
    calo_transfer_end end = calo_transfer_get(worker->transfer, url, path, &err);
    if (end == CALO_TRANSFER_DONE)
        calo_fetch_file(worker, path);
    else
        fail_end(worker, url, end, &err);
}

static void fetch_to_scratch(calo_fetch_worker *worker, const char *url)
{
    char *folder = calo_fetch_make_folder(worker);
    char *name = folder ? calo_url_file_name(url) : NULL;
    char *path = name ? calo_text_format("%s/%s", folder, name) : NULL;
    if (path)
        download(worker, url, path);
    else if (folder)
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "%s", no_memory);
    free(path);
    free(name);
}

/* One thread at a time downloads to a path. False when the worker must end. */
static bool claim(calo_fetch_worker *worker, const char *path)
{
    calo_fetcher *fetcher = worker->fetcher;
    size_t own = (size_t)(worker - fetcher->workers);
    bool busy = true;
    while (busy && !calo_fetch_is_over(worker)) {
        busy = false;
        pthread_mutex_lock(&fetcher->mutex);
        for (uint32_t i = 0; i < fetcher->options.threads; i++)
            busy = busy || (fetcher->busy[i] && strcmp(fetcher->busy[i], path) == 0);
        if (!busy)
            fetcher->busy[own] = path;
        pthread_mutex_unlock(&fetcher->mutex);
        if (busy)
            usleep(50000);
    }
    return !busy;
}

static void unclaim(calo_fetch_worker *worker)
{
    pthread_mutex_lock(&worker->fetcher->mutex);
    worker->fetcher->busy[worker - worker->fetcher->workers] = NULL;
    pthread_mutex_unlock(&worker->fetcher->mutex);
}

/* Whether a file stands where a folder must be: "https://host/a" was kept before "https://host/a/b". */
static bool is_blocked(char *folder, size_t fixed_length)
{
    struct stat about;
    bool blocked = false;
    for (char *at = folder + fixed_length; *at && !blocked;) {
        at = strchrnul(at + 1, '/');
        char end = *at;
        *at = '\0';
        blocked = stat(folder, &about) == 0 && !S_ISDIR(about.st_mode);
        *at = end;
    }
    return blocked;
}

static bool make_folder_of(calo_fetch_worker *worker, const char *path)
{
    calo_error err = {0};
    char *folder = strndup(path, calo_path_folder_length(path) - 1);
    calo_status status = folder ? calo_folder_create(folder, &err) : calo_fail_memory(&err, "a path", strlen(path));
    if (status != CALO_OK) {
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "%.480s", err.message);
        worker->fetched->stop = !folder || !is_blocked(folder, strlen(worker->fetcher->options.download_folder));
    }
    free(folder);
    return status == CALO_OK;
}

/* What is there is taken, if its hash is right or nobody knows it; else it is fetched again. */
static void fetch_to_kept(calo_fetch_worker *worker, const char *url, const char *path)
{
    bool there = access(path, F_OK) == 0;
    if (there)
        calo_fetch_file(worker, path);
    if (there && worker->fetched->verdict != CALO_VERDICT_MODIFIED)
        return;
    free(worker->fetched->path);
    *worker->fetched = (calo_fetched){.ticket = worker->fetched->ticket, .hold = worker->fetched->hold};
    if (make_folder_of(worker, path))
        download(worker, url, path);
}

static void fetch_and_keep(calo_fetch_worker *worker, const char *url)
{
    char *name = calo_url_keep_path(url);
    char *path = name ? calo_text_format("%s/%s", worker->fetcher->options.download_folder, name) : NULL;
    if (!path)
        calo_fetch_fail(worker, CALO_REASON_FETCH_FAILED, "%s", no_memory);
    else if (!claim(worker, path))
        calo_fetch_fail_over(worker);
    else
        fetch_to_kept(worker, url, path);
    if (path)
        unclaim(worker);
    free(path);
    free(name);
}

void calo_fetch_url(calo_fetch_worker *worker, const char *url)
{
    if (worker->fetcher->options.download_folder)
        fetch_and_keep(worker, url);
    else
        fetch_to_scratch(worker, url);
}
