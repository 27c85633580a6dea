#include "gl/process.h"

#include <unistd.h>

static calo_gl_process the_process = {.lock = PTHREAD_MUTEX_INITIALIZER};

calo_gl_process *calo_gl_process_lock(void)
{
    pid_t here = getpid();
    /* Another thread of the parent may have held the lock when this child was forked; nobody here gives it back. */
    if (the_process.process && the_process.process != here) {
        pthread_mutex_init(&the_process.lock, NULL);
        the_process.made = 0;
    }
    the_process.process = here;
    pthread_mutex_lock(&the_process.lock);
    return &the_process;
}

void calo_gl_process_unlock(calo_gl_process *process)
{
    pthread_mutex_unlock(&process->lock);
}
