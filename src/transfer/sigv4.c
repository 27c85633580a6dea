#include "transfer/sigv4.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

static const char algorithm[] = "AWS4-HMAC-SHA256";

void calo_sigv4_date_time(time_t now, char text[17])
{
    struct tm utc = {0};
    gmtime_r(&now, &utc);
    strftime(text, 17, "%Y%m%dT%H%M%SZ", &utc);
}

static calo_status print_header_names(const calo_sigv4 *request, calo_blob *blob, calo_error *err)
{
    calo_status status = CALO_OK;
    for (size_t i = 0; i < request->header_count && status == CALO_OK; i++)
        status = calo_blob_print(blob, err, "%s%s", i > 0 ? ";" : "", request->headers[i].name);
    return status;
}

static calo_status print_request(const calo_sigv4 *request, calo_blob *blob, calo_error *err)
{
    calo_status status = calo_blob_print(blob, err, "%s\n%s\n%s\n", request->method, request->path, request->query);
    for (size_t i = 0; i < request->header_count && status == CALO_OK; i++)
        status = calo_blob_print(blob, err, "%s:%s\n", request->headers[i].name, request->headers[i].value);
    if (status == CALO_OK)
        status = calo_blob_append(blob, "\n", 1, err);
    if (status == CALO_OK)
        status = print_header_names(request, blob, err);
    return status == CALO_OK ? calo_blob_print(blob, err, "\n%s", request->payload_sha256) : status;
}

/* The secret becomes a key for one day, region and service. */
static calo_status derive_key(const calo_sigv4 *request, calo_sha256 *key, calo_error *err)
{
    static const char last_step[] = "aws4_request";
    calo_blob secret = {0};
    calo_status status = calo_blob_print(&secret, err, "AWS4%s", request->secret_key);
    if (status == CALO_OK) {
        *key = calo_hmac_sha256(secret.bytes, secret.size, request->date_time, 8);
        *key = calo_hmac_sha256(key, sizeof *key, request->region, strlen(request->region));
        *key = calo_hmac_sha256(key, sizeof *key, request->service, strlen(request->service));
        *key = calo_hmac_sha256(key, sizeof *key, last_step, sizeof last_step - 1);
        explicit_bzero(secret.bytes, secret.size);
    }
    calo_blob_finish(&secret);
    return status;
}

calo_status calo_sigv4_sign(const calo_sigv4 *request, calo_blob *authorization, calo_error *err)
{
    calo_blob canonical = {0}, scope = {0}, to_sign = {0};
    calo_sha256 key, hash;
    char digits[65];
    calo_status status = derive_key(request, &key, err);
    if (status == CALO_OK)
        status = print_request(request, &canonical, err);
    if (status == CALO_OK)
        status = calo_blob_print(&scope, err, "%.8s/%s/%s/aws4_request", request->date_time, request->region,
                                 request->service);
    if (status != CALO_OK)
        goto done;
    hash = calo_sha256_of(canonical.bytes, canonical.size);
    calo_sha256_text(&hash, digits);
    status = calo_blob_print(&to_sign, err, "%s\n%s\n%.*s\n%s", algorithm, request->date_time, (int)scope.size,
                             (const char *)scope.bytes, digits);
    if (status != CALO_OK)
        goto done;
    hash = calo_hmac_sha256(&key, sizeof key, to_sign.bytes, to_sign.size);
    calo_sha256_text(&hash, digits);
    status = calo_blob_print(authorization, err, "%s Credential=%s/%.*s, SignedHeaders=", algorithm,
                             request->access_key, (int)scope.size, (const char *)scope.bytes);
    if (status == CALO_OK)
        status = print_header_names(request, authorization, err);
    if (status == CALO_OK)
        status = calo_blob_print(authorization, err, ", Signature=%s", digits);
done:
    explicit_bzero(&key, sizeof key);
    calo_blob_finish(&canonical);
    calo_blob_finish(&scope);
    calo_blob_finish(&to_sign);
    return status;
}
