/* Lists of objects in every form that is told by the first line, gzip too, and Objaverse's map of uids. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "dataset/object_list.h"
#include "dataset/uid_paths.h"
#include "fuzz.h"

static void read_back(const char *folder)
{
    calo_object_list *list = NULL;
    fuzz_check(calo_object_list_open(folder, &list, NULL) == CALO_OK, "a list that was written can be opened");
    for (uint64_t i = 0; i < calo_object_list_count(list); i++) {
        calo_object object;
        fuzz_check(calo_object_list_get(list, i, &object, NULL) == CALO_OK && *object.file_identifier,
                   "each object can be read back");
        calo_object_finish(&object);
    }
    calo_object_list_close(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[512], path[64];
    const char *temporary = getenv("TMPDIR");
    calo_error err = {0};
    calo_uid_paths *paths = NULL;
    int fd = memfd_create("list", MFD_CLOEXEC);
    snprintf(folder, sizeof folder, "%s/fuzz-list-%ld", temporary ? temporary : "/tmp", (long)getpid());
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    fuzz_check(fd >= 0 && calo_file_write_all(fd, data, size) == 0 && calo_folder_create(folder, NULL) == CALO_OK, "setting up");
    const char *const lists[] = {path};
    /* Without a home there is no map: a uid is a failure. */
    unsetenv("HOME");
    calo_list_options options = {.lists = lists, .list_count = 1};
    calo_status status = calo_object_list_write(&options, folder, NULL, NULL, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    if (status == CALO_OK)
        read_back(folder);
    err.message[0] = '\0';
    status = calo_uid_paths_load(path, &paths, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    calo_uid_paths_destroy(paths);
    close(fd);
    return 0;
}
