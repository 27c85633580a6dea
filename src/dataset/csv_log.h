/* What became of every object, as lines of CSV in the run's folder, as the scripts of Objaverse-XL leave it:
 *
 *   render-NAME-success.csv                        unixtime,file_identifier,sha256
 *   render-NAME-failed.csv                         unixtime,file_identifier,sha256,reason
 *   render-NAME-{found,modified,missing,new}.csv   unixtime,file_identifier,sha256
 *
 * without a heading; quotes as in RFC 4180. An object has succeeded when the part with its sample is in the destination. */
#ifndef CALO_DATASET_CSV_LOG_H
#define CALO_DATASET_CSV_LOG_H

#include "dataset/history.h"

typedef struct calo_csv_log calo_csv_log; /* one thread at a time; memory: the objects that are staged */

/* Writes the files anew from the journal, so that every object stands in them once, and replaces the old ones; then stays
 * open for more. `history`: of the journal as it is; not used later. `retry_failed`: what failed, and is not yet part of what
 * is in the destination, will be tried again and is left out. */
calo_status calo_csv_log_open(const char *run_folder, const char *name, const calo_history *history, bool retry_failed,
                              calo_csv_log **log, calo_error *err);
void calo_csv_log_close(calo_csv_log *log);
/* For each event of the journal, in its order and with its time. The lines can be read by others at once. */
calo_status calo_csv_log_event(calo_csv_log *log, const calo_event *event, calo_error *err);

#endif
