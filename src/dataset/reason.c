#include "dataset/reason.h"

#include <string.h>

static const char *const names[CALO_REASON_COUNT] = {
    [CALO_REASON_NONE] = "",
    [CALO_REASON_MISSING] = "missing",
    [CALO_REASON_MODIFIED] = "modified",
    [CALO_REASON_FETCH_FAILED] = "fetch failed",
    [CALO_REASON_FETCH_TIMEOUT] = "fetch timeout",
    [CALO_REASON_TOO_LARGE] = "too large",
    [CALO_REASON_UNSUPPORTED_FORMAT] = "unsupported format",
    [CALO_REASON_UNSUPPORTED_FEATURE] = "unsupported feature",
    [CALO_REASON_BROKEN_FILE] = "broken file",
    [CALO_REASON_EMPTY_SCENE] = "empty scene",
    [CALO_REASON_MISSING_FILE] = "missing file",
    [CALO_REASON_OVER_LIMIT] = "over limit",
    [CALO_REASON_OUT_OF_MEMORY] = "out of memory",
    [CALO_REASON_TIMEOUT] = "timeout",
    [CALO_REASON_CRASH] = "crash",
    [CALO_REASON_REJECTED] = "rejected",
    [CALO_REASON_OPTION] = "option",
};

const char *calo_reason_name(calo_reason reason)
{
    return reason > CALO_REASON_NONE && reason < CALO_REASON_COUNT ? names[reason] : "";
}

bool calo_reason_find(const char *name, calo_reason *reason)
{
    for (int i = CALO_REASON_NONE + 1; i < CALO_REASON_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *reason = (calo_reason)i;
            return true;
        }
    return false;
}

calo_reason calo_reason_of(calo_status status, calo_item_step step)
{
    bool loading = step == CALO_ITEM_LOAD;
    switch (status) {
    case CALO_OK: return CALO_REASON_NONE;
    /* Of files that it names; animations and cameras are looked for later. */
    case CALO_ERROR_NOT_FOUND:
    case CALO_ERROR_IO: return loading ? CALO_REASON_MISSING_FILE : CALO_REASON_OPTION;
    case CALO_ERROR_FORMAT: return CALO_REASON_BROKEN_FILE; /* numbers that are not finite are found later */
    case CALO_ERROR_UNSUPPORTED: return CALO_REASON_UNSUPPORTED_FEATURE;
    case CALO_ERROR_LIMIT: return CALO_REASON_OVER_LIMIT;
    case CALO_ERROR_MEMORY: return CALO_REASON_OUT_OF_MEMORY;
    case CALO_ERROR_EMPTY: return CALO_REASON_EMPTY_SCENE;
    case CALO_ERROR_REJECTED: return CALO_REASON_REJECTED;
    case CALO_ERROR_ARGUMENT: return CALO_REASON_OPTION;
    case CALO_ERROR_BACKEND:
    case CALO_ERROR_CANCELLED: break;
    }
    return CALO_REASON_CRASH;
}
