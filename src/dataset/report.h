/* What a run has made of its objects, as RUN/report.json and RUN/report.html: numbers, failures by reason with examples, speed
 * over time, pictures of some objects. */
#ifndef CALO_DATASET_REPORT_H
#define CALO_DATASET_REPORT_H

#include <calotype/status.h>

/* From the run's folder alone, of a run that is alive, killed or done. Memory stays small. The files are replaced when whole. */
calo_status calo_report_write(const char *run_folder, calo_error *err);

#endif
