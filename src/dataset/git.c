#include "dataset/git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { WORDS_MAX = 64, VARIABLES_MAX = 4096, ABSENT = 127 };

/* In front of each command. Without a global configuration no filter (LFS) is known, so files come as they are stored. */
static const char *const settings[] = {
    "git", "--literal-pathspecs", "--no-optional-locks",
    "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false",
    "-c", "credential.helper=", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.recurseSubmodules=false",
    "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30",
};

/* No home: neither a configuration nor a .netrc. */
static const char *const variables[] = {
    "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
    "GIT_ALLOW_PROTOCOL=file:http:https", "GIT_NO_REPLACE_OBJECTS=1", "HOME=/nonexistent", "LC_ALL=C",
};
enum {
    SETTING_COUNT = sizeof settings / sizeof settings[0],
    VARIABLE_COUNT = sizeof variables / sizeof variables[0],
};

extern char **environ;

typedef struct launch {
    const char *words[WORDS_MAX];
    const char *environment[VARIABLES_MAX];
    char *git_folder, *tree; /* owned options */
    int output[2], errors[2];
} launch;

static bool is_replaced(const char *variable)
{
    static const char *const dropped[] = {"GIT_", "HOME=", "LC_ALL=", "LANGUAGE=", "SSH_ASKPASS="};
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
        if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0)
            return true;
    return false;
}

/* Everything is made before the fork: afterwards only what is safe between threads may be called. */
static bool prepare(launch *l, const calo_git *git, const char *const *words)
{
    size_t count = 0, variable_count = 0;
    l->git_folder = calo_text_format("--git-dir=%s", git->git_folder);
    l->tree = calo_text_format("--work-tree=%s", git->tree);
    if (!l->git_folder || !l->tree)
        return false;
    for (; count < SETTING_COUNT; count++)
        l->words[count] = settings[count];
    l->words[count++] = l->git_folder;
    l->words[count++] = l->tree;
    for (; *words; words++) {
        if (count + 1 == WORDS_MAX)
            return false;
        l->words[count++] = *words;
    }
    l->words[count] = NULL;
    for (; variable_count < VARIABLE_COUNT; variable_count++)
        l->environment[variable_count] = variables[variable_count];
    for (char **at = environ; at && *at && variable_count + 1 < VARIABLES_MAX; at++)
        if (!is_replaced(*at))
            l->environment[variable_count++] = *at;
    l->environment[variable_count] = NULL;
    return true;
}

static _Noreturn void become_git(const launch *l, const calo_git *git, pid_t parent)
{
    struct rlimit limit = {git->max_file_bytes, git->max_file_bytes};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDONLY);
    if (getppid() == parent && nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(l->output[1], 1) >= 0 &&
        dup2(l->errors[1], 2) >= 0 && chdir("/") == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0)
        execvpe("git", (char *const *)l->words, (char *const *)l->environment);
    _exit(ABSENT);
}

/* Keeps what fits, lets the rest go. False at the end. */
static bool drain(int fd, char *text, size_t size, size_t *length)
{
    char piece[4096];
    ssize_t got = read(fd, piece, sizeof piece);
    if (got <= 0)
        return got < 0 && (errno == EINTR || errno == EAGAIN);
    size_t kept = size - 1 - *length < (size_t)got ? size - 1 - *length : (size_t)got;
    memcpy(text + *length, piece, kept);
    *length += kept;
    text[*length] = '\0';
    return true;
}

/* Reads both ends until they are closed. False when it was over before. */
static bool listen_to(const launch *l, const calo_git *git, calo_git_output *output)
{
    size_t text_length = 0, errors_length = 0;
    struct pollfd ends[2] = {{.fd = l->output[0], .events = POLLIN}, {.fd = l->errors[0], .events = POLLIN}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (git->is_over(git->user))
            return false;
        if (poll(ends, 2, 100) <= 0)
            continue;
        if (ends[0].revents && !drain(l->output[0], output->text, sizeof output->text, &text_length))
            ends[0].fd = -1;
        if (ends[1].revents && !drain(l->errors[0], output->errors, sizeof output->errors, &errors_length))
            ends[1].fd = -1;
    }
    return true;
}

static calo_git_end judge(int state, const calo_git_output *output)
{
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return CALO_GIT_DONE;
    if ((WIFSIGNALED(state) && WTERMSIG(state) == SIGXFSZ) || strstr(output->errors, "File too large") ||
        strstr(output->errors, "died of signal 25"))
        return CALO_GIT_TOO_LARGE;
    return WIFEXITED(state) && WEXITSTATUS(state) == ABSENT ? CALO_GIT_ABSENT : CALO_GIT_FAILED;
}

static calo_git_end run(launch *l, const calo_git *git, calo_git_output *output)
{
    int state = 0;
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        return CALO_GIT_ABSENT;
    if (child == 0)
        become_git(l, git, parent);
    close(l->output[1]);
    close(l->errors[1]);
    l->output[1] = l->errors[1] = -1;
    setpgid(child, child); /* here, too: whoever comes first */
    bool ended = listen_to(l, git, output);
    if (!ended)
        kill(-child, SIGKILL);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    return ended ? judge(state, output) : CALO_GIT_OVER;
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

calo_git_end calo_git_run(const calo_git *git, const char *const *words, calo_git_output *output)
{
    calo_git_end end = CALO_GIT_ABSENT;
    launch *l = calloc(1, sizeof *l);
    output->text[0] = output->errors[0] = '\0';
    if (!l)
        return end;
    l->output[0] = l->output[1] = l->errors[0] = l->errors[1] = -1;
    if (prepare(l, git, words) && pipe2(l->output, O_CLOEXEC) == 0 && pipe2(l->errors, O_CLOEXEC) == 0)
        end = run(l, git, output);
    close_pair(l->output);
    close_pair(l->errors);
    free(l->git_folder);
    free(l->tree);
    free(l);
    return end;
}
