/* Objaverse's uids: 32 hexadecimal digits, and where their files lie by object-paths.json[.gz]. */
#ifndef CALO_DATASET_UID_PATHS_H
#define CALO_DATASET_UID_PATHS_H

#include <calotype/status.h>

#define CALO_OBJAVERSE_URL "https://huggingface.co/datasets/allenai/objaverse/resolve/main/"

bool calo_is_uid(const char *text);

/* Where the objaverse package keeps its files, ~/.objaverse/hf-objaverse-v1, malloc'ed; NULL without HOME or memory. */
char *calo_objaverse_cache(void);

typedef struct calo_uid_paths calo_uid_paths; /* immutable; some 60 bytes a uid */

calo_status calo_uid_paths_load(const char *file, calo_uid_paths **paths, calo_error *err);
void calo_uid_paths_destroy(calo_uid_paths *paths);
/* "glbs/000-023/UID.glb", or NULL. */
const char *calo_uid_paths_find(const calo_uid_paths *paths, const char *uid);

#endif
