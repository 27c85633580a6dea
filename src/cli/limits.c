#include "cli/limits.h"

#include "base/error.h"
#include "base/text.h"

calo_status calo_apply_max_triangles(void *target, const char *value, calo_error *err)
{
    calo_limits *limits = target;
    int64_t number;
    if (!calo_parse_integer(value, &number) || number < 1)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--max-triangles %s: give a whole number of at least 1", value);
    limits->max_triangles = (uint64_t)number;
    return CALO_OK;
}

calo_status calo_apply_max_memory(void *target, const char *value, calo_error *err)
{
    calo_limits *limits = target;
    return calo_parse_bytes("max-memory", value, &limits->max_memory_bytes, err);
}
