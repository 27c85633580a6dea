/* How a run stands, of one that is alive as well as of one that is not: read from its folder, changes nothing there. */
#ifndef CALO_DATASET_STATUS_H
#define CALO_DATASET_STATUS_H

#include "dataset/journal_read.h"
#include "dataset/run_file.h"
#include "dataset/run_lock.h"
#include "dataset/tally.h"
#include "encode/json_writer.h"

typedef struct calo_run_status {
    char *run_folder;
    calo_run_file run;
    calo_run_holder holder;
    calo_tally tally;
    calo_journal_reader *reader; /* NULL: there is no journal yet */
    char *live;                  /* RUN/live.json of a run that is alive, checked to be JSON; NULL: none */
    double now;                  /* unix seconds of the last refresh */
} calo_run_status;

/* CALO_ERROR_NOT_FOUND: there is no run in the folder. Reads all that is there. The caller closes it, also after a failure. */
calo_status calo_run_status_open(const char *run_folder, calo_run_status *status, calo_error *err);
void calo_run_status_close(calo_run_status *status);
/* Reads what has been added since. */
calo_status calo_run_status_refresh(calo_run_status *status, calo_error *err);

/* Samples that are neither done, staged nor failed, as far as is known; and how long they will take; -1: not known. */
uint64_t calo_run_status_open_samples(const calo_run_status *status);
double calo_run_status_seconds_left(const calo_run_status *status);
/* "running", "finished", "stopped" or "killed". */
const char *calo_run_status_state(const calo_run_status *status);
/* Workers that were killed or died, and were replaced. */
uint64_t calo_run_status_restarts(const calo_run_status *status);
/* "objects", or "scenes" of several objects each. */
const char *calo_run_status_unit(const calo_run_status *status);

/* Appends it for people: lines of text, fit for a terminal. */
calo_status calo_run_status_text(const calo_run_status *status, calo_blob *text, calo_error *err);
/* Appends what has become of the run in a sentence, without a line end. */
calo_status calo_run_status_sentence(const calo_run_status *status, calo_blob *text, calo_error *err);
/* All of it as members of a JSON object that is open. */
void calo_run_status_members(const calo_run_status *status, calo_json_writer *json);

#endif
