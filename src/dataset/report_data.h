/* What a report is made of. */
#ifndef CALO_DATASET_REPORT_DATA_H
#define CALO_DATASET_REPORT_DATA_H

#include <stdio.h>

#include "dataset/history.h"
#include "dataset/status.h"

enum { CALO_REPORT_EXAMPLES = 20, CALO_REPORT_PICTURES = 48 };

typedef struct calo_report_example {
    char *file_identifier, *message;
} calo_report_example;

typedef struct calo_report_picture {
    char *path, *name;     /* of the picture, of the sample */
    char *file_identifier; /* NULL: the journal does not have it */
    double seconds;
} calo_report_picture;

typedef struct calo_report_data {
    calo_run_status status;
    calo_report_example examples[CALO_REASON_COUNT][CALO_REPORT_EXAMPLES];
    size_t example_counts[CALO_REASON_COUNT];
    calo_report_picture pictures[CALO_REPORT_PICTURES];
    size_t picture_count;
} calo_report_data;

calo_status calo_report_collect(const char *run_folder, calo_report_data *data, calo_error *err);
void calo_report_finish(calo_report_data *data);

calo_status calo_report_json(const calo_report_data *data, calo_blob *text, calo_error *err);
/* Errors of the file are left in it (ferror). */
void calo_report_html(const calo_report_data *data, FILE *to);
/* Speed over time as a picture in the page. */
void calo_report_chart(const calo_tally *tally, const char *unit, FILE *to);
/* Text between tags or in quotes; what is not UTF-8 or a control becomes U+FFFD. */
void calo_html_text(FILE *to, const char *text);

/* Calls `visit` for each text and number at the top of JSON facts; other values are left out. */
void calo_facts_visit(const char *facts, void (*visit)(void *user, const char *key, const char *text), void *user);

#endif
