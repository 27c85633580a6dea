/* What a process that is shut in may do no more, and what it may. Skipped, by name, where the kernel has no Landlock. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "dataset/sandbox.h"

static char folder[] = "/tmp/calotype-sandbox-XXXXXX", inside[64], outside[64];

static bool denied(long result) { return result < 0 && (errno == EPERM || errno == EACCES); }

static int create(const char *where, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", where, name);
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* Each returns NULL, or what went wrong. In the process that is shut in. */
typedef const char *(*check)(void);

static const char *no_sockets(void)
{
    int pair[2];
    if (!denied(socket(AF_INET, SOCK_STREAM, 0)) || !denied(socket(AF_UNIX, SOCK_DGRAM, 0)))
        return "socket";
    return denied(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) ? NULL : "socketpair";
}

static const char *no_programs(void)
{
    char name[] = "/bin/true", *words[] = {name, NULL};
    if (!denied(execv(name, words)))
        return "execv";
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return denied(child) ? NULL : "fork";
}

static const char *no_others(void)
{
    if (!denied(kill(getppid(), 0)) || !denied(kill(-1, 0)))
        return "kill";
    if (!denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)))
        return "ptrace";
    char byte;
    struct iovec to = {&byte, 1};
    if (!denied(syscall(SYS_process_vm_readv, getppid(), &to, 1ul, &to, 1ul, 0ul)))
        return "process_vm_readv";
    return denied(syscall(SYS_bpf, 0, NULL, 0)) ? NULL : "bpf";
}

/* A signal that comes when a file has news may go to anybody; and a worker must not outlive who watches over it. */
static const char *no_ways_around(void)
{
    int flags = 0, file = open("/dev/null", O_RDONLY | O_CLOEXEC), supervisor = getppid();
    if (!denied(fcntl(file, F_SETOWN, supervisor)) || !denied(fcntl(file, F_SETSIG, SIGKILL)) ||
        !denied(ioctl(file, FIOSETOWN, &supervisor)))
        return "signals by files";
    if (!denied(prctl(PR_SET_PDEATHSIG, 0)) || !denied(setuid(getuid())) || !denied(syscall(SYS_capset, NULL, NULL)))
        return "outliving the supervisor";
    return denied(ioctl(file, 0x40086602ul, &flags)) ? NULL : "marks of files"; /* FS_IOC_SETFLAGS */
}

/* The supervisor works on what lies inside: it must find files and folders there alone. */
static const char *no_odd_files(void)
{
    char path[256], from[256];
    snprintf(path, sizeof path, "%s/odd", inside);
    snprintf(from, sizeof from, "%s/there", outside);
    if (!denied(symlink(from, path)))
        return "symlink";
    if (!denied(mkfifo(path, 0600)) || !denied(mknod(path, S_IFBLK | 0600, makedev(8, 0))) ||
        !denied(mknod(path, S_IFCHR | 0600, makedev(1, 3))) || !denied(mknod(path, S_IFSOCK | 0600, 0)))
        return "mknod";
    return link(from, path) == 0 ? "link" : NULL;
}

static const char *files_outside_stay(void)
{
    char path[256], moved[128];
    if (!denied(create(outside, "new")))
        return "create";
    snprintf(path, sizeof path, "%s/there", outside);
    if (!denied(open(path, O_WRONLY)) || !denied(truncate(path, 0)) || !denied(unlink(path)))
        return "write";
    if (!denied(chmod(path, 0777)) || !denied(chown(path, 1, 1)))
        return "chmod";
    snprintf(moved, sizeof moved, "%s/stolen", inside);
    if (rename(path, moved) == 0 || link(path, moved) == 0) /* EXDEV, EACCES */
        return "rename";
    snprintf(path, sizeof path, "%s/link", inside); /* made before */
    return denied(create(path, "through-a-link")) ? NULL : "create by a link";
}

static const char *files_inside_do_not(void)
{
    char from[256], to[256], bytes[8];
    int fd = create(inside, "new");
    if (fd < 0 || write(fd, "x", 1) != 1)
        return "create";
    close(fd);
    snprintf(from, sizeof from, "%s/new", inside);
    snprintf(to, sizeof to, "%s/sub", inside);
    if (mkdir(to, 0700) != 0)
        return "mkdir";
    snprintf(to, sizeof to, "%s/sub/new", inside);
    if (rename(from, to) != 0 || unlink(to) != 0)
        return "rename";
    snprintf(from, sizeof from, "%s/there", outside);
    fd = open(from, O_RDONLY);
    return fd >= 0 && read(fd, bytes, sizeof bytes) == 5 ? NULL : "read";
}

static void *in_a_thread(void *user)
{
    *(const char **)user = no_sockets();
    return NULL;
}

static const char *threads_run_and_are_held(void)
{
    pthread_t thread;
    const char *fault = "pthread_create";
    if (pthread_create(&thread, NULL, in_a_thread, &fault) == 0)
        pthread_join(thread, NULL);
    return fault;
}

static const char *own_signals_arrive(void)
{
    signal(SIGUSR1, SIG_IGN);
    return raise(SIGUSR1) == 0 && kill(getpid(), SIGUSR1) == 0 ? NULL : "raise";
}

static int shut_in(check run, bool files, bool calls)
{
    const char *writable[] = {inside, "/dev/null", "/nothing/there"};
    calo_sandbox sandbox = {0};
    calo_error err = {0};
    if ((files && calo_sandbox_files(writable, 3, &sandbox, &err) != CALO_OK) ||
        (calls && calo_sandbox_calls(&sandbox, &err) != CALO_OK)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if ((files && !sandbox.landlock) || (calls && !sandbox.seccomp)) {
        fprintf(stderr, "skipped: this kernel lacks %s\n", sandbox.lacks);
        return 77;
    }
    const char *fault = run();
    if (fault)
        fprintf(stderr, "%s: %s\n", fault, strerror(errno));
    return fault ? 1 : 0;
}

/* In a child: what is shut in stays so. */
static void expect_held(check run, bool files, bool calls)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(shut_in(run, files, calls));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void calls_are_refused(void **state)
{
    (void)state;
    expect_held(no_sockets, false, true);
    expect_held(no_programs, false, true);
    expect_held(no_others, false, true);
    expect_held(no_ways_around, false, true);
    expect_held(no_odd_files, false, true);
    expect_held(threads_run_and_are_held, false, true);
    expect_held(own_signals_arrive, false, true);
}

static void files_are_written_in_one_place(void **state)
{
    (void)state;
    expect_held(files_outside_stay, true, true);
    expect_held(files_inside_do_not, true, true);
    expect_held(no_odd_files, true, false);
}

static void what_lacks_is_told(void **state)
{
    (void)state;
    char words[512];
    calo_sandbox sandbox = {.landlock = 7, .seccomp = true};
    calo_sandbox_describe(&sandbox, words, sizeof words);
    assert_string_equal(words, "Landlock 7, seccomp: no network, no other programs, writes only to its scratch folder");
    assert_true(calo_sandbox_is_whole(&sandbox));
    sandbox = (calo_sandbox){.seccomp = true, .lacks = "Landlock (Function not implemented)"};
    calo_sandbox_describe(&sandbox, words, sizeof words);
    assert_string_equal(words, "seccomp: no network, no other programs; this kernel lacks Landlock (Function not implemented)");
    assert_false(calo_sandbox_is_whole(&sandbox));
    calo_sandbox_describe(&(calo_sandbox){0}, words, sizeof words);
    assert_string_equal(words, "none");
}

static int set_up(void **state)
{
    char path[256], linked[256];
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(inside, sizeof inside, "%s/in", folder);
    snprintf(outside, sizeof outside, "%s/out", folder);
    snprintf(path, sizeof path, "%s/there", outside);
    snprintf(linked, sizeof linked, "%s/link", inside);
    return mkdir(inside, 0700) || mkdir(outside, 0700) || symlink(outside, linked) || calo_file_write(path, "bytes", 5, NULL) != CALO_OK ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    calo_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_refused),
        cmocka_unit_test(files_are_written_in_one_place),
        cmocka_unit_test(what_lacks_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
