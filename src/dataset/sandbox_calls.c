/* The system calls that a worker has no use for: a list of what is refused, since drivers use what nobody foresees. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "dataset/sandbox.h"

/* Newer than libseccomp 2.5; the same number everywhere. */
enum { CALL_FCHMODAT2 = 452, CALL_SETXATTRAT = 463, CALL_REMOVEXATTRAT = 466, CALL_OPEN_TREE_ATTR = 467, CALL_FILE_SETATTR = 469 };
/* Of linux/fs.h, which glibc's headers do not go with: marks of files, such as "cannot be changed", by reading them alone. */
enum { IOCTL_SET_FLAGS = 0x40086602, IOCTL_SET_ATTRIBUTES = 0x401c5820 };

#define CALL(name) SCMP_SYS(name)
static const int refused[] = {
    /* the network */
    CALL(socket), CALL(socketpair), CALL(connect), CALL(bind), CALL(listen), CALL(accept), CALL(accept4),
    /* programs and processes */
    CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev),
    CALL(process_madvise), CALL(process_mrelease), CALL(pidfd_open), CALL(pidfd_getfd), CALL(pidfd_send_signal), CALL(kcmp),
    CALL(setpgid), CALL(setsid), CALL(setns), CALL(unshare), CALL(setpriority), CALL(sched_setscheduler), CALL(sched_setattr),
    CALL(sched_setparam), CALL(ioprio_set), CALL(migrate_pages), CALL(move_pages),
    /* other users, which also end the tie to the supervisor */
    CALL(setuid), CALL(setgid), CALL(setreuid), CALL(setregid), CALL(setresuid), CALL(setresgid), CALL(setfsuid),
    CALL(setfsgid), CALL(setgroups), CALL(capset),
    /* queues and semaphores of others */
    CALL(mq_open), CALL(mq_unlink), CALL(msgget), CALL(msgctl), CALL(semget), CALL(semctl),
    /* signals by other ways than kill and tgkill */
    CALL(tkill), CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo),
    /* file systems, and what Landlock does not see of files */
    CALL(mount), CALL(umount2), CALL(move_mount), CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick), CALL(open_tree),
    CALL(mount_setattr), CALL(pivot_root), CALL(chroot), CALL(open_by_handle_at), CALL(fanotify_init), CALL(quotactl),
    CALL(swapon), CALL(swapoff), CALL(chmod), CALL(fchmod), CALL(fchmodat), CALL(chown), CALL(fchown), CALL(lchown),
    CALL(fchownat), CALL(setxattr), CALL(lsetxattr), CALL(fsetxattr), CALL(removexattr), CALL(lremovexattr),
    CALL(fremovexattr), CALL(utime), CALL(utimes), CALL(futimesat), CALL_FCHMODAT2, CALL_SETXATTRAT, CALL_REMOVEXATTRAT,
    CALL_OPEN_TREE_ATTR, CALL_FILE_SETATTR,
    CALL(mknod), CALL(mknodat), CALL(symlink), CALL(symlinkat), CALL(link), CALL(linkat),
    /* the kernel */
    CALL(bpf), CALL(perf_event_open), CALL(userfaultfd), CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register),
    CALL(keyctl), CALL(add_key), CALL(request_key), CALL(init_module), CALL(finit_module), CALL(delete_module),
    CALL(kexec_load), CALL(kexec_file_load), CALL(reboot), CALL(acct), CALL(syslog), CALL(settimeofday), CALL(clock_settime),
    CALL(clock_adjtime), CALL(adjtimex), CALL(sethostname), CALL(setdomainname), CALL(iopl), CALL(ioperm), CALL(modify_ldt),
    CALL(vhangup), CALL(personality),
};

typedef struct argument_rule {
    int call, answer; /* answer: errno */
    struct scmp_arg_cmp when;
} argument_rule;

#define IS(argument, value) MASKED(argument, 0xffffffff, value)
#define NOT(argument, value) {.arg = (argument), .op = SCMP_CMP_NE, .datum_a = (value)}
#define MASKED(argument, mask, value) {.arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = (mask), .datum_b = (value)}

/* Of some calls, some uses. */
static int refuse_uses(scmp_filter_ctx filter)
{
    const scmp_datum_t self = (scmp_datum_t)getpid();
    const argument_rule rules[] = {
        {CALL(kill), EPERM, NOT(0, self)},
        {CALL(tgkill), EPERM, NOT(0, self)},
        {CALL(prlimit64), EPERM, NOT(0, 0)},
        /* Threads, no processes. glibc goes back to clone where clone3, whose arguments no filter sees, is unknown. */
        {CALL(clone), EPERM, MASKED(0, CLONE_THREAD, 0)},
        /* Times of open files alone: the cache's own. */
        {CALL(utimensat), EPERM, NOT(1, 0)},
        /* Words put into the mouth of a terminal. */
        {CALL(ioctl), EPERM, IS(1, TIOCSTI)},
        {CALL(ioctl), EPERM, IS(1, TIOCLINUX)},
        {CALL(ioctl), EPERM, IS(1, IOCTL_SET_FLAGS)},
        {CALL(ioctl), EPERM, IS(1, IOCTL_SET_ATTRIBUTES)},
        /* It dies with its supervisor. */
        {CALL(prctl), EPERM, IS(0, PR_SET_PDEATHSIG)},
        /* Signals that come with the news of a file, to anybody. */
        {CALL(fcntl), EPERM, IS(1, F_SETOWN)},
        {CALL(fcntl), EPERM, IS(1, F_SETOWN_EX)},
        {CALL(fcntl), EPERM, IS(1, F_SETSIG)},
        {CALL(ioctl), EPERM, IS(1, FIOSETOWN)},
        {CALL(ioctl), EPERM, IS(1, SIOCSPGRP)},
    };
    int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)rules[i].answer), rules[i].call, 1, rules[i].when);
    return failed;
}

/* Calls that this kind of machine does not have are passed over. */
static int refuse_calls(scmp_filter_ctx filter)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0] && !failed; i++) {
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
        if (failed == -EDOM || failed == -EINVAL)
            failed = 0;
    }
    return failed;
}

calo_status calo_sandbox_calls(calo_sandbox *sandbox, calo_error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter)
        return calo_fail_memory(err, "a filter of system calls", 0);
    int failed = refuse_calls(filter);
    failed = failed ? failed : refuse_uses(filter);
    /* Drivers have threads by now. */
    failed = failed ? failed : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (!failed) {
        failed = seccomp_load(filter);
        sandbox->seccomp = !failed;
        if (failed)
            snprintf(sandbox->lacks + strlen(sandbox->lacks), sizeof sandbox->lacks - strlen(sandbox->lacks),
                     "%sseccomp (%s)", sandbox->lacks[0] ? ", " : "", strerror(-failed));
        failed = 0;
    }
    seccomp_release(filter);
    return failed ? calo_fail(err, CALO_ERROR_IO, "a filter of system calls cannot be made: %s", strerror(-failed)) : CALO_OK;
}
