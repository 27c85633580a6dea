/* What git is asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/repository_inside.h"

enum { DEFAULT_TRIES = 3 };

#define REVISION "refs/calotype/commit" /* what was asked for, once it is here */

/* The last line of what git says, which is the one that says why. */
static const char *last_words(calo_git_output *output)
{
    size_t length = strlen(output->errors);
    while (length > 0 && output->errors[length - 1] == '\n')
        output->errors[--length] = '\0';
    const char *line = strrchr(output->errors, '\n');
    line = line ? line + 1 : output->errors;
    return *line ? line : "git says nothing";
}

static bool says(const calo_git_output *output, const char *const *words)
{
    for (; *words; words++)
        if (strstr(output->errors, *words))
            return true;
    return false;
}

/* The same of this machine's git alone: servers may complain of their own disks, or pretend to. */
static bool says_itself(const calo_git_output *output, const char *const *words)
{
    char line[512];
    for (const char *at = output->errors; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        for (size_t i = 0; words[i] && !strstr(line, "remote"); i++)
            if (strstr(line, words[i]))
                return true;
    }
    return false;
}

static bool fail_end(calo_repository_work *work, calo_git_end end)
{
    static const char *const gone[] = {"not found", "does not exist", "does not appear to be a git repository", NULL};
    static const char *const full[] = {"No space left on device", "Read-only file system", "quota exceeded", NULL};
    const char *url = work->repository->url;
    work->outcome->stop = end == CALO_GIT_FAILED && says_itself(&work->output, full);
    if (end == CALO_GIT_OVER)
        calo_repository_fail(work, CALO_REASON_FETCH_TIMEOUT, "%.300s: it was not there in time (--fetch-timeout)", url);
    else if (end == CALO_GIT_TOO_LARGE)
        calo_repository_fail(work, CALO_REASON_TOO_LARGE, "%.300s: it has more than %llu bytes", url,
                             (unsigned long long)work->git.max_file_bytes);
    else if (end == CALO_GIT_ABSENT)
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "%.300s: git cannot be run: install it", url);
    else
        calo_repository_fail(work, says(&work->output, gone) ? CALO_REASON_MISSING : CALO_REASON_FETCH_FAILED,
                             "%.200s: git: %.250s", url, last_words(&work->output));
    return false;
}

/* Runs git with these words; the failure is told. */
#define run_or_fail(work, ...) check(work, calo_git_run(&(work)->git, (const char *const[]){__VA_ARGS__, NULL}, &(work)->output))

static bool check(calo_repository_work *work, calo_git_end end) { return end == CALO_GIT_DONE || fail_end(work, end); }

static bool make_empty(calo_repository_work *work)
{
    calo_error err = {0};
    if (calo_folder_create(work->git.tree, &err) != CALO_OK) {
        calo_repository_fail(work, CALO_REASON_FETCH_FAILED, "%.480s", err.message);
        work->outcome->stop = true;
        return false;
    }
    return run_or_fail(work, "init", "-q", "--template=") &&
           run_or_fail(work, "remote", "add", "origin", work->repository->url);
}

/* The one commit, without files that no object needs, where the server can do that. */
static calo_git_end fetch_commit(calo_repository_work *work, bool all_files)
{
    const char *const words[] = {"fetch", "-q", "--no-tags", "--depth=1", all_files ? "--no-recurse-submodules" : "--filter=blob:none",
                                 "--", "origin", work->repository->commit, NULL};
    calo_git_end end = calo_git_run(&work->git, words, &work->output);
    if (end != CALO_GIT_DONE)
        return end;
    return calo_git_run(&work->git, (const char *const[]){"update-ref", REVISION, "FETCH_HEAD", NULL}, &work->output);
}

/* Everything, for servers that give no single commits. */
static bool fetch_all(calo_repository_work *work)
{
    const char *commit = work->repository->commit;
    char name[256];
    if (!run_or_fail(work, "fetch", "-q", "--", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"))
        return false;
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, i == 0 ? "%.200s^{commit}" : "refs/remotes/origin/%.200s^{commit}", commit);
        const char *const words[] = {"update-ref", REVISION, name, NULL};
        if (calo_git_run(&work->git, words, &work->output) == CALO_GIT_DONE)
            return true;
    }
    calo_repository_fail(work, CALO_REASON_MISSING, "%.300s: there is no commit %.100s", work->repository->url, commit);
    return false;
}

/* What trying again does not change. */
static bool is_final(calo_repository_work *work, calo_git_end end, bool *told)
{
    static const char *const refused[] = {"could not read Username", "Authentication failed", "terminal prompts disabled",
                                          "error: 403", "not found", "does not exist",
                                          "does not appear to be a git repository", "No space left on device", NULL};
    static const char *const no_commit[] = {"not our ref", NULL};
    *told = false;
    if (end != CALO_GIT_FAILED || says(&work->output, refused))
        return true;
    if (strspn(work->repository->commit, "0123456789abcdef") < 40 || !says(&work->output, no_commit))
        return false;
    *told = true;
    calo_repository_fail(work, CALO_REASON_MISSING, "%.300s: there is no commit %.100s", work->repository->url,
                         work->repository->commit);
    return true;
}

static bool needs_all(const calo_git_output *output)
{
    static const char *const words[] = {"unadvertised object", "couldn't find remote ref", "dumb http transport",
                                        "does not support shallow", NULL};
    return says(output, words);
}

static void pause_between(const calo_git *git, uint32_t seconds)
{
    for (uint32_t i = 0; i < 10 * seconds && !git->is_over(git->user); i++)
        usleep(100000);
}

static bool fetch_with_tries(calo_repository_work *work, bool all_files)
{
    uint32_t tries = work->repositories->options.transfer.tries;
    tries = tries == 0 ? DEFAULT_TRIES : tries;
    for (uint32_t try = 1;; try++) {
        bool told;
        calo_git_end end = fetch_commit(work, all_files);
        if (end == CALO_GIT_DONE)
            return true;
        if (end == CALO_GIT_FAILED && needs_all(&work->output))
            return fetch_all(work);
        if (is_final(work, end, &told) || try == tries)
            return !told && fail_end(work, end);
        pause_between(&work->git, try < 6 ? 1u << (try - 1) : 32);
    }
}

bool calo_repository_fetch(calo_repository_work *work)
{
    const calo_fetch_options *options = &work->repositories->options;
    bool kept = options->download_folder && options->repository_format != CALO_REPOSITORY_DELETE;
    return make_empty(work) && fetch_with_tries(work, kept) && (!kept || calo_repository_keep(work));
}

bool calo_repository_check_out(calo_repository_work *work, const char *path, bool *there)
{
    *there = false;
    if (!run_or_fail(work, "ls-tree", REVISION, "--", path))
        return false;
    /* "100644 blob 0123...<tab>path". Links are blobs, too: they become files with the names of their targets. */
    *there = strstr(work->output.text, " blob ") != NULL;
    if (!*there)
        return true;
    size_t length = calo_path_folder_length(path);
    char *folder = length > 0 ? strndup(path, length - 1) : strdup(".");
    bool good = folder ? run_or_fail(work, "checkout", "-q", REVISION, "--", folder) : fail_end(work, CALO_GIT_ABSENT);
    free(folder);
    return good;
}
