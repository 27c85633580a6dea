/* SHA-256 of contents, at once or piece by piece, keyed hashes, and version-5 UUIDs of names. */
#ifndef CALO_BASE_HASH_H
#define CALO_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct calo_sha256 {
    uint8_t bytes[32];
} calo_sha256;

calo_sha256 calo_sha256_of(const void *bytes, size_t size);

/* A hash under way: begin, add pieces, end. Nothing to free; a copy goes on by itself. */
typedef struct calo_sha256_run {
    uint64_t state[16];
} calo_sha256_run;

void calo_sha256_begin(calo_sha256_run *run);
void calo_sha256_add(calo_sha256_run *run, const void *bytes, size_t size);
/* The hash of all that was added. The run is at its beginning again. */
calo_sha256 calo_sha256_end(calo_sha256_run *run);

/* HMAC with SHA-256 (RFC 2104). */
calo_sha256 calo_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size);

/* 64 lower-case digits and a NUL. */
void calo_sha256_text(const calo_sha256 *hash, char text[65]);
/* Base64 (RFC 4648) with its padding: 44 characters and a NUL. */
void calo_sha256_base64(const calo_sha256 *hash, char text[45]);

/* uuid5(NAMESPACE_DNS, name) (RFC 4122) as 36 characters and a NUL. */
void calo_uuid5_dns(const char *name, char text[37]);

#endif
