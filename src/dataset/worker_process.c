#include "dataset/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { OOM_SCORE = 800, FILE_GIBIBYTES = 256 };
/* A stack of 8 MiB, and the 128 MiB of addresses that glibc takes for an arena before it trims them. */
#define ADDRESSES_A_THREAD ((uint64_t)136 << 20)

static void close_files_above(int last)
{
    if (syscall(SYS_close_range, (unsigned)last + 1, ~0u, 0) == 0)
        return;
    for (int fd = last + 1; fd < 65536; fd++)
        close(fd);
}

static void ignore_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ, SIGTSTP};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
}

/* Where this is refused, the kernel's own choice stands. */
static void come_first_without_memory(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    dprintf(fd, "%d", OOM_SCORE);
    close(fd);
}

calo_status calo_worker_process_start(uint64_t parent, int last_file, calo_error *err)
{
    const struct rlimit no_core = {0, 0}, files = {(rlim_t)FILE_GIBIBYTES << 30, (rlim_t)FILE_GIBIBYTES << 30};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return calo_fail(err, CALO_ERROR_IO, "a worker cannot be tied to its supervisor: %s", strerror(errno));
    /* It may have died before. */
    if ((uint64_t)getppid() != parent)
        return calo_fail(err, CALO_ERROR_IO, "the supervisor of this worker, process %llu, is gone",
                         (unsigned long long)parent);
    close_files_above(last_file);
    ignore_signals();
    come_first_without_memory();
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_FSIZE, &files);
    return CALO_OK;
}

calo_status calo_worker_process_limit(uint64_t memory_bytes, uint32_t threads, calo_error *err)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%llu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    if (pages == 0)
        return calo_fail(err, CALO_ERROR_IO, "/proc/self/statm cannot be read: mount /proc");
    uint64_t bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE) + threads * ADDRESSES_A_THREAD;
    if (__builtin_add_overflow(bytes, memory_bytes, &bytes))
        return CALO_OK;
    const struct rlimit limit = {bytes, bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        return calo_fail(err, CALO_ERROR_IO, "the address space of a worker cannot be limited: %s", strerror(errno));
    return CALO_OK;
}
