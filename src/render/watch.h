/* The caller's `poll` while a batch is drawn. The thread that called asks it now and then; all threads see whether it
 * has stopped the batch. */
#ifndef CALO_RENDER_WATCH_H
#define CALO_RENDER_WATCH_H

#include <calotype/render.h>
#include <stdatomic.h>

#include "base/thread.h"

typedef struct calo_watch {
    calo_poll poll; /* NULL: nobody is asked, nothing stops */
    void *user;
    double next_seconds; /* the calling thread's own */
    atomic_bool stopped; /* and then, never changed again: */
    calo_status status;
    calo_error error;
} calo_watch;

void calo_watch_begin(calo_watch *watch, const calo_render_options *options);

/* On the calling thread: asks when it is time to. */
void calo_watch_look(calo_watch *watch);
/* On any thread: what stopped the batch, with its sentence; CALO_OK while nothing has. `watch` may be NULL. */
calo_status calo_watch_status(const calo_watch *watch, calo_error *err);

/* Before each piece of work of a loop's `worker`: number 0, the thread that called, asks the caller; all go on only if he
 * agreed. */
calo_status calo_watch_go_on(calo_watch *watch, uint32_t worker, calo_error *err);

/* calo_watch_look for whoever waits on the calling thread. No function when nobody is asked. */
calo_idle calo_watch_idle(calo_watch *watch);

#endif
