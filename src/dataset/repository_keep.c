/* Repositories that --download-dir keeps: HOST/OWNER/REPO/COMMIT and an ending, whole or not at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/fetch_names.h"
#include "dataset/repository_inside.h"

char *calo_repository_kept_path(const calo_repositories *repositories, const calo_repository *repository, const char *ending)
{
    char *url = calo_text_format("%s/%s", repository->url, repository->commit);
    char *name = url ? calo_url_keep_path(url) : NULL;
    char *path = name ? calo_text_format("%s/%s%s", repositories->options.download_folder, name, ending) : NULL;
    free(url);
    free(name);
    return path;
}

static bool fail_keep(calo_repository_work *work, const char *path, int number)
{
    calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "%.300s: cannot keep the repository: %s", path, strerror(number));
    work->outcome->stop = true;
    return false;
}

static bool run(calo_repository_work *work, const char *const *words, const char *path)
{
    calo_git_end end = calo_git_run(&work->git, words, &work->output);
    if (end == CALO_GIT_DONE)
        return true;
    if (end == CALO_GIT_OVER)
        calo_repository_fail(work, CALO_REASON_FETCH_TIMEOUT, "%.300s: it was not kept in time (--fetch-timeout)", path);
    else
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "%.200s: git cannot keep the repository: %.200s", path,
                             work->output.errors);
    return false;
}

/* .gitattributes must not leave files out of archives, or change what is in them. */
static bool set_attributes(calo_repository_work *work)
{
    static const char attributes[] = "* -export-ignore -export-subst\n";
    char *path = calo_text_format("%s/info/attributes", work->git.git_folder);
    char *folder = calo_text_format("%s/info", work->git.git_folder);
    calo_error err = {0};
    bool good = path && folder && calo_folder_create(folder, &err) == CALO_OK &&
                calo_file_write(path, attributes, sizeof attributes - 1, &err) == CALO_OK;
    if (!good)
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "%.480s", err.message);
    free(path);
    free(folder);
    return good;
}

static bool keep_archive(calo_repository_work *work, const char *format, const char *path, const char *temporary)
{
    char *format_word = calo_text_format("--format=%s", format), *output = calo_text_format("--output=%s", temporary);
    const char *const words[] = {"archive", format_word, output, "refs/calotype/commit", NULL};
    bool good = format_word && output && set_attributes(work) && run(work, words, path);
    if (good && rename(temporary, path) != 0)
        good = fail_keep(work, path, errno);
    if (!good)
        unlink(temporary);
    free(format_word);
    free(output);
    return good;
}

/* The kept folder becomes the tree that objects are rendered from. */
static bool keep_files(calo_repository_work *work, const char *path, const char *temporary)
{
    const char *const words[] = {"checkout", "-q", "refs/calotype/commit", "--", ".", NULL};
    calo_folder_remove(temporary);
    if (mkdir(temporary, 0777) != 0)
        return fail_keep(work, temporary, errno);
    const char *tree = work->git.tree;
    work->git.tree = temporary;
    bool good = run(work, words, path);
    work->git.tree = tree;
    if (good && rename(temporary, path) != 0)
        good = fail_keep(work, path, errno);
    if (!good) {
        calo_folder_remove(temporary);
        return false;
    }
    free(work->repository->tree);
    work->repository->tree = strdup(path);
    work->repository->found = true;
    return work->repository->tree || fail_keep(work, path, ENOMEM);
}

bool calo_repository_keep(calo_repository_work *work)
{
    static const char *const endings[] = {"", ".zip", ".tar", ".tar.gz", ""};
    calo_repository_format format = work->repositories->options.repository_format;
    const char *ending = endings[format];
    calo_error err = {0};
    char *path = calo_repository_kept_path(work->repositories, work->repository, ending);
    char *temporary = path ? calo_text_format("%s.tmp-%ld", path, (long)getpid()) : NULL;
    char *folder = path ? strndup(path, calo_path_folder_length(path) - 1) : NULL;
    bool good = false;
    if (!temporary || !folder)
        fail_keep(work, work->repository->url, ENOMEM);
    else if (access(path, F_OK) == 0)
        good = true;
    else if (calo_folder_create(folder, &err) != CALO_OK)
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "%.480s", err.message);
    else
        good = format == CALO_REPOSITORY_FILES ? keep_files(work, path, temporary)
                                               : keep_archive(work, ending + 1, path, temporary);
    free(path);
    free(temporary);
    free(folder);
    return good;
}
