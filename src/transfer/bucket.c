/* What is done in buckets besides downloads: uploads, facts of files, lists. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "transfer/listing.h"
#include "transfer/place.h"
#include "transfer/url.h"

enum { MAX_PAGE_BYTES = 1 << 25 };

static const uint64_t max_upload_bytes = UINT64_C(5) << 30; /* of one PUT */

static calo_status open_in_bucket(calo_transfer *transfer, const char *url, bool needs_key, calo_place *place,
                                  calo_error *err)
{
    calo_status status = calo_place_open(transfer, url, needs_key, place, err);
    if (status == CALO_OK && place->url)
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s: only s3:// can be written and listed", place->shown);
    return status;
}

/* ---- uploads ---- */

typedef struct upload {
    calo_place place;
    const char *path;
    int file;
    uint64_t bytes;
    char sha256[65], checksum[45];
} upload;

static int digit_value(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/* The hash as it was given, or as the file has it. */
static calo_status find_hash(upload *u, const char *sha256, calo_error *err)
{
    calo_sha256 hash;
    if (!sha256) {
        uint64_t bytes;
        calo_status status = calo_file_sha256(u->path, &bytes, &hash, err);
        if (status != CALO_OK)
            return status;
    } else if (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64) {
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: \"%.64s\" is no SHA-256 of 64 small digits", u->path, sha256);
    } else {
        for (int i = 0; i < 32; i++)
            hash.bytes[i] = (uint8_t)(digit_value(sha256[2 * i]) << 4 | digit_value(sha256[2 * i + 1]));
    }
    calo_sha256_text(&hash, u->sha256);
    calo_sha256_base64(&hash, u->checksum);
    return CALO_OK;
}

static calo_transfer_end open_upload(upload *u, const char *sha256, calo_error *err)
{
    struct stat about;
    u->file = open(u->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (u->file < 0 || fstat(u->file, &about) != 0 || !S_ISREG(about.st_mode)) {
        calo_fail(err, CALO_ERROR_IO, "%s: cannot upload it: %s", u->path,
                  u->file < 0 ? strerror(errno) : "it is not a regular file");
        return CALO_TRANSFER_LOCAL;
    }
    u->bytes = (uint64_t)about.st_size;
    if (u->bytes > max_upload_bytes) {
        calo_fail(err, CALO_ERROR_LIMIT, "%s: it has %llu bytes, but S3 takes at most 5 GiB at once: make smaller parts",
                  u->path, (unsigned long long)u->bytes);
        return CALO_TRANSFER_TOO_LARGE;
    }
    return find_hash(u, sha256, err) == CALO_OK ? CALO_TRANSFER_DONE : CALO_TRANSFER_LOCAL;
}

static calo_status prepare_upload(void *user, calo_exchange *exchange, calo_error *err)
{
    upload *u = user;
    const calo_s3_request request = {.method = "PUT", .bucket = u->place.s3.bucket, .key = u->place.s3.key,
                                     .payload_sha256 = u->sha256, .kept_sha256 = u->sha256,
                                     .payload_checksum = u->checksum};
    exchange->file = u->file;
    exchange->file_bytes = u->bytes;
    return calo_s3_prepare(u->place.transfer->s3, &request, time(NULL), exchange, err);
}

static calo_task_step judge_upload(void *user, const calo_answer *answer, bool is_stopped, calo_transfer_end *end,
                                   char why[256], calo_error *err)
{
    upload *u = user;
    (void)answer, (void)why;
    if (!is_stopped)
        return CALO_TASK_DONE;
    calo_fail(err, CALO_ERROR_IO, "%s: it cannot be read to its end, or has become shorter during the upload", u->path);
    *end = CALO_TRANSFER_LOCAL;
    return CALO_TASK_ENDED;
}

calo_transfer_end calo_transfer_put(calo_transfer *transfer, const char *path, const char *url, const char *sha256,
                                    calo_error *err)
{
    upload u = {.path = path, .file = -1};
    calo_transfer_end end = CALO_TRANSFER_REFUSED;
    if (open_in_bucket(transfer, url, true, &u.place, err) == CALO_OK)
        end = open_upload(&u, sha256, err);
    if (end == CALO_TRANSFER_DONE) {
        calo_answer answer;
        const calo_task task = {.verb = "upload", .place = u.place.shown, .user = &u, .prepare = prepare_upload,
                                .judge = judge_upload};
        end = calo_task_run(transfer, &task, &answer, err);
    }
    if (u.file >= 0)
        close(u.file);
    calo_place_finish(&u.place);
    return end;
}

/* ---- facts ---- */

typedef struct asking {
    calo_place place;
    calo_place_lines lines;
} asking;

static calo_status prepare_head(void *user, calo_exchange *exchange, calo_error *err)
{
    asking *a = user;
    return calo_place_ask(&a->place, "HEAD", NULL, NULL, &a->lines, exchange, err);
}

calo_transfer_end calo_transfer_head(calo_transfer *transfer, const char *url, calo_transfer_facts *facts, calo_error *err)
{
    asking a = {0};
    calo_transfer_end end = CALO_TRANSFER_REFUSED;
    *facts = (calo_transfer_facts){0};
    if (calo_place_open(transfer, url, true, &a.place, err) == CALO_OK) {
        calo_answer answer;
        const calo_task task = {.verb = "look at", .place = a.place.shown, .user = &a, .prepare = prepare_head};
        end = calo_task_run(transfer, &task, &answer, err);
        if (end == CALO_TRANSFER_DONE) {
            facts->bytes = answer.body_bytes > 0 ? (uint64_t)answer.body_bytes : 0;
            snprintf(facts->sha256, sizeof facts->sha256, "%s", answer.sha256);
        }
    }
    calo_place_lines_finish(&a.lines);
    calo_place_finish(&a.place);
    return end;
}

/* ---- lists ---- */

/* A page at a time: a try that broke has told nobody anything. */
typedef struct page_reading {
    calo_place place;
    calo_blob query, xml;
    calo_listing listing;
    calo_status trouble;
} page_reading;

static calo_status print_query(page_reading *reading, calo_error *err)
{
    calo_blob *query = &reading->query;
    calo_status status = CALO_OK;
    query->size = 0;
    if (reading->listing.continuation.size > 1) {
        status = calo_blob_print(query, err, "continuation-token=");
        if (status == CALO_OK)
            status = calo_url_encode(query, (const char *)reading->listing.continuation.bytes, false, err);
        if (status == CALO_OK)
            status = calo_blob_append(query, "&", 1, err);
    }
    if (status == CALO_OK)
        status = calo_blob_print(query, err, "delimiter=%%2F&list-type=2&prefix=");
    if (status == CALO_OK)
        status = calo_url_encode(query, reading->place.s3.key, false, err);
    return status == CALO_OK ? calo_blob_append(query, "", 1, err) : status;
}

static bool take_page(void *user, const calo_answer *answer, const void *bytes, size_t size)
{
    page_reading *reading = user;
    (void)answer;
    reading->trouble = size > MAX_PAGE_BYTES - reading->xml.size ? CALO_ERROR_FORMAT
                                                                 : calo_blob_append(&reading->xml, bytes, size, NULL);
    return reading->trouble == CALO_OK;
}

static calo_status prepare_page(void *user, calo_exchange *exchange, calo_error *err)
{
    page_reading *reading = user;
    const calo_s3_request request = {.method = "GET", .bucket = reading->place.s3.bucket, .key = "",
                                     .query = (const char *)reading->query.bytes};
    reading->xml.size = 0;
    exchange->take = take_page;
    exchange->user = reading;
    return calo_s3_prepare(reading->place.transfer->s3, &request, time(NULL), exchange, err);
}

static calo_task_step judge_page(void *user, const calo_answer *answer, bool is_stopped, calo_transfer_end *end,
                                 char why[256], calo_error *err)
{
    page_reading *reading = user;
    calo_error fault = {0};
    (void)answer, (void)why;
    if (is_stopped && reading->trouble != CALO_ERROR_FORMAT) {
        calo_fail_memory(err, "a list of keys", reading->xml.size);
        *end = CALO_TRANSFER_LOCAL;
        return CALO_TASK_ENDED;
    }
    if (is_stopped)
        calo_fail(&fault, CALO_ERROR_FORMAT, "it is larger than any page of keys");
    else if (calo_listing_parse(reading->xml.bytes, reading->xml.size, &reading->listing, &fault) == CALO_OK)
        return CALO_TASK_DONE;
    calo_listing_finish(&reading->listing);
    calo_fail(err, CALO_ERROR_FORMAT, "%s: the server's list of keys cannot be read: %s: check that the endpoint is one "
              "of S3", reading->place.shown, fault.message);
    *end = CALO_TRANSFER_REFUSED;
    return CALO_TASK_ENDED;
}

static void visit_page(const page_reading *reading, void (*visit)(void *user, const char *key), void *user)
{
    const calo_blob *keys = &reading->listing.keys;
    size_t prefix = strlen(reading->place.s3.key);
    for (size_t at = 0; at < keys->size;) {
        const char *key = (const char *)keys->bytes + at;
        if (strncmp(key, reading->place.s3.key, prefix) == 0 && key[prefix])
            visit(user, key + prefix);
        at += strlen(key) + 1;
    }
}

/* The next page; its continuation says whether there is another one. */
static calo_transfer_end read_page(page_reading *reading, calo_error *err)
{
    calo_answer answer;
    const calo_task task = {.verb = "list", .place = reading->place.shown, .user = reading, .prepare = prepare_page,
                            .judge = judge_page};
    if (print_query(reading, err) != CALO_OK)
        return CALO_TRANSFER_LOCAL;
    calo_listing_finish(&reading->listing);
    return calo_task_run(reading->place.transfer, &task, &answer, err);
}

calo_transfer_end calo_transfer_list(calo_transfer *transfer, const char *prefix, void (*visit)(void *user, const char *key),
                                     void *user, calo_error *err)
{
    page_reading reading = {0};
    calo_transfer_end end = CALO_TRANSFER_REFUSED;
    if (open_in_bucket(transfer, prefix, false, &reading.place, err) == CALO_OK) {
        do {
            end = read_page(&reading, err);
            if (end == CALO_TRANSFER_DONE)
                visit_page(&reading, visit, user);
        } while (end == CALO_TRANSFER_DONE && reading.listing.continuation.size > 1);
    }
    calo_listing_finish(&reading.listing);
    calo_blob_finish(&reading.query);
    calo_blob_finish(&reading.xml);
    calo_place_finish(&reading.place);
    return end;
}
