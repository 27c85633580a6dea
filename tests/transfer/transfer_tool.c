/* src/transfer for tests in Python: transfer_tool [--OPTION VALUE]... get|bytes|put|head|list ARGUMENT... Each command prints a
 * line of how it ended and a line of its sentence (or nothing), then what it found. Several commands, with "then" between them,
 * go over the same connections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blob.h"
#include "base/clock.h"
#include "transfer/transfer.h"

static const char *const end_names[] = {"done", "missing", "refused", "failed", "timeout", "too-large", "cancelled",
                                        "local"};

static double cancel_at; /* by the clock; 0: never */

static bool is_cancelled(void *user)
{
    (void)user;
    return cancel_at > 0 && calo_clock_seconds() >= cancel_at;
}

static bool set_option(calo_transfer_options *options, const char *name, const char *value)
{
    if (strcmp(name, "--endpoint") == 0)
        options->s3_endpoint = value;
    else if (strcmp(name, "--region") == 0)
        options->s3_region = value;
    else if (strcmp(name, "--tries") == 0)
        options->tries = (uint32_t)atoi(value);
    else if (strcmp(name, "--timeout") == 0)
        options->timeout_seconds = atof(value);
    else if (strcmp(name, "--stall") == 0)
        options->stall_seconds = atof(value);
    else if (strcmp(name, "--pause") == 0)
        options->pause_seconds = atof(value);
    else if (strcmp(name, "--max-bytes") == 0)
        options->max_bytes = strtoull(value, NULL, 10);
    else if (strcmp(name, "--cancel-after") == 0)
        cancel_at = calo_clock_seconds() + atof(value);
    else
        return false;
    return true;
}

static void keep_key(void *user, const char *key)
{
    calo_blob_print(user, NULL, "%s\n", key);
}

static bool run_command(calo_transfer *transfer, char **words, int count)
{
    const char *command = words[0];
    calo_error err = {0};
    calo_transfer_facts facts = {0};
    calo_blob found = {0};
    void *bytes = NULL;
    size_t size = 0;
    calo_transfer_end end;
    if (strcmp(command, "get") == 0 && count == 3)
        end = calo_transfer_get(transfer, words[1], words[2], &err);
    else if (strcmp(command, "bytes") == 0 && count == 3)
        end = calo_transfer_get_bytes(transfer, words[1], strtoull(words[2], NULL, 10), &bytes, &size, &err);
    else if (strcmp(command, "put") == 0 && (count == 3 || count == 4))
        end = calo_transfer_put(transfer, words[1], words[2], count == 4 ? words[3] : NULL, &err);
    else if (strcmp(command, "head") == 0 && count == 2)
        end = calo_transfer_head(transfer, words[1], &facts, &err);
    else if (strcmp(command, "list") == 0 && count == 2)
        end = calo_transfer_list(transfer, words[1], keep_key, &found, &err);
    else
        return false;
    printf("%s\n%s\n%.*s", end_names[end], err.message, (int)found.size, (const char *)found.bytes);
    if (strcmp(command, "head") == 0 && end == CALO_TRANSFER_DONE)
        printf("%llu %s\n", (unsigned long long)facts.bytes, facts.sha256);
    if (bytes)
        fwrite(bytes, 1, size, stdout);
    free(bytes);
    calo_blob_finish(&found);
    /* Whoever fails says so, and nobody else. */
    return end == CALO_TRANSFER_DONE ? err.message[0] == '\0' : err.message[0] != '\0';
}

int main(int count, char **words)
{
    calo_transfer_options options = {.cancelled = is_cancelled};
    calo_transfer *transfer;
    calo_error err = {0};
    int at = 1, failed = 0;
    for (; at + 1 < count && words[at][0] == '-'; at += 2)
        if (!set_option(&options, words[at], words[at + 1]))
            return 2;
    if (calo_transfer_create(&options, &transfer, &err) != CALO_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    while (at < count && !failed) {
        int end = at;
        while (end < count && strcmp(words[end], "then") != 0)
            end++;
        if (!run_command(transfer, words + at, end - at))
            failed = 1;
        at = end + 1;
    }
    calo_transfer_destroy(transfer);
    return failed;
}
