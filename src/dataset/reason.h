/* Why an object is not in the data set: a fixed list, which docs/dataset-workers.md explains. Names and numbers are stable. */
#ifndef CALO_DATASET_REASON_H
#define CALO_DATASET_REASON_H

#include <calotype/job.h>

typedef enum calo_reason {
    CALO_REASON_NONE = 0,
    CALO_REASON_MISSING,            /* "missing": there is no such file, object, commit or uid */
    CALO_REASON_MODIFIED,           /* "modified": its SHA-256 is not the one in the list */
    CALO_REASON_FETCH_FAILED,       /* "fetch failed": refused, or broken off at every try */
    CALO_REASON_FETCH_TIMEOUT,      /* "fetch timeout": --fetch-timeout is over */
    CALO_REASON_TOO_LARGE,          /* "too large": more bytes than --max-download */
    CALO_REASON_UNSUPPORTED_FORMAT, /* "unsupported format" */
    CALO_REASON_UNSUPPORTED_FEATURE, /* "unsupported feature": of a format that is read */
    CALO_REASON_BROKEN_FILE,        /* "broken file" */
    CALO_REASON_EMPTY_SCENE,        /* "empty scene": nothing that can be drawn */
    CALO_REASON_MISSING_FILE,       /* "missing file": one that the object cannot do without, such as its buffers */
    CALO_REASON_OVER_LIMIT,         /* "over limit": a --max-... value */
    CALO_REASON_OUT_OF_MEMORY,      /* "out of memory": of --memory-limit */
    CALO_REASON_TIMEOUT,            /* "timeout": --render-timeout is over */
    CALO_REASON_CRASH,              /* "crash": the worker died */
    CALO_REASON_REJECTED,           /* "rejected": a quality flag of --reject */
    CALO_REASON_OPTION,             /* "option": an option does not fit the object, such as a camera that it lacks */
    CALO_REASON_COUNT
} calo_reason;

const char *calo_reason_name(calo_reason reason); /* "unsupported format"; "" of NONE */
bool calo_reason_find(const char *name, calo_reason *reason);
/* The reason of an object whose rendering failed in this step, with its file there; NONE of CALO_OK. */
calo_reason calo_reason_of(calo_status status, calo_item_step step);

#endif
