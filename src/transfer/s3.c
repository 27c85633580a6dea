#include "transfer/s3.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "transfer/sigv4.h"
#include "transfer/url.h"

enum { MAX_HEADERS = 16, MAX_BUCKET_LENGTH = 255 };

static const char empty_sha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct calo_s3 {
    const char *endpoint; /* NULL: Amazon's */
    size_t scheme_length; /* of "http://" */
    const char *region;
    calo_credentials credentials;
    /* Of the request that was prepared last. */
    char *host;
    calo_blob path, url, authorization;
    char date_time[17];
    calo_signed_header headers[MAX_HEADERS];
    size_t header_count;
    char *lines[MAX_HEADERS + 1];
};

/* ---- places ---- */

calo_status calo_s3_place_parse(const char *url, bool needs_key, calo_s3_place *place, calo_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    const char *bucket = url + strlen("s3://");
    size_t length = strcspn(bucket, "/");
    const char *key = bucket + length + (bucket[length] == '/');
    *place = (calo_s3_place){0};
    if (length == 0 || length > MAX_BUCKET_LENGTH || strspn(bucket, letters) < length || bucket[0] == '.')
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%.200s: \"%.*s\" is no bucket's name: write s3://BUCKET/KEY", url,
                         length > 64 ? 64 : (int)length, bucket);
    if (needs_key && !key[0])
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%.200s names a bucket, not a file in it: write s3://BUCKET/KEY", url);
    place->bucket = strndup(bucket, length);
    place->key = strdup(key);
    if (place->bucket && place->key)
        return CALO_OK;
    calo_s3_place_finish(place);
    return calo_fail_memory(err, "a URL", strlen(url));
}

void calo_s3_place_finish(calo_s3_place *place)
{
    free(place->bucket);
    free(place->key);
    *place = (calo_s3_place){0};
}

/* ---- the account ---- */

calo_status calo_s3_create(const calo_transfer_options *options, calo_s3 **s3, calo_error *err)
{
    const char *endpoint = options->s3_endpoint;
    *s3 = NULL;
    size_t scheme_length = endpoint ? strcspn(endpoint, ":") + strlen("://") : 0;
    if (endpoint && (!calo_transfer_is_url(endpoint) || calo_url_is_s3(endpoint) || strpbrk(endpoint, "?#@") ||
                     strspn(endpoint + scheme_length, "/") > 0 || !endpoint[scheme_length]))
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "the S3 endpoint \"%.200s\" is not like http://HOST:PORT or https://HOST", endpoint);
    calo_s3 *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "S3 requests", sizeof *made);
    made->endpoint = endpoint;
    made->scheme_length = scheme_length;
    made->region = options->s3_region;
    calo_status status = calo_credentials_load(&made->credentials, err);
    if (status != CALO_OK)
        calo_s3_destroy(made);
    else
        *s3 = made;
    return status;
}

static void forget_request(calo_s3 *s3)
{
    free(s3->host);
    s3->host = NULL;
    s3->path.size = s3->url.size = s3->authorization.size = s3->header_count = 0;
    for (size_t i = 0; i <= MAX_HEADERS; i++) {
        free(s3->lines[i]);
        s3->lines[i] = NULL;
    }
}

void calo_s3_destroy(calo_s3 *s3)
{
    if (!s3)
        return;
    forget_request(s3);
    calo_blob_finish(&s3->path);
    calo_blob_finish(&s3->url);
    calo_blob_finish(&s3->authorization);
    calo_credentials_finish(&s3->credentials);
    free(s3);
}

/* ---- requests ---- */

/* An endpoint of one's own has the bucket in its path, Amazon's in the host (but for those with dots, which certificates of
 * *.s3.amazonaws.com do not cover). */
static bool is_path_style(const calo_s3 *s3, const char *bucket)
{
    return s3->endpoint || strchr(bucket, '.');
}

static char *find_host(const calo_s3 *s3, const char *bucket)
{
    if (s3->endpoint)
        return strndup(s3->endpoint + s3->scheme_length, strcspn(s3->endpoint + s3->scheme_length, "/"));
    bool is_in_path = is_path_style(s3, bucket);
    return calo_text_format("%s%ss3.%s.amazonaws.com%s", is_in_path ? "" : bucket, is_in_path ? "" : ".", s3->region,
                            strncmp(s3->region, "cn-", 3) == 0 ? ".cn" : "");
}

/* The endpoint's own path, the bucket, the key; with a NUL behind it. */
static calo_status print_path(calo_s3 *s3, const calo_s3_request *request, calo_error *err)
{
    calo_status status = CALO_OK;
    if (s3->endpoint) {
        const char *prefix = s3->endpoint + s3->scheme_length + strlen(s3->host);
        size_t length = strlen(prefix);
        while (length > 0 && prefix[length - 1] == '/')
            length--;
        status = calo_blob_append(&s3->path, prefix, length, err);
    }
    if (status == CALO_OK && is_path_style(s3, request->bucket))
        status = calo_blob_print(&s3->path, err, "/%s", request->bucket);
    if (status == CALO_OK)
        status = calo_blob_append(&s3->path, "/", 1, err);
    if (status == CALO_OK)
        status = calo_url_encode(&s3->path, request->key, true, err);
    return status == CALO_OK ? calo_blob_append(&s3->path, "", 1, err) : status;
}

static calo_status find_address(calo_s3 *s3, const calo_s3_request *request, calo_error *err)
{
    s3->host = find_host(s3, request->bucket);
    if (!s3->host)
        return calo_fail_memory(err, "a URL", 0);
    calo_status status = print_path(s3, request, err);
    if (status != CALO_OK)
        return status;
    status = calo_blob_print(&s3->url, err, "%.*s%s%s%s%s", s3->endpoint ? (int)s3->scheme_length : 8,
                             s3->endpoint ? s3->endpoint : "https://", s3->host, (const char *)s3->path.bytes,
                             request->query ? "?" : "", request->query ? request->query : "");
    return status == CALO_OK ? calo_blob_append(&s3->url, "", 1, err) : status;
}

static void add_header(calo_s3 *s3, const char *name, const char *value)
{
    if (value)
        s3->headers[s3->header_count++] = (calo_signed_header){name, value};
}

/* Sorted by name, as signatures want them. */
static void choose_signed_headers(calo_s3 *s3, const calo_s3_request *request)
{
    bool is_signed = s3->credentials.access_key;
    const char *payload = request->payload_sha256 ? request->payload_sha256 : empty_sha256;
    add_header(s3, "host", s3->host);
    add_header(s3, "x-amz-checksum-sha256", request->payload_checksum);
    add_header(s3, "x-amz-content-sha256", is_signed ? payload : NULL);
    add_header(s3, "x-amz-date", is_signed ? s3->date_time : NULL);
    add_header(s3, "x-amz-meta-sha256", request->kept_sha256);
    add_header(s3, "x-amz-security-token", is_signed ? s3->credentials.session_token : NULL);
}

static calo_status sign(calo_s3 *s3, const calo_s3_request *request, calo_error *err)
{
    const calo_sigv4 signing = {
        .access_key = s3->credentials.access_key, .secret_key = s3->credentials.secret_key,
        .region = s3->region, .service = "s3", .method = request->method,
        .path = (const char *)s3->path.bytes, .query = request->query ? request->query : "",
        .headers = s3->headers, .header_count = s3->header_count,
        .payload_sha256 = request->payload_sha256 ? request->payload_sha256 : empty_sha256,
        .date_time = s3->date_time,
    };
    calo_status status = calo_sigv4_sign(&signing, &s3->authorization, err);
    if (status == CALO_OK)
        status = calo_blob_append(&s3->authorization, "", 1, err);
    if (status == CALO_OK)
        add_header(s3, "authorization", (const char *)s3->authorization.bytes);
    return status;
}

static calo_status print_headers(calo_s3 *s3, calo_error *err)
{
    for (size_t i = 0; i < s3->header_count; i++) {
        s3->lines[i] = calo_text_format("%s: %s", s3->headers[i].name, s3->headers[i].value);
        if (!s3->lines[i])
            return calo_fail_memory(err, "a request", 0);
    }
    return CALO_OK;
}

calo_status calo_s3_prepare(calo_s3 *s3, const calo_s3_request *request, time_t now, calo_exchange *exchange,
                            calo_error *err)
{
    forget_request(s3);
    calo_sigv4_date_time(now, s3->date_time);
    calo_status status = find_address(s3, request, err);
    if (status != CALO_OK)
        return status;
    choose_signed_headers(s3, request);
    if (s3->credentials.access_key)
        status = sign(s3, request, err);
    add_header(s3, "range", request->range);
    add_header(s3, "if-range", request->if_range);
    if (status == CALO_OK)
        status = print_headers(s3, err);
    exchange->method = request->method;
    exchange->url = (const char *)s3->url.bytes;
    exchange->headers = (const char *const *)s3->lines;
    exchange->is_exact = true;
    return status;
}
