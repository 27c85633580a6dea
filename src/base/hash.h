/* SHA-256 of contents and version-5 UUIDs of names. */
#ifndef CALO_BASE_HASH_H
#define CALO_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct calo_sha256 {
    uint8_t bytes[32];
} calo_sha256;

calo_sha256 calo_sha256_of(const void *bytes, size_t size);

/* 64 lower-case digits and a NUL. */
void calo_sha256_text(const calo_sha256 *hash, char text[65]);

/* uuid5(NAMESPACE_DNS, name) (RFC 4122) as 36 characters and a NUL. */
void calo_uuid5_dns(const char *name, char text[37]);

#endif
