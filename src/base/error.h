/* The one function that makes every failure. */
#ifndef CALO_BASE_ERROR_H
#define CALO_BASE_ERROR_H

#include <calotype/status.h>

/* Fills `err` (when not NULL) with a sentence and returns `status`, so that a failing function
 * reads `return calo_fail(err, CALO_ERROR_FORMAT, "%s: ...", name)`. */
#define calo_fail(err, status, ...) calo_fail_at((err), (status), __FILE__, __LINE__, __VA_ARGS__)

calo_status calo_fail_at(calo_error *err, calo_status status, const char *source_file, int source_line,
                         const char *format, ...) CALO_PRINTF(5, 6);

/* The sentence for an allocation that the system refused. */
calo_status calo_fail_memory(calo_error *err, const char *what, size_t bytes);

/* Puts "context: " before the sentence of a failure on its way up. Returns err's status. */
calo_status calo_fail_within(calo_error *err, calo_status status, const char *format, ...) CALO_PRINTF(3, 4);

/* The status of a failure that a lower function told in `err` where it returned no status itself. */
static inline calo_status calo_failed(const calo_error *err)
{
    return err && err->status ? err->status : CALO_ERROR_LIMIT;
}

#endif
