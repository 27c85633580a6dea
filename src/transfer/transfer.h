/* Files from and to elsewhere, by libcurl: http, https and s3. */
#ifndef CALO_TRANSFER_TRANSFER_H
#define CALO_TRANSFER_TRANSFER_H

#include <calotype/status.h>

/* All-zero is the default in brackets. Texts are borrowed for as long as the transfer lives. */
typedef struct calo_transfer_options {
    const char *s3_endpoint; /* "http://127.0.0.1:9000" [AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's] */
    const char *s3_region;   /* [AWS_REGION, AWS_DEFAULT_REGION, else us-east-1] */
    uint32_t tries;          /* of one file, with back-off between them [6] */
    double timeout_seconds;  /* of one file, all tries together [300] */
    double stall_seconds;    /* a try that moves no byte for so long is over [30] */
    double pause_seconds;    /* before the second try; twice as long before each further one, up to 30 s. Less by a drawn
                                share, up to a half [0.5] */
    uint64_t max_bytes;      /* of one file [calo_limits' max_file_bytes] */
    bool (*cancelled)(void *user); /* asked several times a second [never] */
    void *user;
} calo_transfer_options;

/* How a transfer ended, more exactly than its calo_status. Sentences have neither passwords nor queries of URLs in them. */
typedef enum calo_transfer_end {
    CALO_TRANSFER_DONE = 0,
    CALO_TRANSFER_MISSING,   /* 404, 410, no such key */
    CALO_TRANSFER_REFUSED,   /* 401, 403 and other answers that trying again does not change */
    CALO_TRANSFER_FAILED,    /* at every try: connection refused or broken, 5xx, 429 */
    CALO_TRANSFER_TIMEOUT,
    CALO_TRANSFER_TOO_LARGE,
    CALO_TRANSFER_CANCELLED,
    CALO_TRANSFER_LOCAL,     /* this machine: a full disk, no permission */
} calo_transfer_end;

/* Connections that are kept from file to file. One thread at a time. Credentials of s3 come from AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or ~/.aws/credentials ([AWS_PROFILE]); without any, requests are not signed. */
typedef struct calo_transfer calo_transfer;

calo_status calo_transfer_create(const calo_transfer_options *options, calo_transfer **transfer, calo_error *err);
void calo_transfer_destroy(calo_transfer *transfer);

/* The status that belongs to an end. */
calo_status calo_transfer_status(calo_transfer_end end);

/* http://, https:// or s3:// in front. */
bool calo_transfer_is_url(const char *location);

/* Downloads to `path`, by way of `path`.part, which a later call goes on with (checked by ETag or date, which `path`.part.tag
 * has: another content begins anew; so do files under 1 MiB, and all after a restart of the machine, which may have lost what
 * was not on the disk). One call a path at a time. The file is not synced. Redirections stay within http and https. */
calo_transfer_end calo_transfer_get(calo_transfer *transfer, const char *url, const char *path, calo_error *err);
/* Downloads into memory, at most `max_bytes`. The bytes are malloc'ed, with a NUL behind the last one. */
calo_transfer_end calo_transfer_get_bytes(calo_transfer *transfer, const char *url, uint64_t max_bytes, void **bytes,
                                          size_t *size, calo_error *err);
/* Uploads a file to s3:// in one step: whole or not at all. Its SHA-256 (`sha256`; NULL: it is read once more for it) is kept
 * beside it as metadata and sent as the checksum. Files over 5 GiB are an error. */
calo_transfer_end calo_transfer_put(calo_transfer *transfer, const char *path, const char *url, const char *sha256,
                                    calo_error *err);

typedef struct calo_transfer_facts {
    uint64_t bytes;
    char sha256[65]; /* as calo_transfer_put kept it; "" where it did not */
} calo_transfer_facts;
calo_transfer_end calo_transfer_head(calo_transfer *transfer, const char *url, calo_transfer_facts *facts, calo_error *err);
/* The keys under an s3:// prefix in which no further '/' follows, in order; `visit` gets each as it follows the prefix. */
calo_transfer_end calo_transfer_list(calo_transfer *transfer, const char *prefix, void (*visit)(void *user, const char *key),
                                     void *user, calo_error *err);

#endif
