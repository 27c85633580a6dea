/* Requests to S3: where buckets live, what is signed. Nothing is sent here. */
#ifndef CALO_TRANSFER_S3_H
#define CALO_TRANSFER_S3_H

#include <time.h>

#include "transfer/credentials.h"
#include "transfer/exchange.h"
#include "transfer/transfer.h"

typedef struct calo_s3 calo_s3;

/* Loads the credentials. `options` are resolved and outlive it. */
calo_status calo_s3_create(const calo_transfer_options *options, calo_s3 **s3, calo_error *err);
void calo_s3_destroy(calo_s3 *s3);

/* "s3://bucket/key" in two, malloc'ed. The key may be empty where the URL is a prefix. */
typedef struct calo_s3_place {
    char *bucket, *key;
} calo_s3_place;
calo_status calo_s3_place_parse(const char *url, bool needs_key, calo_s3_place *place, calo_error *err);
void calo_s3_place_finish(calo_s3_place *place);

/* What is asked for. Texts are borrowed. */
typedef struct calo_s3_request {
    const char *method, *bucket;
    const char *key;             /* not encoded; "" for the bucket itself */
    const char *query;           /* encoded, sorted by name; NULL: none */
    const char *payload_sha256;  /* as digits; NULL: no payload */
    const char *kept_sha256;     /* for x-amz-meta-sha256; NULL: none */
    const char *payload_checksum; /* in base64, for x-amz-checksum-sha256; NULL: none */
    const char *range, *if_range; /* the values of these headers; NULL: none */
} calo_s3_request;

/* The URL and headers that say so, as of `now`. Their memory is the s3's, until the next call. */
calo_status calo_s3_prepare(calo_s3 *s3, const calo_s3_request *request, time_t now, calo_exchange *exchange,
                            calo_error *err);

#endif
