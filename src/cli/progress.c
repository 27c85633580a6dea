#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"

calo_progress calo_progress_start(const char *label, bool quiet)
{
    return (calo_progress){
        .enabled = !quiet && isatty(STDERR_FILENO),
        .label = label,
        .start_seconds = calo_clock_seconds(),
    };
}

calo_status calo_progress_show(void *user, size_t done, size_t total, calo_error *err)
{
    enum { WIDTH = 30 };
    calo_progress *progress = user;
    char bar[WIDTH + 1];
    if (calo_interrupted)
        return calo_fail(err, CALO_ERROR_CANCELLED, "interrupted: nothing of %s was kept", progress->label);
    if (!progress->enabled)
        return CALO_OK;
    size_t filled = total ? done * WIDTH / total : 0;
    memset(bar, '#', filled);
    memset(bar + filled, '.', WIDTH - filled);
    bar[WIDTH] = '\0';
    double seconds = calo_clock_seconds() - progress->start_seconds;
    fprintf(stderr, "\r\033[K%.40s  [%s] %zu/%zu views", progress->label, bar, done, total);
    if (done > 0 && seconds > 0.5)
        fprintf(stderr, ", %.1f a second", (double)done / seconds);
    fflush(stderr);
    progress->drawn = true;
    return CALO_OK;
}

void calo_progress_clear(calo_progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
