/* Status codes, the error object and the limits that every loading function takes. */
#ifndef CALOTYPE_STATUS_H
#define CALOTYPE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CALO_API __attribute__((visibility("default")))
#define CALO_PRINTF(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define CALO_API
#define CALO_PRINTF(format_index, first_argument)
#endif

/* What went wrong, coarse enough to branch on. The numbers are stable. */
typedef enum calo_status {
    CALO_OK = 0,
    CALO_ERROR_ARGUMENT = 1,    /* the caller's value is out of range or missing */
    CALO_ERROR_NOT_FOUND = 2,   /* a file or a named thing does not exist */
    CALO_ERROR_IO = 3,          /* reading or writing failed: permission, full disk */
    CALO_ERROR_FORMAT = 4,      /* the bytes are not a valid file of their format */
    CALO_ERROR_UNSUPPORTED = 5, /* valid, but calotype cannot read or draw it */
    CALO_ERROR_LIMIT = 6,       /* a calo_limits value would be passed */
    CALO_ERROR_MEMORY = 7,      /* the system gave no memory */
    CALO_ERROR_EMPTY = 8,       /* the file holds nothing that can be drawn */
    CALO_ERROR_BACKEND = 9,     /* the renderer asked for is not available */
    CALO_ERROR_CANCELLED = 10,  /* a callback asked to stop */
    CALO_ERROR_REJECTED = 11,   /* rendered, but it has a flag that is not wanted: see quality.h */
} calo_status;

/* A failure, told in one sentence: what, where, why, what to do.
 * Owned by the caller; every function that fails fills it when it is not NULL. */
typedef struct calo_error {
    calo_status status;
    char message[1024];      /* NUL-terminated UTF-8, no trailing newline */
    const char *source_file; /* where in calotype it was found, for bug reports */
    int source_line;
} calo_error;

/* Bounds on what a file may make calotype do. Zero means the default in brackets. */
typedef struct calo_limits {
    uint64_t max_file_bytes;    /* one file read into memory [4 GiB] */
    uint64_t max_memory_bytes;  /* everything a loaded scene keeps [8 GiB] */
    uint64_t max_triangles;     /* drawn triangles, instances counted [200 million] */
    uint32_t max_texture_pixels; /* a texture's longer side; larger ones are halved, with a warning [16384] */
    uint32_t max_nesting;       /* depth of the node tree [1024] */
    bool allow_outside_paths;   /* let an asset name files outside its own folder [no] */
} calo_limits;

/* A copy of `limits` (or of all-zero when NULL) with each zero replaced by its default. */
CALO_API calo_limits calo_limits_resolve(const calo_limits *limits);

/* A short stable name such as "not-found", for scripts and logs. Never NULL. */
CALO_API const char *calo_status_name(calo_status status);

/* The library's version as "major.minor.patch". */
CALO_API const char *calo_version(void);

#ifdef __cplusplus
}
#endif
#endif
