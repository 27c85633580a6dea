#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

calo_status calo_fail_at(calo_error *err, calo_status status, const char *source_file, int source_line,
                         const char *format, ...)
{
    if (!err)
        return status;
    err->status = status;
    err->source_file = source_file;
    err->source_line = source_line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return status;
}

calo_status calo_fail_memory(calo_error *err, const char *what, size_t bytes)
{
    return calo_fail(err, CALO_ERROR_MEMORY,
                     "the system gave no memory for %s (%zu bytes): use a smaller input or free some memory", what,
                     bytes);
}

calo_status calo_fail_within(calo_error *err, calo_status status, const char *format, ...)
{
    if (!err)
        return status;
    char context[512], rest[sizeof err->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    memcpy(rest, err->message, sizeof rest);
    /* A sentence longer than the buffer loses its end; the context stays. */
    if (snprintf(err->message, sizeof err->message, "%s: ", context) < 0)
        return status;
    strncat(err->message, rest, sizeof err->message - strlen(err->message) - 1);
    return status;
}

const char *calo_status_name(calo_status status)
{
    switch (status) {
    case CALO_OK: return "ok";
    case CALO_ERROR_ARGUMENT: return "argument";
    case CALO_ERROR_NOT_FOUND: return "not-found";
    case CALO_ERROR_IO: return "io";
    case CALO_ERROR_FORMAT: return "format";
    case CALO_ERROR_UNSUPPORTED: return "unsupported";
    case CALO_ERROR_LIMIT: return "limit";
    case CALO_ERROR_MEMORY: return "memory";
    case CALO_ERROR_EMPTY: return "empty";
    case CALO_ERROR_BACKEND: return "backend";
    case CALO_ERROR_CANCELLED: return "cancelled";
    case CALO_ERROR_REJECTED: return "rejected";
    }
    return "unknown";
}

const char *calo_version(void)
{
    return CALO_VERSION;
}

calo_limits calo_limits_resolve(const calo_limits *limits)
{
    calo_limits resolved = limits ? *limits : (calo_limits){0};
    if (!resolved.max_file_bytes)
        resolved.max_file_bytes = 4ull << 30;
    if (!resolved.max_memory_bytes)
        resolved.max_memory_bytes = 8ull << 30;
    if (!resolved.max_triangles)
        resolved.max_triangles = 200000000;
    if (!resolved.max_texture_pixels)
        resolved.max_texture_pixels = 16384;
    if (!resolved.max_nesting)
        resolved.max_nesting = 1024;
    return resolved;
}
