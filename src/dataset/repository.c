#include "dataset/repository.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/repository_inside.h"

void calo_repository_fail(calo_repository_work *work, calo_reason reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(work->outcome->message, sizeof work->outcome->message, format, arguments);
    va_end(arguments);
    work->outcome->reason = reason;
}

calo_status calo_repositories_create(const calo_fetch_options *options, calo_repositories **repositories, calo_error *err)
{
    *repositories = calloc(1, sizeof **repositories);
    if (!*repositories)
        return calo_fail_memory(err, "git repositories", sizeof **repositories);
    (*repositories)->options = *options;
    pthread_mutex_init(&(*repositories)->mutex, NULL);
    return CALO_OK;
}

void calo_repositories_destroy(calo_repositories *repositories)
{
    if (!repositories)
        return;
    pthread_mutex_destroy(&repositories->mutex);
    free(repositories);
}

static void free_repository(calo_repository *repository)
{
    if (repository->folder)
        calo_folder_remove(repository->folder);
    pthread_mutex_destroy(&repository->checkout);
    free(repository->url);
    free(repository->commit);
    free(repository->folder);
    free(repository->git_folder);
    free(repository->tree);
    free(repository);
}

static calo_repository *make_repository(const calo_repository_place *place)
{
    calo_repository *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    pthread_mutex_init(&made->checkout, NULL);
    made->url = strdup(place->url);
    made->commit = strdup(place->commit);
    if (made->url && made->commit)
        return made;
    free_repository(made);
    return NULL;
}

/* The repository of a place, with one more user. NULL when memory ends. */
static calo_repository *take_repository(calo_repositories *repositories, const calo_repository_place *place)
{
    pthread_mutex_lock(&repositories->mutex);
    calo_repository *at = repositories->first;
    while (at && (strcmp(at->url, place->url) != 0 || strcmp(at->commit, place->commit) != 0))
        at = at->next;
    if (!at && (at = make_repository(place))) {
        at->next = repositories->first;
        repositories->first = at;
    }
    if (at)
        at->users++;
    pthread_mutex_unlock(&repositories->mutex);
    return at;
}

calo_status calo_repository_use_begin(calo_repositories *repositories, const char *location, calo_repository_use **use,
                                      calo_error *err)
{
    calo_repository_place place;
    *use = NULL;
    if (!calo_repository_parse(location, &place))
        return CALO_OK;
    calo_repository_use *made = calloc(1, sizeof *made);
    calo_repository *repository = made ? take_repository(repositories, &place) : NULL;
    if (!repository) {
        free(made);
        calo_repository_place_finish(&place);
        return calo_fail_memory(err, "a git repository", sizeof *made);
    }
    *made = (calo_repository_use){repositories, repository, place};
    *use = made;
    return CALO_OK;
}

void calo_repository_use_end(calo_repository_use *use)
{
    if (!use)
        return;
    calo_repositories *repositories = use->repositories;
    calo_repository *repository = use->repository;
    pthread_mutex_lock(&repositories->mutex);
    bool last = --repository->users == 0;
    calo_repository **link = &repositories->first;
    while (last && *link != repository)
        link = &(*link)->next;
    if (last)
        *link = repository->next;
    pthread_mutex_unlock(&repositories->mutex);
    if (last)
        free_repository(repository);
    calo_repository_place_finish(&use->place);
    free(use);
}

/* Names its folders before git makes them. */
static bool name_folders(calo_repositories *repositories, calo_repository *repository)
{
    pthread_mutex_lock(&repositories->mutex);
    unsigned long long number = repositories->folders++;
    pthread_mutex_unlock(&repositories->mutex);
    repository->folder = calo_text_format("%s/repository-%06llu", repositories->options.scratch_folder, number);
    repository->git_folder = repository->folder ? calo_text_format("%s/git", repository->folder) : NULL;
    repository->tree = repository->folder ? calo_text_format("%s/tree", repository->folder) : NULL;
    if (repository->folder)
        calo_folder_remove(repository->folder); /* what a killed supervisor left */
    return repository->git_folder && repository->tree;
}

/* Whether an earlier run has kept all files of it; then that is the tree. */
static bool find_kept(const calo_repositories *repositories, calo_repository *repository)
{
    struct stat about;
    if (!repositories->options.download_folder || repositories->options.repository_format != CALO_REPOSITORY_FILES)
        return false;
    char *kept = calo_repository_kept_path(repositories, repository, "");
    if (!kept || stat(kept, &about) != 0 || !S_ISDIR(about.st_mode)) {
        free(kept);
        return false;
    }
    free(repository->tree);
    repository->tree = kept;
    repository->found = true;
    return true;
}

/* True: this thread is the one that fetches the repository. */
static bool begin_fetch(calo_repositories *repositories, calo_repository *repository, calo_repository_state *state)
{
    pthread_mutex_lock(&repositories->mutex);
    *state = repository->state;
    if (*state == CALO_REPOSITORY_NEW)
        repository->state = CALO_REPOSITORY_BUSY;
    pthread_mutex_unlock(&repositories->mutex);
    return *state == CALO_REPOSITORY_NEW;
}

static calo_repository_state fetch(calo_repository_work *work, calo_repositories *repositories)
{
    calo_repository *repository = work->repository;
    calo_repository_outcome *outcome = work->outcome;
    work->outcome = &repository->outcome;
    bool good = name_folders(repositories, repository);
    if (!good)
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "there is no memory to fetch %.300s", repository->url);
    work->git.git_folder = repository->git_folder;
    work->git.tree = repository->tree;
    good = good && (find_kept(repositories, repository) || calo_repository_fetch(work));
    work->outcome = outcome;
    pthread_mutex_lock(&repositories->mutex);
    repository->state = good ? CALO_REPOSITORY_READY : CALO_REPOSITORY_LOST;
    pthread_mutex_unlock(&repositories->mutex);
    return repository->state;
}

/* What git keeps in place of large files where their owner uses Git LFS. */
static bool is_pointer(const char *path)
{
    static const char start[] = "version https://git-lfs.github.com/spec/";
    char bytes[sizeof start - 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool pointer = fd >= 0 && read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes &&
                   memcmp(bytes, start, sizeof bytes) == 0;
    if (fd >= 0)
        close(fd);
    return pointer;
}

/* The file at `path` in the tree, which is checked out if need be; false if there is none, or after a failure. */
static bool find_file(calo_repository_work *work, const char *path)
{
    struct stat about;
    calo_repository *repository = work->repository;
    bool there = true;
    char *full = calo_text_format("%s/%s", repository->tree, path);
    if (!full) {
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "there is no memory to fetch it");
        return false;
    }
    if (!repository->found && lstat(full, &about) != 0 && !calo_repository_check_out(work, path, &there))
        there = false;
    if (!there || lstat(full, &about) != 0 || !S_ISREG(about.st_mode)) {
        free(full);
        return false;
    }
    work->outcome->path = full;
    if (is_pointer(full))
        calo_repository_fail(work, CALO_REASON_MISSING,
                             "%.120s: %.200s at %.60s is a Git LFS pointer: the file itself is not in the repository",
                             repository->url, path, repository->commit);
    return true;
}

static void find_object(calo_repository_work *work, const calo_repository_place *place)
{
    work->git.git_folder = work->repository->git_folder;
    work->git.tree = work->repository->tree;
    pthread_mutex_lock(&work->repository->checkout);
    bool found = find_file(work, place->path);
    if (!found && !work->outcome->reason && place->decoded_path)
        found = find_file(work, place->decoded_path);
    pthread_mutex_unlock(&work->repository->checkout);
    if (!found && !work->outcome->reason)
        calo_repository_fail(work, CALO_REASON_MISSING, "%.160s: there is no file %.200s at %.60s", place->url, place->path,
                             place->commit);
}

bool calo_repository_get(calo_repository_use *use, bool (*is_over)(void *user), void *user, calo_repository_outcome *outcome)
{
    calo_repository *repository = use->repository;
    calo_repository_state state;
    calo_repository_work *work = calloc(1, sizeof *work);
    *outcome = (calo_repository_outcome){0};
    if (!work) {
        outcome->reason = CALO_REASON_FETCH_FAILED;
        return true;
    }
    work->repositories = use->repositories;
    work->repository = repository;
    work->outcome = outcome;
    work->git = (calo_git){NULL, NULL, use->repositories->options.max_bytes, is_over, user};
    if (begin_fetch(use->repositories, repository, &state))
        state = fetch(work, use->repositories);
    if (state == CALO_REPOSITORY_READY)
        find_object(work, &use->place);
    else if (state == CALO_REPOSITORY_LOST)
        *outcome = repository->outcome;
    free(work);
    return state != CALO_REPOSITORY_BUSY;
}

bool calo_repository_is_busy(calo_repository_use *use)
{
    pthread_mutex_lock(&use->repositories->mutex);
    bool busy = use->repository->state == CALO_REPOSITORY_BUSY;
    pthread_mutex_unlock(&use->repositories->mutex);
    return busy;
}
