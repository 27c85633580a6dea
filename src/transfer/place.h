/* What a task is about: a file at http(s) or in a bucket, as a request and in sentences. */
#ifndef CALO_TRANSFER_PLACE_H
#define CALO_TRANSFER_PLACE_H

#include "transfer/task.h"

typedef struct calo_place {
    calo_transfer *transfer;
    char *shown;        /* for sentences */
    char *url;          /* http(s); NULL: s3 */
    calo_s3_place s3;
} calo_place;

/* Reads a URL; the first one of s3 loads the credentials. The caller finishes it, whatever comes back. */
calo_status calo_place_open(calo_transfer *transfer, const char *url, bool needs_key, calo_place *place, calo_error *err);
void calo_place_finish(calo_place *place);

/* Fills an exchange: GET or HEAD. `range` and `if_range` are values of these headers (NULL: none); memory for their lines comes
 * from `lines`, which the caller finishes after the exchange. */
typedef struct calo_place_lines {
    char *texts[2];
    const char *headers[3];
} calo_place_lines;
calo_status calo_place_ask(calo_place *place, const char *method, const char *range, const char *if_range,
                           calo_place_lines *lines, calo_exchange *exchange, calo_error *err);
void calo_place_lines_finish(calo_place_lines *lines);

#endif
