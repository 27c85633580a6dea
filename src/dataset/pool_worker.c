#include "dataset/pool_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "dataset/worker.h"

extern char **environ;

/* ---- starting ---- */

/* Numbers above those that a worker's files get, so that none is in another's way. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return moved;
}

/* The files that a worker and its pool share, both ends. */
typedef struct shared_files {
    int pool_socket, worker_socket, pool_complaints, worker_complaints;
} shared_files;

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static calo_status open_files(shared_files *files, calo_error *err)
{
    int sockets[2] = {-1, -1}, pipes[2] = {-1, -1};
    *files = (shared_files){-1, -1, -1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 || pipe2(pipes, O_CLOEXEC) != 0) {
        int number = errno;
        close_file(&sockets[0]);
        close_file(&sockets[1]);
        return calo_fail(err, CALO_ERROR_IO, "a worker cannot be started: %s: allow more open files (ulimit -n)",
                         strerror(number));
    }
    *files = (shared_files){sockets[0], move_up(sockets[1]), pipes[0], move_up(pipes[1])};
    fcntl(files->pool_socket, F_SETFL, O_NONBLOCK);
    fcntl(files->pool_complaints, F_SETFL, O_NONBLOCK);
    return CALO_OK;
}

/* In a group of its own: what a terminal sends to the supervisor's is the supervisor's affair. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGCHLD);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &usual);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *actions, const shared_files *files)
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, files->worker_complaints, STDOUT_FILENO);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, files->worker_complaints, STDERR_FILENO);
    return failed ? failed : posix_spawn_file_actions_adddup2(actions, files->worker_socket, CALO_WORKER_FD);
}

static int spawn(const calo_pool_options *options, const shared_files *files, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **words = calloc(options->word_count + 2, sizeof *words);
    if (!words)
        return ENOMEM;
    words[0] = (char *)"calotype-dataset";
    for (size_t i = 0; i < options->word_count; i++)
        words[i + 1] = (char *)options->words[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int failed = set_attributes(&attributes);
    failed = failed ? failed : set_files(&actions, files);
    failed = failed ? failed : posix_spawn(pid, options->program, &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(words);
    return failed;
}

calo_status calo_pool_worker_start(calo_pool_worker *worker, const calo_pool_options *options,
                                   const calo_message *setup, calo_error *err)
{
    enum { REPLY_MAX_BYTES = 8 << 20 }; /* facts of a scene whose objects were all left out */
    shared_files files;
    *worker = (calo_pool_worker){.process = -1, .socket = -1, .complaints = -1, .inbox.max_bytes = REPLY_MAX_BYTES};
    calo_status status = open_files(&files, err);
    if (status != CALO_OK)
        return status;
    int failed = spawn(options, &files, &worker->pid);
    close_file(&files.worker_socket);
    close_file(&files.worker_complaints);
    worker->socket = files.pool_socket;
    worker->complaints = files.pool_complaints;
    if (failed) {
        worker->pid = 0;
        status = calo_fail(err, CALO_ERROR_IO, "a worker cannot be started: %s: %s", options->program, strerror(failed));
    } else if ((worker->process = (int)syscall(SYS_pidfd_open, worker->pid, 0)) < 0) {
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED, "workers cannot be watched: %s: Linux 5.4 or later is needed",
                           strerror(errno));
    } else {
        status = calo_message_print(setup, &worker->outbox, err);
    }
    if (status != CALO_OK) {
        calo_pool_worker_kill(worker);
        calo_pool_worker_end(worker);
    }
    return status;
}

/* ---- while it runs ---- */

void calo_pool_worker_send(calo_pool_worker *worker)
{
    while (worker->sent < worker->outbox.size) {
        ssize_t count = send(worker->socket, worker->outbox.bytes + worker->sent, worker->outbox.size - worker->sent,
                             MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return;
        worker->sent += (size_t)count;
    }
    calo_blob_finish(&worker->outbox);
    worker->sent = 0;
}

void calo_pool_worker_listen(calo_pool_worker *worker)
{
    char more[1024];
    ssize_t count = read(worker->complaints, more, sizeof more);
    size_t kept = worker->last_words_size, room = sizeof worker->last_words;
    if (count == 0)
        close_file(&worker->complaints);
    if (count <= 0)
        return;
    if (kept + (size_t)count > room) {
        size_t gone = kept + (size_t)count - room;
        memmove(worker->last_words, worker->last_words + gone, kept - gone);
        kept -= gone;
    }
    memcpy(worker->last_words + kept, more, (size_t)count);
    worker->last_words_size = kept + (size_t)count;
}

uint64_t calo_pool_worker_bytes(const calo_pool_worker *worker)
{
    char name[64];
    unsigned long long size, resident = 0, shared = 0;
    snprintf(name, sizeof name, "/proc/%ld/statm", (long)worker->pid);
    FILE *file = fopen(name, "re");
    if (!file)
        return 0;
    /* Mapped files are not counted: the kernel takes them back when it needs their place. */
    bool good = fscanf(file, "%llu %llu %llu", &size, &resident, &shared) == 3 && resident > shared;
    fclose(file);
    return good ? (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* ---- the end ---- */

void calo_pool_worker_kill(calo_pool_worker *worker)
{
    if (worker->pid > 0)
        kill(worker->pid, SIGKILL); /* its number is its own until it is waited for */
    worker->killed = true;
}

calo_pool_end calo_pool_worker_end(calo_pool_worker *worker)
{
    siginfo_t info = {0};
    calo_pool_end end = {0};
    if (worker->pid > 0) {
        while (waitid(P_PID, (id_t)worker->pid, &info, WEXITED) != 0 && errno == EINTR)
            continue;
        end.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
        end.code = info.si_code == CLD_EXITED ? info.si_status : 0;
    }
    close_file(&worker->process);
    close_file(&worker->socket);
    close_file(&worker->complaints);
    calo_inbox_finish(&worker->inbox);
    calo_blob_finish(&worker->outbox);
    worker->pid = 0;
    worker->ready = worker->killed = false;
    worker->sent = 0;
    return end;
}

void calo_pool_end_print(const calo_pool_end *end, char *text, size_t size)
{
    const char *name = end->signal ? sigabbrev_np(end->signal) : NULL, *about = sigdescr_np(end->signal);
    if (end->signal)
        snprintf(text, size, "was killed by SIG%s (%s)", name ? name : "?", about ? about : "unknown");
    else
        snprintf(text, size, "ended with code %d", end->code);
}
