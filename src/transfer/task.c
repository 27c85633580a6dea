#include "transfer/task.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

static const double longest_pause_seconds = 30, nap_seconds = 0.05;

/* A task under way. */
typedef struct trying {
    calo_transfer *transfer;
    const calo_task *task;
    double deadline;
    uint32_t tries;
    calo_answer *answer;
    char why[256]; /* what went wrong at the last try */
    calo_error *err;
} trying;

calo_status calo_transfer_status(calo_transfer_end end)
{
    switch (end) {
    case CALO_TRANSFER_DONE: return CALO_OK;
    case CALO_TRANSFER_MISSING: return CALO_ERROR_NOT_FOUND;
    case CALO_TRANSFER_TOO_LARGE: return CALO_ERROR_LIMIT;
    case CALO_TRANSFER_CANCELLED: return CALO_ERROR_CANCELLED;
    case CALO_TRANSFER_REFUSED:
    case CALO_TRANSFER_FAILED:
    case CALO_TRANSFER_TIMEOUT:
    case CALO_TRANSFER_LOCAL: break;
    }
    return CALO_ERROR_IO;
}

/* ---- answers ---- */

static bool is_missing(const calo_answer *answer)
{
    return answer->code == 404 || answer->code == 410;
}

/* Whether the same request may be answered otherwise in a while. */
static bool may_change(const calo_answer *answer)
{
    static const char *const passing[] = {"RequestTimeout", "IncompleteBody", "BadDigest", "OperationAborted",
                                          "ConditionalRequestConflict"};
    switch (answer->code) {
    case 408: /* Request Timeout */
    case 425: /* Too Early */
    case 429: /* Too Many Requests */
        return true;
    case 501: /* Not Implemented */
    case 505: /* HTTP Version Not Supported */
        return false;
    case 403: /* what some servers say to those who ask too often */
        return answer->retry_after_seconds > 0;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (strcmp(answer->error_code, passing[i]) == 0)
            return true;
    return answer->code >= 500;
}

/* "HTTP 403 AccessDenied". */
static void tell_code(const calo_answer *answer, char text[256])
{
    snprintf(text, 256, "HTTP %ld%s%s", answer->code, answer->error_code[0] ? " " : "", answer->error_code);
}

/* ---- ends ---- */

static const char *advice_for(const calo_answer *answer)
{
    if (strcmp(answer->error_code, "RequestTimeTooSkewed") == 0)
        return "set this machine's clock right";
    if (strcmp(answer->error_code, "ExpiredToken") == 0)
        return "get new credentials";
    if (answer->code == 401 || answer->code == 403)
        return "check the credentials, and whether they (or everybody) may do this";
    if (answer->code >= 300 && answer->code < 400)
        return "use the address that it points to";
    return "check the address";
}

static calo_transfer_end end_refused(trying *t)
{
    char code[256];
    tell_code(t->answer, code);
    if (t->answer->region[0] && strcmp(t->answer->region, t->transfer->options.s3_region) != 0)
        calo_fail(t->err, CALO_ERROR_IO,
                  "%s: cannot %s: %s: the bucket is in the region %s, not in %s: set AWS_REGION to it", t->task->place,
                  t->task->verb, code, t->answer->region, t->transfer->options.s3_region);
    else
        calo_fail(t->err, CALO_ERROR_IO, "%s: cannot %s: the server refuses it with %s: %s", t->task->place,
                  t->task->verb, code, advice_for(t->answer));
    return CALO_TRANSFER_REFUSED;
}

static calo_transfer_end end_missing(trying *t)
{
    char code[256];
    tell_code(t->answer, code);
    calo_fail(t->err, CALO_ERROR_NOT_FOUND, "%s: cannot %s: it is not there (%s): check the address", t->task->place,
              t->task->verb, code);
    return CALO_TRANSFER_MISSING;
}

static calo_transfer_end end_impossible(trying *t)
{
    calo_fail(t->err, CALO_ERROR_IO, "%s: cannot %s: %s: check the address", t->task->place, t->task->verb, t->why);
    return CALO_TRANSFER_REFUSED;
}

static calo_transfer_end end_cancelled(trying *t)
{
    calo_fail(t->err, CALO_ERROR_CANCELLED, "%s: cancelled while it was tried to %s it", t->task->place, t->task->verb);
    return CALO_TRANSFER_CANCELLED;
}

static calo_transfer_end end_late(trying *t)
{
    calo_fail(t->err, CALO_ERROR_IO, "%s: cannot %s within %g s%s%s (try %u): allow more time, or try later",
              t->task->place, t->task->verb, t->transfer->options.timeout_seconds, t->why[0] ? ": " : "", t->why,
              t->tries);
    return CALO_TRANSFER_TIMEOUT;
}

static calo_transfer_end end_failed(trying *t)
{
    calo_fail(t->err, CALO_ERROR_IO, "%s: cannot %s: %s, at the last of %u tries: try later", t->task->place,
              t->task->verb, t->why, t->tries);
    return CALO_TRANSFER_FAILED;
}

/* ---- pauses ---- */

static bool is_cancelled(const calo_transfer_options *options)
{
    return options->cancelled && options->cancelled(options->user);
}

/* Twice as long after each try, and not the same for all who were turned away at the same moment. */
static double pause_after(trying *t)
{
    double seconds = t->transfer->options.pause_seconds;
    for (uint32_t i = 1; i < t->tries && seconds < longest_pause_seconds; i++)
        seconds *= 2;
    if (seconds > longest_pause_seconds)
        seconds = longest_pause_seconds;
    return seconds * calo_random_range(&t->transfer->random, 0.5, 1);
}

/* Before another try; DONE: go on. */
static calo_transfer_end wait_for_next(trying *t)
{
    double now = calo_clock_seconds(), pause = pause_after(t), asked = t->answer->retry_after_seconds;
    if (t->tries >= t->transfer->options.tries)
        return end_failed(t);
    if (asked > pause && now + asked >= t->deadline) {
        calo_fail(t->err, CALO_ERROR_IO, "%s: cannot %s: %s, and it asks to wait for %g s, which is more than is left: "
                  "try later", t->task->place, t->task->verb, t->why, asked);
        return CALO_TRANSFER_FAILED;
    }
    double until = now + (asked > pause ? asked : pause);
    for (; now < until; now = calo_clock_seconds()) {
        if (is_cancelled(&t->transfer->options))
            return end_cancelled(t);
        if (now >= t->deadline)
            return end_late(t);
        double nap = until - now < nap_seconds ? until - now : nap_seconds;
        nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * nap)}, NULL);
    }
    return CALO_TRANSFER_DONE;
}

/* ---- tries ---- */

/* What the task itself says to a good answer, or to one that it stopped. True: another try. */
static bool judge(trying *t, bool is_stopped, calo_transfer_end *end)
{
    *end = CALO_TRANSFER_DONE;
    if (!t->task->judge)
        return false;
    return t->task->judge(t->task->user, t->answer, is_stopped, end, t->why, t->err) == CALO_TASK_AGAIN;
}

/* True: another try may help, and `why` says what was wrong with this one. */
static bool should_repeat(trying *t, calo_exchange_end came_to, calo_transfer_end *end)
{
    switch (came_to) {
    case CALO_EXCHANGE_BROKEN:
        return true;
    case CALO_EXCHANGE_STALLED:
        snprintf(t->why, sizeof t->why, "no byte came for %g s", t->transfer->options.stall_seconds);
        return true;
    case CALO_EXCHANGE_IMPOSSIBLE:
        *end = end_impossible(t);
        return false;
    case CALO_EXCHANGE_LATE:
        *end = end_late(t);
        return false;
    case CALO_EXCHANGE_CANCELLED:
        *end = end_cancelled(t);
        return false;
    case CALO_EXCHANGE_STOPPED:
        return judge(t, true, end);
    case CALO_EXCHANGE_ANSWERED:
        break;
    }
    if (calo_answer_is_good(t->answer) || (t->task->judges_ranges && t->answer->code == 416))
        return judge(t, false, end);
    if (may_change(t->answer)) {
        tell_code(t->answer, t->why);
        return true;
    }
    *end = is_missing(t->answer) ? end_missing(t) : end_refused(t);
    return false;
}

calo_transfer_end calo_task_run(calo_transfer *transfer, const calo_task *task, calo_answer *answer, calo_error *err)
{
    const calo_transfer_options *options = &transfer->options;
    trying t = {.transfer = transfer, .task = task, .answer = answer, .err = err,
                .deadline = calo_clock_seconds() + options->timeout_seconds};
    calo_transfer_end end;
    do {
        calo_exchange exchange = {.stall_seconds = options->stall_seconds, .deadline = t.deadline,
                                  .cancelled = options->cancelled, .cancelled_user = options->user};
        if (is_cancelled(options))
            return end_cancelled(&t);
        if (task->prepare(task->user, &exchange, err) != CALO_OK)
            return CALO_TRANSFER_LOCAL;
        char last_why[sizeof t.why];
        memcpy(last_why, t.why, sizeof last_why);
        calo_exchange_end came_to = calo_connection_exchange(transfer->connection, &exchange, answer, t.why);
        t.tries++;
        if (came_to == CALO_EXCHANGE_LATE)
            memcpy(t.why, last_why, sizeof t.why); /* what kept it from coming in time */
        if (!should_repeat(&t, came_to, &end))
            return end;
        end = wait_for_next(&t);
    } while (end == CALO_TRANSFER_DONE);
    return end;
}
