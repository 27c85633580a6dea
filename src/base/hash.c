#include "base/hash.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(calo_sha256_run), "nettle's state fits");

static struct sha256_ctx *context_of(calo_sha256_run *run)
{
    return (struct sha256_ctx *)(void *)run->state;
}

void calo_sha256_begin(calo_sha256_run *run)
{
    sha256_init(context_of(run));
}

void calo_sha256_add(calo_sha256_run *run, const void *bytes, size_t size)
{
    sha256_update(context_of(run), size, bytes);
}

calo_sha256 calo_sha256_end(calo_sha256_run *run)
{
    calo_sha256 hash;
    sha256_digest(context_of(run), sizeof hash.bytes, hash.bytes);
    return hash;
}

calo_sha256 calo_sha256_of(const void *bytes, size_t size)
{
    calo_sha256_run run;
    calo_sha256_begin(&run);
    calo_sha256_add(&run, bytes, size);
    return calo_sha256_end(&run);
}

calo_sha256 calo_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size)
{
    struct hmac_sha256_ctx context;
    calo_sha256 hash;
    hmac_sha256_set_key(&context, key_size, key);
    hmac_sha256_update(&context, size, bytes);
    hmac_sha256_digest(&context, sizeof hash.bytes, hash.bytes);
    return hash;
}

void calo_sha256_text(const calo_sha256 *hash, char text[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", hash->bytes[i]);
}

void calo_sha256_base64(const calo_sha256 *hash, char text[45])
{
    base64_encode_raw(text, sizeof hash->bytes, hash->bytes);
    text[44] = '\0';
}

void calo_uuid5_dns(const char *name, char text[37])
{
    static const uint8_t namespace_dns[16] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                              0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    struct sha1_ctx context;
    uint8_t u[16];
    sha1_init(&context);
    sha1_update(&context, sizeof namespace_dns, namespace_dns);
    sha1_update(&context, strlen(name), (const uint8_t *)name);
    sha1_digest(&context, sizeof u, u);
    u[6] = (uint8_t)((u[6] & 0x0f) | 0x50); /* version 5 */
    u[8] = (uint8_t)((u[8] & 0x3f) | 0x80); /* RFC 4122 variant */
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3],
             u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}
