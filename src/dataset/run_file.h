/* RUN/run.json: what a run is, written once at its start: all that --resume and `status` need without the inputs. */
#ifndef CALO_DATASET_RUN_FILE_H
#define CALO_DATASET_RUN_FILE_H

#include <calotype/status.h>

typedef struct calo_run_file {
    const char *name, *destination;
    const char *package;      /* "zip" */
    const char *version;      /* of the calotype that began it */
    const char *list_sha256;  /* of objects.jsonl; NULL: this machine has no list */
    const char *options_hash; /* of all that changes the data set */
    const char *const *words; /* the command line behind `dataset`, any bytes */
    size_t word_count;
    uint64_t objects;         /* of the list */
    uint64_t samples, parts;  /* of this machine's share; 0: not known, a queue hands them out */
    uint32_t objects_per_sample;
    double started_unix_seconds;
    void *memory;             /* of a file that was read */
} calo_run_file;

/* Whole or not at all, and on the disk. */
calo_status calo_run_file_write(const char *run_folder, const calo_run_file *run, calo_error *err);
/* CALO_ERROR_NOT_FOUND: there is no run in the folder. The caller finishes what was read. */
calo_status calo_run_file_read(const char *run_folder, calo_run_file *run, calo_error *err);
/* `where` names the text in errors. */
calo_status calo_run_file_parse(const char *text, size_t size, const char *where, calo_run_file *run, calo_error *err);
void calo_run_file_finish(calo_run_file *run);

#endif
