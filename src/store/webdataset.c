/* Objects as tars for WebDataset: NAME.000.png, NAME.000_depth.npy, ..., NAME.json. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "store/kind.h"
#include "store/tar.h"

/* An earlier result begins with a member NAME.FILE, in the header or in the one in front of it. */
static bool is_earlier_result(const calo_store *store, const uint8_t *start, size_t size)
{
    static const char word[] = " path=";
    size_t length = strlen(store->name);
    if (size < 2 * CALO_TAR_BLOCK || memcmp(start + 257, "ustar", 6) != 0)
        return false;
    if (start[156] != 'x')
        return memcmp(start, store->name, length) == 0 && start[length] == '.';
    const uint8_t *found = memmem(start + CALO_TAR_BLOCK, CALO_TAR_BLOCK, word, sizeof word - 1);
    return found && memcmp(found + sizeof word - 1, store->name, length) == 0 && found[sizeof word - 1 + length] == '.';
}

static calo_status put_member(calo_store *store, const char *file_name, const void *bytes, size_t size, calo_error *err)
{
    char *name = calo_text_format("%s.%s", store->name, strcmp(file_name, "metadata.json") == 0 ? "json" : file_name);
    if (!name)
        return calo_fail_memory(err, "a tar", strlen(file_name));
    store->record.size = 0;
    calo_status status = calo_tar_header(name, size, &store->record, err);
    if (status == CALO_OK)
        status = calo_out_write(&store->output, store->record.bytes, store->record.size, err);
    if (status == CALO_OK)
        status = calo_out_write(&store->output, bytes, size, err);
    if (status == CALO_OK)
        status = calo_out_zeros(&store->output, calo_tar_padding(size), err);
    free(name);
    return status;
}

static calo_status commit_tar(calo_store *store, calo_error *err)
{
    calo_status status = calo_out_zeros(&store->output, calo_tar_end_padding(store->output.written), err);
    return status == CALO_OK ? calo_store_commit_file(store, err) : status;
}

const calo_store_kind calo_store_kind_webdataset = {
    .package = CALO_PACKAGE_WEBDATASET, .is_earlier = is_earlier_result, .open = calo_store_open_file, .put = put_member,
    .commit = commit_tar, .destroy = calo_store_destroy_file,
};
