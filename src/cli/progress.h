/* A progress bar on standard error where that is a terminal; nothing elsewhere. */
#ifndef CALO_CLI_PROGRESS_H
#define CALO_CLI_PROGRESS_H

#include <calotype/status.h>

typedef struct calo_progress {
    bool enabled, drawn;
    const char *label;
    double start_seconds;
} calo_progress;

calo_progress calo_progress_start(const char *label, bool quiet);
/* A calo_progress_callback: also stops the job when the user has interrupted it. */
calo_status calo_progress_show(void *progress, size_t done, size_t total, calo_error *err);
/* Takes the bar off the screen. */
void calo_progress_clear(calo_progress *progress);

#endif
