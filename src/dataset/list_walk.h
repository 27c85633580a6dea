/* Folders and globs to the files in them, in an order that does not depend on the file system. */
#ifndef CALO_DATASET_LIST_WALK_H
#define CALO_DATASET_LIST_WALK_H

#include <calotype/status.h>

typedef calo_status (*calo_walk_visit)(void *user, const char *path, calo_error *err);

/* Whether the name ends as files of 3D objects do, those that calotype does not read included. */
bool calo_is_object_name(const char *name);
bool calo_is_glob(const char *text);

/* Visits the files of a folder, and of the folders in it, that have such names, as "folder/sub/name", each folder's in the
 * order of their bytes. Hidden ones and links to folders are left out. */
calo_status calo_walk_folder(const char *folder, calo_walk_visit visit, void *user, calo_error *err);

/* Visits the files that match: ? * [a-z] within a name, and ** for any number of folders. Hidden files match only where the
 * pattern says so. Links to folders are followed, but not below a **. */
calo_status calo_walk_glob(const char *pattern, calo_walk_visit visit, void *user, calo_error *err);

#endif
