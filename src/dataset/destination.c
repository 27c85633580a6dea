#include "dataset/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "dataset/destination_kind.h"

enum { MAX_NAME_LENGTH = 1024 };

/* ---- opening ---- */

/* Made, and known to the disk. */
static calo_status make_folder(const char *path, calo_error *err)
{
    calo_status status = calo_folder_create(path, err);
    if (status != CALO_OK)
        return status;
    if (access(path, W_OK | X_OK) != 0)
        return calo_fail(err, CALO_ERROR_IO, "%s: cannot write into this folder: %s: choose another destination", path,
                         strerror(errno));
    return CALO_OK;
}

static calo_status choose_kind(calo_destination *destination, const char *place, const calo_transfer_options *options,
                               calo_error *err)
{
    if (strncmp(place, "s3://", 5) == 0) {
        destination->kind = &calo_destination_kind_s3;
        if (!place[5 + strspn(place + 5, "/")])
            return calo_fail(err, CALO_ERROR_ARGUMENT, "%s names no bucket: write s3://BUCKET/PREFIX", place);
        return calo_transfer_create(options, &destination->transfer, err);
    }
    if (strstr(place, "://"))
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "%.*s:// cannot be written to: name a folder (which may be mounted from elsewhere) or "
                         "s3://BUCKET/PREFIX", (int)strcspn(place, ":"), place);
    destination->kind = &calo_destination_kind_folder;
    return make_folder(destination->place, err);
}

calo_status calo_destination_open(const char *place, const calo_transfer_options *options, calo_destination **destination,
                                  calo_error *err)
{
    *destination = NULL;
    calo_destination *made = calloc(1, sizeof *made);
    if (!made || !(made->place = strdup(place[0] ? place : "."))) {
        free(made);
        return calo_fail_memory(err, "a destination", strlen(place));
    }
    for (size_t length = strlen(made->place); length > 1 && made->place[length - 1] == '/'; length--)
        made->place[length - 1] = '\0';
    if (options) {
        made->cancelled = options->cancelled;
        made->user = options->user;
    }
    calo_status status = choose_kind(made, place, options, err);
    if (status != CALO_OK)
        calo_destination_close(made);
    else
        *destination = made;
    return status;
}

void calo_destination_close(calo_destination *destination)
{
    if (!destination)
        return;
    calo_transfer_destroy(destination->transfer);
    free(destination->place);
    free(destination);
}

/* ---- names ---- */

/* Words between slashes, none of them "", "." or ".."; "" and a slash at the end for folders alone. */
static calo_status check_name(const char *name, bool is_folder, calo_error *err)
{
    bool is_good = strlen(name) <= MAX_NAME_LENGTH && (is_folder || name[0]);
    for (const char *at = name; is_good && *at;) {
        size_t length = strcspn(at, "/");
        is_good = length > 0 && !(length == 1 && at[0] == '.') && !(length == 2 && at[0] == '.' && at[1] == '.');
        at += length;
        if (*at == '/' && !*++at)
            is_good = is_good && is_folder;
    }
    return is_good ? CALO_OK
                   : calo_fail(err, CALO_ERROR_ARGUMENT, "\"%.200s\" cannot be a name in a data set: use words between "
                               "slashes, without \"..\"", name);
}

calo_status calo_destination_put(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                                 calo_error *err)
{
    calo_status status = check_name(name, false, err);
    return status == CALO_OK ? destination->kind->put(destination, staged_path, name, sha256, err) : status;
}

calo_status calo_destination_move(calo_destination *destination, const char *staged_path, const char *name, const char *sha256,
                                  calo_error *err)
{
    if (!destination->kind->move)
        return calo_destination_put(destination, staged_path, name, sha256, err);
    calo_status status = check_name(name, false, err);
    return status == CALO_OK ? destination->kind->move(destination, staged_path, name, err) : status;
}

calo_status calo_destination_sync(calo_destination *destination, calo_error *err)
{
    return destination->kind->sync ? destination->kind->sync(destination, err) : CALO_OK;
}

calo_status calo_destination_has(calo_destination *destination, const char *name, uint64_t bytes, const char *sha256, bool *there,
                                 calo_error *err)
{
    *there = false;
    calo_status status = check_name(name, false, err);
    return status == CALO_OK ? destination->kind->has(destination, name, bytes, sha256, there, err) : status;
}

calo_status calo_destination_get_bytes(calo_destination *destination, const char *name, uint64_t max_bytes, void **bytes,
                                       size_t *size, calo_error *err)
{
    *bytes = NULL;
    *size = 0;
    calo_status status = check_name(name, false, err);
    return status == CALO_OK ? destination->kind->get_bytes(destination, name, max_bytes, bytes, size, err) : status;
}

calo_status calo_destination_list(calo_destination *destination, const char *folder, void (*visit)(void *user, const char *name),
                                  void *user, calo_error *err)
{
    calo_status status = check_name(folder, true, err);
    return status == CALO_OK ? destination->kind->list(destination, folder, visit, user, err) : status;
}
