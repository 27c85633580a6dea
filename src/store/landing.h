/* Giving a finished file or folder its name, where an earlier result of calotype may stand, and nothing else. */
#ifndef CALO_STORE_LANDING_H
#define CALO_STORE_LANDING_H

#include <calotype/status.h>

typedef enum calo_occupant {
    CALO_OCCUPANT_NONE = 0,
    CALO_OCCUPANT_OURS,
    CALO_OCCUPANT_EMPTY, /* a folder with nothing in it */
    CALO_OCCUPANT_OTHER,
} calo_occupant;

/* What stands there. A folder is ours by its metadata.json, which names calotype's engine. */
calo_occupant calo_find_folder(const char *path);
/* A file is ours if it begins as those that calotype joins: archives without owners and times, tensors and JSON with their
 * header, checksums. */
calo_occupant calo_find_file(const char *path);

/* Fails where something else stands. */
calo_status calo_check_folder(const char *path, calo_occupant *found, calo_error *err);
calo_status calo_check_file(const char *path, calo_error *err);

/* Renames a folder in one step; an earlier result there is removed. EXDEV of a rename is told in `is_elsewhere` (NULL: as a
 * failure like others): it lies in another file system, and nothing has happened. */
calo_status calo_land_folder(const char *staged_path, const char *path, bool *is_elsewhere, calo_error *err);
/* The same for a file. */
calo_status calo_land_file(const char *staged_path, const char *path, bool *is_elsewhere, calo_error *err);

/* The sentence for a failed system call: "PATH: cannot VERB: Permission denied". */
calo_status calo_store_fail(calo_error *err, const char *path, const char *verb, int number);

#endif
