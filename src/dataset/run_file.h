/* RUN/run.json: what a run is, written once, when all of it is known. A folder without it is no run. */
#ifndef CALO_DATASET_RUN_FILE_H
#define CALO_DATASET_RUN_FILE_H

#include <calotype/status.h>

typedef struct calo_run_file {
    char *version;     /* calotype's */
    char *name;        /* in the names of the CSV files */
    char *destination;
    char *package;     /* "zip" */
    char *options_hash, *list_sha256; /* list_sha256 "": this machine has no list */
    uint64_t objects, samples, parts; /* of the list; 0: not known (a queue's) */
    double started;    /* seconds since 1970 */
    char **words;      /* the command line behind `dataset` */
    size_t word_count;
} calo_run_file;

/* Atomic, and on the disk. Texts are borrowed. */
calo_status calo_run_file_write(const char *run_folder, const calo_run_file *run, calo_error *err);
/* CALO_ERROR_NOT_FOUND where there is no run. The caller finishes it. */
calo_status calo_run_file_read(const char *run_folder, calo_run_file *run, calo_error *err);
void calo_run_file_finish(calo_run_file *run);

#endif
