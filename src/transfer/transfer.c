#include "transfer/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/error.h"
#include "transfer/task.h"

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static const char *first_of(const char *given, const char *name, const char *other_name)
{
    if (given && given[0])
        return given;
    const char *value = environment(name);
    return value ? value : environment(other_name);
}

static calo_transfer_options resolve(const calo_transfer_options *options)
{
    calo_transfer_options resolved = options ? *options : (calo_transfer_options){0};
    resolved.s3_endpoint = first_of(resolved.s3_endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    resolved.s3_region = first_of(resolved.s3_region, "AWS_REGION", "AWS_DEFAULT_REGION");
    if (!resolved.s3_region)
        resolved.s3_region = "us-east-1";
    if (resolved.tries == 0)
        resolved.tries = 6;
    if (!(resolved.timeout_seconds > 0))
        resolved.timeout_seconds = 300;
    if (!(resolved.stall_seconds > 0))
        resolved.stall_seconds = 30;
    if (!(resolved.pause_seconds > 0))
        resolved.pause_seconds = 0.5;
    if (resolved.max_bytes == 0)
        resolved.max_bytes = calo_limits_resolve(NULL).max_file_bytes;
    return resolved;
}

calo_status calo_transfer_create(const calo_transfer_options *options, calo_transfer **transfer, calo_error *err)
{
    *transfer = NULL;
    calo_transfer *made = calloc(1, sizeof *made);
    if (!made)
        return calo_fail_memory(err, "transfers", sizeof *made);
    made->options = resolve(options);
    if (getrandom(&made->random.state, sizeof made->random.state, GRND_NONBLOCK) < 0)
        made->random.state = (uint64_t)(1e9 * calo_clock_seconds());
    calo_status status = calo_connection_create(&made->connection, err);
    if (status != CALO_OK)
        calo_transfer_destroy(made);
    else
        *transfer = made;
    return status;
}

void calo_transfer_destroy(calo_transfer *transfer)
{
    if (!transfer)
        return;
    calo_connection_destroy(transfer->connection);
    calo_s3_destroy(transfer->s3);
    free(transfer);
}
