/* Downloads: into files, from where the last try (or the last call) stopped, and into memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/error.h"
#include "transfer/part.h"
#include "transfer/place.h"

enum { MIN_KEPT_BYTES = 1 << 20 };

typedef enum trouble {
    TROUBLE_NONE,
    TROUBLE_TOO_LARGE,
    TROUBLE_LOCAL,      /* the sentence is there already */
    TROUBLE_CHANGED,    /* what comes does not go on from what is there */
    TROUBLE_NO_CONTENT, /* a good answer that is not the file */
} trouble;

/* One of both takes the bytes. */
typedef struct download {
    calo_place place;
    calo_place_lines lines;
    calo_part_file *part;
    calo_blob *memory;
    uint64_t max_bytes;
    int64_t whole_bytes;  /* of the file, as the server says; -1 */
    trouble trouble;
    char range[32];
    calo_error *err;
} download;

static uint64_t bytes_so_far(const download *d)
{
    return d->part ? d->part->bytes : d->memory->size;
}

/* ---- what tells contents apart ---- */

/* Values come from the server and go into a file and a header. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* A strong ETag, else the date; "" where there is neither. Weak ETags promise less than equal bytes. */
static const char *find_validator(const calo_answer *answer)
{
    if (answer->etag[0] == '"' && is_plain(answer->etag))
        return answer->etag;
    return is_plain(answer->last_modified) ? answer->last_modified : "";
}

static bool goes_on(const download *d, const calo_answer *answer)
{
    if (!d->part || answer->range_begin < 0 || (uint64_t)answer->range_begin != d->part->bytes)
        return false;
    const char *said = d->part->validator[0] == '"' ? answer->etag : answer->last_modified;
    return !said[0] || strcmp(said, d->part->validator) == 0; /* the answer to If-Range need not say it again */
}

/* ---- one try ---- */

static bool stop(download *d, trouble why)
{
    d->trouble = why;
    return false;
}

static bool restart(download *d, const calo_answer *answer)
{
    if (d->memory) {
        d->memory->size = 0;
        return true;
    }
    bool keep = answer->body_bytes < 0 || answer->body_bytes >= MIN_KEPT_BYTES;
    return calo_part_file_restart(d->part, find_validator(answer), keep, d->err) == CALO_OK ||
           stop(d, TROUBLE_LOCAL);
}

/* The head of the answer is here: is it what was asked for? */
static bool begin(download *d, const calo_answer *answer)
{
    if (answer->code == 206) {
        if (!goes_on(d, answer))
            return stop(d, TROUBLE_CHANGED);
        d->whole_bytes = answer->range_total;
    } else if (answer->code == 200 || answer->code == 203) {
        if (!restart(d, answer))
            return false;
        d->whole_bytes = answer->body_bytes;
    } else {
        return stop(d, TROUBLE_NO_CONTENT);
    }
    return d->whole_bytes < 0 || (uint64_t)d->whole_bytes <= d->max_bytes || stop(d, TROUBLE_TOO_LARGE);
}

static bool take(void *user, const calo_answer *answer, const void *bytes, size_t size)
{
    download *d = user;
    if (size == 0)
        return begin(d, answer);
    if (size > d->max_bytes || bytes_so_far(d) > d->max_bytes - size)
        return stop(d, TROUBLE_TOO_LARGE);
    calo_status status = d->part ? calo_part_file_add(d->part, bytes, size, d->err)
                                 : calo_blob_append(d->memory, bytes, size, d->err);
    return status == CALO_OK || stop(d, TROUBLE_LOCAL);
}

static calo_status prepare(void *user, calo_exchange *exchange, calo_error *err)
{
    download *d = user;
    d->whole_bytes = -1;
    d->trouble = TROUBLE_NONE;
    d->err = err;
    exchange->take = take;
    exchange->user = d;
    if (!d->part || d->part->bytes == 0 || !d->part->validator[0])
        return calo_place_ask(&d->place, "GET", NULL, NULL, &d->lines, exchange, err);
    snprintf(d->range, sizeof d->range, "bytes=%llu-", (unsigned long long)d->part->bytes);
    return calo_place_ask(&d->place, "GET", d->range, d->part->validator, &d->lines, exchange, err);
}

static calo_task_step begin_anew(download *d, const char *reason, calo_transfer_end *end, char why[256])
{
    snprintf(why, 256, "%s", reason);
    if (!d->part || calo_part_file_restart(d->part, "", false, d->err) == CALO_OK)
        return CALO_TASK_AGAIN;
    *end = CALO_TRANSFER_LOCAL;
    return CALO_TASK_ENDED;
}

static void fail_too_large(download *d)
{
    uint64_t bytes = d->whole_bytes >= 0 ? (uint64_t)d->whole_bytes : 0;
    if (bytes > d->max_bytes)
        calo_fail(d->err, CALO_ERROR_LIMIT, "%s: it has %llu bytes, over the limit of %llu bytes a file", d->place.shown,
                  (unsigned long long)bytes, (unsigned long long)d->max_bytes);
    else
        calo_fail(d->err, CALO_ERROR_LIMIT, "%s: it has more bytes than the limit of %llu a file", d->place.shown,
                  (unsigned long long)d->max_bytes);
}

static calo_task_step judge(void *user, const calo_answer *answer, bool is_stopped, calo_transfer_end *end,
                            char why[256], calo_error *err)
{
    download *d = user;
    (void)is_stopped, (void)err;
    switch (d->trouble) {
    case TROUBLE_NONE:
        break;
    case TROUBLE_TOO_LARGE:
        fail_too_large(d);
        *end = CALO_TRANSFER_TOO_LARGE;
        return CALO_TASK_ENDED;
    case TROUBLE_LOCAL:
        *end = CALO_TRANSFER_LOCAL;
        return CALO_TASK_ENDED;
    case TROUBLE_CHANGED:
        return begin_anew(d, "the content changed between two tries", end, why);
    case TROUBLE_NO_CONTENT:
        snprintf(why, 256, "HTTP %ld, which has no content", answer->code);
        return CALO_TASK_AGAIN;
    }
    if (answer->code == 416)
        return begin_anew(d, "HTTP 416", end, why);
    if (d->whole_bytes < 0 || bytes_so_far(d) == (uint64_t)d->whole_bytes)
        return CALO_TASK_DONE;
    snprintf(why, 256, "%llu bytes came of %lld", (unsigned long long)bytes_so_far(d), (long long)d->whole_bytes);
    return CALO_TASK_AGAIN;
}

/* ---- whole downloads ---- */

static calo_transfer_end run(calo_transfer *transfer, download *d, calo_error *err)
{
    calo_answer answer;
    const calo_task task = {.verb = "download", .place = d->place.shown, .user = d, .prepare = prepare,
                            .judges_ranges = true, .judge = judge};
    calo_transfer_end end = calo_task_run(transfer, &task, &answer, err);
    calo_place_lines_finish(&d->lines);
    return end;
}

calo_transfer_end calo_transfer_get(calo_transfer *transfer, const char *url, const char *path, calo_error *err)
{
    calo_part_file part = {.file = -1};
    download d = {.part = &part, .max_bytes = transfer->options.max_bytes};
    calo_transfer_end end = CALO_TRANSFER_LOCAL;
    if (calo_place_open(transfer, url, true, &d.place, err) != CALO_OK)
        end = CALO_TRANSFER_REFUSED;
    else if (calo_part_file_open(path, url, &part, err) == CALO_OK)
        end = run(transfer, &d, err);
    if (end == CALO_TRANSFER_DONE && calo_part_file_finish(&part, err) != CALO_OK)
        end = CALO_TRANSFER_LOCAL;
    calo_part_file_close(&part, end == CALO_TRANSFER_FAILED || end == CALO_TRANSFER_TIMEOUT ||
                                end == CALO_TRANSFER_CANCELLED);
    calo_place_finish(&d.place);
    return end;
}

calo_transfer_end calo_transfer_get_bytes(calo_transfer *transfer, const char *url, uint64_t max_bytes, void **bytes,
                                          size_t *size, calo_error *err)
{
    calo_blob memory = {0};
    download d = {.memory = &memory, .max_bytes = max_bytes};
    calo_transfer_end end = CALO_TRANSFER_REFUSED;
    *bytes = NULL;
    *size = 0;
    if (calo_place_open(transfer, url, true, &d.place, err) == CALO_OK)
        end = run(transfer, &d, err);
    if (end == CALO_TRANSFER_DONE && calo_blob_append(&memory, "", 1, err) != CALO_OK)
        end = CALO_TRANSFER_LOCAL;
    if (end == CALO_TRANSFER_DONE) {
        *bytes = memory.bytes;
        *size = memory.size - 1;
    } else {
        calo_blob_finish(&memory);
    }
    calo_place_finish(&d.place);
    return end;
}
