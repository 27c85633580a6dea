/* What a machine has, asked in a forked child: drivers crash, hang, leave threads and displays behind. */
#include <calotype/gl.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "gl/kinds.h"
#include "gl/process.h"

enum { PROBE_SECONDS = 10 };

/* What the child answers; fits into a pipe's atomic write (PIPE_BUF), so that it comes whole or not at all. */
typedef struct answer {
    calo_status status;
    calo_gl_info info;
    char message[1024];
} answer;
_Static_assert(sizeof(answer) <= 4096, "an answer is one write");

static void try_kind(calo_gl_kind kind, answer *result)
{
    calo_gl_context *context = NULL;
    calo_error err = {0};
    *result = (answer){0};
    result->status = calo_gl_context_create(&(calo_gl_options){.kind = kind}, &context, &err);
    if (result->status == CALO_OK)
        result->info = *calo_gl_context_info(context);
    memcpy(result->message, err.message, sizeof result->message);
    calo_gl_context_destroy(context);
}

/* The child. Drivers write their complaints to stderr; the answer says it in one sentence. */
static void answer_and_exit(calo_gl_kind kind, int pipe_end)
{
    answer result;
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
    try_kind(kind, &result);
    ssize_t written = write(pipe_end, &result, sizeof result);
    _exit(written == (ssize_t)sizeof result ? 0 : 1);
}

static int64_t milliseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the pipe has the answer, is closed (a crash) or time is up; false without an answer. */
static bool read_answer(int pipe_end, answer *result, bool *in_time)
{
    int64_t deadline = milliseconds_now() + PROBE_SECONDS * 1000;
    struct pollfd wait = {.fd = pipe_end, .events = POLLIN};
    int ready;
    do {
        int64_t left = deadline - milliseconds_now();
        ready = poll(&wait, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    *in_time = ready != 0;
    return ready > 0 && read(pipe_end, result, sizeof *result) == (ssize_t)sizeof *result;
}

/* The child's end; 0 where the application has it reaped elsewhere (SIGCHLD ignored). */
static int reap(pid_t child)
{
    int state = 0;
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return 0;
    return state;
}

static void ask_child(calo_gl_kind kind, answer *result)
{
    int ends[2];
    bool in_time = true, answered = false;
    result->status = CALO_ERROR_BACKEND;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(result->message, sizeof result->message, "%s cannot be tried: no pipe (%s): close some files",
                 calo_gl_kind_name(kind), strerror(errno));
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        answer_and_exit(kind, ends[1]);
    }
    close(ends[1]);
    if (child < 0)
        snprintf(result->message, sizeof result->message, "%s cannot be tried: no process (%s): raise the limit on "
                 "processes (ulimit -u) or end some", calo_gl_kind_name(kind), strerror(errno));
    else {
        answered = read_answer(ends[0], result, &in_time);
        kill(child, SIGKILL); /* it has nothing left to do; a driver's thread might keep it */
        int state = reap(child);
        if (!answered && !in_time)
            snprintf(result->message, sizeof result->message, "%s is not available: its driver gave no answer in %d "
                     "seconds: try another kind, or restart the display or the machine",
                     calo_gl_kind_name(kind), PROBE_SECONDS);
        else if (!answered)
            snprintf(result->message, sizeof result->message, "%s is not available: its driver crashed (%s): update "
                     "the driver, or try another kind", calo_gl_kind_name(kind),
                     WIFSIGNALED(state) ? strsignal(WTERMSIG(state)) : "no signal");
    }
    close(ends[0]);
}

/* A kind that has worked in this process is safe to ask here, and a child must not go on with its driver. */
static bool has_worked_here(calo_gl_kind kind)
{
    calo_gl_process *process = calo_gl_process_lock();
    bool worked = kind == CALO_GL_AUTO ? process->made != 0 : (process->made & 1u << kind) != 0;
    calo_gl_process_unlock(process);
    return worked;
}

bool calo_gl_probe(calo_gl_kind kind, calo_gl_info *info, char *detail, size_t size)
{
    answer result = {0};
    calo_gl_choice choice;
    calo_error err = {0};
    if (calo_gl_choose(kind, &choice, &err) != CALO_OK) {
        result.status = err.status;
        memcpy(result.message, err.message, sizeof result.message);
    } else if (has_worked_here(kind))
        try_kind(kind, &result);
    else
        ask_child(kind, &result);
    if (info && result.status == CALO_OK)
        *info = result.info;
    if (detail && size > 0)
        snprintf(detail, size, "%s", result.message);
    return result.status == CALO_OK;
}
