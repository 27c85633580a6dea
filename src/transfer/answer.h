/* What a server answers, as far as it matters here. Its texts are not trusted. */
#ifndef CALO_TRANSFER_ANSWER_H
#define CALO_TRANSFER_ANSWER_H

#include <calotype/status.h>

/* What came back. Texts are "" where the server does not say. */
typedef struct calo_answer {
    long code;                   /* HTTP's; 0: none came */
    int64_t body_bytes;          /* Content-Length; -1: not said */
    bool is_chunked;
    int64_t range_begin, range_total; /* Content-Range; -1: not said */
    double retry_after_seconds;  /* 0: not said */
    char etag[256], last_modified[64];
    char sha256[65];             /* x-amz-meta-sha256 */
    char region[64];             /* x-amz-bucket-region */
    char error_code[64];         /* of S3's error document: "NoSuchKey" */
} calo_answer;

/* Nothing is known. */
void calo_answer_reset(calo_answer *answer);
/* Keeps what a header line ("name: value\r\n") says. */
void calo_answer_add_header(calo_answer *answer, const char *line, size_t size);
/* Keeps the code of S3's error document, or its beginning: <Code>NoSuchKey</Code>. */
void calo_answer_add_error(calo_answer *answer, const char *body, size_t size);
bool calo_answer_is_good(const calo_answer *answer); /* 2xx */

#endif
