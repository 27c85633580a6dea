#include "cli/cli.h"

int calo_exit_code(calo_status status)
{
    switch (status) {
    case CALO_OK: return CALO_EXIT_OK;
    case CALO_ERROR_ARGUMENT: return CALO_EXIT_USAGE;
    case CALO_ERROR_NOT_FOUND: return CALO_EXIT_NOT_FOUND;
    case CALO_ERROR_IO: return CALO_EXIT_IO;
    case CALO_ERROR_FORMAT:
    case CALO_ERROR_EMPTY: return CALO_EXIT_BAD_FILE;
    case CALO_ERROR_UNSUPPORTED: return CALO_EXIT_UNSUPPORTED;
    case CALO_ERROR_LIMIT:
    case CALO_ERROR_MEMORY: return CALO_EXIT_LIMIT;
    case CALO_ERROR_BACKEND: return CALO_EXIT_BACKEND;
    case CALO_ERROR_REJECTED: return CALO_EXIT_REJECTED;
    case CALO_ERROR_CANCELLED: return CALO_EXIT_INTERRUPTED;
    }
    return CALO_EXIT_SOME_FAILED;
}

int calo_report(const calo_error *err)
{
    fprintf(stderr, "calotype: %s\n", err->message);
    return calo_exit_code(err->status);
}
