/* Objects as folders: filled under a hidden name beside the final one, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "store/kind.h"

static int make_folder(calo_store *store, const char *path)
{
    (void)store;
    return mkdir(path, 0777);
}

static calo_status open_folder(calo_store *store, calo_error *err)
{
    calo_occupant found;
    calo_status status = calo_check_folder(store->path, &found, err);
    return status == CALO_OK ? calo_store_make_temporary(store, make_folder, err) : status;
}

static calo_status put_file(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    char *path = calo_text_format("%s/%s", store->temporary_path, file_name);
    char *final_path = calo_text_format("%s/%s", store->path, file_name); /* for sentences */
    calo_status status = CALO_OK;
    if (!path || !final_path) {
        status = calo_fail_memory(err, "a path", strlen(store->path));
        goto done;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        status = calo_store_fail(err, final_path, "write", errno);
        goto done;
    }
    status = calo_store_write(file, final_path, bytes, size, err);
    if (close(file) != 0 && status == CALO_OK)
        status = calo_store_fail(err, final_path, "write", errno);
done:
    free(path);
    free(final_path);
    return status;
}

static calo_status commit_folder(calo_store *store, calo_error *err)
{
    calo_status status = calo_land_folder(store->temporary_path, store->path, NULL, err);
    if (status == CALO_OK)
        store->has_temporary = false;
    return status;
}

static void destroy_folder(calo_store *store)
{
    if (store->has_temporary)
        calo_folder_remove(store->temporary_path);
}

const calo_store_kind calo_store_kind_folder = {
    .package = CALO_PACKAGE_FILES, .open = open_folder, .put = put_file, .commit = commit_folder, .destroy = destroy_folder,
};
