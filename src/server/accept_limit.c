/* A bound on connections, for programs that serve: not part of the library.
 *
 * gRPC closes its listening socket for good when accept4 fails for want of descriptors (up to 1.5x; it has no bound on
 * connections either), so that a few thousand idle connections would end the service for everyone. gRPC calls the
 * accept4 of the program that it is loaded into: this one, which closes connections that are too many and never tells
 * of an error that only time can mend. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/accept_limit.h"

enum {
    CONNECTIONS_MAX = 8192,
    RESERVE = 64, /* descriptors for all else: shared memory, files of the scene */
};

void calo_accept_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* where that is not allowed there are fewer */
}

/* Descriptors are the lowest that are free: this many are in use when one is given out that is not below it. */
static int most_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > CONNECTIONS_MAX + RESERVE)
        return CONNECTIONS_MAX;
    return limit.rlim_cur > 2 * RESERVE ? (int)limit.rlim_cur - RESERVE : (int)limit.rlim_cur / 2;
}

__attribute__((visibility("default"))) int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    int most = most_descriptors();
    socklen_t room = size ? *size : 0;
    for (;;) {
        if (size)
            *size = room;
        int accepted = (int)syscall(SYS_accept4, fd, address, size, flags);
        if (accepted >= 0 && accepted < most)
            return accepted;
        if (accepted < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM || errno == ECONNABORTED)
                errno = EAGAIN;
            return -1;
        }
        close(accepted);
    }
}
