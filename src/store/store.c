#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "store/kind.h"

calo_status calo_store_write(int file, const char *path, const void *bytes, size_t size, calo_error *err)
{
    int failed = calo_file_write_all(file, bytes, size);
    return failed ? calo_store_fail(err, path, "write", failed) : CALO_OK;
}

/* The length of the leading part of `path` that exists; 0 when nothing of a relative path does. */
static size_t existing_length(const char *path)
{
    struct stat about;
    size_t length = strlen(path);
    char *part = strdup(path);
    while (part && length > 0 && stat(part, &about) != 0) {
        while (length > 0 && part[length - 1] == '/')
            length--;
        while (length > 0 && part[length - 1] != '/')
            length--;
        part[length] = '\0';
    }
    free(part);
    return length;
}

/* Takes back the folders that opening the store made, as far as they are empty. */
static void remove_made_folders(calo_store *store)
{
    for (size_t length = strlen(store->folder); length > store->existing_folder_length; length--) {
        if (store->folder[length] != '\0' && store->folder[length] != '/')
            continue;
        store->folder[length] = '\0';
        if (rmdir(store->folder) != 0)
            return;
    }
}

calo_status calo_store_make_temporary(calo_store *store, int (*create)(calo_store *store, const char *path),
                                      calo_error *err)
{
    enum { MAX_TRIES = 10000 };
    for (unsigned number = 0; number < MAX_TRIES; number++) {
        free(store->temporary_path);
        store->temporary_path = calo_text_format("%s/.%s.tmp-%ld-%u%s", store->folder, store->name, (long)getpid(),
                                                 number, calo_package_ending(store->kind->package));
        if (!store->temporary_path)
            return calo_fail_memory(err, "a file name", strlen(store->path));
        if (create(store, store->temporary_path) == 0) {
            store->has_temporary = true;
            return CALO_OK;
        }
        if (errno != EEXIST)
            return calo_store_fail(err, store->folder, "write into this folder", errno);
    }
    return calo_fail(err, CALO_ERROR_IO, "%s: %d temporary names of \"%s\" are taken: remove the .%s.tmp-* entries",
                     store->folder, MAX_TRIES, store->name, store->name);
}

static bool is_plain_name(const char *name)
{
    enum { MAX_NAME_BYTES = 255 }; /* what file systems allow */
    return name && strlen(name) <= MAX_NAME_BYTES && name[0] != '\0' && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static calo_status prepare(calo_store *store, const char *folder, const char *name, calo_error *err)
{
    calo_status status = calo_package_check_name(store->kind->package, name, err);
    if (status != CALO_OK)
        return status;
    store->folder = strdup(folder[0] ? folder : ".");
    store->name = strdup(name);
    if (!store->folder || !store->name)
        return calo_fail_memory(err, "a path", strlen(folder) + strlen(name));
    size_t length = strlen(store->folder);
    const char *separator = store->folder[length - 1] == '/' ? "" : "/";
    store->path = calo_text_format("%s%s%s%s", store->folder, separator, name, calo_package_ending(store->kind->package));
    if (!store->path)
        return calo_fail_memory(err, "a path", length);
    store->existing_folder_length = existing_length(store->folder);
    return calo_folder_create(store->folder, err);
}

static calo_status open_kind(const calo_store_kind *kind, const char *folder, const char *name,
                             const calo_store_views *views, calo_store **store, calo_error *err)
{
    *store = calloc(1, sizeof **store);
    if (!*store)
        return calo_fail_memory(err, "an output", sizeof **store);
    (*store)->kind = kind;
    (*store)->views = views;
    (*store)->output.file = -1;
    calo_status status = prepare(*store, folder, name, err);
    if (status == CALO_OK)
        status = kind->open(*store, err);
    if (status != CALO_OK) {
        calo_store_destroy(*store);
        *store = NULL;
    }
    return status;
}

calo_status calo_store_open_folder(const char *folder, const char *name, calo_store **store, calo_error *err)
{
    return open_kind(&calo_store_kind_folder, folder, name, NULL, store, err);
}

calo_status calo_store_open_zip(const char *folder, const char *name, calo_store **store, calo_error *err)
{
    return open_kind(&calo_store_kind_zip, folder, name, NULL, store, err);
}

calo_status calo_store_open_webdataset(const char *folder, const char *name, calo_store **store, calo_error *err)
{
    return open_kind(&calo_store_kind_webdataset, folder, name, NULL, store, err);
}

calo_status calo_store_open_torch(const char *folder, const char *name, const calo_store_views *views, bool staged,
                                  calo_store **store, calo_error *err)
{
    return open_kind(staged ? &calo_store_kind_staged_torch : &calo_store_kind_torch, folder, name, views, store, err);
}

calo_status calo_store_open_safetensors(const char *folder, const char *name, const calo_store_views *views,
                                        calo_store **store, calo_error *err)
{
    return open_kind(&calo_store_kind_safetensors, folder, name, views, store, err);
}

calo_status calo_store_put(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    if (store->committed || store->failed)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: nothing can be added after a commit or a failure", store->path);
    if (!is_plain_name(file_name))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: \"%s\" cannot name a file in it: use a plain name without "
                         "slashes", store->path, file_name ? file_name : "");
    calo_status status = store->kind->put(store, file_name, bytes, size, err);
    store->failed = status != CALO_OK;
    return status;
}

calo_status calo_store_commit(calo_store *store, calo_error *err)
{
    if (store->committed || store->failed)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: it cannot be committed after a commit or a failure",
                         store->path);
    calo_status status = store->kind->commit(store, err);
    store->failed = status != CALO_OK;
    store->committed = status == CALO_OK;
    return status;
}

void calo_store_destroy(calo_store *store)
{
    if (!store)
        return;
    store->kind->destroy(store);
    if (store->folder && !store->committed)
        remove_made_folders(store);
    free(store->folder);
    free(store->name);
    free(store->path);
    free(store->temporary_path);
    free(store);
}

const char *calo_store_path(const calo_store *store)
{
    return store->path;
}
