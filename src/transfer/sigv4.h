/* Amazon's Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). Not
 * libcurl's: which headers that signs and how it encodes has changed between versions, and it takes a query as it is ordered. */
#ifndef CALO_TRANSFER_SIGV4_H
#define CALO_TRANSFER_SIGV4_H

#include <time.h>

#include "base/blob.h"

/* A header that is signed: its name in small letters. */
typedef struct calo_signed_header {
    const char *name, *value;
} calo_signed_header;

typedef struct calo_sigv4 {
    const char *access_key, *secret_key;
    const char *region, *service;
    const char *method;
    const char *path, *query;   /* percent-encoded; the query sorted by name, "" for none */
    const calo_signed_header *headers; /* sorted by name; with "host" and "x-amz-date" */
    size_t header_count;
    const char *payload_sha256; /* as digits */
    const char *date_time;      /* calo_sigv4_date_time's, as in x-amz-date */
} calo_sigv4;

/* "20150830T123600Z". */
void calo_sigv4_date_time(time_t now, char text[17]);

/* Appends the value of the header "authorization". */
calo_status calo_sigv4_sign(const calo_sigv4 *request, calo_blob *authorization, calo_error *err);

#endif
