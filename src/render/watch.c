#include "render/watch.h"

#include "base/clock.h"
#include "base/error.h"

void calo_watch_begin(calo_watch *watch, const calo_render_options *options)
{
    *watch = (calo_watch){.poll = options->poll, .user = options->poll_user};
    if (watch->poll)
        watch->next_seconds = calo_clock_seconds() + CALO_IDLE_SECONDS;
}

void calo_watch_look(calo_watch *watch)
{
    if (!watch->poll || atomic_load(&watch->stopped))
        return;
    double now = calo_clock_seconds();
    if (now < watch->next_seconds)
        return;
    watch->status = watch->poll(watch->user, &watch->error);
    if (watch->status != CALO_OK && !watch->error.message[0])
        calo_fail(&watch->error, watch->status, "the rendering was stopped by calo_render_options.poll");
    watch->error.status = watch->status;
    atomic_store(&watch->stopped, watch->status != CALO_OK);
    watch->next_seconds = calo_clock_seconds() + CALO_IDLE_SECONDS;
}

calo_status calo_watch_status(const calo_watch *watch, calo_error *err)
{
    if (!watch || !atomic_load(&watch->stopped))
        return CALO_OK;
    if (err)
        *err = watch->error;
    return watch->status;
}

calo_status calo_watch_go_on(calo_watch *watch, uint32_t worker, calo_error *err)
{
    if (worker == 0)
        calo_watch_look(watch);
    return calo_watch_status(watch, err);
}

static void look(void *watch) { calo_watch_look(watch); }

calo_idle calo_watch_idle(calo_watch *watch)
{
    return watch->poll ? (calo_idle){look, watch} : (calo_idle){0};
}
